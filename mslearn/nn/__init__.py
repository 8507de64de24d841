"""Networks: Cells, layers, losses and optimizers, with MindSpore's names."""

import importlib as _importlib
import sys as _sys

from mslearn.common.initializer import no_init_parameters as no_init_parameters
from mslearn.common.paths import star as _star
from mslearn.core.errors import did_you_mean as _did_you_mean
from mslearn.nn.activations import CELU as CELU
from mslearn.nn.activations import ELU as ELU
from mslearn.nn.activations import GLU as GLU
from mslearn.nn.activations import FastGelu as FastGelu
from mslearn.nn.activations import Hardtanh as Hardtanh
from mslearn.nn.activations import HShrink as HShrink
from mslearn.nn.activations import HSigmoid as HSigmoid
from mslearn.nn.activations import HSwish as HSwish
from mslearn.nn.activations import LogSigmoid as LogSigmoid
from mslearn.nn.activations import Mish as Mish
from mslearn.nn.activations import PReLU as PReLU
from mslearn.nn.activations import ReLU6 as ReLU6
from mslearn.nn.activations import RReLU as RReLU
from mslearn.nn.activations import SeLU as SeLU
from mslearn.nn.activations import SiLU as SiLU
from mslearn.nn.activations import Softmax2d as Softmax2d
from mslearn.nn.activations import Softmin as Softmin
from mslearn.nn.activations import Softplus as Softplus
from mslearn.nn.activations import SoftShrink as SoftShrink
from mslearn.nn.activations import Softsign as Softsign
from mslearn.nn.activations import Tanhshrink as Tanhshrink
from mslearn.nn.activations import Threshold as Threshold
from mslearn.nn.attention import MultiheadAttention as MultiheadAttention
from mslearn.nn.cell import Cell as Cell
from mslearn.nn.channel_dropout import Dropout1d as Dropout1d
from mslearn.nn.channel_dropout import Dropout2d as Dropout2d
from mslearn.nn.channel_dropout import Dropout3d as Dropout3d
from mslearn.nn.container import CellDict as CellDict
from mslearn.nn.container import CellList as CellList
from mslearn.nn.container import SequentialCell as SequentialCell
from mslearn.nn.conv import Conv1d as Conv1d
from mslearn.nn.conv import Conv1dTranspose as Conv1dTranspose
from mslearn.nn.conv import Conv2d as Conv2d
from mslearn.nn.conv import Conv2dTranspose as Conv2dTranspose
from mslearn.nn.conv import Conv3d as Conv3d
from mslearn.nn.conv import Conv3dTranspose as Conv3dTranspose
from mslearn.nn.dynamic_lr import cosine_decay_lr as cosine_decay_lr
from mslearn.nn.dynamic_lr import exponential_decay_lr as exponential_decay_lr
from mslearn.nn.dynamic_lr import inverse_decay_lr as inverse_decay_lr
from mslearn.nn.dynamic_lr import natural_exp_decay_lr as natural_exp_decay_lr
from mslearn.nn.dynamic_lr import piecewise_constant_lr as piecewise_constant_lr
from mslearn.nn.dynamic_lr import polynomial_decay_lr as polynomial_decay_lr
from mslearn.nn.dynamic_lr import warmup_lr as warmup_lr
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
from mslearn.nn.learning_rate_schedule import CosineDecayLR as CosineDecayLR
from mslearn.nn.learning_rate_schedule import ExponentialDecayLR as ExponentialDecayLR
from mslearn.nn.learning_rate_schedule import InverseDecayLR as InverseDecayLR
from mslearn.nn.learning_rate_schedule import LearningRateSchedule as LearningRateSchedule
from mslearn.nn.learning_rate_schedule import NaturalExpDecayLR as NaturalExpDecayLR
from mslearn.nn.learning_rate_schedule import PolynomialDecayLR as PolynomialDecayLR
from mslearn.nn.learning_rate_schedule import WarmUpLR as WarmUpLR
from mslearn.nn.loss import CrossEntropyLoss as CrossEntropyLoss
from mslearn.nn.loss import L1Loss as L1Loss
from mslearn.nn.loss import LossBase as LossBase
from mslearn.nn.loss import LossBase as _Loss  # its name in MindSpore 1.x  # noqa: F401
from mslearn.nn.loss import MSELoss as MSELoss
from mslearn.nn.losses_more import BCELoss as BCELoss
from mslearn.nn.losses_more import BCEWithLogitsLoss as BCEWithLogitsLoss
from mslearn.nn.losses_more import CosineEmbeddingLoss as CosineEmbeddingLoss
from mslearn.nn.losses_more import DiceLoss as DiceLoss
from mslearn.nn.losses_more import GaussianNLLLoss as GaussianNLLLoss
from mslearn.nn.losses_more import HingeEmbeddingLoss as HingeEmbeddingLoss
from mslearn.nn.losses_more import HuberLoss as HuberLoss
from mslearn.nn.losses_more import KLDivLoss as KLDivLoss
from mslearn.nn.losses_more import MAELoss as MAELoss
from mslearn.nn.losses_more import MarginRankingLoss as MarginRankingLoss
from mslearn.nn.losses_more import MultiLabelSoftMarginLoss as MultiLabelSoftMarginLoss
from mslearn.nn.losses_more import MultiMarginLoss as MultiMarginLoss
from mslearn.nn.losses_more import NLLLoss as NLLLoss
from mslearn.nn.losses_more import RMSELoss as RMSELoss
from mslearn.nn.losses_more import SmoothL1Loss as SmoothL1Loss
from mslearn.nn.losses_more import SoftMarginLoss as SoftMarginLoss
from mslearn.nn.losses_more import SoftmaxCrossEntropyWithLogits as SoftmaxCrossEntropyWithLogits
from mslearn.nn.losses_more import TripletMarginLoss as TripletMarginLoss
from mslearn.nn.normalization import BatchNorm1d as BatchNorm1d
from mslearn.nn.normalization import BatchNorm2d as BatchNorm2d
from mslearn.nn.normalization import BatchNorm3d as BatchNorm3d
from mslearn.nn.normalization import GroupNorm as GroupNorm
from mslearn.nn.normalization import InstanceNorm1d as InstanceNorm1d
from mslearn.nn.normalization import InstanceNorm2d as InstanceNorm2d
from mslearn.nn.normalization import InstanceNorm3d as InstanceNorm3d
from mslearn.nn.normalization import LayerNorm as LayerNorm
from mslearn.nn.optim import ASGD as ASGD
from mslearn.nn.optim import FTRL as FTRL
from mslearn.nn.optim import LARS as LARS
from mslearn.nn.optim import SGD as SGD
from mslearn.nn.optim import Adadelta as Adadelta
from mslearn.nn.optim import AdaFactor as AdaFactor
from mslearn.nn.optim import Adagrad as Adagrad
from mslearn.nn.optim import Adam as Adam
from mslearn.nn.optim import AdaMax as AdaMax
from mslearn.nn.optim import AdamOffload as AdamOffload
from mslearn.nn.optim import AdamWeightDecay as AdamWeightDecay
from mslearn.nn.optim import Lamb as Lamb
from mslearn.nn.optim import LazyAdam as LazyAdam
from mslearn.nn.optim import Momentum as Momentum
from mslearn.nn.optim import Optimizer as Optimizer
from mslearn.nn.optim import ProximalAdagrad as ProximalAdagrad
from mslearn.nn.optim import RMSProp as RMSProp
from mslearn.nn.optim import Rprop as Rprop
from mslearn.nn.optim import thor as thor
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
from mslearn.nn.recurrent import GRU as GRU
from mslearn.nn.recurrent import LSTM as LSTM
from mslearn.nn.recurrent import RNN as RNN
from mslearn.nn.recurrent import GRUCell as GRUCell
from mslearn.nn.recurrent import LSTMCell as LSTMCell
from mslearn.nn.recurrent import RNNCell as RNNCell
from mslearn.nn.resize import PixelShuffle as PixelShuffle
from mslearn.nn.resize import PixelUnshuffle as PixelUnshuffle
from mslearn.nn.resize import ResizeBilinear as ResizeBilinear
from mslearn.nn.resize import Upsample as Upsample
from mslearn.nn.thin import ConstantPad1d as ConstantPad1d
from mslearn.nn.thin import ConstantPad2d as ConstantPad2d
from mslearn.nn.thin import ConstantPad3d as ConstantPad3d
from mslearn.nn.thin import Embedding as Embedding
from mslearn.nn.thin import EmbeddingLookup as EmbeddingLookup
from mslearn.nn.thin import MultiFieldEmbeddingLookup as MultiFieldEmbeddingLookup
from mslearn.nn.thin import Norm as Norm
from mslearn.nn.thin import OneHot as OneHot
from mslearn.nn.thin import Pad as Pad
from mslearn.nn.thin import ReflectionPad1d as ReflectionPad1d
from mslearn.nn.thin import ReflectionPad2d as ReflectionPad2d
from mslearn.nn.thin import ReflectionPad3d as ReflectionPad3d
from mslearn.nn.thin import ReplicationPad1d as ReplicationPad1d
from mslearn.nn.thin import ReplicationPad2d as ReplicationPad2d
from mslearn.nn.thin import ReplicationPad3d as ReplicationPad3d
from mslearn.nn.thin import Unflatten as Unflatten
from mslearn.nn.thin import ZeroPad2d as ZeroPad2d
from mslearn.nn.transformer import Transformer as Transformer
from mslearn.nn.transformer import TransformerDecoder as TransformerDecoder
from mslearn.nn.transformer import TransformerDecoderLayer as TransformerDecoderLayer
from mslearn.nn.transformer import TransformerEncoder as TransformerEncoder
from mslearn.nn.transformer import TransformerEncoderLayer as TransformerEncoderLayer
from mslearn.nn.wrap import DynamicLossScaleUpdateCell as DynamicLossScaleUpdateCell
from mslearn.nn.wrap import FixedLossScaleUpdateCell as FixedLossScaleUpdateCell
from mslearn.nn.wrap import ForwardValueAndGrad as ForwardValueAndGrad
from mslearn.nn.wrap import TrainOneStepCell as TrainOneStepCell
from mslearn.nn.wrap import TrainOneStepWithLossScaleCell as TrainOneStepWithLossScaleCell
from mslearn.nn.wrap import WithEvalCell as WithEvalCell
from mslearn.nn.wrap import WithLossCell as WithLossCell

