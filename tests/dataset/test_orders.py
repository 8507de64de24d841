"""With one seed the rows come in MindSpore's order."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

import mslearn
import mslearn.dataset as ds

sys.path.insert(0, str(Path(__file__).parent))
import order_cases

WANTED = json.loads(order_cases.RECORDED.read_text())


@pytest.fixture(scope="module")
def found():
    before = ds.config.get_seed()
    yield order_cases.orders(mslearn)
    ds.config.set_seed(before)


def test_every_case_is_recorded(found):
    assert set(found) == set(WANTED), "run order_cases.py with MindSpore's Python"


@pytest.mark.parametrize("case", WANTED)
def test_rows_come_in_mindspores_order(found, case):
    assert found[case] == WANTED[case]


def test_padded_rows_must_fill_the_shards(tmp_path):
    from mslearn.mindrecord import FileWriter

    writer = FileWriter(str(tmp_path / "rows"))
    writer.add_schema({"id": {"type": "int32"}}, "numbers")
    writer.write_raw_data([{"id": i} for i in range(11)])
    writer.commit()
    data = ds.MindDataset(
        str(tmp_path / "rows"), ["id"], padded_sample={"id": -1}, num_padded=2, num_shards=2,
        shard_id=1,
    )  # fmt: skip
    with pytest.raises(RuntimeError, match="Change num_padded"):
        list(data)


def test_one_data_set_in_two_pipelines_is_a_warning():
    data = ds.NumpySlicesDataset(list(range(6)), ["x"], shuffle=False)
    two, three = data.batch(2), data.batch(3)
    with pytest.warns(UserWarning, match="not a tree"):
        assert len(list(two)) == 2 + len(list(three)) - 1
    assert len(list(three)) == 2  # said once


def test_parts_of_a_split_and_repeated_cells_are_no_two_pipelines(recwarn):
    data = ds.NumpySlicesDataset(list(range(6)), ["x"], shuffle=False)
    first, second = data.split([4, 2])
    assert [len(list(part.batch(2))) for part in (first, second)] == [2, 1]
    for _ in range(2):  # a notebook's cell, run twice
        batches = data.batch(2)
        assert len(list(batches)) == 3
    assert not [w for w in recwarn if "not a tree" in str(w.message)]
