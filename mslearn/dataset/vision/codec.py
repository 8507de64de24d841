"""Encoded images: Decode, reading and writing files."""

from __future__ import annotations

import io
import os
from typing import Any

import numpy as np

from mslearn.common.files import replacing
from mslearn.dataset.checks import check_bool, check_int
from mslearn.dataset.vision.base import ImageOperation, check_image
from mslearn.dataset.vision.enums import ImageReadMode
from mslearn.dataset.vision.pillow import is_pil, pillow


def decode_pil(data: np.ndarray | bytes, name: str) -> Any:
    """The RGB PIL image in encoded bytes.

    Raises:
        TypeError: not a 1-D array of bytes.
        RuntimeError: Pillow cannot read it; the message has its reason.
    """
    if isinstance(data, np.ndarray):
        if data.ndim != 1:
            raise TypeError(
                f"{name}: The number of array dimensions of the encoded image should be 1, but got "
                f"{data.ndim}. An image that is decoded already needs no Decode."
            )
        if data.dtype.kind not in "iu" or data.dtype.itemsize != 1:
            raise RuntimeError(f"{name}: encoded data must be uint8, but got {data.dtype}.")
    try:
        image = pillow(name).open(io.BytesIO(bytes(data)))
        image.load()  # opening reads the header only
        return image if image.mode == "RGB" else _convert(image, "RGB")
    except (OSError, ValueError, SyntaxError) as error:
        raise RuntimeError(
            f"{name}: cannot decode the image ({len(data)} bytes): {error}. The file may be "
            f"damaged, cut short, or no image."
        ) from error


def _convert(image: Any, mode: str) -> Any:
    """As `image.convert`, where transparent pixels keep their colour."""
    if image.mode == "P":
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")
    if image.mode == "RGBA" and mode == "RGB":
        return pillow("Decode").merge("RGB", image.split()[:3])
    return image.convert(mode)


class Decode(ImageOperation):
    """An encoded image (JPEG, PNG, BMP, … as 1-D bytes) as <H,W,3> RGB.

    Args:
        to_pil: give a PIL image instead of an array; later transforms then use Pillow.

    Raises:
        TypeError: the input is no 1-D array.
        RuntimeError: the bytes hold no image that can be read.
    """

    def __init__(self, to_pil: bool = False) -> None:
        self.to_pil = check_bool(to_pil, "to_pil")

    def apply(self, array: np.ndarray) -> Any:
        image = decode_pil(array, "Decode")
        return image if self.to_pil else np.array(image)

    def _input(self, value: Any) -> np.ndarray:
        if isinstance(value, bytes):
            return np.frombuffer(value, np.uint8)
        return super()._input(value)

    def apply_pil(self, image: Any) -> Any:
        raise TypeError("Decode: the input is decoded already: a PIL image.")


def read_file(filename: str) -> np.ndarray:
    """A file's bytes as a 1-D uint8 array.

    Raises:
        TypeError: filename is no string.
        RuntimeError: there is no such file.
    """
    path = _path(filename, "read_file")
    try:
        return np.fromfile(path, np.uint8)
    except OSError as error:
        raise RuntimeError(f"read_file: cannot read {path}: {error}.") from error


def read_image(filename: str, mode: ImageReadMode = ImageReadMode.UNCHANGED) -> np.ndarray:
    """An image file as <H,W,C>: as it is, in grey, or in colour.

    Raises:
        TypeError: mode is no ImageReadMode.
        RuntimeError: the file cannot be read.
    """
    if not isinstance(mode, ImageReadMode):
        raise TypeError(f"read_image: mode must be a vision.ImageReadMode, but got {mode!r}.")
    data = read_file(filename)
    try:
        image = pillow("read_image").open(io.BytesIO(data.tobytes()))
        alone = image.mode in ("1", "L", "I", "F", "I;16")
        if mode is ImageReadMode.GRAYSCALE or (mode is ImageReadMode.UNCHANGED and alone):
            return np.array(image.convert("L"))[..., None]
        return np.array(_convert(image, "RGB"))
    except (OSError, ValueError, SyntaxError) as error:
        raise RuntimeError(f"read_image: cannot decode {filename}: {error}.") from error


