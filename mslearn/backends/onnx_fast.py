"""Lowerings for ONNX Runtime's CPU kernels, where another way than the portable one is faster.

Times are of one thread, against the portable lowering, in the same run.

* The filters' gradient as a convolution in which the batch plays the channels gives its matrix
  product five to nine columns. Written as columns (one slice for each filter element) and one
  product for each image it has all of them: 0.24 ms for 2.8 (1x1, stride 2). With stride 1 only
  the shifts along a row are copied; those from row to row are whole pieces of memory: 4.3 ms for
  5.8 by columns and 9.5 (16 channels of 32x32), 2.4 for 3.4 and 6 (64 of 8x8).
* The gradient of pooling over windows that do not overlap goes back by the indices that the
  forward operator knows.
* Batch normalization has an operator; its gradient takes 7 passes over memory instead of 14.
* A momentum update whose gradient is a matrix product is part of that product.
"""

from __future__ import annotations

import collections
from typing import Any

import numpy as np

from mslearn.backends.nchwc import block
from mslearn.backends.onnx_blocked import Blocks
from mslearn.core.parameter import Parameter
from mslearn.core.primitive import apply
from mslearn.core.tensor import Tensor
from mslearn.graph.ir import Graph, Node
from mslearn.interchange.onnx_model import Builder, Lowering
from mslearn.interchange.onnx_ops import LOWERINGS
from mslearn.interchange.rules import windows
from mslearn.ops.arrange import PadV3
from mslearn.ops.families import ReduceSum, Reshape
from mslearn.ops.indexing import GetItem, where
from mslearn.ops.linalg import BatchMatMul
from mslearn.ops.shape import Transpose, concat

Sizes = tuple[int, ...]


# -- convolution --------------------------------------------------------------------------------


def filter_gradient(
    dy: Tensor, x: Tensor, size: Sizes, stride: Sizes, pad: Sizes, dilation: Sizes, group: int
) -> Tensor:
    """The gradient by the filters; see the module's text."""
    if len(size) != 2 or group != 1 or dilation != (1, 1):
        return windows.filter_gradient(dy, x, size, stride, pad, dilation, group)
    if stride == (1, 1) and size[0] > 1:
        return _by_rows(dy, x, size, pad)
    return _by_columns(dy, x, size, stride, pad)


def _by_columns(dy: Tensor, x: Tensor, size: Sizes, stride: Sizes, pad: Sizes) -> Tensor:
    (n, outs, *space), channels = dy.shape, x.shape[1]
    x = _padded(x, ((0, 0), (0, 0), pad[:2], pad[2:]))
    count = space[0] * space[1]
    taps = [
        _reshape(_cut(x, *(_steps(*v) for v in zip(at, stride, space, strict=True))),
                 (n, channels, count))
        for at in np.ndindex(*size)
    ]  # fmt: skip
    columns = concat(taps, 1) if len(taps) > 1 else taps[0]
    product = _summed_product(_reshape(dy, (n, outs, count)), columns)
    return _turned(_reshape(product, (outs, *size, channels)), (0, 3, 1, 2))


def _by_rows(dy: Tensor, x: Tensor, size: Sizes, pad: Sizes) -> Tensor:
    (n, outs, high, wide), channels, (kh, kw) = dy.shape, x.shape[1], size
    rows = x.shape[2]
    x = _padded(x, ((0, 0), (0, 0), (0, 0), pad[2:]))
    along = concat([_cut(x, slice(j, j + wide)) for j in range(kw)], 1) if kw > 1 else x
    along = _reshape(along, (n, kw * channels, rows * wide))
    dy = _reshape(dy, (n, outs, high * wide))
    parts = []
    for shift in range(-pad[0], kh - pad[0]):  # the row of x beside row 0 of dy
        first, last = max(0, -shift), min(high, rows - shift)
        if last > first:
            upper = _cut(dy, slice(first * wide, last * wide))
            lower = _cut(along, slice((first + shift) * wide, (last + shift) * wide))
            part = _summed_product(upper, lower)
        else:  # this row of the filters meets nothing but padding
            part = Tensor.wrap(np.zeros((outs, kw * channels), dy._value.dtype))
        parts.append(_reshape(part, (outs, kw, channels, 1)))
    return _turned(concat(parts, 3), (0, 2, 3, 1))


