"""Writing systems of characters, and regular expressions as MindSpore (ICU) writes them.

Python's `unicodedata` does not hold Unicode's Script property, but a letter's name begins with it
(LATIN SMALL LETTER A, CJK UNIFIED IDEOGRAPH-4E00); everything that is no letter is "Common".
tests/dataset compares this with the `regex` library's tables.
"""

from __future__ import annotations

import importlib
import re
import unicodedata
from functools import lru_cache
from typing import Any

_PREFIXES = re.compile(r"^(FULLWIDTH|HALFWIDTH|MODIFIER LETTER( SMALL| CAPITAL)?) ")
_RENAMED = {
    "CJK": "HAN",
    "IDEOGRAPHIC": "HAN",
    "KANGXI": "HAN",
    "HENTAIGANA": "HIRAGANA",
    "MATHEMATICAL": "COMMON",
    "MICRO": "COMMON",
    "FEMININE": "LATIN",
    "MASCULINE": "LATIN",
}


@lru_cache(maxsize=4096)
def script(character: str) -> str:
    """The writing system: "LATIN", "HAN", "COMMON" for digits and punctuation, "INHERITED"."""
    category = unicodedata.category(character)
    if category in ("Mn", "Me"):
        first = unicodedata.name(character, "COMBINING").split()[0]
        return "INHERITED" if first in ("COMBINING", "VARIATION", "ZERO") else first
    letter = category[0] == "L" or category == "Mc" or character in "〇々〆"
    if not letter and not "\u2e80" <= character <= "\u2fd5":  # Han radicals count as symbols
        return "COMMON"
    name = _PREFIXES.sub("", unicodedata.name(character, "COMMON"))
    first = re.split(r"[ -]", name, maxsplit=1)[0]
    if name.startswith("KATAKANA-HIRAGANA"):
        return "COMMON"
    return _RENAMED.get(first, first)


@lru_cache(maxsize=256)
def pattern(text: str, name: str) -> Any:
    r"""A compiled regular expression; ``\p{…}`` needs the `regex` library.

    Raises:
        RuntimeError: it is not valid.
        ImportError: the library is missing; the message says how to get it.
    """
    library: Any = re
    if r"\p" in text or r"\P" in text or "[:" in text:
        try:
            library = importlib.import_module("regex")
        except ImportError as error:
            raise ImportError(
                f"{name}: the pattern {text!r} uses Unicode properties, which Python's own re does "
                f"not know: pip install 'mslearn[data]' (or pip install regex)."
            ) from error
    try:
        return library.compile(text)
    except Exception as error:
        raise RuntimeError(f"{name}: {text!r} is no valid regular expression: {error}.") from error


def template(replace: str) -> str:
    r"""ICU's replacement text (``$1`` for a group) as Python writes it (``\g<1>``)."""
    parts = re.split(r"(\\.|\$\d+)", replace)
    out = []
    for part in parts:
        if re.fullmatch(r"\$\d+", part):
            out.append(rf"\g<{part[1:]}>")
        elif len(part) == 2 and part[0] == "\\":
            out.append(part[1].replace("\\", r"\\"))
        else:
            out.append(part)
    return "".join(out)
