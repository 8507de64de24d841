"""A notebook with given cells, open in a real JupyterLab."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import nbformat
from browser.harness import Lab, launch_chromium, open_lab, running_camp
from playwright.sync_api import sync_playwright

LAB = Path(__file__).parents[2] / "widgets" / "lab"


def use_checkout(home: Path) -> None:
    """Our two extensions of JupyterLab as they are in this checkout, installed or not."""
    if (LAB / "dist").exists():
        shutil.copytree(LAB / "dist", home / "jupyter-data" / "labextensions" / "mslearn-lab")
    folder = home / "jupyter-config" / "jupyter_server_config.d"
    folder.mkdir(parents=True)
    extensions = {"ServerApp": {"jpserver_extensions": {"mslearn.lab": True}}}
    (folder / "mslearn.json").write_text(json.dumps(extensions), encoding="utf-8")


@contextmanager
def notebook_lab(
    home: Path, name: str, cells: Sequence[str], size: tuple[int, int] = (1360, 1000)
) -> Iterator[Lab]:
    """JupyterLab with ``{name}.ipynb`` open in it; no cell has run."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c.strip()) for c in cells])
    notebook.metadata.kernelspec = {
        "name": "python3", "display_name": "Python 3", "language": "python"
    }  # fmt: skip
    with running_camp(home) as camp, sync_playwright() as playwright:
        browser = launch_chromium(playwright)
        nbformat.write(notebook, home / "mslearn-camp" / f"{name}.ipynb")
        address = f"{camp.url}lab/tree/{name}.ipynb?token={camp.token}"
        with open_lab(camp, browser, address, size=size) as opened:
            opened.wait_open(f"{name}.ipynb")
            yield opened
        browser.close()
