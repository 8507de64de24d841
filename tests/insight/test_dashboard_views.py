"""What a reader does with the dashboard: zoom, limits, files, tensors by slices, both graphs."""

from __future__ import annotations

import csv
import io
import json
import re
import urllib.request
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from browser.harness import RESULTS, launch_chromium
from insight.dashboard_server import HOSTILE, Server, new_page, serving, unpack, write_run
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright
from waiting import LONG, until

import mslearn as ms
from mslearn import nn
from mslearn.common.wire import block
from mslearn.dataset import GeneratorDataset
from mslearn.lab.dashboard_data import pipeline_scene
from mslearn.lab.dashboard_tensors import IndexProblem, parse_index, table, written
from mslearn.summary import decoding, messages
from mslearn.summary.writer import record

CUBE = np.arange(2 * 30 * 12, dtype=np.float32).reshape(2, 30, 12) - 300


class Double:
    def __call__(self, x: np.ndarray) -> np.ndarray:
        return 2 * x


def write_all(folder: Path) -> None:
    """A run with a tensor, a graph, a data pipeline and what `watch` records of parameters."""
    net = nn.SequentialCell(nn.Dense(4, 3), nn.ReLU(), nn.Dense(3, 2))
    data = GeneratorDataset([np.zeros(4, np.float32)] * 8, ["x"]).map(Double(), "x").batch(4)
    with ms.SummaryRecord(str(folder), network=net) as written_:
        written_.add_value("dataset_graph", "pipeline", messages.dataset_graph(data))
        for step in range(6):
            net(ms.Tensor(np.ones((2, 4), np.float32)))
            cube = CUBE.copy()
            cube[0, 0, 0] = np.nan if step == 5 else step
            written_.add_value("tensor", "cube", ms.Tensor(cube))
            written_.add_value("tensor", HOSTILE, ms.Tensor(np.array([0.125, -3e-9], np.float32)))
            written_.add_value("scalar", "loss", ms.Tensor(3.0 - 0.1 * step))
            written_.add_value("scalar", "gradient_norm/0.weight", ms.Tensor(0.5 * step))
            written_.add_value("scalar", "update_ratio/0.weight", ms.Tensor(0.001))
            written_.record(step)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("views")
    base = home / "runs"
    write_run(base / "first", 40)
    write_run(base / "second", 30, 0.5)
    write_all(base / "whole")
    with serving(base, home) as running:
        yield running


# -- slices ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "meant"),
    [("", np.s_[0, :, :]), ("[1, 2:8, ::3]", np.s_[1, 2:8, ::3]), ("..., -1", np.s_[..., -1]),
     ("-1,:, 0", np.s_[-1, :, 0]), ("0, 0, 0", np.s_[0, 0, 0]), ("1, ::-2", np.s_[1, ::-2]),
     ("0, 100:", np.s_[0, 100:]), ("1, 5", np.s_[1, 5]), ("0, ...", np.s_[0, ...])],
)  # fmt: skip
def test_an_index_means_what_numpy_means(text: str, meant: object):
    index = parse_index(text, CUBE.shape)
    np.testing.assert_array_equal(CUBE[index], CUBE[meant])
    assert parse_index(written(index), CUBE.shape) == index
    header, cells = unpack(table(CUBE, text))
    np.testing.assert_array_equal(cells, CUBE[meant].ravel())
    assert header["part"]["size"] == CUBE[meant].size and header["all"]["size"] == 720


@pytest.mark.parametrize(
    "text",
    ["2", "0, 30", "-3", "1.5", "a", "0, 0, 0, 0", "..., ...", "::0", "__import__('os')", "[[0]]",
     "0; 1", "9" * 400, "None", "True", "0, " * 90, "1:2:3:4", ":", "..."],
)  # fmt: skip
def test_another_index_is_refused_with_a_reason(text: str):
    with pytest.raises(IndexProblem, match=r"\w"):
        table(CUBE, text)


