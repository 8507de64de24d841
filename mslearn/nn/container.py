"""Cells that hold Cells in order."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
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

    def __setitem__(self, index: int, cell: Cell) -> None:
        cells = list(self)
        cells[self._index(index)] = self._check(cell)
        self._hold(cells)

    def __delitem__(self, index: int | slice) -> None:
        cells = list(self)
        del cells[index if isinstance(index, slice) else self._index(index)]
        self._hold(cells)

    def _hold(self, cells: list[Cell]) -> None:
        """Hold these Cells instead; their parameters are named by their new places."""
        self._cells.clear()
        for cell in cells:
            for path, param in cell.parameters_and_names():
                param.name = path
            self.append(cell)

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

    def insert(self, index: int, cell: Cell) -> None:
        """Put a Cell before the one at `index`."""
        cells = list(self)
        cells.insert(index, self._check(cell))
        self._hold(cells)

    def extend(self, cells: list[Cell]) -> CellList:
        """Add Cells at the end."""
        for cell in cells:
            self.append(cell)
        return self

    __iadd__ = extend

    def construct(self, *inputs: Any) -> Any:
        raise NotImplementedError("A CellList only holds Cells: call its items, one by one.")


class CellDict(Cell):
    """Cells by name, used like a dict; it cannot be called itself.

    Args:
        args: one mapping of names to Cells, or one list of (name, Cell).

    >>> import mslearn as ms
    >>> layers = ms.nn.CellDict({"dense": ms.nn.Dense(3, 2), "relu": ms.nn.ReLU()})
    >>> print(list(layers), layers["relu"])
    ['dense', 'relu'] ReLU()
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(kwargs.get("auto_prefix", True))
        if len(args) > 1:
            raise TypeError(
                f"For 'CellDict', give one mapping or one list of (name, Cell), but got "
                f"{len(args)} arguments."
            )
        if args:
            self.update(args[0])

    def _check(self, key: Any, cell: Any) -> None:
        if not isinstance(key, str):
            raise TypeError(f"For 'CellDict', a key must be a str, but got '{type(key).__name__}'.")
        if not key or "." in key or (hasattr(self, key) and key not in self._cells):
            raise KeyError(
                f"For 'CellDict', a key must not be empty, hold '.' or be an attribute of Cell, "
                f"but got {key!r}."
            )
        if not isinstance(cell, Cell) or isinstance(cell, _Sequence | CellDict):
            raise TypeError(
                f"For 'CellDict', a value must be a Cell and no container of Cells, but got "
                f"'{type(cell).__name__}' for {key!r}."
            )

    def __setitem__(self, key: str, cell: Cell) -> None:
        self._check(key, cell)
        self._adopt(key, cell)

    def __getitem__(self, key: str) -> Cell:
        if key not in self._cells:
            raise KeyError(f"For 'CellDict', there is no {key!r}. It holds {list(self._cells)}.")
        return self._cells[key]

    def __delitem__(self, key: str) -> None:
        self.pop(key)

    def __len__(self) -> int:
        return len(self._cells)

    def __iter__(self) -> Iterator[str]:
        return iter(self._cells)

    def __contains__(self, key: object) -> bool:
        return key in self._cells

    def keys(self) -> Any:
        """The names."""
        return self._cells.keys()

    def values(self) -> Any:
        """The Cells."""
        return self._cells.values()

    def items(self) -> Any:
        """(name, Cell) in order."""
        return self._cells.items()

    def pop(self, key: str) -> Cell:
        """Take a Cell out and return it."""
        cell = self[key]
        del self._cells[key]
        return cell

    def clear(self) -> None:
        """Take all Cells out."""
        self._cells.clear()

    def update(self, cells: Any) -> None:
        """Add Cells from a mapping or from (name, Cell) pairs."""
        pairs = cells.items() if isinstance(cells, Mapping | CellDict) else cells
        if isinstance(pairs, str | Cell) or not isinstance(pairs, Iterable):
            raise TypeError(
                f"For 'CellDict', give a mapping or a list of (name, Cell), but got "
                f"'{type(cells).__name__}'."
            )
        for key, cell in pairs:
            self[key] = cell

    def construct(self, *inputs: Any) -> Any:
        raise NotImplementedError("A CellDict only holds Cells: call its items, one by one.")
