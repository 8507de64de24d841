"""Effects on the wave itself: volume, fades, distortion, phaser, flanger."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mslearn.dataset.audio.base import AudioOperation, choice, number, sample_rate, scipy
from mslearn.dataset.audio.enums import (
    DensityFunction,
    FadeShape,
    GainType,
    Interpolation,
    Modulation,
)
from mslearn.dataset.checks import check_bool, check_int


class Gain(AudioOperation):
    """Louder by `gain_db` decibels; not held inside -1 … 1."""

    rank = 0

    def __init__(self, gain_db: float = 1.0) -> None:
        self.factor = 10 ** (number(gain_db, "gain_db") / 20)

    def change(self, x: np.ndarray) -> np.ndarray:
        return x * self.factor


class Vol(AudioOperation):
    """Louder or softer, held inside -1 … 1.

    Args:
        gain: factor of the amplitude or of the power, or decibels, as `gain_type` says.
    """

    def __init__(self, gain: float, gain_type: GainType = GainType.AMPLITUDE) -> None:
        kind = choice(gain_type, "gain_type", GainType)
        number(gain, "gain")
        if kind is GainType.DB:
            self.factor = 10 ** (gain / 20)
        else:
            number(gain, "gain", 0)
            if kind is GainType.POWER and gain == 0:
                raise ValueError("Input gain is not within the required interval of (0, ...).")
            self.factor = gain if kind is GainType.AMPLITUDE else math.sqrt(gain)

    def change(self, x: np.ndarray) -> np.ndarray:
        return np.clip(x * self.factor, -1, 1)


#: shape -> curve of a rising fade for t from 0 to 1
_RISES: dict[FadeShape, Any] = {
    FadeShape.LINEAR: lambda t: t,
    FadeShape.EXPONENTIAL: lambda t: 2 ** (t - 1) * t,
    FadeShape.LOGARITHMIC: lambda t: np.log10(0.1 + t) + 1,
    FadeShape.QUARTER_SINE: lambda t: np.sin(t * math.pi / 2),
    FadeShape.HALF_SINE: lambda t: np.sin(t * math.pi - math.pi / 2) / 2 + 0.5,
}


class Fade(AudioOperation):
    """Fade in and out.

    Args:
        fade_in_len, fade_out_len: samples of each.
        fade_shape: a `FadeShape`.

    Raises:
        RuntimeError: a fade is longer than the sound.
    """

    def __init__(
        self,
        fade_in_len: int = 0,
        fade_out_len: int = 0,
        fade_shape: FadeShape = FadeShape.LINEAR,
    ) -> None:
        self.fade_in_len = check_int(fade_in_len, "fade_in_len", 0)
        self.fade_out_len = check_int(fade_out_len, "fade_out_len", 0)
        self.fade_shape = choice(fade_shape, "fade_shape", FadeShape)

    def change(self, x: np.ndarray) -> np.ndarray:
        longest = max(self.fade_in_len, self.fade_out_len)
        if longest > x.shape[-1]:
            raise RuntimeError(
                f"Fade: {longest} samples of fade for a sound of {x.shape[-1]} samples."
            )
        rise = _RISES[self.fade_shape]
        if self.fade_in_len:
            x[..., : self.fade_in_len] *= np.maximum(rise(np.linspace(0, 1, self.fade_in_len)), 0)
        if self.fade_out_len:
            falling = rise(np.linspace(1, 0, self.fade_out_len))
            x[..., -self.fade_out_len :] *= np.maximum(falling, 0)
        return x


class Contrast(AudioOperation):
    """SoX's contrast: make a sound seem louder; amount from 0 to 100."""

    def __init__(self, enhancement_amount: float = 75.0) -> None:
        self.amount = number(enhancement_amount, "enhancement_amount", 0, 100) / 750

    def change(self, x: np.ndarray) -> np.ndarray:
        turned = x * (math.pi / 2)
        return np.sin(turned + self.amount * np.sin(4 * turned))


class DCShift(AudioOperation):
    """Shift a wave up or down.

    Args:
        shift: from -2 to 2.
        limiter_gain: press what would leave -1 … 1 by this much instead of cutting it.
    """

    def __init__(self, shift: float, limiter_gain: float | None = None) -> None:
        self.shift = number(shift, "shift", -2, 2)
        self.limiter_gain = None if limiter_gain is None else number(limiter_gain, "limiter_gain")

    def change(self, x: np.ndarray) -> np.ndarray:
        gain = self.limiter_gain
        if gain is None or self.shift == 0:
            return np.clip(x + self.shift, -1, 1)
        limit = 1 - (abs(self.shift) - gain)
        sign = math.copysign(1, self.shift)
        up = x * sign  # the same for both directions
        pressed = (up - limit) * gain / (1 - limit) + limit + abs(self.shift)
        shifted = np.clip(up + abs(self.shift), -1, 1)
        return sign * np.where(up > limit, np.minimum(pressed, limit), shifted)


