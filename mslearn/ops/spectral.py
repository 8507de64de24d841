"""Windows of signals, and the Fourier transform of short pieces of a signal."""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.core.dtype import FLOAT32, to_numpy
from mslearn.core.tensor import Tensor, as_tensor
from mslearn.ops.arrange import pad
from mslearn.ops.complex_numbers import view_as_real
from mslearn.ops.families import floating
from mslearn.ops.fft import fft

__all__ = [
    "bartlett_window", "blackman_window", "hamming_window", "hann_window", "kaiser_window", "stft",
]  # fmt: skip


def _window(make: Any, length: Any, periodic: bool, dtype: Any, usual: Any) -> Tensor:
    """`make` of so many points; a periodic window leaves out the last point of one point more."""
    n = int(as_tensor(length)._concrete().item())
    if n < 0:
        raise ValueError(f"A window's length must be >= 0, but got {n}.")
    values = make(n + 1)[:-1] if periodic and n > 1 else make(n)
    return Tensor.wrap(values.astype(usual if dtype is None else to_numpy(dtype)))


def bartlett_window(window_length, periodic=True, *, dtype=None):
    """The triangular window: 0 at both ends, 1 in the middle; float32."""
    return _window(np.bartlett, window_length, periodic, dtype, FLOAT32)


def blackman_window(window_length, periodic=True, *, dtype=None):
    """``0.42 - 0.5 cos(2 pi k / (n - 1)) + 0.08 cos(4 pi k / (n - 1))``, float32."""
    return _window(np.blackman, window_length, periodic, dtype, FLOAT32)


def hamming_window(window_length, periodic=True, alpha=0.54, beta=0.46, *, dtype=None):
    """``alpha - beta cos(2 pi k / (n - 1))``, float32."""

    def make(n: int) -> np.ndarray:
        turns = np.arange(n) / max(n - 1, 1)
        return alpha - beta * np.cos(2 * np.pi * turns) if n > 1 else np.ones(n)

    return _window(make, window_length, periodic, dtype, FLOAT32)


def hann_window(window_length, periodic=True, *, dtype=None):
    """``0.5 - 0.5 cos(2 pi k / (n - 1))``, float64.

    >>> import mslearn as ms
    >>> print(ms.ops.hann_window(4))
    [0.  0.5 1.  0.5]
    """
    return _window(np.hanning, window_length, periodic, dtype, np.float64)


def kaiser_window(window_length, periodic=True, beta=12.0, *, dtype=None):
    """Kaiser's window of shape `beta`, the ratio of two modified Bessel functions; float64."""
    return _window(lambda n: np.kaiser(n, beta), window_length, periodic, dtype, np.float64)


def stft(
    x, n_fft, hop_length=None, win_length=None, window=None, center=True, pad_mode="REFLECT",
    normalized=False, onesided=None, return_complex=None,
):  # fmt: skip
    """The Fourier transforms of overlapping pieces of the signals `x` (…, time).

    Args:
        n_fft: the length of a piece.
        hop_length: from one piece to the next, n_fft // 4 by default.
        win_length, window: the window's length and values, ones by default; zeros fill it up.
        center: pad both ends, in `pad_mode`, so that a piece stands around each hop.
        normalized: divide by the square root of `n_fft`.
        onesided: leave out the half that mirrors the other (by default for real signals).
        return_complex: complex numbers, or pairs of their parts along a new last axis.

    Returns:
        (…, frequencies, pieces), or (…, frequencies, pieces, 2).
    """
    signal = floating(x)
    is_complex = signal._value.dtype.kind == "c"
    hop = n_fft // 4 if hop_length is None else int(hop_length)
    if center:
        half = n_fft // 2
        mode = pad_mode.lower()
        wide = signal.reshape((1, 1, -1)) if signal.ndim == 1 else signal.expand_dims(0)
        wide = pad(wide, (half, half), mode if mode != "edge" else "replicate")
        signal = wide.reshape((*signal.shape[:-1], -1))
    length = signal.shape[-1]
    if not 0 < n_fft <= length or hop < 1:
        raise ValueError(
            f"For 'stft', n_fft must be from 1 to the signal's {length} points and hop_length at "
            f"least 1, but got {n_fft} and {hop}."
        )
    at = np.arange(0, length - n_fft + 1, hop)[:, None] + np.arange(n_fft)
    pieces = signal[..., Tensor.wrap(at)]
    if window is not None:
        w = floating(window)
        missing = n_fft - w.shape[0]
        pieces = pieces * pad(w, (missing // 2, missing - missing // 2)) if missing else pieces * w
    elif win_length is not None and win_length < n_fft:
        before = (n_fft - win_length) // 2
        shape = np.pad(np.ones(win_length, "f4"), (before, n_fft - win_length - before))
        pieces = pieces * Tensor.wrap(shape)
    out = fft(pieces, norm="ortho" if normalized else None).swapaxes(-1, -2)
    if not is_complex if onesided is None else onesided:
        out = out[..., : n_fft // 2 + 1, :]
    wanted = is_complex if return_complex is None else return_complex
    return out if wanted else view_as_real(out)
