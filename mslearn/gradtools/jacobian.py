"""`jacfwd` and `jacrev`: all derivatives of all outputs by all inputs, a whole matrix at once."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from mslearn.autodiff import jvp, vjp
from mslearn.autodiff.tape import zeros_for
from mslearn.core.state import graphed
from mslearn.core.tensor import Tensor
from mslearn.gradtools.vmap import vmap


def jacfwd(
    fn: Callable[..., Any], grad_position: int | tuple[int, ...] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """The Jacobian of `fn` by forward mode: one run per input element, all together by `vmap`.

    Args:
        fn: a function or Cell of tensors.
        grad_position: by which arguments: an int or a tuple of ints.
        has_aux: only the first output is differentiated; the others are passed through.

    Returns:
        A function that returns a tensor of shape ``output.shape + input.shape``; a tuple of them
        for several positions; a tuple with one such entry for each of several outputs. With
        `has_aux` it is ``(jacobian, aux)``.

    Raises:
        TypeError, ValueError: `grad_position` or `has_aux` is none of these.

    >>> import mslearn as ms
    >>> print(ms.jacfwd(lambda x: x * x)(ms.Tensor([1.0, 2.0])))
    [[2. 0.]
     [0. 4.]]
    """
    positions = _positions(grad_position, has_aux)

    @functools.wraps(fn if hasattr(fn, "__name__") else type(fn))
    def run(*args: Any) -> Any:
        columns = []
        for p in positions:
            x = _argument(args, p)
            one = _only(fn, args, (p,))

            def push(tangent: Tensor, one: Any = one, x: Tensor = x) -> Any:
                result = jvp(one, x, tangent, has_aux)
                return result[1], result[2:]

            found, aux = vmap(push, 0, (-1, None) if has_aux else (-1, 0))(_basis(x))
            outs = found if isinstance(found, tuple) else (found,)
            columns.append([o.reshape((*o.shape[:-1], *x.shape)) for o in outs])
        jacobian = _arrange([tuple(c) for c in zip(*columns, strict=True)])
        return (jacobian, _aux(aux)) if has_aux else jacobian

    return run


def jacrev(
    fn: Callable[..., Any], grad_position: int | tuple[int, ...] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """The Jacobian of `fn` by reverse mode: one run back per output element, by `vmap`.

    Arguments and result are those of `jacfwd`; it is the better choice when there are fewer
    output elements than input elements.

    >>> import mslearn as ms
    >>> hessian = ms.jacfwd(ms.jacrev(lambda x: (x * x * x).sum()))
    >>> print(hessian(ms.Tensor([1.0, 2.0])))
    [[ 6.  0.]
     [ 0. 12.]]
    """
    positions = _positions(grad_position, has_aux)

    @functools.wraps(fn if hasattr(fn, "__name__") else type(fn))
    def run(*args: Any) -> Any:
        xs = [_argument(args, p) for p in positions]
        out, pull, *aux = vjp(_only(fn, args, positions), *xs, has_aux=has_aux)
        outs = tuple(out) if isinstance(out, tuple | list) else (out,)
        rows = []
        for k, o in enumerate(outs):

            def back(ct: Tensor, k: int = k) -> Any:
                cts = [zeros_for(other._value) for other in outs]
                cts[k] = ct
                return pull(tuple(cts))

            found = vmap(back)(_basis(o))
            rows.append(tuple(
                g.reshape((*o.shape, *x.shape)) for g, x in zip(found, xs, strict=True)
            ))  # fmt: skip
        return (_arrange(rows), _aux(tuple(aux))) if has_aux else _arrange(rows)

    return run


def _positions(grad_position: Any, has_aux: Any) -> tuple[int, ...]:
    items = grad_position if isinstance(grad_position, tuple) else (grad_position,)
    if not items or any(isinstance(p, bool) or not isinstance(p, int) for p in items):
        raise TypeError(
            f"For 'jacfwd' and 'jacrev', grad_position must be an int or a tuple of ints, but got "
            f"{grad_position!r}."
        )
    if not isinstance(has_aux, bool):
        raise TypeError(f"For 'jacfwd' and 'jacrev', has_aux must be a bool, but got {has_aux!r}.")
    if min(items) < 0 or len(set(items)) < len(items):
        raise ValueError(
            f"For 'jacfwd' and 'jacrev', grad_position counts from 0 and names each position "
            f"once, but got {grad_position!r}."
        )
    return items


def _argument(args: tuple[Any, ...], position: int) -> Tensor:
    if position >= len(args):
        raise ValueError(
            f"For 'jacfwd' and 'jacrev', grad_position {position} is out of range: the call has "
            f"{len(args)} argument(s)."
        )
    if not isinstance(args[position], Tensor) or args[position]._value.dtype.kind not in "fc":
        raise TypeError(
            f"For 'jacfwd' and 'jacrev', argument {position} must be a Tensor of floats, but got "
            f"{getattr(args[position], 'dtype', type(args[position]).__name__)}."
        )
    x: Tensor = args[position]
    return x


def _only(fn: Callable[..., Any], args: tuple[Any, ...], positions: Any) -> Callable[..., Any]:
    def chosen(*xs: Tensor) -> Any:
        inputs = list(args)
        for p, x in zip(positions, xs, strict=True):
            inputs[p] = x
        return graphed(fn)(*inputs)

    return chosen


def _basis(x: Tensor) -> Tensor:
    """The unit vectors of the shape of `x`, one after the other along the first axis."""
    return Tensor(np.eye(x.size, dtype=x._value.dtype).reshape((x.size, *x.shape)))


def _arrange(rows: list[tuple[Tensor, ...]]) -> Any:
    """[output][position] without the levels that hold a single entry."""
    entries = tuple(row if len(row) > 1 else row[0] for row in rows)
    return entries if len(entries) > 1 else entries[0]


def _aux(aux: tuple[Any, ...]) -> Any:
    return aux if len(aux) > 1 else aux[0]
