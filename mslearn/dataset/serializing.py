"""`serialize`, `deserialize`, `compare` and `show`: a pipeline as JSON.

A node is {"op_type": …, "children": […]} and the arguments that it was built with, by their names;
MindSpore's own files are read too, as far as the operations are known here. What JSON cannot hold
(a function, arrays) is kept as a note, with which a pipeline can be compared but not rebuilt.
"""

from __future__ import annotations

import importlib
import inspect
import json
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np

from mslearn.common.files import replacing
from mslearn.core.dtype import DType
from mslearn.core.errors import did_you_mean
from mslearn.dataset.arguments import arguments_of
from mslearn.dataset.base import Dataset
from mslearn.dataset.rowwork import operation_name
from mslearn.dataset.sampled import MappableDataset
from mslearn.dataset.samplers import BuiltinSampler
from mslearn.dataset.schema import Schema
from mslearn.dataset.transforms.operation import Operation

_NOTE = "not serialized"
# MindSpore's names for what its Python classes become.
_ALIASES = {
    "HwcToChw": "HWC2CHW",
    "Cast": "TypeCast",
    "RgbToBgr": "RgbToBgr",
    "Transfer": "Transfer",
}
_CHILDREN = {"children", "input_dataset", "datasets"}


def _plain(value: Any) -> Any:
    """A value for JSON."""
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, DType):
        return str(value).rpartition(".")[2].lower()
    if isinstance(value, np.dtype) or (isinstance(value, type) and issubclass(value, np.generic)):
        return np.dtype(value).name
    if isinstance(value, Operation):
        params = {name: _plain(v) for name, v in arguments_of(value).items()}
        return {"tensor_op_name": type(value).__name__, "tensor_op_params": params}
    if isinstance(value, BuiltinSampler):
        return _sampler(value)
    if isinstance(value, Schema):
        return json.loads(value.to_json())
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple) and len(value) <= 64:
        return [_plain(v) for v in value]
    what = operation_name(value) if callable(value) else type(value).__name__
    return {_NOTE: what}


def _sampler(sampler: BuiltinSampler) -> dict[str, Any]:
    held = {name: _plain(v) for name, v in arguments_of(sampler).items()}
    held["sampler_name"] = type(sampler).__name__
    if sampler.child_sampler is not None:
        held["child_sampler"] = [_sampler(sampler.child_sampler)]
    return held


def _node(dataset: Dataset) -> dict[str, Any]:
    name = type(dataset).__name__
    arguments = arguments_of(dataset)
    held = {key: _plain(v) for key, v in arguments.items() if key not in _CHILDREN}
    if isinstance(dataset, MappableDataset):
        for key in ("num_samples", "shuffle", "num_shards", "shard_id"):
            held.pop(key, None)
        held["sampler"] = _sampler(dataset.sampler)
    if "operations" in held and not isinstance(held["operations"], list):
        held["operations"] = [held["operations"]]
    operation = bool(dataset.children)
    held["op_type"] = name.removesuffix("Dataset") if operation else name
    held["children"] = [_node(child) for child in dataset.children]
    return dict(sorted(held.items()))


def serialize(dataset: Dataset, json_filepath: str = "") -> dict[str, Any]:
    """A pipeline as a dict, also written to `json_filepath` as JSON if one is given.

    >>> import mslearn.dataset as ds
    >>> data = ds.NumpySlicesDataset([1, 2, 3], ["x"], shuffle=False).batch(2)
    >>> ds.serialize(data)["op_type"]
    'Batch'
    """
    if not isinstance(dataset, Dataset):
        raise TypeError(f"serialize: a data set is wanted, but got '{type(dataset).__name__}'.")
    held = _node(dataset)
    if json_filepath:
        text = json.dumps(held, indent=2, ensure_ascii=False)
        with replacing(json_filepath) as file:
            file.write(text.encode())
    return held


def _class(name: str) -> Any:
    module = importlib.import_module("mslearn.dataset")
    for candidate in (f"{name}Dataset", name):
        found = getattr(module, candidate, None)
        if isinstance(found, type) and issubclass(found, Dataset | BuiltinSampler):
            return found
    raise ValueError(
        f"deserialize: the operation '{name}' is not known.{did_you_mean(name, dir(module))}"
    )


