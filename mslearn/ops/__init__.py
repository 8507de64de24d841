"""Operations: functional forms (`ops.matmul`) and primitives (`ops.MatMul()`).

Each operation is declared once, as a primitive class; this file only shows what there is.
"""

import warnings as _warnings

from mslearn.core.errors import did_you_mean as _did_you_mean
from mslearn.core.primitive import Primitive as Primitive
from mslearn.core.primitive import registry as _registry
from mslearn.ops import assemble as _assemble
from mslearn.ops import lars as _lars  # noqa: F401  (declares its primitives)
from mslearn.ops import optimizer as _optimizer  # noqa: F401
from mslearn.ops import optimizer_more as _optimizer_more  # noqa: F401
from mslearn.ops.activations import *  # noqa: F403
from mslearn.ops.adaptive import *  # noqa: F403
from mslearn.ops.arrange import *  # noqa: F403
from mslearn.ops.classes import classes as _classes
from mslearn.ops.composite import *  # noqa: F403
from mslearn.ops.composite import ALIASES as _ALIASES
from mslearn.ops.composite import OLD as _OLD
from mslearn.ops.control import assign as assign
from mslearn.ops.control import assign_add as assign_add
from mslearn.ops.control import assign_sub as assign_sub
from mslearn.ops.control import clip_by_global_norm as clip_by_global_norm
from mslearn.ops.control import clip_by_norm as clip_by_norm
from mslearn.ops.control import clip_by_value as clip_by_value
from mslearn.ops.control import depend as depend
from mslearn.ops.control import stop_gradient as stop_gradient
from mslearn.ops.conv import *  # noqa: F403
from mslearn.ops.creation import arange as arange
from mslearn.ops.creation import eye as eye
from mslearn.ops.creation import full as full
from mslearn.ops.creation import full_like as full_like
from mslearn.ops.creation import linspace as linspace
from mslearn.ops.creation import normal as normal
from mslearn.ops.creation import ones as ones
from mslearn.ops.creation import ones_like as ones_like
from mslearn.ops.creation import rand as rand
from mslearn.ops.creation import randint as randint
from mslearn.ops.creation import randn as randn
from mslearn.ops.creation import randperm as randperm
from mslearn.ops.creation import standard_normal as standard_normal
from mslearn.ops.creation import tril as tril
from mslearn.ops.creation import triu as triu
from mslearn.ops.creation import uniform as uniform
from mslearn.ops.creation import zeros as zeros
from mslearn.ops.creation import zeros_like as zeros_like
from mslearn.ops.decompositions import *  # noqa: F403
from mslearn.ops.gather_scatter import *  # noqa: F403
from mslearn.ops.indexing import gather as gather
from mslearn.ops.indexing import masked_fill as masked_fill
from mslearn.ops.indexing import masked_select as masked_select
from mslearn.ops.indexing import one_hot as one_hot
from mslearn.ops.indexing import where as where
from mslearn.ops.joining import *  # noqa: F403
from mslearn.ops.linalg import bmm as bmm
from mslearn.ops.linalg import dense as dense
from mslearn.ops.linalg import matmul as matmul
from mslearn.ops.linalg import mm as mm
from mslearn.ops.loss import cross_entropy as cross_entropy
from mslearn.ops.loss import l1_loss as l1_loss
from mslearn.ops.loss import mse_loss as mse_loss
from mslearn.ops.loss import nll_loss as nll_loss
from mslearn.ops.losses_more import *  # noqa: F403
from mslearn.ops.losses_more import (
    softmax_cross_entropy_with_logits as softmax_cross_entropy_with_logits,
)
from mslearn.ops.matrix import *  # noqa: F403
from mslearn.ops.neural import dropout as dropout
from mslearn.ops.neural import elu as elu
from mslearn.ops.neural import gelu as gelu
from mslearn.ops.neural import leaky_relu as leaky_relu
from mslearn.ops.neural import log_softmax as log_softmax
from mslearn.ops.neural import relu as relu
from mslearn.ops.neural import silu as silu
from mslearn.ops.neural import softmax as softmax
from mslearn.ops.neural import softplus as softplus
from mslearn.ops.normalization import *  # noqa: F403
from mslearn.ops.pooling import *  # noqa: F403
from mslearn.ops.random_more import *  # noqa: F403
from mslearn.ops.reduce import all as all
from mslearn.ops.reduce import amax as amax
from mslearn.ops.reduce import amin as amin
from mslearn.ops.reduce import any as any
from mslearn.ops.reduce import argmax as argmax
from mslearn.ops.reduce import argmin as argmin
from mslearn.ops.reduce import cumsum as cumsum
from mslearn.ops.reduce import max as max
from mslearn.ops.reduce import mean as mean
from mslearn.ops.reduce import min as min
from mslearn.ops.reduce import norm as norm
from mslearn.ops.reduce import prod as prod
from mslearn.ops.reduce import std as std
from mslearn.ops.reduce import sum as sum
from mslearn.ops.reduce import var as var
from mslearn.ops.resize import *  # noqa: F403
from mslearn.ops.shape import broadcast_to as broadcast_to
from mslearn.ops.shape import cast as cast
from mslearn.ops.shape import cat as cat
from mslearn.ops.shape import chunk as chunk
from mslearn.ops.shape import concat as concat
from mslearn.ops.shape import expand_dims as expand_dims
from mslearn.ops.shape import flatten as flatten
from mslearn.ops.shape import flip as flip
from mslearn.ops.shape import permute as permute
from mslearn.ops.shape import reshape as reshape
from mslearn.ops.shape import split as split
from mslearn.ops.shape import squeeze as squeeze
from mslearn.ops.shape import stack as stack
from mslearn.ops.shape import swapaxes as swapaxes
from mslearn.ops.shape import tile as tile
from mslearn.ops.shape import transpose as transpose
from mslearn.ops.shape import unsqueeze as unsqueeze
from mslearn.ops.shape import unstack as unstack
from mslearn.ops.sorting import *  # noqa: F403
from mslearn.ops.sparse import *  # noqa: F403
from mslearn.ops.special import *  # noqa: F403

_functions = _assemble.functions()
_assemble.attach_methods(_functions)
for _name, _function in {**_functions, **_registry, **_classes}.items():
    globals().setdefault(_name, _function)
select = where
for _name, _present in _ALIASES.items():
    if _present in globals():
        globals().setdefault(_name, globals()[_present])


def __getattr__(name: str) -> object:
    if name in _OLD:
        _warnings.warn(
            f"ops.{name} is an old spelling; use ops.{_OLD[name]}.",
            DeprecationWarning,
            stacklevel=2,
        )
        return globals()[_OLD[name]]
    known = [n for n in globals() if not n.startswith("_")]
    raise AttributeError(
        f"module 'mslearn.ops' has no attribute '{name}'.{_did_you_mean(name, known)}"
    )
