"""`ModelCheckpoint`: save the parameters every so often and keep the newest files."""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mslearn.nn.cell import Cell
from mslearn.train.background import write_later
from mslearn.train.callback.base import Callback, RunContext
from mslearn.train.encryption import check_key
from mslearn.train.serialization import save_checkpoint


def _count(name: str, value: Any) -> int:
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(
            f"The input value must be int and must >= 0, but got '{value}' with type "
            f"'{type(value).__name__}'. (For 'CheckpointConfig', {name}.)"
        )
    return value


class CheckpointConfig:
    """When to save, and what to keep.

    Args:
        save_checkpoint_steps: save every so many steps (0: see the next).
        save_checkpoint_seconds: save every so many seconds, when no steps are given.
        keep_checkpoint_max: keep so many files (0: all, unless the next is given).
        keep_checkpoint_per_n_minutes: keep one file for so many minutes.
        integrated_save, exception_save, remove_redundancy: accepted; files are written whole.
        async_save: write in the background; see `save_checkpoint`.
        saved_network: save this Cell instead of the training network.
        append_info: ``"epoch_num"``, ``"step_num"`` or dicts of numbers, saved as well.
        enc_key, enc_mode: write encrypted files; see `save_checkpoint`.
        crc_check: write a checksum for each parameter.
        format: ``"ckpt"`` or ``"safetensors"``.
    """

    def __init__(
        self,
        save_checkpoint_steps: int | None = 1,
        save_checkpoint_seconds: int | None = 0,
        keep_checkpoint_max: int = 5,
        keep_checkpoint_per_n_minutes: int | None = 0,
        integrated_save: bool = True,
        async_save: bool | str = False,
        saved_network: Cell | None = None,
        append_info: list[Any] | None = None,
        enc_key: bytes | None = None,
        enc_mode: str = "AES-GCM",
        exception_save: bool = False,
        crc_check: bool = False,
        remove_redundancy: bool = False,
        format: str = "ckpt",
        **kwargs: Any,
    ) -> None:
        if enc_key is not None:
            check_key("CheckpointConfig", "enc_key", enc_key, enc_mode)
        steps = _count("save_checkpoint_steps", save_checkpoint_steps)
        self.save_checkpoint_steps = None if save_checkpoint_steps is None else steps
        seconds = _count("save_checkpoint_seconds", save_checkpoint_seconds)
        self.save_checkpoint_seconds = None if self.save_checkpoint_steps else seconds
        self.keep_checkpoint_max = _count("keep_checkpoint_max", keep_checkpoint_max)
        minutes = _count("keep_checkpoint_per_n_minutes", keep_checkpoint_per_n_minutes)
        self.keep_checkpoint_per_n_minutes = None if self.keep_checkpoint_max else minutes
        if not (steps or seconds or self.keep_checkpoint_max or minutes):
            raise ValueError(
                "For 'CheckpointConfig', save_checkpoint_steps, save_checkpoint_seconds, "
                "keep_checkpoint_max and keep_checkpoint_per_n_minutes can't be all None or 0."
            )
        if not self.keep_checkpoint_max and not minutes:
            self.keep_checkpoint_max = 1
        if saved_network is not None and not isinstance(saved_network, Cell):
            raise TypeError(
                f"For 'CheckpointConfig', saved_network must be None or a Cell, but got "
                f"'{type(saved_network).__name__}'."
            )
        if format not in ("ckpt", "safetensors"):
            raise ValueError(
                f"For 'CheckpointConfig', format must be 'ckpt' or 'safetensors', but got "
                f"{format!r}."
            )
        self.append_info = list(append_info or [])
        for info in self.append_info:
            if not isinstance(info, dict) and info not in ("epoch_num", "step_num"):
                raise ValueError(
                    f"For 'CheckpointConfig', append_info holds 'epoch_num', 'step_num' and dicts, "
                    f"but got {info!r}."
                )
        self.integrated_save, self.async_save = integrated_save, async_save
        self.saved_network, self.enc_key, self.enc_mode = saved_network, enc_key, enc_mode
        self.crc_check, self.format = crc_check, format

    def get_checkpoint_policy(self) -> dict[str, Any]:
        """When and what, as a dict."""
        return {
            "save_checkpoint_steps": self.save_checkpoint_steps,
            "save_checkpoint_seconds": self.save_checkpoint_seconds,
            "keep_checkpoint_max": self.keep_checkpoint_max,
            "keep_checkpoint_per_n_minutes": self.keep_checkpoint_per_n_minutes,
            "saved_network": self.saved_network,
        }


