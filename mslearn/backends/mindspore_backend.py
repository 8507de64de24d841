"""Real MindSpore: the graph as MindIR in its `GraphCell`, on Ascend by the maker's own stack."""

from __future__ import annotations

import glob
import importlib
import importlib.util
import os
import tempfile
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from mslearn.backends.base import Backend, BackendError, DeviceInfo
from mslearn.backends.lowering import unsupported
from mslearn.backends.ported import PortedExecutable, listing
from mslearn.backends.providers import library
from mslearn.graph.ir import Graph, Node
from mslearn.interchange.mindir_model import mindir_model

HINT = "pip install mindspore==2.10.0 (in an environment of its own: it needs NumPy below 2)"
CARD = "Install the Ascend card's driver and the CANN toolkit, and source its set_env.sh"


class MindSporeBackend(Backend):
    """Runs graphs, as MindIR, in MindSpore. With its CPU target the same code runs anywhere."""

    name = "mindspore"
    targets = ("Ascend", "MindSpore-CPU")

    def probe(self, target: str) -> DeviceInfo:
        lacks, hints = [], []
        if importlib.util.find_spec("mindspore") is None:
            lacks.append("the package mindspore is not installed")
            hints.append(HINT)
        if target == "Ascend":
            if not library("ascendcl"):
                lacks.append("libascendcl.so is not found")
            if not glob.glob("/dev/davinci[0-9]*"):
                lacks.append("there is no /dev/davinci*")
            if len(lacks) > len(hints):
                hints.append(CARD)
        if lacks:
            return DeviceInfo(target, self.name, False, "; ".join(lacks), ". ".join(hints))
        try:
            found = f"MindSpore {version('mindspore')}"
        except PackageNotFoundError:
            found = "MindSpore"
        return DeviceInfo(target, self.name, True, found)

    def supports(self, node: Node, target: str) -> str:
        return unsupported(node, mindir_model)

    def compile(self, graph: Graph, target: str, **_: Any) -> PortedExecutable:
        try:
            mindspore = importlib.import_module("mindspore")
        except ImportError as error:
            raise BackendError(
                f"MindSpore is installed, but does not load here: {error}. {HINT}"
            ) from error
        mindspore.set_context(
            mode=mindspore.GRAPH_MODE, device_target=target.replace("MindSpore-", "")
        )
        return executable(graph, mindspore, target)


def executable(graph: Graph, mindspore: Any, target: str) -> PortedExecutable:
    """The graph in a `GraphCell` of a module that has MindSpore's API."""
    model = mindir_model(graph, parameters="inputs")
    cell = _cell(mindspore, model.data, target)

    def call(tensors: list[Any]) -> list[Any]:
        found = cell(*tensors)
        return list(found) if isinstance(found, tuple | list) else [found]

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
