"""Day 4, transforms: pixel arithmetic, a planted layout bug; then a cut-out and padding."""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .._language import Text
from ..exercise import Case, Exercise, Mistake, Observation
from ..values import dtype_name, in_single
from .day04_rows import E3, E4

# -------------------------------------------------- d04.e1: scale_and_normalize(image, mean, std)


def starter_scale_and_normalize(image, mean, std):
    scaled = ...
    return ...


def scale_and_normalize(image, mean, std):
    scaled = image.astype(np.float32) / 255
    return (scaled - np.array(mean, np.float32)) / np.array(std, np.float32)


def never_rescaled(image, mean, std):
    return ((image - np.array(mean)) / np.array(std)).astype(np.float32)


def in_double_precision(image, mean, std):
    return (image / 255 - np.array(mean)) / np.array(std)


def by_its_own_statistics(image, mean, std):
    scaled = image.astype(np.float32) / 255
    centred = scaled - scaled.mean(axis=(0, 1))
    return centred / (centred.std(axis=(0, 1)) + np.float32(1e-12))


def along_the_rows(image, mean, std):
    scaled = image.astype(np.float32) / 255
    mean, std = (np.array(v, np.float32)[:, None, None] for v in (mean, std))
    return (scaled - mean) / std


def by_the_variance(image, mean, std):
    return scale_and_normalize(image, mean, np.square(std))


def wraps_around(image, mean, std):
    shifted = image - (255 * np.array(mean)).astype(np.uint8)
    return (shifted / (255 * np.array(std))).astype(np.float32)


def whole_division(image, mean, std):
    return scale_and_normalize(image // 255 * 255, mean, std)


def only_centred(image, mean, std):
    return image.astype(np.float32) / 255 - np.array(mean, np.float32)


def _image(*shape: int, seed: int = 4) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)


def _normal_case(shape: tuple[int, ...], mean: list[float], std: list[float]) -> Case:
    return Case({"image": _image(*shape), "mean": np.array(mean), "std": np.array(std)})


def _observe_normal(answer: Callable[..., Any], case: Case) -> Observation:
    image, mean, std = case.inputs.values()
    result = answer(image.copy(), mean.tolist(), std.tolist())
    return {"image": in_single(result), "dtype": dtype_name(result)}


E1 = Exercise(
    id="d04.e1",
    title=Text("rescale and normalize", "缩放与归一化"),
    starter=starter_scale_and_normalize,
    solution=scale_and_normalize,
    mistakes=(
        Mistake(
            never_rescaled,
            Text(
                "Mean and spread belong to numbers from 0 to 1: divide by 255 first.",
                "平均值和标准差说的是 0 到 1 的数：先除以 255。",
            ),
        ),
        Mistake(
            in_double_precision,
            Text(
                "The numbers are right, in float64. A network computes in float32: convert before "
                "you divide.",
                "数值对了，但类型是 float64。网络用 float32 计算：先转换，再相除。",
            ),
        ),
        Mistake(
            by_its_own_statistics,
            Text(
                "You used this image's own mean and spread, so that bright and dark images become "
                "alike. Use those given: they hold for all images.",
                "你用的是这幅图自己的平均值和标准差，亮图暗图就分不出来了。应当用给定的：所有的图共用一组。",
            ),
        ),
        Mistake(
            along_the_rows,
            Text(
                "One mean for each *row*: with three rows, nobody notices. In H×W×C the channel is "
                "the last axis, and broadcasting from the right already fits.",
                "你把平均值分给了各*行*：正好三行时谁也发现不了。在 H×W×C 里，通道是最后一个轴，"
                "从右边广播，本来就合得上。",
            ),
        ),
        Mistake(
            by_the_variance,
            Text(
                "You divided by std squared, the variance. `std` itself is meant.",
                "你除的是 std 的平方，也就是方差。应当除以 `std` 本身。",
            ),
        ),
        Mistake(
            wraps_around,
            Text(
                "You subtracted in uint8, and dark pixels wrapped around to bright ones (Day 2). "
                "Convert to float32 first.",
                "你在 uint8 里做了减法，暗的像素绕回去变亮了（见第 2 天）。先转成 float32。",
            ),
        ),
        Mistake(
            whole_division,
            Text(
                "`//` throws the fraction away: every pixel below 255 becomes 0. Divide with `/`.",
                "`//` 会丢掉小数部分：255 以下的像素全成了 0。请用 `/` 相除。",
            ),
        ),
        Mistake(
            only_centred,
            Text("The mean is gone; divide by `std` too.", "平均值减掉了，还要除以 `std`。"),
        ),
    ),
    hints=(
        Text(
            "Three steps: to float32, to the range 0…1, then mean and spread.",
            "三步：转成 float32，变到 0…1，再减平均值、除以标准差。",
        ),
        Text(
            "Begin with `scaled = image.astype(np.float32) / 255`.",
            "先写 `scaled = image.astype(np.float32) / 255`。",
        ),
        Text(
            "`mean` is a list. As `np.array(mean, np.float32)`, of shape (C,), it lines up with "
            "the last axis.",
            "`mean` 是列表。写成 `np.array(mean, np.float32)`，形状是 (C,)，正好对上最后一个轴。",
        ),
    ),
    cases=lambda: [
        _normal_case((2, 3, 1), [0.25], [0.5]),
        _normal_case((3, 3, 3), [0.5, 0.25, 0.75], [0.5, 0.25, 0.2]),
        _normal_case((4, 5, 3), [0.48, 0.46, 0.41], [0.23, 0.22, 0.24]),
    ],
    observe=_observe_normal,
    untouched=Text(
        "Replace each `...`: first the image from 0 to 1, then mean and spread.",
        "把每个 `...` 换掉：先把图变到 0…1，再减平均值、除以标准差。",
    ),
    praise=Text(
        "`vision.Rescale` and `vision.Normalize` in two lines, for any number of channels.",
        "两行写出了 `vision.Rescale` 加 `vision.Normalize`，几个通道都行。",
    ),
    quantities={
        "image": Text("the image", "图像"),
        "dtype": Text("dtype", "类型"),
    },
)

