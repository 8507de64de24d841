"""`mindspore.numpy`: NumPy's names and arguments on tensors, thin over `mslearn.ops`.

>>> import mslearn.numpy as mnp
>>> print(mnp.arange(3) + mnp.ones(3))
[1. 2. 3.]
"""

from mslearn.core.dtype import bool_ as bool_
from mslearn.core.dtype import float16 as float16
from mslearn.core.dtype import float32 as float32
from mslearn.core.dtype import float64 as float64
from mslearn.core.dtype import int8 as int8
from mslearn.core.dtype import int16 as int16
from mslearn.core.dtype import int32 as int32
from mslearn.core.dtype import int64 as int64
from mslearn.core.dtype import uint8 as uint8
from mslearn.core.dtype import uint16 as uint16
from mslearn.core.dtype import uint32 as uint32
from mslearn.core.dtype import uint64 as uint64
from mslearn.core.errors import did_you_mean as _did_you_mean
from mslearn.numpy.analysis import *  # noqa: F403
from mslearn.numpy.create import *  # noqa: F403
from mslearn.numpy.extra import *  # noqa: F403
from mslearn.numpy.extra import more as _more
from mslearn.numpy.maths import *  # noqa: F403
from mslearn.numpy.maths import elementwise as _elementwise

globals().update(_elementwise() | _more())
float_, int_, pi, e, inf, nan = (
    float32,
    int32,
    3.141592653589793,
    2.718281828459045,
    1e999,
    1e999 * 0,
)
newaxis = None


def __getattr__(name: str) -> object:
    known = [n for n in globals() if not n.startswith("_")]
    raise AttributeError(
        f"module 'mslearn.numpy' has no attribute '{name}'.{_did_you_mean(name, known)}"
    )
