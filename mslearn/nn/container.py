"""Cells that hold Cells in order."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

from mslearn.nn.cell import Cell


class _Sequence(Cell):
    def _check(self, cell: Any) -> Cell:
        if not isinstance(cell, Cell):
            raise TypeError(
                f"For '{type(self).__name__}', every item must be a Cell, but got "
                f"'{type(cell).__name__}'. Pass layers such as nn.ReLU(), with brackets."
            )
        return cell

    def __len__(self) -> int:
        return len(self._cells)

    def __iter__(self) -> Iterator[Cell]:
        return iter(self._cells.values())

    def __getitem__(self, index: int | slice | str) -> Any:
        if isinstance(index, slice):
            cells: Any = list(self)[index]
            return type(self)(*cells)
        if isinstance(index, str):
            return self._cells[index]
        return list(self._cells.values())[self._index(index)]

    def _index(self, index: int) -> int:
        if not -len(self) <= index < len(self):
            raise IndexError(
                f"For '{type(self).__name__}', the index must be in [{-len(self)}, {len(self)}), "
                f"but got {index}."
            )
        return index % len(self)

    def append(self, cell: Cell) -> _Sequence:
        """Add a Cell at the end."""
        self._adopt(str(len(self)), self._check(cell))
        return self


class SequentialCell(_Sequence):
    """Cells that run one after the other, each on the result of the one before.

    Args:
        args: Cells; or one list of Cells; or one OrderedDict of named Cells.

    >>> import mslearn as ms
    >>> net = ms.nn.SequentialCell(ms.nn.Dense(4, 3), ms.nn.ReLU())
    >>> net(ms.ops.ones((2, 4))).shape
    (2, 3)
    """

    def __init__(self, *args: Any) -> None:
        super().__init__()
        if len(args) == 1 and isinstance(args[0], OrderedDict):
            for name, cell in args[0].items():
                self._adopt(name, self._check(cell))
            return
        cells = args[0] if len(args) == 1 and isinstance(args[0], list | tuple) else args
        for i, cell in enumerate(cells):
            self._adopt(str(i), self._check(cell))

    def construct(self, input_data: Any) -> Any:
        for cell in self._cells.values():
            input_data = cell(input_data)
        return input_data


class CellList(_Sequence):
    """A list of Cells whose parameters are registered; it cannot be called itself."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(kwargs.get("auto_prefix", True))
        cells = args[0] if len(args) == 1 and isinstance(args[0], list | tuple) else args
        for cell in cells:
            self.append(cell)

    def extend(self, cells: list[Cell]) -> CellList:
        """Add Cells at the end."""
        for cell in cells:
            self.append(cell)
        return self

    def construct(self, *inputs: Any) -> Any:
        raise NotImplementedError("A CellList only holds Cells: call its items, one by one.")
