"""Graphs as files: ONNX and MindIR out, MindIR in.

A graph is lowered in two steps. What a format has no operator for is first taken apart into simpler
primitives (`rules`: plain Tensor code, so its truth is tested without any other program); then
each primitive becomes operators of the format by a table (`onnx_ops`, `mindir_ops`), and the wire
writer makes bytes of them. Nothing but NumPy is needed to write or to read.
"""
