"""Let real MindSpore write tests/nn/mindspore_2_10.ckpt (run with its own interpreter)."""

from pathlib import Path

import mindspore as ms
import numpy as np

values = {
    "weight": np.arange(6, dtype=np.float32).reshape(2, 3),
    "half": np.array([0.5, 1.5], np.float16),
    "steps": np.array(7, np.int32),
    "big": np.array([2**40], np.int64),
    "flag": np.array([True, False]),
    "double": np.array([[1.0, 2.0]]),
    "bytes": np.array([1, 2, 255], np.uint8),
}
file = Path(__file__).parent.parent / "nn" / "mindspore_2_10.ckpt"
ms.save_checkpoint([{"name": n, "data": ms.Tensor(v)} for n, v in values.items()], str(file))
file.chmod(0o644)
