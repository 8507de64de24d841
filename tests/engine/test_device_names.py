"""Streams, memory, settings of parameter servers, logging, Profiler: what they are on one CPU."""

from __future__ import annotations

import csv
import logging

import numpy as np
import pytest

import mslearn as ms
from mslearn import Tensor


def test_streams():
    stream = ms.Stream()
    with ms.StreamCtx(stream):
        x = Tensor([1.0]) + 1
    stream.wait_stream(ms.current_stream())
    stream.synchronize()
    ms.set_cur_stream(stream)
    assert x.item() == 2 and stream.query() and "CPU" in repr(stream)
    assert ms.default_stream() == ms.communication_stream() == ms.current_stream()


def test_memory_has_no_pool():
    for name in (
        "memory_allocated",
        "memory_reserved",
        "max_memory_allocated",
        "max_memory_reserved",
    ):
        assert getattr(ms, name)() == 0
    for name in ("empty_cache", "launch_blocking", "reset_max_memory_allocated",
                 "reset_max_memory_reserved", "reset_peak_memory_stats"):  # fmt: skip
        assert getattr(ms, name)() is None
    assert ms.set_memory(max_size="2GB") is ms.set_cpu_affinity(False) is None
    assert ms.dispatch_threads_num(2) is ms.set_dump(ms.nn.ReLU()) is None
    assert ms.memory_stats()["max_allocated_memory"] == 0
    assert "max allocated" in ms.memory_summary()


def test_settings_are_kept():
    ms.set_ps_context(enable_ps=True)
    assert ms.get_ps_context("enable_ps") is True
    ms.reset_ps_context()
    assert ms.context.get_ps_context("enable_ps") is False
    ms.set_algo_parameters(fully_use_devices=True)
    assert ms.parallel.get_algo_parameters("fully_use_devices") is True
    ms.reset_algo_parameters()
    assert ms.get_algo_parameters("fully_use_devices") is False
    with pytest.raises(ValueError, match="Did you mean 'enable_ps'"):
        ms.set_ps_context(enabel_ps=True)


def test_small_names():
    a, b = Tensor([1.0]), Tensor([2.0, 3.0])
    ms.swap_tensors(a, b)
    assert (a.tolist(), b.tolist()) == ([2, 3], [1])
    assert ms.get_py_obj_dtype(1.0) == ms.float64 and ms.get_py_obj_dtype(a) == ms.float32
    assert ms.from_dlpack(ms.to_dlpack(a)).tolist() == [2, 3]
    assert ms.from_dlpack(np.array([1, 2])).tolist() == [1, 2]
    assert (ms.SUCCESS, ms.FAILED) == (0, 1)
    mark = lambda f: f  # noqa: E731
    assert ms.lazy_inline(mark) is mark and ms.no_inline(mark) is mark
    assert ms.lazy_inline(policy="front")(mark) is mark
    assert ms.default_generator.manual_seed(5).initial_seed() == 5
    assert ms.Generator().seed() == ms.initial_seed()
    assert ms.common.RowTensor is ms.RowTensor and ms.common.COOTensor is ms.COOTensor
    with pytest.raises(AttributeError):
        _ = ms.common.NoSuchThing
    assert ms.dtype_to_nptype(ms.int8) is np.int8 and ms.pytype_to_dtype(int) == ms.int64


def test_log(caplog, monkeypatch):
    logging.getLogger("mslearn").propagate = True
    monkeypatch.setenv("GLOG_v", "1")
    with caplog.at_level(logging.DEBUG):
        ms.log.debug("one")
        ms.log.info("two %d", 2)
        ms.log.warning("three")
        ms.log.error("four")
        ms.log.critical("five")
    assert [r.getMessage() for r in caplog.records] == ["two 2", "three", "four", "five"]
    assert ms.get_level() == 1 and ms.get_log_config()["GLOG_v"] == "1"


def test_profiler(tmp_path):
    profiler = ms.Profiler(output_path=str(tmp_path / "out"))
    x = Tensor([1.0, 2.0])
    ms.grad(lambda x: (x * x).sum())(x)
    with pytest.raises(RuntimeError, match="runs already"):
        profiler.start()
    profiler.analyse()
    _ = x.exp()  # not noted any more
    rows = {name: count for name, count, _ in profiler.rows()}
    assert rows["ReduceSum"] == 1 and rows["Mul"] >= 2 and "Exp" not in rows
    with (tmp_path / "out" / "operators.csv").open(encoding="utf-8") as file:
        assert next(csv.reader(file)) == ["operation", "count", "milliseconds"]
    assert "Mul" in repr(profiler)
    with pytest.raises(RuntimeError, match="does not run"):
        profiler.stop()
    with profiler:
        _ = x.exp()
    assert "Exp" in {name for name, _, _ in profiler.rows()}
    with ms.Profiler(start_profile=False):
        pass
    assert ms.profiler.Profiler is ms.Profiler
