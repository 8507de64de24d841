"""`tensor`, the function that makes a Tensor."""

from __future__ import annotations

from typing import Any

from mslearn.core.dtype import DType
from mslearn.core.tensor import Tensor


def tensor(
    input_data: Any = None, dtype: DType | None = None, shape: Any = None, init: Any = None,
    const_arg: bool = False, device: str | None = None,
) -> Tensor:  # fmt: skip
    """A new Tensor; the arguments are those of `Tensor`.

    >>> import mslearn as ms
    >>> ms.tensor([1, 2.5]).dtype
    mindspore.float32
    """
    return Tensor(input_data, dtype, shape, init, const_arg, device)
