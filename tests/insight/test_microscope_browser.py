"""The gradient microscope in a real JupyterLab: step, ask, choose, change direction."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from browser.harness import Lab
from insight.notebook_lab import notebook_lab
from playwright.sync_api import Locator, expect
from waiting import until

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=window.hacked=1>"
CELLS = [
    """
import numpy as np
import mslearn as ms
from mslearn import insight, nn, ops

x, w, dead = ms.Tensor([1.0, 2.0]), ms.Tensor([0.5, 0.3]), ms.Tensor([1.0, 2.0])

def forked(x, w, dead):
    h = ops.tanh(x * w)
    z = h + x
    d = ops.relu(-dead)
    return (z * z).sum() + d.sum()

view = insight.gradient(forked, x, w, dead)
view
""",
    "view.language = 'zh'",
    f"""
weight = ms.Parameter(ms.Tensor(np.ones((30, 30), np.float32)), name="{HOSTILE}")
evil = nn.Cell()
evil.construct = lambda x: ops.tanh(x * weight).sum()
insight.gradient(evil, ms.Tensor(np.linspace(0, 1, 900, dtype=np.float32).reshape(30, 30)))
""",
    """
def four(detached, stopped, dead, aside, alive):
    copied = ms.Tensor(detached.asnumpy())
    held = ops.stop_gradient(stopped * 2)
    unused = aside * 3
    return (copied + held + ops.relu(-dead) + alive ** 3).sum()

