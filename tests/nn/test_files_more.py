"""Encrypted and background files, reports of loading, hostile `.ckpt`, and saving when killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import mslearn as ms
from mslearn import nn
from mslearn.train import background, checkpoint_format

ROOT = Path(__file__).parent.parent.parent
KEY = b"0123456789ABCDEF"
VALUES = {"p": ms.Tensor(np.array([1, 2], np.float32))}
# VALUES, written by MindSpore 2.10 with enc_key=KEY.
THEIRS = {
    "AES-GCM": "d85e3a7ffa4dd44bc7d1be70f231b1fd3e59a70034000000100000000e1aaead9b6c36f690cdf9fcd1"
    "96a11e1c0000009a2939b6b19a17a201deefaf011d7d1c057ce9ad9490dd9f6842ab85",
    "AES-CBC": "d95e3a7f3800000010000000c08e23a1f2884658775403ebce4749c8200000000f88f5dbfc3401ad24"
    "a41cd6403093f5373332e69df688058e73de76be6b4550",
    "SM4-CBC": "da5e3a7f3800000010000000adf8375abc1ec8484b65fad92ed1c34620000000e6a1d4d5a9c47de09d"
    "f3725e34f7562b59d117b2062e8409e47a6606d785f56c",
}


def equal(found, wanted):
    np.testing.assert_array_equal(found.asnumpy(), wanted)


@pytest.mark.parametrize("mode", THEIRS)
def test_encrypted_files_are_mindspores(tmp_path, mode):
    path = tmp_path / "x.ckpt"
    path.write_bytes(bytes.fromhex(THEIRS[mode]))
    equal(ms.load_checkpoint(path, dec_key=KEY, dec_mode=mode)["p"], [1, 2])
    ms.save_checkpoint(VALUES, tmp_path / "y", enc_key=KEY, enc_mode=mode, crc_check=True)
    data = (tmp_path / "y.ckpt").read_bytes()
    assert len(data) == len(path.read_bytes()) and data[:4] == path.read_bytes()[:4]
    assert b"Float32" not in data
    equal(ms.load_checkpoint(tmp_path / "y.ckpt", dec_key=KEY, dec_mode=mode)["p"], [1, 2])
    with pytest.raises(ValueError, match="Failed to read"):
        ms.load_checkpoint(tmp_path / "y.ckpt", dec_key=KEY[::-1], dec_mode=mode)
    with pytest.raises(ValueError, match="it is encrypted; pass its dec_key"):
        ms.load_checkpoint(tmp_path / "y.ckpt")


def test_large_encrypted_files_are_many_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr("mslearn.train.encryption._BLOCK", 1000)
    big = ms.Tensor(np.arange(2000, dtype=np.float32))
    ms.save_checkpoint({"big": big}, tmp_path / "x", enc_key=KEY + KEY)
    equal(ms.load_checkpoint(tmp_path / "x.ckpt", dec_key=KEY + KEY)["big"], big.asnumpy())


@pytest.mark.parametrize("mode", THEIRS)
def test_damaged_encrypted_files_give_one_clear_error(tmp_path, mode):
    path, data = tmp_path / "x.ckpt", bytes.fromhex(THEIRS[mode])
    rng = np.random.default_rng(0)
    cases = [data[:n] for n in range(1, len(data), 5)]
    for _ in range(100):
        changed = bytearray(data)
        changed[rng.integers(len(data))] ^= int(rng.integers(1, 256))
        cases.append(bytes(changed))
    for case in cases:
        path.write_bytes(case)
        try:  # only GCM notices every change
            found = ms.load_checkpoint(path, dec_key=KEY, dec_mode=mode)
            assert mode != "AES-GCM" or found["p"].asnumpy().tolist() == [1, 2]
        except ValueError as error:
            assert "Failed to read the checkpoint file" in str(error)


def test_without_cryptography_the_message_names_the_extra(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.ciphers", None)
    with pytest.raises(ImportError, match=r"mslearn\[crypto\]"):
        ms.save_checkpoint(VALUES, tmp_path / "x", enc_key=KEY)


def test_texts_and_numbers_beside_the_parameters(tmp_path):
    extra = {"epoch_num": 3, "lr": 0.1, "note": "größer", "flag": True}
    ms.save_checkpoint(VALUES, tmp_path / "x", append_dict=extra)
    found = ms.load_checkpoint(tmp_path / "x.ckpt")
    assert found["note"] == "größer" and int(found["epoch_num"]) == 3 and bool(found["flag"])
    theirs = bytes.fromhex("0a160a0173 1211 0800 1203737472 1a08 6800000065000000".replace(" ", ""))
    (tmp_path / "y.ckpt").write_bytes(theirs)  # s: "he", as MindSpore writes it
    assert ms.load_checkpoint(tmp_path / "y.ckpt") == {"s": "he"}
    with pytest.raises(ValueError, match="only format='ckpt'"):
        ms.save_checkpoint(VALUES, tmp_path / "x", append_dict=extra, format="safetensors")


def test_background_saves_hold_the_values_of_now(tmp_path, monkeypatch):
    go = threading.Event()

    def slowly(path, chunks, write=checkpoint_format.encode):
        assert go.wait(120)
        path.write_bytes(b"".join(chunks))

    monkeypatch.setattr("mslearn.train.serialization.write_whole", slowly)
    net = nn.Dense(3, 2)
    step = nn.TrainOneStepCell(nn.WithLossCell(net, nn.MSELoss()), nn.SGD(net.trainable_params()))
    before = net.weight.asnumpy().copy()
    ms.save_checkpoint(net, tmp_path / "x", async_save=True)
    assert ms.async_ckpt_thread_status()
    for _ in range(3):
        step(ms.ops.ones((4, 3)), ms.ops.ones((4, 2)))
    assert not np.array_equal(before, net.weight.asnumpy())
    threading.Timer(0.1, go.set).start()
    waiting = ms.load_checkpoint_async(tmp_path / "x.ckpt", net)  # waits for the writing, too
    equal(waiting.result()["weight"], before)
    equal(net.weight, before)
    assert not ms.async_ckpt_thread_status()
    with pytest.raises(ValueError, match="does not exist"):
        ms.load_checkpoint_async(tmp_path / "none.ckpt").result()


def test_a_failure_in_the_background_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.warns(RuntimeWarning, match="could not be saved"):
        ms.save_checkpoint(VALUES, tmp_path / "file" / "x.ckpt", async_save="thread")
        background.wait_for_files()


def test_names_and_dtypes_that_nearly_fit():
    net = nn.SequentialCell(nn.Dense(2, 2), nn.Dense(2, 1))
    given = {f"backbone.{p.name}": ms.Parameter(p + 1) for p in net.get_parameters()}
    wanted = net[0].weight.asnumpy() + 1
    assert ms.load_param_into_net(net, given) == ([], list(given))
    equal(net[0].weight, wanted)
    del given["backbone.1.bias"]
    given["0.weigth"] = given.pop("backbone.0.weight")
    with pytest.warns(UserWarning, match=r"4 of 4 .*'0\.weight' Did you mean '0\.weigth'"):
        ms.load_param_into_net(net, given)
    half = {p.name: ms.Parameter(p.astype(ms.float16)) for p in net.get_parameters()}
    assert ms.load_param_into_net(net, half) == ([], [])
    assert net[0].weight.dtype == ms.float32
    with pytest.raises(RuntimeError, match="strict_load is True"):
        ms.load_param_into_net(net, half, strict_load=True)
    whole = {p.name: ms.Parameter(p.astype(ms.int32)) for p in net.get_parameters()}
    with pytest.raises(RuntimeError, match="should have the same type"):
        ms.load_param_into_net(net, whole)


def test_filters(tmp_path):
    names = ["net.fc.weight", "net.fc.bias", "opt.net.fc.weight", "step"]
    ms.save_checkpoint({n: ms.Tensor([1.0]) for n in names}, tmp_path / "x",
                       choice_func=lambda n: n != "step")  # fmt: skip
    path = tmp_path / "x.ckpt"
    assert list(ms.load_checkpoint(path)) == names[:3]
    assert list(ms.load_checkpoint(path, filter_prefix=["opt"])) == names[:2]
    assert list(ms.load_checkpoint(path, specify_prefix="opt")) == names[2:3]
    assert list(ms.load_checkpoint(path, choice_func=lambda n: "bias" in n)) == names[1:2]
    with pytest.raises(ValueError, match="the filters leave nothing"):
        ms.load_checkpoint(path, specify_prefix="none")


@pytest.mark.parametrize("name", ["transform_checkpoints", "merge_pipeline_strategys"])
def test_functions_for_many_devices_are_refused_with_the_reason(name):
    with pytest.raises(NotImplementedError, match="cut in slices for many devices"):
        getattr(ms, name)("here", "there")
    with pytest.raises(NotImplementedError, match="enc_key"):
        ms.obfuscate_ckpt(None, [])


def field(number, data):
    return bytes([number << 3 | 2, len(data)]) + data


def entry(dims, kind=b"Float32", content=b"\0\0\0\0", name=b"w"):
    tensor = dims + field(2, kind) + field(3, content)
    return field(1, field(1, name) + field(2, tensor))


LONG = b"\x08" + b"\xff" * 8 + b"\x7f"  # an axis of 2**63 - 1
HOSTILE = {
    "text": b"PK\x03\x04 no checkpoint",
    "empty and huge": entry(b"\x08\x00" + LONG * 3, content=b""),
    "huge": entry(LONG * 3),
    "negative": entry(b"\x08" + b"\xff" * 9 + b"\x01"),
    "endless number": entry(b"\x08" + b"\xff" * 30),
    "unknown type": entry(b"", b"Pickle"),
    "slices that do not fit": entry(b"\x08\x01") + entry(b"\x08\x01\x08\x01"),
    "twice": entry(b"") + entry(b""),
    "no name": entry(b"", name=b""),
    "name no text": entry(b"", name=b"\xff\xfe"),
    "text no text": entry(b"", b"str", b"\xff\xff\xff\xff"),
    "many axes": entry(b"\x08\x01" * 70),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_ckpt_files_give_one_clear_error(tmp_path, name):
    path = tmp_path / "x.ckpt"
    path.write_bytes(HOSTILE[name])
    with pytest.raises(ValueError, match="Failed to read the checkpoint file"):
        ms.load_checkpoint(path)


TRAIN = """
    import sys
    import numpy as np
    import mslearn as ms
    from mslearn import nn
    from mslearn.dataset import NumpySlicesDataset

    class Long(nn.Cell):  # large, so that most of the time goes into writing
        def __init__(self):
            super().__init__()
            self.fc = nn.Dense(2, 1)
            self.ballast = ms.Parameter(ms.ops.ones((2_000_000,)), requires_grad=False)
        def construct(self, x):
            return self.fc(x)

    net = Long()
    data = NumpySlicesDataset((np.ones((40, 2), "f4"), np.ones((40, 1), "f4")), ["x", "y"])
    model = ms.Model(net, nn.MSELoss(), nn.SGD(net.trainable_params(), 0.01))
    config = ms.CheckpointConfig(1, keep_checkpoint_max=1, async_save=ASYNC, crc_check=True)
    saver = ms.ModelCheckpoint("run", sys.argv[1], config)
    print("ready", flush=True)
    model.train(1000, data.batch(1), callbacks=[saver], dataset_sink_mode=False)
