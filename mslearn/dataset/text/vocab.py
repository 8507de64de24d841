"""`Vocab` and the transforms that look tokens up in it."""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

import numpy as np

from mslearn.core.dtype import int32, to_numpy
from mslearn.dataset.checks import check_bool, check_int
from mslearn.dataset.text.base import TextOperation, Token, columns
from mslearn.dataset.text.strings import NormalizeForm
from mslearn.dataset.text.tokenizers import BasicTokenizer


class Vocab:
    """Words and their numbers. Make one with `from_list`, `from_dict`, `from_file`, `from_dataset`.

    >>> vocab = Vocab.from_list(["deep", "learning"], ["<unk>"])
    >>> vocab.tokens_to_ids(["deep", "learning"]), vocab.ids_to_tokens(0)
    ([1, 2], '<unk>')
    """

    def __init__(self) -> None:
        self._ids: dict[str, int] | None = None
        self._words: dict[int, str] = {}

    @classmethod
    def _of(cls, ids: dict[str, int]) -> Vocab:
        vocab = cls()
        vocab._ids = ids
        vocab._words = {number: word for word, number in ids.items()}
        return vocab

    def _built(self) -> dict[str, int]:
        if self._ids is None:
            raise RuntimeError(
                "The Vocab has not been built yet. Use Vocab.from_dataset(), Vocab.from_list(), "
                "Vocab.from_file() or Vocab.from_dict() to build one."
            )
        return self._ids

    @classmethod
    def from_list(
        cls, word_list: list[str], special_tokens: Any = None, special_first: bool = True
    ) -> Vocab:
        """Words numbered in the order of the list.

        Args:
            special_tokens: further words, such as "<unk>".
            special_first: number those first, else last.

        Raises:
            ValueError: a word comes twice.
        """
        if not isinstance(word_list, list):
            raise TypeError(f"Vocab.from_list: word_list must be a list, but got {word_list!r}.")
        words = _words(word_list, "word_list")
        return cls._of(_number(words, special_tokens, special_first))

    @classmethod
    def from_dict(cls, word_dict: dict[str, int]) -> Vocab:
        """Words with given numbers, 0 or above."""
        if not isinstance(word_dict, dict):
            raise TypeError(f"Vocab.from_dict: word_dict must be a dict, but got {word_dict!r}.")
        for word, number in word_dict.items():
            if not isinstance(word, str):
                raise TypeError(f"Vocab.from_dict: words must be strings, but got {word!r}.")
            check_int(number, f"word_id of {word!r}", 0)
        return cls._of(dict(word_dict))

    @classmethod
    def from_file(
        cls,
        file_path: str,
        delimiter: str = "",
        vocab_size: int | None = None,
        special_tokens: Any = None,
        special_first: bool = True,
    ) -> Vocab:
        """One word per line of a UTF-8 file, numbered by line.

        Args:
            delimiter: a line's word ends where this stands; by default it is the whole line.
            vocab_size: read so many words at most.

        Raises:
            RuntimeError: no such file, not UTF-8, or a word twice.
        """
        if not isinstance(file_path, str | os.PathLike):
            raise TypeError(f"Vocab.from_file: file_path must be a string, but got {file_path!r}.")
        if vocab_size is not None:
            check_int(vocab_size, "vocab_size", 1)
        try:
            with open(file_path, encoding="utf-8") as file:
                lines = file.read().split("\n")
        except OSError as error:
            raise RuntimeError(f"Vocab.from_file: cannot read {file_path}: {error}.") from error
        except UnicodeDecodeError as error:
            raise RuntimeError(f"Vocab.from_file: {file_path} is not UTF-8: {error}.") from error
        if lines[-1] == "":
            lines.pop()
        words = [line.removesuffix("\r") for line in lines[:vocab_size]]
        if delimiter:
            words = [word.split(delimiter)[0] for word in words]
        try:
            return cls._of(_number(_words(words, "the file"), special_tokens, special_first))
        except ValueError as error:
            raise RuntimeError(f"Vocab.from_file: {file_path}: {error}") from error

    @classmethod
    def from_dataset(
        cls,
        dataset: Any,
        columns: Any = None,
        freq_range: tuple[int | None, int | None] | None = None,
        top_k: int | None = None,
        special_tokens: Any = None,
        special_first: bool = True,
    ) -> Vocab:
        """The words of a data set, the most frequent first, equal ones in the alphabet's order.

        Args:
            columns: which columns hold words; all by default.
            freq_range: (lowest, highest) count of a word that is taken; None is no limit.
            top_k: only the k most frequent.
        """
        names = [columns] if isinstance(columns, str) else (columns or dataset.get_col_names())
        low, high = freq_range if freq_range is not None else (None, None)
        if freq_range is not None and None not in freq_range and low > high:  # type: ignore[operator]
            raise ValueError(
                f"Vocab.from_dataset: freq_range must be (low, high), not {freq_range}"
            )
        if top_k is not None:
            check_int(top_k, "top_k", 1)
        counts: Counter[str] = Counter()
        for row in dataset.project(names).create_tuple_iterator(num_epochs=1, output_numpy=True):
            for value in row:
                if value.dtype.kind not in "US":
                    raise RuntimeError(
                        f"Vocab.from_dataset: the columns {names} must hold text, but one has "
                        f"{value.dtype}."
                    )
                words = np.char.decode(value, "utf-8") if value.dtype.kind == "S" else value
                counts.update(words.ravel().tolist())
        kept = [
            word
            for word, count in counts.items()
            if (low is None or count >= low) and (high is None or count <= high)
        ]
        # In UTF-8's order of bytes, which is the order of code points.
        kept.sort(key=lambda word: (-counts[word], word))
        return cls._of(_number(kept[:top_k], special_tokens, special_first))

    def vocab(self) -> dict[str, int]:
        """The words and their numbers."""
        return dict(self._built())

    def tokens_to_ids(self, tokens: Any) -> Any:
        """The number of a word, or of each of a list; -1 for one that is not there."""
        ids = self._built()
        if isinstance(tokens, str):
            return ids.get(tokens, -1)
        if not isinstance(tokens, list | np.ndarray):
            raise TypeError(f"tokens must be a string or a list of them, but got {tokens!r}.")
        return [ids.get(str(token), -1) for token in tokens]

    def ids_to_tokens(self, ids: Any) -> Any:
        """The word of a number, or of each of a list; "" for one that is not there."""
        self._built()
        if isinstance(ids, int) and not isinstance(ids, bool):
            return self._words.get(check_int(ids, "ids", 0), "")
        if not isinstance(ids, list | np.ndarray):
            raise TypeError(f"ids must be an int or a list of them, but got {ids!r}.")
        return [self._words.get(check_int(int(i), "ids", 0), "") for i in ids]


