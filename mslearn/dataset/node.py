"""`Node`: what every part of a pipeline has, and the questions that it answers."""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mslearn.core.errors import did_you_mean
from mslearn.dataset import config
from mslearn.dataset.arguments import Remembering
from mslearn.dataset.caching import check_cache
from mslearn.dataset.checks import check_bool, check_int
from mslearn.dataset.iterators import count_rows
from mslearn.dataset.stream import Meter, Metered, Stream

if TYPE_CHECKING:
    from mslearn.dataset.base import Dataset


class Node(Remembering):
    """A place in the tree of a pipeline: what it is made of, and what can be asked about it."""

    def __init__(
        self,
        children: Dataset | Sequence[Dataset] | None = None,
        num_parallel_workers: int | None = None,
        cache: object = None,
    ) -> None:
        if cache is not None:
            check_cache(cache)
        if children is None:
            children = []
        self.children: list[Dataset] = [children] if isinstance(children, Node) else list(children)
        self.num_parallel_workers = config.check_workers(num_parallel_workers)
        self._meter: Meter | None = None
        self._init_step = 0
        self._live: weakref.WeakSet[Any] = weakref.WeakSet()
        self._consumers: weakref.WeakSet[Any] = weakref.WeakSet()
        for child in self.children:
            child._consumers.add(self)

    # What every node defines.

    def _columns(self) -> list[str]:
        """Names of the columns; raises ColumnError when the pipeline is wrong."""
        return self.children[0]._columns()

    def _open(self, seed: int) -> Stream:
        """A new stream over this pipeline."""
        raise NotImplementedError

    def _start(self, seed: int) -> Stream:
        """`_open`, watched by this node's meter where it has one."""
        stream = self._open(seed)
        return stream if self._meter is None else Metered(stream, self._meter)

    def _size(self) -> int | None:
        """Rows of an epoch, or None when only running it can tell."""
        return self.children[0]._size()

    def warn_of_two_consumers(self) -> None:
        """Warn (once) where one data set feeds two pipelines: MindSpore refuses that."""
        nodes: list[Node] = [self]
        for node in nodes:
            nodes += node.children
            if len(node._consumers) > 1:
                warnings.warn(
                    f"One {type(node).__name__} feeds {len(node._consumers)} pipelines. That works "
                    f"here, but MindSpore says 'The data pipeline is not a tree'. Make the data "
                    f"set twice (in a function) if the code is to run there, too.",
                    stacklevel=5,  # the iterator's constructors and its maker stand between
                )
                node._consumers.clear()

    # Questions.

    def get_dataset_size(self) -> int:
        """Rows (after `batch`: batches) of one epoch. Runs the pipeline where it must."""
        self._columns()
        size = self._size()
        return count_rows(self._start(config.seed_for_iterator())) if size is None else size

    def get_batch_size(self) -> int:
        """The size given to `batch`; 1 without one."""
        return self.children[0].get_batch_size() if self.children else 1

    def get_repeat_count(self) -> int:
        """The count of the last `repeat`; 1 without one."""
        return self.children[0].get_repeat_count() if self.children else 1

    def get_col_names(self) -> list[str]:
        """Names of the columns."""
        return list(self._columns())

    def get_class_indexing(self) -> dict[str, Any]:
        """From class name to number, for sources that have it; else {}."""
        return self.children[0].get_class_indexing() if self.children else {}

    def num_classes(self) -> int | None:
        """The number of classes, for sources that know it."""
        return self.children[0].num_classes() if self.children else None

    def _first_row(self) -> tuple[np.ndarray, ...]:
        self._columns()
        for row in self._epoch(1):
            return row
        raise RuntimeError("The data set has no rows, so shapes and types are not known.")

    def _epoch(self, n: int) -> Iterator[tuple[np.ndarray, ...]]:
        """The rows of an epoch, n worked on at once."""
        stream = self._start(config.seed_for_iterator())
        try:
            stream.begin()
            while (block := stream.read(n)) is not None:
                yield from block.rows()
        finally:
            stream.close()

    def output_shapes(self, estimate: bool = False) -> list[Any]:
        """The shape of each column, read from the first row.

        Args:
            estimate: run through all rows, and give None for an axis whose length changes.

        Raises:
            RuntimeError: there are no rows, or their number of axes changes.
        """
        check_bool(estimate, "estimate")
        if not estimate:
            return [list(v.shape) for v in self._first_row()]
        shapes: list[list[int | None]] = [list(v.shape) for v in self._first_row()]
        for row in self._epoch(16):
            for known, value in zip(shapes, row, strict=True):
                if len(known) != value.ndim:
                    raise RuntimeError(
                        f"output_shapes: the rows have {len(known)} and {value.ndim} axes, so "
                        f"there is no common shape to estimate."
                    )
                known[:] = [a if a == b else None for a, b in zip(known, value.shape, strict=True)]
        return shapes

    def output_types(self) -> list[np.dtype[Any]]:
        """The NumPy dtype of each column, read from the first row."""
        return [v.dtype for v in self._first_row()]

    def is_shuffled(self) -> bool:
        """Whether some stage shuffles."""
        return any(c.is_shuffled() for c in self.children)

    def is_sharded(self) -> bool:
        """Whether some source reads one shard only."""
        return any(c.is_sharded() for c in self.children)

    @property
    def input_indexs(self) -> Any:
        """Kept for MindSpore's sink mode."""
        return getattr(self, "_input_indexs", ())

    @input_indexs.setter
    def input_indexs(self, value: Any) -> None:
        self._input_indexs = value

    # Waiting, steps, text.

    def sync_update(
        self, condition_name: str, num_batch: int | None = None, data: Any = None
    ) -> None:
        """Let the next rows of `sync_wait` through, and hand `data` to its callback."""
        from mslearn.dataset.syncing import find_gates

        gates = find_gates(self)
        if condition_name not in gates:
            raise RuntimeError(
                f"Condition name '{condition_name}' not found; this pipeline has {sorted(gates)}."
                f"{did_you_mean(str(condition_name), gates)}"
            )
        gates[condition_name].release(num_batch, data)

    def disable_sync(self) -> None:
        """Let everything through `sync_wait` from now on."""
        from mslearn.dataset.syncing import find_gates

        for gate in find_gates(self).values():
            gate.disable()

    def is_sync(self) -> bool:
        """Whether some stage is a `sync_wait`."""
        from mslearn.dataset.syncing import find_gates

        return bool(find_gates(self))

    def get_sync_notifiers(self) -> dict[str, Any]:
        """From the names of `sync_wait` to functions that let rows through."""
        from mslearn.dataset.syncing import find_gates

        return {name: gate.release for name, gate in find_gates(self).items()}

    def set_init_step(self, init_step: int) -> None:
        """Start the next iterator at this step: what came before is skipped."""
        self._init_step = check_int(init_step, "init_step", 0)

    def get_init_step(self) -> int:
        """What `set_init_step` was given; 0 by default."""
        return self._init_step

    def to_json(self, filename: str = "") -> dict[str, Any]:
        """The pipeline as a dict, also written to `filename` as JSON if one is given."""
        from mslearn.dataset.serializing import serialize

        return serialize(self, filename)  # type: ignore[arg-type]
