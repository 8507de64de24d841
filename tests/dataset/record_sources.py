"""Record what real MindSpore reads from the trees of trees.py: run with a Python that has it.

PYTHONPATH=. ORACLE_PYTHON tests/dataset/record_sources.py

Writes sources.npz beside this file; what MindSpore refuses is reported, not stored.
"""

import json
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import mindspore.dataset as ds
import numpy as np

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
from pipelines import describe  # noqa: E402
from source_cases import CASES  # noqa: E402
from trees import make  # noqa: E402

arrays, facts = {}, {}
with tempfile.TemporaryDirectory() as folder:
    m = SimpleNamespace(ds=ds, root=make(Path(folder)))
    for name, build in CASES.items():
        ds.config.set_seed(1)
        try:
            found = describe(build(m))
        except Exception as error:
            print("refused:", name, str(error).splitlines()[:8], file=sys.stderr)
            continue
        for k, column in enumerate(found["columns"]):
            arrays[f"{name}/{k}"] = column.pop("values")
        facts[name] = found
arrays["facts"] = np.array(json.dumps(facts))
np.savez_compressed(HERE / "sources.npz", **arrays)
print(f"{len(facts)} sources")
