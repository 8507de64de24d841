"""Views: a slice, a reshape or a transpose of a tensor is a window onto it, as in MindSpore.

After ``part = x[1:3]``, writing ``part[0] = 1`` changes `x` too, and a write into `x` is seen
through `part`. Values never change here, so no memory need be shared: a write by index makes a new
value for the tensor written to, for the one behind it and for all other windows onto that one, by
operations that tapes and graphs see. An optimizer's step and ``assign`` write in the same way.

As in MindSpore on the CPU, a write by lists, masks, tensors or ``...`` gives the handle memory of
its own, so that other windows stay as they were; and what ``x[index]`` picked writes itself back
to its place in `x` after each write into it, also where it is a copy or was cut off.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from mslearn.core.parameter import Parameter
from mslearn.core.primitive import Primitive, apply, registry
from mslearn.core.state import state
from mslearn.core.tensor import Abstract, Tensor

BACK: dict[type[Primitive], Callable[..., Tensor]] = {}
"""For an operation that picks or reorders elements: ``(base, view, attrs, k)`` to the base with the
elements of its output number `k` replaced by `view`'s; an index's tensors come behind."""
REPEATS: set[type[Primitive]] = set()
"""Operations that show one element at several places."""


class _Window(weakref.ref):  # type: ignore[type-arg]
    """A view's link to the tensor behind it. It holds while both have the values it knows."""

    __slots__ = ("base", "behind", "key", "mine", "operation", "seen")

    def through(self) -> Any:
        """What the window shows of the base's present value."""
        prim, attrs, k = self.operation[:3]
        out = apply(prim, (self.base(),), attrs)
        return (out[k] if type(out) is tuple else out)._value


_windows: dict[int, _Window] = {}  # by the view's id
_onto: dict[int, dict[int, _Window]] = {}  # by the id of the tensor behind, then the view's


def view_of(prim: type[Primitive], base: Tensor, attrs: dict[str, Any]) -> Any:
    """`apply`, with outputs that are windows onto `base`; `BACK` must know the primitive."""
    out = apply(prim, (base,), attrs)
    if is_contiguous(base) or prim is not registry["Reshape"] or _share(out, base):
        for k, view in enumerate(out if type(out) is tuple else (out,)):
            link(view, base, prim, attrs, k)
    return out


def is_contiguous(tensor: Tensor) -> bool:
    """Whether the elements stand in order: not so in a window that leaves some out or turns."""
    flags = getattr(tensor._value, "flags", None)
    return id(tensor) not in _windows or flags is None or flags.c_contiguous


def _share(out: Tensor, base: Tensor) -> bool:
    return np.may_share_memory(out._value, base._value)


def link(
    view: Tensor, base: Tensor, prim: type[Primitive], attrs: dict[str, Any], k: int = 0,
    index: tuple[Tensor, ...] = (),
) -> Tensor:  # fmt: skip
    """Make `view`, output number `k` of `prim`, a window onto `base`; returns it.

    With tensors in the index the elements are copies: `view` writes back, but sees nothing.
    """
    window = _Window(view, _forget)
    window.key, window.behind, window.operation = id(view), id(base), (prim, attrs, k, index)
    window.mine, window.seen = view._value, base._value
    further = _windows.get(id(base))
    # A copy keeps what is behind it only where that itself leads on (else x = x[order] leaks).
    keep = not index or (further is not None and further.base() is not None)
    window.base = (lambda: base) if keep else weakref.ref(base)
    _windows[window.key] = window
    if not index:
        _onto.setdefault(id(base), {})[window.key] = window
    return view


def _forget(window: _Window) -> None:
    del _windows[window.key]
    others = _onto.get(window.behind, {})
    if others.pop(window.key, None) is not None and not others:
        del _onto[window.behind]


def write(tensor: Tensor, new: Tensor, shared: bool = True) -> None:
    """Let `tensor` take the value of `new`, and what shares its elements the same ones.

    Not `shared`: the tensor gets memory of its own. As in MindSpore, no gradient goes through a
    Parameter's new value to what it was made of.
    """
    old = tensor._value
    if state.observers and isinstance(tensor, Parameter) and not isinstance(new._value, Abstract):
        new = Tensor.wrap(new._value.view())
    tensor.assign_value(new._value)
    if not _windows:
        return
    if shared:
        _spread(tensor, old)
    window = _windows.get(id(tensor))
    base = window and window.base()
    if window is None or base is None:
        return
    prim, attrs, k, index = window.operation
    linked = shared and not index and window.mine is old and base._value is window.seen
    if linked or prim is registry["GetItem"]:
        window.mine = tensor._value if prim in REPEATS else None  # else it shows all of it already
        write(base, BACK[prim](base, tensor, attrs, k, *index), not index)
        window.mine, window.seen = (tensor._value if linked else None), base._value


def _spread(base: Tensor, old: Any) -> None:
    """`base` had the value `old`: its windows show the new one."""
    for window in list(_onto.get(id(base), {}).values()):
        view = window()
        if view is not None and window.seen is old and view._value is window.mine:
            before = view._value
            view.assign_value(window.through())
            window.mine, window.seen = view._value, base._value
            _spread(view, before)


def last_changed(base: Any, view: Any, attrs: dict[str, Any], k: int) -> Tensor:
    """For a broadcast view: of the places that show one element, the last with a new number."""
    lead, old = view.ndim - base.ndim, apply(registry["BroadcastTo"], (base,), attrs)
    many = [i for i in range(view.ndim) if i < lead or base.shape[i - lead] < view.shape[i]]
    order = (*many, *(i for i in range(view.ndim) if i not in many))
    flat, before = (t.transpose(order).reshape((-1, base.size)) for t in (view, old))
    which = len(flat) - 1 - (flat != before).flip((0,)).int().argmax(0)
    found: Tensor = flat[which, Tensor.wrap(np.arange(base.size))].reshape(base.shape)
    return found
