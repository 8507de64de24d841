"""Reading PyTorch's ``.pt``/``.pth`` files without PyTorch, and without running anything in them.

A file of ``torch.save`` is a zip archive: ``data.pkl``, a pickle that says which tensors there are,
and their bytes as ``data/0``, ``data/1`` …. Unpickling could run any code, so the pickle is read
here by a small machine that knows numbers, texts, lists, dicts and tensors, and nothing else.
"""

from __future__ import annotations

import math
import pickletools
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mslearn.train.checkpoint_format import CheckpointError


class _Storage(NamedTuple):
    """A class of torch's storages, by the dtype of its elements."""

    dtype: str


class _Global(NamedTuple):
    """A function of torch that the machine knows how to replace."""

    name: str


_STORAGES = {
    "BFloat16Storage": "bfloat16", "BoolStorage": "?", "ByteStorage": "u1", "CharStorage": "i1",
    "DoubleStorage": "<f8", "FloatStorage": "<f4", "HalfStorage": "<f2", "IntStorage": "<i4",
    "LongStorage": "<i8", "ShortStorage": "<i2",
}  # fmt: skip
_KNOWN: dict[str, Any] = {
    **{f"torch {name}": _Storage(dtype) for name, dtype in _STORAGES.items()},
    **{
        f"{module} {name}": _Global(name)
        for module, name in (
            ("torch._utils", "_rebuild_tensor_v2"), ("torch._utils", "_rebuild_parameter"),
            ("collections", "OrderedDict"), ("torch", "Size"),
        )
    },
}  # fmt: skip
_MARK = object()


