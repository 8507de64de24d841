"""Starts `mslearn lab` as a learner does, and drives it in a real headless Chromium.

    with running_camp(tmp_path) as camp, open_lab(camp, chromium) as lab:
        lab.run_all_cells()
        assert "Accuracy" in lab.output_text(5)

The camp under test is the mslearn installed beside this Python, so the front end comes from its
wheel. All of Jupyter's and mslearn's folders are below the given one: nothing of the developer's
own Jupyter leaks in, and nothing of the test leaks out.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import (
    Browser,
    ElementHandle,
    Locator,
    Page,
    Playwright,
    Request,
    expect,
)

REPOSITORY = Path(__file__).resolve().parents[2]
RESULTS = Path(os.environ.get("MSLEARN_TEST_RESULTS", REPOSITORY / "test-results"))
# A shared CI machine can be very slow. These are reached only where something is broken.
START_SECONDS = 240
WAIT_MS = 120_000

expect.set_options(timeout=WAIT_MS)

NO_CHROMIUM = """no Chromium for the browser tests. Install one of these, then run the tests again:
  Debian:  sudo apt-get install chromium fonts-noto-cjk
  any:     python -m playwright install --with-deps chromium
or name its executable in MSLEARN_CHROMIUM."""

CHROMIUM_FLAGS = [
    "--no-sandbox",  # CI containers run as root
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class NoChromium(RuntimeError):
    """There is no browser; the message says how to get one."""


def chromium_path(playwright: Playwright) -> str:
    """The browser to test with: the one named, the system's, or Playwright's own download.

    Raises:
        NoChromium: none of these is there.
    """
    named = os.environ.get("MSLEARN_CHROMIUM")
    if named:
        return named
    for name in ("chromium", "chromium-browser", "google-chrome", "chrome"):
        found = shutil.which(name)
        if found:
            return found
    own = playwright.chromium.executable_path
    if Path(own).exists():
        return own
    raise NoChromium(NO_CHROMIUM)


def launch_chromium(playwright: Playwright) -> Browser:
    return playwright.chromium.launch(
        executable_path=chromium_path(playwright), args=CHROMIUM_FLAGS, timeout=WAIT_MS
    )


def isolated_environment(home: Path, **more: str) -> dict[str, str]:
    """An environment in which Jupyter, IPython and mslearn keep all they write below ``home``."""
    folders = {
        "JUPYTER_CONFIG_DIR": "jupyter-config",
        "JUPYTER_DATA_DIR": "jupyter-data",
        "JUPYTER_RUNTIME_DIR": "run",
        "JUPYTERLAB_SETTINGS_DIR": "lab-settings",
        "JUPYTERLAB_WORKSPACES_DIR": "lab-workspaces",
        "IPYTHONDIR": "ipython",
        "MSLEARN_HOME": "mslearn-home",
        "MSLEARN_CAMP_DIR": "mslearn-camp",
    }
    dropped = {"JUPYTER_PATH", "JUPYTER_CONFIG_PATH", "JUPYTER_TOKEN", "MSLEARN_LANG", "LC_ALL"}
    environment = {key: value for key, value in os.environ.items() if key not in dropped}
    environment |= {name: str(home / folder) for name, folder in folders.items()}
    return environment | {"LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1"} | more


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class RunningCamp:
    """A started `mslearn lab`."""

    process: subprocess.Popen[bytes]
    log: Path
    home: Path
    url: str  # http://localhost:8888/
    address: str  # what was printed: Day 1 with the token
    token: str

    def request(self, path: str, data: bytes | None = None, token: bool = True) -> Any:
        """Call the server; an HTTP error comes back as the response it is."""
        headers = {"Authorization": f"token {self.token}"} if token else {}
        request = urllib.request.Request(self.url + path, data=data, headers=headers)
        try:
            return urllib.request.urlopen(request, timeout=WAIT_MS / 1000)
        except urllib.error.HTTPError as error:
            return error

    def interrupt(self, timeout: float = 120) -> int:
        """Press Ctrl-C and return the exit code."""
        if sys.platform == "win32":
            self.process.send_signal(signal.CTRL_C_EVENT)
        else:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout)


def mslearn_command() -> list[str]:
    """The `mslearn` that belongs to the Python that runs the tests."""
    script = shutil.which("mslearn", path=str(Path(sys.executable).parent))
    return [script] if script else [sys.executable, "-m", "mslearn"]


@contextlib.contextmanager
def running_camp(
    home: Path, *arguments: str, env: Mapping[str, str] | None = None
) -> Iterator[RunningCamp]:
    """Run `mslearn lab --no-browser *arguments` with its folders below ``home``, then stop it."""
    home.mkdir(parents=True, exist_ok=True)
    log = home / "mslearn-lab.log"
    command = [*mslearn_command(), "lab", "--no-browser", *arguments]
    if "--port" not in arguments:
        command += ["--port", str(free_port())]
    # The tests wait on window.jupyterapp; the network is not ours to touch.
    command += ["--", "--LabApp.expose_app_in_browser=True", "--LabApp.extension_manager=readonly"]
    # A kernel's TCP ports are chosen before it binds them, and a busy machine can take one away;
    # sockets in the file system have no such race, but their names may not be long.
    if os.name == "posix" and len(str(home / "run" / f"kernel-{uuid.uuid4()}-ipc-5")) < 104:
        command.append("--KernelManager.transport=ipc")
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=home,
            env=isolated_environment(home, **(env or {})),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield _wait_until_up(process, log, home)
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_up(process: subprocess.Popen[bytes], log: Path, home: Path) -> RunningCamp:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        text = log.read_text(encoding="utf-8", errors="replace")
        if process.poll() is not None:
            raise RuntimeError(f"mslearn lab ended with {process.returncode}:\n{text}")
        found = re.search(r"^Open: +((https?://[^/]+/)\S*[?&]token=(\w+))", text, re.MULTILINE)
        if found:
            camp = RunningCamp(process, log, home, found[2], found[1], found[3])
            with contextlib.suppress(urllib.error.URLError, OSError):
                if camp.request("api/status").status == 200:
                    return camp
        time.sleep(0.1)
    raise RuntimeError(f"mslearn lab was not up after {START_SECONDS} s:\n{log.read_text()}")


# A notebook has settled when its kernel rests and no cell waits for its turn ("[*]").
SETTLED = """() => {
    const panel = window.jupyterapp?.shell.currentWidget;
    const kernel = panel?.sessionContext?.session?.kernel;
    return kernel?.status === 'idle' && ![...panel.node.querySelectorAll('.jp-InputPrompt')]
        .some(prompt => prompt.textContent.includes('*'));
}"""
# JupyterLab attaches only the cells near the screen; the model knows them all.
CELLS = """() => [...window.jupyterapp.shell.currentWidget.content.model.cells].map(cell => ({
    type: cell.type,
    id: cell.id,
    count: cell.type === 'code' ? cell.executionCount : null,
    source: cell.sharedModel.getSource(),
    outputs: cell.type === 'code' ? cell.outputs.toJSON() : [],
}))"""


@dataclass
class Lab:
    """One open JupyterLab page."""

    page: Page
    camp: RunningCamp
    errors: list[str] = field(default_factory=list)

    def command(self, name: str, **arguments: Any) -> None:
        """Run a JupyterLab command; returns at once, even when the command takes its time."""
        self.page.evaluate(
            "([name, args]) => { void window.jupyterapp.commands.execute(name, args); }",
            [name, arguments],
        )

    def wait_restored(self) -> None:
        """Until JupyterLab has put everything in its place, the address's notebook in front."""
        self.page.wait_for_function("() => !!window.jupyterapp", timeout=WAIT_MS)
        self.page.evaluate("() => window.jupyterapp.restored.then(() => true)")
        self.page.wait_for_function("() => window.opened", timeout=WAIT_MS)
        self.page.wait_for_selector("#jupyterlab-splash", state="detached", timeout=WAIT_MS)

    def wait_idle(self, seconds: float = 240) -> None:
        """Until the notebook in front has a resting kernel and no waiting cell."""
        self.page.wait_for_function(SETTLED, timeout=seconds * 1000)

    def run_all_cells(self, seconds: float = 600) -> list[dict[str, Any]]:
        """Run the notebook in front from top to bottom; returns its cells (see :meth:`cells`)."""
        self.wait_idle()
        self._run("notebook:run-all-cells", seconds)
        return self.cells()

    def run_cell(self, index: int, seconds: float = 240) -> dict[str, Any]:
        """Run the cell at ``index`` and return it."""
        self._select(index)
        self._run("notebook:run-cell", seconds)
        return self.cells()[index]

    def start_cell(self, index: int) -> None:
        """Run the cell at ``index`` without waiting for its end."""
        self._select(index)
        self.command("notebook:run-cell")

    def _select(self, index: int) -> None:
        self.page.evaluate(
            "i => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = i; }", index
        )

    def _run(self, command: str, seconds: float) -> None:
        """Run cells; a kernel at rest alone does not tell "have run" from "not yet begun"."""
        self.page.evaluate(
            """name => {
                window.cellsRun = false;
                const done = () => { window.cellsRun = true; };
                window.jupyterapp.commands.execute(name).then(done, done);
            }""",
            command,
        )
        self.page.wait_for_function("() => window.cellsRun", timeout=seconds * 1000)
        self.wait_idle(seconds)

    def run_code(self, code: str) -> None:
        """Run code in the notebook's kernel, silently: no cell, no output."""
        self.page.evaluate(
            """async code => {
                const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
                const done = await kernel.requestExecute({code, silent: true}).done;
                if (done.content.status !== 'ok') throw new Error(done.content.evalue);
            }""",
            code,
        )

    def wait_redrawn(self, old: ElementHandle) -> None:
        """Until another view has taken a widget's place: the kernel is at rest before that.

        A renewed picture (at the end of a training, for one) is another output, and JupyterLab
        draws the widget anew for it. Keys and clicks for the old view would be lost.
        """
        self.page.wait_for_function("e => !e.isConnected", arg=old, timeout=WAIT_MS)

    def save(self) -> None:
        """Save the notebook in front, and wait until it is on the disk."""
        self.page.evaluate("() => window.jupyterapp.shell.currentWidget.context.save()")

    def cells(self) -> list[dict[str, Any]]:
        """Type, id, execution count, source and outputs of every cell of the notebook in front."""
        return list(self.page.evaluate(CELLS))

    def output_text(self, index: int) -> str:
        """The plain text of a cell's outputs."""
        parts = []
        for output in self.cells()[index]["outputs"]:
            text = output.get("text") or output.get("data", {}).get("text/plain") or ""
            parts.append(text if isinstance(text, str) else "".join(text))
        return "".join(parts)

    def scroll_to(self, index: int) -> None:
        """Bring a cell onto the screen, which also makes JupyterLab draw it."""
        self.page.evaluate(
            "i => window.jupyterapp.shell.currentWidget.content.scrollToItem(i, 'start')", index
        )

    def click(self, selector: str) -> None:
        self.page.locator(selector).click(timeout=WAIT_MS)

    @property
    def sidebar(self) -> Locator:
        return self.page.locator("#mslearn-camp")

    def day(self, number: int) -> Locator:
        """A day's button in the sidebar."""
        return self.sidebar.locator(f"button[data-day='day{number:02d}']")

    def wait_text(self, locator: Locator, text: str | re.Pattern[str]) -> None:
        expect(locator).to_contain_text(text, timeout=WAIT_MS)

    def open_path(self) -> str:
        """Path of the notebook in front, "" when there is none."""
        return str(
            self.page.evaluate("() => window.jupyterapp.shell.currentWidget?.context?.path ?? ''")
        )

    def wait_open(self, path: str) -> None:
        """Until this notebook is in front; "" waits until none is."""
        self.page.wait_for_function(
            "path => (window.jupyterapp.shell.currentWidget?.context?.path ?? '') === path",
            arg=path,
            timeout=WAIT_MS,
        )

    def theme(self, name: str) -> None:
        """``"JupyterLab Dark"`` or ``"JupyterLab Light"``; waits until it is drawn."""
        self.command("apputils:change-theme", theme=name)
        body = f"body[data-jp-theme-name='{name}']"
        self.page.wait_for_selector(body, state="attached", timeout=WAIT_MS)
        self.page.wait_for_selector("#jupyterlab-splash", state="detached", timeout=WAIT_MS)

    def screenshot(self, name: str) -> Path:
        """Save the page as ``test-results/<name>.png``."""
        RESULTS.mkdir(parents=True, exist_ok=True)
        path = RESULTS / f"{name}.png"
        self.page.screenshot(path=path)
        return path


