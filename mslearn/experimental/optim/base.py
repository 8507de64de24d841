"""`Optimizer`: groups of Parameters, each with its options, which may change between steps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import numpy as np

from mslearn import ops
from mslearn.common.parameter import ParameterTuple
from mslearn.core.dtype import FLOAT32
from mslearn.core.parameter import Parameter
from mslearn.core.tensor import Tensor
from mslearn.nn.cell import Cell

# Options that may not be below 0, and what messages call them.
_FROM_ZERO = {
    "lr": "learning rate", "momentum": "momentum value", "eps": "epsilon value",
    "weight_decay": "weight_decay value", "rho": "rho value", "alpha": "alpha value",
    "lr_decay": "lr_decay value", "initial_accumulator_value": "initial_accumulator_value",
    "momentum_decay": "momentum_decay value",
}  # fmt: skip
COUNTER = None  # as a start in `slots`: one number, the steps made


def given(arguments: dict[str, Any]) -> dict[str, Any]:
    """The options among the `locals()` of a constructor."""
    return {n: v for n, v in arguments.items() if n not in ("self", "params", "__class__")}


class Optimizer(Cell):
    """Base class of the experimental optimizers.

    Args:
        params: Parameters, or dicts (groups) with ``"params"`` and any of the options.
        defaults: the options' values for groups that do not say them.

    `param_groups` holds a dict for each group; its ``"lr"`` is a Parameter. A subclass says its
    states in `slots`, and in `formula` how a weight and its states move; or it writes its own
    `construct`.
    """

    slots: ClassVar[dict[str, Any]] = {}  # name: start, the option that says it, or COUNTER
    decoupled: ClassVar[bool] = False  # weight decay is the formula's own affair

    def __init__(self, params: Any, defaults: dict[str, Any]) -> None:
        super().__init__(auto_prefix=False)
        if isinstance(params, Tensor) or not isinstance(params, Iterable):
            raise TypeError(
                f"For '{self.cls_name}', the parameters must be a list of Parameters or of dicts, "
                f"but got '{type(params).__name__}'. Pass net.trainable_params()."
            )
        items = list(params)
        if not items:
            raise ValueError(f"For '{self.cls_name}', the parameters must not be empty.")
        self.defaults = dict(defaults)
        self.param_groups: list[dict[str, Any]] = []
        for group in items if isinstance(items[0], dict) else [{"params": items}]:
            self._add(group)
        self._register()

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Train further Parameters: a dict with ``"params"`` and any of the options.

        Raises:
            TypeError: no dict, or an option of another type.
            ValueError: an option out of its range, or a Parameter that is here already.
        """
        self._add(param_group)
        self._register()

    def _add(self, given: Any) -> None:
        if not isinstance(given, dict):
            raise TypeError("Param group must be a dict.")
        params = given["params"]
        group = {**given, **self.defaults, **given}  # in MindSpore's order
        group["params"] = [params] if isinstance(params, Parameter) else list(params)
        known = {id(p) for g in self.param_groups for p in g["params"]}
        if known & {id(p) for p in group["params"]}:
            raise ValueError("Some parameters appear in more than one parameter group.")
        self._check(group)
        rate = np.asarray(float(group["lr"]), FLOAT32)
        group["lr"] = Parameter(rate, name=f"learning_rate_group_{len(self.param_groups)}")
        self.param_groups.append(group)

    def _register(self) -> None:
        """Make the Parameters of all groups, and states for those that are new, this Cell's."""
        pairs = [(p, group) for group in self.param_groups for p in group["params"]]
        self.parameters = ParameterTuple([p for p, _ in pairs])
        for name, start in self.slots.items():
            if start is not COUNTER:
                held = list(self.__dict__.get(name, ()))
                for p, group in pairs[len(held) :]:
                    value = np.full(p.shape, group.get(start, start), p._value.dtype)
                    held.append(Parameter(value, name=f"{name}.{p.name}"))
                setattr(self, name, ParameterTuple(held))
            elif name not in self._params:
                setattr(self, name, Parameter(np.asarray(0, np.int32), name=name))

    def _check(self, group: dict[str, Any]) -> None:
        if isinstance(group["lr"], bool) or not isinstance(group["lr"], float | int | Tensor):
            raise TypeError(
                f"For '{self.cls_name}', the type of 'lr' should be one of "
                f"'['float', 'int', 'Tensor']', but got type '{type(group['lr']).__name__}'."
            )
        for name, text in _FROM_ZERO.items():
            if name in group and not float(group[name]) >= 0:
                raise ValueError(f"Invalid {text}: {group[name]}")
        for i, beta in enumerate(group.get("betas", ())):
            if not 0.0 <= beta < 1.0:
                raise ValueError(f"Invalid beta parameter at index {i}: {beta}")

    @property
    def lrs(self) -> list[Any]:
        """The learning rates, one a group."""
        return [group["lr"] for group in self.param_groups]

    def formula(
        self, o: dict[str, Any], lr: Tensor, t: Any, p: Tensor, g: Tensor, *state: Tensor
    ) -> Sequence[Tensor]:
        """The new weight and its new states; `o` are the options, `t` counts steps from 1."""
        raise NotImplementedError(
            f"For '{self.cls_name}', write construct(self, gradients), or formula."
        )

    def construct(self, gradients: Sequence[Tensor]) -> bool:
        grads = (gradients,) if isinstance(gradients, Tensor) else tuple(gradients)
        if len(grads) != len(self.parameters):
            raise RuntimeError(
                f"For '{self.cls_name}', there are {len(self.parameters)} parameters but "
                f"{len(grads)} gradients. Differentiate with weights=optimizer.parameters."
            )
        t = None
        for name, start in self.slots.items():
            if start is COUNTER:
                ops.assign(getattr(self, name), getattr(self, name) + 1)
                t = ops.cast(getattr(self, name), "float32")
        held = [getattr(self, name) for name, start in self.slots.items() if start is not COUNTER]
        at = 0
        for group in self.param_groups:
            rate = group["lr"]
            lr = rate * 1.0 if isinstance(rate, Tensor) else Tensor(float(rate))
            for param in group["params"]:
                state = [slot[at] for slot in held]
                grad = -grads[at] if group.get("maximize") else grads[at]
                if group.get("weight_decay") and not self.decoupled:
                    grad = grad + param * group["weight_decay"]
                results = self.formula(group, lr, t, param, grad, *state)
                for old, new in zip((param, *state), results, strict=True):
                    if new is not old:
                        ops.assign(old, new)
                at += 1
        return True

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for i, group in enumerate(self.param_groups):
            lines += [""] if i else []
            lines.append(f"Parameter Group {i}")
            for name in sorted(n for n in group if n != "params"):
                value = group[name]
                shown = value.asnumpy() if isinstance(value, Tensor) else value
                lines.append(f"    {name}: {shown!s}")
        return "\n".join([*lines, ")"])
