"""MindSpore's deeper module paths, such as ``mslearn.nn.layer.conv``: they lead to the same names.

Programs for MindSpore import by them (``from mindspore.nn.loss.loss import LossBase``); here the
files are cut differently. A path in the table is a module without a file, which has every name of
the module that it stands for.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

_LAYERS = (
    "activation", "basic", "channel_shuffle", "combined", "container", "conv", "dense", "embedding",
    "image", "math", "normalization", "padding", "pooling", "rnn_cells", "rnns", "transformer",
)  # fmt: skip
_OPTIMIZERS = (
    "ada_grad", "adadelta", "adafactor", "adam", "adamax", "adasum", "asgd", "ftrl", "lamb",
    "lars", "lazyadam", "momentum", "optimizer", "proximal_ada_grad", "rmsprop", "rprop", "sgd",
    "thor",
)  # fmt: skip
# Path below mslearn: the module that has its names ("" is mslearn itself).
PATHS = {
    **dict.fromkeys(
        (
            "common.api", "common.generator", "common.jit_config", "common.mutable",
            "common.recompute", "common.sparse_tensor",
        ),
        "",
    ),
    "common.hook_handle": "gradtools.hooks",
    "hal.event": "hal",
    "runtime.device_limit": "runtime",
    **{f"nn.layer.{name}": "nn" for name in _LAYERS},
    **{f"nn.optim.{name}": "nn" for name in _OPTIMIZERS},
    **dict.fromkeys(
        (
            "nn.layer", "nn.loss.loss", "nn.wrap.cell_wrapper", "nn.wrap.grad_reducer",
            "nn.wrap.loss_scale",
        ),
        "nn",
    ),
    "nn.metrics": "train.metrics",
    "ops.auto_generate": "ops",
    "ops.function": "ops",
    "ops.functional": "ops",
    "ops.operations": "ops",
    "train.amp": "amp",
    "train.data_sink": "train.sink",
    "train.dataset_helper": "train",
    "train.loss_scale_manager": "amp",
    "train.summary": "summary",
}  # fmt: skip


def star(module: ModuleType) -> list[str]:
    """What ``from module import *`` gives: its own list, or its public names but for modules."""
    held = vars(module)
    if "__all__" in held:
        return list(held["__all__"])
    public = (n for n in dir(module) if not n.startswith("_"))
    return [n for n in public if not isinstance(held.get(n), ModuleType)]


def leading_to(place: str) -> Callable[[str], Any]:
    """A module's ``__getattr__`` that looks for further names in ``mslearn.place``."""
    target = f"mslearn.{place}".rstrip(".")

    def get(name: str) -> Any:
        if name.startswith("__") and name != "__all__":
            raise AttributeError(name)
        source = importlib.import_module(target)
        return star(source) if name == "__all__" else getattr(source, name)

    return get


class _Finder:
    """Finds the paths of the table; asked only after the files."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        package, _, rest = name.partition(".")
        known = package == "mslearn" and rest in PATHS
        loader: Any = _Loader(PATHS[rest]) if known else None
        return ModuleSpec(name, loader, is_package=True) if known else None


class _Path(ModuleType):
    """The path's module. `import` sets it in its parent, where a function may have this name."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return getattr(self, self.__name__.rpartition(".")[2])(*args, **kwargs)


class _Loader:
    def __init__(self, place: str) -> None:
        self.place = place

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Path(spec.name, f"MindSpore's path to names of `mslearn.{self.place}`.")

    def exec_module(self, module: ModuleType) -> None:
        """Nothing is run: the names are those of another module."""
        module.__dict__["__getattr__"] = leading_to(self.place)


def install() -> None:
    """Let `import` find the paths; once for a process."""
    if not any(finder is _Finder for finder in sys.meta_path):
        sys.meta_path.append(_Finder)
