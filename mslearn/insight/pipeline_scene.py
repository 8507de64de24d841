"""What a data pipeline is doing, as plain data: stages, rows, times, and which one is slowest."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np

from mslearn.dataset.base import Dataset
from mslearn.dataset.rowwork import operation_name
from mslearn.dataset.stream import Meter

from .pipeline_pictures import as_image, data_uri, kind_name

_THUMBNAIL = 44


def watch(dataset: Dataset) -> tuple[list[Dataset], list[Meter]]:
    """Give every stage of a pipeline a meter; the stages, sources first, each once, and these."""
    if not isinstance(dataset, Dataset):
        raise TypeError(
            f"insight.pipeline: a data set of mslearn.dataset is wanted, but got "
            f"'{type(dataset).__name__}'."
        )
    stages: list[Dataset] = []
    meters: list[Meter] = []

    def visit(node: Dataset) -> None:
        for child in node.children:
            visit(child)
        if not any(node is s for s in stages):
            node._meter = node._meter or Meter()
            stages.append(node)
            meters.append(node._meter)

    visit(dataset)
    return stages, meters


def scene(stages: list[Dataset], meters: list[Meter]) -> dict[str, Any]:
    """Everything that the picture shows: a dict that JSON can hold."""
    number = {id(stage): k for k, stage in enumerate(stages)}
    nodes: list[dict[str, Any]] = []
    for stage, meter in zip(stages, meters, strict=True):
        inside = sum(meters[number[id(c)]].seconds for c in stage.children)
        own = max(0.0, meter.seconds - inside)
        name, detail = _title(stage)
        shapes, picture = _sample(stage, meter)
        nodes.append(
            {
                "name": name, "detail": detail, "rows": meter.rows, "epochs": meter.epochs,
                "seconds": meter.seconds, "own": own, "queued": meter.queued,
                "columns": shapes, "picture": picture,
                "children": [number[id(c)] for c in stage.children],
            }
        )  # fmt: skip
    total = sum(n["own"] for n in nodes)
    for node in nodes:
        node["share"] = node["own"] / total if total else 0.0
        node["rate"] = node["rows"] / node["own"] if node["own"] > 0 else None
    slowest = max(range(len(nodes)), key=lambda k: nodes[k]["own"]) if total else None
    feeds = [f for i in _iterators(stages[-1]) if (f := i._feed) is not None]
    return {
        "nodes": nodes, "bottleneck": slowest, "seconds": total,
        "waited": meters[-1].waited, "ready": sum(f.ready for f in feeds),
    }  # fmt: skip


def _iterators(stage: Dataset) -> list[Any]:
    """Those over a data set, also while another thread makes more."""
    while True:
        with contextlib.suppress(RuntimeError):  # the set has changed while it was read
            return list(stage._live)


def _title(stage: Dataset) -> tuple[str, str]:
    name = type(stage).__name__
    name = name.removesuffix("Dataset") if stage.children else name
    found: Any = stage
    facts = {
        "Map": lambda: ", ".join(operation_name(op) for op in found.operations),
        "Batch": lambda: str(found.batch_size if not callable(found.batch_size) else "…"),
        "Shuffle": lambda: str(found.buffer_size),
        "Filter": lambda: operation_name(found.predicate),
        "Repeat": lambda: "∞" if found.count == -1 else str(found.count),
        "Take": lambda: str(found.count),
        "Skip": lambda: str(found.count),
        "Project": lambda: ", ".join(found.columns),
        "Rename": lambda: ", ".join(found.output_columns),
    }
    detail = facts[name]() if name in facts else ""
    return name, detail if len(detail) <= 48 else detail[:47] + "…"


def _sample(stage: Dataset, meter: Meter) -> tuple[list[str], str]:
    """The columns of the last row seen, and its picture."""
    if meter.sample is None:
        return stage.get_col_names(), ""
    (row,) = meter.sample.rows()
    shapes, picture = [], ""
    for name, value in zip(stage.get_col_names(), row, strict=True):
        shapes.append(
            f"{name} {kind_name(value)}{' ' if value.ndim else ''}{'×'.join(map(str, value.shape))}"
        )
        image = as_image(value) if not picture else None
        if image is not None:
            picture = data_uri(np.ascontiguousarray(image), _THUMBNAIL)
    return shapes, picture
