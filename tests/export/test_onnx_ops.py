"""Every primitive that ONNX can hold: exported as a graph of one node, checked, and run."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
from export.cases import DRAWN, NETWORKS, one_node, split
from export.samples import sample, tolerance

from mslearn.core.primitive import registry
from mslearn.interchange.onnx_model import onnx_model

CASES, REFUSED = split(onnx_model)


def session(data):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(data, options, ["CPUExecutionProvider"])


def run(model, arrays):
    feeds = {p.name: a for p, a in zip(model.inputs, arrays, strict=True)}
    return session(model.data).run([p.name for p in model.outputs], feeds)


@pytest.mark.parametrize(("name", "i"), CASES)
def test_onnxruntime_equals_the_kernel(name, i):
    arrays, attrs, wanted = sample(name, i)
    model = onnx_model(one_node(name, arrays, attrs, wanted))
    onnx.checker.check_model(model.data, full_check=True)
    for got, want in zip(run(model, arrays), wanted, strict=True):
        assert got.dtype == want.dtype
        assert got.shape == want.shape
        np.testing.assert_allclose(got, want, **tolerance(name))


def test_coverage(capsys):
    """What is not lowered is an input or refused by name (`split` sees to that), and rare."""
    lowered = {n for n, _ in CASES}
    assert lowered | REFUSED | DRAWN == set(registry)
    share = len(lowered) / len(registry)
    assert share > 0.75
    assert not REFUSED & {n for n, p in registry.items() if p.__module__.split(".")[-1] in NETWORKS}
    with capsys.disabled():
        print(f"\nONNX: {len(lowered)} of {len(registry)} primitives ({share:.0%}) run in "
              f"onnxruntime, {len(DRAWN)} are inputs; refused: "
              f"{', '.join(sorted(REFUSED))}")  # fmt: skip
