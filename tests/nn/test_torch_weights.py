"""Weights of PyTorch: names, layouts, numbers; and files that would like to run something."""

from __future__ import annotations

import collections
import json
import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

import mslearn as ms
from mslearn import nn

# Written by PyTorch 2.13: the state dict of `Net` in torch.nn, an input x and its output y.
FILE = Path(__file__).parent / "torch_2_13.pt"


class Net(nn.Cell):
    """The network of FILE, with MindSpore's layers."""

    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(5, 4)
        self.conv = nn.Conv1d(4, 3, 3, pad_mode="valid", has_bias=True)
        self.bn = nn.BatchNorm2d(3)
        self.layer = nn.TransformerEncoderLayer(4, 2, 6, dropout=0.0)
        self.rnn = nn.LSTM(4, 2, bidirectional=True)
        self.head = nn.Dense(4, 2)

    def construct(self, x):
        e = self.table(x)
        c = self.bn(self.conv(e.swapaxes(1, 2)).expand_dims(2)).mean((1, 2, 3))
        h = self.layer(e.swapaxes(0, 1))
        return self.head(self.rnn(h)[0]).mean(0) + c.expand_dims(1)


def test_the_network_computes_what_pytorch_computes():
    net = Net().set_train(False)
    report = ms.train.load_torch_weights(FILE, net, strict_load=True)
    assert report and str(report) == f"loaded {len(net.parameters_dict())} parameters"
    assert report.loaded["bn.moving_variance"] == "bn.running_var"
    entry = ms.train.torch_weights._tensors  # x and y stand beside the state dict
    whole = entry(ms.train.torch_file.TorchFile(FILE).load())
    out = net(ms.Tensor(whole["x"].astype(np.int32)))
    np.testing.assert_allclose(out.asnumpy(), whole["y"], rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(whole["half"], np.arange(6).reshape(2, 3).T)


def test_what_does_not_fit_is_reported():
    net = nn.SequentialCell(nn.Dense(4, 2))
    report = ms.train.load_torch_weights(FILE, net, {"head": "0"})
    assert report and report.loaded == {"0.weight": "head.weight", "0.bias": "head.bias"}
    assert "not used of the file" in str(report) and "table.weight" in report.unused

    class Other(nn.Cell):
        def __init__(self):
            super().__init__()
            self.haed = nn.Dense(4, 2)

    report = ms.train.load_torch_weights(FILE, Other())
    assert not report and "haed.weight Did you mean 'head.weight'" in str(report)
    with pytest.raises(ValueError, match="strict_load"):
        ms.train.load_torch_weights(FILE, Other(), strict_load=True)
    with pytest.raises(ValueError, match=r"head\.weight of the file has \(2, 4\)"):
        ms.train.load_torch_weights(FILE, nn.SequentialCell(nn.Dense(3, 2)), {"head": "0"})
    kept = ms.train.load_torch_weights(FILE, Net(), lambda n: n if "bn" in n else None)
    assert set(kept.loaded) == {
        f"bn.{n}" for n in ("gamma", "beta", "moving_mean", "moving_variance")
    }
    with pytest.raises(ValueError, match="must have as many parameters"):
        ms.train.load_torch_weights(FILE, net, "order")
    with pytest.raises(ValueError, match="a function or 'order', but got 'names'"):
        ms.train.load_torch_weights(FILE, net, "names")
    with pytest.raises(ValueError, match="no entry 'weights', but epoch, lr"):
        ms.train.load_torch_weights(FILE, net, key="weights")
    with pytest.raises(ValueError, match=r"there is no file .*Did you mean 'torch_2_13\.pt'"):
        ms.train.load_torch_weights(FILE.with_name("torch_2_31.pt"), net)


def test_safetensors_and_order(tmp_path):
    values = {"a.weight": np.ones((2, 3), "f4"), "a.bias": np.full(2, 2, "f4")}
    values |= {f"n.{k}": np.full(2, i, "f4") for i, k in enumerate(
        ("weight", "bias", "running_mean", "running_var"), 3)}  # fmt: skip
    values["n.num_batches_tracked"] = np.array(9)
    path = tmp_path / "w.safetensors"
    ms.save_checkpoint({k: ms.Tensor(v) for k, v in values.items()}, path, format="safetensors")
    net = nn.SequentialCell(nn.Dense(3, 2), nn.BatchNorm1d(2))
    assert ms.train.load_torch_weights(path, net, "order")
    found = {n: p.asnumpy().flat[0] for n, p in net.parameters_dict().items()}
    assert found == {
        "0.weight": 1, "0.bias": 2, "1.gamma": 3, "1.beta": 4, "1.moving_mean": 5,
        "1.moving_variance": 6,
    }  # fmt: skip


def archive(path, data, **files):
    with zipfile.ZipFile(path, "w") as target:
        target.writestr("x/data.pkl", data)
        for name, content in files.items():
            target.writestr(f"x/{name.replace('_', '/')}", content)
    return path


class Shell:
    def __reduce__(self):
        return os.system, ("echo hacked > hacked.txt",)


class Deep:
    def __reduce__(self):
        return eval, ("__import__('os').getcwd()",)


TENSOR = (
    b"ctorch._utils\n_rebuild_tensor_v2\n(("
    b"X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x04tQ"
)


def tensor(offset=b"K\x00", size=b"K\x02K\x02\x86", stride=b"K\x02K\x01\x86"):
    rest = b"\x89ccollections\nOrderedDict\n)RtR"
    return b"\x80\x02}X\x01\x00\x00\x00w" + TENSOR + offset + size + stride + rest + b"s."


HOSTILE = {
    "runs a shell": (pickle.dumps({"w": Shell()}, 2), "posix.system"),
    "evaluates": (pickle.dumps(collections.OrderedDict(w=Deep()), 2), "eval"),
    "stack globals": (pickle.dumps(Shell(), 4), "FRAME"),
    "inst": (b"(S'echo'\nios\nsystem\n.", "STRING|INST"),
    "object": (b"(cos\nsystem\no.", "os.system|OBJ"),
    "ext": (b"\x82\x01.", "EXT1"),
    "cut": (tensor()[:-9], "damaged|end"),
    "empty": (b"", "damaged|end"),
    "noise": (bytes(range(256)), "damaged|uses"),
    "no mark": (b"\x80\x02tR.", "damaged"),
    "outside": (tensor(offset=b"K\x01"), "over 4 elements"),
    "negative": (tensor(offset=b"J\xff\xff\xff\xff"), "offset -1"),
    "negative stride": (tensor(stride=b"J\xff\xff\xff\xffK\x01\x86"), "strides"),
    "huge by stride 0": (
        tensor(size=b"J\xff\xff\xff\x7fJ\xff\xff\xff\x7f\x86", stride=b"K\x00K\x00\x86"),
        "over 4 elements",
    ),
    "float size": (tensor(size=b"G" + b"\x40" * 8 + b"K\x02\x86"), "size"),
    "no weights": (pickle.dumps({"a": 1}, 2), "no weights by name"),
    "other file": (
        tensor().replace(b"X\x01\x00\x00\x000", b"X\x05\x00\x00\x00../..0"[:6] + b"../.."),
        "damaged",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_run_nothing(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    data, text = HOSTILE[name]
    path = archive(tmp_path / "x.pt", data, data_0=np.arange(4, dtype="f4").tobytes())
    with pytest.raises(ValueError, match=f"cannot be read.*({text})"):
        ms.train.read_torch_weights(path)
    assert os.listdir(tmp_path) == ["x.pt"]


def test_the_hostile_tensor_is_fine_when_it_is_not_hostile(tmp_path):
    path = archive(tmp_path / "x.pt", tensor(), data_0=np.arange(4, dtype="f4").tobytes())
    found = ms.train.read_torch_weights(path)["w"].asnumpy()
    np.testing.assert_array_equal(found, [[0, 1], [2, 3]])
    path = archive(tmp_path / "x.pt", tensor(), data_0=b"123")
    with pytest.raises(ValueError, match="3 bytes for 4 elements"):
        ms.train.read_torch_weights(path)


def test_damage_gives_one_clear_error(tmp_path):
    data, rng, path = FILE.read_bytes(), np.random.default_rng(0), tmp_path / "x.pt"
    cases = [data[: int(n)] for n in rng.integers(0, len(data), 20)]
    for _ in range(150):
        changed = bytearray(data)
        for at in rng.integers(0, len(data), 8):
            changed[at] = rng.integers(0, 256)
        cases.append(bytes(changed))
    for case in cases:
        path.write_bytes(case)
        try:
            ms.train.read_torch_weights(path)
        except ValueError as error:
            assert "cannot be read" in str(error)


def test_old_and_foreign_files_are_named(tmp_path):
    path = tmp_path / "x.pth"
    path.write_bytes(pickle.dumps(0x1950A86A20F9469CFC6C, 2))
    with pytest.raises(ValueError, match=r"before PyTorch 1\.6"):
        ms.train.read_torch_weights(path)
    archive(path, tensor(), code_x="import os")
    with pytest.raises(ValueError, match="TorchScript"):
        ms.train.read_torch_weights(path)
    with zipfile.ZipFile(path, "w") as target:
        target.writestr("word/document.xml", json.dumps({}))
    with pytest.raises(ValueError, match=r"no data\.pkl"):
        ms.train.read_torch_weights(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("x/data.pkl", b"\0" * 10_000_000)
    with pytest.raises(ValueError, match="compressed"):
        ms.train.read_torch_weights(path)
