"""bfloat16: the type, its meeting with others, printing, networks, files."""

from __future__ import annotations

import pickle
import subprocess
import sys

import numpy as np
import pytest

import mslearn as ms
from mslearn import nn, ops

X = (1.5, 2.0, -3.1415)


def brain(*numbers):
    return ms.Tensor(list(numbers or X), ms.bfloat16)


def test_it_is_a_type_like_the_others():
    x = brain()
    assert (repr(x.dtype), str(x.dtype), x.itemsize) == ("mindspore.bfloat16", "BFloat16", 2)
    assert x.dtype is ms.bfloat16 and x.astype(ms.float32).bfloat16().dtype is ms.bfloat16
    assert ms.dtype_to_pytype(ms.bfloat16) is float
    assert pickle.loads(pickle.dumps(ms.bfloat16)) is ms.bfloat16
    assert str(x.asnumpy().dtype) == "bfloat16"
    np.testing.assert_array_equal(x.float().asnumpy(), np.float32([1.5, 2, -3.140625]))


# The printed forms and the dtypes are those of MindSpore 2.10 (whose CPU has few kernels for it).
@pytest.mark.parametrize(
    ("value", "text"),
    [
        (lambda x: x, "[     1.5,        2, -3.14062])"),
        (lambda x: x[0], " 1.5)"),
        (lambda x: x * x, "[ 2.25,     4, 9.875])"),
        (lambda x: x + ms.Tensor([1, 2, 3]), "[      2.5,         4, -0.140625])"),
        (lambda x: x / 2, "[    0.75,        1, -1.57031])"),
        (
            lambda x: ms.Tensor([300.7, -1e30, np.nan, np.inf]).astype(ms.bfloat16),
            "[         300, -1.00026e+30,          nan,          inf])",
        ),
    ],
)
def test_printed_as_in_mindspore(value, text):
    out = value(brain())
    assert "BFloat16" in repr(out) and repr(out).endswith("value= " + text.lstrip())


@pytest.mark.parametrize(
    ("other", "meets"),
    [
        (ms.float16, ms.float32), (ms.float32, ms.float32), (ms.float64, ms.float64),
        (ms.int64, None), (ms.bool_, None), (ms.uint8, None), (ms.complex64, ms.complex64),
    ],
)  # fmt: skip
def test_promotion(other, meets):
    y = ms.Tensor([1, 1, 1], other)
    assert (brain() + y).dtype == (y + brain()).dtype == (meets or ms.bfloat16)


def test_sums_are_kept_in_float32_and_rounded_once():
    ones = ops.ones((1000,), ms.bfloat16)
    assert ones.sum().item() == ops.matmul(ones, ones).item() == 1000
    assert ones.mean().dtype is ms.bfloat16


def test_a_network_trains_in_it():
    ms.set_seed(2)
    net = nn.SequentialCell(
        nn.Dense(4, 8, dtype=ms.bfloat16), nn.LayerNorm([8], dtype=ms.bfloat16), nn.ReLU(),
        nn.Dense(8, 1, dtype=ms.bfloat16),
    )  # fmt: skip
    x = ops.randn(16, 4).astype(ms.bfloat16)
    y = x.sum(1, keepdims=True)
    optimizer = nn.Adam(net.trainable_params(), 0.02)
    step = ms.value_and_grad(lambda: ((net(x) - y) ** 2).mean(), None, optimizer.parameters)
    losses = []
    for _ in range(60):
        loss, grads = step()
        assert all(g.dtype is ms.bfloat16 for g in grads)
        optimizer(grads)
        losses.append(float(loss))
    assert losses[-1] < losses[0] / 2
    assert all(p.dtype is ms.bfloat16 for p in net.trainable_params())


@pytest.mark.parametrize("format", ["ckpt", "safetensors"])
def test_files_keep_it(tmp_path, format):
    path = str(tmp_path / f"a.{format}")
    ms.save_checkpoint([{"name": "w", "data": brain(1.5, 2.5)}], path, format=format)
    found = ms.load_checkpoint(path, format=format)["w"]
    assert found.dtype is ms.bfloat16 and found.float().asnumpy().tolist() == [1.5, 2.5]


def test_without_the_library_the_engine_imports_and_says_what_to_do():
    code = (
        "import sys; sys.modules['ml_dtypes'] = None; import mslearn as ms\n"
        "try: ms.bfloat16\n"
        "except ImportError as error: print(error)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'mslearn[bfloat16]'" in out.stdout
