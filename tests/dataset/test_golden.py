"""Every pipeline of pipelines.py gives what real MindSpore gave, to the last bit."""

import json
import os
import subprocess
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from dataset.pipelines import PIPELINES, describe

import mslearn as ms
import mslearn.dataset as ds
from mslearn.dataset import transforms, vision

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def goldens():
    with np.load(HERE / "goldens.npz") as stored:
        arrays = dict(stored)
    facts = json.loads(str(arrays.pop("facts")))
    return facts["pipelines"], arrays


def test_every_pipeline_is_recorded(goldens):
    assert set(goldens[0]) == set(PIPELINES)


@pytest.mark.parametrize("name", PIPELINES)
def test_equals_mindspore(name, goldens, mnist, monkeypatch):
    monkeypatch.setattr(ds.config, "cores", lambda: 2)  # as many as the recorder had
    facts, arrays = goldens
    m = SimpleNamespace(ms=ms, ds=ds, vision=vision, transforms=transforms, mnist=mnist)
    found = describe(PIPELINES[name](m))
    values = [column.pop("values") for column in found["columns"]]
    assert found == facts[name]
    for k, value in enumerate(values):
        np.testing.assert_array_equal(value, arrays[f"{name}/{k}"])


@pytest.mark.oracle
@pytest.mark.skipif("MSLEARN_ORACLE" not in os.environ, reason="MSLEARN_ORACLE names no Python")
def test_real_mindspore_reads_the_prepared_folder(mnist):
    code = (
        "import sys, zlib, mindspore.dataset as ds\n"
        "for part in ('train', 'test'):\n"
        "    data = ds.MnistDataset(sys.argv[1] + '/' + part, shuffle=False)\n"
        "    rows = list(data.create_tuple_iterator(output_numpy=True, num_epochs=1))\n"
        "    print(len(rows), zlib.crc32(b''.join(i.tobytes() + l.tobytes() for i, l in rows)))\n"
    )
    command = [os.environ["MSLEARN_ORACLE"], "-c", code, str(mnist)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    import zlib

    ours = []
    for part in ("train", "test"):
        data = ds.MnistDataset(mnist / part, shuffle=False)
        rows = list(data.create_tuple_iterator(output_numpy=True))
        ours += [len(rows), zlib.crc32(b"".join(i.tobytes() + k.tobytes() for i, k in rows))]
    assert printed == [str(n) for n in ours]
