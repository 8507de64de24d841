"""Where a jitted function runs: its segments, what crosses between devices, and how long it takes.

    {"version": 2, "title": …, "target": …, "precision": …, "report": …,
     "devices": [{"name", "launch_seconds", "operation_seconds", "flops_per_second",
                  "bytes_per_second", "crossing_seconds_per_byte", "why"}, …],
     "segments": [{"device": position, "groups": [{"cell", "backward", "ops": [[name, count], …]}],
                   "nodes", "flops", "bytes_moved", "predicted" or null, "measured"}, …],
     "transfers": [{"from": segment or -1, "to": segment or -1, "values", "bytes"}, …]}

Times are seconds; `placement_cost` predicts them. Where no honest prediction can be made, it is
null and ``"why"`` of the device names the reason: ``"emulator"``, ``"control"`` (a loop or branch,
whose rounds only the run knows) or ``"refused"`` (the device does not take what would measure
it). -1 stands for the host's memory: arguments and Parameters come from there, results go there.
"""

from __future__ import annotations

import dataclasses
import math
import time
from typing import Any

from mslearn.backends import registry
from mslearn.backends.base import Backend
from mslearn.backends.partition import HOST, Partitioned, Segment, size_of
from mslearn.backends.providers import PROVIDERS, emulated
from mslearn.core import Tensor, random
from mslearn.core.context import get_context
from mslearn.graph.compilation import Compilation
from mslearn.graph.ir import Graph, Node
from mslearn.graph.jit import Jitted
from mslearn.graph.passes.stats import statistics as counts

from .compile_scene import Book
from .placement_cost import SECONDS, Device

VERSION = 2
CACHE, COLD, EMPTY = 3 << 20, 16 << 20, 64 << 20
"""Bytes: a step that moves more than the first finds its data and its code outside of the cache, as
if the second had passed through it; after an emulator's segment nothing at all is left there."""
SHORT = 0.5  # seconds that are enough for a step, however few runs those were
_devices: dict[Any, Device] = {}
"""What has been measured, by target and what else its speed depends on."""


def placement_scene(compiled: Compilation, jitted: Jitted, tensors: list[Tensor], runs: int
                    ) -> dict[str, Any]:  # fmt: skip
    """Run a compilation `runs` times, leave everything as it was, and describe it."""
    backend, name = registry.find(jitted._target())
    segments = _segments(compiled, name)
    measured = _measured(compiled, tensors, segments, runs)
    names = list(dict.fromkeys(s.device for s in segments))
    emulator = backend.name == "onnxruntime" and emulated(PROVIDERS[name])
    cold = EMPTY if emulator else COLD if counts(compiled.graph).bytes_moved > CACHE else 0
    book = Book(jitted.function)
    parts: list[dict[str, Any]] = []
    for segment, seconds in zip(segments, measured, strict=True):
        found = counts(segment.graph)
        parts.append({
            "device": names.index(segment.device), "groups": groups(segment.graph, book),
            "nodes": found.nodes, "flops": found.flops, "bytes_moved": found.bytes_moved,
            "predicted": None, "measured": seconds,
        })  # fmt: skip
    devices = []
    for number, name_of in enumerate(names):
        if emulator and name_of != HOST:
            devices.append({"name": name_of, **_unknown("emulator")})
            continue
        device = _device(name_of, backend, name, jitted.options, cold)
        here = [k for k, s in enumerate(segments) if s.device == name_of]
        share = SECONDS / (len(names) - number)
        predicted, facts = _predicted([segments[k] for k in here], device, share)
        devices.append({"name": name_of, **facts})
        for k, told in zip(here, predicted, strict=True):
            parts[k]["predicted"] = told
    lines, place = book.lines()
    for part in parts:
        for group in part["groups"]:
            group["lines"] = sorted({tuple(place[w]) for w in group["lines"]})
    return {
        "version": VERSION, "title": jitted.__name__, "target": name,
        "precision": backend.probe(name).precision,
        "report": getattr(compiled.executable, "report", ""), "devices": devices,
        "segments": parts, "transfers": transfers(compiled.graph, segments), "source": lines,
    }  # fmt: skip


