"""Mistakes in a pipeline are named: operation, what it got, what it wanted, the fix."""

import numpy as np
import pytest

import mslearn as ms
import mslearn.dataset as ds
from mslearn.dataset import transforms, vision


def pairs():
    data = {"image": np.zeros((6, 4, 4, 1), np.uint8), "label": np.arange(6)}
    return ds.NumpySlicesDataset(data, shuffle=False)


class Source:
    def __len__(self):
        return 5

    def __getitem__(self, i):
        if i == 3:
            raise KeyError("no such file")
        return i, i


CONSTRUCTION = [
    (lambda: pairs().batch(0), ValueError, "batch_size must be from 1"),
    (lambda: pairs().batch("a"), TypeError, "batch_size should be an int"),
    (lambda: pairs().batch(2, foo=1), TypeError, "'foo'"),
    (lambda: pairs().repeat(0), ValueError, "count must be from 1"),
    (lambda: pairs().take(0), ValueError, "count"),
    (lambda: pairs().skip(-1), ValueError, "count must be from 0"),
    (lambda: pairs().shuffle(1), ValueError, "buffer_size must be from 2"),
    (lambda: pairs().map(3, "label"), ValueError, "must be a function or a transform.*3"),
    (lambda: pairs().map(vision.HWC2CHW, "image"), ValueError, r"write HWC2CHW\(…\)"),
    (lambda: pairs().map(abs, ["label", "label"]), ValueError, "come twice"),
    (lambda: pairs().map(abs, "label", column_order=["a"]), TypeError, r"use project\(\)"),
    (lambda: pairs().rename("a", ["b", "c"]), ValueError, "same length"),
    (lambda: pairs().zip(3), TypeError, "'int'"),
    (lambda: pairs().apply(lambda d: 3), TypeError, "must return a dataset.*'int'"),
    (lambda: pairs().split([5, 2]), RuntimeError, "add up to 7.*6 rows"),
    (lambda: pairs().split([0.5, 0.4]), ValueError, "add up to 1"),
    (lambda: ds.NumpySlicesDataset(([1], [1, 2])), ValueError, r"\[1, 2\] rows"),
    (lambda: ds.NumpySlicesDataset(([1], [1]), ["a"]), ValueError, "is 1, but required is 2"),
    (lambda: ds.GeneratorDataset(3, ["x"]), TypeError, "__getitem__.*'int'"),
    (lambda: ds.GeneratorDataset([1]), ValueError, "columns_names"),
    (lambda: ds.WeightedRandomSampler([0, 0]), RuntimeError, "all zero"),
    (lambda: ds.config.set_seed(-1), ValueError, "seed must be from 0"),
    (lambda: ds.config.set_prefetch_size("a"), TypeError, "size must be an int"),
]

RUNNING = [
    (lambda: pairs().map(abs, "lable"), "For 'map'.*'lable'.*Did you mean 'label'"),
    (lambda: pairs().filter(abs, "img"), r"For 'filter'.*\['image', 'label'\]"),
    (lambda: pairs().project("imgae"), "For 'project'.*Did you mean 'image'"),
    (lambda: pairs().rename("x", "y"), "For 'rename'"),
    (lambda: ds.zip((pairs(), pairs())), r"For 'zip'.*rename\('image', 'image_2'\)"),
    (lambda: pairs() + pairs().rename("label", "y"), "For 'concat'.*same columns"),
    (lambda: pairs().map(lambda x: (x, x), "label"), "return 2 columns, but output_columns has 1"),
    (lambda: pairs().map(lambda x: x, "label", "image"), "appear twice"),
    (
        lambda: pairs().map(lambda x: np.zeros(int(x)), "label").batch(2),
        "'label'.*row 1 is.*PadEnd",
    ),
    (lambda: pairs().map(vision.Normalize([1, 2], [1, 2]), "image").batch(2), "channels"),
    (lambda: pairs().map(vision.HWC2CHW(), "label"), "'HWC2CHW' failed on sample 0"),
    (lambda: pairs().map(lambda x: None, "label"), "returned None"),
    (lambda: ds.GeneratorDataset([(1, 2)], ["x"]), "returned 2 values.*has 1"),
    (lambda: ds.NumpySlicesDataset([1, 2], sampler=[5]), "asks for sample 5.*from 0 to 1"),
]


