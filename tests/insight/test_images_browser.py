"""Pictures and predictions in a real JupyterLab: step, play, light, point, choose, by key too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from browser.harness import Lab
from insight.notebook_lab import notebook_lab
from playwright.sync_api import Locator, expect
from waiting import settled, until

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=window.hacked=1>"
CELLS = [
    f"""
import numpy as np
import mslearn as ms
from mslearn import insight, nn
from mslearn.dataset import MnistDataset, prepare

rows = MnistDataset(f"{{prepare('mnist')}}/test", shuffle=False)
digits, labels = map(np.array, zip(*rows.create_tuple_iterator(output_numpy=True, num_epochs=1)))
digits, labels = digits.reshape(-1, 28, 28), labels.astype(np.int32)
noise = np.random.default_rng(0).normal(size=(24, 28, 28))
fading = {{step: (digits[:24] / 255 * step / 40 + noise * (1 - step / 40)).astype(np.float32)
          for step in (0, 10, 20, 40)}}
fading[20][3, 4:7, 5:9] = np.nan
colours = np.random.default_rng(1).integers(0, 256, (5, 3, 16, 16)).astype(np.uint8)
view = insight.images({{"{HOSTILE}": fading, "colour": colours}})
view
""",
    """
view.language = 'zh'
view.add(60, digits[:24] / 255, tag="<img src=x onerror=window.hacked=1>")
""",
    f"""
ms.set_seed(1)
x, y = ms.Tensor(digits / 255, ms.float32), ms.Tensor(labels)
net = nn.SequentialCell(nn.Flatten(), nn.Dense(784, 10))
optimizer = nn.SGD(net.trainable_params(), 0.2)
loss_fn = nn.CrossEntropyLoss()
step = ms.value_and_grad(lambda a, b: loss_fn(net(a), b), None, optimizer.parameters)
for k in range(60):
    optimizer(step(x[:250], y[:250])[1])
names = [str(k) for k in range(9)] + ["{HOSTILE}"]
seen = insight.predictions(net, x, y, class_names=names)
seen
""",
    "seen.language = 'zh'",
    """
import os, time
view.language = 'en'
for epoch in range(70, 74):
    view.add(epoch, digits[epoch - 70 :][:24] / 255, tag="<img src=x onerror=window.hacked=1>")
    time.sleep(0.2)
while not os.path.exists("seen"):  # the page has seen it, however long that took
    time.sleep(0.05)
""",
]


LATE = """
import os, time
def late(*given, own=view._send_tile):
    while not os.path.exists("go"):
        time.sleep(0.05)
    own(*given)
view._send_tile = late
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    home = tmp_path_factory.mktemp("images")
    with notebook_lab(home, "images", CELLS, size=(1360, 1150)) as opened:
        yield opened


def slide(slider: Locator, value: float) -> None:
    """Move a slider as a hand does: the value changes, and the page hears of it."""
    slider.evaluate(
        "(e, v) => { e.value = v; e.dispatchEvent(new Event('input', {bubbles: true})); }", value
    )


def ink(widget: Locator, x: int, y: int) -> list[int]:
    """What is painted in the large picture at a pixel: red, green, blue, alpha."""
    return list(
        widget.locator(".ms-i-frame canvas").evaluate(
            "(c, [x, y]) => [...c.getContext('2d').getImageData(x, y, 1, 1).data]", [x, y]
        )
    )


def painted(tile: Locator) -> None:
    """The picture of a tile comes out of a PNG file that the browser could read."""
    assert tile.locator("i").evaluate(
        """async e => {
            const url = getComputedStyle(e).backgroundImage.slice(5, -2);
            const image = new Image();
            image.src = url;
            await image.decode();
            return image.naturalWidth > 0;
        }"""
    )


