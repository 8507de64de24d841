"""Reading MindRecord files: by row number (`RecordFiles`), one after the other (`FileReader`)."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import struct
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mslearn.core.errors import did_you_mean
from mslearn.mindrecord.errors import (
    MRMFetchDataError,
    MRMOpenError,
    ParamTypeError,
    ParamValueError,
    PathNotExistsError,
)
from mslearn.mindrecord.packing import Schema, is_blob, unpack_blobs, unpack_scalars

_HEADER_LIMIT = 128 * 2**20


def read_header(path: Path) -> dict[str, Any]:
    """The JSON header of one file.

    Raises:
        PathNotExistsError, MRMOpenError: no such file, or not MindRecord.
    """
    try:
        with open(path, "rb") as file:
            start = file.read(8)
            size = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
            text = file.read(size) if 0 < size <= _HEADER_LIMIT else b""
    except FileNotFoundError:
        raise PathNotExistsError(f"The file {path} does not exist or permission denied!") from None
    try:
        header = json.loads(text)
        for key in ("header_size", "page_size", "page", "schema", "shard_addresses"):
            header[key]
        schema = header["schema"][0]["schema"]
        if not isinstance(schema, dict) or not all("type" in f for f in schema.values()):
            raise ValueError("its schema is damaged")
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise MRMOpenError(
            f"'{path}' is not a MindRecord file: it must begin with the length of a JSON header "
            f"and the header, but {type(error).__name__}: {error}."
        ) from error
    return dict(header)


class RecordFiles:
    """Rows of one or more MindRecord files, by number.

    Args:
        files: one file, whose siblings (the other shards) belong to it, or a list of files that
            are read as they are.
        columns: the fields wanted; all by default.

    Raises:
        PathNotExistsError, MRMOpenError: a file is missing or damaged, or they do not belong
            together.
        ParamValueError: a column that is not in the schema.
    """

    def __init__(self, files: str | Sequence[str], columns: Sequence[str] | None = None) -> None:
        if isinstance(files, str | os.PathLike):
            first = Path(files)
            names = read_header(first)["shard_addresses"]
            paths = [first.with_name(Path(name).name) for name in names]
            self.paths = paths if first in paths else [first]
        else:
            self.paths = [Path(f) for f in files]
        self.headers = [read_header(path) for path in self.paths]
        self.schema: Schema = self.headers[0]["schema"][0]["schema"]
        self.blobs: list[str] = self.headers[0]["schema"][0]["blob_fields"]
        for path, header in zip(self.paths, self.headers, strict=True):
            if header["schema"][0]["schema"] != self.schema:
                raise MRMOpenError(
                    f"'{path}' has another schema than '{self.paths[0]}'; files of one data set "
                    f"must have the same."
                )
        for name in columns or []:
            if name not in self.schema:
                raise ParamValueError(
                    f"The column '{name}' is not in the file's schema {list(self.schema)}."
                    f"{did_you_mean(name, self.schema)}"
                )
        self.columns = list(columns) if columns else list(self.schema)
        self._places = [self._index(path) for path in self.paths]
        self.ends = np.cumsum([len(p) for p in self._places])
        self._fresh()

    def _index(self, path: Path) -> np.ndarray:
        database = Path(f"{path}.db")
        if not database.is_file():
            raise PathNotExistsError(
                f"The index '{database}' is missing. A MindRecord file and its .db belong "
                f"together: copy or move both."
            )
        query = (
            "SELECT PAGE_ID_RAW, PAGE_OFFSET_RAW, PAGE_OFFSET_RAW_END, PAGE_ID_BLOB, "
            "PAGE_OFFSET_BLOB, PAGE_OFFSET_BLOB_END FROM INDEXES ORDER BY ROW_ID"
        )
        uri = f"{database.absolute().as_uri()}?mode=ro"
        try:
            with contextlib.closing(sqlite3.connect(uri, uri=True)) as connection:
                rows = connection.execute(query).fetchall()
                name = connection.execute("SELECT NAME FROM SHARD_NAME").fetchone()
            places = np.array(rows, np.int64).reshape(-1, 6)
        except (sqlite3.Error, ValueError) as error:
            raise MRMOpenError(
                f"'{database}' is not the index of a MindRecord file: {error}"
            ) from (error)
        if name is None or name[0] != path.name:
            raise MRMOpenError(
                f"'{database}' belongs to the file {name and name[0]!r}. MindRecord files keep "
                f"their names: rename nothing."
            )
        return places

    def __len__(self) -> int:
        return int(self.ends[-1])

    def _fresh(self) -> None:
        self._files: dict[int, Any] = {}
        self._owner = os.getpid()
        self._reading = threading.Lock()  # threads share a file's position

    def _file(self, shard: int) -> Any:
        if shard not in self._files:
            self._files[shard] = open(self.paths[shard], "rb")  # noqa: SIM115 - closed by `close`
        return self._files[shard]

    def _read(self, shard: int, page: int, start: int, end: int) -> bytes:
        header = self.headers[shard]
        if self._owner != os.getpid():  # a forked worker must not share the file's position
            self._fresh()
        with self._reading:
            file = self._file(shard)
            file.seek(header["header_size"] + page * header["page_size"] + start)
            data: bytes = file.read(end - start)
        if len(data) != end - start or end - start < 8:
            raise MRMFetchDataError("the file is cut short")
        if struct.unpack_from("<Q", data)[0] != len(data) - 8:
            raise MRMFetchDataError("the row's length does not fit the index")
        return data[8:]

    def row(self, number: int) -> dict[str, Any]:
        """The wanted fields of a row.

        Raises:
            MRMFetchDataError: the file is cut short or damaged there.
        """
        shard = int(np.searchsorted(self.ends, number, "right"))
        local = number - (int(self.ends[shard - 1]) if shard else 0)
        raw_page, raw, raw_end, blob_page, blob, blob_end = self._places[shard][local].tolist()
        found: dict[str, Any] = {}
        try:
            if any(not is_blob(self.schema[name]) for name in self.columns):
                found.update(unpack_scalars(self._read(shard, raw_page, raw, raw_end)))
            if any(is_blob(self.schema[name]) for name in self.columns):
                data = self._read(shard, blob_page, blob, blob_end)
                found.update(unpack_blobs(data, self.blobs, self.schema))
            return {name: found[name] for name in self.columns}
        except (MRMFetchDataError, KeyError) as error:
            raise MRMFetchDataError(
                f"Row {number} cannot be read: in '{self.paths[shard]}', row {local}: {error}. Was "
                f"the file copied completely?"
            ) from error

    def scalars(self, name: str) -> list[Any]:
        """One scalar field of all rows."""
        keep, self.columns = self.columns, [name]
        try:
            return [self.row(k)[name] for k in range(len(self))]
        finally:
            self.columns = keep

    def close(self) -> None:
        """Close the files; they open again when needed."""
        for file in self._files.values():
            file.close()
        self._files = {}

    def __del__(self) -> None:
        if getattr(self, "_owner", None) == os.getpid():
            self.close()

    def __getstate__(self) -> dict[str, Any]:
        own = ("_files", "_owner", "_reading")
        return {key: value for key, value in vars(self).items() if key not in own}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._fresh()


class FileReader:
    """Reads MindRecord files row by row.

    Args:
        file_name: one file (of any number of shards), or a list of files.
        num_consumer: accepted.
        columns: the fields wanted; all by default.
        operator: not supported by MindSpore either.
    """

    def __init__(
        self,
        file_name: str | list[str],
        num_consumer: int = 4,
        columns: list[str] | None = None,
        operator: Any = None,
    ) -> None:
        if columns is not None and not isinstance(columns, list):
            raise ParamTypeError(f"'columns' expect list type, but got {columns!r}.")
        self._files = RecordFiles(file_name, columns)

    def get_next(self) -> Iterator[dict[str, Any]]:
        """All rows, each a dict from field name to value."""
        for number in range(len(self._files)):
            yield self._files.row(number)

    def len(self) -> int:
        """The number of rows."""
        return len(self._files)

    def schema(self) -> Schema:
        """From field name to type and shape."""
        return self._files.schema

    def close(self) -> None:
        """Close the files."""
        self._files.close()


class MindPage:
    """Rows by the value of an index field, page by page.

    Args:
        file_name: one file or a list.
        num_consumer: accepted.
    """

    def __init__(self, file_name: str | list[str], num_consumer: int = 4) -> None:
        self._files = RecordFiles(file_name)
        fields = self._files.headers[0]["index_fields"] or []
        self._candidates = [f["index_field"] for f in fields]
        self._field: str | None = None

    @property
    def candidate_fields(self) -> list[str]:
        """The index fields."""
        return self._candidates

    @property
    def category_field(self) -> str | None:
        """The field by which rows are grouped."""
        return self._field

    @category_field.setter
    def category_field(self, name: str) -> None:
        if name not in self._candidates:
            raise ParamValueError(
                f"category_field must be one of {self._candidates}, but got {name!r}."
            )
        self._field = name

    def _categories(self) -> dict[Any, list[int]]:
        if self._field is None:
            raise ParamValueError("Set category_field first.")
        groups: dict[Any, list[int]] = {}
        for number, value in enumerate(self._files.scalars(self._field)):
            groups.setdefault(value, []).append(number)
        return dict(sorted(groups.items()))

    def read_category_info(self) -> str:
        """The values of category_field and how often each comes, as JSON."""
        rows = [
            {"count": len(numbers), "id": k, "name": str(value)}
            for k, (value, numbers) in enumerate(self._categories().items())
        ]
        return json.dumps({"categories": rows, "key": f"{self._field}_0"}, separators=(",", ":"))

    def read_at_page_by_id(self, category_id: int, page: int, num_row: int) -> list[dict[str, Any]]:
        """Rows of the category with that number, `num_row` on a page."""
        groups = list(self._categories().values())
        if not 0 <= category_id < len(groups):
            raise ParamValueError(
                f"category_id must be from 0 to {len(groups) - 1}, but got {category_id}."
            )
        return [self._files.row(k) for k in groups[category_id][page * num_row :][:num_row]]

    def read_at_page_by_name(
        self, category_name: str, page: int, num_row: int
    ) -> list[dict[str, Any]]:
        """Rows of the category of that name, `num_row` on a page."""
        groups = {str(value): numbers for value, numbers in self._categories().items()}
        if category_name not in groups:
            raise ParamValueError(
                f"There is no category '{category_name}'.{did_you_mean(category_name, groups)}"
            )
        return [self._files.row(k) for k in groups[category_name][page * num_row :][:num_row]]
