"""Views: a slice, a reshape or a transpose of a tensor is a window onto it, as in MindSpore.

After ``part = x[1:3]``, writing ``part[0] = 1`` changes `x` too, and a write into `x` is seen
through `part`. Values never change here, so no memory need be shared: a write by index makes a new
value for the tensor written to, for the one behind it and for all other windows onto that one, by
operations that tapes and graphs see. Whatever else moves a handle to a new value (an optimizer,
``part += 1``) cuts the connection, as ``+=`` does in MindSpore on the CPU.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

from mslearn.core.primitive import Primitive, apply
from mslearn.core.tensor import Tensor

BACK: dict[type[Primitive], Callable[[Tensor, Tensor, dict[str, Any], int], Tensor]] = {}
"""For an operation that picks or reorders elements: ``(base, view, attrs, k)`` to the base with the
elements of its output number `k` replaced by `view`'s."""


class _Window(weakref.ref):  # type: ignore[type-arg]
    """A view's link to the tensor behind it. It holds while both have the values it knows."""

    __slots__ = ("base", "key", "mine", "operation", "seen")

    def through(self) -> Any:
        """What the window shows of the base's present value."""
        prim, attrs, k = self.operation
        out = apply(prim, (self.base,), attrs)
        return (out[k] if type(out) is tuple else out)._value


_windows: dict[int, _Window] = {}  # by the view's id
_onto: dict[int, dict[int, _Window]] = {}  # by the id of the tensor behind, then the view's


def view_of(prim: type[Primitive], base: Tensor, attrs: dict[str, Any]) -> Any:
    """`apply`, with outputs that are windows onto `base`; `BACK` must know the primitive."""
    out = apply(prim, (base,), attrs)
    for k, view in enumerate(out if type(out) is tuple else (out,)):
        window = _Window(view, _forget)
        window.key, window.base, window.operation = id(view), base, (prim, attrs, k)
        window.mine, window.seen = view._value, base._value
        _windows[window.key] = window
        _onto.setdefault(id(base), {})[window.key] = window
    return out


def _forget(window: _Window) -> None:
    del _windows[window.key]
    others = _onto[id(window.base)]
    del others[window.key]
    if not others:
        del _onto[id(window.base)]


def write(tensor: Tensor, new: Tensor) -> None:
    """Let `tensor` take the value of `new`, and all that share its elements the same ones."""
    old = tensor._value
    tensor.assign_value(new._value)
    if not _windows:
        return
    _spread(tensor, old)
    window = _windows.get(id(tensor))
    while window is not None and window.mine is old and window.base._value is window.seen:
        base, old = window.base, window.base._value
        prim, attrs, k = window.operation
        base.assign_value(BACK[prim](base, tensor, attrs, k)._value)
        window.mine, window.seen = tensor._value, base._value
        _spread(base, old)
        tensor, window = base, _windows.get(id(base))


def _spread(base: Tensor, old: Any) -> None:
    """`base` had the value `old`: its windows show the new one."""
    for window in list(_onto.get(id(base), {}).values()):
        view = window()
        if view is not None and window.seen is old and view._value is window.mine:
            before = view._value
            view.assign_value(window.through())
            window.mine, window.seen = view._value, base._value
            _spread(view, before)
