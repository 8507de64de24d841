"""`ms.jit`: a function that is captured once for each kind of arguments and then runs as a graph.

The graph of a call is found by the shapes and dtypes of its tensors, by its other arguments, and
by what the capture has looked at besides: the training flags of Cells and which Parameters want
gradients. Whatever differs makes a new graph, and `Jitted.compilations` says what that was.
"""

from __future__ import annotations

import copy
import dataclasses
import functools
import importlib
import time
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from mslearn.core.context import get_context, settings
from mslearn.core.dtype import dtype_of
from mslearn.core.errors import did_you_mean
from mslearn.core.parameter import Parameter
from mslearn.core.state import revision, state
from mslearn.core.tensor import NeedsNumbers, Tensor
from mslearn.graph import dump
from mslearn.graph.capture import Captured, capture
from mslearn.graph.errors import place_of
from mslearn.graph.ir import Graph
from mslearn.graph.numpy_backend import Executable
from mslearn.graph.passes import Snapshot, optimize
from mslearn.graph.tree import HOLE, Constant, Nest, fill, flatten_call, tensors_only

MANY = 8  # graphs of one function; more are a sign that something changes at every call
ON_NUMPY = {"CPU", "numpy", "ms_backend"}  # the last is MindSpore's name for its own runtime
OPTIONS = {
    "jit_syntax_level", "debug_level", "infer_boost", "exc_mode", "input_signature", "hash_args",
    "compile_once", "disable_format_transform", "exec_order", "auto_offload", "jit_config",
}  # fmt: skip
FOR_BACKENDS = {"fallback", "provider_options", "threads"}
around_run: list[Callable[[Any, Sequence[Tensor]], Any]] = []
"""Where eager code is on a device: what runs a Compilation's executable with these tensors."""


@dataclasses.dataclass
class Compilation:
    """One graph of a jitted function.

    Attributes:
        cause: why it was made, in words.
        seconds: how long capturing and compiling took.
        graph: after all passes.
        snapshots: the graph as captured and after each pass.
        executable: what runs; its ``.code`` is the program.
    """

    cause: str
    seconds: float
    graph: Graph
    snapshots: list[Snapshot]
    executable: Any
    pattern: Any
    guards: list[tuple[Any, str, Any]]
    key: Any

    def __post_init__(self) -> None:
        pattern, kinds, self._target = self.key
        self._count = len(kinds) if pattern is tensors_only(len(kinds)) else -1
        self._given = [shape for shape, _ in kinds]
        self._dtypes = [np.dtype(char) for _, char in kinds]
        self._updated = [p for p, _ in self.graph.updates]
        named = dict(self.graph.parameters + self.graph.updates)  # an update may read nothing
        self._parameters = list(named)
        self._forms = [(p._value.shape, p._value.dtype) for p in self._parameters]
        self._fits = getattr(self.executable, "fits", self._unchanged)
        self._mark: Any = None
        self._marked = [g for g in self.guards if _tells(g[0])]
        self._others = [g for g in self.guards if not _tells(g[0])]

    # What runs at every step is written for the cold cache that a step leaves behind: few
    # functions, plain loops (whose attributes Python finds faster than `map` does) over copies of
    # lists (copying fetches all of their objects at once, while a loop waits for one by one).

    def takes(self, args: tuple[Any, ...], target: str) -> bool:
        """Whether these positional arguments, all of them tensors, are those of this graph."""
        if len(args) != self._count or target != self._target:
            return False
        for tensor, shape, dtype in zip(args, self._given, self._dtypes):  # noqa: B905
            if type(tensor) is not Tensor:
                return False
            value = tensor._value
            if value.dtype is not dtype or value.shape != shape:
                return False
        return True

    def valid(self) -> bool:
        """Whether everything that the capture looked at is as it was."""
        mark = revision.mark
        if mark is not self._mark:
            if not _hold(self._marked):
                return False
            self._mark = mark
        return (not self._others or _hold(self._others)) and bool(self._fits())

    def _unchanged(self) -> bool:
        """Whether the Parameters have the shapes and dtypes of the graph."""
        return [(p._value.shape, p._value.dtype) for p in self._parameters] == self._forms

    def run(self, tensors: Sequence[Tensor]) -> Any:
        """The function's result for the tensors among its arguments."""
        if around_run:
            outputs, news = around_run[0](self, tensors)
        else:
            outputs, news = self.executable.run([t._value for t in tensors])
        if news:  # otherwise the executable keeps them
            for parameter, array in zip([*self._updated], [*news]):  # noqa: B905
                parameter._value = array
        if self.pattern is HOLE:
            return Tensor.wrap(outputs[0])
        return fill(self.pattern, map(Tensor.wrap, outputs))


