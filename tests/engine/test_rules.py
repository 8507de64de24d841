"""Every primitive's rules, from its samples: shapes, first and second derivatives, both modes.

A primitive without a sample fails `test_every_primitive_has_a_sample`: none can slip through.
"""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest

import mslearn as ms
from mslearn.core.dtype import dtype_of
from mslearn.core.primitive import apply, registry
from mslearn.core.tensor import Tensor

SAMPLES = {}
for _file in sorted(Path(__file__).parent.glob("samples_*.py")):
    _new = runpy.run_path(str(_file))["SAMPLES"]
    assert not set(_new) & set(SAMPLES), f"{_file.name} samples a primitive again"
    SAMPLES.update(_new)
_complex = runpy.run_path(str(Path(__file__).parent / "samples_decompositions.py"))["COMPLEX"]
SAMPLES = {name: [*SAMPLES[name], *_complex.get(name, [])] for name in SAMPLES}
EVERY = [(n, i) for n, s in SAMPLES.items() for i in range(len(s))]
SMOOTH = [(n, i) for n, i in EVERY if registry[n].vjp is not None]


def test_every_primitive_has_a_sample():
    assert set(registry) == set(SAMPLES)


def flat(x):
    return x if isinstance(x, tuple) else (x,)


def prepare(name, i):
    prim = registry[name]
    arrays, attrs = SAMPLES[name][i]
    arrays = [np.asarray(a) for a in arrays]
    places = [k for k, a in enumerate(arrays) if a.dtype.kind in "fc" and reached(prim, k)]

    def fn(*xs):
        inputs, given = list(map(Tensor, arrays)), iter(xs)
        for k in places:  # a complex input is two real ones: its parts
            whole = arrays[k].dtype.kind == "f"
            inputs[k] = next(given) if whole else ms.ops.Complex()(next(given), next(given))
        out = flat(apply(prim, tuple(inputs), attrs))
        out = tuple(ms.ops.view_as_real(o) if o.is_complex() else o for o in out)
        return out[0] if name == "NLLLoss" else ms.ops.concat([o.reshape((-1,)) for o in out])

    parts = ((a,) if a.dtype.kind == "f" else (a.real, a.imag) for a in (arrays[k] for k in places))
    return fn, [part for pair in parts for part in pair]


def reached(prim, k):
    rules = prim.vjp
    return not isinstance(rules, tuple) or (k < len(rules) and rules[k] is not None)


def numeric(f, xs, k, eps=1e-6):
    """Central differences of the scalar function `f` by argument `k`."""
    grad = np.zeros_like(xs[k])
    for at in np.ndindex(xs[k].shape):
        x = xs[k].copy()
        x[at] += eps
        up = f(*xs[:k], x, *xs[k + 1 :])
        x[at] -= 2 * eps
        grad[at] = (up - f(*xs[:k], x, *xs[k + 1 :])) / (2 * eps)
    return grad


@pytest.mark.parametrize(("name", "i"), EVERY)
def test_infer_equals_kernel(name, i):
    prim = registry[name]
    arrays, attrs = SAMPLES[name][i]
    arrays = [np.asarray(a) for a in arrays]
    shapes, dtypes = prim.infer(*arrays, **attrs)
    out = prim.kernel(*arrays, **attrs)
    if not isinstance(out, tuple):
        shapes, dtypes, out = (shapes,), (dtypes,), (out,)
    assert [tuple(np.shape(o)) for o in out] == [tuple(s) for s in shapes]
    if arrays and name not in ("Argmax", "Argmin"):
        assert [dtype_of(np.asarray(o).dtype) for o in out] == [dtype_of(d) for d in dtypes]


def scalar(fn, weight):
    def f(*xs):
        out = fn(*[x if isinstance(x, Tensor) else Tensor(x) for x in xs])
        return (out * weight(out.shape)).sum()

    return f


def weights(shape):
    return Tensor(np.cos(np.arange(int(np.prod(shape)))).reshape(shape) + 1.5)


@pytest.mark.parametrize(("name", "i"), SMOOTH)
def test_gradient_against_differences(name, i):
    fn, xs = prepare(name, i)
    f = scalar(fn, weights)
    for k in range(len(xs)):
        exact = ms.grad(f, k)(*map(Tensor, xs)).asnumpy()
        np.testing.assert_allclose(
            exact, numeric(lambda *a: float(f(*a)), xs, k), rtol=2e-5, atol=1e-7
        )


@pytest.mark.parametrize(("name", "i"), SMOOTH)
def test_second_derivative_against_differences(name, i):
    fn, xs = prepare(name, i)
    f = scalar(fn, weights)
    for k in range(len(xs)):

        def slope(*a, k=k):
            g = ms.grad(f, k)(*[x if isinstance(x, Tensor) else Tensor(x) for x in a])
            return (g * weights(g.shape)).sum()

        for j in range(len(xs)):
            exact = ms.grad(slope, j)(*map(Tensor, xs)).asnumpy()
            about = numeric(lambda *a, s=slope: float(s(*a)), xs, j)
            np.testing.assert_allclose(exact, about, rtol=2e-4, atol=1e-6)


@pytest.mark.parametrize(("name", "i"), SMOOTH)
def test_forward_and_reverse_mode_agree(name, i):
    """<ct, J t> computed forwards equals <J' ct, t> computed backwards."""
    fn, xs = prepare(name, i)
    inputs = tuple(map(Tensor, xs))
    tangents = tuple(Tensor(np.sin(1 + np.arange(x.size)).reshape(x.shape)) for x in xs)
    out, pushed = ms.jvp(fn, inputs, tangents)
    ct = weights(out.shape)
    _, pull = ms.vjp(fn, *inputs)
    pulled = flat(pull(ct))
    forwards = float((pushed * ct).sum())
    backwards = sum(float((g * t).sum()) for g, t in zip(pulled, tangents, strict=True))
    assert forwards == pytest.approx(backwards, rel=1e-9, abs=1e-12)
