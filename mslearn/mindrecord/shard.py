"""One MindRecord file in the making: its pages, its header and its index."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import struct
from pathlib import Path
from typing import Any

from mslearn.mindrecord.errors import MRMCommitError, MRMValidateDataError

KB = 1024
LARGEST_PAGE = 256 * KB * KB


class Shard:
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
        limit = self.page or 32 * KB * KB
        if max(len(raw), len(blob)) > limit:
            largest = max(len(raw), len(blob))
            if largest > LARGEST_PAGE or (self.page is not None and not self.pages):
                raise MRMValidateDataError(
                    f"A row takes {largest} bytes and a page holds only {limit}. Call "
                    f"set_page_size(…) with up to {LARGEST_PAGE} before writing."
                )
            if self.pages:
                raise MRMValidateDataError(
                    f"A row takes {largest} bytes, and pages of {limit} bytes have been written "
                    f"already. Call set_page_size({-(-largest // KB) * KB}) before writing."
                )
            self.page = limit = -(-largest // KB) * KB
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
        return 1 << (max(len(self.raw), len(self.blob), 32 * KB) - 1).bit_length()

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
