"""Published collections and tables as MindRecord files: `CsvToMR`, `MnistToMR` and relatives.

>>> import os, tempfile
>>> import mslearn.mindrecord as mr
>>> with tempfile.TemporaryDirectory() as folder:
...     table, records = (os.path.join(folder, name) for name in ("a.csv", "a.mindrecord"))
...     with open(table, "w") as file:
...         _ = file.write("word,length\\nship,4\\n")
...     mr.CsvToMR(table, records).transform()
...     list(mr.FileReader(records).get_next())
[{'length': 4, 'word': 'ship'}]
"""

from __future__ import annotations

import csv
import gzip
import io
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from mslearn.dataset.cifar import Cifar10Dataset, Cifar100Dataset
from mslearn.dataset.mnist import read_idx
from mslearn.dataset.tfformat import read_records, unpack_example
from mslearn.dataset.vision.pillow import pillow
from mslearn.mindrecord import FileWriter
from mslearn.mindrecord.errors import ParamValueError

Rows = Iterable[dict[str, Any]]


class _Conversion:
    """Reads `source` and writes `destination`, a file or, with several partitions, some files."""

    def __init__(self, source: str, destination: str, partition_number: int = 1) -> None:
        for path in (source, destination):
            if not isinstance(path, str | Path):
                raise ParamValueError(f"File path: {path!r} is not string.")
        if type(partition_number) is not int:
            raise ParamValueError(
                f"The parameter partition_number must be int, but got {partition_number!r}."
            )
        self.source, self.destination = Path(source), str(destination)
        self.partition_number = partition_number

    def _write(
        self, ending: str, fields: dict[str, Any], rows: Rows, index: list[str] | None = None
    ) -> None:  # fmt: skip
        writer = FileWriter(self.destination + ending, self.partition_number)
        writer.add_schema({k: {"type": v} if isinstance(v, str) else v for k, v in fields.items()})
        if index:
            writer.add_index(index)
        writer.write_raw_data(list(rows))
        writer.commit()

    def run(self) -> None:
        """`transform`, by its older name."""
        self.transform()

    def transform(self) -> None:
        """Read the source and write the files."""
        raise NotImplementedError


class CsvToMR(_Conversion):
    """A table with its columns' names in the first line; columns are int64, float64 or string.

    Args:
        source: the file. destination: the file to write.
        columns_list: the columns wanted; all by default.
        partition_number: how many files to write.

    Raises:
        OSError: no such file. RuntimeError: an unknown column.
    """

    def __init__(
        self, source: str, destination: str, columns_list: list[str] | None = None,
        partition_number: int = 1,
    ) -> None:  # fmt: skip
        super().__init__(source, destination, partition_number)
        self.columns_list = columns_list

    def transform(self) -> None:
        """Read the table and write the files."""
        if not self.source.is_file():
            raise OSError(f"Csv file {self.source} do not exist.")
        with self.source.open(newline="", encoding="utf-8") as file:
            names, *lines = csv.reader(file)
        wanted = self.columns_list or names
        for name in wanted:
            if name not in names:
                raise RuntimeError(
                    f"The parameter columns_list is illegal, column {name} does not exist."
                )
        if any(name[:1].isdigit() for name in names):
            raise ValueError(f"A column's name cannot begin with a digit, but there are {names}.")
        columns, kinds = {}, {}
        for name in wanted:
            cells = [line[names.index(name)] for line in lines]
            columns[name], kinds[name] = _numbers(cells)
        rows = [
            dict(zip(wanted, cells, strict=True)) for cells in zip(*columns.values(), strict=True)
        ]
        self._write("", kinds, rows)


def _numbers(cells: list[str]) -> tuple[list[Any], str]:
    """Cells as ints, else floats, else as they are; and the name of their type."""
    for kind, name in ((int, "int64"), (float, "float64")):
        try:
            return [kind(cell) for cell in cells], name
        except ValueError:
            pass
    return list(cells), "string"


def _encoded(image: np.ndarray, form: str) -> bytes:
    buffer = io.BytesIO()
    pillow("MnistToMR").fromarray(image.squeeze()).save(buffer, form, quality=95)
    return buffer.getvalue()


class MnistToMR(_Conversion):
    """MNIST's four ``.gz`` files as ``destination_train.mindrecord`` and ``…_test.mindrecord``.

    Fields: ``label`` (int64) and ``data``, the image as JPEG. Needs Pillow.
    """

    def transform(self) -> None:
        """Read the four files and write two."""
        for ending, name in (("_train", "train"), ("_test", "t10k")):
            images = self._unpacked(f"{name}-images-idx3-ubyte.gz", 0x803)
            labels = self._unpacked(f"{name}-labels-idx1-ubyte.gz", 0x801)
            rows = (
                {"label": int(y), "data": _encoded(x, "JPEG")}
                for x, y in zip(images, labels, strict=True)
            )
            self._write(f"{ending}.mindrecord", {"label": "int64", "data": "bytes"}, rows)

    def _unpacked(self, name: str, magic: int) -> np.ndarray:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, name)
            path.write_bytes(gzip.decompress((self.source / name).read_bytes()))
            return read_idx(path, magic)


