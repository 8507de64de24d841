"""Graphs of networks, in PyNative mode as well: what the network saw is remembered by its shape."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from mslearn.core.state import state
from mslearn.core.tensor import Tensor
from mslearn.graph.capture import capture
from mslearn.graph.ir import Graph
from mslearn.graph.rewrite import rewrite
from mslearn.nn.cell import Cell


class InputShapes:
    """Remembers shape and dtype of what a Cell is called with the next time."""

    def __init__(self, cell: Cell) -> None:
        self.args: tuple[Any, ...] | None = None
        handle = cell.register_forward_pre_hook(self._see)
        self._leave = handle.remove

    def _see(self, _: Any, args: tuple[Any, ...]) -> None:
        if self.args is None:
            like = [
                Tensor.wrap(np.zeros(a._value.shape, a._value.dtype)) if isinstance(a, Tensor)
                else a
                for a in args
            ]  # fmt: skip
            self.args = tuple(like)
            if state.capture is None:
                self._leave()


def graph_of(cell: Cell, args: tuple[Any, ...]) -> Graph | None:
    """The graph of ``cell(*args)``, without running it; None, with a warning, where it has none."""
    try:
        try:
            return capture(cell, args).graph
        except Exception:  # control flow by numbers: as operations, then
            return capture(rewrite(cell), args, rewriting=True).graph
    except Exception as error:
        warnings.warn(
            f"The graph of {type(cell).__name__} is not recorded: "
            f"{(str(error).splitlines() or [type(error).__name__])[0]}",
            stacklevel=3,
        )
        return None
