"""Layers and losses of `mint.nn` that only keep their arguments: a declaration and a formula.

``"ELU(alpha=1.0, inplace=False)": "F.elu(x, self.alpha, self.inplace)"``; a loss also has `y`,
its target (MaxUnpool2d: the positions). All of it is our own text, never a caller's.
"""

from __future__ import annotations

import inspect
from types import SimpleNamespace
from typing import Any

from mslearn import ops
from mslearn.mint.nn.functional import FUNCTIONS
from mslearn.nn.cell import Cell

_LAYERS = {
    "AdaptiveAvgPool1d(output_size)": "F.adaptive_avg_pool1d(x, self.output_size)",
    "AdaptiveAvgPool2d(output_size)": "F.adaptive_avg_pool2d(x, self.output_size)",
    "AdaptiveAvgPool3d(output_size)": "F.adaptive_avg_pool3d(x, self.output_size)",
    "AdaptiveMaxPool1d(output_size, return_indices=False)": "F.adaptive_max_pool1d(x, "
    "self.output_size, self.return_indices)",
    "AdaptiveMaxPool2d(output_size, return_indices=False)": "F.adaptive_max_pool2d(x, "
    "self.output_size, self.return_indices)",
    "AvgPool1d(kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True)": "F."
    "avg_pool1d(x, self.kernel_size, self.stride, self.padding, self.ceil_mode, "
    "self.count_include_pad)",
    "AvgPool2d(kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, "
    "divisor_override=None)": "F.avg_pool2d(x, self.kernel_size, self.stride, self.padding, "
    "self.ceil_mode, self.count_include_pad, self.divisor_override)",
    "AvgPool3d(kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, "
    "divisor_override=None)": "F.avg_pool3d(x, self.kernel_size, self.stride, self.padding, "
    "self.ceil_mode, self.count_include_pad, self.divisor_override)",
    "ConstantPad1d(padding, value)": "F.pad(x, _each(self.padding, 2), 'constant', self.value)",
    "ConstantPad2d(padding, value)": "F.pad(x, _each(self.padding, 4), 'constant', self.value)",
    "ConstantPad3d(padding, value)": "F.pad(x, _each(self.padding, 6), 'constant', self.value)",
    "ZeroPad1d(padding)": "F.pad(x, _each(self.padding, 2), 'constant', 0.0)",
    "ZeroPad2d(padding)": "F.pad(x, _each(self.padding, 4), 'constant', 0.0)",
    "ZeroPad3d(padding)": "F.pad(x, _each(self.padding, 6), 'constant', 0.0)",
    "ReflectionPad1d(padding)": "F.pad(x, _each(self.padding, 2), 'reflect')",
    "ReflectionPad2d(padding)": "F.pad(x, _each(self.padding, 4), 'reflect')",
    "ReflectionPad3d(padding)": "F.pad(x, _each(self.padding, 6), 'reflect')",
    "ReplicationPad1d(padding)": "F.pad(x, _each(self.padding, 2), 'replicate')",
    "ReplicationPad2d(padding)": "F.pad(x, _each(self.padding, 4), 'replicate')",
    "ReplicationPad3d(padding)": "F.pad(x, _each(self.padding, 6), 'replicate')",
    "Dropout(p=0.5, inplace=False)": "F.dropout(x, self.p, self.training, self.inplace)",
    "Dropout2d(p=0.5, inplace=False)": "F.dropout2d(x, self.p, self.training, self.inplace)",
    "ELU(alpha=1.0, inplace=False)": "F.elu(x, self.alpha, self.inplace)",
    "Flatten(start_dim=1, end_dim=-1)": "F.flatten(x, self.start_dim, self.end_dim)",
    "Fold(output_size, kernel_size, dilation=1, padding=0, stride=1)": "F.fold(x, "
    "self.output_size, self.kernel_size, self.dilation, self.padding, self.stride)",
    "GELU(approximate='none')": "F.gelu(x, approximate=self.approximate)",
    "GLU(dim=-1)": "F.glu(x, self.dim)",
    "Hardshrink(lambd=0.5)": "F.hardshrink(x, self.lambd)",
    "Hardsigmoid()": "F.hardsigmoid(x)",
    "Hardswish()": "F.hardswish(x)",
    "Hardtanh(min_val=-1.0, max_val=1.0, inplace=False)": "F.hardtanh(x, self.min_val, "
    "self.max_val, self.inplace)",
    "Identity(*args, **kwargs)": "x",
    "LogSigmoid()": "F.logsigmoid(x)",
    "LogSoftmax(dim=None)": "F.log_softmax(x, self.dim)",
    "MaxPool2d(kernel_size=1, stride=None, padding=0, dilation=1, return_indices=False, "
    "ceil_mode=False)": "F.max_pool2d(x, self.kernel_size, self.stride, self.padding, "
    "self.dilation, self.ceil_mode, self.return_indices)",
    "Mish()": "F.mish(x)",
    "PixelShuffle(upscale_factor)": "F.pixel_shuffle(x, self.upscale_factor)",
    "ReLU()": "F.relu(x)",
    "ReLU6(inplace=False)": "F.relu6(x, self.inplace)",
    "SELU()": "F.selu(x)",
    "SiLU(inplace=False)": "F.silu(x, self.inplace)",
    "Sigmoid()": "F.sigmoid(x)",
    "Softmax(dim=None)": "F.softmax(x, self.dim)",
    "Softshrink(lambd=0.5)": "F.softshrink(x, self.lambd)",
    "Tanh()": "F.tanh(x)",
    "Threshold(threshold, value, inplace=False)": "F.threshold(x, self.threshold, self.value, "
    "self.inplace)",
    "Unfold(kernel_size, dilation=1, padding=0, stride=1)": "F.unfold(x, self.kernel_size, "
    "self.dilation, self.padding, self.stride)",
    "Upsample(size=None, scale_factor=None, mode='nearest', align_corners=None, "
    "recompute_scale_factor=None)": "F.interpolate(x, self.size, self.scale_factor, self.mode, "
    "self.align_corners, self.recompute_scale_factor)",
    "UpsamplingBilinear2d(size=None, scale_factor=None)": "F.interpolate(x, self.size, "
    "self.scale_factor, 'bilinear', True)",
    "UpsamplingNearest2d(size=None, scale_factor=None)": "F.interpolate(x, self.size, "
    "self.scale_factor, 'nearest')",
}  # fmt: skip

