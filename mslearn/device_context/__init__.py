"""`mindspore.device_context`: settings of one kind of device, said before it is used.

`cpu.op_tuning.threads_num` sets the threads of the runtimes here. The settings of `ascend` and
`gpu` go to the runtime that reaches such a device; where there is none, the log says so and the
program goes on, as with MindSpore for CPUs.
"""

from mslearn.device_context import ascend as ascend
from mslearn.device_context import cpu as cpu
from mslearn.device_context import gpu as gpu
