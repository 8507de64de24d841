"""Summary operations: values that a network hands to the `SummaryRecord` that is open.

Without an open record they do nothing. In a graph they are operations with an effect, which
passes keep.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from mslearn.core.errors import ShapeError
from mslearn.core.primitive import Primitive, apply
from mslearn.core.tensor import Tensor

__all__ = ["HistogramSummary", "ImageSummary", "ScalarSummary", "TensorSummary"]

LIMIT = 1000
DONE = ((), np.dtype(bool))


class Collected:
    """What the operations of all threads have handed over since the last `take`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: dict[tuple[str, str], np.ndarray] = {}
        self.wanted = 0  # how many records are open

    def put(self, kind: str, tag: str, value: np.ndarray) -> None:
        """Keep the newest value of each name; names beyond `LIMIT` are let go."""
        with self._lock:
            if len(self._values) < LIMIT or (kind, tag) in self._values:
                self._values[kind, tag] = value

    def take(self) -> list[tuple[str, str, np.ndarray]]:
        """All of it, by (kind, tag)."""
        with self._lock:
            taken = [(kind, tag, value) for (kind, tag), value in self._values.items()]
            self._values.clear()
        return taken


collected = Collected()


class _Summary(Primitive, abstract=True):
    """Hand a value over under a name: ``Summary()(name, value)``."""

    inputs = ("value",)
    params = {"tag": ""}
    kind = ""
    dims: tuple[int, int] = (0, 64)

    def __init__(self) -> None:
        super().__init__()

    def __call__(self, name: str, value: Any) -> None:
        if not isinstance(name, str):
            raise TypeError(
                f"For '{self.name}', the name must be a str, but got '{type(name).__name__}'. "
                f"Call it with the name first: {self.name}()('x', x)."
            )
        if not name:
            raise ValueError(f"For '{self.name}', the name must not be empty.")
        if not isinstance(value, Tensor):
            raise TypeError(
                f"For '{self.name}', the value must be a Tensor, but got "
                f"'{type(value).__name__}'. Wrap it: Tensor(value)."
            )
        least, most = self.dims
        if not least <= value.ndim <= most:
            wanted = str(least) if least == most else f"{least} to {most}"
            raise ShapeError(
                f"For '{self.name}', the value must have {wanted} dimensions, but got the shape "
                f"{list(value.shape)}."
            )
        apply(type(self), (value,), {"tag": name})

    @staticmethod
    def infer(value: Any, tag: str) -> Any:
        return DONE


def _kernel(kind: str) -> Any:
    def kernel(value: Any, tag: str) -> Any:
        if collected.wanted:
            collected.put(kind, tag, value)
        return np.asarray(True)

    return kernel


class ScalarSummary(_Summary, abstract=True):
    """Record a number: ``ops.ScalarSummary()("loss", loss)``; 0 or 1 dimensions."""

    name = "ScalarSummary"
    dims = (0, 1)
    kernel = _kernel("scalar")


class TensorSummary(_Summary, abstract=True):
    """Record a whole tensor of at least one dimension."""

    name = "TensorSummary"
    dims = (1, 64)
    kernel = _kernel("tensor")


class HistogramSummary(_Summary, abstract=True):
    """Record how the values of a tensor are distributed; at least one dimension."""

    name = "HistogramSummary"
    dims = (1, 64)
    kernel = _kernel("histogram")


class ImageSummary(_Summary, abstract=True):
    """Record a batch of pictures ``(N, C, H, W)``."""

    name = "ImageSummary"
    dims = (4, 4)
    kernel = _kernel("image")
