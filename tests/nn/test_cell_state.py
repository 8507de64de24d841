"""Buffers, state dicts and Cells by path."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import mslearn as ms
from mslearn import nn


class Net(nn.Cell):
    def __init__(self):
        super().__init__()
        self.fc = nn.Dense(2, 2)
        self.register_buffer("mean", ms.Tensor([1.0, 2.0]))
        self.register_buffer("tmp", ms.Tensor([1.0]), persistent=False)
        self.w = ms.Parameter(ms.Tensor([1.0]))

    def construct(self, x):
        return self.fc(x) * self.w - self.mean


def test_buffers_stand_beside_parameters():
    net = Net()
    assert [n for n, _ in net.named_buffers()] == ["mean", "tmp"]
    assert [p.name for p in net.get_parameters()] == ["w", "fc.weight", "fc.bias"]
    assert list(net.state_dict()) == ["w", "mean", "fc.weight", "fc.bias"]
    outer = nn.SequentialCell(net, nn.ReLU())
    assert list(outer.state_dict(prefix="a.")) == [f"a.0.{n}" for n in net.state_dict()]
    assert outer.get_buffer("0.mean") is net.mean and outer.get_sub_cell("0.fc") is net.fc
    assert outer.get_sub_cell("") is outer
    net.mean = ms.Tensor([7.0, 7.0])
    assert next(iter(net.buffers())).asnumpy().tolist() == [7, 7]
    twin = copy.deepcopy(net)
    twin.mean = ms.Tensor([0.0, 0.0])
    assert net.mean.asnumpy().tolist() == [7, 7]


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        (("", ms.Tensor([1.0])), KeyError, "not empty"),
        (("a.b", ms.Tensor([1.0])), KeyError, "without"),
        (("fc", ms.Tensor([1.0])), KeyError, "must be new"),
        (("q", 3), TypeError, "Tensor or None"),
        ((3, None), TypeError, "must be a str"),
    ],
)
def test_wrong_buffers(arguments, error, text):
    with pytest.raises(error, match=text):
        Net().register_buffer(*arguments)


def test_state_dicts_go_from_net_to_net():
    one, two = Net(), Net()
    one.mean = ms.Tensor([3.0, 4.0])
    assert two.load_state_dict(one.state_dict()) == ([], [])
    x = ms.Tensor([[1.0, 2.0]])
    np.testing.assert_array_equal(one(x).asnumpy(), two(x).asnumpy())
    some = {"fc.weigth": ms.ops.ones((2, 2)), "mean": ms.Tensor([5.0, 6.0])}
    with pytest.raises(RuntimeError, match=r"'fc\.weight' Did you mean 'fc\.weigth'"):
        two.load_state_dict(some)
    assert two.mean.asnumpy().tolist() == [3, 4]
    found = two.load_state_dict(some, strict=False)
    assert found.missing_keys == ["w", "fc.weight", "fc.bias"]
    assert found.unexpected_keys == ["fc.weigth"] and two.mean.asnumpy().tolist() == [5, 6]
    with pytest.raises(RuntimeError, match="size mismatch for mean"):
        two.load_state_dict({"mean": ms.ops.ones((3,))}, strict=False)


def test_other_dtypes_and_names():
    net = Net().to(ms.float16)
    assert {p.dtype for p in net.get_parameters()} == {ms.float16} and net.mean.dtype == ms.float16
    assert net(ms.ops.ones((1, 2), ms.float16)).dtype == ms.float16
    net.check_names()
    net.fc.weight.name = "w"
    with pytest.raises(ValueError, match=r"fc\.weight is .* but w has the name 'w', too"):
        net.check_names()
    assert net.get_inputs() is None
    net.set_inputs(ms.Tensor([1.0]))
    assert len(net.get_inputs()) == 1
    with pytest.raises(AttributeError, match="no Cell `gc`"):
        net.get_sub_cell("gc.x")
    with pytest.raises(AttributeError, match="`w` is not a buffer"):
        net.get_buffer("w")
    with pytest.raises(NotImplementedError, match="many devices"):
        net.shard(((1, 1),))


def test_hooks_around_state_dicts():
    seen = []
    net = ms.nn.SequentialCell(ms.nn.Dense(2, 1), ms.nn.Dense(1, 1))
    handles = [
        net[1].register_state_dict_pre_hook(lambda cell, prefix, keep: seen.append(prefix)),
        net[1].register_state_dict_post_hook(lambda cell, d, prefix, _: d.pop(prefix + "bias")),
    ]
    assert list(net.state_dict()) == ["0.weight", "0.bias", "1.weight"] and seen == ["1."]
    for handle in handles:
        handle.remove()
    given = net.state_dict()
    assert list(given)[-1] == "1.bias" and seen == ["1."]

    def rename(cell, d, prefix, metadata, strict, missing, unexpected, errors):
        d["0.weight"] = d.pop("old")

    old = {("old" if k == "0.weight" else k): v for k, v in given.items()}
    with pytest.raises(RuntimeError, match=r"0\.weight"):
        net.load_state_dict(old)
    handle = net.register_load_state_dict_pre_hook(rename)
    assert net.load_state_dict(old) == ([], []) and "old" in old
    handle.remove()
    net.register_load_state_dict_post_hook(lambda cell, keys: [k.clear() for k in keys])
    assert net.load_state_dict(old) == ([], [])
    with pytest.raises(TypeError, match="must be a function"):
        net.register_state_dict_pre_hook(3)


def test_a_cell_compiled_by_hand():
    net, x = ms.nn.Dense(3, 2), ms.Tensor(np.ones((4, 3), np.float32))
    net.set_jit_config(ms.JitConfig(jit_level="O1"))
    net.compile(x)
    assert len(net._jitted.compilations) == 1
    out = net.compile_and_run(x)
    assert len(net._jitted.compilations) == 1
    np.testing.assert_allclose(out.asnumpy(), net(x).asnumpy(), rtol=1e-6)
    with pytest.raises(TypeError, match="JitConfig"):
        net.set_jit_config("O1")
