"""What of a scene is visible while scopes are folded. The front end does the same in its own words.

Drawn things have keys: ``("n", node id)`` and ``("s", scope id)``.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

Key = tuple[str, int]
LIMIT = 40  # what a reader takes in at first sight
PARTS = ("then", "else", "condition", "body", "back")  # of control flow


@dataclass
class Bundle:
    """All edges between two drawn things."""

    count: int = 0
    shapes: list[str] = field(default_factory=list)

    @property
    def label(self) -> str:
        shape = self.shapes[0] if len(self.shapes) == 1 else ""
        return f"{shape} ×{self.count}".strip() if self.count > 1 else shape


@dataclass
class Folded:
    """Visible things with the frame around each (-1: none), and the bundled edges.

    `times` says of a scope that stands for identical neighbours how many they are.
    """

    items: dict[Key, int]
    bundles: dict[tuple[Key, Key], Bundle]
    unfolded: set[int]
    times: dict[Key, int] = field(default_factory=dict)


def fold(
    scene: dict[str, Any],
    unfolded: set[int],
    backward: bool = False,
    apart: Collection[int] = (),
) -> Folded:
    """The visible part of `scene` when only the scopes `unfolded` are open.

    Identical neighbours are one folded thing, unless the first of them is in `apart`.
    """
    hider: list[int] = []
    items: dict[Key, int] = {}
    times: dict[Key, int] = {}
    used = _used(scene)
    first = {
        k: run[0] for run in identical(scene) if run[0] not in apart for k in run
    }  # scope to the first of its run
    for scope in scene["scopes"]:
        above = -1 if scope["parent"] < 0 else hider[scope["parent"]]
        k = scope["id"]
        block = first.get(k, -1)
        own = block if block >= 0 else -1 if k in unfolded else k
        hider.append(above if above >= 0 else own)
        if above >= 0 or not used[k] or (scope["phase"] == "backward" and not backward):
            continue
        if block < 0 or block == k:
            items["s", k] = scope["parent"]
        if block >= 0:
            times["s", block] = times.get(("s", block), 0) + 1
    place: list[Key | None] = []
    for node in scene["nodes"]:
        if node["phase"] == "backward" and not backward:
            place.append(None)
            continue
        by = hider[node["scope"]] if node["scope"] >= 0 else -1
        key = ("s", by) if by >= 0 else ("n", node["id"])
        if by < 0:
            items[key] = node["scope"]
        place.append(key)
    bundles: dict[tuple[Key, Key], Bundle] = {}
    for source, output, target, _ in scene["edges"]:
        a, b = place[source], place[target]
        if a is None or b is None or a == b:
            continue
        bundle = bundles.setdefault((a, b), Bundle())
        bundle.count += 1
        shape = shape_text(scene["nodes"][source]["outputs"][output]["shape"])
        if shape not in bundle.shapes:
            bundle.shapes.append(shape)
    return Folded(items, bundles, unfolded - set(first), times)


def identical(scene: dict[str, Any]) -> list[list[int]]:
    """Runs of three and more neighbouring scopes with the same operators, shapes and scopes."""
    scopes = scene["scopes"]
    inside: list[list[str]] = [[] for _ in scopes]
    for node in scene["nodes"]:
        if node["scope"] >= 0:
            what = node["op"] if node["kind"] == "op" else node["kind"]
            inside[node["scope"]].append(what + shape_text(node["outputs"][0]["shape"]))
    children: dict[int, list[int]] = {}
    for scope in scopes:
        children.setdefault(scope["parent"], []).append(scope["id"])
    alike: dict[tuple[Any, ...], int] = {}
    looks = [0] * len(scopes)
    for scope in reversed(scopes):  # children come after their parents
        k = scope["id"]
        # Names hold the position ("3-Block"); what repeats is the class after it.
        kind = re.sub(r"^[^-]*-", "", scope["name"])
        look = (kind, tuple(inside[k]), tuple(looks[c] for c in children.get(k, ())))
        looks[k] = alike.setdefault(look, len(alike))
    count = operators(scene)
    runs: list[list[int]] = []
    for siblings in children.values():
        run: list[int] = []
        for k in [*siblings, None]:
            if k is not None and run and looks[k] == looks[run[0]]:
                run.append(k)
                continue
            if len(run) >= 3 and count[run[0]] > 1:
                runs.append(run)
            run = [k] if k is not None else []
    return runs


def first_unfolded(scene: dict[str, Any], limit: int = LIMIT) -> list[int]:
    """The scopes to open at first: outermost first, until about `limit` things are visible.

    Innermost scopes, the layers, stay folded: the network as a chain of layers is what one wants
    to see first. Branches and loops open with their parts, so small ones are seen at once.
    Identical neighbours are one thing. Forward and backward have a budget of their own each.
    """
    scopes = scene["scopes"]
    alike = identical(scene)
    gathered = {k for run in alike for k in run}
    children: dict[int, list[int]] = {}
    size = [0] * len(scopes)  # things directly inside
    for scope in scopes:
        children.setdefault(scope["parent"], []).append(scope["id"])
        if scope["parent"] >= 0:
            size[scope["parent"]] += 1
    for run in alike:
        if scopes[run[0]]["parent"] >= 0:
            size[scopes[run[0]]["parent"]] -= len(run) - 1
    loose = {"forward": 0, "backward": 0}
    for node in scene["nodes"]:
        if node["scope"] >= 0:
            size[node["scope"]] += 1
        else:
            loose[node["phase"]] += 1
    parts = {k: [c for c in children.get(k, []) if _is_part(scopes[c])] for k in children}
    for k, inside in parts.items():
        if k >= 0:
            size[k] += sum(size[c] for c in inside)
    opened: list[int] = []
    for phase in ("forward", "backward"):
        front = [k for k in children.get(-1, []) if scopes[k]["phase"] == phase]
        visible = loose[phase] + len(front)
        while front:
            following: list[int] = []
            for k in front:
                if k in gathered or not children.get(k) or visible + size[k] - 1 > limit:
                    continue
                opened += [k, *parts[k]]
                visible += size[k] - 1
                following += [c for c in children[k] if c not in parts[k]]
                following += [c for part in parts[k] for c in children.get(part, [])]
            front = following
    return sorted(opened)


def _is_part(scope: dict[str, Any]) -> bool:
    """Whether a scope is a branch of an ``if``, or the condition or body of a loop."""
    return "control" in scope and scope["control"]["kind"] in PARTS


def shape_text(shape: list[int]) -> str:
    return "×".join(map(str, shape)) if shape else "·"


def _used(scene: dict[str, Any]) -> list[int]:
    """Number of nodes of any kind inside each scope, with everything below."""
    used = [0] * len(scene["scopes"])
    for node in scene["nodes"]:
        if node["scope"] >= 0:
            used[node["scope"]] += 1
    for scope in reversed(scene["scopes"]):
        if scope["parent"] >= 0:
            used[scope["parent"]] += used[scope["id"]]
    return used


def operators(scene: dict[str, Any]) -> list[int]:
    """Number of operators inside each scope, with everything below."""
    count = [0] * len(scene["scopes"])
    for node in scene["nodes"]:
        if node["scope"] >= 0 and node["kind"] == "op":
            count[node["scope"]] += 1
    for scope in reversed(scene["scopes"]):
        if scope["parent"] >= 0:
            count[scope["parent"]] += count[scope["id"]]
    return count
