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


def test_frames_are_short_while_a_million_points_stream(page: Page) -> None:
    page.stream(1_200_000, 6)
    times = page.frames(6)
    page.wait_for_step(599_999, 60)
    assert np.median(times) <= 33.4
    page.stream(4_000, 2, first=600_000)
    assert np.median(page.frames(2)) <= 33.4


def test_memory_stays_flat(page: Page) -> None:
    # Arrays have room for the largest batch that came before the old points were thinned out; so
    # larger ones come first than those that are measured.
    more(page, 900_000, 1.5)
    before = page.memory()
    more(page, 600_000, 4)
    after = page.memory()
    # 600,000 points more would be 14 MiB.
    assert after["arrays"] <= before["arrays"] + 4
    assert after["heap"] <= before["heap"] + 4
    assert after["nodes"] <= before["nodes"] + 100
    assert after["listeners"] <= before["listeners"] + 100


def more(page: Page, points: int, seconds: float) -> None:
    """Stream so many points behind the last one, and wait for them."""
    first = page.last_step() + 1
    page.stream(points, seconds, first=first)
    page.wait_for_step(first + points // 2 - 1, 60)
