"""Which backend runs a target, in order of preference; entry points add more."""

from __future__ import annotations

import importlib
import shutil
import sys
from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points
from typing import Any

from mslearn.backends import settings, words
from mslearn.backends.base import Backend, BackendError, DeviceInfo, Executable
from mslearn.backends.words import joined, say, warn
from mslearn.core.context import GRAPH_MODE, get_context
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

CALLED = {
    "GPU": "cuda nvidia 英伟达", "MIGraphX": "rocm hip", "Apple": "mps metal coreml ane",
    "Ascend": "huawei davinci cann ge 昇腾 华为", "Qualcomm": "qnn hexagon htp 高通",
    "Intel-GPU": "xpu", "Intel": "vpu 英特尔", "AMD": "vitisai ryzen", "DirectML": "dml directx",
}  # fmt: skip
"""What others call targets, to suggest them: PyTorch, the makers and their runtimes."""


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
    return [_probe(one, target) for one, target in _targets()]


def _targets() -> list[tuple[Backend | DeviceInfo, str]]:
    """(backend, target) of all; what is known of it instead of a backend that does not load."""
    found: list[tuple[Backend | DeviceInfo, str]] = []
    for name in names():
        try:
            one = backend(name)
        except Exception as error:  # a broken plugin must not hide the others
            found.append((DeviceInfo(name, name, False, say(words.LOADING, error)), name))
        else:
            found += [(one, target) for target in one.targets]
    return found


def _probe(one: Backend | DeviceInfo, target: str) -> DeviceInfo:
    if isinstance(one, DeviceInfo):
        return one
    try:
        return one.probe(target)
    except Exception as error:
        return DeviceInfo(target, one.name, False, say(words.PROBING, error))


def find(target: str) -> tuple[Backend, str]:
    """(backend, its target) for what a learner asked for: a target (``"NPU"`` is the first one
    that is there), or a backend's name.

    Raises:
        TypeError, ValueError: no name, or none that is known.
        BackendError: it is known but cannot be reached; the text tells what was looked for.
    """
    found = candidates(target)
    for info in found:
        if info.available:
            return backend(info.backend), info.target
    looked = "\n".join(
        f"  {d.target} by {d.backend}: {d.reason}." + (f" To get it: {d.hint}." if d.hint else "")
        for d in found
    )
    raise BackendError(
        f"The target '{target}' cannot be reached from here. Looked for:\n{looked}\n"
        f"All targets: mslearn devices."
    )


def candidates(target: str) -> list[DeviceInfo]:
    """The state of all that a name may mean (see `find`), the best first, emulators last.

    Raises:
        TypeError, ValueError: no name, or none that is known.
    """
    every, low = _targets(), _lower(target)
    named = {n.lower(): n for n in names()}
    wanted: list[tuple[Backend | DeviceInfo, str]]
    if low in named:
        one = backend(named[low])
        wanted = [(one, t) for t in one.targets]
    elif low == "npu":
        wanted = [pair for t in NPU for pair in every if pair[1] == t]
    else:
        wanted = [pair for pair in every if pair[1].lower() == low]
    if not wanted:
        raise ValueError(_unknown(target, every))
    found = [_probe(*pair) for pair in wanted]  # nobody else: probing loads a runtime
    return sorted(found, key=lambda d: d.emulated)


def _lower(target: Any) -> str:
    if not isinstance(target, str):
        raise TypeError(f"A target is a str such as 'NPU', but got {target!r}.")
    return target.lower()


def _unknown(target: str, every: list[tuple[Backend | DeviceInfo, str]]) -> str:
    known = [*dict.fromkeys(["NPU", *(t for _, t in every)])]
    called = {word: t for t, said in CALLED.items() for word in said.split()}
    meant = called.get(target.lower().partition(":")[0])  # PyTorch's "cuda:0"
    hint = f" Did you mean '{meant}'?" if meant else did_you_mean(target, [*known, *names()])
    return (
        f"There is no target '{target}'.{hint} Known targets: {known}, and by backend: {names()}."
    )


def first(*targets: str) -> str:
    """The first of these targets that is there, for programs that run on many machines::

        ms.set_context(device_target=ms.backends.first("NPU", "GPU", "CPU"), mode=ms.GRAPH_MODE)

    Raises:
        ValueError: a name is not known.
        BackendError: none is there; the text tells what was looked for.
    """
    if not targets:
        raise ValueError("For 'first', name at least one target: first('NPU', 'CPU').")
    said = []
    for target in targets:
        try:
            return find(target)[1]
        except BackendError as error:
            said.append(str(error))
    raise BackendError("\n".join(said))


