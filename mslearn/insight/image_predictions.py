"""Counting predictions over a data set, and keeping the samples that teach most. No Jupyter here.

Counts of all samples are kept, pictures only of some: in each cell of the confusion matrix the
`keep` with the largest loss, and fewer as soon as all of them together outgrow `MEMORY`.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from mslearn.core.tensor import Tensor
from mslearn.nn.cell import Cell

from .image_arrays import block_of, joined, natural_range, pictures_of, shrunk
from .parameter_stats import as_array

MEMORY = 64 << 20  # bytes of pictures
SIDE = 128  # most pixels each way of a picture that is kept
SHOWN = 30  # most classes of a matrix on the page
TOP = 5  # probabilities kept with a sample
_NAME = "insight.predictions"


class Kept(NamedTuple):
    """A sample behind a cell: its row in the data, and what was said about it."""

    row: int
    true: int
    predicted: int
    confidence: float  # probability of the predicted class; NaN without scores
    loss: float  # −log(probability of the true class); NaN without scores
    top: tuple[tuple[int, float], ...]
    picture: np.ndarray  # <H,W,C>


class Tally:
    """How often each class was called each class, and samples of every case.

    Attributes:
        seen, right: how many samples were counted, and how many of them are right.
        left_out: samples with scores that are not finite: they have no prediction.
        scored: whether there are scores, and with them confidence and loss.
        softmax: whether confidence is the softmax of the scores; else they were probabilities.
        range: what the pictures' pixels run from and to.
    """

    def __init__(self, class_names: Sequence[str] | None = None, keep: int = 64) -> None:
        self.names = None if class_names is None else [str(name) for name in class_names]
        self.keep = keep
        self.seen = self.right = self.left_out = self.classes = 0
        self.scored = self.softmax = True
        self.range: tuple[float, float] | None = None
        self.block = 1
        self.data_format = ""
        self._counts: Counter[tuple[int, int]] = Counter()
        # (hardness, −row, sample): the first entry of a heap is the next one to go.
        self._cells: dict[tuple[int, int], list[tuple[float, int, Kept]]] = {}
        self._bytes = self._row = 0
        self._shape: tuple[int, ...] | None = None

    def add(self, answer: Any, labels: Any, images: Any) -> None:
        """One batch: scores (N, C) or classes (N,), labels (N,) and pictures of N samples.

        Raises:
            TypeError, ValueError: what does not fit together.
        """
        answer, truth = as_array(answer), _labels(labels)
        pictures = pictures_of(images, None, _NAME)
        self.data_format = pictures.data_format
        array = pictures.array
        if not len(answer) == len(truth) == len(array):
            raise ValueError(
                f"{_NAME}: got {len(answer)} predictions, {len(truth)} labels and {len(array)} "
                f"pictures (read as {pictures.data_format}), wanted as many of each."
            )
        said, share = self._said(answer)
        width = max(share.shape[1] if share is not None else 0, len(self.names or ()))
        known = said >= 0
        self.classes = max(self.classes, width, int(truth.max()) + 1, int(said.max()) + 1)
        if width and int(truth.max()) >= width:
            raise ValueError(
                f"{_NAME}: a label is {int(truth.max())}, but there are {width} classes: labels "
                "count from 0. Do they belong to another task, or begin at 1?"
            )
        if self._shape not in (None, array.shape[1:]):
            raise ValueError(
                f"{_NAME}: pictures of one size are wanted, but got {array.shape[1:]} after "
                f"{self._shape}. Resize them in the pipeline: "
                "dataset.map(vision.Resize((224, 224)))"
            )
        self._shape = array.shape[1:]
        self.range = joined(self.range, natural_range(array))
        self.block = block_of(self._shape, SIDE)
        small = array if self.block == 1 else shrunk(array, SIDE).astype(np.float32)
        self.left_out += int((~known).sum())
        losses = np.full(len(truth), np.nan)
        if share is not None:
            with np.errstate(divide="ignore"):
                losses = -np.log(share[np.arange(len(truth)), truth])
        for k in np.flatnonzero(known):
            pair = (int(truth[k]), int(said[k]))
            self.seen += 1
            self.right += pair[0] == pair[1]
            self._counts[pair] += 1
            row = self._row + int(k)
            # Without scores the first ones are kept.
            hardness = float(losses[k]) if share is not None else -float(row)
            self._keep(pair, (hardness, -row), None if share is None else share[k], small[k])
        self._row += len(truth)

    def _said(self, answer: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """The predicted class of each row (−1: none), and probabilities."""
        if answer.ndim == 1 and answer.dtype.kind in "iu":
            self.scored = False
            if answer.size and answer.min() < 0:
                raise ValueError(f"{_NAME}: predicted classes count from 0, got {answer.min()}.")
            return answer.astype(np.int64), None
        if answer.ndim != 2 or answer.dtype.kind not in "iuf" or answer.shape[1] < 2:
            raise ValueError(
                f"{_NAME}: got predictions of shape {answer.shape} and dtype {answer.dtype}, "
                "wanted scores (N, C) of C classes or predicted classes (N,), int. A single "
                "probability p is np.stack([1 - p, p], axis=1)."
            )
        scores = answer.astype(np.float64)
        # A masked class has the score -inf; a NaN or an inf says nothing.
        usable: np.ndarray = np.logical_and((scores < np.inf).all(1), np.isfinite(scores).any(1))
        safe = np.where(usable[:, None], scores, 0.0)
        if not self.seen:
            sums = safe[usable].sum(1)
            self.softmax = not ((safe >= 0).all() and np.allclose(sums, 1, atol=1e-3))
        if self.softmax:
            powers = np.exp(safe - safe.max(1, keepdims=True))
            safe = powers / powers.sum(1, keepdims=True)
        return np.where(usable, safe.argmax(1), -1), safe

    def _keep(
        self,
        pair: tuple[int, int],
        rank: tuple[float, int],
        share: np.ndarray | None,
        picture: np.ndarray,
    ) -> None:
        """Put a sample behind its cell, in place of an easier one where the cell is full."""
        cell = self._cells.setdefault(pair, [])
        full = len(cell) >= self.keep or (self._bytes >= MEMORY and len(cell) > 0)
        if full and rank <= cell[0][:2]:
            return
        if not cell and self.keep == 1 and self._bytes >= MEMORY:
            return  # more cells than pictures fit: counted all the same
        top: tuple[tuple[int, float], ...] = ()
        if share is not None:
            likely = np.argpartition(-share, TOP)[:TOP] if len(share) > TOP else range(len(share))
            top = tuple(sorted(((int(c), float(share[c])) for c in likely), key=lambda x: -x[1]))
        confidence = float("nan") if share is None else float(share[pair[1]])
        loss = float("nan") if share is None else rank[0]
        entry = (*rank, Kept(-rank[1], *pair, confidence, loss, top, picture.copy()))
        if full:
            heapq.heapreplace(cell, entry)
            return
        heapq.heappush(cell, entry)
        self._bytes += picture.nbytes
        while self._bytes > MEMORY and self.keep > 1:
            self.keep = max(1, self.keep // 2)
            for heap in self._cells.values():
                while len(heap) > self.keep:
                    self._bytes -= heapq.heappop(heap)[2].picture.nbytes

    # -- reading --------------------------------------------------------------------------------

    def name(self, c: int) -> str:
        """The name of a class; its number where there is none."""
        return self.names[c] if self.names is not None and c < len(self.names) else str(c)

    def samples(self, true: int | None = None, predicted: int | None = None) -> list[Kept]:
        """The samples kept behind a cell, a row or a column of the matrix, or all; by row."""
        found = [
            entry[2]
            for (t, p), cell in self._cells.items()
            if true in (None, t) and predicted in (None, p)
            for entry in cell
        ]
        return sorted(found, key=lambda kept: kept.row)

    def count(self, true: int | None = None, predicted: int | None = None) -> int:
        """How many samples there were of them."""
        if true is not None and predicted is not None:
            return self._counts[true, predicted]
        return sum(
            n for (t, p), n in self._counts.items()
            if true in (None, t) and predicted in (None, p)
        )  # fmt: skip

    def matrix(self, classes: Sequence[int]) -> np.ndarray:
        """Counts, int64: true class down, predicted class across."""
        place = {c: k for k, c in enumerate(classes)}
        out = np.zeros((len(place), len(place)), np.int64)
        for (true, said), n in self._counts.items():
            if true in place and said in place:
                out[place[true], place[said]] = n
        return out

    def row_sums(self) -> np.ndarray:
        """How many samples each true class has."""
        return self._sums(0)

    def column_sums(self) -> np.ndarray:
        """How often each class was predicted."""
        return self._sums(1)

    def _sums(self, axis: int) -> np.ndarray:
        out = np.zeros(self.classes, np.int64)
        for pair, n in self._counts.items():
            out[pair[axis]] += n
        return out

    def shown(self) -> list[int]:
        """The classes that a matrix has room for: those with the most mistakes, in their order."""
        wrong = np.zeros(self.classes, np.int64)
        for (true, said), n in self._counts.items():
            if true != said:
                wrong[true] += n
                wrong[said] += n
        most = np.argsort(-wrong, kind="stable")[:SHOWN]
        return sorted(int(c) for c in most)

    def confused(self, limit: int = 8) -> list[tuple[int, int, int]]:
        """The most frequent mistakes: (true, predicted, how often)."""
        wrong = [(n, *pair) for pair, n in self._counts.items() if pair[0] != pair[1]]
        wrong.sort(key=lambda x: (-x[0], x[1], x[2]))
        return [(true, said, n) for n, true, said in wrong[:limit]]


def _labels(labels: Any) -> np.ndarray:
    array = as_array(labels)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1 or array.dtype.kind not in "iu" or not array.size:
        hint = (
            "One-hot labels become classes by labels.argmax(axis=1)."
            if array.ndim == 2
            else "Batch the data set first: dataset.batch(32)."
            if array.ndim == 0
            else "Cast class numbers with astype(ms.int32)."
        )
        raise ValueError(
            f"{_NAME}: got labels of shape {array.shape} and dtype {array.dtype}, wanted (N,), "
            f"int. {hint}"
        )
    if array.min() < 0:
        raise ValueError(
            f"{_NAME}: a label is {array.min()}, wanted 0 or more. Leave rows without a class out."
        )
    return array.astype(np.int64)


def batches(images: Any, labels: Any, size: int) -> Iterator[tuple[Any, Any]]:
    """Pairs of images and labels: slices of arrays, or what a data set gives."""
    if labels is not None:
        if len(images) != len(labels):
            raise ValueError(f"{_NAME}: got {len(images)} images and {len(labels)} labels.")
        for start in range(0, len(labels), size):
            yield images[start : start + size], labels[start : start + size]
        return
    rows: Iterable[Any]
    if hasattr(images, "create_tuple_iterator"):
        rows = images.create_tuple_iterator(num_epochs=1)
    elif hasattr(images, "shape") or not isinstance(images, Iterable):
        raise ValueError(
            f"{_NAME}: got a {type(images).__name__} and no labels, wanted images and labels, or "
            "a data set that gives both."
        )
    else:
        rows = images
    for row in rows:
        if not isinstance(row, (tuple, list)) or len(row) < 2:
            raise ValueError(
                f"{_NAME}: a row of the data set must hold images and labels, in this order, but "
                f"got {len(row) if isinstance(row, (tuple, list)) else 'no'} columns. Choose them "
                'with dataset.project(["image", "label"]).'
            )
        yield row[0], row[1]


@contextmanager
def evaluating(model: Any) -> Iterator[Callable[[Any], Any]]:
    """A function from a batch to predictions, with Dropout and BatchNorm at rest meanwhile."""
    cells: list[Cell] = []
    if isinstance(model, Cell):
        cells = [cell for _, cell in model.cells_and_names() if cell.training]
    run = getattr(model, "predict", model)

    def call(batch: Any) -> Any:
        answer = run(batch if isinstance(batch, Tensor) else Tensor(as_array(batch)))
        return answer[0] if isinstance(answer, (tuple, list)) else answer

    for cell in cells:
        cell.training = False
    try:
        yield call
    finally:
        for cell in cells:
            cell.training = True