def test_steps_light_pixels_channels_and_keys(lab: Lab) -> None:
    page = lab.page
    lab.wait_idle()
    lab.run_cell(0)
    lab.scroll_to(0)
    widget = page.locator(".ms-images").first
    expect(widget.locator(".ms-bar").first).to_contain_text(
        "24 pictures of 28 × 28, float32, read as (N, H, W)"
    )
    where, slider = widget.locator(".ms-i-where"), widget.locator("[data-action=step]")
    expect(where).to_have_text("step 40 (4 of 4)")
    tiles = widget.locator(".ms-i-tile")
    expect(tiles).to_have_count(24)
    expect(widget.locator(".ms-i-picture").first).to_be_visible()
    painted(tiles.first)
    low, high = widget_range(widget)
    assert low < -2 and high > 2, "black and white span all steps"

    # One picture: its pixels are the array's, by pointer and by key.
    tiles.nth(3).click()
    canvas = widget.locator(".ms-i-frame canvas")
    expect(widget.locator(".ms-i-zoom h4")).to_have_text("picture 3 · step 40")
    digits = first_digits()
    canvas.hover(position={"x": 15 * 10 + 5, "y": 12 * 10 + 5})
    expect(widget.locator(".ms-i-said")).to_have_text(
        f"row 12, column 15: {shown(digits[3, 12, 15] / np.float32(255))}"
    )
    canvas.focus()
    page.keyboard.press("ArrowDown")
    expect(widget.locator(".ms-i-said")).to_have_text(
        f"row 13, column 15: {shown(digits[3, 13, 15] / np.float32(255))}"
    )
    expect(widget.locator("[aria-live]")).to_contain_text("row 13, column 15")
    expect(widget.locator(".ms-i-loupe i")).to_have_count(49)
    lab.screenshot("images-pixels")

    # The slider, by key; the chosen picture follows. Pixels that are no number are marked.
    slider.focus()
    page.keyboard.press("ArrowLeft")
    expect(where).to_have_text("step 20 (3 of 4)")
    expect(slider).to_have_attribute("aria-valuetext", "step 20 (3 of 4)")
    expect(widget.locator(".ms-note")).to_contain_text("12 pixels are NaN or infinite")
    expect(widget.locator(".ms-i-zoom h4")).to_have_text("picture 3 · step 20")
    expect(tiles.nth(3)).to_have_attribute("aria-label", "picture 3, 12 pixels not finite")
    until(lambda: ink(widget, 5, 4)[3] == 0 and ink(widget, 4, 4)[3] == 255)
    canvas.hover(position={"x": 6 * 10 + 5, "y": 5 * 10 + 5})
    expect(widget.locator(".ms-i-said")).to_have_text("row 5, column 6: NaN")
    lab.screenshot("images-nan")

    # A step's name comes with its pixels, however late these are after its sheet.
    lab.run_code(LATE)
    slide(slider, 3)
    expect(where).to_have_text("step 40 (4 of 4)")
    expect(tiles.nth(3)).to_have_attribute("aria-label", "picture 3")
    expect(widget.locator(".ms-i-zoom h4")).to_have_text("picture 3 · step 20")
    assert ink(widget, 5, 4)[3] == 0
    (lab.camp.home / "mslearn-camp" / "go").touch()
    expect(widget.locator(".ms-i-zoom h4")).to_have_text("picture 3 · step 40")

    # Brightness and contrast change the picture and what is said about it.
    before = settled(lambda: ink(widget, 0, 0), 0.5)
    slide(widget.locator("[data-action=brightness]"), 1.5)
    slide(widget.locator("[data-action=contrast]"), 2)
    part = before[0] / 255
    expected = np.clip((min(part * 1.5, 1) - 0.5) * 2 + 0.5, 0, 1) * 255
    assert abs(expected - before[0]) > 2
    until(lambda: ink(widget, 0, 0)[0] == pytest.approx(expected, abs=1))
    expect(tiles.first.locator("i")).to_have_css("filter", "brightness(1.5) contrast(2)")
    expect(widget.locator(".ms-i-range")).to_contain_text("now black up to")
    widget.locator("[data-action=reset]").click()
    until(lambda: ink(widget, 0, 0) == before)
    expect(widget.locator(".ms-i-range")).not_to_contain_text("now black")

    # Black and white from each picture, from the step.
    widget.locator("[data-action=scale]").select_option("step")
    expect(widget.locator(".ms-i-range")).to_have_text("black = 0, white = 1")
    widget.locator("[data-action=scale]").select_option("image")
    expect(widget.locator(".ms-i-range")).to_contain_text("each picture")
    widget.locator("[data-action=scale]").select_option("auto")

    # The film runs by itself, and stops.
    widget.locator("[data-action=play]").click()
    expect(where).to_contain_text("step 10 ")
    widget.locator("[data-action=play]").click()
    step = settled(where.inner_text).split(" (")[0]  # the film's pace is a third of that
    expect(widget.locator(".ms-i-zoom h4")).to_have_text(f"picture 3 · {step}")

    with page.expect_download() as saved:
        widget.locator("[data-action=png]").click()
    assert Path(saved.value.path()).read_bytes().startswith(b"\x89PNG")
    assert "<" not in saved.value.suggested_filename

    # Another tag, in colour; one channel of it; arrow keys go from picture to picture.
    widget.locator("[data-action=tag]").select_option("1")
    expect(tiles).to_have_count(5)
    expect(widget.locator(".ms-i-range")).to_have_text("black = 0, white = 255")
    tiles.first.click()
    expect(widget.locator(".ms-i-zoom h4")).to_have_text("picture 0")
    page.keyboard.press("ArrowRight")
    expect(widget.locator(".ms-i-zoom h4")).to_have_text("picture 1")
    expect(tiles.nth(1)).to_have_attribute("aria-selected", "true")
    colours = np.random.default_rng(1).integers(0, 256, (5, 3, 16, 16))
    until(lambda: ink(widget, 2, 7)[:3] == colours[1, :, 7, 2].tolist())
    lab.screenshot("images-colour")
    widget.locator("[data-action=channel]").select_option("2")
    page.wait_for_function(
        "([e, v]) => e.getContext('2d').getImageData(2, 7, 1, 1).data[0] === v",
        arg=[canvas.element_handle(), int(colours[1, 2, 7, 2])],
    )


