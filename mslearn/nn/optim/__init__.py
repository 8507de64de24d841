"""Optimizers."""

from mslearn.nn.optim.adaptive import FTRL as FTRL
from mslearn.nn.optim.adaptive import Adadelta as Adadelta
from mslearn.nn.optim.adaptive import Adagrad as Adagrad
from mslearn.nn.optim.adaptive import AdaMax as AdaMax
from mslearn.nn.optim.adaptive import ProximalAdagrad as ProximalAdagrad
from mslearn.nn.optim.adaptive import RMSProp as RMSProp
from mslearn.nn.optim.base import Optimizer as Optimizer
from mslearn.nn.optim.factored import AdaFactor as AdaFactor
from mslearn.nn.optim.factored import thor as thor
from mslearn.nn.optim.layerwise import ASGD as ASGD
from mslearn.nn.optim.layerwise import LARS as LARS
from mslearn.nn.optim.layerwise import AdamWeightDecay as AdamWeightDecay
from mslearn.nn.optim.layerwise import Lamb as Lamb
from mslearn.nn.optim.layerwise import Rprop as Rprop
from mslearn.nn.optim.rules import SGD as SGD
from mslearn.nn.optim.rules import Adam as Adam
from mslearn.nn.optim.rules import AdamOffload as AdamOffload
from mslearn.nn.optim.rules import LazyAdam as LazyAdam
from mslearn.nn.optim.rules import Momentum as Momentum
