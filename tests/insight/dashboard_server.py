"""`mslearn insight` as a process of its own, and runs for it to show."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from browser.harness import WAIT_MS, free_port, isolated_environment
from playwright.sync_api import Browser, Page
from waiting import LONG, until

import mslearn as ms

HOSTILE = "<img src=x onerror=window.hacked=1>"
REAL = Path(__file__).parents[1] / "summary" / "data" / "mindspore"
ROOT = Path(__file__).parents[2]


class Server:
    def __init__(self, port: int, token: str, base: Path) -> None:
        self.url, self.token, self.base = f"http://127.0.0.1:{port}", token, base

    def get(self, path: str, token: bool = True) -> tuple[int, bytes, dict[str, str]]:
        request = urllib.request.Request(self.url + path)
        if token:
            request.add_header("Authorization", f"token {self.token}")
        try:
            with urllib.request.urlopen(request, timeout=LONG) as answer:
                return answer.status, answer.read(), dict(answer.headers)
        except urllib.error.HTTPError as error:
            return error.code, error.read(), dict(error.headers)

    def api(self, part: str, **values: object) -> tuple[int, bytes, dict[str, str]]:
        return self.get(f"/mslearn/insight/api/{part}?{urllib.parse.urlencode(values)}")

    def number(self, name: str) -> int:
        runs = json.loads(self.api("runs")[1])["runs"]
        return next(r["number"] for r in runs if r["name"] == name)


def new_page(browser: Browser) -> Page:
    page = browser.new_page(viewport={"width": 1280, "height": 860}, locale="en", timezone_id="UTC")
    page.set_default_timeout(WAIT_MS)
    return page


def unpack(body: bytes) -> tuple[dict, np.ndarray]:
    """The header and the numbers of a binary answer."""
    size = int.from_bytes(body[:8], "little")
    return json.loads(body[8 : 8 + size]), np.frombuffer(body[8 + size :])


def write_run(folder: Path, steps: int, offset: float = 0.0) -> None:
    rng = np.random.default_rng(0)
    with ms.SummaryRecord(str(folder)) as written:
        for step in range(steps):
            written.add_value("scalar", "loss", ms.Tensor(offset + 1 / (step + 1)))
            written.add_value("scalar", HOSTILE, ms.Tensor(float(step)))
            if step % 5 == 0:
                values = rng.standard_normal(300).astype(np.float32) * (step + 1)
                written.add_value("histogram", "weight", ms.Tensor(values))
                picture = np.full((1, 3, 8, 8), step / steps, np.float32)
                written.add_value("image", "picture", ms.Tensor(picture))
            written.record(step)


def answers(server: Server) -> bool:
    with contextlib.suppress(OSError):
        return server.get("/mslearn/insight")[0] == 200
    return False


@contextlib.contextmanager
def serving(base: Path, home: Path) -> Iterator[Server]:
    port = free_port()
    command = [sys.executable, "-m", "mslearn", "insight", "--summary-base-dir", str(base),
               "--no-browser", "--port", str(port)]  # fmt: skip
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    process = subprocess.Popen(
        command, env=isolated_environment(home, PYTHONPATH=path), cwd=home, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        said = ""
        while "Stop:" not in said:
            line = process.stdout.readline()
            assert line, f"the server ended: {said}"
            said += line
        port_, token = re.search(r":(\d+)/mslearn/insight\?token=(\w+)", said).groups()
        running = Server(int(port_), token, base)
        until(lambda: answers(running), "the server does not answer")
        yield running
    finally:
        process.terminate()
        process.wait(LONG)
        process.stdout.close()
