"""BiLSTM-CRF, which gives a tag to every word (Huang et al. 2015, arXiv:1508.01991).

A conditional random field scores whole sequences of tags: the network's score of each tag
(emission) and a learned score of each pair of neighbours (transition). Its loss is
log(sum over all sequences of exp(score)) - score of the right one.
"""

from __future__ import annotations

from mslearn import nn, ops
from mslearn.common.initializer import Uniform, initializer
from mslearn.core import Parameter, Tensor
from mslearn.core.dtype import int32


def compute_score(
    emissions: Tensor, tags: Tensor, seq_ends: Tensor, mask: Tensor, trans: Tensor,
    start_trans: Tensor, end_trans: Tensor,
) -> Tensor:  # fmt: skip
    """The score (N,) of the tags (T, N): emissions (T, N, tags), mask (T, N) 1 at real words."""
    emitted = ops.gather_d(emissions, 2, ops.expand_dims(tags, 2)).squeeze(2) * mask
    moves = ops.gather_nd(trans, ops.stack((tags[:-1], tags[1:]), -1)) * mask[1:]
    last = ops.gather_d(tags, 0, ops.expand_dims(seq_ends, 0)).squeeze(0)
    ends = ops.gather(start_trans, tags[0], 0) + ops.gather(end_trans, last, 0)
    return ends + emitted.sum(0) + moves.sum(0)


def compute_normalizer(
    emissions: Tensor, mask: Tensor, trans: Tensor, start_trans: Tensor, end_trans: Tensor
) -> Tensor:
    """log(sum(exp(score))) (N,) over all sequences of tags, word after word."""
    score = start_trans + emissions[0]  # (N, tags): of all beginnings that end in each tag
    for t in range(1, emissions.shape[0]):
        # Every tag so far (axis 1) with every next tag (axis 2).
        step = ops.expand_dims(score, 2) + trans + ops.expand_dims(emissions[t], 1)
        longer = ops.logsumexp(step, 1)
        score = ops.where(ops.expand_dims(mask[t], 1) > 0, longer, score)
    return ops.logsumexp(score + end_trans, 1)


def viterbi_decode(
    emissions: Tensor, mask: Tensor, trans: Tensor, start_trans: Tensor, end_trans: Tensor
) -> tuple[Tensor, list[Tensor]]:
    """The best score (N, tags) by last tag, and from where each step came: see `post_decode`."""
    score, history = start_trans + emissions[0], []
    for t in range(1, emissions.shape[0]):
        step = ops.expand_dims(score, 2) + trans + ops.expand_dims(emissions[t], 1)
        history.append(ops.argmax(step, 1))
        score = ops.where(ops.expand_dims(mask[t], 1) > 0, ops.amax(step, 1), score)
    return score + end_trans, history


def post_decode(score: Tensor, history: list[Tensor], seq_length: Tensor) -> list[list[int]]:
    """The best tags of each sequence, by going back through `viterbi_decode`'s history."""
    best, steps = ops.argmax(score, 1).asnumpy(), [h.asnumpy() for h in history]
    out = []
    for row, length in enumerate(seq_length.asnumpy()):
        tags = [int(best[row])]
        for step in reversed(steps[: int(length) - 1]):
            tags.append(int(step[row, tags[-1]]))
        out.append(tags[::-1])
    return out


class CRF(nn.Cell):
    """A conditional random field on top of a network.

    Args:
        num_tags: how many tags there are.
        batch_first: inputs are (N, T, …) instead of (T, N, …).
        reduction: of the losses: ``"none"``, ``"sum"``, ``"mean"`` or ``"token_mean"``.

    Called with emissions and tags it gives the loss; without tags (score, history) for
    `post_decode`. `seq_length` (N,) says how many words are real; all when None.
    """

    def __init__(self, num_tags: int, batch_first: bool = False, reduction: str = "sum") -> None:
        super().__init__()
        if num_tags <= 0 or reduction not in ("none", "sum", "mean", "token_mean"):
            raise ValueError(
                f"For 'CRF', num_tags must be positive and reduction one of 'none', 'sum', 'mean' "
                f"and 'token_mean', but got {num_tags} and {reduction!r}."
            )
        self.num_tags, self.batch_first, self.reduction = num_tags, batch_first, reduction
        start = Uniform(0.1)
        self.start_transitions = Parameter(initializer(start, (num_tags,)))
        self.end_transitions = Parameter(initializer(start, (num_tags,)))
        self.transitions = Parameter(initializer(start, (num_tags, num_tags)))

    def construct(
        self, emissions: Tensor, tags: Tensor | None = None, seq_length: Tensor | None = None
    ) -> Tensor | tuple[Tensor, list[Tensor]]:
        if self.batch_first:
            emissions = ops.swapaxes(emissions, 0, 1)
            tags = None if tags is None else ops.swapaxes(tags, 0, 1)
        length, batch = emissions.shape[:2]
        if seq_length is None:
            seq_length = ops.full((batch,), length, dtype=int32)
        places = ops.arange(length).reshape((-1, 1))
        mask = (places < seq_length).astype(emissions.dtype)
        field = (self.transitions, self.start_transitions, self.end_transitions)
        if tags is None:
            return viterbi_decode(emissions, mask, *field)
        score = compute_score(emissions, tags, seq_length - 1, mask, *field)
        loss = compute_normalizer(emissions, mask, *field) - score
        if self.reduction == "none":
            return loss
        if self.reduction == "token_mean":
            return loss.sum() / mask.sum()
        return loss.sum() if self.reduction == "sum" else loss.mean()


class BiLSTM_CRF(nn.Cell):
    """Word numbers (N, T) with tags (N, T): the loss; without tags: (score, history).

    >>> import mslearn as ms
    >>> net = ms.models.BiLSTM_CRF(20, 8, 6, num_tags=3)
    >>> words, lengths = ms.ops.ones((2, 4), ms.int32), ms.Tensor([4, 3])
    >>> score, history = net(words, lengths)
    >>> [len(tags) for tags in ms.models.post_decode(score, history, lengths)]
    [4, 3]
    """

    def __init__(
        self, vocab_size: int, embedding_dim: int, hidden_dim: int, num_tags: int,
        padding_idx: int = 0,
    ) -> None:  # fmt: skip
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embedding_dim, padding_idx=padding_idx)
        self.lstm = nn.LSTM(embedding_dim, hidden_dim // 2, bidirectional=True, batch_first=True)
        self.hidden2tag = nn.Dense(hidden_dim, num_tags, "he_uniform")
        self.crf = CRF(num_tags, batch_first=True)

    def construct(
        self, inputs: Tensor, seq_length: Tensor, tags: Tensor | None = None
    ) -> Tensor | tuple[Tensor, list[Tensor]]:
        outputs, _ = self.lstm(self.embedding(inputs), seq_length=seq_length)
        return self.crf(self.hidden2tag(outputs), tags, seq_length)
