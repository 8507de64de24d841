"""Pictures over steps: how axes, brightness and bad pixels are read, and what is answered."""

from __future__ import annotations

import io
import re
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import mslearn as ms
from mslearn import insight
from mslearn.common.png import png
from mslearn.dataset import NumpySlicesDataset
from mslearn.insight.image_arrays import natural_range, pictures_of, shrunk, sprite
from mslearn.summary import SummaryRecord

HOSTILE = "<img src=x onerror=alert(1)>"


def pixels(data: bytes) -> np.ndarray:
    """A PNG file, read by another program than ours."""
    return np.array(Image.open(io.BytesIO(data)))


def ask(view: Any, **content: Any) -> list[tuple[dict[str, Any], list[Any]]]:
    """What the widget answers to a message of the browser."""
    sent: list[Any] = []
    view.send = lambda content, buffers=None: sent.append((content, buffers))
    view._on_message(view, content, [])
    return sent


def sheet(view: Any, **more: Any) -> tuple[dict[str, Any], np.ndarray]:
    answers = ask(view, **{"type": "sheet", "tag": 0, "step": 0, "scale": "auto", **more})
    ((facts, (data,)),) = answers
    return facts, pixels(data)


@pytest.mark.parametrize(
    ("shape", "data_format", "read", "got"),
    [
        ((5, 7), None, "HW", (1, 5, 7, 1)),
        ((9, 5, 7), None, "NHW", (9, 5, 7, 1)),
        ((9, 7, 3), None, "HWC", (1, 9, 7, 3)),
        ((3, 9, 7), None, "NHW", (3, 9, 7, 1)),
        ((3, 9, 7), "CHW", "CHW", (1, 9, 7, 3)),
        ((2, 1, 5, 7), None, "NCHW", (2, 5, 7, 1)),
        ((2, 5, 7, 3), None, "NHWC", (2, 5, 7, 3)),
        ((2, 16, 5, 7), None, "NCHW", (2, 5, 7, 16)),
        ((2, 3, 3, 3), None, "NCHW", (2, 3, 3, 3)),  # kernels of a convolution
        ((2, 3, 3, 3), "NHWC", "NHWC", (2, 3, 3, 3)),
    ],
)
def test_axes_are_read_as_documented(
    shape: tuple[int, ...], data_format: str | None, read: str, got: tuple[int, ...]
) -> None:
    array = np.arange(np.prod(shape)).reshape(shape)
    pictures = pictures_of(ms.Tensor(array), data_format)
    assert (pictures.data_format, pictures.array.shape) == (read, got)
    if read == "NCHW":
        assert pictures.array[1, 2, 1, 0] == array[1, 0, 2, 1]


@pytest.mark.parametrize(
    ("value", "options", "error", "words"),
    [
        (np.zeros(5), {}, ValueError, [r"shape (5,)", "(N, C, H, W)", "reshape"]),
        (np.zeros((2, 0, 3)), {}, ValueError, ["(2, 0, 3)"]),
        (3.0, {}, ValueError, ["a single number"]),
        (NumpySlicesDataset([1, 2]), {}, TypeError, ["a data set", "create_tuple_iterator"]),
        (np.zeros((2, 3, 3)), {"data_format": "NCHW"}, ValueError, ["read as NCHW"]),
        (np.zeros((2, 3, 3)), {"data_format": "WHAT"}, ValueError, ["'WHAT'", "NHWC"]),
        (np.zeros((3, 3), complex), {}, TypeError, ["complex128", "abs(x)"]),
        (np.zeros((3, 3)), {"value_range": (1, 1)}, ValueError, ["value_range", "(1, 1)"]),
        (np.zeros((3, 3)), {"value_range": "often"}, ValueError, ['"step"', "'often'"]),
        ({}, {}, ValueError, ["empty dict"]),
        ({0.5: np.zeros((3, 3))}, {}, TypeError, ["0.5", "a step is an int"]),
        ("no/such/folder", {}, FileNotFoundError, ["no/such/folder", "summary_dir"]),
    ],
)
def test_what_is_no_picture_is_refused(
    value: Any, options: dict[str, Any], error: type[Exception], words: list[str]
) -> None:
    with pytest.raises(error) as caught:
        insight.images(value, **options)
    for word in words:
        assert word in str(caught.value)


