"""`export`, `load` and `GraphCell` as a learner meets them."""

from __future__ import annotations

import inspect
from pathlib import Path

import numpy as np
import onnx
import pytest
from export.nets import build
from export.record_mindspore import flat
from export.test_onnx_ops import session

import mslearn as ms
from mslearn import nn, ops
from mslearn.common import wire
from mslearn.core.errors import DtypeError, ShapeError
from mslearn.interchange.mindir_load import LOAD
from mslearn.interchange.mindir_read import MindirError
from mslearn.interchange.refusal import ExportError

NETS = ("mlp", "lenet", "resnet", "reader")
DATA = Path(__file__).parent / "data"


@pytest.fixture(scope="module")
def nets():
    return build(ms)


@pytest.mark.parametrize("name", NETS)
def test_a_network_comes_back_with_its_numbers_and_names(nets, name, tmp_path):
    net, x = nets[name]
    ms.export(net, ms.Tensor(x), file_name=tmp_path / name, file_format="MINDIR")
    again = nn.GraphCell(ms.load(tmp_path / f"{name}.mindir"))
    np.testing.assert_array_equal(again(ms.Tensor(x)).asnumpy(), net(ms.Tensor(x)).asnumpy())
    assert set(again.parameters_dict()) == set(net.parameters_dict())


@pytest.mark.parametrize("name", NETS)
def test_files_of_real_mindspore_give_its_numbers(name):
    """data/ was written by MindSpore 2.10 (record_mindspore.py)."""
    net = nn.GraphCell(ms.load(DATA / f"mindspore_{name}.mindir"))
    with np.load(DATA / f"mindspore_{name}.npz") as held:
        x, y = held["x"], held["y"]
    np.testing.assert_allclose(net(ms.Tensor(x)).asnumpy(), y, rtol=1e-6, atol=1e-6)


LAYERS = np.load(DATA / "mindspore_layers.npz")
NAMES = sorted(n.partition(":")[0] for n in LAYERS.files if n.endswith(":file"))


@pytest.mark.parametrize("name", NAMES)
def test_layers_of_real_mindspore_give_its_numbers(name, tmp_path):
    """150 layers and functions (layers.py), each in a file that MindSpore 2.10 wrote."""
    (tmp_path / "net.mindir").write_bytes(LAYERS[f"{name}:file"].tobytes())
    x, y = ([LAYERS[k] for k in LAYERS.files if k.startswith(f"{name}:{v}")] for v in "xy")
    out = flat(nn.GraphCell(ms.load(tmp_path / "net.mindir"))(*map(ms.Tensor, x)))
    for got, want in zip(out, y, strict=True):
        assert got.asnumpy().dtype == want.dtype
        np.testing.assert_allclose(got.asnumpy(), want, rtol=2e-5, atol=1e-5)


def test_a_free_batch_of_real_mindspore():
    net = nn.GraphCell(ms.load(DATA / "mindspore_mlp_dynamic.mindir"))
    for n in (1, 5):
        assert net(ms.ops.ones((n, 6))).shape == (n, 3)


@pytest.mark.parametrize("name", NETS)
def test_a_free_batch_comes_back(nets, name, tmp_path):
    net, x = nets[name]
    free = ms.Tensor(shape=[None, *x.shape[1:]], dtype=ms.Tensor(x).dtype)
    ms.export(net, free, file_name=tmp_path / name, file_format="MINDIR")
    again = nn.GraphCell(ms.load(tmp_path / f"{name}.mindir"))
    more = ms.Tensor(np.concatenate([x, x[:1]]))
    # One row more may turn a sum of products round; nothing else can differ.
    np.testing.assert_allclose(again(more).asnumpy(), net(more).asnumpy(), rtol=1e-6, atol=1e-7)


def test_a_loaded_graph_can_be_trained(nets):
    net = nn.GraphCell(ms.load(DATA / "mindspore_lenet.mindir"))
    own, x = build(ms)["lenet"]
    labels, loss = ms.Tensor([1, 2], ms.int32), nn.CrossEntropyLoss()
    losses = []
    for each in (net, own):
        optimizer = nn.Momentum(each.trainable_params(), 0.1, 0.9)
        step = ms.value_and_grad(
            lambda a, b, each=each: loss(each(a), b), None, optimizer.parameters
        )
        losses.append([])
        for _ in range(4):
            value, grads = step(ms.Tensor(x), labels)
            optimizer(grads)
            losses[-1].append(float(value))
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-5)
    assert losses[0][-1] < losses[0][0]


