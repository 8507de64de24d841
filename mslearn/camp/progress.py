"""What the learner has done: one JSON file a user, shared by every kernel and the Jupyter server.

    {"version": 1, "language": "en",
     "days": {"day01": {"exercises": {"d01.e1": {"outcome": "pass", "attempts": 2,
                                                 "first_pass": "2026-11-21T09:30:00+01:00"}},
                        "done": true, "done_at": "2026-11-21T09:41:12+01:00"}}}

A day may also hold `quiz` (`{"id": {"right": true, "tries": 1}}`), `predictions` (see there),
`opened_at`, `last_at`, `seconds` (time at work: pauses longer than `PAUSE` do not count), and for a
passed exercise the answer's `source`, from which a certificate is derived again.

`outcome` is the best so far ("fail" becomes "pass", never back), `attempts` counts every check of
a real answer. A day is done when all its exercises (see `catalog`) have passed. Writers take a lock
and replace the file whole; a file that is not valid is kept aside as `progress.json.bad-1`, `-2`, …
"""

from __future__ import annotations

import contextlib
import json
import os
import warnings
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from . import catalog
from ._lock import LockTimeout, locked, replace_text

VERSION = 1
OUTCOMES = ("pass", "fail")
PAUSE = 900.0  # seconds without a sign of work that still count as work

__all__ = [
    "LockTimeout",
    "ProgressError",
    "ProgressWarning",
    "change",
    "empty",
    "home",
    "load",
    "path",
    "record",
    "set_language",
    "validate",
]


class ProgressError(ValueError):
    """The progress data does not have the documented form."""


class ProgressWarning(UserWarning):
    """A damaged progress file was kept aside and a fresh one begun."""


def home() -> Path:
    """The learner's own folder: ``$MSLEARN_HOME``, else ``~/.mslearn``. Not created here."""
    chosen = os.environ.get("MSLEARN_HOME")
    return Path(chosen).expanduser() if chosen else Path.home() / ".mslearn"


def path() -> Path:
    """The progress file."""
    return home() / "progress.json"


def empty() -> dict[str, Any]:
    """Progress of a learner who has not begun."""
    return {"version": VERSION, "language": "en", "days": {}}


def _expect(condition: bool, where: str, wanted: str, got: object) -> None:
    if not condition:
        raise ProgressError(f"progress: {where} must be {wanted}, got {got!r}")


def validate(data: object) -> dict[str, Any]:
    """Return ``data`` when it has the form in the module's docstring, else raise.

    Keys that this version does not know are let through, and kept, so that a newer release may add
    some without losing them when an older one writes.

    Raises:
        ProgressError: names the place, what was wanted and what was found.
    """
    if not isinstance(data, dict):
        raise ProgressError(f"progress: the file must hold an object, got {type(data).__name__}")
    version = data.get("version")
    _expect(version == VERSION and type(version) is int, "version", str(VERSION), version)
    language = data.get("language")
    _expect(language in catalog.LANGUAGES, "language", "'en' or 'zh'", language)
    days = data.get("days")
    if not isinstance(days, dict):
        raise ProgressError(f"progress: days must be an object, got {days!r}")
    for day_id, day in days.items():
        _validate_day(str(day_id), day)
    return data


def _validate_day(day_id: str, day: object) -> None:
    if not isinstance(day, dict):
        raise ProgressError(f"progress: days.{day_id} must be an object, got {day!r}")
    _expect(isinstance(day.get("done"), bool), f"{day_id}.done", "true or false", day.get("done"))
    done_at = day.get("done_at")
    _expect(done_at is None or isinstance(done_at, str), f"{day_id}.done_at", "a time", done_at)
    for key in ("quiz", "predictions"):
        part = day.get(key, {})
        if not isinstance(part, dict) or not all(isinstance(e, dict) for e in part.values()):
            raise ProgressError(f"progress: {day_id}.{key} must hold objects, got {part!r}")
    for key in ("opened_at", "last_at"):
        _expect(isinstance(day.get(key, ""), str), f"{day_id}.{key}", "a time", day.get(key))
    _expect(type(day.get("seconds", 0)) is int, f"{day_id}.seconds", "whole", day.get("seconds"))
    exercises = day.get("exercises")
    if not isinstance(exercises, dict):
        raise ProgressError(f"progress: {day_id}.exercises must be an object, got {exercises!r}")
    for name, entry in exercises.items():
        if not isinstance(entry, dict):
            raise ProgressError(f"progress: {name} must be an object, got {entry!r}")
        outcome, attempts = entry.get("outcome"), entry.get("attempts")
        first = entry.get("first_pass")
        _expect(outcome in OUTCOMES, f"{name}.outcome", "'pass' or 'fail'", outcome)
        _expect(type(attempts) is int and attempts >= 1, f"{name}.attempts", "1 or more", attempts)
        _expect(first is None or isinstance(first, str), f"{name}.first_pass", "a time", first)


def _read() -> dict[str, Any] | None:
    """The file's content; None when there is no file.

    Raises:
        ProgressError: not JSON, not UTF-8, or not of the documented form.
    """
    try:
        text = path().read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise ProgressError(f"progress: not UTF-8 text ({error})") from error
    try:
        data = json.loads(text)
    except ValueError as error:
        raise ProgressError(f"progress: not JSON ({error})") from error
    except RecursionError as error:
        raise ProgressError("progress: JSON nested too deeply") from error
    return validate(data)


