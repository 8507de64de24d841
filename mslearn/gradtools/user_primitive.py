"""Primitives that a learner writes: a class with `infer_shape`, `vm_impl` and `get_bprop`.

MindSpore looks for a compiled kernel of the primitive's name; here `vm_impl`, a method of tensors
or arrays, does the work.
"""

from __future__ import annotations

import functools
import inspect
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from mslearn.core.dtype import to_numpy
from mslearn.core.errors import ShapeError
from mslearn.core.tensor import Tensor, as_tensor
from mslearn.gradtools.custom import with_bprop


def prim_attr_register(fn: Callable[..., None]) -> Callable[..., None]:
    """Decorates a primitive's ``__init__``: its arguments become the primitive's attributes."""
    signature = inspect.signature(fn)

    @functools.wraps(fn)
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        bound = signature.bind(self, *args, **kwargs)
        bound.apply_defaults()
        given = dict(bound.arguments)
        given.pop(next(iter(given)))
        for name, value in given.items():
            self.add_prim_attr(name, value)
        fn(self, *args, **kwargs)

    return init


class PrimitiveWithInfer:
    """Base class of a primitive of one's own.

    A subclass writes ``vm_impl(self, *tensors)``, which gives the result, and may write
    ``infer_shape(self, *shapes)`` and ``infer_dtype(self, *dtypes)``, which the result is held
    to, and ``get_bprop(self)``, which returns ``bprop(*inputs, out, dout)``.

    >>> import mslearn as ms
    >>> class Square(ms.ops.PrimitiveWithInfer):
    ...     @ms.ops.prim_attr_register
    ...     def __init__(self):
    ...         self.init_prim_io_names(inputs=["x"], outputs=["y"])
    ...     def infer_shape(self, x): return x
    ...     def infer_dtype(self, x): return x
    ...     def vm_impl(self, x): return x.asnumpy() ** 2
    ...     def get_bprop(self):
    ...         return lambda x, out, dout: (2 * x * dout,)
    >>> print(ms.grad(Square())(ms.Tensor([3.0])))
    [6.]
    """

    vm_impl: Callable[..., Any] | None = None
    get_bprop: Callable[..., Any] | None = None

    def __init__(self, name: str | None = None) -> None:
        if name is not None:
            self.add_prim_attr("name", name)

    @property
    def attrs(self) -> dict[str, Any]:
        """What the constructor was given, and what `add_prim_attr` added."""
        found: dict[str, Any] = self.__dict__.setdefault("_attrs", {})
        return found

    @property
    def name(self) -> str:
        """The primitive's name: its class's unless told otherwise."""
        return str(self.attrs.get("name", type(self).__name__))

    def add_prim_attr(self, name: str, value: Any) -> PrimitiveWithInfer:
        """Note an attribute; it is also an attribute of the object."""
        self.attrs[name] = value
        if name != "name":
            setattr(self, name, value)
        return self

    def init_prim_io_names(self, inputs: list[str], outputs: list[str]) -> None:
        """Name the inputs and outputs, for messages."""
        self.input_names, self.output_names = list(inputs), list(outputs)

    def __call__(self, *args: Any) -> Any:
        wanted = getattr(self, "input_names", None)
        if wanted is not None and len(wanted) != len(args):
            raise TypeError(
                f"For '{self.name}', the call takes {len(wanted)} inputs {wanted}, but got "
                f"{len(args)}."
            )
        bprop = self.get_bprop() if self.get_bprop else self._none
        return with_bprop(self.name, self._run, bprop, tuple(map(as_tensor, args)), {})

    def _none(self, *given: Any) -> Any:
        raise RuntimeError(
            f"Illegal primitive: the bprop of '{self.name}' is not defined. Write a method "
            f"get_bprop(self) that returns bprop(*inputs, out, dout)."
        )

    def _run(self, *tensors: Tensor) -> Any:
        self._checked(*tensors)
        if self.vm_impl is None:
            raise RuntimeError(
                f"For '{self.name}', there is no kernel. Write a method vm_impl(self, *tensors) "
                f"that computes the result with NumPy."
            )
        out = self.vm_impl(*tensors)
        several = isinstance(out, tuple | list)
        shapes, dtypes = self._inferred(tensors)
        parts = []
        for i, value in enumerate(out if several else (out,)):
            array = np.asarray(value)
            shape, dtype = (w[i] if several and w is not None else w for w in (shapes, dtypes))
            if shape is not None and tuple(shape) != array.shape:
                raise ShapeError(
                    f"For '{self.name}', infer_shape says {list(shape)}, but vm_impl gave "
                    f"{list(array.shape)}."
                )
            parts.append(Tensor(array if dtype is None else array.astype(to_numpy(dtype))))
        return tuple(parts) if several else parts[0]

    def _checked(self, *tensors: Tensor) -> None:
        pass

    def _inferred(self, tensors: tuple[Tensor, ...]) -> Any:
        shape, dtype = (getattr(self, n, None) for n in ("infer_shape", "infer_dtype"))
        return (
            shape(*[list(t.shape) for t in tensors]) if shape else None,
            dtype(*[t.dtype for t in tensors]) if dtype else None,
        )

    def __repr__(self) -> str:
        inner = ", ".join(f"{k}={v}" for k, v in self.attrs.items() if k != "name")
        return f"Prim[{self.name}]<{inner}>" if inner else f"Prim[{self.name}]"


