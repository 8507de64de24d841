"""`sync_wait` and `device_que`: a pipeline that waits for the loop, and one that a device takes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from mslearn.dataset import config
from mslearn.dataset.base import Dataset
from mslearn.dataset.block import Block
from mslearn.dataset.checks import check_int
from mslearn.dataset.node import Node
from mslearn.dataset.stream import Piped, Stream


class Gate:
    """Lets `num_batch` rows through, then waits for `release`."""

    def __init__(self, num_batch: int, callback: Callable[[Any], Any] | None) -> None:
        self.num_batch, self.callback = num_batch, callback
        self.changed = threading.Condition()
        self.open = True
        self.reset()

    def reset(self) -> None:
        """Begin anew with `num_batch` rows to give."""
        with self.changed:
            self.left = self.num_batch
            self.disabled = False
            self.changed.notify_all()

    def release(self, count: int | None, data: Any) -> None:
        """Let `count` more rows through, after the callback has seen `data`."""
        if self.callback is not None:
            self.callback(data)
        with self.changed:
            self.left += self.num_batch if count is None else count
            self.changed.notify_all()

    def disable(self) -> None:
        """Let everything through from now on."""
        with self.changed:
            self.disabled = True
            self.changed.notify_all()

    def close(self) -> None:
        """Wake whoever waits: the pipeline is being stopped."""
        with self.changed:
            self.open = False
            self.changed.notify_all()

    def take(self, most: int, name: str) -> int:
        """Wait until rows may pass; how many of `most`."""
        limit = config.get_multiprocessing_timeout_interval()
        with self.changed:
            waiting = self.changed.wait_for(
                lambda: self.left > 0 or self.disabled or not self.open, limit
            )
            if not waiting:
                raise RuntimeError(
                    f"sync_wait: no sync_update('{name}') came within {limit} s "
                    f"(config.set_multiprocessing_timeout_interval)."
                )
            if self.disabled or not self.open:
                return most
            count = min(most, self.left)
            self.left -= count
            return count


class SyncWaitDataset(Dataset):
    """See `Dataset.sync_wait`."""

    def __init__(
        self,
        input_dataset: Dataset,
        condition_name: str,
        num_batch: int,
        callback: Callable[[Any], Any] | None = None,
    ) -> None:
        super().__init__(input_dataset)
        if not isinstance(condition_name, str) or not condition_name:
            raise TypeError(f"condition_name must be a string, but got {condition_name!r}.")
        if callback is not None and not callable(callback):
            raise TypeError("callback must be a function.")
        check_int(num_batch, "num_batch", 1)
        if condition_name in find_gates(input_dataset):
            raise RuntimeError(f"Condition name '{condition_name}' is already in use.")
        self.condition_name, self.gate = condition_name, Gate(num_batch, callback)

    def _open(self, seed: int) -> Stream:
        return _GateStream(self.children[0]._start(seed), self.gate, self.condition_name)


class _GateStream(Piped):
    def __init__(self, child: Stream, gate: Gate, name: str) -> None:
        super().__init__(child)
        self.gate, self.name = gate, name

    def begin(self) -> None:
        self.gate.open = True
        self.gate.reset()
        super().begin()

    def read(self, n: int) -> Block | None:
        return self.child.read(self.gate.take(n, self.name))

    def interrupt(self) -> None:
        self.gate.close()
        super().interrupt()


def find_gates(dataset: Node) -> dict[str, Gate]:
    """The gates of a pipeline by their names."""
    gates: dict[str, Gate] = {}
    for child in dataset.children:
        gates.update(find_gates(child))
    if isinstance(dataset, SyncWaitDataset):
        gates[dataset.condition_name] = dataset.gate
    return gates


class TransferDataset(Dataset):
    """See `Dataset.device_que`: rows as they are; there is no device queue to fill."""

    def __init__(
        self,
        input_dataset: Dataset,
        send_epoch_end: bool = True,
        create_data_info_queue: bool = False,
        queue_name: str = "",
    ) -> None:
        super().__init__(input_dataset)
        self.queue_name = queue_name or f"queue_{id(self):x}"

    def _open(self, seed: int) -> Stream:
        return self.children[0]._start(seed)

    def send(self, num_epochs: int = -1) -> None:
        """Accepted: rows are taken with an iterator."""

    def stop_send(self) -> None:
        """Accepted."""

    def continue_send(self) -> None:
        """Accepted."""

    def release(self) -> None:
        """Accepted."""

    def get_data_info(self) -> tuple[list[Any], list[list[int]]]:
        """Types and shapes of the next row."""
        return self.output_types(), self.output_shapes()
