"""`hal`, `runtime` and `device_context` where a backend knows more than that of a CPU."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from backends.conftest import GPU

import mslearn as ms
from mslearn import backends, hal, runtime
from mslearn.backends import hardware, onnx_hardware, providers, registry, settings
from mslearn.backends.mindspore_backend import MindSporeHardware
from mslearn.backends.onnx_hardware import OnnxHardware
from mslearn.device_context import ascend, cpu, gpu, setting
from mslearn.runtime import checking

ROOT = Path(__file__).parents[2]


@pytest.fixture
def logged(caplog):
    logging.getLogger("mslearn").propagate = True
    setting._told.clear()
    with caplog.at_level(logging.WARNING):
        yield lambda: " ".join(record.getMessage() for record in caplog.records)


class Chip(hardware.Hardware):
    """Two devices of which everything is known."""

    def __init__(self):
        self.heard, self.done = [], []

    count = staticmethod(lambda: 2)
    name = staticmethod(lambda number: f"Chip {number}")
    capability = staticmethod(lambda number: (9, number))
    properties = staticmethod(lambda number: {"total_memory": 64})
    arch_list = staticmethod(lambda: "c90")
    memory = staticmethod(lambda: {"reserved": 8, "allocated": 5, "max_allocated": 7})

    def reset_peak(self, *names):
        self.done.append(names)

    def empty_cache(self):
        self.done.append("empty")

    def limit_memory(self, size):
        self.done.append(size)

    def synchronize(self):
        self.done.append("wait")

    def tune(self, name, *values):
        self.heard.append((name, *values))
        return name != "op_debug.execute_timeout"


@pytest.fixture
def chip(monkeypatch):
    """A backend that reaches "Ascend", as a package would bring it."""
    found = Chip()

    class ChipBackend(backends.Backend):
        name, targets = "chip", ("Ascend",)

        def probe(self, target):
            return backends.DeviceInfo(target, "chip", True, "two chips")

        def hardware(self, target):
            return found

    class Point:
        name = "chip"

        def load(self):
            return ChipBackend

    monkeypatch.setattr(registry, "entry_points", lambda group: [Point()])
    registry.backend.cache_clear()
    yield found
    registry.backend.cache_clear()


def test_devices_of_a_backend(chip, logged):
    assert hal.is_available("Ascend") and ascend.is_available()
    assert hal.device_count("Ascend") == ascend.device_count() == 2
    assert hal.get_device_name(1, "Ascend") == "Chip 1"
    assert hal.get_device_capability(1, "Ascend") == (9, 1)
    assert hal.get_device_properties(0, "Ascend") == {"total_memory": 64}
    assert hal.get_arch_list("Ascend") == "c90"
    assert not hal.is_initialized("Ascend")
    assert logged() == ""
    with pytest.raises(ValueError, match="less than the number of devices, 2"):
        hal.get_device_name(2, "Ascend")


def test_memory_of_a_backend(chip, monkeypatch):
    assert hal.memory_allocated("Ascend") == 5 and hal.memory_reserved("Ascend") == 8
    assert hal.max_memory_allocated("Ascend") == 7 and hal.memory_allocated() == 0
    hal.reset_peak_memory_stats("Ascend")
    monkeypatch.setitem(ms.core.context.settings, "device_target", "Ascend")
    assert runtime.memory_stats()["total_allocated_memory"] == 5
    assert "total reserved" in runtime.memory_summary() and hal.is_initialized("Ascend")
    monkeypatch.setattr(checking, "_done", set())
    runtime.set_memory(max_size="0.5GB")
    assert chip.done.pop() == 2**29
    runtime.reset_max_memory_allocated()
    runtime.empty_cache()
    runtime.synchronize()
    assert "Ascend" in repr(runtime.current_stream())
    assert chip.done == [("max_reserved", "max_allocated"), ("max_allocated",), "empty", "wait"]


def test_settings_go_to_the_backend(chip, logged):
    ascend.op_precision.precision_mode("force_fp16")
    ascend.op_tuning.aclnn_cache(cache_queue_length=5)
    assert chip.heard == [("op_precision.precision_mode", "force_fp16"),
                          ("op_tuning.aclnn_cache", False, 5)]  # fmt: skip
    assert logged() == ""
    ascend.op_debug.execute_timeout(3)
    assert "its runtime has no such setting" in logged()
    with pytest.raises(ValueError, match="mode must be one of"):
        ascend.op_precision.precision_mode("force_fp61")
    with pytest.raises(TypeError, match="config must be a dict"):
        ascend.op_debug.aclinit_config(3)


def test_without_a_device_the_log_says_so_once(logged):
    if GPU.available:
        pytest.skip("there is a GPU")
    for _ in range(2):
        gpu.op_precision.matmul_allow_tf32(True)
    assert logged().count("device_context.gpu.op_precision.matmul_allow_tf32") == 1
    assert not gpu.is_available() and "cannot be reached from here" in logged()
    with pytest.raises(RuntimeError, match=r"hal\.is_available\('GPU'\) says why"):
        gpu.device_count()


def test_settings_become_options_of_onnx_runtime(monkeypatch):
    monkeypatch.setattr(onnx_hardware, "_tf32", dict(onnx_hardware._tf32))
    backends.configure("GPU", threads=2, provider_options={"device_id": "0"})
    try:
        one = OnnxHardware("GPU")
        assert one.tune("op_precision.matmul_allow_tf32", True)  # convolutions are allowed at first
        assert one.tune("op_tuning.conv_fprop_algo", "normal")
        assert not one.tune("op_tuning.conv_fprop_algo", "winograd")
        assert settings.of("gpu").settings == settings.Settings(
            "GPU", None, {"device_id": "0", "use_tf32": "1", "cudnn_conv_algo_search": "HEURISTIC"},
            2,
        )  # fmt: skip
        assert one.tune("op_precision.conv_allow_tf32", False)
        assert settings.of("gpu").settings.provider_options["use_tf32"] == "0"
    finally:
        backends.configure("GPU")
    keys = providers.PROVIDERS
    for target, known in onnx_hardware.OPTIONS.items():
        for option, _ in known.values():
            assert option in keys[target].keys.split()
    assert not OnnxHardware("Intel").tune("op_precision.precision_mode", "force_fp16")


def test_mindspore_answers_for_its_devices():
    """`mslearn` has MindSpore's functions, so it stands for the module here."""
    one = MindSporeHardware(ms, "CPU")
    assert (one.count(), one.name(0), one.properties(0)) == (1, "CPU", None)
    assert one.memory()["max_allocated"] == one.memory()["total_reserved"] == 0
    one.reset_peak("max_reserved", "max_allocated")
    one.empty_cache()
    one.synchronize()
    assert MindSporeHardware(ms, "Ascend").tune("op_tuning.aoe_job_type", "1")


