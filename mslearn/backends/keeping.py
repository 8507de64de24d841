"""Parameters whose numbers stay with an executable from step to step.

A training step updates every Parameter, and mostly nobody looks at them before the next step. So
an executable that is a `Keeper` does not hand them back: their handles stay empty, and the first
look at one asks for its numbers (`Parameter.__getattr__`). A step then costs nothing on the host
for what nobody looks at, and nothing comes back from a device. What was looked at, or assigned,
is brought in again before the next run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mslearn.core.parameter import Parameter
from mslearn.core.state import LOCK as LOCK


class Keeper:
    """Base class of executables that keep Parameters; `keep` begins it.

    Attributes:
        kept: the Parameters that it updates.
        looked_at: the places in `kept` of those whose handles hold a value.
        others: the Parameters that it only reads.
        seen: their values at the last run.
    """

    def keep(self, kept: Sequence[Parameter], others: Sequence[Parameter]) -> None:
        """From now on `kept` are kept; each still has its numbers until `bring_all`."""
        self.kept, self.others = list(kept), list(others)
        self.looked_at = list(range(len(self.kept)))
        self.seen: list[Any] = [None] * len(self.others)
        self._places = {id(p): i for i, p in enumerate(self.kept)}
        self._forms = [_form(p._value) for p in self.kept]
        self._forms_of_others = [_form(p._value) for p in self.others]

    def present(self, place: int) -> np.ndarray:
        """The numbers of a kept Parameter, for its handle."""
        raise NotImplementedError

    def bring(self, place: int, array: np.ndarray) -> None:
        """Take these numbers, which may be the very array that `present` gave."""
        raise NotImplementedError

    def hand_over(self, parameter: Parameter) -> np.ndarray:
        """Fill an empty handle; returns its numbers."""
        with LOCK:
            if vars(parameter).get("_keeper") is self:  # no other thread was first
                place = self._places[id(parameter)]
                self.looked_at.append(place)  # first: a run that ends just now will see it
                parameter._value = self.present(place)
                del vars(parameter)["_keeper"]  # last: until now others come here and wait
            return parameter._value  # type: ignore[no-any-return]

    def fits(self) -> bool:
        """Whether all Parameters have the shapes and dtypes of the graph."""
        for place in self.looked_at:
            if _form(self.kept[place]._value) != self._forms[place]:
                return False
        read = zip(self.others, self.seen, self._forms_of_others)  # noqa: B905
        for parameter, array, form in read:
            value = parameter._value
            if value is not array and _form(value) != form:
                return False
        return True

    def bring_all(self) -> None:
        """Before a run: take what was looked at or assigned, and empty the handles."""
        with LOCK:
            for place in self.looked_at:
                self.bring(place, self.kept[place]._value)
            self.empty()

    def empty(self) -> None:
        """Empty all handles, whatever they hold: the present numbers are here. (Needs `LOCK`.)"""
        for place in set(self.looked_at):
            parameter = self.kept[place]
            vars(parameter)["_keeper"] = self  # before the value goes: Ctrl-C may come between
            del parameter._value
        self.looked_at.clear()

    def release(self) -> None:
        """Fill all handles again."""
        for parameter in self.kept:
            parameter._value  # noqa: B018 (a look is what fills it)


def _form(value: Any) -> tuple[Any, Any]:
    return value.shape, value.dtype
