"""From a target's name to something that runs: which nodes go where, and no silent CPU."""

from __future__ import annotations

from typing import Any

from mslearn.backends.base import Backend, BackendError, Executable
from mslearn.backends.partition import Partitioned, masters
from mslearn.backends.words import warn
from mslearn.graph.ir import Graph, Node
from mslearn.graph.numpy_backend import Executable as NumpyProgram

MASTER = "the optimizer keeps the weights in float32"
ADVICE = (
    'To run just these on the CPU: ms.jit(…, fallback="cpu"), or for all graphs '
    'mslearn.backends.configure("{}", fallback="cpu").'
)
ROUNDS = 20  # a device that refuses other nodes at each attempt


def place(one: Backend, target: str, graph: Graph, fallback: str, **options: Any) -> Executable:
    """Compile `graph` for a target of a backend.

    Args:
        one: the backend.
        target: one of its targets.
        graph: an optimized graph.
        fallback: ``"error"``: a node that the device does not take is an error that names it;
            ``"cpu"``: such nodes run on NumPy, with a warning that says what crosses.
        **options: the backend's.

    Raises:
        BackendError: the device does not take the graph.
    """
    if not graph.nodes:  # all of it was worked out beforehand, or goes through
        return NumpyProgram(graph)
    info = one.probe(target)
    narrow = info.precision != "float32"
    host = dict.fromkeys(masters(graph), MASTER) if narrow else {}
    refused = {n: why for n in graph.nodes if n not in host and (why := one.supports(n, target))}
    for _ in range(ROUNDS):
        if refused and fallback == "error":
            raise BackendError(refusal(target, one.name, refused), refused)
        try:
            return _compiled(one, target, graph, {**host, **refused}, refused, options)
        except BackendError as error:
            new = {n: why for n, why in error.refused.items() if n not in refused}
            if new and fallback == "error":
                raise BackendError(f"{error}\n{ADVICE.format(target)}", new) from error
            if not new:
                raise
            refused.update(new)
        except Exception as error:  # of an adapter, or of the library that it calls
            raise BackendError(
                f"The target '{target}' ({one.name}) failed before it ran anything: "
                f"{type(error).__name__}: {error}"
            ) from error
    raise BackendError(f"The target '{target}' refused more nodes at each of {ROUNDS} attempts.")


def _compiled(
    one: Backend, target: str, graph: Graph, host: dict[Node, str], refused: Any, options: Any
) -> Executable:
    if not host:
        return one.compile(graph, target, **options)
    reasons: dict[str, int] = {}
    for node, why in host.items():
        text = why if why == MASTER else f"{node.prim.name}: {why}"
        reasons[text] = reasons.get(text, 0) + 1
    made = Partitioned(graph, set(host), target, lambda g: one.compile(g, target, **options),
                       reasons)  # fmt: skip
    if refused:
        listed = ", ".join(sorted({n.prim.name for n in refused}))
        warn(f"{made.report}. On the host for '{target}' lacks them: {listed}.")
    return made


def refusal(target: str, backend: str, refused: dict[Node, str]) -> str:
    """The error's text: each node, its line, the reason, and what to do."""
    lines: dict[str, int] = {}
    for node, why in refused.items():
        where = f" ({node.source})" if node.source else f" ({'/'.join(node.scope)})"
        line = f"  {node.prim.name}{where}: {why}"
        lines[line] = lines.get(line, 0) + 1
    listed = "\n".join(f"{k}{f' [{n} times]' if n > 1 else ''}" for k, n in lines.items())
    return (
        f"The target '{target}' ({backend}) does not take {len(refused)} operation(s) of this "
        f"graph:\n{listed}\n{ADVICE.format(target)}"
    )
