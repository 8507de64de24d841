"""Conversions into MindRecord. Schemas and rows are those that MindSpore 2.10 gave for the same
files (with pandas and OpenCV installed; the JPEG bytes are an encoder's own)."""

from __future__ import annotations

import gzip
import io
import struct
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

import mslearn as ms
import mslearn.mindrecord as mr
from mslearn.mindrecord.errors import ParamValueError

RNG = np.random.default_rng(0)


def rows_of(path):
    reader = mr.FileReader(str(path))
    rows = list(reader.get_next())
    fields = {name: field["type"] for name, field in reader.schema().items()}
    reader.close()
    return fields, rows


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("name,age,height\nann,3,1.5\nbob,4,2\n")
    return str(path)


def test_a_table(table, tmp_path):
    ms.CsvToMR(table, str(tmp_path / "out")).transform()
    fields, rows = rows_of(tmp_path / "out")
    assert fields == {"age": "int64", "height": "float64", "name": "string"}
    assert rows == [
        {"age": 3, "height": 1.5, "name": "ann"}, {"age": 4, "height": 2, "name": "bob"}
    ]  # fmt: skip
    mr.CsvToMR(table, str(tmp_path / "two"), ["name", "height"], 2).run()
    for part in (0, 1):
        fields, rows = rows_of(tmp_path / f"two{part}")
        assert fields == {"height": "float64", "name": "string"}
        assert [r["name"] for r in rows] == ["ann", "bob"]  # a reader opens all parts


def test_what_a_table_must_be(table, tmp_path):
    out = str(tmp_path / "out")
    with pytest.raises(OSError, match="do not exist"):
        mr.CsvToMR(table + "x", out).transform()
    with pytest.raises(RuntimeError, match="column x does not exist"):
        mr.CsvToMR(table, out, ["x"]).transform()
    with pytest.raises(ParamValueError, match="not string"):
        mr.CsvToMR(3, out)
    with pytest.raises(ParamValueError, match="partition_number"):
        mr.CsvToMR(table, out, None, 1.5)
    (tmp_path / "digit.csv").write_text("1a,b\n1,2\n")
    with pytest.raises(ValueError, match="digit"):
        mr.CsvToMR(str(tmp_path / "digit.csv"), out).transform()


def test_digits(tmp_path):
    wanted = {}
    for name, count in (("train", 3), ("t10k", 2)):
        images = np.repeat(RNG.integers(0, 255, (count, 1, 1), np.uint8), 28, 1).repeat(28, 2)
        labels = RNG.integers(0, 10, count, np.uint8)
        wanted[name] = images, labels
        for kind, magic, data in (("images-idx3", 2051, images), ("labels-idx1", 2049, labels)):
            head = struct.pack(f">{1 + data.ndim}I", magic, *data.shape)
            path = tmp_path / f"{name}-{kind}-ubyte.gz"
            path.write_bytes(gzip.compress(head + data.tobytes()))
    ms.MnistToMR(str(tmp_path), str(tmp_path / "out")).transform()
    for name, ending in (("train", "train"), ("t10k", "test")):
        fields, rows = rows_of(tmp_path / f"out_{ending}.mindrecord")
        assert fields == {"data": "bytes", "label": "int64"}
        images, labels = wanted[name]
        assert [r["label"] for r in rows] == labels.tolist()
        for row, image in zip(rows, images, strict=True):
            assert row["data"][:4] == b"\xff\xd8\xff\xe0"
            shown = np.asarray(Image.open(io.BytesIO(row["data"])))
            np.testing.assert_allclose(shown, image, atol=2)


def test_folders_of_images(tmp_path):
    for folder in ("n01", "n02"):
        (tmp_path / "img" / folder).mkdir(parents=True)
        for k in range(2):
            pixels = RNG.integers(0, 255, (5, 6, 3), np.uint8)
            Image.fromarray(pixels).save(tmp_path / "img" / folder / f"{k}.JPEG")
    (tmp_path / "map.txt").write_text("n01 0\nn02 1\n\n")
    out = tmp_path / "out"
    ms.ImageNetToMR(str(tmp_path / "map.txt"), str(tmp_path / "img"), str(out)).transform()
    fields, rows = rows_of(out)
    assert fields == {"file_name": "string", "image": "bytes", "label": "int32"}
    assert [r["label"] for r in rows] == [0, 0, 1, 1]
    assert rows[2]["file_name"] == str(tmp_path / "img" / "n02" / "0.JPEG")
    assert rows[2]["image"] == (tmp_path / "img" / "n02" / "0.JPEG").read_bytes()


@pytest.mark.parametrize("classes", [10, 100])
def test_small_photographs(tmp_path, classes):
    kind = {10: ("data_batch_1.bin", "test_batch.bin"), 100: ("train.bin", "test.bin")}[classes]
    pixels = RNG.integers(0, 255, (3, 3072), np.uint8)
    labels = [[1], [7], [3]] if classes == 10 else [[1, 50], [7, 2], [3, 99]]  # coarse, fine
    for name in kind:
        (tmp_path / name).write_bytes(
            b"".join(bytes(y) + x.tobytes() for x, y in zip(pixels, labels, strict=True))
        )
    convert = ms.Cifar10ToMR if classes == 10 else ms.Cifar100ToMR
    names = ["label"] if classes == 10 else ["coarse_label", "fine_label"]
    convert(str(tmp_path), str(tmp_path / "out")).transform(names)
    for ending in ("", "_test"):
        fields, rows = rows_of(tmp_path / f"out{ending}")
        assert fields == {"id": "int64", "data": "bytes", **dict.fromkeys(names, "int64")}
        assert [[r[n] for n in names] for r in rows] == labels
        assert [r["id"] for r in rows] == [0, 1, 2]
        shown = np.asarray(Image.open(io.BytesIO(rows[1]["data"])))
        np.testing.assert_array_equal(shown, pixels[1].reshape(3, 32, 32).transpose(1, 2, 0))


def test_tensorflows_records(tmp_path, request):
    source = str(request.path.parent / "files" / "a.tfrecord")
    first = next(
        iter(ms.dataset.TFRecordDataset(source, shuffle=False).create_dict_iterator(1, True))
    )
    fields = {}
    for name, value in first.items():
        kind = "string" if value.dtype.kind not in "if" else str(value.dtype)
        kind = "bytes" if value.dtype == np.uint8 else kind
        fields[name] = SimpleNamespace(shape=list(value.shape), dtype=SimpleNamespace(name=kind))
    numbers = {n: f for n, f in fields.items() if f.dtype.name in ("int64", "float32")}
    assert numbers
    out = str(tmp_path / "out")
    ms.TFRecordToMR(source, out, numbers).transform()
    kinds, rows = rows_of(out)
    assert kinds == {n: f.dtype.name for n, f in numbers.items()}
    for name in numbers:
        np.testing.assert_array_equal(rows[0][name], first[name])
    text = [n for n, f in fields.items() if n not in numbers]
    if text:
        ms.TFRecordToMR(source, out + "2", dict.fromkeys(text, ((), "string")), text).run()
        assert bytes(first[text[0]]).startswith(rows_of(out + "2")[1][0][text[0]])
