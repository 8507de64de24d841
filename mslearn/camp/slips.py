"""A learner's traceback shows the learner's code: the engine's own lines are left out.

`mslearn lab` installs this in its kernels, `camp.day()` wherever IPython runs. The message itself
names the fix; behind it stands one more sentence for errors that are Python's own. ``%tb`` shows
everything, ``%debug`` enters it.
"""

from __future__ import annotations

import os
import re
import sys
import sysconfig
import warnings
from pathlib import Path
from types import TracebackType
from typing import Any

from ._language import Text
from .attempt import BRACKETS, NO_POWER

ENGINE = f"{Path(__file__).resolve().parents[1]}{os.sep}"
_OTHERS = tuple({sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")})
_HIDDEN = Text(
    "(Calls inside mslearn and its libraries that are left out: {0}. `%tb` shows all.)",
    "（略去 mslearn 和库内部的 {0} 层调用；运行 `%tb` 可查看全部。）",
)
_HINTS: tuple[tuple[type[BaseException], str, Text], ...] = (
    (
        NameError,
        "is not defined",
        Text(
            "Is the name spelt right, and has the cell that makes it been run since the kernel was "
            "started? Run → Run All Above Selected Cell runs them all.",
            "名字拼对了吗？内核启动以后，定义它的单元格运行过吗？"
            "菜单 Run → Run All Above Selected Cell 可以一次补齐。",
        ),
    ),
    (
        TypeError,
        r"construct\(\) takes 1 positional argument but",
        Text(
            "The arguments of `construct` begin with `self`: def construct(self, x).",
            "`construct` 的第一个参数应当是 `self`：def construct(self, x)。",
        ),
    ),
    (
        TypeError,
        r"^(ParameterlessCell|LossBase)\.__init__\(\) takes",
        Text(
            "A layer is made first and called with data then: nn.ReLU()(x), not nn.ReLU(x).",
            "层要先造好，再用数据去调用：写 nn.ReLU()(x)，不是 nn.ReLU(x)。",
        ),
    ),
    (TypeError, "method'", BRACKETS),
    (TypeError, "bitwise_xor", NO_POWER),
)


def install() -> None:
    """Shorten the tracebacks of this IPython session, once, and leave NumPy's warnings about the
    engine's own lines out.
    """
    # As MindSpore, which says nothing: what a NaN means stands in the chart and in the messages.
    # (The code of graphs has no module's name.)
    engine = r"mslearn\.|<string>$"
    warnings.filterwarnings("ignore", category=RuntimeWarning, module=engine)
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is not None and not shell.custom_exceptions:
        shell.set_custom_exc((Exception, KeyboardInterrupt), _show)


def hint(error: BaseException) -> Text | None:
    """One sentence more for an error of Python's own that learners often meet."""
    said = str(error)
    for kind, part, text in _HINTS:
        if isinstance(error, kind) and re.search(part, said):
            return text
    return None


def shortened(tb: TracebackType | None) -> tuple[TracebackType | None, int]:
    """The traceback without the engine's lines and what they called; how many were left out."""
    kept: list[TracebackType] = []
    inside = hidden = 0
    while tb is not None:
        file = tb.tb_frame.f_code.co_filename
        if file.startswith((ENGINE, "<mslearn ")):
            inside = 1
        elif not file.startswith(_OTHERS):
            inside = 0
        if inside:
            hidden += 1
        else:
            kept.append(tb)
        tb = tb.tb_next
    short: TracebackType | None = None
    for part in reversed(kept):
        short = TracebackType(short, part.tb_frame, part.tb_lasti, part.tb_lineno)
    return short, hidden


def _quiet(error: BaseException, seen: frozenset[int] = frozenset()) -> None:
    """Leave out causes that happened wholly inside the engine; shorten the others."""
    for other in (error.__cause__, error.__context__):
        if other is None or id(other) in seen:
            continue
        short, hidden = shortened(other.__traceback__)
        if hidden and short is None:
            error.__cause__, error.__suppress_context__ = None, True
        else:
            other.__traceback__ = short
            _quiet(other, seen | {id(error)})


def _show(
    shell: Any, kind: type[BaseException], error: BaseException, tb: Any, tb_offset: Any = None
) -> None:
    sys.last_type, sys.last_value, sys.last_traceback = kind, error, tb  # for %tb and %debug
    short, hidden = shortened(tb)
    if short is None or short.tb_next is None:  # the first is IPython's own
        short, hidden = tb, 0
    else:
        _quiet(error)
    lines = shell.InteractiveTB.structured_traceback(kind, error, short, tb_offset=tb_offset)
    more = [str(text) for text in (hint(error), hidden and _HIDDEN.format(hidden)) if text]
    shell._showtraceback(kind, error, [*lines, *more])
