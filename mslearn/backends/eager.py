"""Operation by operation on a device: eager code on a GPU.

`use` puts `Device.run` before every primitive's kernel. The kernel itself runs, on arrays of the
device (`device_array.py`). Where it cannot, because it goes to the BLAS or writes into arrays of
the host, the operation is taken apart as a graph's would be, into a small program over the array
module (`array_program.py`). What can do neither runs on the CPU, and a warning says so, once for
each operation. Values stay where they were made; what the host has made is sent when an operation
first meets it, and kept on the device for as long as the host's array lives.
"""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from mslearn.backends.array_program import ArrayProgram
from mslearn.backends.device_array import KINDS, DeviceArray, InKernel, NeedsHost, lacking, send
from mslearn.backends.words import warn
from mslearn.core.primitive import Primitive, registry
from mslearn.core.tensor import Abstract, Tensor
from mslearn.graph.compilation import around_run
from mslearn.graph.control_prims import Call, Cond, Derived, WhileLoop
from mslearn.graph.ir import Graph, Node

CONTROL = (Call, Cond, Derived, WhileLoop)
MANY = 1024  # programs of single operations that are kept, one for each shape
_PLAIN = (bool, int, float, complex, str, type(None), type(...), np.dtype)


class Device:
    """What eager code computes on.

    Args:
        xp: an array module with NumPy's names, ``asarray`` and ``asnumpy``: CuPy.
        target: what it is called in messages.

    Attributes:
        on_host: the operations that ran on the CPU, with the reason.
        by_program: the operations that ran as programs, with the reason why the kernel did not.
    """

    def __init__(self, xp: Any, target: str = "GPU") -> None:
        self.xp, self.target = xp, target
        self.on_host: dict[str, str] = {}
        self.by_program: dict[str, str] = {}
        self._ways: dict[Any, dict[Any, int]] = {}  # by primitive and dtypes; see `_remember`
        self._programs: dict[Any, tuple[ArrayProgram, list[Any], bool]] = {}
        self._sent: dict[int, tuple[Any, Any]] = {}

    def run(self, prim: type[Primitive], /, *values: Any, **attrs: Any) -> Any:
        """The results of an operation, on the device.

        Numbers alone (0-d arrays that the host has made) stay on the host: sending four bytes
        takes longer than the arithmetic.
        """
        if _here.on_host:
            return prim.kernel(*map(_home, values), **attrs)
        if not any(type(v) is DeviceArray or v.shape for v in values):
            return self._placed(prim.kernel(*values, **attrs))
        kinds = prim in self._ways and tuple([v.dtype for v in values])
        way = self._ways[prim].get(kinds, 0) if kinds else 0
        reason = ""
        for place in range(way, 2):
            try:
                out = (self._program if place else self._kernel)(prim, values, attrs)
            except MemoryError:
                raise
            except Exception as error:  # of the module, which has classes of its own
                if not place and str(error).startswith("For '"):
                    raise  # the kernel's own words on wrong inputs
                kind = "" if isinstance(error, NeedsHost) else f"{type(error).__name__}: "
                reason = reason or f"{kind}{error}"
            else:
                if reason:
                    self._remember(prim, values, 1)
                    self.by_program.setdefault(prim.name, reason)
                return out
        out = self._on_host(prim, values, attrs, reason)  # a wrong call fails there as on the CPU
        self._remember(prim, values, 2)
        return out

    def run_graph(self, prim: type[Primitive], /, *values: Any, **attrs: Any) -> Any:
        """The results of a branch or loop that holds graphs, which run on the CPU."""
        return self._on_host(prim, values, attrs, "eager code runs the graphs inside it on NumPy")

    def _on_host(
        self, prim: type[Primitive], values: Sequence[Any], attrs: dict[str, Any], reason: str
    ) -> Any:
        if _here.on_host:
            return prim.kernel(*map(_home, values), **attrs)
        with _host():
            out = prim.kernel(*map(_home, values), **attrs)
        if prim.name not in self.on_host:
            self.on_host[prim.name] = reason
            warn(
                f"For '{prim.name}', the {self.target}'s arrays lack something, so it runs on the "
                f"CPU, and its inputs and results cross: {reason}."
            )
        return self._placed(out)

    def _remember(self, prim: type[Primitive], values: Sequence[Any], way: int) -> None:
        """The first way (kernel, program, host) that is worth a try for these dtypes."""
        self._ways.setdefault(prim, {})[tuple([v.dtype for v in values])] = way

    def _kernel(self, prim: type[Primitive], values: Sequence[Any], attrs: dict[str, Any]) -> Any:
        xp, held = self.xp, self.held
        inside = [InKernel(held(v), xp) if type(v) is DeviceArray or v.shape else v for v in values]
        return self._placed(prim.kernel(*inside, **attrs))

    def _program(self, prim: type[Primitive], values: Sequence[Any], attrs: dict[str, Any]) -> Any:
        key = (prim, *[(v.shape, v.dtype) for v in values], _plain(attrs))
        known = self._programs.get(key)
        if known is None:
            graph = _alone(prim, values, attrs)
            made = ArrayProgram(graph)
            known = made, [send(c, self.xp) for c in made.constants], graph.nodes[0].several
            if len(self._programs) == MANY:
                del self._programs[next(iter(self._programs))]
            self._programs[key] = known
        program, constants, several = known
        found = program.run(self.xp, *map(self.held, values), *constants)
        out = tuple([DeviceArray(a, self.xp) for a in found])
        return out if several else out[0]

    def held(self, value: Any) -> Any:
        """The module's array of a value; one of the host is sent once."""
        if isinstance(value, DeviceArray):
            return value.held
        seen = self._sent.get(id(value))
        if seen is None or seen[0]() is not value:
            seen = weakref.ref(value, partial(self._forget, id(value))), send(value, self.xp)
            self._sent[id(value)] = seen
        return seen[1]

    def _forget(self, key: int, _: Any) -> None:
        self._sent.pop(key, None)

    def forget(self, tensors: Iterable[Tensor] | None = None) -> None:
        """The host has perhaps overwritten what was sent, of these or of all."""
        for key in list(self._sent) if tensors is None else [id(_held(t)) for t in tensors]:
            self._sent.pop(key, None)

    def _placed(self, out: Any) -> Any:
        """Results as values of Tensors, each with an identity of its own."""
        if isinstance(out, DeviceArray):
            return DeviceArray(out.held, self.xp)
        if type(out) is tuple:
            return tuple(map(self._placed, out))
        array = np.asarray(out)
        if not array.shape or array.dtype.kind not in KINDS:
            return array
        return DeviceArray(send(array, self.xp), self.xp)


