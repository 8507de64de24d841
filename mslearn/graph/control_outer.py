"""Objects that outlive a rewritten function: what a capture changes in them is undone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mslearn.core.parameter import Parameter
from mslearn.core.state import state
from mslearn.graph.capture import Capture, place
from mslearn.graph.control_slots import UNBOUND
from mslearn.graph.errors import CannotStage, warn


def outer(thing: Any, text: str) -> Any:
    """`thing`, which is about to be changed and is not the function's own."""
    if isinstance(thing, list | dict | set) and isinstance(state.capture, Capture):
        before = thing.copy()

        def undo() -> None:
            thing.clear()
            (thing.extend if isinstance(thing, list) else thing.update)(before)

        _dropped(text, (id(thing),), undo)
    return thing


def outer_attribute(thing: Any, name: str) -> None:
    """``thing.name`` is about to be assigned, and `thing` is not the function's own."""
    before = getattr(thing, name, UNBOUND)
    if isinstance(before, Parameter) or not isinstance(state.capture, Capture):
        return

    def undo() -> None:
        if before is UNBOUND:
            delattr(thing, name)
        else:
            setattr(thing, name, before)

    text = f"{type(thing).__name__}.{name}"
    if _top().strict:
        raise CannotStage(209, place(), f"It is '{text}'.")
    _dropped(text, (id(thing), name), undo)


def _top() -> Any:
    top = state.capture
    while top.outer is not None:
        top = top.outer
    return top


def _dropped(text: str, key: Any, undo: Callable[[], None]) -> None:
    top = _top()
    if key not in top.undo:
        top.undo[key] = undo
        warn(301, place(), f"It is '{text}'.")
