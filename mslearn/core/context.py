"""Settings of the whole process: execution mode and target device."""

from __future__ import annotations

import importlib
from typing import Any

from mslearn.core.errors import did_you_mean
from mslearn.core.state import revision
from mslearn.core.threads import set_threads

GRAPH_MODE = 0
PYNATIVE_MODE = 1

settings: dict[str, Any] = {
    "mode": PYNATIVE_MODE,
    "device_target": "CPU",
    "device_id": 0,
    "max_call_depth": 1000,
    "save_graphs": False,
    "save_graphs_path": ".",
    "pynative_synchronize": False,
    "deterministic": "OFF",
    "jit_level": "O0",
    "runtime_num_threads": 1,
}


def set_context(**kwargs: Any) -> None:
    """Change settings, e.g. ``set_context(mode=ms.PYNATIVE_MODE, device_target="CPU")``.

    With ``device_target="GPU"`` graphs and eager code run there, where there is one with CuPy; to
    other targets than these two only graphs go, and a warning says so (docs/backends.md).

    Raises:
        ValueError: a setting that is not known, or a value that it cannot take.
    """
    for key, value in kwargs.items():
        _check("set_context", key)
        if key == "mode" and value not in (GRAPH_MODE, PYNATIVE_MODE):
            raise (ValueError if isinstance(value, int) else TypeError)(
                f"For 'set_context', mode must be GRAPH_MODE (0) or PYNATIVE_MODE (1), but got "
                f"{value!r}."
            )
        if key == "runtime_num_threads" and (type(value) is not int or value < 1):
            raise ValueError(
                f"For 'set_context', runtime_num_threads must be an int >= 1, but got {value!r}."
            )
        if key == "device_id" and not (isinstance(value, int) and 0 <= value < 4096):
            raise ValueError(
                f"For 'set_context', device_id must be an int from 0 to 4095, but got {value!r}."
            )
    target = kwargs.get("device_target", "CPU")
    if "device_target" in kwargs and [target, settings["device_target"]] != ["CPU", "CPU"]:
        # By name: backends stand above this layer.
        importlib.import_module("mslearn.backends").choose(target, kwargs.get("mode"))
    if "runtime_num_threads" in kwargs:
        set_threads(kwargs["runtime_num_threads"])
    settings.update(kwargs)
    revision.advance()  # graphs for a device are made with some of these


def get_context(attr_key: str) -> Any:
    """The value of one setting."""
    _check("get_context", attr_key)
    return settings[attr_key]


def _check(name: str, key: str) -> None:
    if key not in settings:
        raise ValueError(f"For '{name}', there is no setting '{key}'.{did_you_mean(key, settings)}")
