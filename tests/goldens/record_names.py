"""Record the public names of real MindSpore: names alone, no text.

    path/to/mindspore-venv/bin/python tests/goldens/record_names.py

writes mslearn/support_names.json (read by mslearn/support.py): the names of
`mindspore`, `ops`, `nn` and `Tensor`, without modules and what begins with an underscore; of the
smaller modules those that they list, and those that only their documentation lists (LISTED).
"""

from __future__ import annotations

import importlib
import inspect
import json
from pathlib import Path

TARGET = Path(__file__).parent.parent.parent / "mslearn" / "support_names.json"
LISTED = {
    "amp": "",
    "mint": "addcmul clip equal fix ge item linspace ones trunc unique",
    "mint.nn": "CrossEntropyLoss Dropout Dropout2d Embedding GLU LayerNorm MaxPool2d NLLLoss "
    "Softshrink",
    "mint.nn.functional": "hardshrink hardsigmoid hardswish l1_loss mish selu smooth_l1_loss "
    "softplus softshrink",
    "mint.optim": "",
    "mint.linalg": "",
    "mint.special": "",
    "experimental.optim": "",
    "experimental.optim.lr_scheduler": "",
    "runtime": "",
    "hal": "",
    "device_context.cpu": "",
    "device_context.gpu": "conv_allow_tf32 conv_dgrad_algo conv_fprop_algo conv_wgrad_algo "
    "matmul_allow_tf32",
    "device_context.ascend": "aclinit_config aclnn_cache aoe_job_type aoe_tune_mode "
    "conv_allow_hf32 debug_option execute_timeout matmul_allow_hf32 op_compile op_precision_mode "
    "precision_mode",
}


def names(space: object) -> list[str]:
    """The public names of a module or class, in order: functions, classes, dtypes, constants."""
    listed = set(getattr(space, "__all__", ()))
    for name in dir(space):
        home = getattr(getattr(space, name, None), "__module__", None)
        if home is None or str(home).startswith("mindspore"):
            listed.add(name)
    return sorted(
        name
        for name in listed
        if not name.startswith("_")
        and hasattr(space, name)
        and not inspect.ismodule(getattr(space, name))
    )


def listed(path: str, more: str) -> list[str]:
    """What a module lists and has, with `more`; without what lies in other modules' lists."""
    module = importlib.import_module(f"mindspore.{path}")
    found = {n for n in (*module.__all__, *more.split()) if hasattr(module, n)}
    return sorted(n for n in found if not inspect.ismodule(getattr(module, n)))


def main() -> None:
    import mindspore

    out = {
        "mindspore": mindspore.__version__,
        "names": {
            "mindspore": names(mindspore),
            "ops": names(mindspore.ops),
            "nn": names(mindspore.nn),
            "Tensor": names(mindspore.Tensor),
            **{path: listed(path, more) for path, more in LISTED.items()},
        },
    }
    TARGET.write_text(json.dumps(out, indent=0) + "\n", encoding="utf-8")
    print({space: len(found) for space, found in out["names"].items()})


if __name__ == "__main__":
    main()
