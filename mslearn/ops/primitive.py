"""`mindspore.ops.primitive`: the base class and `constexpr` by their older path."""

from mslearn.core.primitive import Primitive as Primitive
from mslearn.ops.composite import constexpr as constexpr
