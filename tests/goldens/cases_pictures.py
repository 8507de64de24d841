"""Pictures cut out, stretched and pooled, AdaFactor as one operation, Morph; see cases.py.

What is drawn is compared by its properties: the two programs have different generators.
"""

from __future__ import annotations

import numpy as np

RNG = np.random.default_rng(5)
SMALL = RNG.standard_normal((2, 5, 4, 2)).astype(np.float32)
LARGE = RNG.standard_normal((2, 7, 9, 3)).astype(np.float32)
FILTERS = "lanczos1 lanczos3 lanczos5 gaussian box triangle keyscubic mitchellcubic"
WINDOWS = (
    ((3, 6), (0.6, 1.5), (0.0, 0.0)), ((4, 4), (1.0, 0.5), (1.0, -0.5)),
    ((7, 3), (1.4, 0.75), (0.3, 0.2)),
)  # fmt: skip
RATIOS = ([1.0, 2.0, 3.0, 1.0], [1.0, 1.4, 1.8, 1.0], [1.0, 1.0, 1.0, 1.0], [1.0, 1.2, 2.6, 1.0])
cases = {}


def case(function):
    cases[function.__name__] = function
    return function


def floats(ms, values):
    return ms.Tensor(np.asarray(values, np.float32))


def ints(ms, values):
    return ms.Tensor(np.asarray(values, np.int32))


def stretched(kind, antialias):
    def run(ms):
        op = ms.ops.ScaleAndTranslate(kind, antialias)
        found = []
        for size, scale, shift in WINDOWS:
            rest = ints(ms, size), floats(ms, scale), floats(ms, shift)
            out = op(ms.Tensor(SMALL), *rest)
            weight = floats(ms, np.linspace(0.5, 1.5, out.size).reshape(out.shape))
            found += [out, ms.grad(lambda x, r=rest, w=weight: (op(x, *r) * w).sum())(
                ms.Tensor(SMALL))]  # fmt: skip
        return found

    return run


for _kind in FILTERS.split():
    cases[f"scale_and_translate {_kind}"] = stretched(_kind, True)
    cases[f"scale_and_translate {_kind} sharp"] = stretched(_kind, False)


@case
def scale_and_translate_of_integers(ms):
    return ms.ops.ScaleAndTranslate("triangle")(
        ms.Tensor((SMALL * 10).astype(np.int32)), ints(ms, (3, 3)), floats(ms, (1, 1)),
        floats(ms, (0, 0)),
    )  # fmt: skip


def glimpses(centered, normalized):
    def run(ms):
        return [
            ms.ops.ExtractGlimpse(centered, normalized, False, "zero")(
                ms.Tensor(SMALL), ints(ms, size), floats(ms, places)
            )
            for places in ([[0, 0], [0.5, -0.25]], [[1, 1], [2, 3]], [[-1, -1], [-5, 8]])
            for size in ((2, 2), (3, 1), (6, 6))
        ]

    return run


for _flags in ((False, False), (False, True), (True, False), (True, True)):
    cases[f"glimpse {_flags}"] = glimpses(*_flags)


@case
def noise_around_a_glimpse(ms):
    found = []
    for noise in ("uniform", "gaussian"):
        op = ms.ops.ExtractGlimpse(False, False, noise == "uniform", noise)
        drawn = op(ms.Tensor(SMALL), ints(ms, (60, 60)), floats(ms, [[99, 99], [-99, 0]])).asnumpy()
        found += [round(float(drawn.mean()), 1), round(float(drawn.std()), 1), drawn.shape]
    return found


def pooled(name, reduce):
    def run(ms):
        found = []
        for ratio in RATIOS:
            for pseudo in (True, False):
                for shared in (True, False):
                    op = getattr(ms.ops, name)(ratio, pseudo, shared, True, 3, 4)
                    out, *cuts = op(ms.Tensor(LARGE))
                    rows, cols = (c.asnumpy() for c in cuts)
                    ends = [np.minimum(c[1:] + shared, c[-1]) for c in (rows, cols)]
                    wanted = [[reduce(LARGE[:, a:b, c:d], (1, 2))
                               for c, d in zip(cols, ends[1], strict=False)]
                              for a, b in zip(rows, ends[0], strict=False)]  # fmt: skip
                    same = np.allclose(
                        np.moveaxis(np.array(wanted), 2, 0), out.asnumpy(), atol=1e-6
                    )
                    sizes = {*np.diff(rows).tolist()}, {*np.diff(cols).tolist()}
                    again = bool((op(ms.Tensor(LARGE))[1] == cuts[0]).all())
                    found += [bool(same), again, out.shape, [int(c[-1]) for c in (rows, cols)],
                              [max(s) - min(s) < 3 for s in sizes], str(cuts[0].dtype)]  # fmt: skip
        whole = ms.Tensor(np.arange(16).reshape(1, 4, 4, 1))
        return [*found, *getattr(ms.ops, name)([1.0, 1.5, 1.5, 1.0])(whole)]

    return run