def test_bytes_keep_their_range_and_other_numbers_are_stretched() -> None:
    assert natural_range(np.array([[3, 9]], np.uint8)) == (0, 255)
    assert natural_range(np.array([[True]])) == (0, 1)
    assert natural_range(np.array([[-2.0, np.inf, 5.0, np.nan]])) == (-2, 5)
    assert natural_range(np.full((2, 2), np.nan)) is None


def test_a_sheet_holds_every_picture_in_its_place() -> None:
    batch = np.arange(5 * 4 * 6, dtype=np.float32).reshape(5, 1, 4, 6)
    facts, image = sheet(insight.images(batch))
    assert image.shape == (2 * 4, 3 * 6)
    assert (facts["count"], facts["columns"], facts["tile"]) == (5, 3, [4, 6])
    assert facts["low"] == [0.0] * 5 and facts["high"] == [119.0] * 5
    for k in range(5):
        row, column = divmod(k, 3)
        tile = image[row * 4 : row * 4 + 4, column * 6 : column * 6 + 6]
        np.testing.assert_array_equal(tile, np.rint(batch[k, 0] / 119 * 255))
    assert (image[4:, 12:] == 0).all(), "no sixth picture"


def test_black_and_white_are_those_of_all_steps_the_step_or_the_picture() -> None:
    steps = {0: np.stack([np.full((4, 4), 1.0), np.full((4, 4), 2.0)]), 7: np.eye(4)[None] * 9}
    steps[0][:, 0, 0] = 0
    view = insight.images(steps)
    assert sheet(view)[0]["high"] == [9.0, 9.0]
    assert sheet(view, scale="step")[0]["high"] == [2.0, 2.0]
    facts, image = sheet(view, scale="image")
    assert facts["high"] == [1.0, 2.0]
    assert image[1, 1] == image[1, 5] == 255
    given = insight.images(steps, value_range=(0, 4))
    assert given.info["scale"] == "given"
    assert sheet(given, scale="given")[1][1, 1] == 64


def test_pixels_that_are_not_finite_are_transparent_and_counted() -> None:
    batch = np.zeros((2, 4, 4))
    batch[0, 0, 0], batch[1, 3, 3], batch[1, 2, 3] = 1.0, np.nan, np.inf
    facts, image = sheet(insight.images(batch))
    assert facts["bad"] == [0, 2] and image.shape == (4, 8, 4)
    assert np.argwhere(image[..., 3] == 0).tolist() == [[2, 7], [3, 7]]
    assert image[0, 0].tolist() == [255] * 4
    assert "⚠ 2 pixels are NaN or infinite" in insight.images(batch).to_html()


def test_channels_are_colour_or_one_by_one() -> None:
    batch = np.random.default_rng(0).integers(0, 256, (2, 3, 5, 5)).astype(np.uint8)
    view = insight.images(batch)
    assert sheet(view)[1].shape == (5, 10, 3)
    np.testing.assert_array_equal(sheet(view)[1][:, 5:], batch[1].transpose(1, 2, 0))
    np.testing.assert_array_equal(sheet(view, channel=2)[1][:, :5], batch[0, 2])
    features = insight.images(np.random.default_rng(1).random((2, 8, 5, 5)))
    assert sheet(features)[0]["channel"] == 0, "eight channels are no colours"
    assert sheet(features, channel=99)[0]["channel"] == 0


def test_values_reach_the_browser_unchanged() -> None:
    batch = np.random.default_rng(0).normal(size=(3, 2, 5, 7))
    view = insight.images({4: batch})
    ((facts, (data,)),) = ask(view, type="tile", tag=0, step=0, number=2)
    values = np.frombuffer(data).reshape(facts["rows"], facts["columns"], facts["channels"])
    np.testing.assert_array_equal(values, batch[2].transpose(1, 2, 0))
    assert (facts["block"], facts["whole"]) == (1, False)


