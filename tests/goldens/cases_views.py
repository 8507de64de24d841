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
"""


def both_ways(text):
    def case(ms):
        first, second = ms.Tensor(DATA.copy()), ms.Tensor(DATA.copy())
        part = eval(text, {"x": first, "ops": ms.ops})
        if part.ndim:
            part[(0,) * part.ndim] = 50
        else:
            part[...] = 50
        part = eval(text, {"x": second, "ops": ms.ops})
        second[:, 0] = 70
        second[1, 1:] = ms.Tensor(np.array([8.0, 9.0], np.float32))
        return first, second, part

    return case


for _text in OPENED.replace("\n", "|").split("|"):
    if _text.strip():
        cases[f"window {_text.strip()}"] = both_ways(_text.strip())


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
