"""Write down which names CuPy has: python tests/backends/record_cupy.py, where CuPy imports (a GPU
is not needed).

The tests then compare the programs for the GPU with this list on machines that have no CuPy.
"""

from __future__ import annotations

import importlib
import json
from pathlib import Path

DATA = Path(__file__).parent / "data" / "cupy_names.json"
MODULES = ("cupy", "cupy.linalg", "cupyx.scipy.special")


def main() -> None:
    cupy = importlib.import_module("cupy")
    spaces = {name: importlib.import_module(name) for name in MODULES}
    spaces["cupy.ndarray"] = cupy.ndarray
    names = {k: [n for n in dir(v) if not n.startswith("_")] for k, v in spaces.items()}
    DATA.write_text(json.dumps({"version": cupy.__version__, **names}, indent=None) + "\n")


if __name__ == "__main__":
    main()
