"""Audio transforms by their properties; bad arguments say what is wrong."""

import math
import sys

import numpy as np
import pytest

import mslearn.dataset as ds
from mslearn.dataset import audio

TIME = np.arange(4000) / 8000
TONE = np.sin(2 * np.pi * 440 * TIME).astype(np.float32)


def loudness(x, freq):
    return abs(np.vdot(np.exp(2j * np.pi * freq * TIME), x)) / len(TIME) * 2


@pytest.mark.parametrize(
    ("op", "passes", "stops"),
    [
        (audio.LowpassBiquad(8000, 500.0), 50, 3500),
        (audio.HighpassBiquad(8000, 2000.0), 3500, 100),
        (audio.BandpassBiquad(8000, 1000.0, 0.9), 1000, 3900),
        (audio.BandrejectBiquad(8000, 1000.0, 0.9), 60, 1000),
    ],
)
def test_filters_pass_and_stop(op, passes, stops):
    low, high = (loudness(op(0.5 * np.sin(2 * np.pi * f * TIME)), f) for f in (passes, stops))
    assert low > 0.42 and high < 0.08


def test_spectrogram_there_and_back():
    spectrum = audio.Spectrogram(256, power=0.0)(TONE)
    assert spectrum.shape == (129, 32, 2)
    back = audio.InverseSpectrogram(3900, 256)(spectrum)
    np.testing.assert_allclose(back, TONE[:3900], atol=1e-5)
    power = audio.Spectrogram(256)(TONE)
    assert power[:, 10].argmax() == round(440 / 8000 * 256)


def test_griffin_lim_finds_a_sound_with_this_spectrum():
    power = audio.Spectrogram(256)(TONE)
    ds.config.set_seed(1)
    sound = audio.GriffinLim(256, 60)(power)
    again = audio.Spectrogram(256)(sound)
    assert np.abs(np.sqrt(again) - np.sqrt(power)).mean() < 0.02 * np.sqrt(power).max()


def test_inverse_mel_scale():
    rng = np.random.RandomState(0)
    wanted = rng.rand(33, 4).astype(np.float32)
    scale = audio.MelScale(12, 8000, n_stft=33)
    op = audio.InverseMelScale(33, 12, 8000, max_iter=3000)
    found = op(scale(wanted))
    assert found.shape == (33, 4) and (found >= 0).all()
    np.testing.assert_allclose(scale(found), scale(wanted), atol=0.05)


def test_resampled_tone_keeps_its_pitch():
    half = audio.Resample(8000, 4000)(TONE)
    wanted = np.sin(2 * np.pi * 440 * np.arange(2000) / 4000)
    assert half.shape == (2000,)
    np.testing.assert_allclose(half[50:-50], wanted[50:-50], atol=0.01)


def test_pitch():
    found = audio.DetectPitchFrequency(8000, 0.01, 5)(TONE)
    assert abs(np.median(found) - 440) < 5
    higher = audio.PitchShift(8000, 12, n_fft=256)(TONE)
    assert abs(np.median(audio.DetectPitchFrequency(8000, 0.01, 5)(higher)) - 880) < 25


def test_vad_cuts_the_silence_before_a_voice():
    t = np.arange(12000) / 8000
    voice = sum(np.sin(2 * np.pi * 180 * k * t) / k for k in range(1, 12))
    rng = np.random.RandomState(0)
    speech = 0.002 * rng.randn(12000) + 0.2 * voice * ((t > 0.9) & (t < 1.3))
    found = audio.Vad(8000, search_time=0.2)(speech.astype(np.float32))
    assert 4000 < len(found) < 7000
    np.testing.assert_array_equal(found, speech[-len(found) :].astype(np.float32))


def test_mu_law_there_and_back():
    codes = audio.MuLawEncoding()(TONE)
    assert codes.dtype == np.int32 and codes.min() >= 0 and codes.max() <= 255
    assert np.abs(audio.MuLawDecoding()(codes) - TONE).max() < 0.03


@pytest.mark.parametrize("axis", [1, 2])
def test_masks(axis):
    kind = audio.FrequencyMasking if axis == 1 else audio.TimeMasking
    x = np.ones((2, 20, 30), np.float32)
    fixed = kind(False, 4, 3, 9.0)(x)
    assert (fixed == 9).any((0, 3 - axis)).tolist() == [3 <= i < 7 for i in range(x.shape[axis])]
    ds.config.set_seed(3)
    data = ds.GeneratorDataset([(x,)] * 60, ["x"], shuffle=False).map(kind(True, 8, 0, 9.0), "x")
    widths = set()
    for (row,) in data.create_tuple_iterator(output_numpy=True, num_epochs=1):
        hit = (row == 9).any((0, 3 - axis))
        widths.add(int(hit.sum()))
        assert (row[(slice(None),) * axis + (hit,)] == 9).all()
        assert np.diff(np.flatnonzero(hit)).max(initial=1) == 1
    assert widths == set(range(8))
    np.testing.assert_array_equal(x, 1)


