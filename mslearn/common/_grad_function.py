"""MindSpore's path to `_Function`, which stands above this layer and is loaded by name."""

import importlib


def __getattr__(name: str) -> object:
    if name == "_Function":
        return importlib.import_module("mslearn.gradtools.function")._Function
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'.")