def _alone(prim: type[Primitive], values: Sequence[Any], attrs: dict[str, Any]) -> Graph:
    """A graph of one operation."""
    inputs = [Abstract(v.shape, v.dtype) for v in values]
    shape, dtype = prim.infer(*inputs, **attrs)
    several = isinstance(dtype, tuple)
    pairs = list(zip(shape, dtype, strict=True)) if several else [(shape, dtype)]
    outputs = tuple(Abstract(tuple(s), np.dtype(d)) for s, d in pairs)
    node = Node(prim, tuple(inputs), attrs, outputs, several=several)
    names = [f"x{i}" for i in range(len(inputs))]
    return Graph(prim.name, list(inputs), names, nodes=[node], outputs=list(outputs))


def _plain(value: Any) -> Any:
    """What tells attributes apart.

    Raises:
        NeedsHost: there are objects among them, of which a program cannot be made once for all.
    """
    if isinstance(value, dict):
        return tuple([(k, _plain(v)) for k, v in value.items()])
    if isinstance(value, tuple | list):
        return (type(value), *map(_plain, value))
    if isinstance(value, slice):
        return (slice, value.start, value.stop, value.step)
    if not isinstance(value, _PLAIN):
        lacking(f"it depends on a {type(value).__name__}")
    # 1, 1.0 and True are equal, 0.0 and -0.0 too.
    return (type(value), repr(value) if isinstance(value, float | complex) else value)


def _home(value: Any) -> Any:
    return value.numbers() if isinstance(value, DeviceArray) else value


def present() -> Device | None:
    """The device that eager code computes on; None for the CPU."""
    return _present


def use(device: Device | None) -> None:
    """From now on eager code runs there; None: on the CPU.

    What Tensors hold on the device so far comes home.
    """
    global _present
    if _present is not None:
        _bring_home([t for t in gc.get_objects() if isinstance(t, Tensor)])
    _present = device
    if device is not None:
        device.forget()
    for prim in registry.values():
        prim.run = staticmethod(partial(device.run, prim) if device else prim.kernel)
    for prim in CONTROL:
        prim.run = staticmethod(partial(device.run_graph, prim) if device else prim.kernel)
    around_run[:] = [_run_a_graph] if device else []


def settle(xp: Any, target: str) -> None:
    """`use`, for an array module (None: the CPU); a device that is in use already stays."""
    if xp is None:
        use(None)
    elif _present is None or _present.xp is not xp:
        use(Device(xp, target))


def _run_a_graph(compiled: Any, tensors: Sequence[Tensor]) -> Any:
    run = compiled.executable.run
    if hasattr(compiled.executable, "takes_device_arrays"):
        return run([t._value for t in tensors])
    _bring_home([*tensors, *dict(compiled.graph.parameters)])
    try:
        with _host():
            return run([t._value for t in tensors])
    finally:
        if _present is not None:  # it may have overwritten Parameters that had been sent
            _present.forget(dict(compiled.graph.updates))


class _Here(threading.local):
    on_host = False


_here = _Here()


@contextmanager
def _host() -> Iterator[None]:
    """Operations of this thread run on the host: those of a graph, or of a kernel, that does."""
    before, _here.on_host = _here.on_host, True
    try:
        yield
    finally:
        _here.on_host = before


def _bring_home(tensors: Sequence[Tensor]) -> None:
    numbers: dict[int, np.ndarray] = {}  # two Tensors of one value go on sharing it
    for tensor in tensors:
        value = _held(tensor)
        if isinstance(value, DeviceArray):
            if id(value) not in numbers:
                numbers[id(value)] = value.numbers()
            tensor._value = numbers[id(value)]


def _held(tensor: Tensor) -> Any:
    """The value of a Tensor; None where an executable keeps it, which nobody need ask for it."""
    try:
        return Tensor.__dict__["_value"].__get__(tensor)
    except AttributeError:
        return None


@contextmanager
def using(device: Device | None) -> Iterator[Any]:
    """`use` inside a ``with`` block."""
    before = _present
    use(device)
    try:
        yield device
    finally:
        use(before)


_present: Device | None = None
