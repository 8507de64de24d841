"""`mint.special`: special functions."""

from mslearn.mint.build import functions
from mslearn.mint.nn.functional import FUNCTIONS as _F

globals().update(functions(__name__, "erfc exp2 expm1 log1p round sinc", {}, {}))
log_softmax = _F["log_softmax"]
