"""Class numbers among a graph's inputs, looked at by the host before each run.

A runtime would take a label that has no class, such as 10 among 0 to 9, for one that is to be
ignored, and training would go on with a wrong loss. (One reduction over the labels finds it.)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mslearn.graph.ir import Graph
from mslearn.ops.loss import NLLLoss

UNCHANGED = ("Cast", "Reshape", "ExpandDims", "Squeeze", "Identity")
"""Operations whose results are the numbers of their input."""

Labels = list[tuple[int, int, int, np.dtype[Any]]]


def labels_of(graph: Graph) -> Labels:
    """(place among the inputs, number of classes, ignored label, unsigned dtype of the labels) of
    each loss whose labels are among the inputs."""
    makers = {id(o): n for n in graph.nodes for o in n.outputs}
    places = {id(v): i for i, v in enumerate(graph.inputs)}
    found: Labels = []
    for node in graph.nodes:
        if node.prim is NLLLoss:
            value = node.inputs[1]
            while (maker := makers.get(id(value))) and maker.prim.name in UNCHANGED:
                value = maker.inputs[0]
            if id(value) in places and value.dtype.kind in "iu":
                classes, ignored = node.inputs[0].shape[1], node.attrs["ignore_index"]
                unsigned = np.dtype(f"u{value.dtype.itemsize}")
                found.append((places[id(value)], classes, ignored, unsigned))
    return found


def check(labels: Labels, arrays: Sequence[np.ndarray]) -> None:
    """Refuse labels without a class.

    Raises:
        RuntimeError: as the operation on NumPy, which names the label.
    """
    for place, classes, ignored, unsigned in labels:
        given = arrays[place]
        numbers = given.view(unsigned)  # a negative number is a huge one here
        if numbers.size and numbers.item(numbers.argmax()) >= classes:  # (`max` takes longer)
            kernel: Any = NLLLoss.kernel
            flat = given[given != ignored]
            logits, weight = np.zeros((len(flat), classes)), np.ones(classes)
            kernel(logits, flat, weight, reduction="none", ignore_index=ignored)
