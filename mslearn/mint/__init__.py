"""`mindspore.mint`: MindSpore's second API, with PyTorch's names, arguments and defaults.

>>> from mslearn import Tensor, mint
>>> print(mint.sum(Tensor([[1.0, 2.0], [3.0, 4.0]]), dim=1))
[3. 7.]
"""

from mslearn.core.errors import did_you_mean as _did_you_mean
from mslearn.mint import linalg as linalg
from mslearn.mint import nn as nn
from mslearn.mint import optim as optim
from mslearn.mint import special as special
from mslearn.mint.functions import FUNCTIONS as _FUNCTIONS

globals().update(_FUNCTIONS)
conv2d = nn.functional.FUNCTIONS["conv2d"]


def __getattr__(name: str) -> object:
    known = [n for n in globals() if not n.startswith("_")]
    raise AttributeError(
        f"module 'mslearn.mint' has no attribute '{name}'.{_did_you_mean(name, known)}"
    )
