"""Samples of the first families of primitives: (arrays, attributes) by name.

A new family brings its own file ``samples_<family>.py`` with a dict SAMPLES; test_rules.py
collects them all. Floating arrays are float64, so that differences are exact enough.
"""

from __future__ import annotations

import numpy as np

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
    "NextKey": [((), {})],
    **{n: [((), {"shape": (2, 3), "key": (1, 2)})] for n in ("StandardNormal", "UniformReal")},
    "HostDraw": [((), {"how": "integers", "args": (0, 9, (2, 3)), "shape": (2, 3),
                       "dtype": np.dtype("i8"), "key": (1, 2)})],
    "ApplyMomentum": [((r(2, 3), r(2, 3), np.asarray(0.1), r(2, 3), np.asarray(0.9)), {})],
    "SGD": [((r(2), r(2), np.asarray(0.1), r(2), np.asarray(0.9), np.ones(2)), {})],
    "Adam": [((r(2), r(2), pos(2), *map(np.asarray, (0.9, 0.99, 0.1, 0.9, 0.99, 1e-8)), r(2)), {})],
}  # fmt: skip
