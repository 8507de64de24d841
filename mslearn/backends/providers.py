"""ONNX Runtime's execution providers: what each reaches, needs and computes in.

`missing` finds out itself whether a device is there (its driver's library, its device file, what
the runtime lists), because the runtimes' own messages mislead, and some quietly take the CPU.
"""

from __future__ import annotations

import ctypes.util
import dataclasses
import glob
import importlib
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from mslearn.backends import words
from mslearn.backends.base import BackendError
from mslearn.backends.loading import installed, no_file
from mslearn.backends.settings import device_number
from mslearn.backends.words import Text, either, joined, say, warn
from mslearn.core.errors import did_you_mean


@dataclasses.dataclass(frozen=True)
class Provider:
    """One target of ONNX Runtime.

    Attributes:
        name: the execution provider's.
        precision: the floating dtype that it computes in.
        hint: how to get it.
        plugin: the module that carries the provider as a library of its own, or "". The runtime
            may have the provider built in all the same.
        kind: the kind of device, "NPU" or "GPU", that a plug-in must list; "" for any.
        libraries: shared libraries of the driver; one of them must be found.
        files: patterns of device files, of which one must be there (on Linux).
        options: the provider's options, unless others are given. A plug-in on a real device
            finds out itself what it runs on.
        keys: the names of its options, from its documentation.
        number: the option that says which of several devices to take, or "".
        memory: the runtime's name of the device's own memory, where Parameters stay from step to
            step; "" where it reads the host's.
    """

    name: str
    precision: str
    hint: str
    plugin: str = ""
    kind: str = ""
    libraries: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    options: dict[str, str] = dataclasses.field(default_factory=dict)
    keys: str = ""
    number: str = ""
    memory: str = ""


