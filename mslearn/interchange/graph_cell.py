"""`nn.GraphCell`: a network that runs a graph out of a MindIR file."""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.core.dtype import dtype_of
from mslearn.core.errors import DtypeError, ShapeError
from mslearn.core.parameter import Parameter
from mslearn.core.tensor import Tensor
from mslearn.interchange.mindir_adapt import Closure
from mslearn.interchange.mindir_read import MindirGraph
from mslearn.interchange.mindir_run import Runner
from mslearn.nn.cell import Cell


class GraphCell(Cell):
    """Runs what `mslearn.load` has read.

    Its Parameters have the names that they had in the network, can be trained, and saved with
    `save_checkpoint`; gradients and graph mode work as for any Cell.

    Args:
        graph: what `mslearn.load` returned.
        params_init: Tensors or Parameters by name, to start from instead of the file's numbers.
        obf_random_seed: must stay None, as in MindSpore.

    Raises:
        TypeError: `graph` or `params_init` is of another kind.
        ValueError: a shape in `params_init` differs from the file's.

    >>> import mslearn as ms, tempfile
    >>> x = ms.ops.ones((1, 3))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     ms.export(ms.nn.Dense(3, 2), x, file_name=folder + "/net", file_format="MINDIR")
    ...     net = ms.nn.GraphCell(ms.load(folder + "/net.mindir"))
    >>> net(x).shape
    (1, 2)
    """

    def __init__(
        self, graph: MindirGraph, params_init: dict[str, Any] | None = None,
        obf_random_seed: int | None = None,
    ) -> None:  # fmt: skip
        super().__init__(auto_prefix=True)
        if not isinstance(graph, MindirGraph):
            raise TypeError(
                f"For 'GraphCell', the graph must come from mslearn.load(…), but got "
                f"'{type(graph).__name__}'."
            )
        if obf_random_seed is not None:
            raise NotImplementedError("For 'GraphCell', obfuscated files are not supported.")
        self.graph = graph
        given = _checked(params_init)
        for name, array in graph.parameters.values():
            start = given.get(name)
            if start is not None and tuple(start.shape) != array.shape:
                raise ValueError(
                    f"For 'GraphCell', the Parameter '{name}' has shape {list(array.shape)}, but "
                    f"params_init has {list(start.shape)}. They must be equal."
                )
            data = Tensor(array) if start is None else start.astype(dtype_of(array.dtype))
            trained = not name.endswith(("moving_mean", "moving_variance"))
            held = Parameter(data, name, requires_grad=trained)
            self.insert_param_to_cell(name, held, check_name_contain_dot=False)
        known: dict[str, Any] = {
            n: Tensor(v) if isinstance(v, np.ndarray) else v for n, v in graph.constants.items()
        }
        known.update((at, self._params[name]) for at, (name, _) in graph.parameters.items())
        self._runner = Runner(graph, known)

    def construct(self, *inputs: Any) -> Any:
        wanted = self.graph.inputs
        if len(inputs) != len(wanted):
            raise TypeError(
                f"For 'GraphCell', the graph takes {len(wanted)} input(s) "
                f"{[n.split(':')[-1] for n, *_ in wanted]}, but got {len(inputs)}."
            )
        args = [_fitting(*port, x) for port, x in zip(wanted, inputs, strict=True)]
        return self._runner.run(Closure(self.graph.name, tuple(args)))


def _checked(params_init: Any) -> dict[str, Any]:
    if params_init is None:
        return {}
    if not isinstance(params_init, dict):
        raise TypeError(
            f"For 'GraphCell', params_init must be a dict, but got '{type(params_init).__name__}'."
        )
    for name, value in params_init.items():
        if not isinstance(name, str) or not isinstance(value, Tensor):
            raise TypeError(
                f"For 'GraphCell', params_init holds Tensors by name, but got {name!r}: "
                f"'{type(value).__name__}'."
            )
    return params_init


def _fitting(name: str, shape: tuple[int, ...], dtype: Any, x: Any) -> Tensor:
    short = name.split(":")[-1]
    if not isinstance(x, Tensor):
        raise TypeError(
            f"For 'GraphCell', the input '{short}' must be a Tensor, but got '{type(x).__name__}'."
        )
    if len(x.shape) != len(shape) or any(
        n not in (m, -1) and m >= 0 for m, n in zip(shape, x.shape, strict=True)
    ):
        raise ShapeError(
            f"For 'GraphCell', the input '{short}' was exported with shape {list(shape)}, but got "
            f"{list(x.shape)}. Export with Tensor(shape=[None, …]) to leave a size free."
        )
    if x._value.dtype != dtype:
        raise DtypeError(
            f"For 'GraphCell', the input '{short}' must be {dtype_of(dtype)}, but got {x.dtype}. "
            f"Cast it with x.astype(…)."
        )
    return x
