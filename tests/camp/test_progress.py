"""The progress file survives crowds, crashes and damage."""

import json
import os
import subprocess
import sys
import textwrap

import pytest
from waiting import LONG

from mslearn.camp import _lock, catalog, progress


def test_home_defaults_to_the_users_folder(monkeypatch):
    monkeypatch.delenv("MSLEARN_HOME")
    assert progress.home().name == ".mslearn"


def test_a_beginner_has_no_file_and_loading_makes_none(home):
    assert progress.load() == {"version": 1, "language": "en", "days": {}}
    assert not home.exists()


def test_record_counts_attempts_and_never_takes_a_pass_back():
    progress.record(1, "d01.e1", "fail")
    progress.record(1, "d01.e1", "pass")
    entry = progress.record("day01", "d01.e1", "fail")["days"]["day01"]["exercises"]["d01.e1"]
    assert (entry["outcome"], entry["attempts"]) == ("pass", 3)
    assert entry["first_pass"] is not None
    assert progress.load()["days"]["day01"]["exercises"]["d01.e1"] == entry


def test_a_day_is_done_when_all_its_exercises_passed():
    assert progress.record(1, "d01.e1", "pass")["days"]["day01"]["done"] is False
    *others, last = catalog.day(1).exercise_ids[1:]
    for exercise in others:
        progress.record(1, exercise, "pass")
    assert progress.record(1, last, "fail")["days"]["day01"]["done"] is False
    day = progress.record(1, last, "pass")["days"]["day01"]
    assert day["done"] is True and day["done_at"]
    assert progress.record(1, last, "fail")["days"]["day01"]["done_at"] == day["done_at"]


@pytest.mark.parametrize(
    ("args", "error"),
    [
        ((1, "d01.e9", "pass"), ValueError),
        ((1, "d01.e1", "not attempted"), ValueError),
        ((99, "d01.e1", "pass"), KeyError),
    ],
)
def test_bad_records_are_refused_and_nothing_is_written(args, error, home):
    with pytest.raises(error):
        progress.record(*args)
    assert not home.exists()


def test_language():
    assert progress.set_language("zh")["language"] == "zh"
    assert progress.load()["language"] == "zh"
    with pytest.raises(ValueError, match="'fr'"):
        progress.set_language("fr")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'{"version": 1, "langu',
        b"\xff\xfe\x00",
        b"[]",
        b"[" * 100_000,
        b'{"version": 2, "language": "en", "days": {}}',
        b'{"version": true, "language": "en", "days": {}}',
        b'{"version": 1, "language": "fr", "days": {}}',
        b'{"version": 1, "language": "en", "days": []}',
        b'{"version": 1, "language": "en", "days": {"day01": {"exercises": {}, "done": 1}}}',
        (
            b'{"version": 1, "language": "en", "days": {"day01": {"done": false, "exercises":'
            b' {"d01.e1": {"outcome": "pass", "attempts": "2"}}}}}'
        ),
    ],
)
def test_a_damaged_file_is_kept_aside(home, content):
    home.mkdir()
    progress.path().write_bytes(content)
    with pytest.warns(progress.ProgressWarning, match="bad-1"):
        assert progress.load() == progress.empty()
    assert (home / "progress.json.bad-1").read_bytes() == content
    progress.path().write_bytes(content)
    with pytest.warns(progress.ProgressWarning, match="bad-2"):
        progress.record(1, "d01.e1", "pass")
    assert (home / "progress.json.bad-1").read_bytes() == content
    assert progress.load()["days"]["day01"]["exercises"]["d01.e1"]["outcome"] == "pass"


def test_unknown_keys_of_a_newer_release_are_kept():
    progress.set_language("en")
    data = json.loads(progress.path().read_text("utf-8"))
    data["streak"] = 3
    progress.path().write_text(json.dumps(data), "utf-8")
    assert progress.record(1, "d01.e1", "pass")["streak"] == 3


def test_two_processes_lose_nothing(home):
    """40 increments from each of two processes, at the same time, all counted."""
    code = textwrap.dedent(
        """
        import time
        from mslearn.camp import progress
        for _ in range(40):
            progress.record(1, "d01.e1", "fail")
            time.sleep(0.02)  # a slow disk would keep the other one out for too long
        """
    )
    env = dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path))
    workers = [subprocess.Popen([sys.executable, "-c", code], env=env) for _ in range(2)]
    assert [w.wait(LONG) for w in workers] == [0, 0]
    assert progress.load()["days"]["day01"]["exercises"]["d01.e1"]["attempts"] == 80
    assert sorted(p.name for p in home.iterdir()) == ["progress.json", "progress.json.lock"]


def test_a_failed_write_leaves_the_old_file_whole(home, monkeypatch):
    progress.record(1, "d01.e1", "pass")
    before = progress.path().read_bytes()

    def full_disk(fd):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_lock.os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space"):
        progress.record(1, "d01.e2", "pass")
    assert progress.path().read_bytes() == before
    assert not list(home.glob("*.tmp"))


def test_a_lock_held_elsewhere_times_out_with_the_files_name(tmp_path):
    file = tmp_path / "x.lock"
    with (
        _lock.locked(file),
        pytest.raises(_lock.LockTimeout, match=r"x\.lock"),
        _lock.locked(file, timeout=0.05),
    ):
        pass
    with _lock.locked(file, timeout=0.05):
        pass