def test_a_large_picture_is_shrunk_by_means_and_says_so() -> None:
    picture = np.random.default_rng(0).random((1300, 40))
    view = insight.images(picture)
    ((facts, (data,)),) = ask(view, type="tile", tag=0, step=0, number=0)
    assert (facts["block"], facts["rows"], facts["columns"]) == (3, 433, 13)
    assert np.frombuffer(data)[0] == pytest.approx(picture[:3, :3].mean())
    strip = np.arange(2000.0).reshape(1, 1, 2000, 1)
    assert shrunk(strip, 1000).shape == (1, 1, 1000, 1)
    assert np.isnan(shrunk(np.where(strip == 5, np.nan, strip), 1000)[0, 0, 2, 0])


def test_nonsense_from_the_browser_is_left_alone() -> None:
    view = insight.images(np.zeros((2, 4, 4)))
    for content in (
        None, {}, {"type": "sheet"}, {"type": "sheet", "tag": 5, "step": 0},
        {"type": "sheet", "tag": 0, "step": -1}, {"type": "sheet", "tag": "0", "step": None},
        {"type": "tile", "tag": 0, "step": 0, "number": 2},
    ):  # fmt: skip
        sent: list[Any] = []
        view.send = lambda content, buffers=None, sent=sent: sent.append(content)
        view._on_message(view, content, [])
        assert sent == []
    assert sheet(view, page=7)[0]["first"] == 0
    assert sheet(insight.images(np.zeros((130, 4, 4))), page=7)[0]["first"] == 128


def test_steps_come_in_order_and_are_copies() -> None:
    now = np.zeros((1, 4, 4))
    view = insight.images({10: now, 0: now + 1})
    now += 5
    view.add(5, now)
    view.add(10, now + 1)  # replaced
    assert view.info["tags"] == [{"name": "images", "steps": [0, 5, 10]}]
    means = [view._series["images"].load(k).array.mean() for k in range(3)]
    assert means == [1, 5, 6]
    assert view.info["version"] == 2
    view.add(0, now, tag="more")
    assert [tag["name"] for tag in view.info["tags"]] == ["images", "more"]
    assert repr(view) == "ImagesView(2 tags, 3 steps)"
    assert repr(insight.images({0: now, 1: now})) == "ImagesView(1 picture 4×4×1, 2 steps)"


def test_a_new_step_is_sent_before_anybody_can_ask() -> None:
    view = insight.images({0: np.zeros((2, 4, 4)), 1: np.ones((2, 4, 4))})
    sheet(view, channel=0, page=0, step=1)
    sent: list[Any] = []
    view.send = lambda content, buffers=None: sent.append((content, buffers))
    view.add(2, np.full((2, 4, 4), 7.0))
    ((answer, (data,)),) = sent
    assert answer["ask"]["step"] == 2 and answer["high"] == [7.0, 7.0]
    assert (pixels(data) == 255).all()
    view.add(0, np.zeros((1, 4, 4)), tag="nobody looks at this one")
    assert len(sent) == 1


