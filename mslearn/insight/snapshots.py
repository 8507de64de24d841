"""What a training leaves of its parameters: histograms over time, and whole arrays while they fit.

`History` is filled by `insight.watch` over the bus, or look by look by `ParametersView.update`;
`Recorded` reads the same from the event files of a run. Both answer the same questions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import numpy as np

from mslearn.common.wire import WireError
from mslearn.summary import decoding
from mslearn.summary.reader import Place, Run
from mslearn.summary.values import Datum, Histogram, histogram_of

FRAMES = 64  # histograms kept of one array; of more, some between the first and the last go
BUDGET = 32 << 20  # bytes of whole arrays kept in memory
TENSOR_BYTES = 64 << 20  # read from a run's file for the histograms of one array
KINDS = ("weight", "gradient")


class Frame(NamedTuple):
    """One array's histogram at one step."""

    step: int
    histogram: Histogram


@dataclass
class Look:
    """Whole arrays at one step, by (kind, name)."""

    step: int
    arrays: dict[tuple[str, str], np.ndarray]

    @property
    def size(self) -> int:
        return sum(array.nbytes for array in self.arrays.values())


class Source(Protocol):
    """Where a view's histograms and arrays come from."""

    @property
    def norms(self) -> Mapping[str, float]:
        """The latest norms of gradients."""

    @property
    def ratios(self) -> Mapping[str, float]:
        """The latest update ratios."""

    def names(self) -> list[str]:
        """The parameters' names."""

    def frames(self, kind: str, name: str) -> Sequence[Frame]:
        """The histograms over time of a "weight" or a "gradient"; empty when there are none."""

    def array(self, kind: str, name: str, step: int | None) -> tuple[int, np.ndarray] | None:
        """The array kept at the step nearest to `step` (None: the last), with that step."""

    def last(self, name: str) -> np.ndarray | Histogram | None:
        """The latest that is known of a weight."""


