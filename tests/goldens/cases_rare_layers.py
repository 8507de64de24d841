"""Losses, paddings and other layers that no other table names, against real MindSpore."""

from __future__ import annotations

import numpy as np
from cases_layers import checked

RNG = np.random.default_rng(20261125)


def n(*shape):
    return RNG.standard_normal(shape).astype(np.float32)


X, BITS = n(3, 4), (RNG.random((3, 4)) > 0.5).astype(np.float32)
LINE, IMAGE, VOLUME = n(1, 2, 4), n(1, 2, 3, 4), n(1, 2, 3, 4, 2)
CLASSES = np.array([1, 0, 3])
SCORES = n(5, 2, 4)
SCORES -= np.log(np.exp(SCORES).sum(-1, keepdims=True))
cases = {}


def layer(name, make, *arrays, by=1):
    cases[name] = checked(make, *arrays, by=by)


for _reduction in ("none", "mean", "sum"):
    for _p, _margin in ((1, 1.0), (2, 0.5)):
        layer(
            f"MultiMarginLoss {_p} {_reduction}",
            lambda ms, p=_p, m=_margin, r=_reduction: ms.nn.MultiMarginLoss(p, m, r),
            X,
            CLASSES,
        )
    layer(
        f"MultiLabelSoftMarginLoss {_reduction}",
        lambda ms, r=_reduction: ms.nn.MultiLabelSoftMarginLoss(reduction=r),
        X,
        BITS,
    )
    layer(
        f"CTCLoss {_reduction}",
        lambda ms, r=_reduction: ms.nn.CTCLoss(0, r),
        SCORES,
        np.array([[1, 2], [2, 2]], np.int32),
        np.array([5, 5], np.int32),
        np.array([2, 1], np.int32),
        by=0,
    )
layer("ConstantPad2d", lambda ms: ms.nn.ConstantPad2d((1, 0, 2, -1), 0.5), IMAGE)
layer("ConstantPad3d", lambda ms: ms.nn.ConstantPad3d((1, 0, 2, 1, 0, 1), 0.5), VOLUME)
layer("ReflectionPad1d", lambda ms: ms.nn.ReflectionPad1d((1, 2)), LINE)
layer("ReflectionPad2d", lambda ms: ms.nn.ReflectionPad2d((1, 2, 0, 1)), IMAGE)
layer("ReflectionPad3d", lambda ms: ms.nn.ReflectionPad3d((1, 1, 0, 2, 1, 1)), VOLUME)
layer("ReplicationPad2d", lambda ms: ms.nn.ReplicationPad2d((1, 2, 0, 1)), IMAGE)
layer("ReplicationPad3d", lambda ms: ms.nn.ReplicationPad3d(1), VOLUME)
layer("nn.OneHot", lambda ms: ms.nn.OneHot(-1, 4, 2.0, -1.0), CLASSES, by=0)
layer("OneHot_first", lambda ms: ms.nn.OneHot(0, 5, dtype=ms.int32), CLASSES, by=0)


def _case(function):
    cases[function.__name__] = function
    return function


@_case
def max_unpool_3d(ms):
    pooled, places = ms.ops.max_pool3d(ms.Tensor(n(1, 1, 4, 4, 4)), 2, 2, return_indices=True)
    cell = ms.nn.MaxUnpool3d(2, 2)
    return repr(cell), cell(pooled, places)


@_case
def a_metric_of_ones_own(ms):
    class Near(ms.nn.Metric):
        def __init__(self):
            super().__init__()
            self.clear()

        def clear(self):
            self._near, self._all = 0, 0

        @ms.nn.rearrange_inputs
        def update(self, *inputs):
            y, label = (self._convert_data(x) for x in inputs)
            self._near += int((np.abs(y - label) < 0.5).sum())
            self._all += y.size

        def eval(self):
            return self._near / self._all

    near = Near().set_indexes([2, 0])
    near.update(ms.Tensor(BITS), ms.Tensor(BITS), ms.Tensor(X))
    return near.eval(), near.indexes, near(ms.Tensor(X), ms.Tensor(X), ms.Tensor(BITS))


@_case
def without_a_kernel_on_the_cpu(ms):
    """What MindSpore's CPU build cannot compute is still made and told alike."""
    nn = ms.nn
    made = (
        nn.InstanceNorm1d(3), nn.InstanceNorm3d(3, affine=False), nn.RReLU(), nn.SoftMarginLoss(),
        nn.TripletMarginLoss(),
    )  # fmt: skip
    return [(repr(m), [p.name for p in m.get_parameters()]) for m in made]