PROVIDERS = {
    "ONNX-CPU": Provider("CPUExecutionProvider", "float32", 'pip install "mslearn[npu]"'),
    "Ascend": Provider(
        "CANNExecutionProvider", "float16",
        Text("Install the card's driver and the CANN toolkit (source its set_env.sh), then "
             "pip install onnxruntime-cann in place of onnxruntime",
             "安装板卡驱动和 CANN 工具包（先 source 其中的 set_env.sh），然后用 "
             "pip install onnxruntime-cann 代替 onnxruntime"),
        libraries=("ascendcl",), files=("/dev/davinci[0-9]*",), number="device_id",
        # Else the runtime leaves a file of the compiled model in the present folder.
        options={"precision_mode": "allow_fp32_to_fp16", "dump_om_model": "0"},
        keys="device_id npu_mem_limit arena_extend_strategy do_copy_in_default_stream "
             "enable_cann_graph enable_cann_subgraph dump_graphs dump_om_model precision_mode "
             "op_select_impl_mode optypelist_for_implmode",
    ),
    "Qualcomm": Provider(
        "QNNExecutionProvider", "float16",
        Text('pip install "mslearn[qualcomm]" (Linux and Windows; it carries an emulator for x86)',
             'pip install "mslearn[qualcomm]"（Linux 和 Windows；其中带有 x86 上的模拟器）'),
        plugin="onnxruntime_qnn", options={"soc_model": "60"}, number="device_id",
        keys="backend_path backend_type profiling_level profiling_file_path rpc_control_latency "
             "vtcm_mb htp_performance_mode qnn_saver_path qnn_context_priority "
             "htp_graph_finalization_optimization_mode soc_model htp_arch device_id "
             "enable_htp_fp16_precision offload_graph_io_quantization "
             "enable_htp_spill_fill_buffer enable_htp_shared_memory_allocator "
             "dump_json_qnn_graph json_qnn_graph_dir op_packages skip_qnn_version_check "
             "extended_udma enable_vtcm_backup_buffer_sharing htp_share_resource_optimization",
    ),
    "Intel": Provider(
        "OpenVINOExecutionProvider", "float16",
        Text("pip install onnxruntime-ep-openvino, with Intel's NPU driver",
             "安装英特尔的 NPU 驱动，再 pip install onnxruntime-ep-openvino"),
        plugin="onnxruntime_ep_openvino", kind="NPU",
        libraries=("ze_intel_vpu", "ze_intel_npu"), files=("/dev/accel/accel[0-9]*",),
        options={"device_type": "NPU"},
        keys="device_type precision num_of_threads num_streams cache_dir load_config "
             "enable_qdq_optimizer disable_dynamic_shapes reshape_input layout model_priority "
             "enable_opencl_throttling",
    ),
    "AMD": Provider(
        "VitisAIExecutionProvider", "bfloat16",
        Text("Install the Ryzen AI software, which brings its own onnxruntime",
             "安装 Ryzen AI 软件，其中自带 onnxruntime"),
        files=("/dev/accel/accel[0-9]*",),
        keys="config_file cache_dir cache_key log_level xclbin xlnx_enable_py3_round "
             "enable_cache_file_io_in_mem encryption_key target opt_level",
    ),
    "Apple": Provider(
        "CoreMLExecutionProvider", "float16",
        Text("On macOS: pip install onnxruntime, which has it built in",
             "在 macOS 上 pip install onnxruntime，里面自带"),
        # The older format wants weights as constants; a training step's change.
        options={"ModelFormat": "MLProgram"},
        keys="ModelFormat MLComputeUnits RequireStaticInputShapes EnableOnSubgraphs "
             "SpecializationStrategy ProfileComputePlan AllowLowPrecisionAccumulationOnGPU "
             "ModelCacheDirectory",
    ),
    "DirectML": Provider(
        "DmlExecutionProvider", "float32",
        Text("On Windows: pip install onnxruntime-directml in place of onnxruntime",
             "Windows 上用 pip install onnxruntime-directml 代替 onnxruntime"),
        number="device_id", memory="dml",
        keys="device_id disable_metacommands enable_dynamic_graph_fusion enable_graph_capture "
             "performance_preference device_filter",
    ),
    "GPU": Provider(
        "CUDAExecutionProvider", "float32",
        Text('pip install "onnxruntime-gpu[cuda,cudnn]" in place of onnxruntime, with NVIDIA\'s '
             "driver",
             '装好英伟达驱动，用 pip install "onnxruntime-gpu[cuda,cudnn]" 代替 onnxruntime'),
        libraries=("cuda",), number="device_id", memory="cuda", options={"use_tf32": "0"},
        keys="device_id gpu_mem_limit arena_extend_strategy cudnn_conv_algo_search "
             "do_copy_in_default_stream use_tf32 prefer_nhwc tunable_op_enable "
             "cudnn_conv_use_max_workspace cudnn_conv1d_pad_to_nc1d enable_cuda_graph "
             "enable_skip_layer_norm_strict_mode sdpa_kernel fuse_conv_bias",
    ),
    "TensorRT": Provider(
        "TensorrtExecutionProvider", "tfloat32",
        Text('pip install "onnxruntime-gpu[cuda,cudnn]" in place of onnxruntime, with NVIDIA\'s '
             "driver and TensorRT",
             "装好英伟达驱动和 TensorRT，用 "
             'pip install "onnxruntime-gpu[cuda,cudnn]" 代替 onnxruntime'),
        libraries=("nvinfer",), number="device_id",
    ),
    "MIGraphX": Provider(
        "MIGraphXExecutionProvider", "float32",
        Text("On Linux: AMD's ROCm with MIGraphX, and pip install onnxruntime-migraphx in place "
             "of onnxruntime",
             "Linux 上装好 AMD 的 ROCm 和 MIGraphX，用 pip install onnxruntime-migraphx "
             "代替 onnxruntime"),
        libraries=("migraphx_c",), files=("/dev/kfd",), number="device_id",
    ),
    "WebGPU": Provider(
        "WebGpuExecutionProvider", "float32",
        Text("pip install onnxruntime onnxruntime-ep-webgpu, for any maker's GPU",
             "pip install onnxruntime onnxruntime-ep-webgpu，任何厂商的 GPU 都行"),
        plugin="onnxruntime_ep_webgpu", kind="GPU", number="deviceId",
        files=("/dev/dri/renderD[0-9]*", "/dev/nvidia[0-9]*"),  # or its drivers would be loaded
    ),
}  # fmt: skip
"""By target; the order is that of preference."""


