"""Whole blocks give exactly what single rows give; bad transforms say what is wrong."""

import numpy as np
import pytest

import mslearn as ms
import mslearn.dataset as ds
from mslearn.dataset import transforms, vision

_RNG = np.random.RandomState(0)
_COLOUR = _RNG.randint(0, 256, (6, 5, 4, 3)).astype(np.uint8)
_LABELS = np.array([3, 0, 2, 1, 1, 3], np.uint32)

CASES = [
    (vision.Rescale(1 / 255, 0), _COLOUR),
    (vision.Rescale(1 / 127.5, -1.0), _COLOUR.astype(np.float64)),
    (vision.Normalize([1.0, 2, 3], [4.0, 5, 6]), _COLOUR),
    (vision.Normalize([1.0, 2, 3], [4.0, 5, 6], False), np.moveaxis(_COLOUR, -1, 1)),
    (vision.Normalize([1.0], [4.0]), _COLOUR[..., 0]),
    (vision.Normalize([1.0], [4.0]), _COLOUR),  # one number serves all channels, as in MindSpore
    (vision.Normalize([1.0], [4.0], False), np.moveaxis(_COLOUR, -1, 1)),
    (vision.NormalizePad([1.0, 2, 3], [4.0, 5, 6]), _COLOUR),
    (vision.NormalizePad([1.0, 2, 3], [4.0, 5, 6], "float16", False), np.moveaxis(_COLOUR, -1, 1)),
    *[
        (op, images)
        for op in (
            vision.Resize((7, 9)),
            vision.Resize(3),
            vision.Resize((8, 3), vision.Inter.NEAREST),
            vision.Resize((3, 9), vision.Inter.BICUBIC),
            vision.Resize((2, 3), vision.Inter.AREA),
            vision.Resize((5, 4)),
            vision.HorizontalFlip(),
            vision.VerticalFlip(),
            vision.CenterCrop((3, 8)),
        )
        for images in (_COLOUR, _COLOUR[..., 0], _COLOUR.astype(np.float32))
    ],
    (vision.Resize((3, 2)), np.pad(_COLOUR, [(0, 0), (0, 1), (0, 0), (0, 0)])),
    (vision.Invert(), _COLOUR),
    (vision.HWC2CHW(), _COLOUR),
    (vision.HWC2CHW(), _COLOUR[..., :1]),
    (vision.HWC2CHW(), _COLOUR[..., 0]),
    (vision.ToTensor(), _COLOUR),
    (vision.ToTensor(np.float16), _COLOUR[..., 0]),
    (vision.ToType(np.int16), _COLOUR),
    (transforms.TypeCast(ms.float16), _COLOUR),
    (transforms.TypeCast(ms.uint8), _COLOUR.astype(np.float32) - 99.5),
    (transforms.OneHot(4), _LABELS),
    (transforms.OneHot(5, 0.1), _LABELS),
    (transforms.Fill(2), _COLOUR),
    (transforms.Mask(transforms.Relational.LE, 99), _COLOUR),
]


@pytest.mark.parametrize("case", range(len(CASES)))
def test_blocks_equal_rows(case):
    op, rows = CASES[case]
    before = rows.copy()
    whole = op.batched(rows)
    single = np.stack([op(row) for row in rows])
    assert whole is not None and whole.dtype == single.dtype
    np.testing.assert_array_equal(whole, single)
    np.testing.assert_array_equal(rows, before)


def test_every_block_form_is_tested():
    def below(cls):
        return {cls} | {c for s in cls.__subclasses__() for c in below(s)}

    base = transforms.operation.Operation
    with_blocks = {c for c in below(base) if c.batched is not base.batched}
    assert with_blocks == {type(op) for op, _ in CASES}


def test_ragged_rows_go_one_by_one():
    data = ds.GeneratorDataset([np.ones((n, 2, 1), np.uint8) for n in (1, 2, 3)], ["x"])
    rows = data.map([vision.Rescale(0.5, 0), vision.HWC2CHW()], "x")
    assert sorted(r[0].shape for r in rows) == [(1, 1, 2), (1, 2, 2), (1, 3, 2)]


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: vision.Normalize(0.1, 0.3), TypeError, r"write \[0.1\]"),
        (lambda: vision.Normalize([1, 2], [1.0]), ValueError, "same length.*2 and 1"),
        (lambda: vision.Normalize([1], [0]), ValueError, r"std\[0\] must be in \(0, 255\]"),
        (lambda: vision.Normalize([300], [1]), ValueError, r"mean\[0\]"),
        (lambda: vision.Rescale("a", 0), TypeError, "rescale must be a number"),
        (lambda: vision.HWC2CHW()("text"), TypeError, "should be NumPy or PIL image"),
        (lambda: vision.HWC2CHW()(np.zeros((2, 3, 3, 1))), RuntimeError, "rank 4.*before batch"),
        (lambda: vision.HWC2CHW()(_COLOUR[0], _COLOUR[0]), RuntimeError, "one column"),
        (lambda: vision.RandomCrop(9)(_COLOUR[0]), RuntimeError, "bigger than the image"),
        (lambda: vision.RandomHorizontalFlip(2), ValueError, "from 0.0 to 1.0"),
        (lambda: transforms.TypeCast("int3"), TypeError, "mslearn.int32"),
        (lambda: transforms.OneHot(4)(np.array(4)), RuntimeError, "from 0 to 3.*got 4"),
        (lambda: transforms.OneHot(4)(np.array(-1)), RuntimeError, "got -1"),
        (lambda: transforms.OneHot(4)(np.array(1.0)), RuntimeError, "int type"),
        (lambda: transforms.OneHot(-1), ValueError, "num_classes"),
        (lambda: transforms.Compose([]), ValueError, "can not be empty"),
        (lambda: transforms.Compose(vision.HWC2CHW()), TypeError, r"Compose\(\[…\]\)"),
        (lambda: transforms.Compose([3]), TypeError, r"transforms\[0\]"),
    ],
)
def test_messages(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_one_mean_and_spread_serve_all_channels():
    one, three = vision.Normalize([2.0], [4.0]), vision.Normalize([2.0] * 3, [4.0] * 3)
    assert np.array_equal(one(_COLOUR[0]), three(_COLOUR[0]))
