"""How long a device should take for a graph: the roofline model, measured on the device itself.

An operation takes a start and then the larger of arithmetic and memory traffic (Williams,
Waterman, Patterson 2009, doi:10.1145/1498765.1498785). How near a device comes to its roofs
depends on the kind of operation: a convolution is no matrix product, and what a runtime makes of
a pooling's gradient nobody can tell beforehand. So the largest and the smallest operation of each
kind in a step run alone for some milliseconds; a straight line through both tells the time of
those between. That takes 0.6 s at most; what has been measured is kept as long as the process runs.

What is left out shows in the difference to the measured time: what the runtime does in one pass
over memory for several operations, and data that the operation before has left in the cache.
"""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from mslearn.backends.base import Executable
from mslearn.core.parameter import Parameter
from mslearn.core.tensor import Abstract, Tensor
from mslearn.graph.capture import capture
from mslearn.graph.ir import Graph, Node
from mslearn.graph.numpy_backend import Executable as NumpyProgram
from mslearn.graph.passes.base import has_effect, nbytes
from mslearn.graph.passes.stats import flops
from mslearn.ops import concat, relu
from mslearn.ops.indexing import GetItem
from mslearn.ops.optimizer import UpdateRule

SIDE, LONG, FEW = 256, 1 << 20, (32, 128)  # the product, the sum, small arrays: for the roofs
SECONDS, EACH, LEAST, MOST = 0.6, 0.008, 3, 200  # for all measurements; for one; its runs
HELD = 32 << 20  # bytes of results that are kept until the last run: new ones get new memory
CLEAR, STEADY = 2.0, 1.2  # starts; what takes less cannot be told from the start's own scatter
TINY = 1e-9

Compile = Callable[[Graph], Executable]
INNER = {"nodes", "results", "key"}  # values of one graph, or what differs without a difference


@dataclasses.dataclass(frozen=True)
class Roofs:
    """What a device has shown.

    Attributes:
        launch: seconds of a run that computes next to nothing.
        operation: seconds of one more small operation.
        flops: floating-point operations a second, in a product of large matrices.
        bytes: bytes a second, in a sum of long arrays.
        crossing: seconds a byte from the host's memory to the device, or back.
    """

    launch: float
    operation: float
    flops: float
    bytes: float
    crossing: float


