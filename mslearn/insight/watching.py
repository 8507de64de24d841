"""`insight.watch`: one line, and a training loop records itself.

The loss is seen where the loss function returns it, the gradients where the optimizer gets them.
In a graph both are seen by an operation with an effect, which stands in it and is handed the arrays
themselves, never copies; so a loop in graph mode is watched as well. Of a step in a graph there are
two graphs: one for the steps at which somebody looks at arrays, and one for all others, in which a
gradient may stay inside the operation that applies it (`graph/numpy_backend/products.py`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mslearn.core.primitive import Primitive, apply
from mslearn.core.state import state
from mslearn.core.tensor import Tensor
from mslearn.nn.cell import Cell
from mslearn.summary.bus import Bus, Columns
from mslearn.summary.values import Datum, histogram_of
from mslearn.summary.writer import EventFiles, TensorBoardFiles
from mslearn.train.callback.base import Callback, RunContext
from mslearn.train.model import Model

from .snapshots import History


class Watch(Primitive, abstract=True):
    """Hands arrays to a watcher; the answer says nothing."""

    name = "Watch"
    inputs = ("values",)
    params = {"see": None}

    @staticmethod
    def kernel(*values: np.ndarray, see: Callable[..., None]) -> np.ndarray:
        see(values)
        return np.asarray(True)

    @staticmethod
    def infer(*values: Any, see: Any) -> Any:
        return (), np.dtype(bool)


Arrays = Sequence[np.ndarray]
Look = Callable[[Arrays, Arrays], list[Datum]]  # (gradients, weights before the update)


class Watcher:
    """What `watch` returns: the numbers so far, and `stop`.

    Attributes:
        bus: where the values go; `bus.subscribe` adds a sink of your own.
        step: how many steps the optimizer has made.
        looking: whether the coming step's gradients and weights will be looked at.
    """

    def __init__(
        self, network: Any, optimizer: Any, gradients: int, histograms: int, bus: Bus
    ) -> None:
        self.bus, self.step, self.looking = bus, 0, True
        self._columns = Columns()
        bus.subscribe(self._columns, late=True)
        self._history = History()
        bus.subscribe(self._history, late=True)
        self._parameters = [] if optimizer is None else list(optimizer.parameters)
        self._network, self._optimizer = network, optimizer
        self._looks: list[tuple[int, Look]] = [(gradients, self._norms)]
        if histograms:
            self._looks.append((histograms, self._distributions))
        self._before: list[np.ndarray] | None = None
        self._missed: list[Look] = []
        self._at_any = False  # whether a graph has made several steps between two looks
        self._loss: float | None = None
        self._undo: list[Callable[[], None]] = []

    @property
    def columns(self) -> Columns:
        """The numbers so far: ``columns.steps(tag)``, ``columns.values(tag)``."""
        self.bus.flush()
        return self._columns

    @property
    def history(self) -> History:
        """Histograms and values of the parameters so far, for ``insight.parameters``."""
        self.bus.flush()
        return self._history

    # -- where things are seen ------------------------------------------------------------------

    def attach(self, loss_fn: Any) -> None:
        """Look at the loss function's result and the optimizer's gradients from now on."""
        if isinstance(loss_fn, Cell):
            self._around(loss_fn, after=self._loss_made)
        if self._optimizer is not None:
            self._around(self._optimizer, before=self._gradients_given)

    def _around(self, cell: Any, before: Any = None, after: Any = None) -> None:
        construct = cell.construct

        def watched(*args: Any, **kwargs: Any) -> Any:
            if before is not None and args:
                before(args[0])
            result = construct(*args, **kwargs)
            if after is not None and type(result) is Tensor:
                after(result)
            return result

        object.__setattr__(cell, "construct", watched)
        cell._watcher = self

        def undo() -> None:
            if cell.__dict__.get("construct") is watched:
                object.__delattr__(cell, "construct")
                del cell._watcher

        self._undo.append(undo)

    def _loss_made(self, loss: Tensor) -> None:
        if state.capture is not None:
            apply(Watch, (loss,), {"see": self._see_loss})
        else:
            self._see_loss((loss._value,))

    def _see_loss(self, values: Arrays) -> None:
        self._loss = float(values[0]) if not values[0].ndim else float(values[0].mean())

    def _gradients_given(self, gradients: Any) -> None:
        given = gradients if isinstance(gradients, tuple | list) else (gradients,)
        if state.capture is None:
            self._update(lambda: (
                [g._concrete() for g in _dense(given)],
                [p._concrete() for p in self._parameters],
            ))  # fmt: skip
        elif state.capture.depend(self, "looking"):
            # The weights stand beside them: in a graph these are then the old ones.
            apply(Watch, (*_dense(given), *self._parameters), {"see": self._see_update})
        else:
            apply(Watch, (self._optimizer.global_step,), {"see": lambda _: self._update(None)})

    def _see_update(self, values: Arrays) -> None:
        cut = len(values) - len(self._parameters)
        self._update(lambda: (values[:cut], values[cut:]))

    def _update(self, arrays: Callable[[], tuple[Arrays, Arrays]] | None) -> None:
        """Before each update; all that is recorded of a step is published here.

        Most steps have a loss and nothing else: they do not even fetch the arrays. A graph that
        makes several steps at once may have none at a step that wants them; it is looked at later,
        and from then on such graphs always have them.
        """
        self.step += 1
        data: list[Datum] = []
        if self._loss is not None:
            data.append(Datum("scalar", "loss", self._loss))
            self._loss = None
        looks = [look for every, look in self._looks if self.step == 1 or not self.step % every]
        looks += [look for look in self._missed if look not in looks]
        self._missed = looks if arrays is None else []
        self._at_any = self._at_any or bool(self._missed)
        if arrays is not None and (looks or self._before is not None):
            gradients, weights = arrays()
            if self._before is not None:
                data += self._ratios(weights)
            for look in looks:
                data += look(gradients, weights)
        self.looking = (
            self._at_any
            or self._before is not None
            or any(not (self.step + 1) % every for every, _ in self._looks)
        )
        self.bus.publish(self.step, data)

    # -- what is measured -----------------------------------------------------------------------

    def _norms(self, gradients: Arrays, weights: Arrays) -> list[Datum]:
        squares = []
        for gradient in gradients:
            flat = gradient.reshape(-1)
            exact = flat if flat.dtype.itemsize >= 4 else flat.astype(np.float32)
            squares.append(float(np.vdot(exact, exact).real))
        data = [Datum("scalar", "gradient_norm", math.sqrt(math.fsum(squares)))]
        if len(gradients) == len(self._parameters):
            data += [
                Datum("scalar", f"gradient_norm/{parameter.name}", math.sqrt(square))
                for parameter, square in zip(self._parameters, squares, strict=True)
            ]
        return data

    def _distributions(self, gradients: Arrays, weights: Arrays) -> list[Datum]:
        data = []
        for kind, arrays in (("weight", weights), ("gradient", gradients)):
            if len(arrays) == len(self._parameters):
                data += [
                    Datum("histogram", f"{kind}/{parameter.name}", histogram_of(array))
                    for parameter, array in zip(self._parameters, arrays, strict=True)
                ]
        self._before = [weight.copy() for weight in weights]  # they are overwritten in place
        self._history.keep(self.step, self._parameters, self._before)
        return data

    def _ratios(self, weights: Arrays) -> list[Datum]:
        """mean|w - w_before| / mean|w_before| of the last update, by parameter."""
        assert self._before is not None
        data = []
        for parameter, now, before in zip(self._parameters, weights, self._before, strict=True):
            change = float(np.abs(now - before).mean())
            ratio = change / (float(np.abs(before).mean()) + 1e-12)
            data.append(Datum("scalar", f"update_ratio/{parameter.name}", ratio))
        self._before = None
        return data

    # -- by hand ----------------------------------------------------------------------------------

    def log(self, **values: Any) -> None:
        """Record numbers of your own at the present step: ``watcher.log(accuracy=0.9)``."""
        self.bus.publish(
            self.step,
            [Datum("scalar", name, float(np.asarray(_plain(v)).reshape(())))
             for name, v in values.items()],
        )  # fmt: skip

    def detach(self) -> None:
        """Look no more for now; `attach` goes on."""
        for undo in self._undo:
            undo()
        self._undo.clear()

    def stop(self) -> None:
        """Look no more; the files are closed. Idempotent."""
        self.detach()
        self.bus.close()

    def __enter__(self) -> Watcher:
        return self

    def __exit__(self, *error: Any) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"Watcher(step={self.step}, tags={len(self.columns.tags)})"


class WatchCallback(Callback):
    """`watch` as a callback of `Model`; the metrics of evaluations are recorded, too.

    Args:
        options: those of `watch`: `gradients`, `histograms`, `summary_dir`, `curves` …

    >>> callback = insight.WatchCallback(summary_dir="runs/first")      # doctest: +SKIP
    >>> model.fit(3, train, valid, callbacks=[callback])                # doctest: +SKIP
    """

    def __init__(self, **options: Any) -> None:
        self._options = options
        self.watcher: Watcher | None = None

    def on_train_begin(self, run_context: RunContext) -> None:
        """Begin to look."""
        args = run_context.original_args()
        if self.watcher is None:
            self.watcher = watch(args.network, args.optimizer, args.loss_fn, **self._options)
        else:
            self.watcher.attach(args.loss_fn)

    def on_eval_end(self, run_context: RunContext) -> None:
        """Record the metrics."""
        results = run_context.original_args().get("metrics") or {}
        numbers = {k: v for k, v in results.items() if np.size(_plain(v)) == 1}
        if numbers and self.watcher is not None:
            self.watcher.log(**{f"eval/{k}": v for k, v in numbers.items()})

    def __exit__(self, *error: Any) -> None:
        if self.watcher is not None:
            self.watcher.detach()


class _Chart:
    """A sink that draws: the numbers of a step in a `Curves` widget, without names of layers."""

    def __init__(self, curves: Any) -> None:
        self._curves = curves

    def take(self, step: int, wall: float, data: Sequence[Datum]) -> None:
        numbers = {d.tag: d.value for d in data if d.kind == "scalar" and "norm/" not in d.tag
                   and not d.tag.startswith("update_ratio/")}  # fmt: skip
        if numbers:
            self._curves.log_at(wall, step, numbers)

    def close(self) -> None:
        return None


def watch(
    model: Any,
    optimizer: Any = None,
    loss_fn: Any = None,
    *,
    gradients: int = 10,
    histograms: int = 250,
    summary_dir: str | Path | None = None,
    curves: Any = None,
    tensorboard: bool = False,
) -> Watcher:
    """Record a training while it runs: the loss, gradient norms, histograms, update ratios.

    Args:
        model: the network, or a `Model`, which knows its optimizer and its loss function.
        optimizer: whose gradients to look at.
        loss_fn: a Cell that returns the loss, such as ``nn.CrossEntropyLoss()``.
        gradients: look at the gradients' norms every so many steps; 1: every step.
        histograms: weights and gradients as histograms every so many steps; 0: never.
        summary_dir: write event files here, for `mslearn insight`, MindInsight, …; at most a
            tenth of a second late, which is also all that a killed process can lose.
        curves: an `insight.Curves` to draw into.
        tensorboard: write TensorBoard's files there as well.

    Returns:
        A `Watcher` with the numbers so far; its `stop` ends the watching.

    Raises:
        TypeError: something is no Cell, no `Model` or no optimizer.

    >>> watcher = insight.watch(net, optimizer, loss_fn)              # doctest: +SKIP
    >>> for x, y in data: train_step(x, y)                            # doctest: +SKIP
    >>> watcher.columns.values("loss")                                # doctest: +SKIP
    """
    if isinstance(model, Model):
        network = model._network
        optimizer, loss_fn = optimizer or model._optimizer, loss_fn or model._loss_fn
    else:
        network = model
    if not isinstance(network, Cell):
        raise TypeError(
            f"insight.watch: the model must be a Cell or a Model, but got "
            f"'{type(network).__name__}'. Pass the network: insight.watch(net, optimizer)."
        )
    if optimizer is not None and not (isinstance(optimizer, Cell) and hasattr(optimizer, "get_lr")):
        raise TypeError(
            f"insight.watch: the optimizer must be one of mslearn.nn, but got "
            f"'{type(optimizer).__name__}'."
        )
    for name, every, least in (("gradients", gradients, 1), ("histograms", histograms, 0)):
        if not isinstance(every, int) or every < least:
            raise ValueError(
                f"insight.watch: {name} is a number of steps of at least {least}, but got "
                f"{every!r}."
            )
    bus = Bus()
    watcher = Watcher(network, optimizer, gradients, histograms, bus)
    if summary_dir is not None:
        folder = Path(summary_dir).expanduser().absolute()
        bus.subscribe(EventFiles(folder), late=True)
        if tensorboard:
            bus.subscribe(TensorBoardFiles(folder), late=True)
    if curves is not None:
        bus.subscribe(_Chart(curves), late=True)
    watcher.attach(loss_fn)
    return watcher


def _dense(gradients: Sequence[Any]) -> list[Tensor]:
    """Sparse gradients are not looked at."""
    return [g for g in gradients if isinstance(g, Tensor)]


def _plain(value: Any) -> Any:
    return value.asnumpy() if hasattr(value, "asnumpy") else value
