"""A graph as a Python program over any module that has NumPy's functions, e.g. CuPy.

The graph is taken apart by the rules that the file formats use too; what is left are the
operations of `EXPRESSIONS`. In the program `xp` is the array module; arrays stay on its device
from the first line to the last.
"""

from __future__ import annotations

import importlib
import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from mslearn.backends import array_control
from mslearn.graph.ir import Graph, Node
from mslearn.interchange import onnx_control
from mslearn.interchange.onnx_model import Port, with_draws_as_inputs
from mslearn.interchange.refusal import refuse
from mslearn.interchange.rules import RULES
from mslearn.interchange.rules.windows import filter_gradient
from mslearn.interchange.tracing import taken_apart
from mslearn.ops.indexing import TENSOR


def _fill(template: Any, index: tuple[Any, ...]) -> Any:
    rest = iter(index)
    return tuple(next(rest) if isinstance(t, str) and t == TENSOR else t for t in template)


def _taps(size: Any, out: Any, stride: Any, dilation: Any) -> Any:
    """For each filter element the slices of a padded image that its products take."""
    for at in itertools.product(*map(range, size)):
        cut = (
            slice(t * d, t * d + (n - 1) * s + 1, s)
            for t, d, n, s in zip(at, dilation, out, stride, strict=True)
        )
        yield (Ellipsis, *cut)


def _widen(xp: Any, x: Any, pad: Any) -> Any:
    return xp.pad(x, [(0, 0), (0, 0), *zip(pad[0::2], pad[1::2], strict=True)])


