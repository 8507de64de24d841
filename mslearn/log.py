"""MindSpore's log functions, over Python's `logging`: ``mslearn.log.warning("…")``.

The environment variable GLOG_v sets the level: 0 debug, 1 info, 2 warning (as at first), 3 error.
"""

from __future__ import annotations

import logging
import os
from typing import Any

_LEVELS = (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL)
_logger = logging.getLogger("mslearn")


def get_level() -> int:
    """The level in MindSpore's numbers: 0 debug, 1 info, 2 warning, 3 error, 4 critical."""
    asked = os.environ.get("GLOG_v", "2")  # noqa: SIM112  (MindSpore's spelling)
    return int(asked) if asked in "01234" and asked else 2


def get_log_config() -> dict[str, str]:
    """The settings in force, by the names of their environment variables."""
    to_stderr = os.environ.get("GLOG_logtostderr", "1")  # noqa: SIM112
    return {"GLOG_v": str(get_level()), "GLOG_logtostderr": to_stderr}


def _log(level: int, msg: str, *args: Any, **kwargs: Any) -> None:
    _logger.setLevel(_LEVELS[get_level()])
    _logger.log(level, msg, *args, **kwargs)


def debug(msg: str, *args: Any, **kwargs: Any) -> None:
    """Log something for finding mistakes."""
    _log(logging.DEBUG, msg, *args, **kwargs)


def info(msg: str, *args: Any, **kwargs: Any) -> None:
    """Log what happens."""
    _log(logging.INFO, msg, *args, **kwargs)


def warning(msg: str, *args: Any, **kwargs: Any) -> None:
    """Log what may be a mistake."""
    _log(logging.WARNING, msg, *args, **kwargs)


def error(msg: str, *args: Any, **kwargs: Any) -> None:
    """Log a failure."""
    _log(logging.ERROR, msg, *args, **kwargs)


def critical(msg: str, *args: Any, **kwargs: Any) -> None:
    """Log a failure that ends the program."""
    _log(logging.CRITICAL, msg, *args, **kwargs)
