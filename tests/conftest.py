"""For every test: nothing of the developer's own camp is read or written, and nothing is chance."""

from __future__ import annotations

import os
import tempfile
from types import ModuleType
from typing import Any

import hypothesis
import numpy as np
import pytest

import mslearn.dataset as ds
from mslearn.core import random

# The same examples everywhere, however slow the machine is.
hypothesis.settings.register_profile(
    "the same everywhere", derandomize=True, deadline=None, database=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)  # fmt: skip
hypothesis.settings.load_profile("the same everywhere")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtestloop(session: pytest.Session):
    """Processes that tests start inherit this home, too; a test may still choose its own."""
    with tempfile.TemporaryDirectory(prefix="mslearn-tests-") as home:
        os.environ["MSLEARN_HOME"] = os.path.join(home, "mslearn-home")
        os.environ["MSLEARN_CAMP_DIR"] = os.path.join(home, "mslearn-camp")
        for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
            os.environ[name] = os.path.join(home, name.lower())
        os.environ.pop("MSLEARN_LANG", None)
        return (yield)


_begun: dict[ModuleType, list[tuple[Any, Any]]] = {}  # modules' own generators, and their states


def _seed(module: ModuleType | None = None) -> None:
    """Start all random numbers anew, as in a fresh process but for the seed, which is ours.

    Without it a test that sets no seed would draw other weights in every run, or others when
    another test ran before it.
    """
    random.restore((None, (1, 0), (1, 0)))
    ds.config.set_seed(1)  # NumPy's and Python's generators, too
    for bits, state in _begun.get(module, ()) if module is not None else ():
        bits.state = state


def pytest_collectstart() -> None:
    _seed()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for module in {item.module for item in items if isinstance(item, pytest.Function)}:
        own = [v.bit_generator for v in vars(module).values() if isinstance(v, np.random.Generator)]
        _begun[module] = [(bits, bits.state) for bits in own]


def pytest_fixture_setup(fixturedef: pytest.FixtureDef, request: pytest.FixtureRequest) -> None:
    if fixturedef.scope != "function":
        _seed(getattr(request, "module", None))


@pytest.fixture(autouse=True)
def _same_numbers_in_every_run(request: pytest.FixtureRequest) -> None:
    _seed(getattr(request, "module", None))
