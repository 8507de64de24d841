"""Random image transforms: range, probability, shape, dtype, seeds; batches and boxes."""

import numpy as np
import pytest
from PIL import Image

import mslearn.dataset as ds
from mslearn.dataset import transforms, vision
from mslearn.dataset.vision import Inter

RGB = np.random.RandomState(0).randint(0, 256, (24, 30, 3)).astype(np.uint8)
CHW = np.ascontiguousarray(RGB.transpose(2, 0, 1)).astype(np.float32) / 255

# transform -> shape of its result for a 24 by 30 image
RANDOM = {
    "RandomCrop(8)": (8, 8, 3),
    "RandomCrop((30, 40), 2, True, (1, 2, 3), vision.Border.EDGE)": (30, 40, 3),
    "RandomResizedCrop((9, 7), (0.1, 0.6), (0.5, 2.0))": (9, 7, 3),
    "RandomResizedCrop(9, interpolation=Inter.AREA)": (9, 9, 3),
    "RandomResize(12)": (12, 15, 3),
    "RandomHorizontalFlip()": (24, 30, 3),
    "RandomVerticalFlip()": (24, 30, 3),
    "RandomRotation(40)": (24, 30, 3),
    "RandomAffine(20, (-0.2, 0.2, -0.1, 0.1), (0.8, 1.2), 8, Inter.BILINEAR, (9, 9, 9))": (
        24,
        30,
        3,
    ),
    "RandomColorAdjust(0.4, (0.5, 1.5), 0.3, 0.2)": (24, 30, 3),
    "RandomColor()": (24, 30, 3),
    "RandomSharpness()": (24, 30, 3),
    "RandomPosterize((1, 8))": (24, 30, 3),
    "RandomSolarize()": (24, 30, 3),
    "RandomInvert()": (24, 30, 3),
    "RandomEqualize()": (24, 30, 3),
    "RandomAutoContrast()": (24, 30, 3),
    "RandomAdjustSharpness(2.0)": (24, 30, 3),
    "RandomLighting(1.0)": (24, 30, 3),
    "CutOut(5, 2)": (24, 30, 3),
    "RandAugment(3, 9)": (24, 30, 3),
    "AutoAugment()": (24, 30, 3),
    "AutoAugment(vision.AutoAugmentPolicy.CIFAR10, Inter.BILINEAR, 7)": (24, 30, 3),
    "AutoAugment(vision.AutoAugmentPolicy.SVHN)": (24, 30, 3),
    "TrivialAugmentWide()": (24, 30, 3),
    "UniformAugment([vision.Invert(), vision.RandomRotation(30), vision.Posterize(2)])": (
        24,
        30,
        3,
    ),
    "RandomSelectSubpolicy([[(vision.Invert(), 0.5), (vision.RandomRotation(9), 1.0)]])": (
        24,
        30,
        3,
    ),
}
FOR_PIL = [
    name
    for name in RANDOM
    if name.split("(")[0]
    in {
        "RandomCrop", "RandomResizedCrop", "RandomHorizontalFlip", "RandomVerticalFlip",
        "RandomRotation", "RandomAffine", "RandomColorAdjust", "RandomColor", "RandomSharpness",
        "RandomLighting",
    }
    and "AREA" not in name
]  # fmt: skip


def make(name):
    return eval(f"vision.{name}", {"vision": vision, "Inter": Inter})


def rows(op, workers=1, value=RGB, count=12, seed=3):
    ds.config.set_seed(seed)
    data = ds.GeneratorDataset([(value,)] * count, ["x"], shuffle=False)
    data = data.map(op, "x", num_parallel_workers=workers)
    return [r[0] for r in data.create_tuple_iterator(output_numpy=True, num_epochs=1)]


@pytest.mark.parametrize("name", RANDOM)
def test_shape_type_and_seed(name):
    before = RGB.copy()
    first, again, other = rows(make(name)), rows(make(name), 2), rows(make(name), seed=4)
    assert all(r.shape == RANDOM[name] and r.dtype == np.uint8 for r in first)
    np.testing.assert_array_equal(np.stack(first), np.stack(again))
    assert any((a != b).any() for a, b in zip(first, other, strict=True))
    assert any((first[0] != r).any() for r in first[1:])
    np.testing.assert_array_equal(RGB, before)


