"""What the units of a network do with samples: how often each is live, and which inputs drive it.

A unit is *live* for a sample where its activation function's slope is at least 5 % of its largest:
only there does a gradient flow back through it. A unit that is never live is *dead* (a ReLU that
is never above zero) or *saturated* (a tanh or a sigmoid that is always near an end).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from mslearn.backends.home import at_home
from mslearn.core import Primitive, Tensor, current_scope, observing
from mslearn.summary.values import Histogram, histogram_of

SLOPE = 0.05  # of the largest slope
TOP = 8  # samples kept of each unit
PICTURE = 48  # most rows and columns of a thumbnail
FIRST = 6  # numbers shown of a sample that is no picture


class Function(NamedTuple):
    """Where an activation function has a slope, told by its output; and how its units fail."""

    live: Callable[[np.ndarray], np.ndarray]
    fails: str  # "dead": at zero; "saturated": at either end


FUNCTIONS = {
    "ReLU": Function(lambda y: y > 0, "dead"),
    "ReLU6": Function(lambda y: (y > 0) & (y < 6), "dead"),
    "HSwish": Function(lambda y: y != 0, "dead"),
    "Tanh": Function(lambda y: 1 - y * y >= SLOPE, "saturated"),
    "Sigmoid": Function(lambda y: 4 * y * (1 - y) >= SLOPE, "saturated"),
    "HSigmoid": Function(lambda y: (y > 0) & (y < 1), "saturated"),
}


class Sample(NamedTuple):
    """One input: a picture as uint8 <H,W> or <H,W,3>, or its first numbers as text."""

    picture: np.ndarray | None
    text: str
    label: str


@dataclass
class Layer:
    """One activation function's place in the network, and its units.

    Attributes:
        name: the Cell's path, such as ``"1"`` or ``"body/relu"``.
        op: the function, such as ``"ReLU"``.
        seen: samples so far.
        share: <units>, how often each was live: of all samples and, in a feature map, places.
        ranks, inputs, outputs, samples: <units, at most TOP>, the samples that drive each unit
            most, strongest first: the number compared, what came in and went out at that place,
            and which sample it was.
    """

    name: str
    op: str
    shape: tuple[int, ...]
    seen: int = 0
    places: int = 0
    live: np.ndarray = field(default_factory=lambda: np.zeros(0))
    ranks: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    inputs: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    outputs: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    samples: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), np.int64))
    histogram: Histogram | None = None

    @property
    def fails(self) -> str:
        return FUNCTIONS[self.op].fails

    @property
    def share(self) -> np.ndarray:
        return self.live / max(self.places, 1)

    @property
    def failed(self) -> np.ndarray:
        """The numbers of the units that were never live."""
        return np.flatnonzero(self.live == 0)

    def take(self, given: np.ndarray, made: np.ndarray, batch: int) -> None:
        """Count one batch: what came in and what went out, <batch, units, places> each."""
        units = made.shape[1]
        if self.histogram is None:
            self.histogram = histogram_of(made)
            self.live = np.zeros(units)
            self.ranks, self.inputs, self.outputs = (np.zeros((units, 0)) for _ in range(3))
            self.samples = np.zeros((units, 0), np.int64)
        self.live += FUNCTIONS[self.op].live(made).sum(axis=(0, 2))
        # What drives a ReLU is the largest input, what drives a tanh the one farthest from zero.
        drive = given if self.fails == "dead" else np.abs(given)
        place = np.where(np.isnan(drive), -np.inf, drive).argmax(axis=2)[..., None]
        best = [np.take_along_axis(a, place, 2)[..., 0].T for a in (drive, given, made)]
        numbers = np.broadcast_to(np.arange(self.seen, self.seen + batch), (units, batch))
        ranks, inputs, outputs, samples = (
            np.concatenate([old, new], axis=1)
            for old, new in zip(
                (self.ranks, self.inputs, self.outputs, self.samples),
                (*best, numbers),
                strict=True,
            )
        )
        order = np.argsort(-ranks, axis=1, kind="stable")[:, :TOP]
        self.ranks, self.inputs, self.outputs, self.samples = (
            np.take_along_axis(a, order, 1) for a in (ranks, inputs, outputs, samples)
        )
        self.seen += batch
        self.places += batch * made.shape[2]


class Watch:
    """An observer that counts every activation function that runs."""

    def __init__(self) -> None:
        self.layers: dict[tuple[str, str, int], Layer] = {}
        self.left_out = 0  # functions whose first axis is no batch
        self._times: dict[tuple[str, str], int] = {}
        self._batch = 0

    def begin(self, batch: int) -> None:
        """A new batch of so many samples."""
        self._times.clear()
        self._batch = batch

    def on_op(
        self, prim: type[Primitive], inputs: tuple[Any, ...], attrs: dict[str, Any], output: Any
    ) -> None:
        """Count an activation function's inputs and outputs; other operations pass."""
        if prim.name not in FUNCTIONS or not isinstance(output, np.ndarray):
            return
        if output.ndim < 2 or not output.size or output.shape[0] % self._batch:
            self.left_out += 1
            return
        path = place_of(current_scope())
        again = self._times.get((path, prim.name), 0)
        self._times[path, prim.name] = again + 1
        given, made = (by_unit(a, self._batch) for a in (inputs[0], output))
        name = path if not again else f"{path} ({again + 1})"
        found = self.layers.setdefault(
            (path, prim.name, again), Layer(name, prim.name, tuple(output.shape[1:]))
        )
        if not len(found.live) or len(found.live) == made.shape[1]:
            found.take(given, made, self._batch)


