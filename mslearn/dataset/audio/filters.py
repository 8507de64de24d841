"""Filters of second order ("biquads") and others given by their coefficients.

Formulas: Robert Bristow-Johnson's "Cookbook formulae for audio EQ biquad filter coefficients" and
SoX, whose names and defaults MindSpore keeps.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mslearn.dataset.audio.base import AudioOperation, number, sample_rate, scipy
from mslearn.dataset.checks import check_bool

_Six = tuple[float, float, float, float, float, float]  # b0, b1, b2, a0, a1, a2


class _Filter(AudioOperation):
    """``a0 y[n] = b0 x[n] + b1 x[n-1] + … - a1 y[n-1] - …``, held inside -1 … 1."""

    whole = False
    keeps_half = True
    clamp = True
    b: Any
    a: Any

    def change(self, x: np.ndarray) -> np.ndarray:
        y = scipy("signal", type(self).__name__).lfilter(self.b, self.a, x, axis=-1)
        return np.clip(y, -1, 1) if self.clamp else np.asarray(y)

    def _set(self, six: _Six) -> None:
        self.b, self.a = np.array(six[:3]) / six[3], np.array(six[3:]) / six[3]


class Biquad(_Filter):
    """A filter of second order from its six coefficients; a0 is not 0."""

    def __init__(self, b0: float, b1: float, b2: float, a0: float, a1: float, a2: float) -> None:
        given = {"b0": b0, "b1": b1, "b2": b2, "a0": a0, "a1": a1, "a2": a2}
        for name, value in given.items():
            number(value, name)
        if a0 == 0:
            raise ValueError("Biquad: a0 must not be 0.")
        self._set((b0, b1, b2, a0, a1, a2))


class LFilter(_Filter):
    """A filter of any order.

    Args:
        a_coeffs, b_coeffs: as many of each; a_coeffs[0] is not 0.
        clamp: hold the result inside -1 … 1.
    """

    def __init__(self, a_coeffs: Any, b_coeffs: Any, clamp: bool = True) -> None:
        for name, values in (("a_coeffs", a_coeffs), ("b_coeffs", b_coeffs)):
            if not isinstance(values, list | tuple):
                raise TypeError(f"Argument {name} must be a list or tuple, but got {values!r}.")
            for value in values:
                number(value, name)
        if len(a_coeffs) != len(b_coeffs):
            raise ValueError("The size of a_coeffs should be the same as that of b_coeffs.")
        self.a, self.b = np.array(a_coeffs, float), np.array(b_coeffs, float)
        self.clamp = check_bool(clamp, "clamp")

    def change(self, x: np.ndarray) -> np.ndarray:
        if self.a[0] == 0:
            raise RuntimeError(f"{type(self).__name__}: a_coeffs[0] must not be 0.")
        return super().change(x)


class Filtfilt(LFilter):
    """`LFilter` forwards and backwards, so that nothing is delayed."""

    def change(self, x: np.ndarray) -> np.ndarray:
        forward = self._run(x, False)
        return self._run(forward[..., ::-1], self.clamp)[..., ::-1]

    def _run(self, x: np.ndarray, clamp: bool) -> np.ndarray:
        y = scipy("signal", "Filtfilt").lfilter(self.b, self.a, x, axis=-1)
        return np.clip(y, -1, 1) if clamp else np.asarray(y)


def _quality(value: Any) -> float:
    return number(value, "Q", 0, 1, above=True)


def _angle(rate: int, freq: float, q: float) -> tuple[float, float, float]:
    """(alpha, cos, sin) of the filter's frequency."""
    w = 2 * math.pi * freq / rate
    return math.sin(w) / 2 / q, math.cos(w), math.sin(w)


class _AtFrequency(_Filter):
    """A biquad that is given by sample rate, frequency and quality."""

    def __init__(self, sample_rate: int, central_freq: float, Q: float = 0.707) -> None:
        self._design(sample_rate, central_freq, Q)

    def _design(self, rate: Any, freq: Any, q: Any) -> None:
        rate, freq = sample_rate(rate), number(freq, "central_freq")
        self._set(self._six(*_angle(rate, freq, _quality(q))))

    def _six(self, alpha: float, cos: float, sin: float) -> _Six:
        raise NotImplementedError


class AllpassBiquad(_AtFrequency):
    """Turn phases around a frequency and leave all amplitudes."""

    def _six(self, alpha: float, cos: float, sin: float) -> _Six:
        return 1 - alpha, -2 * cos, 1 + alpha, 1 + alpha, -2 * cos, 1 - alpha


class BandrejectBiquad(_AtFrequency):
    """Remove a band around a frequency."""

    def _six(self, alpha: float, cos: float, sin: float) -> _Six:
        return 1, -2 * cos, 1, 1 + alpha, -2 * cos, 1 - alpha


class BandpassBiquad(_AtFrequency):
    """Keep a band around a frequency; its peak is 1, or Q with `const_skirt_gain`."""

    def __init__(
        self,
        sample_rate: int,
        central_freq: float,
        Q: float = 0.707,
        const_skirt_gain: bool = False,
    ) -> None:
        self.const_skirt_gain = check_bool(const_skirt_gain, "const_skirt_gain")
        super().__init__(sample_rate, central_freq, Q)

    def _six(self, alpha: float, cos: float, sin: float) -> _Six:
        peak = sin / 2 if self.const_skirt_gain else alpha
        return peak, 0, -peak, 1 + alpha, -2 * cos, 1 - alpha


