"""Reading and writing images; bad arguments and bad images say what is wrong."""

import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import mslearn.dataset as ds
from mslearn.dataset import vision
from mslearn.dataset.vision import ImageReadMode

RGB = np.random.RandomState(0).randint(0, 256, (13, 17, 3)).astype(np.uint8)


@pytest.fixture
def folder(tmp_path):
    image = Image.fromarray(RGB)
    alpha = np.dstack([RGB, RGB[..., 0]])
    image.save(tmp_path / "rgb.png")
    image.save(tmp_path / "rgb.bmp")
    image.save(tmp_path / "rgb.jpg", quality=95)
    image.convert("L").save(tmp_path / "gray.jpg")
    Image.fromarray(alpha).save(tmp_path / "alpha.png")
    image.convert("P").save(tmp_path / "palette.png")
    return tmp_path


# As real MindSpore gives them: <H,W,C>, grey with one channel, no alpha channel.
@pytest.mark.parametrize(
    ("name", "channels"),
    [
        ("rgb.png", 3),
        ("rgb.bmp", 3),
        ("rgb.jpg", 3),
        ("gray.jpg", 1),
        ("alpha.png", 3),
        ("palette.png", 3),
    ],
)
def test_read_image(folder, name, channels):
    path = str(folder / name)
    assert vision.read_image(path).shape == (13, 17, channels)
    assert vision.read_image(path, ImageReadMode.COLOR).shape == (13, 17, 3)
    assert vision.read_image(path, ImageReadMode.GRAYSCALE).shape == (13, 17, 1)
    assert vision.Decode()(vision.read_file(path)).shape == (13, 17, 3)


def test_exact_pixels(folder):
    np.testing.assert_array_equal(vision.read_image(str(folder / "rgb.png")), RGB)
    # A transparent image keeps its colours, whatever its alpha channel says.
    np.testing.assert_array_equal(vision.read_image(str(folder / "alpha.png")), RGB)


def test_write_and_read(tmp_path):
    path = str(tmp_path / "new.png")
    vision.write_png(path, RGB, 9)
    np.testing.assert_array_equal(vision.read_image(path), RGB)
    vision.write_jpeg(str(tmp_path / "new.jpg"), RGB[..., :1], 90)
    assert vision.read_image(str(tmp_path / "new.jpg")).shape == (13, 17, 1)
    smooth = np.full((16, 16, 3), 77, np.uint8)
    back = vision.Decode()(vision.encode_jpeg(smooth, 95))
    assert np.abs(back.astype(int) - smooth).max() <= 1
    np.testing.assert_array_equal(vision.Decode()(vision.encode_png(RGB)), RGB)
    vision.write_file(str(tmp_path / "raw"), np.arange(5, dtype=np.uint8))
    assert vision.read_file(str(tmp_path / "raw")).tolist() == [0, 1, 2, 3, 4]
    assert {p.name for p in tmp_path.iterdir()} == {"new.png", "new.jpg", "raw"}


def test_size_of_image():
    assert vision.get_image_size(RGB) == [13, 17]
    assert vision.get_image_size(Image.fromarray(RGB)) == [13, 17]
    assert vision.get_image_num_channels(RGB) == 3
    assert vision.get_image_num_channels(RGB[..., 0]) == 1
    assert vision.get_image_num_channels(Image.fromarray(RGB)) == 3


