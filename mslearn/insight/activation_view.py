"""Dead and saturated units as a widget: which they are, and the inputs responsible."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import traitlets as t

from . import activation_static
from .activation_trace import Layer, Record, run
from .base import InsightWidget
from .parameter_stats import figures
from .parameter_view import histories
from .snapshots import History


def activations(
    net: Callable[..., Any],
    batches: Iterable[Any],
    *,
    samples: int = 1000,
    picture: tuple[int, ...] | None = None,
    language: str | None = None,
) -> ActivationsView:
    """Which units of `net` never let a gradient through, and why; see ActivationsView.

    Example:
        >>> insight.activations(net, dataset)                        # doctest: +SKIP
        ActivationsView(2 layers, 544 units, 31 dead, 0 saturated)
    """
    return ActivationsView(net, batches, samples=samples, picture=picture, language=language)


class ActivationsView(InsightWidget):
    """Dead and saturated units of each activation function; of a unit the inputs that drive it.

    A unit is live for a sample where the function's slope is at least 5 % of its largest (a ReLU
    above zero, a tanh between −0.97 and 0.97, a sigmoid between 0.013 and 0.987); one that is
    never live is dead or saturated: no gradient, or hardly any, flows back through it. ReLU,
    ReLU6, HSwish, Tanh, Sigmoid and HSigmoid are watched, as Cells or as functions. In a feature
    map <N,C,H,W> a unit is one of the C maps, in <N,T,D> one of the D features.

    Args:
        net: a Cell or a function of one tensor.
        batches: a data set, or a list of batches; of a batch that is a tuple the first part goes
            to the net, and the second, if it has one entry a sample, is shown as the label. A
            single tensor or array is one batch.
        samples: how many are looked at, at most. Of all of them a thumbnail of at most 48 × 48 is
            kept, of each unit the 8 samples that drive it most.
        picture: the shape of one sample as a picture, ``(28, 28)``, where its own does not tell.

    Attributes:
        record: layers with the units' live shares, and the samples.
        history: a histogram of each layer's outputs for every look.

    Raises:
        ValueError: nothing was watched: no samples, or no such function in the network.
    """

    bundle = "parameters"

    view = t.Unicode("units").tag(sync=True)
    key = t.Unicode().tag(sync=True)  # by which the page remembers what is chosen
    table = t.Dict().tag(sync=True)
    shares = t.Bytes().tag(sync=True)  # float32, of all units of all layers

    def __init__(
        self,
        net: Callable[..., Any],
        batches: Iterable[Any],
        *,
        samples: int = 1000,
        picture: tuple[int, ...] | None = None,
        language: str | None = None,
    ) -> None:
        if not callable(net):
            raise TypeError(
                "insight.activations wants a Cell and batches of inputs, but got a "
                f"{type(net).__name__} first: insight.activations(net, batches)."
            )
        self._net, self._batches = net, batches
        self._samples, self._picture = samples, picture
        self._step = 0
        self._before: dict[tuple[str, str], int] = {}
        self.history = History()
        self.record = self._look(batches, None)
        extra = {} if language is None else {"language": language}
        super().__init__(table=self._table(), key=uuid.uuid4().hex, shares=self._shares(), **extra)
        self.on_msg(self._on_message)

    def update(self, batches: Iterable[Any] | None = None, step: int | None = None) -> None:
        """Look again, with the same batches or new ones; the counts of before stay beside.

        Args:
            batches: as for the view; what can be read only once has to be given anew.
            step: of this look; 1, 2, 3 … when it is not said.
        """
        self._before = {(x.name, x.op): len(x.failed) for x in self.record.layers}
        self.record = self._look(self._batches if batches is None else batches, step)
        self.shares = self._shares()
        self.table = self._table()
        self.refresh_saved_picture()

    def _look(self, batches: Iterable[Any], step: int | None) -> Record:
        if hasattr(batches, "create_tuple_iterator"):
            batches = batches.create_tuple_iterator()
        elif hasattr(batches, "shape"):
            batches = [batches]
        record = run(self._net, batches, self._samples, self._picture)
        if not record.layers:
            why = "there were no samples" if not record.samples else (
                "no ReLU, ReLU6, HSwish, Tanh, Sigmoid or HSigmoid ran on a batch"
            )  # fmt: skip
            raise ValueError(f"insight.activations: nothing to watch, {why}.")
        self._step = self._step + 1 if step is None else int(step)
        made = {_key(x): x.histogram for x in record.layers if x.histogram is not None}
        self.history.add("weight", made, self._step)
        return record

    def _table(self) -> dict[str, Any]:
        rows = [
            {
                "name": layer.name,
                "op": layer.op,
                "shape": list(layer.shape),
                "units": len(layer.live),
                "fails": layer.fails,
                "failed": len(layer.failed),
                "share": float(layer.share.mean()),
                "before": self._before.get((layer.name, layer.op)),
            }
            for layer in self.record.layers
        ]
        return {"step": self._step, "rows": rows, "samples": len(self.record.samples)}

    def _shares(self) -> bytes:
        return b"".join(layer.share.astype(np.float32).tobytes() for layer in self.record.layers)

    def _on_message(self, _: Any, content: Any, buffers: Any) -> None:
        kind = content.get("type") if isinstance(content, dict) else None
        number, unit = (content.get(k) for k in ("number", "unit")) if kind else (None, None)
        record = self.record  # of one look: an update may come meanwhile
        layers = record.layers
        if not isinstance(number, int) or not 0 <= number < len(layers):
            return
        layer = layers[number]
        if kind == "history":
            kinds, out = histories(
                self.history, _key(layer), lambda _, frame: figures(frame.histogram)
            )
            self.send({"type": "history", "number": number, "kinds": kinds}, out)
        elif kind == "unit" and isinstance(unit, int) and 0 <= unit < len(layer.live):
            shown, pictures = [], []
            for rank, k in enumerate(layer.samples[unit].tolist()):
                sample = record.samples[k]
                if sample.picture is not None:
                    pictures.append(sample.picture.tobytes())
                shown.append(
                    {
                        "index": k,
                        "label": sample.label,
                        "text": sample.text,
                        "size": None if sample.picture is None else sample.picture.shape,
                        "input": float(layer.inputs[unit, rank]),
                        "output": float(layer.outputs[unit, rank]),
                    }
                )
            self.send({"type": "unit", "number": number, "unit": unit, "samples": shown}, pictures)

    def to_html(self) -> str:
        """Table, units and responsible inputs as self-contained HTML; same data, same bytes."""
        return activation_static.to_html(self.record, self.table, self.language)

    def fallback(self) -> dict[str, str]:
        return {"text/html": self.to_html()}

    def __repr__(self) -> str:
        rows = self.table["rows"]
        dead, saturated = (
            sum(row["failed"] for row in rows if row["fails"] == kind)
            for kind in ("dead", "saturated")
        )
        return (
            f"ActivationsView({len(rows)} layers, {sum(row['units'] for row in rows)} units, "
            f"{dead} dead, {saturated} saturated)"
        )


def _key(layer: Layer) -> str:
    return f"{layer.name} · {layer.op}"