# Layers that few programs need load when they are first named.
_RARE = {
    "classic": (
        "BiDense", "ClipByNorm", "Conv2dBnAct", "DenseBnAct", "DiGamma", "IGamma",
        "L1Regularizer", "LBeta", "LGamma", "MatDet", "MatInverse", "MatMul", "MatrixDiag",
        "MatrixDiagPart", "MatrixSetDiag", "Moments", "Range", "ReduceLogSumExp", "Roll",
        "TimeDistributed", "Tril", "Triu",
    ),
    "gradients": (
        "DistributedGradReducer", "GradAccumulationCell", "Jvp", "MicroBatchInterleaved",
        "ParameterUpdate", "PipelineCell", "SparseTensorDenseMatmul", "SparseToDense",
        "SyncBatchNorm", "Vjp", "WithGradCell",
    ),
    "image": (
        "CentralCrop", "ImageGradients", "MSSSIM", "PSNR", "SSIM",
    ),
    "losses_rare": (
        "CTCLoss", "FocalLoss", "MultiClassDiceLoss", "MultilabelMarginLoss",
        "PoissonNLLLoss", "SampledSoftmaxLoss", "TripletMarginWithDistanceLoss",
    ),
    "windows": (
        "AdaptiveMaxPool3d", "ChannelShuffle", "FractionalMaxPool2d", "FractionalMaxPool3d",
        "LPPool1d", "LPPool2d", "LRN", "MaxUnpool1d", "MaxUnpool2d", "MaxUnpool3d", "Unfold",
    ),
}  # fmt: skip
_HOME = {name: module for module, names in _RARE.items() for name in names}
# MindSpore has metrics here as well. They live in `train`, a layer above, and load from there.
_METRICS = (
    "Accuracy", "BleuScore", "ConfusionMatrix", "ConfusionMatrixMetric", "CosineSimilarity", "Dice",
    "F1", "Fbeta", "HausdorffDistance", "Loss", "MAE", "MSE", "MeanSurfaceDistance", "Metric",
    "OcclusionSensitivity", "Perplexity", "Precision", "ROC", "Recall", "RootMeanSquareDistance",
    "Top1CategoricalAccuracy", "Top5CategoricalAccuracy", "TopKCategoricalAccuracy", "auc",
    "get_metric_fn", "get_metrics", "names", "rearrange_inputs",
)  # fmt: skip


