"""Sources whose samples are listed: `ManifestDataset`, `FlickrDataset`, `IMDBDataset`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from mslearn.dataset.checks import check_bool
from mslearn.dataset.folders import (
    check_folder,
    check_indexing,
    check_usage,
    list_files,
    read_bytes,
    read_image,
)
from mslearn.dataset.sampled import RowSource
from mslearn.dataset.textfiles import read_lines


class ManifestDataset(RowSource):
    """Images listed in a manifest: a JSON object a line with ``source``, ``usage``, ``annotation``.

    Columns: ``image``, bytes or decoded <H,W,3> uint8; ``label``, int32: a number, or one for each
    annotation of the image. Classes are numbered in the order of their names.

    Args:
        dataset_file: the manifest.
        usage: "train", "eval" or "inference": only lines with it.
        class_indexing: from class names to labels; images of other classes are left out.
        decode: decode the images.
        num_samples, shuffle, sampler, num_shards, shard_id: which rows, in what order.
    """

    def __init__(
        self,
        dataset_file: str | Path,
        usage: str = "train",
        num_samples: int | None = None,
        num_parallel_workers: int | None = None,
        shuffle: bool | None = None,
        sampler: Any = None,
        class_indexing: dict[str, int] | None = None,
        decode: bool = False,
        num_shards: int | None = None,
        shard_id: int | None = None,
        cache: object = None,
    ) -> None:
        super().__init__(
            num_parallel_workers, sampler, num_samples, shuffle, num_shards, shard_id, cache
        )
        if not Path(dataset_file).is_file():
            raise ValueError(f"ManifestDataset: the file '{dataset_file}' does not exist.")
        self.file = str(dataset_file)
        self.usage = check_usage(usage, ("train", "eval", "inference"), "ManifestDataset")
        self.class_indexing = check_indexing(class_indexing, "ManifestDataset")
        self.decode = check_bool(decode, "decode")
        self._found: list[tuple[str, list[str]]] | None = None
        self._kept: list[tuple[str, list[int]]] | None = None

    def _all(self) -> list[tuple[str, list[str]]]:
        if self._found is None:
            self._found = []
            for number, text in read_lines(self.file, "ManifestDataset"):
                try:
                    line = json.loads(text)
                    names = [a["name"] for a in line.get("annotation", [])]
                    if line["usage"].lower() == self.usage:
                        self._found.append((line["source"].removeprefix("file://"), names))
                except (ValueError, KeyError, TypeError, AttributeError) as error:
                    raise RuntimeError(
                        f"ManifestDataset: line {number} of '{self.file}' must be an object with "
                        f"source, usage and annotation: {type(error).__name__}: {error}"
                    ) from error
        return self._found

    def _scan(self) -> list[tuple[str, list[int]]]:
        if self._kept is None:
            numbers = self.get_class_indexing()
            kept = [(s, [numbers[n] for n in names if n in numbers]) for s, names in self._all()]
            if self.usage != "inference":
                kept = [(source, labels) for source, labels in kept if labels]
            if not kept:
                raise RuntimeError(
                    f"ManifestDataset: '{self.file}' lists nothing for '{self.usage}'."
                )
            self._kept = kept
        return self._kept

    def get_class_indexing(self) -> dict[str, Any]:
        if self.class_indexing is not None:
            return self.class_indexing
        return {n: k for k, n in enumerate(sorted({n for _, ns in self._all() for n in ns}))}

    def num_classes(self) -> int:
        return len(self.get_class_indexing())

    def _columns(self) -> list[str]:
        return ["image", "label"]

    def _rows(self) -> int:
        return len(self._scan())

    def _labels(self) -> np.ndarray | None:
        return np.array([labels[0] if labels else -1 for _, labels in self._scan()])

    def _file(self, number: int) -> str:
        return self._scan()[number][0]

    def _row(self, number: int) -> tuple[np.ndarray, ...]:
        source, labels = self._scan()[number]
        label = np.array(labels[0] if len(labels) == 1 else labels, np.int32)
        return read_image(source, "ManifestDataset", self.decode), label


class FlickrDataset(RowSource):
    """Images with several captions (Flickr8k, Flickr30k).

    Columns: ``image``, bytes or decoded <H,W,3> uint8; ``annotation``, an array of texts.

    Args:
        dataset_dir: folder of the images.
        annotation_file: lines ``name.jpg#number``, a tab, and the caption.
        decode: decode the images.
        num_samples, shuffle, sampler, num_shards, shard_id: which rows, in what order.
    """

    def __init__(
        self,
        dataset_dir: str | Path,
        annotation_file: str | Path,
        num_samples: int | None = None,
        num_parallel_workers: int | None = None,
        shuffle: bool | None = None,
        decode: bool | None = None,
        sampler: Any = None,
        num_shards: int | None = None,
        shard_id: int | None = None,
        cache: object = None,
    ) -> None:
        super().__init__(
            num_parallel_workers, sampler, num_samples, shuffle, num_shards, shard_id, cache
        )
        self.folder = check_folder(dataset_dir, "FlickrDataset")
        if not Path(annotation_file).is_file():
            raise ValueError(f"FlickrDataset: the file '{annotation_file}' does not exist.")
        self.file, self.decode = str(annotation_file), bool(decode)
        self._found: list[tuple[str, list[str]]] | None = None

    def _scan(self) -> list[tuple[str, list[str]]]:
        if self._found is None:
            captions: dict[str, list[str]] = {}
            for number, text in read_lines(self.file, "FlickrDataset"):
                name, tab, caption = text.partition("\t")
                if not tab or "#" not in name:
                    raise RuntimeError(
                        f"FlickrDataset: line {number} of '{self.file}' must be 'name.jpg#number', "
                        f"a tab and the caption, but is {text[:60]!r}."
                    )
                captions.setdefault(name.rpartition("#")[0], []).append(caption)
            self._found = sorted(captions.items())
        return self._found

    def _columns(self) -> list[str]:
        return ["image", "annotation"]

    def _rows(self) -> int:
        return len(self._scan())

    def _file(self, number: int) -> str:
        return str(self.folder / self._scan()[number][0])

    def _row(self, number: int) -> tuple[np.ndarray, ...]:
        name, captions = self._scan()[number]
        image = read_image(self.folder / name, "FlickrDataset", self.decode)
        return image, np.array(captions)


class IMDBDataset(RowSource):
    """Film reviews, one a file, in folders ``train`` and ``test`` with ``pos`` and ``neg``.

    Columns: ``text``; ``label``, int32: 1 for pos, 0 for neg.

    Args:
        dataset_dir: the folder ``aclImdb``.
        usage: "train", "test" or "all" (default).
        num_samples, shuffle, sampler, num_shards, shard_id: which rows, in what order.
    """

    def __init__(
        self,
        dataset_dir: str | Path,
        usage: str | None = None,
        num_samples: int | None = None,
        num_parallel_workers: int | None = None,
        shuffle: bool | None = None,
        sampler: Any = None,
        num_shards: int | None = None,
        shard_id: int | None = None,
        cache: object = None,
    ) -> None:
        super().__init__(
            num_parallel_workers, sampler, num_samples, shuffle, num_shards, shard_id, cache
        )
        self.folder = check_folder(dataset_dir, "IMDBDataset")
        self.usage = check_usage(usage or "all", ("train", "test", "all"), "IMDBDataset")
        self._found: list[tuple[Path, int]] | None = None

    def _scan(self) -> list[tuple[Path, int]]:
        if self._found is None:
            usages = ("train", "test") if self.usage == "all" else (self.usage,)
            found: list[tuple[Path, int]] = []
            for usage in usages:
                for name, label in (("pos", 1), ("neg", 0)):
                    folder = self.folder / usage / name
                    if not folder.is_dir():
                        raise RuntimeError(f"IMDBDataset: the folder '{folder}' is missing.")
                    found += [(path, label) for path in list_files(folder)]
            if not found:
                raise RuntimeError(f"IMDBDataset: '{self.folder}' holds no reviews.")
            self._found = found
        return self._found

    def num_classes(self) -> int:
        return 2

    def _columns(self) -> list[str]:
        return ["text", "label"]

    def _rows(self) -> int:
        return len(self._scan())

    def _labels(self) -> np.ndarray | None:
        return np.array([label for _, label in self._scan()])

    def _file(self, number: int) -> str:
        return str(self._scan()[number][0])

    def _row(self, number: int) -> tuple[np.ndarray, ...]:
        path, label = self._scan()[number]
        data = read_bytes(path, "IMDBDataset").tobytes()
        try:
            text = data.decode().rstrip("\n")
        except UnicodeDecodeError as error:
            raise RuntimeError(f"IMDBDataset: '{path}' is not UTF-8: {error}") from error
        return np.array(text), np.array(label, np.int32)
