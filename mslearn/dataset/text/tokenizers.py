"""Tokenizers that need no vocabulary."""

from __future__ import annotations

import re
import unicodedata

from mslearn.dataset.checks import check_bool
from mslearn.dataset.text.base import Token, Tokenizer
from mslearn.dataset.text.scripts import pattern, script
from mslearn.dataset.text.strings import NormalizeForm, case_fold, check_form, normalize


class WhitespaceTokenizer(Tokenizer):
    """Words between white space.

    >>> WhitespaceTokenizer()("Welcome to  Beijing!").tolist()
    ['Welcome', 'to', 'Beijing!']
    """

    def tokens(self, text: str) -> list[str]:
        return text.split()


class UnicodeCharTokenizer(Tokenizer):
    """Single characters.

    >>> UnicodeCharTokenizer()("你好").tolist()
    ['你', '好']
    """

    def tokens(self, text: str) -> list[str]:
        return list(text)


class UnicodeScriptTokenizer(Tokenizer):
    """Runs of one writing system: ``Chinese中国`` becomes ``Chinese``, ``中国``.

    Args:
        keep_whitespace: keep runs of white space as tokens.
        with_offsets: also where the tokens start and end.
    """

    def __init__(self, keep_whitespace: bool = False, with_offsets: bool = False) -> None:
        super().__init__(with_offsets)
        self.keep_whitespace = check_bool(keep_whitespace, "keep_whitespace")

    def tokens(self, text: str) -> list[str]:
        runs: list[str] = []
        before = None
        for character in text:
            kind = " " if character.isspace() else script(character)
            if kind == before:
                runs[-1] += character
            else:
                runs.append(character)
            before = kind
        return runs if self.keep_whitespace else [run for run in runs if not run.isspace()]


class RegexTokenizer(Tokenizer):
    r"""Cut at what a regular expression finds.

    Args:
        delim_pattern: the expression to cut at; ``\p{Han}`` and the like need the `regex` library.
        keep_delim_pattern: what is cut out stays as a token where this expression matches it.
        with_offsets: also where the tokens start and end.
    """

    def __init__(
        self, delim_pattern: str, keep_delim_pattern: str = "", with_offsets: bool = False
    ) -> None:
        super().__init__(with_offsets)
        for name, value in (("delim_pattern", delim_pattern), ("keep", keep_delim_pattern)):
            if not isinstance(value, str):
                raise TypeError(f"RegexTokenizer: {name} must be a string, but got {value!r}.")
        self.delim_pattern, self.keep_delim_pattern = delim_pattern, keep_delim_pattern

    def tokens(self, text: str) -> list[str]:
        cut = pattern(self.delim_pattern, "RegexTokenizer")
        keep = self.keep_delim_pattern and pattern(self.keep_delim_pattern, "RegexTokenizer")
        found, at = [], 0
        for match in cut.finditer(text):
            start, stop = match.span()
            if start == stop:
                continue
            if start > at:
                found.append(text[at:start])
            if keep and keep.fullmatch(text, start, stop):
                found.append(text[start:stop])
            at = stop
        if at < len(text):
            found.append(text[at:])
        return found


# Han characters that BERT sets apart, and ASCII characters that it counts as punctuation.
_HAN = "\u4e00-\u9fff\u3400-\u4dbf\U00020000-\U0002a6df\U0002a700-\U0002b73f\U0002b740-\U0002b81f"
_HAN += "\U0002b820-\U0002ceaf\uf900-\ufaff\U0002f800-\U0002fa1f"
_SPECIAL = r"\[CLS\]|\[SEP\]|\[UNK\]|\[PAD\]|\[MASK\]|\[unused\d+\]"
_ALONE = re.compile(rf"[!-/:-@\[-`{{-~{_HAN}]")
_KEPT = re.compile(_SPECIAL)


class BasicTokenizer(Tokenizer):
    """Words, punctuation and Han characters one by one: BERT's first step (Devlin, 2018).

    Args:
        lower_case: fold case and remove accents.
        keep_whitespace: keep white space as tokens.
        normalization_form: a Unicode form that is brought about first (without lower_case).
        preserve_unused_token: keep [CLS], [SEP], [UNK], [PAD], [MASK] and [unused1] … whole.
        with_offsets: also where the tokens start and end, in the normalised text.

    With `lower_case` and `preserve_unused_token`, MindSpore 2.10 repeats the text before a
    preserved token; here every word comes once.
    """

    def __init__(
        self,
        lower_case: bool = False,
        keep_whitespace: bool = False,
        normalization_form: NormalizeForm = NormalizeForm.NONE,
        preserve_unused_token: bool = True,
        with_offsets: bool = False,
    ) -> None:
        super().__init__(with_offsets)
        self.lower_case = check_bool(lower_case, "lower_case")
        self.keep_whitespace = check_bool(keep_whitespace, "keep_whitespace")
        self.normalization_form = check_form(normalization_form, type(self).__name__)
        self.preserve_unused_token = check_bool(preserve_unused_token, "preserve_unused_token")

    def prepared(self, text: str) -> str:
        """The text with case, accents and control characters dealt with."""
        if self.lower_case:
            text = self._fold_between(text) if self.preserve_unused_token else _plain(text)
        else:
            text = normalize(text, self.normalization_form)
        if text.isprintable():
            return text
        return "".join(" " if unicodedata.category(c) in ("Cc", "Cf") else c for c in text)

    def _fold_between(self, text: str) -> str:
        parts, at = [], 0
        for match in _KEPT.finditer(text):
            parts += [_plain(text[at : match.start()]), match[0]]
            at = match.end()
        return "".join([*parts, _plain(text[at:])])

    def located(self, text: str) -> list[Token]:
        return super().located(self.prepared(text))

    def tokens(self, text: str) -> list[str]:
        if not self.with_offsets:
            text = self.prepared(text)
        found: list[str] = []
        at = 0
        while at < len(text):
            kept = _KEPT.match(text, at) if self.preserve_unused_token else None
            if kept:
                found.append(kept[0])
                at = kept.end()
                continue
            start = at
            if _alone(text[at]):
                at += 1
            else:
                space = text[at].isspace()
                while at < len(text) and text[at].isspace() == space and not _alone(text[at]):
                    at += 1
            piece = text[start:at]
            if self.keep_whitespace or not piece.isspace():
                found.append(piece)
        return found


def _alone(character: str) -> bool:
    """Whether BERT makes this character a token of its own."""
    if character.isascii():
        return not character.isalnum() and bool(_ALONE.match(character))
    return bool(_ALONE.match(character)) or unicodedata.category(character)[0] == "P"


def _plain(text: str) -> str:
    """Case folded and accents removed."""
    apart = unicodedata.normalize("NFD", case_fold(text))
    return "".join(c for c in apart if unicodedata.category(c) != "Mn")
