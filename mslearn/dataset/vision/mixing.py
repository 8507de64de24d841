"""Transforms of a whole batch with its labels: MixUp and CutMix. Use them after `batch`."""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.dataset.checks import check_bool, check_int
from mslearn.dataset.transforms.common import check_probability
from mslearn.dataset.transforms.operation import Operation
from mslearn.dataset.vision.checks import above_zero
from mslearn.dataset.vision.enums import ImageBatchFormat


class _BatchMix(Operation):
    """Takes two columns: images <N,…> and one-hot labels <N,classes> (or <N,rows,classes>)."""

    random = True

    def __call__(self, *inputs: Any) -> Any:
        name = type(self).__name__
        if len(inputs) != 2:
            raise RuntimeError(
                f"{name} takes two columns, images and labels, but got {len(inputs)}: "
                f"batch(…).map({name}(…), ['image', 'label'])."
            )
        images, labels = (self._input(v) for v in inputs)
        if images.ndim != 4:
            raise RuntimeError(
                f"{name}: images must be a batch <N,H,W,C>, but the shape is {list(images.shape)}. "
                f"Put this map after batch."
            )
        if labels.ndim not in (2, 3) or labels.dtype.kind not in "biuf":
            raise RuntimeError(
                f"{name}: labels must be one-hot, <N,classes>, but got {labels.dtype} with shape "
                f"{list(labels.shape)}. Use transforms.OneHot first."
            )
        if len(images) != len(labels):
            raise RuntimeError(f"{name}: {len(images)} images do not go with {len(labels)} labels.")
        return self.mix(images, labels.astype(np.float32))

    def mix(self, images: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The mixed images and labels."""
        raise NotImplementedError


def _share(first: np.ndarray, second: np.ndarray, part: Any) -> np.ndarray:
    part = np.asarray(part, np.float32).reshape(-1, *[1] * (first.ndim - 1))
    return first.astype(np.float32) * part + second.astype(np.float32) * (1 - part)


class MixUpBatch(_BatchMix):
    """Blend every image, and its label, with another of the batch (Zhang and others, 2017).

    Args:
        alpha: of the Beta(alpha, alpha) from which the one share of all images is drawn.

    >>> import numpy as np
    >>> x, y = MixUpBatch(0.5)(np.zeros((2, 4, 4, 3), np.uint8), np.eye(2))
    >>> y.sum(-1).tolist()
    [1.0, 1.0]
    """

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = above_zero(alpha, "alpha")

    def mix(self, images: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        part = self.generator.beta(self.alpha, self.alpha)
        other = self.generator.permutation(len(images))
        mixed = _share(images, images[other], part).astype(images.dtype)
        return mixed, _share(labels, labels[other], part)


class CutMixBatch(_BatchMix):
    """Paste a rectangle of another image of the batch (Yun and others, 2019).

    The label becomes the mean of both labels, weighted by area.

    Args:
        image_batch_format: NHWC or NCHW.
        alpha: of the Beta(alpha, alpha) from which each rectangle's area is drawn.
        prob: that an image is changed.
    """

    def __init__(
        self, image_batch_format: ImageBatchFormat, alpha: float = 1.0, prob: float = 1.0
    ) -> None:
        if not isinstance(image_batch_format, ImageBatchFormat):
            raise TypeError(
                f"CutMixBatch: image_batch_format must be a vision.ImageBatchFormat, but got "
                f"{image_batch_format!r}."
            )
        self.image_batch_format = image_batch_format
        self.alpha = above_zero(alpha, "alpha")
        self.prob = check_probability(prob, "CutMixBatch")

    def mix(self, images: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        last = self.image_batch_format is ImageBatchFormat.NHWC
        channels = images.shape[3 if last else 1]
        if channels not in (1, 3):
            raise RuntimeError(
                f"CutMixBatch: images {list(images.shape)} read as "
                f"{self.image_batch_format.name} have {channels} channels; is the format right?"
            )
        height, width = images.shape[1:3] if last else images.shape[2:]
        draw = self.generator
        other = draw.permutation(len(images))
        out, mixed = images.copy(), labels.copy()
        for i, j in enumerate(other):
            if draw.random() >= self.prob:
                continue
            side = np.sqrt(1 - draw.beta(self.alpha, self.alpha))
            tall, wide = int(height * side), int(width * side)
            y, x = int(draw.integers(height)), int(draw.integers(width))
            rows = slice(max(y - tall // 2, 0), min(y + tall // 2, height))
            columns = slice(max(x - wide // 2, 0), min(x + wide // 2, width))
            place = (rows, columns) if last else (slice(None), rows, columns)
            out[i][place] = images[j][place]
            area = (rows.stop - rows.start) * (columns.stop - columns.start)
            part = 1 - area / (height * width)
            mixed[i] = labels[i] * part + labels[j] * (1 - part)
        return out, mixed


class MixUp(_BatchMix):
    """Blend images and labels of batches, in Python; see `MixUpBatch`.

    Args:
        batch_size: images in a batch.
        alpha: of the Beta(alpha, alpha) from which the shares are drawn.
        is_single: blend within the batch; else with the batch before.
    """

    def __init__(self, batch_size: int, alpha: float, is_single: bool = True) -> None:
        self.batch_size = check_int(batch_size, "batch_size", 1)
        self.alpha = above_zero(alpha, "alpha")
        self.is_single = check_bool(is_single, "is_single")
        self._before: tuple[np.ndarray, np.ndarray] | None = None

    def mix(self, images: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if len(images) != self.batch_size:
            raise RuntimeError(
                f"MixUp: batch_size is {self.batch_size}, but the batch has {len(images)} images. "
                f"Use batch(…, drop_remainder=True)."
            )
        parts = self.generator.beta(self.alpha, self.alpha, len(images))
        if self.is_single:
            other = self.generator.permutation(len(images))
            second = (images[other], labels[other])
        else:
            second = self._before or (images, labels)
            self._before = (images, labels)
        return _share(images, second[0], parts), _share(labels, second[1], parts)
