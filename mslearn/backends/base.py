"""What a backend is: it says what it can reach, takes a graph, and gives something that runs.

A backend never computes single operations: it gets a whole captured graph (a forward pass or a
training step) and lowers it once. So reaching an NPU costs one compilation, not one launch an
operation.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol

import numpy as np

from mslearn.backends.hardware import Hardware
from mslearn.graph.ir import Graph, Node


@dataclasses.dataclass(frozen=True)
class DeviceInfo:
    """One target, and whether it can be reached from here.

    Attributes:
        target: the name for ``set_context(device_target=…)``, e.g. ``"Ascend"``.
        backend: the backend that would run it, e.g. ``"onnxruntime"``.
        available: whether it can be used now.
        reason: what was found, or what was looked for and is missing.
        hint: how to get it; empty when it is there.
        precision: the floating dtype that the device computes in. Where it is narrower than
            float32, Parameters and optimizer stay on the host in float32.
        emulated: whether a program stands in for the device here.
    """

    target: str
    backend: str
    available: bool
    reason: str
    hint: str = ""
    precision: str = "float32"
    emulated: bool = False


class Executable(Protocol):
    """A graph that a backend has compiled."""

    code: str
    """What runs, for people to read: a program, or the list of the runtime's operators."""

    def run(self, arrays: Sequence[np.ndarray]) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """(outputs, new values of the assigned Parameters) for the arrays of the graph's inputs.

        The Parameters' present values are read from the Parameters themselves. No array that it
        returns is ever written again while somebody holds it. A `mslearn.backends.keeping.Keeper`
        gives no new values: it keeps them until somebody looks.
        """


class Backend:
    """Base class of backends.

    A package of yours adds one with an entry point in the group ``mslearn.backends``, and tests
    it with `mslearn.backends.conformance`::

        [project.entry-points."mslearn.backends"]
        mychip = "my_package:MyBackend"
    """

    name: ClassVar[str] = ""
    targets: ClassVar[tuple[str, ...]] = ()
    """The targets that it may reach, the best first."""

    def probe(self, target: str) -> DeviceInfo:
        """Whether `target` can be used. It never raises and starts nothing expensive."""
        raise NotImplementedError

    def supports(self, node: Node, target: str) -> str:
        """An empty text when the target takes this node, else the reason why not."""
        raise NotImplementedError

    def array_module(self, target: str) -> Any:
        """What eager code computes with on the target: a module with NumPy's names and `asnumpy`.

        None, as for most, when only graphs go there. See `mslearn.backends.eager`.
        """
        return None

    def hardware(self, target: str) -> Hardware:
        """What is known of the target's devices, for `mslearn.hal` and `mslearn.device_context`."""
        return Hardware()

    def compile(self, graph: Graph, target: str, **options: Any) -> Executable:
        """Lower an optimized graph. Graphs may have no Parameters: arrays in, arrays out.

        Raises:
            BackendError: the target cannot be reached, or does not take all nodes (`refused`).
        """
        raise NotImplementedError


class BackendError(RuntimeError):
    """A device that is not there, or a graph that it does not take.

    Wrong::

        ms.set_context(device_target="Ascend")          # on a laptop without an Ascend card

    Right: ``mslearn devices`` lists what can be reached from this machine, and why the rest
    cannot. For operations that a device lacks: ``ms.jit(…, fallback="cpu")``.

    Attributes:
        refused: the nodes that the device does not take, with the reason of each.
    """

    def __init__(self, text: str, refused: Mapping[Node, str] | None = None) -> None:
        super().__init__(text)
        self.refused = dict(refused or {})
