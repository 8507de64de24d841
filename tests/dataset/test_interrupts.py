"""Ctrl-C anywhere in a loop over a pipeline: nothing is left running, the next loop is whole."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import threading

import numpy as np
import pytest
from interrupting import interrupted
from waiting import until

import mslearn.dataset as ds
from mslearn.dataset import processes

HERE = ("dataset/feed.py", "dataset/iterators.py", "threading.py:start")
#: with processes, which take a while to start, only so manieth places are tried
EVERY = int(os.environ.get("MSLEARN_EVERY_PLACE", 19))


def left():
    """Threads and processes of pipelines; not a thread that was stopped before it began."""
    threads = [t for t in threading.enumerate() if t.name == "mslearn-feed" and t.is_alive()]
    return threads + multiprocessing.active_children()


def double(x):
    return x * 2


def loop(data, rows):
    def run():
        for epoch in range(2):
            for (row,) in data:
                rows.append(int(row))
            assert epoch < 2

    return run


@pytest.mark.parametrize("rows_ahead", [1, 16])
def test_a_loop_ends_as_a_whole(rows_ahead):
    ds.config.set_prefetch_size(rows_ahead)
    try:
        data = ds.NumpySlicesDataset(np.arange(5), ["x"], shuffle=False).map(double, "x")
        iterator = data.create_tuple_iterator(num_epochs=2, output_numpy=True)
        at = 0
        while True:
            at += 1
            rows = []
            going = interrupted(loop(iterator, rows), HERE, at)
            assert rows == [0, 2, 4, 6, 8, 0, 2, 4, 6, 8][: len(rows)], f"stopped at place {at}"
            iterator.stop()
            until(lambda: not left(), f"stopped at place {at}: something goes on")
            iterator = data.create_tuple_iterator(num_epochs=2, output_numpy=True)
            if not going:
                assert len(rows) == 10
                break
        assert at > 100
    finally:
        ds.config.set_prefetch_size(16)


def test_processes_end_with_their_loop(monkeypatch):
    folders, make = [], processes._folder

    def noted():
        folders.append(make())
        return folders[-1]

    monkeypatch.setattr(processes, "_folder", noted)
    monkeypatch.setattr(ds.config, "cores", lambda: 2)
    data = ds.NumpySlicesDataset(np.arange(5), ["x"], shuffle=False)
    data = data.map(double, "x", num_parallel_workers=2, python_multiprocessing=True)
    at, going = 1, True
    while going:
        rows = []
        iterator = data.create_tuple_iterator(num_epochs=2, output_numpy=True)
        going = interrupted(loop(iterator, rows), ("dataset/processes.py",), at)
        assert rows == [0, 2, 4, 6, 8, 0, 2, 4, 6, 8][: len(rows)], f"stopped at place {at}"
        del iterator
        gc.collect()
        until(lambda: not left(), f"stopped at place {at}: something goes on")
        assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == set(), f"at place {at}: deaf"
        assert not any(map(os.path.exists, folders)), f"stopped at place {at}: files are left"
        at += EVERY
    assert len(rows) == 10 and len(folders) > 400 / EVERY