def _cut_short():
    out = io.BytesIO()
    Image.fromarray(np.kron(RGB, np.ones((9, 9, 1), np.uint8))).save(out, "JPEG")
    return np.frombuffer(out.getvalue()[:-900], np.uint8)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda p: vision.read_image(str(p / "none.png")), RuntimeError, "none.png"),
        (lambda p: vision.read_image(str(p), "color"), TypeError, "ImageReadMode"),
        (lambda p: vision.write_png(str(p / "no" / "x.png"), RGB), RuntimeError, "cannot write"),
        (lambda p: vision.encode_jpeg(RGB / 255), RuntimeError, "uint8"),
        (lambda p: vision.encode_jpeg(RGB, 101), ValueError, "quality"),
        (lambda p: vision.encode_png([1]), TypeError, "NumPy array"),
        (lambda p: vision.write_file(str(p / "x"), RGB), RuntimeError, "1-D uint8"),
        (lambda p: vision.Decode()(RGB), TypeError, "decoded already"),
        (lambda p: vision.Decode()(np.zeros(5, np.uint8)), RuntimeError, "cannot decode"),
        (lambda p: vision.Decode()(_cut_short()), RuntimeError, "truncated"),
        (lambda p: vision.Decode(True)(_cut_short()), RuntimeError, "truncated"),
        (lambda p: vision.RandomCropDecodeResize(4)(_cut_short()), RuntimeError, "truncated"),
        (lambda p: vision.Decode(3), TypeError, "to_pil"),
        (lambda p: vision.Resize("a"), TypeError, "list/tuple"),
        (lambda p: vision.Resize(0), ValueError, "size"),
        (lambda p: vision.Resize(3, 2), TypeError, "vision.Inter"),
        (lambda p: vision.Resize(3)([1]), TypeError, "NumPy or PIL"),
        (lambda p: vision.Resize(3)(RGB, RGB), RuntimeError, "one column"),
        (lambda p: vision.Rotate("a"), TypeError, "degrees"),
        (lambda p: vision.Rotate(3, fill_value=300), ValueError, "fill_value"),
        (lambda p: vision.RandomRotation(-5), ValueError, "degrees"),
        (lambda p: vision.RandomRotation((5, 1)), ValueError, "smaller, larger"),
        (lambda p: vision.RandomColorAdjust(-1), ValueError, "brightness"),
        (lambda p: vision.RandomColorAdjust((2, 1)), ValueError, "brightness"),
        (lambda p: vision.RandomColorAdjust(hue=(-0.6, 0)), ValueError, "hue"),
        (lambda p: vision.GaussianBlur(4), ValueError, "odd"),
        (lambda p: vision.Posterize(9), ValueError, "bits"),
        (lambda p: vision.AdjustHue(0.6), ValueError, "hue_factor"),
        (lambda p: vision.AdjustBrightness(-1), ValueError, "brightness_factor"),
        (lambda p: vision.Solarize((5, 1)), ValueError, "threshold"),
        (lambda p: vision.RandomAffine(-1), ValueError, "degrees"),
        (lambda p: vision.RandomAffine(5, (2, 0)), ValueError, "translate"),
        (lambda p: vision.RandomPosterize((0, 3)), ValueError, "bits"),
        (lambda p: vision.CutOut(0), ValueError, "length"),
        (lambda p: vision.RandomErasing(2.0), ValueError, "prob"),
        (lambda p: vision.RandAugment(-1), ValueError, "num_ops"),
        (lambda p: vision.RandAugment(2, 31, 31), ValueError, "magnitude"),
        (lambda p: vision.UniformAugment([]), ValueError, "empty"),
        (lambda p: vision.UniformAugment([vision.Invert()], 2), ValueError, "num_ops"),
        (lambda p: vision.Grayscale(2), ValueError, "1 or 3"),
        (lambda p: vision.MixUpBatch(-1), ValueError, "alpha"),
        (lambda p: vision.MixUpBatch()(RGB, np.eye(3)), RuntimeError, "after batch"),
        (lambda p: vision.MixUpBatch()(RGB[None], np.arange(1)), RuntimeError, "OneHot"),
        (lambda p: vision.AutoAugment("imagenet"), TypeError, "AutoAugmentPolicy"),
        (lambda p: vision.Perspective([[0, 0]], [[1, 1]]), TypeError, "four points"),
        (
            lambda p: vision.Perspective([[0, 0]] * 4, [[1, 1]] * 4)(RGB),
            RuntimeError,
            "three points",
        ),
        (lambda p: vision.Pad((1, 2, 3)), ValueError, "2 or 4"),
        (lambda p: vision.LinearTransformation(np.eye(2, 3), np.ones(2)), ValueError, "square"),
        (lambda p: vision.ConvertColor(3), TypeError, "ConvertMode"),
        (lambda p: vision.Affine(5, [2, 0], 1, 0), ValueError, "translate"),
        (lambda p: vision.Affine(5, [0, 0], 0, 0), ValueError, "scale"),
        (lambda p: vision.BoundingBoxAugment(3), TypeError, "transform"),
        (lambda p: vision.RandomSelectSubpolicy([]), ValueError, "empty"),
        (lambda p: vision.NormalizePad([1], [1], "int8"), ValueError, "float16"),
        (lambda p: vision.AutoContrast(101), ValueError, "cutoff"),
        (lambda p: vision.RandomSharpness(3), TypeError, "degrees"),
        (lambda p: vision.FiveCrop(30)(Image.fromarray(RGB)), ValueError, "larger"),
    ],
)
def test_messages(tmp_path, call, error, message):
    with pytest.raises(error, match=message):
        call(tmp_path)


def test_a_damaged_file_names_the_sample(folder):
    data = [vision.read_file(str(folder / "rgb.jpg")), np.zeros(9, np.uint8)]
    pipeline = ds.GeneratorDataset([(d,) for d in data], ["x"], shuffle=False)
    with pytest.raises(RuntimeError, match=r"Decode.*sample 1.*cannot decode"):
        list(pipeline.map(vision.Decode(), "x"))


def test_without_pillow():
    code = """
import sys
sys.modules["PIL"] = None
import numpy as np
from mslearn.dataset import vision
print(vision.Resize(2)(np.zeros((4, 4, 3), np.uint8)).shape)
try:
    vision.ToPIL()(np.zeros((4, 4, 3), np.uint8))
except ImportError as error:
    print(error)
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "(2, 2, 3)" in found.stdout and "mslearn[data]" in found.stdout
