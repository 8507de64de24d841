"""OpenVINO, and the emulator of the Hexagon NPU, in a process of their own.

Their libraries start threads that cannot be stopped; one of those crashed a test run long after
the backends' own tests had passed. A process that ends takes its threads along.
"""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.mark.skipif(
    importlib.util.find_spec("onnxruntime_qnn") is None,
    reason="onnxruntime-qnn has wheels for x86 Linux with Python 3.11 and later only",
)
def test_openvino_and_the_emulator_pass_the_kit_and_lenet_trains():
    classes = ("TestOpenVino", "TestQualcommEmulator")
    chosen = ["test_qualcomm.py", *(f"test_conformance.py::{c}" for c in classes)]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *(str(HERE / name) for name in chosen)],
        env={**os.environ, "MSLEARN_EMULATOR": "1"},
        cwd=HERE.parent.parent,
        capture_output=True,
        text=True,
        timeout=1800,
    )
    tail = done.stdout[-3000:]
    passed = re.search(r"(\d+) passed", tail)
    assert passed is not None and int(passed[1]) >= 20, tail + done.stderr[-1000:]
    assert "failed" not in tail, tail