class Overdrive(AudioOperation):
    """SoX's overdrive: distortion by `gain` decibels, with `color` of even harmonics (0 … 100)."""

    def __init__(self, gain: float = 20.0, color: float = 20.0) -> None:
        self.factor = 10 ** (number(gain, "gain", 0, 100) / 20)
        self.color = number(color, "color", 0, 100) / 200

    def change(self, x: np.ndarray) -> np.ndarray:
        loud = x * self.factor + self.color
        bent = np.where(np.abs(loud) > 1, np.sign(loud) * 2 / 3, loud - loud**3 / 3)
        flat = scipy("signal", "Overdrive").lfilter([1, -1], [1, -0.995], bent, axis=-1)
        return np.clip(x * 0.5 + flat * 0.75, -1, 1)


def _oscillation(
    sine: bool, size: int, low: float, high: float, phase: float, whole: bool
) -> np.ndarray:
    """One period of an oscillator between `low` and `high`."""
    point = (np.arange(size) + int(phase / math.pi / 2 * size + 0.5)) % size
    if sine:
        wave = (np.sin(point / size * 2 * math.pi) + 1) / 2
    else:
        slope = point * 2 / size
        quarter = 4 * point // size
        wave = np.select([quarter == 0, quarter == 3], [slope + 0.5, slope - 1.5], 1.5 - slope)
    wave = wave * (high - low) + low
    return np.trunc(wave + np.where(wave < 0, -0.5, 0.5)) if whole else wave


class Phaser(AudioOperation):
    """SoX's phaser: the sound and its delayed echoes, the delay swinging at `mod_speed` Hz."""

    def __init__(
        self,
        sample_rate: int,
        gain_in: float = 0.4,
        gain_out: float = 0.74,
        delay_ms: float = 3.0,
        decay: float = 0.4,
        mod_speed: float = 0.5,
        sinusoidal: bool = True,
    ) -> None:
        rate = check_rate(sample_rate)
        self.gain_in = number(gain_in, "gain_in", 0, 1)
        self.gain_out = number(gain_out, "gain_out", 0, 1e9)
        number(delay_ms, "delay_ms", 0, 5)
        self.decay = number(decay, "decay", 0, 0.99)
        number(mod_speed, "mod_speed", 0.1, 2)
        check_bool(sinusoidal, "sinusoidal")
        self.length = int(delay_ms * 0.001 * rate + 0.5)
        period = int(rate / mod_speed + 0.5)
        swing = _oscillation(sinusoidal, period, 1, self.length, math.pi / 2, True)
        self.swing = swing.astype(np.int64).tolist()

    def change(self, x: np.ndarray) -> np.ndarray:
        buffer = np.zeros((self.length, *x.shape[:-1]))
        out = np.moveaxis(x * self.gain_in, -1, 0)
        at = 0
        for i in range(len(out)):
            out[i] += buffer[(at + self.swing[i % len(self.swing)]) % self.length]
            at = (at + 1) % self.length
            buffer[at] = out[i] * self.decay
        return np.clip(np.moveaxis(out, 0, -1) * self.gain_out, -1, 1)


check_rate = sample_rate


