"""What a reader does with curves: zoom, axes, limits, files, two charts, a million points."""

from __future__ import annotations

import csv
import io
import re
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from browser.harness import Lab
from insight.notebook_lab import notebook_lab
from playwright.sync_api import Locator, expect
from waiting import settled, until

from mslearn import insight

HOSTILE = "<img src=x onerror=window.hacked=1>"
CELLS = [
    """
import time, threading
import numpy as np
from mslearn import insight
one = insight.Curves(title="One", language="en")
for run in range(2):
    for step in range(200):
        one.log(step, loss=float((2 + run) * np.exp(-step / 60)), accuracy=step / 200)
one.threshold("loss", above=1.0)
one
""",
    f"""
two = insight.Curves(title="{HOSTILE}", language="en")
for step in range(200):
    two.log(step, error=float(np.exp(-step / 30)))
two
""",
    "one.refresh_saved_picture()",
    """
many = insight.Curves(title="Million", language="en")
many
""",
    """
def flood():
    noise = np.random.default_rng(0).normal(size=500_000)
    for step in range(500_000):
        many.log(step, a=noise[step], b=noise[step] + step / 1e5)
        if step % 2000 == 0:
            time.sleep(0.002)
thread = threading.Thread(target=flood)
thread.start()
""",
    """
from mslearn import nn
layer = nn.Dense(3, 2)
looks = insight.parameters(layer, language="en")
for step in (100, 150):
    looks.update(step=step)
looks
""",
    """
insight.images({k: np.full((2, 1, 4, 4), k / 200) for k in (0, 100, 150)}, language="en")
""",
]
INK = """(canvas) => {
    const {width, height} = canvas;
    const d = canvas.getContext('2d').getImageData(0, 0, width, height).data;
    let n = 0;
    for (let i = 0; i < d.length; i += 4) {
        const [r, g, b, a] = d.subarray(i, i + 4);
        if (a > 200 && Math.max(r, g, b) - Math.min(r, g, b) > 90) n++;
    }
    return n;
}"""
RED = """(canvas) => {
    const {width, height} = canvas;
    const d = canvas.getContext('2d').getImageData(0, 0, width, height).data;
    let n = 0;
    for (let i = 0; i < d.length; i += 4) {
        if (Math.abs(d[i] - 179) < 12 && Math.abs(d[i + 1] - 38) < 14 && d[i + 3] > 200) n++;
    }
    return n;
}"""


def test_limits_are_data_that_travels_and_can_be_taken_back() -> None:
    curves = insight.Curves()
    curves.threshold("loss", above=1, below=0.1)
    curves.threshold(HOSTILE, below=0)
    assert curves.thresholds == {"loss": [0.1, 1.0], HOSTILE: [0.0, None]}
    curves.threshold("loss")
    assert "loss" not in curves.thresholds
    with pytest.raises(ValueError, match="finite"):
        curves.threshold("loss", above=float("nan"))


def test_the_page_gets_steps_values_and_times_and_files_on_request() -> None:
    curves = insight.Curves()
    for step in range(3):
        curves.log(step, loss=step / 2)
    sent: list[tuple[dict, list[bytes] | None]] = []
    curves.send = lambda content, buffers=None: sent.append((content, buffers))
    curves._on_message(curves, {"type": "hello"}, [])
    buffers = sent[-1][1]
    assert buffers is not None and len(buffers) == 3
    walls = np.frombuffer(buffers[2])
    assert np.all(np.diff(walls) >= 0) and abs(walls[0] - time.time()) < 60
    curves._on_message(curves, {"type": "export", "kind": "csv"}, [])
    curves._on_message(curves, {"type": "export", "kind": "svg"}, [])
    curves._on_message(curves, {"type": "export", "kind": "../../etc"}, [])
    assert [c["text"] for c, _ in sent[1:]] == [curves.to_csv(), curves.to_svg()]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    home = tmp_path_factory.mktemp("curves")
    with notebook_lab(home, "curves", CELLS, size=(1280, 1500)) as opened:
        yield opened


def shown(chart: Locator) -> list[float]:
    text = chart.locator(".ms-plots").get_attribute("data-x") or ""
    return [float(v.replace("−", "-").replace("\u202f", "")) for v in text.split()]


