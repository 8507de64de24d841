"""Saving and loading parameters: `save_checkpoint`, `load_checkpoint`, `load_param_into_net`."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from mslearn.common.files import write_whole
from mslearn.common.paths import leading_to
from mslearn.core.errors import did_you_mean
from mslearn.core.parameter import Parameter
from mslearn.core.tensor import Tensor
from mslearn.nn.cell import Cell
from mslearn.train import background, checkpoint_format, encryption, safetensors_format

_TORCH = (".bin", ".pt", ".pth")


def save_checkpoint(
    save_obj: Cell | list[dict[str, Any]] | dict[str, Any],
    ckpt_file_name: str | os.PathLike[str],
    integrated_save: bool = True,
    async_save: bool | str = False,
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
        integrated_save: kept for MindSpore.
        async_save: write in the background: True, ``"thread"`` or ``"process"`` (a thread, too).
            The values are those of now, whatever the program changes afterwards.
        append_dict: further values to save: Tensors, numbers, bools or texts by name.
        enc_key, enc_mode: encrypt the file with a key of 16, 24 or 32 bytes by ``"AES-GCM"``,
            ``"AES-CBC"`` or (16 bytes) ``"SM4-CBC"``; needs ``pip install 'mslearn[crypto]'``.
        choice_func: keeps the names for which it returns True.
        crc_check: add a CRC-32 checksum; not to an encrypted file, which shows damage anyway.
        format: ``"ckpt"``, or ``"safetensors"``, which other programs read as well.

    Raises:
        TypeError: `save_obj` is of another kind. OSError: the place cannot be written.
        ValueError: an unknown format, or a wrong key or mode.
    """
    _check_options("save_checkpoint", format, "enc_key", enc_key, enc_mode)
    if async_save not in (True, False, "thread", "process"):
        raise ValueError(
            f"For 'save_checkpoint', async_save is a bool, 'thread' or 'process', but got "
            f"{async_save!r}."
        )
    if set(kwargs) - {"incremental", "global_step_num"}:
        raise TypeError(f"For 'save_checkpoint', there are no arguments {sorted(kwargs)}.")
    if not isinstance(append_dict, dict | None):
        raise TypeError(
            f"For 'save_checkpoint', append_dict must be a dict, but got "
            f"'{type(append_dict).__name__}'."
        )
    if not ckpt_file_name or Path(ckpt_file_name).is_dir():
        raise IsADirectoryError(
            f"For 'save_checkpoint', ckpt_file_name must be the name of a file, but got "
            f"{str(ckpt_file_name)!r}."
        )
    named = _named_arrays(save_obj)
    for name, value in (append_dict or {}).items():
        if not isinstance(value, Tensor | int | float | bool | str | np.ndarray):
            raise TypeError(
                f"For 'save_checkpoint', append_dict holds Tensors, numbers, bools and texts, but "
                f"'{name}' is a '{type(value).__name__}'."
            )
        if isinstance(value, str) and format != "ckpt":
            raise ValueError(
                f"For 'save_checkpoint', '{name}' is a text, which only format='ckpt' can hold."
            )
        array = np.array(value) if isinstance(value, str) else Tensor(value).asnumpy()
        named.append((name, array))
    if choice_func is not None:
        named = [(n, a) for n, a in named if choice_func(n)]
    path = Path(ckpt_file_name)
    if path.suffix != f".{format}":
        path = path.with_name(f"{path.name}.{format}")
    encode = safetensors_format.encode if format == "safetensors" else checkpoint_format.encode

    def write() -> None:
        chunks = encode(named, crc_check and enc_key is None)
        if enc_key is not None:
            chunks = encryption.encrypt(chunks, enc_key, enc_mode)
        write_whole(path, chunks)

    if async_save:
        background.write_later(write)
    else:
        write()


