"""Transforms of numbers: casts, one-hot vectors, fills, masks, and random choice of transforms."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Any

import numpy as np

from mslearn.core.dtype import DType, bool_, to_numpy
from mslearn.dataset.checks import check_int
from mslearn.dataset.transforms.operation import Operation, check_operations, run


class TypeCast(Operation):
    """Convert to another dtype.

    Args:
        data_type: a dtype of mslearn (``mslearn.int32``) or of NumPy.

    Raises:
        TypeError: not a dtype.
        RuntimeError: numbers to text or text to numbers.

    >>> import numpy as np
    >>> import mslearn as ms
    >>> TypeCast(ms.int32)(np.array([1.7, -2.2])).tolist()
    [1, -2]
    """

    def __init__(self, data_type: Any) -> None:
        try:
            self.data_type = (
                to_numpy(data_type) if type(data_type) is DType else np.dtype(data_type)
            )
        except TypeError as error:
            raise TypeError(
                f"TypeCast: data_type must be a dtype such as mslearn.int32 or numpy.float32, but "
                f"got {data_type!r}."
            ) from error
        if self.data_type.kind not in "biufUS":
            raise TypeError(
                f"TypeCast: data_type must be a type of numbers or bool, but got {data_type!r}."
            )

    def apply(self, array: np.ndarray) -> np.ndarray:
        wanted = self.data_type
        if (array.dtype.kind in "US") != (wanted.kind in "US") or array.dtype.kind not in "biufUS":
            raise RuntimeError(
                f"TypeCast: cannot turn {array.dtype} into {wanted}. Use a function with "
                f"int() or float() in map for text."
            )
        if wanted.kind in "US":
            return array
        if array.dtype.kind == "f" and wanted.kind == "u" and wanted.itemsize < 8:
            # A negative float to an unsigned type is undefined in C; MindSpore wraps it round.
            return array.astype(np.int64).astype(wanted)
        return array.astype(wanted)

    batched = apply


class OneHot(Operation):
    """A class number as a vector with a one at its place.

    Args:
        num_classes: length of the vector.
        smoothing_rate: share of the one that is spread over all classes, from 0 to 1.

    Raises:
        RuntimeError: a number is outside 0 … num_classes - 1, or not an integer.

    >>> import numpy as np
    >>> OneHot(4)(np.array(2)).tolist()
    [0, 0, 1, 0]
    """

    def __init__(self, num_classes: int, smoothing_rate: float = 0.0) -> None:
        self.num_classes = check_int(num_classes, "num_classes", 1)
        if isinstance(smoothing_rate, bool) or not isinstance(smoothing_rate, int | float):
            raise TypeError(f"OneHot: smoothing_rate must be a number, but got {smoothing_rate!r}.")
        if not 0.0 <= smoothing_rate <= 1.0:
            raise ValueError(f"OneHot: smoothing_rate must be from 0 to 1, got {smoothing_rate}.")
        self.smoothing_rate = smoothing_rate

    def apply(self, array: np.ndarray) -> np.ndarray:
        if array.ndim > 1:
            raise RuntimeError(
                f"OneHot: the input must be a number or a vector of class numbers, but its shape "
                f"is {list(array.shape)}."
            )
        vectors = self._encode(array)
        return vectors[0] if array.shape == (1,) else vectors

    def batched(self, stack: np.ndarray) -> np.ndarray | None:
        return self._encode(stack) if stack.ndim == 1 else None

    def _encode(self, array: np.ndarray) -> np.ndarray:
        n = self.num_classes
        if array.dtype.kind not in "iu":
            raise RuntimeError(f"OneHot: the input must be of an int type, but got {array.dtype}.")
        wrong = array[(array < 0) | (array >= n)]
        if wrong.size:
            raise RuntimeError(
                f"OneHot: class numbers must be from 0 to {n - 1} (num_classes is {n}), but got "
                f"{wrong.flat[0]}."
            )
        hot: np.ndarray = array[..., None] == np.arange(n, dtype=np.int64)
        if self.smoothing_rate == 0:
            return hot.astype(array.dtype)
        low = self.smoothing_rate / n
        return np.where(hot, 1.0 - self.smoothing_rate + low, low)


class Fill(Operation):
    """Every element replaced by `fill_value`; shape and dtype stay."""

    def __init__(self, fill_value: Any) -> None:
        if not isinstance(fill_value, str | float | bool | int | bytes):
            raise TypeError(f"Fill: fill_value must be a number or a string, got {fill_value!r}.")
        self.fill_value = fill_value

    def apply(self, array: np.ndarray) -> np.ndarray:
        value = self.fill_value
        text = array.dtype.kind in "US"
        if isinstance(value, str | bytes) != text:
            raise RuntimeError(
                f"Fill: fill_value {value!r} does not go with an input of {array.dtype}."
            )
        return np.full(array.shape, value, np.asarray(value).dtype if text else array.dtype)

    batched = apply


class Relational(IntEnum):
    """How `Mask` compares."""

    EQ = 0
    NE = 1
    GT = 2
    GE = 3
    LT = 4
    LE = 5


_COMPARE: dict[Relational, Callable[[Any, Any], Any]] = {
    Relational.EQ: np.equal,
    Relational.NE: np.not_equal,
    Relational.GT: np.greater,
    Relational.GE: np.greater_equal,
    Relational.LT: np.less,
    Relational.LE: np.less_equal,
}


class Mask(Operation):
    """Where elements compare as asked with a constant: bools, or another dtype."""

    def __init__(self, operator: Relational, constant: Any, dtype: Any = bool_) -> None:
        if not isinstance(operator, Relational):
            raise TypeError(f"Mask: operator must be a Relational, but got {operator!r}.")
        if not isinstance(constant, str | float | bool | int | bytes):
            raise TypeError(f"Mask: constant must be a number or a string, but got {constant!r}.")
        self.operator, self.constant, self.dtype = operator, constant, to_numpy(dtype)

    def apply(self, array: np.ndarray) -> np.ndarray:
        text = array.dtype.kind in "US"
        if isinstance(self.constant, str | bytes) != text:
            raise RuntimeError(
                f"Mask: the constant {self.constant!r} cannot be compared with {array.dtype}."
            )
        other = bool(self.constant) if array.dtype.kind == "b" else self.constant
        return np.asarray(_COMPARE[self.operator](array, other)).astype(self.dtype)

    batched = apply


class _Several(Operation):
    """A transform that chooses among others."""

    random = True

    def __init__(self, transforms: list[Any]) -> None:
        self.transforms = check_operations(transforms, type(self).__name__)


class RandomApply(_Several):
    """With probability `prob` all transforms of the list, else none."""

    def __init__(self, transforms: list[Any], prob: float = 0.5) -> None:
        super().__init__(transforms)
        self.prob = check_probability(prob, "RandomApply")

    def __call__(self, *inputs: Any) -> Any:
        if self.generator.random() < self.prob:
            return run(self.transforms, inputs)
        return inputs[0] if len(inputs) == 1 else inputs


class RandomChoice(_Several):
    """One transform of the list, chosen anew for every row."""

    def __call__(self, *inputs: Any) -> Any:
        return self.transforms[self.generator.integers(len(self.transforms))](*inputs)


class RandomOrder(_Several):
    """All transforms of the list in a random order."""

    def __call__(self, *inputs: Any) -> Any:
        order = self.generator.permutation(len(self.transforms))
        return run([self.transforms[i] for i in order], inputs)


def check_probability(prob: Any, name: str) -> float:
    """`prob` as a float from 0 to 1.

    Raises:
        TypeError, ValueError: it is not.
    """
    if isinstance(prob, bool) or not isinstance(prob, int | float):
        raise TypeError(f"{name}: prob must be a number, but got {prob!r}.")
    if not 0.0 <= prob <= 1.0:
        raise ValueError(f"{name}: prob must be from 0.0 to 1.0, but got {prob}.")
    return float(prob)
