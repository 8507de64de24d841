"""Which variables a statement sets, and which of them are needed afterwards.

Only what is needed afterwards becomes an output of a branch or is carried round a loop; so a
helper variable of a branch may have any type, or exist on one side only.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence

from mslearn.graph.rewrite_check import SCOPES

MUTATING = frozenset(
    {
        "append", "extend", "insert", "pop", "remove", "clear", "update", "add", "discard",
        "setdefault", "popitem", "sort", "reverse",
    }
)  # fmt: skip
"""Methods of lists, dicts and sets that change them."""
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def stored(nodes: Iterable[ast.AST]) -> dict[str, int]:
    """The variables that are set in these nodes, each with the line of its last assignment."""
    found: dict[str, int] = {}
    for node in nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found[node.id] = getattr(node, "lineno", 0)
        elif isinstance(node, ast.FunctionDef):
            found[node.name] = node.lineno
        if not isinstance(node, SCOPES + COMPREHENSIONS):
            found.update(stored(ast.iter_child_nodes(node)))
    return found


def read(node: ast.AST | None) -> set[str]:
    """The variables that are read anywhere in `node`, inside nested functions too."""
    if node is None:
        return set()
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def attributes(nodes: Sequence[ast.AST]) -> list[tuple[str, str]]:
    """(variable, path) of each attribute that these statements set or change in place.

    ``self.a.b = x`` gives ``("self", "a.b")``, ``self.log.append(x)`` and ``self.log[0] = x``
    give ``("self", "log")``.
    """
    found: set[tuple[str, str]] = set()
    for node in (n for whole in nodes for n in ast.walk(whole)):
        target: ast.AST | None = None
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            target = node
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
            target = node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            target = node.func.value if node.func.attr in MUTATING else None
        path: list[str] = []
        while isinstance(target, ast.Attribute):
            path.append(target.attr)
            target = target.value
        if path and isinstance(target, ast.Name):
            found.add((target.id, ".".join(reversed(path))))
    return sorted(found)


def closed_over(tree: ast.AST) -> set[str]:
    """Variables that nested functions read: they may be needed at any time."""
    inner = [n for n in ast.walk(tree) if isinstance(n, SCOPES) and n is not tree]
    return set().union(*map(read, inner)) if inner else set()


def mark(body: Sequence[ast.stmt], after: set[str], always: set[str]) -> set[str]:
    """Write into each `if` and loop which variables are needed after it (``.needed``).

    Args:
        body: statements without jumps but returns at the ends.
        after: what is needed after them.
        always: what nested functions read.

    Returns:
        What is needed before them.
    """
    live = set(after)
    for node in reversed(body):
        if isinstance(node, ast.If):
            node.needed = live | always  # type: ignore[attr-defined]
            then, els = mark(node.body, live, always), mark(node.orelse, live, always)
            live = then | els | read(node.test)
        elif isinstance(node, ast.While | ast.For):
            source = node.test if isinstance(node, ast.While) else node.iter
            target = {} if isinstance(node, ast.While) else stored([node.target])
            head = live | ({node.broken} if hasattr(node, "broken") else set())
            for _ in range(2):  # what a round needs was perhaps left by the round before
                head |= (mark(node.body, head, always) - set(target)) | read(source)
            node.needed = head | always  # type: ignore[union-attr]
            live = head | read(source)
        elif isinstance(node, ast.Return):
            live = read(node)
        elif isinstance(node, ast.With):
            live = mark(node.body, live, always).union(*map(read, node.items))
        else:
            kept = live - set(stored([node]))
            if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
                kept.add(node.target.id)
            live = kept | read(node)
    return live
