"""Reading the learner's code: was it attempted, where did it fail, and what does the error mean?"""

from __future__ import annotations

import ast
import dis
import inspect
import linecache
import textwrap
import traceback
from collections.abc import Callable
from types import CodeType
from typing import Any

from ._language import Text

# What a function with nothing in it compiles to, Python 3.10 to 3.14.
_EMPTY_BODY = {"RESUME", "NOP", "LOAD_CONST", "RETURN_CONST", "RETURN_VALUE", "COPY_FREE_VARS"}


def is_untouched(answer: Any, starter: Callable[..., Any]) -> bool:
    """True when the answer is nothing, an empty body, still has `...` holes, or is the starter."""
    if answer is None or answer is Ellipsis:
        return True
    code = getattr(answer, "__code__", None)
    return isinstance(code, CodeType) and (
        _is_empty(code) or _has_hole(code) or _same_source(answer, starter)
    )


def _is_empty(code: CodeType) -> bool:
    steps = list(dis.get_instructions(code))
    returned = [s.argval for s in steps if s.opname in ("LOAD_CONST", "RETURN_CONST")]
    return {s.opname for s in steps} <= _EMPTY_BODY and all(
        value is None or value is Ellipsis for value in returned
    )


def _has_hole(code: CodeType) -> bool:
    """`name = ...` or `return ...`; an index such as `x[..., 0]` or `x[...] = 1` is no hole."""
    steps = list(dis.get_instructions(code))
    for this, after in zip(steps, [*steps[1:], None], strict=True):
        if this.argval is not Ellipsis:
            continue
        if this.opname == "RETURN_CONST":
            return True
        name = after.opname if after else ""
        if name == "RETURN_VALUE" or (name.startswith("STORE_") and name != "STORE_SUBSCR"):
            return True
    return any(_has_hole(part) for part in code.co_consts if isinstance(part, CodeType))


def _same_source(a: Callable[..., Any], b: Callable[..., Any]) -> bool:
    """Equal but for the name, comments and layout.

    Not compared as bytecode: CPython compiles `ms.grad(…)` differently where `ms` is imported in
    the same file.
    """
    try:
        trees = [ast.parse(textwrap.dedent(inspect.getsource(f))).body[0] for f in (a, b)]
    except (OSError, TypeError, SyntaxError, IndexError):  # no source, or not a function's own
        return False
    for tree in trees:
        if isinstance(tree, ast.FunctionDef):
            tree.name = ""
    return ast.dump(trees[0]) == ast.dump(trees[1])


def failing_line(error: BaseException, answer: Any) -> tuple[int, str] | None:
    """Line number and text of the deepest line of the learner's own code in the traceback."""
    code = getattr(answer, "__code__", None)
    if code is None:
        return None
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename == code.co_filename and frame.lineno:
            return frame.lineno, linecache.getline(frame.filename, frame.lineno).strip()
    return None


_EXPLANATIONS: tuple[tuple[type[BaseException], Text], ...] = (
    (
        NameError,
        Text(
            "Python does not know this name. Is it spelt as in the first line of the function, and "
            "has the cell that defines it been run?",
            "Python 不认识这个名字。请看拼写是否与函数第一行一致，定义它的单元格是否已经运行。",
        ),
    ),
    (
        AttributeError,
        Text(
            "The object has no such method or attribute. Type the object's name, a dot, and press "
            "Tab to see what it has.",
            "这个对象没有这样的方法或属性。输入对象名和一个点，再按 Tab 键，可以看到它都有什么。",
        ),
    ),
    (
        IndexError,
        Text(
            "An index points outside the data. Print the `.shape` just before this line.",
            "下标越界了。在这一行之前打印 `.shape` 看一看。",
        ),
    ),
    (
        TypeError,
        Text(
            "A function was called with the wrong number or kind of arguments. Compare the call "
            "with the function's first line.",
            "调用函数时，参数的个数或类型不对。请把这次调用与函数定义的第一行对照一下。",
        ),
    ),
    (
        ValueError,
        Text(
            "The kind of value is right but its content or shape is not. Print the `.shape` of "
            "everything on this line.",
            "值的类型对，但内容或形状不对。请打印这一行里每个量的 `.shape`。",
        ),
    ),
    (
        ZeroDivisionError,
        Text("Something is divided by zero. Which length is 0?", "除数为零。是哪个长度等于 0？"),
    ),
)

_OTHER = Text(
    "Read the message above from its end: the last words say what was wrong, or what to change.",
    "请从上面那句话的末尾读起：最后几个词说明了错在哪里，或者该怎么改。",
)

FORGOT_RETURN = Text(
    "The function ends without `return`. Give the result back on its last line.",
    "函数结束时没有 `return`。请在最后一行把结果返回。",
)
WRONG_FORM = Text(
    "The function runs, but what it returns is of another kind than asked for. Look at its "
    "`return` line, and compare with “expected” above.",
    "函数能运行，但返回的不是题目要的那种东西。请看 `return` 那一行，和上面的“应为”对照一下。",
)
_OTHER_HEAD = Text(
    "The check calls `{0}`. Let the first line of your function take the same arguments.",
    "检查时是这样调用的：`{0}`。请让函数的第一行接受同样的参数。",
)


def explain_use(error: BaseException, name: str, head: str) -> Text:
    """Why the check could not call the function `name`, or use what it gave back.

    Args:
        head: the call that the exercise wants, such as ``"accuracy(logits, labels)"``.
    """
    said = str(error)
    if isinstance(error, TypeError) and said.startswith(f"{name}() ") and "argument" in said:
        return _OTHER_HEAD.format(head)
    return FORGOT_RETURN if "NoneType" in said else WRONG_FORM


BRACKETS = Text(
    "Brackets are missing: `x.sum` is the method itself, `x.sum()` calls it.",
    "少了一对括号：`x.sum` 是方法本身，`x.sum()` 才是调用它。",
)
NO_POWER = Text("In Python `^` is no power: write `**`.", "在 Python 里，`^` 不是乘方：请写 `**`。")
_TYPE_SLIPS: tuple[tuple[str, Text], ...] = (  # what the message of a TypeError holds
    ("method'", BRACKETS),
    ("bitwise_xor", NO_POWER),
    (
        "unsupported operand",
        Text(
            "These two cannot be combined by this sign. Lists do not calculate: make an array or a "
            "tensor of them first.",
            "这两样东西不能这样运算。列表不会做算术：先转成数组或张量。",
        ),
    ),
    (
        "unhashable",
        Text(
            "A list cannot be looked up in a dictionary or a set: make a tuple of it.",
            "列表不能当字典的键，也不能放进集合：请先转成元组。",
        ),
    ),
)


def explain(error: BaseException) -> Text:
    """A friendly sentence for this kind of error."""
    said = str(error)
    if isinstance(error, TypeError):
        for part, text in _TYPE_SLIPS:
            if part in said:
                return text
    if said.startswith("For '") or type(error).__module__.startswith("mslearn"):
        return _OTHER  # the engine's own words end with the cure
    for kind, text in _EXPLANATIONS:
        if isinstance(error, kind):
            return text
    return _OTHER
