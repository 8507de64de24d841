"""Capture: run a function over values without numbers and keep every operation as a node.

While `state.capture` is set, `apply` asks it for the values of tensors (`read`) and hands it each
operation (`add`), which infers shape and dtype instead of computing. Observers, the tape among
them, are told as ever: the gradient of a captured function is the ordinary backward pass, whose
operations become nodes as well.

A Parameter that is read gets an abstract value for the time of the capture; one that is assigned
leaves its last value as an update. Afterwards every handle has its numbers back.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

from mslearn.core.parameter import Parameter
from mslearn.core.primitive import Primitive, _explain, apply
from mslearn.core.state import LOCK, state
from mslearn.core.tensor import Abstract, Tensor
from mslearn.gradtools.segment import SegmentPrimitive
from mslearn.gradtools.world import world
from mslearn.graph.errors import CannotStage, Place
from mslearn.graph.ir import Graph, Node, Source
from mslearn.graph.number import Kin
from mslearn.graph.tree import fill, flatten
from mslearn.ops.control import StopGradient
from mslearn.ops.creation import NextKey
from mslearn.ops.shape import Identity

ENGINE = str(Path(__file__).parent.parent)
MODELS = str(Path(ENGINE) / "models")  # written as learners write, and worth reading


class Known(Abstract):
    """A value made from constants alone: its numbers are worked out when somebody asks."""

    __slots__ = ("_numbers", "node")

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        super().__init__(shape, dtype)
        self._numbers: np.ndarray | None = None
        self.node: Any = None

    def numbers(self) -> np.ndarray:
        if self._numbers is None:
            inputs = [v.numbers() if isinstance(v, Abstract) else v for v in self.node.inputs]
            out = self.node.prim.kernel(*inputs, **self.node.attrs)
            each = out if isinstance(out, tuple) else (out,)
            for value, array in zip(self.node.outputs, each, strict=True):
                value._numbers = np.asarray(array)
        return self._numbers  # type: ignore[return-value]


class Capture:
    """The graph that is being captured; see the module's text."""

    def __init__(self, name: str, outer: Capture | None = None, rewriting: bool = False) -> None:
        self.graph = Graph(name)
        self.outer = outer
        self.rewriting = rewriting  # of the control flow in the constructs of Cells
        self.cells: dict[int, Any] = {}  # every Cell that has run: its flags are part of the key
        self.made: dict[int, Node] = {}  # by id of what a node has made
        self._free: dict[int, Abstract] = {}  # outer value -> input of this graph
        self.free: list[Any] = []  # the outer values, in the order of their inputs
        self.guards: list[tuple[Any, str, Any]] = []  # as for cells, of other objects
        self.undo: dict[Any, Callable[[], None]] = {}  # changes of objects outside the graph
        self.strict = False  # whether setting an attribute is an error
        self.kin: Kin = outer.kin if outer is not None else Kin()
        self._bound: dict[int, tuple[Tensor, Any]] = {}
        self._keys: list[Abstract] = []
        self._next = 0
        self._mine: set[int] = set()  # ids of all values of this graph
        self._numbers: dict[int, tuple[Any, np.ndarray]] = {}  # of values that lie on a device

    # -- what the engine calls ------------------------------------------------------------------

    def read(self, tensor: Tensor) -> Any:
        """The value of a tensor; a Parameter becomes an input of the graph."""
        if isinstance(tensor, Parameter) and id(tensor) not in self._bound:
            if self.outer is not None:
                self.outer.read(tensor)
            start = tensor._value
            value = Abstract(start.shape, start.dtype)
            self._bound[id(tensor)] = (tensor, start)
            self.graph.parameters.append((tensor, value))
            self._mine.add(id(value))
            tensor._value = value
        if self.parted(tensor):
            raise CannotStage(208, place())
        return self._own(tensor._value)

    def parted(self, tensor: Tensor) -> bool:
        """Whether a tensor's value is not known: another name of it may have changed it."""
        return self.kin.parted(tensor, self, self._free)

    def look(self, tensor: Tensor) -> Any:
        """`read`, for a value that perhaps nobody needs."""
        return self.read(tensor) if not self.parted(tensor) else self._own(tensor._value)

    def rebind(self, tensor: Tensor, value: Any) -> Any:
        """A handle is about to get `value`: remember the present one. No gradient goes through a
        Parameter's new value to what it was made of; eager code makes a new array for that."""
        if self.kin.owned(tensor):
            raise CannotStage(208, place())
        if isinstance(tensor, Parameter):
            self.read(tensor)
            watched = state.observers or self.outer is not None
            if watched and isinstance(getattr(value, "_value", value), Abstract):
                return apply(StopGradient, (Tensor.wrap(getattr(value, "_value", value)),))
        elif id(tensor._value) not in self._mine:
            self._bound.setdefault(id(tensor), (tensor, tensor._value))
        return value

    def add(self, prim: type[Primitive], values: tuple[Any, ...], attrs: dict[str, Any]) -> Any:
        """Append an operation; returns its abstract output (or a tuple of them)."""
        if issubclass(prim, SegmentPrimitive):
            return self._inline(values, attrs["segment"])
        values = tuple(self._own(v) for v in values)
        try:
            shape, dtype = prim.infer(*values, **attrs)
        except (ValueError, TypeError, IndexError) as error:
            _explain(prim, values, attrs, error)
        several = isinstance(dtype, tuple)
        key = attrs.get("key")
        known = prim is not NextKey and not isinstance(key, Abstract) and all(
            isinstance(v, np.ndarray | Known) for v in values
        ) and not any(isinstance(a, Graph) for a in attrs.values())  # fmt: skip
        kind: type[Abstract] = Known if known else Abstract
        pairs = list(zip(shape, dtype, strict=True)) if several else [(shape, dtype)]
        outputs = tuple(kind(tuple(s), np.dtype(d)) for s, d in pairs)
        origin = self.made.get(id(_first(state.origin)))
        source = origin.source if origin is not None else _learner_line()
        node = Node(prim, values, attrs, outputs, several, state.scope, source)
        for out in outputs:
            self.made[id(out)] = node
            self._mine.add(id(out))
            if known:
                out.node = node  # type: ignore[attr-defined]
        self.graph.nodes.append(node)
        return outputs if several else outputs[0]

    def enter(self, cell: Any, run: Callable[..., Any]) -> Callable[..., Any]:
        """A Cell is about to run: what to call for its `run`."""
        self.cells[id(cell)] = cell
        if self.outer is not None:
            self.outer.enter(cell, run)
        if self.rewriting:
            from mslearn.graph.rewrite import rewrite

            return rewrite(run)
        return run

    def depend(self, thing: Any, name: str) -> Any:
        """An object's attribute on which this graph depends: with another value it is made anew."""
        if self.outer is not None:
            return self.outer.depend(thing, name)
        self.guards.append((thing, name, getattr(thing, name)))
        return self.guards[-1][2]

    def function(self, fn: Callable[..., Any]) -> Callable[..., Any]:
        """What to call for a learner's function that an operation such as `grad` takes."""
        if not self.rewriting:
            return fn
        from mslearn.graph.rewrite import rewrite

        return rewrite(fn)

    def control(self) -> Any:
        """The operators that stand for loops (`ops.while_loop` …) in a graph."""
        from mslearn.graph import control_loops

        return control_loops

    def draw(self) -> Abstract:
        """The key of a random operation."""
        if self._next == len(self._keys):
            self._keys.append(self.add(NextKey, (), {}))
        self._next += 1
        return self._keys[self._next - 1]

    def position(self) -> int:
        """How many keys have been drawn, for `go_back`."""
        return self._next

    def go_back(self, position: int) -> None:
        """Give the keys from `position` on once more, as a recomputation needs them."""
        self._next = position

    # -- inside ---------------------------------------------------------------------------------

    def input(self, like: Any, name: str) -> Abstract:
        """A new input of the graph, shaped as `like`."""
        value = Abstract(like.shape, like.dtype)
        self._mine.add(id(value))
        self.graph.inputs.append(value)
        self.graph.input_names.append(name)
        return value

    def _foreign(self, value: Any) -> bool:
        return isinstance(value, Abstract) and id(value) not in self._mine

    def _own(self, value: Any) -> Any:
        """`value`, or this graph's input for it when it belongs to the graph around."""
        if not self._foreign(value):
            return self._at_home(value)
        if id(value) not in self._free:
            self.free.append(value)
            self._free[id(value)] = self.input(value, f"free{len(self.free)}")
        return self._free[id(value)]

    def _at_home(self, value: Any) -> Any:
        """A constant of the graph, for which a value on a device is brought home."""
        if isinstance(value, Abstract) or not hasattr(value, "numbers"):
            return value
        return self._numbers.setdefault(id(value), (value, value.numbers()))[1]

    def _inline(self, values: tuple[Any, ...], segment: Any) -> Any:
        # A custom gradient or a recomputed Cell: its operations become nodes, unseen by the
        # tapes, which get one record and later call the segment's own backward.
        with world((), self):
            result = segment.run([Tensor.wrap(v) for v in values])
        tensors, pattern = flatten(result)
        segment.result = fill(pattern, iter(tensors))
        outs = tuple(v if id(v) in self.made else self.add(Identity, (v,), {})
                     for v in (self.read(t) for t in tensors))  # fmt: skip
        return outs[0] if len(outs) == 1 else outs

    @contextmanager
    def running(self) -> Iterator[None]:
        """Capture what runs inside; afterwards all handles have their numbers back."""
        with LOCK:
            try:
                with world((), self):
                    yield
                for tensor, value in list(self.graph.parameters):
                    if tensor._value is not value:
                        self.graph.updates.append((tensor, tensor._value))
            finally:
                for undo in self.undo.values():
                    undo()
                for handle, before in self._bound.values():
                    handle._value = before


