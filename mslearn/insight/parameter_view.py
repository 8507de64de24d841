"""The parameters of a network as a widget: a table, histograms over time, slices as pictures."""

from __future__ import annotations

import io
import math
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets as t

from mslearn.summary.pump import Pump
from mslearn.summary.reader import Run

from . import parameter_format, parameter_static
from .base import InsightWidget
from .parameter_slice import SliceError, numbers, picture, written
from .parameter_stats import figures, match_gradients, matrix, parameters_of, ridges, row_of
from .snapshots import KINDS, Frame, History, Recorded, Source

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ROWS, COLUMNS, ALONE = 24, 12, 64  # of the table of values; and of its columns in a single row
INTERVAL = 0.25  # seconds between two messages while a training runs


def parameters(net: Any, grads: Any = None, *, language: str | None = None) -> ParametersView:
    """Look at every trainable parameter of `net`; see ParametersView.

    Example:
        >>> value, grads = ms.value_and_grad(forward, None, net.trainable_params())(x, y)
        >>> insight.parameters(net, grads)
        ParametersView(6 parameters, 669706 values)
    """
    return ParametersView(net, grads, language=language)


class ParametersView(InsightWidget):
    """Statistics of each parameter; of one its histograms over time and any slice as a heatmap.

    Args:
        net: a Cell or a list of Parameters, looked at now and at each `update`; or what
            ``insight.watch(net, optimizer)`` returned, whose histograms arrive while it trains; or
            the folder of a recorded run (or a `mslearn.summary.Run`).
        grads: their gradients, in the order of ``net.trainable_params()``, or by name in a dict.

    Whole arrays are kept for the last looks as far as they fit into 32 MiB
    (``view.history.budget``), histograms for 64 looks.

    Raises:
        TypeError, ValueError: nothing of these, no parameters, or gradients that do not fit.
    """

    bundle = "parameters"

    table = t.Dict().tag(sync=True)
    key = t.Unicode().tag(sync=True)  # by which the page remembers what is chosen

    def __init__(self, net: Any, grads: Any = None, *, language: str | None = None) -> None:
        self._version, self._chosen = 0, 0
        self._deviations: dict[tuple[str, str, int], float] = {}
        self._pump = Pump(self._renew, INTERVAL, "mslearn-parameters")
        recorded = _source(net)
        self._params = parameters_of(net) if recorded is None else []
        self.history: Source = History() if recorded is None else recorded
        if recorded is None:
            self._look(grads, None)
        elif grads is not None:
            raise TypeError(
                "insight.parameters: grads belong to a network that is looked at now; a recorded "
                "training brings its own."
            )
        elif isinstance(recorded, History):
            recorded.changed.append(self._pump.poke)
            recorded.ended.append(self.refresh_saved_picture)
        extra = {} if language is None else {"language": language}
        super().__init__(table=self._table(), key=uuid.uuid4().hex, **extra)
        self.on_msg(self._on_message)

    def update(self, grads: Any = None, step: int | None = None) -> None:
        """Look again: new values, new gradients, and the update ratio since the last look.

        Args:
            grads: as for the view.
            step: of this look; 1, 2, 3 … when it is not said.
        """
        if self._params:
            self._look(grads, step)
        elif isinstance(self.history, Recorded):
            self.history = Recorded(self.history.run)
        self.table = self._table()
        self.refresh_saved_picture()

    def _look(self, grads: Any, step: int | None) -> None:
        assert isinstance(self.history, History)
        looks = self.history.looks
        values = {p.name: np.array(p.asnumpy()) for p in self._params}
        next_step = looks[-1].step + 1 if looks else 1
        self.history.look(
            next_step if step is None else int(step), values, match_gradients(self._params, grads)
        )

    def _renew(self) -> None:
        """The page hears of new looks also while the kernel is busy: nobody has to ask."""
        self.table = self._table()
        self._send_history(self._chosen)

    def _table(self) -> dict[str, Any]:
        self._version += 1
        rows = [row_of(self.history, name) for name in self.history.names()]
        kept: dict[str, Any] = {}
        if isinstance(self.history, History):
            kept = {
                "looks": len(self.history.looks),
                "bytes": sum(look.size for look in self.history.looks),
                "budget": self.history.budget,
            }
        skipped = self.history.skipped if isinstance(self.history, Recorded) else 0
        plain = [{k: _plain(v) for k, v in row.items()} for row in rows]
        return {"version": self._version, "rows": plain, "kept": kept, "skipped": skipped}

    # -- to and from the browser -----------------------------------------------------------------

    def _on_message(self, _: Any, content: Any, buffers: Any) -> None:
        kind = content.get("type") if isinstance(content, dict) else None
        if kind not in ("history", "look", "npy"):
            return
        number, names = content.get("number"), self.history.names()
        if not isinstance(number, int) or not 0 <= number < len(names):
            return
        if kind == "history":
            self._chosen = number
            self._send_history(number)
            return
        which = content.get("which") if content.get("which") in KINDS else "weight"
        step = content.get("step")
        found = self.history.array(which, names[number], step if isinstance(step, int) else None)
        text = str(content.get("slice") or "")
        if kind == "npy":
            self._send_npy(names[number], which, found, text, content.get("whole") is True)
            return
        answer = {"type": "look", "number": number, "which": which, "asked": content.get("asked")}
        if found is None:
            self.send({**answer, "shape": None})
            return
        form = content.get("form")
        digits = content.get("digits")
        part, cells = _look_at(
            found[1],
            text,
            form if form in parameter_format.FORMATS else "decimal",
            digits if isinstance(digits, int) else 4,
        )
        self.send({**answer, "step": found[0], **part}, cells)

    def _send_history(self, number: int) -> None:
        names = self.history.names()
        if self.comm is None or number >= len(names):
            return
        name = names[number]
        kinds, out = histories(
            self.history, name, lambda kind, frame: self._figures(kind, name, frame)
        )
        self.send({"type": "history", "number": number, "kinds": kinds}, out)

    def _figures(self, kind: str, name: str, frame: Frame) -> dict[str, Any]:
        """The figures of one frame; its deviation is exact where the whole array was kept."""
        key = (kind, name, frame.step)
        if key not in self._deviations and isinstance(self.history, History):
            found = self.history.array(kind, name, frame.step)
            if found is not None and found[0] == frame.step:
                self._deviations[key] = figures(found[1])["std"]
        exact = {"std": self._deviations[key], "about": False} if key in self._deviations else {}
        return figures(frame.histogram) | exact

    def _send_npy(
        self, name: str, kind: str, found: tuple[int, np.ndarray] | None, text: str, whole: bool
    ) -> None:
        """An array, or the part that is shown, as a file for `numpy.load`."""
        if found is None:
            return
        array, label = found[1], ""
        if not whole:
            try:
                index = picture(text, array.shape)
            except SliceError:
                return
            array, label = array[index], f"[{written(index)}]"
        file = io.BytesIO()
        np.save(file, array, allow_pickle=False)
        name = f"{name}{'.grad' if kind == 'gradient' else ''}{label}"
        self.send({"type": "npy", "name": name}, [file.getvalue()])

    # -- without a browser -------------------------------------------------------------------------

    def to_html(self) -> str:
        """Table and pictures as self-contained HTML, the same bytes for the same data."""
        rows = [row_of(self.history, name) for name in self.history.names()]
        return parameter_static.to_html(rows, self.history, self.language)

    def figure(self) -> Figure:
        """Histograms and heatmaps as a matplotlib Figure (the first eight parameters)."""
        return parameter_static.figure(self.history, self.history.names())

    def fallback(self) -> dict[str, str]:
        return {"text/html": self.to_html()}

    def __repr__(self) -> str:
        rows = self.table["rows"]
        return f"ParametersView({len(rows)} parameters, {sum(r['count'] for r in rows)} values)"


