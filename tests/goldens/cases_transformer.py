"""The Transformer and its layers as real MindSpore computes them."""

from __future__ import annotations

import numpy as np
from cases_attention import filled

RNG = np.random.default_rng(20261121)


def n(*shape):
    return RNG.standard_normal(shape).astype(np.float32)


SRC, TGT = n(5, 2, 8), n(4, 2, 8)
PADDING = np.array([[0, 0, 0, 1, 1], [0, 0, 0, 0, 1]], bool)
CAUSAL = np.triu(np.ones((4, 4), bool), 1)

cases = {}


def case(function):
    cases[function.__name__] = function
    return function


def names(cell):
    return [(p.name, list(p.shape)) for p in cell.get_parameters()]


def gradients(ms, cell, arrays, options):
    params = ms.ParameterTuple(cell.trainable_params())

    def weighted(*inputs):
        out = cell(*inputs, **options)
        weight = np.cos(np.arange(out.size)).reshape(out.shape).astype(np.float32)
        return (out * ms.Tensor(weight)).sum()

    return ms.grad(weighted, tuple(range(len(arrays))), weights=params)(*map(ms.Tensor, arrays))


@case
def transformer_encoder_layer(ms):
    nn, t = ms.nn, ms.Tensor
    plain = filled(ms, nn.TransformerEncoderLayer(8, 2, 16)).set_train(False)
    first = filled(ms, nn.TransformerEncoderLayer(
        8, 4, 16, activation=ms.ops.gelu, layer_norm_eps=1e-3, batch_first=True, norm_first=True
    )).set_train(False)  # fmt: skip
    mask = {"src_key_padding_mask": t(PADDING)}
    return (
        repr(plain), names(plain), plain(t(SRC)), plain(t(SRC), **mask), plain(t(SRC[:, 0])),
        first(t(SRC.swapaxes(0, 1)), t(CAUSAL[:1, :1].repeat(5, 0).repeat(5, 1))),
        gradients(ms, plain, [SRC], mask),
        filled(ms, nn.TransformerEncoderLayer(8, 2, 4, 0.0, ms.ops.gelu))(t(SRC)),
    )  # fmt: skip


@case
def transformer_decoder_layer(ms):
    cell = filled(ms, ms.nn.TransformerDecoderLayer(8, 2, 16, 0.0)).set_train()
    options = {"tgt_mask": ms.Tensor(CAUSAL), "memory_key_padding_mask": ms.Tensor(PADDING)}
    first = filled(ms, ms.nn.TransformerDecoderLayer(8, 2, 16, norm_first=True)).set_train(False)
    tgt, src = ms.Tensor(TGT), ms.Tensor(SRC)
    return (
        repr(cell), names(cell), cell(tgt, src), first(tgt, src, **options),
        gradients(ms, cell, [TGT, SRC], options),
    )  # fmt: skip


@case
def transformer_stacks(ms):
    nn, t = ms.nn, ms.Tensor
    encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16), 2)
    decoder = nn.TransformerDecoder(nn.TransformerDecoderLayer(8, 2, 16), 2, nn.LayerNorm((8,)))
    encoder, decoder = filled(ms, encoder).set_train(False), filled(ms, decoder).set_train(False)
    memory = encoder(t(SRC), src_key_padding_mask=t(PADDING))
    out = decoder(t(TGT), memory, t(CAUSAL), memory_key_padding_mask=t(PADDING))
    return names(encoder), names(decoder), memory, out, repr(encoder), repr(decoder)


@case
def transformer_whole(ms):
    cell = filled(ms, ms.nn.Transformer(8, 2, 1, 2, 16, activation="gelu")).set_train(False)
    options = {
        "tgt_mask": ms.Tensor(CAUSAL), "src_key_padding_mask": ms.Tensor(PADDING),
        "memory_key_padding_mask": ms.Tensor(PADDING),
    }  # fmt: skip
    src, tgt = ms.Tensor(SRC), ms.Tensor(TGT)
    return repr(cell), names(cell), cell(src, tgt), cell(src, tgt, **options)
