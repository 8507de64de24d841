"""NVIDIA and AMD GPUs by CuPy: the same operations with another array module."""

from __future__ import annotations

import glob
import importlib
import importlib.util
from typing import Any

import numpy as np

from mslearn.backends.array_program import ArrayProgram
from mslearn.backends.base import Backend, DeviceInfo
from mslearn.backends.lowering import unsupported
from mslearn.backends.ported import PortedExecutable
from mslearn.backends.providers import library
from mslearn.graph.ir import Graph, Node

HINT = "pip install cupy-cuda13x (or -cuda12x, after the driver's CUDA version)"


class CupyBackend(Backend):
    """Runs graphs as Python over CuPy arrays, which stay on the GPU within a step."""

    name = "cupy"
    targets = ("GPU",)

    def probe(self, target: str) -> DeviceInfo:
        lacks = []
        if not library("cuda") and not glob.glob("/dev/nvidia[0-9]*"):
            lacks.append("libcuda.so is not found, and there is no /dev/nvidia*")
        if importlib.util.find_spec("cupy") is None:
            lacks.append("the package cupy is not installed")
        if not lacks:
            try:
                cupy = importlib.import_module("cupy")
                count = cupy.cuda.runtime.getDeviceCount()
                name = cupy.cuda.runtime.getDeviceProperties(0)["name"].decode()
                reason = f"CuPy {cupy.__version__}, {count} device(s), the first: {name}"
                return DeviceInfo(target, self.name, True, reason)
            except Exception as error:  # the driver's, which has classes of its own
                lacks.append(f"the driver answers: {error}")
        return DeviceInfo(target, self.name, False, "; ".join(lacks), HINT)

    def supports(self, node: Node, target: str) -> str:
        return unsupported(node, ArrayProgram)

    def compile(self, graph: Graph, target: str, **_: Any) -> ArrayExecutable:
        return ArrayExecutable(graph, importlib.import_module("cupy"))


class ArrayExecutable(PortedExecutable):
    """Runs an `ArrayProgram` on an array module.

    Args:
        graph: what to run.
        xp: the array module; it has ``array``, and ``asnumpy`` unless it is NumPy.
    """

    def __init__(self, graph: Graph, xp: Any) -> None:
        self.program = program = ArrayProgram(graph)
        constants = [xp.array(c) for c in program.constants]
        super().__init__(
            graph, program, lambda values: program.run(xp, *values, *constants),
            f"# GPU: arrays of {xp.__name__}\n{program.code}",
            send=xp.array, fetch=getattr(xp, "asnumpy", None) or np.array,
        )  # fmt: skip
