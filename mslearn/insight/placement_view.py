"""Which device runs what of a jitted function, and what crosses between them."""

from __future__ import annotations

from typing import Any

from mslearn.graph.jit import Jitted, jit
from mslearn.graph.tree import flatten

from ._text import get_language
from .placement_scene import placement_scene
from .placement_svg import seconds, to_svg


class Placement:
    """A picture of where a function runs; see `placement`.

    Attributes:
        scene: the placement as plain data (see `mslearn.insight.placement_scene`).
        language: "en" or "zh".
    """

    def __init__(self, scene: dict[str, Any], language: str | None = None) -> None:
        self.scene = scene
        self.language = language or get_language()

    def to_svg(self) -> str:
        """The picture as SVG text."""
        return to_svg(self.scene, self.language)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/plain": repr(self), "image/svg+xml": self.to_svg()}

    def __repr__(self) -> str:
        names = [d["name"] for d in self.scene["devices"]]
        parts = ", ".join(
            f"{names[s['device']]} {s['nodes']} operations {seconds(s['measured'])}"
            for s in self.scene["segments"]
        )
        return f"Placement({self.scene['target']}: {parts})"


def placement(fn: Any, *args: Any, runs: int = 5, **kwargs: Any) -> Placement:
    """Compile a function for its target, time it, and show what runs where.

    Nothing is trained: no Parameter changes, and no random number is used up.

    Args:
        fn: what ``ms.jit(…, backend=…)`` returned, or a function or Cell, which then is compiled
            for the context's ``device_target``.
        args, kwargs: what it is called with.
        runs: how often it runs for the times, if that takes no more than half a second; of each
            segment's times the quiet quarter is shown, since other programs only add to them.

    Returns:
        A picture to put at the end of a notebook cell: a lane for each device, the segments of
        the graph with their operations, what crosses, and the time of each segment, predicted
        and measured.

    Raises:
        BackendError: the target cannot be reached, or does not take the graph.

    >>> insight.placement(train_step, images, labels)            # doctest: +SKIP
    """
    jitted = fn if isinstance(fn, Jitted) else jit(fn)
    compiled = jitted.compile(args, kwargs)
    tensors, _ = flatten((tuple(args), dict(kwargs)))
    return Placement(placement_scene(compiled, jitted, tensors, runs))
