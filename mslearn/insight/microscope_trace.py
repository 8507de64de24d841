"""A derivative edge by edge: every product of the chain rule, with the sums where paths meet.

    trace = Trace(fn, (x,))
    trace.reverse()            # list of Edge, from the output back to the leaves
    trace.forward()            # the same with tangents, from the first argument onwards

An edge is one operation seen from one of its inputs. In reverse mode the gradient of the output
goes through it to the input; in forward mode the tangent of the input goes to the output.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from mslearn.autodiff import Tape, grad
from mslearn.core import Parameter, Tensor, observing
from mslearn.core.primitive import Primitive
from mslearn.ops.families import Elementwise

from .graph_names import leaves_of, named_arguments, outside_tensors, parameters_of
from .graph_recorder import Op, Recorder

LIMIT = 4000  # operations; nobody steps through more


@dataclass
class Edge:
    """One step. Arrays have the shapes of the values named here."""

    op: int
    slot: int  # which input of the operation
    output: int  # which output of it (the first that takes part)
    upstream: np.ndarray  # reverse: gradient of the output; forward: tangent of the input
    local: np.ndarray | None  # d output / d input, where that is a number for each element
    product: np.ndarray  # what this edge brings
    before: np.ndarray | None  # what other edges had brought: there is a fork (or a meeting)
    after: np.ndarray


class Trace:
    """Run `fn` once and keep all that is needed to differentiate it in steps.

    Args:
        fn: a Cell or function of tensors.
        args: its arguments.
        order: 2 differentiates the sum of the first derivatives by the floating arguments.

    Raises:
        TypeError: nothing to differentiate came out. ValueError: too long, or no floating argument
            for a second derivative.
    """

    def __init__(self, fn: Callable[..., Any], args: tuple[Any, ...], order: int = 1) -> None:
        if not callable(fn):
            raise TypeError(
                f"insight.gradient: the first argument must be a Cell or a function, but got "
                f"'{type(fn).__name__}'. Pass the function and then its arguments: "
                "insight.gradient(fn, x)."
            )
        named = named_arguments(fn, args)
        # A fresh value for each argument: the same tensor at two places counts for each.
        fresh = {id(t): Tensor.wrap(t._value.view()) for t in named.values()}
        args = tuple(fresh.get(id(a), a) if isinstance(a, Tensor) else a for a in args)
        named = {n: fresh[id(t)] for n, t in named.items()}
        run = fn if order == 1 else _second(fn, args)
        self.recorder = Recorder()
        with observing(self.recorder):
            result = run(*args)
        self.ops: list[Op] = self.recorder.ops
        if len(self.ops) > LIMIT:
            raise ValueError(
                f"insight.gradient: {len(self.ops)} operations ran, and at most {LIMIT} can be "
                "stepped through. Look at a part of the network, or a smaller one."
            )
        self.result = _main(result)
        self.output = self.result._value
        params = parameters_of(leaves_of(self.ops))
        self.parameters = {id(p._value): p for p in params.values()}
        self.leaves: dict[str, Any] = {n: t._value for n, t in named.items()}
        outside = {n: t._value for n, t in outside_tensors(fn).items()}
        self.leaves |= {p.name: p._value for p in self.parameters.values()}
        self.leaves |= {p.name: p._value for p in _all_parameters(fn)}
        self._kinds = {id(t._value): "input" for t in named.values()}
        self.values: list[Any] = []
        self.number: dict[int, int] = {}
        self.names: list[str] = []
        self.maker: dict[int, int] = {}  # value number -> op
        known = {id(v): n for n, v in {**outside, **self.leaves}.items()}
        self._number_values(known)

    def watched(self) -> list[Any]:
        """The leaves by which the result is differentiated."""
        out = []
        for value in self.leaves.values():
            param = self.parameters.get(id(value))
            if value.dtype.kind == "f" and (param is None or param.requires_grad):
                out.append(value)
        return out

    def kind(self, number: int) -> str:
        """ "input", "parameter", "constant" or "op"."""
        if number in self.maker:
            return "op"
        value = self.values[number]
        if id(value) in self.parameters:
            return "parameter"
        return self._kinds.get(id(value), "constant")

    def reverse(self) -> tuple[list[Edge], dict[int, np.ndarray]]:
        """Edges from the result backwards, and the gradient by each value's number."""
        tape = _EdgeTape(self)
        for value in self.watched():
            tape.watch(Tensor.wrap(value))
        for k, op in enumerate(self.ops):
            tape.now = k
            tape.on_op(op.prim, op.inputs, op.attrs, _whole(op))
        found = tape.gradients(self.result, keep=True)
        gradients = {self.number[k]: t._value for k, t in found.items() if k in self.number}
        return tape.edges, gradients

    def forward(self, argument: int = 0) -> tuple[list[Edge], dict[int, np.ndarray]]:
        """Edges from the floating argument number `argument` onwards; its tangent is ones."""
        floats = [v for v in self.leaves.values() if v.dtype.kind == "f"]
        if not floats:
            raise ValueError("insight.gradient: forward mode needs an argument of floating dtype.")
        start = floats[min(argument, len(floats) - 1)]
        tangents: dict[int, np.ndarray] = {id(start): np.ones_like(start)}
        edges: list[Edge] = []
        for k, op in enumerate(self.ops):
            if op.prim.vjp is None or op.prim.jvp is None:
                continue
            several = op.several
            wrapped = [Tensor.wrap(v) for v in op.inputs]
            out = tuple(map(Tensor.wrap, op.outputs)) if several else Tensor.wrap(op.outputs[0])
            for slot, value in enumerate(op.inputs):
                tangent = tangents.get(id(value))
                if tangent is None:
                    continue
                alone: list[Any] = [None] * len(op.inputs)
                alone[slot] = Tensor.wrap(tangent)
                pushed = op.prim.jvp(tuple(alone), out, *wrapped, **op.attrs)
                parts = pushed if isinstance(pushed, tuple) else (pushed,)
                for j, (target, part) in enumerate(zip(op.outputs, parts, strict=False)):
                    if part is None:
                        continue
                    before = tangents.get(id(target))
                    after = part._value if before is None else before + part._value
                    tangents[id(target)] = after
                    edges.append(Edge(k, slot, j, tangent, _local(op, slot), part._value, before,
                                      after))  # fmt: skip
        known = {self.number[k]: t for k, t in tangents.items() if k in self.number}
        return edges, known

    def _number_values(self, known: dict[int, str]) -> None:
        counts: dict[str, int] = {}
        last: dict[tuple[str, int], int] = {}
        for k, op in enumerate(self.ops):
            if op.source is not None:
                last[op.source.file, op.source.line] = k
        for k, op in enumerate(self.ops):
            for value in op.inputs:
                if id(value) not in self.number:
                    self._add(value, known.get(id(value)) or _constant(value))
            for value in op.outputs:
                base = op.prim.name.lower()
                source = op.source
                if source is not None and last[source.file, source.line] == k:
                    said = re.match(r"([A-Za-z_]\w*)\s*=[^=]", source.text)
                    base = said[1] if said and len(op.outputs) == 1 else base
                counts[base] = counts.get(base, 0) + 1
                many = counts[base] > 1 or base == op.prim.name.lower()
                self.maker[len(self.values)] = k
                self._add(value, f"{base}{counts[base]}" if many else base)
        for name, value in self.leaves.items():
            if id(value) not in self.number:  # an argument that nothing used
                self._add(value, name)
        if id(self.output) not in self.number:  # made outside, by NumPy for example
            self._add(self.output, "result")

    def _add(self, value: Any, name: str) -> None:
        self.number[id(value)] = len(self.values)
        self.values.append(value)
        self.names.append(name)


