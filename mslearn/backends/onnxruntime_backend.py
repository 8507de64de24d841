"""ONNX Runtime: the CPU at speed, and by its execution providers the NPUs of many makers.

The graph is written as ONNX and becomes one session. On the CPU the session reads and writes the
Parameters' own arrays: each updated Parameter has two, and a step reads one and writes the other
(reading and writing the same buffer gives wrong numbers). Random masks are made by the host, so
that dropout is the same on every target.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from mslearn.backends.base import Backend, BackendError, DeviceInfo
from mslearn.core import random
from mslearn.graph.ir import Graph, Node
from mslearn.interchange.onnx_model import Model, onnx_model

PROVIDERS = {
    "ONNX-CPU": ("CPUExecutionProvider", "float32"),
    "Ascend": ("CANNExecutionProvider", "float16"),
    "Qualcomm": ("QNNExecutionProvider", "float16"),
    "Intel": ("OpenVINOExecutionProvider", "float16"),
    "AMD": ("VitisAIExecutionProvider", "float16"),
    "DirectML": ("DmlExecutionProvider", "float32"),
    "Apple": ("CoreMLExecutionProvider", "float16"),
    "GPU": ("CUDAExecutionProvider", "float32"),
}
"""Execution provider and the precision that it computes in, by target."""


class OnnxRuntimeBackend(Backend):
    """Runs graphs in ONNX Runtime sessions."""

    name = "onnxruntime"
    targets = tuple(PROVIDERS)

    def probe(self, target: str) -> DeviceInfo:
        provider, precision = PROVIDERS[target]
        try:
            ort = importlib.import_module("onnxruntime")
        except ImportError as error:
            reason = f"the package onnxruntime is not installed ({error})"
            return DeviceInfo(target, self.name, False, reason, 'pip install "mslearn[npu]"')
        if provider not in ort.get_available_providers():
            reason = (
                f"onnxruntime {ort.__version__} has no {provider}; it has "
                f"{', '.join(ort.get_available_providers())}"
            )
            return DeviceInfo(target, self.name, False, reason, HINTS.get(target, ""), precision)
        return DeviceInfo(target, self.name, True, f"onnxruntime {ort.__version__}", "", precision)

    def supports(self, node: Node, target: str) -> str:
        from mslearn.interchange.refusal import ExportError

        single = Graph("one", inputs=[v for v in node.inputs if not isinstance(v, np.ndarray)])
        single.input_names = [f"x{i}" for i in range(len(single.inputs))]
        single.nodes, single.outputs = [node], list(node.outputs)
        try:
            onnx_model(single)
        except ExportError as error:
            return str(error)
        return ""

    def compile(
        self,
        graph: Graph,
        target: str,
        threads: int | None = None,
        provider_options: dict[str, str] | None = None,
        **_: Any,
    ) -> OnnxExecutable:
        return OnnxExecutable(graph, target, threads, provider_options or {})


HINTS = {
    "Ascend": "Install the CANN toolkit of your card, then: pip install onnxruntime-cann",
    "Qualcomm": "pip install onnxruntime-qnn (it carries an emulator for x86)",
    "Intel": "pip install onnxruntime-openvino",
    "DirectML": "On Windows: pip install onnxruntime-directml",
    "Apple": "onnxruntime for macOS has it built in",
    "GPU": "pip install onnxruntime-gpu, with CUDA and cuDNN",
    "AMD": "Install the Ryzen AI software, which brings its own onnxruntime",
}


class OnnxExecutable:
    """One session; see the module's text.

    Attributes:
        code: the operators of the model, with their counts.
        model: the ONNX model and its ports.
        session: the runtime's session.
    """

    def __init__(
        self, graph: Graph, target: str, threads: int | None, options: dict[str, str]
    ) -> None:
        ort = importlib.import_module("onnxruntime")
        self._ort = ort
        self.model: Model = onnx_model(graph)
        settings = ort.SessionOptions()
        settings.log_severity_level = 3
        from mslearn.core.context import get_context

        settings.intra_op_num_threads = threads or get_context("runtime_num_threads")
        settings.inter_op_num_threads = 1
        settings.add_session_config_entry("session.set_denormal_as_zero", "0")
        provider = PROVIDERS[target][0]
        if provider != "CPUExecutionProvider":
            settings.add_session_config_entry("session.disable_cpu_ep_fallback", "1")
        try:
            self.session = ort.InferenceSession(
                self.model.data, settings, providers=[(provider, options)]
            )
        except Exception as error:  # the runtimes raise classes of their own
            raise BackendError(
                f"The target '{target}' ({provider}) does not take this graph: {error}"
            ) from error
        if provider not in self.session.get_providers():
            raise BackendError(
                f"The target '{target}' was asked for, but onnxruntime fell back to "
                f"{self.session.get_providers()}. Check the driver of the device."
            )
        self.code = "\n".join(f"{n:5d} {k}" for k, n in sorted(self.model.operators.items()))
        self._bind()

    def _bind(self) -> None:
        """Two bindings that take turns: what one writes the other reads."""
        value = self._ort.OrtValue.ortvalue_from_numpy
        reads = {p.name: p for p in self.model.inputs if p.parameter is not None}
        self._data = [p for p in self.model.inputs if p.parameter is None and p.draw is None]
        self._draws = [p for p in self.model.inputs if p.draw is not None]
        source = {out: into for into, out in self.model.donate}
        self._held = {
            name: [np.empty(p.value.shape, p.value.dtype) for _ in range(2)]
            for name, p in reads.items()
        }
        self._parameters = reads
        self._news = [p for p in self.model.outputs if p.parameter is not None]
        self._outs = [p for p in self.model.outputs if p.parameter is None]
        self._bindings = []
        updated = set(source.values())
        for turn in (0, 1):
            binding = self.session.io_binding()
            for name, pair in self._held.items():
                at = turn if name in updated else 0
                binding.bind_ortvalue_input(name, value(pair[at]))
            for port in self.model.outputs:
                if port.name in source:
                    binding.bind_ortvalue_output(
                        port.name, value(self._held[source[port.name]][1 - turn])
                    )
                elif port.parameter is not None or port in self._outs:
                    binding.bind_output(port.name, "cpu")
            self._bindings.append(binding)
        self._source = source
        self._turn = 0

    def run(self, arrays: Sequence[np.ndarray]) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """(outputs, new values of the assigned Parameters); see `Executable`."""
        turn = self._turn
        binding = self._bindings[turn]
        for name, port in self._parameters.items():
            held = self._held[name]
            at = turn if name in self._source.values() else 0
            present = port.parameter._value
            if present is not held[at]:  # somebody else has assigned it since
                np.copyto(held[at], present)
        for port, array in zip(self._data, arrays, strict=True):
            binding.bind_cpu_input(port.name, np.ascontiguousarray(array))
        for port in self._draws:
            node = port.draw
            made = node.prim.kernel(**{**node.attrs, "key": random.op_key()})
            binding.bind_cpu_input(port.name, np.ascontiguousarray(made))
        self.session.run_with_iobinding(binding)
        found = dict(zip((p.name for p in self.model.outputs), binding.get_outputs(), strict=True))
        outputs = [found[p.name].numpy() for p in self._outs]
        news = []
        for port in self._news:
            into = self._source.get(port.name)
            news.append(found[port.name].numpy() if into is None else self._held[into][1 - turn])
        self._turn = 1 - turn
        return outputs, news
