"""`mindspore.context`: the settings by their older path."""

from mslearn.common.device import get_ps_context as get_ps_context
from mslearn.common.device import reset_ps_context as reset_ps_context
from mslearn.common.device import set_ps_context as set_ps_context
from mslearn.common.parallel import ParallelMode as ParallelMode
from mslearn.common.parallel import get_auto_parallel_context as get_auto_parallel_context
from mslearn.common.parallel import reset_auto_parallel_context as reset_auto_parallel_context
from mslearn.common.parallel import set_auto_parallel_context as set_auto_parallel_context
from mslearn.common.runtime import COMPATIBLE as COMPATIBLE
from mslearn.common.runtime import LAX as LAX
from mslearn.common.runtime import STRICT as STRICT
from mslearn.core.context import GRAPH_MODE as GRAPH_MODE
from mslearn.core.context import PYNATIVE_MODE as PYNATIVE_MODE
from mslearn.core.context import get_context as get_context
from mslearn.core.context import set_context as set_context
