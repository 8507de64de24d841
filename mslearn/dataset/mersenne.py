"""The random numbers behind samplers and shuffles: the same streams as MindSpore's.

MindSpore's pipeline runs in C++: samplers draw from `std::mt19937` and reorder with libstdc++'s
`std::shuffle`, the shuffle operation draws from `std::mt19937_64`. Both generators are public
algorithms (Matsumoto and Nishimura), and NumPy carries the first one, so with one seed a learner
gets the same batches in the same order here and there. tests/dataset compares whole epochs.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator

import numpy as np

_MASK32 = 0xFFFFFFFF
_MASK64 = 0xFFFFFFFFFFFFFFFF


def fresh_seed() -> int:
    """A seed from the operating system, for when the user has set none."""
    return secrets.randbits(32)


class Twister32:
    """`std::mt19937`: 32-bit Mersenne Twister, on NumPy's own."""

    def __init__(self, seed: int) -> None:
        self._raw = np.random.RandomState(seed & _MASK32)._bit_generator.random_raw
        self._buffer: list[int] = []

    def __call__(self) -> int:
        """The next 32 random bits."""
        if not self._buffer:
            # Drawn in bulk: a call into NumPy costs about as much as 100 numbers.
            self._buffer = self._raw(1024).tolist()
            self._buffer.reverse()
        return self._buffer.pop()

    def below(self, n: int) -> int:
        """A number from 0 to n - 1 (`std::uniform_int_distribution`, by equal buckets)."""
        bucket = _MASK32 // n
        limit = n * bucket
        number = self()
        while number >= limit:
            number = self()
        return number // bucket

    def canonical(self) -> float:
        """A number in [0, 1) with 53 random bits (`std::generate_canonical<double, 53>`)."""
        low = self()
        value = (low + self() * 4294967296.0) / 18446744073709551616.0
        return min(value, 1.0 - 2.0**-53)


class MinimalStandard:
    """`std::minstd_rand0` (Lewis, Goodman and Miller): what MindRecord's reader shuffles with."""

    _RANGE = 2**31 - 3

    def __init__(self, seed: int) -> None:
        self._state = (seed + 1) % (2**31 - 1) or 1  # the reader counts an epoch first

    def below(self, n: int) -> int:
        """A number from 0 to n - 1."""
        bucket = self._RANGE // n
        while True:
            self._state = self._state * 16807 % (2**31 - 1)
            number = (self._state - 1) // bucket
            if number < n:
                return number


def shuffled(items: np.ndarray, draw: Twister32 | MinimalStandard) -> np.ndarray:
    """A reordered copy of a 1-D array, as `std::shuffle` of libstdc++ would leave it."""
    out = items.tolist()
    n = len(out)
    below = draw.below
    if n < 2:
        return np.array(items)
    if _MASK32 // n < n:
        for i in range(1, n):
            j = below(i + 1)
            out[i], out[j] = out[j], out[i]
        return np.array(out, items.dtype)
    # For short ranges one draw serves two swaps.
    i = 1
    if n % 2 == 0:
        j = below(2)
        out[1], out[j] = out[j], out[1]
        i = 2
    while i < n:
        j, k = divmod(below((i + 1) * (i + 2)), i + 2)
        out[i], out[j] = out[j], out[i]
        out[i + 1], out[k] = out[k], out[i + 1]
        i += 2
    return np.array(out, items.dtype)


def twister64(seed: int) -> Callable[[], int]:
    """`std::mt19937_64`: a function that gives the next 64 random bits."""
    return _twister64(seed).__next__


def _twister64(seed: int) -> Iterator[int]:
    state = [seed & _MASK64]
    for i in range(1, 312):
        last = state[-1]
        state.append((6364136223846793005 * (last ^ (last >> 62)) + i) & _MASK64)
    mt = np.array(state, np.uint64)
    low_mask, matrix = np.uint64(0x7FFFFFFF), np.uint64(0xB5026F5AA96619E9)
    one = np.uint64(1)

    def twist(first: slice, second: slice, third: slice) -> None:
        x = (mt[first] & ~low_mask) | (mt[second] & low_mask)
        mt[first] = mt[third] ^ (x >> one) ^ np.where(x & one, matrix, np.uint64(0))

    while True:
        # Three slices whose inputs do not overlap their outputs, then the word that wraps round.
        twist(slice(0, 156), slice(1, 157), slice(156, 312))
        twist(slice(156, 311), slice(157, 312), slice(0, 155))
        twist(slice(311, 312), slice(0, 1), slice(155, 156))
        x = mt.copy()
        x ^= (x >> np.uint64(29)) & np.uint64(0x5555555555555555)
        x ^= (x << np.uint64(17)) & np.uint64(0x71D67FFFEDA60000)
        x ^= (x << np.uint64(37)) & np.uint64(0xFFF7EEE000000000)
        x ^= x >> np.uint64(43)
        yield from x.tolist()