def _summed_product(a: Tensor, b: Tensor) -> Tensor:
    product = apply(BatchMatMul, (a, b), {"transpose_a": False, "transpose_b": True})
    return apply(ReduceSum, (product,), {"axis": (0,), "keep_dims": False})


def _reshape(x: Tensor, shape: Any) -> Tensor:
    return apply(Reshape, (x,), {"shape": tuple(shape)})


def _turned(x: Tensor, perm: Sizes) -> Tensor:
    return apply(Transpose, (x,), {"perm": perm})


def _padded(x: Tensor, pairs: Any) -> Tensor:
    pairs = tuple(map(tuple, pairs))
    return apply(PadV3, (x,), {"paddings": pairs, "value": 0}) if any(map(any, pairs)) else x


def _cut(x: Tensor, *cut: slice) -> Tensor:
    return apply(GetItem, (x,), {"template": (Ellipsis, *cut)})


def _steps(start: int, step: int, count: int) -> slice:
    return slice(start, start + (count - 1) * step + 1, step)


def relu_grad(y_backprop: Tensor, x: Tensor) -> Tensor:
    zero = Tensor.wrap(np.zeros((), y_backprop._value.dtype))
    return where(x > 0, y_backprop, zero)


RULES: dict[str, Any] = {"Conv2DBackpropFilter": filter_gradient, "ReluGrad": relu_grad}


# -- operators ----------------------------------------------------------------------------------


class Lowerings(dict[str, Lowering]):
    """Lowerings that look at more than one node of a graph.

    Attributes:
        baked: Parameters whose numbers became constants of the model: it holds only as long as
            they stay the same.
    """

    def __init__(self, graph: Graph) -> None:
        super().__init__()
        self.baked: list[Parameter] = []
        grads = [n for n in graph.nodes if n.prim.name == "MaxPoolGrad"]
        pools = {id(n.outputs[0]) for n in graph.nodes if n.prim.name == "MaxPool"}
        if grads and all(_apart(n) and id(n.inputs[1]) in pools for n in grads):
            taken: dict[str, Any] = {}
            self["MaxPool"] = _pool({id(n.inputs[1]) for n in grads}, taken)
            self["MaxPoolGrad"] = _pool_grad(taken)
        norms = [n for n in graph.nodes if n.prim.name in ("BatchNorm", "BatchNormGrad")]
        if norms and all(n.attrs["axis"] is None and len(_image(n).shape) > 2 for n in norms):
            statistics: dict[str, tuple[str, str]] = {}
            self["BatchNorm"] = _norm(statistics)
            self["BatchNormGrad"] = _norm_grad(statistics)
        uses = collections.Counter(id(v) for n in graph.nodes for v in n.values())
        uses.update(id(v) for v in graph.results())
        updates = [n for n in graph.nodes if n.prim.name == "ApplyMomentum"]
        starts = {id(v): p for p, v in graph.parameters}
        written = {id(p) for p, _ in graph.updates}
        shares = [starts.get(id(n.inputs[4])) for n in updates]
        if updates and all(p is not None and id(p) not in written and p.size == 1 for p in shares):
            self.baked = [p for p in {id(p): p for p in shares}.values() if p is not None]
            numbers = {id(n.inputs[4]): p for n, p in zip(updates, shares, strict=True)}
            self["ApplyMomentum"] = _momentum(uses, starts, numbers)
        size = block() if any(n.prim.name.startswith("Conv2D") for n in graph.nodes) else 0
        self._own = set(self)
        self._blocks = Blocks(size, uses, {**LOWERINGS, **self}) if size else None
        if self._blocks:
            self.update(self._blocks.lowerings)

    def takes(self, node: Node) -> bool:
        """Whether a node is lowered here rather than by ONNX's operators or a rule."""
        own = node.prim.name in self._own
        return own or (self._blocks is not None and self._blocks.takes(node))


