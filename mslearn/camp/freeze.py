"""An answer as source that stands alone: with the helpers, constants and imports that it uses.

Kept with a passed exercise, so that the check can be run again in another process (`certificate`).
"""

from __future__ import annotations

import ast
import inspect
import linecache
import textwrap
from hashlib import sha256
from types import CodeType, FunctionType, ModuleType
from typing import Any

LIMIT = 20_000  # characters; a longer answer is not kept


def freeze(answer: Any) -> str | None:
    """The source of a function and of what it needs; None when that cannot be written down.

    Example:
        >>> freeze(lambda x: x) is None
        True
    """
    if not isinstance(answer, FunctionType) or answer.__name__ == "<lambda>" or answer.__closure__:
        return None
    parts: dict[str, str] = {}
    if not _define(answer.__name__, answer, parts):
        return None
    text = "\n".join(parts.values())
    return text if len(text) <= LIMIT else None


def thaw(source: str, name: str) -> Any:
    """The function again, in a namespace of its own."""
    names: dict[str, Any] = {"__name__": "answer"}
    file = f"<answer {name} {sha256(source.encode()).hexdigest()[:8]}>"
    # Where `inspect` looks for source, which `ms.jit` needs.
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    exec(compile(source, file, "exec"), names)
    return names.get(name)


def _collect(name: str, value: Any, parts: dict[str, str]) -> bool:
    """Add what `name` stands for to `parts`, after what it needs itself."""
    if name in parts:
        return True
    line = _line(name, value)
    if line is not None:
        parts[name] = line
        return True
    return isinstance(value, (FunctionType, type)) and _define(name, value, parts)


def _define(name: str, value: Any, parts: dict[str, str]) -> bool:
    """Add the source of a function or class, after what it uses."""
    try:
        source = textwrap.dedent(inspect.getsource(value))
    except (OSError, TypeError):
        return False
    parts[name] = ""  # a function may call itself
    for used, inside in _globals(value).items():
        if not _collect(used, inside, parts):
            return False
    parts.pop(name)
    parts[name] = source
    return True


def _line(name: str, value: Any) -> str | None:
    """One line that makes the value anew, for imports and constants."""
    if isinstance(value, ModuleType):
        return f"import {value.__name__} as {name}\n"
    home = getattr(value, "__module__", None)
    if isinstance(home, str) and home != "__main__" and not home.startswith("_"):
        own = getattr(value, "__name__", None)
        if isinstance(value, (FunctionType, type)) and own and "." not in value.__qualname__:
            top = home.split(".")[0]
            if top in ("mslearn", "numpy", "math", "functools", "itertools", "collections"):
                return f"from {home} import {own} as {name}\n"
    if isinstance(value, (int, float, str, bool, type(None), tuple)):
        try:
            literal = repr(value)
            if eval(literal, {"__builtins__": {}}) == value:
                return f"{name} = {literal}\n"
        except Exception:  # a tuple of objects, nan
            return None
    return None


def _globals(value: Any) -> dict[str, Any]:
    """The global names that a function or a class of the learner's uses, with their values."""
    functions = [value] if isinstance(value, FunctionType) else []
    if isinstance(value, type):
        functions = [f for f in vars(value).values() if isinstance(f, FunctionType)]
    found: dict[str, Any] = {}
    for function in functions:
        for name in sorted(_names(function.__code__)):
            if name in function.__globals__:
                found[name] = function.__globals__[name]
    if isinstance(value, type) and functions:
        scope = functions[0].__globals__
        found |= {b.__name__: b for b in value.__bases__ if scope.get(b.__name__) is b}
        for name in _class_names(value):
            if name in scope:
                found[name] = scope[name]
    return found


def _class_names(value: type) -> set[str]:
    """Names in the head of a class, such as `nn` in `class Net(nn.Cell)`."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(value))).body[0]
    return {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}


def _names(code: CodeType) -> set[str]:
    inner = (_names(part) for part in code.co_consts if isinstance(part, CodeType))
    return set(code.co_names).union(*inner)