class _EdgeTape(Tape):
    """A tape that keeps every product and every sum on the way back."""

    def __init__(self, trace: Trace) -> None:
        super().__init__()
        self.trace = trace
        self.now = 0
        self.edges: list[Edge] = []
        self._op: dict[int, int] = {}

    def on_op(self, prim: Any, inputs: Any, attrs: Any, output: Any) -> None:
        before = len(self.records)
        super().on_op(prim, inputs, attrs, output)
        if len(self.records) > before:
            self._op[id(self.records[-1])] = self.now

    def _pull(self, record: Any, ct: Any, found: dict[int, Tensor]) -> None:
        k = self._op[id(record)]
        op = self.trace.ops[k]
        handles = [Tensor.wrap(v) for v in record.inputs]
        several = type(record.output) is tuple
        out = tuple(map(Tensor.wrap, record.output)) if several else Tensor.wrap(record.output)
        rule = record.prim.vjp
        if type(rule) is not tuple:
            parts = rule(ct, out, *handles, **record.attrs)
        upstream = ct[0]._value if several else ct._value
        for slot, value in enumerate(record.inputs):
            if not self.follows(value):
                continue
            if type(rule) is tuple:
                pull = rule[slot] if slot < len(rule) else None
                part = None if pull is None else pull(ct, out, *handles, **record.attrs)
            else:
                part = parts[slot]
            if part is None:
                continue
            before = found.get(id(value))
            total = part if before is None else before + part
            found[id(value)] = total
            self.edges.append(
                Edge(k, slot, 0, upstream, _local(op, slot), part._value,
                     None if before is None else before._value, total._value)
            )  # fmt: skip