def _image(node: Node) -> Any:
    return node.inputs[1 if node.prim.name == "BatchNormGrad" else 0]


def _apart(node: Node) -> bool:
    """Windows that lie side by side, without padding."""
    a = node.attrs
    return a["kernel_size"] == a["strides"] and not any(a["pad"]) and set(a["dilation"]) == {1}


def _halves(node: Node) -> bool:
    """Windows of 2 by 2 on images of even size: see `_pool_by_halves`."""
    (high, wide), kernel = node.inputs[0].shape[2:], node.attrs["kernel_size"]
    fits = tuple(kernel) == (2, 2) and high % 2 == wide % 2 == 0
    return fits and node.inputs[0].dtype == np.float32


def _pool(asked: set[int], taken: dict[str, Any]) -> Lowering:
    """The forward pass keeps what the gradient will ask for (of outputs with these ids)."""

    def lower(b: Builder, node: Node, x: str) -> str:
        if id(node.outputs[0]) not in asked:
            plain: str = LOWERINGS["MaxPool"](b, node, x)
            return plain
        if _halves(node):
            return _pool_by_halves(b, node, x, taken)
        a = node.attrs
        y, index = b.op(
            "MaxPool", x, outputs=2, kernel_shape=a["kernel_size"], strides=a["strides"]
        )
        taken[y] = index
        return str(y)

    return lower


