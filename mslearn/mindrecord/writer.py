"""`FileWriter`: rows into MindRecord files that real MindSpore reads.

A file is a JSON header and pages of equal size. Rows go into the present "blob" and "raw" pages
until one is full; an SQLite file beside it says for each row where its two halves lie, and holds
the index fields. Files are built under other names and take their place when `commit` succeeds.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sqlite3
import struct
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from mslearn.mindrecord.errors import (
    MRMCommitError,
    MRMDefineIndexError,
    MRMInvalidSchemaError,
    MRMValidateDataError,
    ParamTypeError,
    ParamValueError,
)
from mslearn.mindrecord.packing import ARRAYS, Schema, is_blob, pack_blobs, pack_scalars

_SCALARS = ("int32", "int64", "float32", "float64", "string", "bytes")
_SQL = {
    "string": "TEXT",
    "int32": "INTEGER",
    "int64": "INTEGER",
    "float32": "REAL",
    "float64": "REAL",
}
_KB = 1024
_LARGEST_PAGE = 256 * _KB * _KB


def check_schema(content: Any) -> Schema:
    """A schema if it keeps MindRecord's rules.

    Raises:
        MRMInvalidSchemaError: it does not; the message names the field.
    """
    if not isinstance(content, dict) or not content:
        raise MRMInvalidSchemaError(
            f"Schema content must be a dict from field names to types and not empty: {content!r}."
        )
    for name, field in content.items():
        if not isinstance(name, str) or not re.fullmatch(r"[0-9a-zA-Z_]+", name):
            raise MRMInvalidSchemaError(
                f"Field '{name}' should be composed of '0-9' or 'a-z' or 'A-Z' or '_'."
            )
        if not isinstance(field, dict) or not {"type"} <= set(field) <= {"type", "shape"}:
            raise MRMInvalidSchemaError(
                f'Field \'{name}\' must be {{"type": …}} with an optional "shape", got {field!r}.'
            )
        allowed = tuple(ARRAYS) if "shape" in field else _SCALARS
        if field["type"] not in allowed:
            what = "an array" if "shape" in field else "a field"
            raise MRMInvalidSchemaError(
                f"Field '{name}' has the type {field['type']!r}; {what} can be "
                f"{', '.join(allowed)}."
            )
        if "shape" in field and not (
            isinstance(field["shape"], list)
            and field["shape"]
            and all(isinstance(n, int) and (n > 0 or n == -1) for n in field["shape"])
        ):
            raise MRMInvalidSchemaError(
                f"Field '{name}' has the shape {field['shape']!r}; a list of sizes is wanted, in "
                f"which one may be -1."
            )
    return {name: dict(content[name]) for name in sorted(content)}


def misfit(row: dict[str, Any], schema: Schema) -> str | None:
    """What is wrong with a row, or None."""
    for name, field in schema.items():
        if name not in row:
            return f"the field '{name}' is missing"
        value, kind = row[name], field["type"]
        if "shape" in field:
            if not isinstance(value, np.ndarray) or value.dtype != ARRAYS[kind]:
                got = value.dtype if isinstance(value, np.ndarray) else type(value).__name__
                return f"the field '{name}' must be an array of {kind}, but is {got}"
            try:
                value.reshape(field["shape"])
            except ValueError:
                return f"the field '{name}' of shape {list(value.shape)} is not {field['shape']}"
            continue
        types: Any = {"string": str, "bytes": bytes | bytearray}.get(kind)
        if types is None:
            types = int | np.integer if "int" in kind else float | int | np.floating | np.integer
        if isinstance(value, np.ndarray) and value.ndim == 0 and kind not in ("string", "bytes"):
            value = value[()]
        if not isinstance(value, types) or (isinstance(value, bool) and "int" not in kind):
            return f"the field '{name}' must be {kind}, but is {type(value).__name__}"
        if "int" in kind and not -(2 ** (int(kind[3:]) - 1)) <= value < 2 ** (int(kind[3:]) - 1):
            return f"the field '{name}' = {value} does not fit into {kind}"
    return None


class _Shard:
    """One file in the making."""

    def __init__(self, path: Path, header: int, page: int | None) -> None:
        self.path, self.header, self.page = path, header, page
        self.temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
        self.file: Any = None
        self.pages: list[dict[str, Any]] = []
        self.index: list[list[Any]] = []
        self.rows = self.groups = self.raw_pages = 0
        self._begin_blob()
        self._begin_raw()

    def _begin_blob(self) -> None:
        self.blob, self.first = bytearray(), self.rows
        self.open_blob: list[list[Any]] = []

    def _begin_raw(self) -> None:
        self.raw = bytearray()
        self.starts: list[dict[str, int]] = []
        self.open_raw: list[list[Any]] = []

    def add(self, raw: bytes, blob: bytes, fields: list[Any]) -> None:
        """Put a row into the present pages."""
        raw, blob = (struct.pack("<Q", len(part)) + part for part in (raw, blob))
        limit = self.page or 32 * _KB * _KB
        if max(len(raw), len(blob)) > limit:
            largest = max(len(raw), len(blob))
            if largest > _LARGEST_PAGE or (self.page is not None and not self.pages):
                raise MRMValidateDataError(
                    f"A row takes {largest} bytes and a page holds only {limit}. Call "
                    f"set_page_size(…) with up to {_LARGEST_PAGE} before writing."
                )
            if self.pages:
                raise MRMValidateDataError(
                    f"A row takes {largest} bytes, and pages of {limit} bytes have been written "
                    f"already. Call set_page_size({-(-largest // _KB) * _KB}) before writing."
                )
            self.page = limit = -(-largest // _KB) * _KB
        if len(self.blob) + len(blob) > limit or len(self.raw) + len(raw) > limit:
            self.page = limit
            self._flush_blob()
            if len(self.raw) + len(raw) > limit:
                self._flush_raw()
        if not self.open_blob:
            self.starts.append({"id": self.groups, "offset": len(self.raw)})
        row = [
            self.rows, None, len(self.raw), len(self.raw) + len(raw),
            self.groups, None, len(self.blob), len(self.blob) + len(blob), *fields,
        ]  # fmt: skip
        self.index.append(row)
        self.open_blob.append(row)
        self.open_raw.append(row)
        self.raw += raw
        self.blob += blob
        self.rows += 1

    def _write(
        self, kind: str, number: int, data: bytearray, first: int, end: int, groups: Any
    ) -> int:
        if self.file is None:
            self.file = open(self.temporary, "wb")  # noqa: SIM115 - lives until `finish`
        page = len(self.pages)
        assert self.page is not None
        self.file.seek(self.header + page * self.page)
        self.file.write(data)
        self.pages.append(
            {
                "end_row_id": end, "page_id": page, "page_size": len(data), "page_type": kind,
                "page_type_id": number, "row_group_ids": groups, "start_row_id": first,
            }
        )  # fmt: skip
        return page

    def _flush_blob(self) -> None:
        if self.open_blob:
            groups = [{"id": 0, "offset": 0}]
            page = self._write("BLOB_DATA", self.groups, self.blob, self.first, self.rows, groups)
            for row in self.open_blob:
                row[5] = page
            self.groups += 1
            self._begin_blob()

    def _flush_raw(self) -> None:
        if self.open_raw:
            page = self._write("RAW_DATA", self.raw_pages, self.raw, 0, 0, self.starts)
            for row in self.open_raw:
                row[1] = page
            self.raw_pages += 1
            self._begin_raw()

    def needed(self) -> int:
        """The page size for what has come so far, when it fits into one page of each kind."""
        return 1 << (max(len(self.raw), len(self.blob), 32 * _KB) - 1).bit_length()

    def flush(self) -> None:
        """Write the pages that are not full."""
        self.page = self.page or self.needed()
        self._flush_blob()
        self._flush_raw()

    def finish(self, header: dict[str, Any], number: int, columns: list[tuple[str, str]]) -> Path:
        """Complete the temporary files; the index's path."""
        for page in self.pages:
            page["shard_id"] = number
        header = {**header, "page": self.pages, "page_size": self.page, "shard_id": number}
        text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
        if len(text) + 8 > self.header:
            raise MRMCommitError(
                f"The header takes {len(text) + 8} bytes, more than its {self.header}. Call "
                f"set_header_size(…) with more, or set_page_size(…) for fewer pages."
            )
        self.file.seek(0)
        self.file.write(struct.pack("<Q", len(text)) + text)
        self.file.flush()
        os.fsync(self.file.fileno())
        self.file.close()
        index = self.temporary.with_suffix(".db")
        index.unlink(missing_ok=True)
        with contextlib.closing(sqlite3.connect(index)) as database:
            extra = "".join(
                f"INC_{k} INT, {name}_0 {kind}," for k, (name, kind) in enumerate(columns)
            )
            keys = "".join(f",INC_{k}" for k in range(len(columns)))
            half = "PAGE_ID_{0} PAGE_OFFSET_{0} PAGE_OFFSET_{0}_END"
            places = f"ROW_ID {half.format('RAW')} ROW_GROUP_ID {half.format('BLOB')}".split()
            fixed = ", ".join(f"{place} INT NOT NULL" for place in places)
            database.execute(f"CREATE TABLE INDEXES({fixed},{extra} PRIMARY KEY(ROW_ID{keys}))")
            marks = ",".join("?" * (8 + 2 * len(columns)))
            database.executemany(f"INSERT INTO INDEXES VALUES({marks})", self.index)
            database.execute("CREATE TABLE SHARD_NAME(NAME TEXT NOT NULL)")
            database.execute("INSERT INTO SHARD_NAME VALUES(?)", (self.path.name,))
            database.commit()
        return index

    def discard(self) -> None:
        """Leave nothing behind."""
        if self.file is not None:
            with contextlib.suppress(OSError):
                self.file.close()
        for path in (self.temporary, self.temporary.with_suffix(".db")):
            path.unlink(missing_ok=True)


