"""Every primitive that ONNX can hold: exported as a graph of one node, checked, and run."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
from export.samples import EVERY, sample, tolerance

from mslearn.core.primitive import registry
from mslearn.core.tensor import Abstract
from mslearn.interchange.onnx_model import onnx_model
from mslearn.interchange.refusal import ExportError
from mslearn.graph.ir import Graph, Node

# Factorisations, functions that no runtime has, and results whose shape depends on the numbers.
REFUSED = {
    "MatrixInverse", "MatrixSolve", "LogMatrixDeterminant", "Cholesky", "Qr",
    "Svd", "Eigh", "Pinv", "Lgamma", "Digamma", "Polygamma", "Unique", "NonZero", "Bincount",
    *(f"Bessel{k}" for k in ("I0", "I0e", "I1", "I1e", "J0", "J1", "K0", "K0e", "K1", "K1e")),
    "Gcd", "Lcm", "LeftShift", "RightShift", "PopulationCount", "NextAfter", "Igamma",
}  # fmt: skip
DRAWN = {"StandardNormal", "UniformReal", "DropoutMask", "NextKey"}  # inputs from the host


def one_node(name, arrays, attrs, wanted):
    inputs = [Abstract(a.shape, a.dtype) for a in arrays]
    outputs = tuple(Abstract(w.shape, w.dtype) for w in wanted)
    node = Node(registry[name], tuple(inputs), attrs, outputs, several=len(outputs) > 1)
    names = [f"x{i}" for i in range(len(inputs))]
    return Graph(name, inputs, names, nodes=[node], outputs=list(outputs))


def session(data):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(data, options, ["CPUExecutionProvider"])


def run(model, arrays):
    feeds = {p.name: a for p, a in zip(model.inputs, arrays, strict=True)}
    return session(model.data).run([p.name for p in model.outputs], feeds)


CASES = [
    (n, i)
    for n, i in EVERY
    if n not in REFUSED | DRAWN and all(np.size(a) for a in sample(n, i)[0])
]


@pytest.mark.parametrize(("name", "i"), CASES)
def test_onnxruntime_equals_the_kernel(name, i):
    arrays, attrs, wanted = sample(name, i)
    model = onnx_model(one_node(name, arrays, attrs, wanted))
    onnx.checker.check_model(model.data, full_check=True)
    for got, want in zip(run(model, arrays), wanted, strict=True):
        assert got.dtype == want.dtype
        assert got.shape == want.shape
        np.testing.assert_allclose(got, want, **tolerance(name))


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_onnx_has_no_operator_for_is_named(name):
    with pytest.raises(ExportError, match=name):
        onnx_model(one_node(name, *sample(name, 0)))


def test_coverage(capsys):
    """Every primitive is lowered, an input, or refused with its name; none is forgotten."""
    lowered = {n for n, _ in CASES}
    assert lowered | REFUSED | DRAWN == set(registry)
    with capsys.disabled():
        share = len(lowered) / len(registry)
        print(f"\nONNX: {len(lowered)} of {len(registry)} primitives ({share:.0%}) run in "
              f"onnxruntime, {len(DRAWN)} are inputs, {len(REFUSED)} are refused")  # fmt: skip
