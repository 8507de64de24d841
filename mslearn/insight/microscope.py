"""The gradient microscope: backpropagation edge by edge, and why a gradient is zero or None."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import traitlets as t

from mslearn.backends.home import at_home

from .base import InsightWidget
from .microscope_scene import element, microscope_scene
from .microscope_static import to_html
from .microscope_trace import Trace

MODES = ("reverse", "forward", "second")


class GradientView(InsightWidget):
    """A derivative in steps; see `gradient`.

    Attributes:
        scene: everything as plain data (see `mslearn.insight.microscope_scene`).
        mode: "reverse" (backpropagation), "forward" (tangents) or "second" (the second derivative,
            in reverse). Changing it runs the function again.
        step: the number of the step that is shown, from 0.
        leaf: the argument or Parameter that is asked about; "": the first without a gradient.
        language: "en" or "zh".
    """

    bundle = "microscope"

    scene = t.Dict().tag(sync=True)
    mode = t.Enum(MODES).tag(sync=True)
    step = t.Int(0).tag(sync=True)
    leaf = t.Unicode().tag(sync=True)

    def __init__(self, fn: Callable[..., Any], args: tuple[Any, ...], mode: str = "reverse",
                 language: str | None = None) -> None:  # fmt: skip
        if mode not in MODES:
            raise ValueError(
                f"insight.gradient: mode must be one of {', '.join(map(repr, MODES))}, "
                f"got {mode!r}."
            )
        self._fn, self._args = fn, args
        self._take(mode)
        extra = {} if language is None else {"language": language}
        super().__init__(scene=self._scene, mode=mode, **extra)
        self.observe(self._changed, "mode")
        self.on_msg(self._on_message)

    @at_home
    def _take(self, mode: str) -> None:
        order = 2 if mode == "second" else 1
        trace = Trace(self._fn, self._args, order)
        title = getattr(self._fn, "__name__", None) or type(self._fn).__name__
        direction = "forward" if mode == "forward" else "reverse"
        self._scene, self._edges = microscope_scene(trace, title, direction, order)
        self._trace = trace

    def _changed(self, change: Any) -> None:
        self._take(change["new"])
        with self.hold_sync():
            self.step = 0
            self.scene = self._scene
        self.refresh_saved_picture()

    def why(self, name: str) -> str:
        """Why the gradient by `name` is what it is, in the view's language.

        Args:
            name: an argument of the function, or a Parameter's name.

        >>> insight.gradient(fn, x).why("x")                         # doctest: +SKIP
        'stop_gradient at h = StopGradient(…) lets the value of x through and holds its …'
        """
        for answer in self.scene["answers"]:
            if answer["name"] == name:
                return str(answer["text"][self.language])
        known = ", ".join(a["name"] for a in self.scene["answers"])
        raise KeyError(f"GradientView.why: no argument or Parameter {name!r}; there are: {known}.")

    @at_home
    def _on_message(self, _: Any, content: Any, buffers: Any) -> None:
        """The page asks for one element of a step: {"type": "element", "step", "index"}."""
        if not isinstance(content, dict) or content.get("type") != "element":
            return
        step: Any = content.get("step")
        index: Any = content.get("index")
        if not isinstance(step, int) or not 1 <= step <= len(self._edges):
            return
        edge = self._edges[step - 1]
        shape = edge.product.shape
        if not _fits(index, shape):
            self.send({"type": "element", "step": step, "shape": list(shape), "error": True})
            return
        at = tuple(int(i) % n for i, n in zip(index, shape, strict=True))
        answer: dict[str, Any] = {"type": "element", "step": step, "index": list(at)}
        for key in ("upstream", "local", "product", "before", "after"):
            array = getattr(edge, key)
            if array is not None and np.shape(array) == shape:
                answer[key] = float(array[at]) if np.isfinite(array[at]) else str(array[at])
        answer["check"] = element(self._trace, edge, self.scene["mode"], at)
        self.send(answer)

    def to_html(self) -> str:
        """The steps as self-contained HTML, the same bytes for the same data."""
        return to_html(self.scene, self.language)

    def fallback(self) -> dict[str, str]:
        return {"text/html": self.to_html()}

    def __repr__(self) -> str:
        arrived = sum(a["verdict"] != "none" for a in self.scene["answers"])
        return (
            f"GradientView({self.mode}, {len(self.scene['steps'])} steps, {arrived} of "
            f"{len(self.scene['answers'])} leaves get a gradient)"
        )


def _fits(index: Any, shape: tuple[int, ...]) -> bool:
    if not isinstance(index, list) or len(index) != len(shape):
        return False
    return all(isinstance(i, int) and -n <= i < n for i, n in zip(index, shape, strict=True))


def gradient(
    fn: Callable[..., Any], *args: Any, mode: str = "reverse", language: str | None = None
) -> GradientView:
    """Differentiate `fn` once and step through it, one edge of the graph at a time.

    Each step shows the upstream gradient, the local derivative with its formula, their product,
    the sum where several paths meet, and the same number found by a small step.

    Args:
        fn: a Cell or function of tensors whose output is differentiated; an output of several
            elements is summed, as in `ms.grad`.
        args: its arguments. Parameters that it uses are found by themselves.
        mode: "reverse", "forward" (a tangent of ones at the first argument) or "second" (the
            derivative of the sum of the first derivatives by the arguments).

    Returns:
        A view to put at the end of a notebook cell. ``view.why("x")`` says why a gradient is zero
        or not there.

    Raises:
        TypeError: `fn` cannot be called, or returned no floating tensor.
        ValueError: more operations than anybody could step through.

    Example:
        >>> view = insight.gradient(lambda x, w: ((x * w).tanh() ** 2).sum(), x, w)
        >>> view.why("w")                                            # doctest: +SKIP
    """
    return GradientView(fn, args, mode, language)
