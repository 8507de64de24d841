"""Complex numbers and Fourier transforms: values as NumPy's, gradients as MindSpore's."""

from __future__ import annotations

import numpy as np
import pytest

import mslearn as ms
from mslearn import Tensor, ops

RNG = np.random.default_rng(8)
REAL = RNG.normal(size=(4, 5))
COMPLEX = RNG.normal(size=(4, 5)) + 1j * RNG.normal(size=(4, 5))
Z = Tensor(np.array([1 + 2j, 3 - 1j], np.complex64))

# What MindSpore 2.10 gives for the gradient at Z.
RECORDED = [
    (lambda z: ops.real(z).sum(), [1, 1]),
    (lambda z: ops.imag(z).sum(), [1j, 1j]),
    (lambda z: ops.abs(z).sum(), [0.4472136 + 0.8944272j, 0.94868326 - 0.31622776j]),
    (lambda z: ops.angle(z).sum(), [-0.4 + 0.2j, 0.1 + 0.3j]),
    (lambda z: ops.view_as_real(z).sum(), [1 + 1j, 1 + 1j]),
]


@pytest.mark.parametrize(("fn", "expected"), RECORDED)
def test_gradients_by_complex_numbers(fn, expected):
    np.testing.assert_allclose(ms.grad(fn)(Z).asnumpy(), expected, rtol=1e-6)


def test_gradients_through_the_fourier_transform_as_mindspore_has_them():
    x = Tensor(np.array([1.0, 2.0, 3.0, 4.0], np.float32))
    out = ms.grad(lambda x: ops.abs(ops.fft(x)).sum())(x)
    np.testing.assert_allclose(
        out.asnumpy(), [-1.4142135, 0.58578646, 1.4142135, 3.4142137], rtol=1e-5
    )
    out = ms.grad(lambda a, b: ops.imag(ops.polar(a, b)).sum(), 1)(x, x)
    np.testing.assert_allclose(out.asnumpy(), x.asnumpy() * np.cos(x.asnumpy()), rtol=1e-5)


def by_parts(fn):
    """A function of complex numbers as one of their two parts."""
    return lambda a, b: fn(ops.Complex()(a, b))


CHAINS = {
    "products": lambda z: ops.real(z * z * ops.conj(z) + 2j * z).sum(),
    "division": lambda z: ops.imag((z + 1) / (z * z + 3)).sum(),
    "functions": lambda z: ops.abs(ops.exp(z) * ops.sin(z)).sum(),
    "matrices": lambda z: ops.abs(ops.matmul(z, ops.adjoint(z)) + ops.matmul(z.T, z)[0, 0]).sum(),
    "fft": lambda z: (ops.abs(ops.fft(z, norm="ortho")) ** 2 * Tensor(REAL)).sum(),
    "ifft": lambda z: (ops.real(ops.ifft(z, 7, 0)) ** 3).sum(),
    "fftn": lambda z: ops.angle(ops.fftn(z)).cos().sum(),
    "irfft": lambda z: (ops.irfft(z) ** 3).sum(),
    "hfft": lambda z: (ops.hfft(z, 5) ** 3).sum(),
}


@pytest.mark.parametrize("name", CHAINS)
def test_gradients_of_both_parts_against_differences(name):
    a, b = Tensor(COMPLEX.real.copy()), Tensor(COMPLEX.imag.copy())
    f = by_parts(CHAINS[name])
    da, db = ms.grad(f, (0, 1))(a, b)
    dz = ms.grad(CHAINS[name])(Tensor(COMPLEX)).asnumpy()
    np.testing.assert_allclose(da.asnumpy() + 1j * db.asnumpy(), dz, rtol=1e-10)
    v, w = RNG.normal(size=a.shape), RNG.normal(size=a.shape)
    eps = 1e-6
    up = float(f(a + eps * Tensor(v), b + eps * Tensor(w)))
    down = float(f(a - eps * Tensor(v), b - eps * Tensor(w)))
    slope = float((da * Tensor(v) + db * Tensor(w)).sum())
    np.testing.assert_allclose(slope, (up - down) / (2 * eps), rtol=1e-6)
    forward = ms.jvp(f, (a, b), (Tensor(v), Tensor(w)))[1]
    np.testing.assert_allclose(float(forward), slope, rtol=1e-9)


@pytest.mark.parametrize("norm", [None, "backward", "ortho", "forward"])
@pytest.mark.parametrize("name", ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft"])
@pytest.mark.parametrize(("n", "dim"), [(None, -1), (3, 0), (8, 1)])
def test_transforms_along_an_axis_are_numpys(name, n, dim, norm):
    x = REAL if name in ("rfft", "ihfft") else COMPLEX
    ours = getattr(ops, name)(Tensor(x), n, dim, norm).asnumpy()
    np.testing.assert_allclose(ours, getattr(np.fft, name)(x, n, dim, norm), atol=1e-12)


@pytest.mark.parametrize("name", ["fft", "ifft", "rfft", "irfft"])
@pytest.mark.parametrize("s", [None, (3, 6)])
def test_transforms_along_several_axes_are_numpys(name, s):
    x = np.stack([REAL, REAL**2]) if name == "rfft" else np.stack([COMPLEX, COMPLEX**2])
    for more in ("2", "n"):
        theirs = getattr(np.fft, name + more)(x, s, (-2, -1))
        ours = getattr(ops, name + more)(Tensor(x), s, (-2, -1)).asnumpy()
        np.testing.assert_allclose(ours, theirs, atol=1e-12)


def test_hermitian_transforms_along_several_axes():
    x = Tensor(REAL)
    back = ops.hfftn(ops.ihfftn(x), REAL.shape)
    np.testing.assert_allclose(back.asnumpy(), REAL, atol=1e-12)
    np.testing.assert_allclose(ops.hfft2(ops.ihfft2(x), REAL.shape).asnumpy(), REAL, atol=1e-12)


def test_dtypes_shifts_frequencies_and_errors():
    assert ops.fft(Tensor([1, 2, 3])).dtype == ms.complex64
    assert ops.fft(Tensor(REAL)).dtype == ms.complex128
    assert ops.irfft(Tensor([1.0, 2.0])).dtype == ms.float32
    for dim in (None, 0, (0, 1)):
        for name in ("fftshift", "ifftshift"):
            theirs = getattr(np.fft, name)(REAL, dim)
            np.testing.assert_array_equal(getattr(ops, name)(Tensor(REAL), dim).asnumpy(), theirs)
    for name in ("fftfreq", "rfftfreq"):
        theirs = getattr(np.fft, name)(5, 0.5).astype(np.float32)
        np.testing.assert_array_equal(getattr(ops, name)(5, 0.5).asnumpy(), theirs)
    with pytest.raises(TypeError, match=r"rfft.*must be real.*ops\.fft"):
        ops.rfft(Z)
    with pytest.raises(ValueError, match=r"norm must be 'backward'"):
        ops.fft(Z, norm="none")


def test_fourier_transforms_inside_a_graph():
    f = ms.jit(ms.grad(CHAINS["fft"]), fullgraph=True)
    eager = ms.grad(CHAINS["fft"])(Tensor(COMPLEX)).asnumpy()
    np.testing.assert_allclose(f(Tensor(COMPLEX)).asnumpy(), eager, rtol=1e-12)
