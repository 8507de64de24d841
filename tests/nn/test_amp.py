"""Mixed precision: O1, which real MindSpore's CPU build cannot show, Model's levels, training."""

from __future__ import annotations

import numpy as np
import pytest

import mslearn as ms
import mslearn.dataset as ds
from mslearn import amp, nn, ops

RNG = np.random.default_rng(5)
X = RNG.standard_normal((64, 6)).astype(np.float32)
Y = (X[:, 0] > X[:, 1]).astype(np.int32)


class Net(nn.Cell):
    def __init__(self):
        super().__init__()
        self.first, self.norm = nn.Dense(6, 8), nn.BatchNorm1d(8)
        self.last = nn.Dense(8, 2)
        self.seen = {}

    def construct(self, x):
        a = self.first(x)
        b = self.norm(a)
        c = self.last(ops.relu(b))
        self.seen = {"a": str(a.dtype), "b": str(b.dtype), "c": str(c.dtype)}
        return c


def test_o1_computes_white_cells_in_float16_and_gives_float32():
    net = Net()
    x = ms.Tensor(X)
    exact = net(x).asnumpy()
    assert amp.auto_mixed_precision(net, "O1") is net
    lowered = net(x).asnumpy()
    assert net.seen == {"a": "Float32", "b": "Float32", "c": "Float32"}
    assert 0 < np.abs(lowered - exact).max() < 0.02
    w, b = net.first.weight.asnumpy(), net.first.bias.asnumpy()
    half = (X.astype(np.float16) @ w.astype(np.float16).T) + b.astype(np.float16)
    np.testing.assert_array_equal(net.first(x).asnumpy(), half.astype(np.float32))


def test_white_list_of_ones_own():
    net = amp.custom_mixed_precision(Net(), white_list=[nn.BatchNorm1d, ops.MatMul])
    plain = Net()
    for mine, other in zip(plain.get_parameters(), net.get_parameters(), strict=True):
        mine.set_data(other)
    np.testing.assert_array_equal(net.first(ms.Tensor(X)).asnumpy(),
                                  plain.first(ms.Tensor(X)).asnumpy())  # fmt: skip
    assert not np.array_equal(net(ms.Tensor(X)).asnumpy(), plain(ms.Tensor(X)).asnumpy())


@pytest.mark.parametrize("level", ["O0", "O1", "O2", "O3", "auto"])
def test_a_model_learns_at_every_level(level):
    ms.set_seed(2)
    net = Net()
    data = ds.NumpySlicesDataset((X, Y), ["x", "y"], shuffle=False).batch(16)
    optimizer = nn.Adam(net.trainable_params(), 0.05)
    manager = amp.DynamicLossScaleManager(2**10, 2, 20)
    options = {"loss_scale_manager": manager} if level == "O2" else {}
    model = ms.Model(
        net, nn.CrossEntropyLoss(), optimizer, {"accuracy"}, amp_level=level, boost_level="O1",
        **options,
    )  # fmt: skip
    model.train(12, data)
    assert model.eval(data)["accuracy"] > 0.9
    assert all(p.dtype == ms.float32 for p in net.get_parameters())
    assert model.predict(ms.Tensor(X)).dtype == ms.float32
    inner = {"O0": "Float32", "O1": "Float32", "auto": "Float32"}.get(level, "Float16")
    assert net.seen["a"] == inner


def test_o2_scales_the_loss_until_it_fits():
    ms.set_seed(2)
    net = Net()
    optimizer = nn.Momentum(net.trainable_params(), 0.1, 0.9)
    step = amp.build_train_network(net, optimizer, nn.CrossEntropyLoss(), level="O2")
    assert type(step) is nn.TrainOneStepWithLossScaleCell
    before = net.first.weight.asnumpy().copy()
    loss, overflow, scale = step(ms.Tensor(X), ms.Tensor(Y))
    assert bool(overflow) and float(scale) == 2**24  # float16 ends at 65504
    np.testing.assert_array_equal(net.first.weight.asnumpy(), before)
    first = float(loss)
    for _ in range(40):
        loss, overflow, scale = step(ms.Tensor(X), ms.Tensor(Y))
    assert not bool(overflow) and float(scale) < 2**24 and float(loss) < first


def test_normalization_may_be_lowered_or_kept():
    for options, wanted in (
        ({"level": "O2", "keep_batchnorm_fp32": False}, "Net"),
        ({"level": "O2"}, "_OutputTo16"),
        ({"level": "O3"}, "Net"),
    ):
        net = Net()
        optimizer = nn.SGD(net.trainable_params(), 0.1)
        amp.build_train_network(net, optimizer, nn.CrossEntropyLoss(), **options)
        kind = type(net.norm).__name__
        assert kind == ("_OutputTo16" if wanted == "_OutputTo16" else "BatchNorm1d")
        assert [p.name for p in net.norm.trainable_params()] == ["norm.gamma", "norm.beta"]


def test_a_network_that_is_the_loss():
    net = nn.WithLossCell(Net(), nn.CrossEntropyLoss())
    step = amp.build_train_network(net, nn.SGD(net.trainable_params(), 0.1))
    assert float(step(ms.Tensor(X), ms.Tensor(Y))) > 0


def test_mistakes():
    net = Net()
    with pytest.raises(ValueError, match="amp level O7"):
        amp.build_train_network(net, nn.SGD(net.trainable_params()), level="O7")
    with pytest.raises(ValueError, match="Unsupported arg 'loss'"):
        amp.build_train_network(net, nn.SGD(net.trainable_params()), loss=1)
    with pytest.raises(ValueError, match="amp_level must be"):
        ms.Model(net, amp_level="O9")
    with pytest.raises(AttributeError, match="Did you mean 'all_finite'"):
        amp.allfinite  # noqa: B018


def test_scalers_and_managers_of_ones_own():
    class Thrice(amp.LossScaler):
        scale_value = ms.Tensor(3.0)

        def adjust(self, grads_finite):
            return False

    scaled = Thrice().scale((ms.Tensor([1.0, 2.0]), ms.Tensor(1.0)))
    np.testing.assert_allclose(Thrice().unscale(scaled)[0].asnumpy(), [1.0, 2.0], rtol=1e-6)

    class Eight(amp.LossScaleManager):
        def get_loss_scale(self):
            return 8.0

        def update_loss_scale(self, overflow):
            self.told = overflow

    manager, net = Eight(), Net()
    data = ds.NumpySlicesDataset((X, Y), ["x", "y"], shuffle=False).batch(16)
    optimizer = nn.SGD(net.trainable_params(), 0.1)
    ms.Model(net, nn.CrossEntropyLoss(), optimizer, loss_scale_manager=manager).train(1, data)
    assert manager.told is False
