"""Branches and loops in files: MindSpore's MindIR, ours, ONNX; damaged ones end.

That MindSpore runs our files is in test_mindspore.py, with the other cases.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from export.control_nets import build, derived, inputs
from export.record_mindspore import flat
from export.test_hostile import survivals
from export.test_onnx_ops import session

import mslearn as ms
from mslearn import nn, ops
from mslearn.core.errors import DtypeError, ShapeError
from mslearn.interchange import mindir_run
from mslearn.interchange.mindir_read import MindirError
from mslearn.interchange.refusal import ExportError

NETS = build(ms)
DERIVED = derived(ms)
GRADIENTS = {n: f for n, f in DERIVED.items() if n.startswith("grad")}
FILES = np.load(Path(__file__).parent / "data" / "mindspore_control.npz")


def written(net, path):
    ms.export(net, ms.Tensor(inputs()[0]), file_name=path, file_format="MINDIR")
    return nn.GraphCell(ms.load(path.with_suffix(".mindir")))


def same(found, wanted):
    for f, w in zip(flat(found), flat(wanted), strict=True):
        assert f.dtype == w.dtype and f.shape == w.shape
        np.testing.assert_allclose(f.asnumpy(), w.asnumpy(), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", NETS)
def test_files_of_real_mindspore_give_its_numbers(name, tmp_path):
    """data/mindspore_control.npz was written by MindSpore 2.10 (record_mindspore.py)."""
    (tmp_path / "net.mindir").write_bytes(FILES[f"{name}:file"].tobytes())
    net = nn.GraphCell(ms.load(tmp_path / "net.mindir"))
    assert net.graph.functions
    jitted = ms.jit(net, fullgraph=True)  # loops that end in several places are graphs, too
    for k, x in enumerate(map(ms.Tensor, inputs())):
        wanted = [ms.Tensor(FILES[n]) for n in sorted(FILES.files)
                  if n.startswith(f"{name}:y{k}.")]  # fmt: skip
        same(net(x), wanted)
        same(jitted(x), wanted)
        slopes = [ms.grad(lambda v, f=f: flat(f(v))[0].sum())(x) for f in (net, jitted)]
        same(slopes[1], slopes[0])
    kinds = {node.prim.name for node in jitted.graph.nodes}
    assert kinds & {"Cond", "WhileLoop"}


@pytest.mark.parametrize("name", NETS)
def test_our_files_come_back_as_graphs_with_branches_loops_and_gradients(name, tmp_path):
    net = NETS[name]
    again = written(net, tmp_path / "net")
    jitted = ms.jit(again, fullgraph=True)
    for x in map(ms.Tensor, inputs()):
        same(again(x), net(x))
        same(jitted(x), net(x))
        slopes = [ms.grad(lambda v, f=f: flat(f(v))[0].sum())(x) for f in (net, again, jitted)]
        same(slopes[1:], [slopes[0]] * 2)
    kinds = {node.prim.name for node in jitted.graph.nodes}
    assert kinds & {"Cond", "WhileLoop"}


@pytest.mark.parametrize("name", NETS)
def test_a_loaded_file_is_written_again(name, tmp_path):
    once = written(NETS[name], tmp_path / "once")
    twice = written(once, tmp_path / "twice")
    for x in map(ms.Tensor, inputs()):
        same(twice(x), NETS[name](x))


@pytest.mark.parametrize("name", NETS)
def test_onnxruntime_goes_the_same_ways(name, tmp_path):
    ms.export(NETS[name], ms.Tensor(inputs()[0]), file_name=tmp_path / "f", file_format="ONNX")
    run = session((tmp_path / "f.onnx").read_bytes())
    for x in inputs():
        found = run.run(None, {"x": x})
        for f, w in zip(found, flat(NETS[name](ms.Tensor(x))), strict=True):
            np.testing.assert_allclose(f, w.asnumpy(), rtol=1e-5, atol=1e-6)


def test_weights_of_a_loaded_branch_can_be_trained(tmp_path):
    net = written(NETS["layers"], tmp_path / "net")
    x = ms.Tensor(inputs()[0])
    step = ms.value_and_grad(lambda v: net(v).sum(), None, net.trainable_params())
    _, grads = step(x)
    left, right = (
        next(g for p, g in zip(net.trainable_params(), grads, strict=True) if p.name == name)
        for name in ("left.weight", "right.weight")
    )
    assert abs(left).sum() > 0 and abs(right).sum() == 0


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradients_of_loops_come_back(name, tmp_path):
    """That MindSpore runs them with our numbers is in test_mindspore.py."""
    function = GRADIENTS[name]
    again = written(function, tmp_path / "net")
    for x in map(ms.Tensor, inputs()):
        same(again(x), function(x))
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            same(ms.jit(again)(x), function(x))  # what calls itself and goes on is no graph
        assert all("goes on after calling itself" in str(w.message) for w in caught)


def test_many_rounds_need_no_deep_stack(tmp_path):
    def slow(x):
        n = x.sum() * 0
        while n < 600:
            x = x * 1.001
            n = n + 1
        return x.sum()

    again = written(ms.grad(slow), tmp_path / "net")
    np.testing.assert_allclose(again(ms.Tensor(inputs()[2])).asnumpy(), 1.001**600, rtol=1e-4)


def test_random_numbers_inside_are_drawn_by_who_runs_the_file(tmp_path):
    def noisy(x):
        if x.sum() > 0:
            y = ops.randn(1, 3)
            y = x + y
        else:
            y = x
        while y.sum() < 9:
            y = y + ops.dropout(ops.ones_like(x), 0.25, True)
        return y

    net = written(noisy, tmp_path / "net")
    kinds = {step.op for graph in net.graph.functions.values() for step in graph.operations}
    assert {"StandardNormal", "UniformReal"} <= kinds
    x = ms.Tensor(inputs()[2])
    first, second = net(x).asnumpy(), net(x).asnumpy()
    assert (first != second).any() and first.sum() >= 9
    steps = (net(-10 * x).asnumpy() + 10 * x.asnumpy()) * 0.75  # no normal numbers: whole steps
    np.testing.assert_allclose(steps, steps.round(), atol=1e-4)


def coin(x):
    return x * ops.rand(1) if x.sum() > 0 else x


def growing(x):
    while x.sum() < 9:
        x = x * x + 1
    return x.sum()


def dice(x):
    if x.sum() > 0:
        x = x + ops.randint(0, 5, (1,))
    return x


@pytest.mark.parametrize(
    ("function", "kind", "words"),
    [
        (
            ms.grad(coin),
            "MINDIR",
            r"Cond \(.*test_control\.py:\d+ in coin\): its gradient needs the",
        ),
        (ms.grad(ms.grad(growing)), "MINDIR", r"LoopGrad \(.*in growing\): .* second derivative"),
        (dice, "MINDIR", r"HostDraw \(.*in dice\): .*draw them before it, .*ops\.rand"),
        (coin, "ONNX", r"Cond \(.*in coin\): ONNX cannot draw .*file_format='MINDIR' can"),
    ],
)
def test_what_no_file_can_hold_is_refused_with_line_and_fix(function, kind, words):
    with pytest.raises(ExportError, match=words) as caught:
        ms.export(function, ops.ones((1,)), file_name="never", file_format=kind)
    assert "NextKey" not in str(caught.value)


def test_a_loop_without_end_ends(tmp_path, monkeypatch):
    net = written(NETS["halved"], tmp_path / "net")
    monkeypatch.setattr(mindir_run, "CALLS", 50)
    with pytest.raises(MindirError, match="without end: more than 50 rounds"):
        net(ms.Tensor([[float("inf"), 1.0, 1.0]]))


def test_damaged_functions_run_or_say_why(monkeypatch):
    monkeypatch.setattr(mindir_run, "CALLS", 200)
    rng = np.random.default_rng(7)
    x = ms.Tensor(inputs()[2])
    clear = (MindirError, ShapeError, DtypeError)
    counts = [survivals(FILES[f"{name}:file"].tobytes(), x, rng, 100, clear) for name in NETS]
    ran, refused = np.sum(counts, 0)
    assert ran > 50 and refused > 50
