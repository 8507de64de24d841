"""Saving and loading parameters: `save_checkpoint`, `load_checkpoint`, `load_param_into_net`."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from mslearn.core.errors import did_you_mean
from mslearn.core.parameter import Parameter
from mslearn.core.tensor import Tensor
from mslearn.nn.cell import Cell
from mslearn.train import checkpoint_format, safetensors_format


def save_checkpoint(
    save_obj: Cell | list[dict[str, Any]] | dict[str, Any],
    ckpt_file_name: str | os.PathLike[str],
    integrated_save: bool = True,
    async_save: bool = False,
    append_dict: dict[str, Any] | None = None,
    enc_key: bytes | None = None,
    enc_mode: str = "AES-GCM",
    choice_func: Callable[[str], bool] | None = None,
    crc_check: bool = False,
    format: str = "ckpt",
    **kwargs: Any,
) -> None:
    """Write parameters to a file that MindSpore reads too.

    The file appears whole or not at all: it is written beside its place and then renamed.

    Args:
        save_obj: a Cell, a list of ``{"name": str, "data": Tensor}``, or a dict of Tensors.
        ckpt_file_name: the file; ``.ckpt`` (or ``.safetensors``) is added when it is missing.
        integrated_save, async_save: kept for MindSpore.
        append_dict: further values to save: Tensors, numbers or bools by name.
        enc_key, enc_mode: must stay None: files are not encrypted here.
        choice_func: keeps the names for which it returns True.
        crc_check: add a CRC-32 checksum.
        format: ``"ckpt"``, or ``"safetensors"``, which other programs read as well.

    Raises:
        TypeError: `save_obj` is of another kind. OSError: the place cannot be written.
        ValueError: an unknown format, or a key.
    """
    _check_options("save_checkpoint", format, "enc_key", enc_key)
    if set(kwargs) - {"incremental", "global_step_num"}:
        raise TypeError(f"For 'save_checkpoint', there are no arguments {sorted(kwargs)}.")
    named = _named_arrays(save_obj)
    for name, value in (append_dict or {}).items():
        if not isinstance(value, Tensor | int | float | bool | np.ndarray):
            raise TypeError(
                f"For 'save_checkpoint', append_dict holds Tensors, numbers and bools, but "
                f"'{name}' is a '{type(value).__name__}'."
            )
        named.append((name, Tensor(value).asnumpy()))
    if choice_func is not None:
        named = [(n, a) for n, a in named if choice_func(n)]
    path = Path(ckpt_file_name)
    if path.suffix != f".{format}":
        path = path.with_name(f"{path.name}.{format}")
    if format == "safetensors":
        write_atomically(path, safetensors_format.encode(named, crc_check))
    else:
        write_atomically(path, checkpoint_format.encode(named, crc_check))


def _check_options(who: str, format: str, key_name: str, key: Any) -> None:
    if key is not None:
        raise ValueError(
            f"For '{who}', '{key_name}' must be None: encryption is not here, because Python's "
            f"standard library has no cipher. Protect the file by other means, e.g. gpg."
        )
    if format not in ("ckpt", "safetensors"):
        raise ValueError(
            f"For '{who}', the format must be 'ckpt' or 'safetensors', but got {format!r}."
        )


def write_atomically(path: Path, chunks: Iterable[bytes]) -> None:
    """Write a file beside `path`, flush it to disk, and put it in place in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            for chunk in chunks:
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _named_arrays(save_obj: Any) -> list[tuple[str, np.ndarray]]:
    if isinstance(save_obj, Cell):
        return [(p.name, p.asnumpy()) for p in save_obj.get_parameters()]
    if isinstance(save_obj, dict):
        return [(n, Tensor(v).asnumpy()) for n, v in save_obj.items()]
    if isinstance(save_obj, list) and all(
        isinstance(i, dict) and {"name", "data"} <= set(i) for i in save_obj
    ):
        return [(i["name"], Tensor(i["data"]).asnumpy()) for i in save_obj]
    raise TypeError(
        f"For 'save_checkpoint', save_obj must be a Cell, a dict of Tensors or a list of "
        f'{{"name": …, "data": …}}, but got \'{type(save_obj).__name__}\'.'
    )


