"""Folders of images: `ImageFolderDataset`, and what other sources of files share."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from mslearn.core.errors import did_you_mean
from mslearn.dataset.checks import check_bool
from mslearn.dataset.sampled import RowSource


def check_folder(folder: Any, name: str) -> Path:
    """`folder` as a path.

    Raises:
        TypeError, ValueError: not a path, or no such folder.
    """
    if not isinstance(folder, str | Path):
        raise TypeError(f"{name}: dataset_dir must be a path, but got {folder!r}.")
    path = Path(folder)
    if not path.is_dir():
        raise ValueError(
            f"{name}: the folder '{folder}' does not exist or is not a folder (looked for "
            f"'{path.absolute()}')."
        )
    return path


def check_usage(value: Any, known: tuple[str, ...], name: str, what: str = "usage") -> str:
    """`value` if it is one of `known`.

    Raises:
        ValueError: it is not.
    """
    if value not in known:
        raise ValueError(
            f"{name}: {what} must be one of {list(known)}, but got {value!r}."
            f"{did_you_mean(str(value), known)}"
        )
    return str(value)


def read_bytes(path: str | Path, name: str) -> np.ndarray:
    """A file as a 1-D array of bytes.

    Raises:
        RuntimeError: it cannot be read or is empty.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise RuntimeError(f"{name}: cannot read '{path}': {error}") from error
    if not data:
        raise RuntimeError(f"{name}: the file '{path}' is empty.")
    return np.frombuffer(bytearray(data), np.uint8)


def read_image(path: str | Path, name: str, decode: bool) -> np.ndarray:
    """An image file: its bytes, or decoded to RGB, uint8 <H,W,3>.

    Raises:
        RuntimeError: it cannot be read, or is no image.
    """
    data = read_bytes(path, name)
    if not decode:
        return data
    from mslearn.dataset.vision import Decode

    try:
        return np.asarray(Decode()(data))
    except Exception as error:
        raise RuntimeError(
            f"{name}: '{path}' cannot be decoded as an image: {error}. Is the file complete?"
        ) from error


def list_files(folder: Path, extensions: Iterable[str] | None = None) -> list[Path]:
    """The files of a folder (not those of folders in it), sorted by name."""
    with os.scandir(folder) as entries:
        names = [e.name for e in entries if e.is_file()]
    wanted = None if extensions is None else set(extensions)
    kept = [n for n in names if wanted is None or os.path.splitext(n)[1] in wanted]
    return [folder / n for n in sorted(kept)]


def check_indexing(indexing: Any, name: str) -> dict[str, int] | None:
    """`class_indexing` if it is a dict from class names to numbers."""
    if indexing is None:
        return None
    if not isinstance(indexing, dict) or not all(
        isinstance(k, str) and isinstance(v, int) and v >= 0 for k, v in indexing.items()
    ):
        raise TypeError(
            f"{name}: class_indexing must be a dict from class names to numbers, got {indexing!r}."
        )
    return indexing


class ImageFolderDataset(RowSource):
    """Images in a folder for each class.

    Columns: ``image``, the file's bytes as 1-D uint8, or decoded <H,W,3>; ``label``, int32.

    Args:
        dataset_dir: the folder that holds the classes' folders.
        num_samples, shuffle, sampler, num_shards, shard_id: which rows, in what order; all of them,
            shuffled, by default.
        extensions: endings of the files wanted, for example [".jpg", ".png"]; all by default.
        class_indexing: from folder names to labels; other folders are left out. By default the
            sorted folders get 0, 1, ….
        decode: decode the images.

    Raises:
        ValueError: the folder is missing.
        RuntimeError: (when first read) it holds no class folder, or a file cannot be decoded.
    """

    def __init__(
        self,
        dataset_dir: str | Path,
        num_samples: int | None = None,
        num_parallel_workers: int | None = None,
        shuffle: bool | None = None,
        sampler: Any = None,
        extensions: list[str] | None = None,
        class_indexing: dict[str, int] | None = None,
        decode: bool = False,
        num_shards: int | None = None,
        shard_id: int | None = None,
        cache: object = None,
        decrypt: Any = None,
    ) -> None:
        super().__init__(
            num_parallel_workers, sampler, num_samples, shuffle, num_shards, shard_id, cache
        )
        self.folder = check_folder(dataset_dir, "ImageFolderDataset")
        if extensions is not None and (
            not isinstance(extensions, list) or not all(isinstance(e, str) for e in extensions)
        ):
            raise TypeError(f"extensions must be a list of strings, but got {extensions!r}.")
        self.extensions = extensions
        self.class_indexing = check_indexing(class_indexing, "ImageFolderDataset")
        self.decode, self.decrypt = check_bool(decode, "decode"), decrypt
        self._found: tuple[list[Path], np.ndarray] | None = None

    def _scan(self) -> tuple[list[Path], np.ndarray]:
        if self._found is None:
            classes = self.get_class_indexing()
            absent = sorted(name for name in classes if not (self.folder / name).is_dir())
            if absent:
                raise RuntimeError(
                    f"ImageFolderDataset: class_indexing names {absent}, but '{self.folder}' has "
                    f"no such folders. It holds "
                    f"{sorted(p.name for p in self.folder.iterdir() if p.is_dir())}."
                )
            files: list[Path] = []
            labels: list[int] = []
            for name in sorted(classes):
                here = list_files(self.folder / name, self.extensions)
                files += here
                labels += [classes[name]] * len(here)
            if not files:
                raise RuntimeError(
                    f"ImageFolderDataset: no images in '{self.folder}'; a folder for each class is "
                    f"wanted, with files in it{self._endings()}."
                )
            self._found = files, np.array(labels, np.int32)
        return self._found

    def _endings(self) -> str:
        return f" that end in {self.extensions}" if self.extensions else ""

    def get_class_indexing(self) -> dict[str, Any]:
        if self.class_indexing is not None:
            return self.class_indexing
        names = sorted(p.name for p in self.folder.iterdir() if p.is_dir())
        return {name: k for k, name in enumerate(names)}

    def num_classes(self) -> int:
        return len(self.get_class_indexing())

    def _columns(self) -> list[str]:
        return ["image", "label"]

    def _rows(self) -> int:
        return len(self._scan()[0])

    def _labels(self) -> np.ndarray | None:
        return self._scan()[1]

    def _file(self, number: int) -> str:
        return str(self._scan()[0][number])

    def _row(self, number: int) -> tuple[np.ndarray, ...]:
        files, labels = self._scan()
        data = read_bytes(files[number], "ImageFolderDataset")
        if self.decrypt is not None:
            data = np.frombuffer(bytearray(self.decrypt(str(files[number]))), np.uint8)
        if self.decode:
            data = read_image(files[number], "ImageFolderDataset", True)
        return data, labels[number, ...]
