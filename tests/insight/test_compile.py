"""The view of a compilation: its data, its static form, and in a real JupyterLab."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from browser.harness import Lab
from insight.notebook_lab import notebook_lab
from playwright.sync_api import expect
from waiting import settled, until

import mslearn as ms
from mslearn import insight, nn, ops

HOSTILE = "<img src=x onerror=window.hacked=1>"
EXAMPLE = """
import mslearn as ms
from mslearn import insight, nn, ops

ms.set_seed(1)
net = nn.SequentialCell(nn.Dense(4, 8), nn.ReLU(), nn.Dense(8, 3))
loss_fn = nn.CrossEntropyLoss()
optimizer = nn.SGD(net.trainable_params(), 0.1)
grad_fn = ms.value_and_grad(lambda x, y: loss_fn(net(x), y), None, optimizer.parameters)

def train_step(x, y):
    scaled = x * 2
    loss, grads = grad_fn(scaled, y)
    optimizer(grads)
    return loss

x, y = ops.ones((5, 4)), ms.Tensor([0, 1, 2, 0, 1], ms.int32)
view = insight.compile_view(train_step, x, y)
view
"""


def view_of(fn, *args):
    return insight.compile_view(fn, *args)


def test_the_scene_ties_source_graph_and_program_together():
    def double(x):
        y = x * 2
        return ops.exp(y)

    scene = view_of(ms.jit(double), ops.ones((3,))).scene
    json.dumps(scene)
    assert scene["stages"][0]["name"] == "capture"
    assert scene["stages"][-1]["name"] == "program"
    lines = dict(scene["source"][0]["lines"])
    for operation, text in zip(scene["operations"], ("y = x * 2", "ops.exp(y)"), strict=True):
        assert text in lines[operation["line"][1]]
    for stage in scene["stages"]:
        drawn = {n["operation"] for n in stage["graph"]["nodes"] if n["kind"] == "op"}
        written = {op for _, op in stage["text"] if op >= 0}
        assert drawn == written == {0, 1}
    program = "\n".join(text for text, _ in scene["stages"][-1]["text"])
    assert "np.exp(" in program


def test_nothing_runs_while_looking():
    net = nn.Dense(2, 2)
    before = net.weight.asnumpy().copy()
    optimizer = nn.SGD(net.trainable_params(), 0.5)
    grad_fn = ms.value_and_grad(lambda x: net(x).sum(), None, optimizer.parameters)

    def step(x):
        loss, grads = grad_fn(x)
        optimizer(grads)
        return loss

    view = view_of(step, ops.ones((1, 2)))
    assert (net.weight.asnumpy() == before).all()
    stages = view.scene["stages"]
    assert stages[0]["counts"]["nodes"] < stages[1]["counts"]["nodes"]
    assert any(o["backward"] for o in view.scene["operations"])
    assert repr(view) == repr(view_of(step, ops.ones((1, 2))))


def test_a_pass_that_changes_nothing_is_sent_once():
    def double(x):
        y = x * 2
        return ops.exp(y)

    view = view_of(ms.jit(double), ops.ones((3,)))
    sent = view.get_state(["scene"])["scene"]
    json.dumps(sent)
    assert len(sent["graphs"]) < len(sent["stages"]) and len(sent["texts"]) < len(sent["stages"])
    for stage, whole in zip(sent["stages"], view.scene["stages"], strict=True):
        assert sent["graphs"][stage["graph"]] == whole["graph"]
        assert sent["texts"][stage["text"]] == whole["text"]
        assert stage["counts"] == whole["counts"] and stage["name"] == whole["name"]
    assert len(sent["texts"]) > 1  # the program is another text


class _Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags = set()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        assert not any(name.startswith("on") for name, _ in attrs)


def test_names_are_data_in_the_static_form():
    weight = ms.Parameter(ops.ones((2,)), name=HOSTILE)
    net = nn.Cell()
    net.construct = lambda x: x * weight
    html = view_of(net, ops.ones((2,))).fallback()["text/html"]
    tags = _Tags()
    tags.feed(html)
    assert "img" not in tags.tags
    assert {"table", "pre"} <= tags.tags
    assert not re.search(r"0x[0-9a-f]{6,}", html)


def test_what_stands_in_a_loop_belongs_to_its_node_and_a_network_shows_its_constructs():
    def f(x):
        while x.sum() < 9:
            x = x * 2
        return x

    scene = insight.compile_view(f, ms.Tensor([1.0])).scene
    operations = scene["operations"]
    mul = next(o for o in operations if o["op"] == "Mul")
    assert operations[mul["within"]]["op"] == "WhileLoop"
    assert operations[mul["within"]]["within"] == -1
    scene = insight.compile_view(ms.models.resnet8(), ms.ops.ones((1, 3, 8, 8))).scene
    assert scene["title"] == "ResNet"
    blocks = scene["source"]
    assert len(blocks) > 1 and {b["file"] for b in blocks} == {"resnet.py"}
    assert not any("def __init__" in text for b in blocks for _, text in b["lines"])
    for operation in scene["operations"]:
        block, line = operation["line"]
        assert line in [n for n, _ in blocks[block]["lines"]]


LOOP = """
def looped(x):
    while x.sum() < 9:
        x = x * 2
    return x

