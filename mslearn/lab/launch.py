"""`mslearn lab`: JupyterLab on the learner's working copy, with the camp in front.

JupyterLab runs in this process, not below it: Ctrl-C reaches it directly on every system, and no
orphan can stay behind.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mslearn.camp import catalog, progress

from .working_copy import WorkingCopyError, camp_folder, update

NEEDED = ("jupyterlab", "ipywidgets", "anywidget")
CONFIG = Path(__file__).parent / "config"
KERNEL_START = Path(__file__).parents[1] / "camp" / "kernel_start.py"


def launch(
    *,
    port: int | None = None,
    browser: bool = True,
    language: str | None = None,
    folder: Path | None = None,
    jupyter_args: Sequence[str] = (),
) -> int:
    """Update the working copy, start JupyterLab there and serve until it is stopped.

    Args:
        port: first port to try; a taken one moves on to the next. Default: Jupyter's.
        browser: open the default browser.
        language: ``"en"`` or ``"zh"``, stored with the learner's progress; None keeps it.
        folder: working copy; default :func:`mslearn.lab.working_copy.camp_folder`.
        jupyter_args: passed on to JupyterLab as they are.

    Returns:
        Exit code: 0 after Ctrl-C or a shutdown from the browser, 1 when it could not start.

    Example:
        >>> launch(browser=False, language="zh")  # doctest: +SKIP
        0
    """
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        return _fail(
            f"mslearn lab needs {', '.join(missing)}, which this Python does not have:\n"
            f"  {sys.executable}\n"
            'Install the camp\'s parts:  pip install "mslearn[lab]"'
        )
    # The server extension, in this process, finds the lessons where we put them.
    folder = (folder or camp_folder()).expanduser().absolute()
    os.environ["MSLEARN_CAMP_DIR"] = str(folder)
    try:
        report = update(folder)
        if language is None and not progress.path().exists():
            language = language_of_system()
        if language is not None:
            progress.set_language(language)
        start = catalog.day(1).path(progress.load()["language"])
    except WorkingCopyError as error:
        return _fail(str(error))
    except OSError as error:
        return _fail(f"mslearn lab: the progress file {progress.path()} cannot be used: {error}")
    print(f"Lessons: {folder}")
    for line in report.notes():
        print(f"  {line}")
    sign(folder / name for name in report.written())
    sign_merged(folder, report.merged)
    return _serve(folder, start, port, browser, jupyter_args)


def _serve(
    folder: Path, start: str, port: int | None, browser: bool, jupyter_args: Sequence[str]
) -> int:
    from jupyterlab.labapp import LabApp

    # Defaults only, such as no question about Jupyter news: the learner's own settings win.
    paths = [str(CONFIG), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, paths))
    os.environ.setdefault("PYTHONSTARTUP", str(KERNEL_START))
    arguments = [
        f"--ServerApp.root_dir={folder}",
        f"--LabApp.default_url=/lab/tree/{start}",
        "--Application.log_level=ERROR",
        # Else a kernel warns about unencrypted channels; older Jupyters do not know the option.
        "--KernelManager.transport_encryption=auto",
        f"--ServerApp.open_browser={browser}",
    ]
    if port is not None:
        arguments.append(f"--ServerApp.port={port}")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        print("You are root. It works, but code in notebooks then runs as root, too.")
        arguments.append("--ServerApp.allow_root=True")
    server = LabApp.initialize_server(argv=[*arguments, *jupyter_args])
    print(f"Open:    {server.public_url}")
    # Else Jupyter announces the same address again, in four lines. The token itself stays.
    server.identity_provider.token_generated = False
    print("Stop:    Ctrl-C", flush=True)
    stop_at_ctrl_c(server)
    server.start()
    print("The camp is closed. Your work is saved in", folder, flush=True)
    return 0


def stop_at_ctrl_c(server: Any) -> None:
    """One Ctrl-C shuts the kernels down and ends the server; a second does not wait for them.

    Jupyter's own handlers ask for confirmation in a terminal, and elsewhere end at once, which
    leaves kernels to find out for themselves.
    """

    def stop(number: int, frame: object) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        server.stop(from_signal=True)

    signal.signal(signal.SIGINT, stop)


def leave(code: int) -> int:
    """Return ``code``, or end the process with it when threads would keep it from ending.

    Jupyter reads and writes files in anyio's worker threads. When Ctrl-C comes while a page is
    loading, these are left waiting for work that cannot come any more, and Python waits for them.
    """
    main = threading.main_thread()
    waiting = [t for t in threading.enumerate() if t is not main and not t.daemon]
    deadline = time.monotonic() + 1  # a file that is being written is soon done
    for thread in waiting:
        thread.join(max(0, deadline - time.monotonic()))
    if any(thread.is_alive() for thread in waiting):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return code


def sign(notebooks: Iterable[Path]) -> None:
    """Mark notebooks that we wrote as trusted, as `jupyter trust` would.

    Jupyter shows the stored pictures (SVG, HTML) of a trusted notebook only; these came with
    mslearn, whose code the learner runs anyway.
    """
    import nbformat
    from nbformat.sign import NotebookNotary

    notary = NotebookNotary()
    for path in notebooks:
        if path.suffix == ".ipynb":
            notary.sign(nbformat.read(path, as_version=4))
    # Left to the garbage collector, its database would warn at the very end of the program.
    notary.store.close()


def sign_merged(folder: Path, names: Iterable[str]) -> None:
    """Merged notebooks stay trusted when the learner's version was."""
    import nbformat
    from nbformat.sign import NotebookNotary

    notary = NotebookNotary()
    for name in names:
        if notary.check_signature(
            nbformat.read(folder / ".mslearn" / "backup" / name, as_version=4)
        ):
            notary.sign(nbformat.read(folder / name, as_version=4))
    notary.store.close()


def language_of_system() -> str:
    """``"zh"`` on a Chinese system, else ``"en"``: a first guess that one click changes."""
    import locale

    name = ""
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if os.environ.get(variable):
            name = os.environ[variable]
            break
    else:
        name = locale.getlocale()[0] or ""
    return "zh" if name.lower().startswith(("zh", "chinese")) else "en"


def _fail(message: str) -> int:
    print(message, file=sys.stderr)
    return 1
