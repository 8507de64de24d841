"""`Operation`: a transform of one column, and `Compose`.

A transform works on one row when called. If it also defines `batched`, a pipeline applies it to a
whole block of rows stacked along a new first axis; the result must equal that of one row at a
time, bit for bit (tests/dataset checks every transform for it).
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from mslearn.core import Tensor
from mslearn.dataset.arguments import Remembering


class Operation(Remembering):
    """A transform: call it with an array to see what it does."""

    #: draws random numbers; then never applied to whole blocks
    random = False

    def __call__(self, *inputs: Any) -> Any:
        """The transformed input (a NumPy array)."""
        name = type(self).__name__
        if len(inputs) != 1:
            raise RuntimeError(
                f"{name} takes one column as input, but got {len(inputs)}. Apply it to one column "
                f"at a time: map({name}(…), 'image')."
            )
        return self.apply(self._input(inputs[0]))

    def _input(self, value: Any) -> np.ndarray:
        if type(value) is np.ndarray:
            return value
        if isinstance(value, Tensor):
            return value.asnumpy()
        if isinstance(value, list | tuple | bool | int | float | str | bytes | np.generic):
            return np.asarray(value)
        raise TypeError(
            f"{type(self).__name__}: the input must be a NumPy array, a number, a string or a "
            f"list, but got '{type(value).__name__}'."
        )

    def apply(self, array: np.ndarray) -> Any:
        """The transformed row."""
        raise NotImplementedError

    def batched(self, stack: np.ndarray, /) -> np.ndarray | None:
        """The transformed rows of a stack, or None where it must be done row by row."""
        return None

    def _seeded(self, seed: np.random.SeedSequence) -> Operation:
        """A copy with a random generator of its own, as have the random transforms inside it."""
        other = copy.copy(self)
        own, *rest = seed.spawn(1 + len(vars(self)))
        for (name, value), part in zip(vars(self).items(), rest, strict=True):
            setattr(other, name, _reseed(value, part))
        other._generator = np.random.default_rng(own)
        return other

    @property
    def generator(self) -> np.random.Generator:
        """The source of random numbers."""
        if getattr(self, "_generator", None) is None:
            from mslearn.dataset import config

            self._generator: np.random.Generator = np.random.default_rng(config.seed_for_iterator())
        return self._generator


def _reseed(value: Any, seed: np.random.SeedSequence) -> Any:
    if isinstance(value, Operation) and value.random:
        return value._seeded(seed)
    if isinstance(value, list | tuple) and not hasattr(value, "_fields"):
        return type(value)(
            _reseed(v, part) for v, part in zip(value, seed.spawn(len(value)), strict=True)
        )
    return value


def check_operations(transforms: Any, name: str) -> list[Any]:
    """`transforms` as a list of callables.

    Raises:
        TypeError, ValueError: not a list, empty, or something that cannot be called.
    """
    if not isinstance(transforms, list):
        raise TypeError(
            f"{name}: transforms must be a list, but got '{type(transforms).__name__}'. "
            f"Write {name}([…])."
        )
    if not transforms:
        raise ValueError(f"{name}: transforms list can not be empty.")
    for i, op in enumerate(transforms):
        if not callable(op) or isinstance(op, type):
            raise TypeError(
                f"{name}: transforms[{i}] must be a transform or a function, but got {op!r}."
            )
    return transforms


def run(operations: list[Callable[..., Any]], values: tuple[Any, ...]) -> Any:
    """Operations one after the other; a tuple from one is the arguments of the next."""
    result: Any = values
    for op in operations:
        result = op(*result) if isinstance(result, tuple) else op(result)
    return result


class Compose(Operation):
    """Several transforms as one.

    >>> import numpy as np
    >>> from mslearn.dataset import transforms, vision
    >>> op = transforms.Compose([vision.Rescale(1 / 255, 0), vision.HWC2CHW()])
    >>> op(np.zeros((28, 28, 1), np.uint8)).shape
    (1, 28, 28)
    """

    def __init__(self, transforms: list[Any]) -> None:
        self.transforms = check_operations(transforms, "Compose")
        self.random = any(isinstance(op, Operation) and op.random for op in self.transforms)

    def __call__(self, *inputs: Any) -> Any:
        return run(self.transforms, inputs)
