"""`runtime`, `hal` and `device_context`: signatures, and what calls give on a CPU.

The calls run in a process of their own, in this order, because some work once in a process. Of
each the result is noted (a number, text or None as it is, of other things the kind), or the class
of the error, and how loud the log was. What is called for the first time stands in FIRST as well:
MindSpore 2.10 on a CPU passes the first call over.
"""

from __future__ import annotations

import importlib
import inspect
import json
import os
import subprocess
import sys
from pathlib import Path

FIRST = """
rt.synchronize() | rt.current_stream() | rt.default_stream() | rt.communication_stream()
rt.set_cur_stream(None) | rt.StreamCtx(None) | rt.Stream().query() | rt.Stream().record_event()
rt.Stream().wait_event(E) | rt.Stream().wait_stream(rt.Stream()) | rt.Event(True) | E.wait()
"""
CALLS = """
hal.is_available("CPU") | hal.is_available("GPU") | hal.is_available("Ascend")
hal.is_available("cpu") | hal.is_available(None) | hal.is_available(3) | hal.is_available()
ops.add(x, x).shape | hal.is_initialized("CPU") | hal.is_initialized("GPU")
hal.is_initialized("npu") | hal.is_initialized(3) | hal.is_initialized()
hal.device_count() | hal.device_count("CPU") | hal.device_count("GPU") | hal.device_count("Ascend")
hal.device_count("nosuch") | hal.device_count(3)
hal.get_device_name(0) | hal.get_device_name(0, "CPU") | hal.get_device_name(0, "GPU")
hal.get_device_name(1) | hal.get_device_name(-1) | hal.get_device_name("0")
hal.get_device_name(0.0) | hal.get_device_name(True) | hal.get_device_name(0, "nosuch")
hal.get_device_capability(0) | hal.get_device_capability(0, "GPU") | hal.get_device_capability(2)
hal.get_device_properties(0) | hal.get_device_properties(0, "Ascend")
hal.get_arch_list() | hal.get_arch_list("GPU") | hal.get_arch_list("XPU")
hal.memory_stats() | hal.memory_stats("CPU") | hal.memory_stats("GPU") | hal.memory_stats(3)
hal.memory_allocated() | hal.memory_allocated() | hal.memory_allocated("GPU")
hal.memory_reserved() | hal.memory_reserved("CPU") | hal.max_memory_allocated()
hal.max_memory_reserved() | hal.max_memory_reserved("Ascend") | hal.memory_summary()
hal.empty_cache() | hal.reset_peak_memory_stats() | hal.reset_peak_memory_stats("GPU")
hal.reset_max_memory_allocated() | hal.reset_max_memory_reserved() | hal.synchronize()
hal.synchronize() | hal.current_stream() | hal.default_stream() | hal.communication_stream()
hal.set_cur_stream(3) | hal.set_cur_stream(None) | hal.set_cur_stream(hal.Stream())
rt.memory_stats() | rt.memory_allocated() | rt.memory_reserved() | rt.max_memory_allocated()
rt.max_memory_reserved() | rt.memory_summary() | rt.empty_cache() | rt.reset_peak_memory_stats()
rt.reset_max_memory_allocated() | rt.reset_max_memory_reserved() | rt.memory_replay("x")
rt.memory_replay(3) | rt.synchronize() | rt.current_stream() | rt.default_stream()
rt.communication_stream() | rt.Stream() | rt.Stream(1) | rt.Stream(priority=-1) | rt.Stream("a")
rt.Stream(0.5) | rt.Stream(True) | rt.Stream(stream=rt.current_stream()) | rt.Stream(stream_id=3)
rt.Stream(nosuch=3) | rt.Stream().id | rt.Stream().device_id | rt.Stream().device_name
rt.Stream().query() | rt.Stream().synchronize() | rt.Stream().wait_stream(rt.Stream())
rt.Stream().wait_stream(3) | rt.Stream().record_event() | rt.Stream().record_event(E)
rt.Stream().record_event(3) | rt.Stream().wait_event(E) | rt.Stream().wait_event(3)
rt.Stream() == rt.Stream() | rt.current_stream() == rt.default_stream() | rt.Stream() == 3
hash(rt.Stream()) == hash(rt.Stream()) | str(rt.Stream()) | rt.set_cur_stream(rt.Stream())
rt.set_cur_stream(None) | rt.set_cur_stream(3) | rt.Event() | str(rt.Event()) | rt.Event(True)
str(rt.Event(True, True)) | rt.Event(3) | rt.Event(enable_timing=1) | rt.Event(blocking="a")
rt.Event(True).record() | rt.Event().record(rt.Stream()) | rt.Event().record(3)
rt.Event().wait() | rt.Event().wait(rt.Stream()) | rt.Event().wait(3) | rt.Event().query()
rt.Event().synchronize() | rt.Event().elapsed_time(rt.Event()) | rt.Event(True).elapsed_time(3)
rt.Stream().record_event().elapsed_time(rt.Stream().record_event()) | str(E.record() or E)
rt.StreamCtx(rt.Stream()) | rt.StreamCtx(None) | rt.StreamCtx(3) | rt.StreamCtx(None).__enter__()
rt.StreamCtx(rt.Stream()).__enter__() | rt.get_stream_limit(3) | rt.set_stream_limit(3)
rt.set_stream_limit(rt.Stream()) | rt.set_stream_limit(rt.Stream(), "a")
rt.reset_stream_limit(rt.Stream()) | rt.reset_stream_limit(3) | rt.get_device_limit("a")
rt.set_device_limit(0, 4, 4) | rt.set_device_limit("a") | rt.set_device_limit(0, "a")
sorted(rt.get_stream_limit(rt.Stream())) | sorted(rt.get_device_limit(0)) | rt.StreamLimitCtx(3)
rt.StreamLimitCtx(rt.Stream(), 1, 1).__enter__() | rt.PluggableAllocator("a.so", "f", "g")
rt.PluggableAllocator(3, "f", "g") | rt.MemPool(3) | rt.use_mem_pool(3).__enter__()
rt.launch_blocking() | rt.launch_blocking() | rt.launch_blocking(True)
rt.dispatch_threads_num("2") | rt.dispatch_threads_num(2.0) | rt.dispatch_threads_num(0)
rt.dispatch_threads_num(-1) | rt.dispatch_threads_num(True) | rt.dispatch_threads_num()
rt.dispatch_threads_num(threads_num=3) | rt.dispatch_threads_num(2) | rt.dispatch_threads_num(0)
rt.dispatch_threads_num("2")
rt.set_kernel_launch_group("a") | rt.set_kernel_launch_group(2.0)
rt.set_kernel_launch_group(0, 8) | rt.set_kernel_launch_group(2, 0)
rt.set_kernel_launch_group(3, 8) | rt.set_kernel_launch_group(8, 2)
rt.set_kernel_launch_group(2, True) | rt.set_kernel_launch_group(4, 16)
rt.set_kernel_launch_group() | rt.set_kernel_launch_group("a")
rt.set_kernel_launch_capture(True) | rt.set_kernel_launch_capture(3)
rt.set_memory(init_size=3) | rt.set_memory(init_size="1") | rt.set_memory(init_size="1MB")
rt.set_memory(init_size="0GB") | rt.set_memory(init_size="-1GB") | rt.set_memory(init_size="1 GB")
rt.set_memory(init_size="1gb") | rt.set_memory(init_size="01GB") | rt.set_memory(init_size="GB")
rt.set_memory(increase_size="1XB") | rt.set_memory(max_size="1TB") | rt.set_memory(max_size="0GB")
rt.set_memory(optimize_level="O2") | rt.set_memory(optimize_level=1)
rt.set_memory(huge_page_reserve_size="x") | rt.set_memory("1GB", "1GB", "4GB", "O0", "0GB", 5)
rt.set_memory("1.5GB", "0.5GB", "4GB", "O1", "0GB") | rt.set_memory() | rt.set_memory(init_size=3)
rt.set_cpu_affinity(True, 3) | rt.set_cpu_affinity(True, None, 3)
rt.set_cpu_affinity(True, {}) | rt.set_cpu_affinity(True, {"device1": ["0-0"]})
rt.set_cpu_affinity(True, ["x"]) | rt.set_cpu_affinity(True, ["9990-9991"])
rt.set_cpu_affinity(True, {"device0": "0-0"}) | rt.set_cpu_affinity(True, ["0-0"], {"main": "0"})
rt.set_cpu_affinity(True, None, None, "nosuch.json") | rt.set_cpu_affinity(True, None, None, 3)
rt.set_cpu_affinity(True, ["0-0"], {"main": ["a"]}) | rt.set_cpu_affinity(False)
rt.set_cpu_affinity(False) | rt.set_cpu_affinity(True)
cpu.is_available() | cpu.device_count() | gpu.is_available() | gpu.device_count()
ascend.is_available() | ascend.device_count()
cpu.op_tuning.threads_num("2") | cpu.op_tuning.threads_num(2.5) | cpu.op_tuning.threads_num(0)
cpu.op_tuning.threads_num(-3) | cpu.op_tuning.threads_num(True) | cpu.op_tuning.threads_num()
cpu.op_tuning.threads_num(num=2) | cpu.op_tuning.threads_num(2) | cpu.op_tuning.threads_num(0)
ascend.op_precision.precision_mode("force_fp16") | ascend.op_precision.op_precision_mode("a.ini")
ascend.op_precision.op_precision_mode(3) | ascend.op_precision.matmul_allow_hf32(True)
ascend.op_precision.matmul_allow_hf32(3) | ascend.op_precision.conv_allow_hf32(False)
ascend.op_precision.conv_allow_hf32("a") | ascend.op_tuning.op_compile(True)
ascend.op_tuning.aoe_tune_mode("online") | ascend.op_tuning.aoe_job_type("1")
ascend.op_tuning.aclnn_cache(True, 100) | ascend.op_debug.execute_timeout(10)
ascend.op_debug.execute_timeout("a") | ascend.op_debug.debug_option("oom")
gpu.op_precision.matmul_allow_tf32(True) | gpu.op_precision.matmul_allow_tf32(3)
gpu.op_precision.conv_allow_tf32(True) | gpu.op_precision.conv_allow_tf32("a")
gpu.op_tuning.conv_fprop_algo("normal") | gpu.op_tuning.conv_fprop_algo("nosuch")
gpu.op_tuning.conv_dgrad_algo("algo_0") | gpu.op_tuning.conv_dgrad_algo("implicit_gemm")
gpu.op_tuning.conv_wgrad_algo("algo_3") | gpu.op_tuning.conv_wgrad_algo("implicit_gemm")
gpu.op_tuning.conv_wgrad_algo(3)
"""
CAPTURE = """
rt.set_kernel_launch_capture(True) | rt.set_kernel_launch_capture(False)
rt.set_kernel_launch_capture(3) | rt.set_kernel_launch_capture(True, ["Add"])
rt.set_kernel_launch_capture(True, "Add") | rt.set_kernel_launch_capture(True, [3])
rt.set_kernel_launch_group() | rt.set_kernel_launch_group("a")
"""
cases = {}


