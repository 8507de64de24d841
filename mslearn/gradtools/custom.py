"""Gradients written by hand: a Cell with a method ``bprop(self, *inputs, out, dout)``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mslearn.core.tensor import Tensor
from mslearn.gradtools.segment import Segment, SegmentPrimitive, leaves, refill


class CustomBprop(SegmentPrimitive, abstract=True):
    """A Cell whose gradient is its own `bprop`."""

    name = "CustomBprop"


class _Custom(Segment):
    def __init__(self, name: str, fn: Any, bprop: Any, args: Any, kwargs: Any) -> None:
        super().__init__(fn, args, kwargs)
        self.name = name
        self.bprop = bprop

    def backward(self, ct: Any, out: Any, xs: tuple[Tensor, ...]) -> tuple[Any, ...]:
        args, kwargs = refill(self.template, iter(xs))
        inputs = (*args, *kwargs.values())
        whole = refill(self.result, iter(out if isinstance(out, tuple) else (out,)))
        dout = refill(self.result, iter(ct if isinstance(ct, tuple) else (ct,)))
        given = self.bprop(*inputs, whole, dout)
        grads = tuple(given) if isinstance(given, tuple | list) else (given,)
        if len(grads) < len(inputs):
            raise RuntimeError(
                f"For '{self.name}', bprop must return a gradient for each of the {len(inputs)} "
                f"inputs, but returned {len(grads)}. Return None where there is none."
            )
        found: list[Any] = []
        for position, (x, g) in enumerate(zip(inputs, grads, strict=False)):
            for tensor, part in _pairs(x, g):
                if part is not None and part.shape != tensor.shape:
                    raise RuntimeError(
                        f"For '{self.name}', bprop returned a gradient of shape "
                        f"{list(part.shape)} by input {position}, which has shape "
                        f"{list(tensor.shape)}. They must be equal."
                    )
                found.append(part)
        return tuple(found)


def _pairs(x: Any, g: Any) -> list[tuple[Tensor, Any]]:
    """Each tensor of an input with its gradient."""
    if isinstance(x, Tensor):
        return [(x, g)]
    if isinstance(x, tuple | list):
        parts = g if isinstance(g, tuple | list) else [None] * len(x)
        return [pair for a, b in zip(x, parts, strict=True) for pair in _pairs(a, b)]
    return [(t, None) for t in leaves(x)]


def with_bprop(
    name: str, fn: Callable[..., Any], bprop: Callable[..., Any], args: Any, kwargs: Any
) -> Any:
    """``fn(*args, **kwargs)`` with `bprop` as its gradient.

    Tensors that `fn` takes from elsewhere, a Cell's Parameters too, get no gradient through it.
    """
    tensors = leaves((args, kwargs))
    if not tensors:
        return fn(*args, **kwargs)
    return _Custom(name, fn, bprop, args, kwargs).apply(CustomBprop, tensors)
