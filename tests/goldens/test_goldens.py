"""Every case gives what real MindSpore gave: values, dtypes, shapes, names, printed forms."""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

import mslearn

HERE = Path(__file__).parent
cases, GOLDENS = {}, {}
sys.path.insert(0, str(HERE))  # the tables import shared.py
for _file in sorted(HERE.glob("cases*.py")):
    _more = runpy.run_path(str(_file))["cases"]
    assert not (_twice := cases.keys() & _more), f"{_file.name}: cases named again: {_twice}"
    cases.update(_more)
    _recorded = HERE / _file.name.replace("cases", "goldens").replace(".py", ".json")
    if _recorded.exists():  # else test_every_case_is_recorded says what to do
        GOLDENS.update(json.loads(_recorded.read_text())["cases"])


def compare(found, wanted, path):
    if isinstance(wanted, dict):
        assert hasattr(found, "asnumpy"), f"{path}: a Tensor is wanted, got {type(found).__name__}"
        array = found.asnumpy()
        assert str(array.dtype) == wanted["dtype"], f"{path}: dtype"
        assert list(array.shape) == wanted["shape"], f"{path}: shape"
        data = np.array(wanted["data"], array.dtype).reshape(wanted["shape"])
        np.testing.assert_allclose(array, data, rtol=2e-5, atol=2e-6, err_msg=path)
    elif isinstance(wanted, list):
        assert isinstance(found, tuple | list), f"{path}: a tuple is wanted, got {found!r}"
        assert len(found) == len(wanted), path
        for i, (f, w) in enumerate(zip(found, wanted, strict=True)):
            compare(f, w, f"{path}[{i}]")
    else:
        assert found == wanted, f"{path}: got {found!r}, wanted {wanted!r}"


def test_every_case_is_recorded():
    assert set(cases) == set(GOLDENS), "run `make goldens`"


@pytest.mark.parametrize("name", [n for n in cases if not n.startswith(("promotion_", "kinds"))])
def test_agrees_with_mindspore(name):
    compare(cases[name](mslearn), GOLDENS[name], name)


@pytest.mark.parametrize("name", [n for n in cases if n.startswith("promotion_")])
def test_promotion_agrees_where_mindspore_has_a_kernel(name):
    for found, wanted in zip(cases[name](mslearn), GOLDENS[name], strict=True):
        if not wanted.endswith(" no"):
            assert found == wanted


@pytest.mark.parametrize("name", [n for n in cases if n.startswith("kinds")])
def test_errors_can_be_caught_like_mindspores(name):
    """`except` clauses written for MindSpore catch the same mistakes here."""
    for i, (found, wanted) in enumerate(zip(cases[name](mslearn), GOLDENS[name], strict=True)):
        kind = wanted.split("/")[0]
        assert kind in found.split("/"), f"case {i}: {found}, MindSpore raises {kind}"
