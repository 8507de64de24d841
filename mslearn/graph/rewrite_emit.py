"""Control flow becomes calls of the operators in `control.py`.

Each branch turns into a small function that shares the variables of the function around it
(``nonlocal``)::

    if a > 0:                    def ms__then(): nonlocal b; b = a
        b = a                    def ms__else(): nonlocal b; b = -a
    else:                 →      ms__.if_(a > 0, ms__then, ms__else, (("b", 2, 4),))
        b = -a

The operator decides when it runs: a Python truth runs one of them, a tensor without numbers
captures both. Every piece keeps the line of the learner's text.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Sequence
from typing import Any

from mslearn.graph.rewrite_jumps import PREFIX, Lowering
from mslearn.graph.rewrite_names import MUTATING, attributes, closed_over, mark, stored

THUNK = PREFIX + "thunk"
OPERATORS: dict[type[ast.cmpop], str] = {
    ast.Eq: "eq", ast.NotEq: "ne", ast.Lt: "lt", ast.LtE: "le", ast.Gt: "gt", ast.GtE: "ge",
    ast.Is: "is_", ast.IsNot: "is_not", ast.In: "in_", ast.NotIn: "not_in",
}  # fmt: skip


class Emitter(ast.NodeTransformer):
    """Rewrites one function; nested functions get an Emitter of their own."""

    def __init__(self, around: Emitter | None = None) -> None:
        self.around = around
        self.local: set[str] = set() if around is None else set(around.local)
        self.given: set[str] = set() if around is None else around.given  # not its own objects
        self.shared: dict[str, int] = {}  # the variables that branches set
        self.count = 0

    # -- functions ------------------------------------------------------------------------------

    def function(self, node: ast.FunctionDef) -> ast.FunctionDef:
        """The rewritten definition, without decorators, defaults and annotations."""
        self._enter(node)
        node.body = Lowering().function(node.body)
        mark(node.body, set(), closed_over(node))
        body = self._block(node.body)
        if self.shared:  # a variable that only branches set must belong to this function
            bind = [ast.Assign([_store(n)], ast.Constant(None)) for n in sorted(self.shared)]
            body = [ast.If(ast.Constant(False), list(bind), []), *body]
        node.body = body
        return node

    def lambda_(self, node: ast.Lambda) -> ast.Lambda:
        """The rewritten lambda."""
        self._enter(node)
        node.body = self.visit(node.body)
        return node

    def _enter(self, node: ast.FunctionDef | ast.Lambda) -> None:
        args = node.args
        names = [a.arg for a in (*args.posonlyargs, *args.args, *args.kwonlyargs)]
        names += [a.arg for a in (args.vararg, args.kwarg) if a]
        self.given = self.given if self.around else set(names)
        self.super_of = names[0] if names else None
        inside = node.body if isinstance(node.body, list) else [node.body]
        self.local |= set(names) | set(stored(inside))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        node.decorator_list = [self.visit(d) for d in node.decorator_list]
        node.args = self._visit_arguments(node.args)
        return Emitter(self).function(node)

    def visit_Lambda(self, node: ast.Lambda) -> ast.Lambda:
        node.args = self._visit_arguments(node.args)
        return Emitter(self).lambda_(node)

    def _visit_arguments(self, args: ast.arguments) -> ast.arguments:
        args.defaults = [self.visit(d) for d in args.defaults]
        args.kw_defaults = [d and self.visit(d) for d in args.kw_defaults]
        return args

    # -- statements -----------------------------------------------------------------------------

    def _block(self, body: Sequence[ast.stmt]) -> list[ast.stmt]:
        out: list[ast.stmt] = []
        for statement in body:
            made = self.visit(statement)
            out += made if isinstance(made, list) else [made]
        return out or [ast.Pass()]

    def _piece(
        self, word: str, body: list[ast.stmt], names: dict[str, int], where: ast.AST, item: str = ""
    ) -> ast.FunctionDef:
        self.count += 1
        made = ast.parse(f"def {PREFIX}{word}{self.count}({item}): pass").body[0]
        assert isinstance(made, ast.FunctionDef)
        mine = sorted(set(names) & set(stored(body)))
        body = self._block(body)
        made.body = [ast.Nonlocal(mine), *body] if mine else body
        self.shared.update(dict.fromkeys(mine, 0))
        for part in (made, *made.args.args, *made.body):
            if part is made or isinstance(part, ast.arg) or not hasattr(part, "lineno"):
                ast.copy_location(part, where)
        return made

    def visit_If(self, node: ast.If) -> list[ast.stmt]:
        then, els = stored(node.body), stored(node.orelse)
        both = {**els, **then}
        needed: set[str] = getattr(node, "needed", set())
        names = tuple((n, then.get(n, 0), els.get(n, 0), n in needed) for n in sorted(both))
        owned = tuple(attributes([*node.body, *node.orelse]))
        ends = any(isinstance(n, ast.Return) for n in _own_statements(node))
        test = self.visit(node.test)
        pieces = [self._piece("then", node.body, both, node)]
        if node.orelse:
            pieces.append(self._piece("else", node.orelse, both, node))
        arms = [_load(p.name) for p in pieces] + [ast.Constant(None)] * (2 - len(pieces))
        call = _operator("if_", test, *arms, _constant(names), _constant(owned), where=node)
        final = ast.Return(call) if ends else ast.Expr(call)
        return [*pieces, ast.copy_location(final, node)]

    def visit_While(self, node: ast.While) -> list[ast.stmt]:
        test = ast.copy_location(ast.Return(node.test), node)
        return self._loop("while_", node, self._piece("test", [test], {}, node), node.body)

    def visit_For(self, node: ast.For) -> list[ast.stmt]:
        item = f"{PREFIX}item"
        take = ast.copy_location(ast.Assign([node.target], _load(item)), node)
        return self._loop("for_", node, self.visit(node.iter), [take, *node.body], item)

    def _loop(
        self, operator: str, node: Any, source: Any, body: list[ast.stmt], item: str = ""
    ) -> list[ast.stmt]:
        lines = stored(body)
        names = tuple((n, line, 0, n in node.needed) for n, line in sorted(lines.items()))
        owned = tuple(attributes(body))
        piece = self._piece("body", body, lines, node, item)
        broken = getattr(node, "broken", None)
        first = _load(source.name) if isinstance(source, ast.FunctionDef) else source
        arms = (first, _load(piece.name), _constant(names), _constant(owned), _constant(broken))
        call = ast.Expr(_operator(operator, *arms, where=node))
        pieces = [source, piece] if isinstance(source, ast.FunctionDef) else [piece]
        return [*pieces, ast.copy_location(call, node)]

    def visit_Assert(self, node: ast.Assert) -> ast.stmt:
        why = self._thunk(node.msg) if node.msg else ast.Constant(None)
        call = _operator("assert_", self.visit(node.test), why, where=node)
        return ast.copy_location(ast.Expr(call), node)

    def visit_Raise(self, node: ast.Raise) -> ast.stmt:
        self.generic_visit(node)
        if node.exc is not None:
            node.exc = _operator("raise_", node.exc, where=node)
        return node

    # -- changes of objects that outlive the function -------------------------------------------

    def visit_Expr(self, node: ast.Expr) -> ast.stmt:
        call = node.value
        method = call.func if isinstance(call, ast.Call) else None
        if isinstance(method, ast.Attribute) and method.attr in MUTATING:
            base = method.value
            if self._outer(base):
                method.value = _operator("outer", base, ast.Constant(ast.unparse(base)), where=node)
        self.generic_visit(node)
        return node

    def visit_Assign(self, node: ast.Assign) -> Any:
        return [*self._notes(node.targets), self.generic_visit(node)]

    def visit_AugAssign(self, node: ast.AugAssign) -> Any:
        return [*self._notes([node.target]), self.generic_visit(node)]

    def visit_AnnAssign(self, node: ast.AnnAssign) -> Any:
        node.annotation = ast.Constant(None)
        notes = self._notes([node.target])
        whole = self.generic_visit(node) if node.value else ast.copy_location(ast.Pass(), node)
        return [*notes, whole]

    def _notes(self, targets: Sequence[ast.AST]) -> list[ast.stmt]:
        notes: list[ast.stmt] = []
        for target in (t for whole in targets for t in ast.walk(whole)):
            if not isinstance(getattr(target, "ctx", None), ast.Store):
                continue
            if isinstance(target, ast.Subscript) and self._outer(target.value):
                arms = [copy.deepcopy(target.value), ast.Constant(ast.unparse(target.value))]
                notes.append(ast.Expr(_operator("outer", *arms, where=target)))
            elif isinstance(target, ast.Attribute):
                root = _root(target)
                if root is not None and (root not in self.local or root in self.given):
                    arms = [copy.deepcopy(target.value), ast.Constant(target.attr)]
                    notes.append(ast.Expr(_operator("outer_attribute", *arms, where=target)))
        return [ast.copy_location(n, n.value) for n in notes if isinstance(n, ast.Expr)]

    def _outer(self, base: ast.expr) -> bool:
        root = _root(base)
        if root is None:
            return False
        return root not in self.local or (root in self.given and isinstance(base, ast.Attribute))

    # -- expressions ----------------------------------------------------------------------------

    def _thunk(self, expression: ast.expr) -> ast.expr:
        made = ast.parse(f"lambda *{THUNK}: 0", mode="eval").body
        assert isinstance(made, ast.Lambda)
        made.body = self.visit(expression)
        for part in (made, made.args.vararg):
            if part is not None:
                ast.copy_location(part, expression)
        return made

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        operator = "and_" if isinstance(node.op, ast.And) else "or_"
        first, *others = node.values
        rest = others[0]
        if len(others) > 1:
            rest = ast.copy_location(ast.BoolOp(node.op, others), node)
        return _operator(operator, self.visit(first), self._thunk(rest), where=node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        self.generic_visit(node)
        return _operator("not_", node.operand, where=node) if isinstance(node.op, ast.Not) else node

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        if len(node.ops) == 1:
            return self.generic_visit(node)  # type: ignore[return-value]
        pairs: list[ast.expr] = []
        for op, right in zip(node.ops, node.comparators, strict=True):
            pairs += [ast.Constant(OPERATORS[type(op)]), self._thunk(right)]
        return _operator("compare", self.visit(node.left), *pairs, where=node)

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        arms = self._thunk(node.body), self._thunk(node.orelse)
        return _operator("choose", self.visit(node.test), *arms, where=node)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        func = node.func
        if isinstance(func, ast.Name) and func.id == "super":
            if not node.args and self.super_of:
                node.args = [_load("__class__"), _load(self.super_of)]
                ast.copy_location(node.args[0], func)
                ast.copy_location(node.args[1], func)
            return node
        node.func = _operator("call", func, where=func)
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        text = isinstance(node.left, ast.JoinedStr) or (
            isinstance(node.left, ast.Constant) and isinstance(node.left.value, str)
        )
        self.generic_visit(node)
        if text and isinstance(node.op, ast.Mod):
            return _operator("percent", node.left, node.right, where=node)
        return node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.expr:
        parts: list[ast.expr] = []
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                spec = self.visit(part.format_spec) if part.format_spec else ast.Constant("")
                arms = self.visit(part.value), ast.Constant(part.conversion), spec
                parts.append(_operator("piece", *arms, where=node))
            else:
                parts.append(part)
        return _operator("fstring", *parts, where=node)


def _own_statements(node: ast.AST) -> list[ast.AST]:
    found = [node]
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.FunctionDef | ast.Lambda):
            found += _own_statements(child)
    return found


def _root(node: ast.AST) -> str | None:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def _load(name: str) -> ast.expr:
    return ast.Name(name, ast.Load())


def _store(name: str) -> ast.expr:
    return ast.Name(name, ast.Store())


def _constant(value: Any) -> ast.expr:
    return ast.Constant(value)


def _operator(name: str, *args: ast.expr, where: ast.AST) -> ast.Call:
    func = ast.Attribute(_load(PREFIX), name, ast.Load())
    call = ast.Call(func, list(args), [])
    for part in (func.value, func, call, *args):
        if not hasattr(part, "lineno"):
            ast.copy_location(part, where)
            # A call over several lines would count as being on the last of them.
            part.end_lineno, part.end_col_offset = part.lineno, part.col_offset
    return call