class TorchFile:
    """One archive; `load()` gives its object with NumPy arrays in place of tensors."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.storages: dict[str, np.ndarray] = {}

    def load(self) -> Any:
        """The object of the file.

        Raises:
            CheckpointError: damaged bytes, or anything but numbers, texts, lists, dicts, tensors.
        """
        try:
            if self.path.read_bytes()[:2] != b"PK":
                raise CheckpointError(
                    "it is no zip archive. Files from before PyTorch 1.6 must be saved again: "
                    "torch.save(torch.load(path), path)"
                )
            with zipfile.ZipFile(self.path) as self.zip:
                names = [n for n in self.zip.namelist() if n.rpartition("/")[2] == "data.pkl"]
                if len(names) != 1 or any("/code/" in n for n in self.zip.namelist()):
                    raise CheckpointError(
                        "it holds a program (TorchScript), not weights; save net.state_dict()"
                        if names
                        else "it has no data.pkl"
                    )
                self.folder = names[0][: -len("data.pkl")]
                order = f"{self.folder}byteorder"
                if order in self.zip.namelist() and self._bytes(order) != b"little":
                    raise CheckpointError("it was written on a machine with another byte order")
                return self._run(self._bytes(names[0]))
        except CheckpointError:
            raise
        except Exception as error:  # zipfile has many: BadZipFile, EOFError, UnicodeDecodeError …
            raise CheckpointError(f"the archive is damaged ({error})") from error

    def _bytes(self, name: str) -> bytes:
        info = self.zip.getinfo(name)
        if info.compress_type != zipfile.ZIP_STORED:
            raise CheckpointError(f"{name} is compressed, which torch.save does not do")
        return self.zip.read(info)

    # -- the machine --------------------------------------------------------------------------

    def _run(self, program: bytes) -> Any:
        stack: list[Any] = []
        memo: dict[int, Any] = {}

        def above_mark() -> list[Any]:
            at = len(stack) - 1
            while stack[at] is not _MARK:
                at -= 1
            items = stack[at + 1 :]
            del stack[at:]
            return items

        try:
            for opcode, argument, _ in pickletools.genops(program):
                name, number = opcode.name, argument if isinstance(argument, int) else -1
                if name in _VALUES:
                    stack.append(_VALUES[name](argument))
                elif name == "MARK":
                    stack.append(_MARK)
                elif name == "GLOBAL":
                    stack.append(_known(str(argument)))
                elif name in ("BINPUT", "LONG_BINPUT"):
                    memo[number] = stack[-1]
                elif name in ("BINGET", "LONG_BINGET"):
                    stack.append(memo[number])
                elif name in _TUPLES:
                    count = _TUPLES[name]
                    items = stack[len(stack) - count :]
                    del stack[len(stack) - count :]
                    stack.append(tuple(items))
                elif name == "TUPLE":
                    stack.append(tuple(above_mark()))
                elif name in ("APPEND", "APPENDS"):
                    items = [stack.pop()] if name == "APPEND" else above_mark()
                    _checked(stack[-1], list).extend(items)
                elif name in ("SETITEM", "SETITEMS"):
                    items = above_mark() if name == "SETITEMS" else [stack.pop(-2), stack.pop()]
                    pairs = zip(items[::2], items[1::2], strict=True)
                    _checked(stack[-1], dict).update(pairs)
                elif name == "BINPERSID":
                    stack.append(self._storage(stack.pop()))
                elif name == "REDUCE":
                    arguments = stack.pop()
                    stack.append(self._call(stack.pop(), arguments))
                elif name == "BUILD":  # attributes, such as a state dict's _metadata
                    stack.pop()
                    _checked(stack[-1], dict)
                elif name == "STOP":
                    (result,) = stack
                    return result
                elif name != "PROTO":
                    raise CheckpointError(f"its pickle uses {name}, which weights do not need")
        except CheckpointError:
            raise
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise CheckpointError(f"its pickle is damaged ({error})") from error
        raise CheckpointError("its pickle has no end")

    def _storage(self, what: Any) -> np.ndarray:
        kind, storage, key, _, count = what
        if kind != "storage" or not isinstance(storage, _Storage) or not isinstance(key, str):
            raise CheckpointError("a reference to something that is no tensor's data")
        if key not in self.storages:
            dtype = np.dtype("<u2" if storage.dtype == "bfloat16" else storage.dtype)
            data = self._bytes(f"{self.folder}data/{key}")
            if len(data) != count * dtype.itemsize:
                raise CheckpointError(f"data/{key} has {len(data)} bytes for {count} elements")
            values = np.frombuffer(data, dtype)
            if storage.dtype == "bfloat16":  # the upper half of a float32
                values = (values.astype(np.uint32) << 16).view(np.float32)
            self.storages[key] = values
        return self.storages[key]

    def _call(self, function: Any, arguments: tuple[Any, ...]) -> Any:
        if not isinstance(function, _Global):
            raise CheckpointError("a call of something that is no function")
        if function.name == "OrderedDict":
            return dict(*arguments)
        if function.name == "_rebuild_parameter":
            return _checked(arguments[0], np.ndarray)
        if function.name == "Size":
            return tuple(arguments[0])
        return _tensor(*arguments[:4])


def _tensor(storage: np.ndarray, offset: int, size: Any, stride: Any) -> np.ndarray:
    _checked(storage, np.ndarray)
    numbers = [offset, *size, *stride]
    if len(size) != len(stride) or not all(type(n) is int and n >= 0 for n in numbers):
        raise CheckpointError(f"a tensor with offset {offset}, size {size}, strides {stride}")
    count = math.prod(size)
    last = offset + sum((n - 1) * s for n, s in zip(size, stride, strict=True))
    if count > storage.size or (count and last >= storage.size):
        raise CheckpointError(f"a tensor of size {size} over {storage.size} elements")
    steps = [s * storage.itemsize for s in stride]
    if not count:
        return np.zeros(size, storage.dtype)
    return np.lib.stride_tricks.as_strided(storage[offset:], size, steps, writeable=False)


def _checked(value: Any, kind: type) -> Any:
    if not isinstance(value, kind):
        raise CheckpointError(f"its pickle is damaged (a {kind.__name__} is wanted)")
    return value


def _known(name: str) -> Any:
    if name not in _KNOWN:
        raise CheckpointError(
            f"it holds '{name.replace(' ', '.')}', which is no tensor and is not created: that "
            f"could run foreign code. Save weights alone: torch.save(net.state_dict(), path)"
        )
    return _KNOWN[name]


def _itself(value: Any) -> Any:
    return value


_TUPLES = {"EMPTY_TUPLE": 0, "TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_VALUES: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(
        ("BINFLOAT", "BININT", "BININT1", "BININT2", "BINUNICODE", "SHORT_BINUNICODE", "LONG1"),
        _itself,
    ),
    "NONE": lambda _: None,
    "NEWTRUE": lambda _: True,
    "NEWFALSE": lambda _: False,
    "EMPTY_DICT": lambda _: {},
    "EMPTY_LIST": lambda _: [],
}