def test_a_wide_tensor_is_cut_and_says_so():
    header, cells = unpack(table(np.ones((1000, 500), np.float32), ""))
    assert (header["rows"], header["columns"], header["shown"]) == (1000, 500, [200, 100])
    assert cells.size == 20_000
    empty, none = unpack(table(np.ones((0, 3), np.float32), ""))
    assert none.size == 0 and "min" not in empty["all"]


# -- what the server answers ----------------------------------------------------------------------


def test_tensors_by_place_and_index(server: Server):
    run = server.number("./whole")
    steps = json.loads(server.api("tensors", run=run, tag="cube")[1])["steps"]
    assert [s for s, _ in steps] == list(range(6))
    header, cells = unpack(server.api("tensor", run=run, tag="cube", place=5, index="0, :2, :3")[1])
    assert header["shape"] == [2, 30, 12] and header["all"]["bad"] == 1
    assert np.isnan(cells[0]) and cells[5] == CUBE[0, 1, 2]
    status, body, _ = server.api("tensor", run=run, tag="cube", place=5, index="0, 77")
    assert status == 400 and "77 is outside of axis 1" in json.loads(body)["message"]
    for place in ("6", "-1", "x", "9" * 30):
        assert server.api("tensor", run=run, tag="cube", place=place)[0] == 404
    status, body, headers = server.api("npy", run=run, tag="cube", place=0)
    assert status == 200 and "attachment" in headers["Content-Disposition"]
    np.testing.assert_array_equal(np.load(io.BytesIO(body), allow_pickle=False)[1], CUBE[1])


def test_a_part_of_a_curve_and_all_its_points(server: Server):
    first, second = server.number("./first"), server.number("./second")
    runs = f"{first},{second}"
    header, numbers = unpack(
        server.api("scalars", runs=first, tag="loss", axis="step", low=10, high=20)[1]
    )
    assert header["curves"][0]["part"] == 13 and header["curves"][0]["all"] == 40
    np.testing.assert_array_equal(numbers[:13], np.arange(9, 22))  # one point beyond each end
    none, _ = unpack(server.api("scalars", runs=first, tag="loss", low=1000, high=2000)[1])
    assert none["curves"][0]["points"] == 0
    relative, _ = unpack(
        server.api("scalars", runs=first, tag="loss", axis="relative", low=0, high=1e9)[1]
    )
    assert relative["curves"][0]["part"] == 40
    for bad in ({"low": "nan"}, {"low": "x"}, {"axis": "__class__"}, {"limit": "9" * 5000}):
        assert server.api("scalars", runs=first, tag="loss", **bad)[0] == 400
    status, body, _ = server.api("csv", runs=runs, tag="loss")
    rows = list(csv.DictReader(io.StringIO(body.decode())))
    assert status == 200 and len(rows) == 70 and rows[1]["run"] == "./first"
    assert float(rows[3]["value"]) == np.float32(0.25)


def test_graphs_of_both_kinds_and_their_files(server: Server):
    run = server.number("./whole")
    scene = json.loads(server.api("graph", run=run)[1])["scene"]
    weight = next(n for n in scene["nodes"] if n["op"] == "0.weight")
    assert weight["outputs"][0]["grad"]["norm"] == pytest.approx(2.5)
    assert weight["update"] == [pytest.approx(0.012), 12]
    data = json.loads(server.api("graph", run=run, kind="data")[1])["scene"]
    assert [n["op"] for n in data["nodes"]] == ["GeneratorDataset", "Map", "Batch"]
    assert [n["note"] for n in data["nodes"]][1:] == ["Double", "batch_size = 4"]
    assert data["edges"] == [[0, 0, 1, 0], [1, 0, 2, 0]]
    assert server.api("graph", run=server.number("./first"), kind="data")[0] == 404
    assert server.api("graph", run=run, kind="../x")[0] == 404
    request = urllib.request.Request(f"{server.url}/mslearn/insight/api/graph?run={run}")
    request.add_header("Authorization", f"token {server.token}")
    request.add_header("Accept-Encoding", "gzip")
    with urllib.request.urlopen(request, timeout=LONG) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
    for kind in ("computation", "data"):
        status, svg, _ = server.api("graphfile", run=run, kind=kind, format="svg", unfolded="0,x,9")
        assert status == 200 and ET.fromstring(svg).tag.endswith("svg")
        status, dot, _ = server.api("graphfile", run=run, kind=kind, format="dot")
        assert status == 200 and dot.startswith(b"digraph")