def test_a_new_step_in_chinese_on_dark_paper(lab: Lab) -> None:
    page = lab.page
    lab.theme("JupyterLab Dark")
    widget = page.locator(".ms-images").first
    widget.locator("[data-action=tag]").select_option("0")
    expect(widget.locator(".ms-i-where")).to_have_text("step 40 (4 of 4)")
    lab.run_cell(1)
    # Whoever looks at the last step is shown the one that came.
    expect(widget.locator(".ms-i-where")).to_have_text("第 60 步（5/5）")
    expect(widget.locator("h3")).to_have_text("图像")
    widget.locator(".ms-i-tile").nth(7).click()
    expect(widget.locator(".ms-i-said")).to_have_text("把鼠标移到像素上，或用方向键查看。")
    widget.locator(".ms-i-frame canvas").hover(position={"x": 155, "y": 155})
    expect(widget.locator(".ms-i-said")).to_contain_text("第 15 行第 15 列")
    lab.scroll_to(0)
    lab.screenshot("images-zh-dark")
    assert page.locator(".ms-images img").count() == 0
    assert page.evaluate("() => window.hacked ?? null") is None
    html = "".join(lab.cells()[0]["outputs"][-1]["data"]["text/html"])
    assert "&lt;img" in html and not re.search(r"<img(?! alt=)", html)
    lab.theme("JupyterLab Light")


