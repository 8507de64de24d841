"""The same code here and on real MindSpore, and the differences as a table.

    def experiment(ms):
        x = ms.Tensor([1, 2, 3])
        return {"x / 2": x / 2, "its dtype": str((x / 2).dtype)}

    day.on_mindspore(experiment)

MindSpore is looked for in the Python that ``MSLEARN_ORACLE`` names, else in this one, and runs in a
process of its own with a time limit. Where there is none, the answers that were recorded when the
lesson was built (`data/dayNN.oracle.json`) stand in, and the table says so. ``MSLEARN_ORACLE=off``
looks for none: stored outputs are made that way, so they are the same everywhere.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import os
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from . import catalog
from ._language import Text
from ._lock import replace_text
from .material import FOLDER
from .oracle_child import flat
from .report import Card, Table
from .values import as_array, same, show

SECONDS = 120
LIMIT = 2000  # elements of one value that are recorded

_HERE = Text("mslearn", "mslearn")
_SAME = Text("equal", "相同")
_CLOSE = Text("equal up to rounding", "相同（只差舍入）")
_APART = Text("differ by up to {0:.2g}", "最多相差 {0:.2g}")
_DIFFER = Text("different", "不同")
_HEADING = Text(
    "The same code on mslearn and on MindSpore {0}", "同一段代码：mslearn 与 MindSpore {0}"
)
_RECORDED = Text(
    "MindSpore is not installed here: its column was recorded when this lesson was made.",
    "这里没有安装 MindSpore：它那一列是编写课程时录下的。",
)
_ABSENT = Text(
    "MindSpore is not installed here, and this code has no recorded answer (it was changed).",
    "这里没有安装 MindSpore；这段代码改动过，也没有录下的结果。",
)
_INSTALL = Text(
    "To run it yourself: `pip install mindspore` into an environment of its own, and put the path "
    "of that environment's Python into the variable `MSLEARN_ORACLE` before you start the camp.",
    "想亲自运行：在一个单独的环境里 `pip install mindspore`，启动打卡营之前，把环境变量 "
    "`MSLEARN_ORACLE` 设为该环境中 Python 的路径。",
)
_SLOW = Text("MindSpore did not finish within {0} seconds.", "MindSpore 在 {0} 秒内没有跑完。")
_FAILED = Text("MindSpore could not be run: {0}", "MindSpore 没能运行：{0}")
_RAISED = Text("raised {0}", "报错 {0}")


@dataclass(frozen=True)
class Answer:
    """What a function returned: arrays and texts by name, or the error that it raised."""

    values: dict[str, Any]
    error: str | None = None
    version: str = ""


def on_mindspore(
    day: int | str, function: Callable[..., Any], *inputs: Any, seconds: float = SECONDS
) -> Card:
    """Run ``function(ms, *inputs)`` here and on MindSpore; see the module's docstring.

    Args:
        day: the lesson that the answers are recorded with.
        function: complete in itself: it may use its arguments (``ms`` first) and ``np`` only, and
            returns a tensor, array, number or text, or a dict of these.
        inputs: tensors or arrays, given to both.
        seconds: time limit for MindSpore.

    Raises:
        ValueError: the source of ``function`` cannot be read.
    """
    source = _source(function)
    arrays = [np.asarray(i.asnumpy() if hasattr(i, "asnumpy") else i) for i in inputs]
    here = run_here(function, arrays)
    python = interpreter()
    if python is None:
        recorded = _read(day).get(_key(source, arrays))
        if recorded is None:
            return _table(here, None, str(_ABSENT), str(_INSTALL))
        return _table(here, _decode(recorded), str(_RECORDED), str(_INSTALL))
    try:
        there = run_there(python, source, function.__name__, arrays, seconds)
    except subprocess.TimeoutExpired:
        return _table(here, None, str(_SLOW.format(f"{seconds:g}")))
    except (OSError, RuntimeError) as error:
        return _table(here, None, str(_FAILED.format(error)))
    if target := os.environ.get("MSLEARN_ORACLE_RECORD"):
        _record(Path(target) / f"{catalog.day(day).id}.oracle.json", _key(source, arrays), there)
    return _table(here, there)


def interpreter() -> str | None:
    """The Python that has MindSpore: ``MSLEARN_ORACLE``, this one, or none."""
    chosen = os.environ.get("MSLEARN_ORACLE")
    if chosen is not None:
        return None if chosen.strip().lower() in ("", "off") else chosen
    return sys.executable if find_spec("mindspore") is not None else None


def run_here(function: Callable[..., Any], inputs: list[np.ndarray]) -> Answer:
    """The answer of mslearn."""
    import mslearn as ms

    arrays: dict[str, Any] = {}
    texts: dict[str, Any] = {}
    try:
        flat(function(ms, *(ms.Tensor(array) for array in inputs)), "", arrays, texts)
    except Exception as error:
        return Answer({}, f"{type(error).__name__}: {(str(error).strip().splitlines() or [''])[0]}")
    return Answer(arrays | texts)


def run_there(
    python: str, source: str, name: str, inputs: list[np.ndarray], seconds: float = SECONDS
) -> Answer:
    """The answer of MindSpore in the interpreter ``python``.

    Raises:
        subprocess.TimeoutExpired: it took longer than ``seconds``.
        RuntimeError: the process failed; the message is its last line.
    """
    with tempfile.TemporaryDirectory(prefix="mslearn-oracle-") as scratch:
        folder = Path(scratch)
        (folder / "code.py").write_text(source, "utf-8")
        (folder / "name.txt").write_text(name, "utf-8")
        named: dict[str, Any] = {f"{k:03}": array for k, array in enumerate(inputs)}
        np.savez(folder / "inputs.npz", **named)
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        done = subprocess.run(
            [python, str(Path(__file__).with_name("oracle_child.py")), str(folder)],
            cwd=folder, env=environment | {"GLOG_v": "3"}, capture_output=True, text=True,
            timeout=seconds, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        if not (folder / "report.json").exists():
            last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
            raise RuntimeError(last)
        report = json.loads((folder / "report.json").read_text("utf-8"))
        with np.load(folder / "values.npz", allow_pickle=False) as stored:
            arrays = {key: stored[key] for key in stored.files}
    return Answer({**arrays, **report["texts"]}, report["error"], report["version"])


def _source(function: Callable[..., Any]) -> str:
    try:
        return textwrap.dedent(inspect.getsource(function))
    except (OSError, TypeError) as error:
        raise ValueError(
            f"on_mindspore: the source of {function!r} cannot be read ({error}). Define it with "
            "`def` in a cell."
        ) from error


def _key(source: str, inputs: list[np.ndarray]) -> str:
    sha = hashlib.sha256(source.encode())
    for array in inputs:
        sha.update(f"{array.dtype}{array.shape}".encode() + np.ascontiguousarray(array).tobytes())
    return sha.hexdigest()[:24]


def _read(day: int | str) -> dict[str, Any]:
    path = FOLDER / f"{catalog.day(day).id}.oracle.json"
    data: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return data


def _record(path: Path, key: str, answer: Answer) -> None:
    data = json.loads(path.read_text("utf-8")) if path.exists() else {}
    values = {}
    for name, value in answer.values.items():
        if isinstance(value, np.ndarray):
            if value.size > LIMIT:
                raise ValueError(f"on_mindspore: {name} has {value.size} elements; return fewer")
            values[name] = {"dtype": str(value.dtype), "value": value.tolist()}
        else:
            values[name] = value
    data[key] = {"version": answer.version, "error": answer.error, "values": values}
    replace_text(path, json.dumps(data, ensure_ascii=False, indent=1, sort_keys=True) + "\n")


def _decode(entry: dict[str, Any]) -> Answer:
    values = {
        name: np.array(v["value"], np.dtype(v["dtype"])) if isinstance(v, dict) else v
        for name, v in entry["values"].items()
    }
    return Answer(values, entry["error"], entry["version"])


def _table(here: Answer, there: Answer | None, *notes: str) -> Card:
    names = list(here.values) or [""]
    if there is not None:
        names += [name for name in there.values if name not in names]
    head = ["", str(_HERE)] if there is None else ["", str(_HERE), "MindSpore", ""]
    rows = []
    for name in names:
        if not name and not here.error and not (there and there.error):
            continue
        row = [name, _cell(here, name)]
        if there is not None:
            row += [_cell(there, name), _difference(here, there, name)]
        rows.append(tuple(row))
    heading = str(_HEADING.format(there.version if there else "")).strip()
    return Card("info", heading, notes, table=Table(tuple(head), tuple(rows)))


def _cell(answer: Answer, name: str) -> str:
    if answer.error is not None:
        return str(_RAISED.format(answer.error[:120]))
    value = answer.values.get(name)
    return value if isinstance(value, str) else "–" if value is None else show(value)


def _difference(here: Answer, there: Answer, name: str) -> str:
    if here.error or there.error:
        return str(_SAME if bool(here.error) == bool(there.error) else _DIFFER)
    a, b = here.values.get(name), there.values.get(name)
    if isinstance(a, str) or isinstance(b, str) or a is None or b is None:
        return str(_SAME if isinstance(a, str) and a == b else _DIFFER)
    x, y = as_array(a), as_array(b)
    if x is None or y is None or x.shape != y.shape:
        return str(_DIFFER)
    if same(x, y):  # another processor rounds otherwise: bit for bit is no promise for floats
        return str(_CLOSE if "f" in (x.dtype.kind, y.dtype.kind) else _SAME)
    with np.errstate(all="ignore"):
        return str(_APART.format(float(np.nanmax(np.abs(x.astype(float) - y.astype(float))))))
