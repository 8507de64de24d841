"""An array of another array module that NumPy's own functions take.

``np.exp(x)`` of a `DeviceArray` is ``xp.exp`` of the array inside: NumPy hands its functions over
by ``__array_ufunc__`` and ``__array_function__``. So a kernel written for NumPy computes on a GPU
as it stands. What the module does not have is a `NeedsHost` error, and so is, inside a kernel,
asking for the numbers: whoever calls the kernel then knows that it is none for the device.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from types import SimpleNamespace
from typing import Any, NoReturn

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

KINDS = "biufc"
"""Of dtypes that an array module has; bfloat16 and structures stay with NumPy."""

# An array module's ufuncs reduce sums and products only; the others have functions of their own.
_REDUCTIONS = {
    "add": "sum", "multiply": "prod", "maximum": "max", "minimum": "min",
    "logical_and": "all", "logical_or": "any",
}  # fmt: skip


_WRITING = {"copyto", "put", "place", "putmask", "fill_diagonal", "put_along_axis"}


@cache
def _written(function: Callable[..., Any]) -> slice:
    """Which positional argument one of NumPy's functions writes into."""
    if function.__name__ in _WRITING:
        return slice(0, 1)
    try:
        names = list(inspect.signature(function).parameters)
    except ValueError:  # compiled, and without text
        names = []
    place = names.index("out") if "out" in names else len(names)
    return slice(place, place + 1)


class NeedsHost(TypeError):
    """Only NumPy can do this."""


