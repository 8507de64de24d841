"""Transforms for images (`mslearn.dataset.vision`).

A NumPy image gives a NumPy image with the arithmetic of MindSpore's C++ kernels (OpenCV's), a PIL
image gives a PIL image with Pillow's. Pillow is needed for PIL images, encoded images and
`Inter.PILCUBIC` only: ``pip install 'mslearn[data]'``.
"""

from mslearn.dataset.missing import missing as _missing
from mslearn.dataset.vision.adjust import AdjustBrightness as AdjustBrightness
from mslearn.dataset.vision.adjust import AdjustContrast as AdjustContrast
from mslearn.dataset.vision.adjust import AdjustGamma as AdjustGamma
from mslearn.dataset.vision.adjust import AdjustHue as AdjustHue
from mslearn.dataset.vision.adjust import AdjustSaturation as AdjustSaturation
from mslearn.dataset.vision.adjust import AdjustSharpness as AdjustSharpness
from mslearn.dataset.vision.adjust import AutoContrast as AutoContrast
from mslearn.dataset.vision.adjust import Equalize as Equalize
from mslearn.dataset.vision.adjust import Invert as Invert
from mslearn.dataset.vision.adjust import Posterize as Posterize
from mslearn.dataset.vision.adjust import Solarize as Solarize
from mslearn.dataset.vision.boxes import BoundingBoxAugment as BoundingBoxAugment
from mslearn.dataset.vision.boxes import RandomCropWithBBox as RandomCropWithBBox
from mslearn.dataset.vision.boxes import (
    RandomHorizontalFlipWithBBox as RandomHorizontalFlipWithBBox,
)
from mslearn.dataset.vision.boxes import RandomResizedCropWithBBox as RandomResizedCropWithBBox
from mslearn.dataset.vision.boxes import RandomResizeWithBBox as RandomResizeWithBBox
from mslearn.dataset.vision.boxes import RandomVerticalFlipWithBBox as RandomVerticalFlipWithBBox
from mslearn.dataset.vision.boxes import ResizeWithBBox as ResizeWithBBox
from mslearn.dataset.vision.codec import Decode as Decode
from mslearn.dataset.vision.codec import encode_jpeg as encode_jpeg
from mslearn.dataset.vision.codec import encode_png as encode_png
from mslearn.dataset.vision.codec import get_image_num_channels as get_image_num_channels
from mslearn.dataset.vision.codec import get_image_size as get_image_size
from mslearn.dataset.vision.codec import read_file as read_file
from mslearn.dataset.vision.codec import read_image as read_image
from mslearn.dataset.vision.codec import write_file as write_file
from mslearn.dataset.vision.codec import write_jpeg as write_jpeg
from mslearn.dataset.vision.codec import write_png as write_png
from mslearn.dataset.vision.convert import ConvertColor as ConvertColor
from mslearn.dataset.vision.convert import HsvToRgb as HsvToRgb
from mslearn.dataset.vision.convert import LinearTransformation as LinearTransformation
from mslearn.dataset.vision.convert import NormalizePad as NormalizePad
from mslearn.dataset.vision.convert import RgbToHsv as RgbToHsv
from mslearn.dataset.vision.convert import ToNumpy as ToNumpy
from mslearn.dataset.vision.convert import ToPIL as ToPIL
from mslearn.dataset.vision.enums import AutoAugmentPolicy as AutoAugmentPolicy
from mslearn.dataset.vision.enums import Border as Border
from mslearn.dataset.vision.enums import ConvertMode as ConvertMode
from mslearn.dataset.vision.enums import ImageBatchFormat as ImageBatchFormat
from mslearn.dataset.vision.enums import ImageReadMode as ImageReadMode
from mslearn.dataset.vision.enums import Inter as Inter
from mslearn.dataset.vision.enums import SliceMode as SliceMode
from mslearn.dataset.vision.geometry import CenterCrop as CenterCrop
from mslearn.dataset.vision.geometry import Crop as Crop
from mslearn.dataset.vision.geometry import HorizontalFlip as HorizontalFlip
from mslearn.dataset.vision.geometry import Pad as Pad
from mslearn.dataset.vision.geometry import PadToSize as PadToSize
from mslearn.dataset.vision.geometry import RandomCrop as RandomCrop
from mslearn.dataset.vision.geometry import RandomHorizontalFlip as RandomHorizontalFlip
from mslearn.dataset.vision.geometry import RandomVerticalFlip as RandomVerticalFlip
from mslearn.dataset.vision.geometry import VerticalFlip as VerticalFlip
from mslearn.dataset.vision.jitter import Grayscale as Grayscale
from mslearn.dataset.vision.jitter import RandomAdjustSharpness as RandomAdjustSharpness
from mslearn.dataset.vision.jitter import RandomAutoContrast as RandomAutoContrast
from mslearn.dataset.vision.jitter import RandomColor as RandomColor
from mslearn.dataset.vision.jitter import RandomColorAdjust as RandomColorAdjust
from mslearn.dataset.vision.jitter import RandomEqualize as RandomEqualize
from mslearn.dataset.vision.jitter import RandomGrayscale as RandomGrayscale
from mslearn.dataset.vision.jitter import RandomInvert as RandomInvert
from mslearn.dataset.vision.jitter import RandomLighting as RandomLighting
from mslearn.dataset.vision.jitter import RandomPosterize as RandomPosterize
from mslearn.dataset.vision.jitter import RandomSharpness as RandomSharpness
from mslearn.dataset.vision.jitter import RandomSolarize as RandomSolarize
from mslearn.dataset.vision.mixing import CutMixBatch as CutMixBatch
from mslearn.dataset.vision.mixing import MixUp as MixUp
from mslearn.dataset.vision.mixing import MixUpBatch as MixUpBatch
from mslearn.dataset.vision.patches import CutOut as CutOut
from mslearn.dataset.vision.patches import Erase as Erase
from mslearn.dataset.vision.patches import FiveCrop as FiveCrop
from mslearn.dataset.vision.patches import GaussianBlur as GaussianBlur
from mslearn.dataset.vision.patches import RandomErasing as RandomErasing
from mslearn.dataset.vision.patches import SlicePatches as SlicePatches
from mslearn.dataset.vision.patches import TenCrop as TenCrop
from mslearn.dataset.vision.pixels import HWC2CHW as HWC2CHW
from mslearn.dataset.vision.pixels import Normalize as Normalize
from mslearn.dataset.vision.pixels import Rescale as Rescale
from mslearn.dataset.vision.pixels import ToTensor as ToTensor
from mslearn.dataset.vision.pixels import ToType as ToType
from mslearn.dataset.vision.policies import AutoAugment as AutoAugment
from mslearn.dataset.vision.policies import RandAugment as RandAugment
from mslearn.dataset.vision.policies import RandomSelectSubpolicy as RandomSelectSubpolicy
from mslearn.dataset.vision.policies import TrivialAugmentWide as TrivialAugmentWide
from mslearn.dataset.vision.policies import UniformAugment as UniformAugment
from mslearn.dataset.vision.resizing import RandomCropDecodeResize as RandomCropDecodeResize
from mslearn.dataset.vision.resizing import RandomResize as RandomResize
from mslearn.dataset.vision.resizing import RandomResizedCrop as RandomResizedCrop
from mslearn.dataset.vision.resizing import Resize as Resize
from mslearn.dataset.vision.resizing import ResizedCrop as ResizedCrop
from mslearn.dataset.vision.rotation import Affine as Affine
from mslearn.dataset.vision.rotation import Perspective as Perspective
from mslearn.dataset.vision.rotation import RandomAffine as RandomAffine
from mslearn.dataset.vision.rotation import RandomPerspective as RandomPerspective
from mslearn.dataset.vision.rotation import RandomRotation as RandomRotation
from mslearn.dataset.vision.rotation import Rotate as Rotate


def __getattr__(name: str) -> object:
    raise _missing(__name__, name, globals())
