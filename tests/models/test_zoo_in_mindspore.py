"""The zoo's own source runs in real MindSpore and gives the same numbers; files go both ways.

MSLEARN_ORACLE=path/to/python pytest tests/models/test_zoo_in_mindspore.py
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

import mslearn as ms

ZOO = Path(ms.__file__).parent / "models"
# Name: how it is made in both programs, and its inputs.
RNG = np.random.default_rng(8)
F = np.float32
NETS = {
    "lenet.LeNet5()": [RNG.random((2, 1, 28, 28), F)],
    "alexnet.AlexNet(3)": [RNG.random((1, 3, 64, 64), F)],
    "resnet.resnet8()": [RNG.random((2, 3, 16, 16), F)],
    "resnet.ResNet(resnet.ResidualBlock, (1, 1), 5, 8)": [RNG.random((2, 3, 32, 32), F)],
    "mobilenet.MobileNetV2(5, 0.25)": [RNG.random((2, 3, 32, 32), F)],
    "shufflenet.ShuffleNetV1(5, 0.5)": [RNG.random((2, 3, 32, 32), F)],
    "shufflenet.ShuffleNetV2(5, 0.5)": [RNG.random((2, 3, 32, 32), F)],
    "vit.ViT(8, 4, 3, 8, 1, 2, 16)": [RNG.random((2, 3, 8, 8), F)],
    "lstm.LSTMClassifier(20, 6, 5)": [RNG.integers(1, 20, (3, 4)).astype(np.int32)],
    "crf.BiLSTM_CRF(20, 6, 4, 3)": [
        RNG.integers(1, 20, (2, 5)).astype(np.int32), np.array([5, 3], np.int32),
        RNG.integers(0, 3, (2, 5)).astype(np.int32),
    ],
    "gpt.GPT(gpt.GPTConfig(20, 8, 1, 2, 8))": [RNG.integers(1, 20, (2, 6)).astype(np.int32)],
    "bert.BertForSequenceClassification(bert.BertConfig(20, 8, 1, 2, 16, 10))": [
        RNG.integers(1, 20, (2, 6)).astype(np.int32)
    ],
    "dcgan.Generator(4, 1, 2)": [RNG.random((2, 4, 1, 1), F)],
    "dcgan.Discriminator(1, 2)": [RNG.random((2, 1, 64, 64), F)],
    "fcn.FCN8s(3, 8)": [RNG.random((1, 3, 32, 32), F)],
    "diffusion.UNet(8, (1, 2), (1,), 1, 1)": [
        RNG.random((2, 1, 8, 8), F), np.array([3, 900], np.int32),
    ],
}  # fmt: skip
THEIRS = """
import json, sys
import mindspore as ms, numpy as np
import importlib
folder, found = sys.argv[1], {}
for i, make in enumerate(json.loads(sys.argv[2])):
    family = make.split(".")[0]
    net = eval(make, {family: importlib.import_module("zoo." + family)}).set_train(False)
    ms.load_checkpoint(f"{folder}/{i}.ckpt", net, strict_load=True, dec_key=b"0123456789abcdef",
                       crc_check=False)
    data = np.load(f"{folder}/{i}.npz")
    out = net(*[ms.Tensor(data[k]) for k in data.files])
    np.save(f"{folder}/{i}.npy", out.asnumpy())
    ms.save_checkpoint(net, f"{folder}/back{i}", append_dict={"epoch": 3, "note": "äö"})
"""


def translated(folder: Path) -> None:
    """The zoo's files with MindSpore's module names instead of ours."""
    (folder / "zoo").mkdir()
    for path in ZOO.glob("*.py"):
        text = path.read_text() if path.name != "__init__.py" else ""
        for ours, theirs in (
            ("mslearn.models", "zoo"), ("mslearn.core.dtype", "mindspore"),
            ("mslearn.core", "mindspore"), ("mslearn", "mindspore"),
        ):  # fmt: skip
            text = text.replace(ours, theirs)
        (folder / "zoo" / path.name).write_text(text)


@pytest.mark.oracle
@pytest.mark.skipif("MSLEARN_ORACLE" not in os.environ, reason="MSLEARN_ORACLE names no Python")
def test_the_zoo_runs_in_mindspore(tmp_path):
    translated(tmp_path)
    wanted, nets = [], []
    ms.set_seed(3)
    for i, (make, inputs) in enumerate(NETS.items()):
        family = make.split(".")[0]
        net = eval(make, {family: getattr(ms.models, family)}).set_train(False)
        ms.save_checkpoint(net, tmp_path / f"{i}.ckpt", enc_key=b"0123456789abcdef")
        np.savez(tmp_path / f"{i}.npz", *inputs)
        wanted.append(net(*map(ms.Tensor, inputs)).asnumpy())
        nets.append(net)
    command = [os.environ["MSLEARN_ORACLE"], "-c", THEIRS, str(tmp_path), json.dumps(list(NETS))]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "GLOG_v": "3"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    for i, make in enumerate(NETS):
        found = np.load(tmp_path / f"{i}.npy")
        np.testing.assert_allclose(found, wanted[i], rtol=1e-3, atol=1e-5, err_msg=make)
        back = ms.load_checkpoint(tmp_path / f"back{i}.ckpt")
        assert back.pop("note") == "äö" and int(back.pop("epoch")) == 3
        for name, param in nets[i].parameters_dict().items():
            np.testing.assert_array_equal(back[name].asnumpy(), param.asnumpy())
