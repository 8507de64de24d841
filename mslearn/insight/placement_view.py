"""Which device runs what of a jitted function, and what crosses between them."""

from __future__ import annotations

from typing import Any

import traitlets as t

from mslearn.graph.compilation import Compilation
from mslearn.graph.jit import Jitted, jit
from mslearn.graph.tree import flatten_call

from .base import InsightWidget
from .placement_scene import placement_scene
from .placement_svg import seconds, to_svg


class Placement(InsightWidget):
    """A picture of where a function runs; see `placement`.

    Attributes:
        scene: the placement as plain data (see `mslearn.insight.placement_scene`).
        language: "en" or "zh".
    """

    bundle = "placement"

    scene = t.Dict().tag(sync=True)

    def to_svg(self) -> str:
        """The picture as SVG text."""
        return to_svg(self.scene, self.language)

    def fallback(self) -> dict[str, str]:
        return {"image/svg+xml": self.to_svg()}

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
        A view to put at the end of a notebook cell: a lane for each device, the segments of the
        graph with their operations and their lines of code, what crosses, and the time of each
        segment, predicted (see `mslearn.insight.placement_cost`) and measured.

    Raises:
        BackendError: the target cannot be reached, or does not take the graph.

    >>> insight.placement(train_step, images, labels)            # doctest: +SKIP
    """
    jitted = fn if isinstance(fn, Jitted) else jit(fn)
    compiled = _compiled(jitted, args, kwargs)
    tensors, _ = flatten_call(args, kwargs)
    return Placement(scene=placement_scene(compiled, jitted, tensors, runs))


def _compiled(jitted: Jitted, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Compilation:
    """The compilation that a call with these arguments would run, a new one where there is none."""
    tensors, pattern = flatten_call(args, kwargs)
    shapes = tuple((x._value.shape, x._value.dtype) for x in tensors)
    known = jitted._found.get((pattern, shapes, jitted._target()), ())
    return next((c for c in known if c.valid()), None) or jitted.compile(args, kwargs)
