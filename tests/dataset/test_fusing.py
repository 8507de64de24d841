"""Shortcuts through neighbouring transforms give what the transforms give one by one."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import mslearn.dataset as ds
from mslearn.dataset import vision
from mslearn.dataset.transforms.operation import Operation
from mslearn.dataset.vision.fusing import Fused, fuse

INTERS = ["NEAREST", "BILINEAR", "BICUBIC", "AREA"]
LISTS = {
    "crop": [vision.CenterCrop((9, 7))],
    "planes": [vision.Normalize([9.0, 8.0, 7.0], [3.0, 2.0, 1.0]), vision.HWC2CHW()],
    "one mean": [vision.Rescale(1 / 255, 0), vision.Normalize([0.5], [0.3]), vision.HWC2CHW()],
    "shift": [vision.Rescale(1 / 127.5, -1), vision.HWC2CHW()],
    "twice": [vision.Rescale(0.3, 0), vision.Rescale(7, 1), vision.HWC2CHW(), vision.HWC2CHW()],
}


def one_by_one(operations, value):
    for op in operations:
        value = op(value)
    return value


def by_pipeline(operations, value):
    rows = ds.GeneratorDataset([(value,)], ["x"]).map(operations, "x", num_parallel_workers=1)
    return next(rows.create_tuple_iterator(num_epochs=1, output_numpy=True))[0]


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32, np.float64])
def test_points_and_planes(name, dtype):
    image = (np.random.default_rng(0).random((11, 13, 3)) * 255).astype(dtype)
    got, want = by_pipeline(LISTS[name], image), one_by_one(LISTS[name], image)
    assert got.dtype == want.dtype and got.flags.writeable
    np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("inter", INTERS)
def test_resize_before_crop(inter):
    rng = np.random.default_rng(1)
    sizes = [(30, 40), (41, 37), (20, 20), (64, 64), (33, 200), (8, 9), (7, 31)]
    targets = [16, (16, 20), (15, 31), (32, 32), (9, 7), (200, 100)]
    crops = [9, (16, 16), (1, 16), (64, 64), (9, 7)]
    used = 0
    for size, target, crop in itertools.product(sizes, targets, crops):
        pair = [vision.Resize(target, vision.Inter[inter]), vision.CenterCrop(crop)]
        image = rng.integers(0, 256, (*size, 3), np.uint8)
        (step,) = fuse(pair)
        got, want = step.shortcut(image), one_by_one(pair, image)
        if got is not None:
            used += 1
            np.testing.assert_array_equal(got, want, f"{size} {target} {crop}")
            assert got.flags.writeable and got.flags.c_contiguous
    assert used > 80 if inter != "AREA" else used == 0


def test_pil_images_become_planes():
    pil = pytest.importorskip("PIL.Image")
    image = pil.fromarray(np.random.default_rng(2).integers(0, 256, (12, 10, 3), np.uint8))
    operations = [vision.ToPIL(), *LISTS["planes"]]
    np.testing.assert_array_equal(
        by_pipeline(operations, np.asarray(image)), one_by_one(LISTS["planes"], image)
    )


def test_what_is_fused():
    def names(operations):
        plan = fuse(operations)
        return [[type(p).__name__ for p in s.parts] if isinstance(s, Fused) else s for s in plan]

    def own(image):
        return image

    resize, crop, scale, chw = (
        vision.Resize(4), vision.CenterCrop(2), vision.Rescale(1, 0), vision.HWC2CHW()
    )  # fmt: skip
    assert names([resize, crop, scale, chw]) == [["Resize", "CenterCrop"], ["Rescale", "HWC2CHW"]]
    assert names([crop, own, resize, own, scale, own, chw]) == [
        crop, own, resize, own, scale, own, chw
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("operations", "guilty"),
    [
        ([vision.Resize(4), vision.CenterCrop(2)], "Resize"),
        ([vision.Normalize([1.0, 2.0], [1.0, 2.0]), vision.HWC2CHW()], "Normalize"),
        ([vision.Rescale(1, 0), vision.HWC2CHW()], "HWC2CHW"),
    ],
)
def test_errors_name_the_transform(operations, guilty):
    value = np.zeros((4, 4, 3)) if guilty == "Normalize" else np.zeros(5)
    with pytest.raises(RuntimeError, match=f"'{guilty}' failed"):
        by_pipeline(operations, value)


def test_slow_rows_reach_the_threads_within_the_first_batch(monkeypatch):
    import threading
    import time

    monkeypatch.setattr(ds.config, "cores", lambda: 2)  # also on a machine with one
    seen, both = set(), threading.Event()

    class Slow(Operation):
        def apply(self, array):
            name = threading.current_thread().name
            if name.startswith("mslearn-map"):
                seen.add(name)
                if len(seen) == 2:
                    both.set()
                assert both.wait(120), "the second thread has nothing to do"
            time.sleep(0.003)
            return array

    rows = ds.NumpySlicesDataset(np.zeros((32, 2, 2)), ["x"]).map(
        Slow(), "x", num_parallel_workers=2
    )
    next(rows.batch(32).create_tuple_iterator(num_epochs=1, output_numpy=True))
    assert len(seen) == 2
