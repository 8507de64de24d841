"""Types and their relatives in NumPy and Python, at MindSpore's path."""

from __future__ import annotations

from typing import Any

from mslearn.common import kinds
from mslearn.common.paths import leading_to
from mslearn.core.dtype import (
    DType,
    bool_,
    complex64,
    complex128,
    float16,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    to_numpy,
    uint8,
    uint16,
    uint32,
    uint64,
)

__all__ = [
    "DType", "bool_", "complex64", "complex128", "dtype_to_nptype", "dtype_to_pytype", "float16",
    "float32", "float64", "int8", "int16", "int32", "int64", "pytype_to_dtype", "uint8", "uint16",
    "uint32", "uint64",
]  # fmt: skip
_PYTHON = {"b": bool, "i": int, "u": int, "f": float, "V": float, "c": complex}


def dtype_to_nptype(type_: DType) -> Any:
    """The NumPy scalar type of a DType: ``dtype_to_nptype(ms.int8)`` is ``numpy.int8``."""
    return to_numpy(type_).type


def dtype_to_pytype(type_: Any) -> type:
    """The Python type of a DType: bool, int, float or complex; of ``mslearn.string``: str …"""
    if isinstance(type_, DType):
        return _PYTHON[to_numpy(type_).kind]
    return kinds.PYTHON[type_]


def pytype_to_dtype(obj: type) -> Any:
    """The DType of a Python type: ``float`` is ``mslearn.float64``, as in MindSpore.

    Raises:
        NotImplementedError: there is none.
    """
    numbers: dict[type, Any] = {bool: bool_, int: int64, float: float64, complex: complex128}
    found = {**{python: kind for kind, python in kinds.PYTHON.items()}, **numbers}
    if obj not in found:
        raise NotImplementedError(
            f"For 'pytype_to_dtype', {obj} has no type in MindSpore. These have: "
            f"{', '.join(t.__name__ for t in found)}."
        )
    return found[obj]


__getattr__ = leading_to("")  # also half, string, int_ …
