"""Transforms for sound (`mslearn.dataset.audio`): filters, effects, spectra, mel, masks.

Arrays are <…,time>, spectrograms <…,frequency,time>. The filters need SciPy:
``pip install 'mslearn[data]'``.
"""

from mslearn.dataset.audio.effects import Contrast as Contrast
from mslearn.dataset.audio.effects import DCShift as DCShift
from mslearn.dataset.audio.effects import Dither as Dither
from mslearn.dataset.audio.effects import Fade as Fade
from mslearn.dataset.audio.effects import Flanger as Flanger
from mslearn.dataset.audio.effects import Gain as Gain
from mslearn.dataset.audio.effects import MuLawDecoding as MuLawDecoding
from mslearn.dataset.audio.effects import MuLawEncoding as MuLawEncoding
from mslearn.dataset.audio.effects import Overdrive as Overdrive
from mslearn.dataset.audio.effects import Phaser as Phaser
from mslearn.dataset.audio.effects import Vol as Vol
from mslearn.dataset.audio.enums import BorderType as BorderType
from mslearn.dataset.audio.enums import DensityFunction as DensityFunction
from mslearn.dataset.audio.enums import FadeShape as FadeShape
from mslearn.dataset.audio.enums import GainType as GainType
from mslearn.dataset.audio.enums import Interpolation as Interpolation
from mslearn.dataset.audio.enums import MelType as MelType
from mslearn.dataset.audio.enums import Modulation as Modulation
from mslearn.dataset.audio.enums import NormMode as NormMode
from mslearn.dataset.audio.enums import NormType as NormType
from mslearn.dataset.audio.enums import ResampleMethod as ResampleMethod
from mslearn.dataset.audio.enums import ScaleType as ScaleType
from mslearn.dataset.audio.enums import WindowType as WindowType
from mslearn.dataset.audio.features import ComputeDeltas as ComputeDeltas
from mslearn.dataset.audio.features import DetectPitchFrequency as DetectPitchFrequency
from mslearn.dataset.audio.features import PitchShift as PitchShift
from mslearn.dataset.audio.features import Resample as Resample
from mslearn.dataset.audio.features import SlidingWindowCmn as SlidingWindowCmn
from mslearn.dataset.audio.filters import AllpassBiquad as AllpassBiquad
from mslearn.dataset.audio.filters import BandBiquad as BandBiquad
from mslearn.dataset.audio.filters import BandpassBiquad as BandpassBiquad
from mslearn.dataset.audio.filters import BandrejectBiquad as BandrejectBiquad
from mslearn.dataset.audio.filters import BassBiquad as BassBiquad
from mslearn.dataset.audio.filters import Biquad as Biquad
from mslearn.dataset.audio.filters import DeemphBiquad as DeemphBiquad
from mslearn.dataset.audio.filters import EqualizerBiquad as EqualizerBiquad
from mslearn.dataset.audio.filters import Filtfilt as Filtfilt
from mslearn.dataset.audio.filters import HighpassBiquad as HighpassBiquad
from mslearn.dataset.audio.filters import LFilter as LFilter
from mslearn.dataset.audio.filters import LowpassBiquad as LowpassBiquad
from mslearn.dataset.audio.filters import RiaaBiquad as RiaaBiquad
from mslearn.dataset.audio.filters import TrebleBiquad as TrebleBiquad
from mslearn.dataset.audio.masking import FrequencyMasking as FrequencyMasking
from mslearn.dataset.audio.masking import MaskAlongAxis as MaskAlongAxis
from mslearn.dataset.audio.masking import MaskAlongAxisIID as MaskAlongAxisIID
from mslearn.dataset.audio.masking import TimeMasking as TimeMasking
from mslearn.dataset.audio.mel import LFCC as LFCC
from mslearn.dataset.audio.mel import MFCC as MFCC
from mslearn.dataset.audio.mel import InverseMelScale as InverseMelScale
from mslearn.dataset.audio.mel import MelScale as MelScale
from mslearn.dataset.audio.mel import MelSpectrogram as MelSpectrogram
from mslearn.dataset.audio.mel import create_dct as create_dct
from mslearn.dataset.audio.mel import linear_fbanks as linear_fbanks
from mslearn.dataset.audio.mel import melscale_fbanks as melscale_fbanks
from mslearn.dataset.audio.spectra import AmplitudeToDB as AmplitudeToDB
from mslearn.dataset.audio.spectra import Angle as Angle
from mslearn.dataset.audio.spectra import ComplexNorm as ComplexNorm
from mslearn.dataset.audio.spectra import DBToAmplitude as DBToAmplitude
from mslearn.dataset.audio.spectra import GriffinLim as GriffinLim
from mslearn.dataset.audio.spectra import InverseSpectrogram as InverseSpectrogram
from mslearn.dataset.audio.spectra import Magphase as Magphase
from mslearn.dataset.audio.spectra import PhaseVocoder as PhaseVocoder
from mslearn.dataset.audio.spectra import SpectralCentroid as SpectralCentroid
from mslearn.dataset.audio.spectra import Spectrogram as Spectrogram
from mslearn.dataset.audio.spectra import TimeStretch as TimeStretch
from mslearn.dataset.audio.voice import Vad as Vad
from mslearn.dataset.missing import missing as _missing


def __getattr__(name: str) -> object:
    raise _missing(__name__, name, globals())
