"""The support table claims nothing that no test shows; the committed page is the present one."""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path

import pytest

import mslearn
from mslearn.core.primitive import registry
from mslearn.support import DIFFERS, SPACES, render

ROOT = Path(__file__).parent.parent.parent
TESTED = json.loads((ROOT / "mslearn" / "support_tested.json").read_text(encoding="utf-8"))


def home(space):
    if space in ("mindspore", "Tensor"):
        return mslearn if space == "mindspore" else mslearn.Tensor
    return importlib.import_module(f"mslearn.{space}")


def test_the_committed_page_is_up_to_date():
    committed = (ROOT / "docs" / "support.md").read_text(encoding="utf-8")
    assert committed == render(), "run `python tools/make_support_table.py`"


@pytest.mark.parametrize("space", SPACES)
def test_every_name_that_counts_as_tested_stands_in_a_test_and_exists(space):
    words = set()
    for file in (ROOT / "tests").rglob("*.py"):
        words.update(re.findall(r"\w+", file.read_text(encoding="utf-8")))
    for name in TESTED.get(space, ()):
        if space == "ops" and name in registry:
            continue  # test_rules.py demands a sample of every primitive
        assert name in words, f"no test names {space}.{name} any more"
        assert name in dir(home(space)) or hasattr(home(space), name)


def test_differences_are_about_names_of_mindspore():
    known = {path for path, _, _ in mslearn.support().rows}
    assert set(DIFFERS) <= known


def test_asking_for_one_name():
    assert mslearn.support("nn.Dense").startswith("nn.Dense: supported")
    assert "differs" in mslearn.support("grad")
    assert mslearn.support("ops.ACos") != mslearn.support("mindspore.grad")
    with pytest.raises(KeyError, match=r"ops\.matmul"):
        mslearn.support("ops.matmull")
    assert mslearn.support("mint.nn.Linear") == "mint.nn.Linear: supported"
    assert "not yet" in repr(mslearn.support())
