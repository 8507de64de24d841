"""`DatasetCache`: accepted, so that programs written for MindSpore's cache server run unchanged."""

from __future__ import annotations

from typing import Any

from mslearn.dataset.checks import check_bool, check_int


class DatasetCache:
    """A description of a cache.

    MindSpore keeps decoded rows in a server process that several trainings share. Here there is no
    such server: sources keep small data in memory by themselves, and the rows are the same with and
    without a cache.

    Args:
        session_id: the number of a session of the server.
        size: bytes, 0 without limit.
        spilling: whether rows may go to disk.
        hostname, port, num_connections, prefetch_size: of the server.
    """

    def __init__(
        self,
        session_id: int,
        size: int = 0,
        spilling: bool = False,
        hostname: str | None = None,
        port: int | None = None,
        num_connections: int | None = None,
        prefetch_size: int | None = None,
    ) -> None:
        self.session_id = check_int(session_id, "session_id", 0, 2**32 - 1)
        self.size = check_int(size, "size", 0, 2**63)
        self.spilling = check_bool(spilling, "spilling")
        self.hostname, self.port = hostname, port
        self.num_connections, self.prefetch_size = num_connections, prefetch_size

    def get_stat(self) -> dict[str, int]:
        """Counts of cached rows: always zero."""
        return {"avg_cache_sz": 0, "num_mem_cached": 0, "num_disk_cached": 0}


def check_cache(cache: Any) -> None:
    """Complain unless `cache` is a DatasetCache."""
    if not isinstance(cache, DatasetCache):
        raise TypeError(f"cache must be a DatasetCache or None, but got {cache!r}.")
