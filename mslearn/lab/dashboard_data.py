"""What the dashboard answers: the list of runs, curves, histograms and graphs, as plain data."""

from __future__ import annotations

import csv
import io
import json
import math
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
from tornado import web

from mslearn.insight.graph_fold import first_unfolded
from mslearn.insight.series import kept
from mslearn.summary import decoding
from mslearn.summary.bus import Scalars
from mslearn.summary.reader import Run
from mslearn.summary.runs import Runs

MOST_CURVES = 500
RIDGES = 60
FRESH_SECONDS = 0.5
Range = tuple[float, float]
EVERYTHING: Range = (-np.inf, np.inf)


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

    def name(self, number: str) -> str:
        """The name of a run by its number in the list.

        Raises:
            tornado.web.HTTPError: 404, there is none.
        """
        name = self._by_number.get(int(number)) if number.isascii() and number.isdigit() else None
        if name is None or name not in self.runs.all:
            raise web.HTTPError(404, "mslearn insight: there is no such run")
        return name

    def run(self, number: str) -> Run:
        """The run of a number in the list; raises as `name` does."""
        return self.runs[self.name(number)]

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
    lineage = {
        topic: {k: v for k, v in content.items() if k != "tree"}
        for topic, content in run.lineage.items()
    }
    return {
        "number": number, "name": name, "updated": run.updated, "size": run.size,
        "files": len(run.files), "scalars": scalars, "graphs": len(run.graphs),
        "pipelines": int("tree" in run.lineage.get("dataset", {})),
        "histograms": {t: len(p) for t, p in run.places["histogram"].items()},
        "images": {t: len(p) for t, p in run.places["image"].items()},
        "tensors": {t: len(p) for t, p in run.places["tensor"].items()},
        "lineage": finite(lineage),
        "skipped": {reason: n for reason, n in run.skipped.items() if n},
    }  # fmt: skip


def finite(value: Any) -> Any:
    """JSON has no NaN and no infinity: they become texts."""
    if isinstance(value, dict):
        return {k: finite(v) for k, v in value.items()}
    if isinstance(value, float) and not np.isfinite(value):
        return str(value)
    return value


def pack(header: dict[str, Any], arrays: list[np.ndarray]) -> bytes:
    """A length (8 bytes, little-endian), that much JSON, then the arrays as float64."""
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    parts = [np.ascontiguousarray(a, "<f8").tobytes() for a in arrays]
    return b"".join([len(text).to_bytes(8, "little"), text, *parts])


def curves(
    board: Board,
    tag: str,
    numbers: list[str],
    limit: int,
    axis: str = "step",
    between: Range = EVERYTHING,
) -> bytes:
    """One tag's curves of several runs: for each, steps, times of day and values.

    Args:
        board, tag, numbers: what to look at.
        limit: at most so many points of each curve; the lowest and highest of every part stay.
        axis: what `between` is about: "step", "relative" (seconds since the first) or "wall".
        between: only this part, and one point beyond each of its ends.
    """
    described, arrays = [], []
    with board.runs.lock:
        for number in numbers[:MOST_CURVES]:
            points = board.run(number).scalars.get(tag)
            if points is None:
                continue
            part = _part(points, axis, between)
            steps, walls, values = (
                c.view()[part] for c in (points.steps, points.walls, points.values)
            )
            chosen = kept(values, limit) if len(values) else slice(None)
            described.append(
                {
                    "run": int(number), "points": len(values[chosen]), "part": len(values),
                    "all": points.values.size, "start": float(points.walls.view()[0]),
                }
            )  # fmt: skip
            arrays += [steps[chosen], walls[chosen], values[chosen]]
    return pack({"tag": tag, "curves": described}, arrays)


def _part(points: Scalars, axis: str, between: Range) -> slice:
    if between == EVERYTHING:
        return slice(None)
    xs = points.steps.view() if axis == "step" else points.walls.view()
    if axis == "relative":
        xs = xs - xs[0]
    inside = np.flatnonzero((xs >= between[0]) & (xs <= between[1]))
    if not len(inside):
        return slice(0, 0)
    return slice(max(int(inside[0]) - 1, 0), int(inside[-1]) + 2)


