"""`recompute`: keep only a block's inputs, and run it again on the way back (checkpointing).

The activations inside the block are the bulk of what training keeps in memory. Recomputing them
costs one more forward run of the block (Chen et al., "Training Deep Nets with Sublinear Memory
Cost", 2016). The second run draws the same random numbers and sees the same parameter values.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mslearn.autodiff import Tape
from mslearn.core import random
from mslearn.core.parameter import Parameter
from mslearn.core.state import observing, state
from mslearn.core.tensor import Tensor
from mslearn.gradtools.segment import Segment, SegmentPrimitive, leaves
from mslearn.ops.shape import identity


class Recompute(SegmentPrimitive, abstract=True):
    """A block whose inside is computed again when its gradient is needed."""

    name = "Recompute"


class _Checkpoint(Segment):
    def __init__(self, fn: Any, args: Any, kwargs: Any, parameters: list[Parameter]) -> None:
        super().__init__(fn, args, kwargs)
        self.parameters = parameters
        self.trained = [p for p in parameters if p.requires_grad]
        self.draws = random.snapshot()

    def forward(self, arrays: Any) -> Any:
        return super().forward(arrays[: len(arrays) - len(self.trained)])

    def backward(self, ct: Any, out: Any, xs: tuple[Tensor, ...]) -> tuple[Any, ...]:
        fresh = [identity(x) if state.active else Tensor.wrap(x._value.view()) for x in xs]
        count = len(xs) - len(self.trained)
        kept = [p._value for p in self.parameters]  # and moving statistics move only once
        now = random.snapshot()
        tape = Tape()
        for handle in fresh:
            tape.watch(handle)
        starts = [id(handle._value) for handle in fresh]
        try:
            random.restore(self.draws)
            for parameter, handle in zip(self.trained, fresh[count:], strict=True):
                parameter._value = handle._value
            with observing(tape):
                result = self.run(fresh[:count])
        finally:
            random.restore(now)
            for parameter, value in zip(self.parameters, kept, strict=True):
                parameter._value = value
        found = tape.gradients(leaves(result), ct if isinstance(ct, tuple) else (ct,), free=True)
        return tuple(map(found.get, starts))


def recompute(
    block: Any,
    *args: Any,
    use_reentrant: bool = True,
    output_recompute: bool = False,
    early_stop: bool = True,
    context_fn: Callable[..., Any] | None = None,
    **kwargs: Any,
) -> Any:
    """``block(*args, **kwargs)``; its activations are computed again on the way back.

    Args:
        block: a Cell.
        use_reentrant, output_recompute, early_stop, context_fn: kept for MindSpore.

    Raises:
        TypeError: `block` is no Cell, so its Parameters could not be found.

    >>> import mslearn as ms
    >>> block = ms.nn.SequentialCell(ms.nn.Dense(2, 2), ms.nn.Tanh())
    >>> slope = ms.grad(lambda x: ms.recompute(block, x).sum())
    >>> slope(ms.ops.ones((1, 2))).shape
    (1, 2)
    """
    if not hasattr(block, "get_parameters"):
        raise TypeError(
            f"For 'recompute', the block must be a Cell, but got '{type(block).__name__}'. Put "
            f"the function into the construct method of a Cell."
        )
    return recomputed(block, block, args, kwargs)


def recomputed(cell: Any, fn: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """``fn(*args, **kwargs)``, a run of `cell`, as one recomputed segment."""
    if not state.active or state.capture is not None:
        return fn(*args, **kwargs)
    segment = _Checkpoint(fn, args, kwargs, list(cell.get_parameters()))
    return segment.apply(Recompute, [*leaves((args, kwargs)), *segment.trained])
