"""Transforms that run unchanged on mslearn and on real MindSpore: expressions and their inputs.

record_transforms.py evaluates them with MindSpore and stores what came out (or which error was
raised); test_transforms_golden.py evaluates them with mslearn and compares. The names in an
expression are the sub-packages `vision`, `text`, `audio`, `transforms`, `Inter`, `Border`, `ms`
and `np`; the names of the inputs are made by `inputs()`.
"""

# ruff: noqa: E501 - an expression stands on one line

import inspect
import io
import os
import tempfile

import numpy as np

CASES = []  # (family, input names, expression)
TOLERANCE = {}  # expression -> (largest difference, share of values that may differ at all)


def cases(family, names, text, tolerance=None):
    """One case per line of `text` and name of an input (a name like "rgb,boxes" is two inputs)."""
    for line in text.strip().splitlines():
        expression = line.strip()
        for name in names.split():
            CASES.append((family, name, expression))
        if tolerance is not None:
            TOLERANCE[expression] = tolerance


def inputs():
    """Every input by name."""
    from PIL import Image

    rng = np.random.RandomState(7)
    y, x = np.mgrid[0:13, 0:17]
    smooth = np.stack([x * 15, y * 19, 255 - x * 7 - y * 10], -1)
    rgb = np.clip(smooth + rng.randint(-40, 40, smooth.shape), 0, 255).astype(np.uint8)
    gray = rgb[..., 1].copy()
    big = np.kron(rgb, np.ones((2, 2, 1), np.uint8))
    jpeg, png = io.BytesIO(), io.BytesIO()
    Image.fromarray(big).save(jpeg, "JPEG", quality=90)
    Image.fromarray(rgb).save(png, "PNG")
    time = np.arange(400) / 8000
    wave = (0.4 * np.sin(2 * np.pi * 440 * time) + 0.1 * rng.randn(400)).astype(np.float32)
    wave = np.stack([wave, wave[::-1] * 0.5]).astype(np.float32)
    y, x = np.mgrid[0:241, 0:323]
    photo = [128 + 100 * np.sin(x / 20 + y / 9), 128 + 90 * np.cos(x / 13), y * 255 / 241]
    photo = np.stack(photo, -1) + rng.randn(241, 323, 3) * 15
    photo = np.clip(photo, 0, 255).astype(np.uint8)
    made = {
        "rgb": rgb,
        "gray": gray,
        "gray1": gray[..., None],
        "rgba": np.concatenate([rgb, gray[..., None]], -1),
        "frgb": (rgb / 255).astype(np.float32),
        "fgray": (gray / 255).astype(np.float32),
        "drgb": rgb / 255,
        "irgb": rgb.astype(np.int32),
        "srgb": rgb.astype(np.int16) * 9 - 900,
        "big": big,
        "photo": photo,
        "fbig": (big / 255).astype(np.float32),
        "chw": np.ascontiguousarray(rgb.transpose(2, 0, 1)),
        "fchw": (rgb / 255).astype(np.float32).transpose(2, 0, 1).copy(),
        "video": np.stack([rgb, rgb[::-1]]),
        "vector": np.arange(5, dtype=np.float32),
        "ints": np.array([3, 1, 3, 2, 1], np.int32),
        "longs": np.array([[3, 1], [2, 2]], np.int64),
        "label": np.array(2, np.uint32),
        "matrix": np.arange(12, dtype=np.float32).reshape(3, 4),
        "bools": np.array([True, False]),
        "word": np.array("Hello"),
        "words": np.array(["one", "two", "three", "four"]),
        "pieces": np.array(["I", "am", "making", "small", "mistakes", "hello", "ONE", "我", ""]),
        "wordrows": np.array([["a", "b"], ["c", "d"]]),
        "digits": np.array(["8", "-3", "130", "1"]),
        "floats": np.array(["1.5", "-2e3"]),
        "hello": np.array("Hello  THREE world, two hours!"),
        "en": np.array("Welcome to Beijing, it's  2024-01-01!"),
        "zh": np.array("今天天气很好, 我们去公园。欢迎!"),
        "mixed": np.array("我am MAKING small mistake during work_hours123 こんにちは 한국"),
        "spaces": np.array("  leading\tand\nnew  lines "),
        "bert": np.array("[CLS] hello world [SEP] 大家好"),
        "upper": np.array("HELLO Straße ﬁ ΑΒΓ"),
        "empty": np.array(""),
        "accents": np.array("Café naïve Ｆｕｌｌ ①"),
        "unused": np.array("[unused1] a<b>c [MASK] &amp; [[link|text]]\u0001x"),
        "boxes": np.array([[2, 3, 5, 6], [0, 0, 17, 13]], np.float32),
        "jpeg": np.frombuffer(jpeg.getvalue(), np.uint8),
        "png": np.frombuffer(png.getvalue(), np.uint8),
        "pil": Image.fromarray(rgb),
        "pilgray": Image.fromarray(gray),
        "pilrgba": Image.fromarray(np.concatenate([rgb, gray[..., None]], -1)),
        "wave": wave,
        "wave1": wave[0],
        "dwave": wave.astype(np.float64),
        "power": (np.abs(rng.randn(2, 201, 9)) + 0.01).astype(np.float32),
        "spectrum": rng.randn(1, 33, 12, 2).astype(np.float32),
    }
    return made


