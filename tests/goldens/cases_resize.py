"""Interpolation and pixel shuffling as real MindSpore computes them."""

from __future__ import annotations

import numpy as np

RNG = np.random.default_rng(20261124)


def n(*shape):
    return RNG.standard_normal(shape).astype(np.float32)


SIGNAL, IMAGE, VOLUME = n(1, 2, 6), n(2, 2, 4, 5), n(1, 1, 2, 3, 4)
DEEP = n(2, 8, 2, 3)

cases = {}


def case(function):
    cases[function.__name__] = function
    return function


def both(ms, function, array):
    """The result, and the gradient of a weighted sum of it."""
    x = ms.Tensor(array)
    out = function(x)
    weight = ms.Tensor(np.linspace(0.5, 1.5, out.size).reshape(out.shape).astype(np.float32))
    return out, ms.grad(lambda v: (function(v) * weight).sum())(x)


@case
def resize_interpolate(ms):
    f, found = ms.ops.interpolate, []
    for mode, x, sizes in (
        ("nearest", SIGNAL, (9, 4)), ("nearest", IMAGE, ((7, 3), (2, 10))),
        ("linear", SIGNAL, (9, 4)), ("bilinear", IMAGE, ((7, 3), (2, 10))),
        ("bicubic", IMAGE, ((7, 3), (2, 10))),
    ):  # fmt: skip
        for size in sizes:
            for align in (None,) if mode == "nearest" else (True, False):
                found.append(
                    both(ms, lambda v: f(v, size, None, mode, align), x)  # noqa: B023
                )
        found.append(
            both(ms, lambda v: f(v, None, 1.5, mode, None, True), x)  # noqa: B023
        )
    found.append(f(ms.Tensor(IMAGE), (7, 3), mode="nearest-exact"))
    found.append(f(ms.Tensor(IMAGE), (3, 3), mode="area"))
    found.append(f(ms.Tensor(SIGNAL), 3, mode="area"))
    return tuple(found)


@case
def resize_layers(ms):
    nn, o = ms.nn, ms.ops
    up = nn.Upsample(size=(5, 7), mode="bilinear", align_corners=True)
    return (
        up(ms.Tensor(IMAGE)), repr(up), repr(nn.PixelShuffle(2)), repr(nn.PixelUnshuffle(2)),
        nn.Upsample(None, 2.0, "nearest", None, True)(ms.Tensor(IMAGE)),
        both(ms, nn.PixelShuffle(2), DEEP),
        both(ms, nn.PixelUnshuffle(2), np.arange(144, dtype=np.float32).reshape(2, 3, 4, 6)),
        o.pixel_unshuffle(o.pixel_shuffle(ms.Tensor(DEEP), 2), 2),
    )  # fmt: skip


@case
def resize_classes(ms):
    o, x = ms.ops, ms.Tensor(IMAGE)
    return (
        o.ResizeBilinearV2()(x, (7, 3)), o.ResizeBilinearV2(True)(x, (7, 3)),
        o.ResizeBilinearV2(half_pixel_centers=True)(x, (7, 3)),
        o.ResizeNearestNeighborV2()(x, (7, 3)), o.ResizeNearestNeighborV2(True)(x, (7, 3)),
        o.upsample(x, (7, 3)),
    )  # fmt: skip