def test_the_matrix_and_the_samples_behind_a_cell(lab: Lab) -> None:
    page = lab.page
    cell = lab.run_cell(2)
    lab.scroll_to(2)
    widget = page.locator(".ms-i-predictions")
    expect(widget.locator("h3")).to_have_text("Predictions")
    said = "".join(cell["outputs"][-1]["data"]["text/plain"])
    right = int(re.findall(r"\d+", said)[0])
    expect(widget.locator(".ms-bar").first).to_contain_text(f"{right} of 500 right")
    cells = widget.locator("td[data-cell]")
    expect(cells).to_have_count(100)
    counts = np.array([int(c) for c in cells.all_inner_texts()]).reshape(10, 10)
    assert counts.sum() == 500 and np.trace(counts) == right

    # At first: the mistakes, marked by sign and frame, not by colour alone.
    tiles = widget.locator(".ms-i-tile")
    expect(tiles.first).to_contain_text("✗")
    expect(widget.locator(".ms-i-samples h4")).to_have_text("All samples")
    expect(widget.locator(".ms-i-samples")).to_contain_text(f"{500 - right} samples")
    painted(tiles.first)
    frame = tiles.first.locator(".ms-i-picture")
    assert frame.evaluate("e => getComputedStyle(e).borderStyle") == "dashed"
    lab.screenshot("predictions")

    # A cell: exactly its samples.
    wrong = counts * (1 - np.eye(10, dtype=int))
    true, predicted = (int(k) for k in np.unravel_index(wrong[:9, :9].argmax(), (9, 9)))
    count = int(counts[true, predicted])
    widget.locator(f"[data-cell='{true},{predicted}']").click()
    expect(widget.locator(".ms-i-samples h4")).to_have_text(f"True {true}, predicted {predicted}")
    expect(tiles).to_have_count(count)
    expect(widget.locator(f"[data-cell='{true},{predicted}']")).to_be_focused()
    for text in tiles.all_inner_texts():
        assert text.split("\n")[:2] == [f"✗ {predicted}", f"is {true}"]
    labels = first_digits(labels=True)
    for label in [tile.get_attribute("aria-label") or "" for tile in tiles.all()]:
        row = int(re.sub(r"\D", "", label.split(":")[0]))
        assert labels[row] == true, "the sample is the one that it says"
    expect(widget.locator("[aria-live]")).to_contain_text(f"True {true}, predicted {predicted}")

    # A sample: its pixels, and what the network thought.
    tiles.first.click()
    expect(widget.locator(".ms-i-zoom h4")).to_contain_text("sample")
    bars = widget.locator(".ms-i-bars > div:not(.ms-i-small)")
    expect(bars).to_have_count(5)
    expect(bars.first).to_contain_text(str(predicted))
    expect(widget.locator(".ms-i-truth")).to_contain_text("← the truth")
    lab.screenshot("predictions-cell")

    # Keys walk through the grid; a header is a whole row.
    widget.locator(f"[data-cell='{true},{predicted}']").focus()
    page.keyboard.press("ArrowDown")
    here = widget.locator(f"[data-cell='{true + 1},{predicted}']")
    expect(here).to_be_focused()
    expect(here).to_have_attribute("aria-selected", "true")
    widget.locator("[data-cell='4,-1']").click()
    expect(widget.locator(".ms-i-samples h4")).to_have_text("True 4")
    expect(widget.locator(".ms-i-samples")).to_contain_text(f"{wrong[4].sum()} samples")
    widget.locator("[data-action=wrong]").click()
    expect(widget.locator(".ms-i-samples")).to_contain_text(f"{counts[4].sum()} samples")
    expect(widget.locator(".ms-i-tile.ms-i-right").first).to_contain_text("✓ 4")

    # Least sure first: the confidences rise.
    widget.locator("[data-action=order]").select_option("unsure")
    widget.locator(".ms-i-tile").first.wait_for()
    page.wait_for_function(
        """() => {
            const sure = [...document.querySelectorAll('.ms-i-predictions .ms-i-tile')]
                .map(e => Number(/([\\d.]+) % sure/.exec(e.ariaLabel)[1]));
            return sure.length > 5 && sure.every((v, k) => !k || v >= sure[k - 1]);
        }"""
    )

    with page.expect_download() as saved:
        widget.locator("[data-action=csv]").click()
    lines = Path(saved.value.path()).read_text(encoding="utf-8").splitlines()
    assert lines[1].split(",") == ["0", *map(str, counts[0])]

    # Shares of a row; the pair that is confused most.
    widget.locator("[data-norm=byRow]").click()
    expect(widget.locator("[data-cell='0,0']")).to_have_text(
        str(round(100 * counts[0, 0] / counts[0].sum()))
    )
    pair = widget.locator(".ms-i-pairs button").first
    assert str(wrong.max()) in pair.inner_text()
    pair.click()
    expect(pair).to_have_attribute("aria-pressed", "true")
    expect(tiles).to_have_count(int(wrong.max()))


