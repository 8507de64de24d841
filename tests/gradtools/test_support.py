"""The support table claims nothing that no test shows; the committed page is the present one."""

from __future__ import annotations

import importlib
import inspect
import json
import re
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

import mslearn
from mslearn.core.primitive import registry
from mslearn.support import DIFFERS, NOT_HERE, SPACES, reason, render

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
    words, known = set(), {path for path, _, _ in mslearn.support().rows}
    for file in (ROOT / "tests").rglob("*.py"):
        words.update(re.findall(r"\w+", file.read_text(encoding="utf-8")))
    for name in TESTED.get(space, ()):
        if f"{space}.{name}" not in known or (space == "ops" and name in registry):
            continue  # not MindSpore's; or a primitive: test_rules.py demands a sample of each
        assert name in words, f"no test names {space}.{name} any more"
        assert name in dir(home(space)) or hasattr(home(space), name)


def test_differences_are_about_names_of_mindspore():
    known = {path for path, _, _ in mslearn.support().rows}
    assert set(DIFFERS) <= known


def test_reasons_are_about_names_that_no_test_uses():
    """Each pattern names something of MindSpore's, and nothing that works here."""
    rows = mslearn.support().rows
    for why, patterns in NOT_HERE.items():
        for pattern in patterns.split():
            found = [status for path, status, _ in rows if fnmatchcase(path, pattern)]
            assert "not here" in found, f"{pattern} ({why}) names nothing that is missing"
    for path, status, why in rows:
        space, _, name = path.rpartition(".")
        if status == "not here":
            own = vars(home(space)).get(name)
            assert own is None or inspect.ismodule(own), (
                f"{path} is here, but no test uses it: {why}"
            )


def test_what_mindspore_refuses_on_a_cpu_is_recorded_from_it():
    """A record of calls to real MindSpore: tests/goldens/record_refused.py."""
    file = ROOT / "tests" / "goldens" / "refused.json"
    refused = json.loads(file.read_text(encoding="utf-8"))["refused"]
    claimed = {p for p, _, note in mslearn.support().rows if "no CPU kernel" in note}
    assert claimed == set(refused)
    assert reason("ops.all_reduce").startswith("sends between")
    assert reason("ops.matmul") == ""


def test_asking_for_one_name():
    assert mslearn.support("nn.Dense").startswith("nn.Dense: supported")
    assert "differs" in mslearn.support("grad")
    assert mslearn.support("ops.ACos") != mslearn.support("mindspore.grad")
    with pytest.raises(KeyError, match=r"ops\.matmul"):
        mslearn.support("ops.matmull")
    assert mslearn.support("mint.nn.Linear") == "mint.nn.Linear: supported"
    assert "not here (sends between" in mslearn.support("ops.all_reduce")
    assert "not yet" in repr(mslearn.support())
