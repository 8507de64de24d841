"""Tensors as learners use them: creation, operators, handles, conversions, messages."""

from __future__ import annotations

import copy
import pickle
import threading

import numpy as np
import pytest

import mslearn as ms
from mslearn import Tensor, ops
from mslearn.core import observing


def test_in_place_work_rebinds_the_handle_and_leaves_tapes_alone():
    x = Tensor([1.0, 2.0, 3.0])

    def f(v):
        y = v * v
        y[0] = 0.0
        return y.sum()

    assert ms.grad(f)(x).tolist() == [0.0, 4.0, 6.0]
    y = x
    y.add_(1)
    assert x.tolist() == [2.0, 3.0, 4.0]
    y += 1  # a new tensor, as in MindSpore on the CPU
    assert x.tolist() == [2.0, 3.0, 4.0] and y.tolist() == [3.0, 4.0, 5.0]


def test_asnumpy_shares_memory_and_broadcast_views_do_not_leak():
    x = Tensor([1.0, 2.0])
    x.asnumpy()[0] = 9
    assert x.tolist() == [9.0, 2.0]
    wide = ops.broadcast_to(x, (3, 2))
    wide.asnumpy()[0, 0] = -1
    assert x.tolist() == [9.0, 2.0]


def test_same_tensor_at_two_positions_counts_once_for_each():
    x = Tensor(2.0)
    a, b = ms.grad(lambda u, v: u * v, (0, 1))(x, x)
    assert (float(a), float(b)) == (2.0, 2.0)


def test_nested_gradients_do_not_mix():
    """d/da [a * d/db (a + b)] is 1: the inner derivative does not see the outer variable."""
    f = lambda a: a * ms.grad(lambda b: a + b)(a)  # noqa: E731
    assert float(ms.grad(f)(Tensor(2.0))) == 1.0


def test_threads_do_not_see_each_others_observers():
    seen = []

    class Watch:
        def on_op(self, prim, inputs, attrs, output):
            seen.append(prim.name)

    def other():
        for _ in range(50):
            _ = Tensor([1.0]) - 1

    with observing(Watch()):
        thread = threading.Thread(target=other)
        thread.start()
        for _ in range(50):
            _ = Tensor([1.0]) + 1
        thread.join()
    assert seen == ["Add"] * 50


def test_an_exception_closes_the_tape():
    def broken(x):
        raise KeyError("oops")

    with pytest.raises(KeyError):
        ms.grad(broken)(Tensor(1.0))
    from mslearn.core.state import state

    assert state.observers == () and not state.active


def test_conversions():
    x = Tensor([[1.5, 2.5]])
    assert float(Tensor([2.5])) == 2.5 and int(Tensor(3)) == 3 and bool(Tensor(True))
    assert [t.tolist() for t in x] == [[1.5, 2.5]] and len(x) == 1
    assert np.asarray(x).tolist() == [[1.5, 2.5]]
    assert (np.array([[1.0, 1.0]], np.float32) + x).tolist() == [[2.5, 3.5]]
    assert pickle.loads(pickle.dumps(x)).tolist() == copy.deepcopy(x).tolist() == x.tolist()
    assert f"{Tensor(0.5):.3f}" == "0.500"
    assert x.nbytes == 8 and x.itemsize == 4 and x.strides == (8, 4)
    assert (Tensor([1]) == None) is False  # noqa: E711


