"""mslearn: learn deep learning with MindSpore's API on any laptop.

``import mslearn as ms`` needs NumPy alone. `ms.nn`, `ms.ops` and the names below are MindSpore's;
`ms.dataset`, `ms.insight` and `ms.camp` load when they are first used.
"""

import importlib as _importlib

from mslearn.common import memory as _memory
from mslearn.common import paths as _paths
from mslearn.common import torch_words as _torch_words  # noqa: F401
from mslearn.core import threads as _threads

_memory.keep_freed_memory()
_threads.settle()
_paths.install()

from mslearn import nn as nn  # noqa: E402
from mslearn import ops as ops  # noqa: E402
from mslearn.autodiff import grad as grad  # noqa: E402
from mslearn.autodiff import jvp as jvp  # noqa: E402
from mslearn.autodiff import value_and_grad as value_and_grad  # noqa: E402
from mslearn.autodiff import vjp as vjp  # noqa: E402
from mslearn.common.device import NAMES as _DEVICE  # noqa: E402
from mslearn.common.dtype import dtype_to_nptype as dtype_to_nptype  # noqa: E402
from mslearn.common.dtype import dtype_to_pytype as dtype_to_pytype  # noqa: E402
from mslearn.common.dtype import pytype_to_dtype as pytype_to_dtype  # noqa: E402
from mslearn.common.kinds import NAMES as _KINDS  # noqa: E402
from mslearn.common.parallel import NAMES as _PARALLEL  # noqa: E402
from mslearn.common.parameter import ParameterTuple as ParameterTuple  # noqa: E402
from mslearn.common.runtime import NAMES as _RUNTIME  # noqa: E402
from mslearn.common.runtime import OF_THE_DEVICE as _OF_THE_DEVICE  # noqa: E402
from mslearn.common.tensor import tensor as tensor  # noqa: E402
from mslearn.core import DtypeError as DtypeError  # noqa: E402
from mslearn.core import Parameter as Parameter  # noqa: E402
from mslearn.core import ShapeError as ShapeError  # noqa: E402
from mslearn.core import Tensor as Tensor  # noqa: E402
from mslearn.core.context import GRAPH_MODE as GRAPH_MODE  # noqa: E402
from mslearn.core.context import PYNATIVE_MODE as PYNATIVE_MODE  # noqa: E402
from mslearn.core.context import get_context as get_context  # noqa: E402
from mslearn.core.context import set_context as set_context  # noqa: E402
from mslearn.core.dtype import bool_ as bool_  # noqa: E402
from mslearn.core.dtype import complex64 as complex64  # noqa: E402
from mslearn.core.dtype import complex128 as complex128  # noqa: E402
from mslearn.core.dtype import float16 as float16  # noqa: E402
from mslearn.core.dtype import float32 as float32  # noqa: E402
from mslearn.core.dtype import float64 as float64  # noqa: E402
from mslearn.core.dtype import int8 as int8  # noqa: E402
from mslearn.core.dtype import int16 as int16  # noqa: E402
from mslearn.core.dtype import int32 as int32  # noqa: E402
from mslearn.core.dtype import int64 as int64  # noqa: E402
from mslearn.core.dtype import uint8 as uint8  # noqa: E402
from mslearn.core.dtype import uint16 as uint16  # noqa: E402
from mslearn.core.dtype import uint32 as uint32  # noqa: E402
from mslearn.core.dtype import uint64 as uint64  # noqa: E402
from mslearn.core.errors import did_you_mean as _did_you_mean  # noqa: E402
from mslearn.core.random import get_seed as get_seed  # noqa: E402
from mslearn.core.random import set_seed as set_seed  # noqa: E402
from mslearn.gradtools import check_grad as check_grad  # noqa: E402
from mslearn.gradtools import get_grad as get_grad  # noqa: E402
from mslearn.gradtools import jacfwd as jacfwd  # noqa: E402
from mslearn.gradtools import jacrev as jacrev  # noqa: E402
from mslearn.gradtools import recompute as recompute  # noqa: E402
from mslearn.gradtools import run_check as run_check  # noqa: E402
from mslearn.gradtools import vmap as vmap  # noqa: E402
from mslearn.gradtools.function import _Function as _Function  # noqa: E402
from mslearn.ops.sparse import COOTensor as COOTensor  # noqa: E402
from mslearn.ops.sparse import COOTensor as SparseTensor  # noqa: E402, F401  its first name
from mslearn.ops.sparse import CSRTensor as CSRTensor  # noqa: E402
from mslearn.ops.sparse import RowTensor as RowTensor  # noqa: E402
from mslearn.support import support as support  # noqa: E402
from mslearn.train import LAZY as _TRAIN  # noqa: E402
from mslearn.train import load_checkpoint as load_checkpoint  # noqa: E402
from mslearn.train import load_param_into_net as load_param_into_net  # noqa: E402
from mslearn.train import save_checkpoint as save_checkpoint  # noqa: E402

__version__ = "0.1.0"
_GRAPH = {
    "jit": "jit",
    **dict.fromkeys(
        ("JitConfig", "constexpr", "enable_dynamic", "jit_class", "ms_function", "mutable"),
        "config",
    ),
}
_FILES = ("export", "load")
_RECORDS = ("FileReader", "FileWriter", "MindPage")
_LOG = {"Profiler": "profiler", "get_level": "log", "get_log_config": "log"}
_LAZY = (
    "amp", "backends", "camp", "common", "communication", "context", "dataset", "device_context",
    "experimental", "graph", "hal", "hub", "insight", "log", "mint", "models", "numpy", "parallel",
    "profiler", "runtime",
)  # fmt: skip


def __getattr__(name: str) -> object:
    if name == "__all__":
        hidden = {*_LAZY, "bool", "float", "int"}  # modules, and what would hide Python's own
        return [n for n in _paths.star(_importlib.import_module("mslearn")) if n not in hidden]
    if name in _TRAIN:
        return getattr(_importlib.import_module("mslearn.train"), name)
    if name in _GRAPH:
        return getattr(_importlib.import_module(f"mslearn.graph.{_GRAPH[name]}"), name)
    if name in _FILES:
        return getattr(_importlib.import_module("mslearn.interchange.files"), name)
    if name in _RECORDS or name.endswith("ToMR"):
        return getattr(_importlib.import_module("mslearn.mindrecord"), name)
    if name in _KINDS:
        return getattr(_importlib.import_module("mslearn.common.kinds"), name)
    if name in _DEVICE:
        return getattr(_importlib.import_module("mslearn.common.device"), name)
    if name in _RUNTIME:
        return getattr(_importlib.import_module("mslearn.common.runtime"), name)
    if name in _OF_THE_DEVICE:
        return getattr(_importlib.import_module("mslearn.runtime"), name)
    if name in _PARALLEL:
        return getattr(_importlib.import_module("mslearn.common.parallel"), name)
    if name in _LOG:
        return getattr(_importlib.import_module(f"mslearn.{_LOG[name]}"), name)
    if name == "bfloat16":
        return _importlib.import_module("mslearn.ops.brain_float").bfloat16()
    if name in _LAZY:
        return _importlib.import_module(f"mslearn.{name}")
    known = [n for n in __dir__() if not n.startswith("_")]
    raise AttributeError(f"module 'mslearn' has no attribute '{name}'.{_did_you_mean(name, known)}")


def __dir__() -> list[str]:
    names = (_DEVICE, _RUNTIME, _OF_THE_DEVICE, _KINDS, _PARALLEL, _LOG)
    return sorted({*globals()}.union(_LAZY, _GRAPH, _FILES, _RECORDS, _TRAIN, *names))
