"""What a Cell holds, by name: buffers, state dicts, Cells by path; and settings kept for MindSpore.

`Cell` inherits this. A buffer is a Tensor that belongs to a Cell but is not trained: it stands in
the state dict (unless it is not persistent), not among the Parameters.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, NoReturn

import numpy as np

from mslearn.core.dtype import DType
from mslearn.core.errors import did_you_mean
from mslearn.core.parameter import Parameter
from mslearn.core.tensor import Tensor
from mslearn.nn.cell_hooks import CellHooks


class IncompatibleKeys(NamedTuple):
    """What `load_state_dict` did not find, and what it did not use."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not any(self):
            return "<All keys matched successfully>"
        return f"IncompatibleKeys(missing_keys={self[0]}, unexpected_keys={self[1]})"


class CellState(CellHooks):
    """Buffers, state dicts and settings of a Cell."""

    get_parameters: Any
    parameters_and_names: Any
    param_prefix: str = ""
    phase: str = "train"
    pipeline_stage: int | None = None

    # -- buffers ------------------------------------------------------------------------------

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Keep a Tensor that is not trained as ``self.name``; `state_dict` has it if `persistent`.

        >>> import mslearn as ms
        >>> net = ms.nn.Dense(2, 2)
        >>> net.register_buffer("seen", ms.Tensor([0]))
        >>> list(net.state_dict())
        ['weight', 'bias', 'seen']
        """
        if not isinstance(name, str):
            raise TypeError(
                f"For 'register_buffer', the name must be a str, but got '{type(name).__name__}'."
            )
        if not name or "." in name or hasattr(self, name):
            raise KeyError(
                f"For 'register_buffer', the name must be new, without '.' and not empty, but got "
                f"{name!r}."
            )
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(
                f"For 'register_buffer', the buffer '{name}' must be a Tensor or None, but got "
                f"'{type(tensor).__name__}'."
            )
        self.__dict__.setdefault("_buffers", OrderedDict())[name] = persistent
        object.__setattr__(self, name, tensor)

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """(path, buffer) of this Cell and, with `recurse`, of all below."""
        return (
            (path, tensor)
            for path, tensor, _ in self._all_buffers(prefix, recurse, remove_duplicate)
        )

    def _all_buffers(
        self, prefix: str, recurse: bool, once: bool = True
    ) -> Iterator[tuple[str, Tensor, bool]]:
        seen: set[int] = set()
        cells = self.cells_and_names(name_prefix=prefix) if recurse else [(prefix, self)]
        for path, cell in cells:
            for name, persistent in cell.__dict__.get("_buffers", {}).items():
                tensor = getattr(cell, name, None)
                if isinstance(tensor, Tensor) and not (once and id(tensor) in seen):
                    seen.add(id(tensor))
                    yield (f"{path}.{name}" if path else name), tensor, persistent

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """The buffers of this Cell and, with `recurse`, of all below."""
        return (tensor for _, tensor in self.named_buffers(recurse=recurse))

    def get_sub_cell(self, target: str) -> Any:
        """The Cell at a path such as ``"encoder.layers.0"``; "" is this one."""
        cell = self
        for part in target.split(".") if target else ():
            children = cell.name_cells()  # type: ignore[attr-defined]
            if part not in children:
                raise AttributeError(
                    f"{type(cell).__name__} has no Cell `{part}`.{did_you_mean(part, children)}"
                )
            cell = children[part]
        return cell

    def get_buffer(self, target: str) -> Tensor:
        """The buffer at a path such as ``"norm.mean"``."""
        path, _, name = target.rpartition(".")
        cell = self.get_sub_cell(path)
        known = cell.__dict__.get("_buffers", {})
        if name not in known:
            raise AttributeError(
                f"`{target}` is not a buffer of {type(self).__name__}.{did_you_mean(name, known)}"
            )
        buffer: Tensor = getattr(cell, name)
        return buffer

    # -- state dicts --------------------------------------------------------------------------

    def state_dict(
        self, *, destination: dict[str, Any] | None = None, prefix: str = "",
        keep_vars: bool = False,
    ) -> dict[str, Any]:  # fmt: skip
        """Parameters and persistent buffers by their paths, Cell by Cell.

        Args:
            destination: a dict to fill; a new one when None.
            prefix: stands before every name.
            keep_vars: kept for MindSpore: the Parameters themselves are in the dict either way.
        """
        out: dict[str, Any] = OrderedDict() if destination is None else destination
        for cell, here, hook in self._all_hooks("before state", prefix):
            hook(cell, here, keep_vars)
        for path, cell in self.cells_and_names():
            here = f"{prefix}{path}." if path else prefix
            out.update((here + name, param) for name, param in cell._params.items())
            for name, tensor, persistent in cell._all_buffers("", False):
                if persistent:
                    out[here + name] = tensor
        for cell, here, hook in reversed(list(self._all_hooks("after state", prefix))):
            hook(cell, out, here, {})
        return out

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True
    ) -> IncompatibleKeys:
        """Take over the values of a `state_dict`; nothing changes unless all shapes fit.

        Raises:
            RuntimeError: a shape differs, or (with `strict`) names are missing or left over.
        """
        state_dict, own = OrderedDict(state_dict), self.state_dict()
        missing: list[str] = []
        unexpected: list[str] = []
        problems: list[str] = []
        for cell, here, hook in self._all_hooks("before load"):
            hook(cell, state_dict, here, {}, strict, missing, unexpected, problems)
        missing += [n for n in own if n not in state_dict]
        unexpected += [n for n in state_dict if n not in own]
        incompatible = IncompatibleKeys(missing, unexpected)
        for cell, _, hook in self._all_hooks("after load"):
            hook(cell, incompatible)
        problems += [
            f"size mismatch for {n}: the net has the shape {own[n].shape}, the dict "
            f"{state_dict[n].shape}."
            for n in own
            if n in state_dict and own[n].shape != state_dict[n].shape
        ]
        if strict and missing:
            named = (f"'{n}'{did_you_mean(n, unexpected)}" for n in missing)
            problems.append(f"Missing key(s) in state_dict: {', '.join(named)}.")
        if strict and unexpected:
            problems.append(f"Unexpected key(s) in state_dict: {', '.join(map(repr, unexpected))}.")
        if problems:
            lines = "".join(f"\n\t{p}" for p in problems)
            raise RuntimeError(f"Error(s) in loading state_dict for {type(self).__name__}:{lines}")
        for name, value in own.items():
            if name not in state_dict:
                continue
            if isinstance(value, Parameter):
                value.set_data(state_dict[name])
            else:
                path, _, last = name.rpartition(".")
                new = state_dict[name].astype(value.dtype)
                object.__setattr__(self.get_sub_cell(path), last, new)
        return incompatible

    def to(self, dtype: DType) -> Any:
        """Turn all floating Parameters and buffers into another floating dtype."""
        new = np.dtype(np.float32) if dtype is None else Tensor(0.0, dtype)._value.dtype
        for param in self.get_parameters():
            if param._value.dtype.kind == "f":
                param.assign_value(param._concrete().astype(new))
        for path, buffer in list(self.named_buffers()):
            if buffer._value.dtype.kind == "f":
                head, _, last = path.rpartition(".")
                object.__setattr__(self.get_sub_cell(head), last, buffer.astype(dtype))
        return self

    def check_names(self) -> None:
        """Raise a ValueError when two Parameters have one name."""
        seen: dict[str, str] = {}
        for path, param in self.parameters_and_names():
            if param.name in seen:
                raise ValueError(
                    f"The value of {path} is {param!r}, but {seen[param.name]} has the name "
                    f"'{param.name}', too. Give one of them another name."
                )
            seen[param.name] = path

    # -- kept for MindSpore -------------------------------------------------------------------

    def set_inputs(self, *inputs: Any, **kwargs: Any) -> None:
        """Remember examples of the inputs, with None for lengths that change; see `get_inputs`."""
        self.__dict__["_given_inputs"] = inputs or tuple(kwargs.values())

    def get_inputs(self) -> tuple[Any, ...] | None:
        """What `set_inputs` was given, or None."""
        given: tuple[Any, ...] | None = self.__dict__.get("_given_inputs")
        return given

    def cast_inputs(self, inputs: tuple[Tensor, ...], dst_type: DType) -> list[Tensor]:
        """The inputs in a dtype."""
        return [x.astype(dst_type) for x in inputs]

    def set_comm_fusion(self, fusion_type: int, recurse: bool = True) -> Any:
        """Accepted: gradients are not sent anywhere, so none are sent together."""
        return self

    def set_broadcast_flag(self, mode: bool = True) -> Any:
        """Accepted: there is one device."""
        return self

    def set_data_parallel(self) -> None:
        """Accepted: there is one device."""

    def shard(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused: it cuts tensors in slices for many devices."""
        raise NotImplementedError(
            "'Cell.shard' cuts tensors in slices for many devices, and mslearn computes on one."
        )
