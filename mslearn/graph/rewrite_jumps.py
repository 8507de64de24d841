"""Return, break and continue become plain structure, so that every branch ends where it should.

What follows an `if` with a jump moves into the branch that does not jump::

    if a > 0:                    if a > 0:
        return b         →           return b
    c = b + 1                    else:
    return c                         c = b + 1
                                     return c

Inside a loop a break sets a flag that the loop tests, and a return also keeps its value. After
that no statement follows a jump, and an `if` with returns stands at the end of its function.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

from mslearn.graph.rewrite_check import jumps

PREFIX = "ms__"
"""The start of all names that rewriting adds."""
VALUE = PREFIX + "value"
Statements = list[ast.stmt]
Jump = Callable[[ast.stmt], Statements]


class Lowering:
    """Takes the jumps out of one function's body."""

    def __init__(self) -> None:
        self.count = 0

    def function(self, body: Statements) -> Statements:
        """The body with every path ending in a return."""
        end = ast.copy_location(ast.Return(None), body[-1])
        return self.block([*body, end], lambda jump: [jump])

    def block(self, body: Statements, jump: Jump) -> Statements:
        """The statements with each jump replaced by `jump(it)`."""
        out: Statements = []
        for i, statement in enumerate(body):
            rest = body[i + 1 :]
            if isinstance(statement, ast.Return | ast.Break | ast.Continue):
                return out + jump(statement)
            if isinstance(statement, ast.If) and jumps(statement):
                return out + self._branch(statement, rest, jump)
            if isinstance(statement, ast.While | ast.For):
                endless = _ends(statement)
                out += self._loop(statement)
                kept = getattr(statement, "kept", None)
                if kept:
                    leave = ast.copy_location(ast.Return(_name(kept[1])), statement)
                    if endless:
                        return out + jump(leave)
                    out.append(_if(_name(kept[0]), jump(leave), self.block(rest, jump), statement))
                    return out
            elif isinstance(statement, ast.If):
                statement.body = self.block(statement.body, jump)
                statement.orelse = self.block(statement.orelse, jump)
                out.append(statement)
            elif isinstance(statement, ast.With):
                ends = _leaves(statement.body)
                statement.body = self.block(statement.body, jump)
                out.append(statement)
                if ends:
                    return out
            else:
                out.append(statement)
        return out

    def _branch(self, node: ast.If, rest: Statements, jump: Jump) -> Statements:
        left, right = _leaves(node.body), _leaves(node.orelse)
        if left or right or not rest:
            then = node.body if left else node.body + rest
            els = node.orelse if right else node.orelse + rest
            return [_if(node.test, self.block(then, jump), self.block(els, jump), node)]
        # Both sides may jump and may go on: a flag tells which, and what follows comes once.
        flag, value = self._names("left")
        after: Statements = []

        def note(statement: ast.stmt) -> Statements:
            noted = [_set(flag, ast.Constant(True), statement)]
            done = jump(statement)
            if not any(isinstance(s, ast.Return) for s in done):  # in a loop: flags only
                return done + noted
            after[:] = [ast.copy_location(ast.Return(_name(value)), statement)]
            kept = getattr(statement, "value", None) or ast.Constant(None)
            return [_set(value, kept, statement), *noted]

        first = _if(node.test, self.block(node.body, note), self.block(node.orelse, note), node)
        second = _if(_name(flag), after, self.block(rest, jump), node)
        return [_set(flag, ast.Constant(False), node), first, second]

    def _loop(self, node: ast.While | ast.For) -> Statements:
        leaves = jumps_out(node.body)
        flag, value = self._names("broken")
        before: Statements = []

        def jump(statement: ast.stmt) -> Statements:
            if isinstance(statement, ast.Continue):
                return []
            done = [_set(flag, ast.Constant(True), statement)]
            if isinstance(statement, ast.Return):
                kept = statement.value or ast.Constant(None)
                returned = _set(flag + "_r", ast.Constant(True), statement)
                done = [_set(value, kept, statement), returned, *done]
            return done

        if ast.Break in leaves or ast.Return in leaves:
            before.append(_set(flag, ast.Constant(False), node))
            node.broken = flag  # type: ignore[union-attr]
        if ast.Return in leaves:
            before.append(_set(flag + "_r", ast.Constant(False), node))
            node.kept = (flag + "_r", value)  # type: ignore[union-attr]
        node.body = self.block(node.body, jump) or [ast.Pass()]
        return [*before, node]

    def _names(self, word: str) -> tuple[str, str]:
        self.count += 1
        return f"{PREFIX}{word}{self.count}", f"{VALUE}{self.count}"


def jumps_out(body: Statements) -> set[type[ast.stmt]]:
    """The kinds of jumps in a loop's body that belong to the loop or to what is around it."""
    kinds = (ast.Return, ast.Break, ast.Continue)
    return {k for k in kinds if any(jumps(s, (k,)) for s in body)}


def _leaves(body: Statements) -> bool:
    """Whether these statements never reach their end."""
    if not body:
        return False
    last = body[-1]
    if isinstance(last, ast.If):
        return any(map(_ends, body)) or (_leaves(last.body) and _leaves(last.orelse))
    return any(map(_ends, body)) or (isinstance(last, ast.With) and _leaves(last.body))


def _ends(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.While):  # while True, left by a return alone
        true = isinstance(statement.test, ast.Constant) and bool(statement.test.value)
        return true and ast.Break not in jumps_out(statement.body)
    return isinstance(statement, ast.Return | ast.Break | ast.Continue | ast.Raise)


def _name(identifier: str) -> ast.expr:
    return ast.Name(identifier, ast.Load())


def _set(identifier: str, value: ast.expr, where: ast.stmt) -> ast.stmt:
    return ast.copy_location(ast.Assign([ast.Name(identifier, ast.Store())], value), where)


def _if(test: ast.expr, body: Statements, orelse: Statements, where: ast.stmt) -> ast.If:
    return ast.copy_location(ast.If(test, body or [ast.Pass()], orelse), where)
