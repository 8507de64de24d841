"""A chart of a long training: frames stay short and the page's memory stays what it is.

Short versions of benchmarks/stream_frames.py and stream_soak.py.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from insight.streaming import Page, open_stream

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with open_stream(tmp_path_factory.mktemp("stream")) as opened:
        yield opened


def test_what_is_drawn_is_what_is_seen_and_once_a_frame(page: Page) -> None:
    page.stream(1_200_000, 6)
    times, painted, pieces = page.drawn(6)
    told("a million points stream", times, painted, pieces)
    page.wait_for_step(599_999)
    # Two plots, and at most four pieces of a line in each column of pixels.
    assert 0 < painted <= 2 * (len(times) + 2)
    assert pieces <= 4 * 1280 * painted
    # A frame takes as long as with a few points; another program may disturb some of the tries.
    ends = 600_000
    for k in range(8):
        page.stream(4_000, 2, first=2_000 * k, chart="small")
        few = np.median(page.frames(2))
        page.stream(4_000, 2, first=ends)
        times, painted, pieces = page.drawn(2)
        told(f"2,000 points a second, beside {few:.1f} ms in a small chart", times, painted, pieces)
        assert 0 < painted <= 2 * (len(times) + 2) and pieces <= 4 * 1280 * painted
        ends += 2_000
        if np.median(times) <= 2 * few + 10:
            break
    else:
        raise AssertionError("every frame takes longer where there are many points")


def told(what: str, times: list[float], painted: int, pieces: int) -> None:
    print(f"{what}: frames of {np.median(times):.1f} ms, {painted / len(times):.2f} plots a frame, "
          f"{pieces / max(painted, 1):.0f} pieces a plot")  # fmt: skip


LEAST = {"heap": 4.0, "arrays": 4.0, "nodes": 100.0, "listeners": 100.0}


def test_memory_stays_flat(page: Page) -> None:
    # Full: the oldest points are thinned out from here on, and another 600,000 would be 14 MiB.
    more(page, 900_000, 1.5)
    grown: list[dict[str, float]] = []
    # What leaks grows every time. Arrays grow also where a batch was the largest so far, and the
    # heap where something was compiled, but neither goes on.
    for _ in range(8):
        before = page.memory()
        more(page, 600_000, 4)
        after = page.memory()
        grown.append({name: after[name] - before[name] for name in after})
        if all(min(g[name] for g in grown) <= most for name, most in LEAST.items()):
            return
    raise AssertionError(f"the page grows: {grown}")


def more(page: Page, points: int, seconds: float) -> None:
    """Stream so many points behind the last one, and wait for them."""
    first = page.last_step() + 1
    page.stream(points, seconds, first=first)
    page.wait_for_step(first + points // 2 - 1)
