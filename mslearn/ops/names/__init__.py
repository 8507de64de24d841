"""Names of MindSpore that are compositions here, as tables: no kernel stands in this folder.

Loaded last, when all functions are there; they are added to `mslearn.ops`.
"""

from mslearn import ops as _ops
from mslearn.ops.names.functions import FUNCTIONS as _FUNCTIONS

for _name, _function in _FUNCTIONS.items():
    vars(_ops).setdefault(_name, _function)
from mslearn.ops.names import classes_more as _classes_more  # noqa: E402, F401
from mslearn.ops.names import classes_rare as _classes_rare  # noqa: E402, F401
from mslearn.ops.names import keywords as _keywords  # noqa: E402, F401
from mslearn.ops.names import random as _random  # noqa: E402, F401
from mslearn.ops.names import sequences as _sequences  # noqa: E402, F401
from mslearn.ops.names import vision as _vision  # noqa: E402, F401
from mslearn.ops.names.classes import classes as classes  # noqa: E402