class Jitted:
    """A function that runs as a graph; made by `jit`.

    Attributes:
        compilations: the graphs made so far, oldest first.
        code: the Python program of the newest one.
        graph: the newest graph.
    """

    __name__: str

    def __init__(
        self, function: Any, capture_mode: str, fullgraph: bool, backend: str,
        options: dict[str, Any] | None = None,
    ) -> None:  # fmt: skip
        functools.update_wrapper(self, getattr(function, "construct", function))
        self.function = self.eager = function
        self.fullgraph = fullgraph
        self.backend = backend
        self.options = options or {}
        self.compilations: list[Compilation] = []
        self._mode = capture_mode
        self._found: dict[Any, list[Compilation]] = {}
        self._eager: dict[Any, str] = {}  # calls that cannot be a graph, with the reason
        self._ready: Any = None
        self._recent: Compilation | None = None  # the last call's: mostly the next one's, too

    @property
    def _runnable(self) -> Any:
        if self._ready is None:
            ready = self.function
            if self._mode == "ast" and not hasattr(ready, "construct"):
                from mslearn.graph.rewrite import rewrite

                ready = rewrite(ready)
            self._ready = ready  # a function that is refused stays refused at its next call
        return self._ready

    def __deepcopy__(self, memo: dict[int, Any]) -> Jitted:
        """A copy of what it runs, with graphs of its own."""
        function = copy.deepcopy(self.function, memo)
        return Jitted(function, self._mode, self.fullgraph, self.backend, self.options)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else functools.partial(self, instance)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if state.active:  # inside another graph, or while a tape or a picture watches
            return self._watched(args, kwargs)
        recent = self._recent
        target = self.backend or settings["device_target"]
        if recent is not None and not kwargs and recent.takes(args, target) and recent.valid():
            return recent.run(args)
        tensors, pattern = flatten_call(args, kwargs)
        shapes = tuple([(t._value.shape, t._value.dtype.char) for t in tensors])
        key = (pattern, shapes, self._target())
        for compiled in self._found.get(key, ()):
            if compiled.valid():
                self._recent = compiled
                return compiled.run(tensors)
        if key in self._eager:
            return self.eager(*args, **kwargs)
        try:
            compiled = self.compile(args, kwargs, key)
        except NeedsNumbers as error:
            if self.fullgraph:
                raise
            return self._fall_back(key, error, args, kwargs)
        self._recent = compiled
        return compiled.run(tensors)

    def _watched(self, args: Any, kwargs: Any) -> Any:
        """Run operation by operation; an observer may want to run the captured graph itself."""
        tell_if_on_cpu(self.__name__, self._target())
        if state.capture is None and self._mode == "ast":
            for observer in state.observers:
                if hasattr(observer, "on_jitted"):
                    return observer.on_jitted(self._runnable, args, kwargs)
        return self._runnable(*args, **kwargs)

    def compile(self, args: Any, kwargs: Any, key: Any = None) -> Compilation:
        """Capture and compile for these arguments without running."""
        start = time.perf_counter()
        strict = key is not None  # it is going to run
        if key is None:
            tensors, pattern = flatten_call(tuple(args), dict(kwargs))
            shapes = tuple((t._value.shape, t._value.dtype.char) for t in tensors)
            key = (pattern, shapes, self._target())
        cause = self._cause(key)
        captured = capture(self._runnable, args, kwargs, self._mode == "ast", strict)
        snapshots: list[Snapshot] = []
        graph = optimize(captured.graph, snapshots)
        executable = _executable(graph, snapshots, self._target(), self.options)
        guards = _guards(captured, key[0]) + _settings_of(self._target())
        compiled = Compilation(
            cause, time.perf_counter() - start, graph, snapshots, executable, captured.pattern,
            guards, key,
        )  # fmt: skip
        if strict or not captured.dropped:
            self._found.setdefault(key, []).append(compiled)
        self.compilations.append(compiled)
        if get_context("save_graphs"):
            dump.save(compiled, get_context("save_graphs_path"))
        if len(self.compilations) == MANY:
            warnings.warn(
                f"'{self.__name__}' has been compiled {MANY} times; the last time because {cause}. "
                f"Each new shape or constant makes a new graph: pad to few shapes, or pass "
                f"numbers that change as Tensors.",
                stacklevel=3,
            )
        return compiled

    def _fall_back(self, key: Any, error: NeedsNumbers, args: Any, kwargs: Any) -> Any:
        self._eager[key] = str(error)
        place = place_of(error)
        where = f"numbers are needed {place}\n" if place and not hasattr(error, "number") else ""
        away = "" if key[2] in ON_NUMPY else f", on the CPU and not on '{key[2]}'"
        warnings.warn(
            f"'{self.__name__}' runs without a graph{away}: {where}{error}\nWith fullgraph=True "
            f"this is an error.",
            stacklevel=3,
        )
        return self.eager(*args, **kwargs)

    def _cause(self, key: Any) -> str:
        if not self._found:  # a look at the graph is no call
            return "it is the first call"
        if key in self._found:
            for compiled in reversed(self._found[key]):
                for thing, name, value in compiled.guards:
                    if getattr(thing, name) is not value:
                        return f"'{name}' of {type(thing).__name__} is now {getattr(thing, name)}"
            return "a Parameter has another shape or dtype"
        alike = [k for k in self._found if k[0] == key[0]]  # the same but for the tensors
        return _difference((alike or list(self._found))[-1], key)

    def _target(self) -> str:
        return self.backend or str(get_context("device_target"))

    @property
    def code(self) -> str:
        """The Python program of the newest graph."""
        return str(self._newest().executable.code)

    @property
    def graph(self) -> Graph:
        """The newest graph."""
        return self._newest().graph

    def _newest(self) -> Compilation:
        if not self.compilations:
            raise RuntimeError(
                f"'{self.__name__}' has no graph yet: call it once, or use .compile((x, …), {{}})."
            )
        return self.compilations[-1]

    def __repr__(self) -> str:
        return f"<jit {self.__name__}: {len(self.compilations)} graph(s)>"


