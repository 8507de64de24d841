"""`Parameter`: a named Tensor that a Cell owns and an optimizer updates."""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.core.state import LOCK, revision, state
from mslearn.core.tensor import Abstract, Tensor, array_from


class Parameter(Tensor):
    """A tensor that belongs to a network: it has a name and may be trained.

    Args:
        default_input: the initial value: a Tensor, an array or a number.
        name: its name; a Cell that owns it puts its own path in front (``fc1.weight``).
        requires_grad: whether `trainable_params()` lists it.
        layerwise_parallel, parallel_optimizer, storage_format, device: kept for MindSpore.

    >>> import mslearn as ms
    >>> ms.Parameter(ms.Tensor([1.0, 2.0]), name="w")
    Parameter (name=w, shape=(2,), dtype=Float32, requires_grad=True)
    """

    __slots__ = ("__dict__", "_trained", "layerwise_parallel", "name", "parallel_optimizer")

    def __init__(
        self,
        default_input: Any,
        name: str | None = None,
        requires_grad: bool = True,
        layerwise_parallel: bool = False,
        parallel_optimizer: bool = True,
        storage_format: str = "",
        device: str | None = None,
    ) -> None:
        # A view of its own: two Parameters must never share one value's identity.
        if isinstance(default_input, bool):
            raise ValueError("Parameter data can not be `bool`.")
        self._value = array_from(default_input, (None, "i4")[type(default_input) is int]).view()
        if name is not None and not isinstance(name, str):
            raise ValueError(
                f"For 'Parameter', the name must be a str or None, but got '{type(name).__name__}'."
            )
        if not isinstance(requires_grad, bool):
            raise TypeError(f"For 'Parameter', requires_grad is a bool, but got {requires_grad!r}.")
        self.name = "Parameter" if name is None else name
        self.requires_grad = requires_grad
        self.layerwise_parallel = layerwise_parallel
        self.parallel_optimizer = parallel_optimizer

    @property
    def requires_grad(self) -> bool:
        """Whether `trainable_params()` lists it."""
        return self._trained

    @requires_grad.setter
    def requires_grad(self, wanted: bool) -> None:
        self._trained = wanted
        revision.advance()

    def __getattr__(self, name: str) -> Any:
        # The handle is empty while an executable keeps the numbers; see `backends/keeping.py`.
        if name != "_value":
            return super().__getattr__(name)
        keeper = vars(self).get("_keeper")  # none: another thread has just filled the handle
        return object.__getattribute__(self, name) if keeper is None else keeper.hand_over(self)

    def set_data(self, data: Tensor, slice_shape: bool = False) -> Parameter:
        """Replace the data; shape and dtype must stay.

        Raises:
            ValueError: another shape. TypeError: a dtype that would lose precision.
        """
        source = data if isinstance(data, Tensor) else Tensor(data)
        if source.shape != self.shape and not slice_shape:
            raise ValueError(
                f"For 'Parameter.set_data', the Parameter '{self.name}' has shape "
                f"{list(self.shape)}, but the data has {list(source.shape)}. They must be equal."
            )
        value = source._value
        if value.dtype != self._value.dtype:
            if value.dtype.kind not in "biu" and self._value.dtype.kind in "biu":
                raise TypeError(
                    f"For 'Parameter.set_data', the Parameter '{self.name}' is {self.dtype}, "
                    f"but the data is {source.dtype}. Cast it first with data.astype(…)."
                )
            value = value.astype(self._value.dtype)
        self.assign_value(value if isinstance(value, Abstract) else value.view())
        return self

    def clone(self, init: Any = "same") -> Parameter:
        """A new Parameter of the same shape, dtype and flags.

        Args:
            init: ``"same"`` copies the data; a number or an initializer's name fills it.
        """
        fill = {"same": None, "zeros": 0, "ones": 1}.get(init, init)
        if isinstance(fill, str):
            raise ValueError(
                f"For 'Parameter.clone', init is 'same', 'zeros', 'ones' or a number, but got "
                f"{init!r}."
            )
        data = self._concrete().copy()
        if fill is not None:
            data.fill(fill)
        copy = Parameter(Tensor.wrap(data), self.name, self.requires_grad)
        copy.layerwise_parallel = self.layerwise_parallel
        copy.parallel_optimizer = self.parallel_optimizer
        return copy

    def value(self) -> Tensor:
        """The present value as a plain Tensor."""
        return Tensor.wrap(self._value if state.capture is None else state.capture.read(self))

    def _concrete(self) -> np.ndarray:
        with LOCK:  # a capture in another thread comes to its end first
            if state.capture is not None:
                state.capture.read(self)  # today's numbers must not become constants of a graph
            return super()._concrete()

    def __repr__(self) -> str:
        return (
            f"Parameter (name={self.name}, shape={self.shape}, dtype={self.dtype}, "
            f"requires_grad={self.requires_grad})"
        )

    __str__ = __repr__

    def __deepcopy__(self, memo: dict[int, Any]) -> Parameter:
        return self.clone()

    def __reduce__(self) -> tuple[Any, ...]:
        return (Parameter, (self._concrete(), self.name, self.requires_grad))
