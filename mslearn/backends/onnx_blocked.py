"""Images in blocks of channels: the layout of ONNX Runtime's own convolutions (NCHWc).

The runtime's fast convolutions keep 8 or 16 channels side by side, as many as a vector register
holds, and read images as they lie, without gathering columns first. The runtime turns to them by
itself only where the filters are constants, so never in training. Here the operators are named
(domain ``com.microsoft.nchwc``), and the filters are put into blocks by the graph, at every step.

A blocked value has the shape (N, C, H, W), but in memory the order (N, C/b, H, W, b). `Blocks`
remembers which values are there in blocks; its lowerings work on those and announce the plain
value, too: operators that nobody asks for are left out in the end (`Builder.prune`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mslearn.backends.nchwc import DOMAIN, scaled, windows
from mslearn.graph.ir import Node
from mslearn.interchange.onnx_builder import Builder, Lowering
from mslearn.interchange.onnx_ops import SAME

FLOAT = np.dtype("f4")
_SAME = SAME | {"ReLU": "Relu"}  # of floats
ELEMENTWISE = (
    "Sub", "Mul", "Div", "Maximum", "Minimum", "Neg", "Abs", "Exp", "Sqrt", "Reciprocal", "Tanh",
    "Sigmoid", "Erf", "HSwish", "Softsign",
)  # fmt: skip
LARGEST = float(np.finfo(FLOAT).max)
FEW = 4  # channels: the gradient by the filters takes longer in blocks
Sizes = tuple[int, ...]


def _step(taps: range) -> int:
    return taps.step


def _phases(node: Node) -> list[list[tuple[range, int, int]]]:
    """For each axis and each place within a stride (filter elements, padding before and after):
    how `dy` makes the image's points of this place. Empty where that does not come out even.

    Point c of the image stands at u = c + pad in the padded one, and u = s m + t for output m and
    filter element t: so t = u (mod s), and further elements meet outputs further back.
    """
    a, found = node.attrs, []
    for k in range(2):
        stride, size, length = a["stride"][k], a["size"][k], node.inputs[0].shape[2 + k]
        kernel, pad = node.inputs[1].shape[2 + k], a["pad"][2 * k]
        axis = []
        for place in range(stride):
            taps = range((place + pad) % stride, kernel, stride)
            before = len(taps) - 1 - (place + pad) // stride
            after = size // stride - length - before + len(taps) - 1
            if len(taps) and min(before, after) < 0:
                return []
            axis.append((taps, before, after))
        if size % stride or a["dilation"][k] != 1:
            return []
        found.append(axis)
    return found


class Blocks:
    """The lowerings of one model that work on blocked values.

    Args:
        size: the channels of a block.
        uses: by a value's id, how often the graph reads it. An operator takes in the one before
            it only where nobody else reads that one.
        plain: the lowerings for what is not there in blocks.
    """

    def __init__(self, size: int, uses: Mapping[int, int], plain: Mapping[str, Lowering]) -> None:
        self.size, self.uses, self.plain = size, uses, plain
        self._of: dict[str, str] = {}  # by the plain value's name
        self._made: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {}  # by output
        self._norms: dict[str, tuple[str, str, str]] = {}
        self.lowerings: dict[str, Lowering] = {
            "Conv2D": self._conv,
            "Conv2DBackpropInput": self._input_gradient,
            "Conv2DBackpropFilter": self._filter_gradient,
            "BiasAdd": self._bias,
            "ReLU": self._relu,
            "ReluGrad": self._relu_grad,
            "Add": self._add,
            "BatchNorm": self._norm,
            "BatchNormGrad": self._norm_grad,
            "ReduceSum": self._sum,
            **dict.fromkeys(ELEMENTWISE, self._each),
        }

    # -- which values ---------------------------------------------------------------------------

    def takes(self, node: Node) -> bool:
        """Whether a node that has no plain operator is lowered here."""
        if any(v.dtype != FLOAT for v in node.inputs):
            return False
        if node.prim.name == "Conv2DBackpropFilter":
            dy, x = (v.shape for v in node.inputs)
            full = self._full(dy) and dy[0] % self.size == 0
            return full and x[1] > FEW and node.attrs["group"] == 1
        return True

    def _full(self, shape: Sizes) -> bool:
        """Whether these are images, and all blocks are full."""
        return len(shape) == 4 and shape[1] % self.size == 0 and 0 not in shape

    def _has(self, b: Builder, *names: str) -> bool:
        """Whether one of the values is there in blocks (not within a branch or a loop, whose
        names nobody outside knows)."""
        return b.outer is None and any(n in self._of for n in names)

    def _enter(self, b: Builder, name: str) -> str:
        """The name of a value in blocks."""
        if b.outer is not None:
            return str(b.op(DOMAIN + "ReorderInput", name))
        if name not in self._of:
            self._of[name] = b.op(DOMAIN + "ReorderInput", name)
        return self._of[name]

    def _leave(self, b: Builder, blocked: str, channels: int) -> str:
        """The name of the plain value."""
        name: str = b.op(DOMAIN + "ReorderOutput", blocked, channels=channels)
        if b.outer is None:
            self._of[name] = blocked
        return name

    def _made_for(self, value: Any, name: str) -> tuple[tuple[str, ...], dict[str, Any]] | None:
        """The convolution that has made this value for one reader only."""
        made = self._made.get(self._of.get(name, ""))
        return made if made and self.uses.get(id(value)) == 1 else None

    def _convolve(self, b: Builder, *inputs: str, **attrs: Any) -> str:
        out: str = b.op(DOMAIN + "Conv", *inputs, **attrs)
        if "activation" not in attrs:
            self._made[out] = inputs, attrs
        return out

    # -- element by element ---------------------------------------------------------------------

    def _each(self, b: Builder, node: Node, *names: str) -> Any:
        shape = node.outputs[0].shape
        fits = all(v.shape == shape or np.prod(v.shape) == 1 for v in node.inputs)
        if not (self._full(shape) and fits and self._has(b, *names)):
            return self.plain[node.prim.name](b, node, *names)
        inside = [
            self._enter(b, n) if v.shape == shape else n
            for n, v in zip(names, node.inputs, strict=True)
        ]
        return self._leave(b, b.op(_SAME[node.prim.name], *inside), shape[1])

    def _bias(self, b: Builder, node: Node, x: str, bias: str) -> str:
        shape = node.inputs[0].shape
        made = self._made_for(node.inputs[0], x)
        if made and len(made[0]) == 2:
            return self._leave(b, self._convolve(b, *made[0], bias, **made[1]), shape[1])
        wide = b.op("Reshape", bias, b.ints(1, -1, *[1] * (len(shape) - 2)))
        return str(b.op("Add", x, wide))

    def _relu(self, b: Builder, node: Node, x: str) -> Any:
        made = self._made_for(node.inputs[0], x)
        if not made:
            return self._each(b, node, x)
        out = self._convolve(b, *made[0], **made[1], activation="Relu")
        return self._leave(b, out, node.inputs[0].shape[1])

    def _relu_grad(self, b: Builder, node: Node, dy: str, y: str) -> str:
        """dy min(max(c y, 0), 1) with the largest c there is: the runtime has no fast choice."""
        shape = node.inputs[0].shape
        inside = self._full(shape) and self._has(b, dy, y)
        if inside:
            dy, y = self._enter(b, dy), self._enter(b, y)
        out = str(b.op("Mul", dy, b.op("HardSigmoid", y, alpha=LARGEST, beta=0.0)))
        return self._leave(b, out, shape[1]) if inside else out

    def _add(self, b: Builder, node: Node, x: str, y: str) -> Any:
        values = node.inputs
        if values[0].shape == values[1].shape and self._full(values[0].shape):
            for value, name, other in ((values[0], x, y), (values[1], y, x)):
                made = self._made_for(value, name)
                if made and len(made[0]) < 4:
                    filled = (*made[0], *[""] * (3 - len(made[0])))
                    out = self._convolve(b, *filled, self._enter(b, other), **made[1])
                    return self._leave(b, out, values[0].shape[1])
        return self._each(b, node, x, y)

    # -- convolution ----------------------------------------------------------------------------

    def _filters(self, b: Builder, w: str, shape: Sizes, turned: bool) -> str:
        """Filters (outs, ins, height, width) in blocks; `turned`: by both axes, outs for ins."""
        (outs, ins, *kernel), size = shape, self.size
        count = int(np.prod(kernel))
        if ins % size:
            w = b.op("Reshape", w, b.ints(outs // size, size, ins * count))
            return str(b.op("Reshape", b.op("Transpose", w, perm=(0, 2, 1)), b.ints(*shape)))
        w = b.op("Reshape", w, b.ints(outs // size, size, ins // size, size, count))
        w = b.op("Transpose", w, perm=(2, 0, 4, 1, 3) if turned else (0, 2, 4, 3, 1))
        if turned and count > 1:
            w = b.op("Gather", w, b.ints(*range(count)[::-1]), axis=2)
        return str(b.op("Reshape", w, b.ints(*((ins, outs) if turned else (outs, ins)), *kernel)))

    def _conv(self, b: Builder, node: Node, x: str, w: str) -> Any:
        a, filters = node.attrs, node.inputs[1].shape
        ins, inside = filters[1], self._has(b, x)
        fits = filters[0] % self.size == 0 and (ins % self.size == 0 or ins < self.size)
        small = filters[2:] == (1, 1) and not inside
        if a["group"] != 1 or not fits or small or not self.takes(node):
            return self.plain["Conv2D"](b, node, x, w)
        x = self._enter(b, x) if ins % self.size == 0 else x
        pads = (*a["pad"][0::2], *a["pad"][1::2])
        out = self._convolve(
            b, x, self._filters(b, w, filters, False), group=1,
            **windows(filters[2:], a["stride"], pads, a["dilation"]),
        )  # fmt: skip
        return self._leave(b, out, filters[0])

    def _input_gradient(self, b: Builder, node: Node, dy: str, w: str) -> Any:
        a, (above, filters) = node.attrs, (v.shape for v in node.inputs)
        fits = filters[0] % self.size == filters[1] % self.size == 0 and self.takes(node)
        small = filters[2:] == (1, 1) and not self._has(b, dy)
        if a["group"] != 1 or not fits or small:
            return self.plain["Conv2DBackpropInput"](b, node, dy, w)
        if a["stride"] != (1, 1):
            phases = _phases(node)
            if not phases:
                return self.plain["Conv2DBackpropInput"](b, node, dy, w)
            return self._leave(b, self._by_phases(b, node, dy, w, phases), filters[1])
        spans = [d * (k - 1) for d, k in zip(a["dilation"], filters[2:], strict=True)]
        before = [s - p for s, p in zip(spans, a["pad"][0::2], strict=True)]
        after = [
            n - m + s - p for n, m, s, p in zip(a["size"], above[2:], spans, before, strict=True)
        ]
        if min(before + after) < 0:
            return self.plain["Conv2DBackpropInput"](b, node, dy, w)
        out = self._convolve(
            b, self._enter(b, dy), self._filters(b, w, filters, True), group=1,
            **windows(filters[2:], pads=(*before, *after), dilation=a["dilation"]),
        )  # fmt: skip
        return self._leave(b, out, filters[1])

    def _by_phases(self, b: Builder, node: Node, dy: str, w: str, phases: Any) -> str:
        """A stride of s by s parts the image: the points of each of the s s parts see filter
        elements of their own, by a convolution without a stride. Then the parts are interleaved,
        a block of channels at a time."""
        filters, (high, wide) = node.inputs[1].shape, node.attrs["stride"]
        (n, channels, *size), inside = node.outputs[0].shape, self._enter(b, dy)
        h, v = size[0] // high, size[1] // wide
        lines = n * channels // self.size * h

        def part(rows: Any, columns: Any) -> str:
            taps, before, after = ((r, c) for r, c in zip(rows, columns, strict=True))
            if not (taps[0] and taps[1]):
                return str(b.op("ConstantOfShape", b.ints(lines, v, 1, self.size)))
            cut = w
            if any(len(t) < k for t, k in zip(taps, filters[2:], strict=True)):
                starts, steps = (b.ints(*(f(t) for t in taps)) for f in (min, _step))
                ends = b.ints(*(max(t) + 1 for t in taps))
                cut = b.op("Slice", w, starts, ends, b.ints(2, 3), steps)
            kernel = len(taps[0]), len(taps[1])
            turned = self._filters(b, cut, (*filters[:2], *kernel), True)
            out = b.op(
                DOMAIN + "Conv", inside, turned, group=1,
                **windows(kernel, pads=(*before, *after)),
            )  # fmt: skip
            return str(b.op("Reshape", out, b.ints(lines, v, 1, self.size)))

        whole = []
        for rows in phases[0]:
            parts = [part(rows, columns) for columns in phases[1]]
            line = b.op("Concat", *parts, axis=2) if wide > 1 else parts[0]
            whole.append(b.op("Reshape", line, b.ints(lines, 1, size[1] * self.size)))
        out = b.op("Concat", *whole, axis=1) if high > 1 else whole[0]
        return str(b.op("Reshape", out, b.ints(*node.outputs[0].shape)))

    def _filter_gradient(self, b: Builder, node: Node, dy: str, x: str) -> str:
        """A convolution in which the batch plays the channels: the image's channels are the
        batch, `dy` the filters; stride and dilation change places."""
        a, (above, image), size = node.attrs, (v.shape for v in node.inputs), self.size
        (n, outs, *space), ins = above, image[1]
        kernel, pad = a["size"], a["pad"]
        after = [  # with nothing beyond the last window
            s * (m - 1) + d * (k - 1) + 1 - rows - p
            for s, m, d, k, rows, p in zip(
                a["stride"], space, a["dilation"], kernel, image[2:], pad[0::2], strict=True
            )
        ]
        if any(pad[0::2]) or any(after):
            x = b.op("Pad", x, b.ints(0, 0, *pad[0::2], 0, 0, *after))
        x = b.op(DOMAIN + "ReorderInput", b.op("Transpose", x, perm=(1, 0, 2, 3)))
        count = int(np.prod(space))
        dy = b.op("Reshape", self._enter(b, dy), b.ints(n // size, size, outs // size, count, size))
        dy = b.op("Reshape", b.op("Transpose", dy, perm=(2, 0, 3, 1, 4)), b.ints(outs, n, *space))
        out = b.op(
            DOMAIN + "Conv", x, dy, group=1,
            **windows(tuple(space), a["dilation"], dilation=a["stride"]),
        )  # fmt: skip
        out = b.op("Reshape", out, b.ints(ins, outs // size, int(np.prod(kernel)), size))
        out = b.op("Transpose", out, perm=(1, 3, 0, 2))
        return str(b.op("Reshape", out, b.ints(outs, ins, *kernel)))

    # -- sums over all but the channels -----------------------------------------------------------

    def _mean(self, b: Builder, x: str, shape: Sizes) -> str:
        """Of a blocked value, by channel."""
        means = b.op("Reshape", b.op(DOMAIN + "GlobalAveragePool", x), b.ints(*shape[:2]))
        return str(b.op("ReduceMean", means, axes=(0,), keepdims=0))

    def _sum(self, b: Builder, node: Node, x: str) -> Any:
        shape, axis = node.inputs[0].shape, node.attrs["axis"]
        if not self._has(b, x) or axis != (0, 2, 3):
            return self.plain["ReduceSum"](b, node, x)
        rows = b.ints(shape[0] * shape[1] // self.size, shape[2] * shape[3], self.size)
        out = b.op("ReduceSum", b.op("Reshape", self._of[x], rows), b.ints(1), keepdims=0)
        out = b.op("ReduceSum", b.op("Reshape", out, b.ints(*shape[:2])), b.ints(0), keepdims=0)
        return str(b.op("Reshape", out, b.ints(*node.outputs[0].shape)))

    def _norm(self, b: Builder, node: Node, x: str, scale: str, bias: str) -> Any:
        shape = node.inputs[0].shape
        if not self._has(b, x):
            return self.plain["BatchNorm"](b, node, x, scale, bias)
        channels, inside = shape[1], self._of[x]
        mean = self._mean(b, inside, shape)
        ones = b.constant(np.ones((channels, 1, 1, 1), FLOAT))
        apart = scaled(b, channels, inside, ones, b.op("Neg", mean))
        var = self._mean(b, b.op("Mul", apart, apart), shape)
        epsilon = b.constant(float(node.attrs["epsilon"]), FLOAT)
        r = b.op("Reciprocal", b.op("Sqrt", b.op("Add", var, epsilon)))
        factor = b.op("Mul", scale, r)
        self._norms[x] = apart, r, factor
        wide = b.op("Reshape", factor, b.ints(channels, 1, 1, 1))
        out = self._convolve(b, apart, wide, bias, **windows((1, 1)), group=channels)
        return self._leave(b, out, channels), mean, var

    def _norm_grad(self, b: Builder, node: Node, dy: str, x: str, scale: str) -> Any:
        """As in `onnx_fast`, in four passes over memory."""
        if x not in self._norms:
            return self.plain["BatchNormGrad"](b, node, dy, x, scale)
        shape, (apart, r, factor) = node.inputs[1].shape, self._norms[x]
        channels = shape[1]
        count = b.constant(np.prod(shape) / channels, FLOAT)
        one = b.ints(channels, 1, 1, 1)
        inside = self._enter(b, dy)
        s, t = (self._mean(b, v, shape) for v in (inside, b.op("Mul", inside, apart)))
        t = b.op("Mul", t, r)
        slope = b.op("Neg", b.op("Mul", factor, b.op("Mul", t, r)))
        shift = b.op("Neg", b.op("Mul", factor, s))
        first = scaled(b, channels, inside, b.op("Reshape", factor, one))
        out = self._convolve(
            b, apart, b.op("Reshape", slope, one), shift, first, **windows((1, 1)), group=channels
        )
        return self._leave(b, out, channels), b.op("Mul", t, count), b.op("Mul", s, count)
