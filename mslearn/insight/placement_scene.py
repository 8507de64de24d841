"""Where a jitted function runs: its segments, what crosses between devices, and how long it takes.

    {"version": 1, "title": …, "target": …, "precision": …, "report": …,
     "devices": [{"name", "launch_seconds", "operation_seconds", "flops_per_second",
                  "bytes_per_second"}, …],
     "segments": [{"device": position, "groups": [{"cell", "backward", "ops": [[name, count], …]}],
                   "nodes", "flops", "bytes_moved", "predicted", "measured"}, …],
     "transfers": [{"from": segment or -1, "to": segment or -1, "values", "bytes"}, …]}

Times are seconds. The prediction of a segment is that of the roofline model (Williams et al.
2009, doi:10.1145/1498765.1498785): a start, a little for each operation, and the larger of
arithmetic and memory traffic, by speeds that four small graphs have measured on the device
itself. -1 stands for the host's memory: arguments and Parameters come from there, results go
there.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from mslearn.backends import registry
from mslearn.backends.partition import HOST, Partitioned, Segment, size_of
from mslearn.core import Tensor, random
from mslearn.graph.ir import Graph, Node
from mslearn.graph.jit import Compilation, Jitted, jit
from mslearn.graph.passes.stats import statistics as counts

VERSION = 1
SIDE, LONG, CHAIN = 256, 1 << 20, 32  # the product, the sum and the chain that measure a device
FACTS = ("name", "launch_seconds", "operation_seconds", "flops_per_second", "bytes_per_second")


def placement_scene(compiled: Compilation, jitted: Jitted, tensors: list[Tensor], runs: int
                    ) -> dict[str, Any]:  # fmt: skip
    """Run a compilation `runs` times without changing any Parameter, and describe it."""
    target = jitted._target()
    backend, name = registry.find(target)
    segments = _segments(compiled, name)
    seconds = _measured(compiled, tensors, segments, runs)
    speeds = {d: speed(d, target) for d in dict.fromkeys(s.device for s in segments)}
    devices = list(speeds)
    parts = []
    for segment, measured in zip(segments, seconds, strict=True):
        found = counts(segment.graph)
        launch, each, flops, moved = speeds[segment.device]
        parts.append({
            "device": devices.index(segment.device), "groups": groups(segment.graph),
            "nodes": found.nodes, "flops": found.flops, "bytes_moved": found.bytes_moved,
            "predicted": launch + each * found.nodes
            + max(found.flops / flops, found.bytes_moved / moved),
            "measured": measured,
        })  # fmt: skip
    return {
        "version": VERSION, "title": jitted.__name__, "target": name,
        "precision": backend.probe(name).precision,
        "report": getattr(compiled.executable, "report", ""),
        "devices": [
            dict(zip(FACTS,
                     (d, *speeds[d]), strict=True)) for d in devices
        ],
        "segments": parts, "transfers": transfers(compiled.graph, segments),
    }  # fmt: skip


def _segments(compiled: Compilation, target: str) -> list[Segment]:
    executable = compiled.executable
    if isinstance(executable, Partitioned):
        return executable.segments
    return [Segment(target, compiled.graph, executable)]


def _measured(
    compiled: Compilation, tensors: list[Tensor], segments: list[Segment], runs: int
) -> list[float]:
    arrays = [t._value for t in tensors]
    held = [p._value for p, _ in compiled.graph.parameters]  # what is held is not overwritten
    before = random.snapshot()
    times: list[list[float]] = []
    for _ in range(runs + 1):
        start = time.perf_counter()
        compiled.executable.run(arrays)
        whole = time.perf_counter() - start
        times.append([s.seconds for s in segments] if len(segments) > 1 else [whole])
        random.restore(before)
    del held
    return [statistics.median(t) for t in zip(*times[1:], strict=True)]


def speed(device: str, target: str) -> tuple[float, float, float, float]:
    """Seconds of a start and of a small operation, floating-point operations and bytes a second:
    of a device, measured on it."""
    backend = "numpy" if device == HOST else target
    small = _seconds(lambda a: a + a, backend, np.ones((4, 4), np.float32))
    product = _seconds(lambda a: a @ a, backend, np.ones((SIDE, SIDE), np.float32))
    traffic = _seconds(lambda a: a + a, backend, np.ones((LONG // 1024, 1024), np.float32))
    chain = _seconds(_chain, backend, np.ones((4, 4), np.float32))
    least = 1e-9
    return (
        small,
        max(chain - small, 0) / (CHAIN - 1),
        2 * SIDE**3 / max(product - small, least),
        3 * 4 * LONG / max(traffic - small, least),
    )


def _chain(a: Any) -> Any:
    out = a
    for _ in range(CHAIN):
        out = out * a
    return out


def _seconds(function: Callable[..., Any], backend: str, array: np.ndarray) -> float:
    run, x = jit(function, backend=backend), Tensor(array)
    times = []
    for _ in range(6):
        start = time.perf_counter()
        run(x)
        times.append(time.perf_counter() - start)
    return min(times[1:])


def groups(graph: Graph) -> list[dict[str, Any]]:
    """The operations by Cell, in the order in which they run."""
    found: list[dict[str, Any]] = []
    for node in graph.nodes:
        cell = _cell(node)
        if not found or found[-1]["cell"] != cell or found[-1]["backward"] != node.backward:
            found.append({"cell": cell, "backward": node.backward, "ops": []})
        ops = found[-1]["ops"]
        if ops and ops[-1][0] == node.prim.name:
            ops[-1][1] += 1
        else:
            ops.append([node.prim.name, 1])
    return found


def _cell(node: Node) -> str:
    return node.scope[-1].split("-")[0] if len(node.scope) > 1 else ""


def transfers(graph: Graph, segments: list[Segment]) -> list[dict[str, Any]]:
    """What goes from segment to segment; values that stay in the host's memory do not count."""
    maker = {id(o): k for k, s in enumerate(segments) for n in s.graph.nodes for o in n.outputs}
    read = [{id(v) for n in s.graph.nodes for v in n.values()} for s in segments]
    found: dict[tuple[int, int], list[int]] = {}

    def add(start: int, end: int, value: Any) -> None:
        on = {segments[k].device if k >= 0 else HOST for k in (start, end)}
        if on != {HOST}:
            found.setdefault((start, end), []).append(size_of(value))

    starts = [*graph.inputs, *(v for _, v in graph.parameters)]
    values = {id(v): v for v in starts}
    values.update((id(o), o) for s in segments for n in s.graph.nodes for o in n.outputs)
    for k, names in enumerate(read):
        for name in names:
            start = maker.get(name, -1)
            if name in values and start != k:
                add(start, k, values[name])
    for value in graph.results():
        if id(value) in maker:
            add(maker[id(value)], -1, value)
    return [
        {"from": a, "to": b, "values": len(sizes), "bytes": sum(sizes)}
        for (a, b), sizes in sorted(found.items())
    ]
