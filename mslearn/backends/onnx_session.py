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
        self._drawn = bool(ports)
        self._draws = Draws(self._graph, [p.draw for p in ports if p.draw is not None])
        arguments = [p for p in model.inputs if p.parameter is None and p.draw is None]
        self._names = [p.name for p in (*arguments, *ports)]
        self._fed: list[list[Any]] = [[None] * len(self._names) for _ in range(2)]
        self._turn = 0
        self._bindings = [self.session.io_binding() for _ in range(2)]
        results = [p for p in model.outputs if p.parameter is None]
        self._output_names = [p.name for p in results]
        self._outputs = [[np.empty(p.value.shape, p.value.dtype) for p in results] for _ in "ab"]
        for binding, arrays in zip(self._bindings, self._outputs, strict=True):
            for name, array in zip(self._output_names, arrays, strict=True):
                bind_addresses(binding, array, None, name)
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
            self._prepare(turn)
            self._feed(turn, [*arrays, *self._draws.make()] if self._drawn else arrays)
            outputs = self._results(turn)
            self.session.run_with_iobinding(self._bindings[turn])
            self._turn = 1 - turn
            return outputs, list(self._arrays[1 - turn])

    def _feed(self, turn: int, arrays: Sequence[np.ndarray]) -> None:
        """Bind what the step is given, unless it is what was given two steps ago."""
        fed = self._fed[turn]
        for i, array in enumerate(arrays):
            if array is not fed[i]:
                own = bind_input(self._bindings[turn], self._names[i], array)
                fed[i] = array if own else None

    def _results(self, turn: int) -> list[np.ndarray]:
        """The arrays that the outputs go to: those of two steps ago where nobody holds them."""
        arrays = self._outputs[turn]
        if arrays and max(map(sys.getrefcount, arrays)) > ALONE:
            for i in range(len(arrays)):
                if _holders(arrays, i) > ALONE:
                    arrays[i] = np.empty_like(arrays[i])
                    bind_addresses(self._bindings[turn], arrays[i], None, self._output_names[i])
        return list(arrays)

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
        bind_addresses(self.bindings[number], array, self.into, None)
        bind_addresses(self.bindings[1 - number], array, None, self.out)


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
        self.array = present
        for binding in self.bindings:
            bind_input(binding, self.name, present)


def _holders(arrays: list[np.ndarray], i: int) -> int:
    return max(map(sys.getrefcount, arrays[i : i + 1])) - 1  # the slice holds it, too


ALONE = max(map(sys.getrefcount, [np.empty(1)]))  # what CPython counts for a list's own array
VALUE = attrgetter("_value")


def bind_input(binding: Any, name: str, array: np.ndarray) -> bool:
    """Bind an input; the binding keeps the array. Returns whether it reads the array's own memory,
    and not a copy's."""
    own = bool(array.flags.c_contiguous)
    binding.bind_cpu_input(name, array if own else array.copy(order="C"))
    return own


def bind_addresses(binding: Any, array: np.ndarray, into: str | None, out: str | None) -> None:
    """Bind an array as an input or an output by its address, without holding it: it must live
    until the run is over. (Twice as slow as `bind_input`, but it leaves the reference count.)"""
    where = "cpu", 0, array.dtype.type, array.shape, array.__array_interface__["data"][0]
    if into is not None:
        binding.bind_input(into, *where)
    if out is not None:
        binding.bind_output(out, *where)