cases(
    "vision",
    "rgb gray gray1 frgb pil pilgray",
    """
    vision.Resize((7, 9))
    vision.Resize((20, 31))
    vision.Resize(6)
    vision.Resize(26)
    vision.Resize((9, 25), Inter.NEAREST)
    vision.Resize((9, 25), Inter.BILINEAR)
    vision.Resize((9, 25), Inter.CUBIC)
    vision.Resize((20, 8), Inter.BICUBIC)
    vision.Resize((6, 5), Inter.AREA)
    vision.Resize((20, 25), Inter.AREA)
    vision.Resize((9, 11), Inter.ANTIALIAS)
    vision.CenterCrop(5)
    vision.CenterCrop((20, 10))
    vision.Crop((1, 2), (5, 6))
    vision.Crop((9, 2), (5, 6))
    vision.ResizedCrop(2, 3, 9, 8, (6, 5))
    vision.ResizedCrop(2, 3, 9, 8, 12, Inter.NEAREST)
    vision.Rotate(30)
    vision.Rotate(90)
    vision.Rotate(180)
    vision.Rotate(-30.5, Inter.BILINEAR, True)
    vision.Rotate(45, Inter.BICUBIC, False, (3, 4), 9)
    vision.Rotate(15, Inter.BILINEAR, False, None, (10, 20, 30))
    vision.Affine(15, [0.2, -0.1], 1.1, [5, 3])
    vision.Affine(15, [0.2, -0.1], 1.1, [5, 3], Inter.BILINEAR, 7)
    vision.Affine(-40, [0, 0], 0.8, 3.0, Inter.BICUBIC)
    vision.Perspective([[0, 0], [16, 0], [16, 12], [0, 12]], [[1, 2], [15, 1], [14, 11], [2, 10]])
    vision.Perspective([[0, 0], [16, 0], [16, 12], [0, 12]], [[1, 2], [15, 1], [14, 11], [2, 10]], Inter.NEAREST)
    vision.Perspective([[0, 0], [16, 0], [16, 12], [0, 12]], [[1, 2], [15, 1], [14, 11], [2, 10]], Inter.CUBIC)
    vision.Pad((1, 2, 3, 4), 7)
    vision.Pad(2, (1, 2, 3))
    vision.Pad((2, 3), 0, Border.EDGE)
    vision.Pad(2, 0, Border.REFLECT)
    vision.Pad(3, 0, Border.SYMMETRIC)
    vision.PadToSize((20, 25))
    vision.PadToSize(24, (3, 4), 9)
    vision.PadToSize((20, 25), 5, 0, Border.EDGE)
    vision.PadToSize(5)
    vision.HorizontalFlip()
    vision.VerticalFlip()
    vision.RandomHorizontalFlip(1.0)
    vision.RandomVerticalFlip(1.0)
    vision.GaussianBlur(3)
    vision.GaussianBlur((5, 3), (1.5, 0.7))
    vision.GaussianBlur(5, 3)
    vision.Grayscale()
    vision.Grayscale(3)
    vision.AdjustBrightness(1.7)
    vision.AdjustBrightness(0.3)
    vision.AdjustContrast(2.0)
    vision.AdjustContrast(0.4)
    vision.AdjustSaturation(2.0)
    vision.AdjustSaturation(0.3)
    vision.AdjustGamma(0.5)
    vision.AdjustGamma(2.2, 1.3)
    vision.AdjustSharpness(2.0)
    vision.AdjustSharpness(0.0)
    vision.AutoContrast()
    vision.AutoContrast(10.0, [10, 20])
    vision.Equalize()
    vision.Invert()
    vision.Posterize(3)
    vision.Posterize(0)
    vision.Solarize(100)
    vision.Solarize((50, 150))
    vision.Erase(2, 3, 4, 5)
    vision.Erase(2, 3, 40, 50, (1, 2, 3))
    vision.FiveCrop(6)
    vision.TenCrop((5, 7))
    vision.TenCrop(5, True)
    vision.SlicePatches(2, 3)
    vision.SlicePatches(2, 3, vision.SliceMode.DROP)
    vision.SlicePatches(1, 2, vision.SliceMode.PAD, 9)
    vision.Rescale(1 / 255, 0.5)
    vision.Normalize([0.5, 100.0, 7], [0.3, 9.0, 200])
    vision.HWC2CHW()
    vision.ToTensor()
    vision.ToTensor("float16")
    vision.ToPIL()
    vision.ToNumpy()
    vision.ToType(np.int32)
    vision.ToType("float64")
    vision.RgbToHsv(True)
    vision.HsvToRgb(True)
    vision.RandomCrop((13, 17))
    vision.RandomCrop(30)
    vision.RandomColor((1.5, 1.5))
    vision.RandomSharpness((1.5, 1.5))
    vision.RandomPosterize((3, 3))
    vision.RandomSolarize((90, 90))
    vision.RandomInvert(1.0)
    vision.RandomEqualize(1.0)
    vision.RandomAdjustSharpness(2.0, 1.0)
    vision.RandomAffine((15, 15))
    vision.RandomAffine((15, 15), None, (1.2, 1.2), (5, 5, 2, 2), Inter.BILINEAR)
    vision.RandomPerspective(0.5, 0.0)
    vision.CutOut(50)
    """,
)
# MindSpore reads past the end of an image with too few channels, and turns the hue of a float
# image into numbers without meaning: those are left out.
cases(
    "vision",
    "rgb gray pil pilgray",
    """
    vision.AdjustHue(0.2)
    vision.AdjustHue(-0.5)
    vision.ConvertColor(vision.ConvertMode.COLOR_RGB2GRAY)
    vision.ConvertColor(vision.ConvertMode.COLOR_BGR2GRAY)
    """,
)
cases(
    "vision",
    "rgb pil frgb",
    """
    vision.ConvertColor(vision.ConvertMode.COLOR_RGB2BGR)
    vision.ConvertColor(vision.ConvertMode.COLOR_RGB2RGBA)
    vision.ConvertColor(vision.ConvertMode.COLOR_RGB2BGRA)
    vision.ConvertColor(vision.ConvertMode.COLOR_GRAY2RGB)
    """,
)
cases(
    "vision",
    "rgb gray",
    """
    vision.RandomColorAdjust((1.5, 1.5))
    vision.RandomColorAdjust((1, 1), (1.5, 1.5))
    vision.RandomColorAdjust((1, 1), (1, 1), (0.5, 0.5))
    vision.RandomColorAdjust((1, 1), (1, 1), (1, 1), (0.2, 0.2))
    vision.RandomAutoContrast(0.0, None, 1.0)
    vision.Resize((7, 9), Inter.PILCUBIC)
    vision.Resize((20, 31), Inter.PILCUBIC)
    vision.Resize((9, 25), Inter.PILCUBIC)
    vision.Resize((20, 8), Inter.PILCUBIC)
    """,
)
cases(
    "vision",
    "rgb gray1 frgb pil",
    """
    vision.RandomRotation((30, 30))
    vision.RandomRotation((30, 30), Inter.BILINEAR, True)
    """,
)
cases("vision", "pil pilgray", "vision.RandomGrayscale(1.0)")
cases("vision", "gray gray1", "vision.ConvertColor(vision.ConvertMode.COLOR_GRAY2RGB)")
cases("vision", "rgba video vector word drgb", "vision.AdjustGamma(0.5)")
cases(
    "vision",
    "rgba drgb srgb",
    """
    vision.Rotate(20, Inter.BILINEAR)
    vision.Rotate(20, Inter.BICUBIC)
    vision.Resize((7, 9), Inter.BILINEAR)
    vision.Resize((17, 9), Inter.AREA)
    """,
)
# Of large results every few pixels are compared.
cases(
    "vision",
    "photo",
    """
    transforms.Compose([vision.Resize((100, 150)), vision.Resize((41, 53), Inter.NEAREST)])
    transforms.Compose([vision.Resize(256), vision.Resize((41, 53), Inter.NEAREST)])
    transforms.Compose([vision.Resize((97, 323), Inter.CUBIC), vision.Resize((41, 53), Inter.NEAREST)])
    transforms.Compose([vision.Resize((100, 150), Inter.PILCUBIC), vision.Resize((41, 53), Inter.NEAREST)])
    transforms.Compose([vision.Rotate(17, Inter.BILINEAR), vision.Resize((41, 53), Inter.NEAREST)])
    transforms.Compose([vision.Perspective([[0, 0], [322, 0], [322, 240], [0, 240]], [[30, 20], [300, 5], [310, 230], [2, 210]]), vision.Resize((41, 53), Inter.NEAREST)])
    transforms.Compose([vision.GaussianBlur((15, 3), (4.0, 0.3)), vision.Resize((41, 53), Inter.NEAREST)])
    transforms.Compose([vision.AdjustSaturation(1.7), vision.Resize((41, 53), Inter.NEAREST)])
    transforms.Compose([vision.AdjustContrast(1.7), vision.Resize((41, 53), Inter.NEAREST)])
    transforms.Compose([vision.AdjustSharpness(3.3), vision.Resize((41, 53), Inter.NEAREST)])
    transforms.Compose([vision.AdjustGamma(1.7, 0.9), vision.Resize((41, 53), Inter.NEAREST)])
    transforms.Compose([vision.Equalize(), vision.Resize((41, 53), Inter.NEAREST)])
    transforms.Compose([vision.AutoContrast(3.0), vision.Resize((41, 53), Inter.NEAREST)])
    transforms.Compose([vision.ConvertColor(vision.ConvertMode.COLOR_RGB2GRAY), vision.Resize((41, 53), Inter.NEAREST)])
    """,
)
cases("vision", "big fbig", "vision.Resize((13, 17))")
cases("vision", "big fbig", "vision.Resize((13, 17), Inter.AREA)")
cases(
    "vision",
    "rgba video vector word drgb irgb",
    """
    vision.Resize((7, 9))
    vision.Resize((9, 25), Inter.NEAREST)
    vision.CenterCrop(5)
    vision.Rotate(90)
    vision.Affine(15, [0.2, -0.1], 1.1, [5, 3])
    vision.Pad((1, 2, 3, 4), 7)
    vision.HorizontalFlip()
    vision.AdjustBrightness(1.7)
    vision.AdjustContrast(2.0)
    vision.GaussianBlur(3)
    vision.Invert()
    vision.Equalize()
    vision.Posterize(3)
    vision.Rescale(1 / 255, 0.5)
    vision.ToTensor()
    vision.Erase(2, 3, 4, 5)
    vision.Decode()
    vision.ToPIL()
    vision.ConvertColor(vision.ConvertMode.COLOR_RGBA2GRAY)
    vision.ConvertColor(vision.ConvertMode.COLOR_RGBA2BGR)
    """,
)
cases(
    "vision",
    "chw fchw",
    """
    vision.Normalize([0.5, 0.3, 0.7], [0.3, 0.9, 0.2], False)
    vision.NormalizePad([0.5, 0.3, 0.7], [0.3, 0.9, 0.2], "float32", False)
    vision.RgbToHsv()
    vision.HsvToRgb()
    vision.LinearTransformation(np.eye(663) * 2, np.ones(663))
    vision.LinearTransformation(np.eye(5), np.ones(5))
    vision.RandomErasing(0.0)
    """,
)
cases(
    "vision",
    "jpeg png rgb",
    """
    vision.Decode()
    vision.Decode(True)
    vision.RandomCropDecodeResize((6, 7), (1.0, 1.0), (34 / 26, 34 / 26))
    """,
)
cases(
    "vision",
    "rgb,boxes",
    """
    vision.ResizeWithBBox((26, 34))
    vision.ResizeWithBBox(6, Inter.NEAREST)
    vision.RandomHorizontalFlipWithBBox(1.0)
    vision.RandomVerticalFlipWithBBox(1.0)
    vision.RandomCropWithBBox((13, 17))
    vision.RandomCropWithBBox((17, 23), (3, 2, 3, 2))
    vision.RandomResizedCropWithBBox((6, 7), (1.0, 1.0), (17 / 13, 17 / 13))
    vision.BoundingBoxAugment(vision.Invert(), 1.0)
    """,
)
cases(
    "transforms",
    "vector ints longs label matrix bools word words rgb",
    """
    transforms.Slice(slice(1, 3))
    transforms.Slice([0, 2])
    transforms.Slice(1)
    transforms.Slice(None)
    transforms.Slice(-1)
    transforms.Slice(slice(0, 9, 2))
    transforms.Slice(slice(3, 1))
    transforms.Slice(...)
    transforms.Slice(slice(0, 2), slice(1, 3))
    transforms.Slice(1, [0, 1])
    transforms.Unique()
    transforms.Duplicate()
    transforms.Fill(3)
    transforms.Fill(2.7)
    transforms.Fill("x")
    transforms.Mask(transforms.Relational.EQ, 2)
    transforms.Mask(transforms.Relational.GE, 2, ms.float32)
    transforms.Mask(transforms.Relational.EQ, "two")
    transforms.PadEnd([8], 9)
    transforms.PadEnd([2], "pad")
    transforms.PadEnd([6])
    transforms.TypeCast(ms.int32)
    transforms.TypeCast(ms.float16)
    transforms.TypeCast("uint8")
    transforms.TypeCast(ms.bool_)
    transforms.OneHot(4)
    transforms.Concatenate(0, np.array([1], np.int32), np.array([2, 2], np.int32))
    transforms.Concatenate(-1, np.array([1.5], np.float32))
    transforms.Concatenate(0, None, ["a", "b"])
    transforms.Compose([transforms.Fill(3), transforms.Duplicate()])
    transforms.RandomApply([transforms.Fill(3)], 1.0)
    transforms.RandomApply([transforms.Fill(3)], 0.0)
    transforms.RandomChoice([transforms.Fill(3)])
    transforms.RandomOrder([transforms.Fill(3)])
    """,
)


