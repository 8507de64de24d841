"""Indices typed by a learner, and the formats in which numbers are shown."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mslearn.insight.parameter_format import FORMATS, formatter, table
from mslearn.insight.parameter_slice import SliceError, numbers, parse, picture, written

SHAPE = (3, 4, 5)
ARRAY = np.arange(60).reshape(SHAPE)
bound = st.none() | st.integers(-7, 7)
entry = st.integers(-5, 5) | st.builds(slice, bound, bound, bound) | st.just(...)


def text_of(part: object) -> str:
    if isinstance(part, slice):
        one, two, three = ("" if v is None else str(v) for v in (part.start, part.stop, part.step))
        return f"{one}:{two}:{three}" if three else f"{one}:{two}"
    return "..." if part is ... else str(part)


@given(st.lists(entry, min_size=1, max_size=4), st.booleans())
def test_every_index_is_numpys(parts: list[object], brackets: bool) -> None:
    text = ", ".join(map(text_of, parts))
    try:
        want = ARRAY[tuple(parts)]
    except (IndexError, ValueError):
        with pytest.raises(SliceError, match=r"shape \(3, 4, 5\)"):
            parse(text, SHAPE)
        return
    index = parse(f"[{text}]" if brackets else text, SHAPE)
    np.testing.assert_array_equal(ARRAY[index], want)
    np.testing.assert_array_equal(ARRAY[parse(written(index), SHAPE)], want)
    for axis, part in enumerate(index):
        taken = np.arange(SHAPE[axis])[part]
        assert list(numbers(part, SHAPE[axis])) == np.atleast_1d(taken).tolist()


@pytest.mark.parametrize(
    ("text", "en", "zh"),
    [
        ("__import__('os')", "is no index", "不是索引"),
        ("0; 1", "is no index", "不是索引"),
        ("[1, 2", "is no index", "不是索引"),
        ("1:2:3:4", "is no index", "不是索引"),
        ("x.shape", "is no index", "不是索引"),
        ("1e3", "is no index", "不是索引"),
        ("0, , 1", "is no index", "不是索引"),
        ("9" * 5000, "is no index", "不是索引"),
        ("..., 0, ...", "at most one", "最多"),
        ("0, 0, 0, 0", "4 entries, but only 3 axes", "4 项"),
        ("3", "outside of axis 0, which has 3 entries (-3 to 2)", "第 0 轴"),
        ("::0", "cannot be 0", "不能是 0"),
        ("...", "3 axes are left, a heatmap shows two. Choose one of each other: [0, :, :]", "[0,"),
        ("0, 2:2", "Nothing is left: the result has shape (0, 5)", "结果是空的"),
    ],
)
def test_a_wrong_index_is_explained_with_the_shape(text: str, en: str, zh: str) -> None:
    with pytest.raises(SliceError) as caught:
        picture(text, SHAPE)
    assert en in str(caught.value) and zh in caught.value.texts["zh"]
    assert all(str(SHAPE) in told and len(told) < 250 for told in caught.value.texts.values())


def test_the_first_look_is_the_last_two_axes() -> None:
    assert parse("", SHAPE) == (0, slice(None), slice(None))
    assert parse(" [ ] ", (5,)) == (slice(None),)
    assert parse("", ()) == parse("...", ()) == ()


@given(st.floats(width=32), st.integers(0, 17))
def test_bits_and_exact_numbers(x: float, digits: int) -> None:
    one = np.float32(x)
    bits, exact = (formatter(one.dtype, form, digits)(one) for form in ("bits", "hex"))
    assert bits == f"0x{struct.unpack('<I', struct.pack('<f', one))[0]:08x}"
    again = float.fromhex(exact)
    assert again == x or np.isnan(x)
    for form in ("decimal", "scientific"):
        np.testing.assert_allclose(
            float(formatter(one.dtype, form, 17)(one)), x, rtol=1e-6, atol=1e-17
        )


def test_other_dtypes() -> None:
    def all_forms(x: np.generic) -> list[str]:
        return [formatter(x.dtype, form, 2)(x) for form in FORMATS]

    assert all_forms(np.int16(-2)) == ["-2", "-2.00e+00", "0xfffe", "-0x2"]
    assert all_forms(np.float16(1)) == ["1.00", "1.00e+00", "0x3c00", "0x1.0000000000000p+0"]
    assert all_forms(np.float64(0.1))[2] == "0x3fb999999999999a"
    assert all_forms(np.bool_(True))[0] == "1"
    assert all_forms(np.complex64(1 - 2j))[:2] == ["1.00-2.00j", "1.00e+00-2.00e+00j"]
    assert all_forms(np.float32("nan"))[0] == "nan"
    assert table(np.zeros((50, 50)), "decimal", 0, (2, 3)) == [["0"] * 3] * 2
