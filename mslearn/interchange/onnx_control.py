"""Branches and loops in ONNX."""

from __future__ import annotations

from mslearn.interchange.onnx_model import Lowering

CONTROL: dict[str, Lowering] = {}
