"""The dashboard's handlers: a page and its data, behind Jupyter Server's token.

    GET /mslearn/insight                          the page
    GET /mslearn/insight/static/dashboard.js      its parts
    GET /mslearn/insight/api/runs                 runs, their tags, lineage, what was skipped
    GET /mslearn/insight/api/scalars?tag=&runs=   curves, binary (see `dashboard_data.pack`);
                                                  limit=, and a part: axis=&low=&high=
    GET /mslearn/insight/api/csv?tag=&runs=       every point of them as text
    GET /mslearn/insight/api/histograms?run=&tag=
    GET /mslearn/insight/api/images?run=&tag=     the steps; /api/image?run=&tag=&place= one PNG
    GET /mslearn/insight/api/tensors?run=&tag=    the steps; /api/tensor?run=&tag=&place=&index=
                                                  one as a table, /api/npy one as a file
    GET /mslearn/insight/api/graph?run=&kind=     a scene, "computation" or "data";
                                                  /api/graphfile?run=&kind=&format= as SVG or DOT

A run is asked for by its number in the list, never by a path: no request can name a file.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_server.base.handlers import APIHandler, JupyterHandler
from jupyter_server.utils import url_path_join
from tornado import web

from mslearn.insight.graph_dot import dot_source
from mslearn.insight.graph_svg import to_svg
from mslearn.summary import decoding

from .dashboard_data import Board, csv_text, curves, graph_scene, opened, places, ridges
from .dashboard_tensors import IndexProblem, npy, table

STATIC = Path(__file__).resolve().parent.parent / "static"
FILES = {"dashboard.js": "text/javascript", "dashboard.css": "text/css"}
MOST_POINTS = 20_000  # of one curve in one answer
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


class _Handler(APIHandler):
    """An answer from the board, made beside the event loop; looking is no activity."""

    _track_activity = False

    @property
    def board(self) -> Board:
        found: Board = self.settings["mslearn_insight_board"]
        return found

    def value(self, name: str, default: str | None = None) -> str:
        """One of the request's values, as it is."""
        if default is None:
            return self.get_argument(name, strip=False)
        return self.get_argument(name, default, strip=False)

    def at(self, kind: str) -> Any:
        """(run, tag, place) of the one picture or tensor that the request is about."""
        run, tag, k = self.board.run(self.value("run")), self.value("tag"), self.value("place")
        found = places(run, kind, tag)
        if not (k.isascii() and k.isdigit() and len(k) < 10 and int(k) < len(found)):
            raise web.HTTPError(404, f"mslearn insight: there is no such {kind}")
        return run, tag, found[int(k)]

    async def answer(self, make: Callable[[], Any]) -> Any:
        try:
            return await asyncio.to_thread(make)
        except IndexProblem as error:
            raise web.HTTPError(400, str(error).replace("%", "%%")) from None
        except (OSError, ValueError) as error:
            # What is in a file may be anything; the log line must not take it for a pattern.
            reason = str(error).replace("%", "%%")[:200]
            raise web.HTTPError(422, f"mslearn insight: this record is broken: {reason}") from None

    def give(self, body: bytes | str, kind: str, name: str = "") -> None:
        """An answer that is no JSON; with a `name`, a file to keep."""
        if name:
            self.set_header("Content-Disposition", f'attachment; filename="{name}"')
        self.finish(body, set_content_type=kind)


class RunsHandler(_Handler):
    """The list of runs; an unchanged list is an empty 304."""

    @web.authenticated
    async def get(self) -> None:
        self.finish(json.dumps(await self.answer(self.board.describe)))


class ScalarsHandler(_Handler):
    """Curves of one tag."""

    @web.authenticated
    async def get(self) -> None:
        tag, numbers = self.value("tag"), self.value("runs").split(",")
        limit = self.value("limit", "1000")
        points = int(limit) if limit.isascii() and limit.isdigit() and len(limit) < 10 else 0
        if not 4 <= points <= MOST_POINTS:
            raise web.HTTPError(400, f"mslearn insight: limit must be from 4 to {MOST_POINTS}")
        axis = self.value("axis", "step")
        try:
            between = (float(self.value("low", "-inf")), float(self.value("high", "inf")))
        except ValueError:
            between = (math.nan, math.nan)
        if axis not in ("step", "relative", "wall") or any(map(math.isnan, between)):
            raise web.HTTPError(400, "mslearn insight: axis is step, relative or wall, low and "
                                     "high are numbers")  # fmt: skip
        packed = await self.answer(lambda: curves(self.board, tag, numbers, points, axis, between))
        self.give(packed, "application/octet-stream")


