"""The built-in backend: NumPy on the CPU, the measure of all others."""

from __future__ import annotations

from typing import Any

from mslearn.backends.base import Backend, DeviceInfo, Executable
from mslearn.graph.ir import Graph, Node
from mslearn.graph.numpy_backend import Executable as Program


class NumpyBackend(Backend):
    """Runs every graph, as generated Python."""

    name = "numpy"
    targets = ("CPU",)

    def probe(self, target: str) -> DeviceInfo:
        import numpy as np

        return DeviceInfo("CPU", self.name, True, f"NumPy {np.__version__}")

    def supports(self, node: Node, target: str) -> str:
        return ""

    def compile(self, graph: Graph, target: str, **options: Any) -> Executable:
        return Program(graph, **options)