@pytest.mark.parametrize("name", FOR_PIL)
def test_pil_stays_pil(name):
    found = make(name)(Image.fromarray(RGB))
    assert isinstance(found, Image.Image)
    assert np.asarray(found).shape == RANDOM[name]


@pytest.mark.parametrize(
    ("op", "changed"),
    [
        (vision.RandomHorizontalFlip(0.3), RGB[:, ::-1]),
        (vision.RandomVerticalFlip(0.3), RGB[::-1]),
        (vision.RandomInvert(0.3), 255 - RGB),
        (vision.RandomEqualize(0.3), vision.Equalize()(RGB)),
        (vision.RandomAdjustSharpness(3.0, 0.3), vision.AdjustSharpness(3.0)(RGB)),
    ],
    ids=lambda v: type(v).__name__,
)
def test_probability(op, changed):
    found = rows(op, count=400)
    share = np.mean([np.array_equal(r, changed) for r in found])
    assert 0.2 < share < 0.4
    assert all(np.array_equal(r, changed) or np.array_equal(r, RGB) for r in found)


def test_factors_stay_in_range():
    flat = np.full((4, 4, 3), 100, np.uint8)
    found = [int(r[0, 0, 0]) for r in rows(vision.RandomColorAdjust((0.5, 1.5)), 1, flat, 300)]
    assert 50 <= min(found) < 60
    assert 140 < max(found) <= 150
    levels = {
        int(v) for r in rows(vision.RandomPosterize((1, 3)), 1, RGB, 40) for v in np.unique(r)
    }
    assert all(v % 32 == 0 for v in levels)


def test_crop_reaches_every_place():
    places = np.arange(16, dtype=np.uint8).reshape(4, 4)
    corners = {int(r[0, 0]) for r in rows(vision.RandomCrop(2), 1, places, 200)}
    assert corners == {0, 1, 2, 4, 5, 6, 8, 9, 10}


def test_resized_crop_keeps_to_scale_and_ratio():
    op = vision.RandomResizedCrop(5, (0.2, 0.5), (0.5, 2.0))
    for _ in range(300):
        top, left, tall, wide = op.box(60, 80)
        assert 0 <= top <= 60 - tall and 0 <= left <= 80 - wide
        assert 0.18 < tall * wide / 4800 < 0.53
        assert 0.48 < wide / tall < 2.1
    assert vision.RandomResizedCrop(5, (1.0, 1.0), (9.0, 9.0)).box(10, 100) == (0, 5, 10, 90)


def test_rotation_range_and_fill():
    white = np.full((9, 9, 1), 255, np.uint8)
    assert all((r == 255).all() for r in rows(vision.RandomRotation((0, 0)), 1, white, 3))
    turned = rows(vision.RandomRotation((45, 45), fill_value=7), 1, white, 3)
    assert all(set(np.unique(r)) == {7, 255} for r in turned)


def test_erasing():
    op = vision.RandomErasing(1.0, (0.1, 0.2), (0.5, 2.0), value=(2, 3, 4))
    for found in rows(op, 1, CHW, 20):
        erased = found[0] == 2
        assert 0.05 < erased.mean() < 0.25
        assert (found[1][erased] == 3).all() and (found[2][erased] == 4).all()
        np.testing.assert_array_equal(found[:, ~erased], CHW[:, ~erased])
    noise = rows(vision.RandomErasing(1.0, value="random"), 1, CHW, 3)
    assert all((r < 0).any() for r in noise)
    changed = [(r != CHW).any() for r in rows(vision.RandomErasing(0.3), 1, CHW, 300)]
    assert 0.2 < np.mean(changed) < 0.4


def test_cut_out_is_black():
    white = np.full((12, 12, 3), 255, np.uint8)
    assert all((r == 0).all(-1).sum() == 9 for r in rows(vision.CutOut(3), 1, white, 9))
    assert vision.CutOut(3, is_hwc=False)(white.transpose(2, 0, 1)).sum() == 135 * 3 * 255


def mixed(op, classes=4):
    ds.config.set_seed(2)
    images = np.random.RandomState(1).randint(0, 256, (8, 6, 5, 3)).astype(np.uint8)
    data = ds.NumpySlicesDataset({"x": images, "y": np.arange(8) % classes}, shuffle=False)
    data = data.map(transforms.OneHot(classes), "y").batch(8).map(op, ["x", "y"])
    ((x, y),) = data.create_tuple_iterator(output_numpy=True, num_epochs=1)
    return images, x, y


