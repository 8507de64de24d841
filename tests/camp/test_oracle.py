"""The same code on MindSpore: with one, without one, with a slow or a broken one."""

from __future__ import annotations

import os
import sys
import textwrap

import numpy as np
import pytest

from mslearn import camp
from mslearn.camp import material, oracle

# A stand-in interpreter is this one with a module `mindspore` that answers differently on purpose.
FAKE = """
import numpy as np
__version__ = "9.9"
class Tensor:
    def __init__(self, value): self.value = np.asarray(value, np.float32)
    def asnumpy(self): return self.value + {shift}
    dtype = "Float32"
{more}
"""


@pytest.fixture
def interpreter(tmp_path, monkeypatch):
    """Make a Python that has a `mindspore`."""

    def make(shift: str = "0", more: str = "") -> str:
        (tmp_path / "mindspore.py").write_text(FAKE.format(shift=shift, more=more), "utf-8")
        script = tmp_path / "python"
        script.write_text(
            f'#!/bin/sh\nPYTHONPATH="{tmp_path}" exec "{sys.executable}" "$@"\n', "utf-8"
        )
        script.chmod(0o755)
        monkeypatch.setenv("MSLEARN_ORACLE", str(script))
        return str(script)

    return make


def experiment(ms):
    x = ms.Tensor([1.0, 2.0, 3.0])
    return {"x": x, "dtype": "Float32", "three": 3}


def raises(ms):
    raise ValueError("first line\nsecond line")


def test_equal_and_different_values(interpreter):
    interpreter()
    text = repr(oracle.on_mindspore(1, experiment))
    assert "MindSpore 9.9" in text and "equal up to rounding" in text and "differ" not in text
    interpreter(shift="np.float32(0.5)")
    text = repr(oracle.on_mindspore(1, experiment))
    assert "differ by up to 0.5" in text and "[1.5, 2.5, 3.5]" in text


def test_inputs_go_to_both(interpreter):
    interpreter()
    result = oracle.run_there(
        os.environ["MSLEARN_ORACLE"], "def f(ms, x):\n    return x\n", "f", [np.arange(3.0)]
    )
    assert result.values["result"].tolist() == [0, 1, 2]


def test_errors_on_either_side_are_shown(interpreter):
    interpreter()
    text = repr(oracle.on_mindspore(1, raises))
    assert text.count("ValueError: first line") == 2 and "second line" not in text


def test_a_broken_or_slow_mindspore_is_told(interpreter, monkeypatch):
    interpreter(more="import time; time.sleep(300)")
    assert "within 1 seconds" in repr(oracle.on_mindspore(1, experiment, seconds=1))
    interpreter(more="raise ImportError('libgomp is missing')")
    assert "libgomp is missing" in repr(oracle.on_mindspore(1, experiment))
    monkeypatch.setenv("MSLEARN_ORACLE", "/nowhere/python")
    assert "could not be run" in repr(oracle.on_mindspore(1, experiment))


def test_recorded_answers_stand_in(interpreter, tmp_path, monkeypatch):
    interpreter(shift="np.float32(0.5)")
    monkeypatch.setenv("MSLEARN_ORACLE_RECORD", str(tmp_path))
    oracle.on_mindspore(1, experiment)
    monkeypatch.setattr(oracle, "FOLDER", tmp_path)
    monkeypatch.setenv("MSLEARN_ORACLE", "off")
    text = repr(oracle.on_mindspore(1, experiment))
    assert "MindSpore is not installed here: its column was recorded" in text
    assert "differ by up to 0.5" in text and "pip install mindspore" in text


def test_without_mindspore_and_without_a_record_it_says_what_to_do(monkeypatch):
    monkeypatch.setenv("MSLEARN_ORACLE", "off")
    text = repr(oracle.on_mindspore(1, experiment))
    assert "pip install mindspore" in text and "MSLEARN_ORACLE" in text and "[1., 2., 3.]" in text
    camp.set_language("zh")
    assert "没有安装 MindSpore" in repr(oracle.on_mindspore(1, experiment))


def test_a_function_without_source_is_refused():
    names: dict = {}
    exec(textwrap.dedent("def f(ms):\n    return 1"), names)
    with pytest.raises(ValueError, match="Define it with `def` in a cell"):
        oracle.on_mindspore(1, names["f"])


def test_every_day_has_its_answers_recorded():
    """A lesson's cell shows MindSpore's column although the reader has no MindSpore."""
    for day in sorted(material.FOLDER.glob("day??.json")):
        recorded = oracle._read(day.stem)
        assert recorded, f"{day.stem}: build it with --execute --oracle PYTHON"
