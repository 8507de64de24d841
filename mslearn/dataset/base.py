"""`Dataset`: a lazy node of a pipeline, and the operations that build larger pipelines.

Nothing is read when a pipeline is written down. Each operation returns a new node that knows its
children; an iterator opens the tree as a chain of streams (`mslearn.dataset.stream`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mslearn.dataset.checks import check_bool, name_list
from mslearn.dataset.iterators import DictIterator, TupleIterator
from mslearn.dataset.node import Node


class Dataset(Node):
    """A pipeline of data: a source, or an operation on other pipelines."""

    # Operations.

    def map(
        self,
        operations: Any,
        input_columns: str | list[str] | None = None,
        output_columns: str | list[str] | None = None,
        num_parallel_workers: int | None = None,
        **kwargs: Any,
    ) -> Dataset:
        """Apply functions or transforms to columns of every row.

        Args:
            operations: a callable, a transform, or a list of them, applied one after the other.
            input_columns: columns that the first operation takes; the first column by default.
            output_columns: names for what the last one returns; the input columns by default.
            num_parallel_workers: accepted; clamped to the machine's cores.
            **kwargs: python_multiprocessing, max_rowsize, cache, callbacks, offload.

        Raises:
            UserFunctionError: a function failed; the message has its name and the sample number.

        >>> import mslearn.dataset as ds
        >>> data = ds.NumpySlicesDataset([1, 2, 3], ["x"], shuffle=False)
        >>> [int(x) for x, in data.map(lambda x: x * 10, "x")]
        [10, 20, 30]
        """
        from mslearn.dataset.mapping import MapDataset

        return MapDataset(
            self, operations, input_columns, output_columns, num_parallel_workers, **kwargs
        )

    def batch(
        self,
        batch_size: int | Callable[..., int],
        drop_remainder: bool = False,
        num_parallel_workers: int | None = None,
        **kwargs: Any,
    ) -> Dataset:
        """Stack `batch_size` rows into one; the last batch may be smaller or is dropped.

        Args:
            batch_size: an int, or a function of BatchInfo that returns one.
            drop_remainder: leave out a last batch that is not full.
            num_parallel_workers: accepted; clamped to the machine's cores.
            **kwargs: per_batch_map, input_columns, output_columns, python_multiprocessing,
                max_rowsize.

        Raises:
            RuntimeError: rows of a batch differ in shape or dtype.
        """
        from mslearn.dataset.batching import BatchDataset

        return BatchDataset(self, batch_size, drop_remainder, num_parallel_workers, **kwargs)

    def padded_batch(
        self,
        batch_size: int | Callable[..., int],
        drop_remainder: bool = False,
        num_parallel_workers: int | None = None,
        pad_info: dict[str, tuple[Any, Any]] | None = None,
    ) -> Dataset:
        """As `batch`, with rows padded to a common shape.

        Args:
            batch_size, drop_remainder, num_parallel_workers: as in `batch`.
            pad_info: from column name to (shape, value): where the shape is None, or an entry of
                it, the largest row of the batch counts; longer rows are cut. ``{}`` pads every
                column with 0; None pads nothing.

        >>> import mslearn.dataset as ds
        >>> data = ds.GeneratorDataset([([1],), ([2, 3],)], ["x"], shuffle=False)
        >>> next(data.padded_batch(2, pad_info={}).create_tuple_iterator())[0].tolist()
        [[1, 0], [2, 3]]
        """
        from mslearn.dataset.padding import PaddedBatchDataset

        return PaddedBatchDataset(self, batch_size, drop_remainder, num_parallel_workers, pad_info)

    def bucket_batch_by_length(
        self,
        column_names: list[str],
        bucket_boundaries: list[int],
        bucket_batch_sizes: list[int],
        element_length_function: Callable[..., int] | None = None,
        pad_info: dict[str, tuple[Any, Any]] | None = None,
        pad_to_bucket_boundary: bool = False,
        drop_remainder: bool = False,
    ) -> Dataset:
        """Batches of rows of similar length, so that little is padded.

        Args:
            column_names: what gives the length: one column, or the function's arguments.
            bucket_boundaries: rising lengths; a bucket takes those below its boundary.
            bucket_batch_sizes: the batch size of each bucket, one more than boundaries.
            element_length_function: the length of a row; ``len`` of the column by default.
            pad_info: as in `padded_batch`; by default every column is padded with 0.
            pad_to_bucket_boundary: pad to the boundary less one instead of the longest row.
            drop_remainder: leave out buckets that are not full at the end.
        """
        from mslearn.dataset.padding import BucketBatchByLengthDataset

        return BucketBatchByLengthDataset(
            self, column_names, bucket_boundaries, bucket_batch_sizes, element_length_function,
            pad_info, pad_to_bucket_boundary, drop_remainder,
        )  # fmt: skip

    def flat_map(self, func: Callable[..., Dataset]) -> Dataset:
        """The data sets that `func` makes of each row's values, one after the other.

        Raises:
            TypeError: `func` is not a function, or returned something else.
        """
        if not callable(func):
            raise TypeError("func must be a function that returns a data set.")
        made: Dataset | None = None
        for row in self.create_tuple_iterator(num_epochs=1, output_numpy=True):
            dataset = func(*row)
            if not isinstance(dataset, Dataset):
                raise TypeError(
                    f"flat_map must return a Dataset object, but the function returned "
                    f"'{type(dataset).__name__}'."
                )
            made = dataset if made is None else made.concat(dataset)
        if made is None:
            raise RuntimeError("flat_map: the data set has no rows.")
        return made

    def sync_wait(
        self, condition_name: str, num_batch: int = 1, callback: Callable[[Any], Any] | None = None
    ) -> Dataset:
        """Let `num_batch` rows through, then wait for `sync_update` of this name.

        Args:
            condition_name: a name of its own within the pipeline.
            num_batch: rows that may pass each time.
            callback: called with the `data` of `sync_update`.

        Raises:
            RuntimeError: the name is in use.
        """
        from mslearn.dataset.syncing import SyncWaitDataset

        return SyncWaitDataset(self, condition_name, num_batch, callback)

    def device_que(
        self,
        send_epoch_end: bool = True,
        create_data_info_queue: bool = False,
        queue_name: str = "",
    ) -> Dataset:
        """Accepted as in MindSpore's sink mode: the same rows; there is no device queue here."""
        from mslearn.dataset.syncing import TransferDataset

        return TransferDataset(self, send_epoch_end, create_data_info_queue, queue_name)

    def save(self, file_name: str, num_files: int = 1, file_type: str = "mindrecord") -> None:
        """Run the pipeline once and write its rows to MindRecord files.

        Args:
            file_name: the file; with more than one, a number is appended.
            num_files: how many files to spread the rows over.
            file_type: "mindrecord".

        Raises:
            ValueError: a type of column that MindRecord cannot hold, or another file_type.
            OSError: the disk is full: nothing half-written is left.
        """
        from mslearn.dataset.mind import save

        save(self, file_name, num_files, file_type)

    def preview(self, rows: int = 16) -> Any:
        """The first rows as a contact sheet of images, or a table (`mslearn.insight`)."""
        from importlib import import_module

        return import_module("mslearn.insight.pipeline_preview").preview(self, rows)

    def shuffle(self, buffer_size: int) -> Dataset:
        """Draw rows at random from a buffer of `buffer_size` rows.

        A buffer as large as the data set shuffles it completely; 2 or more.
        """
        from mslearn.dataset.ordering import ShuffleDataset

        return ShuffleDataset(self, buffer_size)

    def repeat(self, count: int | None = None) -> Dataset:
        """Go through the data `count` times in one epoch; None or -1 is without end."""
        from mslearn.dataset.ordering import RepeatDataset

        return RepeatDataset(self, count)

    def take(self, count: int = -1) -> Dataset:
        """The first `count` rows; -1 takes all."""
        from mslearn.dataset.ordering import TakeDataset

        return TakeDataset(self, count)

    def skip(self, count: int) -> Dataset:
        """All but the first `count` rows."""
        from mslearn.dataset.ordering import SkipDataset

        return SkipDataset(self, count)

    def filter(
        self,
        predicate: Callable[..., Any],
        input_columns: str | list[str] | None = None,
        num_parallel_workers: int | None = None,
    ) -> Dataset:
        """Only the rows for which `predicate` of the input columns is true."""
        from mslearn.dataset.mapping import FilterDataset

        return FilterDataset(self, predicate, input_columns, num_parallel_workers)

    def zip(self, datasets: Dataset | tuple[Dataset, ...]) -> Dataset:
        """Columns of several data sets side by side, as long as the shortest."""
        from mslearn.dataset.combining import ZipDataset

        if isinstance(datasets, Dataset):
            datasets = (datasets,)
        elif not isinstance(datasets, tuple):
            raise TypeError(
                f"For 'zip', datasets must be a Dataset or a tuple of them, but got "
                f"'{type(datasets).__name__}'."
            )
        return ZipDataset((self, *datasets))

    def concat(self, datasets: Dataset | list[Dataset]) -> Dataset:
        """The rows of several data sets, one after the other; the columns must be the same."""
        from mslearn.dataset.combining import ConcatDataset

        more = [datasets] if isinstance(datasets, Dataset) else datasets
        return ConcatDataset([self, *more])

    def __add__(self, datasets: Dataset | list[Dataset]) -> Dataset:
        return self.concat(datasets)

    def project(self, columns: str | list[str]) -> Dataset:
        """Only these columns, in this order."""
        from mslearn.dataset.combining import ProjectDataset

        return ProjectDataset(self, columns)

    def rename(self, input_columns: str | list[str], output_columns: str | list[str]) -> Dataset:
        """Give columns new names."""
        from mslearn.dataset.combining import RenameDataset

        return RenameDataset(self, input_columns, output_columns)

    def apply(self, apply_func: Callable[[Dataset], Dataset]) -> Dataset:
        """`apply_func(self)`, which must be a data set."""
        if not callable(apply_func):
            raise TypeError("apply_func must be a function from a data set to a data set.")
        dataset = apply_func(self)
        if not isinstance(dataset, Dataset):
            raise TypeError(
                f"apply_func must return a dataset, but it returned '{type(dataset).__name__}'."
            )
        return dataset

    def split(self, sizes: list[int] | list[float], randomize: bool = True) -> list[Dataset]:
        """Cut into parts that do not overlap.

        Args:
            sizes: row counts that add up to the data set's size, or fractions that add up to 1.
            randomize: shuffle before cutting.
        """
        from mslearn.dataset.splitting import split

        return split(self, sizes, randomize)

    # Iteration.

    def create_tuple_iterator(
        self,
        columns: list[str] | None = None,
        num_epochs: int = -1,
        output_numpy: bool = False,
        do_copy: bool = False,
    ) -> TupleIterator:
        """An iterator over rows as lists.

        Args:
            columns: only these, in this order; all by default.
            num_epochs: how often the iterator may be gone through; -1 is without limit.
            output_numpy: NumPy arrays instead of Tensors.
            do_copy: accepted; rows never share memory with the source.
        """
        check_bool(do_copy, "do_copy")
        names = None if columns is None else name_list(columns, "columns")
        return TupleIterator(self, names, num_epochs, output_numpy)

    def create_dict_iterator(
        self, num_epochs: int = -1, output_numpy: bool = False, do_copy: bool = False
    ) -> DictIterator:
        """An iterator over rows as dicts from column name to value; see create_tuple_iterator."""
        check_bool(do_copy, "do_copy")
        return DictIterator(self, num_epochs, output_numpy)

    def __iter__(self) -> TupleIterator:
        return self.create_tuple_iterator(num_epochs=1)

    def __len__(self) -> int:
        return self.get_dataset_size()

    def reset(self) -> None:
        """Let every iterator over this data set start its next epoch from the beginning."""
        for iterator in list(self._live):
            iterator._restart()