cases["fractional max pool"] = pooled("FractionalMaxPool", np.max)
cases["fractional avg pool"] = pooled("FractionalAvgPool", np.mean)


@case
def gradient_of_fractional_avg_pool(ms):
    op = ms.ops.FractionalAvgPool([1.0, 2.0, 2.0, 1.0], True, False, True, 3, 4)
    x = ms.Tensor(RNG.permutation(32).reshape(2, 4, 4, 1).astype(np.float32))
    return ms.grad(lambda x: (op(x)[0] ** 2).sum())(x * 0 + 1)


@case
def a_distorted_box_covers_enough(ms):
    op = ms.ops.SampleDistortedBoundingBoxV2(
        seed=1, seed2=2, aspect_ratio_range=[0.5, 2.0], area_range=[0.1, 1.0]
    )
    given = ints(ms, [1000, 800, 3]), floats(ms, [[[0.4, 0.4, 0.6, 0.6]]]), floats(ms, [0.5])
    begin, size, box = op(*given)
    (y, x, zero), (h, w, rest) = begin.asnumpy().tolist(), size.asnumpy().tolist()
    tall, wide = min(600, y + h) - max(400, y), min(480, x + w) - max(320, x)
    shown = floats(ms, [[[y / 1000, x / 800, (y + h) / 1000, (x + w) / 800]]])
    whole = ms.ops.SampleDistortedBoundingBoxV2(area_range=[0.01, 0.02], max_attempts=5)
    return (
        zero, rest, 0.49 < w / h < 2.03, 0.09 < w * h / 800_000 <= 1, tall * wide >= 15_900,
        bool(np.allclose(shown.asnumpy(), box.asnumpy())), str(begin.dtype), box.shape,
        whole(given[0], floats(ms, [[[0, 0, 1, 1]]]), floats(ms, [1.0])),
    )  # fmt: skip


def adafactor(shape, flags, norm):
    def run(ms):
        rng = np.random.default_rng(1)
        g, p, m = (rng.standard_normal(shape) for _ in range(3))
        held = [p, m, *(np.abs(rng.standard_normal(s)) for s in (
            shape[:-1], shape[:-2] + shape[-1:], shape))]  # fmt: skip
        params = [ms.Parameter(floats(ms, v), name=f"p{i}") for i, v in enumerate(held)]
        name = "FusedAdaFactor" if norm is None else "FusedAdaFactorWithGlobalNorm"
        more = () if norm is None else (floats(ms, norm),)
        numbers = (floats(ms, v) for v in ((1e-30, 1e-3), 1.0, 0.9, 0.8, 0.01, 0.03))
        getattr(ms.ops, name)(*flags)(*numbers, floats(ms, g * 2), *params, *more)
        return [ms.Tensor(p.asnumpy()) for p in params]

    return run


for _flags in ((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 1)):
    for _shape in ((4,), (3, 4), (2, 3, 4)):
        cases[f"adafactor {_shape} {_flags}"] = adafactor(_shape, tuple(map(bool, _flags)), None)
cases["adafactor with norm"] = adafactor((3, 4), (True, True, True), 2.5)
cases["adafactor with small norm"] = adafactor((3, 4), (False, False, False), 0.5)


@case
def morphs(ms):
    def same(args):
        return args

    def first(*args):
        return args[0]

    def thrice(x):
        return x * 3 + 1

    def product(x, y):
        return x * y

    def five(x, out, dout):
        return (dout * 5,)

    plain, two = ms.ops.Morph(thrice, same, same), ms.ops.Morph(product, first, first)
    own = ms.ops.Morph(thrice, same, same, five)
    x, y = floats(ms, [1, 2]), floats(ms, [3, 4])

    @ms.jit
    def both(x, y):
        return plain(x) * 2 + two(x, y)

    @ms.jit
    def mine(x):
        return own(x) * 2

    return both(x, y), ms.grad(both, (0, 1))(x, y), mine(x), ms.grad(mine)(x)


@case
def a_constant_argument(ms):
    x = floats(ms, [1, 2])
    return x.set_const_arg(True), x.set_const_arg() is x
