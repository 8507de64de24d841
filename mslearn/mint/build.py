"""Functions made from a table of declarations.

A declaration is a signature and the expression it stands for:
``"cat(tensors, dim=0)": "ops.cat(tensors, dim)"``. Both are our own text, never a caller's.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from mslearn import ops


def functions(
    module: str, same: str, table: dict[str, str], scope: dict[str, Any]
) -> dict[str, Callable[..., Any]]:
    """The functions of a module by name.

    Args:
        module: for their `__module__`.
        same: names of `ops` that are taken as they are.
        table: expressions by signature.
        scope: what the expressions use besides `ops`.
    """
    made: dict[str, Callable[..., Any]] = {name: getattr(ops, name) for name in same.split()}
    for declaration, expression in table.items():
        name, _, parameters = declaration.partition("(")
        function = eval(f"lambda {parameters[:-1]}: {expression}", {"ops": ops, **scope})
        function.__name__ = function.__qualname__ = name
        function.__module__ = module
        function.__doc__ = _doc(name, expression)
        made[name] = function
    return made


def _doc(name: str, expression: str) -> str:
    found = re.match(r"ops\.(\w+)\(", expression)
    if found is None:
        return f"`{name}` as PyTorch has it: ``{expression}``."
    own = (getattr(ops, found[1]).__doc__ or "").strip().split("\n")[0]
    return f"{own}\n\n    `ops.{found[1]}` with PyTorch's arguments: ``{expression}``."
