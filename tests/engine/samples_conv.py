"""Samples of convolution, pooling and normalization: small odd shapes, float64."""

from __future__ import annotations

import numpy as np

from mslearn.ops import pool_kernels as kernels

RNG = np.random.default_rng(11)


def r(*shape):
    return RNG.uniform(-1.5, 1.5, shape)


def window(stride=(1, 1), pad=(0, 0, 0, 0), dilation=(1, 1), group=1):
    return {"stride": stride, "pad": pad, "dilation": dilation, "group": group}


# (images, filters, windows): plain; uneven padding; stride 2; dilation 2; groups; depthwise; 1×1;
# stride beyond the kernel; padding wider than the kernel; no samples at all.
CASES = [
    ((2, 2, 4, 3), (3, 2, 2, 2), window()),
    ((1, 2, 3, 4), (1, 2, 3, 2), window(pad=(1, 2, 0, 1))),
    ((2, 1, 5, 4), (2, 1, 3, 2), window((2, 2), (1, 0, 1, 1))),
    ((1, 1, 5, 5), (2, 1, 2, 3), window((1, 1), (0, 1, 2, 0), (2, 2))),
    ((2, 4, 3, 3), (2, 2, 2, 2), window(group=2)),
    ((1, 2, 4, 4), (4, 1, 3, 3), window((2, 1), (1, 1, 1, 1), group=2)),
    ((2, 3, 2, 2), (2, 3, 1, 1), window()),
    ((1, 1, 5, 5), (1, 1, 1, 1), window((3, 2))),
    ((1, 3, 2, 2), (1, 3, 1, 2), window(pad=(1, 1, 2, 2))),
    ((0, 2, 4, 4), (3, 2, 2, 2), window()),
]
SOLID = [
    ((1, 2, 2, 3, 2), (2, 1, 2, 2, 1), window((1, 1, 1), (0, 0, 1, 0, 0, 0), (1, 1, 1), 2)),
    ((1, 1, 3, 2, 3), (1, 1, 2, 1, 2), window((2, 1, 1), (1, 0, 0, 0, 0, 1), (1, 1, 1))),
]


def sizes(x, w, a):
    spread = zip(x[2:], w[2:], a["stride"], a["dilation"], strict=True)
    pad = a["pad"]
    out = [
        (n + pad[2 * i] + pad[2 * i + 1] - d * (k - 1) - 1) // s + 1
        for i, (n, k, s, d) in enumerate(spread)
    ]
    return (x[0], w[0], *out)


def family(cases):
    """Samples of a convolution and of its two adjoints."""
    return (
        [((r(*x), r(*w)), a) for x, w, a in cases],
        [((r(*sizes(x, w, a)), r(*w)), {"size": x[2:], **a}) for x, w, a in cases],
        [((r(*sizes(x, w, a)), r(*x)), {"size": w[2:], **a}) for x, w, a in cases],
    )


CONV, CONV_INPUT, CONV_FILTER = family(CASES)
CONV3, CONV3_INPUT, CONV3_FILTER = family(SOLID)

SAMPLES = {
    "Conv2D": CONV, "Conv2DBackpropInput": CONV_INPUT, "Conv2DBackpropFilter": CONV_FILTER,
    "Conv3D": CONV3, "Conv3DBackpropInput": CONV3_INPUT, "Conv3DBackpropFilter": CONV3_FILTER,
}  # fmt: skip


def pooled(x, kernel, stride, pad=None, dilation=None):
    rank = len(kernel)
    attrs = {"kernel_size": kernel, "strides": stride, "pad": pad or (0,) * (2 * rank)}
    return x, {**attrs, "dilation": dilation or (1,) * rank}


def apart(*shape):
    """Distinct values, far enough apart that finite differences change no maximum."""
    n = int(np.prod(shape))
    return (RNG.permutation(n).reshape(shape) - n / 2 + 0.25) / 3


def max_family(cases):
    forward, gradient, second, place = [], [], [], []
    for shape, attrs in cases:
        x = apart(*shape)
        y = kernels.maximum(x, *attrs.values())
        forward.append(((x,), attrs))
        gradient.append(((x, y, r(*y.shape)), attrs))
        second.append(((x, y, r(*shape)), attrs))
        place.append(((x, y), attrs))
    return forward, gradient, second, place


