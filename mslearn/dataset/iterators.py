"""Iterators over a pipeline: what a training loop sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mslearn.core import Tensor
from mslearn.dataset import config
from mslearn.dataset.feed import Feed
from mslearn.dataset.stream import Stream, positions

if TYPE_CHECKING:
    from mslearn.dataset.base import Dataset


class _Iterator:
    """Rows of one pipeline, epoch after epoch.

    A ``for`` loop takes one epoch; the next loop over the same iterator takes the next one.
    """

    def __init__(self, dataset: Dataset, num_epochs: int, output_numpy: bool) -> None:
        if isinstance(num_epochs, bool) or not isinstance(num_epochs, int):
            raise TypeError(f"num_epochs must be an int, but got {num_epochs!r}.")
        if num_epochs != -1 and num_epochs < 1:
            raise ValueError(f"num_epochs must be -1 (no limit) or at least 1, got {num_epochs}.")
        if not isinstance(output_numpy, bool):
            raise TypeError(f"output_numpy must be True or False, but got {output_numpy!r}.")
        # Columns of extra_metadata are seen only under a name that the user gives them.
        shown = [n for n in dataset.get_col_names() if not n.startswith("_meta-")]
        if len(shown) < len(dataset.get_col_names()):
            dataset = dataset.project(shown)
        dataset.warn_of_two_consumers()
        self.dataset = dataset
        self._names = shown
        self._numpy = output_numpy
        self._epochs_left = num_epochs
        stream = dataset._start(config.seed_for_iterator())
        depth, in_step = config.get_prefetch_size(), config.get_debug_mode()
        self._feed: Feed | None = Feed(stream, depth, not in_step, dataset._meter)
        self._skip = dataset.get_init_step()
        # Rows already read, last one first.
        self._rows: list[tuple[np.ndarray, ...]] = []
        self._running = False
        dataset._live.add(self)

    def __iter__(self) -> Any:
        return self

    def _next_row(self) -> tuple[np.ndarray, ...]:
        if self._rows:
            return self._rows.pop()
        feed = self._feed
        if feed is None:
            raise RuntimeError("This iterator has been stopped; make a new one.")
        try:
            if not self._running:
                if self._epochs_left == 0:
                    raise RuntimeError(
                        "The iterator's epochs (num_epochs) are used up. Ask for more with "
                        "create_tuple_iterator(num_epochs=…), or make a new iterator."
                    )
                feed.begin()
                self._running = True
                self._skip_steps(feed.stream)
            rows = feed.rows()
        except BaseException:
            self._running = False
            feed.close()
            raise
        if rows is None:
            self._running = False
            self._epochs_left -= self._epochs_left > 0
            feed.halt() if self._epochs_left else feed.close()
            raise StopIteration
        if len(rows) == 1:
            return rows[0]
        rows.reverse()
        self._rows = rows
        return rows.pop()

    def _skip_steps(self, stream: Stream) -> None:
        """Leave out what `set_init_step` says was trained on before; in the first epoch only."""
        skip, self._skip = self._skip, 0
        left = skip % self.dataset.get_dataset_size() if skip else 0
        while left and (block := stream.read(left)) is not None:
            left -= len(block)

    def _convert(self, row: tuple[np.ndarray, ...]) -> list[Any]:
        if self._numpy:
            return [value if value.dtype.char != "O" else value.item() for value in row]
        wrap = Tensor.wrap
        return [wrap(v) if v.dtype.kind in "biufc" else _no_tensor(v) for v in row]

    def stop(self) -> None:
        """End the iteration: no thread or process of the pipeline is left."""
        if self._feed is not None:
            self._feed.close()
        self._feed = None
        self._rows = []

    def release(self) -> None:
        """The same as `stop`."""
        self.stop()

    def _restart(self) -> None:
        self._rows = []
        self._running = False

    def get_repeat_count(self) -> int:
        """The pipeline's repeat count."""
        return self.dataset.get_repeat_count()


class TupleIterator(_Iterator):
    """Rows as lists, in the order of the columns."""

    def __init__(
        self,
        dataset: Dataset,
        columns: list[str] | None = None,
        num_epochs: int = -1,
        output_numpy: bool = False,
        do_copy: bool = False,
    ) -> None:
        if columns is not None:
            positions(columns, dataset.get_col_names(), "create_tuple_iterator")
            dataset = dataset.project(columns)
        super().__init__(dataset, num_epochs, output_numpy)

    def __next__(self) -> list[Any]:
        return self._convert(self._next_row())


class DictIterator(_Iterator):
    """Rows as dicts from column name to value."""

    def __init__(
        self,
        dataset: Dataset,
        num_epochs: int = -1,
        output_numpy: bool = False,
        do_copy: bool = False,
    ) -> None:
        super().__init__(dataset, num_epochs, output_numpy)

    def __next__(self) -> dict[str, Any]:
        return dict(zip(self._names, self._convert(self._next_row()), strict=True))


def _no_tensor(value: Any) -> Any:
    """What a Tensor cannot hold, as MindSpore gives it: text as an array, a dict of Tensors."""
    if value.dtype.char != "O":
        return value if value.dtype.kind not in "biufc" else Tensor.wrap(value)

    def tensors(item: Any) -> Any:
        if isinstance(item, dict):
            return {key: tensors(part) for key, part in item.items()}
        return _no_tensor(item)

    return tensors(value.item())


def count_rows(stream: Stream) -> int:
    """Run one epoch and count its rows."""
    total = 0
    try:
        stream.begin()
        while (block := stream.read(256)) is not None:
            total += len(block)
    finally:
        stream.close()
    return total
