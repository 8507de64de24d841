"""ONNX Runtime's execution providers: what each reaches, needs and computes in.

`missing` finds out itself whether a device is there (its driver's library, its device file, what
the runtime lists), because the runtimes' own messages mislead, and some quietly take the CPU.
"""

from __future__ import annotations

import ctypes.util
import dataclasses
import glob
import importlib.util
import os
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Any


@dataclasses.dataclass(frozen=True)
class Provider:
    """One target of ONNX Runtime.

    Attributes:
        name: the execution provider's.
        precision: the floating dtype that it computes in.
        hint: how to get it.
        plugin: the module that carries the provider as a library of its own, or "".
        libraries: shared libraries of the driver; one of them must be found.
        files: patterns of device files, of which one must be there (on Linux).
        options: the provider's options, unless others are given.
        memory: the runtime's name of the device's own memory, where Parameters stay from step to
            step; "" where it reads the host's.
    """

    name: str
    precision: str
    hint: str
    plugin: str = ""
    libraries: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    options: dict[str, str] = dataclasses.field(default_factory=dict)
    memory: str = ""


PROVIDERS = {
    "ONNX-CPU": Provider("CPUExecutionProvider", "float32", 'pip install "mslearn[npu]"'),
    "Ascend": Provider(
        "CANNExecutionProvider", "float16",
        "Install the card's driver and the CANN toolkit (source its set_env.sh), then "
        "pip install onnxruntime-cann, which needs NumPy below 2",
        libraries=("ascendcl",), files=("/dev/davinci[0-9]*",),
        options={"precision_mode": "allow_fp32_to_fp16"},
    ),
    "Qualcomm": Provider(
        "QNNExecutionProvider", "float16",
        'pip install "mslearn[qualcomm]" (Linux and Windows; it carries an emulator for x86)',
        plugin="onnxruntime_qnn", options={"soc_model": "60"},
    ),
    "Intel": Provider(
        "OpenVINOExecutionProvider", "float16",
        "pip install onnxruntime-openvino, with Intel's NPU driver",
        libraries=("ze_intel_vpu", "ze_intel_npu"), files=("/dev/accel/accel[0-9]*",),
        options={"device_type": "NPU"},
    ),
    "AMD": Provider(
        "VitisAIExecutionProvider", "float16",
        "Install the Ryzen AI software, which brings its own onnxruntime",
        files=("/dev/accel/accel[0-9]*",),
    ),
    "Apple": Provider(
        "CoreMLExecutionProvider", "float16", "pip install onnxruntime on macOS has it built in"
    ),
    "DirectML": Provider(
        "DmlExecutionProvider", "float32", "On Windows: pip install onnxruntime-directml",
        memory="dml",
    ),
    "GPU": Provider(
        "CUDAExecutionProvider", "float32", "pip install onnxruntime-gpu, with CUDA and cuDNN",
        libraries=("cuda",), memory="cuda",
    ),
}  # fmt: skip
"""By target; the order is that of preference."""


def missing(one: Provider, listed: list[str], runtime: str) -> str:
    """What is not there, in words, or "" when the provider can be used."""
    found = []
    if one.plugin:
        if importlib.util.find_spec(one.plugin) is None:
            found.append(f"the package {one.plugin.replace('_', '-')} is not installed")
    elif one.name not in listed:
        found.append(f"{runtime} has no {one.name} (it has {', '.join(listed)})")
    if one.libraries and not any(map(library, one.libraries)):
        found.append(f"{' or '.join(f'lib{n}.so' for n in one.libraries)} is not found")
    if one.files and sys.platform == "linux" and not any(map(glob.glob, one.files)):
        found.append(f"there is no {' or '.join(one.files)}")
    return "; ".join(found)


def library(name: str) -> bool:
    """Whether the loader would find the shared library."""
    if ctypes.util.find_library(name):
        return True
    folders = os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep)
    return any(glob.glob(os.path.join(f, f"lib{name}.so*")) for f in folders if f)


def present(one: Provider, runtime: str) -> str:
    """What was found, in words, for a provider that can be used."""
    if not one.plugin:
        return runtime
    try:
        text = f"{runtime} with {one.plugin.replace('_', '-')} {version(one.plugin)}"
    except PackageNotFoundError:
        text = f"{runtime} with {one.plugin}"
    if emulated(one):
        text += ", whose emulator of the Hexagon NPU runs on this processor (to try out, not fast)"
    return text


def emulated(one: Provider) -> bool:
    """Whether the provider is an emulator here: there is no Hexagon in a PC's processor."""
    machine = os.uname().machine if hasattr(os, "uname") else os.environ["PROCESSOR_ARCHITECTURE"]
    return one.plugin == "onnxruntime_qnn" and machine.lower() in ("x86_64", "amd64")


_registered: set[str] = set()


def open_session(
    ort: Any, one: Provider, data: bytes, settings: Any, options: dict[str, str]
) -> Any:
    """A session on the provider; a plug-in's library is registered once in a process."""
    options = {**one.options, **options}
    if not one.plugin:
        return ort.InferenceSession(data, settings, providers=[(one.name, options)])
    plugin = importlib.import_module(one.plugin)
    if one.plugin not in _registered:
        ort.register_execution_provider_library(one.name, plugin.get_library_path())
        _registered.add(one.plugin)
    devices = [d for d in ort.get_ep_devices() if d.ep_name == one.name]
    if not devices:
        raise RuntimeError(f"{one.plugin} is installed, but lists no device")
    backend = {"backend_path": plugin.get_qnn_htp_path()}
    settings.add_provider_for_devices(devices[:1], {**backend, **options})
    return ort.InferenceSession(data, settings)
