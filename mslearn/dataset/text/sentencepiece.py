"""Subword pieces through the `sentencepiece` library (Kudo and Richardson, 2018)."""

from __future__ import annotations

import importlib
import io
import os
from collections.abc import Iterable, Iterator
from enum import IntEnum
from typing import Any

import numpy as np

from mslearn.common.files import replacing
from mslearn.dataset.checks import check_int
from mslearn.dataset.text.base import TextOperation


class SentencePieceModel(IntEnum):
    """How pieces are learned."""

    UNIGRAM = 0
    BPE = 1
    CHAR = 2
    WORD = 3


class SPieceTokenizerOutType(IntEnum):
    """What `SentencePieceTokenizer` gives: pieces, or their numbers."""

    STRING = 0
    INT = 1


class SPieceTokenizerLoadType(IntEnum):
    """Where a model comes from."""

    FILE = 0
    MODEL = 1


def _library() -> Any:
    try:
        return importlib.import_module("sentencepiece")
    except ImportError as error:
        raise ImportError(
            "SentencePiece transforms need the sentencepiece library: pip install 'mslearn[data]' "
            "(or pip install sentencepiece)."
        ) from error


class SentencePieceVocab:
    """A trained model. Make one with `from_file` or `from_dataset`."""

    def __init__(self) -> None:
        self.model = b""

    @classmethod
    def _train(
        cls, sentences: Iterable[str], size: int, coverage: float, kind: Any, params: Any
    ) -> SentencePieceVocab:
        check_int(size, "vocab_size", 1)
        if isinstance(coverage, bool) or not isinstance(coverage, float):
            raise TypeError(f"character_coverage must be a float, but got {coverage!r}.")
        if not isinstance(kind, SentencePieceModel):
            raise TypeError(f"model_type must be a text.SentencePieceModel, but got {kind!r}.")
        if not isinstance(params, dict):
            raise TypeError(f"params must be a dict, but got {params!r}.")
        out = io.BytesIO()
        options: dict[str, Any] = {"minloglevel": 2, **params}
        try:
            _library().SentencePieceTrainer.train(
                sentence_iterator=iter(sentences),
                model_writer=out,
                vocab_size=size,
                character_coverage=coverage,
                model_type=kind.name.lower(),
                **options,
            )
        except (RuntimeError, OSError, ValueError) as error:
            raise RuntimeError(f"SentencePieceVocab: training failed: {error}") from error
        vocab = cls()
        vocab.model = out.getvalue()
        return vocab

    @classmethod
    def from_file(
        cls,
        file_path: list[str],
        vocab_size: int,
        character_coverage: float,
        model_type: SentencePieceModel,
        params: dict[str, str],
    ) -> SentencePieceVocab:
        """Learn from text files, one sentence per line.

        Args:
            file_path: a list of paths.
            vocab_size: how many pieces.
            character_coverage: share of the characters that get a piece: 1.0, or 0.9995 for
                languages with many characters.
            params: further options of the sentencepiece trainer; {} for none.
        """
        if not isinstance(file_path, list):
            raise TypeError(f"from_file: file_path must be a list of paths, but got {file_path!r}.")

        def lines() -> Iterator[str]:
            for path in file_path:
                with open(path, encoding="utf-8") as file:
                    yield from (line.rstrip("\n") for line in file)

        return cls._train(lines(), vocab_size, character_coverage, model_type, params)

    @classmethod
    def from_dataset(
        cls,
        dataset: Any,
        col_names: list[str],
        vocab_size: int,
        character_coverage: float,
        model_type: SentencePieceModel,
        params: dict[str, str],
    ) -> SentencePieceVocab:
        """Learn from the strings in columns of a data set; see `from_file`."""
        data = dataset.project(col_names) if col_names else dataset

        def sentences() -> Iterator[str]:
            for row in data.create_tuple_iterator(num_epochs=1, output_numpy=True):
                for value in row:
                    yield from (str(s) for s in np.asarray(value).ravel())

        return cls._train(sentences(), vocab_size, character_coverage, model_type, params)

    @classmethod
    def save_model(cls, vocab: SentencePieceVocab, path: str, filename: str) -> None:
        """Write a model to the file `filename` in the folder `path`."""
        if not isinstance(vocab, SentencePieceVocab):
            raise TypeError(f"save_model: vocab must be a SentencePieceVocab, but got {vocab!r}.")
        target = os.path.join(path, filename)
        try:
            with replacing(target) as file:
                file.write(vocab.model)
        except OSError as error:
            raise RuntimeError(f"save_model: cannot write {target}: {error}.") from error


class SentencePieceTokenizer(TextOperation):
    """A sentence as subword pieces.

    Args:
        mode: a `SentencePieceVocab`, or the path of a model file.
        out_type: pieces as strings, or their numbers (int32).
    """

    def __init__(self, mode: SentencePieceVocab | str, out_type: SPieceTokenizerOutType) -> None:
        if not isinstance(mode, str | SentencePieceVocab):
            raise TypeError(
                f"SentencePieceTokenizer: mode must be a SentencePieceVocab or the path of a "
                f"model, but got {mode!r}."
            )
        if not isinstance(out_type, SPieceTokenizerOutType):
            raise TypeError(
                f"SentencePieceTokenizer: out_type must be a text.SPieceTokenizerOutType, but got "
                f"{out_type!r}."
            )
        self.mode, self.out_type = mode, out_type
        self._processor: Any = None

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_processor": None}  # a worker process loads its own

    def _load(self) -> Any:
        if self._processor is None:
            processor = _library().SentencePieceProcessor()
            try:
                if isinstance(self.mode, str):
                    processor.load(self.mode)
                else:
                    processor.load_from_serialized_proto(self.mode.model)
            except (OSError, RuntimeError) as error:
                raise RuntimeError(
                    f"SentencePieceTokenizer: cannot load the model: {error}"
                ) from error
            self._processor = processor
        return self._processor

    def apply(self, array: np.ndarray) -> np.ndarray:
        sentence = self._string(array)
        if self.out_type is SPieceTokenizerOutType.INT:
            return np.array(self._load().encode(sentence, out_type=int), np.int32)
        return np.array(self._load().encode(sentence, out_type=str), np.str_)
