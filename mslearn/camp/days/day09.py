"""Day 9, static graphs: two passes by hand."""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .._language import Text
from ..exercise import Case, Exercise, Mistake, Observation
from .day09_jit import E3, E4

# A program is a list of lines (name, operation, inputs), in order of execution, as in
# ("b", "exp", ("a",)) for b = exp(a).


def _program(case: Case) -> list[tuple[str, str, tuple[str, ...]]]:
    lines = []
    for text in case.inputs["program"].tolist():
        name, _, operation, *inputs = text.split()
        lines.append((name, operation, tuple(inputs)))
    return lines


def _texts(program: Any) -> list[str]:
    """The lines as the lesson writes them: ``"b = exp a"``."""
    return [" ".join((name, "=", operation, *inputs)) for name, operation, inputs in program]


def _case(program: str, **more: Any) -> Case:
    return Case({"program": np.array([line.strip() for line in program.split(";")]), **more})


def _live_case(program: str, results: str) -> Case:
    return _case(program, results=np.array(results.split()))


# --------------------------------------------------------- d09.e1: live_lines(program, results)


def starter_live_lines(program, results):
    needed = set(results)
    kept = []
    for name, operation, inputs in ...:
        ...
    return kept


def live_lines(program, results):
    needed = set(results)
    kept = []
    for name, operation, inputs in reversed(program):  # from the end: who is asked for?
        if name in needed:
            kept.append((name, operation, inputs))
            needed.update(inputs)
    return kept[::-1]


def read_by_anybody(program, results):
    read = {x for _, _, inputs in program for x in inputs} | set(results)
    return [line for line in program if line[0] in read]


def results_only(program, results):
    return [line for line in program if line[0] in set(results)]


def back_to_front(program, results):
    return live_lines(program, results)[::-1]


def everything(program, results):
    return list(program)


def _observe_live(answer: Callable[..., Any], case: Case) -> Observation:
    return {"": _texts(answer(_program(case), case.inputs["results"].tolist()))}


E1 = Exercise(
    id="d09.e1",
    title=Text("dead code, by hand", "亲手删除死代码"),
    starter=starter_live_lines,
    solution=live_lines,
    mistakes=(
        Mistake(
            results_only,
            Text(
                "The lines that make the results are there, but not the lines that *they* read. "
                "When you keep a line, its inputs become needed too.",
                "算出结果的那几行留下了，可是它们读取的那些行没有留下。留下一行时，它的输入也就成了需要的。"
                "",
            ),
        ),
        Mistake(
            read_by_anybody,
            Text(
                "You keep every line that some line reads, even when that reader is dead itself. "
                "Go from the end, so that a dead reader is gone before you judge its inputs.",
                "只要有别的行读它，你就把它留下了，哪怕读它的那一行自己也是死的。从末尾往前走，"
                "先去掉死的读者，再判断它的输入。",
            ),
        ),
        Mistake(
            back_to_front,
            Text(
                "The right lines, in the wrong order: a program runs from top to bottom. Turn the "
                "list round at the end.",
                "留下的行都对，次序反了：程序从上往下执行。最后把列表再倒过来。",
            ),
        ),
        Mistake(
            everything,
            Text(
                "Nothing was removed. Keep a line only when its name is needed.",
                "一行也没有删。名字被需要的行，才留下。",
            ),
        ),
    ),
    hints=(
        Text(
            "Which line can you judge without knowing the others? The last one.",
            "哪一行不看别的行就能判断？最后一行。",
        ),
        Text(
            "Walk over `reversed(program)`. A line is alive when its name is in `needed`; then "
            "its inputs are needed as well.",
            "遍历 `reversed(program)`。名字在 `needed` 里的行是活的；这时它的输入也是需要的。",
        ),
        Text(
            "`kept.append((name, operation, inputs))`, `needed.update(inputs)`, and at the end "
            "`return kept[::-1]`.",
            "`kept.append((name, operation, inputs))`，`needed.update(inputs)`，最后 "
            "`return kept[::-1]`。",
        ),
    ),
    cases=lambda: [
        _live_case("a = exp x", "a"),
        _live_case("a = exp x; b = log x", "b"),
        _live_case("a = exp x; b = mul a a; c = neg x", "c"),
        _live_case("a = exp x; b = mul a y; c = add a x; d = neg b", "c"),
        _live_case("a = exp x; b = add a y; c = mul b b; d = sin a; e = add d d; f = neg c", "f a"),
    ],
    observe=_observe_live,
    untouched=Text(
        "Replace each `...`: over which lines, in which order, and when is a line kept?",
        "把每个 `...` 换掉：按什么次序遍历哪些行？什么时候留下一行？",
    ),
    praise=Text(
        "That is dead-code elimination, as the engine does it: `graph/passes/dce.py` "
        "is hardly longer.",
        "这就是引擎里的“删除死代码”：`graph/passes/dce.py` 也长不了多少。",
    ),
)


# ------------------------------------------------------------------- d09.e2: merge_lines(program)


def starter_merge_lines(program):
    seen, stands_for, kept = {}, {}, []
    for name, operation, inputs in program:
        inputs = tuple(stands_for.get(x, x) for x in inputs)
        ...
    return kept


