"""MindInsight 2.3.1 and TensorBoard open our files: their servers are asked what they show.

`make test` installs both, each in an environment of its own (MindInsight needs NumPy 1).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from summary.viewers import Site, mindinsight, tensorboard

import mslearn as ms
import mslearn.dataset as ds
from mslearn import insight, nn, ops
from mslearn.summary import Run
from mslearn.summary.decoding import graph_of

MODES = {"eager": ms.PYNATIVE_MODE, "graph": ms.GRAPH_MODE}
HOSTILE = "<img src=x onerror=alert(1)>"


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


def watch(folder: Path) -> None:
    net, loss_fn = nn.SequentialCell(nn.Dense(4, 3), nn.ReLU()), nn.CrossEntropyLoss()
    optimizer = nn.SGD(net.trainable_params())
    grad_fn = ms.value_and_grad(lambda x, y: loss_fn(net(x), y), None, optimizer.parameters)
    options = {"gradients": 1, "histograms": 2, "tensorboard": True, "summary_dir": folder}
    with insight.watch(net, optimizer, loss_fn, **options) as watcher:
        for _ in range(5):
            optimizer(grad_fn(ops.ones((2, 4)), ms.Tensor(np.zeros(2, np.int32)))[1])
        watcher.log(**{HOSTILE: 1.0})


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with three runs: a collector's in both modes, and what `insight.watch` wrote."""
    folder = tmp_path_factory.mktemp("runs")
    before = ms.get_context("mode")
    for name, mode in MODES.items():
        ms.set_context(mode=mode)
        try:
            train(folder / name)
        finally:
            ms.set_context(mode=before)
    watch(folder / "watched")
    return folder


