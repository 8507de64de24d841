"""Worker processes for users' functions, with rows in shared memory, in the order of the tasks.

A task is a list of rows; worker k takes tasks k, k + W, k + 2W …, so the answers come back in order
without any bookkeeping. Only small messages go through the pipes: the rows themselves lie in files
that both sides map into memory (in /dev/shm where there is room), so no side can block the other.
"""

from __future__ import annotations

import contextlib
import mmap
import multiprocessing
import os
import pickle
import random
import shutil
import signal
import tempfile
import time
import traceback
import uuid
import warnings
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from multiprocessing import connection
from pathlib import Path
from typing import Any

import numpy as np

from mslearn.dataset import config

#: works on one task: returns its rows and, if one failed, the error; the rows are those before it
Handler = Callable[[Any], tuple[list[Any], Exception | None]]
_AHEAD = 2  # tasks that wait at one worker
_ALIGN = 64
_ROOM = 64 * 2**20


class WorkerDied(RuntimeError):
    """A worker process ended without an answer: killed, out of memory, or it called `exit`."""


class CannotStart(RuntimeError):
    """The functions cannot be sent to a worker process (see `Workers`)."""


class _RemoteTraceback(Exception):
    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text

    def __str__(self) -> str:
        return f"\n(in the worker process)\n{self.text}"


class _Area:
    """A file mapped into memory, through which one side hands values to the other."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.map: mmap.mmap | None = None

    def _room(self, size: int) -> mmap.mmap:
        if self.map is None or len(self.map) < size:
            # Files only grow, so a map that is too short only means that the other side grew it.
            with open(self.path, "r+b" if self.path.exists() else "w+b") as file:
                if os.fstat(file.fileno()).st_size < size:
                    size = -(-size // 65536) * 65536
                    if hasattr(os, "posix_fallocate"):
                        os.posix_fallocate(file.fileno(), 0, size)  # a full disk is an error now
                    else:
                        file.truncate(size)
                self.map = mmap.mmap(file.fileno(), 0)
        return self.map

    def put(self, value: Any) -> list[int]:
        """Store a value; the sizes are what `get` needs."""
        buffers: list[pickle.PickleBuffer] = []
        head = pickle.dumps(value, 5, buffer_callback=buffers.append)
        parts: list[Any] = [head, *(b.raw() for b in buffers)]
        sizes = [len(p) for p in parts]
        target = self._room(sum(-(-s // _ALIGN) * _ALIGN for s in sizes) + 1)
        at = 0
        for part, size in zip(parts, sizes, strict=True):
            target[at : at + size] = part
            at += -(-size // _ALIGN) * _ALIGN
        return sizes

    def get(self, sizes: list[int]) -> Any:
        """The stored value, in memory of its own."""
        source = self._room(sum(-(-s // _ALIGN) * _ALIGN for s in sizes) + 1)
        parts, at = [], 0
        with memoryview(source) as view:
            for size in sizes:
                parts.append(bytearray(view[at : at + size]))
                at += -(-size // _ALIGN) * _ALIGN
        return pickle.loads(parts[0], buffers=parts[1:])

    def close(self) -> None:
        self.map = None  # its own close() fails while a value that Ctrl-C cut short points into it


def seed_everything(numbers: tuple[int, ...]) -> None:
    """Seed NumPy and `random` for one sample, so that any number of workers draws the same."""
    seed = np.random.SeedSequence(numbers).generate_state(2)
    np.random.seed(seed[0])
    random.seed(int(seed[1]))


def _serve(pipe: Any, folder: str, number: int, packed: Any) -> None:
    """A worker process: answer tasks until the pipe or the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    parent = multiprocessing.parent_process()
    try:
        handler: Handler = pickle.loads(packed) if isinstance(packed, bytes) else packed
    except Exception as error:
        pipe.send(f"{type(error).__name__}: {error}")
        return
    pipe.send(None)
    areas = [_areas(folder, number, slot) for slot in range(_AHEAD)]
    with contextlib.suppress(EOFError, OSError):
        while True:
            while not pipe.poll(2.0):
                if parent is not None and not parent.is_alive():
                    return
            message = pipe.recv()
            if message is None:
                return
            slot, sizes = message
            task, answer = areas[slot]
            start = time.perf_counter()
            rows, failure = handler(task.get(sizes))
            seconds = time.perf_counter() - start
            pipe.send(answer.put((rows, failure and _pack(failure), seconds)))


def _areas(folder: str, number: int, slot: int) -> tuple[_Area, _Area]:
    stem = Path(folder, f"{number}-{slot}")
    return _Area(stem.with_suffix(".task")), _Area(stem.with_suffix(".rows"))


def _pack(error: Exception) -> tuple[Exception, Exception | None, str]:
    text = "".join(traceback.format_exception(error.__cause__ or error))
    cause = error.__cause__ if isinstance(error.__cause__, Exception) else None
    try:
        pickle.loads(pickle.dumps(cause))
    except Exception:
        cause = RuntimeError(f"{type(cause).__name__}: {cause}")
    return error, cause, text


def _unpack(packed: tuple[Exception, Exception | None, str]) -> Exception:
    error, cause, text = packed
    error.__cause__ = cause or _RemoteTraceback(text)
    if cause is not None:
        cause.__cause__ = _RemoteTraceback(text)
    return error


def _folder() -> str:
    """A name for the folder of the shared files, in memory where the system offers that."""
    shared = Path("/dev/shm")
    if shared.is_dir() and os.access(shared, os.W_OK) and shutil.disk_usage(shared).free > _ROOM:
        return str(shared / f"mslearn-{uuid.uuid4().hex}")
    return os.path.join(tempfile.gettempdir(), f"mslearn-{uuid.uuid4().hex}")


