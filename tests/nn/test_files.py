"""safetensors and checksums: round trips, other programs' files, hostile bytes."""

from __future__ import annotations

import json

import numpy as np
import pytest

import mslearn as ms
from mslearn import nn

# Written by MindSpore 2.10 with format="safetensors": p float32 (2,), q int32 (2, 3).
THEIRS = (
    b"\x90\x00\x00\x00\x00\x00\x00\x00"
    b'{"__metadata__":{"format":"ms"},"p":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},'
    b'"q":{"dtype":"I32","shape":[2,3],"data_offsets":[8,32]}}   '
    + np.array([1, 2], "<f4").tobytes()
    + np.arange(6, dtype="<i4").tobytes()
)
# Written by MindSpore 2.10 with crc_check=True: p float32 [1, 2].
THEIRS_CRC = bytes.fromhex(
    "0a1a0a0170121508021207466c6f617433321a080000803f00000040" + b"crc_num".hex()
) + bytes.fromhex("000000000000206dae87")
# The same in safetensors, and h, a bool.
THEIRS_SAFE_CRC = (
    b"\xa8\x00\x00\x00\x00\x00\x00\x00"
    b'{"__metadata__":{"crc_num":"3589018725","format":"ms"},'
    b'"p":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},'
    b'"h":{"dtype":"BOOL","shape":[1],"data_offsets":[8,9]}}      '
    + np.array([1, 2], "<f4").tobytes()
    + b"\x01"
)


def write(path, header, body=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + body)
    return path


def entry(dtype="F32", shape=(1,), place=(0, 4)):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(place)}


@pytest.mark.parametrize("format", ["ckpt", "safetensors"])
@pytest.mark.parametrize("crc", [False, True])
def test_round_trip(tmp_path, format, crc):
    values = {
        "a": np.array(True), "b": np.arange(6, dtype=np.int8).reshape(2, 3),
        "c": np.array([1.5, -2], np.float16), "d": np.zeros((0, 3), np.float64),
        "größe": np.array(7, np.int64), "e": np.array([1 + 2j], np.complex64),
    }  # fmt: skip
    named = {name: ms.Tensor(value) for name, value in values.items()}
    ms.save_checkpoint(named, tmp_path / "x", format=format, crc_check=crc)
    path = tmp_path / f"x.{format}"
    loaded = ms.load_checkpoint(path, format=format, crc_check=crc)
    assert set(loaded) == set(values)
    for name, value in values.items():
        assert loaded[name].name == name
        assert loaded[name].asnumpy().dtype == value.dtype
        np.testing.assert_array_equal(loaded[name].asnumpy(), value)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_reads_and_writes_as_mindspore(tmp_path):
    path = tmp_path / "x.safetensors"
    path.write_bytes(THEIRS)
    loaded = ms.load_checkpoint(path, format="safetensors")
    np.testing.assert_array_equal(loaded["p"].asnumpy(), np.array([1, 2], np.float32))
    np.testing.assert_array_equal(loaded["q"].asnumpy(), np.arange(6).reshape(2, 3))
    ms.save_checkpoint(loaded, path, format="safetensors")
    assert path.read_bytes() == THEIRS
    for data, format in ((THEIRS_CRC, "ckpt"), (THEIRS_SAFE_CRC, "safetensors")):
        path = tmp_path / f"y.{format}"
        path.write_bytes(data)
        loaded = ms.load_checkpoint(path, format=format, crc_check=True)
        np.testing.assert_array_equal(loaded["p"].asnumpy(), np.array([1, 2], np.float32))
        ms.save_checkpoint(loaded, path, format=format, crc_check=True)
        assert path.read_bytes() == data


@pytest.mark.parametrize("data", [THEIRS_CRC, THEIRS_SAFE_CRC])
def test_a_changed_value_is_noticed(tmp_path, data):
    format = "ckpt" if data is THEIRS_CRC else "safetensors"
    path = tmp_path / f"x.{format}"
    wrong = data.replace(np.float32(2).tobytes(), np.float32(3).tobytes())
    assert wrong != data
    path.write_bytes(wrong)
    with pytest.raises(ValueError, match="checksum is wrong"):
        ms.load_checkpoint(path, format=format, crc_check=True)
    assert ms.load_checkpoint(path, format=format)["p"].asnumpy()[1] == 3


def test_no_checksum_to_check_warns(tmp_path):
    ms.save_checkpoint({"p": ms.Tensor([1.0])}, tmp_path / "x.ckpt")
    with pytest.warns(UserWarning, match="no checksum"):
        ms.load_checkpoint(tmp_path / "x.ckpt", crc_check=True)


def test_bfloat16_stays(tmp_path):
    values = np.array([1.0, -2.5], np.float32)
    body = (values.view(np.uint32) >> 16).astype("<u2").tobytes()
    path = write(tmp_path / "x.safetensors", {"w": entry("BF16", (2,), (0, 4))}, body)
    loaded = ms.load_checkpoint(path, format="safetensors")["w"]
    assert loaded.dtype == ms.bfloat16
    np.testing.assert_array_equal(loaded.float().asnumpy(), values)


