"""`mindspore.parallel`: settings for many devices, which one device keeps and does not need."""

from mslearn.common.device import get_algo_parameters as get_algo_parameters
from mslearn.common.device import reset_algo_parameters as reset_algo_parameters
from mslearn.common.device import set_algo_parameters as set_algo_parameters
from mslearn.common.parallel import ParallelMode as ParallelMode
from mslearn.common.paths import leading_to as _leading_to

__getattr__ = _leading_to("")
