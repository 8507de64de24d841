"""`CocoDataset`: images with the annotations of the COCO challenges."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from mslearn.dataset.checks import check_bool
from mslearn.dataset.folders import check_folder, check_usage, read_image
from mslearn.dataset.sampled import RowSource

_Entry = dict[str, Any]
_Column = tuple[str, Callable[[list[_Entry]], np.ndarray]]


def _numbers(key: str, dtype: Any = np.uint32) -> _Column:
    name = key
    return name, lambda entries: np.array([[e[key]] for e in entries]).astype(dtype)


def _lists(name: str, key: str) -> _Column:
    return name, lambda entries: np.array([e[key] for e in entries], np.float32)


def _polygons(entries: list[_Entry]) -> np.ndarray:
    """The outlines of all objects, one a row, filled up with -1."""
    rows = []
    for entry in entries:
        outline = entry["segmentation"]
        if isinstance(outline, dict):  # a crowd: run lengths
            rows.append([float(n) for n in outline["counts"]])
        else:
            rows += [[float(n) for n in polygon] for polygon in outline]
    full = np.full((len(rows), max(map(len, rows))), -1, np.float32)
    for k, row in enumerate(rows):
        full[k, : len(row)] = row
    return full


def _captions(entries: list[_Entry]) -> np.ndarray:
    return np.array([[e["caption"]] for e in entries])


_BOX = _lists("bbox", "bbox")
_TASKS: dict[str, tuple[_Column, ...]] = {
    "Detection": (_BOX, _numbers("category_id"), _numbers("iscrowd")),
    "Stuff": (("segmentation", _polygons), _numbers("iscrowd")),
    "Keypoint": (_lists("keypoints", "keypoints"), _numbers("num_keypoints")),
    "Panoptic": (_BOX, _numbers("category_id"), _numbers("iscrowd"), _numbers("area")),
    "Captioning": (("captions", _captions),),
}


class CocoDataset(RowSource):
    """Images with boxes, outlines, key points or captions; those without any are left out.

    Columns: ``image`` and, by task, "Detection": ``bbox`` float32 <N,4> (left, top, width, height),
    ``category_id`` and ``iscrowd`` uint32 <N,1>; "Stuff": ``segmentation`` float32 (rows filled up
    with -1), ``iscrowd``; "Keypoint": ``keypoints`` float32, ``num_keypoints`` uint32; "Panoptic":
    ``bbox``, ``category_id``, ``iscrowd``, ``area``; "Captioning": ``captions``, text <N,1>.

    Args:
        dataset_dir: folder of the images.
        annotation_file: the JSON file of the task.
        task: one of the above.
        decode: decode the images to <H,W,3>.
        extra_metadata: add a column ``_meta-filename``; rename it to see it.
        num_samples, shuffle, sampler, num_shards, shard_id: which rows, in what order.

    Raises:
        ValueError: the folder or the file is missing.
        RuntimeError: (when first read) the JSON is damaged or lacks a key.
    """

    def __init__(
        self,
        dataset_dir: str | Path,
        annotation_file: str | Path,
        task: str = "Detection",
        num_samples: int | None = None,
        num_parallel_workers: int | None = None,
        shuffle: bool | None = None,
        decode: bool = False,
        sampler: Any = None,
        num_shards: int | None = None,
        shard_id: int | None = None,
        cache: object = None,
        extra_metadata: bool = False,
        decrypt: Any = None,
    ) -> None:
        super().__init__(
            num_parallel_workers, sampler, num_samples, shuffle, num_shards, shard_id, cache
        )
        self.folder = check_folder(dataset_dir, "CocoDataset")
        self.file = Path(annotation_file)
        if not self.file.is_file():
            raise ValueError(f"CocoDataset: the file '{annotation_file}' does not exist.")
        self.task = check_usage(task, tuple(_TASKS), "CocoDataset", "task")
        self.decode = check_bool(decode, "decode")
        self.extra_metadata = check_bool(extra_metadata, "extra_metadata")
        self._found: list[tuple[str, list[_Entry]]] | None = None
        self._categories: list[_Entry] = []

    def _scan(self) -> list[tuple[str, list[_Entry]]]:
        if self._found is None:
            try:
                held = json.loads(self.file.read_text(encoding="utf-8"))
                names = {image["id"]: image["file_name"] for image in held["images"]}
                entries: dict[Any, list[_Entry]] = {key: [] for key in names}
                for entry in held["annotations"]:
                    if entry["image_id"] not in entries:
                        raise ValueError(f"image_id {entry['image_id']} is not among the images")
                    parts = entry["segments_info"] if self.task == "Panoptic" else [entry]
                    entries[entry["image_id"]] += parts
                self._categories = [] if self.task == "Captioning" else held["categories"]
            except (OSError, ValueError, KeyError, TypeError) as error:
                raise RuntimeError(
                    f"CocoDataset: '{self.file}' is not an annotation file for '{self.task}': "
                    f"{type(error).__name__}: {error}"
                ) from error
            self._found = [(names[key], found) for key, found in entries.items() if found]
            if not self._found:
                raise RuntimeError(f"CocoDataset: '{self.file}' annotates no image.")
        return self._found

    def get_class_indexing(self) -> dict[str, Any]:
        self._scan()
        if self.task == "Panoptic":
            return {c["name"]: [c["id"], c["isthing"]] for c in self._categories}
        return {c["name"]: [c["id"]] for c in self._categories}

    def num_classes(self) -> int | None:
        return len(self.get_class_indexing()) or None

    def _columns(self) -> list[str]:
        names = ["image", *(name for name, _ in _TASKS[self.task])]
        return [*names, "_meta-filename"] if self.extra_metadata else names

    def _rows(self) -> int:
        return len(self._scan())

    def _file(self, number: int) -> str:
        return str(self.folder / self._scan()[number][0])

    def _row(self, number: int) -> tuple[np.ndarray, ...]:
        name, entries = self._scan()[number]
        row = [read_image(self.folder / name, "CocoDataset", self.decode)]
        for column, make in _TASKS[self.task]:
            try:
                row.append(make(entries))
            except (KeyError, TypeError, ValueError) as error:
                raise RuntimeError(
                    f"CocoDataset: the annotation of '{name}' gives no '{column}': "
                    f"{type(error).__name__}: {error}. Is the task '{self.task}' right?"
                ) from error
        return (*row, np.array(Path(name).stem)) if self.extra_metadata else tuple(row)
