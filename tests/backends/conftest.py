"""The array modules of eager code: one as strict as CuPy, and CuPy where there is a GPU."""

from __future__ import annotations

import importlib
import sys

import pytest
import scipy.special
from backends import strict_arrays

from mslearn.backends import eager
from mslearn.backends.cupy_backend import CupyBackend

GPU = CupyBackend().probe("GPU")
MODULES = ["strict", pytest.param("cupy", marks=pytest.mark.skipif(
    not GPU.available, reason=f"there is no GPU with CuPy: {GPU.reason}"
))]  # fmt: skip


@pytest.fixture(params=MODULES)
def xp(request, monkeypatch):
    if request.param == "cupy":
        return importlib.import_module("cupy")
    functions = strict_arrays.Space("cupyx.scipy.special", scipy.special)
    monkeypatch.setitem(sys.modules, "cupyx.scipy.special", functions)
    return strict_arrays.module()


@pytest.fixture
def device(xp):
    with eager.using(eager.Device(xp)) as used:
        yield used
