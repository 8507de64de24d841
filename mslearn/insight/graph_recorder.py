"""The observer behind the computation graph: it keeps every operation with where it came from.

    recorder = Recorder()
    with observing(recorder):
        y = net(x)
    recorder.ops

One `Op` for each operation, in execution order.
"""

from __future__ import annotations

import linecache
import os
import re
import sys
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mslearn.autodiff import Tape
from mslearn.core import Primitive, Tensor, current_scope, observing
from mslearn.core.state import state

from .graph_values import summarise

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


@dataclass
class Source:
    """A line of the learner's code."""

    file: str  # "cell" for a notebook cell, else a path relative to the working directory
    line: int
    text: str


@dataclass
class Op:
    """One operation that ran. `outputs` is a tuple also where the primitive has one output."""

    prim: type[Primitive]
    inputs: tuple[Any, ...]
    attrs: dict[str, Any]
    outputs: tuple[Any, ...]
    scope: tuple[str, ...]
    source: Source | None = None
    cause: int | None = None  # backward: index of the forward Op whose rule it belongs to
    seconds: float = 0.0  # since the operation before it: its kernel and the Python around it
    several: bool = False  # whether the primitive gives a tuple, perhaps of one


@dataclass
class Recorder:
    """Sees operations (see `mslearn.core.Observer`) and summarises each value once.

    Values are kept alive as long as the recorder, so that their ids stay unique; their summaries
    are made at first sight, because an optimizer may later write into the same memory.
    """

    ops: list[Op] = field(default_factory=list)
    summaries: dict[int, dict[str, Any]] = field(default_factory=dict)
    cause: int | None = None
    place: Source | None = None  # of the operations that come, where it is known
    _kept: list[Any] = field(default_factory=list)
    _since: float = field(default_factory=time.perf_counter)  # not counting the work done here

    def on_op(
        self,
        prim: type[Primitive],
        inputs: tuple[Any, ...],
        attrs: dict[str, Any],
        output: Any,
    ) -> None:
        seconds = time.perf_counter() - self._since
        several = type(output) is tuple
        outputs = output if several else (output,)
        scope = current_scope()
        source = self.place
        if source is None and scope[:1] != ("Gradients",):
            source = user_line()
        elif source is None and self.cause is not None:
            source = self.ops[self.cause].source
        made = Op(prim, tuple(inputs), dict(attrs), outputs, scope, source, self.cause, seconds)
        made.several = several
        self.ops.append(made)
        for value in (*inputs, *outputs):
            self.see(value)
        self._since = time.perf_counter()

    def see(self, value: Any) -> None:
        """Summarise a value that is new."""
        if id(value) not in self.summaries:
            self._kept.append(value)
            self.summaries[id(value)] = (
                summarise(value) if isinstance(value, np.ndarray) else {"first": []}
            )

    def backward(self, loss: Tensor, watched: list[Any]) -> dict[int, Tensor]:
        """Differentiate `loss` by the values `watched`, recording the backward operations too.

        Returns:
            The gradient of every value on the way, by ``id(value)``.
        """
        tape = _Tape(self)
        for value in watched:
            tape.watch(Tensor.wrap(value))
        # Which leaves are Parameters is known only after the forward run: the tape gets to see
        # the recorded operations now, under the scopes in which they ran.
        before = state.scope
        try:
            for k, op in enumerate(list(self.ops)):
                state.scope = op.scope
                tape.now = k
                out = op.outputs if op.several else op.outputs[0]
                tape.on_op(op.prim, op.inputs, op.attrs, out)
        finally:
            state.scope = before
        self._since = time.perf_counter()
        with observing(self):
            found = tape.gradients(loss, keep=True)
        for gradient in found.values():
            self.see(gradient._value)
        return found


class _Tape(Tape):
    """A tape that tells the recorder which forward operation it is going back through."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self.recorder = recorder
        self.now = 0
        self.causes: dict[int, int] = {}  # id of a tape record -> index of its forward Op

    def on_op(self, prim: Any, inputs: Any, attrs: Any, output: Any) -> None:
        before = len(self.records)
        super().on_op(prim, inputs, attrs, output)
        if len(self.records) > before:
            self.causes[id(self.records[-1])] = self.now

    def _pull(self, record: Any, ct: Any, found: dict[int, Tensor]) -> None:
        self.recorder.cause = self.causes.get(id(record))
        try:
            super()._pull(record, ct, found)
        finally:
            self.recorder.cause = None


def user_line() -> Source | None:
    """The nearest line outside this package that led to the running operation."""
    frame: Any = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
    if frame is None:
        return None
    path, line = frame.f_code.co_filename, frame.f_lineno
    text = linecache.getline(path, line).strip()
    return Source(_short(path), line, text[:200])


def _short(path: str) -> str:
    # Kernels give every cell a file of their own, in a folder that holds a process number.
    if re.search(r"ipykernel_\d+|^<ipython-input|^<stdin>|^<string>", path):
        return "cell"
    try:
        inside = os.path.relpath(path) if os.path.isabs(path) else path
    except ValueError:  # another drive, on Windows
        inside = ".."
    return os.path.basename(path) if inside.startswith("..") else inside.replace(os.sep, "/")