def by_unit(array: np.ndarray, batch: int) -> np.ndarray:
    """<batch, units, places>: a unit is a column, the last of three axes, or a feature map.

    >>> by_unit(np.zeros((8, 3)), 8).shape, by_unit(np.zeros((8, 3)), 4).shape
    ((8, 3, 1), (4, 3, 2))
    >>> by_unit(np.zeros((8, 5, 3)), 8).shape, by_unit(np.zeros((8, 3, 6, 7)), 8).shape
    ((8, 3, 5), (8, 3, 42))
    """
    wide: np.ndarray = array.astype(np.float32, copy=False)
    if array.ndim > 3:
        units = array.shape[1]
        rest = wide.reshape(batch, -1, units, int(np.prod(array.shape[2:])))
        return np.reshape(np.swapaxes(rest, 1, 2), (batch, units, -1))
    return np.swapaxes(wide.reshape(batch, -1, array.shape[-1]), 1, 2)


def place_of(scope: tuple[str, ...]) -> str:
    """A path of Cells without their classes: ``("Default", "network-Net", "fc-Dense")`` is "fc"."""
    names = [re.sub(r"-[^-]*$", "", part) for part in scope[2:]]
    return "/".join(names) or "network"


@dataclass
class Record:
    """What `run` found."""

    layers: list[Layer]
    samples: list[Sample]
    left_out: int


@at_home
def run(
    net: Callable[..., Any],
    batches: Iterable[Any],
    limit: int,
    picture: tuple[int, ...] | None,
) -> Record:
    """Give samples to a network, at most `limit`, and watch its activation functions.

    Args:
        net: called with the first part of each batch.
        batches: tensors or arrays whose first axis is the batch; or tuples (inputs, labels, …).
        limit: samples.
        picture: the shape of one sample as a picture, where its own does not tell.
    """
    watch, samples = Watch(), list[Sample]()
    for item in batches:
        parts = list(item.values()) if isinstance(item, dict) else item
        parts = list(parts) if isinstance(parts, tuple | list) else [parts]
        inputs = Tensor(_array(parts[0])[: limit - len(samples)])
        batch = inputs.shape[0] if inputs.ndim else 0
        if not batch:
            break
        watch.begin(batch)
        with observing(watch):
            net(inputs)
        labels = _array(parts[1])[:batch] if len(parts) > 1 else np.zeros(0)
        samples += _samples(inputs.asnumpy(), labels if labels.shape == (batch,) else None, picture)
        if len(samples) >= limit:
            break
    return Record(list(watch.layers.values()), samples, watch.left_out)


def _array(value: Any) -> np.ndarray:
    return np.asarray(value.asnumpy() if hasattr(value, "asnumpy") else value)


def _samples(
    inputs: np.ndarray, labels: np.ndarray | None, picture: tuple[int, ...] | None
) -> list[Sample]:
    pictures = _pictures(inputs, picture)
    out = []
    for k, row in enumerate(inputs):
        flat = row.reshape(-1)[:FIRST]
        text = "" if pictures is not None else ", ".join(f"{x:.3g}" for x in flat.tolist())
        more = ", …" if text and row.size > FIRST else ""
        label = "" if labels is None else str(labels[k])
        out.append(Sample(None if pictures is None else pictures[k], text + more, label))
    return out


def _pictures(inputs: np.ndarray, shape: tuple[int, ...] | None) -> np.ndarray | None:
    """Inputs as uint8 <N,H,W> or <N,H,W,3>, or None when they are no pictures."""
    if inputs.dtype.kind not in "fiub":
        return None
    if shape is not None:
        if np.prod(shape) * len(inputs) != inputs.size:
            raise ValueError(
                f"insight.activations: picture={shape} does not fit a sample of shape "
                f"{inputs.shape[1:]}; it is the shape of one sample."
            )
        inputs = inputs.reshape(len(inputs), *shape)
    if inputs.ndim == 4 and inputs.shape[1] in (1, 3) and min(inputs.shape[2:]) > 3:
        images = inputs[:, 0] if inputs.shape[1] == 1 else inputs.transpose(0, 2, 3, 1)
    elif shape is not None and inputs.ndim == 3:
        images = inputs
    else:
        return None
    step = -(-max(images.shape[1:3]) // PICTURE)
    images = np.nan_to_num(images[:, ::step, ::step].astype(np.float32), posinf=0, neginf=0)
    low, high = float(images.min(initial=0)), float(images.max(initial=0))
    if low >= 0 and high <= 255:  # 0 to 1, or 0 to 255
        low, high = 0, 1 if high <= 1 else 255
    scaled = np.rint((images - low) * (255 / max(high - low, 1e-12)))
    return np.asarray(np.clip(scaled, 0, 255).astype(np.uint8))
