"""Networks: Cells, layers, losses and optimizers, with MindSpore's names."""

from mslearn.core.errors import did_you_mean as _did_you_mean
from mslearn.nn.cell import Cell as Cell
from mslearn.nn.container import CellList as CellList
from mslearn.nn.container import SequentialCell as SequentialCell
from mslearn.nn.layers import GELU as GELU
from mslearn.nn.layers import Dense as Dense
from mslearn.nn.layers import Dropout as Dropout
from mslearn.nn.layers import Flatten as Flatten
from mslearn.nn.layers import Identity as Identity
from mslearn.nn.layers import LeakyReLU as LeakyReLU
from mslearn.nn.layers import LogSoftmax as LogSoftmax
from mslearn.nn.layers import ReLU as ReLU
from mslearn.nn.layers import Sigmoid as Sigmoid
from mslearn.nn.layers import Softmax as Softmax
from mslearn.nn.layers import Tanh as Tanh
from mslearn.nn.layers import get_activation as get_activation
from mslearn.nn.loss import CrossEntropyLoss as CrossEntropyLoss
from mslearn.nn.loss import L1Loss as L1Loss
from mslearn.nn.loss import LossBase as LossBase
from mslearn.nn.loss import MSELoss as MSELoss
from mslearn.nn.optim import SGD as SGD
from mslearn.nn.optim import Adam as Adam
from mslearn.nn.optim import Momentum as Momentum
from mslearn.nn.optim import Optimizer as Optimizer
from mslearn.nn.pooling import AdaptiveAvgPool1d as AdaptiveAvgPool1d
from mslearn.nn.pooling import AdaptiveAvgPool2d as AdaptiveAvgPool2d
from mslearn.nn.pooling import AdaptiveAvgPool3d as AdaptiveAvgPool3d
from mslearn.nn.pooling import AdaptiveMaxPool1d as AdaptiveMaxPool1d
from mslearn.nn.pooling import AdaptiveMaxPool2d as AdaptiveMaxPool2d
from mslearn.nn.pooling import AvgPool1d as AvgPool1d
from mslearn.nn.pooling import AvgPool2d as AvgPool2d
from mslearn.nn.pooling import AvgPool3d as AvgPool3d
from mslearn.nn.pooling import MaxPool1d as MaxPool1d
from mslearn.nn.pooling import MaxPool2d as MaxPool2d
from mslearn.nn.pooling import MaxPool3d as MaxPool3d


def __getattr__(name: str) -> object:
    known = [n for n in globals() if not n.startswith("_") and n[0].isupper()]
    raise AttributeError(
        f"module 'mslearn.nn' has no attribute '{name}'.{_did_you_mean(name, known)}"
    )