def jit(
    function: Any = None,
    *,
    capture_mode: str = "ast",
    jit_level: str = "O0",
    dynamic: int = 0,
    fullgraph: bool = False,
    backend: str = "",
    **options: Any,
) -> Any:
    """Run a function or Cell as a graph: captured once, improved by passes, compiled.

    Args:
        function: the function or Cell; without it, `jit` returns a decorator.
        capture_mode: ``"ast"`` also turns ``if``, ``while`` and ``for`` over tensors into nodes
            of the graph; ``"trace"`` (and ``"bytecode"``) follow the one path that the example
            arguments take.
        jit_level: ``"O0"`` or ``"O1"``; all passes always run here.
        dynamic: 0 or 1; every new shape is a new graph here, which costs some milliseconds.
        fullgraph: whether code that a graph cannot hold is an error; otherwise the function
            then runs eagerly, with a warning.
        backend: what runs the graph: a target or backend of ``mslearn devices``; ``""`` takes
            the context's ``device_target``, which is NumPy on the CPU at first.
        **options: for a backend, ``fallback="cpu"`` lets the CPU run the operations that the
            device lacks (``"error"``, the default, names them), ``provider_options`` is a dict
            of its own settings, ``threads`` its number of threads. MindSpore's further options
            are accepted.

    Raises:
        ValueError: an option's value is not known.

    >>> import mslearn as ms
    >>> @ms.jit
    ... def f(x):
    ...     return x * x + 1
    >>> print(f(ms.Tensor(3.0)))
    10.0
    """
    _one_of("capture_mode", capture_mode, ("ast", "trace", "bytecode"))
    _one_of("jit_level", jit_level, ("", "O0", "O1", "O2"))
    _one_of("dynamic", dynamic, (0, 1))
    for name in options:
        if name not in OPTIONS | FOR_BACKENDS:
            raise ValueError(
                f"For 'jit', there is no option '{name}'."
                f"{did_you_mean(name, OPTIONS | FOR_BACKENDS)}"
            )
    own = {k: v for k, v in options.items() if k in FOR_BACKENDS}
    _one_of("fallback", own.get("fallback", "error"), ("error", "cpu"))
    if not isinstance(fullgraph, bool):
        raise TypeError(
            f"For 'jit', fullgraph must be a bool, but got '{type(fullgraph).__name__}'."
        )

    def decorate(f: Any) -> Any:
        if not callable(f):
            raise TypeError(
                f"For 'jit', the argument must be a function or Cell, but got "
                f"'{type(f).__name__}'. Write @jit above a def, or jit(net)."
            )
        return f if isinstance(f, Jitted) else Jitted(f, capture_mode, fullgraph, backend, own)

    return decorate if function is None else decorate(function)


