"""Merge a new release of a notebook into the learner's, cell by cell, by the cells' ids.

Three versions take part: what the learner was given (only the hash of each cell's source is kept),
what the learner has now, and the new release. A cell that only one side changed follows that side.
Where both changed it, both are kept: the learner's first, the new one below it, marked as new.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Iterable
from typing import Any

Notebook = dict[str, Any]
Cell = dict[str, Any]

_NEW = {
    ("code", "en"): "# New in this release. Your own version is the cell above.\n",
    ("code", "zh"): "# 新版本的内容；你自己的版本在上一个单元格。\n",
    ("markdown", "en"): "*New in this release; your own version is above.*\n\n",
    ("markdown", "zh"): "*新版本的内容；你自己的版本在上面。*\n\n",
}


def read(content: bytes) -> Notebook | None:
    """A notebook all of whose cells have ids of their own, or None."""
    try:
        book = json.loads(content)
        ids = [cell["id"] for cell in book["cells"]]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    whole = isinstance(book, dict) and all(isinstance(i, str) for i in ids)
    return book if whole and len(set(ids)) == len(ids) else None


def cell_hashes(book: Notebook) -> dict[str, str]:
    """Hash of every cell's kind and source, by id."""
    return {cell["id"]: _hash(cell) for cell in book["cells"]}


def merge(mine: Notebook, new: Notebook, given: dict[str, str]) -> tuple[Notebook, list[str]]:
    """The merged notebook, and the ids of the cells of which both versions were kept.

    Args:
        mine: the learner's notebook. new: the release's. given: `cell_hashes` of what the learner
            was given before.
    """
    own = {cell["id"]: cell for cell in mine["cells"]}
    released = {cell["id"] for cell in new["cells"]}
    conflicts: list[str] = []
    # What follows each released cell: the learner's own cells, in their order.
    kept: dict[str | None, list[Cell]] = {}
    anchor: str | None = None
    for cell in mine["cells"]:
        if cell["id"] in released:
            anchor = cell["id"]
        elif given.get(cell["id"]) != _hash(cell):  # added by the learner, or changed and removed
            kept.setdefault(anchor, []).append(cell)
    cells = list(kept.get(None, ()))
    language = new.get("metadata", {}).get("mslearn", {}).get("language", "en")
    taken = set(own) | released
    for cell in new["cells"]:
        id = cell["id"]
        if id not in own:
            # A cell that the learner deleted stays away, unless the release changed it.
            if given.get(id) != _hash(cell):
                cells.append(cell)
        elif _hash(own[id]) in (_hash(cell), given.get(id)):
            cells.append(_keep_outputs(cell, own[id]))
        elif given.get(id) == _hash(cell):
            cells.append(own[id])
        else:
            conflicts.append(id)
            cells += [own[id], _marked(cell, language, taken)]
        cells += kept.get(id, ())
    return {**new, "cells": cells}, conflicts


def _keep_outputs(new: Cell, own: Cell) -> Cell:
    """The released cell, with what the learner's run of the same source gave."""
    if _hash(new) != _hash(own) or new["cell_type"] != "code":
        return new
    return {**new, **{key: own[key] for key in ("outputs", "execution_count") if key in own}}


def _marked(cell: Cell, language: str, taken: set[str]) -> Cell:
    marked = copy.deepcopy(cell)
    marked["id"] = _free(f"{cell['id'][:56]}-new", taken)
    marked["source"] = _NEW.get((cell["cell_type"], language), "") + _source(cell)
    metadata = marked.setdefault("metadata", {})
    metadata.pop("nbgrader", None)  # a grade id may not come twice
    metadata["tags"] = [*metadata.get("tags", []), "mslearn-new"]
    return marked


def _free(id: str, taken: set[str]) -> str:
    names: Iterable[str] = (id if k == 1 else f"{id}-{k}" for k in range(1, 1000))
    found = next(name for name in names if name not in taken)
    taken.add(found)
    return found


def _source(cell: Cell) -> str:
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def _hash(cell: Cell) -> str:
    text = f"{cell.get('cell_type')}\0{_source(cell).rstrip()}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]
