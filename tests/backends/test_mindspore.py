"""The MindSpore adapter: everywhere with our own reader of MindIR, and with MindSpore itself."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
from backends import record_mindspore

import mslearn as ms
from mslearn.backends import mindspore_backend, registry
from mslearn.backends.base import DeviceInfo
from mslearn.backends.conformance import Conformance

ROOT = Path(__file__).parents[2]
TOLERANCE = 5e-6  # MindSpore's exp and log on a CPU differ from NumPy's by 2e-6


class OurReader(mindspore_backend.MindSporeBackend):
    """The same files, read by mslearn's own `load` and `GraphCell`."""

    name = "our-reader"
    targets = ("Our-reader",)

    def probe(self, target):
        return DeviceInfo(target, self.name, True, f"mslearn {ms.__version__}")

    def compile(self, graph, target, **_):
        return mindspore_backend.executable(graph, ms, target)


@pytest.fixture
def our_reader(monkeypatch):
    class Point:
        name = "our-reader"

        def load(self):
            return OurReader

    monkeypatch.setattr(registry, "entry_points", lambda group: [Point()])
    registry.backend.cache_clear()
    yield
    registry.backend.cache_clear()


@pytest.mark.usefixtures("our_reader")
class TestOurReader(Conformance):
    target = "our-reader"


CHILD = """
import numpy as np
from mslearn.backends.conformance import Conformance
class Test(Conformance):
    target, tolerance = "MindSpore-CPU", {tolerance}
tests = [n for n in dir(Test) if n.startswith("test_")]
for name in tests:
    getattr(Test(), name)()
print(len(tests), "passed")
"""


@pytest.mark.oracle
@pytest.mark.skipif(
    not os.environ.get("MSLEARN_ORACLE"), reason="MSLEARN_ORACLE names no Python with MindSpore"
)
def test_mindspore_itself_passes_the_kit():
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    child = [os.environ["MSLEARN_ORACLE"], "-c", CHILD.format(tolerance=TOLERANCE)]
    out = subprocess.run(child, env=env, capture_output=True, text=True, timeout=1800)
    assert out.returncode == 0, out.stdout + out.stderr
    assert out.stdout.strip().endswith("passed")


@pytest.mark.usefixtures("our_reader")
@pytest.mark.parametrize("name", record_mindspore.CASES)
def test_the_same_files_gave_the_same_numbers_in_mindspore(name):
    recorded = json.loads(record_mindspore.FILE.read_text(encoding="utf-8"))[name]
    for target in ("our-reader", "numpy"):
        found = record_mindspore.trained(name, target)
        assert found["losses"] == pytest.approx(recorded["losses"], abs=TOLERANCE)
        # A sum of n numbers may differ by more than each of them.
        assert found["sums"] == pytest.approx(recorded["sums"], abs=20 * TOLERANCE)


def test_a_package_that_does_not_load_says_so(monkeypatch, tmp_path):
    (tmp_path / "mindspore").mkdir()
    (tmp_path / "mindspore" / "__init__.py").write_text("raise ImportError('numpy.core is gone')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ms.backends.BackendError, match=r"does not load: numpy\.core.*in an env"):
        mindspore_backend.MindSporeBackend().compile(None, "Ascend")


def test_a_file_that_it_does_not_take_is_an_error():
    class Refusing:
        @staticmethod
        def load(path):
            raise RuntimeError("unknown primitive")

    with pytest.raises(ms.backends.BackendError, match=r"'Ascend'.*unknown primitive"):
        mindspore_backend._cell(Refusing, b"", "Ascend")
    assert np.float32(TOLERANCE) < 1e-5
