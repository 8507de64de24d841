"""The live chart: log numbers from any thread, watch them move, and steer the training."""

from __future__ import annotations

import math
import threading
import uuid
from typing import TYPE_CHECKING, Any

import traitlets as t

from mslearn.summary.pump import Pump

from . import curves_static
from ._text import Title, title_in
from .base import InsightWidget
from .series import Series, SeriesStore, kept, panel_of
from .training import Training, TrainResult, TrainTask, as_loop, run_in_thread

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure

INTERVAL = 0.05  # seconds between two messages: 20 a second, the browser keeps up with more
FULL_LIMIT = 100_000  # points of one series sent to a newly opened page
UNGREETED_LIMIT = 5_000  # points resent in full while no page has answered yet


class Curves(InsightWidget):
    """A live chart of what is logged, with one small panel for every kind of value.

    Args:
        title: a text, or one per language: ``{"en": "Training", "zh": "训练"}``.

    Example:
        >>> curves = Curves(title="Training")
        >>> for step in range(3):
        ...     curves.log(step, loss=1 / (step + 1))
        >>> curves
        Curves(points=3, series=['loss'])

    Logging a step smaller than the last one starts a new run, drawn beside the earlier ones.
    """

    bundle = "curves"

    titles = t.Dict().tag(sync=True)
    status = t.Dict().tag(sync=True)
    thresholds = t.Dict().tag(sync=True)
    key = t.Unicode().tag(sync=True)  # tells the page which views show the same chart

    def __init__(self, title: Title = None, *, language: str | None = None) -> None:
        self._store = SeriesStore()
        self._sent: dict[tuple[int, str], int] = {}
        self._send_lock = threading.RLock()
        self._greeted = False
        self._training: Training | None = None
        self._next_step = 1.0
        self._rate = (0.0, 0, 0.0)  # elapsed, steps, steps per second at the last look
        self._pump = Pump(self._flush, INTERVAL, "mslearn-curves")
        self._title = title
        titles = {code: title_in(title, code) for code in ("en", "zh")}
        extra = {} if language is None else {"language": language}
        super().__init__(titles=titles, status=self._status(), key=uuid.uuid4().hex, **extra)
        self.on_msg(self._on_message)

    # -- logging ---------------------------------------------------------------------------------

    def log(self, step: float, **values: Any) -> None:
        """Add one value to each named series at `step`. Any thread may call this.

        Values are numbers: Python or NumPy scalars, or Tensors with one element. NaN and inf are
        kept; they are drawn as a gap with a note. Series whose names are no Python words go
        through a dict: ``curves.log(3, **{"val/loss": 0.2})``.

        Raises:
            TypeError: a value is no number. ValueError: it has more than one element.
        """
        self.log_at(None, step, values)

    def log_at(self, wall: float | None, step: float, values: dict[str, Any]) -> None:
        """The same for values measured at a time of day, in seconds since 1970; None is now."""
        self._store.log(step, values, wall)
        self._next_step = float(step) + 1
        self._pump.poke()

    def threshold(
        self, name: str, *, above: float | None = None, below: float | None = None
    ) -> None:
        """Paint what a series shows above or below a limit, and say when it went there first.

        Args:
            name: the series.
            above: values larger than this are painted. below: values smaller than this are.
                Neither: the series has no limits any more.

        Example:
            >>> curves.threshold("grad_norm", above=10)              # doctest: +SKIP
        """
        for limit in (above, below):
            if limit is not None and not math.isfinite(limit):
                raise ValueError(f"curves.threshold: the limit must be finite, got {limit}.")
        kept_limits = {n: pair for n, pair in self.thresholds.items() if n != name}
        if above is not None or below is not None:
            numbers = [None if v is None else float(v) for v in (below, above)]
            kept_limits[name] = numbers
        self.thresholds = kept_limits

    def new_run(self) -> None:
        """Start a new curve for every series; the earlier ones stay, paler. Steps begin at 1."""
        self._store.new_run()
        self._next_step = 1.0
        self._pump.poke()

    def clear(self) -> None:
        """Forget everything logged."""
        with self._send_lock:
            self._store.clear()
            self._next_step = 1.0
            self._send_all()

    @property
    def series(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Each series' name with its steps and values (float64 copies), of the newest run."""
        return self._store.current()

    # -- training --------------------------------------------------------------------------------

    def train(self, loop: Any) -> TrainTask:
        """Train with Pause, Resume, Step and Stop in the chart: ``await curves.train(loop())``.

        Args:
            loop: a generator that does one training step and then yields its values, such as
                ``{"loss": 0.5}``. A step counter is kept; a "step" key in the dict overrides it.

        Returns:
            Awaited, a TrainResult. An exception in the loop is raised in the awaiting cell, with
            its own traceback. Interrupting the cell, like Stop, closes the generator.

        The loop runs on a worker thread; see ``mslearn.insight.training`` for what that means.
        """
        steps = as_loop(loop)

        async def start() -> TrainResult:
            __tracebackhide__ = True
            training = self._begin(steps)
            if not self._display_ids and _in_kernel():
                self._ipython_display_()
            try:
                await run_in_thread(training)
            finally:
                self._end()
            return self._result(training)

        return TrainTask(start, self.language)

    def train_sync(self, loop: Any) -> TrainResult:
        """The same on the calling thread, for scripts. Ctrl-C is raised; the logged data stay."""
        training = self._begin(as_loop(loop))
        try:
            training.run()
        finally:
            self._end()
        return self._result(training)

    def _begin(self, loop: Any) -> Training:
        if self._training is not None and self._training.active:
            raise RuntimeError(
                f"curves.train: this chart is already training ({self._training.state}, step "
                f"{self._training.steps}). Press Stop or wait for its end, or use a second "
                "insight.Curves()."
            )
        self._training = Training(loop, self._log_yielded, self._pump.poke)
        self._training.state = "running"  # from here on a second train() is refused
        self._rate = (0.0, 0, 0.0)
        return self._training

    def _end(self) -> None:
        self._flush()
        self.refresh_saved_picture()

    @staticmethod
    def _result(training: Training) -> TrainResult:
        __tracebackhide__ = True
        if training.error is not None:
            raise training.error
        return TrainResult(steps=training.steps, stopped=training.state == "stopped")

    def _log_yielded(self, values: Any) -> None:
        if values is None:
            self._next_step += 1
            self._pump.poke()
            return
        if not isinstance(values, dict):
            raise TypeError(
                f"curves.train: the loop yielded a {type(values).__name__}; it wants a dict of "
                'numbers such as {"loss": 0.5}, or nothing.'
            )
        values = {str(name): value for name, value in values.items()}
        step = values.pop("step", self._next_step)
        self.log(float(step), **values)

    # -- to and from the browser -----------------------------------------------------------------

    def _on_message(self, _: Any, content: Any, buffers: Any) -> None:
        kind = content.get("type") if isinstance(content, dict) else None
        if kind == "hello":
            self._greeted = True
            self._send_all()
        elif kind == "export" and content.get("kind") in ("csv", "svg"):
            name = content["kind"]
            text = self.to_csv() if name == "csv" else self.to_svg()
            self.send({"type": "export", "kind": name, "text": text})
        elif kind in ("pause", "resume", "step", "stop") and self._training is not None:
            getattr(self._training, kind)()

    def _status(self) -> dict[str, Any]:
        run = self._training
        if run is None:
            return {"state": "idle"}
        elapsed, steps, rate = self._rate
        now = run.elapsed
        if now - elapsed >= 0.5 or (run.state not in ("running", "paused") and now > 0):
            over = (run.steps - steps) / max(now - elapsed, 1e-9) if now > elapsed else rate
            rate = over if run.active else run.steps / now
            self._rate = (now, run.steps, rate)
        return {
            "state": run.state,
            "steps": run.steps,
            "elapsed": round(now, 2),
            "rate": round(rate, 3),
            "message": run.message,
        }

    def _flush(self) -> None:
        """Send what is new. Also the state of the training, so that both stay in step."""
        with self._send_lock:
            if not self._greeted:
                # The page has not answered yet (it cannot while a plain cell is busy): a message
                # may have come before its script ran, so send the little there is again.
                if self._store.points() <= UNGREETED_LIMIT:
                    self._send_all()
            else:
                new = self._store.tail(self._sent)
                if new:
                    self._send_points(new, reset=False)
            self.status = self._status()

    def _send_all(self) -> None:
        with self._send_lock:
            self._sent.clear()
            self._send_points(self._store.tail(self._sent), reset=True)

    def _send_points(self, new: list[tuple[Series, int, int]], reset: bool) -> None:
        if self.comm is None:
            return
        described, buffers = [], []
        for series, start, stop in new:
            columns = [c.view()[start:stop] for c in (series.steps, series.values, series.walls)]
            keep = kept(columns[1], FULL_LIMIT)
            bad = series.first_bad
            described.append(
                {
                    "run": series.run,
                    "name": series.name,
                    "panel": panel_of(series.name),
                    "start": start,
                    "stop": stop,
                    "bad": [bad[0], str(bad[1])] if bad is not None else None,
                }
            )
            buffers += [column[keep].tobytes() for column in columns]
        self.send({"type": "points", "reset": reset, "series": described}, buffers)

    # -- without a browser -----------------------------------------------------------------------

    def to_svg(self) -> str:
        """The chart as a self-contained SVG text, the same bytes for the same data."""
        return curves_static.to_svg(list(self._store), self._words(), self.language)

    def to_csv(self) -> str:
        """All points as CSV text: run, series, step, value."""
        return curves_static.to_csv(list(self._store))

    def figure(self) -> Figure:
        """The chart as a matplotlib Figure."""
        return curves_static.figure(list(self._store), self._words(), self.language)

    def fallback(self) -> dict[str, str]:
        return {"image/svg+xml": self.to_svg()}

    def _words(self) -> str:
        return title_in(self._title, self.language)

    def __repr__(self) -> str:
        names = list(dict.fromkeys(series.name for series in self._store))
        return f"Curves(points={self._store.points()}, series={names})"


def _in_kernel() -> bool:
    try:
        from IPython import get_ipython
    except ModuleNotFoundError:
        return False
    shell = get_ipython()
    return shell is not None and getattr(shell, "kernel", None) is not None