def test_a_network_comes_back(tmp_path):
    one, two = nn.Dense(3, 2), nn.Dense(3, 2)
    ms.save_checkpoint(one, tmp_path / "net", format="safetensors")
    ms.load_checkpoint(tmp_path / "net.safetensors", two, format="safetensors")
    np.testing.assert_array_equal(one.weight.asnumpy(), two.weight.asnumpy())


HOSTILE = {
    "empty": (b"", b""),
    "no JSON": (b"\xff\xfe", b""),
    "a list": ([], b""),
    "deep": (b"[" * 100_000, b""),
    "long number": (b'{"w":' + b"9" * 10_000 + b"}", b""),
    "twice": (b'{"w":{},"w":{}}', b""),
    "no entry": ({"w": 3}, b""),
    "negative": ({"w": entry(shape=(-1,))}, b"1234"),
    "bool as size": ({"w": entry(shape=(True,))}, b"1234"),
    "huge": ({"w": entry(shape=(2**62, 2**62))}, b"1234"),
    "outside": ({"w": entry(place=(0, 2**60))}, b"1234"),
    "backwards": ({"w": entry(place=(4, 0))}, b"1234"),
    "wrong size": ({"w": entry(shape=(2,))}, b"1234"),
    "unknown type": ({"w": entry("PICKLE")}, b"1234"),
    "type no text": ({"w": entry(["F32"])}, b"1234"),
    "overlap": ({"v": entry(), "w": entry()}, b"1234"),
    "gap": ({"w": entry(place=(4, 8))}, b"12345678"),
    "more than said": ({"w": entry()}, b"12345678"),
    "empty and huge": ({"w": entry(shape=(0, 2**70), place=(0, 0))}, b""),
    "many axes": ({"w": entry(shape=(1,) * 200)}, b"1234"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_give_one_clear_error(tmp_path, name):
    path = write(tmp_path / "x.safetensors", *HOSTILE[name])
    with pytest.raises(ValueError, match="Failed to read the checkpoint file"):
        ms.load_checkpoint(path, format="safetensors")


@pytest.mark.parametrize("cut", range(0, len(THEIRS), 7))
def test_truncated_files_too(tmp_path, cut):
    path = tmp_path / "x.safetensors"
    path.write_bytes(THEIRS[:cut])
    with pytest.raises(ValueError, match="Failed to read the checkpoint file"):
        ms.load_checkpoint(path, format="safetensors")


def test_random_damage_never_does_more_than_raise(tmp_path):
    rng = np.random.default_rng(0)
    path = tmp_path / "x.safetensors"
    for _ in range(300):
        data = bytearray(THEIRS)
        for at in rng.integers(0, len(data), 3):
            data[at] = rng.integers(0, 256)
        path.write_bytes(data)
        try:
            ms.load_checkpoint(path, format="safetensors")
        except ValueError as error:
            assert str(path) in str(error)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda p: ms.save_checkpoint({}, p, enc_key=b"0" * 15), "16 or 24 or 32 bytes"),
        (lambda p: ms.load_checkpoint(p, dec_key=b"0" * 16, dec_mode="DES"), "one of .'AES-GCM'"),
        (
            lambda p: ms.save_checkpoint({}, p, enc_key=b"0" * 16, format="safetensors"),
            "only format='ckpt' can be encrypted",
        ),
        (lambda p: ms.save_checkpoint({}, p, async_save="later"), "'thread' or 'process'"),
        (lambda p: ms.save_checkpoint({}, p, format="pt"), "'ckpt' or 'safetensors'"),
        (lambda p: ms.load_checkpoint(f"{p}.safetensors"), "format='safetensors'"),
    ],
)
def test_refusals_say_why(tmp_path, call, text):
    with pytest.raises(ValueError, match=text):
        call(tmp_path / "x")


def test_conversion_goes_both_ways(tmp_path):
    values = {"zeta": ms.Tensor([1.0, 2.0]), "mid": ms.Tensor([True])}
    ms.save_checkpoint(values, tmp_path / "a.ckpt")
    ms.ckpt_to_safetensors(tmp_path / "a.ckpt", tmp_path / "new", {"zeta": "eta"})
    path = tmp_path / "new" / "a.safetensors"
    assert set(ms.load_checkpoint(path, format="safetensors")) == {"eta", "mid"}
    ms.safetensors_to_ckpt(path, name_map={"eta": "zeta"})
    back = ms.load_checkpoint(tmp_path / "new" / "a.ckpt")
    np.testing.assert_array_equal(back["zeta"].asnumpy(), values["zeta"].asnumpy())
    with pytest.raises(ValueError, match="same name"):
        ms.ckpt_to_safetensors(tmp_path / "a.ckpt", name_map={"zeta": "mid"})
    with pytest.raises(ValueError, match="folder"):
        ms.ckpt_to_safetensors(tmp_path)
    with pytest.raises(ValueError, match="does not exist"):
        ms.ckpt_to_safetensors(tmp_path / "none.ckpt")
