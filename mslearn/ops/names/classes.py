"""Primitive classes of MindSpore that are compositions here: ``ops.OneHot()(x, 3, on, off)``.

They have MindSpore's constructor and call, but no kernel of their own: their call runs the
function, and the primitives inside are what tapes and graphs see.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from mslearn import ops as o
from mslearn.core.dtype import to_numpy
from mslearn.core.primitive import Primitive
from mslearn.ops import arrange, losses_more
from mslearn.ops.families import normal_axes
from mslearn.ops.resize import resize

classes: dict[str, type[Composite]] = {}


class Composite(Primitive, abstract=True):
    """Calls `function` with the tensors and the constructor's arguments (by keyword)."""

    function: ClassVar[Callable[..., Any]]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return type(self).function(*args, **kwargs, **self.attrs)


def declare(name: str, function: Callable[..., Any], **params: Any) -> None:
    """Make the class `name`; `params` are the constructor's arguments with their defaults."""
    body = {"name": name, "params": params, "function": staticmethod(function)}
    body["__doc__"] = function.__doc__ or f"MindSpore's class form of {name}."
    classes[name] = type(name, (Composite,), body, abstract=True)  # type: ignore[call-overload]


def _plain(names: dict[str, Callable[..., Any]]) -> None:
    """Classes without constructor arguments."""
    for name, function in names.items():
        declare(name, function)


