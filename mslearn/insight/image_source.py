"""Where pictures over steps come from: arrays, a dict, or the event files of a run."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mslearn.common.wire import WireError
from mslearn.dataset.vision.codec import decode_pil
from mslearn.summary.decoding import image_of
from mslearn.summary.reader import Place, Run

from .image_arrays import Pictures, joined, natural_range, pictures_of

MAX_PIXELS = 1 << 26  # a recorded picture that claims more is left alone
_DEFAULT = "images"


class Series:
    """Pictures of one tag by step, held in memory."""

    def __init__(self) -> None:
        self.steps: list[int] = []
        self._pictures: list[Pictures] = []
        self._range: tuple[float, float] | None = None

    def add(self, step: int, pictures: Pictures) -> None:
        """Put pictures at their step; those that were there are replaced."""
        # What the caller does to the array later is no business of the picture.
        pictures = pictures._replace(array=pictures.array.copy())
        if step in self.steps:
            self._pictures[self.steps.index(step)] = pictures
        else:
            place = int(np.searchsorted(self.steps, step))
            self.steps.insert(place, step)
            self._pictures.insert(place, pictures)
        self._range = None

    def load(self, k: int) -> Pictures:
        """The pictures of the k-th step."""
        return self._pictures[k]

    def range(self) -> tuple[float, float] | None:
        """Black and white, the same for all steps."""
        if self._range is None:
            self._range = joined(*(natural_range(p.array) for p in self._pictures))
        return self._range


class Recorded(Series):
    """Pictures in event files; each stays there until somebody looks."""

    def __init__(self, run: Run, tag: str) -> None:
        self._run, self._tag = run, tag
        self._places: list[Place] = []
        self.refresh()

    def refresh(self) -> None:
        self._places = sorted(self._run.places["image"][self._tag], key=lambda p: (p.step, p.wall))
        self.steps = [p.step for p in self._places]

    def load(self, k: int) -> Pictures:
        place = self._places[k]
        try:
            data = image_of(self._run.value("image", self._tag, place))
            width, height = struct.unpack_from(">II", data, 16)
            if width * height > MAX_PIXELS:
                raise ValueError(f"it claims {width} × {height} pixels")
            colours = np.array(decode_pil(data, "insight.images"))
        except (OSError, WireError, RuntimeError, ValueError, struct.error) as error:
            raise ValueError(
                f"insight.images: the picture {self._tag!r} of step {place.step} cannot be read: "
                f"{error}"
            ) from error
        grey = (colours == colours[..., :1]).all()
        return Pictures((colours[..., :1] if grey else colours)[None], "HW" if grey else "HWC")

    def range(self) -> tuple[float, float] | None:
        return 0.0, 255.0


def run_of(source: Any) -> Run | None:
    """The run whose folder `source` names; None when it is no path.

    Raises:
        FileNotFoundError: no such folder. ValueError: no pictures in it.
    """
    if isinstance(source, Run):
        run = source
    elif isinstance(source, (str, Path)):
        folder = Path(source).expanduser()
        if not folder.is_dir():
            raise FileNotFoundError(
                f"insight.images: there is no folder {str(source)!r}. Pass the summary_dir of a "
                "SummaryCollector (or the log_dir of a SummaryRecord)."
            )
        run = Run(folder)
    else:
        return None
    run.refresh()
    if not run.places["image"]:
        others = ", ".join(sorted(run.scalars)[:5]) or "nothing else either"
        raise ValueError(
            f"insight.images: no pictures were recorded in {run.folder.name!r} (there: {others}). "
            "Record some with SummaryRecord.add_value('image', name, tensor) or "
            'SummaryCollector(collect_specified_data={"collect_input_data": True}).'
        )
    return run


def series_of(source: Any, data_format: str | None) -> dict[str, Series]:
    """Arrays, {step: arrays}, or {tag: either of these}, as series by tag."""
    if not isinstance(source, Mapping):
        source = {0: source}
    if not source:
        raise ValueError("insight.images: got an empty dict, wanted {step: images}.")
    if all(isinstance(key, str) for key in source):
        tags = {tag: dict(v) if isinstance(v, Mapping) else {0: v} for tag, v in source.items()}
    else:
        tags = {_DEFAULT: dict(source)}
    out = {}
    for tag, steps in tags.items():
        series = out[tag] = Series()
        for step, value in steps.items():
            series.add(check_step(step), pictures_of(value, data_format))
    return out


def check_step(step: Any) -> int:
    if isinstance(step, (bool, np.bool_)) or not isinstance(step, (int, np.integer)):
        raise TypeError(
            f"insight.images: a step is an int, but got {step!r}. Wanted {{step: images}}, or "
            "{tag: {step: images}} with texts as tags."
        )
    return int(step)
