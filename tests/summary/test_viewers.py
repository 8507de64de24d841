"""MindInsight 2.3.1 and TensorBoard open our files: both are asked what they have found.

Each lives in an environment of its own (MindInsight needs NumPy 1): MSLEARN_MINDINSIGHT and
MSLEARN_TENSORBOARD name their Pythons. `test_files.py` compares recorded bytes without them.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

import mslearn as ms
import mslearn.dataset as ds
from mslearn import nn, ops
from mslearn.summary import Run
from mslearn.summary.decoding import graph_of

MINDINSIGHT = os.environ.get("MSLEARN_MINDINSIGHT")
TENSORBOARD = os.environ.get("MSLEARN_TENSORBOARD")

ASK_MINDINSIGHT = """
import json, sys
from mindinsight.datavisual.data_transform.data_manager import DataManager
from mindinsight.datavisual.common.enums import PluginNameEnum as P
from mindinsight.datavisual.data_transform.data_loader import DataLoader
loader = DataLoader(sys.argv[1]); loader.load()
events = loader.get_events_data()
out = {p.value: [t for t in events.list_tags_by_plugin(p.value)] for p in (
    P.SCALAR, P.HISTOGRAM, P.IMAGE, P.TENSOR, P.GRAPH)}
out["loss"] = [(t.step, t.value) for t in events.tensors("loss/auto/scalar")]
graph = events.tensors(out["graph"][0])[0].value
out["ops"] = sorted({n.type for n in graph._normal_node_map.values()})
print(json.dumps(out))
"""
ASK_TENSORBOARD = """
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
every = {k: 0 for k in ("scalars", "histograms", "images", "tensors")}
found = EventAccumulator(sys.argv[1], size_guidance=every); found.Reload()
tags = found.Tags()
out = {k: tags[k] for k in ("scalars", "histograms", "images", "tensors")}
out["loss"] = [(e.step, e.value) for e in found.Scalars("loss/auto")]
out["ops"] = sorted({n.op for n in found.Graph().node})
print(json.dumps(out))
"""


class Net(nn.Cell):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.flat, self.fc = nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Dense(128, 3)
        self.scalar, self.tensor = ops.ScalarSummary(), ops.TensorSummary()
        self.histogram, self.image = ops.HistogramSummary(), ops.ImageSummary()

    def construct(self, x):
        self.image("my_image", x)
        z = ops.relu(self.conv(x))
        self.histogram("act", z)
        logits = self.fc(self.flat(z))
        self.tensor("logits", logits)
        self.scalar("mean", logits.mean())
        return logits


def train(folder: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.random((32, 1, 8, 8), dtype=np.float32)
    data = ds.NumpySlicesDataset((x, np.arange(32, dtype=np.int32) % 3), ["x", "y"]).batch(4)
    net = Net()
    model = ms.Model(net, nn.CrossEntropyLoss(), nn.Momentum(net.trainable_params(), 0.1, 0.9),
                     {"accuracy"})  # fmt: skip
    collector = ms.SummaryCollector(
        str(folder), 2, custom_lineage_data={"note": "small", "width": 3}, tensorboard=True
    )
    model.train(2, data, callbacks=[collector])
    model.eval(data, callbacks=[collector])


@pytest.fixture(params=[ms.PYNATIVE_MODE, ms.GRAPH_MODE], ids=["pynative", "graph"])
def recorded(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    before = ms.get_context("mode")
    ms.set_context(mode=request.param)
    try:
        train(tmp_path)
    finally:
        ms.set_context(mode=before)
    return tmp_path


def ask(python: str, code: str, folder: Path, home: Path) -> dict:
    environment = {**os.environ, "HOME": str(home)}
    environment.pop("PYTHONPATH", None)
    done = subprocess.run([python, "-c", code, str(folder)], env=environment, text=True,
                          capture_output=True, timeout=120)  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.strip().splitlines()[-1])


def losses(folder: Path) -> list[tuple[int, float]]:
    run = Run(folder)
    run.refresh()
    points = run.scalars["loss/auto"]
    return list(zip(points.steps.view().tolist(), points.values.view().tolist(), strict=True))


def test_what_a_collector_records(recorded: Path):
    run = Run(recorded)
    run.refresh()
    assert not +run.skipped
    assert set(run.scalars) == {"loss/auto", "mean"}
    assert [s for s, _ in losses(recorded)] == [1, 2, 4, 6, 8, 10, 12, 14, 16]
    assert {"act", "conv.weight/auto", "fc.bias/auto"} <= set(run.places["histogram"])
    assert set(run.places["image"]) == {"my_image", "input_data/auto"}
    assert set(run.places["tensor"]) == {"logits"}
    assert run.lineage["train"]["batch_size"] == 4 and run.lineage["train"]["dataset_size"] == 32
    assert run.lineage["custom"] == {"note": "small", "width": 3}
    assert 0 <= run.lineage["evaluation"]["accuracy"] <= 1
    scene = graph_of(run.graph())
    assert {"Conv2D", "MatMul", "ReLU", "ApplyMomentum"} <= {n["op"] for n in scene["nodes"]}
    assert any(n["phase"] == "backward" for n in scene["nodes"])


@pytest.mark.oracle
@pytest.mark.skipif(not MINDINSIGHT, reason="MSLEARN_MINDINSIGHT names no Python")
def test_mindinsight_opens_it(recorded: Path, tmp_path_factory: pytest.TempPathFactory):
    found = ask(MINDINSIGHT, ASK_MINDINSIGHT, recorded, tmp_path_factory.mktemp("home"))
    assert set(found["scalar"]) == {"loss/auto/scalar", "mean/scalar"}
    assert found["tensor"] == ["logits/tensor"]
    assert set(found["image"]) == {"my_image/image", "input_data/auto/image"}
    assert "act/histogram" in found["histogram"]
    assert np.allclose(found["loss"], losses(recorded))
    assert {"Conv2D", "MatMul", "ApplyMomentum"} <= set(found["ops"])


@pytest.mark.oracle
@pytest.mark.skipif(not TENSORBOARD, reason="MSLEARN_TENSORBOARD names no Python")
def test_tensorboard_opens_it(recorded: Path, tmp_path_factory: pytest.TempPathFactory):
    found = ask(TENSORBOARD, ASK_TENSORBOARD, recorded, tmp_path_factory.mktemp("home"))
    assert set(found["scalars"]) == {"loss/auto", "mean"}
    assert found["tensors"] == ["logits"]
    assert set(found["images"]) == {"my_image", "input_data/auto"}
    assert "act" in found["histograms"]
    assert np.allclose(found["loss"], losses(recorded))
    assert {"Conv2D", "MatMul", "ApplyMomentum"} <= set(found["ops"])


def test_summary_operations_check_what_they_get():
    x = ops.ones((2, 3))
    for operation in (ops.ScalarSummary, ops.TensorSummary, ops.HistogramSummary, ops.ImageSummary):
        with pytest.raises(TypeError, match="name must be a str"):
            operation()(3, x)
        with pytest.raises(ValueError, match="must not be empty"):
            operation()("", x)
        with pytest.raises(TypeError, match="must be a Tensor"):
            operation()("x", 3.0)
    with pytest.raises(ms.ShapeError, match="0 to 1 dimensions"):
        ops.ScalarSummary()("x", x)
    with pytest.raises(ms.ShapeError, match="4 dimensions"):
        ops.ImageSummary()("x", x)


def test_wrong_arguments_are_named(tmp_path: Path):
    with pytest.raises(TypeError, match="file_prefix"):
        ms.SummaryRecord(str(tmp_path), file_prefix=3)
    with pytest.raises(ValueError, match="max_file_size"):
        ms.SummaryRecord(str(tmp_path), max_file_size=0)
    with pytest.raises(ValueError, match="collect_freq"):
        ms.SummaryCollector(str(tmp_path), 0)
    with pytest.raises(ValueError, match="collect_specified_data has 'loss'"):
        ms.SummaryCollector(str(tmp_path), collect_specified_data={"loss": True})
    with ms.SummaryRecord(str(tmp_path)) as record:
        with pytest.raises(ValueError, match="plugin must be one of"):
            record.add_value("sound", "x", ms.Tensor(1.0))
        with pytest.raises(TypeError, match="must be a Tensor"):
            record.add_value("scalar", "x", 1.0)
        with pytest.raises(ValueError, match="must be one number"):
            record.add_value("scalar", "x", ms.Tensor([1.0, 2.0]))
        with pytest.raises(TypeError, match="step must be an int"):
            record.record(1.5)