@pytest.fixture(scope="module")
def shown_by_mindinsight(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with mindinsight(base, tmp_path_factory.mktemp("home")) as site:
        yield site


@pytest.fixture(scope="module")
def shown_by_tensorboard(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with tensorboard(base, tmp_path_factory.mktemp("home")) as site:
        yield site


def losses(folder: Path) -> list[tuple[int, float]]:
    run = Run(folder)
    run.refresh()
    points = run.scalars["loss/auto"]
    return list(zip(points.steps.view().tolist(), points.values.view().tolist(), strict=True))


@pytest.mark.parametrize("mode", MODES)
def test_what_a_collector_records(base: Path, mode: str):
    recorded = base / mode
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


@pytest.mark.parametrize("mode", MODES)
def test_mindinsight_shows_a_collectors_run(base: Path, shown_by_mindinsight: Site, mode: str):
    site, run = shown_by_mindinsight, f"./{mode}"
    found = site.json("/datavisual/plugins", train_id=run)["plugins"]
    assert found["scalar"] == ["loss/auto/scalar", "mean/scalar"]
    assert found["image"] == ["input_data/auto/image", "my_image/image"]
    assert found["tensor"] == ["logits/tensor"]
    assert set(found["histogram"]) == {
        f"{tag}/histogram" for tag in ("act", "conv.weight/auto", "fc.weight/auto", "fc.bias/auto")
    }
    curve = site.json("/datavisual/scalar/metadata", train_id=run, tag="loss/auto/scalar")
    points = [(point["step"], point["value"]) for point in curve["metadatas"]]
    assert np.allclose(points, losses(base / mode))

    (first, *_) = site.json("/datavisual/histograms", train_id=run, tag="act/histogram")[
        "histograms"
    ]
    seen = sum(n for *_, n in first["buckets"])  # it spreads them over bins of its own
    assert first["step"] == 1 and seen == pytest.approx(4 * 2 * 8 * 8, rel=0.05)
    image = {"train_id": run, "tag": "my_image/image"}
    (size, *_) = site.json("/datavisual/image/metadata", **image)["metadatas"]
    assert (size["height"], size["width"]) == (8, 4 * 8)
    assert site.bytes("/datavisual/image/single-image", step="1", **image)[:4] == b"\x89PNG"
    part = {"train_id": run, "tag": "logits/tensor", "detail": "data", "step": "16"}
    (tensor,) = site.json("/datavisual/tensors", dims="[:,:]", **part)["tensors"]
    (value,) = tensor["values"]
    assert np.shape(value["value"]["data"]) == (4, 3)

    graph = {"train_id": run, "tag": found["graph"][0]}
    scopes = site.json("/datavisual/graphs/nodes", **graph)["nodes"]
    assert {"Default", "Gradients"} <= {node["name"] for node in scopes}
    for operation in ("Conv2D", "ApplyMomentum", "Conv2DBackpropFilter"):
        names = site.json("/datavisual/graphs/nodes/names", search=operation, **graph)["nodes"]
        assert names, operation


@pytest.mark.parametrize("mode", MODES)
def test_mindinsight_shows_lineage_and_the_data_graph(shown_by_mindinsight: Site, mode: str):
    everything = shown_by_mindinsight.json("/lineagemgr/lineages", {})["object"]
    (run,) = [each for each in everything if each["summary_dir"] == f"./{mode}"]
    model = run["model_lineage"]
    assert (model["network"], model["optimizer"], model["loss_function"]) == (
        "Net", "Momentum", "CrossEntropyLoss"
    )  # fmt: skip
    assert (model["epoch"], model["batch_size"], model["train_dataset_count"]) == (2, 4, 32)
    assert model["learning_rate"] == pytest.approx(0.1) and 0 <= model["metric"]["accuracy"] <= 1
    assert model["user_defined"] == {"note": "small", "width": 3}
    graph = shown_by_mindinsight.json("/datasets/dataset_graph", train_id=f"./{mode}")
    outer = graph["dataset_graph"]
    assert (outer["op_type"], outer["batch_size"]) == ("Batch", 4)
    assert outer["children"][0]["op_type"] == "NumpySlicesDataset"


def test_mindinsight_shows_what_watch_recorded(base: Path, shown_by_mindinsight: Site):
    site, run = shown_by_mindinsight, "./watched"
    found = site.json("/datavisual/plugins", train_id=run)["plugins"]
    assert {"loss/scalar", "gradient_norm/scalar", f"{HOSTILE}/scalar"} <= set(found["scalar"])
    assert "update_ratio/0.weight/scalar" in found["scalar"]
    assert {"weight/0.bias/histogram", "gradient/0.weight/histogram"} <= set(found["histogram"])
    curve = site.json("/datavisual/scalar/metadata", train_id=run, tag="loss/scalar")
    assert [point["step"] for point in curve["metadatas"]] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("mode", MODES)
def test_tensorboard_shows_a_collectors_run(base: Path, shown_by_tensorboard: Site, mode: str):
    site = shown_by_tensorboard

    def tags(plugin: str) -> set[str]:
        return set(site.json(f"/plugin/{plugin}/tags")[mode])

    assert tags("scalars") == {"loss/auto", "mean"}
    assert tags("images") == {"my_image", "input_data/auto"}
    assert tags("histograms") == {"act", "conv.weight/auto", "fc.weight/auto", "fc.bias/auto"}
    curve = site.json("/plugin/scalars/scalars", run=mode, tag="loss/auto")
    assert np.allclose([(step, value) for _, step, value in curve], losses(base / mode))
    (first, *_) = site.json("/plugin/histograms/histograms", run=mode, tag="act")
    assert first[1] == 1 and sum(n for *_, n in first[2]) == pytest.approx(4 * 2 * 8 * 8)
    (picture, *_) = site.json("/plugin/images/images", run=mode, tag="my_image", sample="0")
    assert site.bytes(f"/plugin/images/individualImage?{picture['query']}")[:4] == b"\x89PNG"
    graph = site.bytes("/plugin/graphs/graph", run=mode, conceptual="false").decode()
    for operation in ("Conv2D", "MatMul", "ApplyMomentum"):
        assert f'op: "{operation}"' in graph
    assert 'name: "Gradients/' in graph


def test_tensorboard_shows_what_watch_recorded(shown_by_tensorboard: Site):
    scalars = shown_by_tensorboard.json("/plugin/scalars/tags")["watched"]
    assert {"loss", "gradient_norm", "update_ratio/0.weight", HOSTILE} <= set(scalars)
    curve = shown_by_tensorboard.json("/plugin/scalars/scalars", run="watched", tag="loss")
    assert [step for _, step, _ in curve] == [1, 2, 3, 4, 5]


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
    with pytest.warns(UserWarning, match="max_file_size"):
        ms.SummaryRecord(str(tmp_path), max_file_size=-1).close()
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
