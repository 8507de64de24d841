"""`insight.images`: pictures over the steps of a training as a widget."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import traitlets as t

from mslearn.common.png import png

from . import image_static
from .base import InsightWidget
from .image_arrays import Pictures, block_of, finite_range, pictures_of, shrunk, sprite
from .image_source import Recorded, Series, check_step, run_of, series_of

PAGE = 64  # pictures on one sheet
DETAIL = 512  # most pixels each way whose values travel to the browser
_ASKED = ("type", "tag", "step", "channel", "scale", "page", "number")
_SCALES = ("auto", "step", "image")


def images(
    source: Any,
    *,
    value_range: str | Sequence[float] = "auto",
    data_format: str | None = None,
    title: str = "",
    language: str | None = None,
) -> ImagesView:
    """Look at pictures, and at how they change over the steps; see ImagesView.

    Example:
        >>> insight.images(batch)                           # Tensor (32, 1, 28, 28)
        ImagesView(32 pictures 28×28×1)
        >>> insight.images({0: before, 100: after})         # a slider over the steps
        >>> insight.images(conv(x))                         # each channel by itself
        >>> insight.images("summary_dir")                   # what a training recorded
    """
    return ImagesView(
        source, value_range=value_range, data_format=data_format, title=title, language=language
    )


class ImagesView(InsightWidget):
    """A contact sheet for each step, with brightness, contrast and every pixel's value.

    Args:
        source: an array or Tensor of shape (H, W), (N, H, W), (N, C, H, W) or (N, H, W, C), bool,
            int, uint8 or float; a dict {step: such an array}; a dict {tag: either of these}; or
            the folder of a recorded run, or a `mslearn.summary.Run`.
        value_range: what becomes black and white. "auto": 0 to 255 for uint8, 0 to 1 for bool,
            smallest to largest of all steps for other numbers; "step" and "image": smallest to
            largest of one step, of one picture; or two numbers. The widget says which it is.
        data_format: "NCHW", "NHWC", "NHW", "CHW", "HWC" or "HW" where the shape leaves it open.
            By itself (N, C, H, W) is taken for four axes, and (N, H, W) for three.
        title: a heading.
        language: "en" or "zh"; the one of `insight.set_language` by default.

    Raises:
        TypeError, ValueError: what is no picture. FileNotFoundError: no such folder.
    """

    bundle = "images"

    info = t.Dict().tag(sync=True)

    def __init__(
        self,
        source: Any,
        *,
        value_range: str | Sequence[float] = "auto",
        data_format: str | None = None,
        title: str = "",
        language: str | None = None,
    ) -> None:
        self._given, self._scale = _check_range(value_range)
        self._format, self._title = data_format, title
        self._turn = threading.RLock()  # JupyterLab's questions come on a thread of their own
        self._run = run_of(source)
        self._series: dict[str, Series] = (
            series_of(source, data_format)
            if self._run is None
            else {tag: Recorded(self._run, tag) for tag in sorted(self._run.places["image"])}
        )
        self._version = 0
        self._asked: dict[str, Any] = {}
        extra = {} if language is None else {"language": language}
        super().__init__(info=self._info(), **extra)
        self.on_msg(self._on_message)

    def add(self, step: int, images: Any, tag: str = "images") -> None:
        """Pictures of one more step, while a training runs; a tag may be new.

        Example:
            >>> view = insight.images({0: net.conv(x)})
            >>> view.add(step, net.conv(x))
        """
        if self._run is not None:
            raise ValueError(
                "ImagesView.add: these pictures come from a recorded run; record more with "
                "SummaryRecord, and call update()."
            )
        pictures = pictures_of(images, self._format, "ImagesView.add")
        step = check_step(step)
        with self._turn:
            series = self._series.setdefault(tag, Series())
            series.add(step, pictures)
            self._renew()
            # A kernel without subshells cannot answer meanwhile: what will be asked for is sent.
            if self._asked and list(self._series)[self._asked["tag"]] == tag:
                self._send_sheet({**self._asked, "step": len(series.steps) - 1}, series)

    def update(self) -> None:
        """Read what a running training has recorded since."""
        with self._turn:
            if self._run is not None:
                self._run.refresh()
                for tag in self._run.places["image"]:
                    known = self._series.get(tag)
                    if isinstance(known, Recorded):
                        known.refresh()
                    else:
                        self._series[tag] = Recorded(self._run, tag)
            self._renew()

    def _renew(self) -> None:
        self._version += 1
        self.info = self._info()
        self.refresh_saved_picture()

    def _info(self) -> dict[str, Any]:
        tags = [{"name": name, "steps": list(s.steps)} for name, s in self._series.items()]
        return {
            "version": self._version, "tags": tags, "scale": self._scale, "title": self._title,
        }  # fmt: skip

    # -- answers to the browser -----------------------------------------------------------------

    def _on_message(self, _: Any, content: Any, buffers: Any) -> None:
        if not isinstance(content, dict) or content.get("type") not in ("sheet", "tile"):
            return
        with self._turn:
            self._answer({k: content.get(k) for k in _ASKED})

    def _answer(self, ask: dict[str, Any]) -> None:
        series = list(self._series.values())
        tag, step = ask["tag"], ask["step"]
        if not isinstance(tag, int) or not 0 <= tag < len(series):
            return
        if not isinstance(step, int) or not 0 <= step < len(series[tag].steps):
            return
        try:
            if ask["type"] == "tile":
                self._send_tile(ask, series[tag].load(step))
            else:
                self._asked = ask
                self._send_sheet(ask, series[tag])
        except ValueError as error:
            self.send({"type": "problem", "ask": ask, "text": str(error)})

    def _send_sheet(self, ask: dict[str, Any], series: Series) -> None:
        facts, sheet = self.sheet(series, series.load(ask["step"]), ask)
        self.send({"type": "sheet", "ask": ask, **facts}, [png(sheet)])

    def _send_tile(self, ask: dict[str, Any], pictures: Pictures) -> None:
        number = ask["number"]
        if isinstance(number, int) and 0 <= number < len(pictures.array):
            facts, values = values_of(pictures.array[number])
            self.send({"type": "tile", "ask": ask, **facts}, [values.tobytes()])

    def sheet(
        self,
        series: Series,
        pictures: Pictures,
        ask: dict[str, Any],
        limit: int = PAGE,
        side: int | None = None,
    ) -> tuple[dict[str, Any], np.ndarray]:
        """What one sheet shows, in words and as pixels: `limit` pictures of at most `side`."""
        array = pictures.array
        count, height, width, channels = array.shape
        page = ask.get("page") if isinstance(ask.get("page"), int) else 0
        first = min(max(page or 0, 0) * PAGE, (count - 1) // PAGE * PAGE)
        shown, channel = chosen(array, ask.get("channel"))
        part = shown[first : first + limit]
        whole = {
            "given": self._given, "auto": series.range(), "step": finite_range(shown),
        }  # fmt: skip
        scale = ask.get("scale")
        if scale == "image":
            ranges = [finite_range(p) or (0.0, 1.0) for p in part]
        else:
            ranges = [whole.get(str(scale)) or series.range() or (0.0, 1.0)] * len(part)
        low, high = np.array(ranges).T
        side = side or (1024 if count == 1 else 160 if len(part) <= 12 else 96)
        small = shrunk(part, side)
        columns = math.ceil(math.sqrt(len(part)))
        bad = (~np.isfinite(part)).any(-1).sum((1, 2))
        facts = {
            "count": count, "first": first, "columns": columns, "tiles": len(part),
            "tile": list(small.shape[1:3]), "block": block_of(array.shape[1:], side),
            "size": [height, width, channels], "channel": channel, "dtype": str(array.dtype),
            "format": pictures.data_format, "low": low.tolist(), "high": high.tolist(),
            "bad": bad.tolist(),
        }  # fmt: skip
        return facts, sprite(small, low, high, columns)

    # -- without a browser ----------------------------------------------------------------------

    def to_html(self) -> str:
        """The first and the last steps as self-contained HTML, the same bytes for the same data."""
        return image_static.steps_html(self, self.language)

    def fallback(self) -> dict[str, str]:
        return {"text/html": self.to_html()}

    def __repr__(self) -> str:
        name, series = next(iter(self._series.items()))
        steps = f"{len(series.steps)} steps" if len(series.steps) > 1 else ""
        if len(self._series) > 1:
            facts = f"{len(self._series)} tags"
        elif self._run is not None:
            facts = name
        else:
            shape = series.load(-1).array.shape
            size = "×".join(map(str, shape[1:]))
            facts = f"1 picture {size}" if shape[0] == 1 else f"{shape[0]} pictures {size}"
        return f"ImagesView({', '.join(filter(None, [facts, steps]))})"


def chosen(array: np.ndarray, channel: Any) -> tuple[np.ndarray, int]:
    """One channel of <N,H,W,C>, or with -1 all of a colour picture; and which it is."""
    channels = array.shape[3]
    if not isinstance(channel, int) or not -1 <= channel < channels:
        channel = -1
    if channel == -1:
        if channels in (3, 4):
            return array[..., :3], -1
        channel = 0
    return array[..., channel : channel + 1], channel


def values_of(picture: np.ndarray) -> tuple[dict[str, Any], np.ndarray]:
    """<H,W,C> as float64 for the browser, shrunk where it is large; and what was done."""
    values = shrunk(picture[None], DETAIL)[0]
    height, width, channels = values.shape
    facts = {
        "rows": height, "columns": width, "channels": channels,
        "block": block_of(picture.shape, DETAIL), "whole": picture.dtype.kind in "bui",
    }  # fmt: skip
    return facts, np.ascontiguousarray(values, np.float64)


def _check_range(wanted: Any) -> tuple[tuple[float, float] | None, str]:
    if isinstance(wanted, str) and wanted in _SCALES:
        return None, wanted
    if not isinstance(wanted, str) and isinstance(wanted, (Sequence, np.ndarray)):
        numbers = [float(x) for x in wanted]
        if len(numbers) == 2 and all(map(math.isfinite, numbers)) and numbers[0] < numbers[1]:
            return (numbers[0], numbers[1]), "given"
    raise ValueError(
        'insight.images: value_range must be "auto", "step", "image" or two numbers, the smaller '
        f"first, but got {wanted!r}."
    )