def _source(net: Any) -> Source | None:
    """Where a training's looks come from; None for a network, which is looked at now."""
    if isinstance(net, str | Path):
        net = Run(Path(net).expanduser())
    if isinstance(net, Run):
        found = Recorded(net)
        if not found.names():
            raise ValueError(
                f"insight.parameters: no histograms or tensors are recorded in {net.folder}. "
                "Record some with insight.watch(net, optimizer, summary_dir=...)."
            )
        return found
    watcher = getattr(net, "watcher", None) or net  # a WatchCallback has one while it trains
    history = watcher if isinstance(watcher, History) else getattr(watcher, "history", None)
    return history if isinstance(history, History) else None


def histories(
    source: Source, name: str, tell: Callable[[str, Frame], dict[str, Any]]
) -> tuple[dict[str, Any], list[bytes]]:
    """All histograms of one name for the page, by kind: figures, and two buffers for each kind.

    Args:
        tell: the figures of one frame of a kind.
    """
    kinds: dict[str, Any] = {}
    out: list[bytes] = []
    for kind in KINDS:
        frames = list(source.frames(kind, name))
        if not frames:
            continue
        found = ridges(frames)
        told = []
        for frame in frames:
            h = frame.histogram
            ends = (
                (float(h.lefts[0]), float(h.lefts[-1] + h.widths[-1])) if len(h.counts) else (0, 0)
            )
            more = {"step": frame.step, "bins": len(h.counts), "start": ends[0], "end": ends[1]}
            told.append({k: _plain(v) for k, v in (tell(kind, frame) | more).items()})
        kinds[kind] = {
            "low": found.low, "high": found.high, "bins": found.parts.shape[1], "frames": told
        }  # fmt: skip
        counts = np.concatenate([frame.histogram.counts for frame in frames])
        out += [found.parts.tobytes(), counts.astype(np.float32).tobytes()]
    return kinds, out


def _look_at(
    array: np.ndarray, text: str, form: str, digits: int
) -> tuple[dict[str, Any], list[bytes]]:
    """A slice for the page: its cells, where they come from, and the first values as text."""
    try:
        index = picture(text, array.shape)
    except SliceError as error:
        return {"shape": list(array.shape), "error": error.texts}, []
    shown = np.atleast_2d(array[index])
    look = matrix(shown)
    axes = [
        [part.start, part.step, len(part)] if isinstance(entry, slice) else part.start
        for entry, n in zip(index, array.shape, strict=True)
        for part in [numbers(entry, n)]
    ]
    part = {
        "shape": list(array.shape),
        "slice": written(index),
        "axes": axes,
        "block": look.block,
        "full": look.full,
        "rows": look.cells.shape[0],
        "columns": look.cells.shape[1],
        "texts": parameter_format.table(
            shown, form, digits, (ROWS, COLUMNS if len(shown) > 1 else ALONE)
        ),
    }
    return part, [np.ascontiguousarray(look.cells).tobytes()]


def _plain(value: Any) -> Any:
    """JSON knows neither NaN nor infinity: they travel as text."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
