"""`Metric`: clear, update with each batch, evaluate."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from mslearn.core.tensor import Tensor

_Update = TypeVar("_Update", bound=Callable[..., Any])


class Metric:
    """Base class of metrics; a subclass writes `clear`, `update` and `eval`.

    >>> import mslearn as ms
    >>> metric = ms.train.Accuracy()
    >>> metric.update(ms.Tensor([[0.1, 0.9], [0.8, 0.2]]), ms.Tensor([1, 1]))
    >>> metric.eval()
    0.5
    """

    def __init__(self) -> None:
        self._indexes: list[int] | None = None

    @property
    def indexes(self) -> list[int] | None:
        """Which of the inputs of `update` count, in which order; None: all as they come."""
        return self._indexes

    def set_indexes(self, indexes: list[int]) -> Metric:
        """Choose and order the inputs of `update`; needs an `update` with `rearrange_inputs`.

        Raises:
            ValueError: not a list of whole numbers.
        """
        if not isinstance(indexes, list) or not all(isinstance(i, int) for i in indexes):
            raise ValueError(
                f"For 'set_indexes', the argument 'indexes' should be a list and all its elements "
                f"should be int, but got {indexes!r}."
            )
        self._indexes = indexes
        return self

    def clear(self) -> None:
        """Forget everything that was collected."""
        raise NotImplementedError(f"Write clear(self) in {type(self).__name__}.")

    def update(self, *inputs: Any) -> None:
        """Collect one batch."""
        raise NotImplementedError(f"Write update(self, *inputs) in {type(self).__name__}.")

    def eval(self) -> Any:
        """The value for everything collected since `clear`."""
        raise NotImplementedError(f"Write eval(self) in {type(self).__name__}.")

    def __call__(self, *inputs: Any) -> Any:
        """The value for one batch alone."""
        self.clear()
        self.update(*inputs)
        return self.eval()

    # -- for subclasses -----------------------------------------------------------------------

    def _convert_data(self, data: Any) -> np.ndarray:
        """A Tensor, list or array as an array; metrics of MindSpore's documentation call this."""
        if not isinstance(data, Tensor | list | np.ndarray):
            raise TypeError(
                f"For 'Metric' and its subclasses, the data must be a Tensor, list or "
                f"numpy.ndarray, but got '{type(data).__name__}'."
            )
        return array(data)

    def _two(self, inputs: tuple[Any, ...], what: str = "predicted value, true value") -> Any:
        if len(inputs) != 2:
            raise ValueError(
                f"For '{type(self).__name__}.update', it needs 2 inputs ({what}), but got "
                f"{len(inputs)}."
            )
        return array(inputs[0]), array(inputs[1])

    def _some(self, count: float) -> None:
        if not count:
            raise RuntimeError(
                f"The '{type(self).__name__}' can not be calculated, because the number of samples "
                f"is 0. Call update with a non-empty batch before eval."
            )


def rearrange_inputs(func: _Update) -> _Update:
    """Decorate `update` so that `set_indexes` chooses and orders its inputs."""

    @functools.wraps(func)
    def chosen(self: Metric, *inputs: Any) -> Any:
        indexes = self.indexes
        if indexes is None:
            return func(self, *inputs)
        if indexes and not -len(inputs) <= min(indexes) <= max(indexes) < len(inputs):
            raise ValueError(
                f"For '{type(self).__name__}.update', the indexes {indexes} do not fit "
                f"{len(inputs)} inputs. Give set_indexes numbers below {len(inputs)}."
            )
        return func(self, *(inputs[i] for i in indexes))

    return chosen  # type: ignore[return-value]


def array(data: Any) -> np.ndarray:
    """A Tensor, list, number or array as an array."""
    return data.asnumpy() if isinstance(data, Tensor) else np.asarray(data)
