"""MindInsight's and TensorBoard's servers on a folder of runs, asked as their pages ask them."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 600  # seconds, for a machine that has much else to do


def python_of(name: str) -> str:
    """The Python of an environment with a viewer: MSLEARN_<NAME>, or what tools/viewers.py made.

    In CI a viewer that is missing is a failure.
    """
    made = ROOT / ".viewers" / name
    python = os.environ.get(f"MSLEARN_{name.upper()}") or str(made / "bin" / "python")
    if not Path(python).exists():
        reason = f"{name} is not installed: run `make test`, or python tools/viewers.py .viewers"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return python


class Site:
    """The address of a server, asked for bytes or for JSON."""

    def __init__(self, address: str) -> None:
        self.address = address

    def bytes(self, path: str, body: Any = None, **query: str) -> bytes:
        """The answer to a GET, or with a body to a POST."""
        address = self.address + path + ("?" + urllib.parse.urlencode(query) if query else "")
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(address, data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.read()

    def json(self, path: str, body: Any = None, **query: str) -> Any:
        return json.loads(self.bytes(path, body, **query))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def _running(
    command: list[str], environment: dict[str, str], log: Path, site: Site, ready: str
) -> Iterator[Site]:
    """A server in a process group of its own, until `ready` answers; all of it ends with us."""
    environment = {k: v for k, v in {**os.environ, **environment}.items() if k != "PYTHONPATH"}
    with log.open("wb") as out:
        server = subprocess.Popen(
            command, env=environment, stdout=out, stderr=out, start_new_session=True
        )
        try:
            deadline = time.monotonic() + PATIENCE
            while True:
                with contextlib.suppress(OSError, ValueError):
                    if site.json(ready):
                        break
                if server.poll() is not None or time.monotonic() > deadline:
                    pytest.fail(f"{command[0]} does not answer:\n{log.read_text()[-2000:]}")
                time.sleep(0.2)
            yield site
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.wait(5)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGKILL)
            server.wait()


@contextlib.contextmanager
def mindinsight(base: Path, home: Path) -> Iterator[Site]:
    """MindInsight's web server, started as its own command starts it, but in the foreground."""
    python = python_of("mindinsight")
    port = _free_port()
    find = "import mindinsight.backend.config as c; print(c.WEB_CONFIG_DIR)"
    environment = {
        "HOME": str(home), "MINDINSIGHT_WORKSPACE": str(home / "workspace"),
        "MINDINSIGHT_PORT": str(port), "MINDINSIGHT_SUMMARY_BASE_DIR": str(base),
    }  # fmt: skip
    config = subprocess.run(
        [python, "-c", find], env={**os.environ, **environment}, capture_output=True, text=True,
        check=True,
    ).stdout.strip().splitlines()[-1]  # fmt: skip
    command = [python, "-m", "gunicorn", "-b", f"127.0.0.1:{port}", "-c",
               str(Path(config) / "gunicorn_conf.py"),
               "mindinsight.backend.application:APP"]  # fmt: skip
    site = Site(f"http://127.0.0.1:{port}/v1/mindinsight")
    with _running(command, environment, home / "mindinsight.log", site, "/datavisual/train-jobs"):
        deadline = time.monotonic() + PATIENCE
        while True:  # it reads the folder in the background
            jobs = site.json("/datavisual/train-jobs", offset="0", limit="20")
            caches = [job["cache_status"] for job in jobs["train_jobs"]]
            if jobs["load_status"] == "loaded" and set(caches) == {"CACHED"}:
                break
            assert time.monotonic() < deadline, jobs
            time.sleep(0.2)
        yield site


@contextlib.contextmanager
def tensorboard(base: Path, home: Path) -> Iterator[Site]:
    """TensorBoard's web server, with the loader that it chooses by itself."""
    port = _free_port()
    command = [python_of("tensorboard"), "-m", "tensorboard.main", "--logdir", str(base),
               "--host", "127.0.0.1", "--port", str(port)]  # fmt: skip
    site = Site(f"http://127.0.0.1:{port}/data")
    log = home / "tensorboard.log"
    with _running(command, {"HOME": str(home)}, log, site, "/plugin/scalars/tags"):
        yield site