def _unlocked(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda variable, indices, updates, use_locking: function(variable, indices, updates)


def _pairs(input, paddings, mode=None):
    if mode is None:
        return arrange.pad_pairs(input, paddings)
    return arrange.pad_around(input, paddings, mode.lower())


_plain({
    "Shape": o.shape, "DType": o.dtype, "Rank": o.rank, "Size": o.size,
    "Zeros": o.zeros, "Ones": o.ones, "ZerosLike": lambda x: o.zeros_like(x),
    "OnesLike": lambda x: o.ones_like(x), "Eye": o.eye, "Fill": o.fill,
    "FillV2": lambda shape, value: o.full(shape, value),
    "LinSpace": o.linspace, "ScalarToArray": o.scalar_to_array,
    "ScalarToTensor": o.scalar_to_tensor, "TupleToArray": o.tuple_to_array,
    "ExpandDims": o.expand_dims, "Flatten": lambda input_x: o.flatten(input_x),
    "Slice": o.slice, "Cast": o.cast, "AddN": o.addn, "AccumulateNV2": o.addn,
    "Assign": o.assign, "AssignAdd": o.assign_add, "AssignSub": o.assign_sub,
    "GatherNd": o.gather_nd, "ScatterNd": o.scatter_nd, "MaskedFill": o.masked_fill,
    "MaskedSelect": o.masked_select, "TensorScatterUpdate": o.tensor_scatter_update,
    "TensorScatterAdd": o.tensor_scatter_add, "TensorScatterSub": o.tensor_scatter_sub,
    "TensorScatterMul": o.tensor_scatter_mul, "TensorScatterDiv": o.tensor_scatter_div,
    "TensorScatterMax": o.tensor_scatter_max, "TensorScatterMin": o.tensor_scatter_min,
})  # fmt: skip
for _kind in ("update", "add", "sub", "mul", "div", "max", "min"):
    for _name, _form in (("Scatter", "scatter"), ("ScatterNd", "scatter_nd")):
        declare(_name + _kind.title(), _unlocked(getattr(o, f"{_form}_{_kind}")), use_locking=False)
for _name, _pick in (("ArgMaxWithValue", o.max), ("ArgMinWithValue", o.min)):
    declare(_name, lambda input, axis, keep_dims, pick=_pick: (
        pick(input, axis, keep_dims)[::-1]), axis=0, keep_dims=False)  # fmt: skip
declare("Argmax", lambda x, axis, output_type: o.argmax(x, axis).astype(output_type),
        axis=-1, output_type=to_numpy("i4"))  # fmt: skip
declare("Argmin", lambda x, axis, output_type: o.argmin(x, axis).astype(output_type),
        axis=-1, output_type=to_numpy("i4"))  # fmt: skip
declare("OneHot", o.one_hot, axis=-1)


def _squeeze(input, axis):
    """Without the axes of size 1 (all of them, or those in `axis`, which must have size 1)."""
    axes = normal_axes("Squeeze", input.ndim, axis) if axis != () else ()
    wrong = [i for i in axes if input.shape[i] != 1]
    if wrong:
        raise ValueError(
            f"For 'Squeeze', axis {wrong[0]} of shape {list(input.shape)} has size "
            f"{input.shape[wrong[0]]}; only axes of size 1 can be squeezed."
        )
    return o.squeeze(input, axes or None)


declare("Squeeze", _squeeze, axis=())
declare("Gather", o.gather, batch_dims=0)
declare("Stack", o.stack, axis=0)
declare("Unstack", lambda x, axis, num: o.unstack(x, axis), axis=0, num=None)
declare("Split", lambda x, axis, output_num: o.split(x, x.shape[axis] // output_num, axis),
        axis=0, output_num=1)  # fmt: skip
declare("Pad", _pairs, paddings=())
declare("MirrorPad", lambda input, paddings, mode: _pairs(
    input, paddings.tolist() if hasattr(paddings, "tolist") else paddings, mode), mode="REFLECT",
)  # fmt: skip
declare("StridedSlice", o.strided_slice, begin_mask=0, end_mask=0, ellipsis_mask=0, new_axis_mask=0,
        shrink_axis_mask=0)  # fmt: skip
declare("Meshgrid", lambda inputs, indexing: o.meshgrid(*inputs, indexing=indexing),
        indexing="xy")  # fmt: skip
declare("IndexAdd", lambda x, indices, y, axis, use_lock, check_index_bound: o.index_add(
    x, indices, y, axis), axis=0, use_lock=True, check_index_bound=True,
)  # fmt: skip
declare("Range", lambda start, end, step, maxlen: o.arange(start, end, step), maxlen=1000000)
_plain({
    "ReLU6": o.relu6, "HSwish": o.hardswish, "Mish": o.mish,
    "HSigmoid": o.hardsigmoid, "SeLU": o.selu, "Softsign": o.softsign,
    "Softplus": lambda x: o.softplus(x),
    "FastGeLU": o.fast_gelu, "PReLU": o.prelu,
    "L2Loss": lambda x: (x * x).sum() / 2,
    "SigmoidCrossEntropyWithLogits": lambda x, label: (
        o.binary_cross_entropy_with_logits(x, label, reduction="none")
    ),
    "SoftmaxCrossEntropyWithLogits": o.softmax_cross_entropy_with_logits,
})  # fmt: skip
declare("SparseSoftmaxCrossEntropyWithLogits", losses_more.sparse_softmax_cross_entropy_with_logits,
        is_grad=False)  # fmt: skip
declare("Elu", o.elu, alpha=1.0)
declare("L2Normalize", lambda x, axis, epsilon: o.normalize(
    x, tuple(axis) if isinstance(axis, list) else axis, epsilon), axis=0, epsilon=1e-4,
)  # fmt: skip
declare("BinaryCrossEntropy", o.binary_cross_entropy, reduction="mean")
declare("BCEWithLogitsLoss", o.binary_cross_entropy_with_logits, reduction="mean")
declare("SmoothL1Loss", o.smooth_l1_loss, beta=1.0, reduction="none")
declare("KLDivLoss", o.kl_div, reduction="mean")
for _name, _kind in (("ResizeBilinearV2", "linear"), ("ResizeNearestNeighborV2", "nearest")):
    declare(_name, lambda x, size, align_corners, half_pixel_centers, kind=_kind: (
        resize(x, [int(n) for n in size], kind, align_corners, half_pixel_centers)
    ), align_corners=False, half_pixel_centers=False)  # fmt: skip


def _to_space(x, block_size):
    """Blocks of channels become blocks of pixels: (N, C, H, W) to (N, C/b**2, H*b, W*b)."""
    (n, _, h, w), b = x.shape, block_size
    return x.reshape((n, b, b, -1, h, w)).transpose(0, 3, 4, 1, 5, 2).reshape((n, -1, h * b, w * b))


def _to_depth(x, block_size):
    """Blocks of pixels become channels: (N, C, H, W) to (N, C*b**2, H/b, W/b)."""
    (n, c, h, w), b = x.shape, block_size
    parts = x.reshape((n, c, h // b, b, w // b, b)).transpose(0, 3, 5, 1, 2, 4)
    return parts.reshape((n, -1, h // b, w // b))


declare("DepthToSpace", _to_space, block_size=2)
declare("SpaceToDepth", _to_depth, block_size=2)
