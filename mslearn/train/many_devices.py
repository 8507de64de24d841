"""Functions of MindSpore for checkpoints in slices, on many devices: refused, with the reason."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NoReturn

_SLICES = "works on parameters that were cut in slices for many devices"
_INSTEAD = "mslearn's checkpoints are whole: use load_checkpoint and load_param_into_net."
_HIDDEN = "hides the weights of a model from who runs it"
_ENCRYPT = "To protect a file, use save_checkpoint(…, enc_key=…)."

# Name: what it does in MindSpore, and what to do here.
REFUSED = {
    **dict.fromkeys(
        (
            "build_searched_strategy", "convert_checkpoint_by_rank", "convert_checkpoints",
            "get_ckpt_path_with_strategy", "load_distributed_checkpoint",
            "load_segmented_checkpoints", "merge_pipeline_strategys", "merge_sliced_parameter",
            "parameter_broadcast", "rank_list_for_convert", "rank_list_for_transform",
            "restore_group_info_list", "sync_pipeline_shared_parameters",
            "transform_checkpoint_by_rank", "transform_checkpoints", "unified_safetensors",
        ),
        (_SLICES, _INSTEAD),
    ),
    "load_obf_params_into_net": (_HIDDEN, _ENCRYPT),
    "obfuscate_ckpt": (_HIDDEN, _ENCRYPT),
}  # fmt: skip


@cache
def _refusal(name: str) -> Callable[..., NoReturn]:
    what, instead = REFUSED[name]

    def refuse(*args: Any, **kwargs: Any) -> NoReturn:
        raise NotImplementedError(
            f"'{name}' {what}. mslearn computes on one device and does not have it. {instead}"
        )

    refuse.__name__ = refuse.__qualname__ = name
    refuse.__doc__ = f"Refused: in MindSpore it {what}. {instead}"
    return refuse


def __getattr__(name: str) -> Callable[..., NoReturn]:
    if name in REFUSED:
        return _refusal(name)
    raise AttributeError(f"module 'mslearn.train.many_devices' has no attribute '{name}'")