class DeviceArray(NDArrayOperatorsMixin):
    """A value of a Tensor that lies on a device.

    Args:
        held: the array of the module.
        xp: the module; it has NumPy's names, ``asarray`` and ``asnumpy``.

    >>> x = DeviceArray(np.ones(3), np)
    >>> type(np.exp(x + 1)).__name__, x.shape
    ('DeviceArray', (3,))
    """

    __slots__ = ("__weakref__", "dtype", "held", "shape", "xp")
    __hash__ = object.__hash__
    base = None  # it is nobody's view, as far as the host can tell

    def __init__(self, held: Any, xp: Any) -> None:
        self.held = held
        self.xp = xp
        self.shape: tuple[int, ...] = held.shape
        self.dtype: np.dtype[Any] = held.dtype

    def numbers(self) -> np.ndarray:
        """The numbers, brought to the host."""
        return np.asarray(self.xp.asnumpy(self.held))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self.numbers(), dtype)

    # -- what NumPy hands over ------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        name = ufunc.__name__
        if method == "reduce":
            name = _REDUCTIONS.get(name, "")
            kwargs.setdefault("axis", 0)
        function = getattr(self.xp, name, None)
        if method not in ("__call__", "reduce"):
            function = getattr(function, method, None)
            if method == "at" and not isinstance(inputs[0], DeviceArray):
                lacking(f"np.{name}.at writes into an array of the host")
        if function is None:
            lacking(f"{_spelt(self.xp)} has no np.{ufunc.__name__}.{method}")
        return self._call(function, inputs, kwargs, numbers=True)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        place = self.xp
        for part in (*func.__module__.split(".")[1:], func.__name__):
            place = getattr(place, part, None)
        if place is None:
            lacking(f"{_spelt(self.xp)} has no {func.__module__}.{func.__name__}")
        if any(isinstance(a, np.ndarray) for a in args[_written(func)]):
            lacking(f"np.{func.__name__} writes into an array of the host")
        return self._call(place, args, kwargs)

    def _call(
        self, function: Callable[..., Any], args: Any, kwargs: Any, numbers: bool = False
    ) -> Any:
        """`function` of the module, for arguments among which DeviceArrays may stand.

        With `numbers`, an array of the host with a single number goes as the number it is, as
        element-wise functions take it: sending it would cost more than the arithmetic.
        """
        out = kwargs.get("out")
        if out is not None:
            outs = out if isinstance(out, tuple) else (out,)
            if not all(o is None or isinstance(o, DeviceArray) for o in outs):
                lacking("the result is written into an array of the host")
            kwargs = {**kwargs, "out": outs[0].held if len(outs) == 1 else
                      tuple(o if o is None else o.held for o in outs)}  # fmt: skip
        own = type(self)
        given = [a.held if type(a) is own else self._inside(a, numbers) for a in args]
        if kwargs:
            kwargs = {k: self._inside(v) for k, v in kwargs.items()}
        found = function(*given, **kwargs)
        return self._around(found) if out is None else out[0] if len(outs) == 1 else out

    def _inside(self, value: Any, numbers: bool = False) -> Any:
        if isinstance(value, DeviceArray):
            return value.held
        if isinstance(value, np.ndarray):
            if numbers and not value.shape:
                return value[()]
            return send(value, self.xp)
        if isinstance(value, tuple | list):
            parts = [self._inside(v) for v in value]
            return parts if isinstance(value, list) else tuple(parts)
        return value

    def _around(self, found: Any) -> Any:
        if isinstance(found, self.xp.ndarray):
            return type(self)(found, self.xp)
        if isinstance(found, tuple | list):
            return type(found)(map(self._around, found)) if type(found) in (tuple, list) else tuple(
                map(self._around, found)
            )  # fmt: skip
        return found

    # -- what kernels ask an array itself -------------------------------------------------------

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def flags(self) -> Any:
        """NumPy's flags; no BLAS of the host may write here, and no optimizer overwrite it."""
        order = self.held.flags
        return SimpleNamespace(
            c_contiguous=order.c_contiguous, f_contiguous=order.f_contiguous, owndata=False,
            carray=False, writeable=True,
        )  # fmt: skip

    def view(self, *dtype: Any) -> Any:
        """The same elements under another handle (or another dtype)."""
        return type(self)(self.held.view(*dtype), self.xp)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name in ("ctypes", "data", "held", "tolist"):
            raise AttributeError(name)
        found = getattr(self.held, name)  # AttributeError where the module's array lacks it
        if not callable(found):
            return self._around(found)
        return lambda *args, **kwargs: self._call(found, args, kwargs)

    def __getitem__(self, index: Any) -> Any:
        return self._around(self.held[self._index(index)])

    def __setitem__(self, index: Any, value: Any) -> None:
        place = self._index(index)
        value = self._inside(value, numbers=True)
        if isinstance(index, DeviceArray) and index.dtype == bool and np.ndim(value):
            place = self.xp.nonzero(place)  # a module takes only one number for a mask
        self.held[place] = value

    def _index(self, index: Any) -> Any:
        if isinstance(index, tuple):
            return tuple(map(self._index, index))
        return send(np.asarray(index), self.xp) if isinstance(index, list) else self._inside(index)

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of unsized object")
        return self.shape[0]

    def __iter__(self) -> Any:
        return (self[i] for i in range(len(self)))

    def _number(self) -> Any:
        if self.size != 1:
            raise ValueError("an array with more or less than one element is no single number")
        return np.asarray(self.xp.asnumpy(self.held)).reshape(())[()]

    def item(self, *place: int) -> Any:
        """One number, on the host."""
        return (self[np.unravel_index(place[0], self.shape) if len(place) == 1 else place]
                if place else self)._number().item()  # fmt: skip

    def __bool__(self) -> bool:
        return bool(self._number())

    def __int__(self) -> int:
        return int(self._number())

    def __float__(self) -> float:
        return float(self._number())

    def __complex__(self) -> complex:
        return complex(self._number())

    def __index__(self) -> int:
        if self.shape or self.dtype.kind not in "iu":
            raise TypeError("only integer scalar arrays can be converted to a scalar index")
        return int(self._number())

    def __str__(self) -> str:
        return str(self.numbers())

    def __format__(self, spec: str) -> str:
        return format(self._number() if spec else str(self), spec)

    def __repr__(self) -> str:
        return f"DeviceArray({_spelt(self.xp)}, {self.dtype}{list(self.shape)})"

    def __reduce__(self) -> Any:
        return np.asarray, (self.numbers(),)


class InKernel(DeviceArray):
    """A `DeviceArray` while a kernel computes with it. Single numbers come to the host when they
    are asked for (``int(x)``, ``if x``); a kernel that wants more is one for the host."""

    __slots__ = ()

    def numbers(self) -> np.ndarray:
        lacking("its kernel wants an array of the host")


def send(array: np.ndarray, xp: Any) -> Any:
    """The array on the device.

    Raises:
        NeedsHost: a dtype that the module does not have.
    """
    if array.dtype.kind not in KINDS:
        lacking(f"{_spelt(xp)} has no dtype {array.dtype}")
    return xp.asarray(array)


def lacking(reason: str) -> NoReturn:
    """Say why only NumPy can do this."""
    raise NeedsHost(reason)


def _spelt(xp: Any) -> str:
    return "CuPy" if xp.__name__ == "cupy" else str(xp.__name__)
