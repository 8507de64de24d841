"""The chart and the parameters in a real JupyterLab: a learner clicks while the cell trains."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pytest
from browser.harness import WAIT_MS, Lab
from insight.notebook_lab import notebook_lab
from playwright.sync_api import Locator, expect
from waiting import settled, until

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=window.hacked=1>"
CELLS = [
    f"""
import time
import numpy as np
import mslearn as ms
from mslearn import insight, nn
net = nn.SequentialCell(nn.Dense(784, 512), nn.ReLU(), nn.Dense(512, 10))
curves = insight.Curves(title={{"en": "Training", "zh": "训练过程"}}, language="en")
def loop(steps=100_000):
    print("loop opened")
    try:
        for step in range(steps):
            time.sleep(0.01)
            values = {{"loss": 2.3 * np.exp(-step / 60), "{HOSTILE}": np.exp(-step / 40)}}
            if step % 10 == 9:
                values["accuracy"] = 1 - np.exp(-step / 60)
            yield values
    finally:
        print("loop closed")
curves
""",
    "await curves.train(loop())",
    "await curves.train(loop())  # interrupted",
    """
curves.log(100_000, loss=float("nan"))
curves.language = "zh"
def broken():
    yield {"step": 100_001, "loss": 0.1}
    raise ValueError("made to fail")
await curves.train(broken())
""",
    f"""
grads = [np.random.default_rng(k).normal(0, 0.1**k, p.shape).astype(np.float32)
         for k, p in enumerate(net.trainable_params())]
net.trainable_params()[3].name = "{HOSTILE}"
insight.parameters(net, grads, language="en")
""",
]
CANVAS_COLOURS = """canvas => {
    const {width, height} = canvas;
    const data = new Uint32Array(
        canvas.getContext('2d').getImageData(0, 0, width, height).data.buffer);
    return new Set(data).size;
}"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    home = tmp_path_factory.mktemp("insight")
    with notebook_lab(home, "insight", CELLS, size=(1280, 1400)) as opened:
        yield opened


def steps(chart: Locator) -> int:
    text = chart.locator(".ms-figures span").first.inner_text()
    return int(re.sub(r"\D", "", text))


def press(chart: Locator, action: str) -> None:
    """Press a button on its picture, as long as a hand does: the chart is told news meanwhile."""
    chart.locator(f"[data-action={action}] svg").click(delay=300)


def expect_state(chart: Locator, state: str) -> None:
    expect(chart.locator(".ms-state")).to_have_attribute("data-state", state, timeout=WAIT_MS)


def test_the_buttons_steer_the_training_while_the_cell_runs(lab: Lab) -> None:
    page = lab.page
    lab.wait_idle()
    lab.run_cell(0)
    chart = page.locator(".ms-curves")
    expect(chart.locator(".ms-empty")).to_have_text("Waiting for the first value…")

    lab.start_cell(1)
    expect_state(chart, "running")
    until(lambda: steps(chart) > 10)

    press(chart, "pause")
    expect_state(chart, "paused")
    held = settled(lambda: steps(chart), 3)  # a step was under way

    for extra in (1, 2):
        press(chart, "step")
        until(lambda extra=extra: steps(chart) >= held + extra)
        assert settled(lambda: steps(chart), 3) == held + extra

    press(chart, "resume")
    expect_state(chart, "running")
    until(lambda: steps(chart) > held + 10)

    expect(chart.locator("canvas")).to_have_count(3)  # a plot for each kind of value
    for canvas in chart.locator("canvas").all():
        assert canvas.evaluate(CANVAS_COLOURS) > 3, "axes and a line, not an empty canvas"
    lab.screenshot("insight-curves-running")

    # A box can be drawn in a chart that grows: it stays until it is done.
    box = chart.locator(".u-over").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 25, steps=5)
    before = steps(chart)
    until(lambda: steps(chart) > before + 20)
    page.mouse.up()
    expect(chart.locator("[data-action=back]")).to_be_enabled()
    chart.locator("[data-action=back]").click()
    expect(chart.locator("[data-action=back]")).to_be_disabled()
    before = chart.locator(".ms-plots").get_attribute("data-x")
    until(lambda: chart.locator(".ms-plots").get_attribute("data-x") != before, "it grows again")

    view = chart.element_handle()
    press(chart, "stop")
    lab.wait_idle()
    lab.wait_redrawn(view)
    expect_state(chart, "stopped")
    done = steps(chart)
    assert lab.output_text(1).startswith("loop opened\nloop closed\n")
    assert f"TrainResult(steps={done}, stopped=True)" in lab.output_text(1)


def test_the_stored_picture_shows_what_was_trained(lab: Lab) -> None:
    data = lab.cells()[0]["outputs"][0]["data"]
    assert "application/vnd.jupyter.widget-view+json" in data
    svg = "".join(data["image/svg+xml"])
    assert "accuracy" in svg and "&lt;img" in svg and "<img" not in svg
    expect(lab.page.locator(".ms-curves")).to_have_count(1)  # the live view is still what is shown