def drag(lab: Lab, plot: Locator, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Between two points given as shares of the plot's width and height."""
    box = settled(plot.bounding_box, 0.5)
    assert box
    mouse = lab.page.mouse
    mouse.move(box["x"] + start[0] * box["width"], box["y"] + start[1] * box["height"])
    mouse.down()
    mouse.move(box["x"] + end[0] * box["width"], box["y"] + end[1] * box["height"], steps=5)
    mouse.up()


@pytest.mark.browser
def test_box_zoom_steps_back_and_survives_a_new_view(lab: Lab) -> None:
    lab.wait_idle()
    lab.run_cell(0)
    lab.run_cell(1)
    chart = lab.page.locator(".ms-curves").first
    plot = chart.locator(".u-over").first
    expect(chart.locator(".ms-chip")).to_have_count(2)
    until(lambda: shown(chart) == [0, 199])
    back = chart.locator("[data-action=back]")
    expect(back).to_be_disabled()
    drag(lab, plot, (0.25, 0.1), (0.75, 0.9))
    until(lambda: shown(chart) != [0, 199])
    low, high = settled(lambda: shown(chart), 0.5)
    assert low == pytest.approx(50, abs=3) and high == pytest.approx(149, abs=3)
    drag(lab, plot, (0.5, 0.2), (1.0, 0.6))
    until(lambda: shown(chart)[0] == pytest.approx(99.5, abs=3))
    lab.screenshot("curves-zoom")
    view = chart.element_handle()
    lab.run_cell(2)  # the picture is stored anew, as at the end of a training: a new view
    lab.wait_redrawn(view)
    chart = lab.page.locator(".ms-curves").first
    expect(chart.locator(".ms-chip")).to_have_count(2)
    until(lambda: shown(chart)[0] == pytest.approx(99.5, abs=3))
    chart.locator("[data-action=back]").click()
    until(lambda: shown(chart) == pytest.approx([low, high], rel=1e-3))
    chart.locator(".ms-plots").focus()
    lab.page.keyboard.press("Backspace")
    until(lambda: shown(chart) == [0, 199])


@pytest.mark.browser
def test_a_limit_is_painted_and_told(lab: Lab) -> None:
    chart = lab.page.locator(".ms-curves").first
    above = np.arange(200)[2 * np.exp(-np.arange(200) / 60) > 1]
    notes = chart.locator(".ms-note")
    expect(notes.first).to_contain_text(
        f"loss (run 1) above 1 at {len(above)} points, first at step 0"
    )
    expect(notes).to_have_count(2)
    canvas = chart.locator("canvas").first
    until(lambda: canvas.evaluate(RED) > 60)
    assert chart.locator("canvas").nth(1).evaluate(RED) == 0


@pytest.mark.browser
def test_the_cursor_is_shared_and_the_axis_can_be_time(lab: Lab) -> None:
    charts = lab.page.locator(".ms-curves")
    one, two = charts.nth(0), charts.nth(1)
    expect(two.locator(".ms-title")).to_have_text(HOSTILE)
    one.locator(".ms-plots").focus()
    for key in ("Home", "ArrowRight", "ArrowRight", "ArrowRight"):
        lab.page.keyboard.press(key)
    expect(one.locator(".ms-at")).to_have_text("step 3")
    expect(two.locator(".ms-at")).to_have_text("step 3")
    expect(two.locator(".ms-chip b")).to_have_text(f"{np.exp(-0.1):.4g}")
    one.locator("[data-action=axis]").select_option("relative")
    one.locator(".ms-plots").focus()
    lab.page.keyboard.press("Home")
    expect(one.locator(".ms-at")).to_have_text("0 s")
    expect(two.locator(".ms-at")).to_have_text("step 3")  # another axis: it does not follow
    until(lambda: shown(one)[0] == 0 and 0 < shown(one)[1] < 100)
    one.locator("[data-action=axis]").select_option("wall")
    lab.screenshot("curves-wall")
    one.locator(".ms-plots").focus()
    lab.page.keyboard.press("End")
    expect(one.locator(".ms-at")).to_have_text(re.compile(r"^\d+:\d+:\d+$"))
    one.locator("[data-action=axis]").select_option("step")
    assert lab.page.evaluate("() => window.hacked ?? null") is None


@pytest.mark.browser
def test_the_cursor_is_shared_with_sliders_over_steps(lab: Lab) -> None:
    page = lab.page
    lab.run_cell(5)
    lab.run_cell(6)
    lab.scroll_to(5)
    weights, pictures = page.locator(".ms-p-steps output"), page.locator(".ms-i-where")
    expect(weights).to_have_text("step 150")
    expect(pictures).to_contain_text("150")
    chart = page.locator(".ms-curves").first
    chart.locator(".ms-plots").focus()
    page.keyboard.press("Home")
    for _ in range(9):
        page.keyboard.press("Shift+ArrowRight")
    expect(chart.locator(".ms-at")).to_have_text("step 90")
    expect(weights).to_have_text("step 100")
    expect(pictures).to_contain_text("100")
    page.locator(".ms-p-steps input").focus()
    page.keyboard.press("Home")
    expect(weights).to_have_text("step 1")
    expect(chart.locator(".ms-at")).to_have_text("step 1")


@pytest.mark.browser
def test_earlier_runs_can_be_hidden_and_the_table_stays_open(lab: Lab) -> None:
    chart = lab.page.locator(".ms-curves").first
    canvas = chart.locator("canvas").first
    both = settled(lambda: canvas.evaluate(INK))
    earlier = chart.locator("[data-action=earlier]")
    expect(earlier).to_have_attribute("aria-pressed", "true")
    earlier.click()
    earlier = chart.locator("[data-action=earlier]")
    expect(earlier).to_have_attribute("aria-pressed", "false")
    until(lambda: canvas.evaluate(INK) != both)
    chart.get_by_role("button", name="Table").click()
    view = chart.element_handle()
    lab.run_cell(2)  # a new view
    lab.wait_redrawn(view)
    chart = lab.page.locator(".ms-curves").first
    expect(chart.locator(".ms-table tbody tr")).to_have_count(4)
    expect(chart.locator("[data-action=earlier]")).to_have_attribute("aria-pressed", "false")
    chart.get_by_role("button", name="Table").click()
    chart.locator("[data-action=earlier]").click()
    lab.screenshot("curves-two-runs")


@pytest.mark.browser
def test_files(lab: Lab, tmp_path: Path) -> None:
    one = lab.page.locator(".ms-curves").first
    found = {}
    for kind in ("csv", "svg", "png"):
        with lab.page.expect_download() as waiting:
            one.locator(f"[data-action={kind}]").click()
        assert waiting.value.suggested_filename == f"One.{kind}"
        waiting.value.save_as(tmp_path / kind)
        found[kind] = (tmp_path / kind).read_bytes()
    rows = list(csv.reader(io.StringIO(found["csv"].decode())))
    assert len(rows) == 1 + 2 * 2 * 200
    assert found["svg"].startswith(b"<svg") and found["png"].startswith(b"\x89PNG")
    assert len(found["png"]) > 5000


@pytest.mark.browser
def test_a_million_points_and_a_part_of_them(lab: Lab) -> None:
    page = lab.page
    lab.run_cell(3)
    lab.scroll_to(3)
    chart = page.locator(".ms-curves").nth(2)
    expect(chart.locator(".ms-empty")).to_be_visible()
    lab.run_cell(4)
    lab.scroll_to(3)
    expect(chart.locator(".ms-chip")).to_have_count(2)
    page.wait_for_function(
        "() => Number(document.querySelectorAll('.ms-curves .ms-plots')[2].dataset.x"
        ".split(' ')[1].replace(/\\D/g, '')) > 499000",
        timeout=600_000,
    )
    lab.wait_idle()
    drag(lab, chart.locator(".u-over").first, (0.4, 0.5), (0.41, 0.5))
    low, high = shown(chart)
    assert high - low < 8000
    # Both panels show every point of the part, not the thinned line of the whole.
    for canvas in chart.locator("canvas").all():
        until(lambda canvas=canvas: canvas.evaluate(INK) > 8000)
    lab.screenshot("curves-million")
    assert not [error for error in lab.errors if "ms-" in error or "uPlot" in error]