def test_a_loaded_graph_can_be_compiled_and_exported_again(nets, tmp_path):
    net = nn.GraphCell(ms.load(DATA / "mindspore_lenet.mindir"))
    x = ms.Tensor(nets["lenet"][1])
    ms.export(net, x, file_name=tmp_path / "again", file_format="MINDIR")
    again = nn.GraphCell(ms.load(tmp_path / "again.mindir"))
    np.testing.assert_array_equal(again(x).asnumpy(), net(x).asnumpy())


def test_params_init_takes_the_place_of_the_files_numbers():
    graph = ms.load(DATA / "mindspore_mlp.mindir")
    zero = nn.GraphCell(graph, params_init={"1.weight": ops.zeros((3, 8)), "other": ms.Tensor(1)})
    assert not zero.parameters_dict()["1.weight"].asnumpy().any()
    with pytest.raises(ValueError, match=r"'1\.weight' has shape \[3, 8\]"):
        nn.GraphCell(graph, params_init={"1.weight": ops.zeros((3, 9))})
    for wrong in ([1], {"1.weight": 3}, {1: ms.Tensor(1)}):
        with pytest.raises(TypeError, match="params_init"):
            nn.GraphCell(graph, params_init=wrong)
    with pytest.raises(TypeError, match=r"mslearn\.load"):
        nn.GraphCell("mlp.mindir")


def test_wrong_inputs_are_named():
    net = nn.GraphCell(ms.load(DATA / "mindspore_mlp.mindir"))
    with pytest.raises(ShapeError, match=r"shape \[2, 6\], but got \[3, 6\]"):
        net(ops.ones((3, 6)))
    with pytest.raises(DtypeError, match="must be Float32, but got Int64"):
        net(ms.Tensor(np.ones((2, 6), np.int64)))
    with pytest.raises(TypeError, match="takes 1 input"):
        net()


class Twice(nn.Cell):
    def construct(self, x):
        return x * 2, x


@pytest.mark.parametrize("format", ["MINDIR", "ONNX"])
def test_suffixes_functions_and_training_flags(format, tmp_path):
    suffix = format.lower()
    x = ops.ones((2, 3))
    net = nn.SequentialCell(nn.Dense(3, 4), nn.Dropout(p=0.5))
    net.set_train(True)
    ms.export(net, x, file_name=str(tmp_path / "a.b"), file_format=format)
    ms.export(net, x, file_name=str(tmp_path / f"c.{suffix}"), file_format=format)
    ms.export(lambda t: ops.relu(t), x, file_name=str(tmp_path / "f"), file_format=format)
    ms.export(Twice(), x, file_name=str(tmp_path / "t"), file_format=format)
    names = sorted(p.name for p in tmp_path.iterdir())
    assert names == [f"a.b.{suffix}", f"c.{suffix}", f"f.{suffix}", f"t.{suffix}"]
    assert net.training
    assert net[0].training


@pytest.mark.parametrize("kind", ["float16", "bfloat16"])
def test_half_precision(kind, tmp_path):
    dtype = getattr(ms, kind)
    x = ms.Tensor([0.1, 1.7]).astype(dtype)

    def mixed(v):
        return (v * 3).astype(ms.float32) + v.astype(ms.float32), v.astype(dtype)

    for format in ("ONNX", "MINDIR"):
        ms.export(mixed, x, file_name=tmp_path / "h", file_format=format)
    for got, want in zip(nn.GraphCell(ms.load(tmp_path / "h.mindir"))(x), mixed(x), strict=True):
        assert got.dtype == want.dtype
        assert got.tolist() == want.tolist()
    onnx.checker.check_model(str(tmp_path / "h.onnx"), full_check=True)


def test_several_outputs_come_back(tmp_path):
    ms.export(Twice(), ops.ones((2,)), file_name=tmp_path / "t", file_format="MINDIR")
    a, b = nn.GraphCell(ms.load(tmp_path / "t.mindir"))(ms.Tensor([1.0, 3.0]))
    assert (a.tolist(), b.tolist()) == ([2, 6], [1, 3])


def test_a_failed_export_leaves_nothing_behind(tmp_path):
    (tmp_path / "net.onnx").write_bytes(b"old")

    def wrong(x):
        return ops.svd(x)[0]

    with pytest.raises(ExportError, match=r"Svd .*test_files\.py:\d+ in wrong.*on the host"):
        ms.export(wrong, ops.ones((2, 2)), file_name=tmp_path / "net", file_format="ONNX")
    assert [p.read_bytes() for p in tmp_path.iterdir()] == [b"old"]