MAX, MAX_GRAD, MAX_SECOND, PLACE = max_family([
    pooled((2, 2, 4, 6), (2, 2), (2, 2)),
    pooled((1, 2, 5, 4), (3, 2), (2, 1), (1, 1, 0, 1)),
    pooled((1, 1, 5, 5), (2, 2), (1, 2), (0, 1, 1, 0), (2, 2)),
    pooled((2, 1, 3, 3), (1, 1), (2, 2)),
    pooled((0, 2, 4, 4), (2, 2), (2, 2)),
])  # fmt: skip
MAX3, MAX3_GRAD, MAX3_SECOND, _ = max_family([
    pooled((1, 2, 2, 3, 4), (2, 2, 2), (1, 1, 2)),
    pooled((1, 1, 3, 3, 2), (2, 3, 1), (2, 1, 1), (1, 0, 1, 1, 0, 0)),
])  # fmt: skip


def averaged(x, kernel, stride, pad, extra, include=True, divisor=0):
    out = [
        (n + pad[2 * i] + pad[2 * i + 1] + extra[i] - kernel[i]) // stride[i] + 1
        for i, n in enumerate(x[2:])
    ]
    how = {"count_include_pad": include, "divisor_override": divisor}
    attrs = {"kernel_size": kernel, "strides": stride, "pad": pad, "extra": extra, **how}
    return ((r(*x),), attrs), ((r(*x[:2], *out),), {"size": x[2:], **attrs})


AVG, AVG_GRAD = zip(*[
    averaged((2, 2, 4, 5), (2, 2), (2, 2), (0, 0, 0, 0), (0, 0)),
    averaged((1, 2, 5, 4), (3, 2), (2, 1), (1, 1, 0, 1), (0, 0)),
    averaged((1, 2, 5, 4), (3, 2), (2, 2), (1, 1, 1, 0), (0, 1), include=False),
    averaged((1, 1, 4, 4), (3, 3), (2, 2), (0, 0, 0, 0), (1, 1)),
    averaged((1, 1, 4, 4), (2, 3), (1, 2), (1, 0, 1, 1), (0, 0), divisor=5),
    averaged((0, 1, 4, 4), (2, 2), (2, 2), (0, 0, 0, 0), (0, 0)),
], strict=True)  # fmt: skip
AVG3, AVG3_GRAD = zip(
    averaged((1, 2, 3, 2, 4), (2, 1, 3), (1, 1, 2), (1, 0, 0, 0, 1, 0), (0, 0, 0), False),
    strict=True,
)

SAMPLES |= {
    "MaxPool": MAX, "MaxPoolGrad": MAX_GRAD, "MaxPoolGradGrad": MAX_SECOND,
    "MaxPool3D": MAX3, "MaxPool3DGrad": MAX3_GRAD, "MaxPool3DGradGrad": MAX3_SECOND,
    "MaxPoolPosition": PLACE, "AvgPool": AVG, "AvgPoolGrad": AVG_GRAD,
    "AvgPool3D": AVG3, "AvgPool3DGrad": AVG3_GRAD,
}  # fmt: skip


def normal(axis, *shapes):
    attrs, found = {"axis": axis, "epsilon": 1e-2}, []
    for x in shapes:
        own = x[1:2] if axis is None else x[axis:]
        found.append(((r(*x), r(*own), r(*own)), attrs))
    return found


def normal_grad(cases):
    return [((r(*x.shape), x, scale), attrs) for (x, scale, _), attrs in cases]


BATCH = normal(None, (3, 2), (2, 3, 2), (2, 1, 2, 3))
LAYER = normal(1, (2, 4), (2, 2, 3)) + normal(2, (2, 1, 3))
SAMPLES |= {
    "BatchNorm": BATCH, "BatchNormGrad": normal_grad(BATCH),
    "LayerNorm": LAYER, "LayerNormGrad": normal_grad(LAYER),
}  # fmt: skip