class ImageNetToMR(_Conversion):
    """Folders of images, each a class: ``file_name``, ``label`` (int32) and ``image`` as it is.

    Args:
        map_file: lines with a folder's name and its label, such as ``n01440764 0``.
        image_dir: the folder of these folders. destination: the file to write.
        partition_number: how many files to write.
    """

    def __init__(
        self, map_file: str, image_dir: str, destination: str, partition_number: int = 1
    ) -> None:
        super().__init__(image_dir, destination, partition_number)
        self.map_file = Path(map_file)

    def transform(self) -> None:
        """Read the images and write the files."""
        fields = {"file_name": "string", "label": "int32", "image": "bytes"}
        self._write("", fields, self._rows())

    def _rows(self) -> Iterator[dict[str, Any]]:
        for line in self.map_file.read_text(encoding="utf-8").splitlines():
            if line.strip():
                name, label = line.split()
                for path in sorted((self.source / name).iterdir()):
                    data = path.read_bytes()
                    yield {"file_name": str(path), "label": int(label), "image": data}


class Cifar10ToMR(_Conversion):
    """CIFAR-10's *binary* files; MindSpore takes its pickled ones, which are never opened here.

    Writes `destination` and ``destination_test`` with the fields ``id``, ``label`` (int64) and
    ``data``, the image as PNG. Needs Pillow.
    """

    _dataset: type[Cifar10Dataset] = Cifar10Dataset
    _labels: tuple[str, ...] = ("label",)

    def __init__(self, source: str, destination: str) -> None:
        super().__init__(source, destination)

    def run(self, fields: list[str] | None = None) -> None:
        """`transform`, by its older name."""
        self.transform(fields)

    def transform(self, fields: list[str] | None = None) -> None:
        """Read the images and write two files; `fields` are those of the index."""
        for ending, usage in (("", "train"), ("_test", "test")):
            data = self._dataset(self.source, usage, shuffle=False).create_tuple_iterator(
                num_epochs=1, output_numpy=True
            )
            rows = (
                {"id": i, "data": _encoded(image, "PNG"),
                 **dict(zip(self._labels, map(int, labels[::-1]), strict=True))}
                for i, (image, *labels) in enumerate(data)
            )  # fmt: skip
            kinds = {"id": "int64", **dict.fromkeys(self._labels, "int64"), "data": "bytes"}
            self._write(ending, kinds, rows, fields)


class Cifar100ToMR(Cifar10ToMR):
    """CIFAR-100's binary files: ``id``, ``fine_label``, ``coarse_label`` and ``data``."""

    _dataset = Cifar100Dataset
    _labels = ("fine_label", "coarse_label")


class TFRecordToMR(_Conversion):
    """A TFRecord file; TensorFlow is not needed.

    Args:
        source: the file. destination: the file to write.
        feature_dict: from a feature's name to something with a `shape` and a `dtype` (TensorFlow's
            ``FixedLenFeature``), or such a pair: ``{"label": ((), "int64")}``.
        bytes_fields: the features of text that are bytes, such as encoded images.
    """

    def __init__(
        self, source: str, destination: str, feature_dict: dict[str, Any],
        bytes_fields: list[str] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(source, destination)
        self.bytes_fields = bytes_fields or []
        self.fields: dict[str, Any] = {}
        for name, feature in feature_dict.items():
            plain = isinstance(feature, tuple)
            shape, dtype = feature if plain else (feature.shape, feature.dtype)
            kind = getattr(dtype, "name", str(dtype))
            if name in self.bytes_fields:
                kind = "bytes"
            many = {"shape": [int(n) for n in shape]} if len(shape) and kind != "string" else {}
            self.fields[name] = {"type": kind, **many}

    def transform(self) -> None:
        """Read the records and write the file."""
        self._write("", self.fields, self.tfrecord_iterator())

    def tfrecord_iterator(self) -> Iterator[dict[str, Any]]:
        """The rows as dicts."""
        for record in read_records(str(self.source)):
            found = unpack_example(record)
            yield {name: self._value(field, found[name]) for name, field in self.fields.items()}

    def _value(self, field: dict[str, Any], found: Any) -> Any:
        if field["type"] in ("string", "bytes"):
            return found[0].decode() if field["type"] == "string" else found[0]
        values = np.asarray(found, field["type"])
        return values.reshape(field["shape"]) if "shape" in field else values.reshape(-1)[0].item()
