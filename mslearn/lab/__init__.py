"""The camp in JupyterLab: launcher, working copy and server extension.

Importing this package loads nothing of Jupyter; the server does so when it asks for the extension.
"""

from __future__ import annotations

from typing import Any


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    return [{"module": "mslearn.lab.server"}]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "../../widgets/lab/dist", "dest": "mslearn-lab"}]
