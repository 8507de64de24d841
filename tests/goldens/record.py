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


def short(value: np.float32) -> float:
    """The number with the fewest digits that is this float32."""
    return float(np.format_float_scientific(value))


def to_text(version: str, found: dict[str, Any]) -> str:
    """One line a case, so that a new recording shows as a small difference."""
    lines = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in found.items()]
    body = ",\n".join(lines)
    return f'{{"mindspore": {json.dumps(version)}, "cases": {{\n{body}\n}}}}\n'


def encode(value: Any) -> Any:
    """Tensors, strings, numbers and tuples as JSON."""
    if hasattr(value, "asnumpy"):
        array = value.asnumpy()
        return {
            "dtype": str(array.dtype),
            "shape": list(array.shape),
            # As short as the dtype allows: 0.1, not 0.10000000149011612, for a float32.
            "data": [short(v) for v in array.ravel()]
            if array.dtype == "f4"
            else array.ravel().tolist(),
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
        target = HERE / file.name.replace("cases", "goldens").replace(".py", ".json")
        target.write_text(to_text(mindspore.__version__, found))
        print(f"recorded {len(found)} cases of MindSpore {mindspore.__version__} in {target.name}")


if __name__ == "__main__":
    main()
