"""`ops.FractionalMaxPool` and `FractionalAvgPool`: windows of random sizes over (N, H, W, C)."""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.core.tensor import Tensor, as_tensor
from mslearn.ops.adaptive import max_over, mean_over
from mslearn.ops.names.random import _rng
from mslearn.ops.shape import cast, transpose


def _cuts(size: int, ratio: float, pseudo: bool, rng: np.random.Generator) -> np.ndarray:
    """Where the windows of fractional pooling begin and end (Graham, 2014, section 2)."""
    count = int(size / ratio)
    if pseudo:  # one random shift u of a regular sequence
        step = size / count
        whole = int(step)
        u = rng.random() * min((whole + 2) / step - 1, (size + 1 - whole) / step - count + 1)
        cuts = (step * (np.arange(count + 1) + u)).astype(int) - int(step * u)
        cuts[-1] = size
        return cuts
    sizes = size // count + (rng.permutation(count) < size % count)
    return np.concatenate([[0], np.cumsum(sizes)])


class FractionalMaxPool:
    """Maxima over windows of random sizes, and where the windows' rows and columns begin and end.

    Args:
        pooling_ratio: by how much the axes shrink: 1.0 for batch and channels.
        pseudo_random: one random shift of regular windows, instead of a random order of sizes.
        overlapping: neighbours share their border.
        deterministic: the same windows in each call.
        seed, seed2: of the random numbers; 0 means that of `set_seed`.
    """

    _kind = "Max"

    def __init__(
        self, pooling_ratio: Any, pseudo_random: bool = False, overlapping: bool = False,
        deterministic: bool = False, seed: int = 0, seed2: int = 0,
    ) -> None:  # fmt: skip
        ratios = tuple(pooling_ratio)
        if len(ratios) != 4 or ratios[0] != 1 or ratios[3] != 1 or min(ratios) < 1:
            raise ValueError(
                f"For 'Fractional{self._kind}Pool', the pooling_ratio holds 4 numbers, 1.0 for "
                f"batch and channels and at least 1.0 for rows and columns, but got {list(ratios)}."
            )
        self.ratios, self.pseudo, self.overlapping = ratios, pseudo_random, overlapping
        self.seeds = seed or int(deterministic), seed2

    def __call__(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x, name = as_tensor(x), f"Fractional{self._kind}Pool"
        if x._value.dtype.char not in "fdil" or x.ndim != 4:
            raise TypeError(
                f"For '{name}', the input must be a float32, float64, int32 or int64 tensor "
                f"(N, H, W, C), but got {x.dtype}{list(x.shape)}."
            )
        rng, sizes = _rng(*self.seeds), zip(x.shape[1:3], self.ratios[1:3], strict=True)
        cuts = [_cuts(n, ratio, self.pseudo, rng) for n, ratio in sizes]
        edges = [(c[:-1], np.minimum(c[1:] + self.overlapping, c[-1])) for c in cuts]
        out = cast(self._pooled(name, x, edges), x._value.dtype)
        return out, *(Tensor.wrap(c.astype("i8")) for c in cuts)

    def _pooled(self, name: str, x: Tensor, edges: list[Any]) -> Tensor:
        found = max_over(name, transpose(x, (0, 3, 1, 2)), edges, False)
        return transpose(found, (0, 2, 3, 1))


class FractionalAvgPool(FractionalMaxPool):
    """Means over windows of random sizes; see `FractionalMaxPool`."""

    _kind = "Avg"

    def _pooled(self, name: str, x: Tensor, edges: list[Any]) -> Tensor:
        out = x if x._value.dtype.kind == "f" else cast(x, "f8")
        for axis, (start, stop) in enumerate(edges, 1):
            out = mean_over(out, axis, start, stop)
        return out
