"""Both notebooks run top to bottom, offline, in time, and give the outputs that are stored."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mslearn.camp import catalog

ROOT = Path(__file__).resolve().parents[2]
LESSONS = ROOT / "lessons"


@pytest.mark.parametrize("language", catalog.LANGUAGES)
def test_nbval(builder, day, language, tmp_path):
    """Run through nbval on a copy in a folder of the same name, as a learner's would be."""
    (tmp_path / language).mkdir()
    path = shutil.copy(LESSONS / catalog.day(day).path(language), tmp_path / language)
    env = dict(os.environ, **builder.ENVIRONMENT, MSLEARN_HOME=str(tmp_path / "home"))
    here = os.path.dirname(os.path.abspath(__file__))
    env["PYTHONPATH"] = os.pathsep.join(
        [os.path.join(here, "no_network"), str(ROOT), *filter(None, [env.get("PYTHONPATH")])]
    )
    for name in ("JPY_SESSION_NAME", "MSLEARN_LANG", "PYTEST_ADDOPTS"):
        env.pop(name, None)
    begin = time.monotonic()
    done = subprocess.run(
        [
            sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "--tb=short", "-q",
            "--nbval-cell-timeout=60", f"--nbval-sanitize-with={here}/sanitize.cfg",
            "-p", "no:cacheprovider", "--rootdir", str(tmp_path), "-c", os.devnull, path,
        ],
        cwd=tmp_path, env=env, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert "passed" in done.stdout and "skipped" not in done.stdout
    assert time.monotonic() - begin <= 90, "the lesson must run in 60 s on an idle machine"
