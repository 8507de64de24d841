"""Every test here has a learner of its own: an empty progress folder, no language chosen."""

import pytest

from mslearn import camp


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("MSLEARN_HOME", str(tmp_path / "home"))
    for name in ("MSLEARN_LANG", "JPY_SESSION_NAME"):
        monkeypatch.delenv(name, raising=False)
    camp.set_language(None)
    yield tmp_path / "home"
    camp.set_language(None)
