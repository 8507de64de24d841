"""The gradient microscope: its numbers, its formulas, its answers, and its page."""

from __future__ import annotations

import json
import math
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

import mslearn as ms
from mslearn import insight, nn, ops
from mslearn.core import Tensor
from mslearn.core.primitive import registry
from mslearn.insight.microscope_formulas import FORMULAS, MATMUL_RULES, formula, uses_g
from mslearn.insight.microscope_scene import FULL
from mslearn.insight.microscope_trace import Trace

HOSTILE = "<img src=x onerror=window.hacked=1>"


def tensor(*numbers: float) -> Tensor:
    return ms.Tensor(np.array(numbers, np.float32))


def forked(x, w):
    h = ops.tanh(x * w)
    z = h + x
    return (z * z).sum()


X, W = tensor(1.0, 2.0), tensor(0.5, 0.3)


def test_the_steps_add_up_to_the_gradient():
    scene = insight.gradient(forked, X, W).scene
    want = ms.grad(forked, (0, 1))(X, W)
    for answer, gradient in zip(scene["answers"], want, strict=True):
        np.testing.assert_allclose(answer["gradient"]["data"], gradient.asnumpy(), rtol=1e-5)
        assert answer["check"]["ok"], answer
    edges = scene["steps"][1:]
    assert all(step["check"]["ok"] for step in edges)
    for step in edges:
        brings, after = np.array(step["product"]["data"]), np.array(step["after"]["data"])
        before = np.array(step["before"]["data"]) if step["before"] else 0.0
        np.testing.assert_allclose(before + brings, after, rtol=1e-5)
        if step["local"]:
            factor = np.array(step["upstream"]["data"]) * np.array(step["local"]["data"])
            np.testing.assert_allclose(factor, brings, rtol=1e-5)
    names = [scene["values"][s["to"]]["name"] for s in edges]
    assert names == ["mul2", "z", "z", "h", "x", "mul1", "x", "w"]
    assert [(s["nth"], s["of"]) for s in edges if s["to"] == edges[4]["to"]] == [(1, 2), (2, 2)]


@pytest.mark.parametrize("mode", ["reverse", "forward"])
def test_a_result_that_numpy_made_is_shown_and_explained(mode):
    view = insight.gradient(lambda x: ms.Tensor(x.asnumpy() ** 2), X, mode=mode)
    assert "no operation used it" in view.why("x")
    assert len(view.scene["steps"]) == 1 and view.scene["values"][-1]["name"] == "result"


def test_forward_mode_gives_the_directional_derivative():
    view = insight.gradient(forked, X, W, mode="forward")
    last = view.scene["steps"][-1]
    want = ms.jvp(lambda x: forked(x, W), X, ops.ones_like(X))[1].asnumpy()
    np.testing.assert_allclose(last["after"]["data"], [want], rtol=1e-5)
    assert all(s["check"]["ok"] for s in view.scene["steps"][1:])


def test_the_second_derivative():
    view = insight.gradient(lambda x: (x**3).sum(), tensor(2.0, -1.0), mode="second")
    answer = view.scene["answers"][0]
    np.testing.assert_allclose(answer["gradient"]["data"], [12, -6], rtol=1e-5)
    assert answer["check"]["ok"]
    view.mode = "reverse"
    np.testing.assert_allclose(view.scene["answers"][0]["gradient"]["data"], [12, 3], rtol=1e-5)


def test_a_network_with_every_kind_of_layer_agrees_with_small_steps():
    ms.set_seed(1)
    net = nn.SequentialCell(
        nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.MaxPool2d(2, 2), nn.Flatten(),
        nn.LayerNorm((27,)), nn.Dense(27, 4), nn.GELU(), nn.Dense(4, 3),
    )  # fmt: skip
    loss, labels = nn.CrossEntropyLoss(), ms.Tensor([0, 2], ms.int32)
    images = ms.Tensor(np.random.default_rng(0).random((2, 1, 6, 6), np.float32))
    view = insight.gradient(lambda x: loss(net(x), labels), images)
    json.dumps(view.scene, allow_nan=False)
    checks = [s["check"] for s in view.scene["steps"][1:]]
    assert len(checks) > 25 and all(c is None or c["ok"] for c in checks)
    assert sum(c is None for c in checks) == 0
    grads = ms.grad(lambda x: loss(net(x), labels), None, net.trainable_params())(images)
    known = {p.name: g.asnumpy() for p, g in zip(net.trainable_params(), grads, strict=True)}
    for answer in view.scene["answers"]:
        if answer["name"] in known:
            got = known[answer["name"]]
            check = answer["check"]
            assert check["ok"], (answer["name"], check)
            assert check["exact"] == pytest.approx(float(got[tuple(check["index"])]), rel=1e-4)


# -- why ------------------------------------------------------------------------------------------


