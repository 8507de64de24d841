"""`mslearn insight`: the dashboard alone, on a Jupyter server that has nothing else."""

from __future__ import annotations

import os
import sys
import threading
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from .launch import stop_at_ctrl_c


def launch_dashboard(base: Path, *, port: int | None = None, browser: bool = True) -> int:
    """Serve the runs below `base` until Ctrl-C.

    Args:
        base: the folder; it may be empty still.
        port: first port to try; default: Jupyter's.
        browser: open the default browser.

    Returns:
        Exit code: 0 after Ctrl-C, 1 when it could not start.
    """
    if find_spec("jupyter_server") is None:
        print(
            f"mslearn insight needs jupyter_server, which this Python does not have:\n"
            f'  {sys.executable}\nInstall it:  pip install "mslearn[lab]"',
            file=sys.stderr,
        )
        return 1
    base = base.expanduser().absolute()
    if not base.is_dir():
        print(f"mslearn insight: there is no folder {base}", file=sys.stderr)
        return 1
    server = make_server(base, port, browser)
    print(f"Runs:    {base}")
    print(f"Open:    {address(server)}")
    server.identity_provider.token_generated = False
    # Begin to read while the browser starts.
    board = server.web_app.settings["mslearn_insight_board"]
    threading.Thread(target=board.refresh, daemon=True).start()
    print("Stop:    Ctrl-C", flush=True)
    stop_at_ctrl_c(server)
    server.start()
    print("The dashboard is closed.", flush=True)
    return 0


def address(server: Any) -> str:
    """The page's address with the token."""
    root, _, query = str(server.public_url).partition("?")
    page = root.split("/mslearn/insight")[0].rstrip("/") + "/mslearn/insight"
    return f"{page}?{query or 'token=' + server.identity_provider.token}"


def make_server(base: Path, port: int | None, browser: bool) -> Any:
    """A Jupyter server with the dashboard and the login, and no other service."""
    from jupyter_server.serverapp import ServerApp
    from jupyter_server.services.contents.manager import ContentsManager

    from mslearn.lab.dashboard import install

    class Server(ServerApp):
        # No files, kernels or terminals: only who may look.
        default_services = ("auth", "security")  # type: ignore[assignment]

    class NoFiles(ContentsManager):
        def get_extra_handlers(self) -> list[Any]:
            return []  # else the folder's files would be served at /files

    arguments = [
        f"--ServerApp.root_dir={base}",
        "--ServerApp.default_url=/mslearn/insight",
        "--ServerApp.terminals_enabled=False",
        f"--ServerApp.open_browser={browser}",
        "--Application.log_level=ERROR",
    ]
    if port is not None:
        arguments.append(f"--ServerApp.port={port}")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        arguments.append("--ServerApp.allow_root=True")
    server = Server.instance()
    server.contents_manager_class = NoFiles
    server.initialize(argv=arguments, find_extensions=False)
    install(server.web_app, base)
    return server
