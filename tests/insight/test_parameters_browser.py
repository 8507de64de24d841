"""Parameters over time, slices, formats and files, and dead units, in a real JupyterLab."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pytest
from browser.harness import WAIT_MS, Lab
from insight.notebook_lab import notebook_lab
from playwright.sync_api import Locator, expect
from waiting import until

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=window.hacked=1>"
RENEW = """async () => {  // what a running training does four times a second, and its arrival here
  const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;
  await kernel.requestExecute({ code: "view._renew()" }).done;
  await new Promise((done) => setTimeout(done, 500));
}"""
CELLS = [
    f"""
import numpy as np
import mslearn as ms
from mslearn import insight, nn, ops
ms.set_seed(1)
rng = np.random.default_rng(0)
net = nn.SequentialCell(
    nn.Conv2d(1, 4, 5, pad_mode="valid"), nn.ReLU(), nn.MaxPool2d(2, 2), nn.Flatten(),
    nn.Dense(4 * 12 * 12, 24), nn.Tanh(), nn.Dense(24, 10))
net.trainable_params()[2].name = "{HOSTILE}"
loss_fn = nn.CrossEntropyLoss()
optimizer = nn.Adam(net.trainable_params(), 0.01)
x = ms.Tensor(rng.random((64, 1, 28, 28), np.float32))
y = ms.Tensor(rng.integers(0, 10, 64).astype(np.int32))
grad_fn = ms.value_and_grad(lambda: loss_fn(net(x), y), None, optimizer.parameters)
watcher = insight.watch(net, optimizer, loss_fn, histograms=5, summary_dir="runs/first")
view = insight.parameters(watcher, language="en")
view
""",
    """
import os, time
for step in range(60):
    loss, grads = grad_fn()
    optimizer(grads)
    time.sleep(0.02)
while not os.path.exists("seen"):  # the page has seen it, however long that took
    time.sleep(0.05)
watcher.stop()
exact = {n: watcher.history.array("weight", p.name, 30)[1] for n, p in
         zip("cde", optimizer.parameters)}
np.save("conv30.npy", exact["c"])
""",
    'insight.parameters("runs/first", language="zh")',
    """
bias = net[0].weight  # a filter that nothing wakes, and a unit that is always at an end
weights = bias.asnumpy().copy()
weights[2] = -np.abs(weights[2])
bias.set_data(ms.Tensor(weights))
dense = net[4].bias
dense.set_data(ms.Tensor(np.where(np.arange(24) % 7 == 3, 9.0, dense.asnumpy()).astype(np.float32)))
labels = np.array([f"<b>{k}</b>" for k in range(64)])
units = insight.activations(net, [(x, labels)], language="en")
units
""",
    """
