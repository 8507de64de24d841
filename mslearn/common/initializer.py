"""``from mslearn.common.initializer import Normal``: the path that MindSpore code uses."""

from mslearn.core.initializer import Constant as Constant
from mslearn.core.initializer import HeNormal as HeNormal
from mslearn.core.initializer import HeUniform as HeUniform
from mslearn.core.initializer import Initializer as Initializer
from mslearn.core.initializer import Normal as Normal
from mslearn.core.initializer import One as One
from mslearn.core.initializer import TruncatedNormal as TruncatedNormal
from mslearn.core.initializer import Uniform as Uniform
from mslearn.core.initializer import XavierNormal as XavierNormal
from mslearn.core.initializer import XavierUniform as XavierUniform
from mslearn.core.initializer import Zero as Zero
from mslearn.core.initializer import initializer as initializer