def test_a_hostile_pipeline_is_data(tmp_path: Path):
    def entry(key: str, value: str) -> bytes:
        return block(1, block(1, key) + block(2, value))

    stage = block(2, entry("op_type", HOSTILE)) + block(3, block(1, entry("tensor_op", HOSTILE)))
    for _ in range(3):
        stage = block(1, stage) + block(2, entry("op_type", "Map"))
    event = messages.lineage_event(1.0, messages.DATASET, stage)
    topic, content = decoding.lineage_of(decoding.Message(event))
    assert topic == "dataset" and content["stages"] == [HOSTILE, "Map", "Map", "Map"]
    assert pipeline_scene(content["tree"])["nodes"][0]["note"] == HOSTILE
    deep = b""
    for _ in range(500):
        deep = block(1, deep)
    folder = tmp_path / "deep"
    folder.mkdir()
    path = folder / "events.out.events.summary.1.0.h_lineage"
    path.write_bytes(record(messages.lineage_event(1.0, messages.DATASET, deep)) + record(event))
    from mslearn.summary.reader import Run

    run = Run(folder)
    run.refresh()
    assert run.skipped["wrong contents"] == 1 and len(run.lineage["dataset"]["stages"]) == 4


# -- the page -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launch_chromium(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def page(server: Server, chromium: Browser) -> Iterator[Page]:
    page = new_page(chromium)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{server.url}/mslearn/insight?token={server.token}")
    yield page
    assert not errors
    assert page.evaluate("() => window.hacked ?? null") is None
    page.close()


def picture(page: Page, name: str) -> None:
    RESULTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=RESULTS / f"dashboard-{name}.png")


def card(page: Page, tag: str, run: str = "") -> Locator:
    return page.locator(f".ms-d-card[data-tag='{tag}']" + (f"[data-run='{run}']" if run else ""))


def ticks(loss: Locator) -> float:
    """The highest step that the chart shows: the legend at its right end."""
    loss.locator(".ms-d-plot").focus()
    loss.page.keyboard.press("End")
    text = loss.locator("li", has_text="./first").inner_text()
    found = re.search(r"step (\d+)", text)
    return float(found[1]) if found else np.nan


@pytest.mark.browser
def test_a_box_zooms_and_steps_back(page: Page):
    loss = card(page, "loss")
    over = loss.locator(".u-over")
    expect(over).to_be_visible()
    back = loss.locator("[data-action=back]")
    expect(back).to_be_disabled()
    until(lambda: ticks(loss) == 39)
    before = 39.0
    for part in (0.5, 0.5):
        box = over.bounding_box()
        page.mouse.move(box["x"] + 2, box["y"] + 60)
        page.mouse.down()
        page.mouse.move(box["x"] + part * box["width"], box["y"] + 65, steps=4)
        page.mouse.up()
        expect(back).to_be_enabled()
        until(lambda part=part, before=before: ticks(loss) <= before * part + 3)
        before = ticks(loss)
    assert before <= 12
    back.click()
    until(lambda: 12 < ticks(loss) <= 22)
    page.keyboard.press("Escape")
    expect(back).to_be_disabled()
    until(lambda: ticks(loss) == 39)