# -------------------------------------------------------------------------- d04.e2: to_chw(image)


def starter_to_chw(image):
    *batch, height, width, channels = image.shape
    return image.reshape(*batch, channels, height, width)


def to_chw(image):
    return np.moveaxis(image, -1, -3)  # the last axis goes before the two of the picture


def turned_over(image):
    return np.swapaxes(image, -1, -3)


def one_axis_only(image):
    return np.swapaxes(image, -1, -2)


def the_way_back(image):
    return np.moveaxis(image, -3, -1)


def blue_first(image):
    return np.moveaxis(image[..., ::-1], -1, -3)


def channels_to_the_front(image):
    return np.moveaxis(image, -1, 0)


def single_images_only(image):
    return image.transpose(2, 0, 1)


def _observe_chw(answer: Callable[..., Any], case: Case) -> Observation:
    return {"": answer(case.inputs["image"].copy())}


E2 = Exercise(
    id="d04.e2",
    title=Text("repair: the torn picture", "修一修：撕碎的图"),
    starter=starter_to_chw,
    solution=to_chw,
    mistakes=(
        Mistake(
            turned_over,
            Text(
                "Channels stand first, but every picture is turned over: rows became columns. "
                "Height must stay before width.",
                "通道到前面了，可是每幅图都转置了：行变成了列。高应当仍在宽的前面。",
            ),
        ),
        Mistake(
            one_axis_only,
            Text(
                "That is H×C×W: the channel moved by one place. It must pass height as well.",
                "这是 H×C×W：通道只挪了一位，还要越过高。",
            ),
        ),
        Mistake(
            the_way_back,
            Text(
                "That is the way back, from C×H×W to H×W×C.",
                "这是往回走：从 C×H×W 到 H×W×C。",
            ),
        ),
        Mistake(
            blue_first,
            Text(
                "The layout is right, the colours are reversed: red and blue changed places.",
                "布局对了，颜色反了：红和蓝换了位置。",
            ),
        ),
        Mistake(
            channels_to_the_front,
            Text(
                "For one image that is right; in a batch, the images must stay in front: "
                "N×C×H×W. Count axes from the end, with -1 and -3.",
                "单独一幅图没错；要是一批图，图的编号仍应在最前：N×C×H×W。"
                "从末尾数轴，用 -1 和 -3。",
            ),
        ),
        Mistake(
            single_images_only,
            Text(
                "Right for one image; a batch has one axis more. Count axes from the end.",
                "一幅图没错；一批图多一个轴。请从末尾数轴。",
            ),
        ),
    ),
    hints=(
        Text(
            "`reshape` never moves a number in memory; it only cuts the row of numbers elsewhere. "
            "Which operation exchanges *axes*?",
            "`reshape` 从不移动内存里的数，只是换个地方断行。要交换的是*轴*，用什么操作？",
        ),
        Text(
            "`image.transpose(2, 0, 1)` does it for one image: old axis 2 first, then 0 and 1.",
            "一幅图可以用 `image.transpose(2, 0, 1)`：原来的 2 轴排最前，然后是 0 轴和 1 轴。",
        ),
        Text(
            "`np.moveaxis(image, -1, -3)` moves the last axis to the third place from the end.",
            "`np.moveaxis(image, -1, -3)` 把最后一个轴挪到倒数第三的位置。",
        ),
    ),
    cases=lambda: [
        Case({"image": _image(2, 2, 3)}),
        Case({"image": _image(3, 4, 3)}),
        Case({"image": _image(2, 3, 5, 3)}),
    ],
    observe=_observe_chw,
    untouched=Text(
        "This is still the function as given: the shape is right, the picture is torn.",
        "这还是原来的函数：形状对了，图却是碎的。",
    ),
    praise=Text(
        "One image or a batch: the shape *and* the picture. A right shape proves nothing.",
        "一幅图、一批图都行：形状对，*图也对*。光是形状对，什么也证明不了。",
    ),
)

EXERCISES: tuple[Exercise, ...] = (E1, E2, E3, E4)
