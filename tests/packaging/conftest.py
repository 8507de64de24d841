from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


def call(*command: object, **options: object) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; its whole output stands in the error when it fails."""
    options = {"text": True, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    done = subprocess.run([str(part) for part in command], **options)
    if done.returncode:
        raise AssertionError(f"{command}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


def path_without_node() -> str:
    """PATH as on a machine that has no Node."""
    folders = os.environ["PATH"].split(os.pathsep)
    return os.pathsep.join(
        folder for folder in folders if shutil.which("node", path=folder) is None
    )


@dataclass
class Environment:
    """A virtual environment of its own."""

    folder: Path

    @property
    def bin(self) -> Path:
        return self.folder / ("Scripts" if sys.platform == "win32" else "bin")

    @property
    def python(self) -> Path:
        return self.bin / "python"

    @classmethod
    def create(cls, folder: Path) -> Environment:
        call(sys.executable, "-m", "venv", folder)
        return cls(folder)

    def pip_install(self, *what: object) -> None:
        call(self.python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *what)


@pytest.fixture(scope="session")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sdist of this tree, built in place (that is what brings the front ends up to date)."""
    folder = tmp_path_factory.mktemp("sdist")
    call(sys.executable, "-m", "build", "--no-isolation", "--sdist", "-o", folder, REPOSITORY)
    (archive,) = folder.glob("*.tar.gz")
    return archive


@pytest.fixture(scope="session")
def unpacked_sdist(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("source")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    (root,) = folder.iterdir()
    return root


@pytest.fixture(scope="session")
def wheel(unpacked_sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the sdist where there is no Node.

    Without isolation `build` refuses when a build requirement is missing, so a hook that asked for
    Node from PyPI would fail here, too.
    """
    folder = tmp_path_factory.mktemp("wheel")
    call(
        sys.executable, "-m", "build", "--no-isolation", "--wheel", "-o", folder, unpacked_sdist,
        env=os.environ | {"PATH": path_without_node()},
    )  # fmt: skip
    (archive,) = folder.glob("*.whl")
    return archive


@pytest.fixture(scope="session")
def wheel_names(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


@pytest.fixture(scope="session")
def bare(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """A fresh environment that holds the wheel and what it requires, and nothing else."""
    environment = Environment.create(tmp_path_factory.mktemp("bare"))
    environment.pip_install(wheel)
    return environment
