"""Every source gives what real MindSpore gave for the same files, to the last bit."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from dataset.pipelines import describe
from dataset.source_cases import CASES
from dataset.trees import image, make

import mslearn.dataset as ds

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return make(tmp_path_factory.mktemp("trees"))


@pytest.fixture(scope="module")
def goldens():
    with np.load(HERE / "sources.npz") as stored:
        arrays = dict(stored)
    return json.loads(str(arrays.pop("facts"))), arrays


def test_every_case_is_recorded(goldens):
    assert set(goldens[0]) == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_equals_mindspore(name, goldens, root, monkeypatch):
    monkeypatch.setattr(ds.config, "cores", lambda: 2)
    facts, arrays = goldens
    found = describe(CASES[name](SimpleNamespace(ds=ds, root=root)))
    values = [column.pop("values") for column in found["columns"]]
    assert found == facts[name]
    for k, value in enumerate(values):
        np.testing.assert_array_equal(value, arrays[f"{name}/{k}"])


def test_answers_about_classes(root):
    folder = ds.ImageFolderDataset(root / "image_folder")
    assert folder.get_class_indexing() == {"ant": 0, "bee": 1, "cat": 2}
    assert folder.num_classes() == 3
    voc = ds.VOCDataset(root / "voc", "Detection", "train")
    assert voc.get_class_indexing() == {"bus": 0, "car": 1}
    coco = ds.CocoDataset(root / "coco" / "train", root / "coco" / "detection.json")
    assert coco.get_class_indexing() == {"person": [1], "car": [7]} and coco.num_classes() == 2
    manifest = ds.ManifestDataset(root / "manifest" / "data.manifest")
    assert manifest.get_class_indexing() == {"cat": 0, "dog": 1}


def test_images_are_decoded_the_same_with_threads(root, monkeypatch):
    monkeypatch.setattr("mslearn.dataset.sampled.WORTH_A_THREAD", 0.0)
    for workers in (1, 2):
        data = ds.ImageFolderDataset(
            root / "image_folder", decode=True, shuffle=True, num_parallel_workers=workers,
            extensions=[".png"],
        )  # fmt: skip
        rows = [(i.tolist(), int(k)) for i, k in data.create_tuple_iterator(None, 1, True)]
        first = rows if workers == 1 else first  # noqa: F821
    assert rows == first
    assert (image(11) == rows[[k for _, k in rows].index(0)][0]).all()


def test_small_cifar_files_are_read(tmp_path):
    records = np.arange(5 * 3073, dtype=np.int64).astype(np.uint8).reshape(5, 3073)
    records.tofile(tmp_path / "data_batch_1.bin")
    data = ds.Cifar10Dataset(tmp_path, shuffle=False)
    rows = list(data.create_tuple_iterator(output_numpy=True))
    assert [int(k) for _, k in rows] == records[:, 0].tolist()
    assert (rows[2][0] == records[2, 1:].reshape(3, 32, 32).transpose(1, 2, 0)).all()


def test_random_dataset():
    schema = ds.Schema()
    schema.add_column("a", "int8", [3])
    schema.add_column("b", "float32", [])
    data = ds.RandomDataset(7, schema, shuffle=False)
    rows = list(data.create_tuple_iterator(output_numpy=True))
    assert len(rows) == 7 and rows[0][0].dtype == np.int8 and rows[0][0].shape == (3,)
    again = list(data.create_tuple_iterator(output_numpy=True))
    assert all((r[0] == s[0]).all() and r[1] == s[1] for r, s in zip(rows, again, strict=True))
    assert ds.RandomDataset().get_col_names() == ["c0", "c1", "c2"]


def test_padded_dataset():
    data = ds.NumpySlicesDataset({"x": [1, 2, 3]}, shuffle=False)
    padded = data + ds.PaddedDataset([{"x": np.array(0)}])
    sharded = padded.batch(2)
    assert [r[0].asnumpy().tolist() for r in sharded] == [[1, 2], [3, 0]]


def test_class_indexing_names_a_folder_that_is_not_there(tmp_path):
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / "a.png").write_bytes(b"x")
    data = ds.ImageFolderDataset(str(tmp_path), class_indexing={"cow": 7})
    with pytest.raises(RuntimeError, match=r"names \['cow'\].*It holds \['cat'\]"):
        next(iter(data))
