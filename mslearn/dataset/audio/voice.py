"""`Vad`: cut off what comes before a voice."""

from __future__ import annotations

import math

import numpy as np

from mslearn.dataset.audio.base import AudioOperation, number
from mslearn.dataset.checks import check_int


def _hann(size: int) -> np.ndarray:
    return 2 / math.sqrt(size) * (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size))


class Vad(AudioOperation):
    """Cut off silence before speech, as SoX does: by the power of the cepstrum over noise.

    To trim the end, reverse the sound. Times are in seconds, frequencies in Hz. (In MindSpore 2.10
    on the CPU no voice ever triggers it: only the length of the search is cut.)

    Args:
        trigger_level: how sure it must be. trigger_time: over which the level is smoothed.
        search_time: how far back to look for quieter speech; allowed_gap: pauses inside it.
        pre_trigger_time: sound to keep before it.
        boot_time, noise_up_time, noise_down_time, noise_reduction_amount: estimate of the noise.
        measure_freq, measure_duration, measure_smooth_time: how often and how long is measured.
        hp_filter_freq, lp_filter_freq, hp_lifter_freq, lp_lifter_freq: bands.
    """

    def __init__(
        self,
        sample_rate: int,
        trigger_level: float = 7.0,
        trigger_time: float = 0.25,
        search_time: float = 1.0,
        allowed_gap: float = 0.25,
        pre_trigger_time: float = 0.0,
        boot_time: float = 0.35,
        noise_up_time: float = 0.1,
        noise_down_time: float = 0.01,
        noise_reduction_amount: float = 1.35,
        measure_freq: float = 20.0,
        measure_duration: float | None = None,
        measure_smooth_time: float = 0.4,
        hp_filter_freq: float = 50.0,
        lp_filter_freq: float = 6000.0,
        hp_lifter_freq: float = 150.0,
        lp_lifter_freq: float = 2000.0,
    ) -> None:
        rate = check_int(sample_rate, "sample_rate", 1)
        number(measure_freq, "measure_freq", 0, above=True)
        for name, value in (
            ("trigger_time", trigger_time),
            ("search_time", search_time),
            ("allowed_gap", allowed_gap),
            ("pre_trigger_time", pre_trigger_time),
            ("boot_time", boot_time),
            ("noise_reduction_amount", noise_reduction_amount),
        ):
            number(value, name, 0)
        for name, value in (
            ("noise_up_time", noise_up_time),
            ("noise_down_time", noise_down_time),
            ("measure_smooth_time", measure_smooth_time),
            ("hp_filter_freq", hp_filter_freq),
            ("lp_filter_freq", lp_filter_freq),
            ("hp_lifter_freq", hp_lifter_freq),
            ("lp_lifter_freq", lp_lifter_freq),
        ):
            number(value, name, 0, above=True)
        self.trigger_level = number(trigger_level, "trigger_level")
        duration = 2.0 / measure_freq if measure_duration is None else measure_duration
        self.measure = int(rate * number(duration, "measure_duration", 0) + 0.5)
        self.period = int(rate / measure_freq + 0.5)
        self.history = math.ceil(search_time * measure_freq)
        self.gap = int(allowed_gap * measure_freq + 0.5)
        kept = int(pre_trigger_time * rate + 0.5)
        self.buffer = kept + self.history * self.period + self.measure
        self.size = max(16, 1 << (self.measure - 1).bit_length())
        self.low = max(int(hp_filter_freq / rate * self.size + 0.5), 1)
        self.high = min(int(lp_filter_freq / rate * self.size + 0.5), self.size // 2)
        self.first = math.ceil(rate * 0.5 / lp_lifter_freq)
        self.last = min(math.floor(rate * 0.5 / hp_lifter_freq), self.size // 4)
        self.reduction = noise_reduction_amount
        self.up, self.down, self.smooth, self.slow = (
            math.exp(-1.0 / (t * measure_freq)) if t else 0.0
            for t in (noise_up_time, noise_down_time, measure_smooth_time, trigger_time)
        )
        self.boot = int(boot_time * measure_freq - 0.5)

    def change(self, x: np.ndarray) -> np.ndarray:
        channels = x.reshape(-1, x.shape[-1])
        state = [_Channel(self) for _ in channels]
        boot, position, flushed = 0, self.measure, 0
        while position <= x.shape[-1]:
            samples = channels[:, position - self.measure : position]
            hits = [c.hear(part, boot) for c, part in zip(state, samples, strict=True)]
            if any(hits):
                back = max(c.back for c in state)
                flushed = (self.history - back) * self.period
                break
            if boot >= 0:
                boot = -1 if boot == self.boot else boot + 1
            position += self.period
        else:
            position = x.shape[-1]
        # As a slice counts: a start before the beginning is the beginning.
        return x[..., max(0, position - self.buffer + flushed) :]


class _Channel:
    """What is known of one channel so far."""

    def __init__(self, vad: Vad) -> None:
        self.vad = vad
        self.spectrum = np.zeros(vad.high - vad.low)
        self.noise = np.zeros(vad.high - vad.low)
        self.measures = [0.0] * vad.history  # the newest first
        self.level = 0.0
        self.back = 0
        self.triggered = False

    def hear(self, samples: np.ndarray, boot: int) -> bool:
        """Take in the newest samples; whether there is speech."""
        vad = self.vad
        measure = self._measure(samples, boot)
        self.measures = [measure, *self.measures[:-1]]
        self.level = self.level * vad.slow + measure * (1 - vad.slow)
        if self.level >= vad.trigger_level:
            self.triggered = True
            self.back = self._look_back()
        return self.triggered

    def _measure(self, samples: np.ndarray, boot: int) -> float:
        vad = self.vad
        size = np.abs(np.fft.rfft(samples * _hann(vad.measure), vad.size))[vad.low : vad.high]
        share = boot / (1.0 + boot) if boot >= 0 else vad.smooth
        self.spectrum = self.spectrum * share + size * (1 - share)
        power = self.spectrum**2
        if boot >= 0:
            self.noise = power
        else:
            rate = np.where(power > self.noise, vad.up, vad.down)
            self.noise = self.noise * rate + power * (1 - rate)
        clean = np.sqrt(np.maximum(0, power - vad.reduction * self.noise))
        line = np.zeros(vad.size // 2)
        line[vad.low : vad.high] = clean * _hann(vad.high - vad.low)
        cepstrum = np.abs(np.fft.rfft(line))[vad.first : vad.last]
        total = float((cepstrum**2).sum())
        if total <= 0:
            return 0.0
        return max(0.0, 21 + math.log(total / (vad.last - vad.first)))

    def _look_back(self) -> int:
        """How many measures ago the speech began."""
        vad = self.vad
        loud = zero = count = len(self.measures)
        for j, measure in enumerate(self.measures):
            if measure >= vad.trigger_level and j <= loud + vad.gap:
                loud = zero = j
            elif measure == 0 and loud >= zero:
                zero = j
        return min(count - 1, zero)