def quiet(x, w):
    values = x.asnumpy()  # the thread is cut here
    return (w * ms.Tensor(values)).sum()


WHY: list[tuple[str, Any, tuple[Any, ...], str, str, str, str]] = [
    ("stopped", lambda x: (ops.stop_gradient(x * 2) * 3).sum(), (X,), "x", "none", "stop_gradient",
     "StopGradient"),
    ("dead", lambda x: ops.relu(-x).sum(), (X,), "x", "zero", "2 of 2 inputs", "ReLU"),
    ("saturated", lambda x: ops.tanh(x * 100).sum(), (X,), "x", "zero", "Saturated", "Tanh"),
    ("saturated", lambda x: ops.sigmoid(x - 20).sum(), (X,), "x", "tiny", "Saturated", "Sigmoid"),
    ("flat", lambda x: (ops.floor(x) * 2).sum(), (X,), "x", "zero", "flat", "Floor"),
    ("factor", lambda x: (x * ms.Tensor(0.0)).sum(), (X,), "x", "zero", "other factor", "Mul"),
    ("cancel", lambda x: (x - x).sum(), (X,), "x", "zero", "adds up to 0", "Sub"),
    ("blocked", lambda x: (ops.argmax(x, 0).astype(ms.float32) * 2).sum(), (X,), "x", "none",
     "no derivative", "ArgMax"),
    ("unused", quiet, (X, W), "x", "none", "asnumpy()", ""),
    ("aside", lambda x, w: [(w * w).sum(), x * 2][0], (X, W), "x", "none", "not part of", "Mul"),
    ("integer", lambda x, n: (x * n).sum(), (X, ms.Tensor([1, 2], ms.int32)), "n", "none",
     "only floating", ""),
    ("bad", lambda x: ops.sqrt(x - 1).sum(), (X,), "x", "bad", "infinity", "Sqrt"),
    ("partly", lambda x: (x[0] * 3).sum(), (tensor(1, 2, 3),), "x", "partly", "2 of 3", "GetItem"),
    ("flows", forked, (X, W), "x", "flows", "arrives", ""),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "fn", "args", "name", "verdict", "words", "op"), WHY)
def test_why(reason, fn, args, name, verdict, words, op):
    view = insight.gradient(fn, *args)
    answer = next(a for a in view.scene["answers"] if a["name"] == name)
    assert (answer["reason"], answer["verdict"]) == (reason, verdict), answer["text"]["en"]
    assert words in answer["text"]["en"] and words in view.why(name)
    assert "{" not in answer["text"]["zh"] and answer["text"]["zh"] != answer["text"]["en"]
    if op:
        assert view.scene["ops"][answer["at"]]["name"].lower() == op.lower()


def test_a_parameter_that_wants_no_gradient_says_so():
    net = nn.Dense(2, 2)
    net.weight.requires_grad = False
    view = insight.gradient(lambda x: net(x).sum(), ops.ones((1, 2)))
    assert "requires_grad=False" in view.why("weight")
    assert "arrives" in view.why("bias")
    with pytest.raises(KeyError, match=r"'wieght'.*weight"):
        view.why("wieght")


def test_a_kink_is_named_a_kink():
    step = insight.gradient(lambda x: ops.relu(x).sum(), tensor(0.0)).scene["steps"][2]
    assert step["check"]["kink"] and not step["check"]["ok"]


# -- formulas -------------------------------------------------------------------------------------

NAMES = {n: getattr(np, n) for n in dir(np) if not n.startswith("_")} | {
    "erf": np.vectorize(math.erf), "sum": lambda x, *axis: np.sum(x, *axis, keepdims=bool(axis)),
    "abs": np.abs, "round": np.round, "max": np.max,
}  # fmt: skip
WRITTEN = [(n, k) for n, entry in FORMULAS.items() for k in range(len(entry) - 1)
           if isinstance(entry[k + 1], str) and n not in ("Select", "BroadcastTo")]  # fmt: skip