class CsvHandler(_Handler):
    """Every point of one tag."""

    @web.authenticated
    async def get(self) -> None:
        tag, numbers = self.value("tag"), self.value("runs").split(",")
        text = await self.answer(lambda: csv_text(self.board, tag, numbers))
        self.give(text, "text/csv; charset=utf-8", "curves.csv")


class HistogramsHandler(_Handler):
    """Histograms of one tag of one run."""

    @web.authenticated
    async def get(self) -> None:
        run, tag = self.board.run(self.value("run")), self.value("tag")
        self.finish(json.dumps(await self.answer(lambda: ridges(run, tag))))


class _StepsHandler(_Handler):
    """The steps at which something was recorded."""

    kind = ""

    @web.authenticated
    async def get(self) -> None:
        run, tag = self.board.run(self.value("run")), self.value("tag")
        steps = [[p.step, p.wall] for p in places(run, self.kind, tag)]
        self.finish(json.dumps({"tag": tag, "steps": steps}))


class ImagesHandler(_StepsHandler):
    """The steps of a picture."""

    kind = "image"


class TensorsHandler(_StepsHandler):
    """The steps of a tensor."""

    kind = "tensor"


class ImageHandler(_Handler):
    """One picture, a PNG file and nothing else."""

    @web.authenticated
    async def get(self) -> None:
        run, tag, place = self.at("image")
        data = await self.answer(lambda: decoding.image_of(run.value("image", tag, place)))
        self.set_header("Cache-Control", "private, max-age=3600")
        self.give(data, "image/png")


class TensorHandler(_Handler):
    """A part of one tensor as a table, binary."""

    @web.authenticated
    async def get(self) -> None:
        run, tag, place = self.at("tensor")
        index = self.value("index", "")[:200]
        read = decoding.tensor_of
        packed = await self.answer(lambda: table(read(run.value("tensor", tag, place)), index))
        self.give(packed, "application/octet-stream")


class NpyHandler(_Handler):
    """One tensor as a file for `numpy.load`."""

    @web.authenticated
    async def get(self) -> None:
        run, tag, place = self.at("tensor")
        data = await self.answer(lambda: npy(decoding.tensor_of(run.value("tensor", tag, place))))
        self.give(data, "application/octet-stream", "tensor.npy")


class GraphHandler(_Handler):
    """A run's newest graph, as a scene, and the scopes that are open at first."""

    @web.authenticated
    async def get(self) -> None:
        run, kind = self.board.run(self.value("run")), self.value("kind", "computation")
        text = await self.answer(lambda: json.dumps(opened(graph_scene(run, kind))).encode())
        if "gzip" in self.request.headers.get("Accept-Encoding", ""):
            text = await self.answer(lambda: gzip.compress(text, 1))
            self.set_header("Content-Encoding", "gzip")
        self.give(text, "application/json")


class GraphFileHandler(_Handler):
    """The graph as SVG or for Graphviz."""

    @web.authenticated
    async def get(self) -> None:
        run, kind = self.board.run(self.value("run")), self.value("kind", "computation")
        language = "zh" if self.value("language", "en") == "zh" else "en"
        backward = self.value("backward", "") == "1"
        opens, apart = (
            {int(k) for k in self.value(name, "").split(",") if k.isascii() and k.isdigit()}
            for name in ("unfolded", "apart")
        )
        if self.value("format") == "dot":
            made = await self.answer(lambda: dot_source(graph_scene(run, kind), backward))
            self.give(made, "text/vnd.graphviz; charset=utf-8", "graph.dot")
            return
        made = await self.answer(
            lambda: to_svg(graph_scene(run, kind), language, opens, backward, apart)
        )
        self.give(made, "image/svg+xml", "graph.svg")


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
    "runs": RunsHandler, "scalars": ScalarsHandler, "csv": CsvHandler,
    "histograms": HistogramsHandler, "images": ImagesHandler, "image": ImageHandler,
    "tensors": TensorsHandler, "tensor": TensorHandler, "npy": NpyHandler,
    "graph": GraphHandler, "graphfile": GraphFileHandler,
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
