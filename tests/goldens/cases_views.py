"""Windows onto a tensor: a write through either is seen by both; see cases.py."""

from __future__ import annotations

import numpy as np

DATA = np.arange(6, dtype=np.float32).reshape(2, 3)
cases = {}

OPENED = """
x[0] | x[:, 1:] | x[..., 0] | x[None] | x[:, ::2] | x[:] | x[0, 1] | x[-1, 1:] | x[1][1:]
x.reshape(3, 2) | ops.reshape(x, (3, 2)) | x.view(3, 2) | x.view_as(ops.ones((3, 2))) | x.T | x.mT
x.transpose(1, 0) | ops.transpose(x, (1, 0)) | x.permute(1, 0) | x.swapaxes(0, 1)
x.moveaxis(0, 1) | ops.movedim(x, 0, 1) | x.expand_dims(0) | x.unsqueeze(1) | x.squeeze()
x.flatten() | x.ravel() | x.t() | x.chunk(2)[1] | ops.split(x, 1)[0] | x.tensor_split(2)[1]
x.hsplit(3)[1] | x.unbind(0)[0] | ops.unstack(x, 0)[1] | x.narrow(0, 1, 1) | x.select(1, 2)
list(x)[1] | x[0].reshape(3, 1).T | x.T[1].expand_dims(0)
ops.flatten(x) | ops.flatten(x, start_dim=0) | ms.nn.Flatten()(x) | ms.nn.Flatten(0)(x)
x.flatten("F") | x.flatten(start_dim=1) | x[None].flatten(start_dim=1, end_dim=2) | ops.Flatten()(x)
ops.flatten(x[0]) | ms.mint.flatten(x) | ms.mint.flatten(x[None], 1)
ms.mint.nn.Flatten()(x[None])
ops.Reshape()(x, (6,)) | ops.Transpose()(x, (1, 0)) | ops.BroadcastTo((2, 2, 3))(x)
ops.broadcast_to(x, (2, 2, 3))
x.broadcast_to((2, 3)) | x[:1].broadcast_to((4, 3)) | x.expand(-1, 3)
x.expand(2, 2, 3)
x.expand_as(ops.ones((2, 2, 3))) | x.expand_as(x) | ms.mint.broadcast_to(x, (2, 3))
ms.Tensor(x) | ms.Tensor(x, ms.float32) | ms.Tensor(x, ms.float16) | ms.tensor(x) | ms.Parameter(x)
x.astype(ms.float32) | x.to(ms.float32) | x.float() | x.half() | x.value() | x.contiguous() | x[...]
x.T.contiguous() | x.T.reshape(6) | x.T.flatten() | x[:, 1:].reshape(4) | x[:, 0].reshape(2, 1)
ops.diagonal(x) | x.diagonal() | x.diagonal(1) | x.diagonal(-1) | ops.meshgrid(x[0], x[1])[0]
ops.stop_gradient(x)
ops.identity(x) | ms.nn.Identity()(x) | ops.atleast_3d(x) | x.mH | x.adjoint()
ops.select(x > 1, x, x) | ops.flip(x, (0,)) | ops.tile(x, (1, 1)) | ops.real(x) | x.conj() | +x
x[[0, 1]] | x[x >= 0] | x[ms.Tensor([1, 0])] | x[[0, 0]] | x[ms.Tensor([0, 1]), 1:] | x[1][[0, 2]]
ops.gather(x, ms.Tensor([0, 1]), 0) | x.index_select(0, ms.Tensor([0])) | ops.cat([x]) | ops.relu(x)
ms.numpy.array(x) | ms.numpy.asarray(x) | ms.numpy.ravel(x) | ms.numpy.transpose(x)
ms.numpy.moveaxis(x, 0, 1) | ms.numpy.diagonal(x) | x.swapdims(0, 1) | ops.t(x)
"""
PLACES = """
... | : | :, : | 0:2 | 0 | 0, 1 | :, 0 | ..., 0 | True | None | [0, 1] | x >= 0 | ms.Tensor([0, 1])
[0, 1], 0 | ::2 | 1:, 1: | ms.Tensor(0) | ms.Tensor([True, True]) | None, 0 | 5:
"""
VIEWED = (
    "x.reshape(6) | x[0:2] | x[[0, 1]] | x[0:2].reshape(6) | x.reshape(2, 3)[0:2] | x[0:2][0:2]"
)


