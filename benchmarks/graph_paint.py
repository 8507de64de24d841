"""How soon the computation graph stands on the page: ResNet-50's, folded, and ten thousand nodes.

    python benchmarks/graph_paint.py

The widget's own bundle draws the scenes in headless Chromium, as it does in JupyterLab: the page
gets what the kernel would send. Measured from the call of `render` to the second frame after it,
so the picture has been painted; medians over rounds, each in a fresh page. Then: one unfolding,
one search with its jump, a zoom by wheel, with ten thousand nodes. Aim: ResNet-50 within 300 ms.
Last, `insight.compile_view` of a training step of ResNet-18: its first picture, and the slowest
and the median click from pass to pass, to the second frame after it.
"""

from __future__ import annotations

import base64
import json
import statistics
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 9
PAGE = """<!DOCTYPE html><meta charset="utf-8"><style>{css}</style><body><div id="place"></div>
<script type="module">
import widget from "{module}";
window.draw = async (scene, unfolded) => {{
  if (scene.zip) {{
    const bytes = Uint8Array.from(atob(scene.zip), (c) => c.charCodeAt(0));
    scene = {{ zip: new DataView(bytes.buffer) }};
  }}
  const values = {{ scene, unfolded, stage: 0, language: "en" }}, told = [];
  const model = {{
    get: (name) => values[name], set: (name, value) => {{ values[name] = value; }}, send() {{}}, off() {{}},
    on: (name, call) => {{ if (name === "change:stage") told.push(call); }}, save_changes: () => told.forEach((call) => call()),
  }};
  const begin = performance.now();
  await widget.render({{ model, el: document.getElementById("place") }});
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  return performance.now() - begin;
}};
window.timed = async (act) => {{
  const begin = performance.now();
  act();
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  return performance.now() - begin;
}};
window.ready = true;
</script>"""  # noqa: E501


def scenes() -> dict[str, dict]:
    """What the kernel would send of each graph, as JSON can hold it."""
    from mslearn import insight, nn, ops
    from mslearn.models import resnet50

    stages = [nn.SequentialCell([nn.Dense(2, 2) for _ in range(25)]) for _ in range(60)]
    views = {
        "ResNet-50, forward": insight.graph(resnet50(10), ops.zeros((1, 3, 32, 32)), grads=False),
        "ResNet-50, both passes": insight.graph(
            resnet50(10), ops.ones((2, 3, 32, 32)), loss_fn=lambda y: y.sum()
        ),
        "10,505 nodes": insight.graph(
            nn.SequentialCell(stages), ops.ones((1, 2)), loss_fn=lambda y: y.sum()
        ),
    }
    found = {}
    for name, view in views.items():
        state = view.get_state(["scene", "unfolded"])
        scene = state["scene"]
        if "zip" in scene:
            size = len(scene["zip"])
            scene = {"zip": base64.b64encode(scene["zip"]).decode()}
        else:
            size = len(json.dumps(scene))
        print(f"{name:24} {len(view.scene['nodes']):6} nodes, {size / 1e6:5.2f} MB to the page")
        found[name] = {"scene": scene, "unfolded": state["unfolded"]}
    return found


def compiled() -> dict:
    """The same of `insight.compile_view`."""
    import mslearn as ms
    from mslearn import insight, nn, ops
    from mslearn.models import resnet18

    net, loss_fn = resnet18(10).set_train(), nn.CrossEntropyLoss()
    optimizer = nn.Momentum(net.trainable_params(), 0.01, 0.9)
    grad_fn = ms.value_and_grad(lambda x, y: loss_fn(net(x), y), None, optimizer.parameters)

    def step(x, y):
        loss, grads = grad_fn(x, y)
        optimizer(grads)
        return loss

    view = insight.compile_view(step, ops.ones((2, 3, 64, 64)), ms.Tensor([0, 1], ms.int32))
    scene = view.get_state(["scene"])["scene"]
    nodes, size = len(scene["graphs"][-1]["nodes"]), len(json.dumps(scene))
    print(f"{'ResNet-18, compile_view':24} {nodes:6} nodes, {size / 1e6:5.2f} MB to the page")
    return {"scene": scene, "unfolded": []}


def page_of(name: str) -> str:
    """A page with a widget's bundle."""
    static = ROOT / "mslearn" / "static"
    module = base64.b64encode((static / f"{name}.js").read_bytes()).decode()
    return PAGE.format(css=(static / f"{name}.css").read_text(encoding="utf-8"),
                       module=f"data:text/javascript;base64,{module}")  # fmt: skip


def main() -> None:
    sys.path.insert(0, str(ROOT))
    sys.path.insert(0, str(ROOT / "tests"))
    from browser.harness import launch_chromium
    from playwright.sync_api import sync_playwright

    html, html_compile = page_of("graph"), page_of("compile")
    given, compile_view = scenes(), compiled()
    times: dict[str, list[float]] = {name: [] for name in given}
    acts: dict[str, list[float]] = {}
    with sync_playwright() as playwright:
        browser = launch_chromium(playwright)
        for _ in range(ROUNDS):
            for name, values in given.items():
                page = browser.new_page(viewport={"width": 1200, "height": 900})
                page.set_content(html)
                page.wait_for_function("window.ready")
                took = page.evaluate("v => draw(v.scene, v.unfolded)", values)
                times[name].append(took)
                assert page.locator(".ms-g-item[data-key]").count() > 3
                if name.startswith("10,"):
                    for act, code in ACTS.items():
                        acts.setdefault(act, []).append(page.evaluate(f"timed(() => {{{code}}})"))
                    assert page.locator(".ms-g-found").inner_text() == "1 of 1"
                page.close()
            page = browser.new_page(viewport={"width": 1200, "height": 900})
            page.set_content(html_compile)
            page.wait_for_function("window.ready")
            took = page.evaluate("v => draw(v.scene, v.unfolded)", compile_view)
            acts.setdefault("compile_view", []).append(took)
            stages = len(compile_view["scene"]["stages"])
            clicks = [page.evaluate(f"timed(() => {{{LATER}}})") for _ in range(stages - 1)]
            acts.setdefault("  slowest click", []).append(max(clicks))
            acts.setdefault("  median click", []).append(statistics.median(clicks))
            assert page.locator(".ms-c-name").inner_text() == "program"
            page.close()
        browser.close()
    for name, taken in {**times, **acts}.items():
        ends = f"{min(taken):.0f} to {max(taken):.0f}"
        print(f"{name:24} {statistics.median(taken):6.0f} ms  ({ends})")


LATER = """document.querySelector("[data-action=later]").click()"""
ACTS = {
    "unfold a scope": """document.querySelector(".ms-g-item[aria-expanded=false] .ms-g-toggle")
        .dispatchEvent(new MouseEvent("click", {bubbles: true}))""",
    "find a node": """const box = document.querySelector("input[type=search]");
        box.value = "MatMul-op700"; box.dispatchEvent(new Event("input"))""",
    "zoom": """document.querySelector("svg[role=tree]").dispatchEvent(
        new WheelEvent("wheel", {deltaY: -100, ctrlKey: true, bubbles: true, cancelable: true}))""",
    "both passes": """document.querySelector("[data-action=backward]").click()""",
}


if __name__ == "__main__":
    main()
