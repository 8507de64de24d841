"""Where the lessons are, and each day's source, module and notebooks."""

import importlib
import importlib.util
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LESSONS = ROOT / "lessons"
DAYS = sorted(path.stem for path in (LESSONS / "src").glob("day*.md"))


@pytest.fixture(scope="session")
def builder():
    """tools/build_lessons.py as a module."""
    spec = importlib.util.spec_from_file_location("build_lessons", ROOT / "tools/build_lessons.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["build_lessons"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(params=DAYS)
def day(request):
    return request.param


@pytest.fixture
def exercises(day):
    return importlib.import_module(f"mslearn.camp.days.{day}").EXERCISES
