"""Optimizers."""

from mslearn.nn.optim.base import Optimizer as Optimizer
from mslearn.nn.optim.rules import SGD as SGD
from mslearn.nn.optim.rules import Adam as Adam
from mslearn.nn.optim.rules import Momentum as Momentum
