"""binder/ as repo2docker reads it, and its postBuild run for real. No Docker is needed."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.packaging


def test_repo2docker_accepts_the_repository() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "repo2docker", "--no-build", "--debug", str(REPOSITORY)],
        capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    said = done.stdout + done.stderr
    assert done.returncode == 0, said[-3000:]
    assert "FROM " in said
    assert "binder/requirements.txt" in said
    assert "binder/postBuild" in said
    assert "binder/start" in said
    assert "3.12" in said, "the Python of binder/runtime.txt"


@pytest.mark.skipif(sys.platform == "win32", reason="Binder's scripts are for Linux")
def test_post_build_installs_a_camp_that_lists_its_sidebar(tmp_path: Path) -> None:
    for script in ("postBuild", "start"):
        assert (REPOSITORY / "binder" / script).stat().st_mode & stat.S_IXUSR
    checkout = tmp_path / "checkout"
    unwanted = shutil.ignore_patterns(
        ".git", ".venv*", ".viewers", ".oracle", "node_modules", "__pycache__", ".*_cache",
        "test-results", "dist.old",
    )  # fmt: skip
    shutil.copytree(REPOSITORY, checkout, ignore=unwanted)
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    environment = {
        name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "HOME")
    } | {
        "PATH": os.pathsep.join([str(venv / "bin"), os.environ["PATH"]]),
        "HOME": str(tmp_path),
        "PIP_CACHE_DIR": os.environ.get("PIP_CACHE_DIR", str(Path.home() / ".cache" / "pip")),
        "MSLEARN_CAMP_DIR": str(tmp_path / "mslearn-camp"),
        "JUPYTER_DATA_DIR": str(tmp_path / "data"),
    }
    requirements = checkout / "binder" / "requirements.txt"
    for command in (
        ["python", "-m", "pip", "install", "--quiet", "-r", requirements],
        [checkout / "binder" / "postBuild"],
    ):
        done = subprocess.run(
            [str(part) for part in command], cwd=checkout, env=environment, check=False,
            capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "mslearn-camp/en/day01_quick_start.ipynb").is_file()
    for listing, wanted in (
        (["labextension", "list"], "mslearn-lab v0.1.0"),
        (["server", "extension", "list"], "mslearn.lab"),
    ):
        done = subprocess.run(
            [venv / "bin" / "jupyter", *listing], env=environment, capture_output=True, text=True,
            check=True,
        )  # fmt: skip
        said = done.stdout + done.stderr
        assert wanted in said and "OK" in said.split(wanted, 1)[1].split("\n")[0] + said

    started = subprocess.run(
        [checkout / "binder" / "start", "python", "-c",
         "import os; print(os.environ['OPENBLAS_NUM_THREADS'])"],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert started.stdout.strip() == "1"
