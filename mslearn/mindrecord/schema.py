"""Which schemas MindRecord allows, and whether a row fits one."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from mslearn.mindrecord.errors import MRMInvalidSchemaError
from mslearn.mindrecord.packing import ARRAYS, Schema

_SCALARS = ("int32", "int64", "float32", "float64", "string", "bytes")


def check_schema(content: Any) -> Schema:
    """A schema if it keeps MindRecord's rules.

    Raises:
        MRMInvalidSchemaError: it does not; the message names the field.
    """
    if not isinstance(content, dict) or not content:
        raise MRMInvalidSchemaError(
            f"Schema content must be a dict from field names to types and not empty: {content!r}."
        )
    for name, field in content.items():
        if not isinstance(name, str) or not re.fullmatch(r"[0-9a-zA-Z_]+", name):
            raise MRMInvalidSchemaError(
                f"Field '{name}' should be composed of '0-9' or 'a-z' or 'A-Z' or '_'."
            )
        if not isinstance(field, dict) or not {"type"} <= set(field) <= {"type", "shape"}:
            raise MRMInvalidSchemaError(
                f'Field \'{name}\' must be {{"type": …}} with an optional "shape", got {field!r}.'
            )
        allowed = tuple(ARRAYS) if "shape" in field else _SCALARS
        if field["type"] not in allowed:
            what = "an array" if "shape" in field else "a field"
            raise MRMInvalidSchemaError(
                f"Field '{name}' has the type {field['type']!r}; {what} can be "
                f"{', '.join(allowed)}."
            )
        if "shape" in field and not (
            isinstance(field["shape"], list)
            and field["shape"]
            and all(isinstance(n, int) and (n > 0 or n == -1) for n in field["shape"])
        ):
            raise MRMInvalidSchemaError(
                f"Field '{name}' has the shape {field['shape']!r}; a list of sizes is wanted, in "
                f"which one may be -1."
            )
    return {name: dict(content[name]) for name in sorted(content)}


def misfit(row: dict[str, Any], schema: Schema) -> str | None:
    """What is wrong with a row, or None."""
    for name, field in schema.items():
        if name not in row:
            return f"the field '{name}' is missing"
        value, kind = row[name], field["type"]
        if "shape" in field:
            if not isinstance(value, np.ndarray) or value.dtype != ARRAYS[kind]:
                got = value.dtype if isinstance(value, np.ndarray) else type(value).__name__
                return f"the field '{name}' must be an array of {kind}, but is {got}"
            try:
                value.reshape(field["shape"])
            except ValueError:
                return f"the field '{name}' of shape {list(value.shape)} is not {field['shape']}"
            continue
        types: Any = {"string": str, "bytes": bytes | bytearray}.get(kind)
        if types is None:
            types = int | np.integer if "int" in kind else float | int | np.floating | np.integer
        if isinstance(value, np.ndarray) and value.ndim == 0 and kind not in ("string", "bytes"):
            value = value[()]
        if not isinstance(value, types) or (isinstance(value, bool) and "int" not in kind):
            return f"the field '{name}' must be {kind}, but is {type(value).__name__}"
        if "int" in kind and not -(2 ** (int(kind[3:]) - 1)) <= value < 2 ** (int(kind[3:]) - 1):
            return f"the field '{name}' = {value} does not fit into {kind}"
    return None
