"""An array module as strict as CuPy, on NumPy: for tests of what runs on a GPU, without one.

It has the names that CuPy has and its functions take the arguments that CuPy's take (both
recorded, `record_cupy.py`). As with CuPy, an array never becomes a NumPy array unasked, none of
NumPy's is taken where one of the module's is wanted, and reductions give arrays of no axes. Rules
that CuPy's source says and no signature tells are in `_Ufunc` and `Array.__setitem__`.
"""

from __future__ import annotations

import json
import operator
from pathlib import Path
from typing import Any

import numpy as np

CUPY = json.loads((Path(__file__).parent / "data" / "cupy_names.json").read_text())
_REDUCED = {"add", "multiply"}
_SCATTERED = {"add", "subtract", "maximum", "minimum"}
_LOOKS = {"item", "tolist", "tobytes", "get", "dump", "dumps", "tofile"}


class Array:
    """What `cupy.ndarray` is for CuPy."""

    def __init__(self, inside: np.ndarray) -> None:
        if inside.dtype.kind not in "biufc" or inside.dtype.itemsize > 16:
            raise ValueError(f"Unsupported dtype {inside.dtype}")
        self._a = inside

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise TypeError("Implicit conversion to a NumPy array is not allowed.")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in CUPY["cupy.ndarray"]:
            raise AttributeError(f"'cupy.ndarray' object has no attribute '{name}'")
        found = getattr(self._a, name)
        if not callable(found):
            return _out(found)
        return _checked(found, f"cupy.ndarray.{name}")

    def __getitem__(self, index: Any) -> Any:
        return _out(self._a[_in(index)])

    def __setitem__(self, index: Any, value: Any) -> None:
        if isinstance(index, Array) and index.dtype == bool and np.ndim(_in(value)):
            raise NotImplementedError("a mask takes one number")
        self._a[_in(index)] = _in(value)

    def __len__(self) -> int:
        return len(self._a)

    def __bool__(self) -> bool:
        return bool(self._a)

    def __int__(self) -> int:
        return int(self._a)

    def __float__(self) -> float:
        return float(self._a)


def _binary(name: str) -> Any:
    function = getattr(operator, name)

    def run(self: Array, other: Any) -> Any:
        return _out(function(self._a, _in(other)))

    def turned(self: Array, other: Any) -> Any:
        return _out(function(_in(other), self._a))

    return run, turned


def _unary(name: str) -> Any:
    return lambda self: _out(getattr(operator, name)(self._a))


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and_", "or_",
              "xor", "lshift", "rshift"):  # fmt: skip
    _run, _turned = _binary(_name)
    _spelt = _name.rstrip("_")
    setattr(Array, f"__{_spelt}__", _run)
    setattr(Array, f"__r{_spelt}__", _turned)
for _name in ("eq", "ne", "lt", "le", "gt", "ge"):
    setattr(Array, f"__{_name}__", _binary(_name)[0])
for _name in ("neg", "invert", "abs", "pos"):
    setattr(Array, f"__{_name}__", _unary(_name))


class _Ufunc:
    def __init__(self, name: str) -> None:
        self._name, self._ufunc = name, getattr(np, name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if set(kwargs) - {"out", "dtype", "casting"}:
            raise TypeError(f"Wrong arguments {kwargs}")
        return _run(self._ufunc, args, kwargs)

    def reduce(self, array: Array, axis: Any = 0, dtype: Any = None, keepdims: Any = False) -> Any:
        return self._only(_REDUCED, "reduce", array, axis, dtype, None, keepdims)

    def accumulate(self, array: Array, axis: Any = 0, dtype: Any = None) -> Any:
        return self._only(_REDUCED, "accumulate", array, axis, dtype)

    def at(self, array: Array, index: Any, value: Any) -> None:
        if (array.dtype.kind == "i" and array.dtype.itemsize != 4) or array.dtype.kind == "b":
            raise TypeError(f"{self._name}.at has no {array.dtype}")
        self._only(_SCATTERED, "at", array, index, value)

    def outer(self, a: Array, b: Array) -> Any:
        return _run(self._ufunc.outer, (a, b), {})

    def _only(self, these: set[str], method: str, *args: Any) -> Any:
        if self._name not in these:
            raise NotImplementedError(f"`{self._name}.{method}` is not supported yet")
        return _run(getattr(self._ufunc, method), args, {})


class Space:
    """A module with the names of CuPy's."""

    def __init__(self, name: str, numpy: Any) -> None:
        self.__name__, self._numpy = name, numpy

    def __getattr__(self, name: str) -> Any:
        if f"{self.__name__}.{name}" in CUPY:
            return Space(f"{self.__name__}.{name}", getattr(self._numpy, name))
        if name == "lib":
            return Space("cupy.lib", np.lib)
        if name.startswith("_") or name not in CUPY[self.__name__]:
            raise AttributeError(f"module '{self.__name__}' has no attribute '{name}'")
        if self.__name__ == "cupy" and name in CUPY["ufuncs"]:
            return _Ufunc(name)
        found = getattr(self._numpy, name)
        is_function = callable(found) and not isinstance(found, type)
        return _checked(found, f"{self.__name__}.{name}") if is_function else found


class _Module(Space):
    ndarray = Array

    def __init__(self) -> None:
        super().__init__("cupy", np)
        self.sent: list[tuple[int, ...]] = []
        self.back: list[tuple[int, ...]] = []

    def asarray(self, array: Any) -> Array:
        """To the device: a copy."""
        if isinstance(array, Array):
            return array
        self.sent.append(np.shape(array))
        return Array(np.array(array))

    def array(self, array: Any) -> Array:
        """To the device, also from there: a copy."""
        return Array(array._a.copy()) if isinstance(array, Array) else self.asarray(array)

    def asnumpy(self, array: Array) -> np.ndarray:
        """To the host: a copy."""
        self.back.append(array.shape)
        return array._a.copy()


def module() -> Any:
    """A new one; `sent` and `back` list the shapes of what crossed."""
    return _Module()


def _checked(function: Any, name: str) -> Any:
    known = CUPY["arguments"].get(name)

    def run(*args: Any, **kwargs: Any) -> Any:
        if known is not None:
            words = [k.lstrip("*") for k in known]
            if set(kwargs) - set(words):
                raise TypeError(f"{name}() got unexpected arguments {set(kwargs) - set(words)}")
            if not any(k.startswith("*") for k in known) and len(args) > len(known):
                raise TypeError(f"{name}() takes {len(known)} arguments")
        return _run(function, args, kwargs)

    return run


def _run(function: Any, args: Any, kwargs: Any) -> Any:
    return _out(function(*map(_in, args), **{k: _in(v) for k, v in kwargs.items()}))


def _in(value: Any) -> Any:
    if isinstance(value, Array):
        return value._a
    if isinstance(value, np.ndarray):
        raise TypeError("Unsupported type <class 'numpy.ndarray'>")
    if isinstance(value, tuple | list):
        return type(value)(map(_in, value))
    return value


def _out(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return Array(value)
    if isinstance(value, np.generic):
        return Array(np.asarray(value))
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*map(_out, value))
    return type(value)(map(_out, value)) if isinstance(value, tuple | list) else value


def close(found: Any, wanted: Any, tolerance: float = 2e-5) -> None:
    """Equal dtypes, shapes and nearly equal numbers."""
    found, wanted = np.asarray(found), np.asarray(wanted)
    assert found.dtype == wanted.dtype and found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, rtol=tolerance, atol=tolerance)


def strict(xp: Any) -> bool:
    """Whether it is a module of this file's."""
    return isinstance(xp, _Module)
