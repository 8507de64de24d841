"""`mindspore.hal`: which devices are there, and MindSpore's older way to `mslearn.runtime`."""

from mslearn.hal.device import device_count as device_count
from mslearn.hal.device import get_arch_list as get_arch_list
from mslearn.hal.device import get_device_capability as get_device_capability
from mslearn.hal.device import get_device_name as get_device_name
from mslearn.hal.device import get_device_properties as get_device_properties
from mslearn.hal.device import is_available as is_available
from mslearn.hal.device import is_initialized as is_initialized
from mslearn.hal.memory import empty_cache as empty_cache
from mslearn.hal.memory import max_memory_allocated as max_memory_allocated
from mslearn.hal.memory import max_memory_reserved as max_memory_reserved
from mslearn.hal.memory import memory_allocated as memory_allocated
from mslearn.hal.memory import memory_reserved as memory_reserved
from mslearn.hal.memory import memory_stats as memory_stats
from mslearn.hal.memory import memory_summary as memory_summary
from mslearn.hal.memory import reset_max_memory_allocated as reset_max_memory_allocated
from mslearn.hal.memory import reset_max_memory_reserved as reset_max_memory_reserved
from mslearn.hal.memory import reset_peak_memory_stats as reset_peak_memory_stats
from mslearn.hal.stream import Stream as Stream
from mslearn.hal.stream import StreamCtx as StreamCtx
from mslearn.hal.stream import communication_stream as communication_stream
from mslearn.hal.stream import current_stream as current_stream
from mslearn.hal.stream import default_stream as default_stream
from mslearn.hal.stream import set_cur_stream as set_cur_stream
from mslearn.hal.stream import synchronize as synchronize
from mslearn.runtime import Event as Event