def check_edge(op: Op, edge: Edge, index: tuple[int, ...], mode: str) -> dict[str, Any] | None:
    """The same number by a small step: moves one input of one operation by ±h, in float64.

    Returns:
        ``{"exact", "numeric", "ok", "kink"}``, or None where the kernel cannot be asked (its
        input is no floating array, or it refuses float64). At a kink the two one-sided slopes
        differ, and any number between them is right.
    """
    x = np.asarray(op.inputs[edge.slot], np.float64)
    if mode == "reverse":
        h = _step(x[index])
        direction = np.zeros_like(x)
        direction[index] = 1.0
        weight = np.asarray(edge.upstream, np.float64)
        exact = float(edge.product[index])
    else:
        direction = np.asarray(edge.upstream, np.float64)
        h = _step(np.abs(x).max(initial=0.0))
        exact = float(edge.product[index])

    def f(shift: float) -> float:
        moved = [np.asarray(v, np.float64) if v.dtype.kind == "f" else v for v in op.inputs]
        moved[edge.slot] = x + shift * direction
        out = op.prim.kernel(*moved, **op.attrs)
        got = np.asarray(out[edge.output] if type(out) is tuple else out)
        if mode == "reverse":
            return float((got.astype(np.float64) * weight).sum())
        return float(got[index])

    try:
        with np.errstate(all="ignore"):
            return compare(f, h, exact, float(np.abs(edge.product).max(initial=0.0)))
    except (TypeError, ValueError, IndexError, AttributeError):
        return None


def check_leaf(trace: Trace, leaf: Any, index: tuple[int, ...], exact: float) -> Any:
    """A leaf's gradient against small steps of the whole computation, replayed in float64."""

    def f(shift: float) -> float:
        now = {id(leaf): np.array(leaf, np.float64)}
        now[id(leaf)][index] += shift
        for op in trace.ops:
            given = [
                now.get(id(v), np.asarray(v, np.float64) if v.dtype.kind == "f" else v)
                for v in op.inputs
            ]
            if not any(id(v) in now for v in op.inputs):
                continue
            out = op.prim.kernel(*given, **op.attrs)
            outs = out if type(out) is tuple else (out,)
            now |= {id(v): np.asarray(o) for v, o in zip(op.outputs, outs, strict=True)}
        return float(np.asarray(now.get(id(trace.output), trace.output), np.float64).sum())

    try:
        with np.errstate(all="ignore"):
            return compare(f, _step(float(leaf[index])), exact, abs(exact))
    except (TypeError, ValueError, IndexError, AttributeError):
        return None


def compare(f: Callable[[float], float], h: float, exact: float, scale: float) -> dict[str, Any]:
    """Central difference of `f` at 0 against `exact`; `scale` says how large its neighbours are."""
    low, middle, high = f(-h), f(0.0), f(h)
    numeric = (high - low) / (2 * h)
    left, right = (middle - low) / h, (high - middle) / h
    room = 2e-3 * max(abs(exact), abs(numeric)) + 2e-5 * scale + 1e-7
    ok = abs(exact - numeric) <= room
    between = min(left, right) - room <= exact <= max(left, right) + room
    return {
        "exact": exact, "numeric": numeric, "ok": bool(ok),
        "kink": bool(not ok and between),
    }  # fmt: skip


def _step(at: float) -> float:
    return 1e-5 * max(1.0, abs(float(at)))


def _whole(op: Op) -> Any:
    return op.outputs if op.several else op.outputs[0]


def _local(op: Op, slot: int) -> np.ndarray | None:
    """d output / d input of an element-wise primitive, in the output's shape."""
    prim: type[Primitive] = op.prim
    if not issubclass(prim, Elementwise) or slot >= len(prim.partials):
        return None
    partial = prim.partials[slot]
    if partial is None:
        return None
    out = Tensor.wrap(op.outputs[0])
    d = partial(out, *map(Tensor.wrap, op.inputs), **op.attrs) if callable(partial) else partial
    array = d._value if isinstance(d, Tensor) else np.asarray(d, op.outputs[0].dtype)
    return np.broadcast_to(array, op.outputs[0].shape)


def _main(result: Any) -> Tensor:
    while isinstance(result, tuple | list) and result:
        result = result[0]
    if isinstance(result, Tensor) and result._value.dtype.kind == "f":
        return result
    got = f"a {result.dtype} tensor" if isinstance(result, Tensor) else f"'{type(result).__name__}'"
    raise TypeError(
        f"insight.gradient: the function must return a tensor of floating dtype to differentiate, "
        f"but returned {got}. Return the loss itself, not .asnumpy() or float() of it."
    )


def _second(fn: Callable[..., Any], args: tuple[Any, ...]) -> Callable[..., Any]:
    floats = tuple(
        k for k, a in enumerate(args) if isinstance(a, Tensor) and a._value.dtype.kind == "f"
    )
    if not floats:
        raise ValueError(
            "insight.gradient: a second derivative is taken by the arguments, and none of them "
            "is a tensor of floating dtype."
        )

    def first_derivative(*inputs: Any) -> Any:
        total: Any = None
        for part in grad(fn, floats)(*inputs):
            part = part.sum() if part.shape else part
            total = part if total is None else total + part
        return total

    return first_derivative


def _all_parameters(fn: Any) -> list[Parameter]:
    """A Cell's parameters, also those that did not take part."""
    owner = getattr(fn, "__self__", fn)
    return list(owner.get_parameters()) if hasattr(owner, "get_parameters") else []


def _constant(value: Any) -> str:
    if value.size == 1:
        only = value.reshape(())[()]
        return f"{only:.6g}" if value.dtype.kind == "f" else str(only)
    return "constant"
