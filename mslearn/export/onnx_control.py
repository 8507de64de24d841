"""Branches and loops in ONNX."""

from __future__ import annotations

from mslearn.export.onnx_model import Lowering

CONTROL: dict[str, Lowering] = {}
