"""What a captured graph runs on: NumPy, and adapters to the runtimes of NPUs and GPUs."""

from mslearn.backends.base import Backend as Backend
from mslearn.backends.base import BackendError as BackendError
from mslearn.backends.base import DeviceInfo as DeviceInfo
from mslearn.backends.base import Executable as Executable
from mslearn.backends.registry import backend as backend
from mslearn.backends.registry import choose as choose
from mslearn.backends.registry import compile as compile
from mslearn.backends.registry import configure as configure
from mslearn.backends.registry import devices as devices
from mslearn.backends.registry import find as find
from mslearn.backends.registry import first as first
from mslearn.backends.registry import names as names
from mslearn.backends.registry import stays as stays
from mslearn.backends.registry import table as table
from mslearn.backends.registry import watched as watched