def _segments(compiled: Compilation, target: str) -> list[Segment]:
    executable = compiled.executable
    if isinstance(executable, Partitioned):
        return executable.segments
    return [Segment(target, compiled.graph, executable)]


def _measured(
    compiled: Compilation, tensors: list[Tensor], segments: list[Segment], runs: int
) -> list[float]:
    """The time of each segment: the quiet quarter of the runs after the first. The steps are real
    ones; then Parameters and random numbers are what they were, also when a run fails."""
    parameters = {id(p): p for p, _ in (*compiled.graph.parameters, *compiled.graph.updates)}
    values = [(p, p._value) for p in parameters.values()]  # what is held is not overwritten
    before = random.snapshot()
    times: list[list[float]] = []
    end = math.inf
    try:
        while len(times) <= runs and (len(times) < 2 or time.perf_counter() < end):
            start = time.perf_counter()
            compiled.run(tensors)
            whole = time.perf_counter() - start
            times.append([s.seconds for s in segments] if len(segments) > 1 else [whole])
            end = min(end, start + SHORT)
    finally:
        for parameter, value in values:
            parameter.assign_value(value)
        random.restore(before)
    return [sorted(t)[len(t) // 4] for t in zip(*times[1:], strict=True)]


def _predicted(
    segments: list[Segment], device: Device, seconds: float
) -> tuple[list[float | None], dict[str, Any]]:
    """(seconds or None of each segment, what is known of the device)"""
    graphs = [getattr(s.executable, "graph", s.graph) for s in segments]  # NumPy's, with chains
    straight = [not any(True for _ in graph.subgraphs()) for graph in graphs]
    why = "" if all(straight) else "control"
    try:
        found = device.predict([g for g, s in zip(graphs, straight, strict=True) if s], seconds)
        facts = dataclasses.astuple(device.roofs())
    except Exception:  # a runtime that does not take even a sum of two matrices alone
        return [None] * len(segments), _unknown("refused")
    left = iter(found)
    told = [next(left) if s else None for s in straight]
    return told, {**dict(zip(FACTS, facts, strict=True)), "why": why}


def _unknown(why: str) -> dict[str, Any]:
    return {**dict.fromkeys(FACTS), "why": why}


FACTS = (
    "launch_seconds", "operation_seconds", "flops_per_second", "bytes_per_second",
    "crossing_seconds_per_byte",
)  # fmt: skip


def _device(name: str, backend: Backend, target: str, options: dict[str, Any], cold: int) -> Device:
    own = {k: v for k, v in options.items() if k != "fallback"}
    threads = get_context("runtime_num_threads")
    key = name, "" if name == HOST else backend.name, repr(sorted(own.items())), threads, cold
    if key not in _devices:
        _devices[key] = Device(
            None if name == HOST else lambda g: backend.compile(g, target, **own), cold
        )
    return _devices[key]


def groups(graph: Graph, book: Book) -> list[dict[str, Any]]:
    """The operations by Cell, in the order in which they run; ``"lines"`` as `book` names them."""
    found: list[dict[str, Any]] = []
    for node in graph.nodes:
        cell = _cell(node)
        if not found or found[-1]["cell"] != cell or found[-1]["backward"] != node.backward:
            found.append({"cell": cell, "backward": node.backward, "ops": [],
                          "lines": set()})  # fmt: skip
        where = book.place(node)
        if where is not None:
            found[-1]["lines"].add(where)
        ops = found[-1]["ops"]
        if ops and ops[-1][0] == node.prim.name:
            ops[-1][1] += 1
        else:
            ops.append([node.prim.name, 1])
    return found


def _cell(node: Node) -> str:
    """The Cell's name; in front of a bare number the name of what it stands in: conv1.0."""
    names = [part.split("-")[0] for part in node.scope[1:]]
    start = max((k for k, name in enumerate(names) if not name.isdigit()), default=0)
    return ".".join(names[start:])


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
