"""From a function to its syntax tree, with the line numbers of the learner's file."""

from __future__ import annotations

import ast
import functools
import inspect
import linecache
from types import CodeType, FunctionType
from typing import Any

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
    if len(fitting) > 1:  # several on one line: by what they do
        fitting = [n for n in fitting if _compiled(n, code) == code.co_code][:1]
    return fitting[0] if len(fitting) == 1 else None


def _compiled(node: ast.Lambda, like: CodeType) -> bytes | None:
    tree = ast.parse(f"def factory({', '.join(like.co_freevars)}): pass")
    tree.body[0].body = [ast.copy_location(ast.Expr(node), node)]  # type: ignore[attr-defined]
    code: Any = compile(tree, like.co_filename, "exec", dont_inherit=True)
    for _ in range(2):
        code = next(c for c in code.co_consts if isinstance(c, CodeType))
    same = (code.co_names, code.co_consts) == (like.co_names, like.co_consts)
    return bytes(code.co_code) if same else None
