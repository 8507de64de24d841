"""Settings of the CPU: how many threads compute."""

from mslearn.device_context.cpu import op_tuning as op_tuning
from mslearn.device_context.cpu.device import device_count as device_count
from mslearn.device_context.cpu.device import is_available as is_available
from mslearn.device_context.cpu.op_tuning import threads_num as threads_num