def calls(text):
    """The calls that stand in a text."""
    return [call.strip() for line in text.strip().split("\n") for call in line.split(" | ")]


def described(parameter):
    """A parameter: its kind, name and default."""
    if parameter.default is parameter.empty:
        return [parameter.kind.name, parameter.name]
    return [parameter.kind.name, parameter.name, parameter.default]


def signatures(path):
    """A case: the parameters of a module's functions and classes."""

    def run(ms):
        module = importlib.import_module(f"{ms.__name__}.{path}")
        return [[name, _parameters(getattr(module, name))] for name in SIGNATURES[path]]

    return run


def _parameters(value):
    if not inspect.isclass(value):
        return [described(p) for p in inspect.signature(value).parameters.values()]
    methods = METHODS.get(value.__name__, ())
    own = [described(p) for p in inspect.signature(value).parameters.values()]
    return [own, *([n, _parameters(getattr(value, n))] for n in methods)]


METHODS = {
    "Stream": ("query", "record_event", "synchronize", "wait_event", "wait_stream"),
    "Event": ("elapsed_time", "query", "record", "synchronize", "wait"),
}
_SETTINGS = {
    "cpu": "device_count is_available threads_num",
    "gpu": "conv_allow_tf32 conv_dgrad_algo conv_fprop_algo conv_wgrad_algo device_count "
    "is_available matmul_allow_tf32",
    "ascend": "aclinit_config aclnn_cache aoe_job_type aoe_tune_mode conv_allow_hf32 debug_option "
    "device_count execute_timeout is_available matmul_allow_hf32 op_compile op_precision_mode "
    "precision_mode",
}
_STREAM = "communication_stream current_stream default_stream set_cur_stream synchronize"
_MEMORY = """empty_cache max_memory_allocated max_memory_reserved memory_allocated memory_reserved
memory_stats memory_summary reset_max_memory_allocated reset_max_memory_reserved
reset_peak_memory_stats"""
_LIMITS = "get_device_limit set_device_limit"
_PER_STREAM = "StreamLimitCtx get_stream_limit reset_stream_limit set_stream_limit"
_DEVICE = """device_count get_arch_list get_device_capability get_device_name
get_device_properties is_available is_initialized"""
_START = "dispatch_threads_num launch_blocking set_kernel_launch_capture set_kernel_launch_group"
_POOL = "MemPool PluggableAllocator memory_replay set_memory use_mem_pool"
SIGNATURES = {
    "runtime": f"Event Stream StreamCtx {_STREAM} {_MEMORY} {_POOL} {_LIMITS} {_PER_STREAM} "
    f"{_START} set_cpu_affinity",
    "runtime.event": "Event",
    "runtime.stream": f"Stream StreamCtx {_STREAM}",
    "runtime.memory": f"{_MEMORY} {_POOL}",
    "runtime.executor": f"{_START} set_cpu_affinity",
    "runtime.device_limit": _LIMITS,
    "runtime.stream_limit": _PER_STREAM,
    "hal": f"Event Stream StreamCtx {_STREAM} {_MEMORY} {_DEVICE}",
    "hal.device": _DEVICE,
    "hal.event": "Event",
    "hal.memory": _MEMORY,
    "hal.stream": f"Stream StreamCtx {_STREAM}",
    **{f"device_context.{kind}": names for kind, names in _SETTINGS.items()},
    "device_context.cpu.op_tuning": "threads_num",
    "device_context.gpu.op_precision": "conv_allow_tf32 matmul_allow_tf32",
    "device_context.gpu.op_tuning": "conv_dgrad_algo conv_fprop_algo conv_wgrad_algo",
    "device_context.ascend.op_debug": "aclinit_config debug_option execute_timeout",
    "device_context.ascend.op_precision": "conv_allow_hf32 matmul_allow_hf32 op_precision_mode "
    "precision_mode",
    "device_context.ascend.op_tuning": "aclnn_cache aoe_job_type aoe_tune_mode op_compile",
}
SIGNATURES = {path: names.split() for path, names in SIGNATURES.items()}
for _path in SIGNATURES:
    cases[f"signatures of {_path}"] = signatures(_path)