@pytest.mark.browser
def test_all_charts_share_one_cursor(page: Page):
    other = page.locator(".ms-d-card", has_text=HOSTILE).first
    plot = card(page, "loss").locator(".ms-d-plot")
    plot.focus()
    page.keyboard.press("Home")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(other.locator("li", has_text="./first")).to_contain_text("step 3")
    expect(other.locator(".u-cursor-x")).to_be_visible()


@pytest.mark.browser
def test_limits_are_painted_and_said(page: Page):
    loss = card(page, "loss")
    toggle = loss.locator("[data-action=limits]")
    toggle.click()
    expect(toggle).to_have_attribute("aria-pressed", "true")
    loss.locator("[data-limit=high]").fill("0.8")
    loss.locator("[data-limit=high]").press("Enter")
    remarks = loss.locator(".ms-note")
    expect(remarks).to_have_count(3)
    expect(remarks.first).to_have_text("⚠ ./first above 0.8, first at step 0")
    red = """c => { const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
        let n = 0;
        for (let i = 0; i < d.length; i += 4) n += d[i] > 90 + Math.max(d[i + 1], d[i + 2]);
        return n; }"""
    until(lambda: loss.locator("canvas").evaluate(red) > 50)
    picture(page, "limits")
    page.reload()  # the browser remembers them
    expect(card(page, "loss").locator(".ms-note")).to_have_count(3)
    card(page, "loss").locator("[data-action=limits]").click()
    loss.locator("[data-limit=high]").fill("")
    loss.locator("[data-limit=high]").press("Enter")
    expect(remarks).to_have_count(0)


@pytest.mark.browser
def test_a_chart_as_files(page: Page, tmp_path: Path):
    found = {}
    for tag, kind in (("loss", "csv"), ("loss", "svg"), ("loss", "png")):
        with page.expect_download() as waiting:
            card(page, tag).locator(f"[data-action={kind}]").click()
        assert waiting.value.suggested_filename == f"{tag}.{kind}"
        waiting.value.save_as(tmp_path / kind)
        found[kind] = (tmp_path / kind).read_bytes()
    assert len(found["csv"].splitlines()) == 1 + 40 + 30 + 6
    svg = ET.fromstring(found["svg"])
    assert sum(len(p.get("d", "")) > 200 for p in svg.iter("{http://www.w3.org/2000/svg}path")) >= 2
    assert "./second" in "".join(svg.itertext())
    assert found["png"].startswith(b"\x89PNG") and len(found["png"]) > 5000
    with page.expect_download() as waiting:
        page.locator(".ms-d-card", has_text=HOSTILE).first.locator("[data-action=svg]").click()
    waiting.value.save_as(tmp_path / "hostile")
    text = (tmp_path / "hostile").read_text(encoding="utf-8")
    assert "<img" not in text and HOSTILE in "".join(ET.fromstring(text).itertext())
    wide = card(page, "loss").locator("[data-action=wide]")
    before = card(page, "loss").bounding_box()["width"]
    wide.click()
    expect(card(page, "loss").locator(".u-wrap")).to_have_css("height", "420px")
    until(lambda: card(page, "loss").bounding_box()["width"] > 1.5 * before)
    wide.click()


@pytest.mark.browser
def test_histograms_on_one_another_and_by_time(page: Page):
    page.locator("[data-view=histograms]").click()
    weight = card(page, "weight", "./first")
    expect(weight.locator("svg text.ms-d-on")).to_have_text("35")
    page.locator("#axis").select_option("relative")
    expect(weight.locator("svg text.ms-d-on")).to_contain_text(" s")
    page.locator("#ridges").select_option("overlay")
    expect(weight.locator("path.ms-d-over")).to_have_count(8)
    box = weight.locator("svg").bounding_box()
    page.mouse.move(box["x"] + 0.43 * box["width"], box["y"] + 0.5 * box["height"])
    expect(weight.locator(".ms-d-hover")).to_contain_text(" to ")
    picture(page, "histograms-overlay")
    page.locator("#ridges").select_option("ridge")
    page.locator("#axis").select_option("step")


