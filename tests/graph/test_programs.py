"""Learners' programs under `@ms.jit` give what MindSpore's graph mode gave (programs/).

Where MindSpore fails, or gives what its own eager mode does not give, ours may give the eager
result instead; the few other differences are named here, with the reason.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

import numpy as np
import pytest

import mslearn as ms

HERE = Path(__file__).parent / "programs"
sys.path[:0] = [str(HERE), str(HERE.parent.parent / "goldens")]  # the tables import from there
from record import encode  # noqa: E402

OTHERWISE = {
    "values with_open": "MindSpore's TypeError is an accident of its parser; ours is J104",
    "values global_set": "MindSpore drops the assignment without a word; ours is J105",
}
CASES, RECORDED, WITHOUT = {}, {}, {}
for _file in sorted(HERE.glob("programs_*.py")):
    _cases = dict(importlib.import_module(_file.stem).cases)
    _found = json.loads(
        (HERE / _file.name.replace("programs_", "recorded_").replace(".py", ".json")).read_text()
    )["cases"]
    _first = next(iter(_cases))
    WITHOUT |= dict(_found.pop(_first))
    del _cases[_first]
    CASES |= _cases
    RECORDED |= _found


def test_every_program_is_recorded():
    assert set(CASES) == set(RECORDED) == set(WITHOUT) and len(CASES) > 150


@pytest.mark.parametrize("name", [n for n in CASES if n not in OTHERWISE])
def test_a_program_gives_what_mindspore_gives(name):
    found = encode(CASES[name](ms))
    for i, (got, graph) in enumerate(zip(found, RECORDED[name], strict=True)):
        eager = WITHOUT[name][i] if i < len(WITHOUT[name]) else None
        if not alike(got, graph) and not (failed(graph) and i >= len(WITHOUT[name])):
            assert alike(got, eager), f"{name}[{i}]: got {got}, MindSpore {graph}, eagerly {eager}"


def failed(value):
    return isinstance(value, str) and value.startswith("error: ")


def alike(found, wanted):
    """Equal values, dtypes and shapes; an error that the same `except` catches."""
    if failed(wanted):
        kind = wanted.removeprefix("error: ").split("/")[0]
        return failed(found) and kind in found.removeprefix("error: ").split("/")
    if isinstance(wanted, dict):
        if not isinstance(found, dict) or found["dtype"] != wanted["dtype"]:
            return False
        if found["shape"] != wanted["shape"]:
            return False
        return np.allclose(found["data"], wanted["data"], rtol=2e-5, atol=2e-6, equal_nan=True)
    if isinstance(wanted, list):
        same = isinstance(found, list) and len(found) == len(wanted)
        return same and all(map(alike, found, wanted))
    if isinstance(found, dict) and found["shape"] == []:  # a number that depends on a tensor
        return found["data"] == [wanted]
    return type(found) is type(wanted) and found == wanted
