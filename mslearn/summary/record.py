"""`SummaryRecord`: values by name, written to a folder step by step."""

from __future__ import annotations

import os
import re
import time
import warnings
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from mslearn.common.files import replacing
from mslearn.core.tensor import Tensor
from mslearn.graph.ir import Graph
from mslearn.nn.cell import Cell
from mslearn.ops.summary import collected
from mslearn.summary import messages
from mslearn.summary.bus import Bus
from mslearn.summary.capturing import InputShapes, graph_of
from mslearn.summary.graphs import RecordedGraph
from mslearn.summary.values import Datum, histogram_of, image_of
from mslearn.summary.writer import EventFiles, TensorBoardFiles

_TENSORS = ("scalar", "image", "tensor", "histogram")
_LINEAGE = {
    "train_lineage": messages.TRAIN, "eval_lineage": messages.EVALUATION,
    "dataset_graph": messages.DATASET, "custom_lineage_data": messages.CUSTOM,
}  # fmt: skip
_PLUGINS = (*_TENSORS, *_LINEAGE, "graph", "LANDSCAPE")
_NAME = re.compile(r"\w[\w.]*", re.ASCII)  # what a file's prefix and suffix may be


class SummaryRecord:
    """Writes values that MindInsight, TensorBoard and `mslearn insight` show.

    Args:
        log_dir: the folder; made when the first value is written. As in MindSpore only one
            record may be open at a time.
        file_prefix, file_suffix: begin and end of the files' names.
        num_process: accepted; values are written at once, in this process.
        network: a Cell whose graph `record` writes.
        max_file_size: bytes after which a new file begins; None: never.
        raise_exception: raise what goes wrong while writing; else it is printed once and
            recording stops.
        export_options: ``{"tensor_format": "npy"}`` saves tensors as files as well.
        tensorboard: write TensorBoard's files into the same folder as well.

    >>> import mslearn as ms
    >>> with ms.SummaryRecord("./summary_dir") as record:      # doctest: +SKIP
    ...     record.add_value("scalar", "loss", ms.Tensor(0.1))
    ...     record.record(1)
    True
    """

    def __init__(
        self,
        log_dir: str,
        file_prefix: str = "events",
        file_suffix: str = "_MS",
        num_process: int = 32,
        network: Cell | None = None,
        max_file_size: int | None = None,
        raise_exception: bool = False,
        export_options: dict[str, Any] | None = None,
        *,
        tensorboard: bool = False,
    ) -> None:
        if not isinstance(log_dir, str | Path) or not str(log_dir):
            raise TypeError(
                f"For 'SummaryRecord', 'log_dir' must be a path that is not empty, but got "
                f"{log_dir!r}."
            )
        for name, text in (("file_prefix", file_prefix), ("file_suffix", file_suffix)):
            if not isinstance(text, str):
                raise TypeError(
                    f"For 'SummaryRecord', '{name}' must be a str, but got {type(text).__name__}."
                )
            if not _NAME.fullmatch(text):
                raise ValueError(
                    f"For 'SummaryRecord', '{name}' becomes part of a file's name: letters, "
                    f"digits, '_' and '.', but got {text!r}."
                )
        if max_file_size is not None and not isinstance(max_file_size, int):
            raise TypeError(
                f"For 'SummaryRecord', 'max_file_size' must be an int, but got "
                f"{type(max_file_size).__name__}."
            )
        if max_file_size is not None and max_file_size <= 0:
            warnings.warn(
                f"For 'SummaryRecord', 'max_file_size' must be above 0, but got {max_file_size}; "
                f"files have no limit now.",
                stacklevel=2,
            )
            max_file_size = None
        if not isinstance(raise_exception, bool):
            raise TypeError(
                f"For 'SummaryRecord', 'raise_exception' must be a bool, but got "
                f"{type(raise_exception).__name__}."
            )
        if network is not None and not isinstance(network, Cell):
            raise TypeError(
                f"For 'SummaryRecord', 'network' must be a Cell, but got {type(network).__name__}."
            )
        for other in _open:
            raise RuntimeError(
                f"For 'SummaryRecord', only one may be open at a time, as in MindSpore, but the "
                f"one of {other.log_dir} is. Close it first: record.close(), or write "
                f"`with SummaryRecord(…) as record:`."
            )
        self._folder = Path(os.path.abspath(os.path.expanduser(log_dir)))
        self._export = export_format(export_options)
        self._raise = raise_exception
        self._network = network
        self._graph_written = False
        self._shapes = None if network is None else (network, InputShapes(network))
        self._mode = "train"
        self._pending: list[Datum] = []
        self._began = int(time.time())
        self._failed = self._closed = False
        self.bus = Bus()
        self._files = EventFiles(self._folder, file_prefix, file_suffix, max_file_size)
        self.bus.subscribe(self._files)
        if tensorboard:
            self.bus.subscribe(TensorBoardFiles(self._folder, max_file_size))
        collected.take()
        collected.wanted += 1
        _open.add(self)

    @property
    def log_dir(self) -> str:
        """The path of the newest file of values, or of the one that comes first."""
        return str(self._files.values.path)

    def set_mode(self, mode: str) -> None:
        """Say whether "train" or "eval" is going on: in "eval", what summary operations hand over
        is not recorded.

        Raises:
            ValueError: it is neither.
        """
        if mode not in ("train", "eval"):
            raise ValueError(
                f"For 'SummaryRecord.set_mode', mode must be 'train' or 'eval', but got {mode!r}."
            )
        self._mode = mode

    def add_value(self, plugin: str, name: str, value: Any) -> None:
        """Keep a value for the next `record`.

        Args:
            plugin: "scalar", "image" (a Tensor ``(N, C, H, W)``), "tensor", "histogram"; "graph"
                (an `mslearn.graph` Graph); or "train_lineage", "eval_lineage", "dataset_graph",
                "custom_lineage_data" with the message's bytes (see `summary.messages`).
            name: the tag.
            value: a Tensor for the first four.

        Raises:
            ValueError: an unknown plugin, no name, or a shape that does not fit the plugin.
            TypeError: `value` is of the wrong type.
        """
        if plugin not in _PLUGINS:
            raise ValueError(
                f"For 'SummaryRecord.add_value', plugin must be one of {list(_PLUGINS)}, but got "
                f"{plugin!r}."
            )
        if plugin in _TENSORS and (not isinstance(name, str) or not name):
            raise ValueError(
                f"For 'SummaryRecord.add_value', name must be a non-empty str, but got {name!r}."
            )
        self._add(plugin, name, value)

    def _add(self, plugin: str, name: str, value: Any) -> None:
        datum = _datum(plugin, name, value)
        if datum is not None:
            self.add_datum(datum)

    def add_datum(self, datum: Datum) -> None:
        """Keep a value that is measured already; of one name and kind the newest."""
        if datum.kind in _TENSORS:
            self._pending = [d for d in self._pending if d[:2] != datum[:2]]
        self._pending.append(datum)

    def record(
        self,
        step: int,
        train_network: Cell | None = None,
        plugin_filter: Callable[[str], bool] | None = None,
    ) -> bool:
        """Write what was added, and what summary operations have handed over, as `step`.

        Args:
            step: number of the step.
            train_network: a Cell whose graph to write, once it has run while this was open.
            plugin_filter: tells by the name of a plugin whether to write its values.

        Returns:
            Whether all was written.
        """
        if not isinstance(step, int) or isinstance(step, bool):
            raise TypeError(
                f"For 'SummaryRecord.record', step must be an int, but got {type(step).__name__}."
            )
        if train_network is not None and not isinstance(train_network, Cell):
            raise TypeError(
                f"For 'SummaryRecord.record', train_network must be a Cell, but got "
                f"{type(train_network).__name__}."
            )
        if self._closed or self._failed:
            return False
        if self._mode == "train":
            for kind, tag, array in collected.take():
                self._add(kind, tag, Tensor.wrap(array))
        pending, self._pending = self._pending, []
        data = [d for d in pending if plugin_filter is None or plugin_filter(_plugin(d))]
        data += self._graph(train_network or self._network)
        try:
            self.bus.publish(step, data)
            if self._export == "npy":
                self._save_tensors(step, data)
        except OSError as error:
            if self._raise:
                raise
            self._failed = True
            print(f"SummaryRecord: recording stopped, {self._folder} cannot be written: {error}")
            return False
        return True

    def _graph(self, network: Cell | None) -> list[Datum]:
        """The Cell's graph, once: as soon as it has run while this record was open."""
        if network is None or self._graph_written:
            return []
        if self._shapes is None or self._shapes[0] is not network:
            self._shapes = (network, InputShapes(network))
        args = self._shapes[1].args
        if args is None:
            return []
        self._graph_written = True
        graph = graph_of(network, args)
        return [] if graph is None else [Datum("graph", "graph", RecordedGraph(graph))]

    def _save_tensors(self, step: int, data: list[Datum]) -> None:
        for datum in data:
            if datum.kind == "tensor":
                folder = self._folder / f"export_{self._began}" / "tensor"
                folder.mkdir(parents=True, exist_ok=True)
                with replacing(folder / f"{quote(datum.tag, safe='')[:200]}_{step}.npy") as file:
                    np.save(file, datum.value, allow_pickle=False)

    def flush(self) -> None:
        """Nothing waits: every value is in its file when `record` returns."""

    def close(self) -> None:
        """Close the files. Idempotent."""
        if not self._closed:
            self._closed = True
            _open.discard(self)
            collected.wanted -= 1
            self.bus.close()

    def __del__(self) -> None:
        if hasattr(self, "_files"):  # else the constructor refused its arguments
            self.close()

    def __enter__(self) -> SummaryRecord:
        if self._closed:
            raise ValueError("For 'SummaryRecord', this one is closed; make a new one.")
        return self

    def __exit__(self, *error: Any) -> None:
        self.close()


