"""Cells, Parameters, derivatives and transformations under `@ms.jit`; see programs_control.py."""

# ruff: noqa: F821 - `ms` is given when a program runs
from __future__ import annotations

from program_running import Programs

cases = {}
program = Programs(cases, "cells")
X, DOWN, MIXED = [1.0, 2.0, 3.0], [-1.0, -2.0, 0.5], [4.0, -6.0, 2.5]


def weights(net):
    return tuple(ms.Tensor(p.asnumpy().copy()) for p in net.get_parameters())


def make(construct, jit):
    """A Cell around `construct`, as a graph where `jit` makes graphs."""

    class Net(ms.nn.Cell):
        LEVEL = 2

        def __init__(self):
            super().__init__()
            self.factor = 3.0
            self.names = ["a", "b"]
            self.table = {"k": 2}
            self.flag = True
            self.nothing = self.last = None
            self.count = 0
            self.w = ms.Parameter(ms.Tensor([1.0, 2.0, 3.0]), name="w")
            self.n = ms.Parameter(ms.Tensor(0, ms.int32), name="n", requires_grad=False)
            self.dense = ms.nn.Dense(3, 3, weight_init="ones", bias_init="zeros")
            self.layers = ms.nn.CellList([ms.nn.ReLU(), ms.nn.Tanh()])
            self.chain = ms.nn.SequentialCell(ms.nn.Tanh(), ms.nn.ReLU())

        def helper(self, x, k=1):
            if x.sum() > 0:
                return x * k
            return -x * k

        @property
        def double(self):
            return self.factor * 2

        @staticmethod
        def still(x):
            return x + 1

    Net.construct = jit(construct)
    return Net()


def construct(*inputs, times=1):
    """A program that is the construct of a Cell; its Parameters afterwards belong to it."""

    def add(function):
        def run(jit, x):
            net = make(function, jit)
            out = [net(x) for _ in range(times)][-1]
            return out, weights(net), net.count, net.last

        run.__name__ = function.__name__
        program(*inputs, host=True)(run)
        return function

    return add


@construct(X, DOWN)
def attributes(self, x):
    if self.flag and self.nothing is None:
        x = x * self.factor
    return x * self.table["k"] * len(self.names) * self.LEVEL


@construct(X, DOWN)
def methods(self, x):
    return self.helper(x) + self.helper(x, k=2)


@construct(X)
def property_and_static_method(self, x):
    return self.still(x) * self.double


@construct(X)
def layers_in_a_loop(self, x):
    for layer in self.layers:
        x = layer(x)
    return self.chain(x)


@construct(X)
def layers_by_index(self, x):
    return self.layers[1](x) + self.layers[-1](self.dense(x[None])[0]) * len(self.layers)


@construct(X, DOWN)
def layer_in_a_branch(self, x):
    if x.sum() > 0:
        return self.dense(x[None])
    return x[None]


@construct(X, DOWN, times=3)
def parameter_assigned(self, x):
    self.w = self.w + x
    return self.w * 1


@construct(X, times=3)
def parameter_augmented(self, x):
    self.n += 1
    return x * self.n


@construct(X, DOWN, times=2)
def parameter_assigned_in_a_branch(self, x):
    if x.sum() > 0:
        self.w = self.w * 2
    return self.w + x


@construct(X, times=2)
def parameter_by_ops_assign(self, x):
    ms.ops.assign(self.w, x * 5)
    return self.w + 0


@construct(X, times=2)
def parameter_by_assign_add(self, x):
    ms.ops.assign_add(self.w, x)
    y = self.w * 2
    ms.ops.assign_sub(self.w, x * 3)
    return y, self.w * 1


@construct(X, times=2)
def parameter_item_assigned(self, x):
    self.w[0] = 9.0
    return self.w * x


@construct(X, times=2)
def parameter_in_a_loop(self, x):
    i = 0
    while i < 3:
        self.n += i
        i += 1
    return x * self.n


@construct(X)
def parameter_in_a_while_on_a_tensor(self, x):
    while x.sum() < 50:
        x = x * 2
        self.n += 1
    return x


@construct(X)
def parameter_before_and_after(self, x):
    before = self.w * 1
    self.w = before * x
    return before, self.w * 1


@construct(X)
def attribute_of_a_cell(self, x):
    return x * self.dense.weight.sum() + self.w.shape[0]


@construct(X, times=3)
def attribute_counted(self, x):
    self.count += 1
    return x * self.count


@construct(X, DOWN, times=2)
def attribute_set_to_a_tensor(self, x):
    if self.last is None:
        self.last = x
    self.last = self.last + x
    return x * 2


@construct(X, times=2)
def attribute_changed_in_a_branch(self, x):
    if x.sum() > 0:
        self.count = self.count + 1
    return x


@construct(X)
def training_flag(self, x):
    if self.training:
        return x * 2
    return x


@construct(X)
def unknown_attribute_of_the_cell(self, x):
    return self.nosuch(x)


@construct(X, DOWN)
def isinstance_of_a_cell(self, x):
    for layer in self.layers:
        if isinstance(layer, ms.nn.ReLU):
            x = layer(x)
    return x


@program(X, DOWN, host=True)
def jit_inside_grad(jit, x):
    @jit
    def f(v):
        if v.sum() > 0:
            return (v * v).sum()
        return (v * v * v).sum()

    return ms.grad(f)(x)


