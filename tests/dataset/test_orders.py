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