@pytest.mark.parametrize(
    ("wrong", "parts"),
    [
        (lambda: Tensor([1.0, 2]) + Tensor([1.0, 2, 3]), ["Add", "[2]", "[3]", "broadcast"]),
        (lambda: ops.matmul(Tensor([[1.0, 2]]), Tensor([[1.0, 2]])), ["MatMul", "2", "[1, 2]"]),
        (lambda: Tensor([1.0]).reshap(1), ["reshap", "Did you mean 'reshape'"]),
        (lambda: ops.sofmax, ["sofmax", "Did you mean 'softmax'"]),
        (lambda: ms.value_and_gard, ["Did you mean 'value_and_grad'"]),
        (lambda: ms.nn.Dens, ["mslearn.nn", "Did you mean 'Dense'"]),
        (lambda: Tensor("abc"), ["Tensor", "str", "number"]),
        (lambda: Tensor([[1, 2], [3]]), ["ragged"]),
        (lambda: Tensor([1, 2]) + "a", ["Add", "str"]),
        (lambda: Tensor([1.0, 2])[5], ["index", "[2]"]),
        (lambda: Tensor([1.0, 2])["a"], ["index", "str"]),
        (lambda: ms.set_context(mod=1), ["mod", "Did you mean 'mode'"]),
        (lambda: ms.set_context(device_target="Ascend"), ["Ascend", "CPU"]),
        (lambda: ops.reshape(Tensor([1.0, 2]), (3,)), ["Reshape", "[2]", "[3]", "-1"]),
        (lambda: ops.MatMul()(Tensor([[1.0]])), ["MatMul", "2 tensor"]),
        (lambda: ops.MatMul(transpose=True), ["MatMul", "transpose", "transpose_a"]),
        (lambda: ms.grad(lambda x: x)(1.0), ["grad", "Tensor", "float"]),
        (lambda: ms.grad(lambda x: None)(Tensor(1.0)), ["return", "NoneType"]),
        (lambda: ms.value_and_grad(3), ["function", "int"]),
        (lambda: ms.grad(lambda x: x, 1)(Tensor(1.0)), ["position 1"]),
    ],
)
def test_messages_name_operation_got_wanted_and_fix(wrong, parts):
    with pytest.raises((TypeError, ValueError, AttributeError, IndexError, RuntimeError)) as info:
        wrong()
    text = str(info.value)
    assert all(p in text for p in parts), text


def test_functional_forms_take_mindspores_argument_names():
    x = Tensor([[1.0, -2.0]])
    assert ops.relu(input=x).tolist() == [[1.0, 0.0]]
    assert ops.pow(input=x, exponent=2).tolist() == [[1.0, 4.0]]
    assert ops.softmax(x, axis=-1).shape == (1, 2)
    assert ops.sqrt(x=Tensor([4.0])).tolist() == [2.0]
    with pytest.raises(TypeError, match="arguments"):
        ops.pow(x, 2, 3)


def test_primitive_classes_run_like_mindspores():
    x, y = Tensor([[1.0, 2.0]]), Tensor([[3.0, 4.0]])
    assert ops.MatMul(transpose_b=True)(x, y).tolist() == [[11.0]]
    assert ops.ReduceSum(keep_dims=True)(x, 1).tolist() == [[3.0]]
    assert ops.Concat(axis=0)((x, y)).shape == (2, 2)
    assert ops.Transpose()(x, (1, 0)).shape == (2, 1)
    assert ops.Add()(x, 1).tolist() == [[2.0, 3.0]]
    assert repr(ops.MatMul(transpose_b=True)) == (
        "Prim[MatMul]<transpose_a=False, transpose_b=True>"
    )


def test_random_numbers_repeat_with_the_seed():
    def draw():
        ms.set_seed(5)
        a = ops.standard_normal((3,)).tolist()
        return a, ops.standard_normal((3,)).tolist(), ops.rand(2).tolist()

    first = draw()
    assert first == draw()
    assert first[0] != first[1]
    ms.set_seed(5)
    mask = ops.dropout(ops.ones((4000,)), 0.25).asnumpy()
    assert set(np.unique(mask)) == {np.float32(0), np.float32(1 / 0.75)}
    assert abs((mask == 0).mean() - 0.25) < 0.03


def test_second_order_through_a_network_matches_differences():
    ms.set_seed(0)
    net = ms.nn.SequentialCell(ms.nn.Dense(3, 4), ms.nn.Tanh(), ms.nn.Dense(4, 1))
    x = Tensor(np.linspace(-1, 1, 6).reshape(2, 3).astype(np.float32))
    f = lambda v: net(v).sum()  # noqa: E731
    slope = lambda v: (ms.grad(f)(v) ** 2).sum()  # noqa: E731
    exact = ms.grad(slope)(x).asnumpy()
    for at in np.ndindex(2, 3):
        step = np.zeros((2, 3), np.float32)
        step[at] = 1e-2
        about = float(slope(x + Tensor(step)) - slope(x - Tensor(step))) / 2e-2
        assert exact[at] == pytest.approx(about, rel=2e-2, abs=2e-4)
