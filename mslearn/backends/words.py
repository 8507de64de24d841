"""What is said of targets, in English and Chinese.

A `Text` is the English sentence as a str and keeps the Chinese one beside it, so whoever knows
only strings (a backend of somebody else's, an error's text) need not know of languages.
"""

from __future__ import annotations

import os
import re
import sys
import unicodedata
import warnings
from collections.abc import Iterable
from pathlib import Path
from textwrap import wrap
from types import FrameType

Pair = tuple[str, str]

PACKAGE: Pair = ("the package {} is not installed", "没有安装 {} 这个包")
NAMESAKE: Pair = ("{} is not that library, but {}", "{} 不是那个库，而是 {}")
TOO_OLD: Pair = ("{} {} is too old: it must be {} or newer", "{} {} 太旧：要 {} 或更新的版本")
BROKEN: Pair = ("{} is installed, but does not load: {}", "装了 {}，但载入失败：{}")
LIBRARY: Pair = ("{} is not found", "找不到 {}")
FILE: Pair = ("there is no {}", "没有 {}")
LOADING: Pair = ("loading failed: {}", "载入失败：{}")
PROBING: Pair = ("probing failed: {}", "探测失败：{}")
ANSWERS: Pair = ("the driver answers: {}", "驱动程序回答：{}")
NO_PROVIDER: Pair = ("{} has no {} (it has {})", "{} 里没有 {}（只有 {}）")
NO_DEVICE: Pair = ("{} lists no {} device (it lists {})", "{} 没有列出 {} 设备（只列出 {}）")
UNLISTED: Pair = ("{} is installed, but lists no {} device", "装了 {}，但它没有列出 {} 设备")
WITH: Pair = ("{} with {}", "{} 和 {}")
EMULATED: Pair = (
    "{}, whose emulator of the Hexagon NPU runs on this processor (to try out, not fast)",
    "{}，其中的 Hexagon NPU 模拟器在本机处理器上运行（供试用，不快）",
)
COUNT: Pair = ("{}, {} device(s), the first: {}", "{}，{} 个设备，第一个是 {}")
HEAD: Pair = ("target|backend|state|precision", "目标|后端|状态|精度")
READY: Pair = ("ready", "可用")
ABSENT: Pair = ("absent", "不可用")
USABLE: Pair = (
    "Ready here: {}. The rest is told above, with what is missing.",
    "本机可用：{}。其余的缺什么，见上表。",
)
TO_GET_IT: Pair = (". To get it: ", "。要用它：")


class Text(str):
    """An English text that knows its Chinese.

    >>> told = Text("it is there", "在这里")
    >>> told, told.zh
    ('it is there', '在这里')
    """

    zh: str

    def __new__(cls, en: str, zh: str) -> Text:
        text = super().__new__(cls, en)
        text.zh = zh
        return text


def chinese(text: object) -> str:
    """A text's Chinese, or itself where it has none."""
    return text.zh if isinstance(text, Text) else str(text)


def say(pair: Pair, *values: object) -> Text:
    """A sentence with these values, which may be Texts themselves.

    >>> say(PACKAGE, "openvino").zh
    '没有安装 openvino 这个包'
    """
    return Text(pair[0].format(*map(str, values)), pair[1].format(*map(chinese, values)))


def joined(texts: Iterable[str], en: str = "; ", zh: str = "；") -> Text:
    """Several texts as one."""
    texts = list(texts)
    return Text(en.join(texts), zh.join(map(chinese, texts)))


def either(names: Iterable[str]) -> Text:
    """Names of which one is enough."""
    return joined(names, " or ", " 或 ")


def warn(text: str) -> None:
    """A UserWarning that shows the learner's line, however deep in here it is given."""
    frame: FrameType | None = sys._getframe(1)
    level = 2
    while frame and frame.f_code.co_filename.startswith(_HERE):
        frame, level = frame.f_back, level + 1
    warnings.warn(text, stacklevel=level)


def language(chosen: str | None = None) -> str:
    """``"en"`` or ``"zh"``: what was chosen, else the variable MSLEARN_LANG, else English."""
    wanted = (chosen or os.environ.get("MSLEARN_LANG", "")).lower()[:2]
    return "zh" if wanted == "zh" else "en"


def width(text: str) -> int:
    """How many columns of a terminal a text takes: Chinese characters take two."""
    return sum(1 + (unicodedata.east_asian_width(c) in "WF") for c in text)


def padded(text: str, columns: int) -> str:
    """A text with blanks behind it, up to this many columns."""
    return text + " " * (columns - width(text))


def lines(text: str, columns: int) -> list[str]:
    """A text in lines of at most so many columns, if no word is longer. Chinese may be cut anywhere
    but before a full stop or a comma; words stay whole, so that a command can be copied."""
    if width(text) == len(text):
        return wrap(text, columns, break_on_hyphens=False, break_long_words=False)
    found, line = [], ""
    for piece in _PIECE.findall(text):
        if line and width(line + piece.rstrip()) > columns:
            found.append(line.rstrip())
            line = piece.lstrip()
        else:
            line += piece
    return [*found, line.rstrip()]


_HERE = str(Path(__file__).parents[1])
_WIDE = "\u2e80-\uffff"
_PIECE = re.compile(f"（?(?:[{_WIDE}]|[^\\s{_WIDE}]+ ?)[，。；：、）]*| ")
"""What is not cut: a word with the blank behind it, or a Chinese character, with its marks."""
