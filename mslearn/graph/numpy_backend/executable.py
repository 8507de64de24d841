"""The NumPy executable: a graph written out as plain Python, one line per operation.

``executable.code`` is the program that runs, made to be read. Operations write into one reused
block of memory (see `memory`), long element-wise chains run block by block (see `fuse`), and an
optimizer's update overwrites the Parameters' old arrays while nobody else holds them.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from mslearn.core import random
from mslearn.core.parameter import Parameter
from mslearn.core.primitive import _explain
from mslearn.core.tensor import Abstract
from mslearn.graph.ir import Graph, Node
from mslearn.graph.numpy_backend import emit, fuse, memory, products, schedule
from mslearn.graph.passes import Snapshot, check
from mslearn.graph.passes.stats import statistics
from mslearn.ops.optimizer import UpdateRule

PASSES = {"schedule": schedule, "products": products, "fusion": fuse}


class Executable:
    """A graph that can run.

    Args:
        graph: an optimized graph.
        keep: a list that gets a Snapshot after each of this backend's own passes.

    Attributes:
        code: the Python program.
        plan: where its values live.
        sources: for each line of `code` the node that it stems from, or None.
    """

    def __init__(self, graph: Graph, keep: list[Snapshot] | None = None) -> None:
        for name, step in PASSES.items():
            graph = step.run(graph)
            check(graph, name)
            if keep is not None:
                keep.append(Snapshot(name, (step.__doc__ or "").strip(), graph, statistics(graph)))
        self.graph = graph
        self.plan = memory.plan(self.graph)
        writer = _Writer(self.graph, self.plan)
        self.code = writer.code()
        self.sources = writer.sources
        space: dict[str, Any] = {"np": np, "next_key": random.op_key, **writer.space}
        exec(compile(self.code, f"<mslearn graph {graph.name}>", "exec"), space)
        self._run: Callable[..., Any] = space["graph"]
        self._layout = writer.layout
        self._spare: list[tuple[Any, ...]] = []  # arenas that nobody uses just now
        self._lock = threading.Lock()
        self._parameters = [p for p, _ in graph.parameters]
        self._overwritten = [self._parameters[i] for i in writer.overwritten]

    def run(self, arrays: Sequence[np.ndarray]) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """(outputs, new values of the assigned Parameters) for the inputs' arrays.

        Raises:
            ShapeError, DtypeError: as the operations raise them in eager code.
        """
        own = all(map(_alone, self._overwritten))
        try:
            buffers = self._spare.pop()
        except IndexError:
            buffers = self._allocate()
        try:
            return self._run(own, buffers, *arrays, *[p._value for p in self._parameters])  # type: ignore[no-any-return]
        except (ValueError, TypeError, IndexError, np.linalg.LinAlgError) as error:
            self._explain(error)
            raise
        finally:
            self._spare.append(buffers)

    def _allocate(self) -> tuple[Any, ...]:
        block = np.empty(self.plan.size + memory.ALIGN, np.uint8)
        start = -block.ctypes.data % memory.ALIGN
        return tuple(
            np.frombuffer(block, dtype, count, start + offset).reshape(shape)
            for shape, dtype, count, offset in self._layout
        )

    def _explain(self, error: Exception) -> None:
        """The message that eager code gives, for an operation that failed on its numbers."""
        trace = error.__traceback__
        while trace is not None:
            if trace.tb_frame.f_code.co_filename.startswith("<mslearn graph"):
                node = self.sources[trace.tb_lineno - 1]
                if node is not None:
                    _explain(node.prim, node.inputs, node.attrs, error)
            trace = trace.tb_next


def _holders(parameter: Any) -> int:
    return sys.getrefcount(parameter._value)


def _alone(parameter: Any) -> bool:
    """Whether the array belongs to this Parameter alone: no view, no other name for it."""
    return parameter._value.flags.owndata and _holders(parameter) == _ALONE


_probe = Parameter(np.zeros(1))
_probe._value = np.zeros(1)
_ALONE = _holders(_probe)  # what CPython counts for an array that one Parameter holds


class _Writer:
    """Writes the program of a graph."""

    def __init__(self, graph: Graph, plan: memory.Plan) -> None:
        self.graph, self.plan = graph, plan
        self.space: dict[str, Any] = {}  # constants and kernels, by the program's names
        self.layout: list[tuple[tuple[int, ...], Any, int, int]] = []
        self.sources: list[Node | None] = []
        self.overwritten: list[int] = []
        self._names: dict[int, str] = {}
        self._kept: list[Any] = []
        self._lines: list[str] = []
        self._count = 0

    def code(self) -> str:
        arguments = []
        for value, name in zip(self.graph.inputs, self.graph.input_names, strict=True):
            arguments.append(self._name(value, _identifier(name)))
        for parameter, value in self.graph.parameters:
            arguments.append(self._name(value, "p_" + _identifier(parameter.name)))
        body_start = 3
        in_place = self._in_place_updates()
        for i, node in enumerate(self.graph.nodes):
            self._node(i, node, in_place)
        results = ", ".join(self._leaving(v) for v in self.graph.outputs)
        news = ", ".join(self._leaving(v, p) for p, v in self.graph.updates)
        self._add(f"return [{results}], [{news}]", None)
        buffers = [f"b{i}" for i in range(len(self.layout))]
        head = [
            f"def graph({', '.join(['own', 'buffers', *arguments])}):",
            f"    # {self.graph.name}: {len(self.graph.nodes)} operations, "
            f"{self.plan.size} bytes of reused memory",
            f"    {', '.join(buffers)}{',' if len(buffers) == 1 else ''} = buffers"
            if buffers
            else "    # no memory is reused",
        ]
        assert len(head) == body_start
        self.sources[:0] = [None] * body_start
        return "\n".join([*head, *self._lines, ""])

    # -- names ----------------------------------------------------------------------------------

    def _name(self, value: Any, wish: str) -> str:
        name, k = wish, 1
        taken = set(self._names.values()) | {"np", "own", "buffers", "next_key", "graph"}
        while name in taken or name in self.space:
            k += 1
            name = f"{wish}_{k}"
        self._names[id(value)] = name
        self._kept.append(value)
        return name

    def _see(self, value: Any) -> str:
        if id(value) in self._names:
            return self._names[id(value)]
        number = f"c{len(self.space)}"  # a constant
        name = self._name(value, number)
        constant = np.asarray(value)
        self.space[name] = constant
        return name

    def _literal(self, value: Any) -> str:
        if isinstance(value, Abstract):
            return self._names[id(value)]
        if value is None or isinstance(value, bool | int | float | str):
            text = repr(value)
            if text not in ("inf", "-inf", "nan"):
                return text
        if isinstance(value, tuple) and all(v is None or isinstance(v, bool | int) for v in value):
            return repr(value)
        for name, held in self.space.items():
            if held is value:
                return name
        name = f"a{len(self.space)}"
        self.space[name] = value
        return name

    def _add(self, line: str, node: Node | None) -> None:
        self._lines.append("    " + line)
        self.sources.append(node)

    # -- lines ----------------------------------------------------------------------------------

    def _node(self, i: int, node: Node, in_place: set[int]) -> None:
        names = [self._see(v) for v in node.inputs]
        results = [self._name(o, f"v{self._count + k}") for k, o in enumerate(node.outputs, 1)]
        self._count += len(results)
        if node.prim.name == "NextKey":
            self._add(f"{results[0]} = next_key()", node)
            return
        if isinstance(node.prim, type) and issubclass(node.prim, fuse.Fused):
            self._fused(node, names, results)
            return
        kind = emit.form(node)
        if kind == "out":
            for line in emit.lines(node, names, results[0], self._memory(node)) or ():
                self._add(line, node)
            return
        plain = emit.view(node, names) if kind == "view" else None
        if plain is not None:
            self._add(f"{results[0]} = {plain}", node)
            return
        kernel = self._kernel(node)
        if node.prim.name in emit.WRITES and not node.inputs[0].shape:
            names[0] = f"np.asarray({names[0]})"  # a NumPy number takes no writing
        arguments = [*names, *(f"{k}={self._literal(v)}" for k, v in node.attrs.items())]
        if id(node) in in_place:
            state = [names[node.prim.inputs.index(s)] for s in node.prim.state]  # type: ignore[attr-defined]
            arguments.append(f"out=({', '.join(state)},) if own else None")
        targets = ", ".join(results) + ("," if node.several and len(results) == 1 else "")
        self._add(f"{targets} = {kernel}({', '.join(arguments)})", node)

    def _memory(self, node: Node) -> str | None:
        out = node.outputs[0]
        if id(out) in self.plan.over:
            return self._names[id(self.plan.over[id(out)])]
        buffer = self.plan.buffers.get(id(out))
        if buffer is None:
            return None
        shape = tuple(out.shape)[::-1] if emit.turned(node) else tuple(out.shape)
        entry = (shape, out.dtype, int(np.prod(shape, dtype=int)), buffer.offset)
        if entry not in self.layout:
            self.layout.append(entry)
        return f"b{self.layout.index(entry)}"

    def _fused(self, node: Node, names: list[str], results: list[str]) -> None:
        function = f"chain{len(self.space)}"
        self.space[function] = fuse.compiled(node)
        self._add(f"{', '.join(results)}, = {function}({', '.join(names)})", node)

    def _kernel(self, node: Node) -> str:
        name = node.prim.name if node.prim.name.isidentifier() else f"op{len(self.space)}"
        held = self.space.setdefault(name, node.prim.kernel)
        if held is not node.prim.kernel:
            name = f"{name}_{len(self.space)}"
            self.space[name] = node.prim.kernel
        return name

    def _leaving(self, value: Any, parameter: Any = None) -> str:
        """A value that leaves the graph: it must be an array, and nobody else's."""
        name = self._see(value)
        maker = next((n for n in self.graph.nodes if any(o is value for o in n.outputs)), None)
        if maker is None:
            return f"{name}.view()" if parameter is None else f"{name}.copy()"
        if emit.form(maker) == "view" or not value.shape:
            return (
                f"np.asarray({name}).view()"
                if emit.form(maker) == "view"
                else f"np.asarray({name})"
            )
        return name

    def _in_place_updates(self) -> set[int]:
        """Updates that may overwrite the Parameters' old arrays: nothing reads those later."""
        starts = {id(v): i for i, (_, v) in enumerate(self.graph.parameters)}
        read: dict[int, int] = {}
        for i, node in enumerate(self.graph.nodes):
            for value in node.values():
                read[self.plan.root.get(id(value), id(value))] = i
        leaving = {self.plan.root.get(id(v), id(v)) for v in self.graph.results()}
        found = set()
        for i, node in enumerate(self.graph.nodes):
            if not issubclass(node.prim, UpdateRule):
                continue
            state = [node.inputs[node.prim.inputs.index(s)] for s in node.prim.state]
            if all(
                id(v) in starts and read[id(v)] == i and id(v) not in leaving for v in state
            ) and len({id(v) for v in state}) == len(state):
                found.add(id(node))
                self.overwritten += [starts[id(v)] for v in state]
        return found


def _identifier(text: str) -> str:
    name = "".join(c if c.isalnum() and c.isascii() else "_" for c in text)
    return name if name and not name[0].isdigit() else f"_{name}"
