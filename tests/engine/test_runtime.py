"""Random state, buffers, devices and the names of types; the rarer initializers."""

from __future__ import annotations

import numpy as np
import pytest

import mslearn as ms
from mslearn.common import initializer as init


def test_random_state_can_be_kept_and_given_back():
    ms.manual_seed(7)
    assert ms.initial_seed() == ms.get_seed() == 7
    ms.ops.randn(2)
    state = ms.get_rng_state()
    first = ms.ops.randn(3).asnumpy()
    assert not np.array_equal(ms.ops.randn(3).asnumpy(), first)
    ms.set_rng_state(state)
    np.testing.assert_array_equal(ms.ops.randn(3).asnumpy(), first)
    assert ms.seed() == ms.get_seed()


def test_tensors_from_memory():
    array = np.arange(4, dtype=np.int16)
    assert ms.from_numpy(array).dtype == ms.short == ms.int16
    assert ms.frombuffer(array.tobytes(), ms.int16, 2, 2).tolist() == [1, 2]
    assert ms.is_tensor(ms.Tensor(1)) and not ms.is_tensor(1)


def test_names_of_types():
    assert (ms.half, ms.single, ms.double) == (ms.float16, ms.float32, ms.float64)
    assert (ms.byte, ms.intc, ms.long, ms.intp) == (ms.int8, ms.int32, ms.int64, ms.int64)
    assert (ms.ubyte, ms.ushort, ms.uintc) == (ms.uint8, ms.uint16, ms.uint32)
    assert (ms.STRICT, ms.COMPATIBLE, ms.LAX) == (0, 1, 2)
    assert (ms.uintp, ms.cfloat, ms.cdouble) == (ms.uint64, ms.complex64, ms.complex128)


def test_devices():
    ms.set_device("CPU")
    assert ms.get_current_device() == ("CPU", 0)
    ms.set_deterministic(True)
    assert ms.get_context("deterministic") == "ON"
    ms.set_deterministic(False)
    ms.set_recursion_limit(500)
    assert ms.get_context("max_call_depth") == 500
    ms.set_recursion_limit()
    ms.synchronize()


def made(kind, shape):
    ms.set_seed(3)
    return init.initializer(kind, shape, ms.float64).asnumpy()


def test_initializers_with_structure():
    np.testing.assert_array_equal(made(init.Identity(), (2, 3)), np.eye(2, 3))
    dirac = made(init.Dirac(2), (4, 2, 3))  # as MindSpore 2.10 makes it
    np.testing.assert_array_equal(dirac[:, :, 1], np.tile(np.eye(2), (2, 1)))
    assert dirac.sum() == 4
    for shape in ((3, 5), (5, 3), (4, 2, 3)):
        flat = made(init.Orthogonal(2.0), shape).reshape(shape[0], -1)
        small = flat @ flat.T if len(flat) <= flat.shape[1] else flat.T @ flat
        np.testing.assert_allclose(small, 4 * np.eye(len(small)), atol=1e-12)
    sparse = made(init.Sparse(0.3), (10, 6))
    np.testing.assert_array_equal((sparse == 0).sum(0), [3] * 6)


@pytest.mark.parametrize("distribution", ["uniform", "truncated_normal", "untruncated_normal"])
@pytest.mark.parametrize(("mode", "fan"), [("fan_in", 200), ("fan_out", 300), ("fan_avg", 250)])
def test_variance_scaling(distribution, mode, fan):
    values = made(init.VarianceScaling(2.0, mode, distribution), (300, 200))
    assert values.var() == pytest.approx(2 / fan, rel=0.03)


@pytest.mark.parametrize(
    ("kind", "shape"),
    [(init.Identity(), (2,)), (init.Orthogonal(), (2,)), (init.Dirac(), (2, 2)),
     (init.Sparse(0.1), (2,))],
)  # fmt: skip
def test_wrong_shapes(kind, shape):
    with pytest.raises(ValueError, match=type(kind).__name__):
        made(kind, shape)
