"""Parameters that stay with an executable: nobody can tell, whenever and however they look."""

from __future__ import annotations

import copy
import dataclasses
import gc
import pickle
import threading
import time
import weakref

import numpy as np
import pytest
from backends.test_arrays import on_numpy  # noqa: F401 (a fixture)
from backends.test_mindspore import our_reader  # noqa: F401 (a fixture)

import mslearn as ms
from mslearn import nn, ops
from mslearn.backends import BackendError, registry
from mslearn.backends.conformance import Conformance, Training, _data, _mlp
from mslearn.backends.onnxruntime_backend import OnnxRuntimeBackend
from mslearn.backends.providers import PROVIDERS

KEEPERS = ("onnxruntime", "in-memory", "OpenVINO-CPU", "arrays", "our-reader")
DATA = _data((8, 12))


class InMemory(OnnxRuntimeBackend):
    """ONNX Runtime on a "device" whose memory is the runtime's: here the processor's."""

    name = "in-memory"
    targets = ("In-memory",)


@pytest.fixture
def in_memory(monkeypatch):
    class Point:
        name = "in-memory"

        def load(self):
            return InMemory

    cpu = dataclasses.replace(PROVIDERS["ONNX-CPU"], memory="cpu")
    monkeypatch.setitem(PROVIDERS, "In-memory", cpu)
    monkeypatch.setattr(registry, "entry_points", lambda group: [Point()])
    registry.backend.cache_clear()
    yield
    registry.backend.cache_clear()


@pytest.mark.usefixtures("in_memory")
class TestInMemory(Conformance):
    target = "in-memory"


FIXTURES = {"arrays": "on_numpy", "our-reader": "our_reader", "in-memory": "in_memory"}


@pytest.fixture(params=KEEPERS)
def target(request):
    wanted = FIXTURES.get(request.param)
    if wanted is not None:
        request.getfixturevalue(wanted)
    return request.param


def is_kept(parameter):
    return "_keeper" in vars(parameter)


def weights(one):
    return [p for cell in (one.net, one.optimizer) for p in cell.trainable_params()]


def trained(target, between=lambda one, i: None, steps=6, data=(DATA,)):
    """Copies of the weights after some steps; between two steps something is done."""
    one = Training(_mlp, target, False)
    for i in range(steps):
        one.step(*data[i % len(data)])
        between(one, i)
    return {n: a.copy() for n, a in one.numbers(True).items()}


def same(found, wanted, tolerance=0.0):
    assert found.keys() == wanted.keys()
    for name, array in wanted.items():
        np.testing.assert_allclose(found[name], array, rtol=tolerance, atol=tolerance)


def test_a_step_hands_nothing_back(target):
    one = Training(_mlp, target, False)
    for _ in range(3):
        one.step(*DATA)
        assert all(map(is_kept, one.net.trainable_params()))
        assert not one.step.compilations[0].executable.looked_at
    first, *rest = one.net.trainable_params()
    assert first.shape == (16, 12)
    assert not is_kept(first) and all(map(is_kept, rest))
    one.step(*DATA)
    assert is_kept(first) and len(one.step.compilations) == 1


LOOKS = {
    "shape": lambda p: p.shape,
    "print": repr,
    "numbers": lambda p: p.asnumpy(),
    "arithmetic": lambda p: (p * 2).sum(),
    "deepcopy": copy.deepcopy,
    "pickle": lambda p: pickle.loads(pickle.dumps(p)),
    "value": lambda p: p.value(),
    "index": lambda p: p[...],
    "numpy": np.asarray,
}


@pytest.mark.parametrize("look", LOOKS)
def test_looks_change_nothing(look):
    wanted = trained("onnxruntime")
    same(trained("onnxruntime", lambda one, i: [LOOKS[look](p) for p in weights(one)]), wanted)


