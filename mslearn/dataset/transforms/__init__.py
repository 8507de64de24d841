"""Transforms for data of any kind (`mslearn.dataset.transforms`)."""

from mslearn.dataset.missing import missing as _missing
from mslearn.dataset.transforms.common import Fill as Fill
from mslearn.dataset.transforms.common import Mask as Mask
from mslearn.dataset.transforms.common import OneHot as OneHot
from mslearn.dataset.transforms.common import RandomApply as RandomApply
from mslearn.dataset.transforms.common import RandomChoice as RandomChoice
from mslearn.dataset.transforms.common import RandomOrder as RandomOrder
from mslearn.dataset.transforms.common import Relational as Relational
from mslearn.dataset.transforms.common import TypeCast as TypeCast
from mslearn.dataset.transforms.operation import Compose as Compose
from mslearn.dataset.transforms.rearrange import Concatenate as Concatenate
from mslearn.dataset.transforms.rearrange import Duplicate as Duplicate
from mslearn.dataset.transforms.rearrange import PadEnd as PadEnd
from mslearn.dataset.transforms.rearrange import Plugin as Plugin
from mslearn.dataset.transforms.rearrange import Slice as Slice
from mslearn.dataset.transforms.rearrange import Unique as Unique


def __getattr__(name: str) -> object:
    raise _missing(__name__, name, globals())