def load_checkpoint(
    ckpt_file_name: str | os.PathLike[str],
    net: Cell | None = None,
    strict_load: bool = False,
    filter_prefix: str | list[str] | tuple[str, ...] | None = None,
    dec_key: bytes | None = None,
    dec_mode: str = "AES-GCM",
    specify_prefix: str | list[str] | tuple[str, ...] | None = None,
    choice_func: Callable[[str], bool] | None = None,
    crc_check: bool = False,
    remove_redundancy: bool = False,
    format: str = "ckpt",
) -> dict[str, Parameter]:
    """Read a checkpoint.

    Args:
        ckpt_file_name: a ``.ckpt`` file of mslearn or of MindSpore, or with
            ``format="safetensors"`` a ``.safetensors`` file of any program.
        net: also load the parameters into this Cell.
        strict_load: with `net`, refuse parameters of another dtype.
        filter_prefix: leave out names that start so.
        specify_prefix: keep only names that start so.
        dec_key, dec_mode: must stay None: encrypted files are not read here.
        choice_func: keeps the names for which it returns True.
        crc_check: compare with the checksum, when the file has one.
        remove_redundancy: accepted; it is for many devices.
        format: the file's format, ``"ckpt"`` or ``"safetensors"``.

    Returns:
        Parameters by name.

    Raises:
        ValueError: no such file, or one that is damaged or of another kind.
    """
    _check_options("load_checkpoint", format, "dec_key", dec_key)
    path = Path(ckpt_file_name)
    if path.suffix != f".{format}":
        other = path.suffix in (".ckpt", ".safetensors")
        raise ValueError(
            f"For 'load_checkpoint', the checkpoint file should end with '.{format}', but got "
            f"'{path.name}'." + (f" Pass format='{path.suffix[1:]}'." if other else "")
        )
    if not path.is_file():
        near = did_you_mean(path.name, (p.name for p in path.parent.glob(f"*.{format}")))
        raise ValueError(
            f"For 'load_checkpoint', the checkpoint file: {path} does not exist, please check "
            f"whether the 'ckpt_file_name' is correct.{near}"
        )
    read = safetensors_format if format == "safetensors" else checkpoint_format
    try:
        arrays, checked = read.decode(path.read_bytes(), crc_check)
    except checkpoint_format.CheckpointError as error:
        raise ValueError(
            f"Failed to read the checkpoint file {path}. The file may be corrupted, and the "
            f"content cannot be parsed: {error}. Wanted: a file written by save_checkpoint. Save "
            f"it again, or copy it again from where it came."
        ) from error
    if crc_check and not checked:
        warnings.warn(f"{path.name} holds no checksum, so crc_check has no effect.", stacklevel=2)
    if not arrays:
        raise ValueError(f"Failed to read the checkpoint file {path}. The file holds nothing.")

    def starts(name: str, prefix: str | list[str] | tuple[str, ...]) -> bool:
        return name.startswith(prefix if isinstance(prefix, str) else tuple(prefix))

    def chosen(name: str) -> bool:
        return (
            (filter_prefix is None or not starts(name, filter_prefix))
            and (specify_prefix is None or starts(name, specify_prefix))
            and (choice_func is None or choice_func(name))
        )

    params = {n: Parameter(a, name=n) for n, a in arrays.items() if chosen(n)}
    if not params:
        raise ValueError(
            f"For 'load_checkpoint', the filters leave nothing of the {len(arrays)} parameters in "
            f"{path.name}: {', '.join(list(arrays)[:5])}…"
        )
    if net is not None:
        load_param_into_net(net, params, strict_load)
    return params


def load_param_into_net(
    net: Cell,
    parameter_dict: dict[str, Parameter],
    strict_load: bool = False,
    remove_redundancy: bool = False,
) -> tuple[list[str], list[str]]:
    """Give a Cell's parameters the values of a checkpoint.

    Nothing is changed unless every shape fits.

    Returns:
        (names in the Cell that were not loaded, names in the dict that were not used).

    Raises:
        TypeError: not a Cell, or not a dict of Parameters.
        RuntimeError: a shape (or, with `strict_load`, a dtype) differs.
    """
    if not isinstance(net, Cell):
        raise TypeError(
            f"For 'load_param_into_net', the argument 'net' should be a Cell, but got "
            f"'{type(net).__name__}'."
        )
    if not isinstance(parameter_dict, dict):
        raise TypeError(
            f"For 'load_param_into_net', the argument 'parameter_dict' should be a dict, but got "
            f"'{type(parameter_dict).__name__}'. Use load_checkpoint(file)."
        )
    own = net.parameters_dict()
    fitting = []
    for name, param in own.items():
        new = parameter_dict.get(name)
        if new is None:
            continue
        if not isinstance(new, Tensor):
            raise TypeError(
                f"For 'load_param_into_net', '{name}' should be a Parameter, but got "
                f"'{type(new).__name__}'."
            )
        if new.shape != param.shape:
            raise RuntimeError(
                f"For 'load_param_into_net', {name} in the argument 'net' should have the same "
                f"shape as {name} in the argument 'parameter_dict', but got {param.shape} and "
                f"{new.shape}. Build the network as it was when it was saved."
            )
        if strict_load and new.dtype != param.dtype:
            raise RuntimeError(
                f"For 'load_param_into_net', {name} is {param.dtype} in the net but {new.dtype} "
                f"in the file, and strict_load is True."
            )
        fitting.append((param, new))
    for param, new in fitting:
        param.set_data(new)
    missing = [n for n in own if n not in parameter_dict]
    return missing, [n for n in parameter_dict if n not in own]