def missing(one: Provider, listed: list[str], runtime: str) -> str:
    """What is not there, in words, or "" when the provider can be used."""
    found = []
    if not carried(one) and one.name not in listed:
        if one.plugin:
            found.append(say(words.PACKAGE, one.plugin.replace("_", "-")))
        else:
            found.append(say(words.NO_PROVIDER, runtime, one.name, ", ".join(listed)))
    if one.libraries and not any(map(library, one.libraries)):
        found.append(say(words.LIBRARY, either(f"lib{n}.so" for n in one.libraries)))
    if one.files and sys.platform == "linux" and (lacking := no_file(one.files)):
        found.append(lacking)
    return joined(found)


def carried(one: Provider) -> bool:
    """Whether a package that is installed carries the provider."""
    return bool(one.plugin) and installed(one.plugin)


def library(name: str) -> bool:
    """Whether the loader would find the shared library."""
    if ctypes.util.find_library(name):
        return True
    folders = os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep)
    return any(glob.glob(os.path.join(f, f"lib{name}.so*")) for f in folders if f)


def present(one: Provider, runtime: str) -> str:
    """What was found, in words, for a provider that can be used."""
    if not carried(one):
        return runtime
    package = one.plugin.replace("_", "-")
    with suppress(PackageNotFoundError):
        package += f" {version(one.plugin)}"
    text = say(words.WITH, runtime, package)
    return say(words.EMULATED, text) if emulated(one) else text


def emulated(one: Provider) -> bool:
    """Whether the provider is an emulator here: there is no Hexagon in a PC's processor."""
    machine = os.uname().machine if hasattr(os, "uname") else os.environ["PROCESSOR_ARCHITECTURE"]
    return one.plugin == "onnxruntime_qnn" and machine.lower() in ("x86_64", "amd64")


def chosen_options(one: Provider, target: str, given: Mapping[str, Any]) -> dict[str, str]:
    """The provider's options: its own, the context's ``device_id``, and those that were given. A
    warning names those that its documentation does not: most providers pass over them silently.

    Raises:
        BackendError: the CPU's provider, which has none, or a ``device_id`` that it cannot take.
    """
    options = {k: str(v) for k, v in given.items()}
    if one.name == "CPUExecutionProvider":
        if options:
            raise BackendError(
                f"The target '{target}' (onnxruntime) has no provider_options, but got "
                f"{sorted(options)}. Threads are set by threads=…"
            )
        return {}
    known = one.keys.split()
    for key in options if known else ():
        if key not in known:
            warn(
                f"The documentation of {one.name} names no option '{key}'."
                f"{did_you_mean(key, known)} The runtime may pass over it silently. Known: "
                f"{', '.join(known)}."
            )
    if number := device_number(target, bool(one.number)):
        options = {one.number: str(number), **options}
    own = one.options if emulated(one) or not carried(one) else {}
    return {**own, **options}


_registered: set[str] = set()


def open_session(
    ort: Any, one: Provider, data: bytes, settings: Any, options: dict[str, str]
) -> Any:
    """A session on the provider; a plug-in's library is registered once in a process."""
    if not carried(one):
        return ort.InferenceSession(data, settings, providers=[(one.name, options)])
    plugin = importlib.import_module(one.plugin)
    devices = plugged(ort, one)
    if not devices:
        raise RuntimeError(say(words.UNLISTED, one.plugin, one.kind))
    if hasattr(plugin, "get_qnn_htp_path"):
        options = {"backend_path": plugin.get_qnn_htp_path(), **options}
    settings.add_provider_for_devices(devices[:1], options)
    return ort.InferenceSession(data, settings)


def plugged(ort: Any, one: Provider) -> list[Any]:
    """The devices that a plug-in lists, of the kind that is meant, NPUs first."""
    if one.plugin not in _registered:
        path = importlib.import_module(one.plugin).get_library_path()
        ort.register_execution_provider_library(one.name, path)
        _registered.add(one.plugin)
    every = [d for d in ort.get_ep_devices() if d.ep_name == one.name]
    meant = [d for d in every if one.kind in ("", d.device.type.name)]
    return sorted(meant, key=lambda d: d.device.type.name != "NPU")
