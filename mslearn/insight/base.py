"""What all widgets share: the built front end, the language, a picture for saved notebooks."""

from __future__ import annotations

import uuid
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import anywidget
import traitlets as t

from ._text import LANGUAGES, get_language

STATIC = Path(__file__).resolve().parent.parent / "static"
WIDGET_MIME = "application/vnd.jupyter.widget-view+json"


@cache
def _bundle(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise FileNotFoundError(
            f"mslearn.insight: the widget's front end {path.name} is missing from {path.parent}. "
            "A wheel carries it; in a source checkout build it with "
            "`npm ci --ignore-scripts && npm run build` in widgets/insight."
        ) from None


class InsightWidget(anywidget.AnyWidget):
    """Base of the widgets. A subclass names its bundle and draws its own static picture.

    Example:
        >>> class Hello(InsightWidget):
        ...     bundle = "hello"                       # mslearn/static/hello.js and hello.css
        ...     def fallback(self):                    # what a saved notebook shows
        ...         return {"text/html": "<p>hello</p>"}
    """

    bundle: ClassVar[str] = ""

    _esm = t.Unicode().tag(sync=True)
    _css = t.Unicode().tag(sync=True)
    language = t.Enum(LANGUAGES).tag(sync=True)

    def __init__(self, **kwargs: Any) -> None:
        self._display_ids: list[str] = []
        super().__init__(**kwargs)

    @t.default("_esm")
    def _default_esm(self) -> str:
        return _bundle(STATIC / f"{self.bundle}.js")

    @t.default("_css")
    def _default_css(self) -> str:
        path = STATIC / f"{self.bundle}.css"
        return _bundle(path) if path.exists() else ""

    @t.default("language")
    def _default_language(self) -> str:
        return get_language()

    def fallback(self) -> dict[str, str]:
        """The widget as a picture: a MIME type ("image/svg+xml" or "text/html") and its text.

        It must be the same bytes for the same data, need nothing from the network, and read on
        light and on dark paper.
        """
        return {}

    def __repr__(self) -> str:
        # Stored in notebooks and compared: no address, no time.
        return f"{type(self).__name__}()"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:  # type: ignore[override]
        """Live view first; the picture and the text are what remains without a kernel."""
        return {
            "text/plain": repr(self),
            **self.fallback(),
            WIDGET_MIME: {
                "version_major": 2,
                "version_minor": 1,
                "model_id": self.model_id,
            },
        }

    def _ipython_display_(self) -> None:
        # A display id lets the stored picture be replaced when there is more to see.
        from IPython.display import display

        display_id = uuid.uuid4().hex
        self._display_ids.append(display_id)
        display(self._repr_mimebundle_(), raw=True, display_id=display_id)

    def refresh_saved_picture(self) -> None:
        """Replace the picture stored in the notebook by one of what the widget shows now."""
        if not self._display_ids:
            return
        from IPython.display import update_display

        for display_id in self._display_ids:
            update_display(self._repr_mimebundle_(), raw=True, display_id=display_id)