def _keep_aside(reason: ProgressError) -> None:
    """Move the damaged file to the first free ``.bad-N`` (the caller holds the lock)."""
    number = 1
    while (aside := path().with_name(f"{path().name}.bad-{number}")).exists():
        number += 1
    os.replace(path(), aside)
    warnings.warn(
        f"{path()} could not be read ({reason}). It is kept as {aside.name}; a fresh file begins. "
        "Checks that you run again are recorded again.",
        ProgressWarning,
        stacklevel=4,
    )


def _load_locked() -> dict[str, Any]:
    try:
        data = _read()
    except ProgressError as error:
        _keep_aside(error)
        data = None
    return empty() if data is None else data


def load() -> dict[str, Any]:
    """The learner's progress; that of a beginner when there is no file.

    A damaged file is kept aside with a :class:`ProgressWarning`; it never raises for its content.

    Raises:
        OSError: the file exists but cannot be read (permissions).
    """
    try:
        data = _read()
    except ProgressError:
        with locked(_lock_path()):  # look again under the lock: a writer may have mended it
            return _load_locked()
    return empty() if data is None else data


def now() -> str:
    """The local time to the second, with its offset: what every time in the file looks like."""
    return datetime.now().astimezone().isoformat(timespec="seconds")


@contextlib.contextmanager
def change(day: int | str) -> Iterator[dict[str, Any]]:
    """Change one day's entry under the lock; it is written when the block ends without an error.

    Also counts the time since the last change as time at work.

    Raises:
        KeyError: an unknown day. OSError, LockTimeout: the file could not be written.

    Example:
        >>> with change(1) as entry:  # doctest: +SKIP
        ...     entry["checkin_at"] = now()
    """
    with _changing(day) as (_, entry):
        yield entry


@contextlib.contextmanager
def _changing(day: int | str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    name = catalog.day(day).id
    with locked(_lock_path()):
        data = _load_locked()
        entry = data["days"].setdefault(name, {"exercises": {}, "done": False, "done_at": None})
        yield data, entry
        time = now()
        entry.setdefault("opened_at", time)
        entry["seconds"] = entry.get("seconds", 0) + _worked(entry.get("last_at"), time)
        entry["last_at"] = time
        _write(data)


def _worked(last: str | None, time: str) -> int:
    """Seconds from one sign of work to the next; 0 over a pause, or when a clock was set back."""
    try:
        gap = (datetime.fromisoformat(time) - datetime.fromisoformat(last or "")).total_seconds()
    except (ValueError, TypeError):
        return 0
    return int(gap) if 0 <= gap <= PAUSE else 0


def record(
    day: int | str, exercise: str, outcome: str, source: str | None = None
) -> dict[str, Any]:
    """Record one attempt and return the whole progress.

    Args:
        day: day number or id, ``1`` or ``"day01"``.
        exercise: exercise id, ``"d01.e1"``.
        outcome: ``"pass"`` or ``"fail"``; "not attempted" is not recorded.
        source: of an answer that passed, so that the check can be run again.

    Raises:
        ValueError: an unknown exercise or outcome. KeyError: an unknown day.
        OSError, LockTimeout: the file could not be written.

    Example:
        >>> record(1, "d01.e1", "pass")["days"]["day01"]["done"]  # doctest: +SKIP
        False
    """
    entry = catalog.day(day)
    if exercise not in entry.exercise_ids:
        known = ", ".join(entry.exercise_ids) or "none yet"
        raise ValueError(
            f"progress.record: {entry.id} has no exercise {exercise!r} (it has {known})"
        )
    if outcome not in OUTCOMES:
        raise ValueError(f"progress.record: outcome must be 'pass' or 'fail', got {outcome!r}")
    with _changing(day) as (data, done):
        item = done["exercises"].setdefault(
            exercise, {"outcome": outcome, "attempts": 0, "first_pass": None}
        )
        item["attempts"] += 1
        if outcome == "pass":
            if source is not None:
                item["source"] = source
            if item.get("first_pass") is None:
                item.update(outcome="pass", first_pass=now())
        passed = {k for k, v in done["exercises"].items() if v["outcome"] == "pass"}
        if not done["done"] and passed.issuperset(entry.exercise_ids):
            done.update(done=True, done_at=now())
    return data


def set_language(language: str) -> dict[str, Any]:
    """Set the learner's language, ``"en"`` or ``"zh"``, and return the whole progress.

    Raises:
        ValueError: another language. OSError, LockTimeout: the file could not be written.
    """
    if language not in catalog.LANGUAGES:
        raise ValueError(f"progress.set_language: 'en' or 'zh', got {language!r}")
    with locked(_lock_path()):
        data = _load_locked()
        data["language"] = language
        _write(data)
    return data


def _lock_path() -> Path:
    return path().with_name(path().name + ".lock")


def _write(data: dict[str, Any]) -> None:
    replace_text(path(), json.dumps(validate(data), ensure_ascii=False, indent=2) + "\n")
