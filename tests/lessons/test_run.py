"""Both notebooks run top to bottom, offline, in time, and give the outputs that are stored."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import matplotlib.font_manager  # noqa: F401  looks for fonts once; a lesson would tell of it
import pytest
from waiting import LONG

from mslearn.camp import catalog

ROOT = Path(__file__).resolve().parents[2]
LESSONS = ROOT / "lessons"


SANITIZE = Path(__file__).with_name("sanitize.cfg")
# nbval gives a cell's outputs 5 s to arrive when it has ended, which no option changes.
PATIENCE = f"""
def pytest_collection_modifyitems(items):
    for cell in items:
        assert cell.output_timeout
        cell.output_timeout = {LONG}
"""


def test_every_rule_is_read():
    """nbval passes over a rule with an empty replacement, for one, and compares to the letter."""
    from nbval.plugin import get_sanitize_patterns

    text = SANITIZE.read_text("utf-8")
    rules = get_sanitize_patterns(text)
    assert len(rules) == len(re.findall("(?m)^regex:", text)) > 20
    for pattern, _ in rules:
        re.compile(pattern)


def cpu_seconds() -> float:
    """What ended children of this process, and theirs, have computed."""
    used = os.times()
    return used.children_user + used.children_system


@pytest.mark.parametrize("language", catalog.LANGUAGES)
def test_nbval(builder, day, language, tmp_path):
    """Run through nbval on a copy in a folder of the same name, as a learner's would be."""
    (tmp_path / language).mkdir()
    path = shutil.copy(LESSONS / catalog.day(day).path(language), tmp_path / language)
    (tmp_path / "conftest.py").write_text(PATIENCE, "utf-8")
    env = dict(os.environ, **builder.ENVIRONMENT, MSLEARN_HOME=str(tmp_path / "home"))
    here = os.path.dirname(os.path.abspath(__file__))
    env["PYTHONPATH"] = os.pathsep.join(
        [os.path.join(here, "no_network"), str(ROOT), *filter(None, [env.get("PYTHONPATH")])]
    )
    for name in ("JPY_SESSION_NAME", "MSLEARN_LANG", "PYTEST_ADDOPTS"):
        env.pop(name, None)
    begin = cpu_seconds()
    done = subprocess.run(
        [
            sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "--tb=short", "-q",
            "--nbval-cell-timeout=600", "--nbval-kernel-startup-timeout=240",
            f"--nbval-sanitize-with={SANITIZE}",
            "-p", "no:cacheprovider", "--rootdir", str(tmp_path), "-c", os.devnull, path,
        ],
        cwd=tmp_path, env=env, capture_output=True, text=True, timeout=1800, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert "passed" in done.stdout and "skipped" not in done.stdout
    # Computing, not waiting: another program may have the core. On Windows nobody counts it.
    assert cpu_seconds() - begin <= 90, "the lesson must run in 60 s on an idle machine"
