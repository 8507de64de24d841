"""Which language the camp speaks in this kernel, and two-language texts.

Both notebooks of a day hold the same code, so nothing in a cell can say which of the two is open.
The language is found from outside, in this order:

1. `camp.set_language("zh")` in this kernel;
2. the notebook's own folder, `…/en/…` or `…/zh/…`: Jupyter Server puts the notebook's path into the
   kernel's `JPY_SESSION_NAME`, VS Code puts it into `__vsc_ipynb_file__`, and every runner
   (JupyterLab, nbclient, nbval, VS Code) starts the kernel in the notebook's folder;
3. `MSLEARN_LANG`;
4. the language stored with the learner's progress, which the sidebar's switch sets;
5. English.
"""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass

from . import progress
from .catalog import LANGUAGES

_chosen: str | None = None


@dataclass(frozen=True)
class Text:
    """One message in both languages. Backticks mark code, as in Markdown."""

    en: str
    zh: str

    def __str__(self) -> str:
        return self.zh if language() == "zh" else self.en

    def format(self, *args: object, **kwargs: object) -> Text:
        return Text(self.en.format(*args, **kwargs), self.zh.format(*args, **kwargs))


COMMA = Text(", ", "、")  # between the items of a list


def set_language(chosen: str | None) -> None:
    """Speak ``"en"`` or ``"zh"`` in this kernel; ``None`` goes back to finding out.

    Raises:
        ValueError: another language.
    """
    global _chosen
    if chosen is not None and chosen not in LANGUAGES:
        raise ValueError(f"camp.set_language: 'en', 'zh' or None, got {chosen!r}")
    _chosen = chosen


def language() -> str:
    """The language in force, ``"en"`` or ``"zh"`` (see the module's docstring)."""
    return _chosen or _of_notebook() or _of_environment() or _of_progress()


def _of_notebook() -> str | None:
    """The language named by the folder that holds the notebook, if one does."""
    main = vars(sys.modules.get("__main__", sys))
    for notebook in (os.environ.get("JPY_SESSION_NAME"), main.get("__vsc_ipynb_file__")):
        if isinstance(notebook, str) and notebook.endswith(".ipynb"):
            parts = re.split(r"[\\/]", notebook)
            if len(parts) > 1 and parts[-2] in LANGUAGES:
                return parts[-2]
    if "ipykernel" in sys.modules:  # elsewhere the current folder says nothing
        folder = os.path.basename(os.getcwd())
        return folder if folder in LANGUAGES else None
    return None


def _of_environment() -> str | None:
    chosen = os.environ.get("MSLEARN_LANG", "")[:2].lower()
    return chosen if chosen in LANGUAGES else None


def _of_progress() -> str:
    try:
        return str(progress.load()["language"])
    except OSError:
        return "en"
