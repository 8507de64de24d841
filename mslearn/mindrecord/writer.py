"""`FileWriter`: rows into MindRecord files that real MindSpore reads.

A file is a JSON header and pages of equal size. Rows go into the present "blob" and "raw" pages
until one is full; an SQLite file beside it says for each row where its two halves lie, and holds
the index fields. Files are built under other names and take their place when `commit` succeeds.
"""

from __future__ import annotations

import os
import sqlite3
import warnings
from pathlib import Path
from typing import Any

from mslearn.common.files import put_in_place
from mslearn.mindrecord.errors import (
    MRMCommitError,
    MRMDefineIndexError,
    MRMInvalidSchemaError,
    ParamTypeError,
    ParamValueError,
)
from mslearn.mindrecord.packing import Schema, is_blob, pack_blobs, pack_scalars
from mslearn.mindrecord.schema import check_schema, misfit
from mslearn.mindrecord.shard import KB, LARGEST_PAGE, Shard

_SQL = {
    "string": "TEXT",
    "int32": "INTEGER",
    "int64": "INTEGER",
    "float32": "REAL",
    "float64": "REAL",
}


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
        self._header = 64 * KB
        self._page: int | None = None
        self._schema: Schema | None = None
        self._description = ""
        self._index: list[str] = []
        self._shards: list[Shard] | None = None
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
        self._header = self._size(header_size, "header_size", 16 * KB, 128 * KB * KB)

    def set_page_size(self, page_size: int) -> None:
        """Bytes of a page, 32 KB to 256 MB; no row may be larger. Chosen by the data by default."""
        self._page = self._size(page_size, "page_size", 32 * KB, LARGEST_PAGE)

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

    def _open_shards(self) -> list[Shard]:
        if self._shards is None:
            schema = self._known_schema()
            # Without an index chosen, every scalar is in it, as in MindSpore.
            self._index = self._index or [n for n, f in schema.items() if not is_blob(f)]
            self._shards = [Shard(path, self._header, self._page) for path in self._paths]
            earlier, self._append = self._append or [], None
            if earlier:
                self.write_raw_data(earlier)
        return self._shards

    def _add(self, shard: Shard, row: dict[str, Any]) -> None:
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
                put_in_place(index, shard.path.with_name(f"{shard.path.name}.db"))
                put_in_place(shard.temporary, shard.path)
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
