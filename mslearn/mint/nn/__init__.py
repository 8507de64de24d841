"""`mint.nn`: layers and losses with PyTorch's names, arguments, defaults and parameter names."""

from mslearn.core.errors import did_you_mean as _did_you_mean
from mslearn.mint.nn import functional as functional
from mslearn.mint.nn.layers import *  # noqa: F403
from mslearn.mint.nn.stateless import LAYERS as _LAYERS
from mslearn.nn.cell import Cell as Cell

globals().update(_LAYERS)


def __getattr__(name: str) -> object:
    known = [n for n in globals() if not n.startswith("_")]
    raise AttributeError(
        f"module 'mslearn.mint.nn' has no attribute '{name}'.{_did_you_mean(name, known)}"
    )
