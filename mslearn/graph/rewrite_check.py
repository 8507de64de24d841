"""Statements that MindSpore's `ast` mode refuses are refused here too, with line and fix.

So what compiles here compiles there.
"""

from __future__ import annotations

import ast

from mslearn.graph.errors import GraphSyntaxError, Place

REFUSED: dict[str, int] = {
    "Try": 101, "TryStar": 101, "ClassDef": 102, "NamedExpr": 103, "Global": 105, "Nonlocal": 106,
    "Yield": 107, "YieldFrom": 107, "AsyncFunctionDef": 108, "AsyncFor": 108, "AsyncWith": 108,
    "Await": 108, "Match": 109, "Delete": 110, "Import": 111, "ImportFrom": 111, "Set": 112,
}  # fmt: skip
"""The number of the error, by the class of the syntax tree's node."""

JUMPS = (ast.Return, ast.Break, ast.Continue)
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def check(tree: ast.AST, file: str, function: str) -> None:
    """Refuse what a graph cannot hold.

    Raises:
        GraphSyntaxError: with its number, the line, the reason and the fix.
    """
    names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and _is_set(n)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Global) and names.isdisjoint(node.names):
            continue  # it is only read
        number = REFUSED.get(type(node).__name__) or _more(node)
        if number:
            line = getattr(node, "lineno", getattr(tree, "lineno", 1))
            raise GraphSyntaxError(number, Place(file, line, function))


def _is_set(name: ast.Name) -> bool:
    return not isinstance(name.ctx, ast.Load)


def _more(node: ast.AST) -> int | None:
    if isinstance(node, ast.While | ast.For) and node.orelse:
        return 113
    if isinstance(node, ast.With):
        opened = [i.context_expr for i in node.items if isinstance(i.context_expr, ast.Call)]
        if any(isinstance(c.func, ast.Name) and c.func.id == "open" for c in opened):
            return 104
        *inner, last = node.body
        early = inner if isinstance(last, ast.Return) else node.body
        if any(jumps(s) for s in early):
            return 114
    return None


def jumps(node: ast.AST, kinds: tuple[type[ast.AST], ...] = JUMPS) -> bool:
    """Whether a return, break or continue inside `node` leaves it."""
    if isinstance(node, SCOPES):
        return False
    if isinstance(node, kinds):
        return True
    if isinstance(node, ast.While | ast.For):
        kinds = tuple(k for k in kinds if k is ast.Return)
    return any(jumps(child, kinds) for child in ast.iter_child_nodes(node))
