"""Transforms for images (`mslearn.dataset.vision`)."""

from mslearn.dataset.vision.enums import Border as Border
from mslearn.dataset.vision.enums import Inter as Inter
from mslearn.dataset.vision.geometry import CenterCrop as CenterCrop
from mslearn.dataset.vision.geometry import HorizontalFlip as HorizontalFlip
from mslearn.dataset.vision.geometry import Pad as Pad
from mslearn.dataset.vision.geometry import RandomCrop as RandomCrop
from mslearn.dataset.vision.geometry import RandomHorizontalFlip as RandomHorizontalFlip
from mslearn.dataset.vision.geometry import RandomVerticalFlip as RandomVerticalFlip
from mslearn.dataset.vision.geometry import VerticalFlip as VerticalFlip
from mslearn.dataset.vision.pixels import HWC2CHW as HWC2CHW
from mslearn.dataset.vision.pixels import Normalize as Normalize
from mslearn.dataset.vision.pixels import Rescale as Rescale
from mslearn.dataset.vision.pixels import ToTensor as ToTensor
from mslearn.dataset.vision.pixels import ToType as ToType
