"""Every primitive's rules, from its samples: shapes, first and second derivatives, both modes.

A primitive without a sample fails `test_every_primitive_has_a_sample`: none can slip through.
"""

from __future__ import annotations

import numpy as np
import pytest

import mslearn as ms
from mslearn.core.dtype import dtype_of
from mslearn.core.primitive import apply, registry
from mslearn.core.tensor import Tensor
from mslearn.ops.indexing import TENSOR

RNG = np.random.default_rng(7)


def r(*shape, low=-1.5, high=1.5):
    return RNG.uniform(low, high, shape)


def pos(*shape):
    return RNG.uniform(0.4, 2.0, shape)


def spread_out(*shape):
    """Distinct values far enough apart that finite differences cross no kink."""
    n = int(np.prod(shape))
    return (RNG.permutation(n).reshape(shape) - n / 2 + 0.25) / 3


LABELS = np.array([1, 0, 2], np.int32)
WEIGHT = np.array([0.3, 0.5, 0.7])
NLL = {"reduction": "mean", "ignore_index": -100}
INDEX = np.array([1, 0, 1])
AXIS1 = {"axis": (1,), "keep_dims": False}
ALL = {"axis": (), "keep_dims": True}
TWO = [(r(2, 3), r(2, 3)), (r(2, 3), r(3)), (r(2, 1), r(1, 3)), (r(), r(2)), (r(0, 3), r(3))]
ONE = [(r(3),), (r(2, 1, 2),), (r(),), (r(0, 2),)]
POS = [(pos(3),), (pos(2, 1, 2),), (pos(),)]
FAR = [(spread_out(2, 3),), (spread_out(5),)]


def cases(arrays, attrs=None):
    return [(a, attrs or {}) for a in arrays]


