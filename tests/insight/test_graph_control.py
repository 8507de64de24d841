"""Branches and loops in the computation graph: what is inside, which way the numbers went."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

import mslearn as ms
from mslearn import insight, nn, ops
from mslearn.insight.graph_dot import dot_source
from mslearn.insight.graph_fold import first_unfolded, fold
from mslearn.insight.graph_scene import scene


@ms.jit
def clipped(x):
    if x.sum() > 3:
        y = x * 2
    elif x.max() > 1:
        y = -x
    else:
        y = x
    return y + 1


@ms.jit
def halved(x):
    turns = 0
    while x.sum() > 1:
        x = x / 2
        if x.max() < 0.5:
            x = x - 0.01
        turns = turns + 1
    return x, turns


def scopes_of(found):
    """Full path -> scope."""
    paths: list[str] = []
    for scope in found["scopes"]:
        above = "" if scope["parent"] < 0 else paths[scope["parent"]] + "/"
        paths.append(above + scope["name"])
    return dict(zip(paths, found["scopes"], strict=True))


def nodes_in(found, path):
    inside = scopes_of(found)[path]["id"]
    return [n for n in found["nodes"] if n["scope"] == inside]


def value(node):
    return node["outputs"][0]["value"]["first"]


def test_both_branches_are_there_and_the_one_that_was_taken_has_numbers():
    found = scene(clipped, ms.Tensor([5.0, 1.0, 2.0]))
    json.dumps(found)
    scopes = scopes_of(found)
    top = scopes["Default/Cond-op0"]["control"]
    assert (top["kind"], top["text"]) == ("branch", "if x.sum() > 3")
    assert found["nodes"][top["node"]]["op"] == "Cond"
    then, other = (nodes_in(found, f"Default/Cond-op0/{w}") for w in ("then", "else"))
    assert [n["op"] for n in then if n["kind"] != "constant"] == ["Mul", "y"]
    assert value(then[-1]) == [10.0, 2.0, 4.0]
    assert scopes["Default/Cond-op0/then"]["control"]["runs"] == 1
    assert scopes["Default/Cond-op0/else"]["control"]["runs"] == 0
    assert [n["op"] for n in other if n["kind"] != "constant"] == ["ReduceMax", "Greater", "y"]
    assert not any(value(n) for n in other if n["kind"] == "op")
    assert scopes["Default/Cond-op0/else/Cond-op1"]["control"]["text"] == "elif x.max() > 1"
    lines = {n["op"]: n["source"]["text"] for n in then if n["kind"] == "op"}
    assert lines == {"Mul": "y = x * 2"}
    # A branch that gives back what came from outside has its port, fed from there.
    (port,) = nodes_in(found, "Default/Cond-op0/else/Cond-op1/else")
    (edge,) = [e for e in found["edges"] if e[2] == port["id"]]
    assert found["nodes"][edge[0]]["name"] == "x"


def test_what_goes_in_and_what_comes_out():
    found = scene(clipped, ms.Tensor([5.0, 1.0, 2.0]))
    nodes, edges = found["nodes"], found["edges"]
    cond = scopes_of(found)["Default/Cond-op0"]["control"]["node"]
    read = [nodes[e[0]] for e in edges if e[2] == cond]
    assert [(n["op"], n["kind"]) for n in read] == [("Greater", "op"), ("y", "port"), ("y", "port")]
    (out,) = [nodes[e[2]] for e in edges if e[0] == cond]
    assert out["op"] == "Add" and value(out) == [11.0, 3.0, 5.0]
    assert all(a < b for a, _, b, _ in edges)  # in the order of execution


@pytest.mark.parametrize("start", [[5.0, 1.0, 2.0], [0.1, 0.2, 0.3]])
def test_a_loop_tells_its_rounds_and_shows_the_last_one(start):
    x, turns, before = np.array(start, np.float32), 0, None
    while x.sum() > 1:
        before, x = x, x / 2
        x = x - np.float32(0.01) if x.max() < 0.5 else x
        turns += 1
    found = scene(halved, ms.Tensor(start))
    scopes = scopes_of(found)
    loop = "Default/WhileLoop-op0"
    assert scopes[loop]["control"]["text"] == "while x.sum() > 1"
    assert scopes[f"{loop}/body"]["control"]["runs"] == turns
    assert scopes[f"{loop}/condition"]["control"]["runs"] == turns + 1
    carried = {n["op"]: n for n in nodes_in(found, loop) if n["kind"] == "port"}
    assert value(carried["x"]) == pytest.approx(x.tolist(), rel=1e-5)
    assert value(carried["turns"]) == [turns]
    body = {n["op"]: n for n in nodes_in(found, f"{loop}/body")}
    assert {"x ↺", "turns ↺"} < set(body)
    half = [] if before is None else (before / 2).tolist()
    assert value(body["Div"]) == pytest.approx(half, rel=1e-5)
    (test,) = [n for n in nodes_in(found, f"{loop}/condition") if n["op"] == "Greater"]
    assert value(test) == [False]


def test_networks_weights_in_branches_and_the_way_back():
    class Net(nn.Cell):
        def __init__(self):
            super().__init__()
            self.left, self.right = nn.Dense(3, 4), nn.Dense(3, 4)

        @ms.jit
        def construct(self, x):
            if x.sum() > 0:
                h = self.left(x)
                h = h * 2
            else:
                h = ops.relu(self.right(x))
            return h

    net, x = Net(), ops.ones((2, 3))
    found = scene(net, x, loss_fn=lambda y: y.sum())
    path = "Default/network-Net/Cond-op0"
    left = nodes_in(found, f"{path}/then/left-Dense")
    assert [n["op"] for n in left if n["kind"] == "parameter"] == ["left.weight", "left.bias"]
    wanted = ms.grad(lambda v: net(v).sum(), None, net.trainable_params())(x)
    got = {n["op"]: n["outputs"][0]["grad"] for n in found["nodes"] if n["kind"] == "parameter"}
    for parameter, gradient in zip(net.trainable_params(), wanted, strict=True):
        assert got[parameter.name]["norm"] == pytest.approx(
            float(np.linalg.norm(gradient.asnumpy())), rel=1e-4
        )
    back = scopes_of(found)["Gradients/" + path.replace("op0", "op1")]
    assert back["phase"] == "backward" and back["control"]["text"] == "if x.sum() > 0"
    assert found["nodes"][back["control"]["node"]]["cause"] is not None


def test_cells_in_graph_mode():
    class Net(nn.Cell):
        def construct(self, x):
            return x if x.sum() > 0 else -x

    ms.set_context(mode=ms.GRAPH_MODE)
    try:
        found = scene(Net(), ops.ones((2, 3)))
    finally:
        ms.set_context(mode=ms.PYNATIVE_MODE)
    assert "Default/network-Net/Cond-op0/then" in scopes_of(found)
    assert "Default/network-Net/Cond-op0" not in scopes_of(scene(Net(), ops.ones((2, 3))))


def test_the_gradient_of_a_loop_shows_one_round_there_and_back():
    def grown(x):
        while x.sum() < 9:
            x = x * x + 1
        return x.sum()

    slope = ms.jit(ms.grad(grown))
    x = ms.Tensor([1.0, 0.5])
    shown = (scene(slope, x), "Gradients/Default/"), (
        insight.compile_view(slope, x).scene["stages"][-1]["graph"], "")  # fmt: skip
    for found, place in shown:
        path = place + "LoopGrad-op0"
        assert scopes_of(found)[path]["control"]["text"] == "while x.sum() < 9"
        ops_in = {p: [n["op"] for n in nodes_in(found, f"{path}/{p}")] for p in ("body", "back")}
        assert "x ↺" in ops_in["body"] and "Mul" in ops_in["back"] and "∂x ↺" in ops_in["back"]
        assert {"x", "∂x"} <= {n["op"] for n in nodes_in(found, path) if n["kind"] == "port"}
    assert value(found["nodes"][0]) == []
    svg = insight.graph(slope, x).to_svg(backward=True)
    assert "back through a round" in svg and "LoopGrad · while x.sum() &lt; 9" in svg


def test_what_stands_in_a_branch_that_was_not_taken_did_not_run_either():
    @ms.jit
    def deep(x):
        if x.sum() > 0:
            y = x
        else:
            y = x + 1 if x.max() > 1 else x - 1
            while y.sum() < -9:
                y = y / 2
        return y * 2

    controls = {p: s["control"]["runs"] for p, s in scopes_of(scene(deep, ops.ones((2,)))).items()
                if "control" in s}  # fmt: skip
    inner = {p: runs for p, runs in controls.items() if p.startswith("Default/Cond-op0/else/")}
    assert len(inner) == 6 and all(
        runs == 0 for p, runs in inner.items() if not p.endswith(("-op0", "-op1"))
    )
    assert controls["Default/Cond-op0/then"] == 1


def test_random_numbers_and_printing_inside_come_once(capsys):
    @ms.jit
    def noisy(x):
        if x.sum() > 0:
            print("positive", x)
            y = x + ops.rand(2)
        else:
            y = x
        return y + ops.rand(2)

    ms.set_seed(5)
    wanted = noisy(ops.ones((2,)))
    after = ops.rand(1)
    capsys.readouterr()
    ms.set_seed(5)
    found = scene(noisy, ops.ones((2,)))
    assert (ops.rand(1) == after).all()
    assert capsys.readouterr().out.count("positive") == 1
    assert value(found["nodes"][-1]) == pytest.approx(wanted.tolist(), rel=1e-5)
    inner = [n for n in nodes_in(found, "Default/Cond-op0/then") if n["op"] == "y"]
    cond = found["nodes"][scopes_of(found)["Default/Cond-op0"]["control"]["node"]]
    assert value(inner[0]) == value(cond) and len(cond["outputs"]) == 1


def test_compile_view_has_the_same_boxes_without_numbers():
    view = insight.compile_view(halved, ms.Tensor([5.0, 1.0, 2.0]))
    operations = view.scene["operations"]
    for stage in view.scene["stages"]:
        graph = stage["graph"]
        scopes = scopes_of(graph)
        loop = scopes["WhileLoop-op0"]["control"]
        assert loop["text"] == "while x.sum() > 1" and graph["nodes"][loop["node"]]["op"] == loop_op
        assert all(s["control"]["runs"] is None for s in graph["scopes"])
        assert {"Div", "x ↺", "turns ↺"} < {n["op"] for n in nodes_in(graph, "WhileLoop-op0/body")}
        assert graph["unfolded"] == [s["id"] for s in graph["scopes"]]
        for node in graph["nodes"]:
            assert node["outputs"][0]["value"] == {"first": []}
            if node["kind"] == "op":
                assert operations[node["operation"]]["op"] == node["op"]
            if node["kind"] == "port":
                owner = operations[node["operation"]]["op"]
                assert owner == ("Cond" if "Cond" in path_of(graph, node["scope"]) else loop_op)
        condition = graph["nodes"][loop["node"]]
        fed = [graph["nodes"][e[0]]["op"] for e in graph["edges"] if e[2] == condition["id"]]
        assert sorted(fed) == ["Greater", "turns", "x"]
    html = view.fallback()["text/html"]
    assert "<svg" in html and "WhileLoop · while x.sum() &gt; 1" in html

    def large(x):
        while x.sum() > 1:
            for _ in range(60):
                x = x * 0.99
        return x

    graph = insight.compile_view(large, ops.ones((3,))).scene["stages"][0]["graph"]
    assert [graph["scopes"][k]["name"] for k in graph["unfolded"]] == ["condition"]


loop_op = "WhileLoop"


def path_of(graph, scope):
    return next(path for path, s in scopes_of(graph).items() if s["id"] == scope)


def test_siblings_and_nested_ones_have_scopes_of_their_own():
    def several(x):
        while x.sum() > 1:
            x = x - 1 if x.max() > 2 else x / 2
            x = -x if x.min() < -9 else x
        return x if x.sum() > 0 else x + 1

    for found in (
        scene(ms.jit(several), ops.ones((3,))),
        insight.compile_view(several, ops.ones((3,))).scene["stages"][0]["graph"],
    ):
        inner = [p for p in scopes_of(found) if p.rsplit("/", 1)[-1].startswith("Cond")]
        assert len(inner) == len(set(inner)) == 3 and len(scopes_of(found)) == len(found["scopes"])


def test_without_control_flow_nothing_changes():
    def plain(x):
        y = x * 2
        return y.sum() if x.shape[0] > 1 else y

    def bare(found):
        return [(n["op"], n["name"], n["source"]) for n in found["nodes"]], found["edges"]

    x = ops.ones((3,))
    assert bare(scene(ms.jit(plain), x)) == bare(scene(plain, x))


def test_small_ones_are_open_at_first_and_large_ones_are_not():
    found = scene(clipped, ms.Tensor([5.0, 1.0, 2.0]))
    opened = {found["scopes"][k]["name"] for k in first_unfolded(found)}
    assert {"Cond-op0", "then", "else", "Cond-op1"} <= opened
    few = set(first_unfolded(found, limit=12))
    assert "Cond-op0" not in {found["scopes"][k]["name"] for k in few}
    folded = fold(found, few)
    top = scopes_of(found)["Default/Cond-op0"]["id"]
    into = {a for a, b in folded.bundles if b == ("s", top)}
    assert {found["nodes"][k]["op"] for _, k in into} == {"x", "Greater"}


def test_pictures_and_dot_name_the_branches():
    view = insight.graph(halved, ms.Tensor([5.0, 1.0, 2.0]))
    svg = view.fallback()["image/svg+xml"]
    for text in ("WhileLoop · while x.sum() &gt; 1", "condition · tested 4×", "body · 3 rounds"):
        assert text in svg, text
    chinese = insight.graph(clipped, ops.ones((1,)), language="zh").to_svg()
    assert "成立时 · 没有走" in chinese and "否则 · 走了这一支" in chinese
    dot = dot_source(view.scene)
    assert len(re.findall(r'label="(?:condition|body|then|else)', dot)) == 4
    assert 'label="Cond · if x.max() < 0.5"' in dot
    assert dot.count("{") == dot.count("}")
