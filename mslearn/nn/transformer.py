"""The Transformer and its layers (Vaswani et al. 2017, "Attention is all you need")."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from mslearn import ops
from mslearn.common.initializer import initializer
from mslearn.core.dtype import DType, float32
from mslearn.core.errors import ShapeError
from mslearn.core.tensor import Tensor
from mslearn.nn.attention import MultiheadAttention
from mslearn.nn.cell import Cell
from mslearn.nn.container import CellList
from mslearn.nn.layers import GELU, Dense, Dropout, ReLU
from mslearn.nn.normalization import LayerNorm

Activation = str | Cell | Callable[..., Any]
_ACTIVATIONS = {"relu": ops.relu, "gelu": ops.gelu}


def _chosen(activation: Activation) -> Any:
    if isinstance(activation, str) and activation in _ACTIVATIONS:
        return _ACTIVATIONS[activation]
    if isinstance(activation, ReLU | GELU) or activation in (ops.relu, ops.gelu):
        return activation
    raise ValueError(
        f"For the Transformer's layers, the activation is 'relu', 'gelu', nn.ReLU(), nn.GELU(), "
        f"ops.relu or ops.gelu, but got {activation!r}."
    )


class TransformerEncoderLayer(Cell):
    """Self-attention, then two Dense layers; around both a shortcut and a LayerNorm.

    Args:
        d_model: E, numbers of a position.
        nhead: heads of the attention.
        dim_feedforward: numbers between the two Dense layers.
        dropout: probability of a zero while training.
        activation: ``"relu"`` or ``"gelu"``, as a name, a Cell or a function.
        layer_norm_eps: epsilon of the LayerNorms.
        batch_first: whether tensors are (N, L, E) instead of (L, N, E).
        norm_first: normalise before attention and Dense layers instead of after the shortcut.
        dtype: dtype of the parameters.

    Called with src (L, N, E); `src_mask` and `src_key_padding_mask` as in `MultiheadAttention`.

    >>> import mslearn as ms
    >>> ms.nn.TransformerEncoderLayer(8, 2, 16)(ms.ops.ones((5, 3, 8))).shape
    (5, 3, 8)
    """

    def __init__(
        self, d_model: int, nhead: int, dim_feedforward: int = 2048, dropout: float = 0.1,
        activation: Activation = "relu", layer_norm_eps: float = 1e-5, batch_first: bool = False,
        norm_first: bool = False, dtype: DType = float32,
    ) -> None:  # fmt: skip
        super().__init__()
        self.self_attn = MultiheadAttention(
            d_model, nhead, dropout, batch_first=batch_first, dtype=dtype
        )
        self._further_attention(d_model, nhead, dropout, batch_first, dtype)
        self.dense1 = Dense(d_model, dim_feedforward, dtype=dtype)
        self.dropout = Dropout(p=dropout)
        self.dense2 = Dense(dim_feedforward, d_model, dtype=dtype)
        parts = ("1", "2", "3")[: self._blocks]
        for part in parts:
            norm = LayerNorm((d_model,), epsilon=layer_norm_eps, dtype=dtype)
            self.insert_child_to_cell(f"norm{part}", norm)
        for part in parts:
            self.insert_child_to_cell(f"dropout{part}", Dropout(p=dropout))
        self.activation = _chosen(activation)
        self.norm_first = norm_first

    _blocks = 2

    def _further_attention(self, *arguments: Any) -> None:
        """The decoder's layer adds its second attention here."""

    def construct(
        self, src: Tensor, src_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
    ) -> Tensor:  # fmt: skip
        def attend(x: Tensor) -> Tensor:
            return self.self_attn(x, x, x, src_key_padding_mask, False, src_mask)[0]

        x = self._around(src, attend, self.norm1, self.dropout1)
        return self._around(x, self._feed_forward, self.norm2, self.dropout2)

    def _around(self, x: Tensor, block: Any, norm: Any, dropout: Any) -> Tensor:
        """A block with its dropout, shortcut and LayerNorm."""
        if self.norm_first:
            return x + dropout(block(norm(x)))
        return norm(x + dropout(block(x)))

    def _feed_forward(self, x: Tensor) -> Tensor:
        return self.dense2(self.dropout(self.activation(self.dense1(x))))


class TransformerDecoderLayer(TransformerEncoderLayer):
    """Self-attention, attention to the encoder's output `memory`, then two Dense layers.

    Arguments as in `TransformerEncoderLayer`. Called with tgt (L, N, E) and memory (S, N, E);
    each has a mask and a key padding mask.

    >>> import mslearn as ms
    >>> layer = ms.nn.TransformerDecoderLayer(8, 2, 16)
    >>> layer(ms.ops.ones((4, 3, 8)), ms.ops.ones((5, 3, 8))).shape
    (4, 3, 8)
    """

    _blocks = 3

    def _further_attention(
        self, d_model: int, nhead: int, dropout: float, batch_first: bool, dtype: DType
    ) -> None:
        self.multihead_attn = MultiheadAttention(
            d_model, nhead, dropout, batch_first=batch_first, dtype=dtype
        )

    def construct(  # type: ignore[override]
        self, tgt: Tensor, memory: Tensor, tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None, tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
    ) -> Tensor:  # fmt: skip
        def attend(x: Tensor) -> Tensor:
            return self.self_attn(x, x, x, tgt_key_padding_mask, False, tgt_mask)[0]

        def look_up(x: Tensor) -> Tensor:
            attention = self.multihead_attn
            return attention(x, memory, memory, memory_key_padding_mask, False, memory_mask)[0]

        x = self._around(tgt, attend, self.norm1, self.dropout1)
        x = self._around(x, look_up, self.norm2, self.dropout2)
        return self._around(x, self._feed_forward, self.norm3, self.dropout3)