# MindSpore's other names for layers of `mint.nn`.
_MINT = {
    "AvgPool1dExt": "AvgPool1d", "AvgPool2dExt": "AvgPool2d", "AvgPool3dExt": "AvgPool3d",
    "Dropout2dExt": "Dropout2d", "DropoutExt": "Dropout", "EmbeddingExt": "Embedding",
    "L1LossExt": "L1Loss", "LayerNormExt": "LayerNorm", "Linear": "Linear",
    "LogSoftmaxExt": "LogSoftmax", "MaxPool2dExt": "MaxPool2d", "PReLUExt": "PReLU",
}  # fmt: skip
# Parts of MindSpore that this engine does not have, and why.
_REFUSED = {
    **dict.fromkeys(
        ("AdaSumByDeltaWeightWrapCell", "AdaSumByGradWrapCell", "PipelineGradReducer",
         "VirtualDatasetCellTriple"),
        "it puts together the work of many devices, and mslearn computes on one",
    ),
    **dict.fromkeys(
        ("Conv2dThor", "DenseThor", "EmbeddingLookupThor", "EmbeddingThor"),
        "it collects matrices for nn.thor, which is not here; use the layer without 'Thor'",
    ),
    "GetNextSingleOp": "it reads a queue of the Ascend device; iterate over the dataset",
    "OptTFTWrapper": "it repairs a cluster after a device fails, and mslearn computes on one",
}  # fmt: skip


def __getattr__(name: str) -> object:
    if name == "__all__":
        return _star(_sys.modules[__name__])
    if name in _HOME:
        found: object = getattr(_importlib.import_module(f"mslearn.nn.{_HOME[name]}"), name)
        globals()[name] = found
        return found
    if name in _METRICS:
        return getattr(_importlib.import_module("mslearn.train.metrics"), name)
    if name in _MINT:
        return getattr(_importlib.import_module("mslearn.mint.nn"), _MINT[name])
    if name in _REFUSED:
        raise AttributeError(f"mslearn has no 'nn.{name}': {_REFUSED[name]}.")
    if name == "GraphCell":  # it reads files, a layer above
        return _importlib.import_module("mslearn.interchange.graph_cell").GraphCell
    known = [n for n in __dir__() if n[0].isupper()]
    raise AttributeError(
        f"module 'mslearn.nn' has no attribute '{name}'.{_did_you_mean(name, known)}"
    )


def __dir__() -> list[str]:
    lazy = (*_HOME, *_METRICS, *_MINT, "GraphCell")
    return sorted({*(n for n in globals() if not n.startswith("_")), *lazy})
