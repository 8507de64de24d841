"""Make docs/support.md: which of MindSpore's names are supported, by what the tests prove.

    python tools/make_support_table.py            run the tests, note what they use, write both
    python tools/make_support_table.py --render   only write docs/support.md from the data

The names come from real MindSpore (tests/goldens/record_names.py); what is tested comes from
running the tests under tools/exercised_names.py. Both lie in mslearn/*.json, where
`mslearn.support()` reads them.
"""

from __future__ import annotations

import os
import subprocess
import sys
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
)


def run_tests() -> int:
    """Run the engine's tests and note the names they use."""
    env = {
        **os.environ,
        "MSLEARN_EXERCISED_NAMES": str(ROOT / "mslearn" / "support_tested.json"),
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tools")]),
    }
    command = [sys.executable, "-m", "pytest", "-q", "-p", "exercised_names", *SUITES]
    command += ["--ignore", "tests/gradtools/test_support.py"]  # it looks at the result
    return subprocess.run(command, cwd=ROOT, env=env, check=False).returncode


def main() -> int:
    if "--render" not in sys.argv:
        code = run_tests()
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