class Flanger(AudioOperation):
    """SoX's flanger: the sound and one echo whose delay swings, with different phase per channel.

    Args:
        delay, depth: smallest delay and its swing, ms (0 … 30, 0 … 10).
        regen: feedback, percent (-95 … 95). width: share of the echo, percent.
        speed: Hz of the swing (0.1 … 10). phase: percent between channels.
        modulation, interpolation: of the swing.
    """

    rank = 2

    def __init__(
        self,
        sample_rate: int,
        delay: float = 0.0,
        depth: float = 2.0,
        regen: float = 0.0,
        width: float = 71.0,
        speed: float = 0.5,
        phase: float = 25.0,
        modulation: Modulation = Modulation.SINUSOIDAL,
        interpolation: Interpolation = Interpolation.LINEAR,
    ) -> None:
        rate = check_rate(sample_rate)
        least = number(delay, "delay", 0, 30) / 1000
        self.feedback = number(regen, "regen", -95, 95) / 100
        share = number(width, "width", 0, 100) / 100
        self.phase = number(phase, "phase", 0, 100) / 100
        deep = number(depth, "depth", 0, 10) / 1000
        number(speed, "speed", 0.1, 10)
        sine = choice(modulation, "modulation", Modulation) is Modulation.SINUSOIDAL
        self.interpolation = choice(interpolation, "interpolation", Interpolation)
        self.dry = 1 / (1 + share)
        self.wet = share / (1 + share) * (1 - abs(self.feedback))
        self.length = int((least + deep) * rate + 0.5) + 2
        low = math.floor(least * rate + 0.5)
        self.swing = _oscillation(
            sine, int(rate / speed), low, self.length - 2, 3 * math.pi / 2, False
        )

    def change(self, x: np.ndarray) -> np.ndarray:
        flat = x.reshape(-1, *x.shape[-2:])
        channels = np.arange(flat.shape[1])
        period = len(self.swing)
        offset = (channels * period * self.phase + 0.5).astype(np.int64)
        buffer = np.zeros((self.length, *flat.shape[:2]))
        last = np.zeros(flat.shape[:2])
        out = np.empty_like(flat)
        for i in range(flat.shape[-1]):
            at = (-1 - i) % self.length
            delay = self.swing[(i + offset) % period]
            whole, part = np.floor(delay).astype(np.int64), delay % 1
            buffer[at] = flat[..., i] + last * self.feedback
            first, second = (
                buffer[(at + whole + k) % self.length, :, channels].T for k in range(2)
            )
            if self.interpolation is Interpolation.LINEAR:
                last = first + (second - first) * part
            else:
                third = buffer[(at + whole + 2) % self.length, :, channels].T - first
                second = second - first
                bend = third * 0.5 - second
                last = first + (bend * part + second * 2 - third * 0.5) * part
            out[..., i] = flat[..., i] * self.dry + last * self.wet
        return np.clip(out, -1, 1).reshape(x.shape)

    def apply(self, array: np.ndarray) -> Any:
        out = super().apply(array)
        return out.astype(array.dtype)


class MuLawEncoding(AudioOperation):
    """-1 … 1 to whole numbers below `quantization_channels`, finer near 0 (ITU-T G.711)."""

    def __init__(self, quantization_channels: int = 256) -> None:
        self.mu = check_int(quantization_channels, "quantization_channels", 1) - 1.0

    def apply(self, array: np.ndarray) -> Any:
        # In the input's own precision: a level more or less shows.
        if array.dtype.kind != "f" or array.dtype.itemsize < 4:
            array = array.astype(np.float32)
        mu = array.dtype.type(self.mu)
        bent = np.sign(array) * np.log1p(mu * np.abs(array)) / np.log1p(mu)
        return ((bent + 1) / 2 * mu + array.dtype.type(0.5)).astype(np.int32)


class MuLawDecoding(AudioOperation):
    """The way back from `MuLawEncoding`."""

    def __init__(self, quantization_channels: int = 256) -> None:
        self.mu = check_int(quantization_channels, "quantization_channels", 1) - 1.0

    def change(self, x: np.ndarray) -> np.ndarray:
        bent = x / self.mu * 2 - 1
        return np.sign(bent) * (np.exp(np.abs(bent) * np.log1p(self.mu)) - 1) / self.mu


class Dither(AudioOperation):
    """Round to 16 bits after adding a little noise, which hides the rounding's pattern.

    Args:
        density_function: triangular, rectangular or Gaussian noise.
        noise_shaping: add each sample's rounding error to the next.
    """

    random = True

    def __init__(
        self,
        density_function: DensityFunction = DensityFunction.TPDF,
        noise_shaping: bool = False,
    ) -> None:
        self.density_function = choice(density_function, "density_function", DensityFunction)
        self.noise_shaping = check_bool(noise_shaping, "noise_shaping")

    def change(self, x: np.ndarray) -> np.ndarray:
        draw, kind = self.generator, self.density_function
        if kind is DensityFunction.TPDF:
            noise = draw.triangular(-1, 0, 1, x.shape)
        elif kind is DensityFunction.RPDF:
            noise = draw.random(x.shape) - 0.5
        else:
            noise = draw.normal(0, 0.5, x.shape)
        levels = 2.0**15
        if not self.noise_shaping:
            return np.round(x * levels + noise) / levels
        out, error = np.empty_like(x), np.zeros(x.shape[:-1])
        for i in range(x.shape[-1]):
            wanted = x[..., i] * levels + error
            out[..., i] = np.round(wanted + noise[..., i])
            error = wanted - out[..., i]
        return out / levels
