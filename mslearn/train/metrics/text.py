"""Metrics of text: BLEU and perplexity."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from mslearn.train.metrics.base import Metric, rearrange_inputs


class BleuScore(Metric):
    """BLEU (Papineni et al., 2002) of translated sentences.

    Args:
        n_gram: the longest word groups that count, 1 to 4.
        smooth: add one to every count (Lin and Och, 2004).

    `update` takes sentences (lists of words) and for each a list of reference sentences.
    """

    def __init__(self, n_gram: int = 4, smooth: bool = False) -> None:
        super().__init__()
        if isinstance(n_gram, bool) or not isinstance(n_gram, int) or not 1 <= n_gram <= 4:
            raise ValueError(
                f"For 'BleuScore', the argument 'n_gram' must be from 1 to 4, but got {n_gram!r}."
            )
        if not isinstance(smooth, bool):
            raise TypeError(
                f"For 'BleuScore', the argument 'smooth' must be a bool, but got "
                f"'{type(smooth).__name__}'."
            )
        self.n_gram, self.smooth = n_gram, smooth
        self.clear()

    def clear(self) -> None:
        self._hits = np.zeros(self.n_gram)
        self._all = np.zeros(self.n_gram)
        self._length = self._wanted = 0

    @rearrange_inputs
    def update(self, *inputs: Any) -> None:
        if len(inputs) != 2:
            raise ValueError(
                f"For 'BleuScore.update', it needs 2 inputs (candidate_corpus, reference_corpus), "
                f"but got {len(inputs)}."
            )
        candidates, corpus = inputs
        if len(candidates) != len(corpus):
            raise ValueError(
                f"For 'BleuScore.update', each sentence needs its references, but got "
                f"{len(candidates)} sentences and {len(corpus)} lists of references."
            )
        for candidate, references in zip(candidates, corpus, strict=True):
            self._length += len(candidate)
            # the reference nearest in length; of two, the one that stands first
            self._wanted += min((len(r) for r in references), key=lambda n: abs(n - len(candidate)))
            found = self._groups(candidate)
            most: Counter[tuple[Any, ...]] = Counter()
            for reference in references:
                most |= self._groups(reference)
            for group, count in (found & most).items():
                self._hits[len(group) - 1] += count
            for group, count in found.items():
                self._all[len(group) - 1] += count

    def _groups(self, words: Sequence[Any]) -> Counter[tuple[Any, ...]]:
        sizes = range(1, self.n_gram + 1)
        return Counter(tuple(words[i : i + n]) for n in sizes for i in range(len(words) - n + 1))

    def eval(self) -> float:
        if not self._length:
            raise RuntimeError("Please call the 'update' method before calling 'eval' method.")
        extra = 1 if self.smooth else 0
        hits, every = self._hits + extra, self._all + extra
        if not hits.min() or not every.min():
            return 0.0
        mean = float(np.exp(np.log(hits / every).mean()))
        short = self._length <= self._wanted
        return mean * (math.exp(1 - self._wanted / self._length) if short else 1.0)


class Perplexity(Metric):
    """exp of the mean negative log probability of the right words.

    Args:
        ignore_label: positions with this label do not count.

    `update` takes probabilities (…, C) and labels (…).
    """

    def __init__(self, ignore_label: int | None = None) -> None:
        super().__init__()
        if ignore_label is not None and not isinstance(ignore_label, int):
            raise TypeError(
                f"For 'Perplexity', the argument 'ignore_label' must be an int or None, but got "
                f"'{type(ignore_label).__name__}'."
            )
        self.ignore_label = ignore_label
        self.clear()

    def clear(self) -> None:
        self._sum, self._count = 0.0, 0

    @rearrange_inputs
    def update(self, *inputs: Any) -> None:
        pred, true = self._two(inputs, "predicted value, label")
        if pred.size != true.size * pred.shape[-1]:
            raise RuntimeError(
                f"For 'Perplexity.update', probabilities (…, C) and labels (…) are wanted, but got "
                f"{pred.shape} and {true.shape}."
            )
        label = true.reshape(-1).astype(int)
        chance = pred.reshape(len(label), -1)[np.arange(len(label)), label]
        if self.ignore_label is not None:
            chance = chance[label != self.ignore_label]
        self._sum -= float(np.log(np.maximum(chance, 1e-10)).sum())
        self._count += len(chance)

    def eval(self) -> float:
        self._some(self._count)
        return math.exp(self._sum / self._count)
