"""The pass pipeline: a list of functions from graph to graph, with a snapshot after each."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from mslearn.graph.ir import Graph
from mslearn.graph.passes import cse, dce, effects, fold, simplify
from mslearn.graph.passes.check import GraphError as GraphError
from mslearn.graph.passes.check import check as check
from mslearn.graph.passes.stats import Statistics, statistics


@dataclasses.dataclass(frozen=True)
class Pass:
    """One step of the pipeline; `teaches` is what the step's file says about itself."""

    name: str
    run: Callable[[Graph], Graph]
    teaches: str


def _of(name: str, module: object) -> Pass:
    return Pass(name, module.run, (module.__doc__ or "").strip())  # type: ignore[attr-defined]


PIPELINE: tuple[Pass, ...] = (
    _of("auto_monad", effects),
    _of("constant_folding", fold),
    _of("algebraic_simplification", simplify),
    _of("common_subexpressions", cse),
    _of("dead_code", dce),
)
"""What every backend gets: portable rewriting. Fusion and buffers are the NumPy backend's own."""


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """The graph after a pass, and its size."""

    name: str
    teaches: str
    graph: Graph
    statistics: Statistics


def optimize(graph: Graph, keep: list[Snapshot] | None = None, checked: bool = True) -> Graph:
    """Run the pipeline.

    Args:
        graph: as captured.
        keep: a list that gets a Snapshot of the start and after each pass.
        checked: type-check the graph after each pass.
    """
    if keep is not None:
        keep += _before(graph)
    for step in PIPELINE:
        graph = step.run(graph)
        if checked:
            check(graph, step.name)
        if keep is not None:
            keep.append(Snapshot(step.name, step.teaches, graph, statistics(graph)))
    return graph


def _before(graph: Graph) -> list[Snapshot]:
    """The capture in two stages: the forward computation, then with the gradient's nodes."""
    forward = graph.copy()
    backward = {id(o) for n in graph.nodes if n.backward for o in n.outputs}
    forward.nodes = []
    for node in graph.nodes:
        if any(id(v) in backward for v in node.values()):
            backward.update(map(id, node.outputs))
        elif not node.backward:
            forward.nodes.append(node)
    forward.outputs = [v for v in graph.outputs if id(v) not in backward]
    forward.updates = [(p, v) for p, v in graph.updates if id(v) not in backward]
    texts = (
        "Capture: the function ran once over values without numbers; shapes and dtypes are "
        "inferred.",
        "Gradient expansion: the backward pass stands beside the forward nodes that caused it.",
    )
    stages = [("capture", texts[0], forward)]
    if len(forward.nodes) < len(graph.nodes):
        stages.append(("gradient", texts[1], graph))
    return [Snapshot(name, text, g, statistics(g)) for name, text, g in stages]
