"""Every primitive over dtypes and odd shapes: infer equals kernel, gradients keep shapes, errors
have words."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest

import mslearn as ms
from mslearn.core.dtype import dtype_of
from mslearn.core.primitive import apply, registry
from mslearn.core.tensor import Tensor
from mslearn.ops.families import Elementwise

SAMPLES = {}
for _file in sorted(Path(__file__).parent.glob("samples_*.py")):
    SAMPLES.update(runpy.run_path(str(_file))["SAMPLES"])
EVERY = [(n, i) for n, s in SAMPLES.items() for i in range(len(s)) if s[i][0]]
ELEMENTWISE = [n for n in SAMPLES if issubclass(registry[n], Elementwise)]
# NumPy's LAPACK routines have no float16; MindSpore's CPU kernels neither.
NO_HALF = {
    "Cholesky", "Complex", "Eig", "Eigh", "Geqrf", "LogMatrixDeterminant", "MatrixDeterminant",
    "MatrixInverse", "MatrixSolve", "Pinv", "Qr", "Svd",
}  # fmt: skip
ODD = {
    1: [[()], [(0,)], [(1,)], [(2, 0, 3)], [(1, 1, 1)]],
    2: [[(), ()], [(), (2,)], [(0,), (1,)], [(1,), (0,)], [(3, 1), (1, 4)], [(2, 0), (1, 1)],
        [(2, 1, 3), (4, 1)]],
}  # fmt: skip


def flat(x):
    return x if isinstance(x, tuple) else (x,)


def agree(prim, arrays, attrs):
    """Shapes and dtypes that `infer` gives are those of what the kernel gives."""
    with np.errstate(all="ignore"):
        out = prim.kernel(*arrays, **attrs)
    shapes, dtypes = prim.infer(*arrays, **attrs)
    if not isinstance(out, tuple):
        shapes, dtypes, out = (shapes,), (dtypes,), (out,)
    assert [np.shape(o) for o in out] == [tuple(s) for s in shapes]
    if prim.name not in ("Argmax", "Argmin"):
        assert [dtype_of(np.asarray(o).dtype) for o in out] == [dtype_of(d) for d in dtypes]


@pytest.mark.parametrize("kind", ["f4", "f2"])
@pytest.mark.parametrize(("name", "i"), EVERY)
def test_other_floating_types(name, i, kind):
    arrays, attrs = SAMPLES[name][i]
    arrays = [np.asarray(a) for a in arrays]
    if not any(a.dtype == "f8" for a in arrays) or (kind == "f2" and name in NO_HALF):
        return
    narrow = [a.astype(kind) if a.dtype == "f8" else a for a in arrays]
    agree(registry[name], narrow, attrs)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_integers(name):
    prim = registry[name]
    if prim.floats:  # the functions cast first: see `families.unary` and `binary`
        return
    arrays, attrs = SAMPLES[name][0]
    whole = [np.ones_like(np.asarray(a), np.int32) for a in arrays]
    try:
        agree(prim, whole, attrs)
    except TypeError:
        with pytest.raises(TypeError):
            apply(prim, tuple(map(Tensor, whole)), attrs)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_odd_shapes(name):
    prim = registry[name]
    arrays, attrs = SAMPLES[name][0]
    for shapes in ODD.get(len(arrays), []):
        odd = [np.resize(np.asarray(a), s) for a, s in zip(arrays, shapes, strict=True)]
        agree(prim, odd, attrs)
        out = apply(prim, tuple(map(Tensor, odd)), attrs)
        assert out.shape == np.broadcast_shapes(*shapes)
        if prim.vjp is None or out.dtype not in (ms.float32, ms.float64):
            continue
        by = tuple(k for k, a in enumerate(odd) if a.dtype.kind == "f")
        if not by:
            continue
        grads = ms.grad(lambda *xs: apply(prim, xs, attrs), by)(*map(Tensor, odd))
        assert [g.shape for g in flat(grads)] == [shapes[k] for k in by]


WRONG = [np.ones((7, 5, 3)), np.ones(()), np.ones((2, 0)), np.ones((1, 2, 3, 4, 5, 6))]


@pytest.mark.parametrize("name", [n for n in SAMPLES if SAMPLES[n][0][0]])
def test_what_does_not_fit_is_told_in_words(name):
    """Whatever the shapes: an answer, or an error that names the operation."""
    arrays, attrs = SAMPLES[name][0]
    for wrong in WRONG:
        for k in range(len(arrays)):
            inputs = [Tensor(np.asarray(a)) for a in arrays]
            inputs[k] = Tensor(wrong.astype(np.asarray(arrays[k]).dtype))
            try:
                with np.errstate(all="ignore"):
                    apply(registry[name], tuple(inputs), attrs)
            except (ValueError, TypeError, IndexError, RuntimeError) as error:
                assert str(error).startswith("For '"), f"{name}, input {k}: {error!r}"
