"""A compilation as plain data: source, the graph after each pass, and the program, tied together.

    {"version": 1, "title": …,
     "source": [{"file", "function", "lines": [[number, text], …]}, …],
     "stages": [{"name", "teaches": {"en", "zh"},
                 "counts": {"nodes", "flops", "bytes_moved", "peak_bytes"}, "graph": scene,
                 "text": [[line, operation or -1], …]}, …],
     "operations": [{"op", "line": [block, number] or null, "backward", "within"}, …]}

An operation keeps its number through all stages: it is known by the value that it makes. One in a
branch or loop has the number of that node under ``"within"``, others have -1. ``graph``
is a scene as `graph_scene` describes it, without numbers, whose nodes carry that number under
``"operation"``; branches and loops are scopes in it. The last stage's text is the generated
program, the others' the ``.ir`` notation.
"""

from __future__ import annotations

import inspect
import itertools
import linecache
import operator
from typing import Any

from mslearn.core.dtype import dtype_of
from mslearn.core.tensor import Abstract
from mslearn.graph.compilation import Compilation
from mslearn.graph.ir import Graph, Node, Source
from mslearn.graph.text import to_ir

from .graph_control import KINDS, Port, Unfolding, line_of
from .graph_fold import LIMIT
from .graph_recorder import Op

VERSION = 1
APART = 6  # lines
_ZH = {
    "capture": (
        "捕获：让函数在“只有形状和类型、没有数”的值上跑一遍，记下每个操作；形状和类型随之推断出来。"
    ),
    "gradient": "展开梯度：反向传播的操作出现在引起它们的正向操作旁边。",
    "auto_monad": (
        "保持副作用的次序：取随机数、打印、给参数赋值，都按程序里写的先后进行；其余操作只"
        "要输入齐了就能执行。"
    ),
    "constant_folding": "常量折叠：只依赖常量的部分现在就算好，而不是每一步都算。",
    "algebraic_simplification": (
        "代数化简：x*1、x+0、转置再转置等，换成与之相等的更简单的式子；x*0 不化"
        "简，因为 x 可能是 NaN。"
    ),
    "common_subexpressions": (
        "消除公共子表达式：同样的输入、同样的操作，只算一次。随机数和打印从不合并。"
    ),
    "dead_code": (
        "删除死代码：没有任何结果用到的操作不再计算；取随机数仍然保留，否则后面的 dro"
        "pout 就和动态图不一样了。"
    ),
    "schedule": (
        "调度：梯度一算好，优化器马上更新，这时它还在处理器的缓存里，内存也能早些让给下一个梯度。"
    ),
    "products": (
        "就地乘加：权重的梯度是一个矩阵乘积，动量正好要把它加到“动量×累积量”上；BLAS 一次就能做完，"
        "梯度不必先写进内存再读出来。"
    ),
    "fusion": "融合：大数组上一连串的逐元素操作，一块一块地做完，每一块都留在缓存里。",
    "program": "实际运行的程序：普通的 Python，一个操作一行。",
}


def compile_scene(compiled: Compilation, function: Any, title: str) -> dict[str, Any]:
    """Everything that the view shows of one compilation."""
    book = Book(function)
    stages: list[dict[str, Any]] = []
    before: Graph | None = None
    for snapshot in compiled.snapshots:
        graph = snapshot.graph
        if before is not None and _same(before, graph):  # nothing to do for this pass
            drawn, text = stages[-1]["graph"], stages[-1]["text"]
        else:
            text, drawn = _ir_lines(graph, book), graph_scene(graph, book)
        stages.append(_stage(snapshot.name, snapshot.teaches, graph, text, drawn))
        before = graph
    executable = compiled.executable
    code = executable.code.splitlines()
    sources = getattr(executable, "sources", [])
    program = [
        [line, book.number(sources[i]) if i < len(sources) and sources[i] is not None else -1]
        for i, line in enumerate(code)
    ]
    teaches = "The program that runs: plain Python, one line for each operation."
    last = getattr(executable, "graph", compiled.graph)
    same = before is not None and _same(before, last)
    drawn = stages[-1]["graph"] if same else graph_scene(last, book)
    stages.append(_stage("program", teaches, last, program, drawn))
    return {
        "version": VERSION, "title": title, "source": book.blocks(), "stages": stages,
        "operations": book.operations,
    }  # fmt: skip


def packed(scene: dict[str, Any]) -> dict[str, Any]:
    """The same for the page: each graph and each text once, ``"graphs"`` and ``"texts"``, with
    their numbers in the stages."""
    lists: dict[str, list[Any]] = {"graph": [], "text": []}
    stages = []
    for stage in scene["stages"]:
        numbers = {}
        for kind, found in lists.items():
            if not found or found[-1] is not stage[kind]:
                found.append(stage[kind])
            numbers[kind] = len(found) - 1
        stages.append({**stage, **numbers})
    return {**scene, "stages": stages, "graphs": lists["graph"], "texts": lists["text"]}