class Captured:
    """A captured function: the graph, and the pattern of what it returns."""

    def __init__(self, taking: Capture, pattern: Any) -> None:
        self.graph, self.pattern, self.free = taking.graph, pattern, taking.free
        self.cells, self.guards = list(taking.cells.values()), taking.guards
        self.dropped = bool(taking.undo)  # changes of objects outside


def capture(
    fn: Callable[..., Any], args: Sequence[Any] = (), kwargs: Any = None,
    rewriting: bool = False, strict: bool = False,
) -> Captured:  # fmt: skip
    """Capture ``fn(*args, **kwargs)`` as a graph.

    Args:
        fn: a function or Cell of tensors.
        args, kwargs: what it is called with; their tensors (in nested tuples, lists and dicts
            too) become inputs of the graph, everything else is a constant.
        rewriting: turn the control flow in the constructs of Cells into operations; for `fn`
            itself, pass ``rewrite(fn)``.
        strict: refuse to set an attribute that is no Parameter, instead of dropping the change.

    Returns:
        A `Captured` with ``.graph``, and ``.pattern`` for the nesting of the result.

    Raises:
        NeedsNumbers: the function asks for the numbers of a tensor.
    """
    tensors, pattern = flatten((tuple(args), dict(kwargs or {})))
    taking = Capture(_name(fn), rewriting=rewriting)
    taking.strict = strict
    handles = _inputs(taking, tensors, _input_names(fn, args, kwargs))
    filled, named = fill(pattern, iter(handles))
    return _finish(taking, lambda: fn(*filled, **named))


