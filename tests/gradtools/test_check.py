"""`check_grad` finds what is wrong and passes what is right; `run_check`."""

from __future__ import annotations

import numpy as np
import pytest

import mslearn as ms
from mslearn import nn, ops
from mslearn.core.tensor import Tensor


class Wrong(nn.Cell):
    """The gradient of one component is wrong."""

    def construct(self, x):
        return x * x

    def bprop(self, x, out, dout):
        return dout * 2 * x * Tensor([1.0, 1.0, 1.5])


def test_names_the_worst_component(capsys):
    result = ms.check_grad(Wrong(), Tensor([1.0, 2.0, 3.0]))
    assert not result
    assert (result.argument, result.index) == (0, (2,))
    assert result.exact == pytest.approx(1.5 * result.numeric, rel=1e-4)
    weight = np.cos(2) + 1.5
    assert result.numeric == pytest.approx(6 * weight, rel=1e-5)
    text = capsys.readouterr().out
    assert "DIFFERS" in text and "argument 0, index [2]" in text and "3.3e-01" in text
    assert repr(result) == text.rstrip("\n")


@pytest.mark.parametrize("order", [1, 2, 3])
def test_passes_what_is_right_to_any_order(order):
    f = lambda x, y: (x.sin() * y, (x * y).exp())  # noqa: E731
    xs = Tensor([[0.3, -0.7]]), Tensor([[1.2], [0.4]])
    result = ms.check_grad(f, *xs, order=order, verbose=False)
    assert result and result.components == 4 and result.relative_error < 1e-4


def test_a_float32_network_with_dropout_and_labels():
    ms.set_seed(2)
    net = nn.SequentialCell(nn.Dense(4, 8), nn.Tanh(), nn.Dropout(p=0.3), nn.Dense(8, 3))
    net.set_train()
    labels = Tensor([0, 2], ms.int32)
    x = Tensor(np.random.default_rng(0).standard_normal((2, 4)).astype(np.float32))
    assert ms.check_grad(lambda v, t: ops.cross_entropy(net(v), t), x, labels, verbose=False)


def test_a_cut_gradient_is_found():
    assert not ms.check_grad(lambda x: ops.stop_gradient(x) * x, Tensor([1.0]), verbose=False)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_nan_never_passes():
    assert not ms.check_grad(lambda x: x.sqrt(), Tensor([0.0]), verbose=False)


def test_messages():
    with pytest.raises(TypeError, match="Tensor of floats"):
        ms.check_grad(lambda n: n, Tensor([1]))
    with pytest.raises(ValueError, match="order"):
        ms.check_grad(lambda n: n, Tensor([1.0]), order=0)


def test_run_check_names_version_and_arithmetic(capsys):
    ms.run_check()
    text = capsys.readouterr().out
    assert ms.__version__ in text and f"NumPy {np.__version__}" in text and "correct" in text


def test_run_check_notices_wrong_arithmetic(monkeypatch):
    from mslearn.gradtools import health

    monkeypatch.setattr(health, "matmul", lambda a, b: ops.matmul(a, b) * 1.1)
    with pytest.raises(RuntimeError, match="wrong"):
        ms.run_check()


def test_a_scalar_output_shows_the_gradient_that_one_works_out_by_hand():
    result = ms.check_grad(lambda x: (x**3).sum(), Tensor([1.0]), verbose=False)
    assert result.exact == pytest.approx(3.0)
