"""Python numbers that a graph works out, and tensors that may be one and the same.

A number that depends on a tensor (a loop's counter, ``k = 1 if c else 2``) is a tensor while a
graph is captured. It has to go on behaving as a number: ``int32_tensor * k`` stays int32, and
``k += 1`` leaves ``j = k`` alone.

A name that one branch binds to an existing tensor and the other to a new one has a handle of its
own afterwards. Eager code would sometimes have one tensor under two names; if one of them is then
changed in place and the other is read, the graph cannot know what it holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from mslearn.core.parameter import Parameter
from mslearn.core.state import state
from mslearn.core.tensor import Tensor

_PYTHON = (bool, int, float)


class Number(Tensor):
    """A scalar in a graph that eager code would have as a Python number."""

    __slots__ = ()
    weak = True

    @staticmethod
    def of(tensor: Tensor) -> Number:
        """The same value as a number."""
        number: Number = Tensor.__new__(Number)
        number._value = tensor._value
        return number


def _operator(name: str) -> Any:
    plain = getattr(Tensor, name)

    def run(self: Number, other: Any) -> Any:
        out = plain(self, other)
        weak = isinstance(other, Number) or type(other) in _PYTHON
        return Number.of(out) if weak and isinstance(out, Tensor) else out

    run.__name__ = name
    return run


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow"):
    setattr(Number, f"__{_name}__", _operator(f"__{_name}__"))
    setattr(Number, f"__r{_name}__", _operator(f"__r{_name}__"))
    setattr(Number, f"__i{_name}__", getattr(Number, f"__{_name}__"))  # numbers never change
Number.__neg__ = lambda self: Number.of(Tensor.__neg__(self))  # type: ignore[method-assign]


# -- handles that may be one --------------------------------------------------------------------


class Kin:
    """Pairs of handles of which eager code might have only one, with what they held."""

    def __init__(self) -> None:
        self._pairs: dict[int, list[tuple[Tensor, Tensor, Any, Any]]] = {}
        self._lost: dict[int, Tensor] = {}  # parted inside a branch: nobody knows what they hold

    @contextmanager
    def branch(self) -> Iterator[None]:
        """What is noted inside is forgotten afterwards, but for what `end` has kept."""
        before = self._pairs, self._lost
        self._pairs, self._lost = {k: [*v] for k, v in self._pairs.items()}, {**self._lost}
        try:
            yield
        finally:
            self._pairs, self._lost = before

    def end(self, capture: Any) -> Kin:
        """How things stand at the end of a branch, for `join`."""
        now = Kin()
        now._pairs = self._pairs
        owners = {k: entries[0][0] for k, entries in self._pairs.items()} | self._lost
        now._lost = {k: t for k, t in owners.items() if capture.parted(t)}
        return now

    def join(self, inner: Kin, made: Sequence[Tensor], sources: Sequence[Any]) -> None:
        """A branch has ended: ``made[i]`` may be what was ``sources[i]`` there (None: surely new).

        Two of `made` with one source may be one tensor, too.
        """
        self._lost.update(inner._lost)
        seen: dict[int, list[Tensor]] = {}
        for tensor, source in zip(made, sources, strict=False):
            if isinstance(source, Tensor):
                more = [entry[1] for entry in inner._pairs.get(id(source), ())]
                for other in (source, *more, *seen.get(id(source), ())):
                    self._add(tensor, other)
                seen.setdefault(id(source), []).append(tensor)

    def _add(self, a: Tensor, b: Tensor) -> None:
        if a is b or a.weak or b.weak:
            return
        if isinstance(b, Parameter):
            state.capture.read(b)  # so that it has its value of this graph
        for one, two in ((a, b), (b, a)):
            entry = (one, two, two._value, state.capture)
            self._pairs.setdefault(id(one), []).append(entry)

    def parted(self, tensor: Tensor, capture: Any, inputs: dict[int, Any]) -> bool:
        """Whether a tensor that may be `tensor` has been changed in place since.

        Args:
            capture: the one that runs.
            inputs: its input for each value of the graphs around it, by id.
        """
        if id(tensor) in self._lost:
            return True
        for _, other, value, where in self._pairs.get(id(tensor), ()):
            if isinstance(other, Parameter) and where is not capture:
                continue  # its value differs from one piece of the graph to the next
            now = other._value
            if inputs.get(id(now), now) is not inputs.get(id(value), value):
                return True
        return False

    def owned(self, tensor: Tensor) -> bool:
        """Whether `tensor` may be a Parameter, which a change would have to reach."""
        return any(isinstance(entry[1], Parameter) for entry in self._pairs.get(id(tensor), ()))