insight.compile_view(looped, ms.Tensor([1.0]))
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    home = tmp_path_factory.mktemp("compile")
    with notebook_lab(
        home, "compile", [EXAMPLE, "view.language = 'zh'", LOOP], size=(1400, 1000)
    ) as opened:
        yield opened


@pytest.mark.browser
def test_the_three_panes_keep_in_step(lab: Lab):
    page = lab.page
    lab.wait_idle()
    lab.run_cell(0)
    widget = page.locator(".ms-compile").first
    expect(widget).to_be_visible()
    expect(widget.locator(".ms-c-name")).to_have_text("capture")
    until(lambda: widget.locator(".ms-g-item.ms-g-op").count() > 3)
    forward = settled(widget.locator(".ms-g-item.ms-g-op").count, 0.3)
    widget.locator("[data-action=later]").click()
    expect(widget.locator(".ms-c-name")).to_have_text("gradient")
    expect(widget.locator(".ms-g-item.ms-c-backward").first).to_be_visible()
    until(lambda: widget.locator(".ms-g-item.ms-g-op").count() > forward)
    line = widget.locator(".ms-c-source .ms-c-row", has_text="scaled = x * 2")
    expect(widget.locator(".ms-c-source [tabindex='0']")).to_have_count(1)
    widget.locator(".ms-c-source [tabindex='0']").focus()
    page.keyboard.press("ArrowDown")
    expect(line).not_to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(line).to_be_focused()
    page.keyboard.press("Enter")
    chosen = widget.locator(".ms-g-item.ms-c-on")
    expect(chosen).to_have_count(1)
    expect(chosen).to_contain_text("Mul")
    expect(widget.locator(".ms-c-text .ms-c-row.ms-c-on").first).to_contain_text("(Mul) = Mul(")
    slider = widget.locator("input[type=range]")
    slider.focus()
    page.keyboard.press("End")
    expect(widget.locator(".ms-c-name")).to_have_text("program")
    expect(widget.locator(".ms-c-text .ms-c-row.ms-c-on")).to_contain_text("np.multiply(x")
    lab.screenshot("compile")
    part = page.locator(".ms-compile").nth(1)
    lab.run_cell(2)
    expect(part).to_be_visible()
    line = part.locator(".ms-c-source .ms-c-row", has_text="x = x * 2")
    line.click()
    lit = part.locator(".ms-g-item.ms-c-on")
    expect(lit).to_contain_text("Mul")
    expect(part.locator(".ms-g-control .ms-g-title")).to_have_text(
        ["WhileLoop · while x.sum() < 9", "condition", "body"]
    )
    lab.screenshot("compile-loop")
    part.locator(".ms-g-toggle").first.click()  # folded, the loop's box stands for what is inside
    expect(lit).to_contain_text("WhileLoop · while x.sum() < 9")
    part.locator("[data-action=later]").click()
    expect(part.locator(".ms-c-name")).not_to_have_text("capture")
    expect(lit).to_contain_text("WhileLoop")
    part.locator("svg[role=tree]").focus()
    page.keyboard.press("Enter")
    expect(lit).to_contain_text("Mul")
    lab.scroll_to(0)
    lab.run_cell(1)
    expect(widget.locator("h3")).to_have_text("train_step 是怎样编译的")