def _path(filename: Any, name: str) -> str:
    if not isinstance(filename, str | os.PathLike):
        raise TypeError(f"{name}: filename must be a path as a string, but got {filename!r}.")
    return os.fspath(filename)


def _encode(image: Any, name: str, form: str, **options: Any) -> bytes:
    array = np.asarray(image)
    if not isinstance(image, np.ndarray) and not hasattr(image, "asnumpy"):
        raise TypeError(f"{name}: the image must be a NumPy array or a Tensor, got {type(image)}.")
    if hasattr(image, "asnumpy"):
        array = image.asnumpy()
    check_image(array, name, (1, 3))
    if array.dtype != np.uint8:
        raise RuntimeError(f"{name}: the image must be uint8, but its type is {array.dtype}.")
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[..., 0]
    out = io.BytesIO()
    pillow(name).fromarray(np.ascontiguousarray(array)).save(out, form, **options)
    return out.getvalue()


def encode_jpeg(image: Any, quality: int = 75) -> np.ndarray:
    """An <H,W>, <H,W,1> or <H,W,3> uint8 image as the bytes of a JPEG file, 1-D uint8.

    Args:
        quality: from 1 to 100.
    """
    check_int(quality, "quality", 1, 100)
    return np.frombuffer(_encode(image, "encode_jpeg", "JPEG", quality=quality), np.uint8).copy()


def encode_png(image: Any, compression_level: int = 6) -> np.ndarray:
    """An <H,W>, <H,W,1> or <H,W,3> uint8 image as the bytes of a PNG file, 1-D uint8.

    Args:
        compression_level: from 0 to 9.
    """
    check_int(compression_level, "compression_level", 0, 9)
    data = _encode(image, "encode_png", "PNG", compress_level=compression_level)
    return np.frombuffer(data, np.uint8).copy()


def write_file(filename: str, data: Any) -> None:
    """Write 1-D uint8 data to a file; an existing one is replaced as a whole.

    Raises:
        TypeError, RuntimeError: not 1-D bytes; the file cannot be written.
    """
    path = _path(filename, "write_file")
    array = data.asnumpy() if hasattr(data, "asnumpy") else data
    if not isinstance(array, np.ndarray):
        raise TypeError(f"write_file: data must be a NumPy array or a Tensor, got {type(data)}.")
    if array.ndim != 1 or array.dtype != np.uint8:
        raise RuntimeError(
            f"write_file: data must be 1-D uint8, but got {array.dtype} of shape "
            f"{list(array.shape)}."
        )
    try:
        with replacing(path) as file:
            file.write(array.tobytes())
    except OSError as error:
        raise RuntimeError(f"write_file: cannot write {path}: {error}.") from error


def write_jpeg(filename: str, image: Any, quality: int = 75) -> None:
    """Write an image as a JPEG file; see `encode_jpeg`."""
    write_file(filename, encode_jpeg(image, quality))


def write_png(filename: str, image: Any, compression_level: int = 6) -> None:
    """Write an image as a PNG file; see `encode_png`."""
    write_file(filename, encode_png(image, compression_level))


def get_image_size(image: Any) -> list[int]:
    """[height, width] of an array <…,H,W> or <…,H,W,C> or of a PIL image."""
    if is_pil(image):
        return [image.size[1], image.size[0]]
    if not isinstance(image, np.ndarray):
        raise TypeError(f"get_image_size: need a NumPy or PIL image, but got {type(image)}.")
    if image.ndim < 2:
        raise RuntimeError(f"get_image_size: shape {list(image.shape)} is no image.")
    return list(image.shape[:2] if image.ndim == 2 else image.shape[-3:-1])


def get_image_num_channels(image: Any) -> int:
    """How many channels an array or a PIL image has; 1 without a channel axis."""
    if is_pil(image):
        return len(image.getbands())
    if not isinstance(image, np.ndarray):
        raise TypeError(
            f"get_image_num_channels: need a NumPy or PIL image, but got {type(image)}."
        )
    if image.ndim < 2:
        raise RuntimeError(f"get_image_num_channels: shape {list(image.shape)} is no image.")
    return 1 if image.ndim == 2 else int(image.shape[-1])
