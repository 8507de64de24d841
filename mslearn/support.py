"""`support`: which of MindSpore's names work here, name by name, and on what evidence.

Nothing is claimed by hand: a name is supported when it stands in MindSpore's own list of names
(``support_names.json``) and a test uses it (``support_tested.json``, written by running the
tests: tools/make_support_table.py). Only the deliberate differences below are written down.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from mslearn.core.errors import did_you_mean

_ROC = "with class_num each class stands against the rest; MindSpore takes rows for classes"
DIFFERS = {
    "mindspore.Model": "rows are never sent ahead (sink mode)",
    "mindspore.build_train_network": "as amp.build_train_network",
    "amp.auto_mixed_precision": "O1 and auto look at Cells only: functions that construct calls "
    "keep their dtype",
    "amp.build_train_network": "O2's dynamic loss scale works on a CPU, where MindSpore refuses it",
    "amp.custom_mixed_precision": "as amp.auto_mixed_precision",
    "nn.ConfusionMatrixMetric": "nothing collected is an error, where MindSpore gives NaN",
    "mindspore.ConfusionMatrixMetric": "as nn.ConfusionMatrixMetric",
    "mindspore.ROC": _ROC,
    "nn.ROC": _ROC,
    "mindspore.bfloat16": "needs the library ml_dtypes; printing shows fewer zeros",
    "ops.ctc_loss": "the true gradient by the input; MindSpore's assumes a log_softmax in front",
    "nn.CTCLoss": "as ops.ctc_loss",
    "mindspore.jit": "a number that depends on a tensor and is returned becomes a tensor of int64 "
    "or float32; branches of different shapes run eagerly, with a warning",
    "mindspore.grad": "a tensor at two positions counts once for each; a non-tensor argument to "
    "differentiate by is a TypeError, where MindSpore leaves its gradient out",
    "mindspore.value_and_grad": "as grad",
    "mindspore.vmap": "decisions about one example's numbers run example by example, where "
    "MindSpore fails",
    "nn.thor": "refused with the reason: MindSpore has it for Ascend and GPU only",
    "nn.Momentum": "use_nesterov works, which MindSpore's CPU kernel ignores",
    "ops.full": "a float value gives float32, where MindSpore's CPU gives int64",
    "ops.GradOperation": "get_by_list needs weights or a Cell; MindSpore also collects them from "
    "a plain function",
}
SPACES = (
    "mindspore", "ops", "nn", "Tensor", "amp", "mint", "mint.nn", "mint.nn.functional",
    "mint.optim", "mint.linalg", "mint.special", "experimental.optim",
    "experimental.optim.lr_scheduler",
)  # fmt: skip
_HERE = Path(__file__).parent


def _data(file: str) -> Any:
    return json.loads((_HERE / file).read_text(encoding="utf-8"))


class Support:
    """The table. `rows` holds (name, status, note); status is supported, differs or not yet.

    >>> import mslearn as ms
    >>> ms.support()["ops.matmul"][0]
    'supported'
    """

    def __init__(self) -> None:
        recorded = _data("support_names.json")
        tested = _data("support_tested.json")
        self.version: str = recorded["mindspore"]
        self.rows: list[tuple[str, str, str]] = []
        for space in SPACES:
            for name in recorded["names"][space]:
                evidence = tested.get(space, {}).get(name)
                path = f"{space}.{name}"
                if evidence is None:
                    self.rows.append((path, "not yet", ""))
                elif path in DIFFERS:
                    self.rows.append((path, "differs", DIFFERS[path]))
                else:
                    note = "equal to MindSpore's recorded results" if evidence == "golden" else ""
                    self.rows.append((path, "supported", note))

    def counts(self, space: str) -> Counter[str]:
        """How many names of `mindspore`, `ops`, `nn`, `mint.nn` … have each status."""
        return Counter(s for path, s, _ in self.rows if path.rpartition(".")[0] == space)

    def __getitem__(self, path: str) -> tuple[str, str]:
        """(status, note) of a name such as ``"ops.matmul"``; ``"grad"`` means mindspore.grad."""
        wanted = path if path.rpartition(".")[0] in SPACES else f"mindspore.{path}"
        known = {p: (status, note) for p, status, note in self.rows}
        if wanted not in known:
            raise KeyError(
                f"MindSpore {self.version} has no name '{path}'.{did_you_mean(wanted, known)}"
            )
        return known[wanted]

    def __repr__(self) -> str:
        lines = [f"MindSpore {self.version}: names that work here, each used by a test"]
        for space in SPACES:
            n = self.counts(space)
            lines.append(
                f"  {space:<32}{n['supported']:>5} supported {n['differs']:>3} differ "
                f"{n['not yet']:>5} not yet"
            )
        lines.append("One name: mslearn.support('ops.matmul'). All of them: docs/support.md.")
        return "\n".join(lines)


def support(name: str | None = None) -> Support | str:
    """The support table, or one line about `name`, such as ``"ops.matmul"`` or ``"nn.Dense"``.

    Raises:
        KeyError: MindSpore has no such name; the message suggests a near one.

    >>> import mslearn as ms
    >>> ms.support("ops.matmul")
    "ops.matmul: supported (equal to MindSpore's recorded results)"
    """
    table = Support()
    if name is None:
        return table
    status, note = table[name]
    return f"{name}: {status}" + (f" ({note})" if note else "")


def render() -> str:
    """The table as Markdown."""
    table = Support()
    lines = [
        "# Which of MindSpore's names are supported",
        "",
        f"Made by `tools/make_support_table.py`; do not edit. Names: MindSpore {table.version}.",
        "A name is *supported* only when a test uses it and passes; names in **bold** are used in",
        "cases whose results are compared with those recorded from real MindSpore. A name may",
        "have arguments that no test has tried.",
        "",
        "| | supported | differs | not yet |",
        "|---|---|---|---|",
    ]
    for space in SPACES:
        n = table.counts(space)
        lines.append(f"| `{space}` | {n['supported']} | {n['differs']} | {n['not yet']} |")
    for space in SPACES:
        rows = [
            (name, s, t)
            for path, s, t in table.rows
            for home, _, name in (path.rpartition("."),)
            if home == space
        ]
        works = [f"**{n}**" if t else n for n, s, t in rows if s == "supported"]
        lines += ["", f"## {space}", "", "Supported: " + ", ".join(works) + "."]
        differs = [f"- {n}: {t}." for n, s, t in rows if s == "differs"]
        if differs:
            lines += ["", "Differs on purpose:", "", *differs]
        later = [n for n, s, _ in rows if s == "not yet"]
        lines += ["", "Not yet: " + (", ".join(later) or "none") + "."]
    return "\n".join(lines) + "\n"