def test_a_look_shows_the_present_numbers(target):
    plain = trained("numpy", steps=4)
    one = Training(_mlp, target, False)
    for _ in range(4):
        one.step(*DATA)
    same(one.numbers(True), plain, 1e-5)
    found = {p.name: p.asnumpy() for p in one.net.get_parameters()}
    again = {p.name: p.asnumpy() for p in one.net.get_parameters()}
    assert all(found[n] is again[n] for n in found)


CHANGES = {
    "set_data": lambda p: p.set_data(ms.Tensor(np.full(p.shape, 0.01, np.float32))),
    "assign_value": lambda p: p.assign_value(np.full(p.shape, 0.02, np.float32)),
    "assign": lambda p: ops.assign(p, p * 0.5),
    "assign_add": lambda p: ops.assign_add(p, ms.Tensor(np.float32(0.1))),
    "item": lambda p: p.__setitem__(0, 0.25),
}


@pytest.mark.parametrize("change", CHANGES)
def test_changes_between_steps_are_taken(target, change):
    def between(one, i):
        if i in (1, 2, 4):
            CHANGES[change](one.net.trainable_params()[i % 2])

    same(trained(target, between), trained("numpy", between), 1e-5)


def test_a_blind_assignment_is_taken():
    def between(one, i):
        weight = one.net.trainable_params()[0]
        weight.assign_value(np.full((16, 12), 0.1 * i, np.float32))
        assert not is_kept(weight)

    same(trained("onnxruntime", between), trained("numpy", between), 1e-5)


def test_writing_in_the_array_itself_is_seen():
    def between(one, i):
        one.net.trainable_params()[0].asnumpy()[0, i] = 0.5

    same(trained("onnxruntime", between), trained("numpy", between), 1e-5)


def test_batches_of_two_sizes_share_the_parameters(target):
    data = (DATA, _data((3, 12)))
    same(trained(target, data=data), trained("numpy", data=data), 1e-5)


def test_backends_take_turns_on_the_same_parameters():
    one, wanted = Training(_mlp, "onnxruntime", False), Training(_mlp, "numpy", False)
    other = ms.jit(one.step.function, backend="OpenVINO-CPU")
    plain = ms.jit(one.step.function, backend="numpy")
    for step in (one.step, other, plain, one.step, one.step, plain, other, one.step.function):
        np.testing.assert_allclose(float(step(*DATA)), float(wanted.step(*DATA)), rtol=1e-5)
    same(one.numbers(True), wanted.numbers(True), 1e-5)


def test_another_graph_reads_what_a_step_keeps(target):
    one = Training(_mlp, target, False)
    predict = ms.jit(one.net, backend=target)
    for _ in range(4):
        one.step(*DATA)
        eager = one.net(DATA[0]).asnumpy()
        np.testing.assert_allclose(predict(DATA[0]).asnumpy(), eager, rtol=1e-5, atol=1e-6)
    assert len(one.step.compilations) == len(predict.compilations) == 1


def test_checkpoints_hold_the_present_numbers(target, tmp_path):
    one = Training(_mlp, target, False)
    for _ in range(3):
        one.step(*DATA)
    ms.save_checkpoint(one.net, str(tmp_path / "net.ckpt"))
    wanted = {k: v.copy() for k, v in one.numbers(False).items()}
    for _ in range(2):
        one.step(*DATA)
    ms.load_param_into_net(one.net, ms.load_checkpoint(str(tmp_path / "net.ckpt")))
    same(one.numbers(False), wanted)
    loss = float(one.step(*DATA))
    fresh = Training(_mlp, "numpy", False)
    ms.load_param_into_net(fresh.net, ms.load_checkpoint(str(tmp_path / "net.ckpt")))
    np.testing.assert_allclose(loss, float(fresh.step(*DATA)), rtol=1e-5)


def test_numbers_outlive_the_step_and_free_it(target):
    one = Training(_mlp, target, False)
    for _ in range(3):
        one.step(*DATA)
    gone = weakref.ref(one.step.compilations[0].executable)
    optimizer, net = one.optimizer, one.net
    del one
    gc.collect()
    wanted = trained("numpy", steps=3)
    found = {p.name: p.asnumpy() for c in (net, optimizer) for p in c.get_parameters()}
    same(found, wanted, 1e-5)
    gc.collect()
    assert gone() is None