# MindSpore smooths only the last of several labels; one label is right.
cases("transforms", "label", "transforms.OneHot(4, 0.3)")


cases(
    "text",
    "en zh mixed spaces bert upper empty accents unused",
    """
    text.WhitespaceTokenizer()
    text.WhitespaceTokenizer(True)
    text.UnicodeCharTokenizer()
    text.UnicodeCharTokenizer(True)
    text.UnicodeScriptTokenizer()
    text.UnicodeScriptTokenizer(True, True)
    text.BasicTokenizer()
    text.BasicTokenizer(False, True, with_offsets=True)
    text.BasicTokenizer(True, False, text.NormalizeForm.NFKC, False, True)
    text.BasicTokenizer(False, False, text.NormalizeForm.NFD)
    text.RegexTokenizer(r"\\s+")
    text.RegexTokenizer(r"\\s+", r"\\s+", True)
    text.RegexTokenizer(r"\\p{Han}", r"\\p{Han}")
    text.RegexReplace(r"[a-z]+", "_")
    text.RegexReplace(r"(l)(l)", r"$2-$1", False)
    text.CaseFold()
    text.NormalizeUTF8()
    text.NormalizeUTF8(text.NormalizeForm.NFD)
    text.NormalizeUTF8(text.NormalizeForm.NONE)
    text.FilterWikipediaXML()
    text.WordpieceTokenizer(vocab)
    text.BertTokenizer(vocab)
    text.BertTokenizer(vocab, "##", 4, "", preserve_unused_token=False)
    text.Lookup(vocab, "[UNK]")
    text.PythonTokenizer(str.split)
    """,
)
cases(
    "text",
    "words pieces word ints",
    """
    text.WordpieceTokenizer(vocab)
    text.WordpieceTokenizer(vocab, with_offsets=True)
    text.WordpieceTokenizer(vocab, unknown_token="")
    text.WordpieceTokenizer(vocab, max_bytes_per_token=4)
    text.Lookup(vocab, "[UNK]")
    text.Lookup(vocab)
    text.Lookup(vocab, "[UNK]", ms.int16)
    text.Lookup(vocab, "[UNK]", ms.float32)
    text.CaseFold()
    text.Ngram(2)
    text.Ngram([1, 3])
    text.Ngram(2, ("_", 1), ("|", 1), "-")
    text.Ngram(9)
    text.SlidingWindow(2)
    text.SlidingWindow(9)
    text.SlidingWindow(2, -1)
    text.Truncate(2)
    text.Truncate(9)
    text.AddToken("[CLS]")
    text.AddToken("[SEP]", False)
    text.ToVectors(vectors)
    text.ToVectors(vectors, [1.0, 2.0, 3.0], True)
    """,
)
# MindSpore repeats text before a preserved token in lower case, forgets offsets of unknown words,
# and joins a list of strings for RegexReplace: those are left out.
cases("text", "en zh mixed spaces upper empty accents", "text.BasicTokenizer(True)")
cases("text", "hello word", "text.BertTokenizer(vocab, lower_case=True, with_offsets=True)")
cases(
    "text",
    "matrix longs wordrows",
    """
    text.SlidingWindow(2)
    text.SlidingWindow(2, 1)
    text.Truncate(1)
    text.AddToken("x")
    """,
)
cases("text", "words,pieces ints,vector longs,longs", "text.TruncateSequencePair(5)")
cases("text", "words,pieces ints,vector", "text.TruncateSequencePair(0)")
cases(
    "text",
    "digits words",
    """
    text.ToNumber(ms.int32)
    text.ToNumber(ms.uint8)
    text.ToNumber(ms.float32)
    text.ToNumber(ms.float16)
    text.ToNumber(ms.int64)
    text.ToNumber(ms.bool_)
    """,
)
cases("text", "floats", "text.ToNumber(ms.float64)")
cases("text", "floats", "text.ToNumber(ms.int32)")


