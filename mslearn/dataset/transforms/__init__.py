"""Transforms for data of any kind (`mslearn.dataset.transforms`)."""

from mslearn.dataset.transforms.common import Concatenate as Concatenate
from mslearn.dataset.transforms.common import Duplicate as Duplicate
from mslearn.dataset.transforms.common import Fill as Fill
from mslearn.dataset.transforms.common import Mask as Mask
from mslearn.dataset.transforms.common import OneHot as OneHot
from mslearn.dataset.transforms.common import PadEnd as PadEnd
from mslearn.dataset.transforms.common import RandomApply as RandomApply
from mslearn.dataset.transforms.common import RandomChoice as RandomChoice
from mslearn.dataset.transforms.common import RandomOrder as RandomOrder
from mslearn.dataset.transforms.common import Relational as Relational
from mslearn.dataset.transforms.common import TypeCast as TypeCast
from mslearn.dataset.transforms.operation import Compose as Compose
