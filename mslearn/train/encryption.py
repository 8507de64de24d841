"""Encrypted checkpoints, byte for byte in the form of MindSpore 2.10.

The plain bytes are cut into blocks of 64 MiB. Each block is, in little-endian 32-bit numbers,

    magic, [16 bytes tag, AES-GCM only], size of the rest, 16, 16 bytes IV, size, cipher text

(found by reading files of real MindSpore, which reads what is written here and the other way
round). The ciphers come from the library `cryptography`; mslearn has none of its own.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterable, Iterator
from typing import Any

from mslearn.train.checkpoint_format import CheckpointError

_MAGIC = {"AES-GCM": 0x7F3A5ED8, "AES-CBC": 0x7F3A5ED9, "SM4-CBC": 0x7F3A5EDA}
_BLOCK = 64 << 20
_IV = 16


def check_key(who: str, name: str, key: Any, mode: Any) -> None:
    """Refuse what is no key for the mode.

    Raises:
        ValueError: the key is not bytes or of a wrong length, or an unknown mode.
        ImportError: `cryptography` is not installed.
    """
    if not isinstance(key, bytes):
        raise ValueError(f"For '{who}', {name} must be bytes, but got '{type(key).__name__}'.")
    if mode not in _MAGIC:
        raise ValueError(f"For '{who}', the mode is one of {list(_MAGIC)}, but got {mode!r}.")
    sizes = (16,) if mode == "SM4-CBC" else (16, 24, 32)
    if len(key) not in sizes:
        raise ValueError(
            f"For '{who}', {name} must be {' or '.join(map(str, sizes))} bytes long for {mode}, "
            f"but got {len(key)} bytes."
        )
    _ciphers()


def _ciphers() -> Any:
    try:
        return importlib.import_module("cryptography.hazmat.primitives.ciphers")
    except ImportError:
        raise ImportError(
            "Encrypted checkpoints need the library 'cryptography', because Python has no cipher "
            "of its own: pip install 'mslearn[crypto]'."
        ) from None


def _cipher(key: bytes, mode: str, iv: bytes, tag: bytes | None = None) -> Any:
    parts = _ciphers()
    algorithm = (parts.algorithms.SM4 if mode == "SM4-CBC" else parts.algorithms.AES)(key)
    # Of the 16 bytes in the file GCM uses the first 12, its usual number.
    chosen = parts.modes.GCM(iv[:12], tag) if mode == "AES-GCM" else parts.modes.CBC(iv)
    return parts.Cipher(algorithm, chosen)


def _number(n: int) -> bytes:
    return n.to_bytes(4, "little")


def encrypt(chunks: Iterable[bytes], key: bytes, mode: str) -> Iterator[bytes]:
    """The bytes of `chunks`, encrypted block by block."""
    plain = b"".join(chunks)
    for start in range(0, len(plain), _BLOCK):
        block = plain[start : start + _BLOCK]
        if mode != "AES-GCM":  # CBC works on whole blocks of 16 bytes (PKCS #7)
            more = 16 - len(block) % 16
            block += bytes([more]) * more
        iv = os.urandom(_IV)
        encryptor = _cipher(key, mode, iv).encryptor()
        secret = encryptor.update(block) + encryptor.finalize()
        rest = _number(_IV) + iv + _number(len(secret)) + secret
        tag = encryptor.tag if mode == "AES-GCM" else b""
        yield _number(_MAGIC[mode]) + tag + _number(len(rest)) + rest


def is_encrypted(data: bytes) -> bool:
    """Whether the bytes begin like an encrypted checkpoint."""
    return int.from_bytes(data[:4], "little") in _MAGIC.values()


def decrypt(data: bytes, key: bytes, mode: str) -> bytes:
    """The plain bytes.

    Raises:
        CheckpointError: a wrong key or mode, or damaged bytes.
    """
    plain, at = [], 0
    tag_size = 16 if mode == "AES-GCM" else 0

    def take(size: int) -> bytes:
        nonlocal at
        if not 0 <= size <= len(data) - at:
            raise CheckpointError("an encrypted block is cut off")
        at += size
        return data[at - size : at]

    # Behind the blocks MindSpore leaves an empty checksum when it was asked for one.
    while at < len(data) and data[at : at + 7] != b"crc_num":
        if int.from_bytes(take(4), "little") != _MAGIC[mode]:
            raise CheckpointError(f"it is not encrypted with {mode}")
        tag = take(tag_size)
        take(4)
        iv = take(int.from_bytes(take(4), "little"))
        secret = take(int.from_bytes(take(4), "little"))
        plain.append(_open(secret, key, mode, iv, tag))
    return b"".join(plain)


def _open(secret: bytes, key: bytes, mode: str, iv: bytes, tag: bytes) -> bytes:
    try:
        decryptor = _cipher(key, mode, iv, tag).decryptor()
        block: bytes = decryptor.update(secret) + decryptor.finalize()
    except Exception as error:  # InvalidTag, or sizes that no cipher takes
        raise CheckpointError("the key or the mode is wrong, or the bytes were changed") from error
    if mode == "AES-GCM":
        return block
    more = block[-1] if block else 0
    if not 1 <= more <= 16 or block[-more:] != bytes([more]) * more:
        raise CheckpointError("the key or the mode is wrong, or the bytes were changed")
    return block[:-more]
