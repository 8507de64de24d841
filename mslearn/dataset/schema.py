"""`Schema`: names, types and shapes of columns, for sources that cannot tell them by themselves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from mslearn.core.dtype import DType, to_numpy
from mslearn.dataset.checks import check_int

_TYPES = (
    "bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float16",
    "float32", "float64", "string",
)  # fmt: skip


class Schema:
    """Columns of a data set.

    Args:
        schema_file: a JSON file as `to_json` writes it; an empty schema by default.

    Raises:
        RuntimeError: the file is missing or damaged.

    >>> import mslearn as ms
    >>> import mslearn.dataset as ds
    >>> schema = ds.Schema()
    >>> schema.add_column("image", de_type=ms.uint8, shape=[28, 28, 1])
    >>> schema.columns[0]["type"]
    'uint8'
    """

    def __init__(self, schema_file: str | None = None) -> None:
        self.columns: list[dict[str, Any]] = []
        self.dataset_type, self.num_rows = "", 0
        if schema_file is not None:
            try:
                text = Path(schema_file).read_text(encoding="utf-8")
                self.from_json(json.loads(text))
            except (OSError, ValueError) as error:
                raise RuntimeError(f"Schema: cannot read '{schema_file}': {error}") from error

    def add_column(self, name: str, de_type: Any, shape: list[int] | None = None) -> None:
        """Add a column.

        Args:
            name: the column's name.
            de_type: a dtype of mslearn, or its name as a string ("string" for text).
            shape: -1 stands for a size that varies; None: nothing is known of the shape.

        Raises:
            TypeError, ValueError: not a name, a dtype, or a shape.
        """
        if not isinstance(name, str) or not name:
            raise TypeError(f"Schema: a column's name must be a string, but got {name!r}.")
        if isinstance(de_type, DType):
            de_type = np.dtype(to_numpy(de_type)).name
        if not isinstance(de_type, str):
            raise TypeError(f"Schema: de_type must be a dtype or its name, but got {de_type!r}.")
        if de_type not in _TYPES:
            raise TypeError(
                f"Schema: column '{name}' has the unknown type '{de_type}'; known are "
                f"{', '.join(_TYPES)}."
            )
        column: dict[str, Any] = {"name": name, "rank": 1, "type": de_type}
        if shape is not None:
            if not isinstance(shape, list | tuple):
                raise TypeError(f"Schema: shape must be a list of ints, but got {shape!r}.")
            column["shape"] = [check_int(n, "shape", -1) for n in shape]
            column["rank"] = len(column["shape"])
        self.columns.append(column)

    def parse_columns(self, columns: list[dict[str, Any]] | dict[str, dict[str, Any]]) -> None:
        """Take columns from a list of {"name", "type", "shape"}, or a dict by name."""
        if isinstance(columns, dict):
            columns = [{"name": name, **column} for name, column in columns.items()]
        if not isinstance(columns, list):
            raise TypeError(f"Schema: columns must be a list or dict, but got {columns!r}.")
        self.columns = []
        for column in columns:
            if not isinstance(column, dict) or "name" not in column or "type" not in column:
                raise ValueError(f"Schema: a column needs a name and a type, but got {column!r}.")
            self.add_column(column["name"], column["type"], column.get("shape"))

    def from_json(self, json_obj: dict[str, Any]) -> None:
        """Take everything from what `to_json` wrote (parsed)."""
        if not isinstance(json_obj, dict):
            raise ValueError(f"Schema: an object with 'columns' is wanted, but got {json_obj!r}.")
        self.dataset_type = str(json_obj.get("datasetType", ""))
        self.num_rows = check_int(json_obj.get("numRows", 0), "numRows", 0)
        if "columns" not in json_obj:
            raise RuntimeError("Schema: 'columns' is missing.")
        self.parse_columns(json_obj["columns"])

    def to_json(self) -> str:
        """The schema as JSON text."""
        held: dict[str, Any] = {"columns": self.columns}
        if self.dataset_type:
            held["datasetType"] = self.dataset_type
        if self.num_rows:
            held["numRows"] = self.num_rows
        return json.dumps(held, indent=2, sort_keys=True)

    def get_num_rows(self) -> int:
        """The number of rows that the schema announces; 0 if it does not."""
        return self.num_rows

    def __str__(self) -> str:
        return self.to_json()


def as_schema(value: Any) -> Schema:
    """A schema given as one, or as the path of its file."""
    if isinstance(value, Schema):
        return value
    if isinstance(value, str | Path):
        return Schema(str(value))
    raise TypeError(f"schema must be a Schema or the path of its file, but got {value!r}.")
