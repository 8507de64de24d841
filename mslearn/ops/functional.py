"""`mindspore.ops.functional`: all of `mslearn.ops` by its older path."""

from mslearn import ops as _ops


def __getattr__(name: str) -> object:
    return getattr(_ops, name)