def _words(words: list[Any], name: str) -> list[str]:
    seen = set()
    for word in words:
        if not isinstance(word, str):
            raise TypeError(f"{name} must hold strings, but got {word!r}.")
        if word in seen:
            raise ValueError(f"{name} contains duplicate word: {word}.")
        seen.add(word)
    return words


def _number(words: list[str], special: Any, first: bool) -> dict[str, int]:
    check_bool(first, "special_first")
    extra = [] if special is None else _words(list(special), "special_tokens")
    both = set(extra) & set(words)
    if both:
        raise ValueError(f"special_tokens and the words both contain {sorted(both)}.")
    return {word: i for i, word in enumerate(extra + words if first else words + extra)}


def check_vocab(vocab: Any, name: str) -> Vocab:
    """`vocab` if it is a Vocab.

    Raises:
        TypeError: it is not.
    """
    if not isinstance(vocab, Vocab):
        raise TypeError(f"{name}: vocab must be a text.Vocab, but got {vocab!r}.")
    return vocab


class Lookup(TextOperation):
    """Words as their numbers.

    Args:
        vocab: a `Vocab`.
        unknown_token: the word that stands for one that is not in `vocab`; by default such a
            word is an error.
        data_type: of the numbers.
    """

    def __init__(self, vocab: Vocab, unknown_token: str | None = None, data_type: Any = int32):
        self.vocab = check_vocab(vocab, "Lookup")
        if unknown_token is not None and not isinstance(unknown_token, str):
            raise TypeError(f"Lookup: unknown_token must be a string, but got {unknown_token!r}.")
        if isinstance(data_type, int):
            raise TypeError(f"Lookup: data_type must be a dtype, but got {data_type!r}.")
        self.unknown_token, self.data_type = unknown_token, to_numpy(data_type)

    def apply(self, array: np.ndarray) -> np.ndarray:
        strings = self._strings(array)
        ids = self.vocab._built()
        unknown = None
        if self.unknown_token is not None:
            unknown = ids.get(self.unknown_token)
            if unknown is None:
                raise RuntimeError(
                    f"Lookup: unknown_token {self.unknown_token!r} is no known word."
                )
        numbers = []
        for word in strings.ravel().tolist():
            number = ids.get(word, unknown)
            if number is None:
                raise RuntimeError(
                    f"Lookup: {word!r} is not in the vocabulary. Give unknown_token, and have it "
                    f"in the vocabulary (special_tokens)."
                )
            numbers.append(number)
        return np.array(numbers, self.data_type).reshape(strings.shape)


