"""What SummaryRecord and SummaryCollector take and refuse: one list, run by MindSpore and by us.

    path/to/mindspore-venv/bin/python tests/summary/cases.py

writes data/outcomes.json, which `test_parity.py` compares ours with.
"""

import io
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np

HERE = Path(__file__).parent
DATA = HERE / "data" / "outcomes.json"


def outcome(run):
    """The name of the error, or what comes back where it is plain data."""
    try:
        result = run()
    except Exception as error:
        kinds = [k.__name__ for k in type(error).__mro__]
        return next(
            k for k in kinds if k in ("TypeError", "ValueError", "RuntimeError", "Exception")
        )
    return result if isinstance(result, bool | str | int | list) else "fine"


def records(ms, folder):
    """Constructor and methods of SummaryRecord."""
    T = ms.Tensor
    f32 = np.float32
    given = {
        "plain": {},
        "prefix with a dash": {"file_prefix": "a-b"},
        "empty prefix": {"file_prefix": ""},
        "prefix with dots": {"file_prefix": "a.b_c"},
        "prefix no text": {"file_prefix": 3},
        "suffix with a slash": {"file_suffix": "/x"},
        "size no int": {"max_file_size": 1.5},
        "size text": {"max_file_size": "1"},
        "size negative": {"max_file_size": -1},
        "raise no bool": {"raise_exception": 1},
        "export no dict": {"export_options": "npy"},
        "export unknown": {"export_options": {"x": "npy"}},
        "export other": {"export_options": {"tensor_format": "txt"}},
        "export number": {"export_options": {"tensor_format": 3}},
        "export none": {"export_options": {"tensor_format": None}},
    }
    out = {}
    for name, arguments in given.items():

        def make(arguments=arguments):
            ms.SummaryRecord(str(folder), **arguments).close()

        out[f"SummaryRecord, {name}"] = outcome(make)
    with ms.SummaryRecord(str(folder)) as record:
        out["a second one"] = outcome(lambda: ms.SummaryRecord(str(folder)))
        out["log_dir is a file's path"] = Path(record.log_dir).name.startswith("events.out.events.")
        values = {
            "scalar": ("scalar", "a", T(1.0)),
            "scalar of shape (1,)": ("scalar", "a", T(np.ones(1, f32))),
            "scalar of shape (2,)": ("scalar", "a", T(np.ones(2, f32))),
            "scalar a float": ("scalar", "a", 1.0),
            "scalar an array": ("scalar", "a", np.ones(1, f32)),
            "name empty": ("scalar", "", T(1.0)),
            "name a number": ("scalar", 3, T(1.0)),
            "tensor": ("tensor", "t", T(np.ones((2, 2), f32))),
            "tensor of no dimension": ("tensor", "t", T(1.0)),
            "histogram of no dimension": ("histogram", "t", T(1.0)),
            "image": ("image", "i", T(np.ones((1, 3, 2, 2), f32))),
            "image of three dimensions": ("image", "i", T(np.ones((3, 2, 2), f32))),
            "image of two channels": ("image", "i", T(np.ones((1, 2, 2, 2), f32))),
            "plugin unknown": ("sound", "i", T(1.0)),
            "plugin in capitals": ("Scalar", "i", T(1.0)),
            "lineage a dict": ("train_lineage", "x", {}),
            "lineage a text": ("custom_lineage_data", "x", "x"),
        }
        for name, arguments in values.items():
            out[f"add_value, {name}"] = outcome(lambda a=arguments: record.add_value(*a))
        out["record"] = outcome(lambda: record.record(1))
        out["record, nothing there"] = outcome(lambda: record.record(2))
        out["record, step a float"] = outcome(lambda: record.record(1.5))
        out["record, step a bool"] = outcome(lambda: record.record(True))
        out["record, network no Cell"] = outcome(lambda: record.record(3, 3))
        out["set_mode"] = outcome(lambda: record.set_mode("eval"))
        out["set_mode, unknown"] = outcome(lambda: record.set_mode("test"))
        out["flush"] = outcome(record.flush)
    out["record after close"] = outcome(lambda: record.record(4))
    out["enter after close"] = outcome(record.__enter__)
    return out


