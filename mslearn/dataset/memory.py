"""Sources that need no files: `PaddedDataset` and `RandomDataset`."""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.dataset import config
from mslearn.dataset.checks import check_int, name_list
from mslearn.dataset.generator import GeneratorDataset
from mslearn.dataset.sampled import RowSource
from mslearn.dataset.schema import Schema, as_schema


class PaddedDataset(GeneratorDataset):
    """A few samples, to be added to a data set whose size does not fit (`data + PaddedDataset`).

    Args:
        padded_samples: a list of dicts from column name to value, all with the same columns.

    >>> import numpy as np
    >>> import mslearn.dataset as ds
    >>> data = ds.PaddedDataset([{"x": np.zeros(2)}, {"x": np.ones(2)}])
    >>> data.get_dataset_size(), data.get_col_names()
    (2, ['x'])
    """

    def __init__(self, padded_samples: list[dict[str, Any]]) -> None:
        if not isinstance(padded_samples, list) or not padded_samples:
            kind = TypeError if padded_samples != [] else ValueError
            raise kind("padded_samples must be a list of dicts with at least one sample.")
        names = list(padded_samples[0])
        for k, sample in enumerate(padded_samples):
            if not isinstance(sample, dict) or list(sample) != names:
                raise ValueError(f"padded_samples[{k}] must have the columns {names}.")
        rows = [tuple(sample.values()) for sample in padded_samples]
        super().__init__(rows, names, shuffle=False, num_shards=None)
        self.padded_samples = padded_samples


class RandomDataset(RowSource):
    """Rows of random numbers, to try a pipeline without data.

    Args:
        total_rows: how many rows; 10 to 1000 at random by default (from the seed).
        schema: a Schema, or the path of one; columns at random by default.
        columns_list: names for the columns ``c0``, ``c1``, …, without a schema.
        num_samples, shuffle, num_shards, shard_id: which rows, in what order.
    """

    def __init__(
        self,
        total_rows: int | None = None,
        schema: Schema | str | None = None,
        columns_list: list[str] | None = None,
        num_samples: int | None = None,
        num_parallel_workers: int | None = None,
        cache: object = None,
        shuffle: bool | None = None,
        num_shards: int | None = None,
        shard_id: int | None = None,
    ) -> None:
        super().__init__(
            num_parallel_workers, None, num_samples, shuffle, num_shards, shard_id, cache
        )
        self.seed = config.seed_for_iterator()
        rng = np.random.default_rng(self.seed)
        rows = total_rows or int(rng.integers(10, 1000))
        self.total_rows = check_int(rows, "total_rows", 1)
        self.schema = Schema()
        if schema is not None:
            self.schema = as_schema(schema)
        else:
            names = name_list(columns_list or ["c0", "c1", "c2"], "columns_list")
            for name in names:
                kind = rng.choice(["int8", "uint8", "int32", "int64", "float32", "float64"])
                shape = rng.integers(1, 9, rng.integers(0, 4)).tolist()
                self.schema.add_column(name, str(kind), shape)

    def _columns(self) -> list[str]:
        return [column["name"] for column in self.schema.columns]

    def _rows(self) -> int:
        return self.total_rows

    def _row(self, number: int) -> tuple[np.ndarray, ...]:
        rng = np.random.default_rng((self.seed, number))
        return tuple(self._value(column, rng) for column in self.schema.columns)

    def _value(self, column: dict[str, Any], rng: np.random.Generator) -> np.ndarray:
        shape = [max(n, 1) for n in column.get("shape", [])]
        kind = column["type"]
        if kind == "string":
            return np.array(str(rng.integers(10**6)))
        dtype = np.dtype(kind)
        if dtype.kind == "f":
            return rng.random(shape).astype(dtype)
        if dtype.kind == "b":
            return rng.integers(0, 2, shape).astype(bool)
        bounds = np.iinfo(dtype)
        return rng.integers(bounds.min, bounds.max, shape, dtype, endpoint=True)
