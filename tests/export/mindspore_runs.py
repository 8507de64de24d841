"""Run by real MindSpore's Python: load each MindIR file of a folder and run it.

    $MSLEARN_ORACLE tests/export/mindspore_runs.py FOLDER

For each ``NAME.mindir`` with inputs ``NAME.npz`` (x0, x1, …) it writes the outputs to
``NAME.out.npz`` (y0, y1, …), or the error to ``NAME.error``. MindSpore ends the whole
process when it does not like a field: then the next file gets a new process.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np

ENDS = (".out.npz", ".error")


def run(file: Path) -> None:
    import mindspore as ms

    stem = file.with_suffix("")
    try:
        net = ms.nn.GraphCell(ms.load(str(file)))
        with np.load(f"{stem}.npz") as held:
            inputs = [ms.Tensor(held[f"x{i}"]) for i in range(len(held.files))]
        out = net(*inputs)
        outputs = out if isinstance(out, tuple | list) else (out,)
        np.savez(f"{stem}.out.npz", **{f"y{i}": o.asnumpy() for i, o in enumerate(outputs)})
    except Exception as error:
        Path(f"{stem}.error").write_text(f"{type(error).__name__}: {error}")


def main() -> None:
    left = sorted(Path(sys.argv[1]).glob("*.mindir"))
    while left:
        child = os.fork()
        if not child:
            import mindspore as ms

            ms.set_context(mode=ms.GRAPH_MODE, device_target="CPU")
            for file in left:
                run(file)
            Path(sys.argv[1], "version").write_text(ms.__version__)
            os._exit(0)
        status = os.waitpid(child, 0)[1]
        done = [f for f in left if any(Path(f"{f.with_suffix('')}{e}").exists() for e in ENDS)]
        left = left[len(done) :]
        if status and left:
            stem = left.pop(0).with_suffix("")
            Path(f"{stem}.error").write_text(f"MindSpore ended the process (status {status})")


if __name__ == "__main__":
    main()
