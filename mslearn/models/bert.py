"""BERT (Devlin et al. 2018, arXiv:1810.04805): a Transformer that reads in both directions."""

from __future__ import annotations

from dataclasses import dataclass

from mslearn import nn, ops
from mslearn.core import Tensor
from mslearn.core.dtype import int32


@dataclass
class BertConfig:
    """The sizes of a BERT; these are small. BERT-Base is `BertConfig.base()`."""

    vocab_size: int = 1000
    hidden_size: int = 64
    num_layers: int = 2
    num_heads: int = 2
    intermediate_size: int = 128
    max_positions: int = 128
    type_vocab_size: int = 2
    dropout: float = 0.1

    @classmethod
    def base(cls) -> BertConfig:
        """BERT-Base, uncased: 12 layers of 768 numbers."""
        return cls(30522, 768, 12, 12, 3072, 512)


class BertEmbeddings(nn.Cell):
    """The sum of three vectors: of the word, of its place, of its sentence (0 or 1)."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        size = config.hidden_size
        self.word_embeddings = nn.Embedding(config.vocab_size, size, padding_idx=0)
        self.position_embeddings = nn.Embedding(config.max_positions, size)
        self.token_type_embeddings = nn.Embedding(config.type_vocab_size, size)
        self.layer_norm = nn.LayerNorm((size,), epsilon=1e-12)
        self.dropout = nn.Dropout(p=config.dropout)

    def construct(self, input_ids: Tensor, token_type_ids: Tensor) -> Tensor:
        places = ops.arange(input_ids.shape[1]).astype(int32)
        x = self.word_embeddings(input_ids) + self.position_embeddings(places)
        return self.dropout(self.layer_norm(x + self.token_type_embeddings(token_type_ids)))


class BertModel(nn.Cell):
    """Words (N, T): what each means here (N, T, hidden), and a summary (N, hidden).

    Called with `input_ids`, and optionally `attention_mask` (N, T), 0 where words are padding, and
    `token_type_ids` (N, T).
    """

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.config = config
        self.embeddings = BertEmbeddings(config)
        layer = nn.TransformerEncoderLayer(
            config.hidden_size, config.num_heads, config.intermediate_size, config.dropout,
            activation="gelu", layer_norm_eps=1e-12, batch_first=True,
        )  # fmt: skip
        self.encoder = nn.TransformerEncoder(layer, config.num_layers)
        self.pooler = nn.Dense(config.hidden_size, config.hidden_size, activation="tanh")

    def construct(
        self, input_ids: Tensor, attention_mask: Tensor | None = None,
        token_type_ids: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:  # fmt: skip
        if token_type_ids is None:
            token_type_ids = ops.zeros_like(input_ids)
        padding = None if attention_mask is None else ops.equal(attention_mask, 0)
        x = self.embeddings(input_ids, token_type_ids)
        x = self.encoder(x, src_key_padding_mask=padding)
        return x, self.pooler(x[:, 0])


class BertForPretraining(nn.Cell):
    """BERT with its two lessons: guess hidden words, and whether sentence B follows sentence A.

    Returns word scores (N, T, vocab_size) and (N, 2).
    """

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        size = config.hidden_size
        self.bert = BertModel(config)
        self.transform = nn.SequentialCell(
            nn.Dense(size, size), nn.GELU(approximate=False), nn.LayerNorm((size,), epsilon=1e-12)
        )
        self.decoder = nn.Dense(size, config.vocab_size)
        self.seq_relationship = nn.Dense(size, 2)

    def construct(
        self, input_ids: Tensor, attention_mask: Tensor | None = None,
        token_type_ids: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:  # fmt: skip
        x, summary = self.bert(input_ids, attention_mask, token_type_ids)
        return self.decoder(self.transform(x)), self.seq_relationship(summary)


class BertForSequenceClassification(nn.Cell):
    """BERT and a Dense layer on its summary: logits (N, classes)."""

    def __init__(self, config: BertConfig, num_classes: int = 2) -> None:
        super().__init__()
        self.bert = BertModel(config)
        self.dropout = nn.Dropout(p=config.dropout)
        self.classifier = nn.Dense(config.hidden_size, num_classes)

    def construct(
        self, input_ids: Tensor, attention_mask: Tensor | None = None,
        token_type_ids: Tensor | None = None,
    ) -> Tensor:  # fmt: skip
        _, summary = self.bert(input_ids, attention_mask, token_type_ids)
        return self.classifier(self.dropout(summary))
