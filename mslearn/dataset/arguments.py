"""Objects that remember the arguments they were made with, so that `serialize` can write them."""

from __future__ import annotations

import functools
import inspect
from typing import Any


class Remembering:
    """Base of data sets, samplers and transforms."""

    _arguments: tuple[tuple[Any, ...], dict[str, Any]]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        init = cls.__dict__.get("__init__")
        if init is None:
            return

        @functools.wraps(init)
        def remember(self: Any, *args: Any, **kwargs: Any) -> None:
            if not hasattr(self, "_arguments"):  # a subclass's arguments are the ones that count
                self._arguments = (args, kwargs)
            init(self, *args, **kwargs)

        setattr(cls, "__init__", remember)  # noqa: B010 - mypy forbids the assignment


def arguments_of(made: Any) -> dict[str, Any]:
    """The arguments that an object was made with, by name, with the defaults."""
    args, kwargs = getattr(made, "_arguments", ((), {}))
    signature = inspect.signature(type(made).__init__)
    bound = signature.bind(made, *args, **kwargs)
    bound.apply_defaults()
    found: dict[str, Any] = {}
    for name, parameter in list(signature.parameters.items())[1:]:
        if parameter.kind is parameter.VAR_KEYWORD:
            found.update(bound.arguments[name])
        elif parameter.kind is not parameter.VAR_POSITIONAL:
            found[name] = bound.arguments[name]
    return found
