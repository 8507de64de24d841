"""`mindspore.common.parameter`: Parameters by their older path."""

from mslearn.core.parameter import Parameter as Parameter
from mslearn.core.parameter import ParameterTuple as ParameterTuple
