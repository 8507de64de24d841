"""Words in two languages and short numbers, for the pictures that Python draws. No Jupyter here."""

from __future__ import annotations

import html
import math
import os
from collections.abc import Mapping

LANGUAGES = ("en", "zh")
_language: str | None = None

Title = str | Mapping[str, str] | None


def set_language(language: str) -> None:
    """Choose the language of widgets made from now on: "en" or "zh".

    A widget that is on the page already has its own switch: ``curves.language = "zh"``.
    """
    global _language
    _language = check_language(language)


def get_language() -> str:
    """The language of new widgets: set_language(), else MSLEARN_LANG, else "en"."""
    if _language is not None:
        return _language
    wanted = os.environ.get("MSLEARN_LANG", "").lower()[:2]
    return wanted if wanted in LANGUAGES else "en"


def check_language(language: str) -> str:
    if language not in LANGUAGES:
        raise ValueError(f'insight: language must be "en" or "zh", got {language!r}.')
    return language


def title_in(title: Title, language: str) -> str:
    """A title given as a text or as {"en": ..., "zh": ...}, in `language`."""
    if title is None:
        return ""
    if isinstance(title, str):
        return title
    return title.get(language) or next(iter(title.values()), "")


def escape(text: object) -> str:
    """Text for HTML or SVG. Names of series and parameters are data, never markup."""
    # Control characters are not allowed in XML at all, not even escaped.
    plain = "".join(c if c >= " " or c in "\t\n" else "\ufffd" for c in str(text))
    return html.escape(plain, quote=True)


def number(value: float, digits: int = 4) -> str:
    """A short number: 0.0123, 1.2e−07, NaN, with a real minus sign."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "inf" if value > 0 else "−inf"
    return f"{value:.{digits}g}".replace("-", "−")