def test_the_keyboard_reads_values(lab: Lab) -> None:
    chart = lab.page.locator(".ms-curves")
    expect(chart.locator(".ms-chip")).to_have_count(3, timeout=WAIT_MS)
    chart.locator(".ms-plots").focus()
    for key in ("Home", "ArrowRight", "ArrowRight"):
        lab.page.keyboard.press(key)
    # the third step: 2.3 * exp(-2 / 60)
    expect(chart.locator(".ms-sr")).to_contain_text("step 3: loss 2.225", timeout=WAIT_MS)
    expect(chart.locator(".ms-chip b").first).to_have_text("2.225")


def test_hiding_a_series_and_the_table(lab: Lab) -> None:
    chart = lab.page.locator(".ms-curves")
    hostile = chart.locator(".ms-chip", has_text=HOSTILE)
    hostile.click()
    hostile = chart.locator(".ms-chip", has_text=HOSTILE)
    expect(hostile).to_have_attribute("aria-pressed", "false")
    hostile.click()
    chart.get_by_role("button", name="Table").click()
    expect(chart.locator(".ms-table tbody tr")).to_have_count(3)
    chart.get_by_role("button", name="Table").click()
    assert lab.page.evaluate("() => window.hacked ?? null") is None


def test_interrupting_the_kernel_stops_the_loop(lab: Lab) -> None:
    chart = lab.page.locator(".ms-curves")
    before = steps(chart)
    lab.start_cell(2)
    expect_state(chart, "running")
    until(lambda: steps(chart) > before + 10)
    lab.page.evaluate(
        "() => { window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.interrupt(); }"
    )
    lab.wait_idle()
    expect_state(chart, "stopped")
    assert "loop closed" in lab.output_text(2)


def test_a_failing_loop_and_nan_are_told_in_chinese(lab: Lab) -> None:
    chart = lab.page.locator(".ms-curves")
    cell = lab.run_cell(3)
    error = cell["outputs"][-1]
    assert (error["ename"], error["evalue"]) == ("ValueError", "made to fail")
    assert "broken" in "".join(error["traceback"])
    expect_state(chart, "failed")
    expect(chart).to_contain_text("ValueError: made to fail")
    expect(chart.locator(".ms-note")).to_contain_text("loss 在第 100")
    expect(chart.locator(".ms-title")).to_have_text("训练过程")
    expect(chart.locator("[data-action=stop]")).to_have_text("停止")
    lab.scroll_to(0)
    lab.screenshot("insight-curves-zh")


def test_parameters_table_histogram_and_heatmap(lab: Lab) -> None:
    lab.run_cell(4)
    lab.scroll_to(4)
    page = lab.page
    view = page.locator(".ms-params")
    expect(view.locator(".ms-rows tbody tr")).to_have_count(4)
    canvas = view.locator("canvas")
    expect(canvas).to_be_visible(timeout=WAIT_MS)
    assert canvas.evaluate(CANVAS_COLOURS) > 100
    assert canvas.evaluate("c => [c.width, c.height]") == [196, 256]
    expect(view).to_contain_text("One cell is 2 × 4 numbers")
    canvas.hover(position={"x": 1, "y": 1})
    expect(view.locator(".ms-said")).to_contain_text(re.compile(r"\[\d:\d, \d:\d\] = −?0\.0"))
    lab.screenshot("insight-parameters")

    view.locator("tbody button").nth(2).focus()
    page.keyboard.press("Enter")
    expect(view.locator(".ms-rows tbody tr").nth(2)).to_have_attribute("aria-selected", "true")
    expect(view.locator("h4").first).to_have_text("Values of 2.weight")
    page.keyboard.press("ArrowDown")
    expect(view.locator("h4").first).to_have_text(f"Values of {HOSTILE}")
    view.get_by_role("button", name="Gradient").click()
    with page.expect_download() as waiting:
        view.locator("[data-action=npy-all]").click()
    assert waiting.value.suggested_filename == "-img-src-x-onerror-window.hacked-1-.grad.npy"
    saved = np.load(waiting.value.path())
    assert saved.shape == (10,) and saved.dtype == np.float32
    canvas.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(view.locator(".ms-said")).to_contain_text("[1] = ")
    assert page.evaluate("() => window.hacked ?? null") is None


def test_dark_theme_and_reload_keep_the_history(lab: Lab) -> None:
    page = lab.page
    lab.theme("JupyterLab Dark")
    lab.scroll_to(0)
    chart = page.locator(".ms-curves")
    expect(chart).to_have_class(re.compile("ms-dark"))
    before = chart.locator(".ms-chip").count()
    lab.screenshot("insight-curves-dark")
    lab.save()
    page.reload()
    lab.wait_restored()
    lab.wait_open("insight.ipynb")
    lab.wait_idle()
    lab.scroll_to(0)
    expect(page.locator(".ms-curves .ms-chip")).to_have_count(before, timeout=WAIT_MS)
    assert page.locator(".ms-curves canvas").first.evaluate(CANVAS_COLOURS) > 3
    assert not [error for error in lab.errors if "mslearn" in error or "ms-" in error]
