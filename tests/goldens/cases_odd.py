"""Short calls with odd arguments: one line of odd_calls.txt each; see cases.py.

Negative axes, empty and 0-d tensors, mixed dtypes, Python and NumPy scalars, places out of range,
gradients where a function has a corner. What both programs refuse is compared by its kind.
"""

from __future__ import annotations

import contextlib
import warnings
from pathlib import Path

import numpy as np

SMALL = np.array([[0.5, -1.25, 2.0], [1.5, 0.25, -0.75]], np.float32)
ARRAYS = {
    "A": SMALL, "H": SMALL.astype(np.float16), "D": SMALL.astype(np.float64),
    "V": np.array([1, 2, 3], np.float32), "Z": np.array(2.5, np.float32),
    "E": np.zeros((0, 3), np.float32), "I": np.array([[1, 2, 3], [4, 0, 6]], np.int32),
    "L": np.array([0, 2, 3]), "L2": np.array([0, 1]), "I01": np.array([[0, 1], [1, 0]], np.int32),
    "B": np.array([[True, False, True], [False, True, True]]),
    "C": (np.arange(24).reshape(2, 3, 4) / 7 - 1).astype(np.float32),
    "U": np.array([1, 200, 255], np.uint8),
    "IMG": (np.arange(192).reshape(1, 3, 8, 8) / 50 - 1).astype(np.float32),
}  # fmt: skip
TEXT = Path(__file__).with_name("odd_calls.txt").read_text()
FINE, WRONG = (
    [line for line in part.split("\n") if line and not line.startswith("#")]
    for part in TEXT.split("----")
)


def scope(ms):
    ms.set_seed(1)
    found = {name: ms.Tensor(array.copy()) for name, array in ARRAYS.items()}
    more = {"ms": ms, "ops": ms.ops, "nn": ms.nn, "np": np, "T": ms.Tensor, "__name__": "odd"}
    return {**found, **more, "AT": found["A"].T}


def plain(value):
    """What a recording can hold: shapes as tuples, everything else that is no tensor as text."""
    if hasattr(value, "asnumpy") and not isinstance(value, type):
        return value
    if isinstance(value, tuple | list):
        return [plain(v) for v in value]
    if isinstance(value, float):
        return f"{value:.9g}"
    return value if isinstance(value, bool | int | str) or value is None else str(value)


def call(line):
    def run(ms):
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return plain(eval(line, scope(ms)))

    return run


def refused(ms):
    """For each line the built-in classes of its error."""
    found = []
    for line in WRONG:
        with contextlib.suppress(Exception):  # what is left of the line before
            (ms.Tensor([1.0]) + 1).asnumpy()
        try:
            str(plain(eval(line, scope(ms))))
            (ms.Tensor([1.0]) + 1).asnumpy()  # errors of work that runs behind come with the next
            found.append("no error")
        except Exception as error:
            kinds = [c.__name__ for c in type(error).__mro__ if c.__module__ == "builtins"]
            found.append("/".join(kinds))
    return found


cases = {**{f"odd {line}": call(line) for line in FINE}, "kinds of odd calls": refused}