@pytest.mark.oracle
@pytest.mark.skipif(
    not os.environ.get("MSLEARN_ORACLE"), reason="MSLEARN_ORACLE names no Python with MindSpore"
)
def test_mindspore_itself_answers():
    program = """
from mslearn import hal, ops, Tensor
from mslearn.backends import hardware
import mindspore
name = "MindSpore-CPU"
assert hal.is_available(name) and hal.device_count(name) == 1
assert hal.get_device_name(0, name) == "CPU" and hal.get_device_properties(0, name) is None
mindspore.ops.add(mindspore.Tensor([1.0]), 1).asnumpy()  # its memory is known from then on
(one,) = hardware.every(name)
assert one.memory()["max_allocated"] == hal.memory_allocated(name) == 0
hal.reset_peak_memory_stats(name)
one.synchronize()
assert one.tune("op_tuning.threads_num", 2)
print("good")
"""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    child = [os.environ["MSLEARN_ORACLE"], "-c", program]
    out = subprocess.run(child, env=env, capture_output=True, text=True, timeout=1800)
    assert out.stdout.strip().endswith("good"), out.stdout + out.stderr


def test_other_targets_of_mslearn(logged):
    assert hal.is_available("ONNX-CPU") and hal.device_count("ONNX-CPU") == 1
    assert hal.get_device_name(0, "ONNX-CPU") == "ONNX-CPU"
    with pytest.raises(ValueError, match="mslearn devices"):
        hal.is_available("onnx-cpu")


