"""For every test: nothing of the developer's own camp is read or written."""

from __future__ import annotations

import os
import tempfile

import pytest


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtestloop(session: pytest.Session):
    """Processes that tests start inherit this home, too; a test may still choose its own."""
    with tempfile.TemporaryDirectory(prefix="mslearn-tests-") as home:
        os.environ["MSLEARN_HOME"] = os.path.join(home, "mslearn-home")
        os.environ["MSLEARN_CAMP_DIR"] = os.path.join(home, "mslearn-camp")
        os.environ.pop("MSLEARN_LANG", None)
        return (yield)
