"""Data sets that feed themselves to a function or network: `data_sink`, `DatasetHelper`.

On MindSpore's accelerators rows are sent ahead to the device. There is no device here, so these
only draw the rows; the names, arguments and the order of the rows are the same.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

from mslearn.nn.cell import Cell


def _endless(dataset: Any) -> Iterator[Any]:
    while True:
        yield from dataset.create_tuple_iterator(num_epochs=1)


def data_sink(
    fn: Callable[..., Any],
    dataset: Any,
    sink_size: int = 1,
    jit_config: Any = None,
    input_signature: Any = None,
) -> Callable[..., Any]:
    """A function without arguments that runs `fn` on the next `sink_size` rows of a data set.

    It gives the last result. After the last row the data set begins again.

    Raises:
        ValueError: sink_size is neither -1 (all rows) nor above 0.

    >>> import mslearn as ms
    >>> rows = ms.dataset.NumpySlicesDataset([1.0, 2.0, 3.0], shuffle=False)
    >>> step = ms.data_sink(lambda x: x * 10, rows, sink_size=2)
    >>> print(step(), step())
    20.0 10.0
    """
    if sink_size != -1 and (isinstance(sink_size, bool) or sink_size < 1):
        raise ValueError(
            f"The 'sink_size' must be -1 or an integer greater than 0, but got {sink_size}."
        )
    count = dataset.get_dataset_size() if sink_size == -1 else sink_size
    rows = _endless(dataset)

    @functools.wraps(fn)
    def run() -> Any:
        result = None
        for _ in range(count):
            result = fn(*next(rows))
        return result

    return run


class DatasetHelper:
    """Go through the rows of a data set: ``for row in DatasetHelper(dataset)``.

    Args:
        dataset: of `mslearn.dataset`.
        dataset_sink_mode, epoch_num: accepted.
        sink_size: so many rows for each time through; -1: all.
    """

    def __init__(
        self,
        dataset: Any,
        dataset_sink_mode: bool = True,
        sink_size: int = -1,
        epoch_num: int = 1,
    ) -> None:
        if not hasattr(dataset, "create_tuple_iterator"):
            raise TypeError(
                f"For 'DatasetHelper', a data set of mslearn.dataset is wanted, but got "
                f"'{type(dataset).__name__}'."
            )
        self.dataset, self._sink_size = dataset, sink_size
        self._rows = _endless(dataset)

    def __iter__(self) -> Iterator[Any]:
        if self._sink_size == -1:
            yield from self.dataset.create_tuple_iterator(num_epochs=1)
        else:
            yield from (next(self._rows) for _ in range(self._sink_size))

    def sink_size(self) -> int:
        """How many rows one time through gives."""
        return self.dataset.get_dataset_size() if self._sink_size == -1 else self._sink_size

    def types_shapes(self) -> tuple[list[Any], list[Any]]:
        """The columns' dtypes and shapes."""
        return self.dataset.output_types(), self.dataset.output_shapes()

    def stop_send(self) -> None:
        """Kept for MindSpore: nothing is sent ahead."""

    def release(self) -> None:
        """Kept for MindSpore: nothing is held."""

    def continue_send(self) -> None:
        """Kept for MindSpore: nothing is sent ahead."""


class _Fed(Cell):
    """A network that takes its own rows."""

    def __init__(self, network: Cell, rows: Iterator[Any]) -> None:
        super().__init__(auto_prefix=False)
        self.network = network
        self._rows = rows

    def construct(self) -> Any:
        return self.network(*next(self._rows))


def connect_network_with_dataset(network: Cell, dataset_helper: DatasetHelper) -> Cell:
    """A Cell without inputs that runs the network on the helper's next row at each call."""
    if not isinstance(dataset_helper, DatasetHelper):
        raise TypeError(
            f"For 'connect_network_with_dataset', a DatasetHelper is wanted, but got "
            f"'{type(dataset_helper).__name__}'."
        )
    return _Fed(network, dataset_helper._rows)
