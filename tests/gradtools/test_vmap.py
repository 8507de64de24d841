"""`vmap` against a loop: every primitive with its samples, nesting, gradients, messages."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest

import mslearn as ms
from mslearn import nn, ops
from mslearn.core import observing
from mslearn.core.primitive import apply, registry
from mslearn.core.tensor import Tensor
from mslearn.gradtools.batching import AXIS, RULES, SAME_ATTRS

SAMPLES = {}
for _file in sorted((Path(__file__).parent.parent / "engine").glob("samples_*.py")):
    SAMPLES.update(runpy.run_path(str(_file))["SAMPLES"])
CASES = [(n, i) for n, s in SAMPLES.items() for i in range(len(s)) if s[i][0]]
ROWS = Tensor(np.arange(12.0, dtype=np.float32).reshape(4, 3))
VECTOR = Tensor([1.0, -2.0, 3.0])


def flat(x):
    return x if isinstance(x, tuple) else (x,)


@pytest.mark.parametrize(("name", "i"), CASES)
def test_every_primitive_agrees_with_a_loop(name, i):
    """First every float input is batched, then each alone, the others being the same for all."""
    arrays, attrs = SAMPLES[name][i]
    arrays = [np.asarray(a) for a in arrays]
    floats = [k for k, a in enumerate(arrays) if a.dtype.kind == "f"]
    prim = registry[name]
    for chosen in [floats, *([k] for k in floats)] if len(floats) > 1 else [floats]:
        if not chosen:
            continue
        # Scaling by a positive number keeps every sample inside its domain.
        batched = {k: np.stack([arrays[k], arrays[k] * 0.9, arrays[k] * 0.8]) for k in chosen}

        def run(*xs, chosen=chosen):
            inputs = list(map(Tensor, arrays))
            for k, x in zip(chosen, xs, strict=True):
                inputs[k] = x
            return apply(prim, tuple(inputs), attrs)

        together = flat(ms.vmap(run)(*[Tensor(batched[k]) for k in chosen]))
        single = [flat(run(*[Tensor(batched[k][b]) for k in chosen])) for b in range(3)]
        for k, out in enumerate(together):
            wanted = np.stack([s[k].asnumpy() for s in single])
            np.testing.assert_allclose(out.asnumpy(), wanted, rtol=1e-9, atol=1e-12)


class Count:
    def __init__(self):
        self.names = []

    def on_op(self, prim, inputs, attrs, output):
        self.names.append(prim.name)


def test_runs_the_batch_at_once():
    """No rule falls back to a loop: the operations are as many as for one example."""
    net = nn.SequentialCell(nn.Dense(3, 5), nn.Tanh(), nn.Dense(5, 2), nn.LogSoftmax())
    count = Count()
    with observing(count):
        out = ms.vmap(lambda x: net(x.reshape((1, 3)))[0, 1:].sum())(ROWS)
    assert len(count.names) < 20 and "Concat" not in count.names, count.names
    np.testing.assert_allclose(out.asnumpy(), net(ROWS)[:, 1].asnumpy(), rtol=1e-5)


def test_rules_name_primitives_that_exist():
    assert {*RULES, *AXIS, *SAME_ATTRS} <= set(registry)


def test_composes_with_every_derivative():
    f = lambda a: (a**3).sum()  # noqa: E731
    x = ROWS.asnumpy()
    np.testing.assert_allclose(ms.vmap(ms.grad(f))(ROWS).asnumpy(), 3 * x**2)
    np.testing.assert_allclose(ms.grad(lambda b: ms.vmap(f)(b).sum())(ROWS).asnumpy(), 3 * x**2)
    hessians = ms.vmap(ms.jacfwd(ms.grad(f)))(ROWS).asnumpy()
    np.testing.assert_allclose(hessians, [np.diag(6 * r) for r in x])
    third = ms.vmap(ms.grad(lambda a: ms.grad(lambda c: ms.grad(f)(c).sum())(a).sum()))(ROWS)
    np.testing.assert_allclose(third.asnumpy(), np.full((4, 3), 6.0))
    _, tangent = ms.jvp(ms.vmap(f), ROWS, ops.ones_like(ROWS))
    np.testing.assert_allclose(tangent.asnumpy(), (3 * x**2).sum(1))
    inner = ms.vmap(lambda a, t: ms.jvp(f, a, t)[1], (0, None))(ROWS, ops.ones((3,)))
    np.testing.assert_allclose(inner.asnumpy(), (3 * x**2).sum(1))


def test_a_gradient_for_each_example():
    """Per-example gradients by weights that all examples share."""
    w = ms.Parameter(Tensor([1.0, 2.0, 3.0]), name="w")
    rows = ms.vmap(ms.grad(lambda x: (x * w).sum() ** 2, None, w))(ROWS).asnumpy()
    x = ROWS.asnumpy()
    np.testing.assert_allclose(rows, 2 * (x @ [1.0, 2.0, 3.0])[:, None] * x)
    total = ms.grad(lambda: (ms.vmap(lambda x: (x * w).sum() ** 2)(ROWS)).sum(), None, w)()
    np.testing.assert_allclose(total.asnumpy(), rows.sum(0), rtol=1e-6)


def test_matrix_times_batched_vector_and_outer_products():
    m = Tensor(np.arange(6.0, dtype=np.float32).reshape(2, 3))
    out = ms.vmap(lambda a: ops.matmul(m, a))(ROWS)
    np.testing.assert_allclose(out.asnumpy(), ROWS.asnumpy() @ m.asnumpy().T)
    outer = ms.vmap(ms.vmap(lambda a, b: a * b, (None, 0)), (0, None))(VECTOR, VECTOR)
    np.testing.assert_allclose(outer.asnumpy(), np.outer([1, -2, 3], [1, -2, 3]))


def test_decisions_about_numbers_run_example_by_example():
    def f(a):
        return a * 2 if a.sum() > 5 else -a

    wanted = np.stack([r * 2 if r.sum() > 5 else -r for r in ROWS.asnumpy()])
    np.testing.assert_allclose(ms.vmap(f)(ROWS).asnumpy(), wanted)
    slope = ms.grad(lambda b: ms.vmap(f)(b).sum())(ROWS).asnumpy()
    np.testing.assert_allclose(slope, [[-1] * 3, [2] * 3, [2] * 3, [2] * 3])
    seen = ms.vmap(lambda a: Tensor(a.asnumpy() + 1))(ROWS)
    np.testing.assert_allclose(seen.asnumpy(), ROWS.asnumpy() + 1)


def test_indexing_and_assignment():
    def f(a):
        a = a * 1
        a[1] = a[0] * 10
        return a[1:], a[ms.Tensor([2, 0])], a[None, ..., -1]

    out = ms.vmap(f)(ROWS)
    x = ROWS.asnumpy().copy()
    x[:, 1] = x[:, 0] * 10
    for found, wanted in zip(out, (x[:, 1:], x[:, [2, 0]], x[:, None, -1]), strict=True):
        np.testing.assert_allclose(found.asnumpy(), wanted)


def test_every_example_draws_the_same_numbers():
    ms.set_seed(1)
    together = ms.vmap(lambda a: ops.dropout(a, 0.5, True))(ops.ones((4, 50)))
    assert (together.asnumpy() == together.asnumpy()[0]).all()
    assert 0 < together.asnumpy()[0].sum() < 100
    alone = ms.vmap(lambda a: ops.dropout(a, 0.5, bool(a[0] > 0)))(ops.ones((4, 50)))
    assert (alone.asnumpy() == alone.asnumpy()[0]).all()


def test_an_ensemble_of_cells():
    cells = nn.CellList([nn.Dense(3, 2) for _ in range(4)])
    shared = ms.vmap(cells, None)(VECTOR.reshape((1, 3)))
    wanted = [c(VECTOR.reshape((1, 3))).asnumpy() for c in cells]
    np.testing.assert_allclose(shared.asnumpy(), wanted, rtol=1e-6)
    with pytest.raises(RuntimeError, match="4 Cells for 3 examples"):
        ms.vmap(cells)(ops.ones((3, 1, 3)))


def test_a_parameter_never_keeps_a_value_of_one_level():
    p = ms.Parameter(Tensor([0.0, 0.0, 0.0]), name="p")

    def leak(a):
        ops.assign(p, a)
        return a

    with pytest.raises(RuntimeError, match="differs from example to example"):
        ms.vmap(leak)(ROWS)
    assert p.asnumpy().tolist() == [0.0, 0.0, 0.0]


def test_messages_speak_of_one_example():
    with pytest.raises(ValueError, match=r"\[3\] and \[2\]"):
        ms.vmap(lambda a: a + ops.ones((2,)))(ROWS)
    with pytest.raises(RuntimeError, match="4 and 2"):
        ms.vmap(lambda a, b: a)(ROWS, ops.ones((2, 3)))
    ms.vmap(lambda a: a)(ROWS)  # and nothing stays open after an error
    assert not ms.core.state.state.active
