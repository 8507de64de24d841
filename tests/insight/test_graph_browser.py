"""The computation graph in a real JupyterLab: fold, hover, read, search, and the keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from browser.harness import Lab
from insight.graph_example import example
from insight.notebook_lab import notebook_lab
from playwright.sync_api import Locator, expect
from waiting import settled, until

import mslearn as ms

HERE = Path(__file__).parent

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=window.hacked=1>"
CELLS = [
    (HERE / "graph_example.py").read_text(encoding="utf-8")
    + """
from mslearn import insight
net, loss_fn, images, labels = example()
""",
    """
view = insight.graph(net, images, loss_fn=lambda logits: loss_fn(logits, labels))
view
""",
    "view.language = 'zh'",
    f"""
view.close()
class Evil(nn.Cell):
    def __init__(self):
        super().__init__()
        self.w = ms.Parameter(ms.Tensor([1.0, 2.0]), name="{HOSTILE}")
    def construct(self, x):
        return (x * self.w).sum()
Evil.__name__ = "{HOSTILE}"
insight.graph(Evil(), ms.Tensor([3.0, 4.0]))
""",
]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    home = tmp_path_factory.mktemp("graph")
    with notebook_lab(home, "graph", CELLS) as opened:
        yield opened


def shown(card: Locator, part: str) -> dict[str, float]:
    """The numbers on the card: {"min": …, "mean": …}."""
    out = {}
    for cell in card.locator(f"[data-part={part}] [data-stat]").all():
        name, text = cell.get_attribute("data-stat"), cell.inner_text().replace("−", "-")
        if name in ("min", "max", "mean", "std", "norm"):
            out[str(name)] = float(text)
    return out


def stats(array: np.ndarray) -> dict[str, float]:
    x = array.astype(np.float64)
    return {
        "min": x.min(), "max": x.max(), "mean": x.mean(), "std": x.std(),
        "norm": float(np.linalg.norm(x)),
    }  # fmt: skip


def item(graph: Locator, label: str) -> Locator:
    return graph.locator(f".ms-g-item[data-key][aria-label^='{label}']")


def test_unfold_hover_read_fold_search_and_keys(lab: Lab) -> None:
    page = lab.page
    lab.wait_idle()
    lab.run_cell(0)
    lab.run_cell(1)
    lab.scroll_to(1)
    graph = page.locator(".ms-graph")
    expect(graph).to_contain_text("11 operators · 6 parameters · loss 2.3")
    card = graph.locator(".ms-g-card")
    expect(card).to_be_hidden()
    lab.screenshot("graph-folded")

    # Unfold a layer by a double click: its operators and weights appear.
    layer = item(graph, "4-Dense")
    expect(layer).to_have_attribute("aria-expanded", "false")
    expect(item(graph, "MatMul")).to_have_count(0)
    layer.dblclick()
    expect(item(graph, "4-Dense")).to_have_attribute("aria-expanded", "true")
    expect(item(graph, "MatMul")).to_have_count(1)

    # What the card says is what NumPy and ms.grad say.
    net, loss_fn, images, labels = example()
    params = net.trainable_params()
    grads = ms.grad(lambda x: loss_fn(net(x), labels), None, params)(images)
    weight, gradient = params[4].asnumpy(), grads[4].asnumpy()
    item(graph, "dense_relu_sequential.4.weight").hover()
    expect(card).to_be_visible()
    expect(card).to_contain_text("(10, 512)")
    expect(card).to_contain_text("Gradient of the loss")
    expect(card.locator("[data-part=grad] rect")).to_have_count(64)
    assert shown(card, "value") == pytest.approx(stats(weight), rel=1e-3, abs=1e-7)
    assert shown(card, "grad") == pytest.approx(stats(gradient), rel=1e-3, abs=1e-7)
    lab.screenshot("graph-card")

    item(graph, "MatMul").hover()
    expect(card).to_contain_text("Default/network-Network/dense_relu_sequential-SequentialCell/4-")
    expect(card).to_contain_text("transpose_b")
    expect(card).to_contain_text("logits = self.dense_relu_sequential(x)")
    line = 1 + CELLS[0].strip().split("\n").index("        logits = self.dense_relu_sequential(x)")
    expect(card).to_contain_text(f"notebook cell, line {line}")

    # A click pins the card, Escape lets go.
    item(graph, "MatMul").click()
    page.mouse.move(5, 5)
    expect(card).to_be_visible()
    page.keyboard.press("Escape")

    # Along the edges by keyboard, with a spoken description.
    item(graph, "MatMul").focus()
    page.keyboard.press("ArrowDown")
    expect(graph.locator(".ms-g-item:focus")).to_have_attribute("aria-label", "BiasAdd, operator, "
        "shape (8, 10), Float32, " + spoken(graph, "BiasAdd"))  # fmt: skip
    expect(card).to_contain_text("BiasAdd")
    expect(graph.locator("[aria-live]")).to_contain_text("BiasAdd, operator")
    page.keyboard.press("-")  # folds the scope around it
    expect(item(graph, "4-Dense")).to_have_attribute("aria-expanded", "false")
    expect(item(graph, "BiasAdd")).to_have_count(0)
    page.keyboard.press("Enter")
    expect(item(graph, "4-Dense")).to_have_attribute("aria-expanded", "true")
    item(graph, "4-Dense").locator(".ms-g-toggle").click()
    expect(item(graph, "4-Dense")).to_have_attribute("aria-expanded", "false")

    # Search opens what hides the match.
    search = graph.locator("input[type=search]")
    search.fill("relu-op1")
    expect(graph.locator(".ms-g-found")).to_have_text("1 of 1")
    expect(item(graph, "3-ReLU")).to_have_attribute("aria-expanded", "true")
    expect(card).to_contain_text("3-ReLU/ReLU-op1")
    search.fill("no such thing")
    expect(graph.locator(".ms-g-found")).to_have_text("no match")
    search.fill("")

    # The backward pass, the gradient overlay, the other direction.
    before = graph.locator(".ms-g-item[data-key]").count()
    graph.locator("[data-action=backward]").click()
    expect(item(graph, "Gradients")).to_have_count(1)
    until(lambda: graph.locator(".ms-g-item[data-key]").count() > before)
    lab.screenshot("graph-backward")
    graph.locator("[data-action=backward]").click()
    expect(graph.locator(".ms-g-item[data-key]")).to_have_count(before)
    graph.locator("select").select_option("grad")
    expect(item(graph, "0-Dense").locator(".ms-g-second-line")).to_have_text("‖∇‖ " + norm_of(
        [g.asnumpy() for g in grads[:2]]))  # fmt: skip
    graph.locator("[data-action=across]").click()
    until(lambda: beside(item(graph, "0-Dense"), item(graph, "4-Dense")))
    graph.locator("select").select_option("kind")
    graph.locator("[data-action=across]").click()

    # Wheel and drag.
    box = graph.locator(".ms-g-stage").bounding_box()
    assert box
    wide = settled(item(graph, "0-Dense").bounding_box, 0.3)
    assert wide
    page.mouse.click(box["x"] + 20, box["y"] + 20)
    page.mouse.wheel(0, -400)
    until(lambda: (item(graph, "0-Dense").bounding_box() or wide)["width"] > 1.3 * wide["width"])
    graph.locator("[data-action=fit]").click()
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    start = settled(item(graph, "0-Dense").bounding_box, 0.3)
    page.mouse.down()
    page.mouse.move(box["x"] + 90, box["y"] + 60, steps=4)
    page.mouse.up()
    moved = settled(item(graph, "0-Dense").bounding_box, 0.3)
    assert start and moved and moved["x"] - start["x"] == pytest.approx(70, abs=2)
    graph.locator("[data-action=fit]").click()


def beside(one: Locator, other: Locator) -> bool:
    a, b = one.bounding_box(), other.bounding_box()
    return a is not None and b is not None and b["x"] > a["x"] + a["width"]


def spoken(graph: Locator, name: str) -> str:
    label = item(graph, name).first.get_attribute("aria-label") or ""
    return label.split("Float32, ")[1]


def norm_of(arrays: list[np.ndarray]) -> str:
    norm = np.sqrt(sum(np.square(a, dtype=np.float64).sum() for a in arrays))
    return f"{norm:.3g}"


def test_chinese_and_dark(lab: Lab) -> None:
    graph = lab.page.locator(".ms-graph")
    lab.theme("JupyterLab Dark")
    lab.run_cell(2)
    lab.scroll_to(1)
    expect(graph).to_contain_text("Network 的计算图")
    expect(item(graph, "0-Dense").locator(".ms-g-second-line")).to_have_text("2 个算子")
    item(graph, "2-Dense").dblclick()
    item(graph, "MatMul").first.hover()
    expect(graph.locator(".ms-g-card")).to_contain_text("前向值")
    background = graph.evaluate("e => getComputedStyle(e).backgroundColor")
    assert max(int(v) for v in background.strip("rgb()").split(",")) < 60
    lab.screenshot("graph-dark-zh")
    lab.theme("JupyterLab Light")


def test_names_are_data(lab: Lab) -> None:
    page = lab.page
    lab.run_cell(3)
    lab.scroll_to(3)
    graph = page.locator(".ms-graph").last
    expect(graph).to_contain_text(f"Computation graph of {HOSTILE}")
    scope = graph.locator(".ms-g-item[aria-expanded=false]").first
    scope.dblclick()
    weight = graph.locator(".ms-g-parameter[data-key]")
    weight.hover()
    expect(graph.locator(".ms-g-card")).to_contain_text(HOSTILE)
    assert page.locator(".ms-graph img").count() == 0
    assert page.evaluate("window.hacked") is None
    # The picture that stays in the saved notebook holds the same text, as text.
    outputs = lab.cells()[3]["outputs"]
    picture = "".join(outputs[-1]["data"]["image/svg+xml"])
    assert "<img" not in picture and "&lt;img src=x" in picture
    assert not [e for e in lab.errors if "ms-g" in e or "graph" in e.lower()], lab.errors
