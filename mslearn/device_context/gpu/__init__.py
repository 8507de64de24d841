"""Settings of NVIDIA's GPUs: precision and algorithms."""

from mslearn.device_context.gpu import op_precision as op_precision
from mslearn.device_context.gpu import op_tuning as op_tuning
from mslearn.device_context.gpu.device import device_count as device_count
from mslearn.device_context.gpu.device import is_available as is_available
from mslearn.device_context.gpu.op_precision import conv_allow_tf32 as conv_allow_tf32
from mslearn.device_context.gpu.op_precision import matmul_allow_tf32 as matmul_allow_tf32
from mslearn.device_context.gpu.op_tuning import conv_dgrad_algo as conv_dgrad_algo
from mslearn.device_context.gpu.op_tuning import conv_fprop_algo as conv_fprop_algo
from mslearn.device_context.gpu.op_tuning import conv_wgrad_algo as conv_wgrad_algo
