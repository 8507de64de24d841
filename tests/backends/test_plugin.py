"""The backend of docs/backends.md as a package that pip has installed; it passes the kit."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import mslearn as ms

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "backends.md").read_text(encoding="utf-8")


def block(start: str) -> str:
    found = [b for b in re.findall(r"```\w+\n(.*?)```", PAGE, re.S) if b.startswith(start)]
    assert len(found) == 1
    return str(found[0])


def wheel(folder: Path) -> Path:
    """`my_chip` as the page has it, as a wheel."""
    points = block("[project.entry-points.").replace('project.entry-points."', "")
    points = points.replace('"]', "]").replace('"', "")
    files = {
        "my_chip.py": block("# my_chip.py"),
        "my_chip-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: my-chip\nVersion: 1.0\n",
        "my_chip-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: a test\n"
        "Root-Is-Purelib: true\nTag: py3-none-any\n",
        "my_chip-1.0.dist-info/entry_points.txt": points,
    }
    record = ""
    for name, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
        record += f"{name},sha256={digest.decode()},{len(text.encode())}\n"
    files["my_chip-1.0.dist-info/RECORD"] = record + "my_chip-1.0.dist-info/RECORD,,\n"
    path = folder / "my_chip-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """(folder of the installed package, environment that sees it)"""
    folder = tmp_path_factory.mktemp("plugin")
    site = folder / "site"
    install = ["pip", "install", "--no-index", "--no-deps", "-q", "--target", str(site)]
    subprocess.run([sys.executable, "-m", *install, str(wheel(folder))], check=True, timeout=900)
    path = os.pathsep.join([str(site), str(ROOT)])
    (folder / "test_my_chip.py").write_text(block("# test_my_chip.py"), encoding="utf-8")
    return folder, {**os.environ, "PYTHONPATH": path}


def test_it_passes_the_kit(installed):
    folder, env = installed
    run = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_my_chip.py"]
    done = subprocess.run(run, cwd=folder, env=env, capture_output=True, text=True, timeout=900)
    passed = re.search(r"(\d+) passed", done.stdout)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert passed is not None and int(passed[1]) >= 13


def test_the_other_blocks_of_the_page_run(tmp_path):
    blocks = [b for b in re.findall(r"```python\n(.*?)```", PAGE, re.S) if b[:2] != "# "]
    assert len(blocks) >= 4
    (tmp_path / "page.py").write_text("\n".join(blocks), encoding="utf-8")
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = [sys.executable, "-W", "error", "page.py"]
    done = subprocess.run(run, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr


def test_the_page_lists_every_target_with_its_precision():
    rows = [r.split("|")[1:5] for r in PAGE.splitlines() if r.startswith("| `")]
    page = {
        (name, target): precision
        for targets, _, backends, precision in rows
        for target in re.findall("`([^`]+)`", targets)
        for name in re.findall("`([^`]+)`", backends)
    }
    for info in ms.backends.devices():
        assert info.precision in page[info.backend, info.target]


PROGRAM = """
import numpy as np, mslearn as ms
from mslearn import ops
from mslearn.cli import main
main(["devices"])
ms.set_context(device_target="MyChip", mode=ms.GRAPH_MODE)
twice = ms.jit(lambda x: x * 2)
print(twice(ms.Tensor(np.ones(2, np.float32))), twice.code)
try:
    ms.jit(lambda x: ops.cholesky(x))(ms.Tensor(np.eye(2, dtype=np.float32)))
except ms.backends.BackendError as error:
    print(error)
"""


def test_it_is_listed_and_runs(installed, tmp_path):
    (tmp_path / "program.py").write_text(PROGRAM, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "program.py"], cwd=tmp_path, env=installed[1], capture_output=True,
        text=True, timeout=900,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert re.search(r"MyChip +mychip +ready +float32\n +my_chip 1.0", done.stdout)
    assert "[2. 2.] Mul" in done.stdout and "Cholesky (" in done.stdout
    assert "it has no Cholesky" in done.stdout and 'fallback="cpu"' in done.stdout
