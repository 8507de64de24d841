"""Branches and loops in the computation graph, in a real JupyterLab: unfold, read, keys, lines."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from browser.harness import Lab
from insight.notebook_lab import notebook_lab
from playwright.sync_api import Locator, expect
from waiting import settled

pytestmark = pytest.mark.browser

FUNCTION = """
import mslearn as ms
from mslearn import insight

@ms.jit
def steered(x):
    if x.sum() > 3:
        y = x * 2
    else:
        y = -x
    while y.sum() > 1:
        y = y / 2
    return y + 1

view = insight.graph(steered, ms.Tensor([5.0, 1.0, 2.0]))
view
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    home = tmp_path_factory.mktemp("control")
    with notebook_lab(home, "control", [FUNCTION, "view.language = 'zh'"]) as opened:
        yield opened


def item(graph: Locator, label: str) -> Locator:
    return graph.locator(f".ms-g-item[data-key][aria-label^='{label}']")


def test_branches_and_loops_unfold(lab: Lab) -> None:
    page = lab.page
    lab.wait_idle()
    lab.run_cell(0)
    lab.scroll_to(0)
    graph = page.locator(".ms-graph")
    card = graph.locator(".ms-g-card")
    branch, loop = item(graph, "Cond · if x.sum() > 3"), item(graph, "WhileLoop · while y.sum()")
    expect(branch).to_have_attribute("aria-expanded", "true")  # small ones are open at once
    for part in ("then · taken", "else · not taken", "condition · tested 5×", "body · 4 rounds"):
        expect(item(graph, part)).to_have_attribute("aria-expanded", "true")
    expect(item(graph, "else")).to_have_class("ms-g-item ms-g-frame ms-g-control ms-g-idle")
    expect(loop.locator(".ms-g-turn")).to_have_count(1)
    lab.screenshot("graph-control")

    # Nested: each part stands inside of its operator, with its operators inside.
    inside(branch, item(graph, "then"), item(graph, "else"), item(graph, "Neg"))
    inside(item(graph, "else"), item(graph, "Neg"))
    inside(loop, item(graph, "condition"), item(graph, "body"), item(graph, "Div"))

    # Folded it is one box with its line of code; its card has what comes out.
    branch.locator(".ms-g-toggle").first.click()
    expect(branch).to_have_attribute("aria-expanded", "false")
    expect(item(graph, "Neg")).to_have_count(0)
    branch.hover()
    expect(card).to_contain_text("if x.sum() > 3:")
    expect(card).to_contain_text("notebook cell, line 6")
    expect(card).to_contain_text("first 10, 2, 4")
    # One key opens it with both branches.
    branch.focus()
    page.keyboard.press("Enter")
    expect(item(graph, "Neg")).to_have_count(1)
    expect(graph.locator("[aria-live]")).to_contain_text("Cond · if x.sum() > 3: unfolded")

    # From the end of a round the arrow key leads back to its beginning.
    item(graph, "y ↺").focus()
    page.keyboard.press("ArrowDown")
    expect(graph.locator(".ms-g-item:focus")).to_have_attribute(
        "aria-label",
        "y, value of a branch or loop, shape (3,), Float32, Forward value: mean 0.3333",
    )

    # A line of code finds its operators, also in the branch that was not taken.
    branch.locator(".ms-g-toggle").first.click()
    graph.locator("[data-action=source]").click()
    graph.locator(".ms-g-lines button", has_text="y = -x").click()
    expect(graph.locator(".ms-g-lined")).to_have_attribute("aria-label", "Neg, operator, "
                                                           "shape (3,), Float32")  # fmt: skip
    graph.locator("[data-action=source]").click()
    item(graph, "Neg").hover()
    expect(card).to_contain_text("y = -x")
    graph.locator("input[type=search]").fill("while y")
    expect(graph.locator(".ms-g-found")).to_have_text("1 of 1")
    graph.locator("input[type=search]").fill("")
    svg = "".join(lab.cells()[0]["outputs"][-1]["data"]["image/svg+xml"])
    assert "else · not taken" in svg and "WhileLoop · while y.sum() &gt; 1" in svg
    assert not [e for e in lab.errors if "ms-g" in e or "graph" in e.lower()], lab.errors


def inside(frame: Locator, *others: Locator) -> None:
    around = frame.locator(".ms-g-body").first.bounding_box()
    for other in others:
        box = other.locator(".ms-g-body").first.bounding_box()
        assert around and box
        assert around["x"] < box["x"] and around["y"] < box["y"]
        assert box["x"] + box["width"] < around["x"] + around["width"]
        assert box["y"] + box["height"] < around["y"] + around["height"]


def test_chinese_dark_and_left_to_right(lab: Lab) -> None:
    graph = lab.page.locator(".ms-graph")
    lab.theme("JupyterLab Dark")
    lab.run_cell(1)
    lab.scroll_to(0)
    for part in ("成立时 · 走了这一支", "否则 · 没有走", "条件 · 判断了 5 次", "循环体 · 4 轮"):
        expect(item(graph, part)).to_have_count(1)
    expect(graph.locator(".ms-g-legend")).to_contain_text("分支或循环的值")
    lab.screenshot("graph-control-zh-dark")
    graph.locator("[data-action=across]").click()
    condition, body = (settled(item(graph, w).bounding_box, 0.3) for w in ("条件", "循环体"))
    assert condition and body and abs(condition["x"] - body["x"]) < body["width"]
    lab.screenshot("graph-control-across")
    lab.theme("JupyterLab Light")