def _pool_by_halves(b: Builder, node: Node, x: str, taken: dict[str, Any]) -> str:
    """Left against right, then upper against lower: whole arrays without a branch, where the
    operator decides at every number (and guesses wrong at half of them)."""
    n, c, high, wide = node.inputs[0].shape
    left, right = b.op("Split", b.op("Reshape", x, b.ints(-1, 2)), outputs=2, axis=1)
    rows = b.op("Reshape", b.op("Max", left, right), b.ints(n * c * high // 2, wide))
    upper, lower = b.op("Split", rows, outputs=2, axis=1)
    y = b.op("Reshape", b.op("Max", upper, lower), b.ints(n, c, high // 2, wide // 2))
    taken[y] = left, right, upper, lower
    return str(y)


def _divided(b: Builder, dy: str, first: str, second: str) -> str:
    """Each row of `dy` beside itself: left where `first` is not less than `second`, right where it
    is, with zeros elsewhere. (The runtime's Where takes twice as long as all of this.)"""
    mask = b.cast(b.op("GreaterOrEqual", first, second), np.dtype("f4"))
    left = b.op("Mul", mask, dy)
    return str(b.op("Concat", left, b.op("Sub", dy, left), axis=1))


def _pool_grad(taken: dict[str, Any]) -> Lowering:
    def lower(b: Builder, node: Node, x: str, y: str, dy: str) -> str:
        shape = b.ints(*node.outputs[0].shape)
        if not isinstance(taken[y], tuple):
            a = node.attrs
            return str(
                b.op(
                    "MaxUnpool", dy, taken[y], shape, kernel_shape=a["kernel_size"],
                    strides=a["strides"],
                )
            )  # fmt: skip
        left, right, upper, lower_row = taken[y]
        n, c, high, wide = node.outputs[0].shape
        rows = b.op("Reshape", dy, b.ints(n * c * high // 2, wide // 2))
        rows = b.op("Reshape", _divided(b, rows, upper, lower_row), b.ints(-1, 1))
        return str(b.op("Reshape", _divided(b, rows, left, right), shape))

    return lower


def _norm(statistics: dict[str, tuple[str, str]]) -> Lowering:
    def lower(b: Builder, node: Node, x: str, scale: str, bias: str) -> tuple[str, str, str]:
        # Momentum 0 leaves the running statistics out, but the operator writes the new ones into
        # the memory of the old: that must not be a constant, nor the same for both.
        nothing = b.constant(0, _image(node).dtype)
        old = [b.op("Mul", v, nothing) for v in (scale, bias)]
        y, mean, var = b.op(
            "BatchNormalization", x, scale, bias, *old, outputs=3,
            epsilon=float(node.attrs["epsilon"]), momentum=0.0, training_mode=1,
        )  # fmt: skip
        statistics[x] = mean, var
        return y, mean, var

    return lower


def _norm_grad(statistics: dict[str, tuple[str, str]]) -> Lowering:
    """With d = x - mean, r = 1 / sqrt(var + epsilon), S = sum(dy) and T = sum(dy * d), over all
    but the channels, of m numbers each: dx = scale r (dy - S / m - d r² T / m)."""

    def lower(b: Builder, node: Node, dy: str, x: str, scale: str) -> tuple[str, str, str]:
        shape, dtype = node.inputs[1].shape, node.inputs[1].dtype
        channels, rank = shape[1], len(shape)
        if x not in statistics:
            _norm(statistics)(b, node, x, scale, b.op("Neg", scale))
        mean, var = statistics[x]
        epsilon = float(node.attrs["epsilon"])
        wide = b.ints(1, channels, *[1] * (rank - 2))

        def each(v: str) -> str:
            return str(b.op("Reshape", v, wide))

        def total(v: str) -> str:
            inner = b.op("ReduceSum", v, b.ints(*range(2, rank)), keepdims=0)
            return str(b.op("ReduceSum", inner, b.ints(0), keepdims=0))

        share = b.constant(1 / (np.prod(shape) / channels), dtype)
        r = b.op("Reciprocal", b.op("Sqrt", b.op("Add", var, b.constant(epsilon, dtype))))
        d = b.op("Sub", x, each(mean))
        s, t = total(dy), b.op("Mul", total(b.op("Mul", dy, d)), r)
        a = b.op("Mul", scale, r)
        slope = b.op("Mul", b.op("Mul", a, share), b.op("Mul", r, t))
        start = b.op("Mul", b.op("Mul", a, share), s)
        shift = b.op("Add", b.op("Mul", d, each(slope)), each(start))
        return b.op("Sub", b.op("Mul", dy, each(a)), shift), t, s

    return lower


def _momentum(
    uses: dict[int, int], starts: dict[int, Parameter], numbers: dict[int, Any]
) -> Lowering:
    def lower(
        b: Builder, node: Node, variable: str, accumulation: str, rate: str, gradient: str, _: str
    ) -> tuple[str, str]:
        dtype = node.inputs[0].dtype
        share = float(numbers[id(node.inputs[4])].asnumpy().reshape(-1)[0])
        made = next((op for op in reversed(b.ops) if gradient in op.outputs), None)
        product = made is not None and made.kind == "Gemm" and len(made.inputs) == 2
        alone = uses[id(node.inputs[3])] == 1 and id(node.inputs[1]) in starts
        factor = b.constant(share, dtype)
        nesterov = node.attrs.get("use_nesterov")
        if made is not None and product and alone and not nesterov:
            made.inputs.append(accumulation)
            made.attrs["beta"] = share
            new = gradient
        else:
            new = b.op("Add", b.op("Mul", accumulation, factor), gradient)
        step = b.op("Add", gradient, b.op("Mul", new, factor)) if nesterov else new
        if node.inputs[2].dtype != dtype:
            rate = b.cast(rate, dtype)
        if node.inputs[2].shape:
            rate = b.op("Reshape", rate, b.ints())
        return b.op("Sub", variable, b.op("Mul", rate, step)), new

    return lower