_open: weakref.WeakSet[SummaryRecord] = weakref.WeakSet()


def publish_lineage(record: SummaryRecord, field: int, message: bytes) -> None:
    """Write lineage at once, beside the steps."""
    record.bus.publish(0, [Datum("lineage", "", (field, message))], time.time())


def _plugin(datum: Datum) -> str:
    if datum.kind != "lineage":
        return datum.kind
    return next(name for name, field in _LINEAGE.items() if field == datum.value[0])


def _datum(plugin: str, name: str, value: Any) -> Datum | None:
    if plugin in _LINEAGE:
        message = value.SerializeToString() if hasattr(value, "SerializeToString") else value
        if not isinstance(message, bytes):
            raise TypeError(
                f"For 'SummaryRecord.add_value', a {plugin} is a protobuf message or its bytes, "
                f"but got {type(value).__name__}. mslearn.summary.messages makes them."
            )
        return Datum("lineage", name, (_LINEAGE[plugin], message))
    if plugin == "LANDSCAPE":
        raise ValueError("For 'SummaryRecord.add_value', mslearn does not record landscapes yet.")
    if plugin == "graph":
        if not isinstance(value, Graph):
            raise TypeError(
                f"For 'SummaryRecord.add_value', a graph is an mslearn.graph Graph, but got "
                f"{type(value).__name__}. mslearn.graph.capture.capture(net, (x,)).graph is one."
            )
        return Datum("graph", name, RecordedGraph(value))
    if not isinstance(value, Tensor):
        raise TypeError(
            f"For 'SummaryRecord.add_value', the value of plugin {plugin!r} must be a Tensor, but "
            f"got {type(value).__name__}. Wrap it: Tensor(value)."
        )
    return _converted(plugin, name, value.asnumpy())


