"""Pillow, loaded when a transform first needs it."""

from __future__ import annotations

import sys
from typing import Any


def pillow(name: str, module: str = "Image") -> Any:
    """The module ``PIL.<module>``.

    Raises:
        ImportError: Pillow is missing; the message says how to get it.
    """
    found = sys.modules.get(f"PIL.{module}")
    if found is not None:
        return found
    try:
        import importlib

        return importlib.import_module(f"PIL.{module}")
    except ImportError as error:
        raise ImportError(
            f"{name} needs Pillow: pip install 'mslearn[data]' (or pip install pillow)."
        ) from error


def is_pil(value: Any) -> bool:
    """Whether `value` is a PIL image; does not load Pillow."""
    module = sys.modules.get("PIL.Image")  # loaded if the value can be a PIL image at all
    return module is not None and isinstance(value, module.Image)
