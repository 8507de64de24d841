"""In which order rows come: one table, run by MindSpore (which records it) and by mslearn.

    path/to/mindspore-venv/bin/python tests/dataset/order_cases.py

writes orders.json beside it.
"""

from __future__ import annotations

import importlib
import json
import tempfile
from pathlib import Path
from typing import Any

RECORDED = Path(__file__).with_name("orders.json")
FILES = {"one": (10, 1), "three": (12, 3)}  # rows and shards of the MindRecord files

# What stands after `ds.MindDataset(file, `; each with two seeds, three epochs.
MIND = [
    "", "shuffle=True", "shuffle=False", "shuffle=ds.Shuffle.GLOBAL", "shuffle=ds.Shuffle.FILES",
    "shuffle=ds.Shuffle.INFILE", "num_shards=2, shard_id=0", "num_shards=5, shard_id=4",
    "num_shards=2, shard_id=1, shuffle=False", "num_shards=2, shard_id=1, shuffle=ds.Shuffle.FILES",
    "num_shards=2, shard_id=0, shuffle=ds.Shuffle.INFILE", "num_samples=5",
    "num_samples=5, shuffle=False", "num_shards=3, shard_id=0, num_samples=2",
    "sampler=ds.SubsetRandomSampler([1, 5, 7])", "sampler=ds.RandomSampler(num_samples=4)",
    "sampler=ds.SubsetRandomSampler([1, 5, 7, 8], num_samples=3)", "sampler=ds.RandomSampler(True)",
    "sampler=ds.RandomSampler(shuffle=ds.Shuffle.INFILE)", "sampler=ds.SequentialSampler(2, 4)",
    "sampler=ds.DistributedSampler(2, 0)", "columns_list=['id'], num_padded=4, padded_sample=P",
]  # fmt: skip
PADDED = [
    "num_padded=4, num_shards=2, shard_id=0", "num_padded=1, num_shards=13, shard_id=2",
    "num_padded=3, num_shards=3, shard_id=1, shuffle=ds.Shuffle.INFILE",
]  # fmt: skip
SAMPLERS = [
    "RandomSampler()", "RandomSampler(replacement=True)", "RandomSampler(num_samples=3)",
    "SubsetRandomSampler([3, 1, 4, 7, 5])", "SubsetRandomSampler([3, 1, 4, 7, 5], num_samples=3)",
    "WeightedRandomSampler(list(range(1, 11)))",
    "WeightedRandomSampler(list(range(1, 11)), replacement=False)",
    "DistributedSampler(2, 0)", "DistributedSampler(3, 2, shuffle=False)",
]  # fmt: skip


def orders(ms: Any) -> dict[str, list[list[int]]]:
    """The values of three epochs for every case."""
    ds = importlib.import_module(f"{ms.__name__}.dataset")
    mindrecord = importlib.import_module(f"{ms.__name__}.mindrecord")
    out = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, (rows, shards) in FILES.items():
            writer = mindrecord.FileWriter(f"{folder}/{name}", shards)
            writer.add_schema({"id": {"type": "int32"}, "label": {"type": "int32"}}, "numbers")
            writer.add_index(["id"])
            writer.write_raw_data([{"id": i, "label": i % 3} for i in range(rows)])
            writer.commit()
        files = {"one": f"{folder}/one", "three": f"{folder}/three0"}
        sources = [f"ds.MindDataset(files['{f}'], {a})" for f in files for a in MIND]
        padded = "ds.MindDataset(files['three'], columns_list=['id'], padded_sample=P, "
        sources += [f"{padded}{a})" for a in PADDED]
        sources += [
            f"ds.NumpySlicesDataset(list(range(10)), ['id'], sampler=ds.{s})" for s in SAMPLERS
        ]
        for source in sources:
            for seed in (5, 7):
                ds.config.set_seed(seed)
                data = eval(source, {"ds": ds, "files": files, "P": {"id": -1}})
                rows = data.create_dict_iterator(num_epochs=3, output_numpy=True)
                out[f"{source} {seed}"] = [[int(r["id"]) for r in rows] for _ in range(3)]
    return out


if __name__ == "__main__":
    lines = [
        f"{json.dumps(k)}: {v}" for k, v in orders(importlib.import_module("mindspore")).items()
    ]
    RECORDED.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(f"recorded {len(lines)} orders")
