"""What every graph for a target is compiled with: said once, for whole programs.

`ms.jit` takes these options for one function. A program that says ``set_context(mode=…,
device_target=…)`` has no such place, and MindSpore's `set_context` takes no further keys.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import cache
from typing import Any

from mslearn.backends.base import BackendError
from mslearn.core.context import get_context
from mslearn.core.state import revision

FALLBACKS = ("error", "cpu")
MOST_THREADS = 1024  # ONNX Runtime ends the process when the system has no more


@dataclasses.dataclass(frozen=True)
class Settings:
    """The options of `ms.jit` for a backend; None is "as it is by itself"."""

    target: str = ""
    fallback: str | None = None
    provider_options: Mapping[str, Any] | None = None
    threads: int | None = None

    def given(self) -> dict[str, Any]:
        """Those that are not None."""
        return {k: v for k, v in vars(self).items() if k != "target" and v is not None}

    def __str__(self) -> str:
        listed = ", ".join(f"{k}={v!r}" for k, v in self.given().items())
        return f"{self.target}: {listed or 'as at first'}"


def check(
    where: str, fallback: Any = None, provider_options: Any = None, threads: Any = None
) -> None:
    """Refuse what no target could use.

    Args:
        where: the function that was called, for the text.

    Raises:
        ValueError: another fallback, or fewer than one thread. TypeError: no dict, no int.
    """
    if fallback not in (None, *FALLBACKS):
        raise ValueError(
            f"For '{where}', fallback must be one of {list(FALLBACKS)}, but got {fallback!r}."
        )
    if provider_options is not None and not isinstance(provider_options, Mapping):
        raise TypeError(
            f"For '{where}', provider_options must be a dict of the runtime's settings, e.g. "
            f'{{"device_id": "1"}}, but got {provider_options!r}.'
        )
    for key in provider_options or ():
        if not isinstance(key, str):
            raise TypeError(
                f"For '{where}', the names in provider_options must be str, but got {key!r}."
            )
    if threads is not None and (isinstance(threads, bool) or not isinstance(threads, int)):
        raise TypeError(f"For '{where}', threads must be an int, but got {threads!r}.")
    if threads is not None and not 1 <= threads <= MOST_THREADS:
        raise ValueError(
            f"For '{where}', threads must be at least 1 and at most {MOST_THREADS}, but got "
            f"{threads}."
        )


class Target:
    """What a target, or a backend, has been given; graphs depend on it (`watched`)."""

    tells_revision = True  # see graph/compilation.py
    settings = Settings()


@cache
def of(name: str) -> Target:
    """The one of that name, in small letters."""
    return Target()


def put(settings: Settings) -> None:
    """Let graphs for its target be compiled with these from now on."""
    of(settings.target.lower()).settings = settings
    revision.advance()


def merged(names: tuple[str, ...], options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a graph: those of the names, the last the strongest, then its own."""
    found: dict[str, Any] = {}
    for name in names:
        found.update(of(name.lower()).settings.given())
    return {**found, **options}


class Context:
    """The context's settings that runtimes read once, when a graph is compiled."""

    tells_revision = True
    runtime_num_threads = property(lambda self: get_context("runtime_num_threads"))
    device_id = property(lambda self: get_context("device_id"))


_CONTEXT = Context()


def watched(names: tuple[str, ...]) -> list[tuple[Any, str, Any]]:
    """What a graph for these names depends on: (object, attribute, its present value)."""
    found: list[tuple[Any, str, Any]] = [(of(n.lower()), "settings", of(n.lower()).settings)
                                         for n in names]  # fmt: skip
    for name in ("runtime_num_threads", "device_id"):
        found.append((_CONTEXT, name, get_context(name)))
    return found


def device_number(target: str, countable: bool) -> int:
    """The context's ``device_id`` for a target.

    Args:
        countable: whether the target can be told which of several devices to take.

    Raises:
        BackendError: another one than 0 is wanted of a target that cannot be told.
    """
    number = int(get_context("device_id"))
    if number and not countable:
        raise BackendError(
            f"The target '{target}' cannot be told which device to take, but device_id is "
            f"{number}. Say ms.set_context(device_id=0)."
        )
    return number
