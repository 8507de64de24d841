"""The primitives' samples in float32, with what the kernels make of them."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np

from mslearn.core.primitive import registry

SAMPLES = {}
for _file in sorted((Path(__file__).parent.parent / "engine").glob("samples_*.py")):
    SAMPLES.update(runpy.run_path(str(_file))["SAMPLES"])


def _single(value):
    return np.dtype("f4") if value == np.dtype("f8") else value


def sample(name, i):
    """(arrays, attributes, results): runtimes work in float32."""
    arrays, attrs = SAMPLES[name][i]
    arrays = [np.asarray(a) for a in arrays]
    arrays = [a.astype("f4") if a.dtype == "f8" else a for a in arrays]
    attrs = {k: _single(v) if isinstance(v, np.dtype) else v for k, v in attrs.items()}
    with np.errstate(all="ignore"):
        out = registry[name].kernel(*arrays, **attrs)
    return arrays, attrs, [np.asarray(o) for o in (out if isinstance(out, tuple) else (out,))]


EVERY = [(n, i) for n, s in SAMPLES.items() for i in range(len(s))]
# What float32 cannot keep: 1 - erf(x) far out, series instead of exact functions.
LOOSE = {"Erfc": 1e-6, "Erfinv": 5e-6, "MatrixDeterminant": 1e-5, "Einsum": 1e-5}


def tolerance(name):
    """Keyword arguments for assert_allclose."""
    return {"rtol": max(LOOSE.get(name, 0), 2e-6), "atol": max(LOOSE.get(name, 0), 1e-6)}