WAVES = """
    audio.AllpassBiquad(8000, 500.0)
    audio.BandBiquad(8000, 500.0)
    audio.BandBiquad(8000, 500.0, 0.5, True)
    audio.BandpassBiquad(8000, 500.0)
    audio.BandpassBiquad(8000, 500.0, 0.5, True)
    audio.BandrejectBiquad(8000, 500.0)
    audio.BassBiquad(8000, 10.0)
    audio.BassBiquad(8000, -10.0, 200.0, 0.9)
    audio.DeemphBiquad(44100)
    audio.EqualizerBiquad(8000, 500.0, 12.0)
    audio.HighpassBiquad(8000, 900.0)
    audio.LowpassBiquad(8000, 900.0)
    audio.RiaaBiquad(44100)
    audio.TrebleBiquad(8000, 6.0)
    audio.Biquad(0.01, 0.02, 0.13, 1.0, 0.12, 0.3)
    audio.LFilter([1.0, 0.3, -0.2], [0.4, 0.5, 0.1])
    audio.LFilter([2.0, 0.3], [3.0, 0.5], False)
    audio.Filtfilt([1.0, 0.3, -0.2], [0.4, 0.5, 0.1])
    audio.Contrast()
    audio.Contrast(20.0)
    audio.DCShift(0.5, 0.02)
    audio.DCShift(-0.8)
    audio.Overdrive()
    audio.Overdrive(40.0, 5.0)
    audio.Phaser(8000)
    audio.Phaser(8000, 0.3, 0.8, 1.0, 0.3, 1.0, False)
    audio.Flanger(8000)
    audio.Flanger(8000, 2.0, 3.0, 10.0, 60.0, 1.0, 50.0, audio.Modulation.TRIANGULAR, audio.Interpolation.QUADRATIC)
    audio.Gain(3.0)
    audio.Vol(0.5)
    audio.Vol(2.0, audio.GainType.POWER)
    audio.Vol(-6.0, audio.GainType.DB)
    audio.Vol(9.0)
    audio.Fade(50, 80)
    audio.Fade(50, 80, audio.FadeShape.EXPONENTIAL)
    audio.Fade(50, 80, audio.FadeShape.LOGARITHMIC)
    audio.Fade(50, 80, audio.FadeShape.QUARTER_SINE)
    audio.Fade(50, 80, audio.FadeShape.HALF_SINE)
    audio.Fade(500, 0)
    audio.MuLawEncoding()
    audio.MuLawEncoding(64)
    audio.Spectrogram(64)
    audio.Spectrogram(64, 40, 10, 5, audio.WindowType.HAMMING, 1.0, True)
    audio.Spectrogram(64, 64, 16, 0, audio.WindowType.BARTLETT, 2.0, False, False)
    audio.Spectrogram(64, 64, 16, 0, audio.WindowType.BLACKMAN, 2.0, False, True, audio.BorderType.CONSTANT, False)
    audio.Spectrogram(64, 64, 16, 0, audio.WindowType.BLACKMAN, 0.0, False, True, audio.BorderType.CONSTANT)
    audio.Spectrogram(64, 64, 32, 0, audio.WindowType.KAISER, 2.0, False, True, audio.BorderType.EDGE)
    audio.SpectralCentroid(8000, 64)
    audio.Resample(8000, 4000)
    audio.Resample(8000, 12000)
    audio.Resample(8000, 6000, audio.ResampleMethod.KAISER_WINDOW, 8, 0.9, 12.0)
    audio.Resample(8000, 8000)
    audio.ComputeDeltas()
    audio.ComputeDeltas(7, audio.BorderType.REFLECT)
    audio.SlidingWindowCmn(40, 10)
    audio.SlidingWindowCmn(40, 10, True, True)
    audio.DetectPitchFrequency(8000)
    audio.DetectPitchFrequency(8000, 0.02, 5)
    audio.Vad(8000)
    audio.PitchShift(8000, 4, n_fft=64)
    audio.PitchShift(8000, -3, 12, 64, 64, 16)
    audio.MelScale(8, 8000, n_stft=400)
    audio.AmplitudeToDB()
"""
cases("audio", "wave wave1 dwave", WAVES, 2e-4)
# MindSpore reads float64 as if it were float32 in these.
cases(
    "audio",
    "wave wave1",
    """
    audio.MelSpectrogram(8000, 128, n_mels=12)
    audio.MelSpectrogram(8000, 128, 100, 40, 100.0, 3000.0, 3, 12, audio.WindowType.HAMMING, 1.0, norm=audio.NormType.SLANEY, mel_scale=audio.MelType.SLANEY)
    audio.MFCC(8000, 10, **mel)
    audio.MFCC(8000, 10, norm=audio.NormMode.NONE, log_mels=True, **mel)
    audio.LFCC(8000, 16, 10, **spec)
    audio.LFCC(8000, 16, 10, 100.0, 3000.0, log_lf=True, **spec)
    """,
    2e-4,
)
cases("audio", "ints", "audio.BassBiquad(8000, 10.0)")
cases("audio", "ints matrix", "audio.Gain(3.0)")
cases("audio", "ints", "audio.MuLawDecoding()")
cases("audio", "ints", "audio.MuLawDecoding(64)")
cases(
    "audio",
    "power",
    """
    audio.AmplitudeToDB()
    audio.AmplitudeToDB(audio.ScaleType.MAGNITUDE, 0.5, 1e-3, 20.0)
    audio.DBToAmplitude(1.0, 1.0)
    audio.DBToAmplitude(0.5, 0.5)
    audio.MelScale(16, 8000)
    audio.MelScale(16, 8000, 50.0, 3500.0, 201, audio.NormType.SLANEY, audio.MelType.SLANEY)
    audio.MelScale(16, 8000, n_stft=200)
    audio.TimeMasking(False, 0)
    audio.FrequencyMasking(False, 0)
    audio.MaskAlongAxis(2, 4, 9.5, 1)
    audio.MaskAlongAxis(2, 4, 9.5, 2)
    audio.MaskAlongAxisIID(0, 9.5, 2)
    audio.GriffinLim(400, 1, rand_init=False)
    """,
    2e-4,
)
cases(
    "audio",
    "spectrum",
    """
    audio.ComplexNorm()
    audio.ComplexNorm(2.0)
    audio.Magphase()
    audio.Magphase(2.0)
    audio.Angle()
    audio.TimeStretch(16, 33, 1.3)
    audio.TimeStretch(None, 33, 0.8)
    audio.PhaseVocoder(1.3, np.linspace(0, 3.14, 33).astype(np.float32)[..., None])
    audio.InverseSpectrogram(None, 64)
    audio.InverseSpectrogram(300, 64, 50, 20)
    """,
    2e-4,
)


