"""Sparse tensors agree with the dense ones that they stand for, gradients included."""

from __future__ import annotations

import numpy as np
import pytest

import mslearn as ms

DENSE = np.array([[0, 1.5, 0, 0], [2, 0, 0, -1], [0, 0, 0, 0]], np.float32)
OTHER = np.arange(12, dtype=np.float32).reshape(3, 4) + 1
RIGHT = np.linspace(-1, 1, 8, dtype=np.float32).reshape(4, 2)


@pytest.fixture(params=["coo", "csr"])
def sparse(request):
    return getattr(ms.ops, f"dense_to_sparse_{request.param}")(ms.Tensor(DENSE))


def test_arithmetic(sparse):
    t = ms.Tensor(OTHER)
    cases = [
        (sparse.to_dense(), DENSE), ((-sparse).to_dense(), -DENSE),
        ((sparse * 2).to_dense(), 2 * DENSE),
        ((sparse * t).to_dense(), DENSE * OTHER), ((sparse / t).to_dense(), DENSE / OTHER),
        ((sparse + sparse).to_dense(), 2 * DENSE), ((sparse - sparse).to_dense(), 0 * DENSE),
        (sparse + t, DENSE + OTHER), (sparse @ ms.Tensor(RIGHT), DENSE @ RIGHT),
    ]  # fmt: skip
    for i, (found, wanted) in enumerate(cases):
        np.testing.assert_allclose(found.asnumpy(), wanted, rtol=1e-6, err_msg=str(i))


def test_gradient_by_values_and_dense(sparse):
    weight = ms.Tensor(np.arange(6, dtype=np.float32).reshape(3, 2))

    def by_sparse(values, right):
        return ((sparse._with(values) @ right) * weight).sum()

    def by_dense(left, right):
        return ((left @ right) * weight).sum()

    values, right = ms.grad(by_sparse, (0, 1))(sparse.values, ms.Tensor(RIGHT))
    left, wanted = ms.grad(by_dense, (0, 1))(ms.Tensor(DENSE), ms.Tensor(RIGHT))
    np.testing.assert_allclose(right.asnumpy(), wanted.asnumpy(), rtol=1e-6)
    np.testing.assert_allclose(values.asnumpy(), left.asnumpy()[DENSE != 0], rtol=1e-6)


def test_csr_conversions_and_sums():
    csr = ms.ops.dense_to_sparse_csr(ms.Tensor(DENSE))
    assert csr.indptr.tolist() == [0, 1, 3, 3]
    assert csr.to_coo().to_csr().indices.tolist() == [1, 0, 3]
    np.testing.assert_allclose(csr.sum(0).asnumpy(), DENSE.sum(0, keepdims=True))
    np.testing.assert_allclose(csr.sum(1).asnumpy(), DENSE.sum(1, keepdims=True))


def test_equal_coordinates_add_up():
    x = ms.COOTensor(ms.Tensor([[1, 1], [0, 0], [1, 1]]), ms.Tensor([1.0, 2.0, 3.0]), (2, 2))
    assert x.to_dense().tolist() == [[2, 0], [0, 4]]
    assert x.coalesce().values.tolist() == [2, 4]
    assert x.add(x, 5.0).values.tolist() == [8]


def test_wrong_parts_are_named():
    with pytest.raises(ValueError, match="indices have shape"):
        ms.COOTensor(ms.Tensor([0, 1]), ms.Tensor([1.0]), (2, 2))
    with pytest.raises(TypeError, match="Tensor of integers"):
        ms.COOTensor(ms.Tensor([[0.5, 1]]), ms.Tensor([1.0]), (2, 2))
