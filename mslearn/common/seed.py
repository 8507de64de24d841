"""`mindspore.common.seed`: the seed by its older path."""

from mslearn.core.random import get_seed as get_seed
from mslearn.core.random import set_seed as set_seed
