"""Mixed precision: computing in float16, and scaling the loss so that gradients survive it."""

from mslearn.amp.precision import auto_mixed_precision as auto_mixed_precision
from mslearn.amp.precision import build_train_network as build_train_network
from mslearn.amp.precision import custom_mixed_precision as custom_mixed_precision
from mslearn.amp.precision import get_black_list as get_black_list
from mslearn.amp.precision import get_white_list as get_white_list
from mslearn.amp.scaling import DynamicLossScaleManager as DynamicLossScaleManager
from mslearn.amp.scaling import DynamicLossScaler as DynamicLossScaler
from mslearn.amp.scaling import FixedLossScaleManager as FixedLossScaleManager
from mslearn.amp.scaling import LossScaleManager as LossScaleManager
from mslearn.amp.scaling import LossScaler as LossScaler
from mslearn.amp.scaling import StaticLossScaler as StaticLossScaler
from mslearn.amp.scaling import all_finite as all_finite
from mslearn.core.errors import did_you_mean as _did_you_mean


def __getattr__(name: str) -> object:
    known = [n for n in globals() if not n.startswith("_")]
    raise AttributeError(
        f"module 'mslearn.amp' has no attribute '{name}'.{_did_you_mean(name, known)}"
    )
