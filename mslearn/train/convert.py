"""A checkpoint in the other format: `ckpt_to_safetensors` and `safetensors_to_ckpt`."""

from __future__ import annotations

import os
from pathlib import Path

from mslearn.train.serialization import load_checkpoint, save_checkpoint


def ckpt_to_safetensors(
    file_path: str | os.PathLike[str],
    save_path: str | os.PathLike[str] | None = None,
    name_map: dict[str, str] | None = None,
    file_name_regex: str | None = None,
    processes_num: int = 1,
) -> None:
    """Write a ``.ckpt`` file's parameters as ``.safetensors``.

    Args:
        file_path: the file.
        save_path: the folder for the new file; by default beside the old one.
        name_map: new names by old ones.
        file_name_regex, processes_num: for folders of many devices' files, which are refused.

    Raises:
        ValueError: no such file, a folder, a damaged file, or two parameters with one name.

    >>> import mslearn as ms                                    # doctest: +SKIP
    >>> ms.ckpt_to_safetensors("lenet-3_2.ckpt")                # doctest: +SKIP
    """
    _convert("ckpt_to_safetensors", file_path, save_path, name_map, ("ckpt", "safetensors"))


def safetensors_to_ckpt(
    file_path: str | os.PathLike[str],
    save_path: str | os.PathLike[str] | None = None,
    name_map: dict[str, str] | None = None,
    file_name_regex: str | None = None,
    processes_num: int = 1,
) -> None:
    """Write a ``.safetensors`` file's parameters as ``.ckpt``; see `ckpt_to_safetensors`."""
    _convert("safetensors_to_ckpt", file_path, save_path, name_map, ("safetensors", "ckpt"))


def _convert(
    who: str,
    file_path: str | os.PathLike[str],
    save_path: str | os.PathLike[str] | None,
    name_map: dict[str, str] | None,
    formats: tuple[str, str],
) -> None:
    old, new = formats
    path = Path(file_path)
    if path.is_dir():
        raise ValueError(
            f"For '{who}', a file is wanted, but {path} is a folder. Folders with a part for each "
            f"device come from training on several devices, which is not here."
        )
    values = load_checkpoint(path, format=old)
    renamed = {(name_map or {}).get(name, name): value for name, value in values.items()}
    if len(renamed) < len(values):
        raise ValueError(f"For '{who}', name_map gives two parameters the same name.")
    folder = path.parent if save_path is None else Path(save_path)
    save_checkpoint(dict(renamed), folder / f"{path.stem}.{new}", format=new)
