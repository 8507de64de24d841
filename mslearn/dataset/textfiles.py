"""Text: lines (`TextFileDataset`), tables (`CSVDataset`), JSON lines (`CLUEDataset`), CoNLL."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mslearn.dataset.checks import name_list
from mslearn.dataset.files import FileSource, Row, find_files
from mslearn.dataset.folders import check_folder, check_usage
from mslearn.dataset.samplers import Shuffle
from mslearn.dataset.stream import ColumnError


def read_lines(path: str, name: str) -> Iterator[tuple[int, str]]:
    """Numbers (from 1) and texts of the lines that are not empty.

    Raises:
        RuntimeError: the file is missing or not UTF-8; the message has the line.
    """
    number = 0
    try:
        with open(path, "rb") as file:
            for number, line in enumerate(file, 1):
                text = line.decode().removesuffix("\n")
                if number == 1:
                    text = text.removeprefix("\ufeff")
                if text:
                    yield number, text
    except UnicodeDecodeError as error:
        raise RuntimeError(
            f"{name}: line {number} of '{path}' is not UTF-8: {error}. Convert the file, for "
            f"example: text = open(path, encoding='gbk').read()."
        ) from error
    except OSError as error:
        raise RuntimeError(f"{name}: cannot read '{path}': {error}") from error


class TextFileDataset(FileSource):
    """Lines of text files, in the column ``text``; empty lines are left out.

    Args:
        dataset_files: a path, a pattern with ``*``, or a list of them; read in sorted order.
        num_samples: how many lines; all by default.
        shuffle: True or Shuffle.GLOBAL (default) shuffles files and lines, Shuffle.FILES the files
            only, False nothing.
        num_shards, shard_id: read one of equal parts.

    Raises:
        ValueError: no file fits.
        RuntimeError: a file is not UTF-8 or all are empty.

    >>> import tempfile, pathlib, mslearn.dataset as ds
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "poem.txt")
    ...     _ = path.write_text("so much depends\\n\\nupon\\n")
    ...     data = ds.TextFileDataset(str(path), shuffle=False)
    ...     [str(r["text"]) for r in data.create_dict_iterator(output_numpy=True)]
    ['so much depends', 'upon']
    """

    def __init__(
        self,
        dataset_files: str | list[str],
        num_samples: int | None = None,
        num_parallel_workers: int | None = None,
        shuffle: bool | Shuffle = Shuffle.GLOBAL,
        num_shards: int | None = None,
        shard_id: int | None = None,
        cache: object = None,
    ) -> None:
        files = find_files(dataset_files, type(self).__name__)
        super().__init__(
            files, num_samples, num_parallel_workers, shuffle, num_shards, shard_id, cache
        )

    def _columns(self) -> list[str]:
        return ["text"]

    def _read(self, path: str) -> Iterator[Row]:
        for _, text in read_lines(path, type(self).__name__):
            yield (np.array(text),)


def _convert(text: str, default: Any) -> np.ndarray:
    if isinstance(default, str):
        return np.array(text)
    if isinstance(default, float):
        return np.array(float(text), np.float32)
    try:
        return np.array(int(text), np.int32)
    except ValueError:
        return np.array(int(float(text)), np.int32)  # "2.5" counts as 2, as in C


class CSVDataset(FileSource):
    """Rows of tables with separated values.

    Args:
        dataset_files: as for TextFileDataset.
        field_delim: the separator, one character.
        column_defaults: one value for each column, whose type (str, int, float) the column gets:
            text, int32 or float32; all text by default.
        column_names: names; by default the first line of the files holds them.
        num_samples, shuffle, num_shards, shard_id: as for TextFileDataset.

    Raises:
        RuntimeError: a line has too many or too few values, or one of another type; the message
            has file and line.
    """

    def __init__(
        self,
        dataset_files: str | list[str],
        field_delim: str = ",",
        column_defaults: list[Any] | None = None,
        column_names: list[str] | None = None,
        num_samples: int | None = None,
        num_parallel_workers: int | None = None,
        shuffle: bool | Shuffle = Shuffle.GLOBAL,
        num_shards: int | None = None,
        shard_id: int | None = None,
        cache: object = None,
    ) -> None:
        files = find_files(dataset_files, "CSVDataset")
        super().__init__(
            files, num_samples, num_parallel_workers, shuffle, num_shards, shard_id, cache
        )
        if not isinstance(field_delim, str) or len(field_delim) != 1 or field_delim in '"\r\n':
            raise ValueError(f"field_delim must be one character, but got {field_delim!r}.")
        kinds = str | int | float
        if column_defaults is not None and (
            not isinstance(column_defaults, list)
            or not all(isinstance(d, kinds) and d is not True for d in column_defaults)
        ):
            raise TypeError(
                f"column_defaults must be a list of str, int and float, got {column_defaults!r}."
            )
        self.field_delim, self.column_defaults = field_delim, column_defaults
        self.column_names = (
            None if column_names is None else name_list(column_names, "column_names")
        )

    def _lines(self, path: str) -> Iterator[tuple[int, list[str]]]:
        reader = csv.reader(
            (text + "\n" for _, text in read_lines(path, "CSVDataset")),
            delimiter=self.field_delim, strict=True,
        )  # fmt: skip
        try:
            for values in reader:
                yield reader.line_num, values
        except csv.Error as error:
            raise RuntimeError(
                f"CSVDataset: line {reader.line_num} of '{path}' is damaged: {error}."
            ) from error

    def _columns(self) -> list[str]:
        if self.column_names is None:
            first = next(self._lines(self.files[0]), None)
            if first is None:
                raise RuntimeError(f"CSVDataset: '{self.files[0]}' has no line with column names.")
            self.column_names = name_list(first[1], "the first line")
            self._named_by_file = True
        if self.column_defaults is not None and len(self.column_defaults) < len(self.column_names):
            raise ColumnError(
                f"CSVDataset: there are {len(self.column_names)} columns {self.column_names} and "
                f"only {len(self.column_defaults)} column_defaults."
            )
        return self.column_names

    _named_by_file = False

    def _read(self, path: str) -> Iterator[Row]:
        names = self._columns()
        lines = self._lines(path)
        if self._named_by_file:
            next(lines, None)
        defaults = self.column_defaults or [""] * len(names)
        for number, values in lines:
            if len(values) != len(names):
                raise RuntimeError(
                    f"CSVDataset: line {number} of '{path}' has {len(values)} values, but there "
                    f"are {len(names)} columns {names}."
                )
            row = []
            for name, text, default in zip(names, values, defaults, strict=False):
                try:
                    row.append(_convert(text, default))
                except ValueError:
                    raise RuntimeError(
                        f"CSVDataset: line {number} of '{path}': {text!r} in column '{name}' is "
                        f"no {type(default).__name__}. Give '' in column_defaults to read text."
                    ) from None
            yield tuple(row)


# Task: usage: (column, key in the file); "a/b" is b inside a, "a/#0" the first element.
_TRAIN, _TEST, _EVAL = "train", "test", "eval"
_PAIR = ("sentence1", "sentence2")
_CLUE: dict[str, dict[str, tuple[tuple[str, str], ...]]] = {}


def _task(
    name: str, train: Sequence[str], test: Sequence[str], evaluate: Sequence[str] = ()
) -> None:
    def pairs(items: Sequence[str]) -> tuple[tuple[str, str], ...]:
        return tuple((i.split("=")[0], i.split("=")[-1]) for i in sorted(items))

    _CLUE[name] = {_TRAIN: pairs(train), _TEST: pairs(test), _EVAL: pairs(evaluate or train)}


_task("AFQMC", (*_PAIR, "label"), ("id", *_PAIR))
_task("CMNLI", (*_PAIR, "label"), ("id", *_PAIR))
_task("CSL", ("id", "abst", "keyword", "label"), ("id", "abst", "keyword"))
_task("IFLYTEK", ("label", "label_des", "sentence"), ("id", "sentence"))
_task("TNEWS", ("label", "label_desc", "sentence", "keywords"), ("id", "sentence", "keywords"))
_WSC = tuple(f"{part}=target/{part}" for part in
             ("span1_index", "span2_index", "span1_text", "span2_text"))  # fmt: skip
_task("WSC", (*_WSC, "idx", "label", "text"), (*_WSC, "idx", "text"))


class CLUEDataset(FileSource):
    """Lines of JSON, as the tasks of the CLUE benchmark come.

    Args:
        dataset_files: as for TextFileDataset.
        task: "AFQMC", "TNEWS", "IFLYTEK", "CMNLI", "WSC" or "CSL": it says which columns there are.
        usage: "train", "test" or "eval".
        num_samples, shuffle, num_shards, shard_id: as for TextFileDataset.

    Raises:
        RuntimeError: a line is no JSON object, or lacks a key; the message has file and line.
    """

    def __init__(
        self,
        dataset_files: str | list[str],
        task: str = "AFQMC",
        usage: str = "train",
        num_samples: int | None = None,
        num_parallel_workers: int | None = None,
        shuffle: bool | Shuffle = Shuffle.GLOBAL,
        num_shards: int | None = None,
        shard_id: int | None = None,
        cache: object = None,
    ) -> None:
        files = find_files(dataset_files, "CLUEDataset")
        super().__init__(
            files, num_samples, num_parallel_workers, shuffle, num_shards, shard_id, cache
        )
        check_usage(task, tuple(_CLUE), "CLUEDataset", "task")
        check_usage(usage, (_TRAIN, _TEST, _EVAL), "CLUEDataset")
        self.keys = _CLUE[task][usage]

    def _columns(self) -> list[str]:
        return [column for column, _ in self.keys]

    def _read(self, path: str) -> Iterator[Row]:
        for number, text in read_lines(path, "CLUEDataset"):
            try:
                held = json.loads(text)
                yield tuple(self._value(held, key) for _, key in self.keys)
            except (ValueError, KeyError, TypeError) as error:
                raise RuntimeError(
                    f"CLUEDataset: line {number} of '{path}' is not as the task wants it: "
                    f"{type(error).__name__}: {error}. Columns: {self._columns()}."
                ) from error

    def _value(self, held: Any, key: str) -> np.ndarray:
        for part in key.split("/"):
            held = held[part]
        if isinstance(held, list):
            return np.array([str(v) for v in held])
        if isinstance(held, bool | int | float):
            return np.array(held, np.uint32 if isinstance(held, int) else np.float32)
        return np.array(str(held))


class CoNLL2000Dataset(FileSource):
    """Sentences with a tag for each word, in the columns of CoNLL-2000's files.

    Columns: ``word``, ``pos_tag``, ``chunk_tag``: arrays of text, one element a word.

    Args:
        dataset_dir: folder with ``train.txt`` and/or ``test.txt``: a line "word pos chunk" for each
            word, an empty line between sentences.
        usage: "train", "test" or "all" (default).
        num_samples, shuffle, num_shards, shard_id: as for TextFileDataset.
    """

    def __init__(
        self,
        dataset_dir: str,
        usage: str | None = None,
        num_samples: int | None = None,
        shuffle: bool | Shuffle = Shuffle.GLOBAL,
        num_shards: int | None = None,
        shard_id: int | None = None,
        num_parallel_workers: int | None = None,
        cache: object = None,
    ) -> None:
        folder = check_folder(dataset_dir, "CoNLL2000Dataset")
        usage = check_usage(usage or "all", (_TRAIN, _TEST, "all"), "CoNLL2000Dataset")
        files = [f for f in ("test", "train") if usage in (f, "all")]
        paths = [folder / f"{f}.txt" for f in files]
        missing = [p.name for p in paths if not p.is_file()]
        if missing:
            raise ValueError(
                f"CoNLL2000Dataset: '{folder}' lacks {missing}; it holds "
                f"{sorted(p.name for p in Path(folder).iterdir())[:8]}."
            )
        super().__init__(
            [str(p) for p in paths], num_samples, num_parallel_workers, shuffle, num_shards,
            shard_id, cache,
        )  # fmt: skip

    def _columns(self) -> list[str]:
        return ["word", "pos_tag", "chunk_tag"]

    def _read(self, path: str) -> Iterator[Row]:
        words: list[list[str]] = []
        last = 0
        for number, text in read_lines(path, "CoNLL2000Dataset"):
            if number > last + 1 and words:
                yield self._sentence(words)
                words = []
            last = number
            parts = text.split()
            if not parts:
                continue
            if len(parts) != 3:
                raise RuntimeError(
                    f"CoNLL2000Dataset: line {number} of '{path}' must be 'word pos chunk', but is "
                    f"{text!r}."
                )
            words.append(parts)
        if words:
            yield self._sentence(words)

    def _sentence(self, words: list[list[str]]) -> Row:
        return tuple(np.array(column) for column in zip(*words, strict=True))
