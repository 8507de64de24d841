"""MindSpore's path to the pieces that live in `mslearn.core`."""

import importlib as _importlib

from mslearn.core.parameter import Parameter as Parameter
from mslearn.core.parameter import ParameterTuple as ParameterTuple
from mslearn.core.random import get_seed as get_seed
from mslearn.core.random import set_seed as set_seed
from mslearn.core.tensor import Tensor as Tensor


def __getattr__(name: str) -> object:
    if name in ("COOTensor", "CSRTensor", "RowTensor"):  # they stand above this layer
        return getattr(_importlib.import_module("mslearn.ops.sparse"), name)
    raise AttributeError(f"module 'mslearn.common' has no attribute '{name}'.")
