"""Pooling layers."""

from __future__ import annotations

from typing import Any

from mslearn import ops
from mslearn.core.tensor import Tensor
from mslearn.nn.cell import Cell
from mslearn.ops.pooling import avg_pooling, max_pooling
from mslearn.ops.windows import PAD_MODES, numbers

_Ints = int | tuple[int, ...]


class _Pool(Cell):
    rank = 2

    def __init__(
        self, kernel_size: _Ints, stride: _Ints, pad_mode: str, data_format: str = "NCHW",
        **only_with_pad: tuple[Any, Any],
    ) -> None:  # fmt: skip
        super().__init__()
        name = type(self).__name__
        self._window = numbers(name, "kernel_size", kernel_size, self.rank)
        self._steps = numbers(name, "stride", stride, self.rank)
        if not isinstance(pad_mode, str) or pad_mode.lower() not in PAD_MODES:
            raise ValueError(
                f"For '{name}', the pad_mode must be one of {list(PAD_MODES)}, but got "
                f"{pad_mode!r}."
            )
        self.pad_mode = pad_mode.upper()
        changed = [k for k, (value, default) in only_with_pad.items() if value != default]
        if changed and self.pad_mode != "PAD":
            raise ValueError(
                f"For '{name}', {' and '.join(changed)} only count with pad_mode='pad', but got "
                f"pad_mode={pad_mode!r}. Set pad_mode='pad', or leave them out."
            )
        if data_format not in ("NCHW", "NCDHW"):
            raise ValueError(
                f"For '{name}', data_format must be 'NCHW': on a CPU channels stand second, but "
                f"got {data_format!r}. Use x.transpose(0, 3, 1, 2) for NHWC images."
            )
        flat = self.rank == 1  # MindSpore shows a signal's window as that of a flat image
        self.kernel_size = (1, *self._window) if flat else kernel_size
        self.stride = (1, *self._steps) if flat else stride

    def extend_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, pad_mode={self.pad_mode}"


class MaxPool2d(_Pool):
    """The largest number of each window; input (N, C, H, W), or without N.

    Args:
        kernel_size: size of the window, an int or (height, width).
        stride: distance between windows. It is 1 by default: give it, most often as large as
            `kernel_size`.
        pad_mode: ``"valid"`` whole windows only, ``"same"`` an output as large as the input
            divided by the stride, ``"pad"`` as `padding` says.
        padding, dilation, return_indices, ceil_mode: only with ``pad_mode="pad"``: rows and
            columns around the image that never win; distance between a window's elements; give
            the positions of the maxima, too; take one more window where a part of it fits.

    >>> import mslearn as ms
    >>> ms.nn.MaxPool2d(kernel_size=2, stride=2)(ms.ops.ones((1, 3, 8, 6))).shape
    (1, 3, 4, 3)
    """

    def __init__(
        self, kernel_size: _Ints = 1, stride: _Ints = 1, pad_mode: str = "valid",
        padding: _Ints = 0, dilation: _Ints = 1, return_indices: bool = False,
        ceil_mode: bool = False, data_format: str = "NCHW",
    ) -> None:  # fmt: skip
        super().__init__(
            kernel_size, stride, pad_mode, data_format, padding=(padding, 0),
            dilation=(dilation, 1), return_indices=(return_indices, False),
            ceil_mode=(ceil_mode, False),
        )  # fmt: skip
        self.padding, self.dilation = padding, dilation
        self.return_indices, self.ceil_mode = return_indices, ceil_mode

    def construct(self, x: Tensor) -> Any:
        return max_pooling(
            type(self).__name__, x, self.rank, self._window, self._steps, self.pad_mode.lower(),
            self.padding, self.dilation, self.return_indices, self.ceil_mode,
        )  # fmt: skip


