"""What rows may hold besides numbers, and whole-pipeline questions; as MindSpore 2.10 answers."""

from __future__ import annotations

import numpy as np
import pytest

import mslearn as ms
import mslearn.dataset as ds
from mslearn.dataset import text


def dicts():
    def rows():
        for i in range(3):
            yield ({"k": np.array(i), "deep": {"z": i * 2}},)

    return ds.GeneratorDataset(rows, ["d"])


def values(data):
    return [int(row[0]) for row in data.create_tuple_iterator(num_epochs=1, output_numpy=True)]


def test_text_stays_an_array_beside_tensors():
    data = ds.NumpySlicesDataset({"s": ["a b", "c"], "n": [1, 2]}, shuffle=False)
    data = data.map(text.WhitespaceTokenizer(), "s")
    row = next(data.create_dict_iterator())
    assert type(row["s"]) is np.ndarray and row["s"].tolist() == ["a", "b"]
    assert isinstance(row["n"], ms.Tensor)
    assert next(iter(data))[0].tolist() == ["a", "b"]


def test_rows_of_dicts():
    row = next(dicts().create_dict_iterator())["d"]
    assert isinstance(row["k"], ms.Tensor) and isinstance(row["deep"]["z"], ms.Tensor)
    row = next(dicts().create_dict_iterator(output_numpy=True))["d"]
    assert type(row["deep"]["z"]) is np.ndarray
    assert values(dicts().map(lambda d: d["deep"]["z"])) == [0, 2, 4]
    assert values(dicts().filter(lambda d: d["k"] > 0).map(lambda d: d["k"])) == [1, 2]
    assert dicts().output_types() == [np.dtype(object)]


@pytest.mark.parametrize("processes", [False, True])
def test_functions_make_dicts(processes):
    data = ds.NumpySlicesDataset(np.arange(4), ["x"], shuffle=False).map(
        lambda x: {"x": x, "double": [x, x]},
        num_parallel_workers=2,
        python_multiprocessing=processes,
    )
    batches = [row["x"] for row in data.batch(3).create_dict_iterator(1, True)]
    assert [b["x"].tolist() for b in batches] == [[0, 1, 2], [3]]
    assert batches[0]["double"].shape == (3, 2)


def test_dicts_that_do_not_fit():
    rows = [({"a": 1},), ({"b": 1},)]
    with pytest.raises(RuntimeError, match="different keys"):
        list(ds.GeneratorDataset(rows, ["d"], shuffle=False).batch(2))
    ragged = [({"a": [1]},), ({"a": [1, 2]},)]
    with pytest.raises(RuntimeError, match=r"\['a'\] differ"):
        list(ds.GeneratorDataset(ragged, ["d"], shuffle=False).batch(2))
    with pytest.raises(ms.dataset.stream.UserFunctionError, match="not an array"):
        list(ds.GeneratorDataset([({"a": object()},)], ["d"]))


def test_dicts_are_shown_and_not_saved(tmp_path):
    assert "d dict" in repr(dicts().preview(2))
    assert "deep" in dicts().preview(2)._repr_html_()
    with pytest.raises(ValueError, match="MindRecord cannot hold"):
        dicts().save(str(tmp_path / "d.mindrecord"))
    assert not list(tmp_path.iterdir())


def both():
    first = ds.NumpySlicesDataset([0, 1, 2], ["x"], shuffle=False)
    return first + ds.NumpySlicesDataset([3, 4], ["x"], shuffle=False)


def test_concat_is_dealt_over_all_parts():
    found = []
    for shard in range(3):
        data = both()
        data.use_sampler(ds.DistributedSampler(3, shard, shuffle=False))
        assert data.is_sharded()
        found.append((data.get_dataset_size(), values(data)))
    assert found == [(2, [0, 3]), (2, [1, 4]), (1, [2])]


def test_concat_is_shuffled_as_a_whole():
    ds.config.set_seed(1)
    data = both()
    data.use_sampler(ds.RandomSampler())
    orders = [values(data) for _ in range(4)]
    assert all(sorted(order) == [0, 1, 2, 3, 4] for order in orders)
    assert any(max(order[:3]) > 2 for order in orders) and data.is_shuffled()


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (lambda: ds.SequentialSampler(), TypeError),
        (lambda: [1, 2], TypeError),
        (lambda: ds.DistributedSampler(2, 0), ValueError),
        (lambda: ds.DistributedSampler(2, 0, False, num_samples=1), ValueError),
        (lambda: ds.RandomSampler(replacement=True), ValueError),
        (lambda: ds.RandomSampler(num_samples=2), ValueError),
    ],
)
def test_samplers_that_concat_refuses(make, kind):
    with pytest.raises(kind, match="concat"):
        both().use_sampler(make())


def test_shapes_that_change():
    rows = [(np.zeros((n, 2)), np.zeros(3)) for n in (1, 4, 2)]
    data = ds.GeneratorDataset(rows, ["a", "b"], shuffle=False)
    assert data.output_shapes() == [[1, 2], [3]]
    assert data.output_shapes(estimate=True) == [[None, 2], [3]]
    mixed = ds.GeneratorDataset([(np.zeros(2),), (np.zeros((2, 2)),)], ["a"], shuffle=False)
    with pytest.raises(RuntimeError, match="axes"):
        mixed.output_shapes(True)


def test_a_pipeline_equals_its_copy_from_json(tmp_path):
    path = tmp_path / "t.txt"
    path.write_text("a\nb\n")
    data = ds.TextFileDataset(str(path), shuffle=False).batch(2)
    copy = ds.deserialize(ds.serialize(data, str(tmp_path / "p.json")))
    assert ds.compare(data, copy)
    assert [str(t) for (row,) in copy for t in row] == ["a", "b"]
