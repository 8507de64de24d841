"""`split`: one data set cut into parts."""

from __future__ import annotations

import copy
import math
import weakref
from collections.abc import Sequence

from mslearn.dataset import config
from mslearn.dataset.base import Dataset
from mslearn.dataset.block import Block
from mslearn.dataset.sampled import MappableDataset
from mslearn.dataset.samplers import RandomSampler, SequentialSampler
from mslearn.dataset.stream import Stream


def split_sizes(sizes: Sequence[int | float], rows: int) -> list[int]:
    """Row counts for sizes given as counts or as fractions.

    Raises:
        TypeError, ValueError, RuntimeError: mixed, not positive, or not adding up.
    """
    if not isinstance(sizes, list) or not sizes:
        kind = TypeError if sizes != [] else ValueError
        raise kind(f"For 'split', sizes must be a list of ints or floats, but got {sizes!r}.")
    if all(isinstance(s, int) and not isinstance(s, bool) for s in sizes):
        if any(s <= 0 for s in sizes):
            raise ValueError(f"For 'split', sizes must be greater than 0, but got {sizes}.")
        if sum(sizes) != rows:
            raise RuntimeError(
                f"For 'split', the sizes {sizes} add up to {sum(sizes)}, but the data set has "
                f"{rows} rows."
            )
        return [int(s) for s in sizes]
    if not all(isinstance(s, float) for s in sizes):
        raise ValueError(f"For 'split', sizes must be all ints or all floats, but got {sizes}.")
    if any(not 0 < s <= 1 for s in sizes) or not math.isclose(sum(sizes), 1.0, abs_tol=1e-6):
        raise ValueError(f"For 'split', fractions must be in (0, 1] and add up to 1, got {sizes}.")
    counts = [round(s * rows) for s in sizes]
    if 0 in counts:
        raise RuntimeError(
            f"For 'split', {sizes} of {rows} rows gives {counts}: a part would be empty."
        )
    # Rounding may leave a row over or one too many: correct the first parts that can bear it.
    difference = rows - sum(counts)
    for i in range(len(counts)):
        if difference > 0 or difference < 0 < counts[i] + difference:
            counts[i], difference = counts[i] + difference, 0
    return counts


def split(dataset: Dataset, sizes: Sequence[int | float], randomize: bool) -> list[Dataset]:
    """The parts; see `Dataset.split`."""
    if not isinstance(randomize, bool):
        raise TypeError(f"For 'split', randomize must be True or False, but got {randomize!r}.")
    rows = dataset.get_dataset_size()
    if rows <= 0:
        raise RuntimeError("For 'split', the data set is empty.")
    counts = split_sizes(sizes, rows)
    seed = config.seed_for_iterator()  # one for all parts, else they would overlap
    parts: list[Dataset] = []
    start = 0
    for count in counts:
        part = copy.copy(dataset)
        part._consumers = weakref.WeakSet()
        if isinstance(part, MappableDataset):
            child = part.sampler
            if randomize:
                random = RandomSampler()
                random.reshuffle_each_epoch = False
                random.fixed_seed = seed
                random.add_child(child)
                child = random
            sampler = SequentialSampler(start, count)
            sampler.add_child(child)
            part._take_sampler(sampler)
            parts.append(part)
        else:
            whole: Dataset = part
            if randomize and rows > 1:
                from mslearn.dataset.ordering import ShuffleDataset

                whole = ShuffleDataset(part, rows)
                whole.reshuffle_each_epoch, whole.fixed_seed = False, seed
            parts.append((whole.skip(start) if start else whole).take(count))
        start += count
    # A part drawn from shuffled data must see the same order in every epoch and in every iterator,
    # or rows would wander from the test part into the training part.
    return [_Frozen(p, seed) for p in parts] if dataset.is_shuffled() else parts


class _Frozen(Dataset):
    """A pipeline that starts every epoch anew from one seed."""

    def __init__(self, input_dataset: Dataset, seed: int) -> None:
        super().__init__(input_dataset)
        self.seed = seed

    def _open(self, seed: int) -> Stream:
        return _FrozenStream(self.children[0], self.seed)


class _FrozenStream(Stream):
    def __init__(self, dataset: Dataset, seed: int) -> None:
        self.dataset, self.seed = dataset, seed
        self.stream = dataset._start(seed)

    def begin(self) -> None:
        self.stream.close()
        self.stream = self.dataset._start(self.seed)
        self.stream.begin()

    def close(self) -> None:
        self.stream.close()

    def read(self, n: int) -> Block | None:
        return self.stream.read(n)
