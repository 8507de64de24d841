"""Record what real MindSpore makes of pipelines.py: run with a Python that has it.

PYTHONPATH=. ORACLE_PYTHON tests/dataset/record_goldens.py MNIST_FOLDER

MNIST_FOLDER is what mslearn.dataset.prepare("mnist") returns. Writes goldens.npz beside this file.
Every pipeline starts from the same seed state; one that MindSpore refuses is reported, not stored.
"""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import mindspore as ms
import mindspore.dataset as ds
import numpy as np
from mindspore.dataset import transforms, vision

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
from pipelines import PIPELINES, describe  # noqa: E402

m = SimpleNamespace(ms=ms, ds=ds, vision=vision, transforms=transforms, mnist=sys.argv[1])
arrays = {}
facts = {}
for name, build in PIPELINES.items():
    ds.config.set_seed(1)
    try:
        found = describe(build(m))
    except Exception as error:
        print("refused:", name, str(error).splitlines()[:6], file=sys.stderr)
        continue
    for k, column in enumerate(found["columns"]):
        values = column.pop("values")
        arrays[f"{name}/{k}"] = values
    facts[name] = found
arrays["facts"] = np.array(json.dumps({"mindspore": ms.__version__, "pipelines": facts}))
np.savez_compressed(HERE / "goldens.npz", **arrays)
print(len(facts), "pipelines recorded with MindSpore", ms.__version__)