SAMPLES = {
    **{n: cases(TWO) for n in ("Add", "Sub", "Mul")},
    **{n: cases([(a, np.abs(b) + 0.5) for a, b in TWO]) for n in ("Div", "RealDiv")},
    "Pow": cases([(np.abs(a) + 0.5, b) for a, b in TWO]),
    "FloorDiv": cases([(r(4), pos(4))]),
    "FloorMod": cases([(np.array([1.3, -0.7]), np.array([0.9, 0.4]))]),
    **{n: cases([(spread_out(2, 3), spread_out(2, 3) + 0.1)]) for n in ("Maximum", "Minimum")},
    "Atan2": cases([(pos(3), pos(3))]),
    **{n: cases(ONE) for n in (
        "Neg", "Exp", "Expm1", "Square", "Sin", "Cos", "Sinh", "Cosh", "Tanh", "Sigmoid", "Atan",
        "Erf", "Identity", "Tan",
    )},
    **{n: cases(POS) for n in ("Log", "Log1p", "Log2", "Log10", "Sqrt", "Rsqrt", "Reciprocal")},
    **{n: cases([(r(3, low=-0.8, high=0.8),)]) for n in ("Asin", "ACos")},
    **{n: cases(FAR) for n in ("Abs", "ReLU", "Sign", "Floor", "Ceil", "Round", "Trunc")},
    "ReluGrad": cases([(r(2, 3), spread_out(2, 3))]),
    "BiasAdd": cases([(r(2, 3), r(3)), (r(2, 3, 4), r(3))]),
    "Select": cases([(np.array([True, False, True]), r(2, 3), r(3))]),
    "Cast": cases([(r(2, 3),)], {"dtype": np.dtype("f8")}),
    "Reshape": cases([(r(2, 3),)], {"shape": (3, 2)}) + cases([(r(2, 3),)], {"shape": (-1,)}),
    "BroadcastTo": cases([(r(2, 1),)], {"shape": (4, 2, 3)}),
    "Transpose": cases([(r(2, 3, 4),)], {"perm": (2, 0, 1)}) + cases([(r(),)], {"perm": ()}),
    "Tile": cases([(r(2, 3),)], {"multiples": (2, 1, 2)}),
    "ReverseV2": cases([(r(2, 3),)], {"axis": (1,)}),
    "Concat": cases([(r(2, 3), r(2, 1), r(2, 2))], {"axis": 1}),
    "Split": cases([(r(2, 5),)], {"axis": 1, "sizes": (1, 2, 2)}),
    **{n: cases([(r(2, 3),), (r(2, 3, 2),)], a) + cases([(r(2, 3),)], ALL)
       for a in (AXIS1,) for n in ("ReduceSum", "ReduceMean", "ReduceProd")},
    **{n: cases([(spread_out(2, 3),)], AXIS1) + cases([(spread_out(2, 3),)], ALL)
       for n in ("ReduceMax", "ReduceMin")},
    "CumSum": cases([(r(2, 3),)], {"axis": 1})
    + cases([(r(2, 3),)], {"axis": 0, "exclusive": True, "reverse": True}),
    "MatMul": [
        ((r(2, 3) if not ta else r(3, 2), r(3, 4) if not tb else r(4, 3)),
         {"transpose_a": ta, "transpose_b": tb}) for ta in (False, True) for tb in (False, True)
    ],
    "BatchMatMul": [
        ((r(5, 2, 3) if not ta else r(5, 3, 2), r(3, 4) if not tb else r(1, 4, 3)),
         {"transpose_a": ta, "transpose_b": tb}) for ta in (False, True) for tb in (False, True)
    ],
    "Softmax": cases([(r(2, 3),), (r(2, 3, 2),)], {"axis": 1}),
    "LogSoftmax": cases([(r(2, 3),), (r(2, 3, 2),)], {"axis": 1}),
    "NLLLoss": [((r(3, 4), LABELS, np.append(WEIGHT, 0.9)), {**NLL, "reduction": k})
                for k in ("mean", "sum", "none")],
    "NLLLossGrad": [((r(3, 4), r(), LABELS, np.append(WEIGHT, 0.9), np.asarray(1.5)), NLL)],
    "GetItem": [((r(3, 4),), {"template": (1, slice(None, None, 2))}),
                ((r(3, 4), INDEX), {"template": (TENSOR,)}),
                ((r(3, 4), INDEX), {"template": (slice(None), TENSOR)})],
    "AddAt": [((r(3, 4), r(2)), {"template": (1, slice(None, None, 2))}),
              ((r(3, 4), r(3, 4), INDEX), {"template": (TENSOR,)})],
    "SetItem": [((r(3, 4), r(2)), {"template": (1, slice(None, None, 2))}),
                ((r(3, 4), r(4), np.array([2, 0])), {"template": (TENSOR,)})],
    "StopGradient": cases([(r(3),)]), "Depend": cases([(r(3), r(2))]),
    **{n: cases([(spread_out(2, 3), spread_out(2, 3))]) for n in (
        "Equal", "NotEqual", "Greater", "GreaterEqual", "Less", "LessEqual",
    )},
    **{n: cases([(np.array([True, False]), np.array([True, True]))]) for n in (
        "LogicalAnd", "LogicalOr", "LogicalXor", "BitwiseAnd", "BitwiseOr", "BitwiseXor",
    )},
    "LogicalNot": cases([(np.array([True, False]),)]),
    **{n: cases([(np.array([1.0, np.nan, np.inf]),)]) for n in ("IsNan", "IsInf", "IsFinite")},
    **{n: cases([(np.array([[True, False]]),)], AXIS1) for n in ("ReduceAll", "ReduceAny")},
    **{n: cases([(spread_out(2, 3),)], {"axis": 1, "output_type": np.dtype("i8")})
       for n in ("Argmax", "Argmin")},
    "DropoutMask": [((), {"shape": (2, 3), "p": 0.5, "dtype": np.dtype("f4"), "key": (1, 2)})],
    **{n: [((), {"shape": (2, 3), "key": (1, 2)})] for n in ("StandardNormal", "UniformReal")},
    "ApplyMomentum": [((r(2, 3), r(2, 3), np.asarray(0.1), r(2, 3), np.asarray(0.9)), {})],
    "SGD": [((r(2), r(2), np.asarray(0.1), r(2), np.asarray(0.9), np.ones(2)), {})],
    "Adam": [((r(2), r(2), pos(2), *map(np.asarray, (0.9, 0.99, 0.1, 0.9, 0.99, 1e-8)), r(2)), {})],
}  # fmt: skip
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
    places = [k for k, a in enumerate(arrays) if a.dtype.kind == "f" and reached(prim, k)]

    def fn(*xs):
        inputs = list(map(Tensor, arrays))
        for k, x in zip(places, xs, strict=True):
            inputs[k] = x
        out = flat(apply(prim, tuple(inputs), attrs))
        return out[0] if name == "NLLLoss" else ms.ops.concat([o.reshape((-1,)) for o in out])

    return fn, [arrays[k] for k in places]


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
