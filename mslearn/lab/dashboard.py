"""The dashboard's handlers: a page and its data, behind Jupyter Server's token.

    GET /mslearn/insight                          the page
    GET /mslearn/insight/static/dashboard.js      its parts
    GET /mslearn/insight/api/runs                 runs, their tags, lineage, what was skipped
    GET /mslearn/insight/api/scalars?tag=&runs=   curves, binary (see `pack`)
    GET /mslearn/insight/api/histograms?run=&tag=
    GET /mslearn/insight/api/images?run=&tag=     the steps; /api/image?run=&tag=&place= one PNG
    GET /mslearn/insight/api/graph?run=

A run is asked for by its number in the list, never by a path: no request can name a file.
"""

from __future__ import annotations

import asyncio
import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from jupyter_server.base.handlers import APIHandler, JupyterHandler
from jupyter_server.utils import url_path_join
from tornado import web

from mslearn.insight.graph_fold import first_unfolded
from mslearn.insight.series import decimate
from mslearn.summary import decoding
from mslearn.summary.reader import Run
from mslearn.summary.runs import Runs

STATIC = Path(__file__).resolve().parent.parent / "static"
FILES = {"dashboard.js": "text/javascript", "dashboard.css": "text/css"}
MOST_POINTS = 20_000  # of one curve in one answer
MOST_CURVES = 500
RIDGES = 60
FRESH_SECONDS = 0.5
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>mslearn insight</title>
<link rel="stylesheet" href="insight/static/dashboard.css?{stamp}">
</head>
<body>
<noscript>This page needs JavaScript. / 此页面需要 JavaScript。</noscript>
<main id="dashboard"></main>
<script type="module" src="insight/static/dashboard.js?{stamp}"></script>
</body>
</html>
"""


class Board:
    """The runs of one folder, numbered, and looked at at most twice a second."""

    def __init__(self, base: Path) -> None:
        self.runs = Runs(base)
        self._numbers: dict[str, int] = {}
        self._by_number: dict[int, str] = {}
        self._read_at = -FRESH_SECONDS
        self._lock = threading.Lock()

    def refresh(self) -> None:
        """Read what is new, unless that was done just now."""
        with self._lock:
            if time.monotonic() - self._read_at >= FRESH_SECONDS:
                self.runs.refresh()
                self._read_at = time.monotonic()
            for name in self.runs.all:
                if name not in self._numbers:
                    number = self._numbers[name] = len(self._numbers)
                    self._by_number[number] = name

    def run(self, number: str) -> Run:
        """The run of a number in the list.

        Raises:
            tornado.web.HTTPError: 404, there is none.
        """
        name = self._by_number.get(int(number)) if number.isascii() and number.isdigit() else None
        if name is None or name not in self.runs.all:
            raise web.HTTPError(404, "mslearn insight: there is no such run")
        return self.runs[name]

    def describe(self) -> dict[str, Any]:
        """All that the page's lists need."""
        self.refresh()
        with self.runs.lock:
            return {
                "base": self.runs.base.name or str(self.runs.base),
                "complete": self.runs.complete,
                "runs": [
                    _described(self._numbers[name], name, run)
                    for name, run in self.runs.all.items()
                    if name in self._numbers
                ],
            }


def _described(number: int, name: str, run: Run) -> dict[str, Any]:
    scalars = {}
    for tag, points in run.scalars.items():
        last = float(points.values.view()[-1])
        scalars[tag] = [points.values.size, last if np.isfinite(last) else str(last)]
    return {
        "number": number, "name": name, "updated": run.updated, "size": run.size,
        "files": len(run.files), "scalars": scalars, "graphs": len(run.graphs),
        "histograms": {t: len(p) for t, p in run.places["histogram"].items()},
        "images": {t: len(p) for t, p in run.places["image"].items()},
        "tensors": {t: len(p) for t, p in run.places["tensor"].items()},
        "lineage": _finite(run.lineage),
        "skipped": {reason: n for reason, n in run.skipped.items() if n},
    }  # fmt: skip


