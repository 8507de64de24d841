"""`mslearn.bfloat16`: float32's range in 16 bits, with 8 bits of precision; needs `ml_dtypes`.

NumPy has no such type; the library `ml_dtypes` (by the makers of JAX) adds it. It is loaded when
`mslearn.bfloat16` is first named. From then on an operation with bfloat16 inputs computes in
float32 and rounds its result, as the matrix units of NPUs and GPUs do: a sum of a thousand ones is
1000, where adding them one by one in bfloat16 ends at 256.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from mslearn.core import dtype as dtypes
from mslearn.core.primitive import Primitive, registry


class _BFloat16(dtypes.DType):
    __slots__ = ()

    def __reduce__(self) -> tuple[Any, ...]:
        return (bfloat16, ())


@cache
def bfloat16() -> dtypes.DType:
    """The type; the first call loads `ml_dtypes` and teaches the primitives.

    Raises:
        ImportError: `ml_dtypes` is not installed; the message says how to get it.
    """
    try:
        code = np.dtype(importlib.import_module("ml_dtypes").bfloat16)
    except ImportError as error:
        raise ImportError(
            "mslearn.bfloat16 needs the library ml_dtypes, because NumPy has no such type: "
            "pip install 'mslearn[bfloat16]' (or: pip install ml_dtypes)."
        ) from error
    made = _BFloat16("BFloat16", code)
    dtypes.register(made, {np.dtype("f2"): dtypes.FLOAT32})
    for prim in registry.values():
        if prim.name != "Cast":
            taught = staticmethod(_in_float32(prim, prim.kernel, code))
            if prim.run is prim.kernel:  # otherwise a device calls the kernel
                prim.run = taught
            prim.kernel = taught
    return made


def _in_float32(prim: type[Primitive], kernel: Callable[..., Any], code: Any) -> Callable[..., Any]:
    """`kernel`, with bfloat16 arrays computed in float32 and the results rounded."""

    @functools.wraps(kernel)
    def run(*arrays: Any, **attrs: Any) -> Any:
        if not any(a.dtype is code for a in arrays):
            return kernel(*arrays, **attrs)
        places = attrs.pop("out", None)  # an optimizer's own arrays, to be overwritten
        out = kernel(*(a.astype("f4") if a.dtype is code else a for a in arrays), **attrs)
        kinds = prim.infer(*arrays, **attrs)[1]
        if not isinstance(out, tuple):
            return np.asarray(out).astype(kinds, copy=False)
        for place, new in zip(places or (), out, strict=False):
            place[...] = new
        return tuple(np.asarray(o).astype(k, copy=False) for o, k in zip(out, kinds, strict=True))

    return run
