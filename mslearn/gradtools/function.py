"""`_Function`: an operation and its gradient as a class with `forward` and `backward`."""

from __future__ import annotations

from typing import Any, NoReturn

from mslearn.core.tensor import Tensor
from mslearn.gradtools.custom import with_bprop
from mslearn.gradtools.segment import leaves
from mslearn.ops.control import stop_gradient


class _Function:
    """Base of operations with a gradient of their own; `apply` runs one.

    ``forward(ctx, *args)`` computes, and keeps in `ctx` what ``backward(ctx, *gradients)`` needs;
    that returns a gradient, or None, for each argument of `forward`. Where there is a
    ``setup_context(ctx, inputs, output)``, forward takes no `ctx`.

    >>> import mslearn as ms
    >>> class Cube(ms._Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x ** 3
    ...     @staticmethod
    ...     def backward(ctx, grad):
    ...         (x,) = ctx.saved_tensors
    ...         return 3 * x * x * grad
    >>> print(ms.grad(Cube.apply)(ms.Tensor(2.0)))
    12.0
    """

    def __init__(self, needs: tuple[bool, ...] = ()) -> None:
        self.saved_tensors: tuple[Any, ...] = ()
        self.saved_places: list[tuple[int, Any]] = []
        self.non_differentiable: tuple[Any, ...] = ()
        self.needs_input_grad = needs

    @staticmethod
    def forward(ctx: Any, *args: Any) -> Any:
        raise NotImplementedError("A _Function needs a static method forward(ctx, *args).")

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        raise NotImplementedError("A _Function needs a static method backward(ctx, *gradients).")

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> Any:
        raise NotImplementedError

    def save_for_backward(self, *tensors: Any) -> None:
        """Keep tensors for `backward`, as ``ctx.saved_tensors``."""
        self.saved_tensors = tensors

    def mark_non_differentiable(self, *outputs: Tensor) -> None:
        """No gradient passes through these outputs."""
        self.non_differentiable = outputs

    def set_materialize_grads(self, value: bool) -> None:
        """Accepted: outputs that nothing uses have zeros as their gradient in any case."""

    def mark_dirty(self, *inputs: Tensor) -> NoReturn:
        """Refused: an operation does not change its inputs here."""
        raise NotImplementedError(
            "For '_Function', 'mark_dirty' would let forward change its inputs. Return new tensors."
        )

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """Run `forward`; its gradient is `backward`."""
        ctx = cls(tuple(bool(leaves(a)) for a in args))
        frozen: list[int] = []

        def run(*xs: Any) -> Any:
            if cls.setup_context is _Function.setup_context:
                out = cls.forward(ctx, *xs)
            else:
                out = cls.forward(*xs)
                cls.setup_context(ctx, xs, out)
            outs = out if isinstance(out, tuple) else (out,)
            frozen[:] = [i for i, o in enumerate(outs) if _place(o, ctx.non_differentiable) >= 0]
            # Saved arguments and results are looked up again later, as those that the tape knows.
            known = (*xs, *outs)
            places = [(_place(t, known), t) for t in ctx.saved_tensors]
            ctx.saved_places = [(p, None if p >= 0 else t) for p, t in places]
            return out

        def bprop(*given: Any) -> Any:
            *xs, out, dout = given
            known = (*xs, *(out if isinstance(out, tuple) else (out,)))
            ctx.saved_tensors = tuple(t if p < 0 else known[p] for p, t in ctx.saved_places)
            return cls.backward(ctx, *(dout if isinstance(dout, tuple) else (dout,)))

        out = with_bprop(cls.__name__, run, bprop, args, {})
        if isinstance(out, tuple):
            return tuple(stop_gradient(o) if i in frozen else o for i, o in enumerate(out))
        return stop_gradient(out) if frozen else out


def _place(thing: Any, among: tuple[Any, ...]) -> int:
    return next((i for i, other in enumerate(among) if other is thing), -1)
