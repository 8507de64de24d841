"""TF32 on a GPU: products of float32 with ten bits behind the point, several times as fast.

ONNX Runtime has one switch for both: it is on when both are allowed. As in MindSpore products
are not allowed at first, convolutions are.
"""

from __future__ import annotations

from mslearn.device_context.setting import setting


@setting("GPU", "op_precision", value=bool)
def matmul_allow_tf32(value: bool) -> None:
    """Whether matrix products of float32 may use TF32.

    Raises:
        TypeError: no bool.
    """


@setting("GPU", "op_precision", value=bool)
def conv_allow_tf32(value: bool) -> None:
    """Whether convolutions of float32 may use TF32.

    Raises:
        TypeError: no bool.
    """