class _Cut(_AtFrequency):
    def __init__(self, sample_rate: int, cutoff_freq: float, Q: float = 0.707) -> None:
        self._design(sample_rate, number(cutoff_freq, "cutoff_freq"), Q)


class HighpassBiquad(_Cut):
    """Keep what lies above a frequency."""

    def _six(self, alpha: float, cos: float, sin: float) -> _Six:
        return (1 + cos) / 2, -1 - cos, (1 + cos) / 2, 1 + alpha, -2 * cos, 1 - alpha


class LowpassBiquad(_Cut):
    """Keep what lies below a frequency."""

    def _six(self, alpha: float, cos: float, sin: float) -> _Six:
        return (1 - cos) / 2, 1 - cos, (1 - cos) / 2, 1 + alpha, -2 * cos, 1 - alpha


class BandBiquad(_Filter):
    """SoX's two-pole band filter; `noise` is the variant for sounds without pitch."""

    def __init__(
        self, sample_rate: int, central_freq: float, Q: float = 0.707, noise: bool = False
    ) -> None:
        rate, freq = _rate(sample_rate), number(central_freq, "central_freq")
        check_bool(noise, "noise")
        a2 = math.exp(-2 * math.pi * freq / _quality(Q) / rate)
        a1 = -4 * a2 / (1 + a2) * math.cos(2 * math.pi * freq / rate)
        b0 = math.sqrt(1 - a1 * a1 / (4 * a2)) * (1 - a2)
        if noise:
            b0 *= math.sqrt(((1 + a2) ** 2 - a1 * a1) * (1 - a2) / (1 + a2)) / b0
        self._set((b0, 0, 0, 1, a1, a2))


_rate = sample_rate


def _shelf(gain: float, alpha: float, cos: float, high: bool) -> _Six:
    """Raise or lower what lies above (`high`) or below a frequency by `gain` decibels."""
    a = math.exp(gain / 40 * math.log(10))
    sign = 1 if high else -1
    root, less, more = 2 * math.sqrt(a) * alpha, sign * (a - 1) * cos, sign * (a + 1) * cos
    return (
        a * (a + 1 + less + root),
        -2 * sign * a * (a - 1 + more),
        a * (a + 1 + less - root),
        a + 1 - less + root,
        2 * sign * (a - 1 - more),
        a + 1 - less - root,
    )


class _Tone(_Filter):
    high = False

    def __init__(
        self, sample_rate: int, gain: float, central_freq: float = 100.0, Q: float = 0.707
    ) -> None:
        rate, gain = _rate(sample_rate), number(gain, "gain")
        alpha, cos, _ = _angle(rate, number(central_freq, "central_freq"), _quality(Q))
        self._set(_shelf(gain, alpha, cos, self.high))


class BassBiquad(_Tone):
    """Raise or lower low tones by `gain` decibels."""


class TrebleBiquad(_Tone):
    """Raise or lower high tones by `gain` decibels."""

    high = True

    def __init__(
        self, sample_rate: int, gain: float, central_freq: float = 3000, Q: float = 0.707
    ) -> None:
        super().__init__(sample_rate, gain, central_freq, Q)


class EqualizerBiquad(_Filter):
    """Raise or lower a band around a frequency by `gain` decibels."""

    def __init__(self, sample_rate: int, center_freq: float, gain: float, Q: float = 0.707) -> None:
        rate, freq = _rate(sample_rate), number(center_freq, "center_freq")
        a = math.exp(number(gain, "gain") / 40 * math.log(10))
        alpha, cos, _ = _angle(rate, freq, _quality(Q))
        self._set((1 + alpha * a, -2 * cos, 1 - alpha * a, 1 + alpha / a, -2 * cos, 1 - alpha / a))


class DeemphBiquad(_Filter):
    """Undo the raised high tones of compact discs (ISO 908); 44100 or 48000 Hz."""

    def __init__(self, sample_rate: int) -> None:
        known = {44100: (5283, 0.4845, -9.477), 48000: (5356, 0.479, -9.62)}
        if sample_rate not in known:
            raise ValueError(
                f"Argument sample_rate should be 44100 or 48000, but got {sample_rate}."
            )
        freq, slope, gain = known[sample_rate]
        a = math.exp(gain / 40 * math.log(10))
        w = 2 * math.pi * freq / sample_rate
        alpha = math.sin(w) / 2 * math.sqrt((a + 1 / a) * (1 / slope - 1) + 2)
        self._set(_shelf(gain, alpha, math.cos(w), True))


_RIAA = {  # sample rate -> zeros and poles
    44100: ((-0.2014898, 0.9233820), (0.7083149, 0.9924091)),
    48000: ((-0.1766069, 0.9321590), (0.7396325, 0.9931330)),
    88200: ((-0.1168735, 0.9648312), (0.8590646, 0.9964002)),
    96000: ((-0.1141486, 0.9676817), (0.8699137, 0.9966946)),
}


class RiaaBiquad(_Filter):
    """Undo the tone of vinyl records; 44100, 48000, 88200 or 96000 Hz."""

    def __init__(self, sample_rate: int) -> None:
        if sample_rate not in _RIAA:
            raise ValueError(f"sample_rate should be one of {list(_RIAA)}, but got {sample_rate}.")
        b, a = (np.poly(roots) for roots in _RIAA[sample_rate])
        turn = np.exp(-2j * math.pi * 1000 / sample_rate)  # the gain at 1 kHz becomes 1
        gain = abs(np.polyval(a[::-1], turn) / np.polyval(b[::-1], turn))
        self._set((*(b * gain), *a))
