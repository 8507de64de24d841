"""Every backend that pip can bring here does what the kit demands."""

from __future__ import annotations

import os

import pytest

from mslearn.backends.conformance import Conformance


class TestNumpy(Conformance):
    target = "numpy"


class TestOnnxRuntime(Conformance):
    target = "onnxruntime"


OWN_PROCESS = pytest.mark.skipif(
    "MSLEARN_EMULATOR" not in os.environ, reason="test_emulator runs it in a process of its own"
)


@OWN_PROCESS
class TestOpenVino(Conformance):
    target = "OpenVINO-CPU"


@OWN_PROCESS
class TestQualcommEmulator(Conformance):
    """Float16 has 11 bits, 5e-4 of each number. Five steps add up, most behind normalization."""

    target = "Qualcomm"
    tolerance = 1e-2