def test_pictures_of_a_recorded_run(tmp_path: Path) -> None:
    batch = np.random.default_rng(0).integers(0, 256, (2, 3, 8, 6)).astype(np.uint8)
    batch[:, :, 0, 0], batch[:, :, 0, 1] = 0, 255  # recorded numbers are spread from 0 to 255
    with SummaryRecord(str(tmp_path)) as record:
        for step in (0, 20):
            record.add_value("image", "inputs", ms.Tensor(batch if step else 255 - batch))
            record.add_value("image", "grey", ms.Tensor(batch[:, :1]))
            record.record(step)
    view = insight.images(str(tmp_path))
    assert [t["name"] for t in view.info["tags"]] == ["grey", "inputs"]
    assert view.info["tags"][1]["steps"] == [0, 20]
    facts, image = sheet(view, tag=1, step=1)
    assert facts["size"] == [8, 12, 3] and facts["high"] == [255.0]
    side_by_side = np.concatenate(list(batch.transpose(0, 2, 3, 1)), axis=1)
    np.testing.assert_array_equal(image, side_by_side)
    assert sheet(view)[0]["size"] == [8, 12, 1]
    with pytest.raises(ValueError, match="recorded run"):
        view.add(1, batch)

    with SummaryRecord(str(tmp_path), file_prefix="later") as record:
        record.add_value("image", "inputs", ms.Tensor(batch))
        record.record(40)
    view.update()
    assert view.info["tags"][1]["steps"] == [0, 20, 40]
    for path in tmp_path.iterdir():  # the files are cut off under the reader
        path.chmod(0o600)
        path.write_bytes(path.read_bytes()[:100])
    ((answer, _),) = ask(view, type="sheet", tag=1, step=1)
    assert answer["type"] == "problem" and "step 20 cannot be read" in answer["text"]
    assert "⚠" in view.to_html()


def test_a_run_without_pictures_says_what_it_has(tmp_path: Path) -> None:
    with SummaryRecord(str(tmp_path)) as record:
        record.add_value("scalar", "loss", ms.Tensor(1.0))
        record.record(1)
    with pytest.raises(ValueError, match=r"no pictures .* loss") as caught:
        insight.images(tmp_path)
    assert "SummaryRecord.add_value('image'" in str(caught.value)


def test_png_files_of_three_kinds() -> None:
    rng = np.random.default_rng(0)
    for shape in ((5, 7), (5, 7, 3), (5, 7, 4)):
        image = rng.integers(0, 256, shape).astype(np.uint8)
        np.testing.assert_array_equal(pixels(png(image)), image)
    one = np.full((1, 4, 4, 3), 0.5)
    assert sprite(one, np.array([0.0]), np.array([1.0]), 1).shape == (4, 4, 3)
    flat = sprite(one[..., :1], np.array([0.5]), np.array([0.5]), 1)
    assert (flat == 0).all(), "a range of no width is no division by zero"


def test_the_saved_picture_needs_nothing_and_holds_names_as_text() -> None:
    steps = {k: np.random.default_rng(k).random((12, 6, 6)) for k in range(9)}
    view = insight.images({HOSTILE: steps}, title=HOSTILE, language="zh")
    html = view.to_html()
    assert html == insight.images({HOSTILE: steps}, title=HOSTILE, language="zh").to_html()
    assert "&lt;img src=x" in html and "<img src=x" not in html
    assert [int(k) for k in re.findall(r"<div [^>]*>第 (\d) 步", html)] == [0, 3, 5, 8]
    assert html.count("data:image/png;base64,") == 40 and "http" not in html
    assert "还有 2 幅" in html and "black" not in html


def test_a_question_comes_while_a_picture_is_added() -> None:
    """JupyterLab asks on a thread of its own, also while a cell runs."""
    view = insight.images({0: np.zeros((2, 4, 4), np.uint8)})
    series = view._series["images"]
    answers: list[Any] = []
    view.send = lambda content, buffers=None: answers.append((content, buffers))

    def ask_for_the_last() -> None:
        question = {"tag": 0, "step": len(series.steps) - 1, "number": 0}
        view._on_message(view, {"type": "tile", **question}, [])

    asking = threading.Thread(target=ask_for_the_last)

    class HalfDone(list[Any]):
        def insert(self, place: Any, item: Any) -> None:
            asking.start()
            asking.join(0.5)  # it waits for us, or fails now
            super().insert(place, item)

    series._pictures = HalfDone(series._pictures)
    view.add(1, np.ones((2, 4, 4), np.uint8))
    asking.join()
    ((facts, (values,)),) = answers
    assert facts["ask"]["step"] == 1 and set(np.frombuffer(values)) == {1.0}
