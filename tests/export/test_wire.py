"""The wire format: what is written is read back, and no bytes do harm."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mslearn.common import wire
from mslearn.common.wire import Message, WireError

INT64 = st.integers(-(1 << 63), (1 << 63) - 1)


@given(st.integers(1, (1 << 29) - 1), INT64)
def test_integers_come_back(number, value):
    assert Message(wire.integer(number, value)).integer(number) == value


@given(st.lists(INT64), st.lists(INT64), st.text(), st.floats(width=32, allow_nan=False))
def test_messages_come_back(loose, packed, text, number):
    inner = b"".join(wire.integer(1, v) for v in loose)
    inner += wire.block(1, b"".join(wire.varint(v) for v in packed))
    whole = wire.block(3, inner) + wire.block(2, text) + wire.single(4, number)
    message = Message(whole + wire.double(5, number))
    assert message.messages(3)[0].integers(1) == loose + packed
    assert message.text(2) == text
    assert message.number(4) == message.number(5) == number
    assert message.integer(9, -4) == -4
    assert message.message(9) is None


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data):
    try:
        message = Message(data)
        for number in message.fields:
            for read in (message.integers, message.numbers, message.texts, message.messages):
                try:
                    read(number)
                except WireError:
                    continue
    except WireError:
        pass


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\x08", "cut off"),
        (b"\x08" + b"\xff" * 20, "cut off"),
        (b"\x0a\x05ab", "longer than the file"),
        (b"\x0b", "wire type 3"),
        (b"\x00\x00", "no field number"),
        (b"\x0d\x00", "longer than the file"),
    ],
)
def test_damage_is_named(data, words):
    with pytest.raises(WireError, match=words):
        Message(data)


def test_nesting_is_bounded():
    data = b""
    for _ in range(200):
        data = wire.block(1, data)
    message = Message(data)
    with pytest.raises(WireError, match="nested"):
        while True:
            message = message.messages(1)[0]


def test_the_number_of_fields_is_bounded(monkeypatch):
    monkeypatch.setattr(wire, "MAX_FIELDS", 1000)
    with pytest.raises(WireError, match="more than 1000 fields"):
        Message(wire.integer(1, 1) * 1001)
