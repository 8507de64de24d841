"""`ProgressBar`: one line for each epoch, which grows while the epoch lasts."""

from __future__ import annotations

import sys
import time
from typing import Any

from mslearn.train.callback.base import Callback, RunContext
from mslearn.train.callback.monitors import loss_of


class ProgressBar(Callback):
    """Show how far an epoch is, its loss and, in `Model.fit`, its metrics.

        Epoch 2/3 [====================] 94/94  loss 0.1234  accuracy 0.9650

    In a terminal and in a notebook the line is drawn again as it grows; elsewhere (a file, a log)
    each epoch gives one whole line. It is drawn at most `width` times an epoch, always at the same
    steps, so that a notebook's saved output does not depend on the machine's speed.

    Args:
        width: the bar's length in characters.
        show_time: also show the seconds that the epoch took.
        live: draw while the epoch lasts; None finds out by itself.
    """

    def __init__(self, width: int = 20, show_time: bool = False, live: bool | None = None) -> None:
        if isinstance(width, bool) or not isinstance(width, int) or width < 1:
            raise ValueError(f"For 'ProgressBar', width must be an int above 0, not {width!r}.")
        self.width, self.show_time, self.live = width, show_time, live
        self._drawn = self._length = self._epochs = 0
        self._start = 0.0

    def _is_live(self) -> bool:
        if self.live is not None:
            return self.live
        return sys.stdout.isatty() or "ipykernel" in sys.modules

    def on_train_begin(self, run_context: RunContext) -> None:
        self._epochs = 0

    def on_train_epoch_begin(self, run_context: RunContext) -> None:
        args = run_context.original_args()
        self._epochs = self._epochs or args.cur_epoch_num - 1 + args.epoch_num
        self._drawn, self._length, self._start = -1, 0, time.perf_counter()

    def on_train_step_end(self, run_context: RunContext) -> None:
        args = run_context.original_args()
        step = (args.cur_step_num - 1) % args.batch_num + 1
        filled = step * self.width // args.batch_num
        if self._is_live() and filled != self._drawn and step < args.batch_num:
            self._drawn = filled
            self._write(self._line(args, step), "")

    def on_train_epoch_end(self, run_context: RunContext) -> None:
        args = run_context.original_args()
        step = (args.cur_step_num - 1) % args.batch_num + 1
        line = self._line(args, step)
        for name, value in (args.get("metrics") or {}).items():
            shown = f"{value:.4f}" if isinstance(value, float) else str(value)
            line += f"  eval_{name} {shown}"
        if self.show_time:
            line += f"  {time.perf_counter() - self._start:.1f} s"
        self._write(line, "\n")

    def _line(self, args: Any, step: int) -> str:
        filled = step * self.width // args.batch_num
        bar = "=" * filled + "." * (self.width - filled)
        digits = len(str(self._epochs))
        line = f"Epoch {args.cur_epoch_num:>{digits}}/{self._epochs} [{bar}] "
        line += f"{step:>{len(str(args.batch_num))}}/{args.batch_num}"
        loss = loss_of(args.net_outputs)
        return line if loss is None else f"{line}  loss {loss:.4f}"

    def _write(self, line: str, end: str) -> None:
        """Over the line that stands there, if one does."""
        again = "\r" if self._length else ""
        print(again + line.ljust(self._length), end=end, flush=True)
        self._length = 0 if end else len(line)
