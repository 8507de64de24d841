"""The computation graph as a widget: scopes fold, every node shows its value and its gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import traitlets as t

from .base import InsightWidget
from .graph_dot import to_dot
from .graph_fold import first_unfolded
from .graph_scene import Scene, scene
from .graph_svg import counts, to_svg

if TYPE_CHECKING:
    import graphviz


class GraphView(InsightWidget):
    """A computation graph that has been recorded; see `graph`.

    Attributes:
        scene: the graph as plain JSON data (see `mslearn.insight.graph_scene`).
        unfolded: ids of the scopes that are open when the view appears.
        language: "en" or "zh".
    """

    bundle = "graph"

    scene = t.Dict().tag(sync=True)
    unfolded = t.List(t.Int()).tag(sync=True)

    def __init__(self, scene: Scene, **kwargs: Any) -> None:
        kwargs.setdefault("unfolded", first_unfolded(scene))
        super().__init__(scene=scene, **kwargs)

    def to_svg(self, backward: bool = False) -> str:
        """The graph as it appears at first, as SVG text; with `backward`, both passes."""
        return to_svg(self.scene, self.language, set(self.unfolded), backward)

    def to_dot(self, backward: bool = False) -> graphviz.Source:
        """The whole graph for Graphviz, scopes as clusters.

        Raises:
            ImportError: the Python package graphviz is missing.

        >>> view.to_dot().save("net.dot")         # doctest: +SKIP
        """
        return to_dot(self.scene, backward)

    def fallback(self) -> dict[str, str]:
        return {"image/svg+xml": self.to_svg()}

    def __repr__(self) -> str:
        ops, parameters, scopes = counts(self.scene)
        return (
            f"GraphView({_many(ops, 'operator')}, {_many(parameters, 'parameter')}, "
            f"{_many(scopes, 'scope')})"
        )


def _many(n: int, word: str) -> str:
    return f"{n} {word}" if n == 1 else f"{n} {word}s"


def graph(
    cell_or_fn: Callable[..., Any],
    *inputs: Any,
    loss_fn: Callable[..., Any] | None = None,
    grads: bool = True,
) -> GraphView:
    """Run a network or function once and show what it computed.

    Args:
        cell_or_fn: a Cell or a function of tensors.
        inputs: its arguments. When `loss_fn` takes n > 1 arguments, the last n - 1 go to it.
        loss_fn: makes a scalar from the output; its gradients are shown beside the values.
        grads: go backwards where there is a scalar to start from: the loss, or a scalar output,
            or the first of several outputs when that is a scalar.

    Returns:
        A view to put at the end of a notebook cell.

    Raises:
        TypeError: `cell_or_fn` cannot be called, or ran no operation.
        ValueError: `loss_fn` did not return a scalar.

    Examples:
        >>> insight.graph(net, images)                                  # doctest: +SKIP
        >>> insight.graph(net, images, labels, loss_fn=loss_fn)         # doctest: +SKIP
        >>> insight.graph(forward_fn, images, labels)                   # doctest: +SKIP
    """
    return GraphView(scene(cell_or_fn, *inputs, loss_fn=loss_fn, grads=grads))
