"""Recorded values as MindSpore's protocol buffers (Event, LineageEvent), the bytes of a record.

The field numbers are those of MindSpore's public summary.proto, lineage.proto and anf_ir.proto.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from mslearn.common.wire import block, double, integer, single
from mslearn.summary.values import Datum, Histogram, Image

VERSION = "MindSpore.Event:1"
KINDS = {
    "bool": 1, "int8": 2, "int16": 3, "int32": 4, "int64": 5, "uint8": 6, "uint16": 7,
    "uint32": 8, "uint64": 9, "float16": 10, "float32": 11, "float64": 12, "bfloat16": 46,
}  # fmt: skip
_KIND_STRING, _KIND_TENSOR, _KIND_TUPLE = 13, 14, 31
_SCALAR, _IMAGE, _TENSOR, _HISTOGRAM = 3, 4, 8, 9  # in Summary.Value


def version_event(wall: float) -> bytes:
    """The first record of a file."""
    return double(1, wall) + block(3, VERSION)


def events(step: int, wall: float, data: Sequence[Datum]) -> list[bytes]:
    """The records of one step: one for each graph, one for all other values together."""
    head = double(1, wall) + integer(2, step)
    out = [head + block(4, d.value.message) for d in data if d.kind == "graph"]
    values = b"".join(block(1, value_message(d)) for d in data if d.kind in _VALUES)
    return [*out, head + block(5, values)] if values else out


def value_message(datum: Datum) -> bytes:
    """A Summary.Value."""
    return block(1, datum.tag) + _VALUES[datum.kind](datum.value)


def _image(image: Image) -> bytes:
    height, width, channels, data = image
    return block(4, integer(1, height) + integer(2, width) + integer(3, channels) + block(4, data))


def _histogram(h: Histogram) -> bytes:
    rows = zip(h.lefts.tolist(), h.widths.tolist(), h.counts.tolist(), strict=True)
    buckets = b"".join(block(1, double(1, a) + double(2, w) + integer(3, n)) for a, w, n in rows)
    odd = integer(2, h.nan) + integer(3, h.positive) + integer(4, h.negative)
    ends = double(5, h.highest) + double(6, h.lowest) + double(7, h.total) + integer(8, h.seen)
    return block(_HISTOGRAM, buckets + odd + ends)


def tensor_message(array: np.ndarray) -> bytes:
    """A TensorProto; MindSpore writes all numbers as float32, whatever the type says."""
    kind = KINDS.get(array.dtype.name, KINDS["float32"])
    numbers = np.ascontiguousarray(array, "<f4").tobytes()
    return b"".join(integer(1, n) for n in array.shape) + integer(2, kind) + block(3, numbers)


_VALUES: dict[str, Callable[[Any], bytes]] = {
    "scalar": lambda value: single(_SCALAR, value),
    "image": _image,
    "tensor": lambda array: block(_TENSOR, tensor_message(array)),
    "histogram": _histogram,
}


def tensor_type(shape: Sequence[int], dtype: str) -> bytes:
    """A TypeProto of a tensor."""
    dims = b"".join(block(1, integer(1, n)) for n in shape)
    inner = integer(1, KINDS.get(dtype, KINDS["float32"])) + block(2, dims)
    return integer(1, _KIND_TENSOR) + block(2, inner)


def attribute_value(value: Any) -> bytes:
    """A ValueProto."""
    if isinstance(value, bool):
        return integer(1, KINDS["bool"]) + integer(2, value)
    if isinstance(value, int) and -(1 << 63) <= value < 1 << 63:
        return integer(1, KINDS["int64"]) + integer(3, value)
    if isinstance(value, float):
        return integer(1, KINDS["float32"]) + single(5, value)
    if isinstance(value, list | tuple) and len(value) <= 64:
        parts = b"".join(block(18, attribute_value(v)) for v in value)
        return integer(1, _KIND_TUPLE) + parts
    text = value if isinstance(value, str) else str(value)
    return integer(1, _KIND_STRING) + block(7, text if len(text) <= 200 else text[:199] + "…")


# Lineage: what a run was made with, and what came out.


def lineage_event(wall: float, field: int, message: bytes) -> bytes:
    """A LineageEvent: `field` 6 training, 7 evaluation, 9 data set, 10 the user's own."""
    return double(1, wall) + block(field, message)


TRAIN, EVALUATION, DATASET, CUSTOM = 6, 7, 9, 10


def train_lineage(
    *,
    optimizer: str,
    learning_rate: float,
    loss_function: str,
    epoch: int,
    batch_size: int,
    network: str,
    loss: float | None,
    dataset: str = "",
    size: int = 0,
    checkpoint: str = "",
) -> bytes:
    """A TrainLineage; `size` is the number of examples, `checkpoint` a file's path."""
    hyper = block(1, optimizer) + single(2, learning_rate) + block(3, loss_function)
    hyper += integer(4, epoch) + block(5, "stand_alone") + integer(6, 1) + integer(8, batch_size)
    data = block(1, dataset) + integer(2, size)
    algorithm = block(1, network) + (b"" if loss is None else single(2, loss))
    path = json.dumps({"ckpt": checkpoint or None})
    model = block(3, path) + integer(4, os.path.getsize(checkpoint) if checkpoint else 0)
    return block(1, hyper) + block(2, data) + block(3, algorithm) + block(4, model)


def evaluation_lineage(metrics: str, size: int, dataset: str = "") -> bytes:
    """An EvaluationLineage; `metrics` is JSON."""
    return block(2, metrics) + block(3, block(1, dataset) + integer(2, size))


def custom_lineage(items: Mapping[str, Any]) -> bytes:
    """A UserDefinedInfo: texts, whole numbers and other numbers by name."""
    out = b""
    for name, value in items.items():
        if isinstance(value, str):
            entry = block(4, block(1, name) + block(2, value))
        elif isinstance(value, int) and -(1 << 31) <= value < 1 << 31:
            entry = block(3, block(1, name) + integer(2, value))
        else:
            entry = block(5, block(1, name) + double(2, float(value)))
        out += block(1, entry)
    return out


def dataset_graph(dataset: Any) -> bytes:
    """A DatasetGraph: the stages of a pipeline, the last one outside."""
    kind = type(dataset).__name__
    out = b"".join(block(1, dataset_graph(child)) for child in dataset.children)
    own = {
        name: value
        for name, value in vars(dataset).items()
        if not name.startswith("_") and name != "children"
    }
    parameters = block(1, _entry("op_type", kind.removesuffix("Dataset") if out else kind))
    for name, value in own.items():
        if isinstance(value, bool):
            parameters += block(3, block(1, name) + integer(2, value))
        elif isinstance(value, int):
            parameters += block(4, block(1, name) + integer(2, value))
        elif isinstance(value, float):
            parameters += block(5, block(1, name) + double(2, value))
        elif isinstance(value, str):
            parameters += block(1, _entry(name, value[:200]))
    out += block(2, parameters)
    operations = own.get("operations")
    for operation in operations if isinstance(operations, list | tuple) else ():
        name = getattr(operation, "__name__", type(operation).__name__)
        out += block(3, block(1, block(1, _entry("tensor_op", name))))
    return out


def _entry(key: str, value: str) -> bytes:
    return block(1, key) + block(2, value)