_LOSSES = {
    "MaxUnpool2d(kernel_size, stride=None, padding=0)": "F.max_unpool2d(x, y, self.kernel_size, "
    "self.stride, self.padding)",
    "BCELoss(weight=None, reduction='mean')": "F.binary_cross_entropy(x, y, self.weight, "
    "self.reduction)",
    "BCEWithLogitsLoss(weight=None, reduction='mean', pos_weight=None)": "F."
    "binary_cross_entropy_with_logits(x, y, self.weight, self.reduction, self.pos_weight)",
    "CrossEntropyLoss(weight=None, ignore_index=-100, reduction='mean', label_smoothing=0.0)": "F."
    "cross_entropy(x, y, self.weight, self.ignore_index, self.reduction, self.label_smoothing)",
    "KLDivLoss(reduction='mean', log_target=False)": "F.kl_div(x, y, self.reduction, "
    "self.log_target)",
    "L1Loss(reduction='mean')": "F.l1_loss(x, y, self.reduction)",
    "MSELoss(reduction='mean')": "F.mse_loss(x, y, self.reduction)",
    "NLLLoss(weight=None, ignore_index=-100, reduction='mean')": "F.nll_loss(x, y, self.weight, "
    "self.ignore_index, self.reduction)",
    "SmoothL1Loss(reduction='mean', beta=1.0)": "F.smooth_l1_loss(x, y, self.reduction, self.beta)",
    "SoftMarginLoss(reduction='mean')": "F.soft_margin_loss(x, y, self.reduction)",
}  # fmt: skip


class _Stateless(Cell):
    """A layer that only keeps its arguments."""

    declared: inspect.Signature

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()
        bound = self.declared.bind(*args, **kwargs)
        bound.apply_defaults()
        self._given = dict(bound.arguments)
        for name, value in bound.arguments.items():
            setattr(self, name, value)

    def extend_repr(self) -> str:
        return ", ".join(
            f"{name}={value}"
            for name, value in self._given.items()
            if name not in ("args", "kwargs")
        )


def _each(padding: Any, count: int) -> tuple[int, ...]:
    return tuple(padding) if isinstance(padding, tuple | list) else (padding,) * count


def _made(inputs: str, table: dict[str, str]) -> dict[str, type[Cell]]:
    scope = {"F": SimpleNamespace(**FUNCTIONS), "ops": ops, "_each": _each}
    made: dict[str, type[Cell]] = {}
    for declaration, formula in table.items():
        name, _, parameters = declaration.partition("(")
        signature = inspect.signature(eval(f"lambda {parameters[:-1]}: None"))
        body = {
            "construct": eval(f"lambda self, {inputs}: {formula}", dict(scope)),
            "declared": signature,
            "__signature__": signature,
            "__doc__": f"``{formula.replace('self.', '')}`` as a layer; see `mint.nn.functional`.",
            "__module__": "mslearn.mint.nn",
        }
        made[name] = type(name, (_Stateless,), body)
    return made


LAYERS = _made("x", _LAYERS) | _made("x, y", _LOSSES)