"""


@pytest.mark.parametrize("background_saving", [False, True])
def test_kill_9_while_saving_leaves_a_whole_file(tmp_path, background_saving):
    """Whenever the process dies, a complete checkpoint is there, and a new run goes on from it."""
    program = textwrap.dedent(TRAIN).replace("ASYNC", str(background_saving))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    rng = np.random.default_rng(background_saving)
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], env=environment, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None and process.stdout.readline()
        deadline = time.monotonic() + 600
        while not list(tmp_path.glob("run-*.ckpt")) and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(0.2 + rng.random() * 0.05)
        process.send_signal(signal.SIGKILL)
    files = sorted(tmp_path.glob("run-*.ckpt"), key=lambda p: p.stat().st_mtime)
    assert 1 <= len(files) <= 2
    for path in files:
        found = ms.load_checkpoint(path, crc_check=True)
        assert found["ballast"].shape == (2_000_000,)
    net = nn.Dense(2, 1)
    ms.load_checkpoint(files[-1], net, specify_prefix="fc.")
    equal(net.weight, found["fc.weight"].asnumpy())


def test_a_list_of_parameters_is_saved(tmp_path):
    net = nn.Dense(2, 3)
    ms.save_checkpoint(net.trainable_params(), tmp_path / "list.ckpt")
    found = ms.load_checkpoint(tmp_path / "list.ckpt")
    assert list(found) == ["weight", "bias"]
    assert np.array_equal(found["weight"].asnumpy(), net.weight.asnumpy())


def test_mistaken_arguments_are_named(tmp_path):
    ms.save_checkpoint(nn.Dense(2, 3), tmp_path / "net.ckpt")
    with pytest.raises(ValueError, match="choice_func must be a function"):
        ms.load_checkpoint(tmp_path / "net.ckpt", choice_func=5)
    with pytest.raises(TypeError, match="must be a path, but got 'int'"):
        ms.load_checkpoint(5)
    with pytest.raises(ValueError, match="load_torch_weights"):
        ms.load_checkpoint("resnet.pth")
    with pytest.raises(TypeError, match="the file first and then a Cell"):
        ms.train.load_torch_weights(nn.Dense(2, 3), "resnet.pth")
    lstm = nn.LSTM(4, 3)
    with pytest.raises(TypeError, match=r"hx must be a tuple \(h, c\), but got a tuple of"):
        lstm(ms.ops.ones((5, 2, 4)), (ms.ops.ones((1, 2, 3)),))
    with pytest.raises(TypeError, match="seq_length must be a Tensor"):
        lstm(ms.ops.ones((5, 2, 4)), None, [5, 3])
