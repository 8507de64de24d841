"""Gathering, scattering, padding, joining; see cases.py.

Left out because MindSpore 2.10 has no CPU kernel: roll, Tensor.repeat; gradients of
StridedSlice with a negative step (zeros there) or with masks (ignored there).
"""

from __future__ import annotations

# ruff: noqa: E501  (a table: one case a line)
import numpy as np
from shared import both, like

RNG = np.random.default_rng(4)
A = RNG.standard_normal((3, 4)).astype(np.float32)
B = RNG.standard_normal((2, 4)).astype(np.float32)
CUBE = RNG.standard_normal((2, 3, 4)).astype(np.float32)
IMAGE = RNG.standard_normal((1, 2, 3, 4)).astype(np.float32)
V = A[0]
POINTS = [[0, 1], [2, 3], [0, 1]]
PLACES = [[0], [2]]


def one(function, *arrays):
    return lambda ms: function(ms.ops, *[ms.Tensor(a) for a in arrays])


def parameter(name, indices):
    def run(ms):
        p = ms.Parameter(ms.Tensor(A), name="p")
        getattr(ms.ops, name)(p, ms.Tensor(np.array(indices, np.int32)), ms.Tensor(B))
        return ms.Tensor(p.asnumpy())

    return run


cases = {
    "gather_nd": both(lambda o, x: o.gather_nd(x, like(x, POINTS)), A),
    "GatherNd": both(lambda o, x: o.GatherNd()(x, like(x, PLACES)), A),
    "gather": both(lambda o, x: o.gather(x, like(x, [1, 1, 0]), 1), CUBE),
    "Gather": both(lambda o, x: o.Gather()(x, like(x, [[1, 1], [0, 1]]), 0), CUBE),
    "scatter_nd": both(lambda o, x: o.scatter_nd(like(x, [[1], [4], [1]]), x, (5, 4)), A),
    "ScatterNd": both(lambda o, x: o.ScatterNd()(like(x, POINTS), x, (3, 4)), V[:3]),
    "tensor_scatter_add": both(lambda o, x, u: o.tensor_scatter_add(x, like(x, PLACES), u), A, B),
    "TensorScatterUpdate": both(lambda o, x, u: o.TensorScatterUpdate()(x, like(x, PLACES), u), A, B),
    "tensor_scatter_sub": both(lambda o, x, u: o.tensor_scatter_sub(x, like(x, POINTS), u), A, V[:3]),
    "tensor_scatter_max": one(lambda o, x, u: o.tensor_scatter_max(x, like(x, PLACES), u), A, B),
    "tensor_scatter_mul": one(lambda o, x, u: o.tensor_scatter_mul(x, like(x, POINTS), u), A, V[:3]),
    "tensor_scatter_elements": both(
        lambda o, x, u: o.tensor_scatter_elements(x, like(x, [[0, 1], [2, 3]]), u, 1), A, B[:, :2]
    ),
    **{n: parameter(n, [0, 2]) for n in ("scatter_update", "scatter_add", "scatter_max")},
    **{n: parameter(n, PLACES) for n in ("scatter_nd_update", "scatter_nd_add", "scatter_nd_sub")},
    "index_select": both(lambda o, x: o.index_select(x, 1, like(x, [3, 0])), A),
    "masked_select": both(lambda o, x: o.masked_select(x, x > 0), A),
    "masked_fill": both(lambda o, x: o.masked_fill(x, x > 0, 2.0), A),
    "repeat_interleave": both(lambda o, x: o.repeat_interleave(x, 2, 0), A),
    "repeat_elements": both(lambda o, x: o.repeat_elements(x, 2, 1), A),
    "OneHot": one(
        lambda o, x: o.OneHot()(like(x, [0, 2]), 3, like(x, np.float32(1)), like(x, np.float32(0))), A
    ),
    "Fill": lambda ms: (ms.ops.Fill()(ms.float32, (2,), 1), ms.ops.fill(ms.int32, (2,), 3)),
    "like": lambda ms: (ms.ops.ZerosLike()(ms.Tensor(A)), ms.ops.OnesLike()(ms.Tensor(A))),
    "made": lambda ms: (ms.ops.Zeros()((2,), ms.float32), ms.ops.Ones()((2, 1), ms.int32)),
    "asked": lambda ms: (
        ms.ops.shape(ms.Tensor(A)), ms.ops.Shape()(ms.Tensor(A)), ms.ops.size(ms.Tensor(A)),
        ms.ops.rank(ms.Tensor(A)), str(ms.ops.DType()(ms.Tensor(A))), ms.ops.make_range(3),
    ),
    "numbers": lambda ms: (
        ms.ops.tuple_to_array((1, 2)), ms.ops.scalar_to_tensor(1), ms.ops.tuple_to_array((1.5, 2.0)),
        ms.ops.tril_indices(2, 3), ms.ops.triu_indices(3, 2, 1),
    ),
    "ExpandDims": both(lambda o, x: o.ExpandDims()(x, 1), A),
    "Squeeze": both(lambda o, x: (o.Squeeze()(x), o.Squeeze(0)(x)), IMAGE),
    "Flatten": both(lambda o, x: o.Flatten()(x), CUBE),
    "Stack": both(lambda o, x: o.Stack(1)((x, x)), A),
    "Unstack": both(lambda o, x: o.Unstack(1)(x), A),
    "Split": both(lambda o, x: o.Split(1, 2)(x), A),
    "Concat": both(lambda o, x, y: o.Concat(0)((x, y)), A, B),
    "Cast": lambda ms: ms.ops.Cast()(ms.Tensor(A), ms.int32),
    "Argmax": lambda ms: ms.ops.Argmax()(ms.Tensor(A)),
    "ReduceSum": both(lambda o, x: o.ReduceSum(True)(x, 1), A),
    "ReduceMean": both(lambda o, x: o.ReduceMean()(x), A),
    "Tile": both(lambda o, x: o.Tile()(x, (2, 1)), A),
    "Transpose": both(lambda o, x: o.Transpose()(x, (1, 0)), A),
    "Slice": both(lambda o, x: o.Slice()(x, (0, 1), (2, 3)), A),
    "slice": one(lambda o, x: o.slice(x, (0, 1), (2, -1)), A),
    "StridedSlice": one(lambda o, x: o.StridedSlice()(x, (0, 3), (3, 0), (2, -1)), A),
    "strided_slice_masks": one(
        lambda o, x: o.strided_slice(x, (1, 1), (2, 2), (1, 1), begin_mask=2, end_mask=1), A
    ),
    "strided_slice_shrink": both(
        lambda o, x: o.strided_slice(x, (1, 1), (2, 2), (1, 1), shrink_axis_mask=1), A
    ),
    "Pad": both(lambda o, x: o.Pad(((1, 2), (0, 1)))(x), A),
    "pad_constant": both(lambda o, x: o.pad(x, (1, 0, 2, 1), "constant", 1.5), A),
    "pad_reflect": both(lambda o, x: o.pad(x, (1, 2), "reflect"), A),
    "pad_reflect_image": both(lambda o, x: o.pad(x, (1, 2, 1, 0), "reflect"), IMAGE),
    "pad_replicate": both(lambda o, x: o.pad(x, (1, 2, 1, 0), "replicate"), IMAGE),
    "pad_circular": both(lambda o, x: o.pad(x, (1, 2, 1, 0), "circular"), IMAGE),
    "MirrorPad": lambda ms: ms.ops.MirrorPad("SYMMETRIC")(
        ms.Tensor(A), ms.Tensor(np.array([[1, 1], [2, 1]]))
    ),
    "rot90": both(lambda o, x: (o.rot90(x, 1, (0, 1)), o.rot90(x, 3, (0, 1))), A),
    "diag": both(lambda o, x: o.diag(x), V),
    "diag_of_matrix": both(lambda o, x: o.diag(x), A),
    "diagonal": both(lambda o, x: o.diagonal(x, 1, 1, 2), CUBE),
    "trace": both(lambda o, x: o.trace(x), A),
    "meshgrid": both(lambda o, x, y: o.meshgrid(x, y), V, A[1, :3]),
    "meshgrid_ij": both(lambda o, x, y: o.meshgrid(x, y, indexing="ij"), V, A[1, :3]),
    "logsumexp": both(lambda o, x: o.logsumexp(x, 1), A),
    "logsumexp_keep": both(lambda o, x: o.logsumexp(x, (0, 1), True), A),
    "cumprod": both(lambda o, x: o.cumprod(x, 1), A),
    "diff": both(lambda o, x: o.diff(x), A),
    "moveaxis": both(lambda o, x: o.moveaxis(x, 0, -1), CUBE),
    "joined": both(lambda o, x, y: (o.vstack((x, y)), o.hstack((x[:2], y)), o.dstack((y, y))), A, B),
    "block_diag": both(lambda o, x, y: o.block_diag(x, y), A, B),
    "tensor_split": both(lambda o, x: o.tensor_split(x, 3, 1), A),
    "addn": both(lambda o, x, y: o.addn([x, y, x]), V, A[1]),
    "nan_to_num": one(lambda o, x: o.nan_to_num(x, 1.0), np.array([np.nan, np.inf, 2], np.float32)),
    "std_mean": both(lambda o, x: o.std_mean(x, 1), A),
    "sequence_mask": lambda ms: ms.ops.sequence_mask(ms.Tensor([1, 3]), 4),
    "Tensor_methods": lambda ms: (
        ms.Tensor(A).resize(2, 3), ms.Tensor(A).take(ms.Tensor([0, 3])), ms.Tensor(A).diff(),
        ms.Tensor(V).expand_as(ms.Tensor(B)), ms.Tensor(A).top_k(1), ms.Tensor(A).logsumexp(1),
        ms.Tensor([1.0, 2.0, 3.0]).searchsorted(ms.Tensor([2.0])), ms.Tensor(A).trace(),
        ms.Tensor(A).diagonal(), ms.Tensor(A).ravel(), ms.Tensor(A).value(),
    ),
}  # fmt: skip
