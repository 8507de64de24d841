"""Weights of PyTorch networks for networks here: names are translated, layouts are the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from mslearn.core.errors import did_you_mean
from mslearn.core.parameter import Parameter
from mslearn.core.tensor import Tensor
from mslearn.nn.cell import Cell
from mslearn.train import safetensors_format
from mslearn.train.checkpoint_format import CheckpointError
from mslearn.train.torch_file import TorchFile

NameMap = Mapping[str, str] | Callable[[str], str | None] | str | None
# What a parameter may be called here: PyTorch's layers have weight and bias only.
_LAST = {
    "weight": ("gamma", "embedding_table", "w"), "bias": ("beta",),
    "running_mean": ("moving_mean",), "running_var": ("moving_variance",),
}  # fmt: skip
_PARTS = {"linear1": "dense1", "linear2": "dense2"}
_WRAPPERS = ("state_dict", "model_state_dict", "model", "net", "params", "ema")
_COUNTER = "num_batches_tracked"  # PyTorch's BatchNorm counts batches; ours does not


@dataclass
class WeightReport:
    """What `load_torch_weights` did; true when every parameter of the net was loaded."""

    loaded: dict[str, str] = field(default_factory=dict)  # our name: the file's
    missing: list[str] = field(default_factory=list)  # of the net
    unused: list[str] = field(default_factory=list)  # of the file

    def __bool__(self) -> bool:
        return not self.missing

    def __str__(self) -> str:
        lines = [f"loaded {len(self.loaded)} parameters"]
        for title, names, others in (
            ("not in the file", self.missing, self.unused),
            ("not used of the file", self.unused, []),
        ):
            if names:
                shown = "".join(f"\n  {n}{did_you_mean(n, others)}" for n in names[:20])
                more = f"\n  … {len(names) - 20} more" if len(names) > 20 else ""
                lines.append(f"{len(names)} {title}:{shown}{more}")
        return "\n".join(lines)


def read_torch_weights(path: str | PathLike[str], key: str | None = None) -> dict[str, Tensor]:
    """The tensors of a ``.pt``, ``.pth``, ``.bin`` or ``.safetensors`` file, by PyTorch's names.

    PyTorch is not needed, and nothing of the file is ever run.

    Args:
        key: of a file that holds more than weights: which entry has them, e.g. ``"state_dict"``;
            found by itself under the usual names.

    Raises:
        ValueError: no such file, or one that is damaged, old, or holds more than plain data.
    """
    path = Path(path)
    if not path.is_file():
        near = did_you_mean(path.name, [p.name for p in path.parent.glob("*") if p.is_file()])
        raise ValueError(f"For 'read_torch_weights', there is no file {path}.{near}")
    try:
        if path.suffix == ".safetensors":
            found: Any = safetensors_format.decode(path.read_bytes())[0]
        else:
            found = TorchFile(path).load()
        found = _weights(found, key)
    except CheckpointError as error:
        raise ValueError(f"For 'read_torch_weights', {path} cannot be read: {error}.") from error
    return {name: Tensor(np.ascontiguousarray(array)) for name, array in found.items()}


def _weights(found: Any, key: str | None) -> dict[str, np.ndarray]:
    if isinstance(found, dict) and key is None:
        key = next((k for k in _WRAPPERS if _tensors(found.get(k))), None)
    if key is not None:
        if not isinstance(found, dict) or key not in found:
            keys = ", ".join(map(str, found)) if isinstance(found, dict) else "no dict"
            raise CheckpointError(f"it has no entry '{key}', but {keys}")
        found = found[key]
    tensors = _tensors(found)
    if not tensors:
        held = ", ".join(map(str, list(found)[:8])) if isinstance(found, dict) else "no dict"
        raise CheckpointError(f"it holds no weights by name, but {held}; say which with key=…")
    return tensors


def _tensors(value: Any) -> dict[str, np.ndarray]:
    if not isinstance(value, dict):
        return {}
    return {k: v for k, v in value.items() if isinstance(k, str) and isinstance(v, np.ndarray)}


def load_torch_weights(
    path: str | PathLike[str], net: Cell, name_map: NameMap = None, strict_load: bool = False,
    key: str | None = None,
) -> WeightReport:  # fmt: skip
    """Give a Cell the weights of a PyTorch network of the same build.

    Names are found by themselves where both networks call their layers the same: ``bn.weight`` is
    ``bn.gamma`` here, ``running_var`` ``moving_variance``, an embedding's ``weight`` its
    ``embedding_table``; a prefix ``module.`` is dropped. No weight needs turning: Dense and
    Linear, both Conv2d and both recurrent networks keep theirs alike.

    Args:
        path: ``.pt``, ``.pth``, ``.bin`` or ``.safetensors``.
        net: nothing in it changes unless all shapes fit.
        name_map: where layers are called otherwise: ``{"their.prefix": "our.prefix"}``, a function
            from their name to ours (None: leave out), or ``"order"``: one after the other, as they
            stand in both.
        strict_load: refuse when a parameter of the net or of the file is left over.
        key: see `read_torch_weights`.

    Raises:
        ValueError: the file cannot be read, shapes differ, or (strict) something is left over.

    For example ``print(load_torch_weights("resnet18.pth", net, name_map="order"))``.
    """
    if not isinstance(net, Cell):
        raise TypeError(
            f"For 'load_torch_weights', give the file first and then a Cell, but the second "
            f"argument is a '{type(net).__name__}': load_torch_weights(path, net)."
        )
    theirs = read_torch_weights(path, key)
    theirs = {n: t for n, t in theirs.items() if not n.endswith(_COUNTER)}
    own = net.parameters_dict()
    if name_map == "order":
        names = _by_order(own, theirs)
    else:
        names = {n: _translated(n, own, name_map) for n in theirs}
    report = WeightReport()
    fitting: list[tuple[Parameter, Tensor]] = []
    for name, value in theirs.items():
        mine = names[name]
        if mine is None or mine not in own or mine in report.loaded:
            report.unused.append(name)
            continue
        fitting.append((own[mine], _shaped(mine, own[mine], name, value)))
        report.loaded[mine] = name
    report.missing = [n for n in own if n not in report.loaded]
    if strict_load and (report.missing or report.unused):
        raise ValueError(f"For 'load_torch_weights' with strict_load, not all fits: {report}")
    for param, value in fitting:
        param.set_data(value.astype(param.dtype))
    return report


def _translated(name: str, own: Mapping[str, Any], name_map: NameMap) -> str | None:
    if callable(name_map):
        mapped = name_map(name)
        if mapped is None:
            return None
        name = mapped
    elif isinstance(name_map, str):
        raise ValueError(
            f"For 'load_torch_weights', name_map is a dict, a function or 'order', but got "
            f"{name_map!r}."
        )
    else:
        name = name.removeprefix("module.")
        for prefix in sorted(name_map or {}, key=len, reverse=True):
            if name == prefix or name.startswith(f"{prefix}."):
                name = f"{(name_map or {})[prefix]}{name[len(prefix) :]}".removeprefix(".")
                break
    head, _, last = name.rpartition(".")
    if name in own:
        return name
    heads = (head, ".".join(_PARTS.get(part, part) for part in head.split(".")))
    for head in heads:
        for end in (last, *_LAST.get(last, ())):
            candidate = f"{head}.{end}" if head else end
            if candidate in own:
                return candidate
    return None


def _by_order(own: dict[str, Parameter], theirs: dict[str, Tensor]) -> dict[str, str | None]:
    """One after the other; running means stand behind gamma and beta in both programs."""
    if len(own) != len(theirs):
        raise ValueError(
            f"For 'load_torch_weights' with name_map='order', net and file must have as many "
            f"parameters, but got {len(own)} and {len(theirs)}."
        )

    def is_statistic(name: str) -> bool:
        return name.rpartition(".")[2] in (
            "running_mean", "running_var", "moving_mean", "moving_variance",
        )  # fmt: skip

    # Some layers list statistics before gamma and beta: pair each kind by itself.
    out: dict[str, str | None] = {}
    for kind in (True, False):
        mine = [n for n in own if is_statistic(n) is kind]
        their = [n for n in theirs if is_statistic(n) is kind]
        if len(mine) != len(their):
            raise ValueError(
                f"For 'load_torch_weights' with name_map='order', the net has {len(mine)} and the "
                f"file {len(their)} {'running statistics' if kind else 'trained weights'}."
            )
        out.update(zip(their, mine, strict=True))
    return out


def _shaped(mine: str, param: Parameter, name: str, value: Tensor) -> Tensor:
    def core(shape: tuple[int, ...]) -> list[int]:
        return [n for n in shape if n != 1]

    if value.shape != param.shape and core(value.shape) != core(param.shape):
        raise ValueError(
            f"For 'load_torch_weights', {mine} of the net has the shape {param.shape}, but {name} "
            f"of the file has {value.shape}. Build both networks alike."
        )
    return value.reshape(param.shape)  # e.g. Conv1d, which keeps an axis of length 1 here
