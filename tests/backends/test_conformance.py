"""Every backend that pip can bring here does what the kit demands."""

from __future__ import annotations

import importlib.util

import pytest

from mslearn.backends.conformance import Conformance


class TestNumpy(Conformance):
    target = "numpy"


class TestOnnxRuntime(Conformance):
    target = "onnxruntime"


class TestOpenVino(Conformance):
    target = "OpenVINO-CPU"


@pytest.mark.skipif(
    importlib.util.find_spec("onnxruntime_qnn") is None,
    reason="onnxruntime-qnn has wheels for x86 Linux with Python 3.11 and later only",
)
class TestQualcommEmulator(Conformance):
    """Float16 has 11 bits, 5e-4 of each number. Five steps add up, most behind normalization."""

    target = "Qualcomm"
    tolerance = 1e-2