@dataclass
class History:
    """Histograms of all parameters over time, and their values while they fit into `budget`.

    A sink of the bus: the histograms of `insight.watch` arrive here, and `keep` gets the copies
    of the weights that it makes at those steps anyway. When there are more than `FRAMES` looks, or
    more bytes than `budget`, those closest to their neighbours in time are let go, never the first
    or the last. Arrays so large that four looks would not fit keep their histograms only.

    >>> history = History()
    >>> history.look(1, {"w": np.zeros(3)}, {})
    >>> history.look(2, {"w": np.ones(3)}, {})
    >>> [(f.step, f.histogram.highest) for f in history.frames("weight", "w")]
    [(1, 0.0), (2, 1.0)]
    >>> history.array("weight", "w", 1)[1].tolist(), history.ratios
    ([0.0, 0.0, 0.0], {'w': 1000000000000.0})
    """

    budget: int = BUDGET
    series: dict[tuple[str, str], list[Frame]] = field(default_factory=dict)
    looks: list[Look] = field(default_factory=list)
    norms: dict[str, float] = field(default_factory=dict)
    ratios: dict[str, float] = field(default_factory=dict)
    changed: list[Callable[[], None]] = field(default_factory=list)  # called after each look
    ended: list[Callable[[], None]] = field(default_factory=list)  # called when no more will come

    # -- filling ----------------------------------------------------------------------------------

    def look(
        self, step: int, values: Mapping[str, np.ndarray], gradients: Mapping[str, np.ndarray]
    ) -> None:
        """Keep arrays, which nobody may change afterwards; the ratio of change since the last."""
        for kind, arrays in zip(KINDS, (values, gradients), strict=True):
            for name, array in arrays.items():
                self._append(kind, name, Frame(step, histogram_of(array)))
        with np.errstate(all="ignore"):
            self.norms = {n: float(np.linalg.norm(_wide(g).ravel())) for n, g in gradients.items()}
            for name, value in values.items() if self.looks else ():
                before = self.looks[-1].arrays.get(("weight", name))
                if before is not None:
                    change = np.abs(_wide(value) - _wide(before)).mean()
                    self.ratios[name] = float(change / (np.abs(_wide(before)).mean() + 1e-12))
        both = zip(KINDS, (values, gradients), strict=True)
        self._add(Look(step, {(kind, n): a for kind, part in both for n, a in part.items()}))
        self._tell()

    def keep(self, step: int, parameters: Sequence[Any], weights: Sequence[np.ndarray]) -> None:
        """Keep copies of the parameters' values; the smallest first, as many as there is room."""
        room = self.budget // 4
        arrays: dict[tuple[str, str], np.ndarray] = {}
        for k in sorted(range(len(weights)), key=lambda k: weights[k].nbytes):
            room -= weights[k].nbytes
            if room < 0:
                break
            arrays["weight", parameters[k].name] = weights[k]
        self._add(Look(step, arrays))

    def take(self, step: int, wall: float, data: Sequence[Datum]) -> None:
        """From the bus: histograms and figures of one step."""
        found = False
        for kind, tag, value in data:
            topic, _, name = tag.partition("/")
            if kind == "histogram" and topic in KINDS:
                self._append(topic, name, Frame(step, value))
                found = True
            elif kind == "scalar" and topic == "gradient_norm" and name:
                self.norms[name] = value
            elif kind == "scalar" and topic == "update_ratio":
                self.ratios[name] = value
        if found:
            self._tell()

    def add(self, kind: str, histograms: Mapping[str, Histogram], step: int) -> None:
        """Keep histograms of one step."""
        for name, histogram in histograms.items():
            self._append(kind, name, Frame(step, histogram))

    def close(self) -> None:
        """No more will come; what was kept stays."""
        for call in self.ended:
            call()

    def _append(self, kind: str, name: str, frame: Frame) -> None:
        frames = self.series.setdefault((kind, name), [])
        _put(frames, frame)
        if len(frames) > FRAMES:
            _thin(frames)

    def _add(self, look: Look) -> None:
        _put(self.looks, look)
        while len(self.looks) > 1 and (
            len(self.looks) > FRAMES or sum(each.size for each in self.looks) > self.budget
        ):
            _thin(self.looks)

    def _tell(self) -> None:
        for call in self.changed:
            call()

    # -- asking -----------------------------------------------------------------------------------

    def names(self) -> list[str]:
        """The parameters' names."""
        return [name for kind, name in list(self.series) if kind == "weight"]

    def frames(self, kind: str, name: str) -> Sequence[Frame]:
        """The histograms over time; empty when there are none."""
        return self.series.get((kind, name), ())

    def array(self, kind: str, name: str, step: int | None) -> tuple[int, np.ndarray] | None:
        """The array kept at the step nearest to `step` (None: the last), with that step."""
        kept = [look for look in list(self.looks) if (kind, name) in look.arrays]
        if not kept:
            return None
        look = kept[-1] if step is None else min(kept, key=lambda k: abs(k.step - step))
        return look.step, look.arrays[kind, name]

    def last(self, name: str) -> np.ndarray | Histogram | None:
        """The latest that is known of a weight."""
        frames = self.frames("weight", name)
        found = self.array("weight", name, None)
        if found is not None and (not frames or found[0] == frames[-1].step):
            return found[1]
        return frames[-1].histogram if frames else None

    def __repr__(self) -> str:
        steps = max((len(frames) for frames in self.series.values()), default=0)
        return f"History({len(self.names())} parameters, {steps} looks)"