def _finite(value: Any) -> Any:
    """JSON has no NaN and no infinity: they become texts."""
    if isinstance(value, dict):
        return {k: _finite(v) for k, v in value.items()}
    if isinstance(value, float) and not np.isfinite(value):
        return str(value)
    return value


def pack(header: dict[str, Any], arrays: list[np.ndarray]) -> bytes:
    """A length (8 bytes, little-endian), that much JSON, then the arrays as float64."""
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    parts = [np.ascontiguousarray(a, "<f8").tobytes() for a in arrays]
    return b"".join([len(text).to_bytes(8, "little"), text, *parts])


def curves(board: Board, tag: str, numbers: list[str], limit: int) -> bytes:
    """One tag's curves of several runs: for each, steps, times of day and values."""
    described, arrays = [], []
    with board.runs.lock:
        for number in numbers[:MOST_CURVES]:
            points = board.run(number).scalars.get(tag)
            if points is None:
                continue
            steps, walls, values = (c.view() for c in (points.steps, points.walls, points.values))
            kept, _ = decimate(np.arange(len(values)), values, limit)
            described.append({"run": int(number), "points": len(kept), "all": len(values)})
            arrays += [steps[kept], walls[kept], values[kept]]
    return pack({"tag": tag, "curves": described}, arrays)


def ridges(run: Run, tag: str) -> dict[str, Any]:
    """At most `RIDGES` histograms of one tag, evenly spread over its steps."""
    places = _places(run, "histogram", tag)
    chosen = np.unique(np.linspace(0, len(places) - 1, RIDGES).astype(int))
    out = []
    for k in chosen.tolist():
        place = places[k]
        found = decoding.histogram_of(run.value("histogram", tag, place))
        out.append({"step": place.step, "wall": place.wall, **found})
    return {"tag": tag, "all": len(places), "histograms": _json_safe(out)}