def conv(
    xp: Any, x: Any, w: Any, out: Any, stride: Any, pad: Any, dilation: Any, group: int
) -> Any:
    """Columns (one slice for each filter element), then one product a group."""
    n, channels, outs, size = x.shape[0], x.shape[1], w.shape[0], w.shape[2:]
    wide = _widen(xp, x, pad)
    columns = xp.stack([wide[cut] for cut in _taps(size, out, stride, dilation)], 2)
    count = channels // group * math.prod(size)
    columns = columns.reshape(n, group, count, math.prod(out))
    filters = w.reshape(group, outs // group, count)
    return xp.matmul(filters, columns).reshape(n, outs, *out)


def conv_input(
    xp: Any, dy: Any, w: Any, size: Any, stride: Any, pad: Any, dilation: Any, group: int
) -> Any:
    """The adjoint of `conv`: every column is added back to where it was taken from."""
    n, outs, out, kernel = dy.shape[0], dy.shape[1], dy.shape[2:], w.shape[2:]
    filters = w.reshape(group, outs // group, w.shape[1] * math.prod(kernel))
    above = dy.reshape(n, group, outs // group, math.prod(out))
    columns = xp.matmul(xp.swapaxes(filters, 1, 2), above)
    channels = group * w.shape[1]
    columns = columns.reshape(n, channels, math.prod(kernel), *out)
    whole = [s + a + b for s, a, b in zip(size, pad[0::2], pad[1::2], strict=True)]
    total = xp.zeros((n, channels, *whole), dy.dtype)
    for k, cut in enumerate(_taps(kernel, out, stride, dilation)):
        total[cut] += columns[:, :, k]
    inner = [slice(0, n), slice(0, channels)]
    inner += [slice(a, a + s) for a, s in zip(pad[0::2], size, strict=True)]
    return total[tuple(inner)]


def add_at(xp: Any, x: Any, value: Any, template: Any, *index: Any) -> Any:
    """A copy with a value added; equal places add up."""
    out = xp.array(x)
    xp.add.at(out, _fill(template, index), value)
    return out


def set_item(xp: Any, x: Any, value: Any, template: Any, *index: Any) -> Any:
    """A copy with a value put in."""
    out = xp.array(x)
    out[_fill(template, index)] = value
    return out


def scatter(xp: Any, x: Any, index: Any, updates: Any, axis: int, add: bool) -> Any:
    """A copy with one element changed for every place of the index."""
    out = xp.array(x)
    place = list(xp.meshgrid(*(xp.arange(n) for n in index.shape), indexing="ij"))
    place[axis] = index
    if add:
        xp.add.at(out, tuple(place), updates)
    else:
        out[tuple(place)] = updates
    return out


def cum_sum(xp: Any, x: Any, axis: int, exclusive: bool, reverse: bool) -> Any:
    """Running sums; `exclusive`: of what stands before, `reverse`: from the end."""
    x = xp.flip(x, axis) if reverse else x
    if exclusive:
        whole = (slice(None),) * (axis % x.ndim)
        first, before = (*whole, slice(0, 1)), (*whole, slice(0, -1))
        x = xp.concatenate([xp.zeros_like(x[first]), x[before]], axis)
    out = xp.cumsum(x, axis, dtype=x.dtype)
    return xp.flip(out, axis) if reverse else out


def ordered(xp: Any, x: Any, axis: int, descending: bool, count: int | None = None) -> Any:
    """(sorted numbers, their places); equal numbers stay in their order."""
    x = xp.moveaxis(x, axis, -1)
    turned = xp.flip(x, -1) if descending else x
    places = xp.argsort(turned, -1, kind="stable")
    if descending:  # turned twice, so equal numbers stand in their order again
        places = xp.flip(x.shape[-1] - 1 - places, -1)
    places = places[..., :count]
    values = xp.take_along_axis(x, places, -1)
    return xp.moveaxis(values, -1, axis), xp.moveaxis(places, -1, axis).astype("int32")


def gather(xp: Any, x: Any, index: Any, axis: int) -> Any:
    """Elements by their place on one axis; on the others x may be longer."""
    axis %= x.ndim
    part = tuple(slice(None) if k == axis else slice(0, n) for k, n in enumerate(index.shape))
    return xp.take_along_axis(x[part], index, axis)


def power(xp: Any, x: Any, y: Any) -> Any:
    """x to the power y; of integers to negative powers MindSpore keeps the whole part."""
    if x.dtype.kind == "f" or y.dtype.kind != "i":
        return x**y
    below = (x.astype("float64") ** xp.minimum(y, 0)).astype(x.dtype)
    return xp.where(y < 0, below, x ** xp.maximum(y, 0))


def special(xp: Any) -> Any:
    """Where erf and its like are: `cupyx.scipy` stands beside CuPy as SciPy beside NumPy."""
    name = "cupyx.scipy.special" if xp.__name__ == "cupy" else "scipy.special"
    return importlib.import_module(name)


HELPERS = {
    "conv": conv, "conv_input": conv_input, "add_at": add_at, "set_item": set_item,
    "scatter": scatter, "fill": _fill, "cum_sum": cum_sum, "ordered": ordered, "gather": gather,
    "special": special, "power": power, **array_control.HELPERS,
}  # fmt: skip


def _call(name: str) -> Callable[..., str]:
    return lambda a, node, *v: f"xp.{name}({', '.join(v)})"


def _special(name: str) -> Callable[..., str]:
    return lambda a, node, *v: f"special(xp).{name}({', '.join(v)})"


def _form(text: str) -> Callable[..., str]:
    return lambda a, node, *v: text.format(*v)


def _reduce(name: str) -> Callable[..., str]:
    def write(a: Any, node: Node, v: str) -> str:
        axis = node.attrs["axis"]
        all_of_them = isinstance(axis, tuple | list) and not axis
        keep = bool(node.attrs["keep_dims"])
        return f"xp.{name}({v}, axis={None if all_of_them else axis}, keepdims={keep})"

    return write


def _matmul(a: Any, node: Node, x: str, y: str) -> str:
    x = f"xp.swapaxes({x}, -1, -2)" if node.attrs.get("transpose_a") else x
    y = f"xp.swapaxes({y}, -1, -2)" if node.attrs.get("transpose_b") else y
    return f"xp.matmul({x}, {y})"


def _conv(a: Any, node: Node, x: str, w: str) -> str:
    d = node.attrs
    numbers = ", ".join(a(d[k]) for k in ("stride", "pad", "dilation", "group"))
    return f"conv(xp, {x}, {w}, {a(tuple(node.outputs[0].shape[2:]))}, {numbers})"


def _conv_input(a: Any, node: Node, dy: str, w: str) -> str:
    numbers = ", ".join(a(node.attrs[k]) for k in ("size", "stride", "pad", "dilation", "group"))
    return f"conv_input(xp, {dy}, {w}, {numbers})"


def _split(a: Any, node: Node, x: str) -> str:
    ends = list(itertools.accumulate(node.attrs["sizes"]))[:-1]
    return f"xp.split({x}, {ends}, axis={node.attrs['axis']})"


def _with_template(kind: str) -> Callable[..., str]:
    return lambda a, node, x, value, *index: (
        f"{kind}(xp, {', '.join([x, value, a(node.attrs['template']), *index])})"
    )


EXPRESSIONS: dict[str, Callable[..., str]] = {
    "Add": _form("{0} + {1}"), "Sub": _form("{0} - {1}"), "Mul": _form("{0} * {1}"),
    "Div": _form("{0} / {1}"), "Pow": _form("power(xp, {0}, {1})"), "Neg": _form("-{0}"),
    "Reciprocal": _form("1 / {0}"), "Sigmoid": _form("1 / (1 + xp.exp(-{0}))"),
    "ReLU": _form("xp.maximum({0}, 0)"), "Identity": _form("{0}"), "Depend": _form("{0}"),
    "Equal": _form("{0} == {1}"), "Greater": _form("{0} > {1}"), "Less": _form("{0} < {1}"),
    "GreaterEqual": _form("{0} >= {1}"), "LessEqual": _form("{0} <= {1}"),
    **{name: _call(np_name) for name, np_name in {
        "Maximum": "maximum", "Minimum": "minimum", "Abs": "abs", "Sign": "sign", "Exp": "exp",
        "Log": "log", "Sqrt": "sqrt", "Tanh": "tanh", "Floor": "floor", "Ceil": "ceil",
        "Sin": "sin", "Cos": "cos", "Tan": "tan", "Asin": "arcsin", "ACos": "arccos",
        "Atan": "arctan", "Sinh": "sinh", "Cosh": "cosh", "LogicalAnd": "logical_and",
        "LogicalOr": "logical_or", "LogicalXor": "logical_xor", "LogicalNot": "logical_not",
        "IsNan": "isnan", "IsInf": "isinf", "Select": "where", "Gcd": "gcd", "Lcm": "lcm",
        "LeftShift": "left_shift", "RightShift": "right_shift", "BitwiseAnd": "bitwise_and",
        "BitwiseOr": "bitwise_or", "BitwiseXor": "bitwise_xor", "NextAfter": "nextafter",
        "MatrixDeterminant": "linalg.det", "MatrixSolve": "linalg.solve",
        "LogMatrixDeterminant": "linalg.slogdet",
    }.items()},
    **{name: _special(scipy_name) for name, scipy_name in {
        "Erf": "erf", "Erfinv": "erfinv", "Lgamma": "gammaln", "Digamma": "digamma",
        "Zeta": "zeta", "Igamma": "gammainc", "Betainc": "betainc",
        **{f"Bessel{k.upper()}": k for k in ("i0", "i1", "j0", "j1", "k0", "k1", "y0", "y1")},
        **{f"Bessel{k.upper()}e": f"{k}e" for k in ("i0", "i1", "k0", "k1")},
    }.items()},
    "Round": lambda a, node, x: f"xp.around({x}, {node.attrs.get('decimals', 0)})",
    "CumSum": lambda a, node, x: (
        f"cum_sum(xp, {x}, {node.attrs['axis']}, {bool(node.attrs.get('exclusive'))}, "
        f"{bool(node.attrs.get('reverse'))})"
    ),
    "Sort": lambda a, node, x: (
        f"ordered(xp, {x}, {node.attrs['axis']}, {bool(node.attrs['descending'])})"
    ),
    "TopK": lambda a, node, x: f"ordered(xp, {x}, -1, True, {node.attrs['k']})",
    "GatherD": lambda a, node, x, index: f"gather(xp, {x}, {index}, {node.attrs['dim']})",
    **{name: _form("xp.linalg." + np_name + "(({0} + xp.swapaxes({0}, -1, -2)) / 2)")
       for name, np_name in (("Cholesky", "cholesky"), ("Eigh", "eigh"))},
    "MatrixInverse": lambda a, node, x: (
        f"xp.linalg.inv({x if not node.attrs.get('adjoint') else f'xp.swapaxes({x}, -1, -2)'})"
    ),
    "Cast": lambda a, node, x: f"{x}.astype('{node.outputs[0].dtype}')",
    "Reshape": lambda a, node, x: f"{x}.reshape({a(tuple(node.outputs[0].shape))})",
    "BroadcastTo": lambda a, node, x: f"xp.broadcast_to({x}, {a(tuple(node.outputs[0].shape))})",
    "Transpose": lambda a, node, x: f"xp.transpose({x}, {a(tuple(node.attrs['perm']))})",
    "Concat": lambda a, node, *x: f"xp.concatenate([{', '.join(x)}], {node.attrs['axis']})",
    "Split": _split,
    "Tile": lambda a, node, x: f"xp.tile({x}, {a(tuple(node.attrs['multiples']))})",
    "ReduceSum": _reduce("sum"), "ReduceMean": _reduce("mean"), "ReduceMax": _reduce("max"),
    "ReduceMin": _reduce("min"), "ReduceProd": _reduce("prod"),
    "Argmax": lambda a, node, x: f"xp.argmax({x}, {node.attrs['axis']})",
    "Argmin": lambda a, node, x: f"xp.argmin({x}, {node.attrs['axis']})",
    "PadV3": lambda a, node, x: (
        f"xp.pad({x}, {a(node.attrs['paddings'])}, constant_values={a(node.attrs['value'])})"
        if node.attrs["paddings"] else f"{x}.copy()"
    ),
    "MatMul": _matmul, "BatchMatMul": _matmul,
    "Conv2D": _conv, "Conv3D": _conv,
    "Conv2DBackpropInput": _conv_input, "Conv3DBackpropInput": _conv_input,
    "GetItem": lambda a, node, x, *index: (
        f"{x}[fill({a(node.attrs['template'])}, ({''.join(i + ', ' for i in index)}))]"
    ),
    "AddAt": _with_template("add_at"), "SetItem": _with_template("set_item"),
    "TensorScatterElements": lambda a, node, *x: (
        f"scatter(xp, {', '.join(x)}, {node.attrs['axis']}, {node.attrs['reduction'] == 'add'})"
    ),
}  # fmt: skip
"""How each operation is written: ``(literal, node, *names) -> expression``."""


class ArrayProgram:
    """The program of a graph.

    Args:
        graph: what to write.
        name: of the function; those of branches and loops begin with it.

    Attributes:
        code: the Python text; `run(xp, *arrays)` calls it.
        inputs: the ports in the order of the arrays: arguments, Parameters, random numbers.
        outputs: the graph's outputs, then updated Parameters.
        operators: how often each operation occurs.
    """

    def __init__(self, graph: Graph, name: str = "graph") -> None:
        def keep(node: Node) -> bool:
            if node.prim.name in array_control.KINDS:
                return onnx_control.fits(node)
            return node.prim.name in EXPRESSIONS and all(
                v.dtype.kind in "biuf" for v in (*node.inputs, *node.outputs)
            )

        rules = {**RULES, "Conv2DBackpropFilter": filter_gradient}
        plain, draws = with_draws_as_inputs(graph)
        plain = taken_apart(plain, rules, keep)
        refuse("a program of arrays", [n for n in plain.nodes if not keep(n)])
        self.inputs = [Port(n, v) for n, v in zip(graph.input_names, graph.inputs, strict=True)]
        self.inputs += [Port(p.name, v, p) for p, v in graph.parameters]
        self.inputs += [Port("random", v, draw=n) for v, n in draws]
        self.outputs = [Port("output", v) for v in plain.outputs]
        self.outputs += [Port(p.name, v, p) for p, v in plain.updates]
        self.operators: dict[str, int] = {}
        self.constants: list[np.ndarray] = []
        self._names: dict[int, str] = {}
        self._parts: list[ArrayProgram] = []
        self._name = name
        self.code = self._write(plain)
        space: dict[str, Any] = dict(HELPERS)
        exec(compile(self.code, f"<mslearn arrays {graph.name}>", "exec"), space)
        self.run: Callable[..., list[Any]] = space[name]

    def _write(self, graph: Graph) -> str:
        self._kept = graph  # ids are names: the values must live
        self._names = {id(p.value): f"a{i}" for i, p in enumerate(self.inputs)}
        lines = []
        for k, node in enumerate(graph.nodes):
            seen = [self._see(v) for v in node.inputs]
            if node.prim.name in array_control.KINDS:
                parts = ", ".join(map(self._part, array_control.graphs(node)))
                expression = array_control.expression(node, parts, seen)
            else:
                expression = EXPRESSIONS[node.prim.name](_literal, node, *seen)
            self.operators[node.prim.name] = self.operators.get(node.prim.name, 0) + 1
            names = [f"v{k}" + (f"_{i}" if i else "") for i in range(len(node.outputs))]
            self._names.update((id(o), n) for o, n in zip(node.outputs, names, strict=True))
            dtype = node.outputs[0].dtype
            if len(names) == 1 and not node.several and _may_differ(node):
                expression = f"({expression}).astype('{dtype}', copy=False)"
            more = "," if node.several and len(names) == 1 else ""
            lines.append(f"    {', '.join(names)}{more} = {expression}")
        results = ", ".join(self._see(p.value) for p in self.outputs)
        names = [f"a{i}" for i in range(len(self.inputs))]
        held = [f"c{i}" for i in range(len(self.constants))]
        head = f"def {self._name}({', '.join(['xp', *names, *held])}):"
        inner = [part.code for part in self._parts]
        return "\n".join([*inner, head, *lines, f"    return [{results}]", ""])

    def _part(self, graph: Graph) -> str:
        """A graph inside of an operation as a function of its own, with its constants."""
        part = ArrayProgram(graph, f"{self._name}_{len(self._parts)}")
        self._parts.append(part)
        for kind, count in part.operators.items():
            self.operators[kind] = self.operators.get(kind, 0) + count
        return f"({part._name}, [{', '.join(map(self._see, part.constants))}])"

    def _see(self, value: Any) -> str:
        if id(value) not in self._names:
            self._names[id(value)] = f"c{len(self.constants)}"
            self.constants.append(np.asarray(value))
        return self._names[id(value)]


def _literal(value: Any) -> str:
    text = repr(value.item() if isinstance(value, np.generic) else value)
    return f"float('{text}')" if text in ("inf", "-inf", "nan") else text


def _may_differ(node: Node) -> bool:
    """Whether NumPy's own rules could give another dtype than the graph's."""
    return node.prim.name not in ("Cast", "Reshape", "Transpose", "BroadcastTo", "GetItem")
