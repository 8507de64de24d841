"""Idioms with chance in them, beside those of tests/goldens/cases_idioms.py."""

from __future__ import annotations

import numpy as np

import mslearn as ms
import mslearn.dataset as ds
from mslearn import nn, ops

RNG = np.random.default_rng(4)
X = RNG.standard_normal((32, 3)).astype(np.float32)
Y = (X @ np.array([1.0, -2.0, 0.5], np.float32))[:, None]


class PrivateStep(nn.TrainOneStepCell):
    """Clipped gradients plus noise, as in differentially private training (Abadi et al., 2016)."""

    def __init__(self, network, optimizer, norm_bound=1.0, multiplier=0.5):
        super().__init__(network, optimizer)
        self.norm_bound, self.multiplier = norm_bound, multiplier
        self.hyper_map = ops.HyperMap()
        self.seen = []

    def construct(self, data, label):
        loss = self.network(data, label)
        sens = ops.fill(loss.dtype, loss.shape, self.sens)
        grads = self.grad(self.network, self.weights)(data, label, sens)
        grads = ops.clip_by_global_norm(grads, self.norm_bound)
        scale = self.norm_bound * self.multiplier
        noisy = self.hyper_map(lambda g: g + ops.standard_normal(g.shape) * scale, grads)
        self.seen.append([(n - g).asnumpy() for n, g in zip(noisy, grads, strict=True)])
        self.optimizer(noisy)
        return loss


def train(seed, multiplier=0.5):
    ms.set_seed(seed)
    net = nn.Dense(3, 1, weight_init="zeros", bias_init="zeros")
    step = PrivateStep(
        nn.WithLossCell(net, nn.MSELoss()), nn.SGD(net.trainable_params(), 0.05), 1.0, multiplier
    )
    losses = [float(step(ms.Tensor(X), ms.Tensor(Y))) for _ in range(200)]
    return losses, step, net


def test_noise_of_the_right_size_and_the_loss_falls_all_the_same():
    losses, step, net = train(1)
    noise = np.concatenate([a.ravel() for arrays in step.seen for a in arrays])
    assert abs(noise.std() - 0.5) < 0.05 and abs(noise.mean()) < 0.05
    assert np.mean(losses[-20:]) < 0.2 * losses[0]
    again = train(1)[2]
    np.testing.assert_array_equal(net.weight.asnumpy(), again.weight.asnumpy())
    assert (train(2)[2].weight.asnumpy() != net.weight.asnumpy()).any()


def test_a_step_of_ones_own_goes_into_a_model():
    net = nn.Dense(3, 1, weight_init="zeros", bias_init="zeros")
    step = PrivateStep(
        nn.WithLossCell(net, nn.MSELoss()), nn.SGD(net.trainable_params(), 0.05), multiplier=0.0
    )
    data = ds.NumpySlicesDataset((X, Y), ["x", "y"], shuffle=False).batch(8)
    history = ms.train.History()
    ms.Model(step).train(10, data, callbacks=history)
    losses = history.history["net_output"]
    assert losses[-1] < 0.5 * losses[0] and len(losses) == 10