def test_all_that_cannot_be_written_is_listed_at_once(tmp_path):
    def wrong(x):
        return ops.lgamma(x) + ops.digamma(x) + ops.lgamma(x + 1)

    for format in ("ONNX", "MINDIR"):
        with pytest.raises(ExportError) as caught:
            ms.export(wrong, ops.ones((2,)), file_name=tmp_path / "n", file_format=format)
        text = str(caught.value)
        assert text.startswith("For 'export', 3 operation(s) cannot be written as")
        assert "Lgamma" in text
        assert "Digamma" in text
        assert "[2 times]" in text


def summed(x):
    total = x[0]
    for i in range(1, x.shape[0]):
        total = total + x[i]
    return total


@ms.jit
def compiled(x, pair, power):
    if x.sum() > 0:
        x = -x
    return pair[0] * x**power + pair[1]


def test_nested_inputs_numbers_and_jit_functions(tmp_path):
    x = ms.Tensor([1.0, 2.0])
    ms.export(compiled, x, (x, x + 1), 2, file_name=tmp_path / "f", file_format="ONNX")
    run = session((tmp_path / "f.onnx").read_bytes())
    assert [i.name for i in run.get_inputs()] == ["x", "pair_0", "pair_1"]
    feeds = dict(zip(("x", "pair_0", "pair_1"), np.ones((3, 2), np.float32), strict=True))
    assert run.run(None, feeds)[0].tolist() == [2, 2]


def test_a_free_size_that_becomes_a_number_is_refused(tmp_path):
    free = ms.Tensor(shape=[None, 3], dtype=ms.float32)
    assert free.shape == (-1, 3)
    with pytest.raises(ExportError, match=r"free size \(None\) as a number.*\n.*Div"):
        ms.export(
            lambda x: x.sum(0) / x.shape[0], free, file_name=tmp_path / "n", file_format="MINDIR"
        )
    with pytest.raises(ExportError, match="other operations when a free size"):
        ms.export(summed, free, file_name=tmp_path / "n", file_format="MINDIR")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("kwargs", "error", "words"),
    [
        ({"file_format": "AIR"}, ValueError, "CANN"),
        ({"file_format": "TFLITE"}, ValueError, "file_format"),
        ({"enc_key": b"0" * 16}, ValueError, "encryption"),
        ({"enc_kay": b""}, TypeError, "Did you mean 'enc_key'"),
        ({"file_name": ""}, ValueError, "file_name"),
    ],
)
def test_what_export_refuses(kwargs, error, words, tmp_path):
    with pytest.raises(error, match=words):
        ms.export(
            Twice(),
            ops.ones((2,)),
            **{"file_name": str(tmp_path / "n"), "file_format": "ONNX", **kwargs},
        )
    with pytest.raises(TypeError, match="Cell or a function"):
        ms.export(3, ops.ones((2,)), file_name=str(tmp_path / "n"), file_format="ONNX")


def test_what_load_refuses(tmp_path):
    good = DATA / "mindspore_mlp.mindir"
    copy = tmp_path / "net.mindir"
    copy.write_bytes(good.read_bytes())
    for path, words in [
        (tmp_path / "nett.mindir", r"does not exist. Did you mean 'net\.mindir'"),
        (tmp_path / "net.ckpt", "should end with '.mindir'"),
        (3, "must be a path"),
    ]:
        with pytest.raises(ValueError, match=words):
            ms.load(path)
    with pytest.raises(ValueError, match="encrypted"):
        ms.load(copy, dec_key=b"0" * 16)
    with pytest.raises(TypeError, match="no option 'key'"):
        ms.load(copy, key=1)


def test_unknown_operations_are_named(tmp_path):
    data = (DATA / "mindspore_mlp.mindir").read_bytes()
    assert "NoSu" not in LOAD
    path = tmp_path / "net.mindir"
    path.write_bytes(data.replace(wire.block(2, "ReLU"), wire.block(2, "NoSu")))
    with pytest.raises(MindirError, match="does not have these operations: NoSu"):
        ms.load(path)


def test_signatures_are_mindspores():
    assert str(inspect.signature(ms.export)).startswith("(net: ")
    kinds = [p.kind.name for p in inspect.signature(ms.export).parameters.values()]
    assert kinds == [
        "POSITIONAL_OR_KEYWORD", "VAR_POSITIONAL", "KEYWORD_ONLY", "KEYWORD_ONLY", "VAR_KEYWORD",
    ]  # fmt: skip
    assert list(inspect.signature(nn.GraphCell).parameters) == [
        "graph", "params_init", "obf_random_seed",
    ]  # fmt: skip
    assert list(inspect.signature(ms.load).parameters) == ["file_name", "kwargs"]