@pytest.mark.browser
def test_sliders_share_the_cursor_with_the_charts(page: Page):
    page.mouse.move(4, 4)  # what it stands on would point as well
    page.locator("[data-view=histograms]").click()
    weight = card(page, "weight", "./first")
    expect(weight.locator("svg text.ms-d-on")).to_be_visible()
    slider = weight.locator("input[type=range]")
    slider.focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    expect(weight.locator("svg text.ms-d-on")).to_have_text("5")
    page.locator("[data-view=images]").click()
    expect(card(page, "picture", "./first").locator("output")).to_have_text("step 5")
    page.locator("[data-view=scalars]").click()
    expect(card(page, "loss").locator("li", has_text="./first")).to_contain_text("step 5")
    card(page, "loss").locator(".ms-d-plot").focus()
    page.keyboard.press("End")
    page.locator("[data-view=histograms]").click()
    expect(card(page, "weight", "./first").locator("svg text.ms-d-on")).to_have_text("35")


@pytest.mark.browser
def test_tensors_by_slices(page: Page, tmp_path: Path):
    page.locator("[data-view=tensors]").click()
    cube = card(page, "cube", "./whole")
    cells = cube.locator(".ms-d-cells tbody td")
    expect(cells).to_have_count(30 * 12)
    expect(cells.first).to_have_text("NaN")
    expect(cube.locator(".ms-d-figures")).to_contain_text("720")
    slider = cube.locator("input[type=range]")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    expect(cells.first).to_have_text("4.0000")
    index = cube.locator(".ms-d-index")
    expect(index).to_have_attribute("placeholder", "0, :, :")
    index.fill("1, 3:5, ::4")
    index.press("Enter")
    expect(cells).to_have_count(6)
    expect(cells.nth(1)).to_have_text(f"{CUBE[1, 3, 4]:.4f}")
    expect(cube.locator(".ms-d-cells thead")).to_contain_text("axis 1 ↓ axis 2 →")
    expect(cube.locator(".ms-d-cells tbody th").nth(1)).to_have_text("4")
    cube.locator("[data-choice=format]").select_option("scientific")
    cube.locator("[data-choice=digits]").select_option("2")
    expect(cells.nth(1)).to_have_text("1.00e2")
    picture(page, "tensors")
    index.fill("9, x")
    index.press("Enter")
    expect(cube.locator("[role=alert]")).to_contain_text("9 is outside of axis 0")
    index.fill("")
    index.press("Enter")
    expect(cells).to_have_count(360)
    with page.expect_download() as waiting:
        cube.locator("[data-action=npy]").click()
    waiting.value.save_as(tmp_path / "cube.npy")
    assert np.load(tmp_path / "cube.npy").shape == (2, 30, 12)
    expect(page.locator(".ms-d-card h3", has_text=HOSTILE)).to_have_count(1)


@pytest.mark.browser
def test_both_graphs_with_figures_and_files(page: Page, tmp_path: Path):
    page.locator("[data-view=graph]").click()
    graph = page.locator(".ms-graph")
    layer = graph.locator(".ms-g-item[aria-label^='0-Dense']")
    expect(layer).to_be_visible()
    colour = graph.locator("[data-action=colour]")
    assert colour.locator("option:not([hidden])").evaluate_all("os => os.map(o => o.value)") == [
        "kind", "grad", "update", "memory"
    ]  # fmt: skip
    colour.select_option("update")
    expect(layer.locator(".ms-g-second-line")).to_have_text("Δw/w 0.001")
    colour.select_option("grad")
    expect(layer.locator(".ms-g-second-line")).to_have_text("‖∇‖ 2.5")
    picture(page, "graph-norms")
    with page.expect_download() as waiting:
        graph.locator("[data-action=svg]").click()
    waiting.value.save_as(tmp_path / "graph.svg")
    assert "0-Dense" in (tmp_path / "graph.svg").read_text(encoding="utf-8")
    page.locator("[data-view=data]").click()
    expect(graph.locator(".ms-g-item[data-key]")).to_have_count(3)
    expect(graph).to_contain_text("Data pipeline")
    graph.locator(".ms-g-item[aria-label^='Map']").click()
    expect(graph.locator(".ms-g-card")).to_contain_text("operation 1Double")
    expect(graph.locator("[data-action=colour]")).to_be_hidden()
    picture(page, "data")


