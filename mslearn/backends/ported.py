"""An executable around any runtime that takes a file's inputs and gives its outputs, by order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from mslearn.backends.draws import Draws
from mslearn.graph.ir import Graph


class PortedExecutable:
    """Feeds arguments, Parameters and random numbers; the runtime does the rest.

    Args:
        graph: what the model was made of.
        model: an `onnx_model.Model` or `mindir_model.Mindir` with its Parameters as inputs.
        call: arrays of ``model.inputs`` to fresh arrays of ``model.outputs``.
        title: the first line of `code`.

    Attributes:
        code: the model's operators with their counts.
    """

    def __init__(
        self,
        graph: Graph,
        model: Any,
        call: Callable[[list[np.ndarray]], list[np.ndarray]],
        title: str,
    ) -> None:
        self.model = model
        counts = sorted(model.operators.items())
        self.code = "\n".join([title, *(f"{n:5d} {kind}" for kind, n in counts)])
        self._call = call
        self._parameters = [p.parameter for p in model.inputs if p.parameter is not None]
        self._draws = Draws(graph, [p.draw for p in model.inputs if p.draw is not None])
        self._count = len(graph.outputs)

    def run(self, arrays: Sequence[np.ndarray]) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """(outputs, new values of the assigned Parameters); see `mslearn.backends.Executable`."""
        values = [p._value for p in self._parameters]
        found = self._call([*arrays, *values, *self._draws.make()])
        return found[: self._count], found[self._count :]
