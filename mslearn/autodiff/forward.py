"""Forward mode: tangents travel with the values, one operation after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mslearn.autodiff.tape import Tape, zeros_for
from mslearn.autodiff.transforms import main_output
from mslearn.core.primitive import Primitive
from mslearn.core.state import graphed, observing, state
from mslearn.core.tensor import Tensor
from mslearn.ops.shape import identity


class Forward:
    """An observer that pushes tangents through the operations it sees."""

    def __init__(self) -> None:
        self.tangents: dict[int, Tensor] = {}
        self._kept: list[Any] = []  # ids are only unique while their values live

    def set(self, value: Any, tangent: Tensor) -> None:
        """Start with `tangent` at `value`."""
        self.tangents[id(value)] = tangent
        self._kept.append(value)

    def on_op(
        self, prim: type[Primitive], inputs: tuple[Any, ...], attrs: dict[str, Any], output: Any
    ) -> None:
        tangents = tuple(self.tangents.get(id(v)) for v in inputs)
        if prim.vjp is None or all(t is None for t in tangents):
            return
        if prim.jvp is None:
            raise NotImplementedError(
                f"For 'jvp', the primitive '{prim.name}' has no forward rule. Use vjp or grad."
            )
        several = type(output) is tuple
        out = tuple(map(Tensor.wrap, output)) if several else Tensor.wrap(output)
        pushed = prim.jvp(tangents, out, *map(Tensor.wrap, inputs), **attrs)
        if pushed is None:
            return
        for value, tangent in zip(
            output if several else (output,), pushed if several else (pushed,), strict=True
        ):
            self.set(value, tangent)


def _fresh(x: Tensor) -> Tensor:
    return identity(x) if state.active else Tensor.wrap(x._value.view())


def _tuple(x: Any) -> tuple[Any, ...]:
    return tuple(x) if isinstance(x, tuple | list) else (x,)


def jvp(fn: Callable[..., Any], inputs: Any, v: Any, has_aux: bool = False) -> tuple[Any, ...]:
    """The output of `fn` and its directional derivative along `v` (Jacobian times vector).

    Args:
        fn: a function or Cell of tensors.
        inputs: its argument, or a tuple of them.
        v: a tangent of the same shape for each argument.
        has_aux: the outputs after the first are passed through.

    >>> import mslearn as ms
    >>> out, tangent = ms.jvp(lambda x: x * x, ms.Tensor(3.0), ms.Tensor(1.0))
    >>> print(out, tangent)
    9.0 6.0
    """
    xs, tangents = _tuple(inputs), _tuple(v)
    if len(xs) != len(tangents) or any(
        x.shape != t.shape for x, t in zip(xs, tangents, strict=False)
    ):
        raise ValueError(
            f"For 'jvp', each input needs a tangent v of its shape, but got shapes "
            f"{[list(x.shape) for x in xs]} and {[list(t.shape) for t in tangents]}."
        )
    forward = Forward()
    handles = [_fresh(x) for x in xs]
    for x, t in zip(handles, tangents, strict=True):
        forward.set(x._value, t)
    with observing(forward):
        result = graphed(fn)(*handles)
    outs = _tuple(main_output(result, has_aux))
    pushed = tuple(forward.tangents.get(id(o._value), zeros_for(o._value)) for o in outs)
    single = pushed[0] if len(pushed) == 1 else pushed
    return (result[0], single, *result[1:]) if has_aux else (result, single)


def vjp(fn: Callable[..., Any], *inputs: Tensor, has_aux: bool = False, weights: Any = None) -> Any:
    """The output of `fn` and a function from cotangents of it to those of the inputs, a tuple.

    >>> import mslearn as ms
    >>> out, pull = ms.vjp(lambda x: x * x, ms.Tensor(3.0))
    >>> print(out, pull(ms.Tensor(1.0))[0])
    9.0 6.0
    """
    handles = [_fresh(x) for x in inputs]
    params = () if weights is None else _tuple(weights)
    tape = Tape()
    for tensor in (*handles, *params):
        tape.watch(tensor)
    starts = [t._value for t in handles]
    params_at = [p._value for p in params]
    with observing(tape):
        result = graphed(fn)(*handles)
    outs = _tuple(main_output(result, has_aux))

    def pull(*cotangents: Any) -> Any:
        given = _tuple(cotangents[0]) if len(cotangents) == 1 else cotangents
        ready = [c if isinstance(c, Tensor) else Tensor(np.asarray(c)) for c in given]
        found = tape.gradients(outs, ready)
        grads = tuple(found.get(id(v), zeros_for(v)) for v in starts)
        if weights is None:
            return grads
        by_weights = tuple(found.get(id(v), zeros_for(v)) for v in params_at)
        return grads, by_weights if isinstance(weights, tuple | list) else by_weights[0]

    return (result[0], pull, *result[1:]) if has_aux else (result, pull)
