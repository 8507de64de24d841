"""`mslearn.export` and `mslearn.load`."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from mslearn.common.files import write_whole
from mslearn.core.errors import did_you_mean
from mslearn.core.tensor import Abstract, Tensor
from mslearn.graph.capture import capture
from mslearn.graph.ir import Graph
from mslearn.graph.rewrite import rewrite
from mslearn.interchange.dynamic import SIZES
from mslearn.interchange.mindir_load import LOAD
from mslearn.interchange.mindir_model import mindir_model
from mslearn.interchange.mindir_read import MindirError, MindirGraph, decode, unknown
from mslearn.interchange.onnx_model import onnx_model
from mslearn.nn.cell import Cell

FORMATS = ("MINDIR", "ONNX", "AIR")
_OPTIONS = {"enc_key", "enc_mode", "dataset", "incremental", "custom_func"}


def export(
    net: Cell | Callable[..., Any],
    *inputs: Any,
    file_name: str | os.PathLike[str],
    file_format: str,
    **kwargs: Any,
) -> None:
    """Write a network as a file that other programs run.

    The network is captured as it predicts (not training). A Parameter that it updates, as a
    training step does, becomes an input, and an output with ``.new`` behind its name: feed one
    with the other from step to step. The file appears whole or not at all.

    Args:
        net: a Cell, or a function of tensors.
        inputs: what it is called with: tensors (also in tuples and lists) become inputs, numbers
            are written into the file. ``Tensor(shape=[None, 6], dtype=ms.float32)`` leaves a
            size free; a free first axis is the batch, the same for all inputs.
        file_name: the file; ``.mindir`` or ``.onnx`` is added when it is missing.
        file_format: ``"MINDIR"`` (MindSpore, MindSpore Lite, `mslearn.load`) or ``"ONNX"``
            (operator set 17: onnxruntime, OpenVINO, NPUs …).
        kwargs: MindSpore's options; those that ask for encryption or a data pipeline must be None.

    Raises:
        ExportError: operations that the format does not have, all of them with their lines.
        ValueError: an unknown format; AIR, which only an Ascend build can make; an option that is
            not here.

    >>> import mslearn as ms, os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     x = ms.Tensor(shape=[None, 3], dtype=ms.float32)
    ...     ms.export(ms.nn.Dense(3, 2), x, file_name=folder + "/net", file_format="ONNX")
    ...     print(os.listdir(folder))
    ['net.onnx']
    """
    path = _target(net, file_name, file_format, kwargs)
    examples = [Tensor(x) if isinstance(x, np.ndarray) else x for x in inputs]
    graph, resized = captured(net, examples)
    if file_format == "MINDIR":
        data = mindir_model(graph, resized=resized, own_draws=True).data
    else:
        data = onnx_model(graph, resized=resized).data
    write_whole(path, [data])


def _target(net: Any, file_name: Any, file_format: Any, options: dict[str, Any]) -> Path:
    if not isinstance(file_format, str) or file_format not in FORMATS:
        raise ValueError(
            f"For 'export', 'file_format' must be one of {list(FORMATS)}, but got {file_format!r}."
        )
    if file_format == "AIR":
        raise ValueError(
            "For 'export', file_format 'AIR' is made by Ascend's own graph compiler (CANN), which "
            "is not here, and MindSpore has deprecated it. Use file_format='MINDIR': MindSpore "
            "runs it on Ascend, and MindSpore Lite converts it for offline use."
        )
    if not callable(net):
        raise TypeError(
            f"For 'export', 'net' must be a Cell or a function, but got '{type(net).__name__}'."
        )
    if not isinstance(file_name, str | os.PathLike) or not str(file_name):
        raise ValueError(f"For 'export', 'file_name' must be a path, but got {file_name!r}.")
    unknown_options = set(options) - _OPTIONS
    if unknown_options:
        name = sorted(unknown_options)[0]
        raise TypeError(f"For 'export', there is no option '{name}'.{did_you_mean(name, _OPTIONS)}")
    for name in ("enc_key", "dataset", "custom_func"):
        if options.get(name) is not None:
            raise ValueError(
                f"For 'export', '{name}' must be None: encryption, data pipelines and changes of "
                f"the file's message are not here. Encrypt the file with another program, "
                f"preprocess before the network."
            )
    path, suffix = Path(file_name), f".{file_format.lower()}"
    return path if path.name.endswith(suffix) else path.with_name(path.name + suffix)


def captured(net: Any, examples: list[Any]) -> tuple[Graph, Graph | None]:
    """The network as it predicts, captured; and once more with other sizes where some are free."""
    free = any(n < 0 for x in examples if isinstance(x, Tensor) for n in x.shape)
    training = [(c, c.training) for _, c in net.cells_and_names()] if isinstance(net, Cell) else []
    try:
        if training:
            net.set_train(False)
        run = net if isinstance(net, Cell) else rewrite(net)
        sizes = [_sized(examples, k) for k in range(1 + free)]
        graphs = [capture(run, each, rewriting=True).graph for each in sizes]
    finally:
        for cell, mode in training:
            cell.training = mode
    return graphs[0], graphs[1] if free else None


def _sized(examples: list[Any], which: int) -> list[Any]:
    """The examples with a number for each free size: the first axis is the batch for all."""
    out: list[Any] = []
    used = 0
    for x in examples:
        if not isinstance(x, Tensor):
            out.append(x)
            continue
        shape = list(x.shape)
        for axis, n in enumerate(shape):
            if n < 0:
                batch = axis == 0
                used += not batch
                if used >= len(SIZES):
                    raise ValueError(
                        f"For 'export', at most {len(SIZES) - 1} sizes besides the batch can be "
                        f"free (None)."
                    )
                shape[axis] = SIZES[0 if batch else used][which]
        out.append(Tensor.wrap(Abstract(tuple(shape), x._value.dtype)))
    return out


def load(file_name: str | os.PathLike[str], **kwargs: Any) -> MindirGraph:
    """Read a MindIR file, of mslearn or of MindSpore, for `nn.GraphCell`.

    Args:
        file_name: a file that ends with ``.mindir``.
        kwargs: MindSpore's options; `dec_key` must be None: encrypted files are not read here.

    Raises:
        ValueError: no such file. MindirError (a ValueError): it is damaged, or holds operations
            that mslearn does not have; the message names them.
    """
    if kwargs.get("dec_key") is not None or kwargs.get("obf_func") is not None:
        raise ValueError("For 'load', dec_key must be None: encrypted files are not read here.")
    wrong = set(kwargs) - {"dec_key", "dec_mode", "obf_func"}
    if wrong:
        raise TypeError(f"For 'load', there is no option '{sorted(wrong)[0]}'.")
    if not isinstance(file_name, str | os.PathLike):
        raise ValueError(
            f"For 'load', 'file_name' must be a path, but got '{type(file_name).__name__}'."
        )
    path = Path(file_name)
    if path.suffix != ".mindir":
        raise ValueError(
            f"For 'load', the file should end with '.mindir', but got '{path.name}'. A checkpoint "
            f"(.ckpt) is read with load_checkpoint."
        )
    if not path.is_file():
        near = did_you_mean(path.name, (p.name for p in path.parent.glob("*.mindir")))
        raise ValueError(f"For 'load', the file {path} does not exist.{near}")
    try:
        graph = decode(path.read_bytes())
        missing = unknown(graph, LOAD)
        if missing:
            raise MindirError(f"mslearn does not have these operations: {', '.join(missing)}")
    except MindirError as error:
        raise MindirError(f"For 'load', the file {path} cannot be loaded: {error}.") from None
    return graph
