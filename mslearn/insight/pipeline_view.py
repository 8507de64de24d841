"""`insight.pipeline(dataset)`: the data pipeline drawn while it runs, and its bottleneck named."""

from __future__ import annotations

import threading
import uuid
import weakref
from typing import Any

from ._text import check_language, get_language
from .pipeline_scene import scene, watch
from .pipeline_svg import to_svg, verdict

#: seconds between two looks at a pipeline that is running
_PACE = 0.5


def pipeline(dataset: Any, *, language: str | None = None) -> PipelineView:
    """Watch a data set: iterators made from now on are measured; see PipelineView.

    Example:
        >>> view = insight.pipeline(train)
        >>> for x, y in train: ...
        >>> view
        PipelineView(3 stages, most time in Map: 71 %)
    """
    return PipelineView(dataset, language)


class PipelineView:
    """The stages of a pipeline with their rows, speed, share of the time, queue and a sample.

    In Jupyter the picture follows the running pipeline; what a saved notebook keeps is its last
    state. Measuring costs less than a microsecond for each read of a stage.

    Args:
        dataset: the end of the pipeline.
        language: "en" or "zh"; the one of `insight.set_language` by default.

    Raises:
        TypeError: not a data set.
    """

    def __init__(self, dataset: Any, language: str | None = None) -> None:
        self.language = check_language(language) if language else get_language()
        # Its own list: the thread that draws reads it while another one calls `close` or `reset`.
        self._stages, self._meters = watch(dataset)
        self._display: str | None = None
        self._drawing = threading.Lock()

    def scene(self) -> dict[str, Any]:
        """The measurements as plain data: a list of nodes, and the number of the bottleneck."""
        return scene(self._stages, self._meters)

    def bottleneck(self) -> str:
        """One sentence that names the slowest stage."""
        return verdict(self.scene(), self.language)

    def reset(self) -> None:
        """Measure from zero; iterators that are running go on with the old meters."""
        for stage in self._stages:
            stage._meter = None
        _, self._meters = watch(self._stages[-1])

    def close(self) -> None:
        """Stop measuring, from the next iterator on; what was measured stays in the picture."""
        for stage in self._stages:
            stage._meter = None
        self._display = None

    def to_svg(self) -> str:
        """The picture as one SVG text."""
        return to_svg(self.scene(), self.language)

    def _repr_svg_(self) -> str:
        return self.to_svg()

    def __repr__(self) -> str:
        found = self.scene()
        count = f"{len(self._stages)} stages" if len(self._stages) > 1 else "1 stage"
        if found["bottleneck"] is None:
            return f"PipelineView({count}, no rows yet)"
        slow = found["nodes"][found["bottleneck"]]
        return f"PipelineView({count}, most time in {slow['name']}: {100 * slow['share']:.0f} %)"

    def _bundle(self) -> dict[str, Any]:
        return {"text/plain": repr(self), "image/svg+xml": self.to_svg()}

    def _ipython_display_(self) -> None:
        from IPython.display import display

        first = self._display is None
        self._display = self._display or uuid.uuid4().hex
        display(self._bundle(), raw=True, display_id=self._display)
        if first:
            view = weakref.ref(self)
            threading.Thread(
                target=_follow, args=(view,), name="mslearn-pipeline-view", daemon=True
            ).start()

    def refresh(self) -> None:
        """Draw what is known now in place of the picture on the page."""
        if self._display is not None:
            from IPython.display import update_display

            with self._drawing:  # else an older picture could come after a newer one
                update_display(self._bundle(), raw=True, display_id=self._display)

    def _mark(self) -> tuple[int, ...]:
        return tuple(meter.rows for meter in self._meters)


def _follow(view: weakref.ref[PipelineView]) -> None:
    """Refresh a view while its pipeline moves, until nobody holds it or it is closed."""
    seen: tuple[int, ...] = ()
    pause = threading.Event()
    while True:
        pause.wait(_PACE)
        found = view()
        if found is None or found._display is None:
            return
        mark = found._mark()
        if mark != seen:
            seen = mark
            found.refresh()
        del found
