"""Threads and processes: the same rows for any number of them, and none left behind."""

import gc
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import mslearn.dataset as ds
from mslearn.dataset import transforms, vision
from mslearn.dataset.processes import WorkerDied

ROOT = Path(__file__).parents[2]
# Two workers are wanted even on a machine with one core.
pytestmark = pytest.mark.usefixtures("two_cores")


@pytest.fixture
def two_cores(monkeypatch):
    monkeypatch.setattr(ds.config, "cores", lambda: 4)


def alive():
    """Threads and processes of pipelines."""
    ours = ("mslearn-feed", "mslearn-map")  # others of the engine's live on, as they should
    threads = [t.name for t in threading.enumerate() if t.name.startswith(ours) and t.is_alive()]
    return threads + [p.name for p in multiprocessing.active_children()]


def helpers():
    """As `alive`, after they had time to end."""
    gc.collect()
    deadline = time.monotonic() + 120
    while alive() and time.monotonic() < deadline:
        time.sleep(0.02)
    return alive()


def numbers(n=40, **kwargs):
    kwargs.setdefault("shuffle", False)
    return ds.NumpySlicesDataset(np.arange(n), ["x"], **kwargs)


def values(dataset):
    return [np.asarray(row[0]).tolist() for row in dataset.create_tuple_iterator(None, 1, True)]


def noisy(x):
    """A user's augmentation with both global generators."""
    return np.array([int(x), np.random.randint(1000), random.randrange(1000), os.getpid()])


def slow(x):
    time.sleep(0.0005)
    return x * 2


class Source:
    def __len__(self):
        return 30

    def __getitem__(self, i):
        if i == 23:
            raise FileNotFoundError("picture_23.png")
        return np.full((4, 4), i), i, os.getpid()


class Whole(Source):
    def __getitem__(self, i):
        return np.full((300, 300), i), i, os.getpid()


def test_processes_give_the_same_rows_for_any_number():
    rows = {}
    for workers in (2, 3):
        data = numbers().map(noisy, "x", num_parallel_workers=workers, python_multiprocessing=True)
        found = values(data)
        assert len({r[3] for r in found} - {os.getpid()}) == workers
        rows[workers] = [r[:3] for r in found]
        assert values(data) != [], "again"
    assert rows[2] == rows[3]
    assert [r[0] for r in rows[2]] == list(range(40)) and len({r[1] for r in rows[2]}) > 30
    assert helpers() == []


def test_threads_give_the_same_rows_for_any_number():
    images = np.random.default_rng(0).integers(0, 256, (30, 8, 8, 3), dtype=np.uint8)
    data = ds.NumpySlicesDataset(images, ["image"], shuffle=True)

    class Slow(vision.RandomCrop):
        def apply(self, array):
            time.sleep(0.0005)
            return super().apply(array)

    rows = []
    for workers in (1, 2, 4):
        ops = [Slow((4, 4)), transforms.RandomApply([vision.HorizontalFlip()], 0.5)]
        mapped = data.map(ops, "image", num_parallel_workers=workers).repeat(2)
        rows.append(values(mapped))
    assert rows[0] == rows[1] == rows[2]
    assert rows[0][:30] != rows[0][30:]
    assert helpers() == []


def test_random_transforms_do_not_depend_on_what_was_read_before():
    data = numbers(64).map(lambda x: np.full((3, 3, 1), x), "x")
    op = vision.RandomCrop((2, 2), padding=1)
    all_rows = values(data.map(op, "x"))
    skipped = values(data.map(op, "x").skip(10))
    assert skipped == all_rows[10:]


def test_generator_dataset_with_processes():
    alone = ds.GeneratorDataset(Whole(), ["a", "i", "pid"], shuffle=True)
    many = ds.GeneratorDataset(Whole(), ["a", "i", "pid"], shuffle=True, num_parallel_workers=2)
    one, two = (list(d.create_tuple_iterator(None, 1, True)) for d in (alone, many))
    assert [int(r[1]) for r in one] == [int(r[1]) for r in two]
    assert all((r[0] == s[0]).all() for r, s in zip(one, two, strict=True))
    assert os.getpid() not in {int(r[2]) for r in two} and len({int(r[2]) for r in two}) == 2
    assert two[0][0].flags.writeable and two[0][0].base is not two[1][0].base
    threads = ds.GeneratorDataset(
        Whole(), ["a", "i", "pid"], shuffle=True, num_parallel_workers=2,
        python_multiprocessing=False,
    )  # fmt: skip
    three = list(threads.create_tuple_iterator(None, 1, True))
    assert [int(r[1]) for r in three] == [int(r[1]) for r in one]
    assert {int(r[2]) for r in three} == {os.getpid()}
    assert helpers() == []


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_in_a_worker_has_sample_file_cause_and_leaves_nothing(workers):
    data = ds.GeneratorDataset(
        Source(), ["a", "i", "pid"], shuffle=False, num_parallel_workers=workers
    )
    seen = []
    with pytest.raises(RuntimeError, match=r"sample 23: FileNotFound.*picture_23") as caught:
        for _, i, _ in data.create_tuple_iterator(num_epochs=1, output_numpy=True):
            seen.append(int(i))
    assert seen == list(range(23)), "rows before the error arrive"
    assert isinstance(caught.value.__cause__, FileNotFoundError)
    if workers > 1:
        assert "__getitem__" in str(caught.value.__cause__.__cause__), "the worker's traceback"
    assert helpers() == []


