"""MindSpore's further names around graph mode: `JitConfig`, `jit_class`, `mutable`, `constexpr`."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from mslearn.core.tensor import Tensor
from mslearn.graph.jit import jit


class JitConfig:
    """Options for compiling a Cell (`Cell.set_jit_config`); kept and accepted here.

    Args:
        jit_level: ``""``, ``"O0"``, ``"O1"`` or ``"O2"``.
        exc_mode, jit_syntax_level, debug_level, infer_boost, **kwargs: as in MindSpore.
    """

    def __init__(
        self,
        jit_level: str = "",
        exc_mode: str = "auto",
        jit_syntax_level: str = "",
        debug_level: str = "RELEASE",
        infer_boost: str = "off",
        **kwargs: Any,
    ) -> None:
        levels = ("", "O0", "O1", "O2")
        if jit_level not in levels:
            raise ValueError(
                f"For 'JitConfig', jit_level must be one of {list(levels)}, but got {jit_level!r}."
            )
        self.jit_config_dict = {
            "jit_level": jit_level, "exc_mode": exc_mode, "jit_syntax_level": jit_syntax_level,
            "debug_level": debug_level, "infer_boost": infer_boost, **kwargs,
        }  # fmt: skip


def jit_class(cls: type) -> type:
    """Mark a class whose objects a jitted function may use; every class may be used here."""
    if not isinstance(cls, type):
        raise TypeError(f"For 'jit_class', the argument must be a class, but got {cls!r}.")
    return cls


def mutable(input_data: Any, dynamic_len: bool = False) -> Any:
    """Numbers that may change from call to call without a new graph: they become Tensors.

    Args:
        input_data: a number, or a (nested) tuple, list or dict of numbers and Tensors.
        dynamic_len: accepted; a new length is a new graph here.

    >>> import mslearn as ms
    >>> mutable((1, 2.0))
    (Tensor(shape=[], dtype=Int64, value=1), Tensor(shape=[], dtype=Float32, value=2))
    """
    if isinstance(input_data, dict):
        return {k: mutable(v) for k, v in input_data.items()}
    if isinstance(input_data, tuple | list):
        return type(input_data)([mutable(v) for v in input_data])
    if isinstance(input_data, Tensor):
        return input_data
    if not isinstance(input_data, bool | int | float):
        raise TypeError(
            f"For 'mutable', the input must be numbers, Tensors, or a tuple, list or dict of "
            f"them, but got '{type(input_data).__name__}'."
        )
    return Tensor(input_data)


def constexpr(
    fn: Callable[..., Any] | None = None,
    get_instance: bool = True,
    name: str | None = None,
    reuse_result: bool = True,
    check: bool = True,
) -> Any:
    """A function of constants that runs while the graph is captured; that is all of Python here."""
    return (lambda f: f) if fn is None else fn


def enable_dynamic(**kwargs: Any) -> Callable[[Any], Any]:
    """Decorates a function whose inputs may change their shapes; a new shape is a new graph here.

    Args:
        kwargs: by argument name a Tensor, such as ``Tensor(shape=[None, 3], dtype=ms.float32)``,
            or a tuple or list of them.

    Raises:
        ValueError: no argument is named. TypeError: something that is no Tensor.
    """
    if not kwargs:
        raise ValueError("For 'enable_dynamic', name at least one argument of the function.")
    for name, value in kwargs.items():
        every = value if isinstance(value, tuple | list) else (value,)
        if not all(isinstance(x, Tensor) for x in every):
            raise TypeError(
                f"For 'enable_dynamic', '{name}' must be a Tensor, or a tuple or list of them, "
                f"but got '{type(value).__name__}'."
            )
    return lambda fn: fn


def ms_function(fn: Any = None, input_signature: Any = None, **options: Any) -> Any:
    """The name of `jit` before MindSpore 2.0."""
    warnings.warn("'ms_function' is now called 'ms.jit'.", DeprecationWarning, stacklevel=2)
    return jit(fn, **options)