def merge_lines(program):
    seen, stands_for, kept = {}, {}, []
    for name, operation, inputs in program:
        inputs = tuple(stands_for.get(x, x) for x in inputs)
        if (operation, inputs) in seen:
            stands_for[name] = seen[operation, inputs]  # computed before, under that name
        else:
            seen[operation, inputs] = name
            kept.append((name, operation, inputs))
    return kept


def by_operation_alone(program):
    seen, stands_for, kept = {}, {}, []
    for name, operation, inputs in program:
        inputs = tuple(stands_for.get(x, x) for x in inputs)
        if operation in seen:
            stands_for[name] = seen[operation]
        else:
            seen[operation] = name
            kept.append((name, operation, inputs))
    return kept


def names_not_replaced(program):
    seen, kept = set(), []
    for name, operation, inputs in program:
        if (operation, inputs) not in seen:
            seen.add((operation, inputs))
            kept.append((name, operation, inputs))
    return kept


def any_order_of_inputs(program):
    seen, stands_for, kept = {}, {}, []
    for name, operation, inputs in program:
        inputs = tuple(stands_for.get(x, x) for x in inputs)
        key = (operation, tuple(sorted(inputs)))
        if key in seen:
            stands_for[name] = seen[key]
        else:
            seen[key] = name
            kept.append((name, operation, inputs))
    return kept


def nothing_merged(program):
    return list(program)


def _observe_merge(answer: Callable[..., Any], case: Case) -> Observation:
    return {"": _texts(answer(_program(case)))}


E2 = Exercise(
    id="d09.e2",
    title=Text("common subexpressions, by hand", "亲手合并公共子表达式"),
    starter=starter_merge_lines,
    solution=merge_lines,
    mistakes=(
        Mistake(
            nothing_merged,
            Text(
                "Nothing was merged: the same operation on the same inputs still stands twice.",
                "什么也没有合并：同样的输入、同样的操作，仍然写了两遍。",
            ),
        ),
        Mistake(
            by_operation_alone,
            Text(
                "Two lines with the same operation are not yet equal: `exp x` and `exp y` differ. "
                "The key is operation *and* inputs.",
                "操作相同还不算相等：`exp x` 和 `exp y` 不一样。要比的是操作**加上**输入。",
            ),
        ),
        Mistake(
            names_not_replaced,
            Text(
                "You drop the second line, but later lines still read its name. Remember in "
                "`stands_for` which name it stands for.",
                "第二行删掉了，后面的行却还在读它的名字。用 `stands_for` 记下它由谁代替。",
            ),
        ),
        Mistake(
            any_order_of_inputs,
            Text(
                "You sort the inputs. That is right for `add` and `mul`, but `sub a b` is not "
                "`sub b a`. Keep the order.",
                "你把输入排了序。对 `add`、`mul` 没问题，可 `sub a b` 并不等于 `sub b a`。"
                "请保持次序。",
            ),
        ),
    ),
    hints=(
        Text(
            "A dictionary from (operation, inputs) to the name of the first line that computed it.",
            "用一个字典：从（操作，输入）对应到第一个算出它的那一行的名字。",
        ),
        Text(
            "Known already? Then `stands_for[name]` is the earlier name, and the line goes. Else "
            "remember it in `seen`, and keep the line.",
            "算过了？那么 `stands_for[name]` 就是先前的名字，这一行不要了。没算过，就记进 `seen`，"
            "留下这一行。",
        ),
        Text(
            "When `(operation, inputs) in seen`: `stands_for[name] = seen[operation, inputs]`. "
            "Otherwise: `seen[operation, inputs] = name` and "
            "`kept.append((name, operation, inputs))`.",
            "`(operation, inputs) in seen` 时写 `stands_for[name] = seen[operation, inputs]`；"
            "否则写 `seen[operation, inputs] = name`，再 `kept.append((name, operation, "
            "inputs))`。",
        ),
    ),
    cases=lambda: [
        _case("a = exp x"),
        _case("a = exp x; b = exp x"),
        _case("a = exp x; b = exp y"),
        _case("a = exp x; b = exp x; c = mul a b"),
        _case("a = sub x y; b = sub y x; c = add a b"),
        _case("a = exp x; b = exp x; c = log a; d = log b; e = sub c d; f = sub d c"),
    ],
    observe=_observe_merge,
    untouched=Text(
        "Replace the `...`: what happens to a line that has been computed before, and what to one "
        "that has not?",
        "把 `...` 换掉：算过的行怎么办？没算过的行怎么办？",
    ),
    praise=Text(
        "`exp(x)` in the forward pass and `exp(x)` in its gradient are now one. The engine's "
        "`graph/passes/cse.py` does the same, with one exception that you may guess: "
        "random numbers.",
        "前向里的 `exp(x)` 和梯度里的 `exp(x)` 现在是同一个了。引擎的 `graph/passes/cse.py` "
        "也这样做，"
        "只有一个例外，你大概猜得到：随机数。",
    ),
)

EXERCISES: tuple[Exercise, ...] = (E1, E2, E3, E4)
