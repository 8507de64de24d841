"""The same values as TensorFlow's Event messages, which TensorBoard opens.

Field numbers: TensorFlow's event.proto, summary.proto, tensor.proto and graph.proto. Scalars,
histograms and pictures are written in the older form that every TensorBoard reads and converts.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from mslearn.common.wire import block, double, integer, single
from mslearn.summary.values import Datum, Histogram, Image

KINDS = {
    "float32": 1, "float64": 2, "int32": 3, "uint8": 4, "int16": 5, "int8": 6, "int64": 9,
    "bool": 10, "bfloat16": 14, "uint16": 17, "float16": 19, "uint32": 22, "uint64": 23,
}  # fmt: skip


def version_event(wall: float) -> bytes:
    """The first record of a file."""
    return double(1, wall) + block(3, "brain.Event:2")


def events(step: int, wall: float, data: Sequence[Datum]) -> list[bytes]:
    """The records of one step."""
    head = double(1, wall) + integer(2, step)
    out = [head + block(4, graph_def(d.value.described)) for d in data if d.kind == "graph"]
    values = b"".join(block(1, block(1, d.tag) + _VALUES[d.kind](d.value))
                      for d in data if d.kind in _VALUES)  # fmt: skip
    return [*out, head + block(5, values)] if values else out


def _image(image: Image) -> bytes:
    height, width, channels, data = image
    return block(4, integer(1, height) + integer(2, width) + integer(3, channels) + block(4, data))


def _histogram(h: Histogram) -> bytes:
    # HistogramProto: min, max, num, sum, sum of squares, right ends of the bins, counts. Of the
    # squares only the bins are known: their middles stand for what is inside.
    middles = h.lefts + h.widths / 2
    squares = float((middles * middles * h.counts).sum())
    ends = (h.lefts + h.widths).tolist()
    figures = (h.lowest, h.highest, float(h.counts.sum()), h.total, squares)
    parts = b"".join(double(k + 1, value) for k, value in enumerate(figures))
    for field, row in ((6, ends), (7, h.counts.tolist())):
        parts += block(field, struct.pack(f"<{len(row)}d", *row))
    return block(5, parts)


def _tensor(array: np.ndarray) -> bytes:
    array = array if array.dtype.name in KINDS else array.astype(np.float32)
    shape = b"".join(block(2, integer(1, n)) for n in array.shape)
    content = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()
    return block(8, integer(1, KINDS[array.dtype.name]) + block(2, shape) + block(4, content))


_VALUES: dict[str, Callable[[Any], bytes]] = {
    "scalar": lambda value: single(2, value),
    "image": _image,
    "histogram": _histogram,
    "tensor": _tensor,
}


def graph_def(described: dict[str, Any]) -> bytes:
    """A GraphDef from a description (see `graphs.describe`)."""
    out = b""
    # AttrValue: list 1 (of shapes 7), type 6.
    for node in described["nodes"]:
        shape = b"".join(block(2, integer(1, n)) for n in node["shape"])
        attributes = block(5, _attr("_output_shapes", block(1, block(7, shape))))
        attributes += block(5, _attr("dtype", integer(6, KINDS.get(node["dtype"], 1))))
        out += block(
            1,
            block(1, node["full"]) + block(2, node["op"])
            + b"".join(block(3, name) for name in node["full_inputs"]) + attributes,
        )  # fmt: skip
    return out + block(4, integer(1, 22))


def _attr(name: str, value: bytes) -> bytes:
    return block(1, name) + block(2, value)
