"""Importing the packages that backends need, and what to say where one is not there."""

from __future__ import annotations

import glob
import importlib
import importlib.util
import re
from typing import Any

from mslearn.backends import words
from mslearn.backends.words import Text, say

OLDEST = {"onnxruntime": "1.20", "openvino": "2024.6"}
"""The versions that pyproject.toml's extras ask for."""


def module(name: str) -> tuple[Any, Text | None]:
    """(the package, None), or (None, why it cannot be used)."""
    try:
        found = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name not in (name, None):  # something that the package itself needs
            return None, say(words.BROKEN, name, error)
        return None, say(words.PACKAGE, name)
    except Exception as error:  # a library of another system or driver
        return None, say(words.BROKEN, name, error)
    version = getattr(found, "__version__", "")
    if not version:  # a learner's file of that name
        return None, say(words.NAMESAKE, name, found.__file__ or next(iter(found.__path__)))
    oldest = OLDEST.get(name, "")
    if _numbers(version) < _numbers(oldest):
        return None, say(words.TOO_OLD, name, version, oldest)
    return found, None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)[:2]))


def installed(name: str) -> bool:
    """Whether a package is there, without loading it."""
    return importlib.util.find_spec(name) is not None


def no_file(patterns: tuple[str, ...]) -> Text | None:
    """What to say where none of these device files is there, or None."""
    if any(map(glob.glob, patterns)):
        return None
    return say(words.FILE, words.either(p.replace("[0-9]", "") for p in patterns))
