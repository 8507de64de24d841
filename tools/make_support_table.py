"""Make docs/support.md: which of MindSpore's names are supported, by what the tests prove.

    python tools/make_support_table.py              run the tests, note what they use, write both
    python tools/make_support_table.py tests/a.py   run these tests alone and add what they use
    python tools/make_support_table.py --render     only write docs/support.md from the data

The names come from real MindSpore (tests/goldens/record_names.py); what is tested comes from
running the tests under tools/exercised_names.py. Both lie in mslearn/*.json, where
`mslearn.support()` reads them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
SUITES = (
    "tests/engine",
    "tests/goldens",
    "tests/gradtools",
    "tests/graph",
    "tests/export",
    "tests/nn",
    "tests/models",
    "tests/dataset/test_converting.py",
)


TESTED = ROOT / "mslearn" / "support_tested.json"


def run_tests(suites: list[str], target: Path) -> int:
    """Run tests and write the names they use into `target`."""
    env = {
        **os.environ,
        "MSLEARN_EXERCISED_NAMES": str(target),
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tools")]),
    }
    command = [sys.executable, "-m", "pytest", "-q", "-p", "exercised_names", *suites]
    command += ["--ignore", "tests/gradtools/test_support.py"]  # it looks at the result
    return subprocess.run(command, cwd=ROOT, env=env, check=False).returncode


def add(suites: list[str]) -> int:
    """Run some tests and add the names they use to those known; "golden" counts more."""
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder) / "found.json"
        code = run_tests(suites, found)
        if code == 0:
            both = [json.loads(f.read_text(encoding="utf-8")) for f in (TESTED, found)]
            for space, names in both[1].items():
                for name, kind in names.items():
                    known = both[0].setdefault(space, {})
                    known[name] = "golden" if "golden" in (kind, known.get(name)) else kind
            text = json.dumps(both[0], indent=0, sort_keys=True) + "\n"
            TESTED.write_text(text, encoding="utf-8")
    return code


def main() -> int:
    if "--render" not in sys.argv:
        chosen = sys.argv[1:]
        code = add(chosen) if chosen else run_tests(list(SUITES), TESTED)
        if code:
            print("the tests do not pass: nothing written")
            return code
    from mslearn.support import render, support

    target = ROOT / "docs" / "support.md"
    temporary = target.with_suffix(".tmp")
    temporary.write_text(render(), encoding="utf-8")
    os.replace(temporary, target)
    print(support())
    return 0


if __name__ == "__main__":
    sys.exit(main())
