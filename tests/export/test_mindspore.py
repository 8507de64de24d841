"""Our MindIR: real MindSpore runs it (recorded, or at once), and so do we.

Where MindSpore is not installed, data/accepted.json says which bytes it has run, and with what
difference (record_mindspore.py); the bytes that are written today must be those. Only whole
networks may have come to be written with other operations, as long as MindSpore has run all of
these, with as many inputs and the same attributes. With
MSLEARN_ORACLE=path/to/mindspore/python it runs them here.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest
from export.cases import DRAWN, cases
from export.record_mindspore import accepted, difference, operators

import mslearn as ms
from mslearn.core.primitive import registry
from mslearn.interchange.graph_cell import GraphCell
from mslearn.interchange.mindir_load import LOAD
from mslearn.interchange.mindir_read import decode, unknown

CASES = cases()
RECORD = json.loads((Path(__file__).parent / "data" / "accepted.json").read_text())
ACCEPTED = RECORD["cases"]
# MindSpore's exp is an approximation, which softmax and the layers of a GPT hand on; and small
# differences of gradients are divided by small deviations in batch normalization. All else agrees
# to 1e-6.
LOOSE = {"Exp": 2e-6, "LogSoftmax": 5e-6, "step_resnet": 2e-6, "zoo_gpt": 1e-5}


def within(name):
    return LOOSE.get(name, LOOSE.get(name.partition("-")[0], 1e-6))


def test_mindspore_has_run_nearly_everything():
    """A primitive that is newer than the recording may be missing; a network may not."""
    new = set(CASES) - set(ACCEPTED)
    assert len(new) < len(CASES) / 10, "run tests/export/record_mindspore.py"
    assert not [n for n in new if n.startswith(("net_", "step_", "zoo_"))]


@pytest.mark.parametrize("name", sorted(set(CASES) & set(ACCEPTED)))
def test_mindspore_has_run_these_bytes(name):
    digest, gap = ACCEPTED[name]
    data = CASES[name][0]
    if name.startswith(("net_", "step_", "zoo_")):
        assert operators(data) <= set(RECORD["operators"])
    else:
        now = hashlib.sha256(data).hexdigest()[:16]
        assert now == digest, "run tests/export/record_mindspore.py again"
    assert gap <= within(name)


@pytest.mark.parametrize("name", CASES)
def test_our_own_loader_runs_them(name):
    data, inputs, wanted = CASES[name]
    graph = decode(data)
    assert not unknown(graph, LOAD)
    out = GraphCell(graph)(*map(ms.Tensor, inputs))
    got = [t.asnumpy() for t in (out if isinstance(out, tuple) else (out,))]
    assert difference(name, got, wanted) <= 5e-6


@pytest.mark.oracle
@pytest.mark.skipif("MSLEARN_ORACLE" not in os.environ, reason="MSLEARN_ORACLE names no Python")
def test_mindspore_runs_them_now(tmp_path):
    for name, gap in accepted(os.environ["MSLEARN_ORACLE"], tmp_path).items():
        assert gap <= within(name), name


def test_coverage(capsys):
    """What is not lowered is an input or refused by name (`split` sees to that), and rare."""
    lowered = {n.rpartition("-")[0] for n in CASES if not n.startswith(("net_", "step_", "zoo_"))}
    refused = set(registry) - lowered - DRAWN
    share = len(lowered) / len(registry)
    assert share > 0.7
    with capsys.disabled():
        new = sorted(set(CASES) - set(ACCEPTED))
        print(f"\nMindIR: {len(lowered)} of {len(registry)} primitives ({share:.0%}) are written; "
              f"{len(DRAWN)} are inputs; not run by MindSpore yet: {new}; refused: "
              f"{', '.join(sorted(refused))}")  # fmt: skip


def test_the_files_hold_nothing_of_this_machine():
    for data, *_ in CASES.values():
        assert not any(path in data for path in (b"/work", b"/home", b"/tmp", b".py"))
