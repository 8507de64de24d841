"""Dice coefficient and cosine similarity."""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.train.metrics.base import Metric, array, rearrange_inputs


class Dice(Metric):
    """2 · |A ∩ B| / (|A| + |B| + smooth) of each batch; their sum by the number of rows.

    (So it is in MindSpore: with batches of more than one row, multiply by the batch size to have
    the coefficient itself.)
    """

    def __init__(self, smooth: float = 1e-5) -> None:
        super().__init__()
        if not smooth > 0:
            raise ValueError(
                f"For 'Dice', the argument 'smooth' must be positive, but got {smooth}."
            )
        self.smooth = smooth
        self.clear()

    def clear(self) -> None:
        self._sum, self._count = 0.0, 0

    @rearrange_inputs
    def update(self, *inputs: Any) -> None:
        pred, true = self._two(inputs)
        if pred.shape != true.shape:
            raise ValueError(
                f"For 'Dice.update', predicted and true value need the same shape, but got "
                f"{pred.shape} and {true.shape}."
            )
        a, b = pred.reshape(-1), true.reshape(-1)
        self._sum += 2 * float(a @ b) / (float(a @ a + b @ b) + self.smooth)
        self._count += len(true)

    def eval(self) -> float:
        self._some(self._count)
        return self._sum / self._count


class CosineSimilarity(Metric):
    """How alike the rows of a matrix are, each with each.

    Args:
        similarity: ``"cosine"``, or ``"dot"`` for the product without the lengths.
        reduction: ``"none"`` gives the matrix, ``"sum"`` and ``"mean"`` go along its last axis.
        zero_diagonal: the likeness of a row to itself counts as 0.
    """

    def __init__(
        self, similarity: str = "cosine", reduction: str = "none", zero_diagonal: bool = True
    ) -> None:
        super().__init__()
        for name, value, allowed in (
            ("similarity", similarity, ("cosine", "dot")),
            ("reduction", reduction, ("none", "sum", "mean")),
        ):
            if value not in allowed:
                raise ValueError(
                    f"For 'CosineSimilarity', the argument '{name}' must be one of {allowed}, but "
                    f"got {value!r}."
                )
        self.similarity, self.reduction, self.zero_diagonal = similarity, reduction, zero_diagonal
        self.clear()

    def clear(self) -> None:
        self._matrix: np.ndarray | None = None

    @rearrange_inputs
    def update(self, inputs: Any) -> None:
        rows = array(inputs)
        if rows.ndim != 2:
            raise ValueError(
                f"For 'CosineSimilarity.update', a matrix is wanted, but got shape {rows.shape}."
            )
        if self.similarity == "cosine":
            rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        self._matrix = rows @ rows.T
        if self.zero_diagonal:
            np.fill_diagonal(self._matrix, 0)

    def eval(self) -> np.ndarray:
        if self._matrix is None:
            raise RuntimeError("Please call the 'update' method before calling 'eval' method.")
        if self.reduction == "none":
            return self._matrix
        return self._matrix.sum(-1) if self.reduction == "sum" else self._matrix.mean(-1)
