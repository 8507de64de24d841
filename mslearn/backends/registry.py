"""Which backend runs a target, in order of preference; entry points add more."""

from __future__ import annotations

import importlib
from functools import cache
from importlib.metadata import entry_points
from typing import Any

from mslearn.backends.base import Backend, BackendError, DeviceInfo, Executable
from mslearn.core.errors import did_you_mean
from mslearn.graph.ir import Graph

BUILT_IN = {
    "numpy": "numpy_backend:NumpyBackend",
    "onnxruntime": "onnxruntime_backend:OnnxRuntimeBackend",
}
"""Module and class by name; nothing is imported until it is asked for."""


@cache
def backend(name: str) -> Backend:
    """The backend of that name.

    Raises:
        ValueError: there is none.
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
    """Every target of every backend, with its state and the reason."""
    return [_probe(backend(n), target) for n in names() for target in backend(n).targets]


def _probe(one: Backend, target: str) -> DeviceInfo:
    try:
        return one.probe(target)
    except Exception as error:  # a broken plugin must not hide the others
        return DeviceInfo(target, one.name, False, f"probing failed: {error}")


def find(target: str) -> tuple[Backend, str]:
    """(backend, its target) for what a learner asked for: a target, or a backend's name.

    Raises:
        ValueError: the name is not known.
        BackendError: it is known but cannot be reached; the text tells what was looked for.
    """
    if target in names():
        one = backend(target)
        return one, one.targets[0]
    wanted = [d for d in devices() if d.target.lower() == target.lower()]
    if not wanted:
        known = sorted({d.target for d in devices()})
        raise ValueError(
            f"There is no target '{target}'.{did_you_mean(target, known)} Known targets: {known}, "
            f"and by backend: {names()}."
        )
    for info in wanted:
        if info.available:
            return backend(info.backend), info.target
    looked = "\n".join(f"  {d.backend}: {d.reason}. {d.hint}".rstrip() for d in wanted)
    raise BackendError(f"The target '{target}' cannot be reached from here:\n{looked}")


def compile(graph: Graph, target: str, **options: Any) -> Executable:
    """Compile an optimized graph for a target."""
    one, its_target = find(target)
    return one.compile(graph, its_target, **options)
