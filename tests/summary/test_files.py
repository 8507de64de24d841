"""Event files: what is written is read, MindSpore's are read, broken ones do no harm."""

from __future__ import annotations

import contextlib
import shutil
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mslearn as ms
from mslearn.common.crc32c import crc32c, masked, masked_rows
from mslearn.common.wire import Message
from mslearn.summary import messages
from mslearn.summary.decoding import graph_of, histogram_of, image_of, tensor_of
from mslearn.summary.reader import MAX_ERRORS, Run, is_event_file
from mslearn.summary.runs import Runs
from mslearn.summary.values import Datum
from mslearn.summary.values import histogram_of as make_histogram
from mslearn.summary.writer import EventFiles, record

DATA = Path(__file__).parent / "data"
REAL = DATA / "mindspore"
NAME = "events.out.events.summary.1700000000.0.host_MS"


def read(folder):
    run = Run(Path(folder))
    run.refresh()
    return run


def steps_and_values(run, tag):
    return run.scalars[tag].steps.view().tolist(), run.scalars[tag].values.view().tolist()


def event_file(folder, *records):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / NAME).write_bytes(b"".join(map(record, (messages.version_event(1.0), *records))))


def scalar_event(step, **values):
    data = [Datum("scalar", tag, v) for tag, v in values.items()]
    (message,) = messages.events(step, 1e9 + step, data)
    return message


def test_checksums():
    assert crc32c(b"123456789") == 0xE3069283
    rows = np.random.default_rng(0).integers(0, 256, (5, 33)).astype(np.uint8)
    assert masked_rows(rows).tolist() == [masked(r.tobytes()) for r in rows]


def test_what_real_mindspore_wrote():
    run = read(REAL)
    assert not +run.skipped
    assert set(run.scalars) == {"loss/auto", "mean"}
    steps, values = steps_and_values(run, "loss/auto")
    assert steps == [1, 2, 4, 6, 8, 9, 10, 12, 14, 16] or steps[:3] == [1, 2, 4]
    assert values[-1] == pytest.approx(0.90975, abs=1e-4)
    assert run.lineage["train"]["optimizer"] == "Momentum"
    assert run.lineage["evaluation"] == {"Accuracy": 0.96875}
    assert run.lineage["custom"] == {"note": "small", "width": 3, "rate": 0.5}
    assert run.lineage["dataset"]["stages"] == ["GeneratorDataset", "Batch"]
    scene = graph_of(run.graph())
    assert {"Conv2D", "MatMul", "ReLU"} <= {n["op"] for n in scene["nodes"] if n["kind"] == "op"}
    assert any(n["phase"] == "backward" for n in scene["nodes"])
    place = run.places["tensor"]["logits"][0]
    assert tensor_of(run.value("tensor", "logits", place)).shape == (4, 3)


def test_ours_equals_mindspores_byte_for_byte(tmp_path):
    """The same values, but for the time and the picture's compression."""
    (real,) = DATA.glob("events.*")
    rng = np.random.RandomState(0)
    _ = rng.rand(32, 1, 8, 8), rng.randint(0, 3, 32)
    with ms.SummaryRecord(str(tmp_path)) as written:
        for step in range(3):
            written.add_value("scalar", "loss", ms.Tensor(0.5 - step / 10))
            written.add_value("histogram", "h", ms.Tensor(np.arange(12, dtype=np.float32)))
            image = ms.Tensor(rng.rand(2, 3, 4, 4).astype(np.float32))
            written.add_value("image", "im", image)
            tensor = ms.Tensor(np.arange(6, dtype=np.float32).reshape(2, 3))
            written.add_value("tensor", "t", tensor)
            assert written.record(step)

    def parts(path):
        out, at, data = [], 0, path.read_bytes()
        while at < len(data):
            (size,) = struct.unpack_from("<Q", data, at)
            body = data[at + 12 : at + 12 + size]
            assert struct.unpack_from("<I", data, at + 12 + size)[0] == masked(body)
            event = Message(body)
            summary = event.message(5)
            values = summary.messages(1) if summary else []
            image = [v.message(4) for v in values if 4 in v.fields]
            blocks = map(bytes, summary.fields[1] if summary else [])
            whole = [b for b in blocks if b"im" not in b[:5]]
            sizes = [[i.integer(k) for k in (1, 2, 3)] for i in image]
            out.append((event.integer(2), event.text(3), whole, sizes))
            at += size + 16
        return out

    (ours,) = [p for p in tmp_path.iterdir() if is_event_file(p.name)]
    assert parts(ours) == parts(real)
    assert ours.name.startswith("events.out.events.summary.") and ours.name.endswith("_MS")


