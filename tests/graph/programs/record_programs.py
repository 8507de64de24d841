"""Record what real MindSpore's graph mode gives for every program.

    path/to/mindspore-venv/bin/python tests/graph/programs/record_programs.py [control values cells]

Each table is recorded in a process of its own: a compilation that fails leaves traces there.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent.parent / "goldens")]


def record(family):
    import mindspore
    from record import encode, to_text

    mindspore.set_context(mode=mindspore.PYNATIVE_MODE, device_target="CPU")
    cases = importlib.import_module(f"programs_{family}").cases
    found = {name: encode(run(mindspore)) for name, run in cases.items()}
    target = HERE / f"recorded_{family}.json"
    target.write_text(to_text(mindspore.__version__, found))
    print(f"recorded {len(found)} cases in {target.name}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["one"]:
        record(sys.argv[2])
    else:
        for family in sys.argv[1:] or ["control", "values", "cells"]:
            subprocess.run([sys.executable, __file__, "one", family], check=True)