def both_ways(text):
    def case(ms):
        first, second = ms.Tensor(DATA.copy()), ms.Tensor(DATA.copy())
        part = eval(text, {"x": first, "ops": ms.ops, "ms": ms})
        if part.ndim:
            part[(0,) * part.ndim] = 50
        else:
            part[...] = 50
        part = eval(text, {"x": second, "ops": ms.ops, "ms": ms})
        second[:, 0] = 70
        second[1, 1:] = ms.Tensor(np.array([8.0, 9.0], np.float32))
        return first, second, part

    return case


for _text in OPENED.replace("\n", "|").split("|"):
    if _text.strip():
        cases[f"window {_text.strip()}"] = both_ways(_text.strip())


def written(place):
    def case(ms):
        found = []
        for value in ("-1", "ms.Tensor(-1.0)"):
            for text in VIEWED.split(" | "):
                scope = {"x": ms.Tensor(DATA.copy()), "ms": ms}
                exec(f"part = {text}; x[{place}] = {value}", scope)
                found.append(scope["part"])
                if text.endswith("]"):  # the part has the tensor's shape
                    exec(f"y = x; x = {text}; x[{place}] = {value}", scope)
                    found += [scope["x"], scope["y"]]
        return tuple(found)

    return case


for _text in PLACES.replace("\n", "|").split("|"):
    if _text.strip():
        cases[f"window written at {_text.strip()}"] = written(_text.strip())


def case(function):
    cases[f"window {function.__name__}"] = function
    return function


@case
def rows_of_a_loop(ms):
    x = ms.Tensor(DATA.copy())
    for row in x:
        row[0] = row[0] + 10
    return x


@case
def unpacked(ms):
    x = ms.Tensor(DATA.copy())
    first, second = x
    first[1:] = -1
    x[1] = second * 2
    return x, first, second


@case
def nested_places(ms):
    x = ms.Tensor(DATA.copy())
    x[0][1] = 7
    x[1][1:][0] = 8
    return x


@case
def copies_are_no_windows(ms):
    x = ms.Tensor(DATA.copy())
    for copied in (x.copy(), x + 0, ms.ops.flip(x, (0,)), ms.Parameter(x, name="p")):
        copied[0] = 5
    return x


@case
def augmented_assignment_makes_a_tensor_of_its_own(ms):
    x = ms.Tensor(DATA.copy())
    part = x[0]
    part += 1
    part[0] = 99
    return x, part


@case
def a_parameter_is_written_through_its_rows(ms):
    p = ms.Parameter(ms.Tensor(DATA.copy()), name="p")
    p[1][2] = 50
    return p.value()


@case
def gradients_pass_through_a_window(ms):
    def function(x):
        y = x * 1
        y[0][1] = x[1][0] * 3
        return (y * ms.Tensor(DATA)).sum()

    return ms.grad(function)(ms.Tensor(DATA.copy()))


@case
def augmented_assignment_leaves_other_names_alone(ms):
    x = y = ms.Tensor(DATA.copy())
    y += 1
    y *= 2
    y -= x
    p = q = ms.Parameter(ms.Tensor(DATA.copy()), name="p")
    q /= 2
    return x, y, p.value(), q, type(q).__name__


@case
def augmented_assignment_of_a_cells_attributes(ms):
    class Net(ms.nn.Cell):
        def __init__(self):
            super().__init__()
            self.weight = ms.Parameter(ms.Tensor(DATA.copy()), name="weight")
            self.total = ms.Tensor(DATA.copy())

        def construct(self, x):
            self.weight += x
            self.total += x
            local = self.weight
            local *= 10
            return local

    net = Net()
    total = net.total
    out = net(ms.Tensor(DATA.copy()))
    return out, net.weight.value(), type(net.weight).__name__, net.total, total


