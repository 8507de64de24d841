"""Ctrl-C anywhere in a step: afterwards the numbers are those of some number of whole steps.

(By a timer, once in some hundred steps, ONNX Runtime wrote to an array that had gone: a
segmentation fault.)
"""

from __future__ import annotations

import numpy as np
import pytest
from backends.test_keeping import DATA, in_memory, on_numpy, our_reader, target, trained, weights  # noqa: F401 (fixtures)
from interrupting import interrupted

import mslearn as ms
from mslearn.backends.conformance import Training, _mlp

HERE = ("keeping.py", "ported.py", "onnx_session.py", "draws.py")
LOOKS = {
    "nobody looks": lambda one, held: one.step(*DATA),
    "somebody holds": lambda one, held: held.append([p.asnumpy() for p in weights(one)]),
    "somebody assigns": lambda one, held: [
        p.set_data(ms.Tensor(p.asnumpy().copy())) for p in weights(one)
    ],
}


@pytest.mark.parametrize("look", LOOKS)
def test_a_step_is_done_or_not(target, look):  # noqa: F811
    steps = []  # the numbers after so many whole steps
    trained(target, lambda one, i: steps.append(
        {n: a.copy() for n, a in one.numbers(True).items()}), 40)  # fmt: skip

    def done(one):
        found = one.numbers(True)
        near = [all(np.allclose(found[n], a, 1e-5, 1e-6) for n, a in s.items()) for s in steps]
        assert sum(near) == 1
        return 1 + near.index(True)

    one, at, count, held = None, 0, 99, []
    while True:
        at += 1
        if count > 30:
            one, count = Training(_mlp, target, False), 2
            one.step(*DATA)
            one.step(*DATA)
        LOOKS[look](one, held)
        del held[:-2]
        going = interrupted(lambda: one.step(*DATA), HERE, at)  # noqa: B023 (called at once)
        one.step(*DATA)
        before, count = count, done(one)
        wanted = 2 if look == "nobody looks" else 1
        assert count - before in (wanted, wanted + 1), f"stopped at place {at}"
        if not going:
            break
    assert at > 10
