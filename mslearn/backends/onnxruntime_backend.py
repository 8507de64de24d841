"""ONNX Runtime: the CPU at speed, and by its execution providers the NPUs of many makers.

The graph is written as ONNX and becomes one session; the runtime's own way back to the CPU is
shut, so a device either takes the graph or says what it does not take. Random masks are made by
the host, so that dropout is the same on every target.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any

from mslearn.backends import words
from mslearn.backends.base import Backend, BackendError, DeviceInfo
from mslearn.backends.hardware import Hardware
from mslearn.backends.loading import module
from mslearn.backends.lowering import a_sum, said, unsupported, without_kernel
from mslearn.backends.onnx_device import LOWERINGS, unfit
from mslearn.backends.onnx_fast import RULES, Lowerings
from mslearn.backends.onnx_hardware import OnnxHardware
from mslearn.backends.onnx_session import OnnxExecutable
from mslearn.backends.providers import (
    PROVIDERS,
    Provider,
    carried,
    chosen_options,
    emulated,
    missing,
    open_session,
    plugged,
    present,
)
from mslearn.backends.words import say
from mslearn.core.context import get_context
from mslearn.graph.ir import Graph, Node
from mslearn.interchange.onnx_model import Model, onnx_model

CPU = "CPUExecutionProvider"


class OnnxRuntimeBackend(Backend):
    """Runs graphs in ONNX Runtime sessions."""

    name = "onnxruntime"
    targets = tuple(PROVIDERS)

    def probe(self, target: str) -> DeviceInfo:
        one = PROVIDERS[target]
        ort, reason = module("onnxruntime")
        if reason:
            return DeviceInfo(target, self.name, False, reason, one.hint, one.precision)
        runtime = f"onnxruntime {ort.__version__}"
        lacks = missing(one, ort.get_available_providers(), runtime)
        if not lacks and carried(one) and not emulated(one) and not plugged(ort, one):
            lacks = say(words.UNLISTED, one.plugin.replace("_", "-"), one.kind)
        if lacks:
            return DeviceInfo(target, self.name, False, lacks, one.hint, one.precision)
        found = present(one, runtime)
        return DeviceInfo(
            target, self.name, True, found, "", one.precision, emulated(one) and carried(one)
        )

    def supports(self, node: Node, target: str) -> str:
        if PROVIDERS[target].name != CPU and (why := unfit(node, target)):
            return why
        return unsupported(node, onnx_model)

    def hardware(self, target: str) -> Hardware:
        return OnnxHardware(target)

    def compile(
        self,
        graph: Graph,
        target: str,
        threads: int | None = None,
        provider_options: Mapping[str, Any] | None = None,
        **_: Any,
    ) -> OnnxExecutable:
        """Compile; see `Backend`.

        Args:
            graph: an optimized graph.
            target: one of `targets`.
            threads: the runtime's own; as many as ``runtime_num_threads`` of the context.
            provider_options: the execution provider's, e.g. ``{"device_id": "1"}``.
        """
        one = PROVIDERS[target]
        options = chosen_options(one, target, provider_options or {})
        build = _on_cpu if one.name == CPU else _on_device
        title = f"{target}: {one.name}, {one.precision}"
        made = build(graph, target, one, threads, options)
        return OnnxExecutable(graph, made, title, one.memory)


def _on_cpu(
    graph: Graph, target: str, one: Provider, threads: int | None, options: dict[str, str]
) -> Callable[[], tuple[Model, Any, list[Any]]]:
    def build() -> tuple[Model, Any, list[Any]]:
        found = Lowerings(graph)
        model = onnx_model(
            graph, parameters="inputs", rules=RULES, lowerings=found, takes=found.takes
        )
        ort = importlib.import_module("onnxruntime")
        settings = session_options(ort, threads)
        try:
            session = open_session(ort, one, model.data, settings, options)
        except Exception as error:  # the runtime has classes of its own
            refused = without_kernel(graph, lambda g: build_alone(ort, one, g))
            raise BackendError(_refusal(target, one, error, list(refused)), refused) from error
        return model, session, found.baked

    return build


def build_alone(ort: Any, one: Provider, graph: Graph) -> None:
    """Raise what the runtime says of a graph of one node."""
    open_session(ort, one, onnx_model(graph).data, session_options(ort, 1), {})


def try_alone(ort: Any, one: Provider, graph: Graph, options: dict[str, str]) -> None:
    """The same on a device, without the CPU."""
    settings = device_options(ort, 1)
    settings.add_session_config_entry("session.disable_cpu_ep_fallback", "1")
    data = onnx_model(graph, lowerings=LOWERINGS).data
    open_session(ort, one, data, settings, options)


def _refusal(target: str, one: Provider, error: Exception, refused: list[Node]) -> str:
    listed = "".join(f"\n  {line}" for line in sorted({_where(n) for n in refused}))
    return f"The target '{target}' ({one.name}) does not take this graph: {said(error)}{listed}"


def _on_device(
    graph: Graph, target: str, one: Provider, threads: int | None, options: dict[str, str]
) -> Callable[[], tuple[Model, Any, list[Any]]]:
    def build() -> tuple[Model, Any, list[Any]]:
        model = onnx_model(graph, parameters="inputs", lowerings=LOWERINGS)
        ort = importlib.import_module("onnxruntime")
        settings = device_options(ort, threads)
        settings.add_session_config_entry("session.disable_cpu_ep_fallback", "1")
        try:
            session = open_session(ort, one, model.data, settings, options)
        except Exception as error:  # the runtimes raise classes of their own
            refused = refused_nodes(ort, one, model, threads, options)
            if refused and len(refused) == len(set(map(id, model.origins.values()))):
                _must_answer(ort, target, one, options)
            why = dict.fromkeys(refused, f"{one.name} does not take it")
            if not refused:  # it took each operator, but not what became of them
                why = without_kernel(graph, lambda g: try_alone(ort, one, g, options))
            raise BackendError(_refusal(target, one, error, list(why)), why) from error
        if session.get_providers()[0] != one.name:
            raise BackendError(
                f"The target '{target}' ({one.name}) was asked for, but onnxruntime would use "
                f"{session.get_providers()}. Check the driver of the device: 'mslearn devices'."
            )
        return model, session, []

    return build


def device_options(ort: Any, threads: int | None) -> Any:
    """Settings of a session on a device: the maker's compiler optimizes; what the runtime fuses
    beforehand for the CPU, devices may not take (QNN: a Gemm with a turned operand and a sum)."""
    settings = session_options(ort, threads)
    settings.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    return settings


def refused_nodes(
    ort: Any, one: Provider, model: Model, threads: int | None, options: dict[str, str]
) -> list[Node]:
    """The nodes that the runtime would give to the CPU if it were allowed to."""
    settings = device_options(ort, threads)
    settings.add_session_config_entry("session.record_ep_graph_assignment_info", "1")
    try:
        session = open_session(ort, one, model.data, settings, options)
        parts = session.get_provider_graph_assignment_info()
    except Exception:  # then the first error must do
        return []
    names = {n.name for part in parts if part.ep_name == CPU for n in part.get_nodes()}
    found = {id(model.origins[n]): model.origins[n] for n in names if n in model.origins}
    return list(found.values())


def _must_answer(ort: Any, target: str, one: Provider, options: dict[str, str]) -> None:
    """Raise where the device takes no graph at all: then it is not the operations' fault."""
    try:
        try_alone(ort, one, a_sum(), options)
    except Exception as error:
        given = f"the provider_options {options}, " if options else ""
        raise BackendError(
            f"The target '{target}' ({one.name}) takes not even a sum of two numbers: "
            f"{said(error)}\nLook at {given}the device's driver, and 'mslearn devices'."
        ) from error


def _where(node: Node) -> str:
    return f"{node.prim.name} ({node.source or '/'.join(node.scope)})"


def session_options(ort: Any, threads: int | None = None) -> Any:
    """Settings of every session. Its threads wait busily for the next operator, but not for the
    next step: two pools that spin (ours and NumPy's) slow one another down."""
    settings = ort.SessionOptions()
    settings.log_severity_level = 4
    settings.intra_op_num_threads = threads or get_context("runtime_num_threads")
    settings.inter_op_num_threads = 1
    settings.add_session_config_entry("session.force_spinning_stop", "1")
    # It would put a Pad into a pooling that cannot hold it.
    settings.add_session_config_entry("optimization.disable_specified_optimizers", "Pad_Fusion")
    return settings
