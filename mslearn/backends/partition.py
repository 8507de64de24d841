"""A graph on two devices: cut into segments that run one after another, and what crosses.

Some nodes must run on the host: those that the device does not take (``fallback="cpu"``), and,
where the device computes in less than float32, the optimizer: gradients come back and the master
weights stay in float32 (Micikevicius et al. 2018, "Mixed precision training",
arXiv:1710.03740, section 3.1).
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from mslearn.backends.base import Executable
from mslearn.backends.draws import Draws, numbers
from mslearn.core.tensor import Abstract
from mslearn.graph.ir import Graph, Node, Value
from mslearn.graph.numpy_backend import Executable as NumpyProgram
from mslearn.graph.passes.base import has_effect
from mslearn.ops.optimizer import UpdateRule

HOST = "CPU"


@dataclasses.dataclass
class Segment:
    """Neighbouring nodes on one device.

    Attributes:
        device: the target's name; ``"CPU"`` is NumPy on the host.
        graph: the nodes, with everything from outside as inputs and no Parameters.
        executable: what runs them.
        seconds: how long the last run took.
    """

    device: str
    graph: Graph
    executable: Executable
    seconds: float = 0.0

    @property
    def bytes_in(self) -> int:
        """What goes in at each run."""
        return sum(map(size_of, self.graph.inputs))

    @property
    def bytes_out(self) -> int:
        """What comes out at each run."""
        return sum(map(size_of, self.graph.outputs))


def size_of(value: Any) -> int:
    """The bytes of a value."""
    return int(np.prod(value.shape, dtype=np.int64)) * int(value.dtype.itemsize)


def masters(graph: Graph) -> set[Node]:
    """The nodes that keep master weights: the optimizer's updates, and what only they and the
    Parameters' new values need and no gradient has made."""
    found: set[Node] = set()
    readers: dict[int, list[Node]] = {}
    for node in graph.nodes:
        for value in node.values():
            readers.setdefault(id(value), []).append(node)
    leaving = {id(v) for v in graph.outputs}
    for node in reversed(graph.nodes):
        if issubclass(node.prim, UpdateRule):
            found.add(node)
        elif not node.backward and not any(id(o) in leaving for o in node.outputs):
            read = [r for o in node.outputs for r in readers.get(id(o), ())]
            if all(r in found for r in read):
                found.add(node)
    return found


def runs(graph: Graph, on_host: Callable[[Node], bool]) -> list[tuple[bool, list[Node]]]:
    """The nodes as few runs of (on the host?, nodes), in an order that keeps what they need and
    the order of effects. Draws are not among them: the host makes them beforehand."""
    nodes = [n for n in graph.nodes if not _drawn(n)]
    maker = {id(o): n for n in nodes for o in n.outputs}
    waits: dict[Node, set[Node]] = {}
    before: Node | None = None
    for node in nodes:
        waits[node] = {maker[id(v)] for v in node.values() if id(v) in maker}
        if has_effect(node):
            waits[node] |= {before} if before is not None else set()
            before = node
    side = {n: on_host(n) for n in nodes}
    found: list[tuple[bool, list[Node]]] = []
    done: set[Node] = set()
    left = nodes
    host = False
    while left:
        taken, rest = [], []
        for node in left:
            if side[node] is host and waits[node] <= done:
                taken.append(node)
                done.add(node)
            else:
                rest.append(node)
        if taken:
            found.append((host, taken))
        left, host = rest, not host
    return found


def _drawn(node: Node) -> bool:
    return node.prim.name == "NextKey" or ("key" in node.attrs and not node.inputs)


