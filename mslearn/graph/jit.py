"""`ms.jit`: a function that is captured once for each kind of arguments and then runs as a graph.

The graph of a call is found by the shapes and dtypes of its tensors, by its other arguments, and
by what the capture has looked at besides: the training flags of Cells and which Parameters want
gradients. Whatever differs makes a new graph, and `Jitted.compilations` says what that was.
"""

from __future__ import annotations

import copy
import functools
import importlib
import time
import warnings
from typing import Any

from mslearn.core.context import get_context, settings
from mslearn.core.errors import did_you_mean
from mslearn.core.state import state
from mslearn.core.tensor import NeedsNumbers, Tensor
from mslearn.graph import dump
from mslearn.graph.capture import capture
from mslearn.graph.compilation import (
    ON_NUMPY,
    Compilation,
    difference,
    executable_for,
    guards_of,
    other,
    settings_of,
)
from mslearn.graph.errors import place_of
from mslearn.graph.ir import Graph
from mslearn.graph.passes import Snapshot, optimize
from mslearn.graph.tree import flatten_call

MANY = 8  # graphs of one function; more are a sign that something changes at every call
OPTIONS = {
    "jit_syntax_level", "debug_level", "infer_boost", "exc_mode", "input_signature", "hash_args",
    "compile_once", "disable_format_transform", "exec_order", "auto_offload", "jit_config",
}  # fmt: skip
FOR_BACKENDS = {"fallback", "provider_options", "threads"}


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
        tensors, key = self._key(args, kwargs)
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

    def _key(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[list[Tensor], Any]:
        """A call's tensors, and what its graphs are kept under."""
        tensors, pattern = flatten_call(args, kwargs)
        shapes = tuple([(t._value.shape, t._value.dtype) for t in tensors])
        return tensors, (pattern, shapes, self._target())

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
        key = key or self._key(tuple(args), dict(kwargs))[1]
        cause = self._cause(key)
        captured = capture(self._runnable, args, kwargs, self._mode == "ast", strict)
        snapshots: list[Snapshot] = []
        graph = optimize(captured.graph, snapshots)
        executable = executable_for(graph, snapshots, self._target(), self.options)
        guards = guards_of(captured, key[0]) + settings_of(self._target())
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
                if found := other(compiled.guards):
                    if found[1] == "mark":
                        return "a Cell, Parameter or hook was added, removed or replaced"
                    return f"'{found[1]}' of {type(found[0]).__name__} is now {found[2]}"
            return "a Parameter has another shape or dtype"
        alike = [k for k in self._found if k[0] == key[0]]  # the same but for the tensors
        return difference((alike or list(self._found))[-1], key)

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
    if own:  # by name: backends stand above this layer
        importlib.import_module("mslearn.backends.settings").check("jit", **own)
    for name, value, kind in (("backend", backend or "", str), ("fullgraph", fullgraph, bool)):
        if not isinstance(value, kind):
            raise TypeError(
                f"For 'jit', {name} must be a {kind.__name__}, but got '{type(value).__name__}'."
            )

    def decorate(f: Any) -> Any:
        if not callable(f):
            raise TypeError(
                f"For 'jit', the argument must be a function or Cell, but got "
                f"'{type(f).__name__}'. Write @jit above a def, or jit(net)."
            )
        return f if isinstance(f, Jitted) else Jitted(f, capture_mode, fullgraph, backend, own)

    return decorate if function is None else decorate(function)


def tell_if_on_cpu(name: str, target: str) -> None:
    """A word on what was meant for a target, but runs eagerly since a tape looks on."""
    taped = state.capture is None and any(hasattr(o, "gradients") for o in state.observers)
    if taped and target not in ON_NUMPY:
        importlib.import_module("mslearn.backends").stays(name, target)


def _one_of(name: str, value: Any, allowed: tuple[Any, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"For 'jit', {name} must be one of {list(allowed)}, but got {value!r}.")


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
