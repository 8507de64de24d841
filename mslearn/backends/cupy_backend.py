"""NVIDIA and AMD GPUs by CuPy: the same operations with another array module."""

from __future__ import annotations

import glob
import importlib
import importlib.util
from collections.abc import Sequence
from typing import Any

import numpy as np

from mslearn.backends.array_program import ArrayProgram
from mslearn.backends.base import Backend, DeviceInfo
from mslearn.backends.draws import Draws
from mslearn.backends.lowering import unsupported
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


class ArrayExecutable:
    """Runs an `ArrayProgram` on an array module.

    Parameters stay on the device: one is sent again only when the host has given it another
    value than the last run.

    Args:
        graph: what to run.
        xp: the array module; it has ``asarray``, and ``asnumpy`` unless it is NumPy.
    """

    def __init__(self, graph: Graph, xp: Any) -> None:
        self.program = ArrayProgram(graph)
        self.code = self.program.code
        self._xp = xp
        self._back = getattr(xp, "asnumpy", None) or (lambda a: np.array(a))
        self._constants = [xp.asarray(c) for c in self.program.constants]
        self._parameters = [p.parameter for p in self.program.inputs if p.parameter is not None]
        self._draws = Draws(graph, [p.draw for p in self.program.inputs if p.draw is not None])
        self._count = len(graph.outputs)
        self._updated = [id(p.parameter) for p in self.program.outputs[self._count :]]
        self._held: dict[int, tuple[Any, Any]] = {}  # by Parameter: host's array, device's

    def run(self, arrays: Sequence[np.ndarray]) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """(outputs, new values of the assigned Parameters); see `mslearn.backends.Executable`."""
        send = self._xp.asarray
        held = [self._on_device(p) for p in self._parameters]
        inputs = [*map(send, arrays), *held, *map(send, self._draws.make())]
        found = self.program.run(self._xp, *inputs, *self._constants)
        host = [
            np.asarray(self._back(a), p.value.dtype).reshape(p.value.shape)
            for a, p in zip(found, self.program.outputs, strict=True)
        ]
        news = host[self._count :]
        for key, array, device in zip(self._updated, news, found[self._count :], strict=True):
            self._held[key] = (array, device)
        return host[: self._count], news

    def _on_device(self, parameter: Any) -> Any:
        seen = self._held.get(id(parameter))
        if seen is None or seen[0] is not parameter._value:
            seen = (parameter._value, self._xp.asarray(parameter._value))
            self._held[id(parameter)] = seen
        return seen[1]