class _Stack(Cell):
    def __init__(self, layer: Cell, num_layers: int, norm: Cell | None = None) -> None:
        super().__init__()
        self.layers = CellList([copy.deepcopy(layer) for _ in range(num_layers)])
        self.num_layers = num_layers
        self.norm = norm

    def _run(self, x: Tensor, *further: Any) -> Tensor:
        for layer in self.layers:
            x = layer(x, *further)
        return x if self.norm is None else self.norm(x)


class TransformerEncoder(_Stack):
    """`num_layers` copies of an encoder layer one after the other, then `norm`."""

    def __init__(self, encoder_layer: Cell, num_layers: int, norm: Cell | None = None) -> None:
        super().__init__(encoder_layer, num_layers, norm)

    def construct(
        self, src: Tensor, src_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
    ) -> Tensor:  # fmt: skip
        return self._run(src, src_mask, src_key_padding_mask)


class TransformerDecoder(_Stack):
    """`num_layers` copies of a decoder layer one after the other, then `norm`."""

    def __init__(self, decoder_layer: Cell, num_layers: int, norm: Cell | None = None) -> None:
        super().__init__(decoder_layer, num_layers, norm)

    def construct(
        self, tgt: Tensor, memory: Tensor, tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None, tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
    ) -> Tensor:  # fmt: skip
        return self._run(
            tgt, memory, tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask
        )


class Transformer(Cell):
    """An encoder reads `src`; a decoder writes, looking at `tgt` so far and at what was read.

    Args:
        num_encoder_layers, num_decoder_layers: how many layers each of the two has.
        custom_encoder, custom_decoder: Cells instead of those.
        (others): as in `TransformerEncoderLayer`.

    Weights with several axes start by Xavier's uniform rule. Called with src (S, N, E) and
    tgt (L, N, E); returns (L, N, E).

    Raises:
        ShapeError: the last axis is not `d_model`, or the batches differ.

    >>> import mslearn as ms
    >>> net = ms.nn.Transformer(8, 2, 1, 1, 16)
    >>> net(ms.ops.ones((5, 3, 8)), ms.ops.ones((4, 3, 8))).shape
    (4, 3, 8)
    """

    def __init__(
        self, d_model: int = 512, nhead: int = 8, num_encoder_layers: int = 6,
        num_decoder_layers: int = 6, dim_feedforward: int = 2048, dropout: float = 0.1,
        activation: Activation = "relu", custom_encoder: Cell | None = None,
        custom_decoder: Cell | None = None, layer_norm_eps: float = 1e-5,
        batch_first: bool = False, norm_first: bool = False, dtype: DType = float32,
    ) -> None:  # fmt: skip
        super().__init__()

        def layer_and_norm(kind: type[TransformerEncoderLayer]) -> tuple[Cell, Cell]:
            layer = kind(
                d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps,
                batch_first, norm_first, dtype,
            )  # fmt: skip
            return layer, LayerNorm((d_model,), epsilon=layer_norm_eps, dtype=dtype)

        if custom_encoder is None:
            layer, norm = layer_and_norm(TransformerEncoderLayer)
            custom_encoder = TransformerEncoder(layer, num_encoder_layers, norm)
        if custom_decoder is None:
            layer, norm = layer_and_norm(TransformerDecoderLayer)
            custom_decoder = TransformerDecoder(layer, num_decoder_layers, norm)
        self.encoder, self.decoder = custom_encoder, custom_decoder
        for param in self.get_parameters():
            if param.ndim > 1:
                param.set_data(initializer("xavier_uniform", param.shape, param.dtype))
        self.d_model, self.nhead, self.batch_first = d_model, nhead, batch_first

    def construct(
        self, src: Tensor, tgt: Tensor, src_mask: Tensor | None = None,
        tgt_mask: Tensor | None = None, memory_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None, tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
    ) -> Tensor:  # fmt: skip
        batch = 0 if self.batch_first else 1
        alike = src.ndim == tgt.ndim and (src.ndim == 2 or src.shape[batch] == tgt.shape[batch])
        if not alike or {src.shape[-1], tgt.shape[-1]} != {self.d_model}:
            raise ShapeError(
                f"For 'Transformer', src and tgt must have the same batch size and end with "
                f"d_model = {self.d_model} numbers, but got {list(src.shape)} and "
                f"{list(tgt.shape)} (batch_first={self.batch_first})."
            )
        memory = self.encoder(src, src_mask, src_key_padding_mask)
        return self.decoder(
            tgt, memory, tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask
        )
