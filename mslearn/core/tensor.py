"""`Tensor`: a handle to an immutable value.

The value is concrete (a `numpy.ndarray`) or abstract (`Abstract`: shape and dtype, while a graph
is captured). In-place work such as ``x[0] = 1`` makes a new value and lets the handle point to
it, so that tapes and graphs always see values that never change.

Operators and methods are attached by `mslearn.ops`, from the primitives' own declarations.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from mslearn.core.dtype import FLOAT32, INT64, DType, dtype_of, number_as, promote_number
from mslearn.core.dtype import to_numpy as to_numpy
from mslearn.core.errors import DtypeError, did_you_mean
from mslearn.core.printing import tensor_repr
from mslearn.core.state import state


class NeedsNumbers(RuntimeError, AttributeError):
    """The numbers of a tensor were asked for where it has only a shape and a dtype."""


class Abstract:
    """The value of a tensor inside a graph that is being captured: all but the numbers."""

    __slots__ = ("__weakref__", "dtype", "shape")

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self.shape = shape
        self.dtype = dtype

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    def numbers(self) -> np.ndarray:
        """The numbers, where they are known already."""
        raise NeedsNumbers(
            f"This tensor ({dtype_of(self.dtype)}{list(self.shape)}) has no value yet: a graph is "
            f"being captured. Return it from the jit function and look at it outside."
        )

    def __getattr__(self, name: str) -> Any:
        return getattr(self.numbers(), name)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self.numbers(), dtype)

    def __repr__(self) -> str:
        return f"Abstract({dtype_of(self.dtype)}{list(self.shape)})"


class _Initializer(Protocol):
    def __call__(self, array: np.ndarray) -> None: ...


class Tensor:
    """An n-dimensional array of one dtype, as in MindSpore.

    Args:
        input_data: a number, a (nested) list or tuple, a NumPy array or another Tensor. Python
            floats become float32, ints int64, bools bool; a NumPy array keeps its dtype.
        dtype: the wanted dtype; `None` takes it from the data.
        shape: with `init`, the shape to fill; with None for a size that `export` leaves free.
        init: an initializer such as `mslearn.common.initializer.One()`; the data is made when
            first needed, or by `init_data()`.

    Raises:
        TypeError: the data is not numeric, or the lists are ragged.

    >>> import mslearn as ms
    >>> ms.Tensor([1, 2.5]).dtype
    mindspore.float32
    """

    __slots__ = ("__weakref__", "_value")
    __array_priority__ = 100  # numpy_array + tensor goes to Tensor.__radd__
    weak = False  # whether it stands for a Python number, which takes the dtype that it meets

    def __init__(
        self,
        input_data: Any = None,
        dtype: DType | None = None,
        shape: int | tuple[int, ...] | None = None,
        init: _Initializer | None = None,
        const_arg: bool = False,
        device: str | None = None,
    ) -> None:
        if init is not None:
            if shape is None or dtype is None:
                raise ValueError(
                    "For 'Tensor', init= needs shape= and dtype= too, for example "
                    "Tensor(shape=(2, 3), dtype=mslearn.float32, init=One())."
                )
            array = np.empty(shape, to_numpy(dtype))
            init(array)
            self._value: Any = array
        elif input_data is None and isinstance(shape, tuple | list) and None in shape:
            free = tuple(-1 if n is None else n for n in shape)  # an example for export
            self._value = Abstract(free, to_numpy(dtype or FLOAT32))
        elif input_data is None and shape is not None:
            self._value = np.zeros(shape, to_numpy(dtype or FLOAT32))
        else:
            self._value = array_from(input_data, dtype)
            if isinstance(input_data, Tensor) and self._value.dtype == input_data._value.dtype:
                self._share(input_data)

    def _share(self, base: Tensor) -> None:
        """Become a window onto `base`, which has the same numbers (`mslearn.ops.views`)."""

    @staticmethod
    def wrap(value: Any) -> Tensor:
        """A Tensor around a value (array or Abstract) without copying or checking."""
        tensor = _new(Tensor)
        tensor._value = value
        return tensor

    @staticmethod
    def from_numpy(array: np.ndarray) -> Tensor:
        """A Tensor that shares the array's memory."""
        if not isinstance(array, np.ndarray):
            raise TypeError(
                f"For 'from_numpy', the input must be a numpy.ndarray, but got "
                f"'{type(array).__name__}'. Use Tensor(…) for lists and numbers."
            )
        dtype_of(array.dtype)
        return Tensor.wrap(array.view())

    def assign_value(self, value: Any) -> None:
        """Let the handle point to `value` (Tensor, array, Abstract); a capture takes note of it."""
        if state.capture is not None:
            value = state.capture.rebind(self, value)
        if self._value is not value:  # (who keeps a Parameter's numbers has to hear of it first)
            self._value = getattr(value, "_value", value)

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes of the axes."""
        return self._value.shape

    @property
    def dtype(self) -> DType:
        """The element type."""
        return dtype_of(self._value.dtype)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self._value.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self._value.shape)

    @property
    def itemsize(self) -> int:
        """Bytes of one element."""
        return self._value.dtype.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return self.size * self.itemsize

    @property
    def strides(self) -> tuple[int, ...]:
        """Bytes from one element to the next along each axis (C order)."""
        return tuple(math.prod(self.shape[i + 1 :]) * self.itemsize for i in range(self.ndim))

    @property
    def has_init(self) -> bool:
        """Whether data is still to be initialised; here it never is."""
        return False

    def init_data(self, *_: Any, **__: Any) -> Tensor:
        """The tensor with its data initialised (kept for MindSpore's two-step creation)."""
        return self

    def asnumpy(self) -> np.ndarray:
        """The data as a NumPy array that shares the tensor's memory where it can.

        Raises:
            RuntimeError: inside a graph that is being captured a tensor has no numbers yet.
        """
        array = self._concrete()
        return array if array.flags.writeable else array.copy()

    numpy = asnumpy

    def _concrete(self) -> np.ndarray:
        value = self._value  # perhaps abstract, perhaps on a device
        return value.numbers() if hasattr(value, "numbers") else value

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        array = self._concrete()
        if dtype is not None:
            array = array.astype(dtype, copy=False)
        return array.copy() if copy else array

    def item(self, *index: int) -> bool | int | float | complex:
        """The one element as a Python number (or the element at `index`)."""
        return self._concrete().item(*index)

    def tolist(self) -> Any:
        """The data as nested Python lists."""
        return self._concrete().tolist()

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("Not support len of a 0-D tensor: its shape is ().")
        return self.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        if not self.shape:
            raise TypeError("Cannot iterate over a scalar tensor: its shape is ().")
        return (self[i] for i in range(self.shape[0]))

    def _one(self, what: str) -> Any:
        array = self._concrete()
        if array.size != 1:
            raise ValueError(
                f"The truth value or number of a Tensor with several elements is ambiguous: "
                f"{what}() needs one element, but the shape is {list(self.shape)}. "
                f"Use x.any(), x.all() or index the element that you mean."
            )
        return array.reshape(())[()]

    def __bool__(self) -> bool:
        return bool(self._one("bool"))

    def __int__(self) -> int:
        return int(self._one("int"))

    def __float__(self) -> float:
        return float(self._one("float"))

    def __complex__(self) -> complex:
        return complex(self._one("complex"))

    def __index__(self) -> int:
        if self._value.dtype.kind not in "iub":
            raise TypeError(f"Only integer tensors can be an index, but got {self.dtype}.")
        return int(self._one("index"))

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        if isinstance(self._value, Abstract):
            return f"Tensor(shape={list(self.shape)}, dtype={self.dtype}, value=<captured>)"
        return tensor_repr(self._concrete(), str(self.dtype))

    def __str__(self) -> str:
        return repr(self) if isinstance(self._value, Abstract) else str(self._value)

    def __format__(self, spec: str) -> str:
        return format(self._one("format") if spec else str(self), spec)

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        return Tensor.wrap(self._concrete().copy())

    def __reduce__(self) -> tuple[Any, ...]:
        return (Tensor, (self._concrete(),))

    if TYPE_CHECKING:  # `mslearn.ops` attaches these from the primitives

        def __add__(self, other: Any) -> Tensor: ...
        def __radd__(self, other: Any) -> Tensor: ...
        def __sub__(self, other: Any) -> Tensor: ...
        def __rsub__(self, other: Any) -> Tensor: ...
        def __mul__(self, other: Any) -> Tensor: ...
        def __rmul__(self, other: Any) -> Tensor: ...
        def __truediv__(self, other: Any) -> Tensor: ...
        def __rtruediv__(self, other: Any) -> Tensor: ...
        def __floordiv__(self, other: Any) -> Tensor: ...
        def __rfloordiv__(self, other: Any) -> Tensor: ...
        def __mod__(self, other: Any) -> Tensor: ...
        def __rmod__(self, other: Any) -> Tensor: ...
        def __pow__(self, other: Any) -> Tensor: ...
        def __rpow__(self, other: Any) -> Tensor: ...
        def __matmul__(self, other: Any) -> Tensor: ...
        def __rmatmul__(self, other: Any) -> Tensor: ...
        def __neg__(self) -> Tensor: ...
        def __getitem__(self, index: Any) -> Tensor: ...
        def __setitem__(self, index: Any, value: Any) -> None: ...

    def __getattr__(self, name: str) -> Any:
        # Reached only when nothing else answers: the place to help with a misspelt method.
        public = [n for n in dir(type(self)) if not n.startswith("_")]
        raise AttributeError(
            f"The '{type(self).__name__}' object has no attribute '{name}'."
            f"{did_you_mean(name, public)}"
        )


_new = Tensor.__new__


def array_from(data: Any, dtype: Any = None) -> np.ndarray:
    """A new array for a Tensor, by MindSpore's rules for the dtypes of Python data."""
    wanted = None if dtype is None else to_numpy(dtype)
    if isinstance(data, Tensor):
        array = data._concrete()
        return array.view() if wanted in (None, array.dtype) else array.astype(wanted)
    if isinstance(data, np.ndarray | np.generic):
        array = np.array(data, wanted)
        dtype_of(array.dtype)
        return array
    if isinstance(data, str) or not isinstance(data, bool | int | float | complex | list | tuple):
        raise DtypeError(
            f"For 'Tensor', the input_data must be a number, a list, a tuple, a numpy.ndarray or "
            f"a Tensor, but got type '{type(data).__name__}'."
        )
    try:
        array = np.array(_plain(data))
    except ValueError as error:
        raise DtypeError(
            f"For 'Tensor', the lists are ragged: every row must have the same length ({error}). "
            f"Pad the shorter rows first."
        ) from None
    if array.dtype.kind not in "biufcV":
        raise DtypeError(
            f"For 'Tensor', the input_data holds something that is not a number "
            f"(NumPy reads it as '{array.dtype}'). Convert the text or object to numbers first."
        )
    if wanted is None:
        wanted = dict[str, Any](f8=FLOAT32, i4=INT64).get(array.dtype.str[1:])
    return array if wanted is None else array.astype(wanted, copy=False)


def _plain(data: Any) -> Any:
    if isinstance(data, list | tuple):
        return [_plain(d) for d in data]
    return data._concrete() if isinstance(data, Tensor) else data


def as_tensor(x: Any, like: np.dtype[Any] | None = None) -> Tensor:
    """`x` itself when it is a Tensor, else a constant (in the dtype that meets `like`)."""
    if isinstance(x, Tensor):
        return x
    if like is not None and isinstance(x, bool | int | float | complex):
        return Tensor.wrap(number_as(promote_number(like, x), x))
    return Tensor.wrap(array_from(x))
