"""Errors that learners meet, each with its cause and cure.

They are subclasses of the built-in errors that MindSpore raises in the same places, so code
that catches `ValueError` or `TypeError` behaves the same.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class ShapeError(ValueError, RuntimeError):
    """The shapes of an operation's inputs do not fit together.

    (MindSpore raises ValueError in some of these places and RuntimeError in others; this is both.)

    Wrong::

        nn.Dense(3, 4)(ms.ops.ones((2, 5)))     # 5 features into a layer made for 3

    Right::

        nn.Dense(5, 4)(ms.ops.ones((2, 5)))
    """


class DtypeError(TypeError):
    """An input has an element type that the operation does not take.

    Wrong::

        loss = nn.CrossEntropyLoss()(logits, ms.Tensor([0.0, 1.0]))    # class numbers as floats

    Right::

        loss = nn.CrossEntropyLoss()(logits, ms.Tensor([0, 1], ms.int32))
    """


# PyTorch's words and what they are here, by a name that the place has; see common/torch_words.py.
WORDS: dict[str, dict[str, str]] = {}


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """``" Did you mean 'Dense'?"`` when something close to `name` is known, else ``""``."""
    names = sorted(known)
    for place, words in WORDS.items():
        if place in names and name in words:
            return f" {words[name]}"
    lowered = {n.lower(): n for n in names}
    close = [lowered[n] for n in (name.lower(),) if n in lowered]
    close = close or difflib.get_close_matches(name, names, n=1)
    close = close or [lowered[n] for n in difflib.get_close_matches(name.lower(), lowered, n=1)]
    return f" Did you mean '{close[0]}'?" if close else ""
