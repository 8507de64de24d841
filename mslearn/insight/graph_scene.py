"""From what ran to a *scene*: the computation graph as plain JSON, for every way of drawing it.

    from mslearn.insight.graph_scene import scene
    scene(net, images, loss_fn=lambda logits: loss_fn(logits, labels))

A scene is a dict of version 1:

``version``   1
``title``     what was called, e.g. ``"Network"``
``scopes``    tree of name scopes, parents first: ``{"id", "name", "parent" (id or -1), "phase"}``;
              ``phase`` is ``"forward"`` or ``"backward"`` (below ``Gradients``); a branch or loop
              (see `graph_control`) has also ``"control"``: ``{"kind", "node", "text", "runs"}``
``nodes``     ``{"id", "kind", "op", "name", "scope" (id or -1), "phase", "outputs", "attrs",
              "doc", "source", "cause"}``, of an operation with ``"time"`` (seconds), of a parameter
              with ``"update"`` (sum |change|, sum |value|) where an optimizer's step was tried;
              ``kind`` is ``"op"``, ``"parameter"``, ``"input"``, ``"constant"`` or ``"port"`` (a
              value that a branch hands out or a loop carries); ``op`` the primitive's name (the
              label of other kinds); ``name`` the full name as MindSpore
              writes it; ``attrs`` name to text; ``source`` null or ``{"file", "line", "text"}``;
              ``cause`` of a backward node the id of the forward node whose rule it belongs to
``outputs``   of a node: ``{"shape", "dtype", "value", "grad"}``; ``value`` and ``grad`` are
              summaries (see `graph_values.summarise`), ``grad`` null where no gradient arrives
``edges``     ``[source node, its output number, target node, its input number]``
``loss``      null or ``{"node", "output", "value"}``: what the gradients are gradients of

Ids are positions in their lists. Everything in it is data: names may hold any text, and whoever
draws must escape. No Jupyter is needed here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mslearn.backends.home import at_home
from mslearn.core import Tensor, observing
from mslearn.core.context import GRAPH_MODE, settings
from mslearn.core.dtype import dtype_of
from mslearn.graph.ir import Graph
from mslearn.nn import Cell

from .graph_control import ControlRecorder, Port, Unfolding
from .graph_names import arity, leaves_of, named_arguments, outside_tensors, parameters_of
from .graph_recorder import Op, Recorder
from .graph_update import Change, tried_step

VERSION = 1
Scene = dict[str, Any]


@at_home
def scene(
    cell_or_fn: Callable[..., Any],
    *inputs: Any,
    loss_fn: Callable[..., Any] | None = None,
    grads: bool = True,
    optimizer: Any = None,
) -> Scene:
    """Run `cell_or_fn` once and describe what it computed; see the module's text for the form.

    Of a jitted function (or a Cell in graph mode) whose way depends on numbers, branches and loops
    are operators with their own operators inside; other functions show the way that they went.

    Args:
        cell_or_fn: a Cell or a function of tensors.
        inputs: its arguments. When `loss_fn` takes n > 1 arguments, the last n - 1 go to it.
        loss_fn: makes the scalar to differentiate from the output.
        grads: go backwards too, where there is a scalar to start from: the loss, or the output,
            or the first of several outputs when that is a floating scalar.
        optimizer: one step of it is tried with these gradients and taken back.

    Raises:
        TypeError: nothing callable was given, no optimizer, or no operation ran.
        ValueError: `loss_fn` did not return a scalar, or an optimizer stands beside no gradients.
    """
    if not callable(cell_or_fn):
        raise TypeError(
            f"insight.graph: the first argument must be a Cell or a function, but got "
            f"'{type(cell_or_fn).__name__}'. Pass the network itself and then its inputs: "
            f"insight.graph(net, x)."
        )
    extra = arity(loss_fn) - 1 if loss_fn is not None else 0
    extra = min(max(extra, 0), max(len(inputs) - 1, 0))
    args, targets = inputs[: len(inputs) - extra], inputs[len(inputs) - extra :]
    recorder = ControlRecorder()
    with observing(recorder):
        if isinstance(cell_or_fn, Cell) and settings["mode"] == GRAPH_MODE:
            result = recorder.on_jitted(cell_or_fn, args, {})
        else:
            result = cell_or_fn(*args)
        if loss_fn is not None:
            result = loss_fn(result, *targets)
    named = named_arguments(cell_or_fn, args) | named_arguments(loss_fn, targets, 1)
    forward = len(recorder.ops)
    if not forward:
        raise TypeError(
            "insight.graph: no operation ran on tensors, so there is nothing to draw. Does the "
            "function compute with NumPy arrays or Python numbers? Use mslearn.Tensor and ops."
        )
    parameters = parameters_of(leaves_of(recorder.ops))
    loss = _scalar(result, required=loss_fn is not None) if grads or loss_fn is not None else None
    found: dict[int, Tensor] = {}
    if grads and loss is not None:
        watched = [v for v in (*named.values(), *parameters.values()) if _floating(v)]
        found = recorder.backward(loss, [getattr(v, "_value", v) for v in watched])
    if optimizer is not None and not found:
        raise ValueError(
            "insight.graph: an optimizer needs gradients, but there is no scalar to start from. "
            "Pass loss_fn, or a function that returns the loss, and leave grads=True."
        )
    updates = tried_step(optimizer, found) if optimizer is not None else {}
    outside = outside_tensors(cell_or_fn) | outside_tensors(loss_fn)
    names = {id(t._value): n for n, t in outside.items()}
    names |= {id(t._value): n for n, t in named.items()}
    return build(
        recorder,
        title=getattr(cell_or_fn, "__name__", None) or type(cell_or_fn).__name__,
        inputs=names,
        parameters={k: p.name for k, p in parameters.items()},
        gradients={k: id(t._value) for k, t in found.items()},
        loss=None if loss is None else id(loss._value),
        updates=updates,
    )


def build(
    recorder: Recorder,
    title: str = "",
    inputs: dict[int, str] | None = None,
    parameters: dict[int, str] | None = None,
    gradients: dict[int, int] | None = None,
    loss: int | None = None,
    updates: dict[int, Change] | None = None,
) -> Scene:
    """The scene of recorded operations.

    Args:
        recorder: what ran.
        title: shown above the picture.
        inputs, parameters: names of leaves by id(value); other leaves are constants.
        gradients: id(value) to id(its gradient), both seen by the recorder.
        loss: id of the value that was differentiated.
        updates: how far an optimizer's step moves a parameter, by id(value).
    """
    builder = _Builder(recorder, inputs or {}, parameters or {}, gradients or {}, updates or {})
    return builder.build(title, loss)


class _Builder:
    def __init__(
        self,
        recorder: Recorder,
        inputs: dict[int, str],
        parameters: dict[int, str],
        gradients: dict[int, int],
        updates: dict[int, Change],
    ) -> None:
        self.recorder, self.gradients, self.updates = recorder, gradients, updates
        self.leaf_names = {"input": inputs, "parameter": parameters}
        self.nodes: list[dict[str, Any]] = []
        self.edges: list[list[int]] = []
        self.scopes: list[dict[str, Any]] = []
        self.scope_ids: dict[tuple[str, ...], int] = {(): -1}
        self.made: dict[int, tuple[int, int]] = {}  # id(value) -> (node, output)
        self.counts: dict[str, int] = {}
        self.node_of: list[int] = []
        self.owners: dict[str, int] = {}  # of scopes of control flow
        self.unfold = Unfolding(self._number)
        self.ops: list[Op] = []  # of the recorder, and those inside of branches and loops

    def build(self, title: str, loss: int | None) -> Scene:
        ends = []
        for op in self.recorder.ops:
            self.ops += self.unfold(op)
            ends.append(len(self.ops))
        homes = self._leaf_homes()
        for k, op in enumerate(self.ops, 1):
            for value in op.inputs:
                if id(value) not in self.made:
                    self._leaf(value, homes[id(value)], op)
            self._operation(op)
            if k == ends[len(self.node_of)]:
                self.node_of.append(len(self.nodes) - 1)
        for made in self.scopes:
            if "control" in made:
                made["control"]["node"] = self.owners[made["control"].pop("owner")]
        at = self.made.get(loss) if loss is not None else None
        if at is not None and not self.gradients:
            at = None
        return {
            "version": VERSION,
            "title": title,
            "scopes": self.scopes,
            "nodes": self.nodes,
            "edges": self.edges,
            "loss": None
            if at is None
            else {
                "node": at[0],
                "output": at[1],
                "value": self.nodes[at[0]]["outputs"][at[1]]["value"]["first"][0],
            },
        }

    def _leaf_homes(self) -> dict[int, tuple[str, ...]]:
        """Where each value that nobody computed belongs: the innermost scope around its uses."""
        homes: dict[int, tuple[str, ...]] = {}
        for op in self.ops:
            for value in op.inputs:
                home = homes.get(id(value))
                if home is None:
                    homes[id(value)] = op.scope
                elif op.scope[:1] == home[:1]:  # uses in the backward pass do not count
                    n = 0
                    while n < min(len(home), len(op.scope)) and home[n] == op.scope[n]:
                        n += 1
                    homes[id(value)] = home[:n]
        return homes

    def _scope(self, path: tuple[str, ...]) -> int:
        known = self.scope_ids.get(path)
        if known is not None:
            return known
        parent = self._scope(path[:-1])
        made: dict[str, Any] = {
            "id": len(self.scopes),
            "name": path[-1],
            "parent": parent,
            "phase": "backward" if path[0] == "Gradients" else "forward",
        }
        if path in self.unfold.frames:
            made["control"] = vars(self.unfold.frames[path]).copy()
        self.scopes.append(made)
        self.scope_ids[path] = made["id"]
        return len(self.scopes) - 1

    def _leaf(self, value: Any, home: tuple[str, ...], user: Op) -> None:
        key = id(value)
        kind = next((k for k, names in self.leaf_names.items() if key in names), "constant")
        name = self.leaf_names[kind][key] if kind != "constant" else self._number("Constant")
        label = name if kind != "constant" else _constant_text(value)
        path = () if kind == "input" else home
        node = self._node(
            kind=kind,
            op=label,
            name=name if kind != "constant" else "/".join((*path, name)),
            scope=self._scope(path),
            phase="backward" if home[:1] == ("Gradients",) else "forward",
            outputs=(value,),
        )
        if key in self.updates:
            node["update"] = list(self.updates[key])
        if kind == "constant" and user.source is not None:
            node["source"] = vars(user.source).copy()

    def _operation(self, op: Op) -> None:
        known = self.unfold.names.get(id(op))
        port = op.label if isinstance(op, Port) else None
        node = self._node(
            kind="op" if port is None else "port",
            op=op.prim.name if port is None else port,
            name=known or "/".join((*op.scope, port or self._number(op.prim.name))),
            scope=self._scope(op.scope),
            phase="backward" if op.scope[:1] == ("Gradients",) else "forward",
            outputs=op.outputs,
        )
        if known is not None:
            self.owners[known] = node["id"]
        if op.seconds:
            node["time"] = float(f"{op.seconds:.3g}")
        node["attrs"] = {k: _attr(v) for k, v in op.attrs.items() if k != "draws"}
        node["doc"] = "" if port is not None else _first_line(op.prim.__doc__)
        node["source"] = vars(op.source).copy() if op.source is not None else None
        node["cause"] = self.node_of[op.cause] if op.cause is not None else None
        keys = [a for a in op.attrs.values() if id(a) in self.made]
        for slot, value in enumerate((*op.inputs, *keys)):
            source, output = self.made[id(value)]
            # A primitive that returns its own input must not point at itself.
            if source != node["id"]:
                self.edges.append([source, output, node["id"], slot])

    def _node(self, *, outputs: tuple[Any, ...], **fields: Any) -> dict[str, Any]:
        node = {"id": len(self.nodes), **fields, "attrs": {}, "doc": "", "source": None,
                "cause": None}  # fmt: skip
        node["outputs"] = [self._value(v) for v in outputs]
        self.nodes.append(node)
        for k, value in enumerate(outputs):
            self.made.setdefault(id(value), (node["id"], k))
        return node

    def _value(self, value: Any) -> dict[str, Any]:
        self.recorder.see(value)
        summaries = self.recorder.summaries
        gradient = self.gradients.get(id(value))
        return {
            "shape": [int(n) for n in value.shape],
            "dtype": str(dtype_of(value.dtype)),
            "value": summaries[id(value)],
            "grad": summaries.get(gradient) if gradient is not None else None,
        }

    def _number(self, op: str) -> str:
        n = self.counts.get(op, 0)
        self.counts[op] = n + 1
        return f"{op}-op{n}"


def _scalar(result: Any, required: bool) -> Tensor | None:
    while isinstance(result, tuple | list) and result:
        result = result[0]
    if isinstance(result, Tensor) and result.size == 1 and _floating(result):
        return result
    if required:
        got = (
            f"{result.dtype}{list(result.shape)}"
            if isinstance(result, Tensor)
            else f"'{type(result).__name__}'"
        )
        raise ValueError(
            f"insight.graph: loss_fn must return one floating number to go backwards from, but "
            f"got {got}. Reduce it with .mean() or .sum()."
        )
    return None


def _floating(value: Any) -> bool:
    return bool(getattr(value, "_value", value).dtype.kind == "f")


def _attr(value: Any) -> str:
    if isinstance(value, np.dtype):
        return str(dtype_of(value))
    if isinstance(value, Graph):
        return f"@{value.name}"
    text = str(value) if not isinstance(value, str) else repr(value)
    return text if len(text) <= 120 else text[:119] + "…"


def _constant_text(value: Any) -> str:
    if isinstance(value, np.ndarray) and value.size == 1:
        only = value.reshape(())[()]
        return f"{only:.6g}" if value.dtype.kind == "f" else str(only)
    return "Constant"


def _first_line(doc: str | None) -> str:
    return (doc or "").strip().split("\n", 1)[0]
