"""Write the small files of files/: run with a Python that has real MindSpore.

ORACLE_PYTHON tests/dataset/make_files.py
"""

from pathlib import Path

import numpy as np

FILES = Path(__file__).parent / "files"
ROWS = [
    {
        "a": [-1, 127, 300, -40000, 2**31 - 1][k], "b": bytes(range(1, k + 2)),
        "d": np.array([k / 3, -k]), "f": k / 4, "g": k / 3 * 1e300,
        "i": np.array([0, -1, 200, 70000, 2**40, -(2**62)][: k + 1]),
        "j": np.arange(4, dtype=np.int32).reshape(2, 2) * 10**k, "l": 10 ** (3 * k),
        "t": ["", "é" * 20, "短", "x" * 300, "end"][k],
        "v": np.arange(3, dtype=np.float32) + k,
    }
    for k in range(5)
]  # fmt: skip
SCHEMA = {
    "a": {"type": "int32"}, "b": {"type": "bytes"}, "d": {"type": "float64", "shape": [2]},
    "f": {"type": "float32"}, "g": {"type": "float64"}, "i": {"type": "int64", "shape": [-1]},
    "j": {"type": "int32", "shape": [2, -1]}, "l": {"type": "int64"}, "t": {"type": "string"},
    "v": {"type": "float32", "shape": [3]},
}  # fmt: skip

if __name__ == "__main__":
    from mindspore.mindrecord import FileWriter

    for name, shards in (("real.mindrecord", 2), ("pages.mindrecord", 1)):
        writer = FileWriter(str(FILES / name), shards, overwrite=True)
        writer.set_header_size(1 << 14)
        writer.set_page_size(1 << 15)
        if shards == 2:
            writer.add_schema(SCHEMA, "all types")
            writer.add_index(["a", "t"])
            writer.write_raw_data(ROWS)
        else:
            writer.add_schema({"x": {"type": "int32"}, "d": {"type": "bytes"}}, "several pages")
            writer.write_raw_data([{"x": k, "d": bytes([k]) * 9000} for k in range(9)])
        writer.commit()
