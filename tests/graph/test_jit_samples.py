"""A graph gives what eager code gives: for every primitive, alone and with its gradient."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest

import mslearn as ms
from mslearn.core.primitive import apply, registry
from mslearn.core.tensor import NeedsNumbers, Tensor
from mslearn.graph.capture import capture
from mslearn.graph.ir import Node
from mslearn.graph.numpy_backend import Executable, emit
from mslearn.graph.passes import check, optimize

SAMPLES = {}
for _file in sorted((Path(__file__).parent.parent / "engine").glob("samples_*.py")):
    SAMPLES.update(runpy.run_path(str(_file))["SAMPLES"])
EVERY = [(n, i) for n, s in SAMPLES.items() for i in range(len(s))]
DATA_DECIDES_THE_SHAPE = {"NonZero", "Unique", "Bincount", "MaskedSelect", "NMSWithMask"}
DRAWS = {"NextKey"}


def flat(x):
    return x if isinstance(x, tuple) else (x,)


@pytest.mark.parametrize(("name", "i"), EVERY)
def test_a_graph_equals_eager_code(name, i):
    prim = registry[name]
    arrays, attrs = SAMPLES[name][i]
    tensors = [Tensor(np.asarray(a)) for a in arrays]
    smooth = [k for k, t in enumerate(tensors) if t._value.dtype.kind == "f"]

    def fn(*xs):
        return apply(prim, xs, attrs)

    def gradient(*xs):
        return ms.vjp(lambda *vs: total(fn(*refill(xs, vs))), *[xs[k] for k in smooth])[1](
            Tensor(1.0, ms.float64)
        )

    def refill(xs, vs):
        new = list(xs)
        for k, v in zip(smooth, vs, strict=True):
            new[k] = v
        return new

    def total(out):
        floats = [o for o in flat(out) if o._value.dtype.kind == "f"]
        return sum((o.astype(ms.float64) * 1.5).sum() for o in floats)

    if name in DRAWS:
        return
    try:
        captured = capture(fn, tensors)
    except NeedsNumbers:
        assert name in DATA_DECIDES_THE_SHAPE
        return
    same(fn, captured.graph, tensors)
    outs = flat(fn(*tensors))
    if prim.vjp is not None and smooth and any(o._value.dtype.kind == "f" for o in outs):
        same(gradient, capture(gradient, tensors).graph, tensors)


def same(fn, graph, tensors):
    check(graph)
    executable = Executable(optimize(graph))
    want = [t.asnumpy() for t in flat(fn(*tensors))]
    for _ in range(2):  # the second run finds the memory of the first
        got, _ = executable.run([t._value for t in tensors])
        assert len(got) == len(want)
        for g, w in zip(got, want, strict=True):
            assert type(g) is np.ndarray
            assert g.shape == w.shape
            assert g.dtype == w.dtype
            np.testing.assert_allclose(g, w, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(("name", "i"), EVERY)
def test_only_views_share_memory_with_their_inputs(name, i):
    prim = registry[name]
    arrays, attrs = SAMPLES[name][i]
    arrays = [np.array(a, copy=True) for a in arrays]
    out = prim.kernel(*arrays, **attrs)
    outs = tuple(map(np.asarray, flat(out)))
    node = Node(prim, tuple(arrays), attrs, outs, isinstance(out, tuple))
    shared = any(np.may_share_memory(o, a) for o in outs for a in arrays)
    assert not shared or emit.form(node) == "view", f"{name} returns memory of an input"
