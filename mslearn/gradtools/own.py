"""Operations of one's own: `ops.Custom` around a NumPy function, and `ops.Print`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mslearn.core.dtype import to_numpy
from mslearn.core.errors import ShapeError
from mslearn.core.tensor import Tensor, as_tensor
from mslearn.gradtools.custom import with_bprop


class Custom:
    """An operation from a function of NumPy arrays.

    Args:
        func: takes arrays and returns an array or a tuple of them.
        out_shape: the shape of the result, a tuple of shapes for several, or a function of the
            inputs' shapes; checked after the call, None checks nothing.
        out_dtype: the dtype of the result in the same way; the result is cast to it.
        func_type: ``"pyfunc"``, or ``"hybrid"`` with an `ops.kernel`; compiled kernels (aot, akg,
            tbe …) need a device's toolkit.
        bprop: ``bprop(*inputs, out, dout)`` of tensors gives the gradients by the inputs; without
            it no gradient passes.
        reg_info: kept for MindSpore.

    >>> import numpy as np
    >>> import mslearn as ms
    >>> square = ms.ops.Custom(np.square, bprop=lambda x, out, dout: (2 * x * dout,))
    >>> print(square(ms.Tensor([3.0])), ms.grad(square)(ms.Tensor([3.0])))
    [9.] [6.]
    """

    def __init__(
        self, func: Callable[..., Any], out_shape: Any = None, out_dtype: Any = None,
        func_type: str = "pyfunc", bprop: Callable[..., Any] | None = None, reg_info: Any = None,
    ) -> None:  # fmt: skip
        if func_type not in ("pyfunc", "hybrid") or not callable(func):
            raise ValueError(
                f"For 'Custom', only func_type='pyfunc' or 'hybrid' with a Python function runs "
                f"here, but got {func_type!r} and {func!r}. Write the kernel with NumPy."
            )
        self.func, self.out_shape, self.out_dtype, self.bprop = func, out_shape, out_dtype, bprop

    def __call__(self, *inputs: Any) -> Any:
        tensors = tuple(map(as_tensor, inputs))
        return with_bprop("Custom", self._run, self.bprop or self._stop, tensors, {})

    def _stop(self, *given: Any) -> tuple[Any, ...]:
        return tuple(x * 0 for x in given[:-2])

    def _run(self, *tensors: Tensor) -> Any:
        out = self.func(*(t.asnumpy() for t in tensors))
        shapes = [t.shape for t in tensors]
        shape, dtype = (
            wanted(*given) if callable(wanted) and not isinstance(wanted, type) else wanted
            for wanted, given in (
                (self.out_shape, shapes),
                (self.out_dtype, [t.dtype for t in tensors]),
            )
        )
        if not isinstance(out, tuple):
            return _checked(out, shape, dtype)
        nothing = (None,) * len(out)
        each = zip(out, shape or nothing, dtype or nothing, strict=True)
        return tuple(_checked(*one) for one in each)


class Morph:
    """A function called as an operation, with `bprop_fn` as its gradient if given.

    Args:
        fn: a function of tensors.
        infer_shape, infer_dtype: kept for MindSpore; the graph infers them from `fn`.
        bprop_fn: ``bprop_fn(*inputs, out, dout)`` gives the gradients by the inputs, a tuple.

    >>> import mslearn as ms
    >>> double = ms.ops.Morph(lambda x: x * 2, lambda s: s, lambda d: d)
    >>> print(ms.jit(lambda x: double(x) + 1)(ms.Tensor([1.0, 2.0])))
    [3. 5.]
    """

    def __init__(
        self, fn: Callable[..., Any], infer_shape: Any, infer_dtype: Any,
        bprop_fn: Callable[..., Any] | None = None,
    ) -> None:  # fmt: skip
        self.fn, self.bprop_fn = fn, bprop_fn

    def __call__(self, *args: Any) -> Any:
        if self.bprop_fn is None:
            return self.fn(*args)
        return with_bprop("Morph", self.fn, self.bprop_fn, args, {})


def _checked(value: Any, shape: Any, dtype: Any) -> Tensor:
    array = np.asarray(value)
    if shape is not None and array.shape != tuple(shape):
        raise ShapeError(
            f"For 'Custom', the function returned the shape {list(array.shape)}, but out_shape "
            f"says {list(shape)}."
        )
    return Tensor(array if dtype is None else array.astype(to_numpy(dtype)))


class Print:
    """Print texts and tensors, each on a line of its own, as MindSpore's operation does.

    >>> import mslearn as ms
    >>> ms.ops.Print()("loss", ms.Tensor(0.5))
    loss
    Tensor(shape=[], dtype=Float32, value= 0.5)
    """

    def __call__(self, *values: Any) -> None:
        for value in values:
            print(value if isinstance(value, str) else repr(value))


def print_(*input_x: Any) -> None:
    """`Print` as a function."""
    Print()(*input_x)