def configure(
    target: str,
    *,
    fallback: str | None = None,
    provider_options: Mapping[str, Any] | None = None,
    threads: int | None = None,
) -> None:
    """Say once what every graph for a target is compiled with; `ms.jit` says it for one function.

    For programs that choose their device by `set_context`::

        ms.backends.configure("Qualcomm", fallback="cpu")
        ms.set_context(device_target="Qualcomm", mode=ms.GRAPH_MODE)
        model.train(…)

    Each call replaces what the last one for this target has said; graphs are compiled anew where
    that changes something. What `ms.jit` says for a function is stronger, a target is stronger
    than its backend. The device need not be there.

    Args:
        target: a target, ``"NPU"``, or a backend's name, for all of its targets.
        fallback: ``"error"`` (the default) names the operations that the device lacks; ``"cpu"``
            lets the CPU run them, with a warning that says what crosses.
        provider_options: the runtime's own settings, e.g. ``{"htp_performance_mode": "burst"}``.
        threads: the runtime's; as many as ``runtime_num_threads`` of the context by default.

    Raises:
        ValueError, TypeError: a name that is not known, or a value of another kind.

    >>> configure("ONNX-CPU", threads=2)
    >>> configure("ONNX-CPU")  # as at first
    """
    every = _targets()
    known = ["npu", *map(str.lower, names()), *(t.lower() for _, t in every)]
    if _lower(target) not in known:
        raise ValueError(_unknown(target, every))
    settings.check("configure", fallback, provider_options, threads)
    options = None if provider_options is None else dict(provider_options)
    settings.put(settings.Settings(target, fallback, options, threads))


def watched(target: str) -> list[tuple[Any, str, Any]]:
    """What graphs for a target depend on besides their arguments."""
    one, its_target = find(target)
    return settings.watched((one.name, its_target, target))


def _array_module(target: str) -> Any:
    """What eager code may compute with there, of whichever backend has it."""
    for one, its_target in _targets():
        if its_target == target and isinstance(one, Backend) and _probe(one, target).available:
            module = one.array_module(target)
            if module is not None:
                return module
    return None


_told: set[Any] = set()


def choose(target: str, mode: int | None = None) -> None:
    """What ``set_context(device_target=…)`` does.

    On a target with an array module (a GPU with CuPy) eager code runs from now on, too; for others
    a warning says once that only graphs go there.

    Args:
        target: a target or a backend's name.
        mode: the mode that is set with it, if any.

    Raises:
        ValueError, BackendError: as `find` does.
    """
    name = target if target == "CPU" else find(target)[1]
    module = None if target == "CPU" else _array_module(name)
    if module is not None or "mslearn.backends.eager" in sys.modules:
        importlib.import_module("mslearn.backends.eager").settle(module, name)
    eager = module is None and (get_context("mode") if mode is None else mode) != GRAPH_MODE
    if eager and name != "CPU" and name not in _told:
        _told.add(name)
        warn(
            f"Graphs go to '{name}' from now on; what runs operation by operation stays on the "
            f"CPU. To train on '{name}', put @ms.jit above the training step, or "
            f"set_context(mode=ms.GRAPH_MODE)."
        )


def stays(name: str, target: str) -> None:
    """Say once, for a function or Cell that was meant for a target, that it is differentiated from
    outside, and so runs operation by operation."""
    if (name, target) in _told:
        return
    _told.add((name, target))
    its_target = find(target)[1]
    if its_target != "CPU" and _array_module(its_target) is None:
        warn(
            f"'{name}' runs operation by operation, on the CPU and not on '{target}', since it is "
            f"differentiated from outside. Put @ms.jit(backend='{target}') above the whole step, "
            f"ms.grad or ms.value_and_grad included."
        )


def compile(graph: Graph, target: str, **options: Any) -> Executable:
    """Compile an optimized graph for a target; see `mslearn.backends.placing.place`."""
    from mslearn.backends.placing import place

    one, its_target = find(target)
    given = settings.merged((one.name, its_target, target), options)
    return place(one, its_target, graph, given.pop("fallback", "error"), **given)


def table(language: str | None = None) -> str:
    """All targets with state, precision and reason, to print.

    Args:
        language: ``"en"`` or ``"zh"``; what MSLEARN_LANG says by default, else English.
    """
    heads = say(words.HEAD).split("|"), words.chinese(say(words.HEAD)).split("|")
    chinese = words.language(language) == "zh"
    tell = words.chinese if chinese else str
    every = devices()
    cells = [heads[chinese]]
    for d in every:
        state = say(words.READY if d.available else words.ABSENT)
        cells.append([d.target, d.backend, tell(state), d.precision])
    columns = [max(map(words.width, column)) for column in zip(*cells, strict=True)]
    rows = ["  ".join(map(words.padded, row, columns)).rstrip() for row in cells]
    margin = " " * (columns[0] + 2)
    space = min(97, shutil.get_terminal_size((97, 24)).columns) - len(margin)
    lines = [rows[0]]
    for row, d in zip(rows[1:], every, strict=True):
        text = tell(d.reason)
        if d.hint and not d.available:
            text += tell(say(words.TO_GET_IT)) + tell(d.hint)
        lines += [row, *(margin + line for line in words.lines(text, space))]
    ready = joined([d.target for d in every if d.available], ", ", "、")
    return "\n".join([*lines, tell(say(words.USABLE, ready))])
