"""What Ascend devices compute in."""

from __future__ import annotations

from mslearn.device_context.setting import setting

_MODES = (
    "force_fp16", "allow_fp32_to_fp16", "allow_mix_precision", "must_keep_origin_dtype",
    "force_fp32", "allow_fp32_to_bf16", "allow_mix_precision_fp16", "allow_mix_precision_bf16",
)  # fmt: skip


@setting("Ascend", "op_precision", mode=_MODES)
def precision_mode(mode: str) -> None:
    """What to do with float32: ``"must_keep_origin_dtype"``, ``"force_fp16"`` …

    Raises:
        ValueError: no such mode.
    """


@setting("Ascend", "op_precision", path=str)
def op_precision_mode(path: str) -> None:
    """The file (.ini) that says it for single operations.

    Raises:
        TypeError: no str.
    """


@setting("Ascend", "op_precision", value=(True, False))
def matmul_allow_hf32(value: bool) -> None:
    """Whether matrix products of float32 may use HF32.

    Raises:
        ValueError: neither True nor False.
    """


@setting("Ascend", "op_precision", value=(True, False))
def conv_allow_hf32(value: bool) -> None:
    """Whether convolutions of float32 may use HF32.

    Raises:
        ValueError: neither True nor False.
    """