def subgraph(fn: Callable[..., Any], operands: Sequence[Tensor], name: str = "body") -> Captured:
    """Capture ``fn(*operands)`` as a graph of its own inside the present capture.

    Its first inputs are the operands. Values of the graph around that `fn` reads as well are
    appended to the inputs; ``.free`` holds them as they are outside, in that order. Parameters
    that it reads or assigns are in ``.graph.parameters`` and ``.graph.updates``.
    """
    outer = state.capture
    around = outer if isinstance(outer, Capture) else None
    taking = Capture(name, around, around is not None and around.rewriting)
    handles = _inputs(taking, operands, [f"x{i}" for i in range(len(operands))])
    return _finish(taking, lambda: fn(*handles))


def _inputs(taking: Capture, tensors: Sequence[Tensor], names: Sequence[str]) -> list[Tensor]:
    pairs = zip(tensors, names, strict=True)
    return [Tensor.wrap(taking.input(t._value, name)) for t, name in pairs]


def _finish(taking: Capture, run: Callable[[], Any]) -> Captured:
    with taking.running():
        result = _plain_parameters(run())
        tensors, pattern = flatten(result)
        taking.graph.outputs += [taking.read(t) for t in tensors]
    return Captured(taking, pattern)


def _plain_parameters(result: Any) -> Any:
    """Parameters that a function returns become tensors with their present values."""
    if isinstance(result, Parameter):
        return Tensor.wrap(state.capture.read(result))
    if isinstance(result, dict):
        return {k: _plain_parameters(v) for k, v in result.items()}
    if isinstance(result, tuple | list) and not hasattr(result, "_fields"):
        return type(result)([_plain_parameters(v) for v in result])
    return result


def _first(output: Any) -> Any:
    return output[0] if isinstance(output, tuple) else output


def _name(fn: Any) -> str:
    return str(getattr(fn, "__name__", type(fn).__name__))


def _input_names(fn: Any, args: Sequence[Any], kwargs: Any) -> list[str]:
    code = getattr(inspect.unwrap(getattr(fn, "construct", fn)), "__code__", None)
    known = list(code.co_varnames[: code.co_argcount]) if code is not None else []
    known = known[1:] if known[:1] == ["self"] else known
    names: list[str] = []
    for i, arg in enumerate(args):
        base = known[i] if i < len(known) else f"x{i}"
        count = len(flatten(arg)[0])
        nested = isinstance(arg, tuple | list | dict)
        names += [f"{base}_{k}" for k in range(count)] if nested else [base] * count
    for key, arg in (kwargs or {}).items():
        count = len(flatten(arg)[0])
        names += [key] if count == 1 else [f"{key}_{k}" for k in range(count)]
    return names


def place() -> Place | None:
    """The learner's line that runs now."""
    source = _learner_line()
    return None if source is None else Place(source.file, source.line, source.function)


def _learner_line() -> Source | None:
    """The innermost line outside the engine, or of a network of `mslearn.models`."""
    frame: FrameType | None = sys._getframe(2)
    while frame:
        file, name = frame.f_code.co_filename, frame.f_code.co_name
        if not file.startswith((ENGINE, "<frozen")) or file.startswith(MODELS):
            return Source(file, frame.f_lineno, name)
        frame = frame.f_back
    return None
