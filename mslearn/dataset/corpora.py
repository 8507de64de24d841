"""Text corpora in folders of well-known files: news, reviews, encyclopedia, tagged words.

Each class is a row of facts: which files, which columns, how a line is read.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from mslearn.dataset.files import FileSource, Row
from mslearn.dataset.folders import check_folder, check_usage
from mslearn.dataset.samplers import Shuffle
from mslearn.dataset.textfiles import read_lines


class Corpus(FileSource):
    """What the corpora share.

    Args:
        dataset_dir: folder with the corpus's files.
        usage: "train", "test" (for some "valid" or "dev") or "all" (default).
        num_samples: how many rows; all by default.
        shuffle: True or Shuffle.GLOBAL (default) shuffles files and rows, Shuffle.FILES the files
            only, False nothing.
        num_shards, shard_id: read one of equal parts.

    Raises:
        ValueError: the folder or a file is missing.
        RuntimeError: a line does not have the wanted parts; the message has file and line.
    """

    #: usage: file, in the order in which "all" reads them
    usages: ClassVar[dict[str, str]] = {"test": "test.csv", "train": "train.csv"}
    columns: ClassVar[tuple[str, ...]] = ("text",)

    def __init__(
        self,
        dataset_dir: str,
        usage: str | None = None,
        num_samples: int | None = None,
        num_parallel_workers: int | None = None,
        shuffle: bool | Shuffle = Shuffle.GLOBAL,
        num_shards: int | None = None,
        shard_id: int | None = None,
        cache: object = None,
    ) -> None:
        name = type(self).__name__
        folder = check_folder(dataset_dir, name)
        known = (*sorted(self.usages, reverse=True), "all")
        self.usage = check_usage(self._default(usage), known, name)
        wanted = list(self.usages) if self.usage == "all" else [self.usage]
        paths = [folder / self.usages[u] for u in wanted]
        missing = [p.name for p in paths if not p.is_file()]
        if missing:
            raise ValueError(
                f"{name}: '{folder}' lacks {missing}; it holds "
                f"{sorted(p.name for p in folder.iterdir())[:8]}."
            )
        super().__init__(
            [str(p) for p in paths], num_samples, num_parallel_workers, shuffle, num_shards,
            shard_id, cache,
        )  # fmt: skip

    def _default(self, usage: str | None) -> str:
        return usage or "all"

    def _columns(self) -> list[str]:
        return list(self.columns)

    def _parts(self, text: str) -> list[str]:
        """The values of a line."""
        return next(csv.reader([text]))

    def _lines(self, path: str) -> Iterator[tuple[int, str]]:
        yield from read_lines(path, type(self).__name__)

    def _read(self, path: str) -> Iterator[Row]:
        for number, text in self._lines(path):
            yield tuple(np.array(value) for value in self._checked(path, number, text))

    def _checked(self, path: str, number: int, text: str) -> list[str]:
        parts = self._parts(text)
        if len(parts) != len(self._columns()):
            raise RuntimeError(
                f"{type(self).__name__}: line {number} of '{path}' has {len(parts)} parts, but "
                f"{len(self._columns())} are wanted: {self._columns()}."
            )
        return parts


class _LateWorkers(Corpus):
    """Those whose num_parallel_workers comes last, as in MindSpore."""

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
        super().__init__(
            dataset_dir, usage, num_samples, num_parallel_workers, shuffle, num_shards, shard_id,
            cache,
        )  # fmt: skip


class AGNewsDataset(Corpus):
    """AG's news: ``index`` (the class), ``title``, ``description``; see Corpus."""

    columns = ("index", "title", "description")


class AmazonReviewDataset(Corpus):
    """Amazon's reviews: ``label``, ``title``, ``content``; see Corpus."""

    columns = ("label", "title", "content")


class DBpediaDataset(Corpus):
    """DBpedia's ontology: ``class``, ``title``, ``content``; see Corpus."""

    columns = ("class", "title", "content")


class SogouNewsDataset(_LateWorkers):
    """Sogou's news: ``index``, ``title``, ``content``; see Corpus."""

    usages: ClassVar[dict[str, str]] = {"train": "train.csv", "test": "test.csv"}
    columns = ("index", "title", "content")


class YelpReviewDataset(_LateWorkers):
    """Yelp's reviews: ``label``, ``text``; see Corpus."""

    usages: ClassVar[dict[str, str]] = {"train": "train.csv", "test": "test.csv"}
    columns = ("label", "text")


class YahooAnswersDataset(Corpus):
    """Yahoo's questions: ``class``, ``title``, ``content``, ``answer``; see Corpus."""

    columns = ("class", "title", "content", "answer")


class PennTreebankDataset(Corpus):
    """Lines of the Penn Treebank: ``text``; see Corpus."""

    usages: ClassVar[dict[str, str]] = {u: f"ptb.{u}.txt" for u in ("test", "train", "valid")}

    def _parts(self, text: str) -> list[str]:
        return [text]


class WikiTextDataset(PennTreebankDataset):
    """Lines of WikiText: ``text``; see Corpus."""

    usages: ClassVar[dict[str, str]] = {u: f"wiki.{u}.tokens" for u in ("test", "train", "valid")}


class SST2Dataset(Corpus):
    """The Stanford Sentiment Treebank: ``sentence`` and, but for "test", ``label``; see Corpus.

    usage is "train" (default), "dev" or "test".
    """

    usages: ClassVar[dict[str, str]] = {u: f"{u}.tsv" for u in ("train", "dev", "test")}

    def _default(self, usage: str | None) -> str:
        if usage == "all":
            raise ValueError("SST2Dataset: usage must be one of ['train', 'test', 'dev'].")
        return usage or "train"

    def _columns(self) -> list[str]:
        return ["sentence"] if self.usage == "test" else ["sentence", "label"]

    def _lines(self, path: str) -> Iterator[tuple[int, str]]:
        lines = super()._lines(path)
        next(lines, None)  # the names of the columns
        yield from lines

    def _parts(self, text: str) -> list[str]:
        parts = text.split("\t")
        return parts[1:] if self.usage == "test" else parts


class UDPOSDataset(_LateWorkers):
    """Words with universal and Stanford tags: arrays ``word``, ``universal``, ``stanford``."""

    usages: ClassVar[dict[str, str]] = {
        "valid": "en-ud-tag.v2.dev.txt", "test": "en-ud-tag.v2.test.txt",
        "train": "en-ud-tag.v2.train.txt",
    }  # fmt: skip
    columns = ("word", "universal", "stanford")

    def _parts(self, text: str) -> list[str]:
        return text.split("\t")

    def _read(self, path: str) -> Iterator[Row]:
        words: list[list[str]] = []
        last = 0
        for number, text in self._lines(path):
            if number > last + 1 and words:
                yield tuple(np.array(column) for column in zip(*words, strict=True))
                words = []
            last = number
            words.append(self._checked(path, number, text))
        if words:
            yield tuple(np.array(column) for column in zip(*words, strict=True))
