"""The bundled digits, their folder, and damaged files."""

import hashlib
import os
import shutil
import struct

import numpy as np
import pytest

import mslearn as ms
import mslearn.dataset as ds


def test_rows(mnist):
    data = ds.MnistDataset(mnist / "train", shuffle=False)
    assert data.get_dataset_size() == len(data) == 2000
    assert data.get_col_names() == ["image", "label"]
    image, label = next(iter(data))
    assert (image.shape, image.dtype, label.shape, label.dtype) == (
        (28, 28, 1), ms.uint8, (), ms.uint32,
    )  # fmt: skip
    assert data.output_shapes() == [[28, 28, 1], []]
    assert data.output_types() == [np.dtype("u1"), np.dtype("u4")]
    assert data.num_classes() == 10


def test_balanced_and_disjoint(mnist):
    seen = []
    for part, each in (("train", 200), ("test", 50)):
        rows = list(ds.MnistDataset(mnist / part).create_tuple_iterator(output_numpy=True))
        assert np.bincount([int(label) for _, label in rows]).tolist() == [each] * 10
        seen += [image.tobytes() for image, _ in rows]
    assert len(set(seen)) == 2500


def test_shuffled_by_default(mnist):
    data = ds.MnistDataset(mnist / "test").project("label")
    plain = ds.MnistDataset(mnist / "test", shuffle=False).project("label")
    assert data.is_shuffled() and not plain.is_shuffled()
    order = [int(x) for (x,) in data]
    assert order != [int(x) for (x,) in plain]
    assert order == [int(x) for (x,) in data], "one seed, one order"
    ds.config.set_seed(2)
    assert order != [int(x) for (x,) in data]


def test_engine_seed_reaches_the_pipeline(mnist):
    data = ds.MnistDataset(mnist / "test").project("label")
    ms.set_seed(77)
    first = [int(x) for (x,) in data]
    ds.config.set_seed(3)
    assert first != [int(x) for (x,) in data]
    ms.set_seed(77)
    assert first == [int(x) for (x,) in data]


def test_rows_can_be_written_without_harm(mnist):
    data = ds.MnistDataset(mnist / "test", shuffle=False)
    for image, _ in data.take(3).create_tuple_iterator(output_numpy=True):
        image[:] = 255
    for image, _ in data.batch(3).take(1).create_tuple_iterator(output_numpy=True):
        assert image.min() == 0
        image[:] = 255
    assert next(iter(data))[0].asnumpy().min() == 0


def test_prepare_is_repeatable_and_repairs(tmp_path):
    root = ds.prepare("mnist", tmp_path / "M")
    labels = root / "train" / "train-labels-idx1-ubyte"
    image_time = os.stat(root / "train" / "train-images-idx3-ubyte").st_mtime_ns
    digest = hashlib.sha256(labels.read_bytes()).hexdigest()
    assert digest == "aba4292034db56272c51483af298c62517d543f787675174b036c3c94ab169d3"
    labels.write_bytes(b"half")
    assert ds.prepare("mnist", tmp_path / "M") == root
    assert hashlib.sha256(labels.read_bytes()).hexdigest() == digest
    assert os.stat(root / "train" / "train-images-idx3-ubyte").st_mtime_ns == image_time
    assert not [p for p in root.rglob("*") if p.name.startswith(".")]
    assert (root / "LICENSE").read_text().count("CC BY-SA 3.0") == 1


def test_prepare_in_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("MSLEARN_HOME", str(tmp_path))
    assert ds.prepare("mnist") == tmp_path / "data" / "MNIST_Data"
    with pytest.raises(ValueError, match="Did you mean 'mnist'"):
        ds.prepare("mnits")


def test_missing_folder(tmp_path):
    with pytest.raises(ValueError, match=r"nowhere.*does not exist.*prepare\('mnist'\)"):
        ds.MnistDataset(tmp_path / "nowhere")


def test_missing_file(tmp_path, mnist):
    (tmp_path / "notes.txt").touch()
    data = ds.MnistDataset(tmp_path, usage="train")
    message = r"train-images-idx3-ubyte.*found notes.txt.*prepare\('mnist'\)"
    with pytest.raises(RuntimeError, match=message):
        next(iter(data))
    shutil.copy(mnist / "train" / "train-images-idx3-ubyte", tmp_path)
    with pytest.raises(RuntimeError, match="train-labels-idx1-ubyte"):
        ds.MnistDataset(tmp_path).get_dataset_size()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda b: b[:-100], "cut short: the header announces .*1568000 bytes"),
        (lambda b: b[:10], "cut short: it has 10 bytes"),
        (lambda b: b + b"x", "longer than its header says"),
        (lambda b: b"\x00\x00\x08\x01" + b[4:], "0x00000801, expected 0x00000803"),
        (lambda b: b"\x1f\x8b" + b[2:], "compressed"),
        (lambda b: b[:4] + struct.pack(">3I", 2500, 28, 28) + b[16:], "cut short"),
        (lambda b: b[:4] + struct.pack(">3I", 8000, 14, 14) + b[16:], "must be 28x28"),
        (lambda b: b[:4] + struct.pack(">3I", 1999, 28, 28) + b[16:-784], "1999 images.*2000 lab"),
    ],
)
def test_damaged_images(damage, message, tmp_path, mnist):
    for name in ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"):
        shutil.copy(mnist / "train" / name, tmp_path)
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(RuntimeError, match=message) as caught:
        next(iter(ds.MnistDataset(tmp_path)))
    assert str(path) in str(caught.value)


def test_bad_arguments(mnist):
    with pytest.raises(ValueError, match="usage must be one of"):
        ds.MnistDataset(mnist / "train", usage="trian")
    with pytest.raises(ValueError, match="passed in together"):
        ds.MnistDataset(mnist / "train", num_shards=2)
    with pytest.raises(ValueError, match="shard_id must be less"):
        ds.MnistDataset(mnist / "train", num_shards=2, shard_id=2)
    with pytest.raises(ValueError, match="A sampler excludes"):
        ds.MnistDataset(mnist / "train", shuffle=True, sampler=ds.SequentialSampler())
