"""Record what real MindSpore answers to every case.

    make goldens        (or: path/to/mindspore-venv/bin/python tests/goldens/record.py [FAMILY …])

needs `pip install mindspore 'numpy<2'` in an environment of its own (`make oracle`). For
cases.py and every cases_FAMILY.py it writes goldens.json or goldens_FAMILY.json beside it: the
results as data, with dtype and shape, and the version that gave them.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent


def encode(value: Any) -> Any:
    """Tensors, strings, numbers and tuples as JSON."""
    if hasattr(value, "asnumpy"):
        array = value.asnumpy()
        return {
            "dtype": str(array.dtype),
            "shape": list(array.shape),
            "data": array.ravel().tolist(),
        }
    if isinstance(value, tuple | list):
        return [encode(v) for v in value]
    return value.item() if isinstance(value, np.generic) else value


def main() -> None:
    import mindspore

    mindspore.set_context(mode=mindspore.PYNATIVE_MODE, device_target="CPU")
    wanted = [f"cases_{name}.py" for name in sys.argv[1:]]
    for file in sorted(HERE.glob("cases*.py")):
        if wanted and file.name not in wanted:
            continue
        found = {}
        for name, function in importlib.import_module(file.stem).cases.items():
            try:
                found[name] = encode(function(mindspore))
            except Exception as error:
                raise RuntimeError(f"case {name!r} fails in MindSpore") from error
        out = {"mindspore": mindspore.__version__, "cases": found}
        target = HERE / file.name.replace("cases", "goldens").replace(".py", ".json")
        target.write_text(json.dumps(out, indent=0) + "\n")
        print(f"recorded {len(found)} cases of MindSpore {mindspore.__version__} in {target.name}")


if __name__ == "__main__":
    main()