def collectors(ms, folder):
    """The constructor of SummaryCollector."""
    given = {
        "plain": {},
        "freq 0": {"collect_freq": 0},
        "freq a float": {"collect_freq": 1.5},
        "tensor freq -1": {"collect_tensor_freq": -1},
        "tensor freq text": {"collect_tensor_freq": "1"},
        "size 0": {"max_file_size": 0},
        "size text": {"max_file_size": "1"},
        "keep no bool": {"keep_default_action": 1},
        "specified a list": {"collect_specified_data": []},
        "specified empty": {"collect_specified_data": {}, "keep_default_action": False},
        "specified unknown": {"collect_specified_data": {"loss": True}},
        "specified no bool": {"collect_specified_data": {"collect_graph": 1}},
        "pattern wrong": {"collect_specified_data": {"histogram_regular": "("}},
        "pattern a number": {"collect_specified_data": {"histogram_regular": 3}},
        "pattern None": {
            "collect_specified_data": {"histogram_regular": None}, "keep_default_action": False
        },
        "pattern": {
            "collect_specified_data": {"histogram_regular": "fc.*"}, "keep_default_action": False
        },
        "custom a list": {"custom_lineage_data": []},
        "custom a nested dict": {"custom_lineage_data": {"a": {}}},
        "custom with a number as a key": {"custom_lineage_data": {1: "a"}},
        "custom": {"custom_lineage_data": {"a": 1, "b": 2.0, "c": "d"}},
        "export unknown": {"export_options": {"x": "npy"}},
    }  # fmt: skip
    out = {
        f"SummaryCollector, {name}": outcome(lambda a=a: ms.SummaryCollector(str(folder), **a))
        for name, a in given.items()
    }
    out["SummaryCollector, folder a number"] = outcome(lambda: ms.SummaryCollector(3))
    return out


STEPS = [(t, f, k) for t in (1, 16, 39, 200, 600) for f in (1, 7, 10) for k in (None, 1, 30)]
COUNTS = (1, 2, 5, 6, 10, 11, 99, 879, 880, 881, 5000)


def pictures():
    """Batches of pictures by name."""
    rng = np.random.RandomState(1)
    return {
        "one": rng.rand(1, 3, 4, 5),
        "grey": rng.rand(2, 1, 3, 3),
        "eleven": rng.rand(11, 3, 2, 2),
        "negative": rng.randn(3, 3, 4, 4),
        "large": 255 * rng.rand(2, 3, 4, 4),
        "constant": np.full((1, 3, 2, 2), 7.0),
        "bytes": rng.randint(0, 256, (2, 3, 4, 4)).astype(np.uint8),
    }


def main():
    """Ask real MindSpore."""
    import tempfile

    import mindspore as ms
    from mindspore.train.callback import _summary_collector
    from mindspore.train.summary import _summary_adapter
    from PIL import Image

    with tempfile.TemporaryDirectory() as folder:
        found = {"records": records(ms, folder), "collectors": collectors(ms, folder)}
        found["steps"] = []
        for total, freq, tensor in STEPS:
            made = ms.SummaryCollector(folder, freq, collect_tensor_freq=tensor)
            steps = _summary_collector.SummaryCollector._get_tensor_collect_range(
                made, SimpleNamespace(epoch_num=1, batch_num=total), False
            )
            found["steps"].append(list(steps))
    found["bins"] = [_summary_adapter._calc_histogram_bins(n) for n in COUNTS]
    found["pictures"] = {}
    for name, array in pictures().items():
        message = _summary_adapter.Event().summary.value.add().image
        array = array if array.dtype == np.uint8 else array.astype(np.float32)
        assert _summary_adapter._fill_image_summary(name, array, message)
        pixels = np.asarray(Image.open(io.BytesIO(message.encoded_image)))
        found["pictures"][name] = pixels.tolist()
    DATA.write_text(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
