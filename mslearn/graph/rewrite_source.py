"""From a function to its syntax tree, with the line numbers of the learner's file."""

from __future__ import annotations

import ast
import functools
import inspect
import linecache
from types import CodeType, FunctionType

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def definition(function: FunctionType) -> Definition | None:
    """The tree of a function's definition, or None when its source is not at hand.

    Works for files and for notebook cells (IPython keeps their text in `linecache`). The tree's
    lines are those of the file, so tracebacks and graph nodes point at the learner's own text.
    """
    code = function.__code__
    lines = linecache.getlines(code.co_filename, function.__globals__)
    first = code.co_firstlineno
    if not 0 < first <= len(lines):
        return None
    if code.co_name == "<lambda>":
        return _lambda(code, tuple(lines))
    block = inspect.getblock(lines[first - 1 :])
    indented = block[0][:1].isspace()
    try:
        tree = ast.parse(("if 1:\n" if indented else "") + "".join(block))
    except SyntaxError:
        return None
    node = tree.body[0]
    if isinstance(node, ast.If):
        node = node.body[0]
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or node.name != code.co_name:
        return None
    ast.increment_lineno(node, first - 1 - indented)
    return node


@functools.lru_cache(maxsize=32)
def _lambdas(lines: tuple[str, ...]) -> list[ast.Lambda]:
    try:
        tree = ast.parse("".join(lines))
    except SyntaxError:
        return []
    return [node for node in ast.walk(tree) if isinstance(node, ast.Lambda)]


def _lambda(code: CodeType, lines: tuple[str, ...]) -> ast.Lambda | None:
    known = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    fitting = [
        node
        for node in _lambdas(lines)
        if node.lineno == code.co_firstlineno
        and tuple(a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs))
        == known
    ]
    if len(fitting) > 1 and hasattr(code, "co_positions"):  # several on one line: by their columns
        columns = {(p[0], p[2]) for p in code.co_positions() if p[2] is not None and p[3] != 0}
        fitting = [n for n in fitting if (n.body.lineno, n.body.col_offset) in columns]
    return fitting[0] if len(fitting) == 1 else None
