"""An executable around any runtime that takes a model's inputs and gives its outputs, by order."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from mslearn.backends.base import BackendError
from mslearn.backends.draws import Draws
from mslearn.backends.keeping import LOCK, Keeper
from mslearn.backends.labels import check, labels_of
from mslearn.graph.ir import Graph


def _same(value: Any) -> Any:
    return value


class PortedExecutable(Keeper):
    """Feeds arguments, Parameters and random numbers; the runtime does the rest.

    What comes out for a Parameter goes in again at the next run in the runtime's own form: it
    stays on the device, and becomes an array of the host when somebody looks.

    Args:
        graph: what the model was made of.
        model: has the ports ``.inputs`` and ``.outputs``, its Parameters among the inputs.
        call: the runtime's values of ``model.inputs`` to fresh ones of ``model.outputs``.
        code: for people; its first line begins with the target and a colon.
        send: an array of the host to the runtime's form.
        fetch: the runtime's form to an array that belongs to nobody else.

    Attributes:
        code: as given.
        model: as given.
    """

    def __init__(
        self,
        graph: Graph,
        model: Any,
        call: Callable[[list[Any]], list[Any]],
        code: str,
        send: Callable[[np.ndarray], Any] = _same,
        fetch: Callable[[Any], np.ndarray] = _same,
    ) -> None:
        self.model, self.code = model, code
        self._call, self._send, self._fetch = call, send, fetch
        self._lock = threading.Lock()
        self._labels = labels_of(graph)
        self._draws = Draws(graph, [p.draw for p in model.inputs if p.draw is not None])
        self._count = len(graph.outputs)
        read = [p.parameter for p in model.inputs if p.parameter is not None]
        kept = [p.parameter for p in model.outputs[self._count :]]
        places = {id(p): i for i, p in enumerate(kept)}
        self.keep(kept, [p for p in read if id(p) not in places])
        self._values: list[Any] = [None] * len(kept)  # the runtime's
        self._given: dict[int, np.ndarray] = {}  # to handles, by place
        self._sent: list[Any] = [None] * len(self.others)
        self._order = [places.get(id(p)) for p in read]

    def present(self, place: int) -> np.ndarray:
        port = self.model.outputs[self._count + place]
        self._given[place] = array = self._array(self._values[place], port)
        return array

    def bring(self, place: int, array: np.ndarray) -> None:
        if array is not self._given.pop(place, None):
            self._values[place] = self._send(array)

    def run(self, arrays: Sequence[np.ndarray]) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """(outputs, nothing: it keeps the Parameters); see `mslearn.backends.Executable`."""
        with self._lock:
            if self._labels:
                check(self._labels, arrays)
            if self.looked_at:
                self.bring_all()
            for i, parameter in enumerate(self.others):
                value = parameter._value
                if value is not self.seen[i]:
                    self._sent[i] = self._send(value)
                    self.seen[i] = value  # last: Ctrl-C may come between
            others = iter(self._sent)
            values = [next(others) if k is None else self._values[k] for k in self._order]
            send = self._send
            feeds = [*map(send, arrays), *values, *map(send, self._draws.make())]
            try:
                found = self._call(feeds)
            except Exception as error:  # the runtimes have classes of their own
                raise BackendError(stopped(self.code, str(error))) from error
            self._values = found[self._count :]
            if self.looked_at:  # meanwhile, by another thread
                with LOCK:
                    self.empty()
            ports = self.model.outputs[: self._count]
            return [self._array(v, p) for v, p in zip(found, ports)], []  # noqa: B905

    def _array(self, value: Any, port: Any) -> np.ndarray:
        array: np.ndarray = np.asarray(self._fetch(value), port.value.dtype)
        return array.reshape(port.value.shape)  # type: ignore[no-any-return]


def listing(title: str, model: Any) -> str:
    """The title and a model's operators with their counts, for an executable's ``code``."""
    counts = sorted(model.operators.items())
    return "\n".join([title, *(f"{n:5d} {kind}" for kind, n in counts)])


def stopped(code: str, text: str, where: str = "") -> str:
    """What to say when a runtime fails in the middle of a run.

    Args:
        code: the executable's; its first line begins with the target and a colon.
        text: the runtime's words.
        where: " in OPERATION (LINE)", where that is known.
    """
    target = code.partition("\n")[0].partition(":")[0].lstrip("# ")
    return (
        f"The target '{target}' stopped{where}: {text.strip()}\nParameters are as they were. Run "
        f'it without jit, or with backend="numpy", to look at the numbers.'
    )
