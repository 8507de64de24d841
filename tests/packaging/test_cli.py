"""The command line's own answers."""

from __future__ import annotations

import subprocess
import sys

import pytest

from mslearn import __version__
from mslearn.cli import main


def test_without_a_command_it_prints_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    said = capsys.readouterr().out
    assert "open the camp in JupyterLab" in said and "copy the lessons" in said


def test_python_m(tmp_path) -> None:
    said = subprocess.check_output([sys.executable, "-m", "mslearn", "--version"], text=True)
    assert said.strip() == f"mslearn {__version__}"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["lab", "--port", "0"], "a port is a number from 1 to 65535, got '0'"),
        (["lab", "--port", "eighty"], "got 'eighty'"),
        (["lab", "--port", "65536"], "got '65536'"),
        (["lab", "--lang", "fr"], "invalid choice: 'fr'"),
        (["lessons"], "DIR"),
        (["lessons", "x", "--", "--debug"], "only `mslearn lab` takes arguments"),
        (["lesons"], "invalid choice: 'lesons'"),
    ],
)
def test_a_wrong_argument_is_named(
    arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert reason in capsys.readouterr().err


def test_lessons_says_what_it_did(tmp_path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lessons", str(tmp_path / "camp")]) == 0
    assert "files new" in capsys.readouterr().out
    assert main(["lessons", str(tmp_path / "camp")]) == 0
    assert "nothing new" in capsys.readouterr().out


def test_lessons_into_a_file_is_an_error(tmp_path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert main(["lessons", str(tmp_path / "file")]) == 1
    assert "cannot be written" in capsys.readouterr().err
