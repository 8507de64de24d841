"""Which of cuDNN's algorithms convolutions use on a GPU.

ONNX Runtime takes ``"normal"`` (by a rule of thumb) and ``"performance"`` (try all) for the
forward pass; it chooses the rest itself.
"""

from __future__ import annotations

from mslearn.device_context.setting import setting

_FORWARD = (
    "normal", "performance", "implicit_gemm", "precomp_gemm", "gemm", "direct", "fft",
    "fft_tiling", "winograd", "winograd_nonfused",
)  # fmt: skip
_BY_INPUT = (
    "normal", "performance", "algo_0", "algo_1", "fft", "fft_tiling", "winograd",
    "winograd_nonfused",
)  # fmt: skip
_BY_WEIGHT = (
    "normal", "performance", "algo_0", "algo_1", "fft", "algo_3", "fft_tiling",
    "winograd_nonfused",
)  # fmt: skip


@setting("GPU", "op_tuning", mode=_FORWARD)
def conv_fprop_algo(mode: str) -> None:
    """The algorithm of the forward pass.

    Raises:
        ValueError: no such algorithm.
    """


@setting("GPU", "op_tuning", mode=_BY_INPUT)
def conv_dgrad_algo(mode: str) -> None:
    """The algorithm of the gradient by the input.

    Raises:
        ValueError: no such algorithm.
    """


@setting("GPU", "op_tuning", mode=_BY_WEIGHT)
def conv_wgrad_algo(mode: str) -> None:
    """The algorithm of the gradient by the weight.

    Raises:
        ValueError: no such algorithm.
    """