def fails(x):
    if x == 7:
        raise ValueError("bad row")
    return x


@pytest.mark.parametrize("processes", [False, True])
def test_an_error_in_map_with_workers(processes):
    data = numbers().map(
        fails, "x", num_parallel_workers=2, python_multiprocessing=processes
    )  # fmt: skip
    seen = []
    with pytest.raises(RuntimeError, match=r"'fails' failed on sample 7.*bad row") as caught:
        for row in data.create_tuple_iterator(num_epochs=1, output_numpy=True):
            seen.append(int(row[0]))
    assert seen == list(range(7)) and isinstance(caught.value.__cause__, ValueError)
    assert helpers() == []


def dies(x):
    if x == 5:
        os._exit(3)
    return x


def test_a_killed_worker_is_an_error_not_a_wait():
    data = numbers().map(dies, "x", num_parallel_workers=2, python_multiprocessing=True)
    with pytest.raises(WorkerDied, match="map: a worker process ended with exit code 3"):
        values(data)
    assert helpers() == []


def test_breaking_off_leaves_nothing():
    pipelines = [
        numbers(10000).map(slow, "x"),
        numbers(10000).map(slow, "x", num_parallel_workers=2),
        numbers(10000).map(slow, "x", num_parallel_workers=2, python_multiprocessing=True),
        ds.GeneratorDataset(Whole(), ["a", "i", "p"], num_parallel_workers=2).repeat(100),
    ]
    for data in pipelines:
        for k, _ in enumerate(data):
            if k == 20:
                break
        assert helpers() == []
        iterator = data.create_tuple_iterator(num_epochs=1)
        for _ in range(5):
            next(iterator)
        assert alive() != [], "it was working ahead"
        iterator.stop()
        assert helpers() == []
        with pytest.raises(RuntimeError, match="stopped"):
            next(iterator)


def test_stopping_does_not_wait_for_a_slow_function(monkeypatch):
    monkeypatch.setattr("mslearn.dataset.feed._PATIENCE", 0.05)
    inside, go, ended = threading.Event(), threading.Event(), []

    def wait(x):
        if x > 3:
            inside.set()
            ended.append(go.wait(120))
        return x

    iterator = numbers().map(wait, "x").create_tuple_iterator(num_epochs=1)
    for _ in range(3):
        next(iterator)
    assert inside.wait(120)
    iterator.stop()
    assert not ended
    go.set()
    assert helpers() == []


def test_processes_stay_for_the_next_epoch():
    data = numbers(20).map(noisy, "x", num_parallel_workers=2, python_multiprocessing=True)
    iterator = data.create_tuple_iterator(num_epochs=2, output_numpy=True)
    epochs = [[row[0].tolist() for row in iterator] for _ in range(2)]
    assert {r[3] for r in epochs[0]} == {r[3] for r in epochs[1]}
    assert [r[1] for r in epochs[0]] != [r[1] for r in epochs[1]]
    assert helpers() == []


def test_the_queue_bounds_how_far_ahead_rows_are_made(monkeypatch):
    made = []

    def note(x):
        made.append(1)
        return np.zeros(1000) + x

    ds.config.set_prefetch_size(4)
    try:
        iterator = iter(numbers(1000).map(note, "x"))
        next(iterator), next(iterator)
        time.sleep(0.1)
        assert len(made) <= 2 + 4 + 4, "four wait, at most four more are in the making"
        monkeypatch.setattr("mslearn.dataset.feed.MAX_BYTES", 9000)
        ds.config.set_prefetch_size(1000)
        made.clear()
        iterator = iter(numbers(1000).map(note, "x").map(slow, "x"))
        next(iterator), next(iterator)
        time.sleep(0.1)
        assert len(made) < 20, "bytes bound it too"
    finally:
        ds.config.set_prefetch_size(16)


def test_functions_that_cannot_travel_fall_back_to_threads():
    ds.config.set_multiprocessing_start_method("spawn")
    try:
        data = numbers(6).map(
            lambda x: x + 1, "x", num_parallel_workers=2, python_multiprocessing=True
        )
        with pytest.warns(RuntimeWarning, match="spawn.*importable"):
            assert values(data) == [1, 2, 3, 4, 5, 6]
    finally:
        ds.config.set_multiprocessing_start_method("fork")
    assert helpers() == []


