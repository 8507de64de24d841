"""The hub: trained weights are there, whole, and as good as the registry says."""

from __future__ import annotations

import json
import tempfile

import numpy as np
import pytest

import mslearn as ms
from mslearn import hub
from mslearn.dataset import MnistDataset, prepare


def test_what_is_there():
    assert hub.list_models() == ["gpt_addition", "lenet_mnist"]
    for name in hub.list_models():
        entry = hub.info(name)
        path = hub.HERE / "weights" / entry["file"]
        assert path.suffix == ".safetensors" and path.stat().st_size <= 300_000
        assert {"about", "accuracy", "data", "license", "score"} <= set(entry)
        random = hub.load(name, pretrained=False)
        assert not random.training
        first = next(random.get_parameters())
        assert (first != next(hub.load(name).get_parameters())).any()


def test_lenet_reads_digits():
    with tempfile.TemporaryDirectory() as folder:
        prepare("mnist", folder)
        rows = MnistDataset(f"{folder}/test", shuffle=False).create_tuple_iterator(
            output_numpy=True, num_epochs=1
        )
        images, labels = zip(*rows, strict=True)
    x = np.stack(images).transpose(0, 3, 1, 2).astype(np.float32) / 255
    found = ms.hub.load("lenet_mnist")(ms.Tensor(x)).asnumpy().argmax(1)
    right = (found == np.array(labels).reshape(-1)).mean()
    assert right == pytest.approx(hub.info("lenet_mnist")["accuracy"], abs=0.005)


def test_gpt_adds():
    words = "0123456789+="
    net = hub.load("gpt_addition")
    rng = np.random.default_rng(1)
    pairs = rng.integers(0, 100, (200, 2))
    text = np.array([[words.index(c) for c in f"{a:02}+{b:02}="] for a, b in pairs], np.int32)
    out = net.generate(ms.Tensor(text), 3).asnumpy()[:, 6:]
    sums = ["".join(words[i] for i in row[::-1]) for row in out]
    right = np.mean([s == f"{a + b:03}" for s, (a, b) in zip(sums, pairs, strict=True)])
    assert right >= 0.99


def test_a_changed_file_is_refused(tmp_path, monkeypatch):
    registry = json.dumps(hub.registry())
    (tmp_path / "weights").mkdir()
    (tmp_path / "registry.json").write_text(registry)
    data = bytearray((hub.HERE / "weights" / "lenet_mnist.safetensors").read_bytes())
    data[-1] ^= 1
    (tmp_path / "weights" / "lenet_mnist.safetensors").write_bytes(data)
    monkeypatch.setattr(hub, "HERE", tmp_path)
    for name in ("lenet_mnist", "gpt_addition"):  # changed, and missing
        with pytest.raises(ValueError, match="is not the file of the registry"):
            hub.load(name)


def test_names_are_corrected():
    with pytest.raises(ValueError, match=r"no network 'lenet_mnits'.*Did you mean 'lenet_mnist'"):
        hub.load("lenet_mnits")
