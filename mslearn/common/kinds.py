"""Types of more than a tensor's elements: `ms.string`, `ms.list_`, `ms.int_` … and their classes.

MindSpore's tools and `dtype_to_pytype` speak of them; a Tensor holds none of them.
"""

from __future__ import annotations

from typing import Any

from mslearn.core.dtype import DType, bool_, float32, int32


class _Covering(type):
    """`isinstance` also says which of the tensors' element types belong to a kind."""

    _numpy_kinds: str

    def __instancecheck__(cls, instance: Any) -> bool:
        if isinstance(instance, DType):
            return instance.numpy.kind in cls._numpy_kinds
        return super().__instancecheck__(instance)


class Type(metaclass=_Covering):
    """Any type: ``isinstance(ms.float32, ms.Type)``."""

    _numpy_kinds = "biufcV"

    def __init__(self, *_: Any) -> None:
        raise TypeError("A Type is not made: take one of mslearn's, such as mslearn.string.")

    def __repr__(self) -> str:
        return f"mindspore.{self._printed}"

    def __str__(self) -> str:
        return str(self._name)

    def __hash__(self) -> int:
        return hash(self._printed)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and repr(self) == repr(other)

    _printed: str
    _name: str


class Int(Type):
    """Any signed integer: ``isinstance(ms.int8, ms.Int)``."""

    _numpy_kinds = "i"

    def __init__(self) -> None:
        self._printed, self._name = "int", "Int"


class TensorType(Type):
    """The type of tensors, with `element` of tensors of that element type.

    >>> import mslearn as ms
    >>> TensorType(ms.float32)
    mindspore.tensor[float32]
    """

    _numpy_kinds = ""

    def __init__(self, element: DType | None = None) -> None:
        self._printed, self._name = "tensor", "Tensor"
        if element is not None:
            self._printed += f"[{repr(element).rpartition('.')[2]}]"
            self._name += f"[{element}]"


def _only(name: str, printed: str, numpy_kinds: str = "", shown: str = "") -> Any:
    """The one object of a new subclass of Type."""
    cls: Any = _Covering(name, (Type,), {"_numpy_kinds": numpy_kinds})
    kind = object.__new__(cls)
    kind._printed, kind._name = printed, shown or name
    return kind


int_, tensor_type = Int(), TensorType()
uint, float_ = _only("UInt", "uint", "u"), _only("Float", "float", "fV")
number = _only("Number", "number", "biufcV")
string, type_none = _only("String", "string_"), _only("TypeNone", "type_none", shown="None")
list_, tuple_ = _only("List", "list_"), _only("Tuple", "tuple_")
PYTHON = {int_: int, float_: float, string: str, list_: list, tuple_: tuple, type_none: type(None)}
ELEMENTS = {"bool": bool_, "int": int32, "float": float32}
NAMES = (
    "Int", "TensorType", "Type", "float_", "int_", "list_", "number", "string", "tensor_type",
    "tuple_", "type_none", "uint", *ELEMENTS,
)  # fmt: skip


def __getattr__(name: str) -> DType:
    if name in ELEMENTS:  # not plain names: they would hide Python's own in this file
        return ELEMENTS[name]
    raise AttributeError(f"module 'mslearn.common.kinds' has no attribute '{name}'")
