"""Run one function on real MindSpore, in a Python that has it. A script: it imports no mslearn.

    python oracle_child.py FOLDER

FOLDER holds `code.py` (the source of one function), `name.txt` and `inputs.npz`; `values.npz` and
`report.json` are written there. Only arrays and texts travel; nothing is unpickled.
"""

from __future__ import annotations

import importlib.util
import json
import pathlib
import sys
from typing import Any


def flat(value: Any, name: str, arrays: dict[str, Any], texts: dict[str, Any]) -> None:
    """Put a returned value into `arrays` or `texts` under its name."""
    import numpy as np

    if isinstance(value, dict):
        for key, item in value.items():
            flat(item, f"{name}.{key}" if name else str(key), arrays, texts)
    elif isinstance(value, tuple) and any(hasattr(v, "asnumpy") for v in value):
        for k, item in enumerate(value):
            flat(item, f"{name}[{k}]", arrays, texts)
    elif hasattr(value, "asnumpy"):
        array = value.asnumpy()
        arrays[name or "result"] = array.astype(np.float32) if array.dtype.kind == "V" else array
    elif isinstance(value, (np.ndarray, np.generic, float, int, bool)):
        arrays[name or "result"] = np.asarray(value)
    else:
        texts[name or "result"] = str(value)


def main(place: str) -> None:
    import mindspore as ms  # type: ignore[import-not-found,unused-ignore]
    import numpy as np

    folder = pathlib.Path(place)
    # From its file, because MindSpore's jit reads a function's source there.
    code = folder / "code.py"
    spec = importlib.util.spec_from_file_location("experiment", code)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["experiment"] = module
    vars(module).update(np=np, ms=ms)
    spec.loader.exec_module(module)
    names = vars(module)
    with np.load(folder / "inputs.npz", allow_pickle=False) as stored:
        inputs = [ms.Tensor(stored[key]) for key in sorted(stored.files)]
    arrays: dict[str, Any] = {}
    texts: dict[str, Any] = {}
    error = None
    try:
        flat(names[(folder / "name.txt").read_text("utf-8")](ms, *inputs), "", arrays, texts)
    except Exception as problem:
        error = f"{type(problem).__name__}: {str(problem).strip().splitlines()[0]}"
    np.savez(folder / "values.npz", **arrays)
    report = {"version": ms.__version__, "texts": texts, "error": error}
    (folder / "report.json").write_text(json.dumps(report), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