@case
def lists_as_values(ms):
    found = []
    for code in (
        "x[0] = [7, 8, 9]",
        "x[0, 1:] = [7, 8]",
        "x[0:1] = [[7, 8, 9]]",
        "x[0] = (7, 8, 9)",
    ):
        x = ms.Tensor(DATA.copy())
        part = x.reshape(6)
        exec(code, {"x": x})
        found += [x, part]
    return tuple(found)


@case
def parts_write_back_what_they_hold(ms):
    x = ms.Tensor(DATA.copy())
    part = x[[0, 1]]
    x[1, 0] = 70
    part[0, 0] = 5
    y = ms.Tensor(DATA.copy())
    rows = y[0:2]
    y[[1]] = 70
    rows[0, 0] = 5
    first = y.copy()
    rows[0, 1] = 6
    y[0, 2] = 8
    z = ms.Tensor(DATA.copy())
    z[z > 2][0] = 50
    z[1][[0, 1]][1] = 60
    twice = z[[0, 0]]
    twice[1, 0] = 9
    return x, first, y, rows, z


@case
def one_element_at_several_places(ms):
    x = ms.Tensor(DATA.copy())
    wide = ms.ops.broadcast_to(x[:1], (2, 3))
    wide[0, 0] = 5
    found = [wide.copy(), x.copy()]
    wide[:, 1] = ms.Tensor(np.array([7.0, 8.0], np.float32))
    found += [wide.copy(), x.copy()]
    wide[1] = wide[1] * 2
    a, b = ms.ops.meshgrid(x[0], x[1])
    a[1, 1] = 6
    return *found, wide, x, a, b


@case
def tensors_of_tensors(ms):
    x = ms.Tensor(DATA.copy())
    y = ms.Tensor(x)
    y[0, 0] = 9
    first = x.copy()
    y[...] = 3
    y[0, 0] = 5
    z = ms.Tensor(x, dtype=ms.int32)
    z[0, 1] = 7
    kept = ms.ops.stop_gradient(x)
    kept[0, 2] = 42
    x[1, 0] = 43
    return first, x, y, z, kept, x.itemset((0, 1), 7), x, x.value() is x, x.view(ms.int16).shape


@case
def steps_and_assignments_are_seen(ms):
    found = []
    for kind in ("SGD", "Momentum", "Adam"):
        p = ms.Parameter(ms.Tensor(DATA.copy()), name="p")
        more = [0.9] if kind == "Momentum" else []
        row, kept, shared = p[0], p.value(), ms.Tensor(p)
        getattr(ms.nn, kind)([p], 1.0, *more)((ms.Tensor(np.ones((2, 3), np.float32)),))
        found += [row, kept, shared]
    p = ms.Parameter(ms.Tensor(DATA.copy()), name="p")
    flat, kept, row = p.reshape(6), p.value(), p[1]
    ms.ops.assign(p, ms.Tensor(DATA * 10))
    ms.ops.assign_add(p, ms.Tensor(DATA))
    flat[0] = 3
    found += [flat.copy(), kept, row.copy(), p.value()]
    p.set_data(ms.Tensor(DATA * 0))
    row[0] = 5
    return *found, row, p.value()


@case
def flattened_in_both_orders(ms):
    x = ms.Tensor(np.arange(12, dtype=np.float32).reshape(2, 3, 2))
    found = x.flatten("F"), ms.ops.flatten(x, "F"), x.T.is_contiguous(), x.T.contiguous()
    return *found, x.view(ms.int32), x[0].view(ms.int16)


@case
def gradients_pass_through_parts_that_write_back(ms):
    def function(x):
        y = x * 1
        part = y[[1, 0]]
        part[0] = x[0] * 3
        wide = ms.ops.broadcast_to(y[:1], (2, 3))
        return (y * ms.Tensor(DATA)).sum() + (wide * ms.Tensor(DATA + 1)).sum()

    return ms.grad(function)(ms.Tensor(DATA.copy()))