def test_all_kinds_come_back(tmp_path):
    rng = np.random.default_rng(0)
    weights = rng.standard_normal(500).astype(np.float32)
    weights[:3] = np.nan, np.inf, -np.inf
    picture = rng.random((2, 1, 3, 4)).astype(np.float32)
    with ms.SummaryRecord(str(tmp_path), tensorboard=True) as written:
        written.add_value("histogram", "w", ms.Tensor(weights))
        written.add_value("image", "x", ms.Tensor(picture))
        written.add_value("scalar", "<img src=x onerror=alert(1)>", ms.Tensor([2.5]))
        assert written.record(7)
    run = read(tmp_path)
    assert steps_and_values(run, "<img src=x onerror=alert(1)>") == ([7], [2.5])
    found = histogram_of(run.value("histogram", "w", run.places["histogram"]["w"][0]))
    assert found["count"] == 500 and found["nan"] == 1 and found["inf"] == 2
    assert sum(n for _, _, n in found["bins"]) == 497
    expected, _ = np.histogram(weights[3:], bins=len(found["bins"]))
    assert np.abs(np.array([n for *_, n in found["bins"]]) - expected).sum() <= 4
    png = image_of(run.value("image", "x", run.places["image"]["x"][0]))
    assert struct.unpack_from(">2I", png, 16) == (8, 3)
    assert len(list(tmp_path.glob("*tfevents*"))) == 1


@pytest.mark.parametrize("values", [[], [np.nan], [1e308, -1e308], [5.0], [1e-320, 2e-320]])
def test_histograms_of_odd_values(values):
    found = make_histogram(np.array(values))
    assert found.counts.sum() == np.isfinite(values).sum()
    assert np.isfinite(found.widths).all()


@pytest.mark.parametrize("dtype", [np.int64, np.uint8, np.bool_, np.float16])
def test_histograms_of_other_types(dtype):
    found = make_histogram((np.arange(100) % 2).astype(dtype))
    assert found.counts[0] == found.counts[-1] == 50


def test_a_killed_process_loses_nothing(tmp_path):
    code = f"""
import mslearn as ms, time
record = ms.SummaryRecord({str(tmp_path)!r})
for step in range(200):
    record.add_value("scalar", "loss", ms.Tensor(float(step)))
    record.record(step)
print("there", flush=True)
time.sleep(60)
"""
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert child.stdout.readline()
    child.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
    child.wait()
    child.stdout.close()
    assert steps_and_values(read(tmp_path), "loss") == (
        list(range(200)), [float(k) for k in range(200)]
    )  # fmt: skip


def test_files_rotate(tmp_path):
    with ms.SummaryRecord(str(tmp_path), max_file_size=300) as written:
        for step in range(30):
            written.add_value("scalar", "loss", ms.Tensor(float(step)))
            written.record(step)
    files = sorted(tmp_path.iterdir())
    assert len(files) == 5 and all(f.stat().st_size <= 300 for f in files)
    assert steps_and_values(read(tmp_path), "loss")[0] == list(range(30))


def test_a_full_disk_stops_recording_not_training(tmp_path, capsys):
    blocked = tmp_path / "file"
    blocked.write_text("")
    written = ms.SummaryRecord(str(blocked / "below"))
    written.add_value("scalar", "loss", ms.Tensor(1.0))
    assert written.record(1) is False
    assert "cannot be written" in capsys.readouterr().out
    assert written.record(2) is False
    written.close()
    strict = ms.SummaryRecord(str(blocked / "below"), raise_exception=True)
    strict.add_value("scalar", "loss", ms.Tensor(1.0))
    with pytest.raises(OSError):
        strict.record(1)
    strict.close()


def test_files_that_grow_are_read_on(tmp_path):
    whole = b"".join(
        map(record, [messages.version_event(1.0), *(scalar_event(s, a=s, b=-s) for s in range(9))])
    )
    path = tmp_path / NAME
    run = Run(tmp_path)
    for end in range(0, len(whole) + 1, 7):
        path.write_bytes(whole[:end])
        run.refresh()
    path.write_bytes(whole)
    run.refresh()
    assert not +run.skipped and run.waiting == 0
    assert steps_and_values(run, "a") == (list(range(9)), [float(s) for s in range(9)])
    assert not run.refresh()


def test_broken_records_are_left_out_and_counted(tmp_path):
    good = [record(scalar_event(s, loss=s)) for s in range(50)]
    crc = bytearray(good[5])
    crc[-1] ^= 1
    length = bytearray(good[9])
    length[2] ^= 64
    giant = struct.pack("<Q", 1 << 60)
    giant += struct.pack("<I", masked(giant)) + b"x" * 40
    wrong = record(b"\x29\xff")  # no message
    string = record(b"\x09" + b"\0" * 8 + b"\x2a\x03abc")
    records = [*good[:5], bytes(crc), *good[6:9], bytes(length), giant, wrong, string, *good[10:]]
    (tmp_path / NAME).write_bytes(b"".join([*records, good[0][:9]]))
    run = read(tmp_path)
    assert steps_and_values(run, "loss")[0] == [s for s in range(50) if s not in (5, 9)]
    assert run.skipped["wrong checksum"] == 1
    assert run.skipped["wrong contents"] == 2
    assert 1 <= run.skipped["wrong length"] <= 2
    assert run.waiting == 9


SAMPLE = (REAL / "events.out.events.summary.1795254140.0.vm_MS").read_bytes()


