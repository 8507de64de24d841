"""Layers that look through windows, or undo it: special poolings, patches, normalisation."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from mslearn import ops
from mslearn.core.dtype import int32, int64
from mslearn.core.errors import ShapeError
from mslearn.core.tensor import Tensor
from mslearn.nn.cell import Cell


class ChannelShuffle(Cell):
    """(N, C, …) with the channels of `groups` groups in turn: 0, C/g, 2C/g, …, 1, C/g + 1, …."""

    def __init__(self, groups: int) -> None:
        super().__init__()
        if isinstance(groups, bool) or not isinstance(groups, int):
            raise TypeError(
                f"For 'ChannelShuffle', groups must be an int, but got '{type(groups).__name__}'."
            )
        if groups < 1:
            raise ValueError(f"For 'ChannelShuffle', groups must be at least 1, but got {groups}.")
        self.groups = groups

    def construct(self, x: Tensor) -> Tensor:
        return ops.channel_shuffle(x, self.groups)


class LRN(Cell):
    """Each value divided by a power of the squares around it, in neighbouring channels."""

    def __init__(
        self, depth_radius: int = 5, bias: float = 1.0, alpha: float = 1.0, beta: float = 0.5,
        norm_region: str = "ACROSS_CHANNELS",
    ) -> None:  # fmt: skip
        super().__init__()
        self.options = (depth_radius, bias, alpha, beta, norm_region)

    def construct(self, input_x: Tensor) -> Tensor:
        return ops.lrn(input_x, *self.options)


class _LPPool(Cell):
    def __init__(
        self, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False
    ) -> None:
        super().__init__()
        self.norm_type, self.kernel_size = norm_type, kernel_size
        self.stride, self.ceil_mode = stride, ceil_mode


class LPPool1d(_LPPool):
    """The p-norm of each window of (N, C, L), with p = `norm_type`."""

    def construct(self, x: Tensor) -> Tensor:
        return ops.lp_pool1d(x, self.norm_type, self.kernel_size, self.stride, self.ceil_mode)


class LPPool2d(_LPPool):
    """The p-norm of each window of (N, C, H, W), with p = `norm_type`."""

    def construct(self, x: Tensor) -> Tensor:
        return ops.lp_pool2d(x, self.norm_type, self.kernel_size, self.stride, self.ceil_mode)


class _MaxUnpool(Cell):
    axes = 1

    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0) -> None:
        super().__init__()
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding

    def construct(self, x: Tensor, indices: Tensor, output_size: Any = None) -> Tensor:
        unpool = getattr(ops, f"max_unpool{self.axes}d")
        return unpool(x, indices, self.kernel_size, self.stride, self.padding, output_size)


class MaxUnpool1d(_MaxUnpool):
    """Maxima of (N, C, L) back at their places `indices`; zeros elsewhere."""

    axes = 1


class MaxUnpool2d(_MaxUnpool):
    """Maxima of (N, C, H, W) back at their places `indices`; zeros elsewhere."""

    axes = 2


class MaxUnpool3d(_MaxUnpool):
    """Maxima of (N, C, D, H, W) back at their places `indices`; zeros elsewhere."""

    axes = 3


def _maxima(x: Tensor, places: np.ndarray, size: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """The greatest of some elements, and where it is.

    `places` (N, C, windows, elements) are numbers of elements of x (N, C, …) without its last
    axes; the results have those as `size`.
    """
    n, c = x.shape[:2]
    where = np.broadcast_to(places, (n, c, *places.shape[2:]))
    index = Tensor(np.ascontiguousarray(where.reshape(n, c, -1)), int64)
    values = ops.gather_d(x.reshape((n, c, -1)), 2, index).reshape(where.shape)
    best = ops.argmax(values, -1)
    chosen = ops.gather_d(Tensor(np.ascontiguousarray(where), int64), 3, best.expand_dims(3))
    return ops.amax(values, -1).reshape((n, c, *size)), chosen.reshape((n, c, *size))


def _with_batch(name: str, x: Tensor, axes: int) -> tuple[Tensor, bool]:
    if x.ndim not in (axes + 1, axes + 2):
        raise ShapeError(
            f"For '{name}', the input has {axes + 1} or {axes + 2} axes, but got {list(x.shape)}."
        )
    single = x.ndim == axes + 1
    return (x.expand_dims(0) if single else x), single


class AdaptiveMaxPool3d(Cell):
    """Maxima of as many windows as `output_size` (D, H, W) says; None keeps an axis's length.

    With `return_indices` also where they are, as numbers of elements of (D, H, W).
    """

    def __init__(self, output_size: Any, return_indices: bool = False) -> None:
        super().__init__()
        self.output_size, self.return_indices = output_size, return_indices

    def construct(self, input: Tensor) -> Any:
        x, single = _with_batch("AdaptiveMaxPool3d", input, 3)
        shape = x.shape[2:]
        wanted = self.output_size
        wanted = wanted if isinstance(wanted, tuple | list) else (wanted,) * 3
        size = tuple(s if w is None else w for s, w in zip(shape, wanted, strict=True))
        places = np.arange(math.prod(shape)).reshape(shape)
        windows = [
            [slice(i * s // w, -(-(i + 1) * s // w)) for i in range(w)]
            for s, w in zip(shape, size, strict=True)
        ]
        found = [places[d, h, w].ravel() for d, h, w in itertools.product(*windows)]
        longest = max(len(f) for f in found)  # windows may differ by one: repeat the last element
        full = np.stack([np.pad(f, (0, longest - len(f)), "edge") for f in found])
        values, chosen = _maxima(x, full[None, None], size)
        chosen = chosen.astype(int32)
        if single:
            values, chosen = values[0], chosen[0]
        return (values, chosen) if self.return_indices else values


class _FractionalMaxPool(Cell):
    axes = 2

    def __init__(
        self, kernel_size: Any, output_size: Any = None, output_ratio: Any = None,
        return_indices: bool = False, _random_samples: Tensor | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        if (output_size is None) == (output_ratio is None):
            raise ValueError(
                f"For '{self.cls_name}', give one of output_size and output_ratio, but got "
                f"{output_size} and {output_ratio}."
            )

        def each(value: Any) -> Any:
            return tuple(value) if isinstance(value, tuple | list) else (value,) * self.axes

        self.kernel_size, self.return_indices = each(kernel_size), return_indices
        self.output_size = None if output_size is None else each(output_size)
        self.output_ratio: Any = None if output_ratio is None else each(output_ratio)
        self._random_samples = _random_samples

    def construct(self, input: Tensor) -> Any:
        x, single = _with_batch(self.cls_name, input, self.axes)
        n, c, *shape = x.shape
        size = self.output_size or tuple(
            int(s * r) for s, r in zip(shape, self.output_ratio, strict=True)
        )
        samples = self._random_samples
        samples = ops.rand(n, c, self.axes) if samples is None else samples
        chance = np.broadcast_to(samples.asnumpy(), (n, c, self.axes))
        strides = [math.prod(shape[i + 1 :]) for i in range(self.axes)]
        places: Any = np.zeros((n, c, 1, 1), np.int64)
        for i, (length, kernel, out) in enumerate(zip(shape, self.kernel_size, size, strict=True)):
            if out + kernel - 1 > length:
                raise ShapeError(
                    f"For '{self.cls_name}', {out} windows of {kernel} need at least "
                    f"{out + kernel - 1} elements along an axis, but got {list(input.shape)}."
                )
            starts = _starts(chance[..., self._sample[i]], length, kernel, out)  # (N, C, out)
            near = (starts[..., None] + np.arange(kernel)) * strides[i]
            both = places[:, :, :, None, :, None] + near[:, :, None, :, None, :]
            windows = both.shape[2] * both.shape[3]
            places = both.reshape(n, c, windows, -1)
        values, chosen = _maxima(x, places, size)
        if single:
            values, chosen = values[0], chosen[0]
        return (values, chosen) if self.return_indices else values

    _sample: tuple[int, ...] = (0, 1)  # which of the samples an axis takes


def _starts(chance: np.ndarray, length: int, kernel: int, out: int) -> np.ndarray:
    """Where windows begin: steps of one of two lengths in a random order (Graham 2014)."""
    if out == 1:
        return np.full((*chance.shape, 1), length - kernel)
    alpha = (length - kernel) / (out - 1)
    u = chance[..., None].astype(np.float64)
    starts = ((np.arange(out) + u) * alpha).astype(int) - (u * alpha).astype(int)
    starts[..., -1] = length - kernel
    return starts


class FractionalMaxPool2d(_FractionalMaxPool):
    """Maxima of windows at random places, so that sizes shrink by any factor (Graham 2014).

    Args:
        kernel_size: of a window.
        output_size: of the result; or `output_ratio`, its part of the input's.
        return_indices: also return where the maxima are.
        _random_samples: (N, C, 2) numbers from 0 to 1 that choose the places.
    """

    axes, _sample = 2, (1, 0)


class FractionalMaxPool3d(_FractionalMaxPool):
    """`FractionalMaxPool2d` for (N, C, D, H, W), with `_random_samples` (N, C, 3)."""

    axes, _sample = 3, (0, 1, 2)


class Unfold(Cell):
    """Patches of (N, C, H, W), put in the channels: (N, rows * columns * C, H', W').

    Args:
        ksizes: (1, rows, columns, 1) of a patch.
        strides: (1, rows, columns, 1) from patch to patch.
        rates: (1, rows, columns, 1) from element to element of a patch.
        padding: ``"valid"`` or ``"same"``.
    """

    def __init__(self, ksizes: Any, strides: Any, rates: Any, padding: str = "valid") -> None:
        super().__init__()
        for name, value in (("ksizes", ksizes), ("strides", strides), ("rates", rates)):
            right = isinstance(value, tuple | list) and len(value) == 4
            if not right or value[0] != 1 or value[3] != 1 or min(value) < 1:
                raise ValueError(
                    f"For 'Unfold', {name} must be (1, rows, columns, 1), but got {value}."
                )
        if padding.lower() not in ("valid", "same"):
            raise ValueError(
                f"For 'Unfold', padding must be 'valid' or 'same', but got {padding!r}."
            )
        self.ksizes, self.strides, self.rates = (tuple(v[1:3]) for v in (ksizes, strides, rates))
        self.same = padding.lower() == "same"

    def construct(self, input_x: Tensor) -> Tensor:
        shape = input_x.shape[2:]
        around: list[int] = []
        sizes = []
        for length, kernel, stride, rate in zip(
            shape, self.ksizes, self.strides, self.rates, strict=True
        ):
            reach = (kernel - 1) * rate + 1
            out = -(-length // stride) if self.same else (length - reach) // stride + 1
            more = max(0, (out - 1) * stride + reach - length) if self.same else 0
            around = [more // 2, more - more // 2, *around]  # the last axis first
            sizes.append(out)
        x = ops.pad(input_x, tuple(around)) if any(around) else input_x
        parts = [
            x[:, :, i * self.rates[0] :: self.strides[0], j * self.rates[1] :: self.strides[1]]
            [:, :, : sizes[0], : sizes[1]]
            for i, j in itertools.product(*(range(k) for k in self.ksizes))
        ]  # fmt: skip
        return ops.concat(parts, 1)
