"""Each package imports only what its layer allows, and the engine imports nothing but NumPy."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "mslearn"

ENGINE = {"core", "ops", "autodiff"}
MAY_IMPORT = {
    "core": set(),
    "ops": {"core"},
    "autodiff": {"core", "ops"},
    "gradtools": {"core", "ops", "autodiff"},
    "graph": {"core", "ops", "autodiff", "gradtools"},
    "nn": {"core", "ops", "autodiff", "gradtools", "common", "graph"},
    "amp": {"core", "ops", "nn"},
    "train": {"core", "ops", "autodiff", "nn", "common", "amp"},
    "interchange": {"core", "ops", "gradtools", "graph", "nn", "train", "common"},
    "backends": {"core", "ops", "autodiff", "graph", "interchange", "nn"},
    "runtime": {"core", "backends"},
    "hal": {"core", "backends", "runtime"},
    "device_context": {"core", "backends", "runtime", "hal"},
    "experimental": {"core", "ops", "nn", "common"},
    "mint": {"core", "ops", "nn", "common", "experimental"},
    "common": {"core"},
    "communication": set(),
    "hub": {"core", "models", "nn", "train"},
    "models": {"core", "ops", "nn", "common"},
    "numpy": {"core", "ops"},
    "mindrecord": {"core", "common"},
    "dataset": {"core", "common", "mindrecord", "train"},
    "summary": {"core", "ops", "graph", "nn", "train", "common"},
    "insight": {
        "core",
        "ops",
        "autodiff",
        "graph",
        "backends",
        "nn",
        "train",
        "dataset",
        "common",
        "summary",
    },
    "camp": {"core", "ops", "autodiff", "nn", "train", "dataset", "insight", "common"},
    "lab": {"camp", "common", "insight", "summary"},
}
OUTSIDE_THE_ENGINE = {"numpy"}


def imports_of(path: Path):
    """(module, line) of every import in a file, relative ones made absolute."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = path.relative_to(ROOT.parent).parent.parts
            base = base[: len(base) - node.level + 1] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            if module == "mslearn" or not node.module:
                yield from ((f"{module}.{alias.name}", node.lineno) for alias in node.names)
            else:
                yield module, node.lineno


def test_every_package_has_a_layer():
    packages = {p.parent.name for p in ROOT.glob("*/__init__.py")}
    assert packages - {"_lessons"} == set(MAY_IMPORT)


@pytest.mark.parametrize("package", sorted(MAY_IMPORT))
def test_imports_go_only_downwards(package):
    allowed = MAY_IMPORT[package] | {package}
    wrong = []
    for path in (ROOT / package).rglob("*.py"):
        for module, line in imports_of(path):
            parts = module.split(".")
            if parts[0] == "mslearn" and len(parts) > 1:
                target = parts[1]
                if (ROOT / target).is_dir() and target not in allowed:
                    wrong.append(f"{path.relative_to(ROOT)}:{line} imports mslearn.{target}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("package", sorted(ENGINE | {"gradtools", "nn", "train", "common"}))
def test_the_engine_needs_numpy_alone(package):
    wrong = []
    for path in (ROOT / package).rglob("*.py"):
        for module, line in imports_of(path):
            top = module.split(".")[0]
            if top not in sys.stdlib_module_names | OUTSIDE_THE_ENGINE | {"mslearn", "__future__"}:
                wrong.append(f"{path.relative_to(ROOT)}:{line} imports {top}")
    assert not wrong, "\n".join(wrong)


def test_import_mslearn_loads_no_jupyter():
    code = (
        "import sys, mslearn; "
        "print(sorted({m.split('.')[0] for m in sys.modules} & "
        "{'IPython', 'ipywidgets', 'anywidget', 'jupyter_server', 'matplotlib', 'tornado', 'PIL'}))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