@contextlib.contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """A child starts with Ctrl-C held back, until `_serve` ignores it; ours is only delayed."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    try:
        # This call itself raises KeyboardInterrupt, with the signal blocked, if one came just now.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end(processes: list[Any], pipes: list[Any], folder: str, owner: int) -> None:
    """End the processes; called again after a Ctrl-C in it, it does what was left to do."""
    if os.getpid() != owner:  # a forked child collects the parent's objects
        return
    for pipe in pipes:
        with contextlib.suppress(OSError):
            pipe.send(None)
        pipe.close()
    for process in processes:
        with contextlib.suppress(ValueError):  # it is closed
            if process.pid is not None:  # it was started
                process.join(0.2)
                if process.is_alive():
                    process.kill()
                    process.join()
            process.close()
    shutil.rmtree(folder, ignore_errors=True)


class Workers:
    """Processes that answer tasks with `handler`.

    Args:
        handler: a function of a task; under "spawn" it must be picklable.
        count: how many processes.
        stage: the operation's name, for errors.

    Raises:
        CannotStart: the handler cannot be pickled or found again in a new process.
    """

    def __init__(self, handler: Handler, count: int, stage: str) -> None:
        method = config.get_multiprocessing_start_method()
        packed: Any = handler
        if method == "spawn":
            try:
                packed = pickle.dumps(handler)
            except Exception as error:
                raise CannotStart(f"{type(error).__name__}: {error}") from error
        self.stage, self.folder = stage, _folder()
        context: Any = multiprocessing.get_context(method)
        self.pipes: list[Any] = []
        self.processes: list[Any] = []
        self._owner = os.getpid()
        self._finalizer = weakref.finalize(
            self, _end, self.processes, self.pipes, self.folder, self._owner
        )
        os.mkdir(self.folder, 0o700)  # now that somebody will remove it
        for number in range(count):
            ours, theirs = context.Pipe()
            process = context.Process(
                target=_serve, args=(theirs, self.folder, number, packed), daemon=True,
                name=f"mslearn-{stage}-{number}",
            )  # fmt: skip
            self.pipes.append(ours)
            self.processes.append(process)  # before it starts: Ctrl-C may come right after
            with warnings.catch_warnings(), _deaf_to_interrupts():
                # Forking beside threads: the children only run the handler and use no lock of ours.
                warnings.simplefilter("ignore", DeprecationWarning)
                process.start()
            theirs.close()
        for number in range(count):
            failure = self._receive(number)
            if failure is not None:
                self.close()
                raise CannotStart(failure)
        slots = [[_areas(self.folder, k, slot) for slot in range(_AHEAD)] for k in range(count)]
        self.areas = slots
        self.sent = self.received = 0
        self.waiting: deque[Any] = deque()

    @property
    def full(self) -> bool:
        """Whether every worker has as many tasks as may wait."""
        return len(self.waiting) >= _AHEAD * len(self.processes)

    def send(self, task: Any, note: Any = None) -> None:
        """Give out a task; `note` comes back with its answer."""
        turn, number = divmod(self.sent, len(self.processes))
        slot = turn % _AHEAD
        try:
            self.pipes[number].send((slot, self.areas[number][slot][0].put(task)))
        except (BrokenPipeError, ConnectionResetError):
            self._died(number)
        self.sent += 1
        self.waiting.append(note)

    def next(self) -> tuple[list[Any], Exception | None, float, Any]:
        """The answer to the oldest task, waiting for it: rows, error, its seconds, note."""
        turn, number = divmod(self.received, len(self.processes))
        sizes = self._receive(number)
        rows, packed, seconds = self.areas[number][turn % _AHEAD][1].get(sizes)
        self.received += 1
        return rows, packed and _unpack(packed), seconds, self.waiting.popleft()

    def drain(self) -> None:
        """Throw away the answers that are still to come."""
        while self.waiting:
            self.next()

    def _receive(self, number: int) -> Any:
        pipe, process = self.pipes[number], self.processes[number]
        patience = config.get_multiprocessing_timeout_interval()
        while True:
            ready = connection.wait([pipe, process.sentinel], patience)
            if pipe in ready or pipe.poll():
                try:
                    return pipe.recv()
                except (EOFError, ConnectionResetError):
                    self._died(number)
            if ready:
                self._died(number)
            if config.get_enable_watchdog():
                warnings.warn(
                    f"A worker process of '{self.stage}' (pid {process.pid}) has been working on "
                    f"one task for more than {patience} s. Is its function stuck?",
                    RuntimeWarning,
                    stacklevel=2,
                )

    def _died(self, number: int) -> None:
        process = self.processes[number]
        process.join(1)
        code = process.exitcode
        self.close()
        raise WorkerDied(
            f"{self.stage}: a worker process ended with exit code {code} and gave no answer"
            + (
                " (a negative code is a signal: was it killed for want of memory?)."
                if code
                else "."
            )
            + (
                " Scripts that start processes need `if __name__ == '__main__':` around their code."
                if config.get_multiprocessing_start_method() == "spawn"
                else ""
            )
        )

    def close(self) -> None:
        """End the processes; waits for them."""
        for areas in getattr(self, "areas", []):
            for task, answer in areas:
                task.close()
                answer.close()
        _end(self.processes, self.pipes, self.folder, self._owner)
        self._finalizer.detach()  # only now: what Ctrl-C leaves undone, it does
