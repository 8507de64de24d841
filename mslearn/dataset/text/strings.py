"""Transforms that change strings: case, Unicode forms, replacement, clean-up."""

from __future__ import annotations

import re
import unicodedata
from enum import IntEnum
from typing import Any

import numpy as np

from mslearn.core.dtype import to_numpy
from mslearn.dataset.checks import check_bool
from mslearn.dataset.text.base import EachString, TextOperation
from mslearn.dataset.text.scripts import pattern, template


class NormalizeForm(IntEnum):
    """Unicode's normalisation forms."""

    NONE = 0
    NFC = 1
    NFKC = 2
    NFD = 3
    NFKD = 4


def case_fold(text: str) -> str:
    """Unicode's NFKC_Casefold: capital letters, widths and ligatures made alike."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize("NFKC", folded)


def normalize(text: str, form: NormalizeForm) -> str:
    """`text` in a normalisation form."""
    if form is NormalizeForm.NONE or text.isascii():
        return text
    return unicodedata.normalize(form.name, text)  # type: ignore[arg-type]


class CaseFold(EachString):
    """Make letters alike that differ in case only: ``Straße`` becomes ``strasse``.

    >>> str(CaseFold()("Welcome"))
    'welcome'
    """

    def change(self, text: str) -> str:
        return case_fold(text)


class NormalizeUTF8(EachString):
    """Unicode normalisation.

    Args:
        normalize_form: a `NormalizeForm`.
    """

    def __init__(self, normalize_form: NormalizeForm = NormalizeForm.NFKC) -> None:
        self.normalize_form = check_form(normalize_form, "NormalizeUTF8")

    def change(self, text: str) -> str:
        return normalize(text, self.normalize_form)


def check_form(form: Any, name: str) -> NormalizeForm:
    """`form` if it is a NormalizeForm.

    Raises:
        TypeError: it is not.
    """
    if not isinstance(form, NormalizeForm):
        raise TypeError(f"{name}: the form must be a text.NormalizeForm, but got {form!r}.")
    return form


class RegexReplace(EachString):
    r"""Replace what a regular expression finds.

    Args:
        pattern: the expression; ``\p{Han}`` and the like need the `regex` library.
        replace: the new text; ``$1`` stands for the first group.
        replace_all: all places, or the first only.
    """

    def __init__(self, pattern: str, replace: str, replace_all: bool = True) -> None:
        for name, value in (("pattern", pattern), ("replace", replace)):
            if not isinstance(value, str):
                raise TypeError(f"RegexReplace: {name} must be a string, but got {value!r}.")
        self.pattern, self.replace = pattern, template(replace)
        self.replace_all = check_bool(replace_all, "replace_all")

    def change(self, text: str) -> str:
        found = pattern(self.pattern, "RegexReplace")
        return str(found.sub(self.replace, text, count=0 if self.replace_all else 1))


_DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


class FilterWikipediaXML(EachString):
    """Text of a Wikipedia dump as lower-case words of a to z, digits spelled out.

    Tags, references and entities are dropped, and so are letters outside a to z.
    """

    def change(self, text: str) -> str:
        if "#redirect" in text.lower():
            return ""
        text = re.sub(r"<ref[^<]*</ref>", "", text)
        text = re.sub(r"<[^>]*>", "", text)
        text = re.sub(r"&[^;]*;", " ", text)
        text = re.sub(r"[A-Z]", lambda m: m[0].lower(), text)
        text = re.sub(r"[0-9]", lambda m: f" {_DIGITS[int(m[0])]} ", text)
        return re.sub(r"[^a-z]+", " ", text).strip()


class ToNumber(TextOperation):
    """Strings as numbers.

    Args:
        data_type: a dtype of numbers, such as ``mslearn.int32``.

    Raises:
        RuntimeError: a string is no number, or too large for the type.

    >>> import mslearn as ms
    >>> ToNumber(ms.int8)(["1", "2"]).tolist()
    [1, 2]
    """

    def __init__(self, data_type: Any) -> None:
        if isinstance(data_type, str | int):
            raise TypeError(f"ToNumber: data_type must be a dtype, but got {data_type!r}.")
        self.data_type = to_numpy(data_type)
        if self.data_type.kind not in "iuf":
            raise TypeError(f"ToNumber: data_type must be a type of numbers, got {data_type!r}.")

    def apply(self, array: np.ndarray) -> np.ndarray:
        strings = self._strings(array)
        numbers = [self._number(s) for s in strings.ravel().tolist()]
        return np.array(numbers, self.data_type).reshape(strings.shape)

    def _number(self, text: str) -> float:
        whole = self.data_type.kind != "f"
        # As C's strtol: an int is read as far as it goes.
        match = re.match(r"\s*[+-]?\d+" if whole else r"\s*.+", text)
        try:
            number = (int if whole else float)(match[0] if match else "")
        except ValueError:
            raise RuntimeError(f"ToNumber: {text!r} is no {self.data_type} number.") from None
        if whole:
            limits = np.iinfo(self.data_type)
            fits = limits.min <= number <= limits.max
        else:
            fits = abs(number) <= float(np.finfo(self.data_type).max)
        if not fits:
            raise RuntimeError(f"ToNumber: {text!r} is outside the range of {self.data_type}.")
        return number


class PythonTokenizer:
    """A Python function from a string to a list of tokens, as a transform.

    >>> PythonTokenizer(str.split)("Hello  world").tolist()
    ['Hello', 'world']
    """

    def __init__(self, tokenizer: Any) -> None:
        if not callable(tokenizer):
            raise TypeError(
                f"PythonTokenizer: tokenizer is not a callable Python function: {tokenizer!r}."
            )
        self.tokenizer = tokenizer

    def __call__(self, in_array: Any) -> np.ndarray:
        array = np.asarray(in_array)
        if array.ndim != 0:
            raise TypeError(
                f"PythonTokenizer: the input must be one string, but its shape is "
                f"{list(array.shape)}."
            )
        if array.dtype.kind == "S":
            array = np.char.decode(array, "utf-8")
        return np.array(self.tokenizer(str(array)), dtype=np.str_)


def to_str(array: np.ndarray, encoding: str = "utf8") -> np.ndarray:
    """An array of bytes as an array of strings."""
    if not isinstance(array, np.ndarray):
        raise TypeError(f"to_str: the input should be a NumPy array, got {type(array)}.")
    return np.char.decode(array, encoding) if array.dtype.kind == "S" else array


def to_bytes(array: np.ndarray, encoding: str = "utf8") -> np.ndarray:
    """An array of strings as an array of bytes."""
    if not isinstance(array, np.ndarray):
        raise ValueError(f"to_bytes: the input should be a NumPy array, got {type(array)}.")
    return np.char.encode(array, encoding) if array.dtype.kind == "U" else array