def _same(a: Graph, b: Graph) -> bool:
    """Whether two graphs consist of the same nodes and values."""
    pairs = ((a.nodes, b.nodes), (a.results(), b.results()), (a.inputs, b.inputs))
    return all(len(x) == len(y) and all(map(operator.is_, x, y)) for x, y in pairs)


def _stage(name: str, teaches: str, graph: Graph, text: Any, drawn: Any) -> dict[str, Any]:
    from mslearn.graph.passes.stats import statistics

    found = statistics(graph)
    counts = {
        "nodes": found.nodes, "flops": found.flops, "bytes_moved": found.bytes_moved,
        "peak_bytes": found.peak_bytes,
    }  # fmt: skip
    return {
        "name": name, "teaches": {"en": " ".join(teaches.split()), "zh": _ZH.get(name, "")},
        "counts": counts,
        "graph": drawn, "text": text,
    }  # fmt: skip


def _ir_lines(graph: Graph, book: Book) -> list[list[Any]]:
    """The ``.ir`` text with the operation of each line."""
    order = _printed(graph, book)
    lines: list[list[Any]] = []
    at, current = -1, -1
    for line in to_ir(graph).splitlines():
        if line.startswith("  %") and " = " in line:
            at += 1
            current = order[at]
        elif not line.startswith("      "):
            current = -1
        lines.append([line, current])
    return lines


def _printed(graph: Graph, book: Book, within: int = -1) -> list[int]:
    """The operations in the order in which the text prints them: a graph, then its subgraphs,
    which are `within` the operation that holds them."""
    found = [book.number(node, within) for node in graph.nodes]
    for node, number in zip(graph.nodes, tuple(found), strict=True):
        for attr in node.attrs.values():
            if isinstance(attr, Graph):
                found += _printed(attr, book, number)
    return found


class Book:
    """Numbers for operations, and the source lines that they come from."""

    def __init__(self, function: Any) -> None:
        self.operations: list[dict[str, Any]] = []
        self._numbers: dict[int, int] = {}
        self._kept: list[Any] = []  # ids are only unique while their values live
        self._lines: dict[tuple[str, str], set[int]] = {}
        code = inspect.unwrap(getattr(function, "construct", function))
        try:
            lines, start = inspect.getsourcelines(code)
            file = inspect.getsourcefile(code) or ""
            self._lines[file, code.__name__] = set(range(start, start + len(lines)))
        except (OSError, TypeError):
            pass  # made by exec or in C: the lines of its operations are all there is

    def number(self, node: Node, within: int = -1) -> int:
        """The operation's number, new ones in order of appearance."""
        made = node.outputs[0]
        if id(made) not in self._numbers:
            self._numbers[id(made)] = len(self.operations)
            self._kept.append(made)
            where = self.place(node)
            self.operations.append(
                {
                    "op": node.prim.name, "line": where, "backward": node.backward,
                    "within": within,
                }
            )  # fmt: skip
        return self._numbers[id(made)]

    def place(self, node: Node) -> tuple[str, str, int] | None:
        """(file, function, line) of an operation, which then is among the lines."""
        source = node.source
        if source is None:
            return None
        self._lines.setdefault((source.file, source.function), set()).add(source.line)
        return source.file, source.function, source.line

    def lines(self) -> tuple[list[dict[str, Any]], dict[tuple[str, str, int], list[int]]]:
        """The source as blocks of lines, and [block, number] of each place."""
        blocks: list[dict[str, Any]] = []
        place: dict[tuple[str, str, int], list[int]] = {}
        for (file, function), numbers in self._lines.items():
            short = Source(file, 0, function).place.rsplit("/", 1)[-1].rsplit("\\", 1)[-1]
            for first, last in _runs(sorted(numbers)):
                span = range(first, last + 1)
                place.update(((file, function, n), [len(blocks), n]) for n in span)
                lines = [[n, linecache.getline(file, n).rstrip("\n")] for n in span]
                blocks.append({"file": short, "function": function, "lines": lines})
        return blocks, place

    def blocks(self) -> list[dict[str, Any]]:
        """The source; each operation's line becomes [block, number]."""
        blocks, place = self.lines()
        for operation in self.operations:
            if operation["line"] is not None:
                operation["line"] = place[operation["line"]]
        return blocks


def _runs(numbers: list[int]) -> list[tuple[int, int]]:
    """(first, last) of stretches of lines; far apart they belong to two functions of one name."""
    runs: list[tuple[int, int]] = []
    for n in numbers:
        if runs and n - runs[-1][1] <= APART:
            runs[-1] = (runs[-1][0], n)
        else:
            runs.append((n, n))
    return runs


