"""`VOCDataset`: images with masks or boxes, as the PASCAL VOC challenge lays them out."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np

from mslearn.dataset.checks import check_bool
from mslearn.dataset.folders import check_folder, check_indexing, check_usage, read_image
from mslearn.dataset.sampled import RowSource

_DETECTION = ("bbox", "label", "difficult", "truncate")


class VOCDataset(RowSource):
    """Images listed in ``ImageSets``.

    Columns of "Segmentation": ``image`` and ``target`` (the mask), uint8. Columns of "Detection":
    ``image``; ``bbox``, float32 <N,4>: left, top, width, height; ``label``, ``difficult`` and
    ``truncate``, uint32 <N,1>. Classes are numbered in the order of their names.

    Args:
        dataset_dir: folder with ``JPEGImages``, ``ImageSets/Segmentation`` and
            ``SegmentationClass``, or ``ImageSets/Main`` and ``Annotations``.
        task: "Segmentation" or "Detection".
        usage: the name of the list: "train", "val", "trainval", ….
        class_indexing: from class names to labels, for "Detection"; others are left out.
        decode: decode images and masks to <H,W,3>.
        extra_metadata: add a column ``_meta-filename``; rename it to see it.
        num_samples, shuffle, sampler, num_shards, shard_id: which rows, in what order.

    Raises:
        ValueError: the folder or the list is missing.
        RuntimeError: (when first read) a file is missing or damaged.
    """

    def __init__(
        self,
        dataset_dir: str | Path,
        task: str = "Segmentation",
        usage: str = "train",
        class_indexing: dict[str, int] | None = None,
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
        self.folder = check_folder(dataset_dir, "VOCDataset")
        self.task = check_usage(task, ("Segmentation", "Detection"), "VOCDataset", "task")
        self.list = (
            self.folder / "ImageSets" / ("Main" if task == "Detection" else task) / f"{usage}.txt"
        )
        if not self.list.is_file():
            raise ValueError(f"VOCDataset: the list '{self.list}' does not exist.")
        if class_indexing is not None and task == "Segmentation":
            raise ValueError("VOCDataset: class_indexing is invalid in 'Segmentation' task.")
        self.class_indexing = check_indexing(class_indexing, "VOCDataset")
        self.decode = check_bool(decode, "decode")
        self.extra_metadata = check_bool(extra_metadata, "extra_metadata")
        self._numbers: dict[str, int] | None = None
        self._found: list[tuple[str, list[tuple[str, list[float]]]]] | None = None

    def _scan(self) -> list[tuple[str, list[tuple[str, list[float]]]]]:
        if self._found is None:
            names = self.list.read_text(encoding="utf-8").split()
            if self.task == "Segmentation":
                self._found = [(name, []) for name in names]
            else:
                known = self.class_indexing
                objects = [(name, self._objects(name)) for name in names]
                kept = [(n, [o for o in os if known is None or o[0] in known]) for n, os in objects]
                self._found = [(n, os) for n, os in kept if os]
            if not self._found:
                raise RuntimeError(f"VOCDataset: '{self.list}' names no image with objects.")
        return self._found

    def _objects(self, name: str) -> list[tuple[str, list[float]]]:
        """(class, [left, top, width, height, difficult, truncated]) of an image's objects."""
        path = self.folder / "Annotations" / f"{name}.xml"
        try:
            found = []
            for item in ElementTree.parse(path).getroot().iter("object"):
                box = [float(item.findtext(f"bndbox/{k}", "")) for k in
                       ("xmin", "ymin", "xmax", "ymax")]  # fmt: skip
                if box[2] < box[0] or box[3] < box[1]:
                    raise ValueError(f"the box {box} ends before it begins")
                flags = [float(item.findtext(k, "0")) for k in ("difficult", "truncated")]
                size = [box[2] - box[0], box[3] - box[1]]
                found.append((item.findtext("name", ""), [*box[:2], *size, *flags]))
            return found
        except (OSError, ValueError, ElementTree.ParseError) as error:
            raise RuntimeError(f"VOCDataset: '{path}' cannot be read: {error}") from error

    def get_class_indexing(self) -> dict[str, Any]:
        if self.task == "Segmentation":
            return {}
        if self._numbers is None:
            classes = sorted({what for _, objects in self._scan() for what, _ in objects})
            self._numbers = self.class_indexing or {name: k for k, name in enumerate(classes)}
        return self._numbers

    def num_classes(self) -> int | None:
        return len(self.get_class_indexing()) or None

    def _columns(self) -> list[str]:
        names = ["image", *(("target",) if self.task == "Segmentation" else _DETECTION)]
        return [*names, "_meta-filename"] if self.extra_metadata else names

    def _rows(self) -> int:
        return len(self._scan())

    def _file(self, number: int) -> str:
        return str(self.folder / "JPEGImages" / f"{self._scan()[number][0]}.jpg")

    def _row(self, number: int) -> tuple[np.ndarray, ...]:
        name, objects = self._scan()[number]
        image = read_image(self.folder / "JPEGImages" / f"{name}.jpg", "VOCDataset", self.decode)
        if self.task == "Segmentation":
            mask = self.folder / "SegmentationClass" / f"{name}.png"
            row = [image, read_image(mask, "VOCDataset", self.decode)]
        else:
            numbers = self.get_class_indexing()
            values = np.array([v for _, v in objects], np.float32)
            label = np.array([[numbers[what]] for what, _ in objects], np.uint32)
            flags = values[:, 4:].astype(np.uint32)
            row = [image, values[:, :4].copy(), label, flags[:, :1], flags[:, 1:]]
        return (*row, np.array(name)) if self.extra_metadata else tuple(row)
