"""A graph in one ONNX Runtime session, with as little work on the host as can be.

Every updated Parameter has two arrays: a step reads one and writes the other, then they change
places (reading and writing the same memory gives wrong numbers). Both arrangements are bound
once. On the host that is by address: the array that a step is about to write belongs to it alone,
and when somebody holds it (``w = p.asnumpy()`` two steps ago), it is left to the holder and a
fresh one takes its place. On a device with memory of its own the arrays are the runtime's
(`OrtValue`), and who looks gets a copy.
"""

from __future__ import annotations

import importlib
import re
import threading
from collections.abc import Callable, Sequence
from sys import getrefcount
from typing import Any

import numpy as np

from mslearn.backends.base import BackendError
from mslearn.backends.draws import Draws
from mslearn.backends.keeping import LOCK, Keeper
from mslearn.backends.labels import check, labels_of
from mslearn.backends.ported import listing, stopped
from mslearn.core.parameter import Parameter
from mslearn.graph.ir import Graph
from mslearn.interchange.onnx_model import Model, Port


class OnnxExecutable(Keeper):
    """Runs a graph in a session; see the module's text.

    Args:
        graph: what is run.
        build: makes (model, session, Parameters whose numbers are constants of the model); called
            again when one of those numbers has changed.
        title: the first line of `code`.
        memory: the device in whose memory the Parameters stay, by the runtime's name ("cuda");
            "" for arrays of the host.

    Attributes:
        code: the model's operators with their counts.
        model: the ONNX model and its ports.
        session: the runtime's session.
    """

    def __init__(
        self,
        graph: Graph,
        build: Callable[[], tuple[Model, Any, list[Parameter]]],
        title: str,
        memory: str = "",
    ) -> None:
        self._graph, self._build, self._title, self._memory = graph, build, title, memory
        self._lock = threading.Lock()
        self._labels = labels_of(graph)
        self._load()

    def _load(self) -> None:
        self._sound = False  # bindings hold addresses, and Ctrl-C may come in the midst of a change
        self.model, self.session, baked = self._build()
        model = self.model
        self.code = listing(self._title, model)
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
        updated = [p for p in model.outputs if p.parameter is not None]
        self._updated = [_Pair(source.get(p.name), p, self._bindings) for p in updated]
        self._arrays = [[self._empty(p.value) for p in updated] for _ in "ab"]
        for number, arrays in enumerate(self._arrays):
            for pair, array in zip(self._updated, arrays, strict=True):
                pair.bind(number, array)
        self._lent: list[list[int]] = [[], []]  # arrays that somebody may hold, by their places
        self._copies: dict[int, np.ndarray] = {}  # of what is on a device, as handed over
        constants = {
            p.parameter: p.name
            for p in model.inputs
            if p.parameter is not None and p.name not in source.values()
        }
        self._constants = list(constants.values())
        kept = [pair.parameter for pair in self._updated]
        known = {id(p) for p in (*kept, *constants)}
        more = [p for p, _ in self._graph.parameters if id(p) not in known]
        self.keep(kept, [*constants, *more])
        self._baked = [(p, p._value.copy()) for p in baked]
        self._sound = True

    def _empty(self, like: Any) -> Any:
        if not self._memory:
            return np.empty(like.shape, like.dtype)
        make = importlib.import_module("onnxruntime").OrtValue.ortvalue_from_shape_and_type
        return make(like.shape, like.dtype.type, self._memory)

    def present(self, place: int) -> np.ndarray:
        array = self._arrays[self._turn][place]
        if self._memory:
            self._copies[place] = array = np.array(array.numpy())
        else:
            self._lent[self._turn].append(place)
        return array  # type: ignore[no-any-return]

    def bring(self, place: int, array: np.ndarray) -> None:
        if self._memory:
            if array is not self._copies.pop(place, None):
                self._arrays[self._turn][place].update_inplace(np.ascontiguousarray(array))
        elif array is not self._arrays[self._turn][place]:
            self._own(self._turn, place)
            np.copyto(self._arrays[self._turn][place], array)

    def run(self, arrays: Sequence[np.ndarray]) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """(outputs, new values of the assigned Parameters); see `mslearn.backends.Executable`."""
        with self._lock:
            if self._labels:
                check(self._labels, arrays)
            if not self._sound:
                self._load_again()
            self._read_parameters()
            turn = self._turn
            binding, outputs = self._bindings[turn], self._outputs[turn]
            if self._drawn:
                arrays = [*arrays, *self._draws.make()]
            fed = self._fed[turn]
            for i, array in enumerate(arrays):
                if array is not fed[i]:
                    fed[i] = None
                    own = bind_input(binding, self._names[i], array)
                    fed[i] = array if own else None
            if self._lent[1 - turn] or held(outputs, ALONE):
                self._let_go(turn)
            try:
                self.session.run_with_iobinding(binding)
            except Exception as error:  # the runtime's, which has classes of its own
                raise BackendError(self._failure(str(error))) from error
            self._turn = 1 - turn
            if self.looked_at:  # meanwhile, by another thread
                with LOCK:
                    self.empty()
            return [*outputs], []

    def _failure(self, text: str) -> str:
        name = re.search(r"Name:'([^']*)'", text)
        node = self.model.origins.get(name[1]) if name is not None else None
        where = "" if node is None else f" in {node.prim.name}"
        if node is not None and node.source:
            where += f" ({node.source})"
        return stopped(self.code, text.rpartition("Status Message: ")[2], where)

    def _read_parameters(self) -> None:
        """Let each Parameter's numbers be where the step reads."""
        changed = False
        for parameter, array in zip(self.others, self.seen):  # noqa: B905
            changed |= parameter._value is not array
        if changed and not all(np.array_equal(p._value, number) for p, number in self._baked):
            self._load_again()
        if self.looked_at:
            self.bring_all()
        if changed:
            for i, parameter in enumerate(self.others):
                value = parameter._value
                if value is not self.seen[i]:
                    for binding in self._bindings if i < len(self._constants) else ():
                        bind_input(binding, self._constants[i], value)
                    self.seen[i] = value

    def _load_again(self) -> None:
        self.release()
        self._load()

    def _let_go(self, turn: int) -> None:
        """Write to fresh arrays where somebody holds those of two steps ago."""
        with LOCK:
            for place in self._lent[1 - turn]:
                self._own(1 - turn, place)
            self._lent[1 - turn].clear()
        outputs = self._outputs[turn]
        for i, name in enumerate(self._output_names):
            if held(outputs[i : i + 1], ALONE + 1):  # the slice holds it, too
                self._sound = False
                outputs[i] = np.empty_like(outputs[i])
                bind_addresses(self._bindings[turn], outputs[i], None, name)
                self._sound = True

    def _own(self, number: int, i: int) -> None:
        arrays = self._arrays[number]
        if held(arrays[i : i + 1], ALONE + 1):
            self._sound = False
            arrays[i] = np.empty_like(arrays[i])
            self._updated[i].bind(number, arrays[i])
            self._sound = True


class _Pair:
    """An updated Parameter, with two arrays; in turn t number t is read, the other written."""

    def __init__(self, into: str | None, out: Port, bindings: list[Any]) -> None:
        assert out.parameter is not None
        self.parameter: Parameter = out.parameter
        self.into, self.out = into, out.name
        self.bindings = bindings

    def bind(self, number: int, array: Any) -> None:
        """Let `array`, of the host or of the runtime, be the one of this number."""
        read, write = self.bindings[number], self.bindings[1 - number]
        if isinstance(array, np.ndarray):
            bind_addresses(read, array, self.into, None)
            bind_addresses(write, array, None, self.out)
            return
        if self.into is not None:
            read.bind_ortvalue_input(self.into, array)
        write.bind_ortvalue_output(self.out, array)


def held(arrays: list[np.ndarray], alone: int) -> bool:
    """Whether CPython counts more references than `alone` for one of these arrays."""
    for array in [*arrays]:  # noqa: SIM110 (`any` would make a generator at every step)
        if getrefcount(array) > alone:
            return True
    return False


ALONE = next(n for n in range(1, 9) if not held([np.empty(1)], n))
"""What it counts for an array that only a list holds."""


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
