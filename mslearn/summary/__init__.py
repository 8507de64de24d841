"""What a training leaves behind: event files, written and read, and the bus that fills them.

bus.py        one step's values go to every sink: files, live charts, columns in memory
record.py     `SummaryRecord`; collector.py: `SummaryCollector`, for `Model`
messages.py   values as MindSpore's protocol buffers; tensorboard.py: as TensorBoard's
writer.py     files of records with checksums; reader.py reads them, also while they grow
runs.py       all runs below a folder
"""

import importlib as _importlib

_HOMES = {
    "SummaryRecord": "record",
    "SummaryCollector": "collector",
    "Run": "reader",
    "Runs": "runs",
    "Bus": "bus",
    "Columns": "bus",
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(_importlib.import_module(f"mslearn.summary.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'mslearn.summary' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted(__all__)
