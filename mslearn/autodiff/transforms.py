"""`grad` and `value_and_grad`: functions that return gradients of functions."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from mslearn.autodiff.tape import Tape, attach_hooks, value_hooks, zeros_for
from mslearn.core.parameter import Parameter
from mslearn.core.state import graphed, observing, state
from mslearn.core.tensor import Tensor
from mslearn.ops.shape import identity

GradPosition = int | tuple[int, ...] | None


def value_and_grad(
    fn: Callable[..., Any],
    grad_position: GradPosition = 0,
    weights: Any = None,
    has_aux: bool = False,
    return_ids: bool = False,
    sens_param: bool = False,
) -> Callable[..., Any]:
    """A function that returns ``(fn's outputs, gradients)``.

    Args:
        fn: a function or Cell of tensors.
        grad_position: by which arguments to differentiate: an int, a tuple of ints, or None for
            none of them (then `weights` are needed).
        weights: a Parameter, or a ParameterTuple or list of them.
        has_aux: only the first output is differentiated; the others are passed through.
        return_ids: give each gradient as ``(position or parameter name, gradient)``.
        sens_param: the last argument of the call is the cotangent to start from.

    Returns:
        Gradients in the shape of the request: one Tensor for one position or a single
        Parameter, a tuple for several positions or for a list of Parameters, and
        ``(by_arguments, by_weights)`` for both kinds. An
        output of several elements is summed. What the result does not depend on gets zeros.

    >>> import mslearn as ms
    >>> value, gradient = ms.value_and_grad(lambda x: x * x)(ms.Tensor(3.0))
    >>> print(value, gradient)
    9.0 6.0
    """
    positions, params = _check_request("value_and_grad", grad_position, weights)
    if not callable(fn):
        raise TypeError(
            f"For 'value_and_grad', fn must be a function or Cell, but got '{type(fn).__name__}'. "
            f"Pass the function itself, not its result."
        )

    @functools.wraps(fn if hasattr(fn, "__name__") else type(fn))
    def run(*args: Any, **kwargs: Any) -> Any:
        inputs = list(args)
        sens = inputs.pop() if sens_param else None
        watched = [_watch_argument(inputs, p) for p in positions or ()]
        tape = Tape()
        for tensor in (*watched, *(p for p in params or () if p.requires_grad)):
            tape.watch(tensor)
        starts = [t._value for t in (*watched, *(params or ()))]
        with observing(tape):
            result = graphed(fn)(*inputs, **kwargs)
        outputs = _differentiated(result, has_aux)
        found = tape.gradients(outputs, _cotangents(sens, outputs), free=True)
        grads = [found[id(v)] if id(v) in found else zeros_for(v) for v in starts]
        names = [*(positions or ()), *(p.name for p in params or ())]
        if return_ids:
            grads = list(zip(names, grads, strict=True))  # type: ignore[arg-type]
        return result, _arrange(grads, grad_position, positions, weights)

    return run


def grad(
    fn: Callable[..., Any],
    grad_position: GradPosition = 0,
    weights: Any = None,
    has_aux: bool = False,
    return_ids: bool = False,
    sens_param: bool = False,
) -> Callable[..., Any]:
    """A function that returns the gradients of `fn`; with `has_aux`, ``(gradients, aux)``.

    The arguments are those of `value_and_grad`. Nest it for derivatives of any order:

    >>> import mslearn as ms
    >>> cube = lambda x: x * x * x
    >>> print(ms.grad(ms.grad(cube))(ms.Tensor(2.0)))
    12.0
    """
    both = value_and_grad(fn, grad_position, weights, has_aux, return_ids, sens_param)

    @functools.wraps(both)
    def run(*args: Any, **kwargs: Any) -> Any:
        result, gradients = both(*args, **kwargs)
        return (gradients, result[1:]) if has_aux else gradients

    return run


def _check_request(
    name: str, grad_position: GradPosition, weights: Any
) -> tuple[tuple[int, ...] | None, tuple[Parameter, ...] | None]:
    if grad_position is None and weights is None:
        raise ValueError(
            f"For '{name}', grad_position and weights can not be None at the same time: nothing "
            f"is left to differentiate by. Give weights=net.trainable_params() for example."
        )
    positions = None
    if grad_position is not None:
        items = grad_position if isinstance(grad_position, tuple) else (grad_position,)
        for p in items:
            if isinstance(p, bool) or not isinstance(p, int):
                raise TypeError(
                    f"For '{name}', grad_position must be an int, a tuple of ints or None, but "
                    f"got {grad_position!r}."
                )
            if p < 0:
                raise ValueError(f"For '{name}', grad_position counts from 0, but got {p}.")
        if not items:
            raise RuntimeError(f"For '{name}', grad_position should not be empty: name a position.")
        if len(set(items)) < len(items):
            raise ValueError(f"For '{name}', grad_position {items} names a position twice.")
        positions = items
    params = None
    if weights is not None:
        params = (weights,) if isinstance(weights, Tensor) else tuple(weights)
        for p in params:
            if not isinstance(p, Parameter):
                raise TypeError(
                    f"For '{name}', weights must be Parameters, but got '{type(p).__name__}'. Use "
                    f"net.trainable_params() or optimizer.parameters."
                )
    return positions, params


def _watch_argument(inputs: list[Any], position: int) -> Tensor:
    if position >= len(inputs):
        raise RuntimeError(
            f"For 'grad', grad_position {position} asks for an argument that the call does not "
            f"have: it got {len(inputs)}. Positions count from 0."
        )
    given = inputs[position]
    if not isinstance(given, Tensor):
        raise TypeError(
            f"For 'grad', argument {position} must be a Tensor to differentiate by it, but got "
            f"'{type(given).__name__}'. Wrap it: mslearn.Tensor(…)."
        )
    # A value of its own: the same tensor at two positions, or also captured by the function
    # from outside, counts only where it is this argument.
    fresh = identity(given) if state.active else Tensor.wrap(given._value.view())
    if id(given._value) in value_hooks:
        attach_hooks(fresh._value, value_hooks[id(given._value)])
    inputs[position] = fresh
    return fresh


def main_output(result: Any, has_aux: bool) -> Any:
    """What is to be differentiated of a function's result."""
    if has_aux and (not isinstance(result, tuple) or len(result) < 2):
        raise ValueError(
            "For 'grad' with has_aux=True, fn must return (output, aux…), at least two values."
        )
    return result[0] if has_aux else result


def _differentiated(result: Any, has_aux: bool) -> list[Tensor]:
    result = main_output(result, has_aux)
    outputs = [t for t in _leaves(result) if isinstance(t, Tensor)]
    if not outputs:
        raise TypeError(
            f"For 'grad', fn must return a Tensor to differentiate, but returned "
            f"'{type(result).__name__}'. Did it forget the return statement, or call .asnumpy() "
            f"or float() on the way?"
        )
    return outputs


def _leaves(result: Any) -> list[Any]:
    if isinstance(result, dict):
        result = tuple(result.values())
    if isinstance(result, tuple | list):
        return [leaf for item in result for leaf in _leaves(item)]
    return [result]


def _cotangents(sens: Any, outputs: Sequence[Tensor]) -> list[Tensor] | None:
    if sens is None:
        return None
    given = list(sens) if isinstance(sens, tuple | list) else [sens]
    out = []
    for s, o in zip(given, outputs, strict=True):
        t = s if isinstance(s, Tensor) else Tensor(np.asarray(s, o._value.dtype))
        if t.shape != o.shape:
            raise ValueError(
                f"For 'grad', the sens (cotangent) must have the output's shape {list(o.shape)}, "
                f"but got {list(t.shape)}."
            )
        out.append(t)
    return out


def _arrange(grads: list[Any], grad_position: GradPosition, positions: Any, weights: Any) -> Any:
    n = len(positions) if positions is not None else 0
    by_args: Any = tuple(grads[:n]) if n != 1 else grads[0]
    if weights is None:
        return by_args
    by_weights: Any = grads[n] if isinstance(weights, Tensor) else tuple(grads[n:])
    return by_weights if grad_position is None else (by_args, by_weights)