def _build(made: Any, held: dict[str, Any]) -> Any:
    """`made(**held)`, with those keys that it takes; null where MindSpore has no parameters."""
    parameters = inspect.signature(made.__init__).parameters
    held = _enums(made, held)
    anything = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    extra = {"per_batch_map", "input_columns", "output_columns", "python_multiprocessing"}
    wanted = {
        key: value
        for key, value in held.items()
        if key in parameters or (anything and key in extra and value not in (None, []))
    }
    for key, value in wanted.items():
        if isinstance(value, dict) and _NOTE in value:
            raise ValueError(
                f"deserialize: '{key}' of {made.__name__} was {value[_NOTE]}, which JSON cannot "
                f"hold. Build this part of the pipeline in Python."
            )
    return made(**wanted)


def _operation(held: dict[str, Any]) -> Any:
    if _NOTE in held:
        raise ValueError(
            f"deserialize: the operation {held[_NOTE]} is a Python function, which JSON cannot "
            f"hold. Build this part of the pipeline in Python."
        )
    name = _ALIASES.get(held["tensor_op_name"], held["tensor_op_name"])
    for module in ("vision", "transforms", "text", "audio"):
        try:
            found = getattr(importlib.import_module(f"mslearn.dataset.{module}"), name, None)
        except ImportError:
            continue
        if isinstance(found, type):
            params = dict(held.get("tensor_op_params") or {})
            if isinstance(params.get("transforms"), list):
                params["transforms"] = [_operation(op) for op in params["transforms"]]
            if found.__name__ == "TypeCast":
                params["data_type"] = np.dtype(params["data_type"])
            try:
                return _build(found, params)
            except TypeError:  # JSON knows no tuples
                tuples = {k: tuple(v) if isinstance(v, list) else v for k, v in params.items()}
                return _build(found, tuples)
    raise ValueError(f"deserialize: the transform '{name}' is not known.")


def _enums(made: Any, params: dict[str, Any]) -> dict[str, Any]:
    """Numbers turned into the enums that are the parameters' defaults."""
    parameters = inspect.signature(made.__init__).parameters
    found = {}
    for key, value in params.items():
        default = parameters[key].default if key in parameters else None
        if isinstance(default, Enum) and not isinstance(value, Enum | bool):
            kinds = list(type(default))
            # MindSpore writes the place of a constant in its list where ours are texts.
            by_place = isinstance(value, int) and isinstance(kinds[0].value, str)
            value = kinds[value] if by_place else type(default)(value)
        found[key] = value
    return found


def _restore_sampler(held: dict[str, Any] | None) -> BuiltinSampler | None:
    if held is None:
        return None
    if _NOTE in held:
        raise ValueError(f"deserialize: the sampler was {held[_NOTE]}, which JSON cannot hold.")
    made: BuiltinSampler = _build(
        _class(held["sampler_name"]), {k: v for k, v in held.items() if v}
    )
    for child in held.get("child_sampler") or []:
        made.add_child(_restore_sampler(child))
    return made


def _restore(held: dict[str, Any]) -> Dataset:
    if not isinstance(held, dict) or "op_type" not in held:
        raise ValueError("deserialize: every node must be an object with an 'op_type'.")
    made = _class(held["op_type"])
    children = [_restore(child) for child in held.get("children", [])]
    rest = {k: v for k, v in held.items() if k not in ("op_type", "children")}
    if "operations" in rest:
        rest["operations"] = [_operation(op) for op in rest["operations"]]
    if "sampler" in rest:
        rest["sampler"] = _restore_sampler(rest["sampler"])
    if children:
        several = "datasets" in inspect.signature(made.__init__).parameters
        wrap = tuple if made.__name__ == "ZipDataset" else list
        rest["datasets" if several else "input_dataset"] = (
            wrap(children) if several else children[0]
        )
    dataset: Dataset = _build(made, rest)
    return dataset


def deserialize(
    input_dict: dict[str, Any] | None = None, json_filepath: str | None = None
) -> Dataset:
    """The pipeline that `serialize` was given.

    Raises:
        ValueError: an operation that is not known, or that JSON could not hold.
    """
    if (input_dict is None) == (json_filepath is None):
        raise ValueError("deserialize: give input_dict or json_filepath, one of them.")
    if json_filepath is not None:
        try:
            input_dict = json.loads(Path(json_filepath).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ValueError(f"deserialize: cannot read '{json_filepath}': {error}") from error
    assert input_dict is not None
    return _restore(input_dict)


def compare(pipeline1: Dataset, pipeline2: Dataset) -> bool:
    """Whether two pipelines have the same operations with the same arguments."""
    return serialize(pipeline1) == serialize(pipeline2)


def show(dataset: Dataset, indentation: int = 2) -> None:
    """Print the pipeline as JSON."""
    print(json.dumps(serialize(dataset), indent=indentation, ensure_ascii=False))