def _check_options(who: str, format: str, key_name: str, key: Any, mode: str) -> None:
    if key is not None:
        encryption.check_key(who, key_name, key, mode)
        if format == "safetensors":
            raise ValueError(
                f"For '{who}', only format='ckpt' can be encrypted: a safetensors file is open to "
                f"every program."
            )
    if format not in ("ckpt", "safetensors"):
        raise ValueError(
            f"For '{who}', the format must be 'ckpt' or 'safetensors', but got {format!r}."
        )


def _named_arrays(save_obj: Any) -> list[tuple[str, np.ndarray]]:
    if isinstance(save_obj, Cell):
        return [(p.name, p.asnumpy()) for p in save_obj.get_parameters()]
    if isinstance(save_obj, dict):
        return [(n, Tensor(v).asnumpy()) for n, v in save_obj.items()]
    if isinstance(save_obj, list) and save_obj and all(isinstance(p, Parameter) for p in save_obj):
        return [(p.name, p.asnumpy()) for p in save_obj]
    if isinstance(save_obj, list) and all(
        isinstance(i, dict) and {"name", "data"} <= set(i) for i in save_obj
    ):
        return [(i["name"], Tensor(i["data"]).asnumpy()) for i in save_obj]
    raise TypeError(
        f"For 'save_checkpoint', save_obj must be a Cell, a dict of Tensors, or a list of "
        f'Parameters or of {{"name": …, "data": …}}, but got \'{type(save_obj).__name__}\'.'
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
) -> dict[str, Any]:
    """Read a checkpoint.

    Args:
        ckpt_file_name: a ``.ckpt`` file of mslearn or of MindSpore, or with
            ``format="safetensors"`` a ``.safetensors`` file of any program.
        net: also load the parameters into this Cell.
        strict_load: with `net`, refuse parameters of another dtype.
        filter_prefix: leave out names that start so.
        specify_prefix: keep only names that start so.
        dec_key, dec_mode: of an encrypted file, as they were given to `save_checkpoint`.
        choice_func: keeps the names for which it returns True.
        crc_check: compare with the checksum, when the file has one.
        remove_redundancy: accepted; it is for many devices.
        format: the file's format, ``"ckpt"`` or ``"safetensors"``.

    Returns:
        Parameters by name; texts of `append_dict` as str.

    Raises:
        ValueError: no such file, one that is damaged or of another kind, or a wrong key.
    """
    _check_options("load_checkpoint", format, "dec_key", dec_key, dec_mode)
    for what, prefix in (("filter_prefix", filter_prefix), ("specify_prefix", specify_prefix)):
        if prefix is not None and not isinstance(prefix, str | list | tuple):
            raise TypeError(
                f"For 'load_checkpoint', {what} must be a str or a list of them, but got "
                f"'{type(prefix).__name__}'."
            )
    if choice_func is not None and not callable(choice_func):
        raise ValueError(
            f"For 'load_checkpoint', choice_func must be a function of a name, but got "
            f"{choice_func!r}."
        )
    if not isinstance(ckpt_file_name, str | os.PathLike):
        raise TypeError(
            f"For 'load_checkpoint', the argument 'ckpt_file_name' must be a path, but got "
            f"'{type(ckpt_file_name).__name__}'."
        )
    background.wait_for_files()
    path = Path(ckpt_file_name)
    if path.suffix != f".{format}":
        other = path.suffix in (".ckpt", ".safetensors")
        raise ValueError(
            f"For 'load_checkpoint', the checkpoint file should end with '.{format}', but got "
            f"'{path.name}'."
            + (f" Pass format='{path.suffix[1:]}'." if other else "")
            + (" PyTorch's weights: train.load_torch_weights." if path.suffix in _TORCH else "")
        )
    if not path.is_file():
        near = did_you_mean(path.name, (p.name for p in path.parent.glob(f"*.{format}")))
        raise ValueError(
            f"For 'load_checkpoint', the checkpoint file: {path} does not exist, please check "
            f"whether the 'ckpt_file_name' is correct.{near}"
        )
    read = safetensors_format if format == "safetensors" else checkpoint_format
    try:
        data = path.read_bytes()
        if dec_key is not None:
            data = encryption.decrypt(data, dec_key, dec_mode)
        elif encryption.is_encrypted(data) and format == "ckpt":
            raise checkpoint_format.CheckpointError("it is encrypted; pass its dec_key")
        arrays, checked = read.decode(data, crc_check)
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

    params: dict[str, Any] = {
        n: str(a) if a.dtype.kind == "U" else Parameter(a, name=n)
        for n, a in arrays.items()
        if chosen(n)
    }
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
    parameter_dict: dict[str, Any],
    strict_load: bool = False,
    remove_redundancy: bool = False,
) -> tuple[list[str], list[str]]:
    """Give a Cell's parameters the values of a checkpoint.

    Nothing is changed unless every shape fits. Floats may become other floats and integers other
    integers, unless `strict_load`. When the dict has all the net's names behind one prefix, as
    ``backbone.``, they are found there. What is not loaded is warned of, with the names that are
    meant perhaps.

    Returns:
        (names in the Cell that were not loaded, names in the dict that were not used).

    Raises:
        TypeError: not a Cell, or not a dict of Parameters.
        RuntimeError: a shape differs, or a dtype does.
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
    prefix = _common_prefix(own, parameter_dict)
    fitting, missing = [], []
    for name, param in own.items():
        new = parameter_dict.get(name, parameter_dict.get(prefix + name))
        if new is None:
            missing.append(name)
            continue
        if not isinstance(new, Parameter):
            raise TypeError(
                f"For 'load_param_into_net', parameter_dict must hold Parameters, but '{name}' is "
                f"a '{type(new).__name__}'. Make it one: mslearn.Parameter(…, name={name!r})."
            )
        _check_fits(name, param, new, strict_load)
        fitting.append((param, new))
    for param, new in fitting:
        param.set_data(new)
    unused = [n for n in parameter_dict if n not in own]
    if missing:
        warnings.warn(_report(missing, len(own), unused), UserWarning, stacklevel=2)
    return missing, unused


def _common_prefix(own: dict[str, Parameter], given: dict[str, Any]) -> str:
    """What stands before all the net's names in the dict: "" or e.g. ``"backbone."``."""
    lost = [n for n in own if n not in given]
    if not lost:
        return ""
    longest = max(lost, key=len)
    for name in given:
        prefix = name[: -len(longest)]
        if name.endswith(f".{longest}") and all(prefix + n in given for n in lost):
            return prefix
    return ""


