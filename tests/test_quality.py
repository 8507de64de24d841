"""Lint, layout, types and the line budget: part of `make test`, so that CI sees them too."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent


@pytest.mark.parametrize(
    "command",
    [
        ["-m", "ruff", "check", "--no-cache", "."],
        ["-m", "ruff", "format", "--check", "--no-cache", "."],
        ["-m", "mypy"],
        ["tools/line_budget.py"],
    ],
    ids=["ruff", "layout", "mypy", "line budget"],
)
def test_is_clean(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    done = subprocess.run(
        [sys.executable, *command], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    if command[0].startswith("tools"):
        with capsys.disabled():
            print("\n" + done.stdout.rstrip())
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
