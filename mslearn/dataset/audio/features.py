"""Resampling, pitch, differences over time, and normalisation by a moving window."""

from __future__ import annotations

import math

import numpy as np

from mslearn.dataset.audio.base import AudioOperation, choice, number, sample_rate, sizes
from mslearn.dataset.audio.enums import BorderType, ResampleMethod, WindowType
from mslearn.dataset.audio.fourier import istft, pad_time, stft, stretch, window
from mslearn.dataset.checks import check_bool, check_int

check_rate = sample_rate


def resample(
    x: np.ndarray,
    old: int,
    new: int,
    method: ResampleMethod = ResampleMethod.SINC_INTERPOLATION,
    width: int = 6,
    rolloff: float = 0.99,
    beta: float | None = None,
) -> np.ndarray:
    """A sound at another rate, by a windowed sinc (Smith, "Digital audio resampling")."""
    if old == new:
        return x
    shared = math.gcd(old, new)
    old, new = old // shared, new // shared
    base = min(old, new) * rolloff
    reach = math.ceil(width * old / base)
    count = math.ceil(new * x.shape[-1] / old)
    output = np.arange(count)
    # The inputs within reach of each output, and their distance in units of the filter.
    taps = (output * old // new)[:, None] + np.arange(-reach, reach + 2)
    t = np.clip((taps / old - output[:, None] / new) * base, -width, width)
    if method is ResampleMethod.SINC_INTERPOLATION:
        shape = np.cos(t * math.pi / width / 2) ** 2
    else:
        beta = 14.769656459379492 if beta is None else beta
        shape = np.i0(beta * np.sqrt(1 - (t / width) ** 2)) / np.i0(beta)
    weights = np.sinc(t) * shape * (base / old)
    padded = pad_time(x, reach, reach + 2, BorderType.CONSTANT)
    return np.asarray((padded[..., taps + reach] * weights).sum(-1))


class Resample(AudioOperation):
    """A sound at another sample rate.

    Args:
        orig_freq, new_freq: rates in Hz.
        resample_method: window of the filter; beta: of the Kaiser window.
        lowpass_filter_width: sharper and slower when larger.
        rolloff: where the filter ends, in shares of half the lower rate.
    """

    def __init__(
        self,
        orig_freq: float = 16000,
        new_freq: float = 16000,
        resample_method: ResampleMethod = ResampleMethod.SINC_INTERPOLATION,
        lowpass_filter_width: int = 6,
        rolloff: float = 0.99,
        beta: float | None = None,
    ) -> None:
        self.old = int(number(orig_freq, "orig_freq", 0, above=True))
        self.new = int(number(new_freq, "new_freq", 0, above=True))
        self.method = choice(resample_method, "resample_method", ResampleMethod)
        self.width = check_int(lowpass_filter_width, "lowpass_filter_width", 1)
        self.rolloff = number(rolloff, "rolloff", 0, 1, above=True)
        self.beta = None if beta is None else number(beta, "beta")

    def change(self, x: np.ndarray) -> np.ndarray:
        return resample(x, self.old, self.new, self.method, self.width, self.rolloff, self.beta)


class PitchShift(AudioOperation):
    """A sound higher or lower by `n_steps` of 1 / `bins_per_octave` octave, as long as before."""

    def __init__(
        self,
        sample_rate: int,
        n_steps: int,
        bins_per_octave: int = 12,
        n_fft: int = 512,
        win_length: int | None = None,
        hop_length: int | None = None,
        window: WindowType = WindowType.HANN,
    ) -> None:
        self.sample_rate = check_int(sample_rate, "sample_rate", 1)
        steps = check_int(n_steps, "n_steps", -(2**31))
        octave = check_int(bins_per_octave, "bins_per_octave", -(2**31))
        if octave == 0:
            raise ValueError("Argument bins_per_octave must not be 0.")
        self.rate = 2.0 ** (-steps / octave)
        self.n_fft, self.win_length, hop = sizes(n_fft, win_length, hop_length, "PitchShift")
        self.hop = hop if hop_length is not None else self.win_length // 4
        self.window = choice(window, "window", WindowType)

    def change(self, x: np.ndarray) -> np.ndarray:
        length = x.shape[-1]
        weights = window(self.window, self.win_length, self.n_fft)
        spectrum = stft(x, self.n_fft, self.hop, weights)
        advance = np.linspace(0, math.pi * self.hop, spectrum.shape[-2])[:, None]
        slower = stretch(spectrum, self.rate, advance)
        sound = istft(slower, self.n_fft, self.hop, weights, round(length / self.rate))
        shifted = resample(sound, int(self.sample_rate / self.rate), self.sample_rate)
        missing = length - shifted.shape[-1]
        return (
            pad_time(shifted, 0, missing, BorderType.CONSTANT)
            if missing > 0
            else (shifted[..., :length])
        )


class ComputeDeltas(AudioOperation):
    """How features <…,frequency,time> change: the slope of a line through `win_length` frames."""

    rank = 2

    def __init__(self, win_length: int = 5, pad_mode: BorderType = BorderType.EDGE) -> None:
        self.reach = (check_int(win_length, "win_length", 3) - 1) // 2
        self.pad_mode = choice(pad_mode, "pad_mode", BorderType)

    def change(self, x: np.ndarray) -> np.ndarray:
        n = self.reach
        padded = pad_time(x, n, n, self.pad_mode)
        windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * n + 1, -1)
        return np.asarray(windows @ np.arange(-n, n + 1.0) / (n * (n + 1) * (2 * n + 1) / 3))