def _check_fits(name: str, param: Parameter, new: Any, strict: bool) -> None:
    where = f"For 'load_param_into_net', {name} in the argument 'net'"
    if not isinstance(new, Tensor):
        raise TypeError(
            f"For 'load_param_into_net', '{name}' should be a Parameter, but got "
            f"'{type(new).__name__}'."
        )
    if new.shape != param.shape:
        raise RuntimeError(
            f"{where} should have the same shape as {name} in the argument 'parameter_dict', but "
            f"got {param.shape} and {new.shape}. Build the network as it was when it was saved."
        )
    kinds = {"u": "i"}
    old, now = (kinds.get(k, k) for k in (param._value.dtype.kind, new._value.dtype.kind))
    if new.dtype != param.dtype and (strict or old != now):
        raise RuntimeError(
            f"{where} should have the same type as {name} in the argument 'parameter_dict', but "
            f"got {param.dtype} and {new.dtype}"
            + (", and strict_load is True." if old == now else ".")
        )


def _report(missing: list[str], total: int, unused: list[str]) -> str:
    """Which parameters were not loaded, and how the file may have called them."""
    shown = [f"'{n}'{did_you_mean(n, unused)}" for n in missing[:8]]
    more = f" and {len(missing) - 8} more" if len(missing) > 8 else ""
    return (
        f"For 'load_param_into_net', {len(missing)} of {total} parameters in the 'net' are not "
        f"loaded, because they are not in the 'parameter_dict': {'; '.join(shown)}{more}. "
        f"{len(unused)} of the dict were not used."
    )


__getattr__ = leading_to("")
