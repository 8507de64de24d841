"""Callbacks: what happens beside the training: printing, saving, stopping, learning rates."""

from mslearn.common.paths import leading_to as _leading_to
from mslearn.train.callback.base import Callback as Callback
from mslearn.train.callback.base import LambdaCallback as LambdaCallback
from mslearn.train.callback.base import RunContext as RunContext
from mslearn.train.callback.checkpoint import CheckpointConfig as CheckpointConfig
from mslearn.train.callback.checkpoint import ModelCheckpoint as ModelCheckpoint
from mslearn.train.callback.monitors import History as History
from mslearn.train.callback.monitors import LossMonitor as LossMonitor
from mslearn.train.callback.monitors import TimeMonitor as TimeMonitor
from mslearn.train.callback.plateau import EarlyStopping as EarlyStopping
from mslearn.train.callback.plateau import LearningRateScheduler as LearningRateScheduler
from mslearn.train.callback.plateau import ReduceLROnPlateau as ReduceLROnPlateau
from mslearn.train.callback.progress import ProgressBar as ProgressBar
from mslearn.train.callback.safety import BackupAndRestore as BackupAndRestore
from mslearn.train.callback.safety import OnRequestExit as OnRequestExit

__getattr__ = _leading_to("train")  # SummaryCollector
