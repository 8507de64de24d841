"""A layered layout without any library, for the picture in a saved notebook.

Every unfolded scope is laid out by itself, from the innermost outwards, and then stands as one
box among its siblings. A line that passes a row without stopping there gets a lane of its own in
it (Sugiyama's virtual nodes). The same graph gives the same picture, to the last digit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .graph_fold import Folded, Key

_ROW, _COLUMN = 34, 20  # between layers (room for an edge's label), between neighbours
_PAD, _TITLE = 14, 24  # inside a frame
_LANE = 10  # width of a lane for a line that passes by

Point = tuple[float, float]
Pair = tuple[Key, Key]


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
) -> Layout:
    """Positions of everything visible.

    Args:
        scene, folded: what to draw.
        sizes: width and height of nodes and folded scopes.
        titles: width of the title of every frame.

    Returns:
        The boxes by key, the points that each line passes, and the size of the whole.
    """
    return _Layout(scene, folded, sizes, titles).run()


@dataclass
class Layout:
    boxes: dict[Key, Box]
    lanes: dict[Pair, list[Point]]
    w: float
    h: float


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
        self.local: dict[Key, Point] = {}
        self.all_in: dict[int, list[Key]] = {}  # members and lanes of each frame
        self.near_up: dict[Key, list[Key]] = {}
        self.near_down: dict[Key, list[Key]] = {}
        # For each frame: (source, target) among its members, None outside, and the lines there.
        self.links: dict[int, dict[tuple[Key | None, Key | None], list[Pair]]] = {}
        self.passing: dict[Pair, dict[int, list[Key]]] = {}  # lanes by frame, along the line
        self.rows_at: dict[Key, tuple[float, float]] = {}
        self._lift_edges()

    def run(self) -> Layout:
        # Parents come before children in the list of scopes: go through it from the end.
        for scope in reversed(self.scene["scopes"]):
            key = ("s", scope["id"])
            if key in self.folded.items and scope["id"] in self.folded.unfolded:
                w, h = self._arrange(scope["id"])
                self.sizes[key] = (max(w, self.titles[key]) + 2 * _PAD, h + _PAD + _TITLE)
                shift = max(0.0, (self.titles[key] - w) / 2)
                for child in self.all_in[scope["id"]]:
                    x, y = self.local[child]
                    self.local[child] = (x + _PAD + shift, y + _TITLE)
        w, h = self._arrange(-1)
        boxes: dict[Key, Box] = {}
        for key, frame in self._outside_in():
            x, y = self._absolute(key, frame, boxes)
            boxes[key] = Box(x, y, *self.sizes[key])
        lanes: dict[Pair, list[Point]] = {}
        for pair, stages in self.passing.items():
            points = lanes[pair] = []
            for frame, virtual in stages.items():
                for k in virtual:
                    x, y = self._absolute(k, frame, boxes)
                    top, bottom = self.rows_at[k]
                    points += [(x + _LANE / 2, y + top), (x + _LANE / 2, y + bottom)]
        return Layout(boxes, lanes, w, h)

    def _absolute(self, key: Key, frame: int, boxes: dict[Key, Box]) -> Point:
        x, y = self.local[key]
        if frame < 0:
            return x, y
        return x + boxes["s", frame].x, y + boxes["s", frame].y

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
        """Cut every line into its parts: out of frames, between siblings, into frames."""
        for pair in self.folded.bundles:
            out, into = self._chain(pair[0]), self._chain(pair[1])
            while len(out) > 1 and len(into) > 1 and out[-1] == into[-1]:
                out.pop()
                into.pop()
            parts: list[tuple[int, Key | None, Key | None]] = []
            parts += [(frame, thing, None) for frame, thing in out[:-1]]
            parts.append((out[-1][0], out[-1][1], into[-1][1]))
            parts += [(frame, None, thing) for frame, thing in reversed(into[:-1])]
            self.passing[pair] = {frame: [] for frame, _, _ in parts}
            for frame, a, b in parts:
                self.links.setdefault(frame, {}).setdefault((a, b), []).append(pair)

    def _arrange(self, frame: int) -> tuple[float, float]:
        """Place what is directly in `frame`; returns the size of the whole."""
        members = sorted(self.inside.get(frame, []), key=lambda k: self.rank[k])
        links = self.links.get(frame, {})
        after: dict[Key, list[Key]] = {k: [] for k in members}
        before: dict[Key, list[Key]] = {k: [] for k in members}
        for a, b in links:
            # A scope that is used twice makes a circle: the edge against the order is left out.
            if a is not None and b is not None and self._earlier(a, b):
                after[a].append(b)
                before[b].append(a)
        layer = dict.fromkeys(members, 0)
        for k in sorted(members, key=self._moment):
            for b in after[k]:
                layer[b] = max(layer[b], layer[k] + 1)
        for k in members:  # a weight stands directly above the operator that uses it
            if not before[k] and after[k] and self._is_leaf(k):
                layer[k] = min(layer[b] for b in after[k]) - 1
        rows: dict[int, list[Key]] = {}
        for k in members:
            rows.setdefault(layer[k], []).append(k)
        self._add_lanes(frame, links, layer, rows)
        return self._place(rows)

    def _add_lanes(
        self,
        frame: int,
        links: dict[tuple[Key | None, Key | None], list[Pair]],
        layer: dict[Key, int],
        rows: dict[int, list[Key]],
    ) -> None:
        self.near_up, self.near_down = {}, {}
        last = max(rows, default=-1)
        everything = self.all_in.setdefault(frame, list(self.inside.get(frame, [])))
        for (a, b), pairs in links.items():
            first = layer[a] if a is not None else -1
            stop = layer[b] if b is not None else last + 1
            chain: list[Key | None] = [a]
            for n in range(first + 1, stop):
                lane = ("lane", len(self.rank) + len(self.rows_at))
                self.sizes[lane] = (_LANE, 0)
                self.rows_at[lane] = (0.0, 0.0)
                self.rank[lane] = self.rank[b if b is not None else a]  # type: ignore[index]
                rows[n].append(lane)
                everything.append(lane)
                chain.append(lane)
            lanes = [k for k in chain[1:] if k is not None]
            for pair in pairs:
                self.passing[pair][frame] = lanes
            if first < stop:
                for up, down in zip(chain, [*chain[1:], b], strict=True):
                    if up is not None and down is not None:
                        self.near_down.setdefault(up, []).append(down)
                        self.near_up.setdefault(down, []).append(up)

    def _is_leaf(self, key: Key) -> bool:
        return key[0] == "n" and self.scene["nodes"][key[1]]["kind"] not in ("op", "port")

    def _moment(self, key: Key) -> tuple[int, int]:
        # Leaves are recorded just before their first user, but may be used by earlier scopes.
        return (0 if self._is_leaf(key) else 1, self.rank[key])

    def _earlier(self, a: Key, b: Key) -> bool:
        return self._moment(a) < self._moment(b)

    def _place(self, rows: dict[int, list[Key]]) -> tuple[float, float]:
        size, centre = self.sizes, {}
        before, after = self.near_up, self.near_down
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
                    k: sum(centre[j] for j in near[k]) / len(near[k]) if k in near else centre[k]
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
                lane = k[0] == "lane"
                inset = 0.0 if lane else (height - size[k][1]) / 2
                self.local[k] = (centre[k] - size[k][0] / 2 - left, y + inset)
                if lane:
                    self.rows_at[k] = (0.0, height)
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
