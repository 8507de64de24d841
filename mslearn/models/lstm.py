"""A text classifier: words as vectors, a bidirectional LSTM, and a Dense layer."""

from __future__ import annotations

from typing import Any

from mslearn import nn, ops
from mslearn.core import Tensor


class LSTMClassifier(nn.Cell):
    """Texts (N, T) of word numbers: logits (N, classes).

    Args:
        vocab_size: how many words there are.
        embedding_dim: numbers of a word.
        hidden_dim: numbers of the LSTM's state, in each direction.
        num_layers: LSTMs on top of each other.
        padding_idx: the number that fills short texts up; its vector starts as zeros.
        embeddings: initial vectors (vocab_size, embedding_dim), e.g. GloVe's; random when None.

    Called with texts and (optionally) their lengths (N,).

    >>> import mslearn as ms
    >>> net = ms.models.LSTMClassifier(100, 8, 6)
    >>> net(ms.ops.ones((4, 5), ms.int32)).shape
    (4, 2)
    """

    def __init__(
        self, vocab_size: int, embedding_dim: int = 100, hidden_dim: int = 256,
        num_classes: int = 2, num_layers: int = 2, dropout: float = 0.5,
        padding_idx: int | None = None, embeddings: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        table = "normal" if embeddings is None else Tensor(embeddings)
        self.embedding = nn.Embedding(
            vocab_size, embedding_dim, embedding_table=table, padding_idx=padding_idx
        )
        self.rnn = nn.LSTM(
            embedding_dim, hidden_dim, num_layers, bidirectional=True, batch_first=True,
            dropout=dropout if num_layers > 1 else 0.0,
        )  # fmt: skip
        self.dropout = nn.Dropout(p=dropout)
        self.fc = nn.Dense(hidden_dim * 2, num_classes)

    def construct(self, texts: Tensor, lengths: Tensor | None = None) -> Tensor:
        words = self.dropout(self.embedding(texts))
        _, (hidden, _) = self.rnn(words, seq_length=lengths)
        # The last states of the top layer, read forwards and backwards.
        last = ops.concat((hidden[-2], hidden[-1]), 1)
        return self.fc(self.dropout(last))
