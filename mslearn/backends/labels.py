"""Class numbers among a graph's inputs, looked at by the host before each run.

A runtime would take a label that has no class, such as 10 among 0 to 9, for one that is to be
ignored, and training would go on with a wrong loss.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from mslearn.graph.ir import Graph
from mslearn.ops.loss import NLLLoss

UNCHANGED = ("Cast", "Reshape", "ExpandDims", "Squeeze", "Identity")
"""Operations whose results are the numbers of their input."""

FEW = 512
"""So many labels, of as many classes, are looked up in a set. After a step of training, when all
code is cold, that takes 6 us, where NumPy's reductions take 30."""

Labels = list[tuple[int, Callable[[list[int]], bool] | None, int, int, np.dtype[Any]]]


def labels_of(graph: Graph) -> Labels:
    """(place among the inputs, whether these few labels are right, number of classes, ignored
    label, unsigned dtype of the labels) of each loss whose labels are among the inputs."""
    makers = {id(o): n for n in graph.nodes for o in n.outputs}
    places = {id(v): i for i, v in enumerate(graph.inputs)}
    found: Labels = []
    for node in graph.nodes:
        if node.prim is not NLLLoss:
            continue
        value = node.inputs[1]
        while (maker := makers.get(id(value))) and maker.prim.name in UNCHANGED:
            value = maker.inputs[0]
        if id(value) in places and value.dtype.kind in "iu":
            classes, ignored = node.inputs[0].shape[1], node.attrs["ignore_index"]
            unsigned = np.dtype(f"u{value.dtype.itemsize}")
            few = max(classes, math.prod(value.shape)) <= FEW and len(value.shape) == 1
            right = frozenset((*range(classes), ignored)).issuperset if few else None
            found.append((places[id(value)], right, classes, ignored, unsigned))
    return found


def check(labels: Labels, arrays: Sequence[np.ndarray]) -> None:
    """Refuse labels without a class.

    Raises:
        RuntimeError: as the operation on NumPy, which names the label.
    """
    for place, right, classes, ignored, unsigned in labels:
        given = arrays[place]
        if right is not None and right(given.tolist()):
            continue
        numbers = given.view(unsigned)  # a negative number is a huge one here
        if numbers.size and numbers.item(numbers.argmax()) >= classes:  # (`max` takes longer)
            kernel: Any = NLLLoss.kernel
            flat = given[given != ignored]
            logits, weight = np.zeros((len(flat), classes)), np.ones(classes)
            kernel(logits, flat, weight, reduction="none", ignore_index=ignored)