def _converted(kind: str, tag: str, array: np.ndarray) -> Datum | None:
    fits, wanted = {
        "scalar": (array.size == 1, "be one number"),
        "image": (array.ndim == 4, "have the shape (N, C, H, W)"),
    }.get(kind, (array.ndim > 0, "have at least one dimension"))
    if not fits:
        raise ValueError(
            f"For 'SummaryRecord', the {kind} {tag!r} must {wanted}, but has the shape "
            f"{array.shape}."
        )
    if kind == "scalar":
        return Datum(kind, tag, float(array.reshape(())))
    if kind == "tensor":
        return Datum(kind, tag, array.copy())
    if kind == "histogram":
        return Datum(kind, tag, histogram_of(array))
    try:
        return Datum(kind, tag, image_of(array))
    except ValueError as error:
        warnings.warn(f"The image {tag!r} is not recorded. {error}", stacklevel=5)
        return None


def export_format(options: dict[str, Any] | None) -> str | None:
    """The format of exported tensors, "npy", or None for none."""
    if options is None:
        return None
    if not isinstance(options, dict):
        raise TypeError(
            f"For 'SummaryRecord', export_options must be a dict, but got {type(options).__name__}."
        )
    for key, value in options.items():
        if not isinstance(key, str) or not isinstance(value, str | None):
            raise TypeError(
                f"For 'SummaryRecord', export_options maps texts to texts, but got {options!r}."
            )
    if set(options) - {"tensor_format"} or options.get("tensor_format") not in (None, "npy"):
        raise ValueError(
            f"For 'SummaryRecord', export_options takes {{'tensor_format': 'npy'}}, but got "
            f"{options!r}."
        )
    found: str | None = options.get("tensor_format")
    return found
