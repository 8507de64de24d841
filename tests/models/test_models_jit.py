"""Networks of the zoo as graphs: forward and one training step as in eager code."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest

import mslearn as ms
from mslearn import nn, ops

SMALL = runpy.run_path(str(Path(__file__).parent / "test_models.py"))["SMALL"]


def stepped(make, xs, as_graph):
    """A network's result, its loss, and its Parameters after one step of SGD."""
    ms.set_seed(3)
    net = make()
    answer = (ms.jit(net, fullgraph=True) if as_graph else net)(*xs)
    net.set_train()
    optimizer = nn.SGD(net.trainable_params(), 0.01)
    backward = ms.value_and_grad(lambda *v: ops.square(net(*v)).mean(), None, optimizer.parameters)

    def step(*v):
        loss, grads = backward(*v)
        optimizer(grads)
        return loss

    loss = (ms.jit(step, fullgraph=True) if as_graph else step)(*xs)
    return answer, loss, net.parameters_dict()


@pytest.mark.parametrize("name", SMALL)
def test_a_training_step_as_a_graph_equals_eager_code(name):
    make, inputs, shape = SMALL[name]
    xs = inputs()
    (out, loss, params), (answer, value, after) = (stepped(make, xs, g) for g in (False, True))
    assert answer.shape == shape
    np.testing.assert_allclose(answer.asnumpy(), out.asnumpy(), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(float(value), float(loss), rtol=1e-5)
    for one, other in zip(params.values(), after.values(), strict=True):
        scale = max(1.0, float(np.abs(one.asnumpy()).max(initial=0)))
        np.testing.assert_allclose(
            other.asnumpy(), one.asnumpy(), rtol=1e-5, atol=1e-6 * scale, err_msg=one.name
        )
