"""`mindspore.common.parameter`: Parameters, and tuples of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mslearn.core.parameter import Parameter as Parameter


class ParameterTuple(tuple[Parameter, ...]):
    """A tuple of Parameters, in order, e.g. ``ParameterTuple(net.trainable_params())``.

    Parameters without a name become ``Parameter$1``, ``Parameter$2`` and so on; two with one name
    are a ValueError.
    """

    def __new__(cls, iterable: Iterable[Parameter]) -> ParameterTuple:
        items, named = tuple(iterable), dict[str, Parameter]()
        for i, item in enumerate(items, 1):
            if not isinstance(item, Parameter):
                raise TypeError(
                    f"For 'ParameterTuple', every item must be a Parameter, but got "
                    f"'{type(item).__name__}'."
                )
            item.name = f"Parameter${i}" if item.name == "Parameter" else item.name
            if named.setdefault(item.name, item) is not item:
                raise ValueError(f"Two Parameters are named '{item.name}': give each its own name.")
        return super().__new__(cls, items)

    def clone(self, prefix: str, init: Any = "same") -> ParameterTuple:
        """Clones of all, each named ``prefix.name``."""
        clones = ParameterTuple(parameter.clone(init) for parameter in self)
        for copy in clones:
            copy.name = f"{prefix}.{copy.name}"
        return clones