class Device:
    """Predicts times on a device by what is measured there.

    Args:
        compile: makes an executable of a graph on the device; None is NumPy on the host, where
            values inside of a graph have their memory, while what leaves it gets new memory.
        cold: bytes that pass through the cache before each run, as in a step they do between an
            operation and its next turn.
    """

    def __init__(self, compile: Compile | None, cold: int) -> None:
        self._compile = compile
        self._known: dict[Any, float] = {}
        self._roofs: Roofs | None = None
        self._cold = np.zeros(cold, np.uint8)

    def roofs(self) -> Roofs:
        """Its start, its cost of a small operation, and its two roofs.

        Raises:
            Exception: whatever the runtime raises for a graph that it does not take.
        """
        if self._roofs is None:
            long = LONG // 1024, 1024
            small = self._seconds(_graph(lambda a: a + a, FEW))
            chain = _graph(_several, FEW)
            product = self._seconds(_graph(lambda a: a @ a, (SIDE, SIDE)))
            traffic = self._seconds(_graph(lambda a: a + a, long))
            sent = self._seconds(_graph(lambda a: a + a, long, sent=True))
            self._roofs = Roofs(
                small,
                max(self._seconds(chain) - small, 0) / (len(chain.nodes) - 2),
                2 * SIDE**3 / max(product - small, TINY),
                3 * 4 * LONG / max(traffic - small, TINY),
                max(sent - 1.2 * traffic, 0) / (4 * LONG),
            )
        return self._roofs

    def predict(self, graphs: Sequence[Graph], seconds: float = SECONDS) -> list[float]:
        """Seconds of a run of each graph, after at most about `seconds` of measuring."""
        end = time.perf_counter() + seconds
        roofs = self.roofs()
        held = {id(v) for graph in graphs for _, v in graph.parameters}
        if self._compile is None:
            held |= {id(v) for graph in graphs for v in graph.results()}
        kinds: dict[str, list[Node]] = {}
        for node in (node for graph in graphs for node in graph.nodes):
            if node.prim.name != "NextKey":
                kinds.setdefault(node.prim.name, []).append(node)
        clear = STEADY if self._compile is None else CLEAR  # no threads are woken there
        lines: dict[str, list[tuple[float, float]]] = {}
        # What matters most is measured before the time is over.
        for nodes in sorted(kinds.values(), key=lambda ns: -sum(_roofline(n, roofs) for n in ns)):
            points = lines[nodes[0].prim.name] = []
            for node in _ends(nodes):
                found = self._alone(node, held, time.perf_counter() < end)
                if found is not None and found > clear * roofs.launch:
                    points.append((work(node), found - roofs.launch + roofs.operation))
                elif found is not None:  # the start hides it
                    points.append((work(node), _roofline(node, roofs)))

        def cost(node: Node) -> float:
            points = lines.get(node.prim.name)
            if points is None:
                return 0.0
            return _line(points, work(node)) if points else _roofline(node, roofs)

        return [
            roofs.launch + sum(map(cost, g.nodes))
            + roofs.crossing * sum(map(nbytes, (*g.inputs, *g.outputs)))
            for g in graphs
        ]  # fmt: skip

    def _alone(self, node: Node, held: set[int], may: bool) -> float | None:
        """Seconds of a run of this node alone; None where it cannot be told."""
        if has_effect(node) or any(isinstance(a, Graph) for a in node.attrs.values()):
            return None
        key = _signature(node, held)
        if key not in self._known:
            if not may:
                return None
            try:
                self._known[key] = self._seconds(self._sample(node, held), _drawn(node))
            except Exception:  # numbers that it does not take, or a runtime that refuses it alone
                self._known[key] = math.nan
        found = self._known[key]
        return None if math.isnan(found) else found

    def _sample(self, node: Node, held: set[int]) -> Graph:
        """A graph of this node alone, its inputs on the device already and of its results one
        number looked at: what crosses is no part of an operation. An optimizer's rule overwrites
        Parameters where it does so in the whole graph; on the host, what leaves that leaves this.
        """
        graph = Graph("sample")
        rng = np.random.default_rng(0)
        own: dict[int, Parameter] = {}
        for value in node.inputs:
            if isinstance(value, Abstract) and id(value) not in own:
                own[id(value)] = Parameter(_numbers(value, rng), f"p{len(own)}")
                graph.parameters.append((own[id(value)], value))
        key = {"key": (1, 1)} if "key" in node.attrs else {}
        graph.nodes = [dataclasses.replace(node, attrs={**node.attrs, **key})]
        names = node.prim.state if issubclass(node.prim, UpdateRule) else ()
        state = [node.inputs[node.prim.inputs.index(name)] for name in names]
        if state and all(id(v) in held for v in state):
            graph.updates = [(own[id(v)], o) for v, o in zip(state, node.outputs, strict=True)]
        for out in node.outputs:
            if self._compile is None and id(out) in held:
                graph.outputs.append(out)
                continue
            look = Abstract((1,) * len(out.shape), out.dtype)
            cut = {"template": (slice(0, 1),) * len(out.shape)}
            graph.nodes.append(Node(GetItem, (out,), cut, (look,)))
            graph.outputs.append(look)
        return graph

    def _seconds(self, graph: Graph, drawn: bool = False) -> float:
        """The quiet eighth of some runs."""
        compile = NumpyProgram if drawn or self._compile is None else self._compile
        executable = compile(graph)
        rng = np.random.default_rng(0)
        arrays = [_numbers(v, rng) for v in graph.inputs]
        results = sum(map(nbytes, graph.results()))
        most = HELD // max(results, HELD // MOST)
        kept: list[Any] = []
        times: list[float] = []
        with np.errstate(all="ignore"):
            executable.run(arrays)
            end = time.perf_counter() + EACH
            while len(times) < LEAST or (time.perf_counter() < end and len(times) < most):
                self._cold += 1  # as it is found when other operations have run
                start = time.perf_counter()
                made = executable.run(arrays)
                times.append(time.perf_counter() - start)
                kept += [made] if compile is NumpyProgram else []
        return sorted(times)[len(times) // 8]


def work(node: Node) -> float:
    """What an operation's time grows with: arithmetic of products and convolutions, else bytes."""
    name = node.prim.name
    if "MatMul" in name or name.startswith("Conv"):
        return float(flops(node))
    return float(_bytes(node))


def _bytes(node: Node) -> int:
    return sum(nbytes(v) for v in (*node.inputs, *node.outputs))


def _roofline(node: Node, roofs: Roofs) -> float:
    return roofs.operation + max(flops(node) / roofs.flops, _bytes(node) / roofs.bytes)


def _ends(nodes: list[Node]) -> Iterable[Node]:
    """The largest and the smallest."""
    big, small = max(nodes, key=work), min(nodes, key=work)
    return (big,) if work(big) == work(small) else (big, small)


def _line(points: list[tuple[float, float]], x: float) -> float:
    """The time at `x` on the line through two points, or in proportion to one."""
    (x1, y1), *rest = points
    for x2, y2 in rest:
        y2 = max(y2, y1 * x2 / x1)  # else it would have no start of its own
        return y2 + (y1 - y2) * (x - x2) / (x1 - x2)
    return y1 * x / x1 if x1 else y1


def _several(a: Any) -> Any:
    """Small operations of several kinds, which no runtime can do in one."""
    b, out = relu(a), a
    for _ in range(8):
        out = concat((out * a, (out + b).sum(0, keepdims=True)))[1:].T.reshape(FEW)
    return out


def _graph(function: Callable[..., Any], shape: tuple[int, ...], sent: bool = False) -> Graph:
    """Of its result one number is looked at; its argument stays on the device, or is sent."""
    numbers = np.ones(shape, np.float32)
    if sent:
        return capture(lambda a: function(a)[:1, :1], [Tensor(numbers)], {}).graph
    there = Parameter(numbers, "p")
    return capture(lambda: function(there)[:1, :1], [], {}).graph


def _drawn(node: Node) -> bool:
    """Whether it draws random numbers, which the host does for every device."""
    return "key" in node.attrs and not node.inputs


def _numbers(value: Any, rng: np.random.Generator) -> np.ndarray:
    """Numbers that every operation takes: neither zeros nor large, and indices that exist."""
    if value.dtype.kind == "f":
        return np.asarray(0.1 + 0.9 * rng.random(value.shape, np.float32), value.dtype)
    return np.zeros(value.shape, value.dtype)


def _signature(node: Node, held: set[int]) -> Any:
    inner = tuple(n.prim.name for n in node.attrs.get("nodes", ()))
    attrs = [(k, repr(v)) for k, v in sorted(node.attrs.items()) if k not in INNER]
    values = node.values() if issubclass(node.prim, UpdateRule) else node.outputs
    shapes = tuple((tuple(v.shape), v.dtype.str) for v in (*node.inputs, *node.outputs))
    return node.prim, shapes, tuple(attrs), inner, tuple(id(v) in held for v in values)