class ModelCheckpoint(Callback):
    """Save to ``directory/prefix-epoch_step.ckpt`` (step within the epoch), newest files only.

    Files of an earlier run with the same prefix stay: the new ones are called ``prefix_1-…``.
    Each file appears whole or not at all.

    Args:
        prefix: the files' name, or a function that gives it from the run's arguments.
        directory: where; by default the working directory. It is made when it is missing.
        config: a `CheckpointConfig`.
    """

    def __init__(
        self,
        prefix: str | Callable[[Any], str] = "CKP",
        directory: str | os.PathLike[str] | Callable[[Any], str] | None = None,
        config: CheckpointConfig | None = None,
    ) -> None:
        if not callable(prefix) and (not isinstance(prefix, str) or "/" in prefix):
            raise ValueError(
                f"For 'ModelCheckpoint', the argument 'prefix' for checkpoint file name is "
                f"invalid, it must be callable or string that does not contain '/', but got "
                f"{prefix}."
            )
        if config is not None and not isinstance(config, CheckpointConfig):
            raise TypeError(
                f"For 'ModelCheckpoint', config must be a CheckpointConfig, but got "
                f"'{type(config).__name__}'."
            )
        self._prefix, self._directory = prefix, directory
        self._config = config or CheckpointConfig()
        self._name: str | None = None
        self._kept: list[Path] = []
        self._latest = ""
        self._saved_step = 0
        self._time = self._kept_time = time.time()

    @property
    def latest_ckpt_file_name(self) -> str:
        """The newest file, "" before the first."""
        return self._latest

    def begin(self, run_context: RunContext) -> None:
        if run_context.original_args().get("mode") != "eval":
            self._name, self._kept, self._saved_step = None, [], 0
            self._time = self._kept_time = time.time()

    def step_end(self, run_context: RunContext) -> None:
        args = run_context.original_args()
        if args.get("mode") == "eval":
            return
        config = self._config
        if config.save_checkpoint_steps:
            due = args.cur_step_num - self._saved_step >= config.save_checkpoint_steps
        else:
            seconds = config.save_checkpoint_seconds
            due = bool(seconds) and time.time() - self._time >= seconds
        if due:
            self._save(args)

    def end(self, run_context: RunContext) -> None:
        args = run_context.original_args()
        if args.get("mode") != "eval" and args.cur_step_num > self._saved_step:
            self._save(args)

    def _place(self, args: Any) -> Path:
        where = self._directory(args) if callable(self._directory) else self._directory
        return Path(where or ".").absolute()

    def _save(self, args: Any) -> None:
        folder = self._place(args)
        if self._name is None:
            name = self._prefix(args) if callable(self._prefix) else self._prefix
            self._name = _free(folder, name)
        step = (args.cur_step_num - 1) % args.batch_num + 1
        config = self._config
        path = folder / f"{self._name}-{args.cur_epoch_num}_{step}.{config.format}"
        extra: dict[str, Any] = {}
        for info in config.append_info:
            known = {"epoch_num": args.cur_epoch_num, "step_num": args.cur_step_num}
            extra.update(info if isinstance(info, dict) else {info: known[info]})
        network = config.saved_network or args.train_network
        save_checkpoint(network, path, append_dict=extra or None, **self._options())
        self._latest = str(path)
        self._saved_step, self._time = args.cur_step_num, time.time()
        if config.async_save:  # old files go only when the new one is there
            write_later(functools.partial(self._forget, path))
        else:
            self._forget(path)

    def _options(self) -> dict[str, Any]:
        config = self._config
        names = ("async_save", "crc_check", "enc_key", "enc_mode", "format")
        return {name: getattr(config, name) for name in names}

    def _forget(self, new: Path) -> None:
        """Remove the files of this run that are too many."""
        config = self._config
        if not new.is_file():  # saving it failed: the old files are all there is
            return
        self._kept.append(new)
        if config.keep_checkpoint_max:
            while len(self._kept) > config.keep_checkpoint_max:
                self._kept.pop(0).unlink(missing_ok=True)
        elif time.time() - self._kept_time < (config.keep_checkpoint_per_n_minutes or 0) * 60:
            while len(self._kept) > 1:  # only the newest of this stretch of minutes
                self._kept.pop(0).unlink(missing_ok=True)
        else:
            self._kept, self._kept_time = [], time.time()


def _free(folder: Path, prefix: str) -> str:
    """The prefix, with a number when files of an earlier run have it."""
    taken = {path.name.rpartition("-")[0] for path in folder.glob("*-*_*.*")}
    name, number = prefix, 0
    while name in taken:
        number += 1
        name = f"{prefix}_{number}"
    return name
