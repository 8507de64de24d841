"""Spectrograms and what is made of complex spectra."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mslearn.dataset.audio.base import AudioOperation, choice, number, sizes
from mslearn.dataset.audio.enums import BorderType, ScaleType, WindowType
from mslearn.dataset.audio.fourier import (
    istft,
    pad_time,
    stft,
    stretch,
    to_complex,
    to_pairs,
    window,
)
from mslearn.dataset.checks import check_bool, check_int


class Spectrogram(AudioOperation):
    """How strong each frequency is over time: <…,time> to <…,frequency,frames>.

    Args:
        n_fft: samples of a Fourier transform; n_fft // 2 + 1 frequencies.
        win_length: of the window, n_fft by default; hop_length: step, half of that by default.
        pad: zeros added at both ends.
        window: a `WindowType`.
        power: 1.0 gives amplitudes, 2.0 power, 0.0 complex numbers as <…,2>.
        normalized: divide by the window's norm.
        center: mirror (or as `pad_mode` says) n_fft // 2 samples at both ends first.
        onesided: only frequencies up to half the sample rate.
    """

    def __init__(
        self,
        n_fft: int = 400,
        win_length: int | None = None,
        hop_length: int | None = None,
        pad: int = 0,
        window: WindowType = WindowType.HANN,
        power: float = 2.0,
        normalized: bool = False,
        center: bool = True,
        pad_mode: BorderType = BorderType.REFLECT,
        onesided: bool = True,
    ) -> None:
        name = type(self).__name__
        self.n_fft, self.win_length, self.hop = sizes(n_fft, win_length, hop_length, name)
        self.pad = check_int(pad, "pad", 0)
        self.window = choice(window, "window", WindowType)
        self.power = number(power, "power", 0)
        self.normalized = check_bool(normalized, "normalized")
        self.center = check_bool(center, "center")
        self.pad_mode = choice(pad_mode, "pad_mode", BorderType)
        self.onesided = check_bool(onesided, "onesided")

    def change(self, x: np.ndarray) -> np.ndarray:
        if self.pad:
            x = pad_time(x, self.pad, self.pad, BorderType.CONSTANT)
        weights = window(self.window, self.win_length, self.n_fft)
        found = stft(x, self.n_fft, self.hop, weights, self.center, self.pad_mode, self.onesided)
        if self.normalized:
            found = found / np.sqrt((weights**2).sum())
        if self.power == 0:
            return to_pairs(found)
        return np.asarray(np.abs(found) ** self.power)


class InverseSpectrogram(AudioOperation):
    """Sound from a complex spectrum <…,frequency,frames,2>; see `Spectrogram`.

    Args:
        length: samples of the result; by default as many as the frames cover.
    """

    rank = 3

    def __init__(
        self,
        length: int | None = None,
        n_fft: int = 400,
        win_length: int | None = None,
        hop_length: int | None = None,
        pad: int = 0,
        window: WindowType = WindowType.HANN,
        normalized: bool = False,
        center: bool = True,
        pad_mode: BorderType = BorderType.REFLECT,
        onesided: bool = True,
    ) -> None:
        name = "InverseSpectrogram"
        self.n_fft, self.win_length, self.hop = sizes(n_fft, win_length, hop_length, name)
        self.length = None if length is None else check_int(length, "length", 0) or None
        self.pad = check_int(pad, "pad", 0)
        self.window = choice(window, "window", WindowType)
        self.normalized = check_bool(normalized, "normalized")
        self.center = check_bool(center, "center")
        choice(pad_mode, "pad_mode", BorderType)
        self.onesided = check_bool(onesided, "onesided")

    def change(self, x: np.ndarray) -> np.ndarray:
        check_pairs(x, "InverseSpectrogram")
        weights = window(self.window, self.win_length, self.n_fft)
        spectrum = to_complex(x)
        if self.normalized:
            spectrum = spectrum * np.sqrt((weights**2).sum())
        length = None if self.length is None else self.length + 2 * self.pad
        sound = istft(spectrum, self.n_fft, self.hop, weights, length, self.center, self.onesided)
        return sound[..., self.pad : sound.shape[-1] - self.pad]


def check_pairs(x: np.ndarray, name: str) -> None:
    """Complain unless the last axis holds real and imaginary parts.

    Raises:
        RuntimeError: it does not.
    """
    if x.shape[-1] != 2:
        raise RuntimeError(
            f"{name}: the input must be complex, <…,2> with real and imaginary parts, but its "
            f"shape is {list(x.shape)}."
        )


class SpectralCentroid(AudioOperation):
    """The mean frequency of each frame, in Hz, weighted by amplitude: <…,1,frames>."""

    def __init__(
        self,
        sample_rate: int,
        n_fft: int = 400,
        win_length: int | None = None,
        hop_length: int | None = None,
        pad: int = 0,
        window: WindowType = WindowType.HANN,
    ) -> None:
        check_int(sample_rate, "sample_rate", 0)
        self.spectrogram = Spectrogram(n_fft, win_length, hop_length, pad, window, 1.0)
        self.frequencies = np.linspace(0, sample_rate // 2, 1 + n_fft // 2)[:, None]

    def change(self, x: np.ndarray) -> np.ndarray:
        found = self.spectrogram.change(x)
        total = (self.frequencies * found).sum(-2, keepdims=True)
        return np.asarray(total / found.sum(-2, keepdims=True))


class AmplitudeToDB(AudioOperation):
    """To decibels.

    Args:
        stype: whether the input holds power or amplitude.
        ref_value: what becomes 0 dB.
        amin: smaller values count as this.
        top_db: nothing lies further below the loudest.
    """

    rank = 2

    def __init__(
        self,
        stype: ScaleType = ScaleType.POWER,
        ref_value: float = 1.0,
        amin: float = 1e-10,
        top_db: float = 80.0,
    ) -> None:
        power = choice(stype, "stype", ScaleType) is ScaleType.POWER
        self.factor = 10.0 if power else 20.0
        self.ref_value = number(ref_value, "ref_value", 0, above=True)
        self.amin = number(amin, "amin", 0, above=True)
        self.top_db = number(top_db, "top_db", 0, above=True)

    def change(self, x: np.ndarray) -> np.ndarray:
        zero = self.factor * math.log10(max(self.amin, self.ref_value))
        decibels = self.factor * np.log10(np.maximum(x, self.amin)) - zero
        axes = tuple(range(-min(x.ndim, 3), 0))
        return np.maximum(decibels, decibels.max(axes, keepdims=True) - self.top_db)


class DBToAmplitude(AudioOperation):
    """From decibels: ``ref * (10 ** (x / 10)) ** power``."""

    def __init__(self, ref: float, power: float) -> None:
        self.ref, self.power = number(ref, "ref"), number(power, "power")

    def change(self, x: np.ndarray) -> np.ndarray:
        return np.asarray(self.ref * (10 ** (0.1 * x)) ** self.power)


class _Pairs(AudioOperation):
    """Takes complex numbers as <…,2>."""

    rank = 2

    def change(self, x: np.ndarray) -> Any:
        check_pairs(x, type(self).__name__)
        return self.of(to_complex(x))

    def of(self, z: np.ndarray) -> Any:
        """The result for complex numbers."""
        raise NotImplementedError


class ComplexNorm(_Pairs):
    """Amplitude to the `power`, of complex numbers <…,2>."""

    def __init__(self, power: float = 1.0) -> None:
        self.power = number(power, "power", 0)

    def of(self, z: np.ndarray) -> np.ndarray:
        return np.asarray(np.abs(z) ** self.power)


class Magphase(ComplexNorm):
    """Amplitude to the `power`, and phase: two columns, of complex numbers <…,2>."""

    def of(self, z: np.ndarray) -> Any:
        return super().of(z), np.angle(z)


class Angle(_Pairs):
    """Phase of complex numbers <…,2>."""

    def of(self, z: np.ndarray) -> np.ndarray:
        return np.asarray(np.angle(z))


class PhaseVocoder(_Pairs):
    """Make a complex spectrum <…,frequency,frames,2> `rate` times as fast, at the same pitch.

    Args:
        phase_advance: expected turn per frame for each frequency, <frequency,1>.
    """

    rank = 3

    def __init__(self, rate: float, phase_advance: Any) -> None:
        self.rate = number(rate, "rate", 0, above=True)
        if not isinstance(phase_advance, np.ndarray):
            raise TypeError(f"Argument phase_advance must be an array, got {phase_advance!r}.")
        self.phase_advance = phase_advance.astype(np.float64)

    def of(self, z: np.ndarray) -> np.ndarray:
        if self.phase_advance.shape != (z.shape[-2], 1):
            raise RuntimeError(
                f"PhaseVocoder: phase_advance has shape {self.phase_advance.shape}, but the "
                f"spectrum wants ({z.shape[-2]}, 1)."
            )
        return to_pairs(stretch(z, self.rate, self.phase_advance))


class TimeStretch(_Pairs):
    """`PhaseVocoder` for a spectrum with `n_freq` frequencies, made with `hop_length`.

    Args:
        hop_length: n_freq - 1 by default.
        fixed_rate: how many times as fast; 1.0 by default.
    """

    rank = 3

    def __init__(
        self, hop_length: int | None = None, n_freq: int = 201, fixed_rate: float | None = None
    ) -> None:
        self.n_freq = check_int(n_freq, "n_freq", 1)
        hop = n_freq - 1 if hop_length is None else check_int(hop_length, "hop_length", 1)
        self.rate = 1.0 if fixed_rate is None else number(fixed_rate, "fixed_rate", 0, above=True)
        self.advance = np.linspace(0, math.pi * hop, n_freq)[:, None]

    def of(self, z: np.ndarray) -> np.ndarray:
        if z.shape[-2] != self.n_freq:
            raise RuntimeError(
                f"TimeStretch: n_freq is {self.n_freq}, but the spectrum has {z.shape[-2]} "
                f"frequencies."
            )
        return to_pairs(z if self.rate == 1 else stretch(z, self.rate, self.advance))


class GriffinLim(AudioOperation):
    """Sound from a spectrogram without phases <…,frequency,frames> (Griffin and Lim, 1984).

    Args:
        n_iter: rounds; momentum: of the fast variant (Perraudin and others, 2013), below 1.
        power: of the spectrogram.
        length: samples of the result.
        rand_init: begin with random phases; else with zeros.
    """

    random = True
    rank = 2

    def __init__(
        self,
        n_fft: int = 400,
        n_iter: int = 32,
        win_length: int | None = None,
        hop_length: int | None = None,
        window_type: WindowType = WindowType.HANN,
        power: float = 2.0,
        momentum: float = 0.99,
        length: int | None = None,
        rand_init: bool = True,
    ) -> None:
        self.n_fft, self.win_length, self.hop = sizes(n_fft, win_length, hop_length, "GriffinLim")
        self.n_iter = check_int(n_iter, "n_iter", 1)
        self.window = choice(window_type, "window_type", WindowType)
        self.power = number(power, "power", 0, above=True)
        self.momentum = number(momentum, "momentum", 0)
        self.length = None if length is None else check_int(length, "length", 0) or None
        self.rand_init = check_bool(rand_init, "rand_init")

    def change(self, x: np.ndarray) -> np.ndarray:
        if x.shape[-2] != self.n_fft // 2 + 1:
            raise RuntimeError(
                f"GriffinLim: n_fft {self.n_fft} goes with {self.n_fft // 2 + 1} frequencies, but "
                f"the input has {x.shape[-2]}."
            )
        weights = window(self.window, self.win_length, self.n_fft)
        size = x ** (1 / self.power)
        turns: Any = np.ones(x.shape, complex)
        if self.rand_init:
            turns = np.exp(2j * np.pi * self.generator.random(x.shape))
        before: Any = 0
        share = self.momentum / (1 + self.momentum)
        for _ in range(self.n_iter):
            sound = istft(size * turns, self.n_fft, self.hop, weights, self.length)
            rebuilt = stft(sound, self.n_fft, self.hop, weights)
            turns = rebuilt - share * before
            turns = turns / (np.abs(turns) + 1e-16)
            before = rebuilt
        return istft(size * turns, self.n_fft, self.hop, weights, self.length)
