"""Short-time Fourier transforms of arrays."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from mslearn.dataset.audio.enums import BorderType, WindowType


@lru_cache(maxsize=64)
def window(kind: WindowType, size: int, n_fft: int) -> np.ndarray:
    """A periodic window of `size` samples in the middle of `n_fft`."""
    t = np.arange(size)
    angle = 2 * np.pi * t / size
    if kind is WindowType.HANN:
        values = 0.5 - 0.5 * np.cos(angle)
    elif kind is WindowType.HAMMING:
        values = 0.54 - 0.46 * np.cos(angle)
    elif kind is WindowType.BLACKMAN:
        values = 0.42 - 0.5 * np.cos(angle) + 0.08 * np.cos(2 * angle)
    elif kind is WindowType.BARTLETT:
        values = 1 - np.abs(2 * t / size - 1)
    else:
        values = np.kaiser(size + 1, 12.0)[:-1]
    left = (n_fft - size) // 2
    return np.pad(values, (left, n_fft - size - left))


def pad_time(x: np.ndarray, left: int, right: int, border: BorderType) -> np.ndarray:
    """More samples at both ends of the last axis.

    Raises:
        RuntimeError: a mirror image would be longer than the sound.
    """
    if border is BorderType.REFLECT and max(left, right) >= x.shape[-1]:
        raise RuntimeError(
            f"A sound of {x.shape[-1]} samples cannot be mirrored by {max(left, right)} samples; "
            f"use a smaller n_fft or another pad_mode."
        )
    widths = [(0, 0)] * (x.ndim - 1) + [(left, right)]
    return np.pad(x, widths, mode=border.value)


def stft(
    x: np.ndarray,
    n_fft: int,
    hop: int,
    weights: np.ndarray,
    center: bool = True,
    border: BorderType = BorderType.REFLECT,
    onesided: bool = True,
) -> np.ndarray:
    """<…,time> to complex <…,frequency,frames>.

    Raises:
        RuntimeError: the sound is shorter than one frame.
    """
    if center:
        x = pad_time(x, n_fft // 2, n_fft // 2, border)
    if x.shape[-1] < n_fft:
        raise RuntimeError(f"A sound of {x.shape[-1]} samples is shorter than n_fft = {n_fft}.")
    frames = np.lib.stride_tricks.sliding_window_view(x, n_fft, -1)[..., ::hop, :] * weights
    spectrum = np.fft.rfft(frames) if onesided else np.fft.fft(frames)
    return np.swapaxes(spectrum, -1, -2)


def istft(
    spectrum: np.ndarray,
    n_fft: int,
    hop: int,
    weights: np.ndarray,
    length: int | None = None,
    center: bool = True,
    onesided: bool = True,
) -> np.ndarray:
    """The way back from `stft`: overlapping frames added, divided by the windows' squares."""
    columns = np.swapaxes(spectrum, -1, -2)
    frames = np.fft.irfft(columns, n_fft) if onesided else np.fft.ifft(columns, n_fft).real
    count = frames.shape[-2]
    size = n_fft + hop * (count - 1)
    out = np.zeros((*frames.shape[:-2], size))
    envelope = np.zeros(size)
    for k in range(count):
        place = slice(k * hop, k * hop + n_fft)
        out[..., place] += frames[..., k, :] * weights
        envelope[place] += weights**2
    start = n_fft // 2 if center else 0
    stop = start + length if length is not None else size - (n_fft // 2 if center else 0)
    out, envelope = out[..., start:stop], envelope[start:stop]
    out = out / np.where(envelope > 1e-11, envelope, 1.0)
    if length is not None and out.shape[-1] < length:
        out = np.pad(out, [(0, 0)] * (out.ndim - 1) + [(0, length - out.shape[-1])])
    return out


def stretch(spectrum: np.ndarray, rate: float, advance: np.ndarray) -> np.ndarray:
    """A complex spectrum `rate` times as fast at the same pitch: the phase vocoder.

    Args:
        advance: expected turn of the phase per frame for each frequency, <frequency,1>.
    """
    steps = np.arange(0, spectrum.shape[-1], rate)
    part = steps % 1
    start = np.angle(spectrum[..., :1])
    longer = np.pad(spectrum, [(0, 0)] * (spectrum.ndim - 1) + [(0, 2)])
    at = steps.astype(np.int64)
    first, second = longer[..., at], longer[..., at + 1]
    turn = np.angle(second) - np.angle(first) - advance
    turn = turn - 2 * np.pi * np.round(turn / (2 * np.pi)) + advance
    phase = np.cumsum(np.concatenate([start, turn[..., :-1]], -1), -1)
    size: Any = part * np.abs(second) + (1 - part) * np.abs(first)
    return np.asarray(size * np.exp(1j * phase))


def to_complex(x: np.ndarray) -> np.ndarray:
    """<…,2> real and imaginary parts as complex numbers."""
    return np.asarray(x[..., 0] + 1j * x[..., 1])


def to_pairs(x: np.ndarray) -> np.ndarray:
    """Complex numbers as <…,2> real and imaginary parts."""
    return np.stack([x.real, x.imag], -1)
