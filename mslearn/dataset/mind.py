"""`MindDataset`: rows of MindRecord files; and `Dataset.save`, which writes them."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from mslearn.dataset.base import Dataset
from mslearn.dataset.checks import check_int, name_list
from mslearn.dataset.mersenne import MinimalStandard
from mslearn.dataset.mindorder import orders
from mslearn.dataset.sampled import RowSource
from mslearn.dataset.samplers import BuiltinSampler, PKSampler, Shuffle
from mslearn.mindrecord import FileWriter
from mslearn.mindrecord.reader import RecordFiles

_SCALARS = {"int32": np.int32, "int64": np.int64, "float32": np.float32, "float64": np.float64}


class MindDataset(RowSource):
    """Rows of MindRecord files.

    A column for each field, in the order of their names. Bytes come as an array of one bytes
    element, texts as 0-d arrays of str.

    Args:
        dataset_files: one file, whose other shards are found by themselves, or a list of files.
        columns_list: the columns wanted, in this order; all by default.
        shuffle, sampler, num_samples, num_shards, shard_id: which rows, in what order; all of them,
            shuffled, by default.
        padded_sample: a row (a dict) that fills up the shards, `num_padded` times; needs
            columns_list.

    Raises:
        ValueError: a file is missing.
        RuntimeError: (when first read) a file is damaged, or has no such column.
    """

    def __init__(
        self,
        dataset_files: str | list[str],
        columns_list: list[str] | None = None,
        num_parallel_workers: int | None = None,
        shuffle: bool | Shuffle | None = None,
        num_shards: int | None = None,
        shard_id: int | None = None,
        sampler: Any = None,
        padded_sample: dict[str, Any] | None = None,
        num_padded: int | None = None,
        num_samples: int | None = None,
        cache: object = None,
    ) -> None:
        super().__init__(
            num_parallel_workers, sampler, num_samples, shuffle, num_shards, shard_id, cache
        )
        for file in dataset_files if isinstance(dataset_files, list) else [dataset_files]:
            if not isinstance(file, str | Path):
                raise TypeError(f"MindDataset: dataset_files must be paths, but got {file!r}.")
            if not Path(file).is_file():
                raise ValueError(f"The file {file} does not exist or permission denied!")
        self._take_sampler(self.sampler)
        self.dataset_files = dataset_files
        self.columns_list = (
            None if columns_list is None else name_list(columns_list, "columns_list")
        )
        if (padded_sample is None) != (num_padded is None):
            raise RuntimeError("padded_sample and num_padded must be given together.")
        if padded_sample is not None:
            if self.columns_list is None:
                raise RuntimeError("padded_sample is specified and requires columns_list as well.")
            missing = set(self.columns_list) - set(padded_sample)
            if missing:
                raise ValueError(f"padded_sample lacks the columns {sorted(missing)}.")
        self.padded_sample = padded_sample
        self.num_padded = 0 if num_padded is None else check_int(num_padded, "num_padded", 0)
        self._opened: RecordFiles | None = None

    def _take_sampler(self, sampler: BuiltinSampler) -> None:
        self.sampler = copy.copy(sampler)  # the user's own may serve other data sets
        self.sampler.generator = MinimalStandard

    def _files(self) -> RecordFiles:
        if self._opened is None:
            files = self.dataset_files
            try:
                self._opened = RecordFiles(
                    [str(f) for f in files] if isinstance(files, list) else str(files),
                    self.columns_list,
                )
            except Exception as error:
                raise RuntimeError(f"MindDataset: {error}") from error
        return self._opened

    def _columns(self) -> list[str]:
        return self._files().columns

    def _rows(self) -> int:
        return len(self._files()) + self.num_padded

    def _orders(self, seed: int) -> Iterator[Any]:
        rows, shards = self._rows(), getattr(self.sampler, "num_shards", 1)
        if self.num_padded and rows % shards:
            raise RuntimeError(
                f"MindDataset: {rows} rows, with the padded ones, cannot be divided by "
                f"num_shards={shards}. Change num_padded, e.g. to "
                f"{-(rows - self.num_padded) % shards}."
            )
        mode = getattr(self.sampler, "shuffle", None)
        mode = mode if self.shuffle_flag is None else self.shuffle_flag
        mode = mode if isinstance(mode, Shuffle) else Shuffle.GLOBAL
        found = orders(self.sampler, mode, self._files().ends, rows, seed)
        return super()._orders(seed) if found is None else found

    def _labels(self) -> np.ndarray | None:
        if not isinstance(self.sampler, PKSampler):
            return None
        name = self.sampler.class_column
        if name not in self._files().schema:
            raise RuntimeError(
                f"PKSampler: there is no column '{name}' in {list(self._files().schema)}; give "
                f"PKSampler(…, class_column=…)."
            )
        return np.array(self._files().scalars(name))

    def _row(self, number: int) -> tuple[np.ndarray, ...]:
        files = self._files()
        padded = number >= len(files)
        try:
            row = self.padded_sample if padded else files.row(number)
        except Exception as error:
            raise RuntimeError(f"MindDataset: {error}") from error
        assert row is not None
        return tuple(_array(row[name], files.schema[name]["type"]) for name in files.columns)


def _array(value: Any, kind: str) -> np.ndarray:
    if kind == "bytes":
        return np.array([bytes(value)])
    return np.asarray(value, _SCALARS.get(kind))


def _field(array: np.ndarray, name: str) -> dict[str, Any]:
    """The MindRecord field for a column; types that it does not know become the next larger one."""
    kind = array.dtype.kind
    if kind in "SU":
        if array.ndim and array.size != 1:
            raise ValueError(
                f"save: column '{name}' holds arrays of text; a row can hold one text."
            )
        return {"type": "string" if kind == "U" else "bytes"}
    wide = array.dtype.itemsize > 4 or array.dtype == np.uint32
    names = {"b": "int32", "i": "int64" if wide else "int32", "f": "float64" if wide else "float32"}
    names["u"] = names["i"]
    if kind not in names or array.dtype == np.uint64:
        raise ValueError(
            f"save: column '{name}' is of {array.dtype}, which MindRecord cannot hold."
        )
    if not array.ndim:
        return {"type": names[kind]}
    return {"type": names[kind], "shape": [-1, *array.shape[1:]]}


def save(dataset: Dataset, file_name: str, num_files: int, file_type: str) -> None:
    """See `Dataset.save`."""
    if file_type != "mindrecord":
        raise ValueError(f"{file_type} dataset format is not supported.")
    if isinstance(num_files, bool) or not isinstance(num_files, int) or not 1 <= num_files <= 1000:
        raise ValueError(f"num_files should between 1 and 1000, but got {num_files!r}.")
    writer = FileWriter(str(file_name), num_files)
    schema: dict[str, dict[str, Any]] = {}
    rows: list[dict[str, Any]] = []
    for row in dataset.create_dict_iterator(num_epochs=1, output_numpy=True):
        row = {name: np.asarray(value) for name, value in row.items()}
        if not schema:
            schema = {name: _field(array, name) for name, array in row.items()}
            writer.add_schema(schema, "rows of a pipeline")
        rows.append({name: _value(array, schema[name], name) for name, array in row.items()})
        if len(rows) == 256 * num_files:
            writer.write_raw_data(rows)
            rows = []
    if not schema:
        raise RuntimeError("save: the data set has no rows.")
    if rows:
        writer.write_raw_data(rows)
    writer.commit()


def _value(array: np.ndarray, field: dict[str, Any], name: str) -> Any:
    kind = field["type"]
    if kind in ("string", "bytes"):
        return array.reshape(-1)[0].item()
    if "shape" not in field:
        if array.ndim:
            raise ValueError(f"save: the rows of column '{name}' differ in rank.")
        return array.item()
    if list(array.shape[1:]) != field["shape"][1:]:
        raise ValueError(
            f"save: the rows of column '{name}' differ: {[-1, *array.shape[1:]]} after "
            f"{field['shape']}. Only the first axis may vary."
        )
    return np.ascontiguousarray(array, _SCALARS[kind])
