"""A stretch of a program as one operation: the base of custom gradients and of recomputation.

The function runs unseen, and the tape gets a single record with the function's inputs and
outputs. How the gradient goes back is then up to the segment.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from mslearn.core.primitive import Primitive, apply
from mslearn.core.tensor import Tensor
from mslearn.gradtools.world import world


def leaves(value: Any) -> list[Tensor]:
    """The tensors in nested tuples, lists and dicts, in order."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [t for v in value for t in leaves(v)] if isinstance(value, tuple | list) else []


def refill(value: Any, tensors: Any) -> Any:
    """`value` with its tensors replaced, in order, by those of the iterator `tensors`."""
    if isinstance(value, Tensor):
        return next(tensors)
    if isinstance(value, dict):
        return {k: refill(v, tensors) for k, v in value.items()}
    if isinstance(value, tuple | list):
        return type(value)([refill(v, tensors) for v in value])
    return value


class Segment:
    """One call of a function, kept so that its gradient can be worked out later."""

    def __init__(
        self, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        self.fn = fn
        self.template = refill((args, kwargs), iter([_HOLE] * len(leaves((args, kwargs)))))
        self.result: Any = None

    def __repr__(self) -> str:
        return f"<{getattr(self.fn, '__qualname__', type(self.fn).__name__)}>"  # no addresses

    def run(self, tensors: Sequence[Tensor]) -> Any:
        """Call the function with other tensors in the places of the first ones."""
        args, kwargs = refill(self.template, iter(tensors))
        return self.fn(*args, **kwargs)

    def forward(self, arrays: Sequence[np.ndarray]) -> Any:
        """The kernel: arrays in, array or tuple of arrays out."""
        with world():
            result = self.run([Tensor.wrap(a.view()) for a in arrays])
        outs = leaves(result)
        if not outs:
            raise TypeError(
                f"'{getattr(self.fn, '__qualname__', self.fn)}' must return a Tensor, but returned "
                f"'{type(result).__name__}'. Did it forget the return statement?"
            )
        self.result = refill(result, iter([_HOLE] * len(outs)))
        arrays = [t._value for t in outs]
        return arrays[0] if len(arrays) == 1 else tuple(arrays)

    def backward(self, ct: Any, out: Any, xs: tuple[Tensor, ...]) -> tuple[Any, ...]:
        """The cotangents of the inputs."""
        raise NotImplementedError

    def apply(self, prim: type[Primitive], tensors: Sequence[Tensor]) -> Any:
        """Run the segment as one operation of kind `prim`."""
        out = apply(prim, tuple(tensors), {"segment": self})
        return refill(self.result, iter(out if isinstance(out, tuple) else (out,)))


_HOLE = Tensor.wrap(np.zeros(()))  # stands in a template for a tensor, without keeping it alive


class SegmentPrimitive(Primitive, abstract=True):
    """The operation that a segment is for those who watch."""

    params = {"segment": None}

    @staticmethod
    def kernel(*arrays: Any, segment: Any) -> Any:
        return segment.forward(arrays)

    @staticmethod
    def infer(*values: Any, segment: Any) -> Any:
        out = segment.forward([np.zeros(v.shape, v.dtype) for v in values])
        if isinstance(out, tuple):
            return tuple(o.shape for o in out), tuple(o.dtype for o in out)
        return out.shape, out.dtype

    @staticmethod
    def vjp(ct: Any, out: Any, *xs: Any, segment: Any) -> Any:
        return segment.backward(ct, out, xs)
