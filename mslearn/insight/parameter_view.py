"""The parameters of a network as a widget: a table, and each one's histogram and heatmap."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets as t

from . import parameter_static
from .base import InsightWidget
from .parameter_stats import (
    Snapshot,
    histogram,
    match_gradients,
    matrix,
    parameters_of,
    statistics,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def parameters(net: Any, grads: Any = None, *, language: str | None = None) -> ParametersView:
    """Look at every trainable parameter of `net`; see ParametersView.

    Example:
        >>> value, grads = ms.value_and_grad(forward, None, net.trainable_params())(x, y)
        >>> insight.parameters(net, grads)
        ParametersView(6 parameters, 669706 values)
    """
    return ParametersView(net, grads, language=language)


class ParametersView(InsightWidget):
    """Name, shape, statistics and gradient norm of each parameter; histogram and heatmap of one.

    Args:
        net: a Cell, or a list of Parameters.
        grads: their gradients, in the order of ``net.trainable_params()``, or by name in a dict.

    Raises:
        TypeError, ValueError: no Cell, no parameters, or gradients that do not fit.
    """

    bundle = "parameters"

    table = t.Dict().tag(sync=True)

    def __init__(self, net: Any, grads: Any = None, *, language: str | None = None) -> None:
        self._params = parameters_of(net)
        self._version = 0
        self._snapshots: list[Snapshot] = []
        self._take(grads)
        extra = {} if language is None else {"language": language}
        super().__init__(table=self._table(), **extra)
        self.on_msg(self._on_message)

    def update(self, grads: Any = None) -> None:
        """Look again: new values, new gradients, and the update ratio since the last look."""
        self._take(grads)
        self.table = self._table()
        self.refresh_saved_picture()

    def _take(self, grads: Any) -> None:
        gradients = match_gradients(self._params, grads)
        before = {s.name: s.value for s in self._snapshots}
        self._snapshots = [
            Snapshot(p.name, np.array(p.asnumpy()), gradients.get(p.name), before.get(p.name))
            for p in self._params
        ]
        self._version += 1

    def _table(self) -> dict[str, Any]:
        rows = [{k: _plain(v) for k, v in statistics(s).items()} for s in self._snapshots]
        return {"version": self._version, "rows": rows}

    def _on_message(self, _: Any, content: Any, buffers: Any) -> None:
        kind = content.get("type") if isinstance(content, dict) else None
        if kind not in ("detail", "npy"):
            return
        number = content.get("number")
        if not isinstance(number, int) or not 0 <= number < len(self._snapshots):
            return
        if kind == "npy":
            self._send_npy(self._snapshots[number], content.get("grad") is True)
            return
        index = [i for i in content.get("index") or [] if isinstance(i, int)]
        snapshot = self._snapshots[number]
        parts, out = [], []
        for array in (snapshot.value, snapshot.grad):
            if array is None:
                continue
            low, high, counts = histogram(array)
            look = matrix(array, index)
            parts.append(
                {
                    "low": low,
                    "high": high,
                    "block": look.block,
                    "full": look.full,
                    "rows": look.cells.shape[0],
                    "columns": look.cells.shape[1],
                }
            )
            out += [counts.tobytes(), np.ascontiguousarray(look.cells).tobytes()]
        answer = {"type": "detail", "version": self._version, "number": number, "index": index}
        self.send({**answer, "parts": parts}, out)

    def _send_npy(self, snapshot: Snapshot, grad: bool) -> None:
        """The whole array as a file for `numpy.load`."""
        array = snapshot.grad if grad else snapshot.value
        if array is None:
            return
        file = io.BytesIO()
        np.save(file, array, allow_pickle=False)
        name = f"{snapshot.name}{'.grad' if grad else ''}"
        self.send({"type": "npy", "name": name}, [file.getvalue()])

    def to_html(self) -> str:
        """The table as self-contained HTML, the same bytes for the same data."""
        return parameter_static.to_html(self._snapshots, self.language)

    def figure(self) -> Figure:
        """Histograms and heatmaps as a matplotlib Figure (the first eight parameters)."""
        return parameter_static.figure(self._snapshots)

    def fallback(self) -> dict[str, str]:
        return {"text/html": self.to_html()}

    def __repr__(self) -> str:
        values = sum(s.value.size for s in self._snapshots)
        return f"ParametersView({len(self._snapshots)} parameters, {values} values)"


def _plain(value: Any) -> Any:
    """JSON knows neither NaN nor infinity: they travel as text."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