class Recorded:
    """The histograms and tensors in a run's event files. Nothing in them is trusted.

    Tags are those of `insight.watch` (``weight/fc.weight``) or of MindSpore's `SummaryCollector`
    (``fc.weight/auto``); any other histogram or tensor is a row of its own.

    Attributes:
        skipped: how many recorded values could not be read.
    """

    def __init__(self, run: Run) -> None:
        run.refresh()
        self.run, self.skipped = run, 0
        self._tags: dict[tuple[str, str], str] = {}
        self._read: dict[tuple[str, str], list[Frame]] = {}
        for recorded in ("histogram", "tensor"):
            for tag in run.places[recorded]:
                topic, _, rest = tag.partition("/")
                kind, name = (topic, rest) if topic in KINDS and rest else ("weight", tag)
                self._tags.setdefault((kind, name.removesuffix("/auto")), tag)
        self.norms = self._latest("gradient_norm/")
        self.ratios = self._latest("update_ratio/")

    def _latest(self, topic: str) -> dict[str, float]:
        return {
            tag[len(topic) :]: float(points.values.view()[-1])
            for tag, points in self.run.scalars.items()
            if tag.startswith(topic) and points.values.size
        }

    def names(self) -> list[str]:
        """The weights' names, in the order of the files."""
        return [name for kind, name in self._tags if kind == "weight"]

    def frames(self, kind: str, name: str) -> Sequence[Frame]:
        """At most `FRAMES` of the recorded histograms, first and last among them.

        Where only tensors were recorded, theirs, as many as `TENSOR_BYTES` allow.
        """
        if (kind, name) not in self._read:
            places = self._places("histogram", kind, name)
            read = self._frame
            if not places:
                places, read = self._places("tensor", kind, name), self._frame_of_tensor
                most = max((place.size for place in places), default=1)
                places = _spread(places, max(min(FRAMES, TENSOR_BYTES // max(most, 1)), 1))
            found = (read(kind, name, place) for place in _spread(places, FRAMES))
            self._read[kind, name] = sorted(filter(None, found), key=lambda f: f.step)
        return self._read[kind, name]

    def _places(self, recorded: str, kind: str, name: str) -> list[Place]:
        return self.run.places[recorded].get(self._tags.get((kind, name), ""), [])

    def _frame(self, kind: str, name: str, place: Place) -> Frame | None:
        try:
            message = self.run.value("histogram", self._tags[kind, name], place)
            return Frame(place.step, _histogram(decoding.histogram_of(message)))
        except (WireError, OSError):
            self.skipped += 1
            return None

    def _frame_of_tensor(self, kind: str, name: str, place: Place) -> Frame | None:
        array = self._tensor(kind, name, place)
        return None if array is None else Frame(place.step, histogram_of(array))

    def _tensor(self, kind: str, name: str, place: Place) -> np.ndarray | None:
        try:
            return decoding.tensor_of(self.run.value("tensor", self._tags[kind, name], place))
        except (WireError, OSError):
            self.skipped += 1
            return None

    def array(self, kind: str, name: str, step: int | None) -> tuple[int, np.ndarray] | None:
        """The recorded tensor nearest to `step`; a run without tensors has none."""
        places = self._places("tensor", kind, name)
        if not places:
            return None
        place = places[-1] if step is None else min(places, key=lambda p: abs(p.step - step))
        array = self._tensor(kind, name, place)
        return None if array is None else (place.step, array)

    def last(self, name: str) -> np.ndarray | Histogram | None:
        """The latest that is known of a weight."""
        places = self._places("histogram", "weight", name)
        frame = self._frame("weight", name, places[-1]) if places else None
        if frame is not None:
            return frame.histogram
        found = self.array("weight", name, None)
        return None if found is None else found[1]

    def __repr__(self) -> str:
        return f"Recorded({len(self.names())} parameters)"


def _put(kept: list[Any], new: Any) -> None:
    """Add it, or replace the last one of the same step; who looks meanwhile never finds it gone."""
    if kept and kept[-1].step == new.step:
        kept[-1] = new
    else:
        kept.append(new)


def _thin(kept: list[Any]) -> None:
    """Let one go: the one between whose neighbours the fewest steps lie, of two the first."""
    gaps = [after.step - before.step for before, after in zip(kept, kept[2:], strict=False)]
    del kept[1 + gaps.index(min(gaps)) if gaps else 0]


def _spread(places: Sequence[Place], most: int) -> list[Place]:
    """At most so many of the places, the last among them and, of several, the first."""
    if len(places) <= most:
        return list(places)
    return [places[round(k)] for k in np.linspace(len(places) - 1, 0, most)][::-1]


def _histogram(read: dict[str, Any]) -> Histogram:
    """A histogram as a file tells it: only bins that can be drawn."""
    rows = np.array(read["bins"], np.float64).reshape(-1, 3)
    right = np.isfinite(rows).all(axis=1) & (rows[:, 1] > 0) & (rows[:, 2] >= 0)
    rows = rows[right & np.isfinite(rows[:, 0] + rows[:, 1])]
    rows = rows[np.argsort(rows[:, 0], kind="stable")]
    counts = np.minimum(rows[:, 2], 1e15).astype(np.int64)
    low, high, total = read["min"], read["max"], read["sum"]
    if not (math.isfinite(low) and math.isfinite(high) and low <= high):
        low = float(rows[0, 0]) if len(rows) else 0.0
        high = float(rows[-1, 0] + rows[-1, 1]) if len(rows) else 0.0
    return Histogram(rows[:, 0], rows[:, 1], counts, max(read["nan"], 0), max(read["inf"], 0), 0,
                     low, high, total, max(read["count"], 0))  # fmt: skip


def _wide(array: np.ndarray) -> np.ndarray:
    return array.astype(np.float64) if array.dtype.kind != "c" else array
