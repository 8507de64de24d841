"""The camp finds the notebook's language from outside; the cells cannot tell it."""

import os
import subprocess
import sys

import pytest
from waiting import LONG

from mslearn import camp
from mslearn.camp import _language, progress


def test_english_unless_told_otherwise():
    assert camp.language() == "en"


@pytest.mark.parametrize(
    ("notebook", "language"),
    [
        ("/home/li/camp/zh/day01_quick_start.ipynb", "zh"),
        (r"C:\Users\li\camp\zh\day01_quick_start.ipynb", "zh"),
        ("/home/zh/camp/en/day01_quick_start.ipynb", "en"),
        ("/home/zh/camp/notes/mine.ipynb", None),
        ("zh/console-1", None),
    ],
)
def test_the_notebooks_folder_decides(monkeypatch, notebook, language):
    monkeypatch.setenv("MSLEARN_LANG", "en" if language == "zh" else "zh")
    monkeypatch.setenv("JPY_SESSION_NAME", notebook)
    assert _language._of_notebook() == language
    assert camp.language() == (language or "zh")


def test_vs_code_names_the_notebook_in_main(monkeypatch):
    monkeypatch.setattr(
        sys.modules["__main__"], "__vsc_ipynb_file__", "/x/zh/day01.ipynb", raising=False
    )
    assert camp.language() == "zh"


def test_a_kernel_started_in_the_lessons_folder(tmp_path):
    """What nbclient and nbval do; a plain script in such a folder is not taken for a lesson."""
    folder = tmp_path / "zh"
    folder.mkdir()
    env = dict(os.environ, PYTHONPATH=os.pathsep.join(map(os.path.abspath, filter(None, sys.path))))
    code = "{}; from mslearn import camp; print(camp.language())"
    for first, expected in (("import ipykernel", "zh"), ("pass", "en")):
        done = subprocess.run(
            [sys.executable, "-c", code.format(first)],
            cwd=folder, env=env, capture_output=True, text=True, timeout=LONG, check=True,
        )  # fmt: skip
        assert done.stdout.strip() == expected


def test_then_the_environment_then_the_learners_own_setting(monkeypatch):
    progress.set_language("zh")
    assert camp.language() == "zh"
    monkeypatch.setenv("MSLEARN_LANG", "en_US.UTF-8")
    assert camp.language() == "en"


def test_a_choice_in_the_kernel_wins(monkeypatch):
    monkeypatch.setenv("JPY_SESSION_NAME", "/x/en/day01.ipynb")
    camp.set_language("zh")
    assert camp.language() == "zh"
    with pytest.raises(ValueError, match="'fr'"):
        camp.set_language("fr")
