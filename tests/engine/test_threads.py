"""One BLAS thread unless somebody asks for more."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

import mslearn as ms
from mslearn.dataset.config import cores

CODE = """
import mslearn as ms
from mslearn.core.threads import blas, thread_count as count
if blas() is None:
    raise SystemExit(print("None None"))
before = count()
ms.set_context(runtime_num_threads=2)
print(before, count())
"""


def counts(**env):
    clean = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
    out = subprocess.run(
        [sys.executable, "-c", CODE], env=clean | env, capture_output=True, text=True, check=True
    )
    return out.stdout.split()


@pytest.mark.skipif(counts()[0] == "None", reason="this NumPy was not built with OpenBLAS")
def test_one_thread_unless_asked():
    assert counts()[0] == "1"
    if cores() > 1:  # OpenBLAS never uses more threads than there are cores
        assert counts() == ["1", "2"]
        assert counts(MSLEARN_NUM_THREADS="2")[0] == "2"
        assert counts(OPENBLAS_NUM_THREADS="2")[0] == "2"


@pytest.mark.parametrize("wrong", [0, -1, 1.5, True, "2"])
def test_wrong_counts_are_refused(wrong):
    with pytest.raises(ValueError, match="runtime_num_threads"):
        ms.set_context(runtime_num_threads=wrong)