def test_events_measure_time():
    start, end = (ms.Event(enable_timing=True) for _ in range(2))
    began = time.perf_counter()
    start.record()
    time.sleep(0.02)
    ms.current_stream().record_event(end)
    assert 15 < start.elapsed_time(end) <= (time.perf_counter() - began) * 1000 + 1
    with pytest.raises(RuntimeError, match="must have been recorded"):
        start.elapsed_time(ms.Event())


def test_limits_are_kept():
    stream = ms.Stream()
    with runtime.StreamLimitCtx(stream, 4):
        assert runtime.get_stream_limit(stream) == {"cube_core_num": 4, "vector_core_num": 0}
    runtime.set_device_limit(1, vector_num=3)
    assert runtime.get_device_limit(1)["vector_core_num"] == 3
    assert runtime.get_stream_limit(stream)["cube_core_num"] == 0


def test_an_allocator_of_ones_own_is_refused_with_the_reason():
    if sys.platform != "linux":
        pytest.skip("needs a shared library by name")
    pool = ms.MemPool(ms.PluggableAllocator("libc.so.6", "malloc", "free"))
    with pytest.raises(RuntimeError, match="Ascend alone"), ms.use_mem_pool(pool):
        pass


CHILD = """
import json, os, sys
import mslearn as ms
from mslearn.core.threads import thread_count
given = json.loads(sys.argv[1])
ms.device_context.cpu.op_tuning.threads_num(2)
ms.set_memory(max_size="1GB")
ms.set_cpu_affinity(True, **given)
found = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
print(json.dumps([found, thread_count(), ms.get_context("runtime_num_threads")]))
"""


@pytest.mark.parametrize("way", ["list", "dict", "positions", "file"])
def test_cores_and_threads(way, tmp_path):
    present = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]
    last = present[-1]
    file = tmp_path / "bind.json"
    file.write_text(json.dumps({"bind_cpu": {"device0": {"main": f"{last}-{last}"}}}))
    given = {
        "list": {"affinity_cpu_list": [f"{last}-{last}"]},
        "dict": {"affinity_cpu_list": {"device0": [f"{last}"]}},
        "positions": {"module_to_cpu_dict": {"main": [len(present) - 1, 9999], "runtime": [0]}},
        "file": {"bind_file": str(file)},
    }[way]
    child = subprocess.run(
        [sys.executable, "-c", CHILD, json.dumps(given)], capture_output=True, text=True,
        check=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    cores, threads, said = json.loads(child.stdout)
    if cores is not None:
        assert cores == [last] and f"to the cores [{last}]" in child.stderr
    assert said == 2 and threads in (1, 2)  # 1 without OpenBLAS


@pytest.mark.skipif(not GPU.available, reason=f"there is no GPU with CuPy: {GPU.reason}")
def test_a_gpu_tells_about_itself():
    assert hal.device_count("GPU") >= 1 and len(hal.get_device_name(0, "GPU")) > 3
    found = hal.get_device_properties(0, "GPU")
    assert (found.major, found.minor) == hal.get_device_capability(0, "GPU")
    assert found.total_memory > 1e9 and found.warp_size == 32
    ms.set_context(device_target="GPU")
    try:
        runtime.reset_peak_memory_stats()
        before = runtime.memory_allocated()
        x = ms.ops.exp(ms.Tensor(np.ones((256, 1024), np.float32)))
        runtime.synchronize()
        assert runtime.memory_allocated() - before >= x.nbytes
        del x
        assert runtime.max_memory_allocated() - before >= 2**20
        runtime.empty_cache()
        assert runtime.memory_reserved() <= runtime.max_memory_reserved()
    finally:
        ms.set_context(device_target="CPU")
    assert cpu.is_available()