insight.gradient(four, *(ms.Tensor([1.0, 2.0]) for _ in range(5)), language="en")
""",
]
CAUSES = {  # leaf: what is said of it, and the operation that its path leads to
    "detached": ("asnumpy()", None),
    "stopped": ("stop_gradient", "StopGradient"),
    "dead": ("2 of 2 inputs are ≤ 0", "ReLU"),
    "aside": ("not part of", "Mul"),
}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    home = tmp_path_factory.mktemp("microscope")
    with notebook_lab(home, "microscope", CELLS) as opened:
        yield opened


def readable(item: Locator, stage: Locator) -> bool:
    box, room = item.bounding_box(), stage.bounding_box()
    return bool(
        box and room and box["height"] > 20
        and room["x"] < box["x"] + box["width"] / 2 < room["x"] + room["width"]
        and room["y"] < box["y"] + box["height"] / 2 < room["y"] + room["height"]
    )  # fmt: skip


def test_stepping_asking_and_changing_direction(lab: Lab):
    page = lab.page
    lab.wait_idle()
    lab.run_cell(0)
    lab.scroll_to(0)
    widget = page.locator(".ms-microscope")
    card, where = widget.locator(".ms-m-card"), widget.locator(".ms-m-where")
    expect(where).to_have_text("step 1 of 14")
    expect(card).to_contain_text("the gradient of add1 by itself is 1")
    widget.locator("[data-action=later]").click()
    expect(where).to_have_text("step 2 of 14")
    # Keys: on to the first square of z, then its second: the fork.
    page.keyboard.press("ArrowRight")
    heading = card.locator("h4")
    for _ in range(12):
        if "to x" in heading.inner_text():
            break
        now = where.inner_text()
        page.keyboard.press("ArrowRight")
        expect(where).not_to_have_text(now)
    expect(card).to_contain_text("x is used in 2 places: path 1 of 2")
    expect(widget.locator(".ms-g-edge.ms-g-lit")).to_have_count(1)
    expect(card).to_contain_text("agrees with")
    expect(widget.locator("[aria-live]").first).to_contain_text("from z to x")
    lab.screenshot("microscope-fork")
    # tanh: the formula, the factor, the product
    slope = 1 - np.tanh(0.5) ** 2
    while "Tanh" not in heading.inner_text():
        now = where.inner_text()
        page.keyboard.press("ArrowRight")
        expect(where).not_to_have_text(now)
    expect(card.locator(".ms-m-formula")).to_contain_text("∂y/∂x = 1 − y²")
    expect(card).to_contain_text(f"{slope:.4g}")
    expect(card.locator(".ms-m-source")).to_have_text("h = ops.tanh(x * w)")
    # One element, asked of the kernel.
    card.locator("[data-action=element]").fill("0")
    card.get_by_role("button", name="Show").click()
    expect(card.locator(".ms-m-chosen")).to_contain_text("[0]: upstream gradient g 2.924")
    card.locator("[data-action=element]").fill("7")
    page.keyboard.press("Enter")
    expect(card.locator(".ms-note")).to_contain_text("no such element: the shape is (2,)")
    # Why: the dead ReLU is asked about by itself; the path leads to its step.
    answer = widget.locator(".ms-m-answer")
    expect(widget.locator("select[data-action=leaf]")).to_have_value("2")
    expect(answer).to_contain_text("Dead at d = ReLU(…)")
    answer.locator(".ms-m-culprit").click()
    expect(heading).to_have_text("Back through ReLU: from d to neg1")
    widget.locator("select[data-action=leaf]").select_option("1")
    expect(answer).to_contain_text("The gradient arrives")
    # A node leads to its edge.
    widget.locator(".ms-g-item", has_text="Tanh").click()
    expect(heading).to_have_text("Back through Tanh: from h to mul1")
    # The other directions are computed by the kernel.
    widget.locator("[data-action=forward]").click()
    expect(card).to_contain_text("x moves at speed 1")
    expect(widget.locator("[data-action=forward]")).to_have_attribute("aria-pressed", "true")
    widget.locator("[data-action=second]").click()
    expect(where).to_contain_text("step 1 of")
    expect(widget.locator(".ms-g-item.ms-g-op")).not_to_have_count(0)
    widget.locator("[data-action=reverse]").click()
    expect(where).to_have_text("step 1 of 14")


def test_chinese_dark_and_hostile(lab: Lab):
    page = lab.page
    lab.theme("JupyterLab Dark")
    lab.run_cell(1)
    widget = page.locator(".ms-microscope").first
    expect(widget.locator("h3")).to_have_text("forked 的梯度，一步一步地看")
    widget.locator("[data-action=later]").click()
    expect(widget.locator(".ms-m-card h4")).to_contain_text("反向穿过")
    expect(widget.locator(".ms-m-answer")).not_to_contain_text("gradient")
    lab.screenshot("microscope-zh-dark")
    lab.theme("JupyterLab Light")
    lab.run_cell(2)
    lab.scroll_to(2)
    evil = page.locator(".ms-microscope").last
    expect(evil.locator("select[data-action=leaf]")).to_contain_text(HOSTILE)
    for _ in range(3):
        evil.locator("[data-action=later]").click()
    expect(evil.locator(".ms-m-card")).to_contain_text("largest at")
    lab.screenshot("microscope-large")
    assert page.locator(".ms-microscope img").count() == 0
    assert page.evaluate("() => window.hacked ?? null") is None
    html = "".join(lab.cells()[2]["outputs"][-1]["data"]["text/html"])
    assert "&lt;img" in html and "<img" not in html
    assert not [error for error in lab.errors if "ms-m" in error or "microscope" in error]


def test_four_causes_of_no_gradient_and_the_second_derivative(lab: Lab):
    page = lab.page
    lab.run_cell(3)
    lab.scroll_to(3)
    widget = page.locator(".ms-microscope").last
    leaf, answer = widget.locator("select[data-action=leaf]"), widget.locator(".ms-m-answer")
    names = leaf.locator("option").all_inner_texts()
    for name, (words, culprit) in CAUSES.items():
        leaf.select_option(label=next(n for n in names if n.startswith(name)))
        expect(answer).to_contain_text(words)
        if culprit:
            expect(answer.locator(".ms-m-culprit")).to_contain_text(culprit)
    widget.locator(".ms-m-why").scroll_into_view_if_needed()
    lab.screenshot("microscope-aside")
    leaf.select_option(label=next(n for n in names if n.startswith("alive")))
    expect(answer).to_contain_text("The gradient arrives")
    expect(answer.locator("td")).to_have_text(["3", "12"])  # 3 x²
    widget.locator("[data-action=second]").click()
    expect(answer.locator("td")).to_have_text(["6", "12"])  # 6 x, and still the same question
    expect(answer).to_contain_text("✓")
    expect(widget.locator("[data-action=second]")).to_have_attribute("aria-pressed", "true")
    stage = widget.locator(".ms-m-stage")
    for key in ("End", "Home"):  # a large graph is shown where the step is, and readable
        widget.locator("svg.ms-m-graph").focus()
        page.keyboard.press(key)
        here = widget.locator(".ms-g-item.ms-m-to")
        expect(here).to_have_count(1)
        until(lambda here=here: readable(here, stage))
        lab.screenshot(f"microscope-second-{key.lower()}")
