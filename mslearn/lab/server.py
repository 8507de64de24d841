"""The Jupyter server extension behind the camp's sidebar.

    GET  /mslearn/camp                        the 25 days, their states and the learner's language
    POST /mslearn/language {"language": "zh"} store the language; answers like GET

Both need Jupyter's own token or login; a POST also its XSRF check. The sidebar polls the GET, so it
must be cheap and must not count as activity, or a hub would never see an idle server: it reads one
small file, and Tornado answers an ETag that still holds with an empty 304.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado import web

from mslearn.camp import catalog, progress

from .dashboard import base_folder, install
from .working_copy import camp_folder


class CampHandler(APIHandler):
    """The camp as it stands."""

    _track_activity = False

    @web.authenticated
    async def get(self) -> None:
        await self.send_camp()

    async def send_camp(self) -> None:
        root = Path(self.settings.get("server_root_dir", ".")).expanduser()
        # Progress is behind a file lock that a kernel may hold: never wait on the event loop.
        self.finish(json.dumps(await asyncio.to_thread(describe, root)))


class LanguageHandler(CampHandler):
    """Stores the learner's language."""

    @web.authenticated
    async def get(self) -> None:
        raise web.HTTPError(405, "mslearn/language takes POST; read the camp at mslearn/camp")

    @web.authenticated
    async def post(self) -> None:
        language = chosen_language(self.request.body)
        try:
            await asyncio.to_thread(progress.set_language, language)
        except OSError as error:
            raise web.HTTPError(
                500, reason="Not saved", log_message=f"language not saved: {error}"
            ) from error
        await self.send_camp()


def chosen_language(body: bytes) -> str:
    """The language in a request's body.

    Raises:
        tornado.web.HTTPError: 400 with what was wanted and what came.
    """
    wanted = '{"language": "en"} or {"language": "zh"}'
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        raise web.HTTPError(400, f"mslearn/language: the body is not JSON; send {wanted}") from None
    language = data.get("language") if isinstance(data, dict) else None
    if not isinstance(language, str) or language not in catalog.LANGUAGES:
        shown = json.dumps(data)[:80].replace("%", "%%")
        raise web.HTTPError(400, f"mslearn/language: got {shown}; send {wanted}")
    return language


def describe(root: Path) -> dict[str, Any]:
    """Days, states and paths for a Jupyter server that shows the folder ``root``.

    Example:
        >>> describe(Path("."))["total"]
        25
    """
    learnt = progress.load()
    folder = folder_below(root)
    days = [
        {
            "day": day["day"],
            "id": day["id"],
            "title": day["title"],
            "state": state(day, learnt["days"].get(day["id"])),
            "path": None
            if folder is None
            else {language: folder + path for language, path in day["path"].items()},
        }
        for day in catalog.days()
    ]
    return {
        "language": learnt["language"],
        "done": sum(day["state"] == "done" for day in days),
        "total": len(days),
        "days": days,
    }


def state(day: dict[str, Any], learnt: dict[str, Any] | None) -> str:
    """``"coming"``, ``"available"``, ``"started"`` or ``"done"``."""
    if not day["available"]:
        return "coming"
    if not learnt:
        return "available"
    return "done" if learnt["done"] else "started"


def folder_below(root: Path) -> str | None:
    """The lessons' folder as a prefix of server paths (``""``, ``"mslearn-camp/"``) or None.

    None when the learner's working copy is not below the folder that the server shows, and that
    folder does not hold the lessons itself.
    """
    root = root.resolve()
    if any((root / language).is_dir() for language in catalog.LANGUAGES):
        return ""
    copy = camp_folder().resolve()
    if copy.is_dir() and copy.is_relative_to(root):
        return copy.relative_to(root).as_posix() + "/"
    return None


def _load_jupyter_server_extension(server: Any) -> None:
    base = server.web_app.settings["base_url"]
    server.web_app.add_handlers(
        ".*$",
        [
            (url_path_join(base, "mslearn", "camp"), CampHandler),
            (url_path_join(base, "mslearn", "language"), LanguageHandler),
        ],
    )
    install(server.web_app, base_folder(server.root_dir))
    server.log.info("mslearn camp: progress in %s", progress.home())