weights[2] = np.abs(weights[2])
bias.set_data(ms.Tensor(weights))
units.update(step=10)
units.language = "zh"
view.language = "zh"
insight.activations(nn.SequentialCell(nn.Dense(3, 600), nn.Sigmoid()), np.eye(3, dtype=np.float32))
""",
    "view",
]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    home = tmp_path_factory.mktemp("parameters")
    with notebook_lab(home, "parameters", CELLS, size=(1320, 1500)) as opened:
        yield opened


def colours(canvas: Locator) -> int:
    return int(
        canvas.evaluate("""c => new Set(new Uint32Array(
            c.getContext('2d').getImageData(0, 0, c.width, c.height).data.buffer)).size""")
    )


def type_slice(view: Locator, text: str) -> None:
    box = view.locator("[data-part=slice]")
    box.fill(text)
    box.press("Enter")


def figure(view: Locator, key: str) -> str:
    return view.locator(f"[data-figure={key}] b").inner_text()


def test_the_view_fills_while_the_training_runs_and_steps_are_chosen(lab: Lab) -> None:
    page = lab.page
    lab.wait_idle()
    lab.run_cell(0)
    view = page.locator(".ms-params").first
    expect(view).to_contain_text("Waiting for the first look of the training…")
    lab.start_cell(1)
    slider = view.locator("[data-part=step]")
    expect(view.locator("tbody tr").first).to_contain_text("4 × 1 × 5 × 5")
    expect(view.locator(".ms-p-time .ms-p-row").nth(2)).to_be_attached()
    busy = page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status"
    )
    assert busy == "busy", "the ridges grow while the cell runs: nobody had to ask the kernel"
    before_stop = view.element_handle()
    (lab.camp.home / "mslearn-camp" / "seen").touch()
    lab.wait_idle()
    lab.wait_redrawn(before_stop)  # its picture is renewed when the watching stops
    lab.scroll_to(0)
    expect(slider).to_have_attribute("max", "12", timeout=WAIT_MS)
    expect(view.locator(".ms-p-time .ms-p-row")).to_have_count(13)
    expect(slider).to_have_attribute("aria-valuetext", "step 60")
    expect(view.locator(".ms-p-kept")).to_contain_text("whole arrays at 13 steps")
    lab.screenshot("parameters-ridges")
    stored = "".join(lab.cells()[0]["outputs"][0]["data"]["text/html"])
    assert stored.count("<svg") == 10 and "steps 1 to 60" in stored, "renewed when it stopped"

    before = figure(view, "std")
    slider.focus()
    for _ in range(6):
        page.keyboard.press("ArrowLeft")
    expect(slider).to_have_attribute("aria-valuetext", "step 30")
    expect(view.locator(".ms-p-at")).to_have_attribute("data-step", "30")
    expect(view.locator(".ms-sr").first).to_have_text("step 30", timeout=WAIT_MS)
    exact = np.load(next(lab.camp.home.rglob("conv30.npy")))
    assert figure(view, "std") == f"{exact.std():.3g}" != before
    assert figure(view, "max") == f"{exact.max():.3g}"
    assert (figure(view, "nan"), figure(view, "inf")) == ("0", "0")
    assert "≈" not in figure(view, "std"), "the array was kept: nothing is estimated"

    view.locator(".ms-p-row[data-step='1'] text").click()
    expect(slider).to_have_attribute("aria-valuetext", "step 1")
    view.get_by_role("button", name="Heat", exact=True).click()
    image = view.locator(".ms-p-time image")
    expect(image).to_have_attribute("href", re.compile("^data:image/png"))
    view.get_by_role("button", name="Gradient").click()
    expect(view.locator("h4").first).to_have_text("Gradient of 0.weight")
    expect(view).to_contain_text("No values were kept of this one, only histograms.")
    view.get_by_role("button", name="Value", exact=True).click()


def test_a_row_that_is_pressed_while_news_arrive_is_chosen(lab: Lab) -> None:
    view = lab.page.locator(".ms-params").first
    row = view.locator("tbody button").nth(1)
    row.scroll_into_view_if_needed()
    expect(row).to_have_attribute("aria-pressed", "false")
    row.hover()
    lab.page.mouse.down()
    lab.page.evaluate(RENEW)
    lab.page.mouse.up()
    expect(row).to_have_attribute("aria-pressed", "true")
    view.locator("tbody button").first.click()


def test_slices_formats_copy_and_files(lab: Lab) -> None:
    page = lab.page
    view = page.locator(".ms-params").first
    slider = view.locator("[data-part=step]")
    slider.fill("6")
    expect(slider).to_have_attribute("aria-valuetext", "step 30")
    box, cells = view.locator("[data-part=slice]"), view.locator(".ms-p-values td")
    expect(box).to_have_value("[0, 0, :, :]")
    exact = np.load(next(lab.camp.home.rglob("conv30.npy")))
    expect(cells.nth(1)).to_have_text(f"{exact[0, 0, 0, 0]:.4f}")

    type_slice(view, "[2, -1, ::2, 4:1:-1]")
    want = exact[2, -1, ::2, 4:1:-1]
    expect(view.locator(".ms-p-values tbody tr")).to_have_count(3)
    expect(view.locator(".ms-p-values thead th")).to_have_text(["4", "3", "2"])
    shown = [row.locator("td").all_inner_texts() for row in
             view.locator(".ms-p-values tbody tr").all()]  # fmt: skip
    np.testing.assert_allclose(np.array(shown, float), want, atol=5e-5)
    canvas = view.locator(".ms-heat canvas")
    until(lambda: canvas.evaluate("c => [c.width, c.height]") == [3, 3] and colours(canvas) > 3)
    canvas.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    expect(view.locator(".ms-said")).to_contain_text("[2, 0, 2, 3] = ")

    view.locator("[data-part=form]").select_option("bits")
    expect(view.locator(".ms-p-values tbody td").first).to_have_text(
        f"0x{want.copy().view(np.uint32)[0, 0]:08x}"
    )
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    view.get_by_role("button", name="Copy").click()
    expect(view.locator(".ms-sr").first).to_have_text("Copied 9 values")
    copied = page.evaluate("() => navigator.clipboard.readText()").split("\n")
    bits = [[int(text, 16) for text in line.split("\t")] for line in copied]
    assert (np.array(bits, np.uint32).view(np.float32) == want).all()
    lab.screenshot("parameters-slice-bits")
    view.locator("[data-part=form]").select_option("hex")
    expect(view.locator(".ms-p-values tbody td").first).to_have_text(float(want[0, 0]).hex())
    view.locator("[data-part=form]").select_option("scientific")
    view.locator("[data-part=digits]").fill("2")
    view.locator("[data-part=digits]").press("Enter")
    expect(view.locator(".ms-p-values tbody td").first).to_have_text(f"{want[0, 0]:.2e}")

    with page.expect_download() as waiting:
        view.locator("[data-action=npy]").click()
    assert waiting.value.suggested_filename == "0.weight-2-0-2-4-1--1-.npy"
    np.testing.assert_array_equal(np.load(waiting.value.path()), want)
    with page.expect_download() as waiting:
        view.locator("[data-action=npy-all]").click()
    np.testing.assert_array_equal(np.load(waiting.value.path()), exact)

    for wrong, why in {
        "[9]": "9 is outside of axis 0, which has 4 entries (-4 to 3).",
        "__import__('os').system('true')": "is no index",
        ":": "4 axes are left, a heatmap shows two. Choose one of each other: [0, 0, :, :].",
    }.items():
        type_slice(view, wrong)
        error = view.locator("[role=alert]")
        expect(error).to_contain_text(why)
        expect(error).to_contain_text("The array has shape (4, 1, 5, 5).")
        expect(view.locator("[data-part=slice]")).to_have_attribute("aria-invalid", "true")
        expect(canvas).to_be_hidden()
    lab.screenshot("parameters-slice-wrong")
    type_slice(view, "[1, ...]")
    expect(view.locator("[role=alert]")).to_contain_text("3 axes are left")
    type_slice(view, "[1, 0]")
    expect(view.locator("[role=alert]")).to_be_hidden()
    view.locator("[data-axis='0'] input").fill("3")
    expect(view.locator(".ms-p-values tbody td").first).to_have_text(f"{exact[3, 0, 0, 0]:.2e}")


def test_names_are_text_and_a_recorded_run_is_read(lab: Lab) -> None:
    page = lab.page
    view = page.locator(".ms-params").first
    view.locator("tbody button", has_text=HOSTILE).click()
    expect(view.locator("h4").first).to_have_text(f"Values of {HOSTILE}")
    lab.run_cell(2)
    lab.scroll_to(2)
    run = page.locator(".ms-params").nth(1)
    expect(run.locator(".ms-title")).to_have_text("参数")
    expect(run.locator(".ms-p-row")).to_have_count(13, timeout=WAIT_MS)
    expect(run).to_contain_text("这里没有保留数值，只有直方图。")
    assert figure(run, "std").startswith("≈ ")
    run.locator("tbody button").first.focus()
    page.keyboard.press("ArrowDown")
    expect(run.locator("tbody tr").nth(1)).to_have_attribute("aria-selected", "true")
    lab.screenshot("parameters-run-zh")
    stored = "".join(lab.cells()[2]["outputs"][0]["data"]["text/html"])
    assert "<svg" in stored and "<img src=x" not in stored and "&lt;img src=x" in stored
    assert page.evaluate("() => window.hacked ?? null") is None


def test_dead_and_saturated_units_with_the_inputs_responsible(lab: Lab) -> None:
    page = lab.page
    lab.run_cell(3)
    lab.scroll_to(3)
    view = page.locator(".ms-units").first
    rows = view.locator("tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text("ReLU")
    expect(rows.nth(1).locator("td").nth(3)).to_have_text("3")
    assert rows.nth(0).locator("td").all_inner_texts()[1:4] == ["4", "1", "–"]
    assert rows.nth(1).locator("td").all_inner_texts()[1:4] == ["24", "–", "3"]
    view.get_by_role("button", name="Next dead or saturated").click()
    expect(view.locator(".ms-said")).to_have_text("unit 2: dead")
    expect(view).to_contain_text("Unit 2 is dead; these inputs come closest to waking it")
    samples = view.locator(".ms-u-samples figure")
    expect(samples).to_have_count(8)
    until(lambda: colours(samples.first.locator("canvas")) > 50)
    assert samples.first.locator("canvas").evaluate("c => [c.width, c.height]") == [28, 28]
    expect(samples.first).to_contain_text(re.compile(r"sample \d+ · label <b>\d+</b>"))
    expect(samples.first).to_contain_text(re.compile(r"in −\d.* → out 0"))
    lab.screenshot("units-dead")

    view.locator("tbody button").nth(1).click()
    box = view.locator(".ms-u-map").bounding_box()
    assert box is not None
    view.locator(".ms-u-map").click(position={"x": box["width"] / 24 * 3.5, "y": 10})
    expect(view.locator(".ms-u-at")).to_have_attribute("data-unit", "3")
    expect(view.locator(".ms-said")).to_have_text("unit 3: saturated")
    expect(view).to_contain_text("drive unit 3 furthest into saturation")
    view.locator(".ms-u-map").focus()
    page.keyboard.press("ArrowRight")
    expect(view.locator(".ms-said")).to_contain_text("unit 4: live")
    expect(view).to_contain_text("The inputs that unit 4 answers most strongly")
    page.keyboard.press("n")
    expect(view.locator(".ms-u-at")).to_have_attribute("data-unit", "10")
    expect(view.locator(".ms-sr").first).to_have_text("unit 10: saturated", timeout=WAIT_MS)
    stored = "".join(lab.cells()[3]["outputs"][0]["data"]["text/html"])
    assert "data:image/png" in stored and "&lt;b&gt;" in stored and "<b>0" not in stored


def test_looking_again_in_chinese_and_in_the_dark(lab: Lab) -> None:
    page = lab.page
    lab.theme("JupyterLab Dark")
    lab.run_cell(4)
    lab.scroll_to(3)
    view = page.locator(".ms-units").first
    expect(view.locator("tbody tr").first).to_contain_text("0 （之前：1）")
    expect(view.locator(".ms-title")).to_have_text("神经元")
    expect(view.locator(".ms-p-row")).to_have_count(2)  # the outputs' histograms at both looks
    expect(view.locator(".ms-said")).to_contain_text("第 10 个神经元：饱和")
    lab.screenshot("units-zh-dark")
    lab.scroll_to(4)
    large = page.locator(".ms-units").nth(1)
    expect(large).to_contain_text("600")
    large.locator(".ms-u-map").focus()
    page.keyboard.press("Home")
    expect(large.locator(".ms-u-samples code").first).to_contain_text("0")
    lab.scroll_to(0)
    first = page.locator(".ms-params").first
    expect(first).to_have_class(re.compile("ms-dark"))
    lab.screenshot("parameters-zh-dark")
    assert not [error for error in lab.errors if "mslearn" in error or "ms-" in error]


def test_a_file_is_saved_once_though_two_views_are_open(lab: Lab) -> None:
    lab.run_cell(5)
    lab.scroll_to(5)
    view = lab.page.locator(".ms-params").last
    saved: list[str] = []
    lab.page.on("download", lambda file: saved.append(file.suggested_filename))
    with lab.page.expect_download():
        view.locator("[data-action=npy-all]").click()
    lab.page.wait_for_timeout(1000)  # another one would have come by now
    assert len(saved) == 1
