"""MindSpore's path to the pieces that live in `mslearn.core`."""

from mslearn.common.parameter import Parameter as Parameter
from mslearn.common.parameter import ParameterTuple as ParameterTuple
from mslearn.common.paths import leading_to as _leading_to
from mslearn.core.random import get_seed as get_seed
from mslearn.core.random import set_seed as set_seed
from mslearn.core.tensor import Tensor as Tensor

__getattr__ = _leading_to("")  # what stands above this layer
