"""MindSpore's settings of a device, as options of ONNX Runtime's execution providers."""

from __future__ import annotations

import dataclasses
import glob
from typing import Any

from mslearn.backends import settings
from mslearn.backends.hardware import Hardware

PRECISIONS = (
    "force_fp16", "force_fp32", "allow_fp32_to_fp16", "allow_mix_precision",
    "must_keep_origin_dtype",
)  # fmt: skip
# Of a target: by the setting's name, the option and what each value is called there.
OPTIONS: dict[str, dict[str, tuple[str, dict[Any, str]]]] = {
    "Ascend": {
        "op_precision.precision_mode": ("precision_mode", {mode: mode for mode in PRECISIONS})
    },
    "GPU": {
        "op_tuning.conv_fprop_algo": (
            "cudnn_conv_algo_search", {"normal": "HEURISTIC", "performance": "EXHAUSTIVE"}
        )
    },
}  # fmt: skip
FILES = {"Ascend": "/dev/davinci[0-9]*", "GPU": "/dev/nvidia[0-9]*"}  # one for each device
# The runtime has one switch for both; these are what MindSpore begins with.
_tf32 = {"op_precision.matmul_allow_tf32": False, "op_precision.conv_allow_tf32": True}


class OnnxHardware(Hardware):
    """Counts the device files; a setting becomes an option of all graphs compiled from now on."""

    def __init__(self, target: str) -> None:
        self.target = target

    def count(self) -> int | None:
        return len(glob.glob(FILES[self.target])) or None if self.target in FILES else None

    def tune(self, setting: str, *values: Any) -> bool:
        if self.target == "GPU" and setting in _tf32:
            _tf32[setting] = values[0]
            return self._option("use_tf32", str(int(all(_tf32.values()))))
        option, known = OPTIONS.get(self.target, {}).get(setting, ("", {}))
        return bool(values) and values[0] in known and self._option(option, known[values[0]])

    def _option(self, name: str, value: str) -> bool:
        before = settings.of(self.target.lower()).settings
        options = {**(before.provider_options or {}), name: value}
        settings.put(dataclasses.replace(before, target=self.target, provider_options=options))
        return True