# anywidget gives a widget two seconds to load its module, and then an error instead of it. With
# several notebooks to restore at once, a busy machine needs more.
PATIENT = """
const timeout = AbortSignal.timeout.bind(AbortSignal);
AbortSignal.timeout = ms => timeout(Math.max(ms, 120_000));
"""


# JupyterLab opens the notebook that the address names a while after it has restored all others, and
# brings it to the front then, whatever was opened meanwhile.
OPENED = """
let app;
window.opened = !location.pathname.includes('/tree/');
Object.defineProperty(window, 'jupyterapp', {get: () => app, set: lab => {
    app = lab;
    lab.commands.commandExecuted.connect((_, {id, args, result}) => {
        if (id === 'filebrowser:open-path' && args.dontShowBrowser) {
            result.finally(() => { window.opened = true; });
        }
    });
}});
"""


def _failure(request: Request) -> str:
    return f"{request.method} {request.url} failed: {request.failure}"


@contextlib.contextmanager
def open_lab(
    camp: RunningCamp,
    browser: Browser,
    address: str | None = None,
    size: tuple[int, int] = (1280, 800),
) -> Iterator[Lab]:
    """Open the printed address in a fresh browser profile, as a learner who clicks on it.

    Console errors, uncaught exceptions and failed requests gather in ``lab.errors``.
    """
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, locale="en-US", timezone_id="UTC"
    )
    context.add_init_script(PATIENT)
    context.add_init_script(OPENED)
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    lab = Lab(page, camp)
    page.on("console", lambda m: lab.errors.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: lab.errors.append(str(error)))
    page.on("requestfailed", lambda request: lab.errors.append(_failure(request)))
    try:
        page.goto(address or camp.address)
        lab.wait_restored()
        yield lab
    finally:
        context.close()
