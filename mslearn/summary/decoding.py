"""From messages in event files to plain data that JSON can hold."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from mslearn.common.wire import Message, WireError
from mslearn.summary.messages import KINDS

NAMES = {number: name for name, number in KINDS.items()}
PNG = b"\x89PNG\r\n\x1a\n"
MAX_NODES = 20_000


def lineage_of(event: Message) -> tuple[str, dict[str, Any]]:
    """(topic, content) of a LineageEvent: "train", "evaluation", "dataset" or "custom"."""
    train, evaluation = event.message(6), event.message(7)
    if train is not None:
        hyper, data, algorithm = (train.message(k) or Message(b"") for k in (1, 2, 3))
        return "train", {
            "optimizer": hyper.text(1), "learning_rate": hyper.number(2),
            "loss_function": hyper.text(3), "epoch": hyper.integer(4),
            "batch_size": hyper.integer(8), "dataset_size": data.integer(2),
            "network": algorithm.text(1), "loss": algorithm.number(2),
        }  # fmt: skip
    if evaluation is not None:
        return "evaluation", _metrics(evaluation.text(2))
    dataset, custom = event.message(9), event.message(10)
    if dataset is not None:
        tree = _stage(dataset)
        return "dataset", {"stages": _names(tree), "tree": tree}
    if custom is None:
        return "", {}
    found: dict[str, Any] = {}
    for entry in custom.messages(1):
        for field, read in ((4, Message.text), (3, Message.integer), (5, Message.number)):
            for pair in entry.messages(field):
                found[pair.text(1)] = read(pair, 2)
    return "custom", found


def _metrics(text: str) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise WireError("metrics that are no JSON") from None
    if not isinstance(data, dict):
        raise WireError("metrics that are no dict")
    return {str(k): v if isinstance(v, int | float | str) else str(v) for k, v in data.items()}


def _stage(dataset: Message) -> dict[str, Any]:
    """One stage of a recorded pipeline with the stages it reads from, ``children``."""
    parameters = _pairs(dataset.message(2))
    sampler = dataset.message(4)
    return {
        "name": str(parameters.get("op_type", "?")), "parameters": parameters,
        "operations": [
            str(_pairs(o.message(1)).get("tensor_op") or _first_text(o) or "?")
            for o in dataset.messages(3)
        ],
        "sampler": _pairs(sampler.message(1)) if sampler is not None else {},
        "children": [_stage(child) for child in dataset.messages(1)],
    }  # fmt: skip


def _pairs(parameters: Message | None) -> dict[str, Any]:
    """An OperationParameter: texts, lists, truths, whole and other numbers by name."""
    found: dict[str, Any] = {}
    if parameters is None:
        return found
    kinds: tuple[tuple[int, Any], ...] = (
        (1, lambda p: p.text(2)), (3, lambda p: bool(p.integer(2))), (4, lambda p: p.integer(2)),
        (5, lambda p: p.number(2)),
    )  # fmt: skip
    for field, read in kinds:
        for pair in parameters.messages(field):
            found[pair.text(1)] = read(pair)
    for pair in parameters.messages(2):
        found[pair.text(1)] = _listed(pair)
    return found


def _listed(pair: Message) -> str:
    return ", ".join(t for inner in pair.messages(2) for t in inner.texts(1))[:200]


def _first_text(operation: Message) -> str:
    parameters = _pairs(operation.message(1))
    return next((str(v) for v in parameters.values() if isinstance(v, str)), "")


def _names(tree: dict[str, Any]) -> list[str]:
    return [n for child in tree["children"] for n in _names(child)] + [tree["name"]]


def histogram_of(message: Message) -> dict[str, Any]:
    """Bins as ``[left, width, count]`` rows, and the figures beside them."""
    return {
        "bins": [[b.number(1), b.number(2), b.integer(3)] for b in message.messages(1)],
        "nan": message.integer(2), "inf": message.integer(3) + message.integer(4),
        "max": message.number(5), "min": message.number(6), "sum": message.number(7),
        "count": message.integer(8),
    }  # fmt: skip


def image_of(message: Message) -> bytes:
    """The PNG file.

    Raises:
        WireError: it is something else, which a browser must not be given.
    """
    data = bytes(message.raw(4))
    if not data.startswith(PNG):
        raise WireError("a picture that is no PNG file")
    return data


def tensor_of(message: Message) -> np.ndarray:
    """The array, float32.

    Raises:
        WireError: the numbers are not as many as the shape says.
    """
    shape = tuple(message.integers(1))
    packed = message.fields.get(3, [])
    if len(packed) == 1 and isinstance(packed[0], memoryview) and len(packed[0]) % 4 == 0:
        numbers = np.frombuffer(packed[0], "<f4")
    else:
        numbers = np.array(message.numbers(3), np.float32)
    size = 1
    for n in shape:
        size *= n
    if min(shape, default=1) < 0 or size != numbers.size:
        raise WireError(f"{numbers.size} numbers do not make the shape {shape}")
    return numbers.reshape(shape)


def _type(message: Message | None) -> dict[str, Any]:
    tensor = message.message(2) if message is not None else None
    if tensor is None:
        return {"shape": [], "dtype": ""}
    dims = tensor.message(2)
    shape = [d.integer(1) for d in dims.messages(1)] if dims is not None else []
    return {"shape": shape, "dtype": NAMES.get(tensor.integer(1), "")}


def graph_of(message: Message) -> dict[str, Any]:
    """A GraphProto as a scene, in the form that the graph widget draws (`insight.graph_scene`)."""
    nodes: list[dict[str, Any]] = []
    scopes: list[dict[str, Any]] = []
    ids: dict[str, int] = {"": -1}
    numbers: dict[str, int] = {}

    def scope(path: str) -> int:
        if path not in ids:
            above, _, name = path.rpartition("/")
            if path.count("/") > 60:
                raise WireError("scopes are nested more than 60 deep")
            parent = scope(above)
            ids[path] = len(scopes)
            phase = "backward" if path.split("/", 1)[0] == "Gradients" else "forward"
            scopes.append({"id": len(scopes), "name": name, "parent": parent, "phase": phase})
        return ids[path]

    def add(kind: str, key: str, op: str, name: str, path: str, **more: Any) -> None:
        output = {**more.pop("type"), "value": {"first": []}, "grad": None}
        numbers[key] = len(nodes)
        nodes.append({
            "id": len(nodes), "kind": kind, "op": op, "name": name, "scope": scope(path),
            "phase": "backward" if path.split("/", 1)[0] == "Gradients" else "forward",
            "outputs": [output], "attrs": {}, "doc": "", "source": None, "cause": None, **more,
        })  # fmt: skip

    operations = message.messages(1)
    if len(operations) > MAX_NODES:
        raise WireError(f"a graph of more than {MAX_NODES} operations")
    homes: dict[str, str] = {}
    for node in operations:
        for entry in node.messages(1):
            homes.setdefault(entry.text(1), node.text(4))
    leaves: dict[str, Any] = {}  # what adds an input, parameter or constant
    for parameter in message.messages(3):
        name = parameter.text(1)
        kind = "parameter" if "." in name else "input"
        home = homes.get(name, "") if kind == "parameter" else ""
        leaves[name] = (kind, name, name, home, _type(parameter.message(2)))
    for constant in message.messages(5):
        name = constant.text(1)
        home = homes.get(name, "")
        leaves[name] = ("constant", _constant(constant), f"{home}/{name}", home, _type(None))

    def leaf(name: str) -> None:
        kind, op, full, home, what = leaves.pop(name)
        add(kind, name, op, full, home, type=what)

    # A file lists all parameters first. The order here is that of execution, each leaf before its
    # first use, which is what a layout goes by.
    for name in [k for k, found in leaves.items() if found[0] == "input"]:
        leaf(name)
    for node in operations:
        for entry in node.messages(1):
            if entry.text(1) in leaves:
                leaf(entry.text(1))
        attrs = {a.text(1): _attribute(a.message(2)) for a in node.messages(5)}
        add("op", node.text(2), node.text(3), node.text(8) or node.text(2), node.text(4),
            type=_type(node.message(6)), attrs=attrs)  # fmt: skip
    for name in list(leaves):
        leaf(name)
    edges = []
    for node in operations:
        target = numbers[node.text(2)]
        for slot, entry in enumerate(node.messages(1)):
            source = numbers.get(entry.text(1))
            if source is not None and source != target:
                edges.append([source, 0, target, slot])
    return {"version": 1, "title": message.text(2), "scopes": scopes, "nodes": nodes,
            "edges": edges, "loss": None}  # fmt: skip


def _constant(entry: Message) -> str:
    return _attribute(entry.message(2)) or "Constant"


def _attribute(value: Message | None, depth: int = 0) -> str:
    """A ValueProto as a short text."""
    if value is None or depth > 4:
        return ""
    for field in (2, 3, 4, 5, 6, 7):
        found = value.fields.get(field)
        if found:
            if field == 7:
                return repr(value.text(7))[:120]
            if field in (5, 6):
                return f"{value.number(field):.6g}"
            return str(bool(value.integer(2)) if field == 2 else value.integer(field))
    parts = [_attribute(v, depth + 1) for v in value.messages(18)[:16]]
    if parts:
        return f"({', '.join(parts)})"
    tensor = value.message(8)
    if tensor is not None:
        numbers = tensor.numbers(3)[:4]
        return " ".join(f"{n:.6g}" for n in numbers)
    return ""
