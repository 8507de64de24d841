"""The order in which rows of MindRecord files come: MindSpore's reader has rules of its own.

Other sources shuffle in the sampler; MindRecord's reader shuffles its list of rows itself, which
can keep files (`Shuffle.FILES`) or the order of files (`Shuffle.INFILE`). tests/dataset compares
with orders recorded from MindSpore; three of them may surprise:

- with `num_samples` every epoch draws from the one before, so the first one fixes the rows;
- drawing with replacement does that too, with a new generator for each row;
- `SubsetRandomSampler` shuffles once and then keeps its order.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mslearn.dataset.mersenne import MinimalStandard, Twister32, shuffled
from mslearn.dataset.samplers import (
    BuiltinSampler,
    DistributedSampler,
    RandomSampler,
    Shuffle,
    SubsetRandomSampler,
)


def arranged(ids: np.ndarray, mode: Shuffle, ends: np.ndarray, seed: int) -> np.ndarray:
    """One shuffle of the rows `ids`; `ends` are the row numbers at which files end."""
    files = [part for part in np.split(ids, ends) if len(part)]
    if mode is Shuffle.FILES:
        order = shuffled(np.arange(len(files)), MinimalStandard(seed))
        return np.concatenate([files[i] for i in order])
    if mode is Shuffle.INFILE:
        return np.concatenate([shuffled(part, MinimalStandard(seed)) for part in files])
    return shuffled(ids, MinimalStandard(seed))


def orders(
    sampler: BuiltinSampler, mode: Shuffle, ends: np.ndarray, rows: int, seed: int
) -> Iterator[np.ndarray] | None:
    """Row numbers, epoch after epoch; None for a sampler that has no rule of its own here."""
    if sampler.child_sampler is not None:
        return None
    if isinstance(sampler, RandomSampler) and sampler.fixed_seed is None:
        return _random(sampler, mode, ends, rows, seed)
    if isinstance(sampler, SubsetRandomSampler):
        return _subset(sampler, rows, seed)
    if isinstance(sampler, DistributedSampler) and sampler.shuffle:
        return _distributed(sampler, mode, ends, rows, seed)
    return None


def _random(
    sampler: RandomSampler, mode: Shuffle, ends: np.ndarray, rows: int, seed: int
) -> Iterator[np.ndarray]:
    count, ids = sampler.size(rows), np.arange(rows)
    while True:
        if sampler.replacement:
            ids = ids[[Twister32(seed + 1 + i).below(len(ids)) for i in range(count)]]
        else:
            ids = arranged(ids, mode, ends, seed)[:count]
        yield ids
        seed += 1


def _subset(sampler: SubsetRandomSampler, rows: int, seed: int) -> Iterator[np.ndarray]:
    chosen = np.array(sampler.indices[: sampler.size(rows)], np.int64)
    while True:
        yield shuffled(chosen, MinimalStandard(seed))


def _distributed(
    sampler: DistributedSampler, mode: Shuffle, ends: np.ndarray, rows: int, seed: int
) -> Iterator[np.ndarray]:
    share = sampler.share(rows)
    while True:
        yield arranged(np.arange(rows), mode, ends, seed)[share]
        seed += 1
