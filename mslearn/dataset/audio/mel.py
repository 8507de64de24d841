"""The mel scale and cepstra: filter banks, MelSpectrogram, MFCC, LFCC."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mslearn.dataset.audio.base import AudioOperation, choice, number
from mslearn.dataset.audio.enums import BorderType, MelType, NormMode, NormType, WindowType
from mslearn.dataset.audio.spectra import AmplitudeToDB, Spectrogram
from mslearn.dataset.checks import check_bool, check_int


def _to_mel(freq: float, kind: MelType) -> float:
    if kind is MelType.HTK:
        return 2595.0 * math.log10(1.0 + freq / 700.0)
    return freq * 3 / 200 if freq < 1000 else 15 + math.log(freq / 1000) * 27 / math.log(6.4)


def _from_mel(mels: np.ndarray, kind: MelType) -> np.ndarray:
    if kind is MelType.HTK:
        return np.asarray(700.0 * (10.0 ** (mels / 2595.0) - 1.0))
    return np.where(mels < 15, mels * 200 / 3, 1000 * np.exp((mels - 15) * math.log(6.4) / 27))


def _triangles(n_freqs: int, corners: np.ndarray, sample_rate: int) -> np.ndarray:
    """<n_freqs, filters>: each filter rises from one corner to the next and falls to the third."""
    freqs = np.linspace(0, sample_rate // 2, n_freqs)
    gaps = np.diff(corners)
    slopes = corners[None, :] - freqs[:, None]
    return np.maximum(0, np.minimum(-slopes[:, :-2] / gaps[:-1], slopes[:, 2:] / gaps[1:]))


def melscale_fbanks(
    n_freqs: int,
    f_min: float,
    f_max: float,
    n_mels: int,
    sample_rate: int,
    norm: NormType = NormType.NONE,
    mel_type: MelType = MelType.HTK,
) -> np.ndarray:
    """Triangular filters at equal distances on the mel scale: float32 <n_freqs, n_mels>.

    >>> melscale_fbanks(201, 0.0, 8000.0, 40, 16000).shape
    (201, 40)
    """
    check_int(n_freqs, "n_freqs", 1)
    check_int(n_mels, "n_mels", 1)
    check_int(sample_rate, "sample_rate", 1)
    _range(f_min, f_max, "melscale_fbanks")
    choice(norm, "norm", NormType)
    choice(mel_type, "mel_type", MelType)
    mels = np.linspace(_to_mel(f_min, mel_type), _to_mel(f_max, mel_type), n_mels + 2)
    corners = _from_mel(mels, mel_type)
    bank = _triangles(n_freqs, corners, sample_rate)
    if norm is NormType.SLANEY:
        bank = bank * (2.0 / (corners[2:] - corners[:n_mels]))
    return bank.astype(np.float32)


def _range(f_min: float, f_max: float, name: str) -> None:
    number(f_min, "f_min", 0)
    number(f_max, "f_max", 0, above=True)
    if f_min >= f_max:
        raise ValueError(f"{name}: f_max should be greater than f_min: got {f_max} and {f_min}.")


def linear_fbanks(
    n_freqs: int, f_min: float, f_max: float, n_filter: int, sample_rate: int
) -> np.ndarray:
    """Triangular filters at equal distances in Hz: float32 <n_freqs, n_filter>."""
    check_int(n_freqs, "n_freqs", 1)
    check_int(n_filter, "n_filter", 1)
    check_int(sample_rate, "sample_rate", 1)
    _range(f_min, f_max, "linear_fbanks")
    corners = np.linspace(f_min, f_max, n_filter + 2)
    return _triangles(n_freqs, corners, sample_rate).astype(np.float32)


def create_dct(n_mfcc: int, n_mels: int, norm: NormMode = NormMode.NONE) -> np.ndarray:
    """The cosine transform (type 2) as a matrix: float32 <n_mels, n_mfcc>."""
    for name, value in (("n_mfcc", n_mfcc), ("n_mels", n_mels)):
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError(f"{name} must be an int, but got {value!r}.")
        if value <= 0:
            raise ValueError(f"{name} must be greater than 0, but got {value}.")
    choice(norm, "norm", NormMode)
    place = (np.arange(n_mels) + 0.5)[:, None]
    matrix = np.cos(math.pi / n_mels * place * np.arange(n_mfcc)[None, :])
    if norm is NormMode.ORTHO:
        matrix[:, 0] /= math.sqrt(2)
        matrix *= math.sqrt(2 / n_mels)
    else:
        matrix *= 2
    return matrix.astype(np.float32)


class MelScale(AudioOperation):
    """A spectrogram <…,n_stft,frames> on the mel scale: <…,n_mels,frames>.

    Args:
        n_mels: how many filters, between `f_min` and `f_max` Hz (half the rate by default).
        n_stft: frequencies of the spectrogram, n_fft // 2 + 1.
        norm: SLANEY makes the filters' areas equal. mel_type: formula of the scale.
    """

    rank = 2

    def __init__(
        self,
        n_mels: int = 128,
        sample_rate: int = 16000,
        f_min: float = 0.0,
        f_max: float | None = None,
        n_stft: int = 201,
        norm: NormType = NormType.NONE,
        mel_type: MelType = MelType.HTK,
    ) -> None:
        check_int(sample_rate, "sample_rate", 1)
        top = float(sample_rate // 2) if f_max is None else f_max
        check_int(n_mels, "n_mels", 1)
        _range(f_min, top, "MelScale")
        bank = melscale_fbanks(n_stft, f_min, top, n_mels, sample_rate, norm, mel_type)
        self.bank = bank.T.astype(np.float64)

    def change(self, x: np.ndarray) -> np.ndarray:
        if x.shape[-2] != self.bank.shape[1]:
            raise RuntimeError(
                f"MelScale: n_stft is {self.bank.shape[1]}, but the spectrogram has {x.shape[-2]} "
                f"frequencies."
            )
        return np.asarray(self.bank @ x)


class InverseMelScale(AudioOperation):
    """A spectrogram that would give this mel spectrogram, found by gradient descent.

    Args:
        n_stft: frequencies of the result.
        max_iter, tolerance_loss, tolerance_change: when to stop.
        sgdargs: {"sgd_lr": 0.1, "sgd_momentum": 0.9}.
    """

    random = True
    rank = 2

    def __init__(
        self,
        n_stft: int,
        n_mels: int = 128,
        sample_rate: int = 16000,
        f_min: float = 0.0,
        f_max: float | None = None,
        max_iter: int = 100000,
        tolerance_loss: float = 1e-5,
        tolerance_change: float = 1e-8,
        sgdargs: dict[str, float] | None = None,
        norm: NormType = NormType.NONE,
        mel_type: MelType = MelType.HTK,
    ) -> None:
        self.scale = MelScale(n_mels, sample_rate, f_min, f_max, n_stft, norm, mel_type)
        self.max_iter = check_int(max_iter, "max_iter", 1)
        self.tolerance_loss = number(tolerance_loss, "tolerance_loss", 0, above=True)
        self.tolerance_change = number(tolerance_change, "tolerance_change", 0, above=True)
        given = {"sgd_lr": 0.1, "sgd_momentum": 0.9, **(sgdargs or {})}
        self.rate = number(given["sgd_lr"], "sgd_lr", 0)
        self.momentum = number(given["sgd_momentum"], "sgd_momentum", 0)

    def change(self, x: np.ndarray) -> np.ndarray:
        bank = self.scale.bank
        if x.shape[-2] != len(bank):
            raise RuntimeError(
                f"InverseMelScale: n_mels is {len(bank)}, but the input has {x.shape[-2]} rows."
            )
        flat = x.reshape(-1, *x.shape[-2:])
        count = flat.shape[0] * flat.shape[1]
        found = self.generator.random((len(flat), bank.shape[1], flat.shape[-1]))
        speed = np.zeros_like(found)
        before = math.inf
        for _ in range(self.max_iter):
            miss = flat - bank @ found
            loss = float((miss**2).sum() / count)
            speed = self.momentum * speed - 2 * bank.T @ miss / count
            found = np.maximum(found - self.rate * speed, 0)
            if loss < self.tolerance_loss or abs(before - loss) < self.tolerance_change:
                break
            before = loss
        return found.reshape(*x.shape[:-2], *found.shape[-2:])


class MelSpectrogram(AudioOperation):
    """`Spectrogram`, then `MelScale`; see both for the arguments."""

    def __init__(
        self,
        sample_rate: int = 16000,
        n_fft: int = 400,
        win_length: int | None = None,
        hop_length: int | None = None,
        f_min: float = 0.0,
        f_max: float | None = None,
        pad: int = 0,
        n_mels: int = 128,
        window: WindowType = WindowType.HANN,
        power: float = 2.0,
        normalized: bool = False,
        center: bool = True,
        pad_mode: BorderType = BorderType.REFLECT,
        onesided: bool = True,
        norm: NormType = NormType.NONE,
        mel_scale: MelType = MelType.HTK,
    ) -> None:
        self.spectrogram = Spectrogram(
            n_fft,
            win_length,
            hop_length,
            pad,
            window,
            power,
            normalized,
            center,
            pad_mode,
            onesided,
        )
        frequencies = n_fft // 2 + 1 if onesided else n_fft
        self.scale = MelScale(n_mels, sample_rate, f_min, f_max, frequencies, norm, mel_scale)

    def change(self, x: np.ndarray) -> np.ndarray:
        return self.scale.change(self.spectrogram.change(x))


class MFCC(AudioOperation):
    """Mel cepstrum: the cosine transform of a mel spectrogram in decibels, <…,n_mfcc,frames>.

    Args:
        n_mfcc: how many coefficients are kept.
        dct_type: 2. norm: scale of the transform.
        log_mels: natural logarithm instead of decibels.
        melkwargs: further arguments of `MelSpectrogram` as a dict.
    """

    def __init__(
        self,
        sample_rate: int = 16000,
        n_mfcc: int = 40,
        dct_type: int = 2,
        norm: NormMode = NormMode.ORTHO,
        log_mels: bool = False,
        melkwargs: dict[str, Any] | None = None,
    ) -> None:
        self._common(n_mfcc, "n_mfcc", dct_type, log_mels)
        self.filters = MelSpectrogram(sample_rate, **(melkwargs or {}))
        n_mels = len(self.filters.scale.bank)
        if n_mfcc > n_mels:
            raise ValueError(f"MFCC: cannot make {n_mfcc} coefficients of {n_mels} mels.")
        self.dct = create_dct(n_mfcc, n_mels, norm).T.astype(np.float64)

    def _common(self, count: Any, name: str, dct_type: int, log: bool) -> None:
        check_int(count, name, 0)
        if dct_type != 2:
            raise ValueError(f"{type(self).__name__}: dct_type must be 2, but got {dct_type}.")
        self.log = check_bool(log, "log")

    def change(self, x: np.ndarray) -> np.ndarray:
        found = self.filters.change(x)
        found = np.log(found + 1e-6) if self.log else AmplitudeToDB().change(found)
        return np.asarray(self.dct @ found)


class _LinearFilters(AudioOperation):
    def __init__(self, bank: np.ndarray, options: dict[str, Any]) -> None:
        self.spectrogram, self.bank = Spectrogram(**options), bank.T.astype(np.float64)

    def change(self, x: np.ndarray) -> np.ndarray:
        return np.asarray(self.bank @ self.spectrogram.change(x))


class LFCC(MFCC):
    """As `MFCC`, with filters at equal distances in Hz.

    Args:
        n_filter: how many filters, between `f_min` and `f_max`.
        n_lfcc: how many coefficients are kept.
        log_lf: natural logarithm instead of decibels.
        speckwargs: further arguments of `Spectrogram` as a dict.
    """

    def __init__(
        self,
        sample_rate: int = 16000,
        n_filter: int = 128,
        n_lfcc: int = 40,
        f_min: float = 0.0,
        f_max: float | None = None,
        dct_type: int = 2,
        norm: NormMode = NormMode.ORTHO,
        log_lf: bool = False,
        speckwargs: dict[str, Any] | None = None,
    ) -> None:
        self._common(n_lfcc, "n_lfcc", dct_type, log_lf)
        check_int(n_filter, "n_filter", 1)
        if n_lfcc > n_filter:
            raise ValueError(f"LFCC: cannot make {n_lfcc} coefficients of {n_filter} filters.")
        options = {"n_fft": 400, **(speckwargs or {})}
        top = float(sample_rate // 2) if f_max is None else f_max
        bank = linear_fbanks(options["n_fft"] // 2 + 1, f_min, top, n_filter, sample_rate)
        self.filters: Any = _LinearFilters(bank, options)
        self.dct = create_dct(n_lfcc, n_filter, norm).T.astype(np.float64)
