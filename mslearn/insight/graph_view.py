"""The computation graph as a widget: scopes fold, every node shows its value and its gradient."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import traitlets as t

from .base import InsightWidget
from .graph_dot import dot_source, to_dot
from .graph_fold import first_unfolded
from .graph_scene import Scene, scene
from .graph_svg import counts, to_svg

if TYPE_CHECKING:
    import graphviz


WHOLE = 1500  # nodes of a graph that is sent with all its cards


def _travelling(scene: Scene, _: Any) -> dict[str, Any]:
    """The scene as the page gets it: a large one packed, a tenth of the size."""
    if len(scene["nodes"]) <= WHOLE:
        return scene
    return {"zip": zlib.compress(json.dumps(scene, separators=(",", ":")).encode(), 1)}


class GraphView(InsightWidget):
    """A computation graph that has been recorded; see `graph`.

    Attributes:
        scene: the graph as plain JSON data (see `mslearn.insight.graph_scene`); of a large graph
            without what only a node's card shows, which the page fetches when a card opens.
            Large ones travel packed (zlib).
        unfolded: ids of the scopes that are open when the view appears.
        language: "en" or "zh".
    """

    bundle = "graph"

    scene = t.Dict().tag(sync=True, to_json=_travelling)
    unfolded = t.List(t.Int()).tag(sync=True)

    def __init__(self, scene: Scene, **kwargs: Any) -> None:
        kwargs.setdefault("unfolded", first_unfolded(scene))
        self._full = scene
        super().__init__(scene=light(scene), **kwargs)
        self.on_msg(self._on_message)

    def _on_message(self, _: Any, content: Any, buffers: Any) -> None:
        """The page asks for a node's numbers, or for a file."""
        if not isinstance(content, dict):
            return
        node, kind = content.get("node"), content.get("kind")
        nodes = self._full["nodes"]
        if content.get("type") == "card" and isinstance(node, int) and 0 <= node < len(nodes):
            self.send({"type": "card", "node": node, "full": nodes[node]})
        if content.get("type") == "export" and kind in ("svg", "dot"):
            backward = bool(content.get("backward"))
            if kind == "dot":
                text = dot_source(self._full, backward)
            else:
                unfolded, apart = (
                    {k for k in content.get(name) or [] if isinstance(k, int)}
                    for name in ("unfolded", "apart")
                )
                text = to_svg(self._full, self.language, unfolded, backward, apart)
            self.send({"type": "export", "kind": kind, "text": text})

    def to_svg(self, backward: bool = False) -> str:
        """The graph as it appears at first, as SVG text; with `backward`, both passes."""
        return to_svg(self._full, self.language, set(self.unfolded), backward)

    def to_dot(self, backward: bool = False) -> graphviz.Source:
        """The whole graph for Graphviz, scopes as clusters.

        Raises:
            ImportError: the Python package graphviz is missing.

        >>> view.to_dot().save("net.dot")         # doctest: +SKIP
        """
        return to_dot(self._full, backward)

    def fallback(self) -> dict[str, str]:
        return {"image/svg+xml": self.to_svg()}

    def __repr__(self) -> str:
        ops, parameters, scopes = counts(self._full)
        return (
            f"GraphView({_many(ops, 'operator')}, {_many(parameters, 'parameter')}, "
            f"{_many(scopes, 'scope')})"
        )


def light(scene: Scene) -> Scene:
    """The scene as it travels to the page: a large one without the cards' details.

    >>> light({"nodes": []})
    {'nodes': []}
    """
    if len(scene["nodes"]) <= WHOLE:
        return scene
    nodes = []
    for node in scene["nodes"]:
        outputs = [
            {**out, "value": _key(out["value"]), "grad": out["grad"] and _key(out["grad"])}
            for out in node["outputs"]
        ]
        later = {"attrs": {}, "doc": "", "light": True}
        if node["phase"] == "backward":  # the list of source lines is about the forward pass
            later["source"] = None
        nodes.append({**node, "outputs": outputs, **later})
    return {**scene, "nodes": nodes}


def _key(summary: dict[str, Any]) -> dict[str, Any]:
    """What colours and labels need of a value's summary."""
    kept: dict[str, Any] = {"first": summary["first"][:1]}
    return kept | {k: summary[k] for k in ("norm", "zeros") if k in summary}


def _many(n: int, word: str) -> str:
    return f"{n} {word}" if n == 1 else f"{n} {word}s"


def graph(
    cell_or_fn: Callable[..., Any],
    *inputs: Any,
    loss_fn: Callable[..., Any] | None = None,
    grads: bool = True,
    optimizer: Any = None,
    language: str | None = None,
) -> GraphView:
    """Run a network or function once and show what it computed.

    What `ms.jit` compiles shows each ``if`` and ``while`` over tensors as an operator that unfolds:
    both branches, or the condition and the body of the loop, and which way the numbers went.

    Args:
        cell_or_fn: a Cell or a function of tensors.
        inputs: its arguments. When `loss_fn` takes n > 1 arguments, the last n - 1 go to it.
        loss_fn: makes a scalar from the output; its gradients are shown beside the values.
        grads: go backwards where there is a scalar to start from: the loss, or a scalar output,
            or the first of several outputs when that is a scalar.
        optimizer: one step of it is tried with these gradients and taken back, so that each
            parameter shows its update ratio, mean|change| / mean|value|.
        language: "en" or "zh"; the one of `insight.set_language` by default.

    Returns:
        A view to put at the end of a notebook cell.

    Raises:
        TypeError: `cell_or_fn` cannot be called or ran no operation; `optimizer` is none.
        ValueError: `loss_fn` did not return a scalar; an optimizer, but no gradients.

    Examples:
        >>> insight.graph(net, images)                                  # doctest: +SKIP
        >>> insight.graph(net, images, labels, loss_fn=loss_fn)         # doctest: +SKIP
        >>> insight.graph(forward_fn, images, labels)                   # doctest: +SKIP
    """
    made = scene(cell_or_fn, *inputs, loss_fn=loss_fn, grads=grads, optimizer=optimizer)
    return GraphView(made, **({} if language is None else {"language": language}))