def graph_scene(graph: Graph, book: Book) -> dict[str, Any]:
    """A graph as a scene of version 1 without numbers, for the drawing of `insight.graph`.

    Branches and loops are scopes; ``"unfolded"`` are those that are small enough to be open."""
    nodes: list[dict[str, Any]] = []
    edges: list[list[int]] = []
    made: dict[int, tuple[int, int]] = {}
    count = itertools.count()
    unfold = Unfolding(lambda op: f"{op}-op{next(count)}", numbers=False)
    scopes: list[dict[str, Any]] = []
    places: dict[tuple[str, ...], int] = {(): -1}
    owners: dict[str, int] = {}  # operators of control flow, by their names

    def place(path: tuple[str, ...]) -> int:
        """The scope of control flow that a path is in."""
        while path not in places and path not in unfold.frames:
            path = path[:-1]  # Cells are no scopes here
        if path not in places:
            parent, phase = place(path[:-1]), "forward"
            number = places[path] = len(scopes)
            control = vars(unfold.frames[path]).copy()
            scopes.append(
                {"id": number, "name": path[-1], "parent": parent, "phase": phase,
                 "control": control}
            )  # fmt: skip
        return places[path]

    def add(
        kind: str, op: str, outputs: Any, operation: int, node: Node | None = None,
        scope: int = -1,
    ) -> None:  # fmt: skip
        number = len(nodes)
        phase = "backward" if node is not None and node.backward else "forward"
        attrs = {} if node is None else {k: _attr(v) for k, v in node.attrs.items()}
        shown: list[dict[str, Any]] = [
            {
                "shape": list(o.shape), "dtype": str(dtype_of(o.dtype)), "value": {"first": []},
                "grad": None,
            }
            for o in outputs
        ]  # fmt: skip
        nodes.append(
            {
                "id": number, "kind": kind, "op": op, "name": op, "scope": scope, "phase": phase,
                "outputs": shown, "attrs": attrs, "doc": "", "source": None, "cause": None,
                "operation": operation,
            }
        )  # fmt: skip
        for k, out in enumerate(outputs):
            made[id(out)] = (number, k)

    read = {id(v) for n in graph.nodes for v in n.values()} | {id(v) for v in graph.results()}
    for value, name in zip(graph.inputs, graph.input_names, strict=True):
        add("input", name, [value], -1)
    for parameter, value in graph.parameters:
        if id(value) in read:
            add("parameter", parameter.name, [value], -1)
    kept: list[Any] = []  # ids are only unique while their values live
    for node in graph.nodes:
        line = line_of(node) if node.prim.name in KINDS else None
        whole = Op(node.prim, node.inputs, node.attrs, node.outputs, (), line)
        for op in unfold(whole):
            kept.append(op)
            scope, owner = place(op.scope), book.number(node)
            at = unfold.nodes.get(id(op), node)
            if isinstance(op, Port):
                add("port", op.label, op.outputs, -1, at, scope)
            else:
                add("op", op.prim.name, op.outputs, book.number(at, owner), at, scope)
                if id(op) in unfold.names:
                    owners[unfold.names[id(op)]] = len(nodes) - 1
            keys = [a for a in op.attrs.values() if isinstance(a, Abstract)]
            for k, value in enumerate((*op.inputs, *keys)):
                if id(value) in made:
                    source, output = made[id(value)]
                    edges.append([source, output, len(nodes) - 1, k])
    for made_scope in scopes:
        control = made_scope["control"]
        control["node"] = owners[control.pop("owner")]
        made_scope["phase"] = nodes[control["node"]]["phase"]
    for shown in nodes:
        if shown["kind"] == "port":
            control = scopes[shown["scope"]]["control"]
            shown["operation"] = nodes[control["node"]]["operation"]
    return {
        "version": 1, "title": graph.name, "scopes": scopes, "nodes": nodes, "edges": edges,
        "loss": None, "unfolded": small(scopes, nodes),
    }  # fmt: skip


def small(scopes: list[dict[str, Any]], nodes: list[dict[str, Any]]) -> list[int]:
    """The scopes that hold little enough to be seen at once."""
    count = [0] * len(scopes)
    for node in nodes:
        if node["scope"] >= 0:
            count[node["scope"]] += 1
    for scope in reversed(scopes):
        if scope["parent"] >= 0:
            count[scope["parent"]] += count[scope["id"]]
    return [k for k, n in enumerate(count) if n <= LIMIT]


def _attr(value: Any) -> str:
    return f"@{value.name}" if isinstance(value, Graph) else str(value)
