"""Which backend runs a target, in order of preference; entry points add more."""

from __future__ import annotations

import importlib
import warnings
from functools import cache
from importlib.metadata import entry_points
from typing import Any

from mslearn.backends.base import Backend, BackendError, DeviceInfo, Executable
from mslearn.core.context import GRAPH_MODE, settings
from mslearn.core.errors import did_you_mean
from mslearn.graph.ir import Graph

BUILT_IN = {
    "numpy": "numpy_backend:NumpyBackend",
    "mindspore": "mindspore_backend:MindSporeBackend",
    "onnxruntime": "onnxruntime_backend:OnnxRuntimeBackend",
    "openvino": "openvino_backend:OpenVinoBackend",
    "cupy": "cupy_backend:CupyBackend",
}
"""Module and class by name; nothing is imported until it is asked for."""

NPU = ("Ascend", "Qualcomm", "Intel", "AMD", "Apple")
"""What ``device_target="NPU"`` tries, in this order."""


@cache
def backend(name: str) -> Backend:
    """The backend of that name.

    Raises:
        ValueError: there is none. TypeError: an entry point names something else.
    """
    plugins = {e.name: e for e in entry_points(group="mslearn.backends")}
    if name in BUILT_IN:
        module, _, cls = BUILT_IN[name].partition(":")
        made = getattr(importlib.import_module(f"mslearn.backends.{module}"), cls)()
    elif name in plugins:
        made = plugins[name].load()()
    else:
        known = [*BUILT_IN, *plugins]
        raise ValueError(
            f"There is no backend '{name}'.{did_you_mean(name, known)} Known: {known}."
        )
    if not isinstance(made, Backend):
        raise TypeError(f"The backend '{name}' must be a subclass of mslearn.backends.Backend.")
    return made


def names() -> list[str]:
    """All backends, the built-in ones first."""
    found = [e.name for e in entry_points(group="mslearn.backends")]
    return [*BUILT_IN, *(n for n in found if n not in BUILT_IN)]


def devices() -> list[DeviceInfo]:
    """Every target of every backend, with its state and the reason.

    >>> [d.available for d in devices() if d.target == "CPU"]
    [True]
    """
    found = []
    for name in names():
        try:
            one = backend(name)
        except Exception as error:  # a broken plugin must not hide the others
            found.append(DeviceInfo(name, name, False, f"loading failed: {error}"))
            continue
        found += [_probe(one, target) for target in one.targets]
    return found


def _probe(one: Backend, target: str) -> DeviceInfo:
    try:
        return one.probe(target)
    except Exception as error:
        return DeviceInfo(target, one.name, False, f"probing failed: {error}")


def find(target: str) -> tuple[Backend, str]:
    """(backend, its target) for what a learner asked for: a target (``"NPU"`` is the first one
    that is there), or a backend's name.

    Raises:
        ValueError: the name is not known.
        BackendError: it is known but cannot be reached; the text tells what was looked for.
    """
    if target in names():
        one = backend(target)
        wanted = [_probe(one, t) for t in one.targets]
    elif target.upper() == "NPU":
        all_of = devices()
        wanted = [d for t in NPU for d in all_of if d.target == t]
    else:
        wanted = [d for d in devices() if d.target.lower() == target.lower()]
    for info in wanted:
        if info.available:
            return backend(info.backend), info.target
    if not wanted:
        known = [*dict.fromkeys(["NPU", *(d.target for d in devices())])]
        raise ValueError(
            f"There is no target '{target}'.{did_you_mean(target, known)} Known targets: {known}, "
            f"and by backend: {names()}."
        )
    looked = "\n".join(
        f"  {d.target} by {d.backend}: {d.reason}." + (f" {d.hint}." if d.hint else "")
        for d in wanted
    )
    raise BackendError(
        f"The target '{target}' cannot be reached from here. Looked for:\n{looked}\n"
        f"All targets: mslearn devices."
    )


_told: set[str] = set()


def choose(target: str, mode: int | None = None) -> None:
    """What ``set_context(device_target=…)`` does: `find`, and a word on what will not go there.

    Args:
        target: a target or a backend's name.
        mode: the mode that is set with it, if any.

    Raises:
        ValueError, BackendError: as `find` does.
    """
    _, name = find(target)
    eager = (settings["mode"] if mode is None else mode) != GRAPH_MODE
    if eager and name != "CPU" and name not in _told:
        _told.add(name)
        warnings.warn(
            f"Graphs go to '{name}' from now on; what runs operation by operation stays on the "
            f"CPU. To train on '{name}', put @ms.jit above the training step, or "
            f"set_context(mode=ms.GRAPH_MODE).",
            stacklevel=3,
        )


def compile(graph: Graph, target: str, fallback: str = "error", **options: Any) -> Executable:
    """Compile an optimized graph for a target; see `mslearn.backends.placing.place`."""
    from mslearn.backends.placing import place

    one, its_target = find(target)
    return place(one, its_target, graph, fallback, **options)


def table() -> str:
    """All targets with state, precision and reason, to print."""
    from textwrap import indent, wrap

    lines = [f"{'target':10} {'backend':12} {'state':8} precision"]
    for d in devices():
        state = "ready" if d.available else "absent"
        lines.append(f"{d.target:10} {d.backend:12} {state:8} {d.precision}")
        text = d.reason + (f". To get it: {d.hint}" if d.hint and not d.available else "")
        lines.append(indent("\n".join(wrap(text, 86)), " " * 11))
    return "\n".join(lines)