CHILD = """
import importlib, json, logging, sys
name, first, calls = json.loads(sys.argv[1])
ms = importlib.import_module(name)
context = importlib.import_module(name + ".device_context")
names = dict(ms=ms, rt=ms.runtime, hal=ms.hal, ops=ms.ops, cpu=context.cpu, gpu=context.gpu)
names.update(ascend=context.ascend, x=ms.Tensor([1.0]))
levels = []
class Levels(logging.Handler):
    def emit(self, record):
        levels.append(record.levelname)
log = ms.log._get_logger() if name == "mindspore" else logging.getLogger(name)
log.handlers[:] = [Levels()]
def run(call):
    del levels[:]
    try:
        found = eval(call, names)
    except Exception as error:
        found = "! " + type(error).__name__
    if isinstance(found, dict):
        found = json.dumps(found, sort_keys=True)
    long = isinstance(found, str) and "\\n" in found
    if long or not isinstance(found, (bool, int, str, list, tuple, type(None))):
        found = type(found).__name__
    return [found, sorted(set(levels) & {"WARNING", "ERROR"})]
for call in first:
    run(call)
names["E"] = ms.runtime.Event()
for call in first:
    run(call)
print("RESULTS" + json.dumps([[call, *run(call)] for call in calls]))
"""


# How a program for an NPU chooses its device, sets it up, times a step and looks at its memory.
PROGRAM = """
import json, numpy as np, mindspore as ms
from mindspore import nn, hal
from mindspore.device_context import ascend, cpu, gpu
target = next(t for t in ("Ascend", "GPU", "CPU") if hal.is_available(t))
ms.set_device(target)
if target == "Ascend":
    ms.device_context.ascend.op_precision.precision_mode("allow_mix_precision")
else:
    cpu.op_tuning.threads_num(1)
ms.runtime.set_memory(init_size="1GB", max_size="2GB", optimize_level="O0")
ms.runtime.launch_blocking()
rng = np.random.default_rng(0)
weight = ms.Tensor(rng.standard_normal((3, 4)).astype(np.float32))
net = nn.Dense(4, 3, weight_init=weight, bias_init="zeros")
optimizer = nn.SGD(net.trainable_params(), 0.5)
step = ms.value_and_grad(lambda x, y: nn.CrossEntropyLoss()(net(x), y), None, optimizer.parameters)
x = ms.Tensor(rng.standard_normal((8, 4)).astype(np.float32))
y = ms.Tensor((np.arange(8) % 3).astype(np.int32))
losses = []
start, end = hal.Event(enable_timing=True), hal.Event(enable_timing=True)
hal.reset_peak_memory_stats()
with hal.StreamCtx(hal.Stream()):
    start.record()
    for _ in range(5):
        loss, grads = step(x, y)
        optimizer(grads)
        losses.append(round(float(loss.asnumpy()), 4))
    end.record()
end.synchronize()
hal.synchronize()
assert start.elapsed_time(end) >= 0 and hal.current_stream().query()
print("RESULTS" + json.dumps([target, hal.get_device_name(0), hal.device_count(),
    hal.is_initialized(target), hal.max_memory_allocated(), ms.runtime.memory_reserved(), losses]))
"""


def _answers(ms, text):
    given = json.dumps([ms.__name__, calls(FIRST), calls(text)])
    return _child(ms, CHILD, given)


def _child(ms, program, *given):
    path = os.pathsep.join([str(Path(ms.__file__).parent.parent), os.environ.get("PYTHONPATH", "")])
    child = subprocess.run(
        [sys.executable, "-c", program, *given], capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    return json.loads(child.stdout.partition("RESULTS")[2])


cases["calls of runtime, hal and device_context"] = lambda ms: _answers(ms, CALLS)
cases["calls of set_kernel_launch_capture"] = lambda ms: _answers(ms, CAPTURE)
cases["names of runtime at the top"] = lambda ms: [
    getattr(ms, name) is getattr(ms.runtime, name) for name in SIGNATURES["runtime"]
]
cases["a program for an NPU"] = lambda ms: _child(ms, PROGRAM.replace("mindspore", ms.__name__))
