"""Branches and loops in files: MindSpore's MindIR, ours, ONNX; damaged ones end.

That MindSpore runs our files is in test_mindspore.py, with the other cases.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from export.control_nets import build, inputs
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
    jitted = ms.jit(net)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a loop that ends in several places is no graph
        for k, x in enumerate(map(ms.Tensor, inputs())):
            wanted = [ms.Tensor(FILES[n]) for n in sorted(FILES.files)
                      if n.startswith(f"{name}:y{k}.")]  # fmt: skip
            same(net(x), wanted)
            same(jitted(x), wanted)


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


def test_random_numbers_inside_a_loop_are_refused_with_the_line():
    def noisy(x):
        while x.sum() < 9:
            x = x + ops.rand(1)
        return x

    with pytest.raises(ExportError, match=r"WhileLoop .*test_control\.py"):
        ms.export(noisy, ops.ones((1,)), file_name="never", file_format="MINDIR")


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