def default(value):
    """A parameter's default as text that both programs write alike."""
    if value is inspect.Parameter.empty:
        return "required"
    name = getattr(value, "name", None) or getattr(value, "__name__", None) or str(value)
    return name.lower()


def helpers(names):
    """Objects that expressions use, made with the program under test."""
    text, audio = names["text"], names["audio"]
    spec = {
        "n_fft": 128,
        "win_length": 128,
        "hop_length": 64,
        "pad": 0,
        "window": audio.WindowType.HANN,
        "power": 2.0,
        "normalized": False,
        "center": True,
        "pad_mode": audio.BorderType.REFLECT,
        "onesided": True,
    }
    mel = {"n_mels": 20, "f_min": 0.0, "f_max": 4000.0, "norm": audio.NormType.NONE}
    mel |= {"mel_scale": audio.MelType.HTK, **spec}
    vocab = ["i", "am", "mak", "##ing", "small", "mistake", "##s", "one", "th", "##ree", "的", "我"]
    vocab += ["two", "during", "work", "##ing", "hour", "he", "##llo", "hello", "world", "!", ","]
    vocab = text.Vocab.from_list(list(dict.fromkeys(vocab)), ["[UNK]", "[CLS]"])
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "vectors.txt")
        with open(path, "w", encoding="utf-8") as file:
            file.write("one 1 2 3\ntwo 0.5 -1 2e1\nhello 4 5 6\n")
        vectors = text.Vectors.from_file(path)
    keys = {"spec": {"speckwargs": spec}, "mel": {"melkwargs": mel}}
    return {"vocab": vocab, "vectors": vectors, **keys}
