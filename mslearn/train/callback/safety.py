"""Callbacks for runs that end early: BackupAndRestore, OnRequestExit."""

from __future__ import annotations

import importlib
import json
import os
import signal
import threading
from pathlib import Path
from typing import Any

from mslearn.nn.cell import Cell
from mslearn.train.callback.base import Callback, RunContext
from mslearn.train.serialization import load_checkpoint, load_param_into_net, save_checkpoint


class BackupAndRestore(Callback):
    """Save weights and optimizer state as ``backup.ckpt``; begin with them when the file is there.

    A run that was broken off is begun again from its last saved epoch's weights; as in MindSpore
    it makes all its epochs again (give `Model.train` an `initial_epoch` to make fewer).

    Args:
        backup_dir: the folder; it is made when it is missing.
        save_freq: ``"epoch"``, or every so many epochs.
        delete_checkpoint: remove the file after a run that came to its end.
    """

    def __init__(
        self, backup_dir: str, save_freq: str | int = "epoch", delete_checkpoint: bool = True
    ) -> None:
        if not isinstance(backup_dir, str):
            raise ValueError(f"backup_dir should be a str, but got {type(backup_dir)}.")
        if save_freq != "epoch" and not (
            isinstance(save_freq, int) and not isinstance(save_freq, bool) and save_freq > 0
        ):
            raise ValueError(f"save_freq should be 'epoch' or an int above 0, not {save_freq!r}.")
        if not isinstance(delete_checkpoint, bool):
            raise ValueError(f"delete_checkpoint should be a bool, not {delete_checkpoint!r}.")
        self.backup_file = Path(backup_dir) / "backup.ckpt"
        self.save_freq = 1 if save_freq == "epoch" else int(save_freq)
        self.delete_checkpoint = delete_checkpoint

    def on_train_begin(self, run_context: RunContext) -> None:
        network = run_context.original_args().train_network
        if self.backup_file.is_file():
            load_param_into_net(network, load_checkpoint(self.backup_file))

    def on_train_epoch_end(self, run_context: RunContext) -> None:
        args = run_context.original_args()
        if args.cur_epoch_num % self.save_freq == 0:
            self.backup_file.parent.mkdir(parents=True, exist_ok=True)
            save_checkpoint(args.train_network, self.backup_file)

    def on_train_end(self, run_context: RunContext) -> None:
        if self.delete_checkpoint:
            self.backup_file.unlink(missing_ok=True)


class OnRequestExit(Callback):
    """End the run after the present step, and save it, when the process is asked to end.

    Args:
        save_ckpt: write ``directory/rank_0/<file_name>_train.ckpt`` (or ``_eval``).
        save_mindir: also write the network as ``.mindir``, when it is run with data.
        file_name, directory: the files' name and place.
        config_file: a JSON file; ``{"GracefulExit": 1}`` in it asks for the end, too.
        sig: the signal, SIGTERM.

    Elsewhere than in the main thread, where Python takes no signals, only `config_file` counts.
    """

    def __init__(
        self,
        save_ckpt: bool = True,
        save_mindir: bool = True,
        file_name: str = "Net",
        directory: str = "./",
        config_file: str | None = None,
        sig: int = signal.SIGTERM,
    ) -> None:
        for name, value, kind in (
            ("save_ckpt", save_ckpt, bool), ("save_mindir", save_mindir, bool),
            ("file_name", file_name, str), ("directory", directory, str),
        ):  # fmt: skip
            if not isinstance(value, kind):
                raise ValueError(f"{name} should be a {kind.__name__}, but got {value!r}.")
        if sig != signal.SIGTERM:
            raise ValueError(f"sig should be signal.SIGTERM, but got {sig!r}.")
        self.save_ckpt, self.save_mindir, self.sig = save_ckpt, save_mindir, sig
        self.target = Path(directory) / "rank_0" / file_name
        self.config_file = config_file
        self.stop = False
        self._before: Any = None

    def begin(self, run_context: RunContext) -> None:
        self.stop = False
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(self.sig, self._asked)

    def _asked(self, number: int, frame: Any) -> None:
        self.stop = True

    def step_begin(self, run_context: RunContext) -> None:
        if self.config_file is not None and os.path.isfile(self.config_file):
            with open(self.config_file, encoding="utf-8") as file:
                self.stop = self.stop or json.load(file).get("GracefulExit") == 1

    def step_end(self, run_context: RunContext) -> None:
        if self.stop and not run_context.get_stop_requested():
            self._save(run_context.original_args())
            run_context.request_stop()

    def end(self, run_context: RunContext) -> None:
        if self._before is not None:
            signal.signal(self.sig, self._before)
            self._before = None

    def __exit__(self, *error: Any) -> None:
        self.end(RunContext({}))  # the old handler comes back when the run fails, too

    def _save(self, args: Any) -> None:
        mode = args.get("mode", "train")
        network: Cell = args.eval_network if mode == "eval" else args.train_network
        self.target.parent.mkdir(parents=True, exist_ok=True)
        if self.save_ckpt:
            save_checkpoint(network, f"{self.target}_{mode}.ckpt")
        row = args.get("train_dataset_element")
        if self.save_mindir and row is not None:
            export = importlib.import_module("mslearn").export
            export(args.network, row[0], file_name=f"{self.target}_{mode}", file_format="MINDIR")
