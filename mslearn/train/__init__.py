"""Saving and loading; `Model`, its callbacks and metrics (these load when they are first used)."""

import importlib as _importlib
import sys as _sys

from mslearn.common.paths import star as _star
from mslearn.core.errors import did_you_mean as _did_you_mean
from mslearn.train.serialization import load_checkpoint as load_checkpoint
from mslearn.train.serialization import load_param_into_net as load_param_into_net
from mslearn.train.serialization import save_checkpoint as save_checkpoint

_METRICS = (
    "Accuracy", "BleuScore", "ConfusionMatrix", "ConfusionMatrixMetric", "CosineSimilarity", "Dice",
    "F1", "Fbeta", "HausdorffDistance", "Loss", "MAE", "MSE", "MeanSurfaceDistance", "Metric",
    "OcclusionSensitivity", "Perplexity", "Precision", "ROC", "Recall", "RootMeanSquareDistance",
    "Top1CategoricalAccuracy", "Top5CategoricalAccuracy", "TopKCategoricalAccuracy", "auc",
    "get_metric_fn", "names", "rearrange_inputs",
)  # fmt: skip
_CALLBACKS = (
    "BackupAndRestore", "Callback", "CheckpointConfig", "EarlyStopping", "History",
    "LambdaCallback", "LearningRateScheduler", "LossMonitor", "ModelCheckpoint", "OnRequestExit",
    "ProgressBar", "ReduceLROnPlateau", "RunContext", "TimeMonitor",
)  # fmt: skip
_PRECISION = (
    "DynamicLossScaleManager", "FixedLossScaleManager", "LossScaleManager", "build_train_network",
)  # fmt: skip
_SINK = ("DatasetHelper", "connect_network_with_dataset", "data_sink")
_DEVICES = (  # refused, with the reason
    "build_searched_strategy", "convert_checkpoint_by_rank", "convert_checkpoints",
    "get_ckpt_path_with_strategy", "load_distributed_checkpoint", "load_obf_params_into_net",
    "load_segmented_checkpoints", "merge_pipeline_strategys", "merge_sliced_parameter",
    "obfuscate_ckpt", "parameter_broadcast", "rank_list_for_convert", "rank_list_for_transform",
    "restore_group_info_list", "sync_pipeline_shared_parameters", "transform_checkpoint_by_rank",
    "transform_checkpoints", "unified_safetensors",
)  # fmt: skip
# Name: the module that has it. MindSpore has all of these in `mindspore` itself, too.
LAZY = {
    **dict.fromkeys(_METRICS, "mslearn.train.metrics"),
    **dict.fromkeys(_CALLBACKS, "mslearn.train.callback"),
    **dict.fromkeys(_PRECISION, "mslearn.amp"),
    **dict.fromkeys(_SINK, "mslearn.train.sink"),
    **dict.fromkeys(_DEVICES, "mslearn.train.many_devices"),
    "Model": "mslearn.train.model",
    "SummaryCollector": "mslearn.summary",
    "SummaryRecord": "mslearn.summary",
    "export": "mslearn.interchange.files",
    "load": "mslearn.interchange.files",
    "async_ckpt_thread_status": "mslearn.train.background",
    "load_checkpoint_async": "mslearn.train.background",
    "load_torch_weights": "mslearn.train.torch_weights",
    "read_torch_weights": "mslearn.train.torch_weights",
    "ckpt_to_safetensors": "mslearn.train.convert",
    "safetensors_to_ckpt": "mslearn.train.convert",
}
_MODULES = ("callback", "metrics", "model")


def __getattr__(name: str) -> object:
    if name == "__all__":
        return [n for n in _star(_sys.modules[__name__]) if n not in ("LAZY", *_MODULES)]
    if name in _MODULES:
        return _importlib.import_module(f"mslearn.train.{name}")
    if name in LAZY:
        return getattr(_importlib.import_module(LAZY[name]), name)
    known = [n for n in globals() if not n.startswith("_")] + list(LAZY)
    raise AttributeError(
        f"module 'mslearn.train' has no attribute '{name}'.{_did_you_mean(name, known)}"
    )


def __dir__() -> list[str]:
    return sorted({*globals(), *LAZY, *_MODULES})