class FileWriter:
    """Writes MindRecord files.

    Args:
        file_name: the file; with several shards a number is appended: ``data0``, ``data1``, ….
        shard_num: number of files, 1 to 1000.
        overwrite: replace files that exist.

    >>> import os, tempfile
    >>> from mslearn.mindrecord import FileReader, FileWriter
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "words.mindrecord")
    ...     writer = FileWriter(path)
    ...     _ = writer.add_schema({"word": {"type": "string"}, "length": {"type": "int32"}})
    ...     writer.write_raw_data([{"word": "ship", "length": 4}])
    ...     writer.commit()
    ...     list(FileReader(path).get_next())
    [{'length': 4, 'word': 'ship'}]
    """

    def __init__(self, file_name: str, shard_num: int = 1, overwrite: bool = False) -> None:
        if not isinstance(file_name, str | os.PathLike):
            raise ParamValueError(f"File path: {file_name!r} is not string.")
        if isinstance(shard_num, bool) or not isinstance(shard_num, int):
            raise ParamTypeError(f"shard_num must be an int, but got {shard_num!r}.")
        if not 1 <= shard_num <= 1000:
            raise ParamValueError(f"shard_num's value: {shard_num} should between 1 and 1000.")
        base = Path(file_name)
        many = shard_num > 1
        self._paths = [Path(f"{base}{k}") for k in range(shard_num)] if many else [base]
        self._overwrite = overwrite
        if not base.parent.is_dir():
            raise RuntimeError(f"The folder '{base.parent}' does not exist.")
        self._check_free()
        self._header = 64 * _KB
        self._page: int | None = None
        self._schema: Schema | None = None
        self._description = ""
        self._index: list[str] = []
        self._shards: list[_Shard] | None = None
        self._saved = 0
        self._append: list[dict[str, Any]] | None = None

    def _check_free(self) -> None:
        there = [p for path in self._paths for p in (path, Path(f"{path}.db")) if p.exists()]
        if there and not self._overwrite:
            raise RuntimeError(
                f"Invalid file, mindrecord files already exist: {', '.join(map(str, there))}. "
                f"Remove them or use FileWriter(…, overwrite=True)."
            )

    @classmethod
    def open_for_append(cls, file_name: str) -> FileWriter:
        """A writer whose rows are added to those of a file (of any one of its shards)."""
        from mslearn.mindrecord.reader import RecordFiles

        found = RecordFiles(file_name)
        writer = cls.__new__(cls)
        writer._paths, writer._overwrite = found.paths, True
        header = found.headers[0]
        writer._header, writer._page = header["header_size"], None
        writer._schema, writer._description = found.schema, header["schema"][0].get("desc", "")
        writer._index = [f["index_field"] for f in header["index_fields"] or []]
        writer._shards, writer._saved = None, 0
        writer._append = [found.row(k) for k in range(len(found))]
        return writer

    def set_header_size(self, header_size: int) -> None:
        """Bytes kept for the header, 16 KB to 128 MB."""
        self._header = self._size(header_size, "header_size", 16 * _KB, 128 * _KB * _KB)

    def set_page_size(self, page_size: int) -> None:
        """Bytes of a page, 32 KB to 256 MB; no row may be larger. Chosen by the data by default."""
        self._page = self._size(page_size, "page_size", 32 * _KB, _LARGEST_PAGE)

    def _size(self, value: Any, name: str, low: int, high: int) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise ParamTypeError(f"{name} must be an int, but got {value!r}.")
        if not low <= value <= high or value % 4:
            raise ParamValueError(
                f"{name} must be a multiple of 4 from {low} to {high}, but got {value}."
            )
        return value

    def add_schema(self, content: dict[str, dict[str, Any]], desc: str | None = None) -> int:
        """Say which fields a row has.

        Args:
            content: from field name to ``{"type": …}``: string, bytes, int32, int64, float32,
                float64; with a ``"shape"`` it is an array of these numbers.
            desc: what the data is.

        Raises:
            MRMInvalidSchemaError: a field breaks the rules.
        """
        self._schema, self._description = check_schema(content), desc or ""
        return 0

    def add_index(self, index_fields: list[str]) -> None:
        """Choose the scalar fields kept in the index; all of them by default."""
        if not isinstance(index_fields, list):
            raise ParamTypeError("'index_fields' expect list type.")
        schema = self._known_schema()
        for name in index_fields:
            if name not in schema:
                raise MRMDefineIndexError(f"The index field '{name}' is not in {list(schema)}.")
            if is_blob(schema[name]):
                raise MRMDefineIndexError(
                    f"Failed to set field {name} since it's not primitive type."
                )
        self._index = list(index_fields)

    def _known_schema(self) -> Schema:
        if self._schema is None:
            raise MRMInvalidSchemaError("Call add_schema(…) first.")
        return self._schema

    def write_raw_data(self, raw_data: list[dict[str, Any]], parallel_writer: bool = False) -> None:
        """Add rows: dicts from field name to value.

        Rows that do not fit the schema are left out with a warning.

        Raises:
            RuntimeError: none of them fits.
            MRMValidateDataError: a row is larger than a page.
        """
        schema = self._known_schema()
        if not isinstance(raw_data, list):
            raise ParamTypeError("'raw_data' expect list type.")
        if not all(isinstance(row, dict) for row in raw_data):
            raise ParamTypeError("'raw_data item' expect dict type.")
        problems = [(k, misfit(row, schema)) for k, row in enumerate(raw_data)]
        wrong = {k: problem for k, problem in problems if problem}
        good = [row for k, row in enumerate(raw_data) if k not in wrong]
        if wrong:
            listed = "; ".join(f"row {k}: {problem}" for k, problem in list(wrong.items())[:5])
            if not good:
                raise RuntimeError(
                    f"There is no valid data which can be written by 'write_raw_data' to "
                    f"mindrecord file: {listed}."
                )
            warnings.warn(f"Left out {len(wrong)} rows: {listed}.", RuntimeWarning, stacklevel=2)
        shards = self._open_shards()
        try:
            start = 0
            for k, shard in enumerate(shards):
                count = len(good) // len(shards) + (k < len(good) % len(shards))
                for row in good[start : start + count]:
                    self._add(shard, row)
                start += count
        except BaseException:
            self._discard()
            raise

    def _open_shards(self) -> list[_Shard]:
        if self._shards is None:
            schema = self._known_schema()
            # Without an index chosen, every scalar is in it, as in MindSpore.
            self._index = self._index or [n for n, f in schema.items() if not is_blob(f)]
            self._shards = [_Shard(path, self._header, self._page) for path in self._paths]
            earlier, self._append = self._append or [], None
            if earlier:
                self.write_raw_data(earlier)
        return self._shards

    def _add(self, shard: _Shard, row: dict[str, Any]) -> None:
        schema = self._known_schema()
        blobs = [n for n, f in schema.items() if is_blob(f)]
        scalars: dict[str, Any] = {}
        for name, field in schema.items():
            if not is_blob(field):
                kind = (
                    str if field["type"] == "string" else int if "int" in field["type"] else float
                )
                scalars[name] = kind(row[name])
        blob = pack_blobs(row, blobs, schema)
        lengths = [len(r) if isinstance(r := row[name], bytes) else r.nbytes for name in blobs]
        self._saved += sum(lengths) + 8 * len(blobs) * (len(blobs) > 1) - len(blob) if blobs else 0
        fields = [value for name in self._index for value in (0, scalars[name])]
        shard.add(pack_scalars(scalars or {"id": 0}), blob, fields)

    def commit(self) -> None:
        """Complete the files and put them in place, all or none.

        Raises:
            OSError: the disk is full; nothing is left behind.
        """
        schema = self._known_schema()
        shards = self._open_shards()
        header = {
            "header_size": self._header,
            "index_fields": [{"index_field": n, "schema_id": 0} for n in self._index] or None,
            "compression_size": self._saved,
            "schema": [{
                "blob_fields": [n for n, f in schema.items() if is_blob(f)],
                "desc": self._description, "schema": schema,
            }],
            "shard_addresses": [path.name for path in self._paths],
            "statistics": None, "version": "3.0",
        }  # fmt: skip
        columns = [(name, _SQL[schema[name]["type"]]) for name in self._index]
        try:
            if not any(shard.rows for shard in shards):
                raise MRMCommitError("No row was written: call write_raw_data(…) before commit().")
            page = max(shard.page or shard.needed() for shard in shards)
            ready = []
            for number, shard in enumerate(shards):
                shard.page = shard.page or page
                shard.flush()
                if shard.file is None:
                    shard.file = open(shard.temporary, "wb")  # noqa: SIM115 - an empty shard
                ready.append(shard.finish(header, number, columns))
            for shard, index in zip(shards, ready, strict=True):
                os.replace(index, f"{shard.path}.db")
                os.replace(shard.temporary, shard.path)
        except sqlite3.OperationalError as error:
            self._discard()
            raise OSError(f"The index of '{self._paths[0]}' cannot be written: {error}") from error
        except BaseException:
            self._discard()
            raise
        self._shards = None

    def _discard(self) -> None:
        for shard in self._shards or []:
            shard.discard()
        self._shards = None

    def __del__(self) -> None:
        if getattr(self, "_shards", None):
            self._discard()
