"""What audio transforms share: numbers in, float32 (or float64) out, channels first, time last."""

from __future__ import annotations

from enum import Enum
from typing import Any, TypeVar

import numpy as np

from mslearn.dataset.checks import INT32_MAX, check_int
from mslearn.dataset.transforms.operation import Operation

MAX_FLOAT = 16777216
_Choice = TypeVar("_Choice", bound=Enum)


class AudioOperation(Operation):
    """A transform of sound: an array <…,time>, or a spectrogram <…,frequency,time>.

    float64 stays float64; everything else is computed in double and given back as float32.
    """

    #: fewest axes that the input must have
    rank = 1
    #: whether whole numbers are welcome
    whole = True
    #: whether float64 becomes float32 too
    single = False
    #: whether float16 stays, as for MindSpore's filters
    keeps_half = False

    def _input(self, value: Any) -> np.ndarray:
        if not isinstance(value, np.ndarray):
            raise TypeError(
                f"{type(self).__name__}: Input should be NumPy audio, got {type(value)}."
            )
        return value

    def apply(self, array: np.ndarray) -> Any:
        name = type(self).__name__
        kinds = "biuf" if self.whole else "f"
        if array.dtype.kind not in kinds or array.ndim < self.rank:
            raise RuntimeError(
                f"{name}: the input must be {'numbers' if self.whole else 'floats'} with at least "
                f"{self.rank} axes (time last), but got {array.dtype} with shape "
                f"{list(array.shape)}."
            )
        result = self.change(array.astype(np.float64))
        double = array.dtype == np.float64 and not self.single
        kind = np.dtype(np.float64 if double else np.float32)
        if self.keeps_half and array.dtype == np.float16:
            kind = array.dtype
        if isinstance(result, tuple):
            return tuple(r.astype(kind) for r in result)
        return result.astype(kind) if result.dtype.kind == "f" else result

    def change(self, x: np.ndarray) -> Any:
        """The transformed float64 array."""
        raise NotImplementedError


def scipy(module: str, name: str) -> Any:
    """The module ``scipy.<module>``.

    Raises:
        ImportError: SciPy is missing; the message says how to get it.
    """
    import importlib

    try:
        return importlib.import_module(f"scipy.{module}")
    except ImportError as error:
        raise ImportError(
            f"audio.{name} needs SciPy: pip install 'mslearn[data]' (or pip install scipy)."
        ) from error


def number(
    value: Any, name: str, low: float = -MAX_FLOAT, high: float = MAX_FLOAT, above: bool = False
) -> float:
    """`value` if it is a number from `low` (with `above`: above it) to `high`.

    Raises:
        TypeError, ValueError: it is not.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(
            f"Argument {name} must be a number, but got {value!r} of type '{type(value).__name__}'."
        )
    if not low <= value <= high or (above and value == low):
        raise ValueError(
            f"Input {name} is not within the required interval of "
            f"{'(' if above else '['}{low}, {high}], got {value}."
        )
    return value


def choice(value: Any, name: str, kind: type[_Choice]) -> _Choice:
    """`value` if it is a member of the Enum `kind`.

    Raises:
        TypeError: it is not.
    """
    if not isinstance(value, kind):
        raise TypeError(f"Argument {name} must be an audio.{kind.__name__}, but got {value!r}.")
    return value


def sample_rate(value: Any) -> int:
    """`value` if it is an int other than 0.

    Raises:
        TypeError, ValueError: it is not.
    """
    if check_int(value, "sample_rate", -INT32_MAX - 1) == 0:
        raise ValueError("Argument sample_rate must not be 0.")
    return int(value)


def sizes(n_fft: Any, win_length: Any, hop_length: Any, name: str) -> tuple[int, int, int]:
    """Lengths of transform, window and step; by default the window is as long as the transform,
    the step half the window.

    Raises:
        TypeError, ValueError: not positive ints, or a window longer than the transform.
    """
    n_fft = check_int(n_fft, "n_fft", 1)
    window = n_fft if win_length is None else check_int(win_length, "win_length", 1)
    if window > n_fft:
        raise ValueError(
            f"{name}: win_length should be no more than n_fft, but got win_length: {window} and "
            f"n_fft: {n_fft}."
        )
    hop = window // 2 if hop_length is None else check_int(hop_length, "hop_length", 1)
    return n_fft, window, hop