@pytest.mark.parametrize(("make", "error", "message"), CONSTRUCTION)
def test_construction(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize(("make", "message"), RUNNING)
def test_running(make, message):
    dataset = make()  # lazy: nothing is looked at yet
    with pytest.raises(RuntimeError, match=message):
        list(dataset)


def test_error_in_map_carries_name_sample_and_cause():
    def invert(label):
        return 1 / (4 - int(label))

    for dataset in (pairs().map(invert, "label"), pairs().map(invert, "label").batch(2)):
        with pytest.raises(
            RuntimeError, match=r"'invert' failed on sample 4.*ZeroDivision"
        ) as caught:
            list(dataset)
        cause = caught.value.__cause__
        assert isinstance(cause, ZeroDivisionError)
        frames = []
        trace = cause.__traceback__
        while trace is not None:
            frames.append(trace.tb_frame.f_code.co_name)
            trace = trace.tb_next
        assert frames[-1] == "invert", "the original traceback leads to the learner's line"


def test_rows_before_the_error_arrive():
    iterator = iter(pairs().project("label").map(lambda x: 1 // (2 - int(x)), "label"))
    assert [int(next(iterator)[0]) for _ in range(2)] == [0, 1]
    with pytest.raises(RuntimeError, match="sample 2"):
        next(iterator)


def test_error_in_source_and_batch_map():
    with pytest.raises(RuntimeError, match="'Source' failed on sample 3: KeyError") as caught:
        list(ds.GeneratorDataset(Source(), ["a", "b"], shuffle=False))
    assert isinstance(caught.value.__cause__, KeyError)
    wrong = pairs().batch(2, per_batch_map=lambda x, info: 1 / 0, input_columns=["label"])
    with pytest.raises(RuntimeError, match=r"per_batch_map.*batch 0 of epoch 0"):
        list(wrong)


def test_wrong_columns_of_an_iterator():
    with pytest.raises(RuntimeError, match="Did you mean 'label'"):
        pairs().create_tuple_iterator(columns=["lable"])
    (row,) = pairs().take(1).create_tuple_iterator(columns=["label"])
    assert len(row) == 1


def test_a_list_is_a_row_of_columns():
    """As in MindSpore, and as PyTorch's data sets often return it; one column wants an array."""

    class Pairs:
        def __len__(self):
            return 2

        def __getitem__(self, index):
            return [np.float32(index), index]

    (first, _) = ds.GeneratorDataset(Pairs(), ["x", "y"], shuffle=False).create_tuple_iterator()
    assert [value.shape for value in first] == [(), ()]
    with pytest.raises(RuntimeError, match="make an array of it"):
        list(ds.GeneratorDataset(Pairs(), ["x"]).create_tuple_iterator())


def refuses(x):
    if x == 27:
        raise ValueError("bad row")
    return x % 3 == 0


PROCESSES = {"num_parallel_workers": 2, "python_multiprocessing": True}


@pytest.mark.parametrize("rows_at_once", [1, 4, 16])
@pytest.mark.parametrize(
    ("change", "arrive"),
    [
        (lambda data: data.map(transforms.OneHot(27), "x"), 27),
        (lambda data: data.map(refuses, "x"), 27),
        (lambda data: data.filter(refuses, "x"), 9),
        (
            lambda data: data.map(refuses, "x").map(
                transforms.TypeCast(ms.float32), "x", **PROCESSES
            ),
            27,
        ),
    ],
)
def test_rows_before_an_error_arrive_and_it_names_its_row(
    change, arrive, rows_at_once, monkeypatch
):
    """However many rows are made at once: that depends on how quick the machine is."""
    monkeypatch.setattr(ds.config, "cores", lambda: 2)
    monkeypatch.setattr(
        "mslearn.dataset.feed.BlockSize.learn",
        lambda self, rows, seconds: setattr(self, "now", rows_at_once),
    )
    rows = ds.NumpySlicesDataset(np.arange(40), ["x"], shuffle=False)
    seen = []
    with pytest.raises(RuntimeError, match="failed on sample 27"):
        for _ in change(rows).create_tuple_iterator(num_epochs=1, output_numpy=True):
            seen.append(1)
    assert len(seen) == arrive