class PrimitiveWithCheck(PrimitiveWithInfer):
    """As `PrimitiveWithInfer`, but `check_shape` and `check_dtype` only look at the inputs."""

    def _checked(self, *tensors: Tensor) -> None:
        for name, seen in (
            ("check_shape", [list(t.shape) for t in tensors]),
            ("check_dtype", [t.dtype for t in tensors]),
        ):
            if hasattr(self, name):
                getattr(self, name)(*seen)


def _zeros(shape: Any, dtype: Any) -> np.ndarray:
    return np.zeros(shape, to_numpy(dtype) if not isinstance(dtype, np.dtype) else dtype)


_IN_KERNELS: dict[str, Any] = {
    "output_tensor": _zeros, "allocate": _zeros, "serial": range, "parallel": range,
    "vectorize": range, "reduce": range,
    "grid": lambda shape: itertools.product(*map(range, shape)),
    **{name: getattr(np, name) for name in ("log", "exp", "sqrt", "tanh", "power", "floor", "abs")},
    **{name: getattr(np, name) for name in ("int32", "float16", "float32", "float64")},
}  # fmt: skip


def kernel(fn: Any = None, reg_info: Any = None, compile_attrs: Any = None) -> Any:
    """Marks a function of MindSpore's kernel language, loops over the elements of arrays.

    It runs as Python here; `output_tensor`, `allocate`, `grid`, `serial` and their like are known
    inside. Call it with arrays, or give it to ``ops.Custom(fn, func_type="hybrid")``.
    """
    if fn is None:
        return lambda function: kernel(function)

    @functools.wraps(fn)
    def run(*arrays: Any) -> Any:
        scope = fn.__globals__
        missing = {k: v for k, v in _IN_KERNELS.items() if k not in scope}
        scope.update(missing)
        try:
            return fn(*arrays)
        finally:
            for name in missing:
                del scope[name]

    return run


def op_info_register(op_info: Any) -> Callable[[Any], Any]:
    """Registers a compiled kernel's description in MindSpore; here the function as it is."""
    return lambda function: function


def custom_info_register(*reg_info: Any) -> Callable[[Any], Any]:
    """As `op_info_register`, for `Custom`."""
    return lambda function: function


class CustomRegOp:
    """A kernel's description for `custom_info_register`: chained calls, which nothing reads here.

    >>> import mslearn as ms
    >>> info = ms.ops.CustomRegOp("add").input(0, "x").output(0, "y").target("CPU").get_op_info()
    """

    def __init__(self, op_name: str = "") -> None:
        self.op_info: dict[str, Any] = {"op_name": op_name}

    def get_op_info(self) -> dict[str, Any]:
        """What was said."""
        return self.op_info

    def __getattr__(self, name: str) -> Callable[..., CustomRegOp]:
        if name.startswith("_"):
            raise AttributeError(name)

        def note(*args: Any, **kwargs: Any) -> CustomRegOp:
            self.op_info.setdefault(name, []).append(args or kwargs)
            return self

        return note


class _Formats(type):
    def __getattr__(cls, name: str) -> tuple[str, str]:
        kind, _, layout = name.partition("_")
        if name.startswith("_") or not layout:
            raise AttributeError(name)
        return kind.lower(), layout


class DataType(metaclass=_Formats):
    """Element type and data format for a kernel's description: ``DataType.F32_Default``."""
