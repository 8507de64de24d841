"""Choices that image transforms take."""

from __future__ import annotations

from enum import Enum, IntEnum


class Inter(IntEnum):
    """How to fill in pixels between pixels."""

    NEAREST = 0
    ANTIALIAS = 1
    BILINEAR = LINEAR = 2
    BICUBIC = CUBIC = 3
    AREA = 4
    PILCUBIC = 5


class Border(str, Enum):
    """What stands outside an image: a constant, its edge, or its mirror image."""

    CONSTANT = "constant"
    EDGE = "edge"
    REFLECT = "reflect"
    SYMMETRIC = "symmetric"
