"""Word vectors from files, and `ToVectors`."""

from __future__ import annotations

import fnmatch
import os
from typing import Any

import numpy as np

from mslearn.dataset.checks import check_bool, check_int
from mslearn.dataset.text.base import TextOperation


class Vectors:
    """Words and their vectors, read from a text file: one word and its numbers per line."""

    pattern = "*"

    def __init__(self) -> None:
        self._rows: dict[str, np.ndarray] = {}
        self.dim = 0

    @classmethod
    def from_file(cls, file_path: str, max_vectors: int | None = None) -> Any:
        """Read a file; a first line with two numbers (count and length) is left out.

        Args:
            max_vectors: read so many at most.

        Raises:
            RuntimeError: no such file, a wrong name for the kind, or a line that does not fit.
        """
        if not isinstance(file_path, str | os.PathLike):
            raise TypeError(f"{cls.__name__}: file_path must be a string, but got {file_path!r}.")
        path = os.fspath(file_path)
        if not fnmatch.fnmatch(os.path.basename(path), cls.pattern):
            raise RuntimeError(f"{cls.__name__}: need a file named '{cls.pattern}', got: {path}")
        if max_vectors is not None:
            check_int(max_vectors, "max_vectors", 0)
        out = cls()
        try:
            with open(path, encoding="utf-8") as file:
                for number, line in enumerate(file):
                    if max_vectors and len(out._rows) >= max_vectors:
                        break
                    out._add(line, number, path)
        except OSError as error:
            raise RuntimeError(f"{cls.__name__}: cannot read {path}: {error}.") from error
        except UnicodeDecodeError as error:
            raise RuntimeError(f"{cls.__name__}: {path} is not UTF-8: {error}.") from error
        if not out._rows:
            raise RuntimeError(f"{cls.__name__}: {path} holds no vectors.")
        return out

    def _add(self, line: str, number: int, path: str) -> None:
        word, *values = line.rstrip().split(" ")
        if number == 0 and len(values) == 1:
            return
        try:
            vector = np.array([float(v) for v in values], np.float32)
        except ValueError:
            vector = np.empty(0, np.float32)
        if not len(vector) or (self.dim and len(vector) != self.dim):
            raise RuntimeError(
                f"{type(self).__name__}: line {number + 1} of {path} should have a word and "
                f"{self.dim or 'some'} numbers, but is {line[:60]!r}."
            )
        self.dim = len(vector)
        self._rows.setdefault(word, vector)

    def lookup(self, word: str) -> np.ndarray | None:
        """The vector of a word, or None."""
        return self._rows.get(word)


class GloVe(Vectors):
    """`Vectors` from GloVe's files (Pennington and others, 2014), named glove.6B.….txt."""

    pattern = "glove.6B.*.txt"


class FastText(Vectors):
    """`Vectors` from fastText's files (Bojanowski and others, 2016), named ….vec."""

    pattern = "*.vec"


class CharNGram(Vectors):
    """Vectors of groups of letters (Hashimoto, 2016): a word's is the mean of its groups'."""

    def lookup(self, word: str) -> np.ndarray | None:
        letters = ["#BEGIN#", *word, "#END#"]
        grams = [
            f"{n}gram-{''.join(letters[i : i + n])}"
            for n in (2, 3, 4)
            for i in range(len(letters) - n + 1)
        ]
        found = [self._rows[gram] for gram in grams if gram in self._rows]
        return np.stack(found).mean(0, dtype=np.float32) if found else None


class ToVectors(TextOperation):
    """Words as their vectors, float32.

    Args:
        vectors: `Vectors`, `GloVe`, `FastText` or `CharNGram`.
        unk_init: the vector of an unknown word; zeros by default.
        lower_case_backup: look an unknown word up in lower case too.
    """

    def __init__(
        self, vectors: Vectors, unk_init: Any = None, lower_case_backup: bool = False
    ) -> None:
        if not isinstance(vectors, Vectors):
            raise TypeError(f"ToVectors: vectors must be text.Vectors, but got {vectors!r}.")
        self.vectors = vectors
        unknown = np.zeros(vectors.dim) if unk_init is None else unk_init
        self.unknown = np.asarray(unknown, np.float32)
        if self.unknown.shape != (vectors.dim,):
            raise ValueError(f"ToVectors: unk_init must have {vectors.dim} numbers: {unk_init!r}.")
        self.lower_case_backup = check_bool(lower_case_backup, "lower_case_backup")

    def _vector(self, word: str) -> np.ndarray:
        found = self.vectors.lookup(word)
        if found is None and self.lower_case_backup:
            found = self.vectors.lookup(word.lower())
        return self.unknown if found is None else found

    def apply(self, array: np.ndarray) -> np.ndarray:
        strings = self._strings(array)
        if strings.ndim == 0:
            return self._vector(str(strings[()])).copy()
        if strings.ndim != 1:
            raise RuntimeError(
                f"ToVectors: the input must be a word or a list of words, but its shape is "
                f"{list(strings.shape)}."
            )
        return np.stack([self._vector(word) for word in strings.tolist()])
