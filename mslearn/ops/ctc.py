"""Connectionist temporal classification: labels without a time for each (Graves et al., 2006)."""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.core.errors import DtypeError, ShapeError
from mslearn.core.tensor import Tensor, as_tensor
from mslearn.ops.families import floating
from mslearn.ops.gather_scatter import gather_elements
from mslearn.ops.indexing import where
from mslearn.ops.shape import stack

__all__ = ["ctc_greedy_decoder", "ctc_loss"]
_NEVER = -1e30  # the logarithm of a probability of 0 that has a derivative


def _log_sum(a: Tensor, b: Tensor, c: Tensor) -> Tensor:
    top = a.maximum(b).maximum(c)
    return top + ((a - top).exp() + (b - top).exp() + (c - top).exp()).log()


def _lengths(name: str, given: Any, n: int) -> np.ndarray:
    out = np.asarray(as_tensor(given)._concrete()).reshape(-1)
    if out.dtype.kind not in "iu":
        raise DtypeError(f"For '{name}', lengths must be integers, but got {out.dtype}.")
    if len(out) != n:
        raise ShapeError(f"For '{name}', {n} sequences need {n} lengths, but got {len(out)}.")
    return out


def ctc_loss(log_probs, targets, input_lengths, target_lengths, blank=0, reduction="mean",
             zero_infinity=False):  # fmt: skip
    """Minus the logarithm of the probability of all ways to spell the target in time.

    Args:
        log_probs: (T, N, C) or (T, C), logarithms of probabilities.
        targets: (N, S), or (S,), or the targets of all sequences one after the other.
        input_lengths, target_lengths: (N,) or a number, how much of each counts.
        blank: the class that stands for nothing.
        reduction: ``"mean"`` (each loss over its target's length first), ``"sum"``, ``"none"``.
        zero_infinity: whether a target that cannot be spelled costs 0 instead of infinity.

    Returns:
        The loss and the logarithms of the forward probabilities, (N, T, 2 S + 1).
    """
    x = floating(log_probs)
    single = x.ndim == 2
    x = x.expand_dims(1) if single else x
    steps, n, classes = x.shape
    if not 0 <= blank < classes:
        raise ValueError(f"For 'ctc_loss', blank must be in [0, {classes}), but got {blank}.")
    spans, sizes = (_lengths("ctc_loss", v, n) for v in (input_lengths, target_lengths))
    labels = as_tensor(targets)._concrete()
    longest = int(sizes.max(initial=0))
    if labels.ndim == 1 and not single:
        flat, labels = labels, np.zeros((n, longest), labels.dtype)
        for row, stop, size in zip(labels, np.cumsum(sizes), sizes, strict=True):
            row[:size] = flat[stop - size : stop]
    labels = labels.reshape(n, -1)
    if spans.max(initial=0) > steps or longest > labels.shape[1]:
        raise ValueError(
            f"For 'ctc_loss', the lengths must not exceed the {steps} steps and the targets' "
            f"{labels.shape[1]} places, but got {spans.tolist()} and {sizes.tolist()}."
        )
    places = 2 * labels.shape[1] + 1  # blank, label, blank, label, …, blank
    way = np.full((n, places), blank, np.int64)
    way[:, 1::2] = labels
    jump = np.zeros((n, places), bool)  # from one label to another one without a blank
    jump[:, 3::2] = labels[:, 1:] != labels[:, :-1]
    never = Tensor.wrap(np.full((n, places), _NEVER, x._value.dtype))
    index, jumps = Tensor.wrap(way), Tensor.wrap(jump)
    alpha, rows = None, []
    for t in range(steps):
        here = gather_elements(x[t], 1, index)
        if alpha is None:
            new = where(Tensor.wrap(np.arange(places) < 2), here, never)
        else:
            one = where(Tensor.wrap(np.arange(places) > 0), alpha.roll(1, 1), never)
            two = where(jumps, alpha.roll(2, 1), never)
            new = here + _log_sum(alpha, one, two)
        over = Tensor.wrap((t < spans)[:, None])
        alpha = new if alpha is None else where(over, new, alpha)
        rows.append(where(over, new, never))
    ends = gather_elements(alpha, 1, Tensor.wrap(np.stack((2 * sizes, abs(2 * sizes - 1)), 1)))
    last = where(Tensor.wrap(sizes > 0), ends[:, 1], never[:, 0])
    loss = -_log_sum(ends[:, 0], last, never[:, 0])
    impossible = loss > -_NEVER / 2
    loss = where(impossible, 0.0 if zero_infinity else float("inf"), loss)
    if reduction == "mean":
        loss = (loss / Tensor.wrap(np.maximum(sizes, 1).astype(x._value.dtype))).mean()
    elif reduction == "sum":
        loss = loss.sum()
    elif reduction != "none":
        raise ValueError(f"For 'ctc_loss', reduction is mean, sum or none, not {reduction!r}.")
    elif single:
        loss = loss[0]
    logs = stack(rows, 1)
    return loss, where(logs < _NEVER / 2, -float("inf"), logs)


def ctc_greedy_decoder(inputs, sequence_length, merge_repeated=True):
    """The best class of each step, repeats merged, blanks (the last class) left out.

    Returns:
        Sparse labels: indices (L, 2), values (L,), the shape (N, longest), and minus the sum of
        the best logits, (N, 1).
    """
    x = as_tensor(inputs)._concrete()
    lengths = _lengths("ctc_greedy_decoder", sequence_length, x.shape[1])
    indices, values, longest = [], [], 0
    best, cost = x.argmax(2), np.zeros((x.shape[1], 1), x.dtype)
    for n, steps in enumerate(lengths):
        cost[n] = -x[np.arange(steps), n, best[:steps, n]].sum()
        kept, before = [], -1
        for c in best[:steps, n].tolist():
            if c != x.shape[2] - 1 and not (merge_repeated and c == before):
                kept.append(c)
            before = c
        indices += [(n, i) for i in range(len(kept))]
        values += kept
        longest = max(longest, len(kept))
    out = (np.array(indices, np.int64).reshape(-1, 2), np.array(values, np.int64),
           np.array([x.shape[1], longest], np.int64), cost)  # fmt: skip
    return tuple(map(Tensor.wrap, out))
