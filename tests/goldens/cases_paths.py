"""Imports by MindSpore's deeper paths, as its model zoo and tutorials write them."""

from __future__ import annotations

import importlib

IMPORTS = """
common.api: jit, jit_class, ms_memory_recycle
common.dtype: float_, int_, pytype_to_dtype, string, tensor_type, uint
common.generator: Generator, default_generator
common.initializer: HeNormal, Normal, Zero, initializer
common.jit_config: JitConfig
common.parameter: Parameter, ParameterTuple
common.recompute: recompute
common.seed: get_seed, set_seed
common.sparse_tensor: COOTensor, CSRTensor
common: Generator, JitConfig, Parameter, dtype_to_nptype, from_numpy, jit, set_seed
nn.cell: Cell
nn.layer.activation: Softmax, get_activation
nn.layer.basic: Dense, Dropout, Flatten
nn.layer.container: CellList, SequentialCell
nn.layer.conv: Conv1d, Conv2d, Conv2dTranspose
nn.layer.embedding: Embedding, EmbeddingLookup
nn.layer.normalization: BatchNorm2d, GroupNorm, LayerNorm
nn.layer.pooling: AvgPool2d, MaxPool2d
nn.layer.rnns: GRU, LSTM
nn.layer.transformer: TransformerEncoderLayer
nn.layer: Conv2d, LSTMCell, Pad, ReLU
nn.learning_rate_schedule: CosineDecayLR, LearningRateSchedule, WarmUpLR
nn.loss.loss: LossBase, MSELoss
nn.loss: BCELoss, SoftmaxCrossEntropyWithLogits
nn.metrics: Accuracy, Metric, Top5CategoricalAccuracy
nn.optim.adam: Adam, AdamWeightDecay
nn.optim.momentum: Momentum
nn.optim.optimizer: Optimizer
nn.optim: SGD, Lamb
nn.wrap.cell_wrapper: TrainOneStepCell, WithLossCell
nn.wrap.grad_reducer: DistributedGradReducer
nn.wrap.loss_scale: DynamicLossScaleUpdateCell, TrainOneStepWithLossScaleCell
ops.composite: GradOperation, HyperMap, MultitypeFuncGraph
ops.function: dropout, relu
ops.operations: Cast, MatMul, ReduceMean
train.amp: auto_mixed_precision, build_train_network
train.callback: Callback, CheckpointConfig, LossMonitor, RunContext, SummaryCollector
train.data_sink: data_sink
train.loss_scale_manager: DynamicLossScaleManager, FixedLossScaleManager, LossScaleManager
train.metrics: ROC, BleuScore
train.model: Model
train.serialization: export, load, load_checkpoint, load_param_into_net, save_checkpoint
train.summary: SummaryRecord
train: Model, export, load
"""
cases = {}


def imported(path, names):
    """A case that gives what the names are called where they are defined."""

    def run(ms):
        module = importlib.import_module(f"{ms.__name__}.{path}")
        values = [getattr(module, name) for name in names]
        return [getattr(value, "__name__", type(value).__name__) for value in values]

    return run


for _line in IMPORTS.strip().split("\n"):
    _path, _names = _line.split(": ")
    cases[f"import {_path}"] = imported(_path, _names.split(", "))


ALL = {
    "common": "Tensor Parameter set_seed jit float16 nn nosuch",
    "nn": "Dense Conv2d Adam Accuracy CTCLoss cosine_decay_lr TrainOneStepCell cell nosuch",
    "nn.layer": "Conv2d Dense LSTM BatchNorm2d nosuch",
    "nn.loss": "MSELoss LossBase BCELoss nosuch",
    "nn.wrap": "WithLossCell TrainOneStepCell DistributedGradReducer nosuch",
    "ops": "matmul MatMul relu GradOperation HyperMap nosuch",
    "ops.functional": "matmul relu grad nosuch",
    "ops.operations": "MatMul ReLU nosuch",
    "train": "Model Callback Accuracy LossMonitor SummaryCollector metrics callback nosuch",
    "train.callback": "Callback LossMonitor SummaryCollector nosuch",
    "train.metrics": "Accuracy ROC get_metric_fn nosuch",
}


def everything(path, wanted):
    """A case that says which of the names ``import *`` gives."""

    def run(ms):
        names: dict = {}
        exec(f"from {ms.__name__}.{path} import *", names)
        return [name for name in wanted.split() if name in names]

    return run


for _path, _names in ALL.items():
    cases[f"import all of {_path}"] = everything(_path, _names)


def _wrong(ms):
    texts = []
    for line in (f"from {ms.__name__}.nn.layer import Dens", f"import {ms.__name__}.nn.layers_"):
        try:
            exec(line)
        except ImportError as error:
            texts.append(type(error).__name__)
    return texts


cases["import what is not there"] = _wrong
