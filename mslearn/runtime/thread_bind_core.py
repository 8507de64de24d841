"""Which of the processor's cores the program runs on."""

from __future__ import annotations

import json
import os
import re
from typing import Any

from mslearn import log
from mslearn.core.context import get_context
from mslearn.runtime.checking import done, once

MODULES = ("main", "runtime", "pynative", "minddata")
_RANGE = re.compile(r"\d+-\d+|\d+(,\d+)*", re.ASCII)
_NAME = "set_cpu_affinity"


def set_cpu_affinity(
    enable_affinity: bool,
    affinity_cpu_list: list[str] | dict[str, list[str]] | None = None,
    module_to_cpu_dict: dict[str, list[int]] | None = None,
    bind_file: str | None = None,
) -> None:
    """Keep the program to some of the processor's cores, once in a process (Linux).

    The calling thread is bound to the cores of ``"main"``, and so is what it starts later: the
    data pipeline's workers and the runtimes' threads. The other modules have no threads here.

    Args:
        enable_affinity: False leaves everything as it is.
        affinity_cpu_list: ranges of cores, e.g. ``["0-3", "8,9"]``; all by default. A dict has
            such a list for each device: ``{"device0": ["0-3"]}``.
        module_to_cpu_dict: for ``"main"`` and others positions in that list of cores.
        bind_file: a JSON file that says both, as MindSpore's documentation describes it.

    Raises:
        TypeError: no list, no dict. ValueError: no such file, range or position.
        RuntimeError: a core that is not there, or it has been called before.
    """
    once(_NAME)
    if not enable_affinity:
        done(_NAME)
        return
    device = f"device{get_context('device_id')}"
    if bind_file is not None:
        affinity_cpu_list, module_to_cpu_dict = _from_file(bind_file, device)
    if isinstance(affinity_cpu_list, dict):
        if device not in affinity_cpu_list:
            log.warning(
                f"'{_NAME}' changes nothing: affinity_cpu_list has no '{device}', but "
                f"{list(affinity_cpu_list)}."
            )
            return
        affinity_cpu_list = affinity_cpu_list[device]
    for value, kind in ((affinity_cpu_list, list), (module_to_cpu_dict, dict)):
        if value is not None and not isinstance(value, kind):
            raise TypeError(f"For '{_NAME}', a {kind.__name__} is wanted, but got {value!r}.")
    there = sorted(_present())
    cores = _cores(list(affinity_cpu_list), there) if affinity_cpu_list else there
    policy = _policy(module_to_cpu_dict, cores) if module_to_cpu_dict else {"main": cores}
    done(_NAME)
    main = policy.get("main")
    if main and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, main)
        log.warning(f"'{_NAME}' binds this thread, and what it starts, to the cores {main}.")
    else:
        log.warning(f"'{_NAME}' binds no thread here. What was asked for: {policy}.")


def _present() -> set[int]:
    if hasattr(os, "sched_getaffinity"):
        return set(os.sched_getaffinity(0))
    return set(range(os.cpu_count() or 1))


def _cores(ranges: list[str], there: list[int]) -> list[int]:
    found: list[int] = []
    for text in ranges:
        if not isinstance(text, str) or not _RANGE.fullmatch(text):
            raise ValueError(
                f"For '{_NAME}', cores are written like '0-3' or '0,2,5', but got {text!r}."
            )
        first, _, last = text.partition("-")
        found += range(int(first), int(last) + 1) if last else map(int, text.split(","))
    for core in found:
        if core not in there:
            raise RuntimeError(f"For '{_NAME}', there is no core {core} here, only {there}.")
    return found


def _policy(modules: dict[str, Any], cores: list[int]) -> dict[str, list[int]]:
    policy = {}
    for name, positions in modules.items():
        wrong = not isinstance(positions, list) or any(
            isinstance(i, bool) or not isinstance(i, int) or i < 0 for i in positions
        )
        if wrong:
            raise ValueError(
                f"For '{_NAME}', module_to_cpu_dict gives a list of positions from 0 on, but for "
                f"'{name}' it is {positions!r}."
            )
        if name in MODULES:
            policy[name] = [cores[i] for i in positions if i < len(cores)]
    return policy


def _from_file(path: str, device: str) -> tuple[list[str] | None, dict[str, list[int]]]:
    if not os.path.isfile(os.fspath(path)):
        raise ValueError(f"For '{_NAME}', there is no file '{path}'.")
    with open(path, encoding="utf-8") as file:
        told = json.load(file).get("bind_cpu", {}).get(device, {})
    ranges = list(dict.fromkeys(told.values()))
    cores = _cores(ranges, sorted(_present())) if ranges else []
    places = {n: [cores.index(c) for c in _cores([r], cores)] for n, r in told.items()}
    return ranges or None, places