@pytest.mark.browser
def test_every_view_in_chinese_and_dark(page: Page):
    page.locator("[data-language=zh]").click()
    page.locator("[data-action=dark]").click()
    for view, word in (("scalars", "平滑"), ("histograms", "山脊图"), ("tensors", "切片"),
                       ("graph", "计算图"), ("data", "数据图")):  # fmt: skip
        page.locator(f"[data-view={view}]").click()
        expect(page.locator(".ms-d-main")).to_contain_text(word)
        if view in ("graph", "data"):
            expect(page.locator(".ms-g-item[data-key]").first).to_be_visible()
        picture(page, f"{view}-zh-dark")
    expect(page.locator(".ms-graph")).to_have_class(re.compile("ms-dark"))
    loudest = page.locator(".ms-g-stage").evaluate("e => getComputedStyle(e).backgroundColor")
    assert max(int(v) for v in re.findall(r"\d+", loudest)[:3]) < 60


# The page itself counts its looks: however late this process hears of it, the figure is the same.
COUNT_LOOKS = """() => {
    const own = window.fetch;
    window.looks = 0;
    window.fetch = (...given) => {
        if (String(given[0]).includes('/api/runs')) window.looks++;
        return own(...given);
    };
}"""
WHEN_SHOWN = """text => {
    window.shownAt = null;
    const find = () => {
        const row = [...document.querySelectorAll(".ms-d-card[data-tag='loss'] li")]
            .find(e => e.textContent.includes('./growing'));
        if (!row?.textContent.includes(text)) return;
        window.shownAt = window.looks;
        seen.disconnect();
    };
    const seen = new MutationObserver(find);
    seen.observe(document.body, {subtree: true, childList: true, characterData: true});
}"""


@pytest.mark.browser
def test_what_is_new_appears_at_the_next_look(server: Server, page: Page):
    page.locator("[data-language=en]").click()
    page.locator("[data-view=scalars]").click()
    page.evaluate(COUNT_LOOKS)
    loss, needed = card(page, "loss"), []
    row = loss.locator("li", has_text="./growing")
    with ms.SummaryRecord(str(server.base / "growing")) as grows:
        for step in range(3):
            page.evaluate(WHEN_SHOWN, f"step {step}")
            grows.add_value("scalar", "loss", ms.Tensor(5.0 + step))
            grows.record(step)
            before = page.evaluate("() => window.looks")
            expect(row).to_contain_text(f"step {step}")
            needed.append(page.evaluate("() => window.shownAt") - before)
        # A box that is being drawn stays while points come.
        box = loss.locator(".u-over").bounding_box()
        page.mouse.move(box["x"] + 2, box["y"] + 60)
        page.mouse.down()
        page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 65, steps=4)
        with page.expect_response("**/api/scalars?*tag=loss*"):
            grows.add_value("scalar", "loss", ms.Tensor(8.0))
            grows.record(3)
        for _ in range(2):
            with page.expect_response("**/api/runs*"):
                pass
        assert loss.locator(".u-select").bounding_box()["width"] > 100
        page.mouse.up()
        expect(loss.locator("[data-action=back]")).to_be_enabled()
        page.keyboard.press("Escape")
    # One or two where nothing else runs, four more for a new folder.
    assert max(needed[1:]) <= 10 and needed[0] <= 20, needed