@settings(max_examples=60, deadline=None)
@given(
    cuts=st.lists(st.tuples(st.integers(0, len(SAMPLE)), st.binary(max_size=24)), max_size=6),
    fix=st.booleans(),
)
def test_no_bytes_break_the_reader(tmp_path_factory, cuts, fix):
    data = bytearray(SAMPLE)
    for at, junk in cuts:
        data[at : at + len(junk)] = junk
    if fix:  # the checksums right again: now the contents themselves are hostile
        at = 0
        while at + 16 <= len(data):
            (size,) = struct.unpack_from("<Q", data, at)
            if at + 16 + size > len(data):
                break
            struct.pack_into("<I", data, at + 8, masked(bytes(data[at : at + 8])))
            body = bytes(data[at + 12 : at + 12 + size])
            struct.pack_into("<I", data, at + 12 + size, masked(body))
            at += 16 + size
    folder = tmp_path_factory.mktemp("fuzz")
    (folder / NAME).write_bytes(bytes(data))
    run = read(folder)
    for kind, decode in (("histogram", histogram_of), ("image", image_of), ("tensor", tensor_of)):
        for tag, places in run.places[kind].items():
            for place in places[:2]:
                with contextlib.suppress(ValueError):
                    decode(run.value(kind, tag, place))
    for k in range(len(run.graphs)):
        with contextlib.suppress(ValueError):
            graph_of(run.graph(k))


@settings(max_examples=30, deadline=None)
@given(st.binary(max_size=4000))
def test_any_file_can_be_opened(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("fuzz")
    (folder / NAME).write_bytes(data)
    read(folder)


def test_heads_without_end_are_given_up_soon(tmp_path):
    zero = struct.pack("<Q", 0)
    one = zero + struct.pack("<I", masked(zero)) + b"bad!" + zero + b"\1\2\3\4" + b"bad!"
    (tmp_path / NAME).write_bytes(one * 100_000)
    run = read(tmp_path)
    assert run.skipped["file given up"] == 1
    assert run.skipped["wrong length"] == MAX_ERRORS + 1  # of 100,000: that is what soon means


def one_by_one(path):
    """The scalars of a file, read as if events were read one by one."""
    data, at, found = path.read_bytes(), 0, 0
    while at < len(data):
        (size,) = struct.unpack_from("<Q", data, at)
        summary = Message(data[at + 12 : at + 12 + size]).message(5)
        for value in summary.messages(1) if summary else ():
            found += value.text(1) != "" and value.number(3) is not None
        at += 16 + size
    return found


def test_many_numbers_load_at_once(tmp_path):
    for r in range(20):
        events = [scalar_event(s, **{f"tag{k}": s + k for k in range(10)}) for s in range(1000)]
        event_file(tmp_path / f"run{r}", *events)
    runs = Runs(tmp_path)
    times = [time.thread_time()]
    runs.refresh()
    times.append(time.thread_time())
    assert one_by_one(tmp_path / "run0" / NAME) == 10_000
    times.append(time.thread_time())
    all_at_once, one_file = np.diff(times)
    points = sum(s.values.size for run in runs.all.values() for s in run.scalars.values())
    assert points == 200_000
    assert steps_and_values(runs["./run3"], "tag4")[1] == [float(s + 4) for s in range(1000)]
    assert all_at_once < 5 * one_file  # about as long as one of the twenty files
    assert not any(+run.skipped for run in runs.all.values())


def test_nothing_outside_the_folder_is_found(tmp_path):
    base, outside = tmp_path / "base", tmp_path / "outside"
    event_file(base / "in", scalar_event(1, loss=1.0))
    event_file(outside, scalar_event(1, secret=1.0))
    (base / "link").symlink_to(outside, target_is_directory=True)
    (base / "in" / "events.summary.1_MS").symlink_to(outside / NAME)
    (base / "loop").symlink_to(base, target_is_directory=True)
    runs = Runs(base)
    runs.refresh()
    assert list(runs.all) == ["./in"]
    assert set(runs["./in"].scalars) == {"loss"}
    for name in ("./link", "../outside", "./in/../../outside", "/etc"):
        with pytest.raises(KeyError):
            runs[name]


def test_a_run_that_is_removed_meanwhile_is_no_error(tmp_path):
    class Busy(Runs):
        def _own(self, entry, file):
            own = super()._own(entry, file)
            if entry.name == "old":
                shutil.rmtree(entry.path)
            return own

    for name in ("new", "old"):
        event_file(tmp_path / name, scalar_event(1, loss=1.0))
    runs = Busy(tmp_path)
    runs.refresh()
    assert list(runs.all) == ["./new"]


def test_a_sink_of_several_threads(tmp_path):
    import threading

    sink = EventFiles(tmp_path)

    def write(k):
        for step in range(50):
            sink.take(step, 1.0, [Datum("scalar", f"t{k}", float(step))])

    threads = [threading.Thread(target=write, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sink.close()
    run = read(tmp_path)
    assert {tag: s.values.size for tag, s in run.scalars.items()} == {f"t{k}": 50 for k in range(4)}
