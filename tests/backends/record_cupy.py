"""Write down which names CuPy has, and which arguments its functions take: python
tests/backends/record_cupy.py, where CuPy imports (a GPU is not needed).

The tests then compare what is for the GPU with this list on machines that have no CuPy.
"""

from __future__ import annotations

import importlib
import inspect
import json
import re
from pathlib import Path

DATA = Path(__file__).parent / "data" / "cupy_names.json"
MODULES = ("cupy", "cupy.linalg", "cupy.fft", "cupy.lib.stride_tricks", "cupyx.scipy.special")


def arguments(function: object) -> list[str] | None:
    """The names of a function's arguments; None where CuPy does not tell them."""
    try:
        found = inspect.signature(function)  # type: ignore[arg-type]
    except (TypeError, ValueError):  # compiled: the first line of its text may have them
        first = re.match(r"_ndarray_base\.\w+\((.*)\)", function.__doc__ or "")
        if first is None:
            return None
        return [a.split("=")[0].split()[-1] for a in first[1].split(", ")][1:]
    kinds = [p.kind for p in found.parameters.values()]
    open_ended = {inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL} & set(kinds)
    return None if open_ended else list(found.parameters)


def main() -> None:
    cupy = importlib.import_module("cupy")
    spaces = {name: importlib.import_module(name) for name in MODULES}
    spaces["cupy.ndarray"] = cupy.ndarray
    names = {k: [n for n in dir(v) if not n.startswith("_")] for k, v in spaces.items()}
    taken = {f"{k}.{n}": arguments(getattr(spaces[k], n)) for k in names for n in names[k]
             if inspect.isroutine(getattr(spaces[k], n))}  # fmt: skip
    known = {name: given for name, given in taken.items() if given is not None}
    ufuncs = [n for n in names["cupy"] if isinstance(getattr(cupy, n), cupy.ufunc)]
    record = {"version": cupy.__version__, **names, "ufuncs": ufuncs, "arguments": known}
    DATA.write_text(json.dumps(record, indent=None) + "\n")


if __name__ == "__main__":
    main()