class WordpieceTokenizer(TextOperation):
    """Words cut into the longest known pieces from the left (Wu and others, 2016).

    Args:
        vocab: the known pieces.
        suffix_indicator: stands before a piece that does not begin a word.
        max_bytes_per_token: a longer word is unknown.
        unknown_token: stands for a word that cannot be cut; "" keeps the word.
        with_offsets: also where pieces start and end in their word's UTF-8 bytes.
    """

    def __init__(
        self,
        vocab: Vocab,
        suffix_indicator: str = "##",
        max_bytes_per_token: int = 100,
        unknown_token: str = "[UNK]",
        with_offsets: bool = False,
    ) -> None:
        self.vocab = check_vocab(vocab, type(self).__name__)
        for name, value in (("suffix_indicator", suffix_indicator), ("unknown", unknown_token)):
            if not isinstance(value, str):
                raise TypeError(f"{type(self).__name__}: {name} must be a string, got {value!r}.")
        self.suffix_indicator, self.unknown_token = suffix_indicator, unknown_token
        self.max_bytes_per_token = check_int(max_bytes_per_token, "max_bytes_per_token", 0)
        if not isinstance(with_offsets, bool):
            raise TypeError(f"with_offsets must be a boolean, but got {with_offsets!r}.")
        self.with_offsets = with_offsets

    def pieces(self, word: str, offset: int = 0) -> list[Token]:
        """The pieces of one word that starts at byte `offset`."""
        ids = self.vocab._built()
        size = len(word.encode())
        whole = [(self.unknown_token or word, offset, offset + size)]
        if size > self.max_bytes_per_token:
            return whole
        found: list[Token] = []
        start, at = 0, offset
        while start < len(word):
            prefix = self.suffix_indicator if start else ""
            for stop in range(len(word), start, -1):
                if prefix + word[start:stop] in ids:
                    break
            else:
                return whole
            end = at + len(word[start:stop].encode())
            found.append((prefix + word[start:stop], at, end))
            start, at = stop, end
        return found

    def apply(self, array: np.ndarray) -> Any:
        strings = self._strings(array)
        if strings.ndim > 1:
            raise RuntimeError(
                f"{type(self).__name__}: the input must be a word or a list of them, but its shape "
                f"is {list(strings.shape)}."
            )
        found = [piece for word in np.atleast_1d(strings).tolist() for piece in self.pieces(word)]
        return columns(found) if self.with_offsets else columns(found)[0]


class BertTokenizer(WordpieceTokenizer):
    """`BasicTokenizer`, then `WordpieceTokenizer`; see both for the arguments."""

    def __init__(
        self,
        vocab: Vocab,
        suffix_indicator: str = "##",
        max_bytes_per_token: int = 100,
        unknown_token: str = "[UNK]",
        lower_case: bool = False,
        keep_whitespace: bool = False,
        normalization_form: NormalizeForm = NormalizeForm.NONE,
        preserve_unused_token: bool = True,
        with_offsets: bool = False,
    ) -> None:
        super().__init__(vocab, suffix_indicator, max_bytes_per_token, unknown_token, with_offsets)
        self.basic = BasicTokenizer(
            lower_case, keep_whitespace, normalization_form, preserve_unused_token, True
        )

    def apply(self, array: np.ndarray) -> Any:
        found = []
        for word, start, _ in self.basic.located(self._string(array)):
            found += self.pieces(word, start)
        return columns(found) if self.with_offsets else columns(found)[0]