@program(X, DOWN, host=True)
def grad_inside_jit(jit, x):
    def f(v):
        if v.sum() > 0:
            return (v * v).sum()
        return (v * v * v).sum()

    @jit
    def g(v):
        return ms.grad(f)(v) * 2

    return g(x)


@program(X, DOWN, host=True)
def value_and_grad_inside_jit(jit, x):
    def f(v):
        return (v * v).sum(), v * 2

    @jit
    def g(v):
        (loss, other), slope = ms.value_and_grad(f, has_aux=True)(v)
        return loss, other, slope

    return g(x)


@program(X, host=True)
def gradients_by_weights(jit, x):
    net = make(layers_by_index, jit)

    def loss(v):
        return (net.dense(v[None]) * net.w).sum()

    params = (net.w, net.dense.weight)
    return jit(ms.value_and_grad(loss, None, params))(x)


@program(X, host=True)
def second_derivative(jit, x):
    def f(v):
        return (v * v * v).sum()

    def slope(v):
        return ms.grad(f)(v).sum()

    return jit(ms.grad(slope))(x)


@program(X, host=True)
def grad_of_two_positions(jit, x):
    def f(a, b):
        return (a * b * b).sum()

    return jit(ms.grad(f, (0, 1)))(x, x + 1)


@program(X, host=True)
def vmap_inside_jit(jit, x):
    def f(a, b):
        return (a * b).sum()

    @jit
    def g(v):
        rows = v[:, None] * v
        return ms.vmap(f, (0, None))(rows, v)

    return g(x)


@program(X, host=True)
def jit_inside_vmap(jit, x):
    @jit
    def f(v):
        return v * v + 1

    return ms.vmap(f)(x)


@program(X, host=True)
def jit_inside_jit(jit, x):
    @jit
    def inner(v):
        if v.sum() > 0:
            return v * 2
        return v

    @jit
    def outer(v):
        return inner(v) + inner(-v)

    return outer(x)


@program(X, host=True)
def stop_gradient_inside(jit, x):
    def f(v):
        return (v * ms.ops.stop_gradient(v)).sum()

    return jit(ms.grad(f))(x)


@program(X, host=True)
def training_step(jit, x):
    net = make(attributes, jit)
    optimizer = ms.nn.Momentum(net.dense.trainable_params(), 0.1, 0.9)

    def loss(v):
        return (net.dense(v[None]) ** 2).mean()

    slopes = ms.value_and_grad(loss, None, optimizer.parameters)

    @jit
    def step(v):
        value, grads = slopes(v)
        optimizer(grads)
        return value

    losses = [step(x) for _ in range(3)]
    return tuple(losses), weights(net.dense)


@program(X, host=True)
def one_step_cell(jit, x):
    net = ms.nn.Dense(3, 2, weight_init="ones", bias_init="zeros")
    one = ms.nn.TrainOneStepCell(
        ms.nn.WithLossCell(net, ms.nn.MSELoss()), ms.nn.SGD(net.trainable_params(), 0.05)
    )
    if jit is ms.jit:
        one.construct = jit(one.construct)
    return one(x[None], x[None, :2]), weights(net)


@program(X, host=True)
def dropout_in_evaluation(jit, x):
    net = ms.nn.Dropout(p=0.5).set_train(False)
    return jit(net.construct)(x)


@program(X, host=True)
def dropout_keeps_the_mean(jit, x):
    def f(v):
        kept = ms.ops.dropout(v, p=0.5, training=True)
        return ((kept == 0) | (kept == v * 2)).all()

    return jit(f)(x)


@program(X, host=True)
def random_numbers_differ_from_call_to_call(jit, x):
    @jit
    def f(v):
        return v + ms.ops.uniform((3,), ms.Tensor(0.0), ms.Tensor(1.0))

    return bool((f(x) != f(x)).any())


@program(X, host=True)
def same_graph_for_new_numbers(jit, x):
    @jit
    def f(v, k):
        return v * k

    return f(x, 2), f(x, 3), f(x, 2.5), f(x[:2], 2), f(x.astype(ms.int32), 2)


@program(X, host=True)
def list_argument_changes(jit, x):
    @jit
    def f(items, table):
        total = items[0] * table["k"]
        for v in items[1:]:
            total = total + v
        return total

    return f([x, x], {"k": 2}), f([x, x, x], {"k": x}), f((x,), {"k": 3})


@program(X, host=True)
def outer_list_is_not_changed(jit, x):
    seen = []

    @jit
    def f(v):
        seen.append(1)
        return v * 2

    f(x)
    f(x)
    return len(seen)


@program(X, host=True)
def keyword_call(jit, x):
    @jit
    def f(a, *, b, c=2):
        return a * b + c

    return f(x, b=3), f(a=x, b=x, c=1)


@program(X, host=True)
def wrong_number_of_arguments(jit, x):
    @jit
    def f(a, b):
        return a * b

    return f(x)


@program(X, host=True)
def fullgraph_forbids_numbers(jit, x):
    def f(v):
        return v * float(v.asnumpy()[0])

    return ms.jit(f, fullgraph=True)(x)


@program(X, host=True)
def wrong_jit_mode(jit, x):
    return ms.jit(lambda v: v, capture_mode="nosuch")(x)


@program(X, host=True)
def jit_of_a_number(jit, x):
    return ms.jit(3)(x)
