"""Values, tensors, primitives and the one way in which an operation runs."""

from mslearn.core.errors import DtypeError as DtypeError
from mslearn.core.errors import ShapeError as ShapeError
from mslearn.core.parameter import Parameter as Parameter
from mslearn.core.primitive import Primitive as Primitive
from mslearn.core.primitive import apply as apply
from mslearn.core.state import Observer as Observer
from mslearn.core.state import current_scope as current_scope
from mslearn.core.state import observing as observing
from mslearn.core.state import scoped as scoped
from mslearn.core.tensor import Abstract as Abstract
from mslearn.core.tensor import NeedsNumbers as NeedsNumbers
from mslearn.core.tensor import Tensor as Tensor
