"""`insight.predictions`: the confusion matrix with the samples behind each cell, as a widget."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import traitlets as t

from mslearn.common.png import png

from . import image_static
from .base import InsightWidget
from .image_arrays import shrunk, sprite
from .image_predictions import Kept, Tally, batches, evaluating
from .image_view import chosen, values_of
from .parameter_stats import as_array

PAGE = 40
_TILE = 96
_ASKED = ("true", "predicted", "wrong", "order", "page")
_ORDERS: dict[str, Callable[[Kept], Any]] = {
    "data": lambda kept: kept.row,
    "unsure": lambda kept: (kept.confidence, kept.row),
    "loss": lambda kept: (-kept.loss, kept.row),
}


def predictions(
    model: Any,
    images: Any,
    labels: Any = None,
    *,
    class_names: Sequence[str] | Mapping[int, str] | None = None,
    pictures: Callable[[Any], Any] | None = None,
    keep: int = 64,
    batch_size: int = 256,
    language: str | None = None,
) -> PredictionsView:
    """What a classifier says about each picture, and which classes it mixes up.

    Example:
        >>> insight.predictions(net, test_set)                       # a data set, batched
        PredictionsView(462 of 500 right, 10 classes)
        >>> insight.predictions(net, images, labels, class_names=["cat", "dog"])
        >>> insight.predictions(logits, images, labels)              # computed already
        >>> insight.predictions(net, x, y, pictures=lambda x: x.reshape(-1, 28, 28))
    """
    return PredictionsView(
        model, images, labels, class_names=class_names, pictures=pictures, keep=keep,
        batch_size=batch_size, language=language,
    )  # fmt: skip


class PredictionsView(InsightWidget):
    """The confusion matrix, and a contact sheet of the samples behind the cell that is chosen.

    Args:
        model: a Cell (Dropout and BatchNorm rest meanwhile), a Model, or any function from a batch
            to scores (N, C); or the answers themselves: scores or probabilities (N, C), or
            predicted classes (N,), int. Rows that are no probabilities go through softmax.
        images: what the model takes: an array (N, …), with `labels`; or a data set (or any
            iterable) of batches whose first two columns are images and labels.
        labels: classes (N,), int, counting from 0.
        class_names: a name for each class; they are shown as text, whatever they hold.
        pictures: makes pictures (N, H, W), (N, C, H, W) or (N, H, W, C) of a batch of images,
            where these are no pictures themselves.
        keep: samples kept with their picture in each cell of the matrix: those with the largest
            loss. Fewer when all pictures together would take more than 64 MB. Pictures larger
            than 128 pixels are kept smaller.
        batch_size: how many rows of an array go to the model at once.

    Attributes:
        counts: int64 (C, C), row: true class, column: predicted class. As
            `mslearn.train.ConfusionMatrix` counts.
        recall, precision: float64 (C,): right answers as a share of the row, of the column; NaN
            for a class that never occurs, is never predicted.

    Raises:
        TypeError, ValueError: shapes that do not fit, with the fix.
    """

    bundle = "images-predictions"

    table = t.Dict().tag(sync=True)

    def __init__(
        self,
        model: Any,
        images: Any,
        labels: Any = None,
        *,
        class_names: Sequence[str] | Mapping[int, str] | None = None,
        pictures: Callable[[Any], Any] | None = None,
        keep: int = 64,
        batch_size: int = 256,
        language: str | None = None,
    ) -> None:
        for name, value in (("keep", keep), ("batch_size", batch_size)):
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ValueError(
                    f"insight.predictions: {name} must be an int of at least 1, but got {value!r}."
                )
        if isinstance(class_names, Mapping):
            top = max(class_names, default=-1)
            class_names = [str(class_names.get(c, c)) for c in range(top + 1)]
        self.tally = Tally(class_names, keep)
        draw = pictures or _as_they_are
        with evaluating(model) as run:
            if callable(model) or hasattr(model, "predict"):
                for batch, truth in batches(images, labels, batch_size):
                    self.tally.add(run(batch), truth, draw(batch))
            elif labels is None:
                raise ValueError(
                    "insight.predictions: got predictions and no labels, wanted both as arrays, or "
                    "a network and a data set."
                )
            else:
                self.tally.add(as_array(model), labels, draw(images))
        if not self.tally.seen + self.tally.left_out:
            raise ValueError("insight.predictions: the data set has no rows.")
        extra = {} if language is None else {"language": language}
        super().__init__(table=self._table(), **extra)
        self.on_msg(self._on_message)

    @property
    def counts(self) -> np.ndarray:
        return self.tally.matrix(range(self.tally.classes))

    @property
    def recall(self) -> np.ndarray:
        return self._share(self.tally.row_sums())

    @property
    def precision(self) -> np.ndarray:
        return self._share(self.tally.column_sums())

    def _share(self, sums: np.ndarray) -> np.ndarray:
        right = np.array([self.tally.count(c, c) for c in range(self.tally.classes)], np.float64)
        share: np.ndarray = right / np.where(sums > 0, sums, np.nan)
        return share

    def rows(self, true: int | None = None, predicted: int | None = None) -> list[int]:
        """Row numbers in the data of the samples kept behind a cell, the largest loss first.

        >>> view.rows(true=4, predicted=9)                            # doctest: +SKIP
        [247, 115, 321]
        """
        found = self.tally.samples(true, predicted)
        return [kept.row for kept in self._sorted(found, "loss")]

    def _sorted(self, samples: list[Kept], order: Any) -> list[Kept]:
        if order not in _ORDERS or not self.tally.scored:
            order = "data"
        return sorted(samples, key=_ORDERS[order])

    def _table(self) -> dict[str, Any]:
        tally = self.tally
        shown = tally.shown()
        rows, columns = tally.row_sums(), tally.column_sums()
        confused = tally.confused()
        named = {*shown, *(c for pair in confused for c in pair[:2])}
        return {
            "seen": tally.seen, "right": tally.right, "leftOut": tally.left_out,
            "classes": tally.classes, "shown": shown, "counts": tally.matrix(shown).tolist(),
            "names": {str(c): tally.name(c) for c in named},
            "rows": [int(rows[c]) for c in shown], "columns": [int(columns[c]) for c in shown],
            "confused": confused, "scored": tally.scored, "softmax": tally.softmax,
            "range": tally.range, "keep": tally.keep, "block": tally.block,
        }  # fmt: skip

    # -- answers to the browser -----------------------------------------------------------------

    def _on_message(self, _: Any, content: Any, buffers: Any) -> None:
        kind = content.get("type") if isinstance(content, dict) else None
        if kind == "sheet":
            self._send_sheet({k: content.get(k) for k in _ASKED})
        elif kind == "csv":
            self.send({"type": "csv", "text": self.to_csv()})
        elif kind == "tile" and isinstance(row := content.get("row"), int):
            for kept in self.tally.samples():
                if kept.row == row:
                    facts, values = values_of(kept.picture)
                    top = [[self.tally.name(c), p, c] for c, p in kept.top]
                    answer = {"type": "tile", "row": row, "top": top, "true": kept.true}
                    self.send({**answer, **facts}, [values.tobytes()])

    def _send_sheet(self, ask: dict[str, Any]) -> None:
        true, said = (ask[k] if isinstance(ask[k], int) else None for k in ("true", "predicted"))
        found = self.tally.samples(true, said)
        total = self.tally.count(true, said)
        if ask["wrong"] is True:
            found = [kept for kept in found if kept.true != kept.predicted]
            total -= sum(
                self.tally.count(c, c)
                for c in range(self.tally.classes)
                if true in (None, c) and said in (None, c)
            )
        found = self._sorted(found, ask["order"])
        page = ask["page"] if isinstance(ask["page"], int) else 0
        first = min(max(page, 0) * PAGE, max(len(found) - 1, 0) // PAGE * PAGE)
        part = found[first : first + PAGE]
        tiles = [
            {
                "row": kept.row, "true": kept.true, "said": kept.predicted,
                "names": [self.tally.name(kept.true), self.tally.name(kept.predicted)],
                "sure": None if math.isnan(kept.confidence) else kept.confidence,
            }
            for kept in part
        ]  # fmt: skip
        answer = {"type": "sheet", "ask": ask, "total": total, "kept": len(found), "first": first,
                  "tiles": tiles, "columns": 8, "tile": [1, 1]}  # fmt: skip
        buffers = []
        if part:
            low, high = self.tally.range or (0.0, 1.0)
            small = shrunk(chosen(np.stack([kept.picture for kept in part]), -1)[0], _TILE)
            every = np.ones(len(part))
            buffers.append(png(sprite(small, low * every, high * every, 8)))
            answer["tile"] = list(small.shape[1:3])
        self.send(answer, buffers)

    # -- without a browser ----------------------------------------------------------------------

    def to_csv(self) -> str:
        """The counts of all classes as CSV: a row for each true class, a column for each answer."""
        names = [self.tally.name(c) for c in range(self.tally.classes)]
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["true", *names])
        writer.writerows([name, *row] for name, row in zip(names, self.counts, strict=True))
        return out.getvalue()

    def to_html(self) -> str:
        """The matrix and the worst mistakes as HTML, the same bytes for the same data."""
        wrong = [kept for kept in self.tally.samples() if kept.true != kept.predicted]
        return image_static.predictions_html(
            self.tally, self._sorted(wrong, "loss")[:12], self.language
        )

    def fallback(self) -> dict[str, str]:
        return {"text/html": self.to_html()}

    def __repr__(self) -> str:
        tally = self.tally
        return f"PredictionsView({tally.right} of {tally.seen} right, {tally.classes} classes)"


def _as_they_are(batch: Any) -> Any:
    shape = as_array(batch).shape
    side = math.isqrt(shape[1]) if len(shape) == 2 else 0
    if len(shape) < 3:
        size = f"{side}, {side}" if side and side**2 == shape[1] else "height, width"
        raise ValueError(
            f"insight.predictions: got a batch of shape {shape}, wanted pictures (N, H, W), "
            f"(N, C, H, W) or (N, H, W, C). Say how rows become pictures: "
            f"pictures=lambda x: x.reshape(-1, {size})"
        )
    return batch
