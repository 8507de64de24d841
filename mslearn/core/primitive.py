"""`Primitive`: one declaration per operation, and `apply`, the one way in which it runs.

A primitive is a class. Its attributes are fixed when it is constructed (MindSpore's
``prim_init``), its tensors come with the call::

    ops.MatMul(transpose_b=True)(x, w)

From the class come the functional form (`api`), the Tensor method, the node in a graph and the
generated tests. The rules are plain functions in the class body:

* ``kernel(*arrays, **attrs)``: NumPy arrays in, array (or tuple of arrays) out;
* ``infer(*values, **attrs) -> (shape, numpy dtype)``: the same without computing, and the place
  where wrong shapes and dtypes get their message;
* ``vjp``: how a cotangent goes back. Either one function for all inputs,
  ``vjp(ct, out, *inputs, **attrs) -> tuple``, or a tuple with one function per input, of which
  only the needed ones are called. `None` means that no gradient passes. Rules are written with
  the traced operations themselves, so derivatives of any order come free (the idea is HIPS
  autograd's);
* ``jvp(tangents, out, *inputs, **attrs)``: how a tangent goes forward.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, NoReturn

import numpy as np

from mslearn.core.dtype import dtype_of
from mslearn.core.errors import DtypeError, ShapeError
from mslearn.core.state import state
from mslearn.core.tensor import Tensor, as_tensor

NO_ATTRS: dict[str, Any] = {}
registry: dict[str, type[Primitive]] = {}
"""Every primitive by its MindSpore name."""


class Primitive:
    """Base class of all operations; see the module's text for what a subclass declares."""

    name: ClassVar[str] = "Primitive"
    api: ClassVar[str] = ""  # functional form, e.g. "tanh(input)"; "" when there is none
    method: ClassVar[str] = ""  # Tensor method, e.g. "tanh"
    inputs: ClassVar[tuple[str, ...]] = ("x",)  # tensors of a call, by MindSpore's names
    variadic: ClassVar[bool] = False  # the call takes one tuple of tensors
    static: ClassVar[dict[str, Any]] = {}  # call arguments that are no tensors, with defaults
    params: ClassVar[dict[str, Any]] = {}  # constructor arguments with defaults
    lower: ClassVar[dict[str, str]] = {}  # names in other formats: {"onnx": "Tanh"}
    samples: ClassVar[tuple[Any, ...]] = ()  # cases for the generated tests

    kernel: ClassVar[Callable[..., Any]]
    run: ClassVar[Callable[..., Any]]  # what `apply` calls: `kernel`, or a device in its place
    infer: ClassVar[Callable[..., Any]]
    vjp: ClassVar[Any] = None
    jvp: ClassVar[Any] = None

    def __init_subclass__(cls, abstract: bool = False, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for rule in ("kernel", "infer", "vjp", "jvp"):
            function = cls.__dict__.get(rule)
            if callable(function) and not isinstance(function, np.ufunc):
                setattr(cls, rule, staticmethod(function))
        if "kernel" in cls.__dict__:
            cls.run = cls.__dict__["kernel"]
        if not abstract:
            cls.name = cls.__dict__.get("name", cls.__name__)
            registry[cls.name] = cls

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        names = tuple(self.params)
        if len(args) > len(names):
            raise TypeError(
                f"For '{self.name}', the constructor takes {len(names)} argument(s) "
                f"{list(names)}, but got {len(args)}. Tensors go into the call: "
                f"{self.name}(…)(x)."
            )
        given = dict(zip(names, args, strict=False))
        for key, value in kwargs.items():
            if key not in self.params:
                raise TypeError(
                    f"For '{self.name}', there is no constructor argument '{key}'. "
                    f"Known: {list(names)}."
                )
            given[key] = value
        self.attrs = {**self.params, **given}

    def __call__(self, *args: Any) -> Any:
        if self.variadic:
            tensors, rest = tuple(args[0]), args[1:]
        else:
            tensors, rest = args[: len(self.inputs)], args[len(self.inputs) :]
            if len(tensors) < len(self.inputs):
                raise TypeError(
                    f"For '{self.name}', the call takes {len(self.inputs)} tensor(s) "
                    f"{list(self.inputs)}, but got {len(tensors)}."
                )
        attrs = self.attrs
        if self.static:
            attrs = {**self.static, **attrs, **dict(zip(self.static, rest, strict=False))}
        return apply(type(self), tuple(as_tensor(t) for t in tensors), attrs)

    def __repr__(self) -> str:
        inner = ", ".join(f"{k}={v}" for k, v in self.attrs.items())
        return f"Prim[{self.name}]<{inner}>" if inner else f"Prim[{self.name}]"


def apply(
    prim: type[Primitive], inputs: tuple[Tensor, ...], attrs: dict[str, Any] = NO_ATTRS
) -> Any:
    """Run `prim` on `inputs`: evaluate it, then tell the observers.

    Args:
        prim: the primitive's class.
        inputs: Tensors, already of the right dtypes (see `ops.promotion`).
        attrs: constructor and static arguments by name.

    Returns:
        A Tensor, or a tuple of Tensors for a primitive with several outputs.

    Raises:
        ShapeError, DtypeError: the inputs do not fit, in the words of the primitive's `infer`.
    """
    values = [t._value for t in inputs]
    if state.active:
        return _apply_observed(prim, inputs, attrs)
    try:
        out = prim.run(*values, **attrs)
    except (ValueError, TypeError, IndexError, ArithmeticError) as error:
        _explain(prim, values, attrs, error)
    if type(out) is np.ndarray:
        return Tensor.wrap(out)
    if type(out) is tuple:
        return tuple(Tensor.wrap(as_value(o)) for o in out)
    return Tensor.wrap(as_value(out))


def _apply_observed(
    prim: type[Primitive], inputs: tuple[Tensor, ...], attrs: dict[str, Any]
) -> Any:
    if state.capture is not None:
        values = tuple(state.capture.read(t) for t in inputs)
        out = state.capture.add(prim, values, attrs)
    else:
        values = tuple(t._value for t in inputs)
        try:
            out = prim.run(*values, **attrs)
        except (ValueError, TypeError, IndexError, ArithmeticError) as error:
            _explain(prim, values, attrs, error)
        several = type(out) is tuple
        out = tuple(_fresh(o, values) for o in out) if several else _fresh(out, values)
    observers = state.observers
    try:
        for k, observer in enumerate(observers):
            state.observers = observers[:k]
            state.active = k > 0 or state.capture is not None
            observer.on_op(prim, values, attrs, out)
    finally:
        state.observers = observers
        state.active = bool(observers) or state.capture is not None
    if type(out) is tuple:
        return tuple(Tensor.wrap(o) for o in out)
    return Tensor.wrap(out)


def as_value(out: Any) -> Any:
    """An array of a device as it is; else an array: NumPy turns 0-d results into scalars."""
    return out if hasattr(out, "numbers") else np.asarray(out)


def _fresh(out: Any, inputs: tuple[Any, ...]) -> Any:
    # Observers tell values apart by identity: an output must never *be* one of the inputs.
    array = as_value(out)
    return array.view() if any(array is v for v in inputs) else array


def _explain(
    prim: type[Primitive], values: Any, attrs: dict[str, Any], error: Exception
) -> NoReturn:
    """Turn a kernel's failure into a message that names operation, got, wanted and fix.

    Checking only after a failure keeps the fast path free of checks.
    """
    if isinstance(error, ShapeError | DtypeError) or hasattr(error, "by_learner"):
        raise error
    try:
        prim.infer(*values, **attrs)  # raises the primitive's own, better message
    except Exception as better:
        if str(better).startswith("For '"):
            raise
    got = ", ".join(f"{dtype_of(v.dtype)}{list(v.shape)}" for v in values)
    kind = ShapeError if isinstance(error, ValueError | IndexError) else DtypeError
    raise kind(f"For '{prim.name}', the inputs {got} do not fit: {error}.") from error


def broadcast_shape(name: str, *shapes: tuple[int, ...]) -> tuple[int, ...]:
    """NumPy's broadcasting of `shapes`, or a ShapeError that names the first axis at odds."""
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        pass
    ndim = max(map(len, shapes))
    padded = [(1,) * (ndim - len(s)) + tuple(s) for s in shapes]
    axis = next(i for i in range(ndim) if len({p[i] for p in padded} - {1}) > 1)
    listed = " and ".join(str(list(s)) for s in shapes)
    sizes = " and ".join(str(p[axis]) for p in padded)
    raise ShapeError(
        f"For '{name}', the shapes {listed} do not broadcast: axis {axis - ndim} has sizes "
        f"{sizes}. Two sizes fit when they are equal or one of them is 1; reshape or transpose "
        f"one of the tensors."
    )
