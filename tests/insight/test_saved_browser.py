"""A saved notebook, opened when its kernel is gone: every widget's picture stands in for it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from insight.notebook_lab import notebook_lab
from playwright.sync_api import expect

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
FRONT_END = Path(__file__).parents[2] / "widgets" / "lab" / "dist"


@pytest.mark.browser
def test_pictures_stand_in_for_widgets_without_a_kernel(tmp_path: Path) -> None:
    if FRONT_END.exists():  # a checkout's own front end goes before an installed one
        installed = tmp_path / "jupyter-data" / "labextensions" / "mslearn-lab"
        shutil.copytree(FRONT_END, installed)
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
        assert page.locator(".ms").count() == 0, "pictures, no widgets"
        drawn = outputs.nth(0).locator("img")
        assert drawn.evaluate("e => e.src.startsWith('data:image/svg+xml') && e.naturalWidth > 300")
        expect(outputs.nth(3)).to_contain_text(HOSTILE)
        assert page.evaluate("() => window.hacked ?? null") is None

        lab.run_all_cells()  # a kernel that knows them: the widgets take the pictures' places
        lab.scroll_to(0)
        expect(page.locator(".ms-curves canvas").first).to_be_visible()
        expect(outputs.nth(0).locator("img")).to_have_count(0)
