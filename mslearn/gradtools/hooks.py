"""Functions that look at gradients on their way, and may change them."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from mslearn.autodiff.tape import Tape, attach_hooks, value_hooks, zeros_for
from mslearn.core.parameter import Parameter
from mslearn.core.primitive import Primitive, apply
from mslearn.core.state import state
from mslearn.core.tensor import Tensor, as_tensor

Hook = Callable[..., Any]
_numbers = itertools.count()


class HookHandle:
    """What registering a hook returns: `remove()` takes the hook away again."""

    def __init__(self, table: dict[int, Any], entry: Any, first: bool = False) -> None:
        self._table, self._key = table, next(_numbers)
        rest = dict(table) if first else {}
        if first:
            table.clear()
        table[self._key] = entry
        table.update(rest)

    def remove(self) -> None:
        """Forget the hook; a second call does nothing."""
        self._table.pop(self._key, None)


def check_hook(name: str, hook: Any) -> None:
    """A TypeError unless `hook` can be called."""
    if not callable(hook):
        raise TypeError(
            f"For '{name}', the hook must be a function, but got '{type(hook).__name__}'."
        )


def register_hook(self: Tensor, hook: Hook) -> HookHandle:
    """Call ``hook(grad)`` when the gradient by this tensor is known; it may return a new one.

    The hook belongs to the tensor's present value; a Parameter keeps its hooks when it is
    updated. What the hook returns flows on in place of the gradient; None leaves it.

    >>> import mslearn as ms
    >>> def fn(x, y):
    ...     z = x * y
    ...     z.register_hook(lambda grad: grad * 2)
    ...     return z * y
    >>> print(*ms.grad(fn, (0, 1))(ms.Tensor(1.0), ms.Tensor(2.0)))
    8.0 6.0
    """
    check_hook("Tensor.register_hook", hook)
    if isinstance(self, Parameter):
        table = self.__dict__.setdefault("_hooks", {})
    else:
        table = value_hooks.get(id(self._value), {})
    attach_hooks(self._value, table)
    return HookHandle(table, hook)


def changed(name: str, new: Any, grads: tuple[Any, ...]) -> tuple[Any, ...]:
    """What a hook returned for `grads`, as a tuple; None means that they stay."""
    if new is None:
        return grads
    items = tuple(new) if isinstance(new, tuple | list) else (new,)
    if len(items) != len(grads) or not all(i is None or isinstance(i, Tensor) for i in items):
        raise TypeError(
            f"For '{name}', the hook must return None or {len(grads)} gradient(s) as Tensors, but "
            f"returned {[type(i).__name__ for i in items]}."
        )
    return items


def is_followed(tensors: list[Tensor]) -> bool:
    """Whether any tape that is recording follows one of `tensors`."""
    tapes = [o for o in state.observers if isinstance(o, Tape)]
    return any(tape.follows(t._value) for tape in tapes for t in tensors)


class HookBackward(Primitive, abstract=True):
    """The inputs themselves; on the way back ``hook_fn(grads)`` sees the tuple of gradients.

    >>> import mslearn as ms
    >>> hook = ms.ops.HookBackward(lambda grads: (grads[0] * 5,))
    >>> print(ms.grad(lambda x: hook(x * 2) * 3)(ms.Tensor(1.0)))
    30.0
    """

    name = "HookBackward"
    params = {"cell_id": ""}

    @staticmethod
    def kernel(*xs: Any, hook: Any) -> Any:
        views = tuple(x.view() for x in xs)
        return views if len(views) > 1 else views[0]

    @staticmethod
    def infer(*xs: Any, hook: Any) -> Any:
        shapes, dtypes = tuple(x.shape for x in xs), tuple(x.dtype for x in xs)
        return (shapes, dtypes) if len(xs) > 1 else (shapes[0], dtypes[0])

    @staticmethod
    def vjp(ct: Any, out: Any, *xs: Any, hook: Any) -> Any:
        grads = ct if isinstance(ct, tuple) else (ct,)
        return changed("HookBackward", hook(grads), grads)

    @staticmethod
    def jvp(tangents: Any, out: Any, *xs: Any, hook: Any) -> Any:
        filled = tuple(
            zeros_for(x._value) if t is None else t for t, x in zip(tangents, xs, strict=True)
        )
        return filled if len(filled) > 1 else filled[0]

    # -- what a user calls; the rules above are plain functions

    def __init__(self, hook_fn: Hook, cell_id: str = "") -> None:
        check_hook("HookBackward", hook_fn)
        super().__init__(cell_id)
        self.hook_fn = hook_fn

    def __call__(self, *inputs: Any) -> Any:
        return gate([as_tensor(x) for x in inputs], self.hook_fn)


def gate(tensors: list[Tensor], hook: Hook) -> Any:
    """`tensors`, with ``hook(grads)`` on the way back."""
    return apply(HookBackward, tuple(tensors), {"hook": _Named(hook)})


class _Named:
    """A hook whose printed form, which graphs show, holds no address."""

    def __init__(self, hook: Hook) -> None:
        self.hook = hook

    def __call__(self, grads: tuple[Any, ...]) -> Any:
        return self.hook(grads)

    def __repr__(self) -> str:
        return f"<{getattr(self.hook, '__qualname__', type(self.hook).__name__)}>"


class InsertGradientOf(HookBackward, abstract=True):
    """The input itself; on the way back its gradient becomes ``f(gradient)``."""

    name = "InsertGradientOf"

    def __init__(self, f: Hook) -> None:
        check_hook("InsertGradientOf", f)
        Primitive.__init__(self)
        self.hook_fn = lambda grads: f(grads[0])
