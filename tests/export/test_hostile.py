"""Damaged and hostile MindIR files: one clear error, at once, and nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import mslearn as ms
from mslearn.common import wire
from mslearn.core.errors import ShapeError
from mslearn.interchange.graph_cell import GraphCell
from mslearn.interchange.mindir_load import LOAD
from mslearn.interchange.mindir_read import MindirError, decode, unknown

DATA = Path(__file__).parent / "data"
GOOD = (DATA / "mindspore_mlp.mindir").read_bytes()


def outcome(data):
    try:
        decode(data)
    except MindirError as error:
        return str(error)
    return "loaded"


def survivals(good, x, rng, times, clear=(MindirError, ShapeError)):
    """How many damaged copies of a file ran on `x`, and how many errors were `clear`."""
    ran = refused = 0
    for _ in range(times):
        data = bytearray(good)
        for at in rng.integers(0, len(good), rng.integers(1, 4)):
            data[at] = rng.integers(0, 256)
        try:
            graph = decode(bytes(data))
            if not unknown(graph, LOAD):
                with np.errstate(all="ignore"):
                    GraphCell(graph)(x)
                ran += 1
        except clear:
            refused += 1
    return ran, refused


def test_truncated_files():
    texts = {outcome(GOOD[:n]) for n in range(0, len(GOOD), 13)}
    assert "loaded" not in texts
    assert all(texts)


def test_every_byte_may_be_wrong():
    """2,000 files with one to three bytes changed: they load, or the error says what is wrong."""
    rng = np.random.default_rng(3)
    refused = 0
    for _ in range(2000):
        data = bytearray(GOOD)
        for at in rng.integers(0, len(GOOD), rng.integers(1, 4)):
            data[at] = rng.integers(0, 256)
        refused += outcome(bytes(data)) != "loaded"
    assert refused > 500


@pytest.mark.parametrize("name", ["lenet", "resnet", "reader"])
def test_damaged_networks_that_load_run_or_say_why(name):
    good = (DATA / f"mindspore_{name}.mindir").read_bytes()
    with np.load(DATA / f"mindspore_{name}.npz") as held:
        x = ms.Tensor(held["x"])
    ran, _ = survivals(good, x, np.random.default_rng(5), 300)
    assert ran > 20


def model(graph, *more):
    return wire.block(2, "MindSpore") + wire.block(7, graph) + b"".join(more)


def output(name):
    return wire.block(6, wire.block(1, name))


def node(op, inputs, out):
    body = b"".join(wire.block(1, i) for i in inputs)
    return wire.block(1, body + wire.block(2, out) + wire.block(4, op))


PRIMITIVE = wire.block(12, wire.block(1, "ReLU:1") + wire.block(2, "ReLU"))
HUGE = b"".join(wire.integer(1, 1 << 40) for _ in range(3)) + wire.integer(2, 1)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no graph"),
        (b"PK\x03\x04" * 20, "damaged"),
        (b"\x80\x04\x95" + b"c" * 50, "damaged"),  # a pickle
        (model(output("x")), "one output"),
        (model(node("REF::ReLU:1", ["y"], "x") + output("x"), PRIMITIVE), "nothing has made"),
        (model(node("REF::ReLU:1", ["x"], "x") + output("x"), PRIMITIVE), "nothing has made"),
        (model(node("REF::Nope", [], "x") + output("x")), "not among the file's primitives"),
        (model(node("os.system", [], "x") + output("x")), "not among the file's primitives"),
        (model(node("Constant", [], "x") * 2 + output("x")), "made twice"),
        (model(wire.block(3, HUGE + wire.block(7, "w")) + output("w")), "bytes"),
        (model(wire.block(3, wire.integer(1, -1) + wire.integer(2, 1) + wire.block(7, "w"))),
         "cannot be"),
        (model(wire.block(3, wire.integer(2, 99) + wire.block(7, "w"))), "dtype"),
        (model(output("x"), wire.block(8, b""), wire.block(8, b"")), "one output"),
        (model(node("Constant", [], "x") + output("x"), wire.block(8, b""), wire.block(8, b"")),
         "one name"),
        (model(node("Constant", [], "x") + output("x"), wire.block(8, wire.block(2, "f"))),
         "one output"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(data, words):
    assert words in outcome(data)


def test_deep_tuples_are_refused():
    value = wire.integer(16, 20)
    for _ in range(40):
        value = wire.integer(16, 20) + wire.block(17, value)
    body = wire.block(2, "x") + wire.block(4, "Constant")
    body += wire.block(5, wire.block(1, "value") + value)
    assert "deep" in outcome(model(wire.block(1, body) + output("x")))