def test_a_thread_may_look_at_any_time(target):
    one, seen, rounds = Training(_mlp, target, False), [], threading.Semaphore(0)
    stop = threading.Event()
    parameters = weights(one)

    def look():
        while not stop.is_set():
            for p in parameters:
                array = p.asnumpy()
                seen.append((array, array.copy()))
            rounds.release()
            time.sleep(0.0005)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    for k in range(60):
        one.step(*DATA)
        # However slow the thread is, it looks at least six times, and between steps, too.
        assert k % 10 or rounds.acquire(timeout=600)
    stop.set()
    thread.join()
    assert len(seen) >= 6 * len(parameters)
    same(one.numbers(True), trained(target, steps=60), 1e-6)
    for array, at_that_time in seen:
        np.testing.assert_array_equal(array, at_that_time)


def test_two_threads_that_train_two_networks_with_a_shared_layer():
    first, second = (Training(_mlp, "onnxruntime", False) for _ in "ab")
    shared = ms.jit(lambda x: first.net(x) + second.net(x), backend="onnxruntime")
    errors = []

    def run(one):
        try:
            for _ in range(40):
                one.step(*DATA)
                shared(DATA[0])
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(one,)) for one in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(600)
        assert not thread.is_alive()
    assert not errors
    wanted = trained("onnxruntime", steps=40)
    same(first.numbers(True), wanted)
    same(second.numbers(True), wanted)


class Words(nn.Cell):
    def __init__(self):
        super().__init__()
        self.embedding, self.head = nn.Embedding(20, 6), nn.Dense(6, 4)

    def construct(self, x):
        return self.head(ops.gather(self.embedding.embedding_table, x, 0).mean(1))


@pytest.mark.usefixtures("on_numpy")
@pytest.mark.parametrize("target", ["onnxruntime", "arrays"])  # the others see no error in it
def test_a_run_that_fails_leaves_them(target):
    x, y = _data((4, 3), np.int32)
    one = Training(Words, target, False)
    one.step(x, y)
    before = {k: v.copy() for k, v in one.numbers(True).items()}
    one.step(x, y)
    after = {k: v.copy() for k, v in one.numbers(True).items()}
    same_again = Training(Words, target, False)
    same_again.step(x, y)
    for _ in range(2):
        with pytest.raises(BackendError, match=r"(?s)stopped.*Parameters are as they were"):
            same_again.step(ms.Tensor(np.full((4, 3), 99, np.int32)), y)
    same(same_again.numbers(True), before)
    same_again.step(x, y)
    same(same_again.numbers(True), after, 1e-6)


FLAGS = {
    "set_train": lambda net: net.set_train(False),
    "training": lambda net: setattr(net[1], "training", False),
    "apply": lambda net: net.apply(lambda cell: setattr(cell, "training", False)),
    "add_flags": lambda net: net[1].add_flags(training=False),
    "requires_grad": lambda net: setattr(net.trainable_params()[0], "requires_grad", False),
}


@pytest.mark.parametrize("flag", FLAGS)
@pytest.mark.parametrize("backend", ["numpy", "onnxruntime"])
def test_flags_that_change_make_a_new_graph(flag, backend):
    net = nn.SequentialCell(nn.Dense(12, 4), nn.Dropout(p=0.5)).set_train()
    run = ms.jit(net, backend=backend)
    for _ in range(3):
        run(DATA[0])
    assert len(run.compilations) == 1
    FLAGS[flag](net)
    found = run(DATA[0])
    assert len(run.compilations) == 2
    if flag != "requires_grad":
        np.testing.assert_allclose(found.asnumpy(), net(DATA[0]).asnumpy(), rtol=1e-5, atol=1e-6)
    run(DATA[0])
    assert len(run.compilations) == 2