SCRIPT = """
import sys, time
import numpy as np
import mslearn.dataset as ds
from mslearn.dataset import config

config.cores = lambda: 2

def double(x):
    time.sleep(float(sys.argv[3]))
    return x * 2

if __name__ == "__main__":
    config.set_multiprocessing_start_method(sys.argv[1])
    numbers = np.arange(int(sys.argv[2]))
    data = ds.NumpySlicesDataset(numbers, ["x"], shuffle=False)
    data = data.map(double, "x", num_parallel_workers=2, python_multiprocessing=True)
    rows = iter(data)
    total = int(next(rows)[0])
    print("start", flush=True)  # the processes are at work
    print(total + sum(int(x) for x, in rows), flush=True)
"""


def environment():
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def test_spawned_workers(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    command = [sys.executable, str(script), "spawn", "200", "0"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), timeout=900)
    assert done.stdout.split() == ["start", str(sum(range(200)) * 2)], done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_control_c_ends_everything(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    process = subprocess.Popen(
        [sys.executable, str(script), "fork", "100000", "0.05"], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, env=environment(), start_new_session=True,
        # A shell's background job, which CI may be, begins with SIGINT ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    process.stdout.readline()
    os.killpg(process.pid, signal.SIGINT)  # what a terminal does: the whole group gets it
    _, error = process.communicate(timeout=900)
    assert error.strip().endswith("KeyboardInterrupt") and error.count("Traceback") == 1
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


def fails_often(x):
    if x % 5 in (0, 3, 4):
        raise ValueError("bad row")
    return x


def test_bad_samples_can_be_skipped_or_replaced():
    data = numbers(10).map(fails, "x")
    good = [x for x in range(50) if x % 5 in (1, 2)]
    replaced = [max(g for g in good if g <= x) for x in range(1, 50)]
    modes = {ds.ErrorSamplesMode.SKIP: good, ds.ErrorSamplesMode.REPLACE: replaced}
    try:
        for mode, expected in modes.items():
            ds.config.set_error_samples_mode(mode)
            for workers, processes in ((1, False), (2, False), (2, True)):
                many = numbers(50).map(
                    fails_often, "x", num_parallel_workers=workers, python_multiprocessing=processes
                )
                assert values(many) == expected, "no good sample stands before the first"
                assert (
                    values(many.batch(7))
                    == [expected[k : k + 7] for k in range(0, 50, 7)][: -(-len(expected) // 7)]
                )
    finally:
        ds.config.set_error_samples_mode(ds.ErrorSamplesMode.RETURN)
    with pytest.raises(RuntimeError, match="bad row"):
        values(data)


def jitter(rows, info):
    return ([np.array([int(r), info.get_batch_num(), np.random.randint(99), os.getpid()])
             for r in rows],)  # fmt: skip


def test_batches_made_by_processes():
    found = {}
    for workers in (2, 3):
        data = numbers(20).batch(
            4, per_batch_map=jitter, input_columns=["x"], num_parallel_workers=workers,
            python_multiprocessing=True,
        )  # fmt: skip
        batches = values(data)
        assert len({b[0][3] for b in batches} - {os.getpid()}) == workers
        found[workers] = [[row[:3] for row in b] for b in batches]
    assert found[2] == found[3] and [b[0][:2] for b in found[2]] == [[4 * k, k] for k in range(5)]
    wrong = numbers(20).batch(
        4, per_batch_map=lambda x, info: 1 / (2 - info.get_batch_num()), input_columns=["x"],
        num_parallel_workers=2, python_multiprocessing=True,
    )  # fmt: skip
    with pytest.raises(RuntimeError, match=r"per_batch_map.*batch 0 of epoch 0"):
        values(wrong)
    assert helpers() == []


@pytest.mark.parametrize("processes", [False, True])
def test_workers_leave_batches_as_long_as_they_are(processes):
    """Runs of rows that workers make are not those of the batches: there were batches of 34."""
    rows = [(np.float32(i),) for i in range(70)]
    for change in ([], [lambda x: x + 0]):
        source = ds.GeneratorDataset(rows, ["x"], shuffle=False, num_parallel_workers=2,
                                     python_multiprocessing=processes)  # fmt: skip
        rows_again = source.map(change) if change else source
        again = rows_again.batch(32).create_tuple_iterator(None, 2, True)
        for _ in range(2):
            batches = [row[0] for row in again]
            assert [len(x) for x in batches] == [32, 32, 6]
            np.testing.assert_array_equal(np.concatenate(batches), np.arange(70))


def test_threads_that_read_files_leave_batches_as_long_as_they_are(tmp_path, monkeypatch):
    image = pytest.importorskip("PIL.Image")
    monkeypatch.setattr(ds.sampled, "WORTH_A_THREAD", 0)
    (tmp_path / "a").mkdir()
    for i in range(250):
        image.new("L", (2, 2), i).save(tmp_path / "a" / f"{i:03d}.png")
    pictures = ds.ImageFolderDataset(str(tmp_path), shuffle=False, decode=True,
                                     num_parallel_workers=4)  # fmt: skip
    batches = [x for x, _ in pictures.batch(32).create_tuple_iterator(None, 1, True)]
    assert [len(x) for x in batches] == 7 * [32] + [26]
    assert [int(x[0, 0, 0]) for b in batches for x in b] == list(range(250))
