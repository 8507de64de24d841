"""Why is this gradient zero, or not there at all? The answer is a path and the place on it."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._text import number
from .microscope_trace import Edge, Trace

TINY = 1e-6
_DEAD = {"ReLU": "≤ 0", "ReLU6": "≤ 0 / ≥ 6", "HSigmoid": "|x| ≥ 3", "HSwish": "x ≤ −3"}
_SATURATING = {"Sigmoid", "Tanh", "Softsign", "Erf", "Softmax", "LogSoftmax"}
_FLAT = {"Sign", "Floor", "Ceil", "Round", "Trunc", "Rint"}

_SAID = {
    "integer": (
        "{name} is {dtype}: only floating numbers have gradients.",
        "{name} 的类型是 {dtype}：只有浮点数才有梯度。",
    ),
    "frozen": (
        "{name} has requires_grad=False, so no gradient is computed for it.",
        "{name} 的 requires_grad=False，因此不为它计算梯度。",
    ),
    "unused": (
        "{name} is not in the result: no operation used it. If it went through asnumpy(), float() "
        "or a Python number, the thread was cut there. ms.grad gives zeros.",
        "结果里没有 {name}：没有任何操作用到它。若它经过了 asnumpy()、float() 或 Python 数值，"
        "联系就在那里断了。ms.grad 给出全零。",
    ),
    "aside": (
        "{name} was used, but what came of it is not part of the result. Its path ends at {at}.",
        "{name} 被用到了，但由它算出的值不在结果里：路径到 {at} 为止。",
    ),
    "stopped": (
        "stop_gradient at {at} lets the value of {name} through and holds its gradient back.",
        "{at} 处的 stop_gradient 让 {name} 的值通过，却截住了它的梯度。",
    ),
    "blocked": (
        "{at} has no derivative by that input, so nothing comes back to {name}.",
        "{at} 对该输入没有导数，因此没有梯度传回 {name}。",
    ),
    "dead": (
        "Dead at {at}: {count} of {size} inputs are {where}, where the slope is 0.",
        "在 {at} 处“死亡”：{size} 个输入中有 {count} 个满足 {where}，那里的斜率是 0。",
    ),
    "saturated": (
        "Saturated at {at}: the largest local derivative is {slope}.",
        "在 {at} 处饱和：局部导数最大也只有 {slope}。",
    ),
    "flat": (
        "{at} is flat: its derivative is 0 everywhere.",
        "{at} 是平的：导数处处为 0。",
    ),
    "factor": (
        "At {at} the other factor is 0, and upstream × 0 = 0.",
        "在 {at} 处另一个因子是 0：上游 × 0 = 0。",
    ),
    "cancel": (
        "What comes back along two paths adds up to 0 at {at}.",
        "两条路径传回的梯度在 {at} 处相加为 0。",
    ),
    "zero_here": (
        "The gradient becomes 0 at {at}: upstream it is not.",
        "梯度在 {at} 处变成 0，而上游不是 0。",
    ),
    "zero_start": ("The gradient is 0 from the start.", "梯度从一开始就是 0。"),
    "bad": (
        "NaN or infinity enters at {at}; upstream all numbers are finite.",
        "NaN 或无穷大从 {at} 处进入，上游的数都是有限的。",
    ),
    "tiny": (
        "The gradient is there but tiny, at most {size}. It shrinks most at {at}: to {share} of "
        "what arrives.",
        "梯度存在但极小，最大 {size}。缩得最多的是 {at}：只剩传到那里的 {share}。",
    ),
    "partly": (
        "{count} of {size} elements are exactly 0. Zeros first appear at {at}.",
        "{size} 个元素中有 {count} 个恰好为 0，零最先出现在 {at}。",
    ),
    "flows": (
        "The gradient arrives: at most {size}, after {steps} operation{s}.",
        "梯度正常到达：最大 {size}，经过 {steps} 个操作。",
    ),
}


def explain(trace: Trace, edges: list[Edge], gradients: dict[int, np.ndarray]) -> list[Any]:
    """One answer for every leaf that has a name.

    Returns:
        ``{"value", "name", "verdict", "reason", "text", "path", "at"}`` each; verdict is "none",
        "zero", "bad", "tiny", "partly" or "flows", text is ``{"en", "zh"}``, path the numbers of
        the operations from the leaf on, at the one where it happens (or None).
    """
    return [_Why(trace, edges, gradients).answer(name, value) for name, value in
            trace.leaves.items()]  # fmt: skip


class _Why:
    def __init__(self, trace: Trace, edges: list[Edge], gradients: dict[int, np.ndarray]) -> None:
        self.trace, self.edges, self.gradients = trace, edges, gradients
        self.uses: dict[int, list[tuple[int, int]]] = {}
        for k, op in enumerate(trace.ops):
            for slot, value in enumerate(op.inputs):
                self.uses.setdefault(id(value), []).append((k, slot))
        self.into: dict[int, list[Edge]] = {}
        for edge in edges:
            self.into.setdefault(id(trace.ops[edge.op].inputs[edge.slot]), []).append(edge)

    def answer(self, name: str, value: Any) -> dict[str, Any]:
        trace = self.trace
        param = trace.parameters.get(id(value))
        number_ = trace.number[id(value)]
        path = self.path(value, smooth=False)
        if value.dtype.kind != "f":
            return self.say(name, number_, "none", "integer", path or [], dtype=str(value.dtype))
        if param is not None and not param.requires_grad:
            return self.say(name, number_, "none", "frozen", path or [])
        if id(value) not in self.uses and value is not trace.output:
            return self.say(name, number_, "none", "unused", [])
        if path is None:
            end = self.furthest(value)
            return self.say(name, number_, "none", "aside", end, at=end[-1])
        if self.path(value, smooth=True) is None:
            k = next(k for k in path if not self.passes(k, self.slot_on(path, k, value)))
            reason = "stopped" if trace.ops[k].prim.name == "StopGradient" else "blocked"
            return self.say(name, number_, "none", reason, path, at=k)
        return self.grade(name, value, number_, path)

    def grade(self, name: str, value: Any, number_: int, path: list[int]) -> dict[str, Any]:
        gradient = self.gradients.get(number_)
        if gradient is None:
            return self.say(name, number_, "none", "blocked", path, at=path[0])
        if not np.isfinite(gradient).all():
            way = self.follow(value, lambda a: not np.isfinite(a).all())
            return self.say(name, number_, "bad", "bad", way, at=way[-1] if way else None)
        top = float(np.abs(gradient).max(initial=0.0))
        if top == 0:
            return self.zero(name, value, number_, path)
        zeros = int((gradient == 0).sum())
        if top < TINY:
            way = self.path(value, smooth=True) or path
            k, share = self.shrinks(way)
            out = self.trace.ops[k].prim.name
            reason = "saturated" if out in _SATURATING else "tiny"
            return self.say(name, number_, "tiny", reason, way, at=k, size=number(top, 2),
                            share=number(share, 2), slope=number(self.slope(k), 2))  # fmt: skip
        if 2 * zeros > gradient.size and gradient.size > 1:
            way = self.follow(value, lambda a: bool((a == 0).any()))
            return self.say(name, number_, "partly", "partly", way, at=way[-1] if way else None,
                            count=zeros, size=gradient.size)  # fmt: skip
        return self.say(name, number_, "flows", "flows", path, size=number(top, 3),
                        steps=len(path), s="s" * (len(path) != 1))  # fmt: skip

    def zero(self, name: str, value: Any, number_: int, path: list[int]) -> dict[str, Any]:
        arriving = self.into.get(id(value), [])
        if any(e.product.any() for e in arriving):
            return self.say(name, number_, "zero", "cancel", path, at=arriving[-1].op)
        way = self.follow(value, lambda a: not a.any())
        if not way:
            return self.say(name, number_, "zero", "zero_start", path)
        k = way[-1]
        op = self.trace.ops[k]
        edge = next(e for e in self.edges if e.op == k)
        if not edge.upstream.any():  # what arrives there had cancelled
            return self.say(name, number_, "zero", "cancel", way, at=k)
        x = np.asarray(op.inputs[edge.slot])
        if op.prim.name in _DEAD and edge.local is not None:
            dead = int((np.asarray(edge.local) == 0).sum())
            return self.say(name, number_, "zero", "dead", way, at=k, count=dead, size=x.size,
                            where=_DEAD[op.prim.name])  # fmt: skip
        if op.prim.name in _FLAT:
            return self.say(name, number_, "zero", "flat", way, at=k)
        if op.prim.name in _SATURATING:
            return self.say(name, number_, "zero", "saturated", way, at=k, slope=number(
                self.slope(k), 2))  # fmt: skip
        factor = op.prim.name in ("Mul", "MatMul", "BatchMatMul")
        if factor and not np.asarray(op.inputs[1 - edge.slot]).any():
            return self.say(name, number_, "zero", "factor", way, at=k)
        return self.say(name, number_, "zero", "zero_here", way, at=k)

    def slope(self, k: int) -> float:
        edge = next((e for e in self.edges if e.op == k), None)
        if edge is None or edge.local is None:
            return float(np.abs(edge.product).max(initial=0.0)) if edge is not None else 0.0
        return float(np.abs(edge.local).max(initial=0.0))

    def passes(self, k: int, slot: int) -> bool:
        rule = self.trace.ops[k].prim.vjp
        if rule is None:
            return False
        return not (type(rule) is tuple and (slot >= len(rule) or rule[slot] is None))

    def path(self, value: Any, smooth: bool) -> list[int] | None:
        """The operations from a leaf to the result (fewest), or None."""
        trace = self.trace
        came: dict[int, tuple[int, int] | None] = {id(value): None}
        front = [id(value)]
        while front and id(trace.output) not in came:
            following: list[int] = []
            for key in front:
                for k, slot in self.uses.get(key, []):
                    if smooth and not self.passes(k, slot):
                        continue
                    for out in trace.ops[k].outputs:
                        if id(out) not in came:
                            came[id(out)] = (key, k)
                            following.append(id(out))
            front = following
        step = came.get(id(trace.output))
        if step is None:
            return [] if value is trace.output else None
        found: list[int] = []
        while step is not None:
            found.append(step[1])
            step = came[step[0]]
        return found[::-1]

    def slot_on(self, path: list[int], k: int, value: Any) -> int:
        """Through which input the path enters operation `k`."""
        at = path.index(k)
        before = [value] if at == 0 else list(self.trace.ops[path[at - 1]].outputs)
        keys = {id(v) for v in before}
        return next(i for i, v in enumerate(self.trace.ops[k].inputs) if id(v) in keys)

    def furthest(self, value: Any) -> list[int]:
        found: list[int] = []
        while True:
            uses = self.uses.get(id(value))
            if not uses:
                return found
            found.append(uses[0][0])
            value = self.trace.ops[uses[0][0]].outputs[0]

    def follow(self, value: Any, holds: Any) -> list[int]:
        """From a leaf towards the result, as long as `holds` is true of what comes back."""
        found: list[int] = []
        while True:
            edge = next((e for e in self.into.get(id(value), []) if holds(e.product)), None)
            if edge is None:
                return found
            found.append(edge.op)
            if not holds(edge.upstream):
                return found
            value = self.trace.ops[edge.op].outputs[edge.output]

    def shrinks(self, path: list[int]) -> tuple[int, float]:
        """Where on the path the largest element shrinks most, and to which share."""
        worst = (path[0], 1.0)
        for edge in self.edges:
            if edge.op in path:
                before = float(np.abs(edge.upstream).max(initial=0.0))
                share = float(np.abs(edge.product).max(initial=0.0)) / before if before else 1.0
                if share < worst[1]:
                    worst = (edge.op, share)
        return worst

    def say(
        self, name: str, value: int, verdict: str, reason: str, path: list[int],
        at: int | None = None, **words: Any,
    ) -> dict[str, Any]:  # fmt: skip
        place = ""
        if at is not None:
            op = self.trace.ops[at]
            made = self.trace.names[self.trace.number[id(op.outputs[0])]]
            place = f"{made} = {op.prim.name}(…)"
            if op.source is not None and op.source.text:
                line = op.source.text
                place += f" [{line if len(line) <= 60 else line[:59] + '…'}]"
        en, zh = _SAID[reason]
        fill = {"name": name, "at": place, **words}
        return {
            "value": value, "name": name, "verdict": verdict, "reason": reason,
            "text": {"en": en.format(**fill), "zh": zh.format(**fill)}, "path": path, "at": at,
        }  # fmt: skip
