"""`SummaryCollector`: a callback of `Model` that records what is usually wanted."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np

from mslearn.core.tensor import Tensor
from mslearn.summary import messages
from mslearn.summary.capturing import graph_of
from mslearn.summary.graphs import RecordedGraph
from mslearn.summary.record import SummaryRecord, export_format, publish_lineage
from mslearn.summary.values import Datum, histogram_of, image_of
from mslearn.train.callback.base import Callback, RunContext
from mslearn.train.callback.checkpoint import ModelCheckpoint

_SWITCHES = (
    "collect_metric", "collect_graph", "collect_train_lineage", "collect_eval_lineage",
    "collect_input_data", "collect_dataset_graph",
)  # fmt: skip
_FIRST_PARAMETERS = 5
_TENSOR_STEPS = 20


class SummaryCollector(Callback):
    """Records loss, input pictures, parameters' histograms, graphs and lineage while training.

    Args:
        summary_dir: the folder.
        collect_freq: record every so many steps, and the first.
        num_process: accepted; everything is written in this process.
        collect_specified_data: switches by name: ``collect_metric``, ``collect_graph``,
            ``collect_train_lineage``, ``collect_eval_lineage``, ``collect_input_data``,
            ``collect_dataset_graph`` (bool), ``histogram_regular`` (a pattern for the names of
            the parameters; None: the first five).
        keep_default_action: whether what `collect_specified_data` does not name is recorded.
        custom_lineage_data: texts and numbers to store with the run, by name.
        collect_tensor_freq: like `collect_freq` for `TensorSummary`; None: at most 20 times.
        max_file_size: bytes after which a new file begins.
        export_options: ``{"tensor_format": "npy"}`` saves tensors as files as well.
        tensorboard: write TensorBoard's files as well.

    >>> import mslearn as ms
    >>> collector = ms.SummaryCollector("./summary_dir")
    >>> model.train(1, dataset, callbacks=[collector])          # doctest: +SKIP
    """

    def __init__(
        self,
        summary_dir: str,
        collect_freq: int = 10,
        num_process: int = 32,
        collect_specified_data: dict[str, Any] | None = None,
        keep_default_action: bool = True,
        custom_lineage_data: dict[str, Any] | None = None,
        collect_tensor_freq: int | None = None,
        max_file_size: int | None = None,
        export_options: dict[str, Any] | None = None,
        *,
        tensorboard: bool = False,
    ) -> None:
        if not isinstance(summary_dir, str | Path):
            raise TypeError(
                f"For 'SummaryCollector', summary_dir must be a str, but got "
                f"{type(summary_dir).__name__}."
            )
        _positive("collect_freq", collect_freq)
        for name, value in (
            ("collect_tensor_freq", collect_tensor_freq), ("max_file_size", max_file_size)
        ):  # fmt: skip
            if value is not None:
                _positive(name, value)
        if not isinstance(keep_default_action, bool):
            raise TypeError(
                f"For 'SummaryCollector', keep_default_action must be a bool, but got "
                f"{type(keep_default_action).__name__}."
            )
        self._folder, self._freq, self._tensor_freq = summary_dir, collect_freq, collect_tensor_freq
        self._options: dict[str, Any] = {
            "max_file_size": max_file_size, "export_options": export_options,
            "tensorboard": tensorboard,
        }  # fmt: skip
        export_format(export_options)
        self._wanted = _wanted(collect_specified_data, keep_default_action)
        self._custom = _custom(custom_lineage_data)
        self._record: SummaryRecord | None = None
        self._known = False  # graph and data set are written once
        self._first = True  # the first step after opening is always recorded

    def __enter__(self) -> SummaryCollector:
        self._first = True
        self._record = SummaryRecord(str(self._folder), **self._options)
        return self

    def __exit__(self, *error: Any) -> None:
        if self._record is not None:
            self._record.close()
            self._record = None

    @property
    def _open(self) -> SummaryRecord:
        if self._record is None:
            raise RuntimeError(
                "SummaryCollector records while Model.train, fit or eval runs; pass it as one of "
                "their callbacks."
            )
        return self._record

    def begin(self, run_context: RunContext) -> None:
        """Check that there is one collector only."""
        args = run_context.original_args()
        others = [c for c in args.list_callback if isinstance(c, SummaryCollector)]
        if len(others) > 1:
            raise ValueError(
                f"There are {len(others)} SummaryCollectors among the callbacks; keep one."
            )
        self._open.set_mode("train" if args.mode == "train" else "eval")

    def step_end(self, run_context: RunContext) -> None:
        """Record this step when its turn has come."""
        args = run_context.original_args()
        if args.mode != "train":
            return
        record, step = self._open, args.cur_step_num
        if not self._known:
            self._known = True
            self._describe(args)
        total = args.epoch_num * args.batch_num
        with_tensors = step in tensor_steps(total, self._freq, self._tensor_freq)
        first = self._first
        self._first = False
        if first or step % self._freq == 0:
            for datum in self._values(args):
                record.add_datum(datum)
            whole = first or with_tensors
            record.record(step, plugin_filter=None if whole else lambda kind: kind != "tensor")
        elif with_tensors:
            record.record(step, plugin_filter=lambda kind: kind == "tensor")

    def _values(self, args: Any) -> list[Datum]:
        data = []
        if self._wanted["collect_input_data"]:
            image = _first_picture(args.get("train_dataset_element"))
            if image is not None:
                data.append(Datum("image", "input_data/auto", image_of(image)))
        if self._wanted["collect_metric"]:
            loss = _loss(args.net_outputs)
            if loss is not None:
                data.append(Datum("scalar", "loss/auto", loss))
        pattern = self._wanted["histogram_regular"]
        optimizer = args.get("optimizer")
        parameters = list(optimizer.parameters if optimizer else args.network.trainable_params())
        if pattern is None:
            parameters = parameters[:_FIRST_PARAMETERS]
        elif pattern is not False:
            parameters = [p for p in parameters if re.match(pattern, p.name)]
        else:
            parameters = []
        for parameter in parameters:
            data.append(
                Datum("histogram", f"{parameter.name}/auto", histogram_of(parameter.asnumpy()))
            )
        return data

    def _describe(self, args: Any) -> None:
        record = self._open
        if self._wanted["collect_dataset_graph"]:
            dataset = messages.dataset_graph(args.train_dataset)
            publish_lineage(record, messages.DATASET, dataset)
        if self._custom:
            publish_lineage(record, messages.CUSTOM, messages.custom_lineage(self._custom))
        element = args.get("train_dataset_element")
        if self._wanted["collect_graph"] and element is not None:
            graph = graph_of(args.train_network, tuple(element))
            if graph is not None:
                record.bus.publish(
                    args.cur_step_num, [Datum("graph", "graph", RecordedGraph(graph))]
                )

    def end(self, run_context: RunContext) -> None:
        """Record what the run was made with and what came out."""
        args = run_context.original_args()
        if args.mode == "train" and self._wanted["collect_train_lineage"]:
            publish_lineage(self._open, messages.TRAIN, _train_lineage(args))
        if args.mode == "eval" and self._wanted["collect_eval_lineage"]:
            results = args.get("metrics") or {}
            text = json.dumps({str(k): _plain(v) for k, v in results.items()})
            size = args.valid_dataset.get_dataset_size() * args.valid_dataset.get_batch_size()
            message = messages.evaluation_lineage(text, size, _source(args.valid_dataset))
            publish_lineage(self._open, messages.EVALUATION, message)


def _train_lineage(args: Any) -> bytes:
    optimizer, rate = args.get("optimizer"), 0.0
    if optimizer is not None:
        rates = optimizer.get_lr()
        rate = float((rates[0] if isinstance(rates, tuple) else rates).asnumpy().reshape(-1)[0])
    batch = args.train_dataset.get_batch_size()
    savers = [c for c in args.list_callback if isinstance(c, ModelCheckpoint)]
    return messages.train_lineage(
        optimizer="" if optimizer is None else type(optimizer).__name__,
        learning_rate=rate,
        loss_function="" if args.loss_fn is None else type(args.loss_fn).__name__,
        epoch=args.epoch_num,
        batch_size=batch,
        network=type(args.network).__name__,
        loss=_loss(args.net_outputs),
        dataset=_source(args.train_dataset),
        size=args.batch_num * batch,
        checkpoint=savers[-1].latest_ckpt_file_name if savers else "",
    )


def _source(dataset: Any) -> str:
    """The folder that a pipeline reads; "" where it reads none, or several sources."""
    while len(dataset.children) == 1:
        dataset = dataset.children[0]
    files = getattr(dataset, "dataset_files", None) or getattr(dataset, "files", None)
    found = getattr(dataset, "folder", None) or getattr(dataset, "file", None) or files or ""
    path = Path(found[0] if isinstance(found, list | tuple) else found)
    return str(path.parent if path.is_file() else path) if found else ""


def tensor_steps(total: int, freq: int, tensor_freq: int | None = None) -> range:
    """At which of `total` steps `TensorSummary` is recorded: at most about twenty, unless told."""
    if tensor_freq is not None:
        return range(0, total + 1, tensor_freq)
    every = range(0, total + 1, freq)
    if len(every) <= _TENSOR_STEPS:
        return every
    apart = total // (_TENSOR_STEPS - 1)
    if apart > 1:
        return range(0, total + 1, apart)[:_TENSOR_STEPS]
    return range(0, total + 1)[: _TENSOR_STEPS + 1]


def _positive(name: str, value: Any) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(
            f"For 'SummaryCollector', {name} must be an int, but got {type(value).__name__}."
        )
    if value <= 0:
        raise ValueError(
            f"For 'SummaryCollector', {name} must be an int above 0, but got {value!r}."
        )


def _wanted(specified: dict[str, Any] | None, keep: bool) -> dict[str, Any]:
    given = {} if specified is None else specified
    if not isinstance(given, dict):
        raise TypeError(
            f"For 'SummaryCollector', collect_specified_data must be a dict, but got "
            f"{type(given).__name__}."
        )
    known = (*_SWITCHES, "histogram_regular", "collect_landscape")
    for name, value in given.items():
        if name not in known:
            raise ValueError(
                f"For 'SummaryCollector', collect_specified_data has {name!r}; it may have "
                f"{list(known)}."
            )
        if name in _SWITCHES and not isinstance(value, bool):
            raise TypeError(
                f"For 'SummaryCollector', {name} must be a bool, but got {type(value).__name__}."
            )
    if given.get("collect_landscape"):
        raise ValueError("For 'SummaryCollector', mslearn does not record landscapes yet.")
    pattern = given.get("histogram_regular", None if keep else False)
    if "histogram_regular" in given and not isinstance(pattern, str | None):
        raise TypeError(
            f"For 'SummaryCollector', histogram_regular must be a str or None, but got "
            f"{type(pattern).__name__}."
        )
    if isinstance(pattern, str):
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(
                f"For 'SummaryCollector', histogram_regular {pattern!r} is no pattern: {error}."
            ) from None
    return {**{name: given.get(name, keep) for name in _SWITCHES}, "histogram_regular": pattern}


def _custom(data: dict[str, Any] | None) -> dict[str, Any]:
    if data is not None and not isinstance(data, dict):
        raise TypeError(
            f"For 'SummaryCollector', custom_lineage_data must be a dict, but got "
            f"{type(data).__name__}."
        )
    for name, value in (data or {}).items():
        if not isinstance(name, str) or not isinstance(value, str | int | float):
            raise TypeError(
                f"For 'SummaryCollector', custom_lineage_data maps texts to texts and numbers, but "
                f"got {name!r}: {value!r}."
            )
    return dict(data or {})


def _loss(outputs: Any) -> float | None:
    while isinstance(outputs, tuple | list) and outputs:
        outputs = outputs[0]
    if isinstance(outputs, Tensor):
        outputs = outputs.asnumpy()
    if isinstance(outputs, np.ndarray | float | int) and np.size(outputs):
        return float(np.mean(outputs))
    return None


def _first_picture(element: Any) -> np.ndarray | None:
    first = element[0] if isinstance(element, tuple | list) and element else element
    if not isinstance(first, Tensor) or first.ndim != 4:
        return None
    array: np.ndarray = first.asnumpy()
    return array if array.shape[1] in (1, 3) and array.size else None


def _plain(value: Any) -> Any:
    if isinstance(value, Tensor):
        value = value.asnumpy()
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    return value if isinstance(value, int | float | str | list | dict) else str(value)
