"""Convolution layers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mslearn.common.initializer import HeUniform, Uniform, initializer
from mslearn.core.dtype import DType, float32
from mslearn.core.errors import ShapeError
from mslearn.core.parameter import Parameter
from mslearn.core.primitive import apply
from mslearn.core.tensor import Tensor
from mslearn.nn.cell import Cell
from mslearn.ops import conv as convolution
from mslearn.ops.indexing import AddAt
from mslearn.ops.windows import numbers, padding_of

_Ints = int | tuple[int, ...]


class _Conv(Cell):
    rank = 2
    transposed = False

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: _Ints, stride: _Ints,
        pad_mode: str, padding: _Ints, dilation: _Ints, group: int, has_bias: bool,
        weight_init: Any, bias_init: Any, data_format: str, dtype: DType,
    ) -> None:  # fmt: skip
        super().__init__()
        rank = self.rank
        self.in_channels = self._positive("in_channels", in_channels)
        self.out_channels = self._positive("out_channels", out_channels)
        self.group = self._positive("group", group)
        kernel = self._each("kernel_size", kernel_size)
        steps, gaps = self._each("stride", stride), self._each("dilation", dilation)
        self._check(pad_mode, padding, kernel, steps, gaps, data_format)
        self.pad_mode, self.has_bias = pad_mode, has_bias
        self.data_format = data_format
        flat = rank == 1  # a signal is shown, and its weight kept, as an image of height 1
        lead = (1,) * flat
        self.kernel_size, self.stride, self.dilation = lead + kernel, lead + steps, lead + gaps
        self.padding: Any = (0, 0, padding, padding) if flat else padding
        first, second = (out_channels, in_channels)[:: -1 if self.transposed else 1]
        shape = (first, second // group, *self.kernel_size)
        self.weight_init = HeUniform(math.sqrt(5)) if weight_init is None else weight_init
        self.weight = Parameter(initializer(self.weight_init, shape, dtype), name="weight")
        self.bias, self.bias_init = None, bias_init
        if has_bias:
            if bias_init is None:
                self.bias_init = Uniform(1 / math.sqrt(math.prod(shape[1:])))
            self.bias = Parameter(initializer(self.bias_init, (out_channels,), dtype), name="bias")

    def _positive(self, what: str, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
            raise ValueError(
                f"For '{type(self).__name__}', the {what} must be an int of at least 1, but got "
                f"{value!r}."
            )
        return value

    def _each(self, what: str, value: Any) -> tuple[int, ...]:
        name = type(self).__name__
        if (isinstance(value, tuple | list) and len(value) != self.rank) or (
            self.rank == 1 and isinstance(value, tuple | list)
        ):  # fmt: skip
            wanted = "an int" if self.rank == 1 else f"an int or a tuple of {self.rank} ints"
            raise TypeError(f"For '{name}', the {what} must be {wanted}, but got {value!r}.")
        return numbers(name, what, value, self.rank)

    def _check(
        self, pad_mode: str, padding: Any, kernel: Any, steps: Any, gaps: Any, data_format: str
    ) -> None:
        name, rank = type(self).__name__, self.rank
        if self.in_channels % self.group or self.out_channels % self.group:
            raise ValueError(
                f"For '{name}', in_channels and out_channels must be multiples of group, but got "
                f"{self.in_channels}, {self.out_channels} and group {self.group}."
            )
        several = isinstance(padding, tuple | list)
        if (several and rank == 1) or not (several or isinstance(padding, int)):
            raise TypeError(
                f"For '{name}', the padding must be an int"
                f"{'' if rank == 1 else f' or a tuple of {2 * rank} ints'}, but got {padding!r}."
            )
        if several and len(padding) != 2 * rank:
            raise ValueError(
                f"For '{name}', a tuple for the padding needs {2 * rank} ints (before and after "
                f"each axis), but got {padding!r}."
            )
        if data_format not in ("NCHW", "NCDHW"):
            raise ValueError(
                f"For '{name}', data_format must be 'NCHW': on a CPU channels stand second, but "
                f"got {data_format!r}. Use x.transpose(0, 3, 1, 2) for NHWC images."
            )
        padding_of(name, pad_mode, padding, kernel, kernel, steps, gaps)

    def _input(self, x: Tensor) -> Tensor:
        shape, rank = x._value.shape, self.rank
        if len(shape) != rank + 2 or shape[1] != self.in_channels:
            fix = (
                f"Either make the layer nn.{type(self).__name__}({shape[1]}, "
                f"{self.out_channels}, …), or bring the channels to the second axis."
                if len(shape) == rank + 2
                else "A single sample becomes a batch of one with ops.expand_dims(x, 0)."
            )
            raise ShapeError(
                f"For '{type(self).__name__}', the input must have the axes "
                f"{convolution.AXES[rank]} with C = in_channels = {self.in_channels}, but got "
                f"shape {list(shape)}. {fix} (weight {self.weight.name}, Conv{max(rank, 2)}D)"
            )
        return convolution.lifted(x) if rank == 1 else x

    def construct(self, x: Tensor) -> Tensor:
        wide = self._input(x)
        out = convolution.convolve(
            type(self).__name__, wide, self.weight, self.bias, self.stride, self.pad_mode,
            self.padding, self.dilation, self.group,
        )  # fmt: skip
        return convolution.lowered(out) if self.rank == 1 else out

    def extend_repr(self) -> str:
        return (
            f"input_channels={self.in_channels}, output_channels={self.out_channels}, "
            f"kernel_size={self.kernel_size}, stride={self.stride}, pad_mode={self.pad_mode}, "
            f"padding={self.padding}, dilation={self.dilation}, group={self.group}, "
            f"has_bias={self.has_bias}, weight_init={_shown(self.weight_init)}, "
            f"bias_init={_shown(self.bias_init)}, format={self.data_format}"
        )


def _shown(init: Any) -> str:
    # MindSpore prints the object with its address, which differs from run to run.
    return str(init) if init is None or isinstance(init, str | int | float) else (
        f"<{type(init).__name__}>"
    )  # fmt: skip


class Conv2d(_Conv):
    """Convolution of images: input (N, C, H, W) -> (N, O, H', W').

    Args:
        in_channels, out_channels: C and O.
        kernel_size: size of the filters, an int or (height, width).
        stride: distance between windows, an int or (down, right).
        pad_mode: ``"same"`` zeros around the image until the output is as large as the input
            divided by the stride; ``"valid"`` none; ``"pad"`` as `padding` says.
        padding: with ``"pad"``, an int or (top, bottom, left, right).
        dilation: distance between the elements of a filter.
        group: parts into which the channels are cut; each is convolved on its own.
        has_bias: whether a bias (O,) is added.
        weight_init: initial weight (O, C/group, height, width); HeUniform(sqrt(5)) when None.
        bias_init: initial bias; uniform within 1/sqrt(fan_in) when None.
        data_format: ``"NCHW"``.
        dtype: dtype of the parameters.

    Raises:
        ShapeError: the input has other channels, or is smaller than the window.

    >>> import mslearn as ms
    >>> ms.nn.Conv2d(3, 8, 3, stride=2)(ms.ops.ones((1, 3, 10, 10))).shape
    (1, 8, 5, 5)
    """

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: _Ints, stride: _Ints = 1,
        pad_mode: str = "same", padding: _Ints = 0, dilation: _Ints = 1, group: int = 1,
        has_bias: bool = False, weight_init: Any = None, bias_init: Any = None,
        data_format: str = "NCHW", dtype: DType = float32,
    ) -> None:  # fmt: skip
        super().__init__(
            in_channels, out_channels, kernel_size, stride, pad_mode, padding, dilation, group,
            has_bias, weight_init, bias_init, data_format, dtype,
        )  # fmt: skip


class Conv1d(_Conv):
    """Convolution of signals: input (N, C, L) -> (N, O, L'); the weight is (O, C/group, 1, k).

    The arguments are those of `Conv2d`, with plain ints.
    """

    rank = 1

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int, stride: int = 1,
        pad_mode: str = "same", padding: int = 0, dilation: int = 1, group: int = 1,
        has_bias: bool = False, weight_init: Any = None, bias_init: Any = None,
        dtype: DType = float32,
    ) -> None:  # fmt: skip
        super().__init__(
            in_channels, out_channels, kernel_size, stride, pad_mode, padding, dilation, group,
            has_bias, weight_init, bias_init, "NCHW", dtype,
        )  # fmt: skip


class Conv3d(_Conv):
    """Convolution of volumes: input (N, C, D, H, W) -> (N, O, D', H', W').

    The arguments are those of `Conv2d`; a tuple for `padding` has six ints.
    """

    rank = 3

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: _Ints, stride: _Ints = 1,
        pad_mode: str = "same", padding: _Ints = 0, dilation: _Ints = 1, group: int = 1,
        has_bias: bool = False, weight_init: Any = None, bias_init: Any = None,
        data_format: str = "NCDHW", dtype: DType = float32,
    ) -> None:  # fmt: skip
        super().__init__(
            in_channels, out_channels, kernel_size, stride, pad_mode, padding, dilation, group,
            has_bias, weight_init, bias_init, data_format, dtype,
        )  # fmt: skip


class _Transposed(_Conv):
    transposed = True
    output_padding: Any = 0

    def construct(self, x: Tensor) -> Tensor:
        wide = self._input(x)
        name, extra = type(self).__name__, len(self.kernel_size)
        more = numbers(name, "output_padding", self.output_padding, extra, least=0)
        if any(more) and self.pad_mode.lower() != "pad":
            raise ValueError(
                f"For '{name}', output_padding only counts with pad_mode='pad', but got "
                f"output_padding={self.output_padding} and pad_mode={self.pad_mode!r}."
            )
        size = []
        spans = tuple(d * (k - 1) + 1 for d, k in zip(self.dilation, self.kernel_size, strict=True))
        pad = padding_of(
            name, self.pad_mode, self.padding, spans, self.kernel_size, self.stride, self.dilation
        )
        for i, (n, s, span) in enumerate(zip(wide.shape[2:], self.stride, spans, strict=True)):
            if more[i] and more[i] >= max(s, self.dilation[i]):
                raise ValueError(
                    f"For '{name}', output_padding must be smaller than stride or dilation, but "
                    f"got {more[i]} for stride {s} and dilation {self.dilation[i]}."
                )
            whole = {"same": n * s, "valid": n * s + max(span - s, 0)}
            exact = (n - 1) * s + span - pad[2 * i] - pad[2 * i + 1]
            exact += more[i] if self.rank == 3 else 0
            size.append(whole.get(self.pad_mode.lower(), exact))
        if self.pad_mode.lower() == "same":
            pad = padding_of(
                name, "same", 0, tuple(size), self.kernel_size, self.stride, self.dilation
            )
        out = convolution.transposed(
            wide, self.weight, self.bias, tuple(size), self.stride, pad, self.dilation, self.group
        )
        if self.rank == 2 and any(more):  # MindSpore appends zeros to images, without a bias
            full = (*out.shape[:2], *(n + m for n, m in zip(out.shape[2:], more, strict=True)))
            place = (..., *(slice(n) for n in out.shape[2:]))
            zeros = Tensor.wrap(np.zeros(full, out._value.dtype))
            return apply(AddAt, (zeros, out), {"template": place})
        return convolution.lowered(out) if self.rank == 1 else out


class Conv2dTranspose(_Transposed):
    """Transposed convolution, which makes images larger: input (N, C, H, W) -> (N, O, H', W').

    With ``pad_mode="same"`` H' = H * stride; with ``"valid"`` H' = H * stride + max(span - stride,
    0), where span = dilation * (kernel - 1) + 1; with ``"pad"`` H' = (H - 1) * stride + span -
    top - bottom, and then `output_padding` rows and columns of zeros (as in MindSpore). The weight
    is (C, O/group, height, width); the other arguments are those of `Conv2d`.
    """

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: _Ints, stride: _Ints = 1,
        pad_mode: str = "same", padding: _Ints = 0, output_padding: _Ints = 0,
        dilation: _Ints = 1, group: int = 1, has_bias: bool = False, weight_init: Any = None,
        bias_init: Any = None, dtype: DType = float32,
    ) -> None:  # fmt: skip
        super().__init__(
            in_channels, out_channels, kernel_size, stride, pad_mode, padding, dilation, group,
            has_bias, weight_init, bias_init, "NCHW", dtype,
        )  # fmt: skip
        self.output_padding = output_padding


class Conv1dTranspose(_Transposed):
    """Transposed convolution of signals: input (N, C, L) -> (N, O, L'). See `Conv2dTranspose`."""

    rank = 1

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int, stride: int = 1,
        pad_mode: str = "same", padding: int = 0, dilation: int = 1, group: int = 1,
        has_bias: bool = False, weight_init: Any = None, bias_init: Any = None,
        dtype: DType = float32,
    ) -> None:  # fmt: skip
        super().__init__(
            in_channels, out_channels, kernel_size, stride, pad_mode, padding, dilation, group,
            has_bias, weight_init, bias_init, "NCHW", dtype,
        )  # fmt: skip


class Conv3dTranspose(_Transposed):
    """Transposed convolution of volumes: input (N, C, D, H, W). See `Conv2dTranspose`."""

    rank = 3

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: _Ints, stride: _Ints = 1,
        pad_mode: str = "same", padding: _Ints = 0, dilation: _Ints = 1, group: int = 1,
        output_padding: _Ints = 0, has_bias: bool = False, weight_init: Any = None,
        bias_init: Any = None, data_format: str = "NCDHW", dtype: DType = float32,
    ) -> None:  # fmt: skip
        super().__init__(
            in_channels, out_channels, kernel_size, stride, pad_mode, padding, dilation, group,
            has_bias, weight_init, bias_init, data_format, dtype,
        )  # fmt: skip
        self.output_padding = output_padding
