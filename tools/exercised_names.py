"""A pytest plugin that notes which public names the tests use; see make_support_table.py.

Only a use that stands in a file below tests/ counts, and only when the whole run passes. A use
in tests/goldens/cases*.py counts as "golden": its result is compared with real MindSpore's.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import sys
import types
from pathlib import Path
from typing import Any

TESTS = str(Path(__file__).parent.parent / "tests") + os.sep
GOLDEN = TESTS + os.path.join("goldens", "cases")
SMALLER = (
    "amp", "mint", "mint.nn", "mint.nn.functional", "mint.optim", "mint.linalg", "mint.special",
    "experimental.optim", "experimental.optim.lr_scheduler", "runtime", "hal",
    "device_context.cpu", "device_context.gpu", "device_context.ascend",
)  # fmt: skip
found: dict[str, dict[str, str]] = {
    space: {} for space in ("mindspore", "ops", "nn", "Tensor", *SMALLER)
}


def _note(space: str, name: str, file: str) -> None:
    if not name.startswith("_") and file.startswith(TESTS):
        if file.startswith(GOLDEN):
            found[space][name] = "golden"
        else:
            found[space].setdefault(name, "test")


def _watch_module(space: str, module: types.ModuleType) -> None:
    class Watched(types.ModuleType):
        def __getattribute__(self, name: str) -> Any:
            value = super().__getattribute__(name)
            _note(space, name, sys._getframe(1).f_code.co_filename)
            return value

    module.__class__ = Watched


def pytest_configure() -> None:
    """Begin to watch, before the test files are read."""
    import mslearn

    def get(self: Any, name: str) -> Any:
        value = object.__getattribute__(self, name)
        _note("Tensor", name, sys._getframe(1).f_code.co_filename)
        return value

    mslearn.Tensor.__getattribute__ = get  # type: ignore[method-assign]
    for space, module in (("ops", mslearn.ops), ("nn", mslearn.nn), ("mindspore", mslearn)):
        _watch_module(space, module)
    for space in SMALLER:
        _watch_module(space, importlib.import_module(f"mslearn.{space}"))


def pytest_sessionfinish(exitstatus: int) -> None:
    """Write what was found, when all tests have passed."""
    if exitstatus == 0:
        from mslearn.core.primitive import registry
        from mslearn.core.tensor import Tensor

        for name in registry:  # tests/engine/test_rules.py has a sample of every one
            found["ops"].setdefault(name, "test")
        own = set(dir(Tensor))  # a Parameter has more
        found["Tensor"] = {n: kind for n, kind in found["Tensor"].items() if n in own}
        words = set()
        for file in Path(TESTS).rglob("*.py"):
            words.update(re.findall(r"\w+", file.read_text(encoding="utf-8")))
        for space, names in found.items():  # only what a reader can find in the tests counts
            keep = registry if space == "ops" else {}
            found[space] = {n: kind for n, kind in names.items() if n in words or n in keep}
        target = Path(os.environ["MSLEARN_EXERCISED_NAMES"])
        target.write_text(json.dumps(found, indent=0, sort_keys=True) + "\n", encoding="utf-8")
