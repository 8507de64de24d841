"""What cannot be exported or loaded, said once for everything."""

from __future__ import annotations

from collections.abc import Iterable

from mslearn.graph.ir import Node


class ExportError(RuntimeError):
    """A graph holds operations that the wanted format has no operators for.

    Wrong::

        ms.export(net, x, file_name="net", file_format="ONNX")    # net computes a singular value

    Right: leave that operation out of the exported Cell and compute it outside, with `ops`.
    """


_ALGEBRA = {
    "MatrixInverse", "MatrixSolve", "MatrixDeterminant", "LogMatrixDeterminant", "Cholesky", "Qr",
    "Svd", "Eigh", "Pinv",
}  # fmt: skip


_DRAWN = ("StandardNormal", "UniformReal", "DropoutMask", "HostDraw")


def _control(node: Node, format: str) -> str:
    """The same for a branch, a loop or a loop's gradient."""
    draws = node.attrs.get("draws")
    if draws == "again" or (draws and node.prim.name == "LoopGrad"):
        return (
            "its gradient needs the random numbers of the forward run once more, which a file "
            "cannot repeat: draw them before the branch or loop, where they become inputs, or "
            "export the network without its gradient"
        )
    if draws:
        return (
            f"{format} cannot draw random numbers inside of a branch or loop: draw them before it, "
            f"where they become inputs (file_format='MINDIR' can draw inside)"
        )
    return (
        "this is a second derivative of a loop, and files hold the first only: export the first, "
        "load it and differentiate that, or write the loop over a Python range "
        "(for i in range(10)), which becomes plain operations"
    )


def fix(node: Node, format: str = "") -> str:
    """What the learner can do about a node."""
    name = node.prim.name
    if name in _DRAWN:
        return (
            "random numbers inside of a branch or loop: draw them before it, where they become "
            "inputs" + " (ops.rand, ops.randn and dropout may stay inside)" * (format == "MindIR")
        )
    if name in _ALGEBRA:
        return "no such operator in the format: compute it outside, on the host"
    if name in ("Unique", "NonZero", "Bincount"):
        return "its shape depends on the numbers: compute it outside, on the host"
    if name in ("Cond", "WhileLoop", "Call", "LoopGrad"):
        return _control(node, format)
    if any(v.dtype.kind == "c" for v in (*node.values(), *node.outputs)):
        return "the format has no complex arithmetic: keep real and imaginary parts apart"
    if name in ("GetItem", "SetItem", "AddAt"):
        return "this index is not supported: use int index tensors, ints and slices, no masks"
    if node.inputs and not any(v.dtype.kind == "f" for v in node.inputs):
        kinds = " and ".join(sorted({str(v.dtype) for v in node.inputs}))
        return f"it cannot be written for {kinds}: compute it outside, on the host"
    return "write it with other operations, or compute it outside, on the host"


def refuse(format: str, nodes: Iterable[Node]) -> None:
    """Raise one `ExportError` that lists all these nodes, if there are any."""
    lines: dict[str, int] = {}
    for node in nodes:
        if node.prim.name == "NextKey":  # belongs to what draws with it
            continue
        where = f" ({node.source})" if node.source else f" ({'/'.join(node.scope)})"
        line = f"  {node.prim.name}{where}: {fix(node, format)}"
        lines[line] = lines.get(line, 0) + 1
    if lines:
        count = sum(lines.values())
        listed = "\n".join(f"{k}{f' [{n} times]' if n > 1 else ''}" for k, n in lines.items())
        raise ExportError(
            f"For 'export', {count} operation(s) cannot be written as {format}:\n{listed}"
        )