def test_mix_up_batch():
    images, x, y = mixed(vision.MixUpBatch(0.9))
    assert x.dtype == np.uint8 and x.shape == images.shape
    assert y.dtype == np.float32
    np.testing.assert_allclose(y.sum(-1), 1, rtol=1e-6)
    assert len(np.unique(np.sort(y[y > 0]).round(5))) <= 3  # one share for all images


def test_cut_mix_batch():
    images, x, y = mixed(vision.CutMixBatch(vision.ImageBatchFormat.NHWC, 1.0, 1.0))
    np.testing.assert_allclose(y.sum(-1), 1, rtol=1e-6)
    for i in range(8):  # the label's share is the share of pixels that stayed
        own = (x[i] == images[i]).all(-1).mean()
        assert y[i, i % 4] >= own - 1e-6
    _, same, labels = mixed(vision.CutMixBatch(vision.ImageBatchFormat.NHWC, 1.0, 0.0))
    np.testing.assert_array_equal(same, images)
    assert set(labels.ravel()) == {0, 1}
    with pytest.raises(RuntimeError, match="is the format right"):
        vision.CutMixBatch(vision.ImageBatchFormat.NCHW)(images, labels)


def test_mix_up():
    _, x, y = mixed(vision.MixUp(8, 0.9))
    assert x.shape == (8, 6, 5, 3) and y.shape == (8, 4)
    op = vision.MixUp(2, 0.5, False)
    images = np.stack([RGB, RGB]).astype(np.float32)
    first, _ = op(images, np.eye(2))
    np.testing.assert_allclose(first, images, rtol=1e-5)  # there is no batch before the first
    second, _ = op(images * 0, np.eye(2))
    assert (second <= images + 1e-3).all() and second.any()


BOXES = np.array([[2, 3, 5, 6], [10, 8, 12, 9], [0, 0, 30, 24]], np.float32)


@pytest.mark.parametrize(
    "name",
    [
        "RandomCropWithBBox((14, 15))",
        "RandomCropWithBBox(40, 3, True)",
        "RandomResizedCropWithBBox((12, 11), (0.3, 0.9))",
        "RandomResizeWithBBox((20, 40))",
        "RandomHorizontalFlipWithBBox()",
        "RandomVerticalFlipWithBBox()",
        "BoundingBoxAugment(vision.RandomRotation(90), 0.9)",
        "BoundingBoxAugment(vision.Resize(3), 1.0)",
    ],
)
def test_boxes_stay_inside(name):
    def run(workers):
        ds.config.set_seed(5)
        data = ds.GeneratorDataset([(RGB, BOXES)] * 9, ["x", "b"], shuffle=False)
        data = data.map(make(name), ["x", "b"], num_parallel_workers=workers)
        return list(data.create_tuple_iterator(output_numpy=True, num_epochs=1))

    for (image, boxes), (image2, boxes2) in zip(run(1), run(2), strict=True):
        np.testing.assert_array_equal(image, image2)
        np.testing.assert_array_equal(boxes, boxes2)
        height, width = image.shape[:2]
        x, y, w, h = boxes.T
        assert boxes.dtype == np.float32 and (boxes >= 0).all()
        assert (x + w <= width + 1e-3).all() and (y + h <= height + 1e-3).all()


def test_flipped_boxes_hold_the_same_pixels():
    image = np.zeros((24, 30, 3), np.uint8)
    image[3:9, 2:7] = 200
    box = BOXES[:1]
    for op in (vision.RandomHorizontalFlipWithBBox(1.0), vision.RandomVerticalFlipWithBBox(1.0)):
        found, ((x, y, w, h),) = op(image, box)
        inside = found[int(y) : int(y + h), int(x) : int(x + w)]
        assert (inside == 200).all() and inside.sum() == image.sum()


@pytest.mark.parametrize("boxes", [BOXES.astype(np.float64), BOXES[:, :3], BOXES + 20])
def test_bad_boxes(boxes):
    with pytest.raises(RuntimeError, match="box"):
        vision.ResizeWithBBox(5)(RGB, boxes)
