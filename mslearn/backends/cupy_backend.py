"""NVIDIA and AMD GPUs by CuPy: the same operations with another array module."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from mslearn.backends import words
from mslearn.backends.array_program import ArrayProgram
from mslearn.backends.base import Backend, DeviceInfo
from mslearn.backends.cupy_hardware import CupyHardware
from mslearn.backends.hardware import Hardware
from mslearn.backends.loading import installed, no_file
from mslearn.backends.lowering import unsupported
from mslearn.backends.ported import PortedExecutable
from mslearn.backends.providers import library
from mslearn.backends.words import Text, joined, say
from mslearn.graph.ir import Graph, Node

HINT = Text(
    "pip install cupy-cuda13x (or -cuda12x, after the driver's CUDA version)",
    "pip install cupy-cuda13x（或 -cuda12x，看驱动的 CUDA 版本）",
)


class CupyBackend(Backend):
    """Graphs as Python over CuPy arrays, which stay on the GPU; eager code on them, too."""

    name = "cupy"
    targets = ("GPU",)

    def probe(self, target: str) -> DeviceInfo:
        lacks = []
        lacking = no_file(("/dev/nvidia[0-9]*",))
        if lacking and not library("cuda"):
            lacks += [say(words.LIBRARY, "libcuda.so"), lacking]
        if not installed("cupy"):
            lacks.append(say(words.PACKAGE, "cupy"))
        if not lacks:
            try:
                cupy = importlib.import_module("cupy")
                count = cupy.cuda.runtime.getDeviceCount()
                name = cupy.cuda.runtime.getDeviceProperties(0)["name"].decode()
                reason = say(words.COUNT, f"CuPy {cupy.__version__}", count, name)
                return DeviceInfo(target, self.name, True, reason)
            except Exception as error:  # the driver's, which has classes of its own
                lacks.append(say(words.ANSWERS, error))
        return DeviceInfo(target, self.name, False, joined(lacks), HINT)

    def supports(self, node: Node, target: str) -> str:
        return unsupported(node, ArrayProgram)

    def array_module(self, target: str) -> Any:
        cupy = importlib.import_module("cupy")
        # Before 14 it has other rules for the dtype of an array with a number.
        return cupy if int(cupy.__version__.split(".")[0]) >= 14 else None

    def hardware(self, target: str) -> Hardware:
        return CupyHardware(importlib.import_module("cupy"))

    def compile(self, graph: Graph, target: str, **_: Any) -> ArrayExecutable:
        return ArrayExecutable(graph, importlib.import_module("cupy"))


class ArrayExecutable(PortedExecutable):
    """Runs an `ArrayProgram` on an array module.

    Args:
        graph: what to run.
        xp: the array module; it has ``array``, and ``asnumpy`` unless it is NumPy.
    """

    takes_device_arrays = True  # of eager code on the same device

    def __init__(self, graph: Graph, xp: Any) -> None:
        self.program = program = ArrayProgram(graph)
        constants = [xp.array(c) for c in program.constants]
        super().__init__(
            graph, program, lambda values: program.run(xp, *values, *constants),
            f"# GPU: arrays of {xp.__name__}\n{program.code}",
            send=lambda a: xp.array(getattr(a, "held", a)),  # (a DeviceArray's is there already)
            fetch=getattr(xp, "asnumpy", None) or np.array,
        )  # fmt: skip
