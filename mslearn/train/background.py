"""Saving and loading while the program goes on: one thread writes, one file after the other."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

_running: list[Future[None]] = []
_writer: ThreadPoolExecutor | None = None


def write_later(write: Callable[[], None]) -> None:
    """Call `write` in the writing thread, after what waits there already.

    The program ends only when all is written. A failure is warned of: nobody waits for it.
    """
    global _writer
    if _writer is None:
        _writer = ThreadPoolExecutor(1, "mslearn-checkpoint")
    _running[:] = [f for f in _running if not f.done()]
    _running.append(_writer.submit(_reported, write))


def _reported(write: Callable[[], None]) -> None:
    try:
        write()
    except Exception as error:
        warnings.warn(f"A checkpoint could not be saved: {error}", RuntimeWarning, stacklevel=1)
        raise


def async_ckpt_thread_status() -> bool:
    """Whether a checkpoint is still being written in the background."""
    return not all(f.done() for f in _running)


def wait_for_files() -> None:
    """Return when everything saved with ``async_save=True`` is on the disk."""
    for future in tuple(_running):
        future.exception()


class ParamDictFuture:
    """What `load_checkpoint_async` gives: `result()` waits for the parameters."""

    def __init__(self, future: Future[Any]) -> None:
        self._future = future

    def result(self) -> dict[str, Any]:
        """The parameters by name.

        Raises:
            ValueError: as in `load_checkpoint`.
        """
        found: dict[str, Any] = self._future.result()
        return found


def load_checkpoint_async(
    ckpt_file_name: Any, net: Any = None, strict_load: bool = False, filter_prefix: Any = None,
    dec_key: bytes | None = None, dec_mode: str = "AES-GCM", specify_prefix: Any = None,
    choice_func: Callable[[str], bool] | None = None,
) -> ParamDictFuture:  # fmt: skip
    """`load_checkpoint` in a thread of its own; the program goes on meanwhile.

    For example ``waiting = load_checkpoint_async("net.ckpt", net)``, other work, and then
    ``parameters = waiting.result()``.
    """
    from mslearn.train.serialization import load_checkpoint

    pool = ThreadPoolExecutor(1, "mslearn-loading")
    future = pool.submit(
        load_checkpoint, ckpt_file_name, net, strict_load, filter_prefix, dec_key, dec_mode,
        specify_prefix, choice_func,
    )  # fmt: skip
    pool.shutdown(wait=False)  # the thread ends with its one task
    return ParamDictFuture(future)