@pytest.mark.parametrize("density", audio.DensityFunction)
@pytest.mark.parametrize("shaping", [False, True])
def test_dither(density, shaping):
    found = audio.Dither(density, shaping)(TONE * 0.5).astype(np.float64)
    miss = (found - TONE * 0.5) * 2**15
    assert np.abs(miss).max() < 8 and 0.2 < miss.std() < 2
    assert abs(miss.mean()) < 0.1
    np.testing.assert_allclose(found * 2**15, np.round(found * 2**15), atol=1e-3)


def test_tables():
    bank = audio.melscale_fbanks(201, 0.0, 8000.0, 40, 16000)
    assert bank.dtype == np.float32 and bank.max() <= 1 and (bank.sum(0) > 0).all()
    matrix = audio.create_dct(10, 10, audio.NormMode.ORTHO)
    np.testing.assert_allclose(matrix.T @ matrix, np.eye(10), atol=1e-6)
    assert audio.linear_fbanks(201, 0.0, 8000.0, 40, 16000).shape == (201, 40)


def test_types():
    for kind in (np.int16, np.int32, np.float16, np.float64):
        found = audio.Gain(6.0)((TONE * 9).astype(kind))
        assert found.dtype == (np.float64 if kind == np.float64 else np.float32)
    assert audio.BassBiquad(8000, 3.0)(TONE.astype(np.float16)).dtype == np.float16
    assert math.isclose(audio.Gain(20.0)(np.array(1.0)), 10.0)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: audio.AllpassBiquad(0, 100.0), ValueError, "sample_rate"),
        (lambda: audio.AllpassBiquad(8000, 100.0, 0.0), ValueError, "Q"),
        (lambda: audio.AllpassBiquad("a", 1.0), TypeError, "sample_rate"),
        (lambda: audio.BassBiquad(8000, "a"), TypeError, "gain"),
        (lambda: audio.BassBiquad(8000, 1.0)(np.arange(3)), RuntimeError, "floats"),
        (lambda: audio.Biquad(1, 2, 3, 0, 1, 2), ValueError, "a0"),
        (lambda: audio.LFilter([1.0], [1.0, 2.0]), ValueError, "same as"),
        (lambda: audio.DeemphBiquad(8000), ValueError, "44100 or 48000"),
        (lambda: audio.Fade(-1), ValueError, "fade_in_len"),
        (lambda: audio.Fade(9)(np.ones(4)), RuntimeError, "9 samples of fade"),
        (lambda: audio.Vol(-1.0), ValueError, "gain"),
        (lambda: audio.Vol(1, 3), TypeError, "GainType"),
        (lambda: audio.Spectrogram(64, 100), ValueError, "no more than n_fft"),
        (lambda: audio.Spectrogram(64)(np.ones(9)), RuntimeError, "cannot be mirrored"),
        (lambda: audio.MelScale(8, 8000, 5000.0, 3.0), ValueError, "greater than f_min"),
        (lambda: audio.MelScale(4, 8000)(np.ones((9, 9))), RuntimeError, "9 frequencies"),
        (lambda: audio.AmplitudeToDB(amin=-1.0), ValueError, "amin"),
        (lambda: audio.Resample(0.0), ValueError, "orig_freq"),
        (lambda: audio.TimeMasking(3), TypeError, "iid_masks"),
        (lambda: audio.TimeMasking(False, 20)(np.ones((2, 6, 12))), RuntimeError, "leaves"),
        (lambda: audio.MaskAlongAxis(1, 2, 1.0, 0), ValueError, "axis"),
        (lambda: audio.ComplexNorm()(np.ones(5)), RuntimeError, "at least 2 axes"),
        (lambda: audio.ComplexNorm()(np.ones((5, 5))), RuntimeError, "complex"),
        (lambda: audio.MFCC(8000, 200), ValueError, "cannot make 200"),
        (lambda: audio.ComputeDeltas(2), ValueError, "win_length"),
        (lambda: audio.Gain(1.0)("a"), TypeError, "NumPy audio"),
        (lambda: audio.Gain(1.0)(np.array(["a"])), RuntimeError, "numbers"),
        (lambda: audio.create_dct(0, 1), ValueError, "n_mfcc must be greater than 0"),
    ],
)
def test_messages(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_without_scipy(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.signal", None)
    with pytest.raises(ImportError, match=r"mslearn\[data\]"):
        audio.BassBiquad(8000, 3.0)(TONE)