def piece(graph: Graph, nodes: Sequence[Node], name: str) -> Graph:
    """These nodes as a graph of their own, from arrays to arrays."""
    out = Graph(name)
    inside = {id(o) for n in nodes for o in n.outputs}
    seen: set[int] = set()
    for node in nodes:
        for value in node.values():
            if isinstance(value, Abstract) and id(value) not in inside | seen:
                seen.add(id(value))
                out.inputs.append(value)
    out.input_names = [f"in{i}" for i in range(len(out.inputs))]
    out.nodes = list(nodes)
    here = set(map(id, nodes))
    outside = {id(v) for n in graph.nodes if id(n) not in here for v in n.values()}
    outside.update(id(v) for v in graph.results())
    out.outputs = [o for n in nodes for o in n.outputs if id(o) in outside]
    return out


class Partitioned:
    """Runs the segments of a graph one after another.

    Args:
        graph: the whole graph.
        on_host: the nodes that NumPy runs.
        device: the target's name.
        compile: makes an executable of a graph without Parameters on the device.
        reasons: why nodes run on the host, for `code`.

    Attributes:
        segments: in the order in which they run.
        code: which device runs what, in words.
        report: how many nodes and bytes cross, in words.
    """

    def __init__(
        self,
        graph: Graph,
        on_host: set[Node],
        device: str,
        compile: Callable[[Graph], Executable],
        reasons: dict[str, int],
    ) -> None:
        self.graph, self.device = graph, device
        drawn = [n for n in graph.nodes if _drawn(n) and n.prim.name != "NextKey"]
        self._draws = Draws(graph, drawn)
        self.segments: list[Segment] = []
        for number, (host, nodes) in enumerate(runs(graph, lambda n: n in on_host)):
            part = piece(graph, nodes, f"{graph.name}_{number}")
            made: Any = NumpyProgram(part) if host else compile(part)
            self.segments.append(Segment(HOST if host else device, part, made))
        self.report = self._report()
        lines = [self.report, *(f"  {n:4d} on the host: {why}" for why, n in reasons.items())]
        for one in self.segments:
            lines.append(
                f"-- {one.device}: {len(one.graph.nodes)} nodes, {one.bytes_in} bytes in, "
                f"{one.bytes_out} bytes out"
            )
            lines.append(one.executable.code.rstrip())
        self.code = "\n".join(lines)

    def _report(self) -> str:
        host = [s for s in self.segments if s.device == HOST]
        away = [s for s in self.segments if s.device != HOST]
        return (
            f"{self.graph.name}: {sum(len(s.graph.nodes) for s in away)} nodes on {self.device}, "
            f"{sum(len(s.graph.nodes) for s in host)} on the host, in {len(self.segments)} "
            f"segments; {sum(len(s.graph.inputs) + len(s.graph.outputs) for s in away)} values of "
            f"{sum(s.bytes_in + s.bytes_out for s in away)} bytes cross at each run"
        )

    def run(self, arrays: Sequence[np.ndarray]) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """(outputs, new values of the assigned Parameters); see `mslearn.backends.Executable`."""
        keys: dict[int, Any] = dict(self._draws.keys())
        known: dict[int, Any] = dict(keys)
        for node in self._draws.nodes:
            known[id(node.outputs[0])] = numbers(node, keys)
        known.update((id(v), a) for v, a in zip(self.graph.inputs, arrays, strict=True))
        known.update((id(v), p._value) for p, v in self.graph.parameters)
        for segment in self.segments:
            start = time.perf_counter()
            inputs = [known[id(v)] for v in segment.graph.inputs]
            outputs, _ = segment.executable.run(inputs)
            segment.seconds = time.perf_counter() - start
            known.update((id(v), a) for v, a in zip(segment.graph.outputs, outputs, strict=True))
        given = {id(a) for a in arrays} | {id(p._value) for p, _ in self.graph.parameters}
        leaving = [_own(known, v, given) for v in self.graph.results()]
        count = len(self.graph.outputs)
        return leaving[:count], leaving[count:]


def _own(known: dict[int, Any], value: Value, given: set[int]) -> np.ndarray:
    """An array that belongs to nobody else yet."""
    array: Any = known.get(id(value), value)
    if id(array) in given or not array.flags.owndata or isinstance(value, np.ndarray):
        array = array.copy()
    given.add(id(array))
    return array  # type: ignore[no-any-return]