def test_predictions_in_chinese_on_dark_paper_with_hostile_names(lab: Lab) -> None:
    page = lab.page
    lab.theme("JupyterLab Dark")
    lab.run_cell(3)
    lab.scroll_to(2)
    widget = page.locator(".ms-i-predictions")
    expect(widget.locator("h3")).to_have_text("预测结果")
    widget.locator("[data-cell='-1,9']").click()
    expect(widget.locator(".ms-i-samples h4")).to_have_text(f"预测 {HOSTILE}")
    widget.locator(".ms-i-tile").first.click()
    expect(widget.locator(".ms-i-bars h4")).to_have_text("它怎么想")
    lab.screenshot("predictions-zh-dark")
    assert page.locator(".ms-i-predictions img").count() == 0
    assert page.evaluate("() => window.hacked ?? null") is None
    html = "".join(lab.cells()[2]["outputs"][-1]["data"]["text/html"])
    assert "&lt;img" in html and not re.search(r"<img(?! alt=)", html)
    assert not [error for error in lab.errors if "ms-i" in error or "images" in error]
    lab.theme("JupyterLab Light")


def test_a_plain_training_loop_is_followed_while_it_runs(lab: Lab) -> None:
    page = lab.page
    widget = page.locator(".ms-images").first
    lab.scroll_to(0)
    expect(widget.locator(".ms-i-where")).to_have_text("第 60 步（5/5）")
    drawn = """e => {  // nothing, while it is drawn anew
        const tile = e.querySelector('.ms-i-tile i');
        return tile && getComputedStyle(tile).backgroundImage;
    }"""
    before = widget.evaluate(drawn)
    lab.start_cell(4)
    page.wait_for_function(
        f"""before => {{
            const widget = document.querySelector('.ms-images');
            const panel = window.jupyterapp.shell.currentWidget;
            const where = widget.querySelector('.ms-i-where').textContent;
            const now = ({drawn})(widget);
            return panel.sessionContext.session.kernel.status === 'busy'
                && /step 7[0-3]/.test(where) && now && now !== before;
        }}""",
        arg=before,
    )
    (lab.camp.home / "mslearn-camp" / "seen").touch()
    lab.wait_idle()
    expect(widget.locator(".ms-i-where")).to_have_text("step 73 (9 of 9)")


def widget_range(widget: Locator) -> tuple[float, float]:
    expect(widget.locator(".ms-i-range")).to_contain_text("black")
    text = widget.locator(".ms-i-range").inner_text().replace("−", "-")
    low, high = re.findall(r"-?\d+\.?\d*", text)[:2]
    return float(low), float(high)


def shown(value: float) -> str:
    """As the widget writes a number: five digits, no trailing zeros."""
    text = np.format_float_positional(float(f"{value:.5g}"), trim="-")
    return text.replace("-", "−")


def first_digits(labels: bool = False) -> np.ndarray:
    from mslearn.dataset import MnistDataset, prepare

    rows = MnistDataset(f"{prepare('mnist')}/test", shuffle=False)
    images, classes = zip(*rows.create_tuple_iterator(output_numpy=True, num_epochs=1), strict=True)
    return np.array(classes) if labels else np.array(images).reshape(-1, 28, 28)
