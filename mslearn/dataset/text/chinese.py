"""Chinese words through the `jieba` library."""

from __future__ import annotations

import os
from enum import IntEnum
from typing import Any

from mslearn.dataset.checks import check_int
from mslearn.dataset.text.base import Tokenizer


class JiebaMode(IntEnum):
    """How `JiebaTokenizer` finds words."""

    MIX = 0  # by dictionary, then by a hidden Markov model what the dictionary does not know
    MP = 1  # by dictionary alone
    HMM = 2  # by the hidden Markov model alone


class JiebaTokenizer(Tokenizer):
    """Chinese text cut into words by the `jieba` library.

    Args:
        hmm_path: file of a hidden Markov model; it must exist, but jieba's own model is used.
        mp_path: dictionary file: a word, its frequency and optionally its class per line.
        mode: a `JiebaMode`.
        with_offsets: also where the tokens start and end.

    Raises:
        ValueError: a file does not exist.
        ImportError: jieba is missing; the message says how to get it.
    """

    def __init__(
        self,
        hmm_path: str,
        mp_path: str,
        mode: JiebaMode = JiebaMode.MIX,
        with_offsets: bool = False,
    ) -> None:
        super().__init__(with_offsets)
        for path in (hmm_path, mp_path):
            if not isinstance(path, str):
                raise TypeError(f"JiebaTokenizer: paths must be strings, but got {path!r}.")
            if not os.path.exists(path):
                raise ValueError(f"JiebaTokenizer: the file {path} does not exist.")
        if not isinstance(mode, JiebaMode):
            raise TypeError(f"JiebaTokenizer: mode must be a text.JiebaMode, but got {mode!r}.")
        self.hmm_path, self.mp_path, self.mode = hmm_path, mp_path, mode
        self._added: dict[str, int | None] = {}
        self._jieba: Any = None

    def _tokenizer(self) -> Any:
        if self._jieba is None:
            try:
                import jieba
            except ImportError as error:
                raise ImportError(
                    "JiebaTokenizer needs jieba: pip install 'mslearn[data]' (or pip install "
                    "jieba)."
                ) from error
            self._jieba = jieba.Tokenizer(dictionary=os.path.abspath(self.mp_path))
            for word, freq in self._added.items():
                self._jieba.add_word(word, freq)
        return self._jieba

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_jieba": None}  # a worker process builds its own

    def add_word(self, word: str, freq: int | None = None) -> None:
        """Let a word be found; a higher `freq` makes it likelier.

        Raises:
            ValueError: no word. RuntimeError: jieba refuses it.
        """
        if not isinstance(word, str):
            raise TypeError(f"add_word: word must be a string, but got {word!r}.")
        if not word:
            raise ValueError("add_word: word is empty.")
        if freq is not None:
            check_int(freq, "freq", 0)
        self._added[word] = freq
        if self._jieba is not None:
            self._jieba.add_word(word, freq)

    def add_dict(self, user_dict: Any) -> None:
        """`add_word` for a dict from word to frequency, or a file with "word frequency" lines."""
        if isinstance(user_dict, dict):
            for word, freq in user_dict.items():
                self.add_word(word, freq)
            return
        if not isinstance(user_dict, str):
            raise TypeError(f"add_dict: need a dict or a path, but got {user_dict!r}.")
        if not os.path.exists(user_dict):
            raise ValueError(f"add_dict: the file {user_dict} does not exist.")
        with open(user_dict, encoding="utf-8-sig") as file:
            for number, line in enumerate(file, 1):
                parts = line.split()
                if not parts:
                    continue
                if len(parts) > 2 or (len(parts) == 2 and not parts[1].isdigit()):
                    raise ValueError(f"add_dict: line {number} of {user_dict} is {line.strip()!r}.")
                self.add_word(parts[0], int(parts[1]) if len(parts) == 2 else None)

    def tokens(self, text: str) -> list[str]:
        jieba = self._tokenizer()
        if self.mode is JiebaMode.HMM:
            from jieba import finalseg

            return list(finalseg.cut(text))
        return list(jieba.cut(text, HMM=self.mode is JiebaMode.MIX))