def _json_safe(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    for row in rows:
        row["bins"] = [b for b in row["bins"] if np.isfinite(b[:2]).all() and b[1] >= 0]
        row.update({k: _finite(v) for k, v in row.items() if isinstance(v, float)})
    return rows


def _places(run: Run, kind: str, tag: str) -> Any:
    places = run.places[kind].get(tag)
    if not places:
        raise web.HTTPError(404, f"mslearn insight: this run has no such {kind}")
    return places


class _Handler(APIHandler):
    """An answer from the board, made beside the event loop; looking is no activity."""

    _track_activity = False

    @property
    def board(self) -> Board:
        found: Board = self.settings["mslearn_insight_board"]
        return found

    async def answer(self, make: Callable[[], Any]) -> Any:
        try:
            return await asyncio.to_thread(make)
        except (OSError, ValueError) as error:
            # What is in a file may be anything; the log line must not take it for a pattern.
            reason = str(error).replace("%", "%%")[:200]
            raise web.HTTPError(422, f"mslearn insight: this record is broken: {reason}") from None


class RunsHandler(_Handler):
    """The list of runs; an unchanged list is an empty 304."""

    @web.authenticated
    async def get(self) -> None:
        self.finish(json.dumps(await self.answer(self.board.describe)))


class ScalarsHandler(_Handler):
    """Curves of one tag."""

    @web.authenticated
    async def get(self) -> None:
        tag, numbers = self.get_argument("tag", strip=False), self.get_argument("runs").split(",")
        limit = self.get_argument("limit", "1000")
        points = int(limit) if limit.isascii() and limit.isdigit() else 0
        if not 4 <= points <= MOST_POINTS:
            raise web.HTTPError(400, f"mslearn insight: limit must be from 4 to {MOST_POINTS}")
        packed = await self.answer(lambda: curves(self.board, tag, numbers, points))
        self.finish(packed, set_content_type="application/octet-stream")


class HistogramsHandler(_Handler):
    """Histograms of one tag of one run."""

    @web.authenticated
    async def get(self) -> None:
        run, tag = self.board.run(self.get_argument("run")), self.get_argument("tag", strip=False)
        self.finish(json.dumps(await self.answer(lambda: ridges(run, tag))))


class ImagesHandler(_Handler):
    """The steps at which a picture was recorded."""

    @web.authenticated
    async def get(self) -> None:
        run, tag = self.board.run(self.get_argument("run")), self.get_argument("tag", strip=False)
        steps = [[p.step, p.wall] for p in _places(run, "image", tag)]
        self.finish(json.dumps({"tag": tag, "steps": steps}))


class ImageHandler(_Handler):
    """One picture, a PNG file and nothing else."""

    @web.authenticated
    async def get(self) -> None:
        run, tag = self.board.run(self.get_argument("run")), self.get_argument("tag", strip=False)
        places, k = _places(run, "image", tag), self.get_argument("place")
        if not (k.isascii() and k.isdigit() and int(k) < len(places)):
            raise web.HTTPError(404, "mslearn insight: there is no such picture")
        place = places[int(k)]
        data = await self.answer(lambda: decoding.image_of(run.value("image", tag, place)))
        self.set_header("Cache-Control", "private, max-age=3600")
        self.finish(data, set_content_type="image/png")


class GraphHandler(_Handler):
    """A run's newest graph, as a scene, and the scopes that are open at first."""

    @web.authenticated
    async def get(self) -> None:
        run = self.board.run(self.get_argument("run"))
        if not run.graphs:
            raise web.HTTPError(404, "mslearn insight: this run has no graph")
        self.finish(json.dumps(await self.answer(lambda: _scene(run))))


def _scene(run: Run) -> dict[str, Any]:
    scene = decoding.graph_of(run.graph())
    return {"scene": scene, "unfolded": sorted(first_unfolded(scene))}


class PageHandler(JupyterHandler):
    """The page."""

    @web.authenticated
    def get(self) -> None:
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(PAGE.format(stamp=_stamp()))


class StaticHandler(JupyterHandler):
    """The page's script and style sheet."""

    @web.authenticated
    def get(self, name: str) -> None:
        kind = FILES.get(name)
        if kind is None or not (STATIC / name).is_file():
            raise web.HTTPError(404, "mslearn insight: there is no such file")
        self.set_header("Content-Type", f"{kind}; charset=utf-8")
        self.finish((STATIC / name).read_bytes())


def _stamp() -> str:
    return str(max((int((STATIC / n).stat().st_mtime) for n in FILES if (STATIC / n).is_file()),
                   default=0))  # fmt: skip


PARTS: dict[str, type[_Handler]] = {
    "runs": RunsHandler, "scalars": ScalarsHandler, "histograms": HistogramsHandler,
    "images": ImagesHandler, "image": ImageHandler, "graph": GraphHandler,
}  # fmt: skip


def handlers(base_url: str) -> list[tuple[str, type[JupyterHandler]]]:
    """(pattern, handler) of all of the above."""
    root = url_path_join(base_url, "mslearn", "insight")
    return [
        (root, PageHandler),
        (url_path_join(root, "static", r"([\w.]+)"), StaticHandler),
        *((url_path_join(root, "api", name), handler) for name, handler in PARTS.items()),
    ]


def install(web_app: Any, base: Path) -> None:
    """Add the dashboard of the folder `base` to a Jupyter server."""
    web_app.settings["mslearn_insight_board"] = Board(base)
    web_app.add_handlers(".*$", handlers(web_app.settings["base_url"]))


def base_folder(root: str) -> Path:
    """The folder whose runs JupyterLab's panel shows: $MSLEARN_SUMMARY_DIR or Jupyter's root."""
    return Path(os.environ.get("MSLEARN_SUMMARY_DIR") or root).expanduser()
