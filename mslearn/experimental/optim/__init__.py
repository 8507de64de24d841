"""Optimizers whose options lie in `param_groups`, and schedulers that change them."""

from mslearn.experimental.optim.base import Optimizer as Optimizer
from mslearn.experimental.optim.optimizers import ASGD as ASGD
from mslearn.experimental.optim.optimizers import SGD as SGD
from mslearn.experimental.optim.optimizers import Adadelta as Adadelta
from mslearn.experimental.optim.optimizers import Adagrad as Adagrad
from mslearn.experimental.optim.optimizers import Adam as Adam
from mslearn.experimental.optim.optimizers import Adamax as Adamax
from mslearn.experimental.optim.optimizers import AdamW as AdamW
from mslearn.experimental.optim.optimizers import NAdam as NAdam
from mslearn.experimental.optim.optimizers import RAdam as RAdam
from mslearn.experimental.optim.optimizers import RMSprop as RMSprop
from mslearn.experimental.optim.optimizers import Rprop as Rprop

from . import lr_scheduler as lr_scheduler
