"""Who takes part in a computation: here always one process, number 0 of 1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

BACKENDS = (None, "hccl", "nccl", "mccl")
WORLD = "hccl_world_group"


class GlobalComm:
    """Names of MindSpore's group of all processes."""

    INITED = False
    BACKEND = WORLD_COMM_GROUP = WORLD


def init(backend_name: str | None = None) -> None:
    """Begin: there is nothing to connect to, and `get_rank` is 0.

    >>> import mslearn.communication as communication
    >>> communication.init()
    >>> communication.get_rank(), communication.get_group_size()
    (0, 1)
    """
    if backend_name not in BACKENDS:
        raise ValueError(
            f"For 'init', backend_name must be one of {list(BACKENDS)}, but got {backend_name!r}."
        )
    GlobalComm.INITED = True


def release() -> None:
    """End what `init` began."""
    GlobalComm.INITED = False


def get_rank(group: str = WORLD) -> int:
    """This process's number."""
    return int(_only_world("get_rank", group, 0))


def get_local_rank(group: str = WORLD) -> int:
    """This process's number on its computer."""
    return int(_only_world("get_local_rank", group, 0))


def get_group_size(group: str = WORLD) -> int:
    """How many processes there are."""
    return int(_only_world("get_group_size", group, 1))


def get_local_rank_size(group: str = WORLD) -> int:
    """How many processes there are on this computer."""
    return int(_only_world("get_local_rank_size", group, 1))


def create_group(group: str, rank_ids: Sequence[int]) -> NoReturn:
    """Refused: groups need several processes."""
    raise NotImplementedError(
        f"'create_group' makes the group '{group}' of several processes, and mslearn computes in "
        f"one. Leave it out, or run the program with MindSpore."
    )


def destroy_group(group: str) -> None:
    """Forget a group; there is none."""
    _only_world("destroy_group", group, None)


def _only_world(name: str, group: str, value: Any) -> Any:
    if not isinstance(group, str):
        raise TypeError(f"For '{name}', group must be a str, but got '{type(group).__name__}'.")
    if group not in (WORLD, "nccl_world_group", "mccl_world_group"):
        raise ValueError(
            f"For '{name}', there is no group '{group}': mslearn computes in one process."
        )
    return value
