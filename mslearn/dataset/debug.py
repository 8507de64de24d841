"""Hooks for `config.set_debug_mode`: look at rows between the operations of a `map`."""

from __future__ import annotations

from typing import Any

import numpy as np


class DebugHook:
    """Base of hooks of your own: override `compute`.

    A hook sees each row before the first operation of a `map` and after every one of them. While it
    runs, ``prev_op_name`` is the name of the operation before it, or None.

    >>> import mslearn.dataset as ds
    >>> hook = ds.debug.PrintMetaDataHook()
    >>> ds.config.set_debug_mode(True, [hook])
    >>> data = ds.NumpySlicesDataset([1], ["x"], shuffle=False).map(ds.transforms.Fill(3), "x")
    >>> _ = next(iter(data))
    input: int64 ()
    output of Fill: int64 ()
    >>> ds.config.set_debug_mode(False)
    """

    def __init__(self, prev_op_name: str | None = None) -> None:
        self.prev_op_name = prev_op_name

    def compute(self, *args: Any) -> Any:
        """Look at a row: the tuple of its values is the only argument."""
        raise NotImplementedError(f"'{type(self).__name__}' must define compute(self, *args).")

    def __call__(self, values: tuple[Any, ...]) -> None:
        """Called by the pipeline."""
        self.compute(values)


class PrintMetaDataHook(DebugHook):
    """Prints dtype and shape of every column."""

    def compute(self, *args: Any) -> Any:
        where = f"output of {self.prev_op_name}" if self.prev_op_name else "input"
        arrays = [np.asarray(value) for value in args[0]]
        print(f"{where}: {', '.join(f'{a.dtype} {a.shape}' for a in arrays)}")
        return args