def _executable(
    graph: Graph, snapshots: list[Snapshot], target: str, options: dict[str, Any]
) -> Any:
    if target in ON_NUMPY:
        return Executable(graph, snapshots)
    # By name: backends stand above this layer, and are loaded only when one is asked for.
    return importlib.import_module("mslearn.backends").compile(graph, target, **options)


def _settings_of(target: str) -> list[tuple[Any, str, Any]]:
    """What was set for the target, which the executable has been made with."""
    if target in ON_NUMPY:
        return []
    found: list[Any] = importlib.import_module("mslearn.backends").watched(target)
    return found


def tell_if_on_cpu(name: str, target: str) -> None:
    """A word on what was meant for a target, but runs eagerly since a tape looks on."""
    taped = state.capture is None and any(hasattr(o, "gradients") for o in state.observers)
    if taped and target not in ON_NUMPY:
        importlib.import_module("mslearn.backends").stays(name, target)


def _one_of(name: str, value: Any, allowed: tuple[Any, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"For 'jit', {name} must be one of {list(allowed)}, but got {value!r}.")


def _guards(captured: Captured, pattern: Any) -> list[tuple[Any, str, Any]]:
    """What the capture looked at besides the arguments, with the values that it saw."""
    cells = {id(c): c for c in captured.cells}
    for value in _constants(pattern):
        if hasattr(value, "cells_and_names"):
            cells.update((id(c), c) for _, c in value.cells_and_names())
    looked_at = [(c, name) for c in cells.values() for name in ("training", "_watcher")]
    looked_at += [(p, "requires_grad") for p, _ in captured.graph.parameters]
    return captured.guards + [(thing, name, getattr(thing, name)) for thing, name in looked_at]


def _tells(thing: Any) -> bool:
    """Whether `revision` advances when its attributes are set."""
    known = isinstance(thing, Parameter) or hasattr(thing, "cells_and_names")
    return known or hasattr(thing, "tells_revision")


def _hold(guards: list[tuple[Any, str, Any]]) -> bool:
    for thing, name, value in guards:  # noqa: SIM110 (`all` would make a generator at every step)
        if getattr(thing, name) is not value:
            return False
    return True


def _constants(pattern: Any) -> list[Any]:
    if isinstance(pattern, Constant):
        return [pattern.value]
    if isinstance(pattern, Nest):
        return [value for item in pattern.items for value in _constants(item)]
    return []


def _difference(old: Any, new: Any) -> str:
    """What distinguishes the arguments of two calls, in words."""
    if old[2] != new[2]:
        return f"the target is now {new[2]}, before it was {old[2]}"
    if old[0] != new[0]:
        return f"the arguments are now {_call(new[0])}, before they were {_call(old[0])}"
    for i, (a, b) in enumerate(zip(old[1], new[1], strict=True)):
        if a[0] != b[0]:
            return f"tensor {i} has shape {list(b[0])}, before it had {list(a[0])}"
        if a != b:
            now, before = (dtype_of(np.dtype(char)) for char in (b[1], a[1]))
            return f"tensor {i} has dtype {now}, before it had {before}"
    return "the arguments changed"


def _call(pattern: Any) -> str:
    positional, named = pattern.items
    parts = [repr(item) for item in positional.items]
    parts += [f"{n}={i!r}" for n, i in zip(named.names, named.items, strict=True)]
    return f"({', '.join(parts)})"


def jitted_cell(cell: Any) -> Jitted:
    """A Cell as a graph; made once, and kept by the Cell."""
    jitted: Jitted | None = cell.__dict__.get("_jitted")
    if jitted is None:
        jitted = Jitted(cell, "ast", False, "")
        jitted.eager = cell._run_construct
        object.__setattr__(cell, "_jitted", jitted)
    return jitted


def call_cell(cell: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Run a Cell as a graph; used for whole networks under ``set_context(mode=GRAPH_MODE)``."""
    return jitted_cell(cell)(*args, **kwargs)
