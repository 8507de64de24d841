"""OpenVINO without ONNX Runtime between: Intel's NPU and GPU, and any x86 or ARM processor."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from mslearn.backends import words
from mslearn.backends.base import Backend, BackendError, DeviceInfo
from mslearn.backends.loading import module
from mslearn.backends.lowering import a_sum, empty, said, unsupported, without_kernel
from mslearn.backends.openvino_device import LARGE, compiled_by, model_of, too_large
from mslearn.backends.ported import PortedExecutable, listing
from mslearn.backends.settings import device_number
from mslearn.backends.words import Text, joined, say
from mslearn.core.context import get_context
from mslearn.graph.ir import Graph, Node
from mslearn.interchange.onnx_model import onnx_model

DEVICES = {
    "Intel": ("NPU", "float16", Text("a Core Ultra processor and Intel's NPU driver are needed",
                                     "需要 Core Ultra 处理器和英特尔的 NPU 驱动")),
    "Intel-GPU": ("GPU", "float16", Text("Intel's GPU driver (OpenCL) is needed",
                                         "需要英特尔的 GPU 驱动（OpenCL）")),
    "OpenVINO-CPU": ("CPU", "float32", ""),
}  # fmt: skip
"""OpenVINO's name of the device, precision, and what it needs, by target."""


@cache
def one_core() -> Any:
    """OpenVINO's Core, one for the process.

    Each Core sets a stack for signals and on its end puts back the one before, which may be that
    of a Core that has ended already: Ctrl-C then stopped the process with a segmentation fault.
    """
    return importlib.import_module("openvino").Core()


class OpenVinoBackend(Backend):
    """Runs graphs, as ONNX, in OpenVINO."""

    name = "openvino"
    targets = tuple(DEVICES)

    def probe(self, target: str) -> DeviceInfo:
        device, precision, needs = DEVICES[target]
        openvino, reason = module("openvino")
        if reason:
            hint = joined(filter(None, ["pip install openvino", needs]))
            return DeviceInfo(target, self.name, False, reason, hint, precision)
        runtime = f"OpenVINO {openvino.__version__.split('-')[0]}"
        listed = one_core().available_devices
        if not any(d == device or d.startswith(device + ".") for d in listed):
            reason = say(words.NO_DEVICE, runtime, device, ", ".join(listed))
            return DeviceInfo(target, self.name, False, reason, needs, precision)
        return DeviceInfo(target, self.name, True, runtime, "", precision)

    def supports(self, node: Node, target: str) -> str:
        if any(isinstance(v, np.ndarray) and too_large(v) for v in node.values()):
            return LARGE
        return empty(node) or unsupported(node, onnx_model)

    def compile(
        self,
        graph: Graph,
        target: str,
        threads: int | None = None,
        provider_options: Mapping[str, Any] | None = None,
        **_: Any,
    ) -> PortedExecutable:
        """Compile; see `Backend`.

        Args:
            graph: an optimized graph.
            target: one of `targets`.
            threads: for the CPU; as many as ``runtime_num_threads`` of the context.
            provider_options: OpenVINO's properties, e.g. ``{"PERFORMANCE_HINT": "LATENCY"}``.
        """
        device, precision, _needs = DEVICES[target]
        if device != "CPU" and (number := device_number(target, device == "GPU")):
            device += f".{number}"
        model = model_of(graph)
        settings = {"INFERENCE_PRECISION_HINT": "f32" if precision == "float32" else "f16"}
        if device == "CPU":
            settings["INFERENCE_NUM_THREADS"] = str(threads or get_context("runtime_num_threads"))
        settings.update({k: str(v) for k, v in (provider_options or {}).items()})
        asked = str(settings["INFERENCE_PRECISION_HINT"])
        precision = {"f32": "float32", "f16": "float16", "bf16": "bfloat16"}.get(asked, asked)
        try:
            core = one_core()
            compiled = compiled_by(core, model.data, device, settings)
        except Exception as error:  # it raises RuntimeErrors of its own

            def build(one: Graph) -> None:
                core.compile_model(core.read_model(model_of(one).data), device, settings)

            wrong = provider_options and without_kernel(a_sum(), build)
            raise BackendError(
                f"The target '{target}' (OpenVINO's {device}) does not take "
                f"{'these provider_options' if wrong else 'this graph'}: {said(error)}",
                None if wrong else without_kernel(graph, build),
            ) from error
        request = compiled.create_infer_request()
        at = {name: i for i, port in enumerate(compiled.inputs) for name in port.get_names()}
        order = [at.get(p.name) for p in model.inputs]
        outputs = [compiled.output(p.name) for p in model.outputs]

        def call(arrays: list[np.ndarray]) -> list[np.ndarray]:
            if any(map(too_large, arrays)):
                raise ValueError(LARGE)
            feeds = {
                i: a if a.flags.c_contiguous else a.copy(order="C")
                for i, a in zip(order, arrays, strict=True)
                if i is not None
            }
            found = request.infer(feeds, share_inputs=True)
            # Its memory is written by the next run; and of constants without elements it makes one.
            return [
                np.array(p.value if isinstance(p.value, np.ndarray) else found[o])
                for p, o in zip(model.outputs, outputs, strict=True)
            ]

        title = f"{target}: OpenVINO {device}, {precision}"
        return PortedExecutable(graph, model, call, listing(title, model))
