"""Widgets and JupyterLab: pictures of a saved notebook, and one cursor with the dashboard's tab."""

from __future__ import annotations

from pathlib import Path

import pytest
from insight.notebook_lab import notebook_lab, use_checkout
from playwright.sync_api import expect
from waiting import settled, until

HOSTILE = "<img src=x onerror=window.hacked=1>"
CELLS = [
    f"""
import numpy as np
import mslearn as ms
from mslearn import insight, nn, ops
net = nn.SequentialCell(nn.Flatten(), nn.Dense(16, 4), nn.ReLU(), nn.Dense(4, 3))
net.trainable_params()[0].name = "{HOSTILE}"
x = ms.Tensor(np.random.default_rng(0).random((6, 1, 4, 4)), ms.float32)
y = ms.Tensor([0, 1, 2, 0, 1, 2], ms.int32)
loss_fn = nn.CrossEntropyLoss()
curves = insight.Curves(title="{HOSTILE}", language="en")
for step in range(5):
    curves.log(step, loss=1 / (step + 1))
curves.refresh_saved_picture()
curves
""",
    'insight.graph(net, x, y, loss_fn=loss_fn, language="en")',
    'insight.gradient(lambda x: ops.tanh(x).sum(), ms.Tensor([1.0, 2.0]), language="en")',
    'insight.parameters(net, language="en")',
    'insight.activations(net, [(x, y)], language="en")',
    'insight.images(x, language="en")',
    'insight.predictions(net, x, y, language="en")',
]
SEEN = ("img", "img", "table", "table", "table", "img", "table")  # JupyterLab draws SVG as an image


@pytest.mark.browser
def test_pictures_stand_in_for_widgets_without_a_kernel(tmp_path: Path) -> None:
    use_checkout(tmp_path)
    with notebook_lab(tmp_path, "saved", CELLS, size=(1360, 1300)) as lab:
        page = lab.page
        cells = lab.run_all_cells()
        assert not [o for cell in cells for o in cell["outputs"] if o["output_type"] == "error"]
        saved = page.evaluate("""async () => {
            const panel = window.jupyterapp.shell.currentWidget;
            await panel.context.save();
            await panel.sessionContext.shutdown();
            return panel.context.path;
        }""")
        page.reload()
        lab.wait_restored()
        lab.wait_open(saved)
        lab.wait_idle()
        outputs = page.locator(".jp-Notebook-cell .jp-OutputArea-output")
        for k, seen in enumerate(SEEN):
            lab.scroll_to(k)
            output = outputs.nth(k)
            expect(output.locator(seen).first).to_be_visible()
            expect(output).not_to_contain_text("Error displaying")
            if k in (1, 6):
                lab.screenshot(f"saved-{k}")
        expect(page.locator(".ms")).to_have_count(0)  # pictures, no widgets
        drawn = outputs.nth(0).locator("img")
        wide = "e => e.src.startsWith('data:image/svg+xml') && e.naturalWidth > 300"
        until(lambda: drawn.evaluate(wide))
        expect(outputs.nth(3)).to_contain_text(HOSTILE)
        assert page.evaluate("() => window.hacked ?? null") is None

        lab.run_all_cells()  # a kernel that knows them: the widgets take the pictures' places
        lab.scroll_to(0)
        expect(page.locator(".ms-curves canvas").first).to_be_visible()
        expect(outputs.nth(0).locator("img")).to_have_count(0)


@pytest.mark.browser
def test_the_dashboard_in_a_tab_shares_the_notebooks_cursor(tmp_path: Path) -> None:
    use_checkout(tmp_path)
    cell = """
import numpy as np
import mslearn as ms
from mslearn import insight
with ms.SummaryRecord("runs/first") as written:
    for step in range(0, 50, 10):
        written.add_value("scalar", "loss", ms.Tensor(1 / (step + 1)))
        written.add_value("histogram", "weight", ms.Tensor(np.arange(9.0) * step))
        written.record(step)
curves = insight.Curves(title="Here", language="en")
for step in range(50):
    curves.log(step, loss=1 / (step + 1))
curves
"""
    with notebook_lab(tmp_path, "cursor", [cell], size=(1700, 900)) as lab:
        page = lab.page
        lab.wait_idle()
        lab.run_cell(0)
        lab.command("mslearn:open-insight")
        frame = page.frame_locator(".mslearn-Insight iframe")
        card = frame.locator(".ms-d-card[data-tag='loss']")
        expect(card.locator(".u-over")).to_be_visible()
        page.evaluate("""() => {
            const {shell} = window.jupyterapp;
            const all = [...shell.widgets('main')];
            const find = id => all.find(w => id(w));
            shell.add(find(w => w.id === 'mslearn-insight'), 'main', {mode: 'split-right'});
        }""")
        settled(
            lambda: [page.locator(c).bounding_box() for c in (".ms-curves", ".mslearn-Insight")]
        )
        expect(card.locator(".u-over")).to_be_visible()
        plots = page.locator(".ms-curves .ms-plots")
        plots.focus()
        page.keyboard.press("Home")
        for _ in range(3):
            page.keyboard.press("Shift+ArrowRight")
        expect(page.locator(".ms-curves .ms-at")).to_have_text("step 30")
        expect(card.locator("li")).to_contain_text("step 30")
        lab.screenshot("insight-panel-cursor")
        frame.locator("[data-view=histograms]").click()
        histogram = frame.locator(".ms-d-card[data-tag='weight']")
        expect(histogram.locator("output")).to_contain_text("step 30 ")
        histogram.locator("input[type=range]").focus()
        page.keyboard.press("ArrowLeft")
        expect(page.locator(".ms-curves .ms-at")).to_have_text("step 20")
