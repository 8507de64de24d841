"""`rewrite`: a learner's function with its control flow as operators (MindSpore's `ast` mode).

A function is rewritten once for each code object, when it is first called while a graph is
captured, and so are the functions that it calls. Functions of mslearn, of the standard library
and of installed packages stay as they are. Closures, globals and defaults stay live, line numbers
stay the learner's.
"""

from __future__ import annotations

import ast
import functools
import inspect
import os
import sysconfig
import threading
from collections.abc import Callable
from pathlib import Path
from types import CellType, CodeType, FunctionType, MethodType
from typing import Any

from mslearn.graph.errors import Place, warn
from mslearn.graph.rewrite_check import check
from mslearn.graph.rewrite_emit import THUNK, Emitter
from mslearn.graph.rewrite_jumps import PREFIX
from mslearn.graph.rewrite_source import definition

_paths = sysconfig.get_paths()
EXERCISES = str(Path(__file__).parent.parent / "camp" / "days")  # written as learners write
LIBRARIES = (
    str(Path(__file__).parent.parent) + "/",
    *(_paths[k].rstrip("/") + "/" for k in ("purelib", "platlib", "stdlib")),
    "<frozen",
)
# With the file's name: codes are equal when their texts are, in whatever cell they stand.
_codes: dict[tuple[str, CodeType], CodeType | None] = {}
_rewritten: set[tuple[str, CodeType]] = set()
_compiling = threading.RLock()  # Python's ast counts its depth for all threads together


def rewrite(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function with its `if`, `while`, `for`, `and`, … as calls of `control`'s operators.

    Args:
        function: a function, a method, or anything else that can be called.

    Returns:
        A function that does the same on Python values, and builds `Cond` and `WhileLoop` nodes
        where a tensor without numbers decides. Library functions, and (with a warning) functions
        without source, are returned as they are.

    Raises:
        GraphSyntaxError: it holds a statement that graph mode does not have.
    """
    if not isinstance(function, FunctionType):
        return _callable(function)  # type: ignore[no-any-return]
    if is_library(function.__code__):
        return function
    key = (function.__code__.co_filename, function.__code__)
    if key in _rewritten:
        return function
    if key not in _codes:
        with _compiling:
            _codes[key] = _compile(function)
    new = _codes[key]
    return function if new is None else _bind(new, function)


def _callable(function: Any) -> Any:
    """A method, a partial or an object with a `__call__`, around its rewritten function."""
    if isinstance(function, MethodType):
        new = rewrite(function.__func__)
        return function if new is function.__func__ else MethodType(new, function.__self__)
    if isinstance(function, functools.partial):
        return functools.partial(rewrite(function.func), *function.args, **function.keywords)
    own = inspect.getattr_static(type(function), "__call__", None)
    if isinstance(own, FunctionType) and not is_library(own.__code__):
        return MethodType(rewrite(own), function)
    return function


def is_library(code: CodeType) -> bool:
    """Whether the code belongs to mslearn, the standard library or an installed package."""
    if code.co_filename.startswith(EXERCISES):
        return False
    return os.path.normcase(code.co_filename).startswith(LIBRARIES)


def _compile(function: FunctionType) -> CodeType | None:
    code = function.__code__
    tree = definition(function)
    if tree is None:
        place = Place(code.co_filename, code.co_firstlineno, function.__name__)
        warn(302, place)
        return None
    _without_extras(tree)
    check(tree, code.co_filename, function.__name__)
    made: ast.stmt
    if isinstance(tree, ast.Lambda):
        made = ast.copy_location(ast.Expr(Emitter().lambda_(tree)), tree)
    else:
        assert isinstance(tree, ast.FunctionDef)
        made = Emitter().function(tree)
        made.name = PREFIX + "function"  # its own name may be a global that it calls
    outside = ast.parse(f"def factory({', '.join((*code.co_freevars, PREFIX))}): pass")
    inner = outside.body[0]
    depth = 2
    parts = function.__qualname__.split(".")
    if len(parts) > 1 and parts[-2].isidentifier():
        # Names with two underscores are mangled with the name of the class.
        shell = ast.parse(f"class {parts[-2]}: pass").body[0]
        inner.body, inner, depth = [shell], shell, 3  # type: ignore[attr-defined]
    inner.body = [made]  # type: ignore[attr-defined]
    ast.fix_missing_locations(outside)
    new = compile(outside, code.co_filename, "exec", dont_inherit=True)
    for _ in range(depth):
        new = _only_code(new)
    return _renamed(new, code)


def _without_extras(tree: ast.AST) -> None:
    args = tree.args  # type: ignore[attr-defined]
    args.defaults, args.kw_defaults = [], [None] * len(args.kwonlyargs)
    for arg in (*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg):
        if arg is not None:
            arg.annotation = None
    if isinstance(tree, ast.FunctionDef):
        tree.decorator_list, tree.returns = [], None


def _class_of(function: FunctionType) -> str:
    parts = function.__qualname__.split(".")
    return parts[-2] if len(parts) > 1 and parts[-2].isidentifier() else ""


def _only_code(code: CodeType) -> CodeType:
    return next(c for c in code.co_consts if isinstance(c, CodeType))


def _renamed(code: CodeType, like: CodeType) -> CodeType:
    """The pieces carry the function's name, as tracebacks and nodes show it."""
    keys = ("co_name", "co_qualname")[: 2 if hasattr(like, "co_qualname") else 1]  # Python 3.11
    names = {key: getattr(like, key) for key in keys}

    def walk(inner: CodeType) -> CodeType:
        consts = tuple(walk(c) if isinstance(c, CodeType) else c for c in inner.co_consts)
        mine = inner.co_name.startswith(PREFIX) or THUNK in inner.co_varnames
        new = inner.replace(co_consts=consts, **(names if mine else {}))
        _rewritten.add((new.co_filename, new))
        return new

    return walk(code)


def _bind(code: CodeType, function: FunctionType) -> FunctionType:
    from mslearn.graph import control

    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
    cells[PREFIX] = CellType(control)
    closure = tuple(cells[name] for name in code.co_freevars)
    name, defaults = function.__name__, function.__defaults__
    new = FunctionType(code, function.__globals__, name, defaults, closure)
    new.__kwdefaults__ = function.__kwdefaults__
    new.__qualname__, new.__module__ = function.__qualname__, function.__module__
    new.__dict__.update(function.__dict__)
    return new