class SlidingWindowCmn(AudioOperation):
    """Subtract from features <…,time,frequency> the mean of a window around each frame.

    Args:
        cmn_window: frames of the window; min_cmn_window: at the beginning (not centred).
        center: window around the frame, else before it.
        norm_vars: divide by the deviation too.
    """

    rank = 2

    def __init__(
        self,
        cmn_window: int = 600,
        min_cmn_window: int = 100,
        center: bool = False,
        norm_vars: bool = False,
    ) -> None:
        self.cmn_window = check_int(cmn_window, "cmn_window", 0)
        self.min_cmn_window = check_int(min_cmn_window, "min_cmn_window", 0)
        self.center = check_bool(center, "center")
        self.norm_vars = check_bool(norm_vars, "norm_vars")

    def _bounds(self, t: int, frames: int) -> tuple[int, int]:
        if self.center:
            start = t - self.cmn_window // 2
            stop = start + self.cmn_window
        else:
            start, stop = t - self.cmn_window, t + 1
        if start < 0:
            start, stop = 0, stop - start
        if not self.center and stop > t:
            stop = max(t + 1, self.min_cmn_window)
        if stop > frames:
            start, stop = max(0, start - (stop - frames)), frames
        return start, stop

    def change(self, x: np.ndarray) -> np.ndarray:
        frames = x.shape[-2]
        out = np.empty_like(x)
        for t in range(frames):
            start, stop = self._bounds(t, frames)
            part = x[..., start:stop, :]
            out[..., t, :] = x[..., t, :] - part.mean(-2)
            if self.norm_vars:
                if stop - start == 1:
                    out[..., t, :] = 0
                else:
                    variance = (part**2).mean(-2) - part.mean(-2) ** 2
                    out[..., t, :] /= np.sqrt(variance)
        return out


_TINY = 1e-9


class DetectPitchFrequency(AudioOperation):
    """The pitch of each frame in Hz, by correlating the sound with itself: <…,frames>.

    Args:
        frame_time: seconds of a frame. win_length: frames over which a median smooths.
        freq_low, freq_high: range in which to look, Hz.
    """

    single = True

    def __init__(
        self,
        sample_rate: int,
        frame_time: float = 0.01,
        win_length: int = 30,
        freq_low: float = 85,
        freq_high: float = 3400,
    ) -> None:
        self.rate = check_rate(sample_rate)
        self.frame = math.ceil(self.rate * number(frame_time, "frame_time", 0, above=True))
        self.win_length = check_int(win_length, "win_length", 1)
        self.lags = math.ceil(self.rate / number(freq_low, "freq_low", 0, above=True))
        self.least = math.ceil(self.rate / number(freq_high, "freq_high", 0, above=True))

    def change(self, x: np.ndarray) -> np.ndarray:
        frames = math.ceil(x.shape[-1] / self.frame)
        size = frames * self.frame
        padded = pad_time(x, 0, self.lags + size - x.shape[-1], BorderType.CONSTANT)

        def cut(start: int) -> np.ndarray:
            part = padded[..., start : start + size]
            return part.reshape(*x.shape[:-1], frames, self.frame)

        first = cut(0)
        norm = np.sqrt((first**2).sum(-1))
        likeness = np.stack(
            [
                (first * other).sum(-1) / (_TINY + norm) / (_TINY + np.sqrt((other**2).sum(-1)))
                for other in (cut(lag) for lag in range(1, self.lags + 1))
            ],
            -1,
        )
        # An octave too low is as alike: a lag in the first half wins if it is nearly as good.
        half = likeness[..., self.least : likeness.shape[-1] // 2]
        every = likeness[..., self.least :]
        early = half.max(-1) > 0.99 * every.max(-1)
        lag = np.where(early, half.argmax(-1), every.argmax(-1)) + self.least + 1
        return self.rate / (_TINY + self._smooth(lag.astype(np.float64)))

    def _smooth(self, lags: np.ndarray) -> np.ndarray:
        reach = (self.win_length - 1) // 2
        if lags.shape[-1] + reach < self.win_length:
            raise RuntimeError(
                f"DetectPitchFrequency: the sound has {lags.shape[-1]} frames, too few for "
                f"win_length = {self.win_length}."
            )
        padded = np.concatenate([np.repeat(lags[..., :1], reach, -1), lags], -1)
        windows = np.lib.stride_tricks.sliding_window_view(padded, self.win_length, -1)
        return np.sort(windows, -1)[..., (self.win_length - 1) // 2]  # the lower median