@pytest.mark.parametrize(("name", "slot"), WRITTEN)
def test_a_formula_is_what_the_primitive_does(name, slot):
    entry = FORMULAS[name]
    prim = registry[name]
    rng = np.random.default_rng(0)
    many = len(entry) > 2
    matrices = name in ("MatMul", "BatchMatMul", "BiasAdd")
    low, high = (1.1, 2.0) if name == "Acosh" else (0.2, 0.8)
    arrays = [rng.uniform(low, high, (3, 3)) for _ in range(2 if many else 1)]
    if name == "BiasAdd":
        arrays[1] = arrays[1][0]
    attrs = {k: v for k, v in {**prim.params, **prim.static}.items() if k != "dtype"}
    if name == "Cast":
        attrs["dtype"] = np.dtype(np.float64)
    out = np.asarray(prim.kernel(*arrays, **attrs))
    letters = dict(zip("ab" if many else "x", arrays, strict=True))
    known = {**NAMES, **letters, "y": out}
    if isinstance(entry[0], str):
        np.testing.assert_allclose(eval(entry[0], known), out, rtol=1e-6)
    g = rng.normal(size=out.shape)
    rule = entry[slot + 1]
    got = eval(rule, {**known, "g": g})
    if not uses_g(rule):
        got = g * got
    trace = Trace(
        lambda *xs: (
            prim(*_constructed(prim, attrs))(*xs, *_static(prim, attrs)) * Tensor(g)
        ).sum(),
        tuple(map(Tensor, arrays)),
    )
    edges, _ = trace.reverse()
    edge = [e for e in edges if trace.ops[e.op].prim is prim and e.slot == slot][-1]
    want = edge.product
    if got.shape != want.shape:
        got = got.sum(0)
    np.testing.assert_allclose(np.broadcast_to(got, want.shape), want, rtol=2e-4, atol=1e-6)
    assert matrices or edge.upstream.shape == out.shape


def _constructed(prim, attrs):
    return [attrs[k] for k in prim.params]


def _static(prim, attrs):
    return [attrs[k] for k in prim.static]


@pytest.mark.parametrize("turned", MATMUL_RULES)
def test_the_rules_of_turned_matrices(turned):
    rng = np.random.default_rng(0)
    a, b, g = (rng.normal(size=(3, 3)) for _ in range(3))
    product = ops.MatMul(*turned)
    _, pull = ms.vjp(lambda x, y: product(x, y), Tensor(a), Tensor(b))
    value, *rules = MATMUL_RULES[turned]
    np.testing.assert_allclose(
        eval(value, {"a": a, "b": b}), product(Tensor(a), Tensor(b)).asnumpy()
    )
    for rule, want in zip(rules, pull(Tensor(g)), strict=True):
        np.testing.assert_allclose(eval(rule, {"a": a, "b": b, "g": g}), want.asnumpy(), rtol=1e-6)


def test_every_formula_belongs_to_a_primitive_and_others_fall_back_to_their_docstring():
    assert not FORMULAS.keys() - registry.keys()
    assert len(FORMULAS) >= 40
    said = formula(registry["CumSum"], 0, {})
    assert said["kind"] == "doc" and said["value"]["en"]


# -- what a saved notebook holds ------------------------------------------------------------------


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.seen.add(tag)
        assert not any(name.startswith("on") for name, _ in attrs)


def hostile_view() -> insight.GradientView:
    weight = ms.Parameter(tensor(1.0, 2.0), name=HOSTILE)
    cell = nn.Cell()
    cell.construct = lambda x: (x * weight).sum()
    type(cell).__name__ = "Cell"
    return insight.gradient(cell, tensor(3.0, 4.0))


def test_names_are_data_in_the_static_form_and_the_bytes_are_stable():
    html = hostile_view().to_html()
    tags = Tags()
    tags.feed(html)
    assert "img" not in tags.seen and "&lt;img" in html and "table" in tags.seen
    assert html == hostile_view().to_html()
    assert repr(hostile_view()) == "GradientView(reverse, 4 steps, 2 of 2 leaves get a gradient)"
    view = hostile_view()
    view.language = "zh"
    assert "局部导数" in view.to_html() and "local derivative" not in view.to_html()


def test_a_large_tensor_travels_as_figures_and_answers_for_one_element():
    x = ms.Tensor(np.linspace(-1, 1, 10_000, dtype=np.float32).reshape(100, 100))
    view = insight.gradient(lambda x: ops.tanh(x).sum(), x)
    step = view.scene["steps"][2]
    assert x.size > FULL and "data" not in step["product"] and step["product"]["pick"]
    sent: list[Any] = []
    view.send = lambda content, buffers=None: sent.append(content)
    for index in ([3, 4], [100, 0], [1], "no", [-1, 0]):
        view._on_message(view, {"type": "element", "step": 2, "index": index}, [])
    want = 1 - np.tanh(x.asnumpy()[3, 4]) ** 2
    assert sent[0]["local"] == pytest.approx(want, rel=1e-5) and sent[0]["check"]["ok"]
    assert [bool(m.get("error")) for m in sent] == [False, True, True, True, False]


@pytest.mark.parametrize(
    ("fn", "args", "error", "words"),
    [
        (3, (), TypeError, "must be a Cell or a function"),
        (lambda x: 3.0, (X,), TypeError, "returned 'float'"),
        (lambda x: x.argmax(), (X,), TypeError, "floating dtype"),
    ],
)
def test_what_cannot_be_differentiated_is_refused(fn, args, error, words):
    with pytest.raises(error, match=words):
        insight.gradient(fn, *args)
