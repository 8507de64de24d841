"""SummaryRecord and SummaryCollector do what MindSpore 2.10 did (see cases.py)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from summary import cases

import mslearn as ms
from mslearn import nn, ops
from mslearn.summary import Run
from mslearn.summary.collector import tensor_steps
from mslearn.summary.values import histogram_of, image_of

REAL = json.loads(cases.DATA.read_text())


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("part", ["records", "collectors"])
def test_the_same_is_taken_and_refused(tmp_path: Path, part: str):
    assert getattr(cases, part)(ms, tmp_path) == REAL[part]


def test_the_same_steps_have_tensors():
    assert [list(tensor_steps(*case)) for case in cases.STEPS] == REAL["steps"]


def test_histograms_have_as_many_bins():
    found = [len(histogram_of(np.random.default_rng(0).random(n)).counts) for n in cases.COUNTS]
    assert found == REAL["bins"]


@pytest.mark.parametrize("name", cases.pictures())
def test_pictures_look_the_same(tmp_path: Path, name: str):
    array = cases.pictures()[name]
    picture = image_of(array if array.dtype == np.uint8 else array.astype(np.float32))
    path = tmp_path / "picture.png"
    path.write_bytes(picture.data)
    pixels = np.asarray(Image.open(path)).astype(int)
    expected = np.array(REAL["pictures"][name])
    assert pixels.shape == expected.shape == (picture.height, picture.width, picture.channels)
    if name == "bytes":  # which MindSpore stretches by accident; ours are what they were
        assert (pixels[:, :4] == array[0].transpose(1, 2, 0)).all()
    else:
        assert np.abs(pixels - expected).max() <= 1


def test_odd_numbers_in_pictures():
    array = np.array([np.nan, np.inf, -np.inf, 0.5], np.float32).reshape(1, 1, 2, 2)
    with np.errstate(all="raise"):
        assert image_of(array).height == 2
    with pytest.raises(ValueError, match=r"shape \(N, C, H, W\)"):
        image_of(array[0])


def steps_of(folder: Path, tag: str) -> list[int]:
    run = Run(folder)
    run.refresh()
    return run.scalars[tag].steps.view().tolist() if tag in run.scalars else []


def test_summary_operations_are_not_recorded_in_eval_mode(tmp_path: Path):
    with ms.SummaryRecord(str(tmp_path)) as record:
        for mode, step in (("train", 1), ("eval", 2), ("train", 3)):
            record.set_mode(mode)
            if mode == "train":
                ops.ScalarSummary()("operation", ms.Tensor(1.0))
            record.add_value("scalar", "value", ms.Tensor(2.0))
            assert record.record(step)
        record.set_mode("eval")
        ops.ScalarSummary()("operation", ms.Tensor(1.0))
        record.record(4)
    assert steps_of(tmp_path, "value") == [1, 2, 3]
    assert steps_of(tmp_path, "operation") == [1, 3]


def test_what_was_added_in_one_mode_is_recorded_in_the_other(tmp_path: Path):
    with ms.SummaryRecord(str(tmp_path)) as record:
        record.add_value("scalar", "value", ms.Tensor(2.0))
        record.set_mode("eval")
        assert record.record(7)
    assert steps_of(tmp_path, "value") == [7]


def test_the_newest_of_one_name_and_the_filter(tmp_path: Path):
    with ms.SummaryRecord(str(tmp_path)) as record:
        for value in (1.0, 2.0):
            record.add_value("scalar", "value", ms.Tensor(value))
        record.add_value("tensor", "t", ms.Tensor([1.0]))
        record.record(1, plugin_filter=lambda plugin: plugin == "scalar")
        record.record(2)  # what the filter left out is gone
    run = Run(tmp_path)
    run.refresh()
    assert run.scalars["value"].values.view().tolist() == [2.0]
    assert not run.places["tensor"]


def test_log_dir_is_the_file_and_tensors_are_exported(tmp_path: Path):
    with ms.SummaryRecord(str(tmp_path), export_options={"tensor_format": "npy"}) as record:
        told = Path(record.log_dir)
        assert not told.exists() and told.parent == tmp_path
        array = np.arange(6, dtype=np.float32).reshape(2, 3)
        tensor = ms.Tensor(array)
        record.add_value("tensor", "a/b <i>", tensor)
        tensor[0, 0] = 9  # what happens to it later is not recorded
        record.record(5)
        assert Path(record.log_dir) == told and told.exists()
    (saved,) = tmp_path.glob("export_*/tensor/*.npy")
    assert saved.name == "a%2Fb%20%3Ci%3E_5.npy" and (np.load(saved) == array).all()


def test_an_image_with_two_channels_is_left_out_with_a_warning(tmp_path: Path):
    with ms.SummaryRecord(str(tmp_path)) as record:
        with pytest.warns(UserWarning, match="'i' is not recorded"):
            record.add_value("image", "i", ms.Tensor(np.ones((1, 2, 2, 2), np.float32)))
        assert record.record(1)


def test_a_forgotten_record_does_not_bar_the_next(tmp_path: Path):
    ms.SummaryRecord(str(tmp_path))  # nobody holds it
    ms.SummaryRecord(str(tmp_path)).close()


def test_a_collector_when_told_to_keep_nothing(tmp_path: Path):
    import mslearn.dataset as ds

    net = nn.Dense(3, 2)
    model = ms.Model(net, nn.CrossEntropyLoss(), nn.SGD(net.trainable_params()))
    data = ds.NumpySlicesDataset((np.ones((8, 3), np.float32), np.zeros(8, np.int32))).batch(2)
    for name, arguments in (
        ("nothing", {"keep_default_action": False}),
        ("one", {"keep_default_action": False, "collect_specified_data": {"collect_metric": True}}),
        ("all but", {"collect_specified_data": {"collect_metric": False}}),
    ):
        folder = tmp_path / name
        model.train(1, data, callbacks=[ms.SummaryCollector(str(folder), 1, **arguments)])
        run = Run(folder)
        run.refresh()
        assert set(run.scalars) == ({"loss/auto"} if name == "one" else set())
        assert bool(run.graphs) == (name == "all but")
        assert bool(run.lineage) == (name == "all but")
        assert set(run.places["histogram"]) == (
            {"weight/auto", "bias/auto"} if name == "all but" else set()
        )


def test_lineage_tells_the_checkpoint_and_the_data(tmp_path: Path):
    import mslearn.dataset as ds
    from mslearn.summary.collector import _source

    (tmp_path / "a.txt").write_text("one\n")
    assert _source(ds.TextFileDataset(str(tmp_path / "a.txt")).batch(2)) == str(tmp_path)
    net = nn.Dense(3, 2)
    model = ms.Model(net, nn.CrossEntropyLoss(), nn.SGD(net.trainable_params()))
    data = ds.NumpySlicesDataset((np.ones((8, 3), np.float32), np.zeros(8, np.int32))).batch(2)
    assert _source(data) == ""
    saver = ms.ModelCheckpoint("x", str(tmp_path), ms.CheckpointConfig(4))
    model.train(1, data, callbacks=[saver, ms.SummaryCollector(str(tmp_path))])
    (file,) = [f for f in tmp_path.iterdir() if f.name.endswith("_lineage")]
    (checkpoint,) = tmp_path.glob("*.ckpt")
    assert json.dumps({"ckpt": str(checkpoint)}).encode() in file.read_bytes()
