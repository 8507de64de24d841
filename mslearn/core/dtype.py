"""Data types with MindSpore's names, and the rules by which two types meet.

MindSpore's rule differs from NumPy's: an integer tensor never widens a floating one (int64 with
float16 stays float16, where NumPy would go to float64), and a Python number never changes the
width of a tensor's type. Verified pair by pair against MindSpore 2.10 (tests/engine).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.core.errors import DtypeError


class DType:
    """A tensor's element type, such as `mslearn.float32`. Compare with ``==`` or ``is``."""

    __slots__ = ("name", "numpy")

    def __init__(self, name: str, numpy: np.dtype[Any]) -> None:
        self.name = name
        self.numpy = numpy

    @property
    def itemsize(self) -> int:
        """Bytes of one element."""
        return self.numpy.itemsize

    def __repr__(self) -> str:
        return f"mindspore.{_public_name(self.name)}"

    def __str__(self) -> str:
        return self.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __eq__(self, other: object) -> bool:
        return self is other

    def __reduce__(self) -> str | tuple[Any, ...]:
        return (dtype_of, (self.numpy.str,))


def _public_name(name: str) -> str:
    return "bool" if name == "Bool" else name.lower()


_NAMES = {
    "Bool": "?", "Int8": "i1", "Int16": "i2", "Int32": "i4", "Int64": "i8",
    "UInt8": "u1", "UInt16": "u2", "UInt32": "u4", "UInt64": "u8",
    "Float16": "f2", "Float32": "f4", "Float64": "f8",
    "Complex64": "c8", "Complex128": "c16",
}  # fmt: skip
_BY_NUMPY: dict[np.dtype[Any], DType] = {
    np.dtype(code): DType(name, np.dtype(code)) for name, code in _NAMES.items()
}
_BY_NAME = {d.name: d for d in _BY_NUMPY.values()}

bool_ = _BY_NAME["Bool"]
int8, int16, int32, int64 = (_BY_NAME[f"Int{n}"] for n in (8, 16, 32, 64))
uint8, uint16, uint32, uint64 = (_BY_NAME[f"UInt{n}"] for n in (8, 16, 32, 64))
float16, float32, float64 = (_BY_NAME[f"Float{n}"] for n in (16, 32, 64))
complex64, complex128 = _BY_NAME["Complex64"], _BY_NAME["Complex128"]

FLOAT32, FLOAT64 = np.dtype("f4"), np.dtype("f8")
INT64 = np.dtype("i8")
BOOL = np.dtype("?")
_PYTHON = {bool: BOOL, int: INT64, float: FLOAT32, complex: np.dtype("c8")}
_RANK = {"b": 0, "u": 1, "i": 1, "f": 2, "V": 2, "c": 3}  # V: NumPy's kind of bfloat16


def dtype_of(numpy_dtype: Any) -> DType:
    """The DType of a NumPy dtype.

    Raises:
        DtypeError: the NumPy type has no tensor type (object, datetime, long double …).
    """
    found = _BY_NUMPY.get(numpy_dtype)
    if found is None:
        found = _BY_NUMPY.get(np.dtype(numpy_dtype).newbyteorder("="))
    if found is None:
        raise DtypeError(
            f"A Tensor cannot hold NumPy's '{numpy_dtype}'. It holds "
            f"{', '.join(_public_name(n) for n in _NAMES)}. Convert first, for example with "
            f"array.astype('float32')."
        )
    return found


def to_numpy(dtype: Any) -> np.dtype[Any]:
    """The NumPy dtype meant by a DType, a Python type (float is float32) or a NumPy dtype."""
    if isinstance(dtype, DType):
        return dtype.numpy
    if dtype in _PYTHON:
        return _PYTHON[dtype]
    if isinstance(dtype, str) and dtype in _BY_NAME:
        return _BY_NAME[dtype].numpy
    try:
        return dtype_of(np.dtype("None" if dtype is None else dtype)).numpy
    except TypeError as error:
        if isinstance(error, DtypeError):
            raise
        raise DtypeError(
            f"A dtype must be one of mslearn's types such as mslearn.float32, but got {dtype!r} "
            f"of type '{type(dtype).__name__}'."
        ) from None


_promotions: dict[tuple[np.dtype[Any], np.dtype[Any]], np.dtype[Any]] = {}


def register(dtype: DType, meets: dict[np.dtype[Any], np.dtype[Any]]) -> None:
    """Add a type that NumPy itself does not have; `meets` says what NumPy cannot promote."""
    _BY_NUMPY[dtype.numpy] = _BY_NAME[dtype.name] = dtype
    for other, found in meets.items():
        _promotions[dtype.numpy, other] = _promotions[other, dtype.numpy] = found


def promote(a: np.dtype[Any], b: np.dtype[Any]) -> np.dtype[Any]:
    """The dtype in which two tensors of dtypes `a` and `b` meet."""
    if a is b:
        return a
    found = _promotions.get((a, b))
    if found is None:
        rank_a, rank_b = _RANK[a.kind], _RANK[b.kind]
        if rank_a == rank_b:
            found = np.result_type(a, b)
            if found.kind == "f" and rank_a == 1:
                raise DtypeError(
                    f"Implicit conversion between {dtype_of(a)} and {dtype_of(b)} is not "
                    f"supported: no integer type holds both. Cast one of them first, for "
                    f"example x.astype(mslearn.int64)."
                )
        elif 3 in (rank_a, rank_b) and 2 in (rank_a, rank_b):
            found = np.result_type(a, b)
        else:
            found = a if rank_a > rank_b else b
        _promotions[a, b] = found
    return found


def number_as(dtype: np.dtype[Any], number: bool | int | float | complex) -> np.ndarray:
    """A number as a 0-d array; what an integer dtype cannot hold wraps around."""
    try:
        return np.asarray(number, dtype)
    except OverflowError:
        return np.asarray(number).astype(dtype)


def promote_number(dtype: np.dtype[Any], number: bool | int | float | complex) -> np.dtype[Any]:
    """The dtype in which a tensor of `dtype` meets a Python number."""
    python = _PYTHON.get(type(number), FLOAT32)  # np.float64 is a Python float
    if _RANK[python.kind] <= _RANK[dtype.kind]:
        return dtype
    if python.kind == "c":
        return np.dtype("c16") if dtype.itemsize == 8 and dtype.kind == "f" else python
    return python