class MaxPool1d(MaxPool2d):
    """The largest number of each window; input (N, C, L), or without N. See `MaxPool2d`."""

    rank = 1

    def __init__(
        self, kernel_size: int = 1, stride: int = 1, pad_mode: str = "valid", padding: _Ints = 0,
        dilation: _Ints = 1, return_indices: bool = False, ceil_mode: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(
            kernel_size, stride, pad_mode, padding, dilation, return_indices, ceil_mode
        )


class MaxPool3d(MaxPool1d):
    """The largest number of each window; input (N, C, D, H, W), or without N. See `MaxPool2d`."""

    rank = 3


class AvgPool2d(_Pool):
    """The mean of each window; input (N, C, H, W), or without N.

    Args:
        kernel_size, stride, pad_mode: as in `MaxPool2d`.
        padding, ceil_mode, count_include_pad, divisor_override: only with ``pad_mode="pad"``:
            zeros around the image; one more window where a part of it fits; whether the zeros
            count in the mean; a number to divide by instead of the count.
    """

    def __init__(
        self, kernel_size: _Ints = 1, stride: _Ints = 1, pad_mode: str = "valid",
        padding: _Ints = 0, ceil_mode: bool = False, count_include_pad: bool = True,
        divisor_override: int | None = None, data_format: str = "NCHW",
    ) -> None:  # fmt: skip
        super().__init__(
            kernel_size, stride, pad_mode, data_format, padding=(padding, 0),
            ceil_mode=(ceil_mode, False), count_include_pad=(count_include_pad, True),
            divisor_override=(divisor_override, None),
        )  # fmt: skip
        if divisor_override is not None and divisor_override <= 0:
            raise ValueError(
                f"For '{type(self).__name__}', the divisor_override must be positive, but got "
                f"{divisor_override}."
            )
        self.padding, self.ceil_mode = padding, ceil_mode
        self.count_include_pad, self.divisor_override = count_include_pad, divisor_override

    def construct(self, x: Tensor) -> Tensor:
        return avg_pooling(
            type(self).__name__, x, self.rank, self._window, self._steps, self.pad_mode.lower(),
            self.padding, self.ceil_mode, self.count_include_pad, self.divisor_override or 0,
        )  # fmt: skip


class AvgPool1d(AvgPool2d):
    """The mean of each window; input (N, C, L), or without N. See `AvgPool2d`."""

    rank = 1

    def __init__(
        self, kernel_size: int = 1, stride: int = 1, pad_mode: str = "valid", padding: _Ints = 0,
        ceil_mode: bool = False, count_include_pad: bool = True,
    ) -> None:  # fmt: skip
        super().__init__(kernel_size, stride, pad_mode, padding, ceil_mode, count_include_pad)


class AvgPool3d(AvgPool2d):
    """The mean of each window; input (N, C, D, H, W), or without N. See `AvgPool2d`."""

    rank = 3

    def __init__(
        self, kernel_size: _Ints = 1, stride: _Ints = 1, pad_mode: str = "valid",
        padding: _Ints = 0, ceil_mode: bool = False, count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:  # fmt: skip
        super().__init__(
            kernel_size, stride, pad_mode, padding, ceil_mode, count_include_pad, divisor_override
        )


class _Adaptive(Cell):
    def __init__(self, output_size: Any) -> None:
        super().__init__()
        self.output_size = output_size


class AdaptiveAvgPool1d(_Adaptive):
    """Means over `output_size` equal parts of the last axis."""

    def construct(self, input: Tensor) -> Tensor:
        return ops.adaptive_avg_pool1d(input, self.output_size)


class AdaptiveAvgPool2d(_Adaptive):
    """Means over windows that make the output `output_size` large (None keeps an axis)."""

    def construct(self, input: Tensor) -> Tensor:
        return ops.adaptive_avg_pool2d(input, self.output_size)


class AdaptiveAvgPool3d(_Adaptive):
    """Means over windows that make the output `output_size` large (None keeps an axis)."""

    def construct(self, input: Tensor) -> Tensor:
        return ops.adaptive_avg_pool3d(input, self.output_size)


class AdaptiveMaxPool1d(_Adaptive):
    """Maxima over `output_size` equal parts of the last axis."""

    def construct(self, input: Tensor) -> Tensor:
        return ops.adaptive_max_pool1d(input, self.output_size)


class AdaptiveMaxPool2d(_Adaptive):
    """Maxima over windows that make the output `output_size` large; positions too on demand."""

    def __init__(self, output_size: Any, return_indices: bool = False) -> None:
        super().__init__(output_size)
        self.return_indices = return_indices

    def construct(self, input: Tensor) -> Any:
        return ops.adaptive_max_pool2d(input, self.output_size, self.return_indices)
