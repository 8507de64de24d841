"""GPT in the form of GPT-2 (Radford et al. 2019): a Transformer that writes on, word by word."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mslearn import nn, ops
from mslearn.common.initializer import Normal
from mslearn.core import Tensor
from mslearn.core.dtype import int32


@dataclass
class GPTConfig:
    """The sizes of a GPT; these are small. GPT-2's smallest is `GPTConfig.gpt2()`."""

    vocab_size: int = 256
    block_size: int = 64  # longest text that it looks at
    num_layers: int = 2
    num_heads: int = 2
    embed_dim: int = 64
    dropout: float = 0.1

    @classmethod
    def gpt2(cls) -> GPTConfig:
        """GPT-2 with 124 million parameters."""
        return cls(50257, 1024, 12, 12, 768)


class CausalSelfAttention(nn.Cell):
    """Every word looks at itself and those before it."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        size, self.num_heads = config.embed_dim, config.num_heads
        self.c_attn = nn.Dense(size, 3 * size, Normal(0.02), "zeros")
        self.c_proj = nn.Dense(size, size, Normal(0.02 / (2 * config.num_layers) ** 0.5), "zeros")
        self.dropout = nn.Dropout(p=config.dropout)
        block = config.block_size
        self.hidden = Tensor(np.triu(np.full((block, block), -1e9, np.float32), 1))

    def construct(self, x: Tensor) -> Tensor:
        n, length, size = x.shape
        qkv = self.c_attn(x).reshape((n, length, 3, self.num_heads, size // self.num_heads))
        q, k, v = ops.unstack(ops.transpose(qkv, (2, 0, 3, 1, 4)), 0)
        scores = ops.matmul(q, ops.swapaxes(k, -1, -2)) * (size // self.num_heads) ** -0.5
        weights = ops.softmax(scores + self.hidden[:length, :length], -1)
        out = ops.matmul(self.dropout(weights), v)
        return self.dropout(self.c_proj(ops.swapaxes(out, 1, 2).reshape((n, length, size))))


class Block(nn.Cell):
    """Attention and two Dense layers, each behind a LayerNorm and beside a shortcut."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        size = config.embed_dim
        self.ln_1 = nn.LayerNorm((size,), epsilon=1e-5)
        self.attn = CausalSelfAttention(config)
        self.ln_2 = nn.LayerNorm((size,), epsilon=1e-5)
        self.c_fc = nn.Dense(size, 4 * size, Normal(0.02), "zeros")
        self.gelu = nn.GELU()
        narrow = Normal(0.02 / (2 * config.num_layers) ** 0.5)
        self.c_proj = nn.Dense(4 * size, size, narrow, "zeros")
        self.dropout = nn.Dropout(p=config.dropout)

    def construct(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.ln_1(x))
        return x + self.dropout(self.c_proj(self.gelu(self.c_fc(self.ln_2(x)))))


class GPT(nn.Cell):
    """Words (N, T): scores of the next word (N, T, vocab_size).

    The table of words is also the last layer's weight, as in GPT-2.

    >>> import mslearn as ms
    >>> net = ms.models.GPT(ms.models.GPTConfig(vocab_size=10, embed_dim=8)).set_train(False)
    >>> net.generate(ms.Tensor([[1, 2, 3]]), 4).shape
    (1, 7)
    """

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.config = config
        self.wte = nn.Embedding(config.vocab_size, config.embed_dim, embedding_table=Normal(0.02))
        self.wpe = nn.Embedding(config.block_size, config.embed_dim, embedding_table=Normal(0.02))
        self.dropout = nn.Dropout(p=config.dropout)
        self.h = nn.SequentialCell(*(Block(config) for _ in range(config.num_layers)))
        self.ln_f = nn.LayerNorm((config.embed_dim,), epsilon=1e-5)

    def construct(self, input_ids: Tensor) -> Tensor:
        length = input_ids.shape[1]
        if length > self.config.block_size:
            raise ValueError(
                f"For 'GPT', a text has at most block_size = {self.config.block_size} words, but "
                f"got {length}. Cut it: input_ids[:, -{self.config.block_size}:]."
            )
        places = ops.arange(length).astype(int32)
        x = self.dropout(self.wte(input_ids) + self.wpe(places))
        return ops.matmul(self.ln_f(self.h(x)), self.wte.embedding_table.T)

    def generate(self, input_ids: Tensor, max_new_tokens: int, temperature: float = 0.0) -> Tensor:
        """The text with `max_new_tokens` more words, each put in front of the network again.

        Args:
            temperature: 0 takes the likeliest word; the higher, the more chance there is.
        """
        for _ in range(max_new_tokens):
            scores = self(input_ids[:, -self.config.block_size :])[:, -1]
            if temperature:
                chances = ops.softmax(scores / temperature, -1)
                new = ops.multinomial(chances, 1)
            else:
                new = ops.expand_dims(ops.argmax(scores, -1), 1)
            input_ids = ops.concat((input_ids, new.astype(input_ids.dtype)), 1)
        return input_ids