def csv_text(board: Board, tag: str, numbers: list[str]) -> str:
    """``run,step,wall_time,value`` lines of one tag: every point, numbers that read back exactly.

    A run's name begins with a dot, so a spreadsheet takes none for a formula.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["run", "step", "wall_time", "value"])
    with board.runs.lock:
        for number in numbers[:MOST_CURVES]:
            name, points = board.name(number), board.run(number).scalars.get(tag)
            if points is not None:
                steps = points.steps.view().astype(np.int64).tolist()
                walls, values = points.walls.view().tolist(), points.values.view().tolist()
                rows = zip(steps, walls, values, strict=True)
                writer.writerows(
                    (name, step, repr(wall), repr(value)) for step, wall, value in rows
                )
    return text.getvalue()


def ridges(run: Run, tag: str) -> dict[str, Any]:
    """At most `RIDGES` histograms of one tag, evenly spread over its steps."""
    found = places(run, "histogram", tag)
    chosen = np.unique(np.linspace(0, len(found) - 1, RIDGES).astype(int))
    out = []
    for k in chosen.tolist():
        place = found[k]
        row = decoding.histogram_of(run.value("histogram", tag, place))
        row["bins"] = [b for b in row["bins"] if np.isfinite(b[:2]).all() and b[1] >= 0]
        out.append({"step": place.step, "wall": place.wall, **row})
    return {"tag": tag, "all": len(found), "histograms": [finite(row) for row in out]}


def places(run: Run, kind: str, tag: str) -> Any:
    """Where the values of a tag are.

    Raises:
        tornado.web.HTTPError: 404, there are none.
    """
    found = run.places[kind].get(tag)
    if not found:
        raise web.HTTPError(404, f"mslearn insight: this run has no such {kind}")
    return found


def graph_scene(run: Run, kind: str = "computation") -> dict[str, Any]:
    """A run's newest computation graph, or its data pipeline, as a scene (`insight.graph_scene`).

    Raises:
        tornado.web.HTTPError: 404, none was recorded.
    """
    if kind == "data":
        tree = run.lineage.get("dataset", {}).get("tree")
        if tree is not None:
            return pipeline_scene(tree)
    elif kind == "computation" and run.graphs:
        return _with_norms(decoding.graph_of(run.graph()), run)
    raise web.HTTPError(404, "mslearn insight: this run has no such graph")


def opened(scene: dict[str, Any]) -> dict[str, Any]:
    """A scene and the scopes that are open at first."""
    return {"scene": scene, "unfolded": sorted(first_unfolded(scene))}


def _with_norms(scene: dict[str, Any], run: Run) -> dict[str, Any]:
    """Beside each parameter the newest figures that `insight.watch` has recorded of it."""
    for node in scene["nodes"]:
        if node["kind"] != "parameter":
            continue
        norm, ratio = (_newest(run, f"{what}/{node['op']}")
                       for what in ("gradient_norm", "update_ratio"))  # fmt: skip
        if norm is not None:
            node["outputs"][0]["grad"] = {"first": [], "norm": norm}
        if ratio is not None:
            numbers = math.prod(node["outputs"][0]["shape"])
            node["update"] = [ratio * numbers, numbers]
    return scene


def _newest(run: Run, tag: str) -> float | None:
    points = run.scalars.get(tag)
    last = float(points.values.view()[-1]) if points is not None else np.nan
    return last if np.isfinite(last) else None


def pipeline_scene(tree: dict[str, Any]) -> dict[str, Any]:
    """A recorded data pipeline (see `decoding.lineage_of`) as a scene: one node for each stage."""
    nodes: list[dict[str, Any]] = []
    edges: list[list[int]] = []

    def visit(stage: dict[str, Any]) -> int:
        sources = [visit(child) for child in stage["children"]]
        number = len(nodes)
        attrs = {k: str(v) for k, v in stage["parameters"].items() if k != "op_type"}
        attrs |= {f"operation {k + 1}": name for k, name in enumerate(stage["operations"])}
        attrs |= {f"sampler {k}": str(v) for k, v in stage["sampler"].items()}
        nodes.append({
            "id": number, "kind": "op" if sources else "input", "op": stage["name"],
            "name": stage["name"], "scope": -1, "phase": "forward", "attrs": attrs, "doc": "",
            "outputs": [{"shape": [], "dtype": "", "value": {"first": []}, "grad": None}],
            "source": None, "cause": None,
            "note": ", ".join(stage["operations"]) or _detail(stage["parameters"]),
        })  # fmt: skip
        edges.extend([source, 0, number, slot] for slot, source in enumerate(sources))
        return number

    visit(tree)
    return {"version": 1, "title": "", "kind": "data", "scopes": [], "nodes": nodes,
            "edges": edges, "loss": None}  # fmt: skip


def _detail(parameters: dict[str, Any]) -> str:
    """The one figure that says most about a stage."""
    for name in ("batch_size", "buffer_size", "count", "dataset_dir", "input_columns"):
        if name in parameters:
            return f"{name} = {parameters[name]}"
    return ""
