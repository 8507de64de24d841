"""Every rule computes what its primitive's kernel computes, on the primitive's samples."""

from __future__ import annotations

import numpy as np
import pytest
from export.samples import EVERY, SAMPLES, sample, tolerance

from mslearn.core.primitive import apply, registry
from mslearn.core.tensor import Abstract, Tensor
from mslearn.graph.ir import Node
from mslearn.interchange.rules import RULES
from mslearn.interchange.tracing import expanded


def has_rule(name, i):
    """Places by index tensors have none: formats have scatters."""
    by_index = name in ("AddAt", "SetItem") and len(SAMPLES[name][i][0]) > 2
    return name in RULES and not by_index


@pytest.mark.parametrize(("name", "i"), [c for c in EVERY if has_rule(*c)])
def test_rule_equals_kernel(name, i):
    arrays, attrs, wanted = sample(name, i)
    values = tuple(Abstract(a.shape, a.dtype) for a in arrays)
    outputs = tuple(Abstract(w.shape, w.dtype) for w in wanted)
    node = Node(registry[name], values, attrs, outputs)
    nodes, results = expanded(node, RULES[name])
    own = [n for n in nodes if n.prim.name == name and n.attrs == attrs]
    assert all(v.dtype == "?" for n in own for v in n.inputs), "the rule uses itself"
    known = {id(v): Tensor(a) for v, a in zip(values, arrays, strict=True)}
    for n in nodes:
        inputs = tuple(
            Tensor.wrap(v) if isinstance(v, np.ndarray) else known[id(v)] for v in n.inputs
        )
        out = apply(n.prim, inputs, n.attrs)
        for v, t in zip(n.outputs, out if isinstance(out, tuple) else (out,), strict=True):
            known[id(v)] = t
    for value, want in zip(results, wanted, strict=True):
        got = value if isinstance(value, np.ndarray) else known[id(value)].asnumpy()
        assert got.dtype == want.dtype
        np.testing.assert_allclose(np.broadcast_to(got, want.shape), want, **tolerance(name))
