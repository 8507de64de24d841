"""Attention with several heads (Vaswani et al. 2017, "Attention is all you need")."""

from __future__ import annotations

import math
from typing import Any

from mslearn import ops
from mslearn.common.initializer import XavierNormal, XavierUniform, initializer
from mslearn.core.dtype import DType, float32
from mslearn.core.errors import ShapeError
from mslearn.core.parameter import Parameter
from mslearn.core.tensor import Tensor
from mslearn.nn.cell import Cell
from mslearn.nn.layers import Dense


class MultiheadAttention(Cell):
    """Each query takes a weighted mean of the values; the weights are a softmax over the keys.

    Args:
        embed_dim: E, numbers of a query; divided among the heads.
        num_heads: how many means, of E / num_heads numbers each, are taken side by side.
        dropout: probability of a zero among the attention weights while training.
        has_bias: whether the projections have biases.
        add_bias_kv: whether a learned key and value are appended.
        add_zero_attn: whether a key and value of zeros are appended.
        kdim, vdim: numbers of a key and of a value; `embed_dim` when None.
        batch_first: whether tensors are (N, L, E) instead of (L, N, E); (L, E) has no batch.
        dtype: dtype of the parameters.

    Called with query (L, N, E), key (S, N, kdim), value (S, N, vdim); `key_padding_mask` (N, S)
    and `attn_mask` (L, S) or (N * num_heads, L, S): True hides a key, floats are added to the
    scores. Returns the output (L, N, E) and, with `need_weights`, the weights (N, L, S), averaged
    over the heads unless `average_attn_weights` is False: then (N, num_heads, L, S).

    >>> import mslearn as ms
    >>> x = ms.ops.ones((3, 2, 8))
    >>> out, weights = ms.nn.MultiheadAttention(8, 2)(x, x, x)
    >>> out.shape, weights.shape
    ((3, 2, 8), (2, 3, 3))
    """

    def __init__(
        self, embed_dim: int, num_heads: int, dropout: float = 0.0, has_bias: bool = True,
        add_bias_kv: bool = False, add_zero_attn: bool = False, kdim: int | None = None,
        vdim: int | None = None, batch_first: bool = False, dtype: DType = float32,
    ) -> None:  # fmt: skip
        super().__init__()
        if num_heads <= 0 or embed_dim % num_heads:
            raise ValueError(
                f"For 'MultiheadAttention', embed_dim must be divisible by num_heads, but got "
                f"{embed_dim} and {num_heads}."
            )
        self.embed_dim, self.num_heads, self.dropout = embed_dim, num_heads, dropout
        self.head_dim = embed_dim // num_heads
        self.kdim = embed_dim if kdim is None else kdim
        self.vdim = embed_dim if vdim is None else vdim
        self.batch_first, self.add_zero_attn = batch_first, add_zero_attn
        self.same = self.kdim == self.vdim == embed_dim

        def made(name: str, init: Any, *shape: int) -> Parameter:
            return Parameter(initializer(init, shape, dtype), name=name)

        e, xavier = embed_dim, XavierUniform()
        if self.same:
            self.in_proj_weight = made("in_proj_weight", xavier, 3 * e, e)
        else:
            self.q_proj_weight = made("q_proj_weight", xavier, e, e)
            self.k_proj_weight = made("k_proj_weight", xavier, e, self.kdim)
            self.v_proj_weight = made("v_proj_weight", xavier, e, self.vdim)
        self.in_proj_bias = made("in_proj_bias", "zeros", 3 * e) if has_bias else None
        self.out_proj = Dense(e, e, has_bias=has_bias, dtype=dtype)
        self.bias_k = made("bias_k", XavierNormal(), 1, 1, e) if add_bias_kv else None
        self.bias_v = made("bias_v", XavierNormal(), 1, 1, e) if add_bias_kv else None

    def construct(
        self, query: Tensor, key: Tensor, value: Tensor, key_padding_mask: Tensor | None = None,
        need_weights: bool = True, attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
    ) -> Any:  # fmt: skip
        single = query.ndim == 2
        q, k, v = (self._batched(t, single) for t in (query, key, value))  # (N, L, E)
        self._check(q, k, v)
        n, length, source = q.shape[0], q.shape[1], k.shape[1]
        hidden = self._hidden(key_padding_mask, attn_mask, (n, length, source), single, q.dtype)
        q, k, v = self._projected(q, k, v)
        extra = []
        if self.bias_k is not None:
            extra.append((self.bias_k, self.bias_v))
        if self.add_zero_attn:
            extra.append((ops.zeros((1, 1, self.embed_dim), k.dtype),) * 2)
        for one_k, one_v in extra:
            shape = (n, 1, self.embed_dim)
            k = ops.concat((k, ops.broadcast_to(one_k, shape)), 1)
            v = ops.concat((v, ops.broadcast_to(one_v, shape)), 1)
        q, k, v = (self._heads(t) for t in (q, k, v))  # (N, heads, L, E / heads)
        scores = ops.matmul(q * (1 / math.sqrt(self.head_dim)), ops.swapaxes(k, -1, -2))
        if hidden is not None:
            if extra:  # everybody may look at what was appended
                open_to_all = ops.zeros((*hidden.shape[:-1], len(extra)), hidden.dtype)
                hidden = ops.concat((hidden, open_to_all), -1)
            scores = scores + hidden
        weights = ops.softmax(scores, -1)
        weights = ops.dropout(weights, self.dropout, self.training) if self.dropout else weights
        out = ops.swapaxes(ops.matmul(weights, v), 1, 2).reshape((n, length, self.embed_dim))
        out = self.out_proj(out)
        out = out[0] if single else out if self.batch_first else ops.swapaxes(out, 0, 1)
        if not need_weights:
            return (out,)
        weights = weights.mean(1) if average_attn_weights else weights
        return out, weights[0] if single else weights

    def _batched(self, x: Tensor, single: bool) -> Tensor:
        if x.ndim != (2 if single else 3):
            raise ShapeError(
                f"For 'MultiheadAttention', query, key and value must all have 2 or all 3 axes, "
                f"but got shape {list(x.shape)}."
            )
        if single:
            return ops.expand_dims(x, 0)
        return x if self.batch_first else ops.swapaxes(x, 0, 1)

    def _check(self, q: Tensor, k: Tensor, v: Tensor) -> None:
        sizes = (q.shape[-1], k.shape[-1], v.shape[-1])
        wanted = (self.embed_dim, self.kdim, self.vdim)
        if sizes != wanted or k.shape[:2] != v.shape[:2] or q.shape[0] != k.shape[0]:
            raise ShapeError(
                f"For 'MultiheadAttention', the last axes must be (embed_dim, kdim, vdim) = "
                f"{wanted}, with one batch size and as many keys as values, but got "
                f"{list(q.shape)}, {list(k.shape)} and {list(v.shape)} (batch first)."
            )

    def _projected(self, q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, ...]:
        if self.same:
            weights = ops.split(self.in_proj_weight, self.embed_dim, 0)
        else:
            weights = (self.q_proj_weight, self.k_proj_weight, self.v_proj_weight)
        biases = (None,) * 3
        if self.in_proj_bias is not None:
            biases = ops.split(self.in_proj_bias, self.embed_dim, 0)
        return tuple(ops.dense(x, w, b) for x, w, b in zip((q, k, v), weights, biases, strict=True))

    def _heads(self, x: Tensor) -> Tensor:
        parts = x.reshape((x.shape[0], x.shape[1], self.num_heads, self.head_dim))
        return ops.swapaxes(parts, 1, 2)

    def _hidden(
        self, padding: Any, mask: Any, sizes: tuple[int, int, int], single: bool, dtype: Any
    ) -> Tensor | None:
        """Both masks as numbers to add to the scores (N, heads, L, S), or to broadcast to them."""
        n, length, source = sizes
        total = None
        if padding is not None:
            wanted = (source,) if single else (n, source)
            part = _added("key_padding_mask", padding, (wanted,), dtype)
            total = part.reshape((n, 1, 1, source))
        if mask is not None:
            each = (n * self.num_heads, length, source)
            part = _added("attn_mask", mask, ((length, source), each), dtype)
            if part.ndim == 3:
                part = part.reshape((n, self.num_heads, length, source))
            else:
                part = part.reshape((1, 1, length, source))
            total = part if total is None else total + part
        return total


def _added(name: str, mask: Tensor, shapes: tuple[Any, ...], dtype: Any) -> Tensor:
    if tuple(mask.shape) not in shapes:
        raise ShapeError(
            f"For 'MultiheadAttention', the {name} must have the shape "
            f"{' or '.join(str(list(s)) for s in shapes)}, but got {list(mask.shape)}."
        )
    if mask._value.dtype.kind != "b":
        return mask.astype(dtype)
    return ops.masked_fill(ops.zeros(mask.shape, dtype), mask, -math.inf)
