"""A layered layout without any library, for the picture in a saved notebook.

Every unfolded scope is laid out by itself, from the innermost outwards, and then stands as one
box among its siblings. The same graph gives the same picture, to the last digit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .graph_fold import Folded, Key

_ROW, _COLUMN = 34, 20  # between layers (room for an edge's label), between neighbours
_PAD, _TITLE = 14, 24  # inside a frame


@dataclass
class Box:
    """Left, top, width, height."""

    x: float
    y: float
    w: float
    h: float


def layout(
    scene: dict[str, Any],
    folded: Folded,
    sizes: dict[Key, tuple[float, float]],
    titles: dict[Key, float],
) -> tuple[dict[Key, Box], float, float]:
    """Positions of everything visible.

    Args:
        scene, folded: what to draw.
        sizes: width and height of nodes and folded scopes.
        titles: width of the title of every frame.

    Returns:
        The boxes by key, and the width and height of the whole.
    """
    return _Layout(scene, folded, sizes, titles).run()


class _Layout:
    def __init__(
        self,
        scene: dict[str, Any],
        folded: Folded,
        sizes: dict[Key, tuple[float, float]],
        titles: dict[Key, float],
    ) -> None:
        self.scene, self.folded = scene, folded
        self.sizes, self.titles = dict(sizes), titles
        self.inside: dict[int, list[Key]] = {}
        for key, frame in folded.items.items():
            self.inside.setdefault(frame, []).append(key)
        self.rank = self._order()
        self.local: dict[Key, tuple[float, float]] = {}
        self.links: dict[int, dict[tuple[Key, Key], int]] = {}
        self._lift_edges()

    def run(self) -> tuple[dict[Key, Box], float, float]:
        # Parents come before children in the list of scopes: go through it from the end.
        for scope in reversed(self.scene["scopes"]):
            key = ("s", scope["id"])
            if key in self.folded.items and scope["id"] in self.folded.unfolded:
                w, h = self._arrange(scope["id"])
                self.sizes[key] = (max(w, self.titles[key]) + 2 * _PAD, h + _PAD + _TITLE)
                shift = max(0.0, (self.titles[key] - w) / 2)
                for child in self.inside.get(scope["id"], []):
                    x, y = self.local[child]
                    self.local[child] = (x + _PAD + shift, y + _TITLE)
        w, h = self._arrange(-1)
        boxes: dict[Key, Box] = {}
        for key, frame in self._outside_in():
            x, y = self.local[key]
            if frame >= 0:
                outer = boxes["s", frame]
                x, y = x + outer.x, y + outer.y
            boxes[key] = Box(x, y, *self.sizes[key])
        return boxes, w, h

    def _outside_in(self) -> list[tuple[Key, int]]:
        frames = [i for i in self.folded.items.items() if i[0][0] == "s"]
        return frames + [i for i in self.folded.items.items() if i[0][0] == "n"]

    def _order(self) -> dict[Key, int]:
        """When each thing first appears: the order of execution."""
        rank: dict[Key, int] = {}
        for node in self.scene["nodes"]:
            rank[("n", node["id"])] = node["id"]
            scope = node["scope"]
            while scope >= 0 and ("s", scope) not in rank:
                rank["s", scope] = node["id"]
                scope = self.scene["scopes"][scope]["parent"]
        return rank

    def _chain(self, key: Key) -> list[tuple[int, Key]]:
        """(frame, thing directly in it that holds `key`), from the inside out."""
        chain = []
        while True:
            frame = self.folded.items[key]
            chain.append((frame, key))
            if frame < 0:
                return chain
            key = ("s", frame)

    def _lift_edges(self) -> None:
        for (a, b), bundle in self.folded.bundles.items():
            above = dict(self._chain(b))
            for frame, source in self._chain(a):
                if frame in above:
                    links = self.links.setdefault(frame, {})
                    links[source, above[frame]] = (
                        links.get((source, above[frame]), 0) + bundle.count
                    )
                    break

    def _arrange(self, frame: int) -> tuple[float, float]:
        """Place what is directly in `frame`; returns the size of the whole."""
        members = sorted(self.inside.get(frame, []), key=lambda k: self.rank[k])
        known = set(members)
        after: dict[Key, list[Key]] = {k: [] for k in members}
        before: dict[Key, list[Key]] = {k: [] for k in members}
        for a, b in self.links.get(frame, {}):
            # A scope that is used twice makes a circle: the edge against the order is left out.
            if a in known and b in known and self._earlier(a, b):
                after[a].append(b)
                before[b].append(a)
        layer = dict.fromkeys(members, 0)
        for k in sorted(members, key=self._moment):
            for b in after[k]:
                layer[b] = max(layer[b], layer[k] + 1)
        for k in members:  # a weight stands directly above the operator that uses it
            if not before[k] and after[k]:
                layer[k] = min(layer[b] for b in after[k]) - 1
        rows: dict[int, list[Key]] = {}
        for k in members:
            rows.setdefault(layer[k], []).append(k)
        return self._place(rows, before, after)

    def _moment(self, key: Key) -> tuple[int, int]:
        # Leaves are recorded just before their first user, but may be used by earlier scopes.
        leaf = key[0] == "n" and self.scene["nodes"][key[1]]["kind"] != "op"
        return (0 if leaf else 1, self.rank[key])

    def _earlier(self, a: Key, b: Key) -> bool:
        return self._moment(a) < self._moment(b)

    def _place(
        self,
        rows: dict[int, list[Key]],
        before: dict[Key, list[Key]],
        after: dict[Key, list[Key]],
    ) -> tuple[float, float]:
        size, centre = self.sizes, {}
        levels = sorted(rows)
        for n in levels:
            x = 0.0
            for k in rows[n]:
                centre[k] = x + size[k][0] / 2
                x += size[k][0] + _COLUMN
            for k in rows[n]:
                centre[k] -= (x - _COLUMN) / 2
        for sweep in range(6):
            down = sweep % 2 == 0
            near = before if down else after
            for n in levels if down else levels[::-1]:
                wish = {
                    k: sum(centre[j] for j in near[k]) / len(near[k]) if near[k] else centre[k]
                    for k in rows[n]
                }
                row = rows[n] = sorted(rows[n], key=lambda k: (wish[k], self.rank[k]))
                _settle(row, wish, size, centre)
        left = min((centre[k] - size[k][0] / 2 for k in centre), default=0.0)
        right = max((centre[k] + size[k][0] / 2 for k in centre), default=0.0)
        y = 0.0
        for n in levels:
            height = max(size[k][1] for k in rows[n])
            for k in rows[n]:
                self.local[k] = (centre[k] - size[k][0] / 2 - left, y + (height - size[k][1]) / 2)
            y += height + _ROW
        return right - left, max(y - _ROW, 0.0)


def _settle(
    row: list[Key],
    wish: dict[Key, float],
    size: dict[Key, tuple[float, float]],
    centre: dict[Key, float],
) -> None:
    """As near to the wishes as the widths allow: overlapping neighbours become one block."""
    blocks: list[tuple[list[Key], float, float]] = []  # members, mean left edge, width
    for k in row:
        block = ([k], wish[k] - size[k][0] / 2, size[k][0])
        while blocks and blocks[-1][1] + blocks[-1][2] + _COLUMN > block[1]:
            others, left, width = blocks.pop()
            shifted = block[1] - width - _COLUMN
            n, m = len(others), len(block[0])
            block = (
                others + block[0],
                (left * n + shifted * m) / (n + m),
                width + _COLUMN + block[2],
            )
        blocks.append(block)
    for keys, left, _ in blocks:
        for k in keys:
            centre[k] = left + size[k][0] / 2
            left += size[k][0] + _COLUMN
