"""`mindspore.runtime`: streams, events, memory and threads of the device in use.

On a CPU most of it has nothing to do, and a program that calls it runs unchanged; on a GPU or an
NPU the backends answer (`mslearn.backends.hardware`).
"""

from mslearn.runtime.event import Event as Event
from mslearn.runtime.executor import dispatch_threads_num as dispatch_threads_num
from mslearn.runtime.executor import launch_blocking as launch_blocking
from mslearn.runtime.executor import set_kernel_launch_capture as set_kernel_launch_capture
from mslearn.runtime.executor import set_kernel_launch_group as set_kernel_launch_group
from mslearn.runtime.memory import MemPool as MemPool
from mslearn.runtime.memory import PluggableAllocator as PluggableAllocator
from mslearn.runtime.memory import empty_cache as empty_cache
from mslearn.runtime.memory import max_memory_allocated as max_memory_allocated
from mslearn.runtime.memory import max_memory_reserved as max_memory_reserved
from mslearn.runtime.memory import memory_allocated as memory_allocated
from mslearn.runtime.memory import memory_replay as memory_replay
from mslearn.runtime.memory import memory_reserved as memory_reserved
from mslearn.runtime.memory import memory_stats as memory_stats
from mslearn.runtime.memory import memory_summary as memory_summary
from mslearn.runtime.memory import reset_max_memory_allocated as reset_max_memory_allocated
from mslearn.runtime.memory import reset_max_memory_reserved as reset_max_memory_reserved
from mslearn.runtime.memory import reset_peak_memory_stats as reset_peak_memory_stats
from mslearn.runtime.memory import set_memory as set_memory
from mslearn.runtime.memory import use_mem_pool as use_mem_pool
from mslearn.runtime.stream import Stream as Stream
from mslearn.runtime.stream import StreamCtx as StreamCtx
from mslearn.runtime.stream import communication_stream as communication_stream
from mslearn.runtime.stream import current_stream as current_stream
from mslearn.runtime.stream import default_stream as default_stream
from mslearn.runtime.stream import set_cur_stream as set_cur_stream
from mslearn.runtime.stream import synchronize as synchronize
from mslearn.runtime.stream_limit import StreamLimitCtx as StreamLimitCtx
from mslearn.runtime.stream_limit import get_device_limit as get_device_limit
from mslearn.runtime.stream_limit import get_stream_limit as get_stream_limit
from mslearn.runtime.stream_limit import reset_stream_limit as reset_stream_limit
from mslearn.runtime.stream_limit import set_device_limit as set_device_limit
from mslearn.runtime.stream_limit import set_stream_limit as set_stream_limit
from mslearn.runtime.thread_bind_core import set_cpu_affinity as set_cpu_affinity
