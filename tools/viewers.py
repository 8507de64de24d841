"""The programs that must open our files, each in an environment of its own: `make test` calls it.

    python tools/viewers.py .viewers

makes .viewers/tensorboard, .viewers/mindinsight and .viewers/nbgrader; what is there already stays.
nbgrader also sees the packages of the Python that runs this, since it runs lessons. MindInsight
2.3.1 needs NumPy 1, which exists up to Python 3.12: on a newer Python another one is looked for.
Where there is none, its tests fail in CI and are skipped elsewhere.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

REQUIREMENTS = {
    "tensorboard": ["tensorboard==2.21.0"],
    # With NumPy 2 it drops every tensor, with marshmallow 4 parts of it do not start.
    "mindinsight": ["mindinsight==2.3.1", "numpy<2", "marshmallow<4", "pandas<3"],
    "nbgrader": ["nbgrader==0.9.6"],
}
BESIDE_OURS = ("nbgrader",)
NEWEST = {"mindinsight": (3, 12)}
NO_PYTHON = """{name} needs Python {0}.{1} or older, but this is {2}.{3} and PATH has no other.
Install one (Debian, Ubuntu: apt install python3.{1} python3.{1}-venv), or let
MSLEARN_{upper} name a Python that has {name}."""


def python_for(name: str) -> str | None:
    """A Python that `name` runs on; None where there is none."""
    newest = NEWEST.get(name)
    if newest is None or sys.version_info[:2] <= newest:
        return sys.executable
    candidates = (f"python{newest[0]}.{minor}" for minor in range(newest[1], 9, -1))
    for path in filter(None, map(shutil.which, candidates)):
        if subprocess.run([path, "-c", "import venv"], capture_output=True).returncode == 0:
            return path
    return None


def make(name: str, folder: Path) -> None:
    """Make one environment; the file `made` says that it is whole."""
    python = python_for(name)
    if python is None:
        print(NO_PYTHON.format(*NEWEST[name], *sys.version_info, name=name, upper=name.upper()))
        return
    print(f"Installing {name} into {folder} (half a minute) …", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([python, "-m", "venv", folder], check=True)
    if name in BESIDE_OURS:
        (packages,) = folder.glob("lib/python*/site-packages")
        (packages / "ours.pth").write_text(sysconfig.get_paths()["purelib"])
    pip = [folder / "bin" / "python", "-m", "pip", "install", "--quiet"]
    subprocess.run([*pip, *REQUIREMENTS[name]], check=True)
    (folder / "made").write_text("\n".join(REQUIREMENTS[name]))


def main(base: Path) -> None:
    """Make what is missing, or was made of other requirements."""
    for name, wanted in REQUIREMENTS.items():
        made = base / name / "made"
        if not made.exists() or made.read_text() != "\n".join(wanted):
            make(name, base / name)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
