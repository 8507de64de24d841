"""Real MindSpore: the graph as MindIR in its `GraphCell`, on Ascend by the maker's own stack."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from mslearn.backends import words
from mslearn.backends.base import Backend, BackendError, DeviceInfo
from mslearn.backends.hardware import Hardware
from mslearn.backends.loading import installed, module, no_file
from mslearn.backends.lowering import empty, unsupported
from mslearn.backends.ported import PortedExecutable, listing
from mslearn.backends.providers import library
from mslearn.backends.settings import device_number
from mslearn.backends.words import Text, joined, say
from mslearn.graph.ir import Graph, Node
from mslearn.interchange.mindir_model import mindir_model

HINT = Text(
    "pip install mindspore==2.10.0 (in an environment of its own: it needs NumPy below 2)",
    "pip install mindspore==2.10.0（装在单独的环境里：它要求 NumPy 低于 2）",
)
CARD = Text(
    "Install the Ascend card's driver and the CANN toolkit, and source its set_env.sh",
    "安装昇腾卡的驱动和 CANN 工具包，并 source 其中的 set_env.sh",
)


class MindSporeBackend(Backend):
    """Runs graphs, as MindIR, in MindSpore. With its CPU target the same code runs anywhere."""

    name = "mindspore"
    targets = ("Ascend", "MindSpore-CPU")

    def probe(self, target: str) -> DeviceInfo:
        lacks, hints = [], []
        if not installed("mindspore"):
            lacks.append(say(words.PACKAGE, "mindspore"))
            hints.append(HINT)
        if target == "Ascend":
            if not library("ascendcl"):
                lacks.append(say(words.LIBRARY, "libascendcl.so"))
            if lacking := no_file(("/dev/davinci[0-9]*",)):
                lacks.append(lacking)
            if len(lacks) > len(hints):
                hints.append(CARD)
        if lacks:
            hint = joined(hints, ". ", "。")
            return DeviceInfo(target, self.name, False, joined(lacks), hint)
        try:
            found = f"MindSpore {version('mindspore')}"
        except PackageNotFoundError:
            found = "MindSpore"
        return DeviceInfo(target, self.name, True, found)

    def supports(self, node: Node, target: str) -> str:
        return empty(node) or unsupported(node, mindir_model)  # it sums nothing to 1

    def hardware(self, target: str) -> Hardware:
        found, reason = module("mindspore")
        return Hardware() if reason else MindSporeHardware(found, target.replace("MindSpore-", ""))

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
            threads: the runtime's; as many as it takes by itself.
            provider_options: settings of MindSpore's own ``set_context``.
        """
        mindspore, reason = module("mindspore")
        if reason:
            raise BackendError(f"{reason}. {HINT}")
        device = target.replace("MindSpore-", "")
        chosen: dict[str, Any] = {"mode": mindspore.GRAPH_MODE, "device_target": device}
        if number := 0 if device == "CPU" else device_number(target, True):
            chosen["device_id"] = number
        if threads is not None:
            chosen["runtime_num_threads"] = threads
        try:
            mindspore.set_context(**{**chosen, **(provider_options or {})})
        except (TypeError, ValueError, RuntimeError) as error:
            raise BackendError(
                f"The target '{target}' does not take these settings: {error}"
            ) from error
        return executable(graph, mindspore, target)


def executable(graph: Graph, mindspore: Any, target: str) -> PortedExecutable:
    """The graph in a `GraphCell` of a module that has MindSpore's API."""
    model = mindir_model(graph, parameters="inputs")
    cell = _cell(mindspore, model.data, target)

    def call(tensors: list[Any]) -> list[Any]:
        found = cell(*tensors)
        several = found if isinstance(found, tuple | list) else [found]
        return [  # (of constants without elements it makes None)
            mindspore.Tensor(p.value) if isinstance(p.value, np.ndarray) else v
            for p, v in zip(model.outputs, several, strict=True)
        ]

    return PortedExecutable(
        graph, model, call, listing(f"{target}: MindSpore's GraphCell, float32", model),
        send=mindspore.Tensor, fetch=lambda tensor: np.array(tensor.asnumpy()),
    )  # fmt: skip


def _cell(mindspore: Any, data: bytes, target: str) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "graph.mindir")
        with open(path, "wb") as file:
            file.write(data)
        try:
            loaded = mindspore.load(path)
            return mindspore.nn.GraphCell(loaded)
        except Exception as error:  # RuntimeErrors of its own
            raise BackendError(
                f"The target '{target}' (MindSpore) does not take this graph: {error}"
            ) from error


class MindSporeHardware(Hardware):
    """What MindSpore itself says of the devices; settings of `device_context` go to it.

    Args:
        mindspore: the module.
        target: its name of the devices, ``"Ascend"`` or ``"CPU"``.
    """

    def __init__(self, mindspore: Any, target: str) -> None:
        self.mindspore, self.target = mindspore, target

    def count(self) -> int | None:
        return int(self.mindspore.hal.device_count(self.target))

    def name(self, number: int) -> str | None:
        return str(self.mindspore.hal.get_device_name(number, self.target))

    def properties(self, number: int) -> Any:
        return self.mindspore.hal.get_device_properties(number, self.target)

    def memory(self) -> dict[str, int] | None:
        stats = self.mindspore.hal.memory_stats(self.target)
        sizes = {k[: -len("_memory")]: v for k, v in stats.items() if k.endswith("_memory")}
        return sizes or None

    def reset_peak(self, *names: str) -> None:
        for name in names:
            getattr(self.mindspore.hal, f"reset_{name.replace('_', '_memory_')}")(self.target)

    def empty_cache(self) -> None:
        self.mindspore.runtime.empty_cache()

    def synchronize(self) -> None:
        self.mindspore.runtime.synchronize()

    def tune(self, setting: str, *values: Any) -> bool:
        place = self.mindspore.device_context
        for name in (self.target.lower(), *setting.split(".")):
            place = getattr(place, name)
        place(*values)
        return True
