"""A graph in one ONNX Runtime session, with as little work on the host as can be.

Every updated Parameter has two arrays: a step reads one and writes the other, then they change
places (reading and writing the same memory gives wrong numbers). Both arrangements are bound
once, by address. The array that a step is about to write belongs to it alone: when somebody holds
it (``w = p.asnumpy()`` two steps ago), it is left to the holder and a fresh one takes its place.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from operator import attrgetter, is_
from typing import Any

import numpy as np

from mslearn.backends.draws import Draws
from mslearn.core.parameter import Parameter
from mslearn.graph.ir import Graph
from mslearn.interchange.onnx_model import Model, Port


class OnnxExecutable:
    """Runs a graph in a session; see the module's text.

    Args:
        graph: what is run.
        build: makes (model, session, Parameters whose numbers are constants of the model); called
            again when one of those numbers has changed.
        title: the first line of `code`.

    Attributes:
        code: the model's operators with their counts.
        model: the ONNX model and its ports.
        session: the runtime's session.
    """

    def __init__(
        self, graph: Graph, build: Callable[[], tuple[Model, Any, list[Parameter]]], title: str
    ) -> None:
        self._graph, self._build, self._title = graph, build, title
        self._lock = threading.Lock()
        self._load()

    def _load(self) -> None:
        self.model, self.session, baked = self._build()
        model = self.model
        self._baked = [[p, p._value, p._value.copy()] for p in baked]
        counts = sorted(model.operators.items())
        self.code = "\n".join([self._title, *(f"{n:5d} {kind}" for kind, n in counts)])
        ports = [p for p in model.inputs if p.draw is not None]
        self._drawn = [p.name for p in ports]
        self._draws = Draws(self._graph, [p.draw for p in ports if p.draw is not None])
        self._arguments = [p.name for p in model.inputs if p.parameter is None and p.draw is None]
        self._outputs = [p for p in model.outputs if p.parameter is None]
        self._turn = 0
        self._bindings = [self.session.io_binding() for _ in range(2)]
        source = {out: into for into, out in model.donate}
        self._updated = [
            _Pair(source.get(p.name), p, self._bindings)
            for p in model.outputs
            if p.parameter is not None
        ]
        self._parameters = [pair.parameter for pair in self._updated]
        self._arrays = [
            [
                np.empty(p.value.shape, p.value.dtype)
                for p in model.outputs
                if p.parameter is not None
            ]
            for _ in range(2)
        ]
        for number, arrays in enumerate(self._arrays):
            for pair, array in zip(self._updated, arrays, strict=True):
                pair.bind(number, array)
        self._read = [
            _Constant(p, self._bindings)
            for p in model.inputs
            if p.parameter is not None and p.name not in source.values()
        ]

    def run(self, arrays: Sequence[np.ndarray]) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """(outputs, new values of the assigned Parameters); see `mslearn.backends.Executable`."""
        with self._lock:
            self._check_baked()
            turn = self._turn
            binding = self._bindings[turn]
            self._prepare(turn)
            names = zip(self._arguments, arrays, strict=True)
            kept = [bind_input(binding, name, array) for name, array in names]
            if self._drawn:
                draws = zip(self._drawn, self._draws.make(), strict=True)
                kept += [bind_input(binding, name, array) for name, array in draws]
            outputs = [np.empty(p.value.shape, p.value.dtype) for p in self._outputs]
            for port, out in zip(self._outputs, outputs, strict=True):
                bind_output(binding, port.name, out)
            self.session.run_with_iobinding(binding)
            self._turn = 1 - turn
            return outputs, list(self._arrays[1 - turn])

    def _prepare(self, turn: int) -> None:
        """Let each Parameter's numbers be where the step reads, and own what it writes."""
        read, written = self._arrays[turn], self._arrays[1 - turn]
        # Without a line of Python for each Parameter: after a step all this is cold memory.
        if not all(map(is_, map(VALUE, self._parameters), read)):
            for i, pair in enumerate(self._updated):
                present = pair.parameter._value
                if pair.into is not None and present is not read[i]:  # assigned by others since
                    self._own(turn, i)
                    np.copyto(read[i], present)
        if written and max(map(sys.getrefcount, written)) > ALONE:
            for i in range(len(written)):
                self._own(1 - turn, i)
        for constant in self._read:
            constant.prepare()

    def _own(self, number: int, i: int) -> None:
        arrays = self._arrays[number]
        if _holders(arrays, i) > ALONE:
            arrays[i] = np.empty_like(arrays[i])
            self._updated[i].bind(number, arrays[i])

    def _check_baked(self) -> None:
        for held in self._baked:
            parameter, seen, number = held
            if parameter._value is not seen:
                if not np.array_equal(parameter._value, number):
                    return self._load()
                held[1] = parameter._value
        return None


class _Pair:
    """An updated Parameter, with two arrays; in turn t number t is read, the other written."""

    def __init__(self, into: str | None, out: Port, bindings: list[Any]) -> None:
        assert out.parameter is not None
        self.parameter: Parameter = out.parameter
        self.into, self.out = into, out.name
        self.bindings = bindings

    def bind(self, number: int, array: np.ndarray) -> None:
        """Let `array` be the one of this number."""
        if self.into is not None:
            bind_input(self.bindings[number], self.into, array)
        bind_output(self.bindings[1 - number], self.out, array)


class _Constant:
    """A Parameter that the graph only reads: bound anew when it has another value."""

    def __init__(self, port: Port, bindings: list[Any]) -> None:
        assert port.parameter is not None
        self.parameter: Parameter = port.parameter
        self.name = port.name
        self.bindings = bindings
        self.array: Any = None

    def prepare(self) -> None:
        present = self.parameter._value
        if present is self.array:
            return
        self.array = present if present.flags.c_contiguous else present.copy(order="C")
        for binding in self.bindings:
            bind_input(binding, self.name, self.array)


def _holders(arrays: list[np.ndarray], i: int) -> int:
    return max(map(sys.getrefcount, arrays[i : i + 1])) - 1  # the slice holds it, too


ALONE = max(map(sys.getrefcount, [np.empty(1)]))  # what CPython counts for a list's own array
VALUE = attrgetter("_value")


def bind_input(binding: Any, name: str, array: np.ndarray) -> np.ndarray:
    """Bind an input by address; returns the array, which must live until the run is over."""
    if not array.flags.c_contiguous:
        array = array.copy(order="C")
    address = array.__array_interface__["data"][0]
    binding.bind_input(name, "cpu", 0, array.dtype.type, array.shape, address)
    return array


def bind_output(binding: Any, name: str, array: np.ndarray) -> None:
    """Let the run write an output into `array`, which must live until then."""
    address = array.__array_interface__["data"][0]
    binding.bind_output(name, "cpu", 0, array.dtype.type, array.shape, address)
