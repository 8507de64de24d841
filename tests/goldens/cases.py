"""Calls whose results real MindSpore has recorded; written once, run by both programs.

Each case is a function of the module (`mindspore` or `mslearn`) and returns tensors, strings,
numbers or nested tuples of them. `record.py` runs them in MindSpore, `test_goldens.py` here.
"""

from __future__ import annotations

import numpy as np

RNG = np.random.default_rng(20261121)
A = RNG.standard_normal((2, 3)).astype(np.float32)
B = RNG.standard_normal((2, 3)).astype(np.float32)
ROW = RNG.standard_normal((3,)).astype(np.float32)
COL = RNG.standard_normal((2, 1)).astype(np.float32)
CUBE = RNG.standard_normal((2, 3, 4)).astype(np.float32)
POSITIVE = np.abs(A) + np.float32(0.5)
SMALL = A / 4
DTYPES = ("bool_", "int8", "int16", "int32", "int64", "uint8", "float16", "float32", "float64")

cases = {}


def case(function):
    cases[function.__name__] = function
    return function


def _promotions(ms, symbol):
    # MindSpore's CPU has no kernel for some pairs of small types: those count as "no".
    out = []
    for a in DTYPES:
        for b in DTYPES:
            x = ms.Tensor(np.array([3]), getattr(ms, a))
            y = ms.Tensor(np.array([2]), getattr(ms, b))
            try:
                z = {"+": lambda: x + y, "*": lambda: x * y, "/": lambda: x / y}[symbol]()  # noqa: B023
                out.append(f"{a} {b} {z.dtype}")
            except Exception:
                out.append(f"{a} {b} no")
    return tuple(out)


@case
def promotion_add(ms):
    return _promotions(ms, "+")


@case
def promotion_mul(ms):
    return _promotions(ms, "*")


@case
def promotion_div(ms):
    return _promotions(ms, "/")


@case
def promotion_numbers(ms):
    out = []
    for a in ("bool_", "int32", "int64", "uint8", "float16", "float32", "float64"):
        x = ms.Tensor(np.array([3]), getattr(ms, a))
        for number in (True, 2, 2.5):
            out.append(f"{a} {number} {(x + number).dtype} {(number * x).dtype}")
    return tuple(out)


@case
def printing(ms):
    t = ms.Tensor
    values = [
        t(1), t(2.5), t(True), t(-0.1), t(12345678.9), t([1.0, 2.0]), t([[1, -20], [300, 4]]),
        t([[True, False], [True, True]]), t(np.ones((2, 2, 2), np.float32)),
        t(np.array([-1.5, 2, np.inf, np.nan], np.float32)), t([1.5, 2], ms.float16),
        t(np.array([1.5, 2])), t(np.arange(2000)), t(np.arange(3000.0).reshape(60, 50)),
    ]  # fmt: skip
    # str() of a 0-d tensor is NumPy's own, which changed between its versions.
    return tuple(repr(v) for v in values) + tuple(str(v) for v in values if v.ndim)


@case
def dtypes(ms):
    names = ("float32", "int64", "bool_", "uint8", "float16")
    made = (ms.Tensor(1), ms.Tensor(1.0), ms.Tensor(True), ms.Tensor([1, 2.5]), ms.Tensor([]))
    return (
        tuple(f"{getattr(ms, n)!r} {getattr(ms, n)}" for n in names),
        tuple(str(m.dtype) for m in made),
    )


def _forward_and_gradient(ms, function, *arrays):
    xs = [ms.Tensor(a) for a in arrays]
    out = function(*xs)
    first = out[0] if isinstance(out, tuple) else out
    weight = ms.Tensor(np.linspace(0.5, 1.5, first.size).reshape(first.shape).astype(np.float32))

    def weighted(*inputs):
        value = function(*inputs)
        value = value[0] if isinstance(value, tuple) else value
        return (value * weight).sum()

    gradients = ms.grad(weighted, tuple(range(len(xs))))(*xs)
    return out, gradients


UNARY = {
    "abs": A, "exp": A, "expm1": A, "log": POSITIVE, "log1p": POSITIVE, "sqrt": POSITIVE,
    "rsqrt": POSITIVE, "square": A, "reciprocal": POSITIVE, "sin": A, "cos": A, "tan": SMALL,
    "asin": SMALL, "acos": SMALL, "atan": A, "sinh": A, "cosh": A, "tanh": A, "sigmoid": A,
    "relu": A, "erf": A, "neg": A, "sign": A, "floor": A, "ceil": A, "round": A, "trunc": A,
    "gelu": A, "silu": A, "elu": A, "softplus": A, "log2": POSITIVE, "log10": POSITIVE,
}  # fmt: skip


@case
def unary(ms):
    return tuple(_forward_and_gradient(ms, getattr(ms.ops, n), x) for n, x in UNARY.items())


BINARY = ("add", "sub", "mul", "div", "maximum", "minimum", "atan2")


@case
def binary(ms):
    pairs = ((A, B), (A, ROW), (COL, ROW), (A, COL), (ROW[:1], A))
    return tuple(
        _forward_and_gradient(ms, getattr(ms.ops, n), x, y) for n in BINARY for x, y in pairs
    )


@case
def power(ms):
    return (
        _forward_and_gradient(ms, ms.ops.pow, POSITIVE, B),
        _forward_and_gradient(ms, lambda x: x**3, A),
        _forward_and_gradient(ms, lambda x: 2.0**x, A),
        ms.Tensor([5]) ** -1,
        ms.Tensor([7, -7]) // 2,
        ms.Tensor([7, -7]) % 3,
    )


@case
def equal_values_share_gradients(ms):
    x, y = ms.Tensor([1.0, 2.0]), ms.Tensor([1.0, 1.0])
    return (
        ms.grad(ms.ops.maximum, (0, 1))(x, y),
        ms.grad(ms.ops.minimum, (0, 1))(x, y),
        ms.grad(lambda v: v.max())(y),
        ms.grad(ms.ops.abs)(ms.Tensor([0.0])),
        ms.grad(ms.ops.relu)(ms.Tensor([0.0])),
    )


@case
def reductions(ms):
    f = _forward_and_gradient
    o = ms.ops
    return (
        f(ms, lambda x: o.sum(x), A),
        f(ms, lambda x: o.sum(x, 1), CUBE),
        f(ms, lambda x: o.sum(x, (0, 2), True), CUBE),
        f(ms, lambda x: o.mean(x), A),
        f(ms, lambda x: o.mean(x, (1,), True), CUBE),
        f(ms, lambda x: o.prod(x, 1), A),
        f(ms, lambda x: x.max(1), A),
        f(ms, lambda x: x.min(0), A),
        f(ms, lambda x: o.var(x, 1), A),
        f(ms, lambda x: o.std(x, 1), A),
        f(ms, lambda x: o.norm(x), A),
        f(ms, lambda x: o.cumsum(x, 1), A),
        ms.Tensor(A).max(axis=1),
        ms.Tensor(A).max(1, True),
        ms.Tensor(A).sum(dim=1, keepdim=True),
        ms.Tensor(A).mean(axis=1, keep_dims=True),
        o.max(ms.Tensor(A)),
        o.max(ms.Tensor(A), 1),
        o.min(ms.Tensor(A), 0, True),
        o.argmax(ms.Tensor(A)),
        o.argmax(ms.Tensor(A), 1),
        ms.Tensor(A).argmax(1),
        o.argmin(ms.Tensor(A), 1),
        ms.Tensor([1, 2]).sum(),
        ms.Tensor([True, False]).sum(),
        ms.Tensor([1, 2], ms.int32).sum(),
        o.all(ms.Tensor([True, False])),
        o.any(ms.Tensor([[True, False], [False, False]]), 1),
    )


@case
def shapes(ms):
    f = _forward_and_gradient
    o = ms.ops
    return (
        f(ms, lambda x: o.reshape(x, (3, -1)), A),
        f(ms, lambda x: o.transpose(x, (2, 0, 1)), CUBE),
        f(ms, lambda x: x.T, A),
        f(ms, lambda x: o.swapaxes(x, 0, 2), CUBE),
        f(ms, lambda x: o.flatten(x), CUBE),
        f(ms, lambda x: o.expand_dims(x, 1), A),
        f(ms, lambda x: o.squeeze(o.expand_dims(x, 0)), A),
        f(ms, lambda x, y: o.concat((x, y), 1), A, COL),
        f(ms, lambda x, y: o.stack([x, y], 1), A, B),
        f(ms, lambda x: o.split(x, 2, 1), A),
        f(ms, lambda x: o.chunk(x, 2, 1), A),
        f(ms, lambda x: o.tile(x, (2, 2)), A),
        f(ms, lambda x: o.broadcast_to(x, (2, 2, 3)), A),
        f(ms, lambda x: o.flip(x, (1,)), A),
        f(ms, lambda x: o.where(ms.Tensor(A) > 0, x, 0.5), B),
        f(ms, lambda x: o.tril(x), A),
        f(ms, lambda x: o.masked_fill(x, ms.Tensor(A) > 0, 9.0), B),
        o.one_hot(ms.Tensor([0, 2, 1]), 3),
        o.eye(2, 3), o.arange(3), o.arange(0.0, 1.0, 0.25), o.linspace(0.0, 1.0, 5),
    )  # fmt: skip


@case
def indexing(ms):
    f = _forward_and_gradient
    rows = ms.Tensor([1, 0, 1])
    assigned = ms.Tensor(CUBE.copy())
    assigned[0] = 1.0
    assigned[:, 1] = ms.Tensor(CUBE[:, 2])
    assigned[1, :, ::2] = 5
    assigned[..., -1] = -1.0
    return (
        f(ms, lambda x: x[1], CUBE),
        f(ms, lambda x: x[:, 1:], CUBE),
        f(ms, lambda x: x[..., -1], CUBE),
        ms.Tensor(CUBE)[:, None, ::2],  # its gradient fails in MindSpore 2.10 on the CPU
        f(ms, lambda x: x[rows], A),
        f(ms, lambda x: ms.ops.gather(x, rows, 0), A),
        f(ms, lambda x: x[rows, ms.Tensor([0, 0, 2])], A),
        ms.Tensor(A)[ms.Tensor(A) > 0],
        assigned,
    )


@case
def products(ms):
    f = _forward_and_gradient
    o = ms.ops
    return (
        f(ms, lambda x, y: o.matmul(x, y.T), A, B),
        f(ms, lambda x, y: o.matmul(x, y), A, ROW),
        f(ms, lambda x, y: o.matmul(x, y), ROW, CUBE[0]),
        f(ms, lambda x, y: o.matmul(x, y), CUBE, CUBE[0].T.copy()),
        f(ms, lambda x, y: o.bmm(x, y.swapaxes(1, 2)), CUBE, CUBE),
        f(ms, lambda x, y: x @ y.T, A, B),
        f(ms, lambda x, w, b: o.dense(x, w, b), A, B, ROW[:2]),
    )


@case
def softmaxes_and_losses(ms):
    f = _forward_and_gradient
    o, nn = ms.ops, ms.nn
    labels = ms.Tensor([2, 0], ms.int32)
    soft = ms.Tensor(np.abs(B) / np.abs(B).sum(1, keepdims=True))
    weight = ms.Tensor([0.2, 0.3, 0.5], ms.float32)
    ignored = ms.Tensor([2, -100], ms.int32)
    return (
        f(ms, lambda x: o.softmax(x, 1), A),
        f(ms, lambda x: o.softmax(x, 0), A),
        f(ms, lambda x: o.log_softmax(x, 1), A),
        f(ms, lambda x: o.cross_entropy(x, labels), A),
        f(ms, lambda x: o.cross_entropy(x, labels, weight), A),
        f(ms, lambda x: o.cross_entropy(x, labels, reduction="sum"), A),
        f(ms, lambda x: o.cross_entropy(x, labels, reduction="none"), A),
        f(ms, lambda x: o.cross_entropy(x, labels, label_smoothing=0.1), A),
        f(ms, lambda x: o.cross_entropy(x, ignored), A),
        f(ms, lambda x: o.cross_entropy(x, soft), A),
        f(ms, lambda x: o.nll_loss(x, labels, weight), A),
        f(ms, lambda x: o.mse_loss(x, ms.Tensor(B)), A),
        f(ms, lambda x: nn.CrossEntropyLoss()(x, labels), A),
        f(ms, lambda x: nn.MSELoss("sum")(x, ms.Tensor(B)), A),
        f(ms, lambda x: nn.L1Loss()(x, ms.Tensor(B)), A),
    )


@case
def gradients_of_gradients(ms):
    cube = lambda x: x * x * x  # noqa: E731
    x = ms.Tensor(2.0)
    w = ms.Parameter(ms.Tensor([1.0, 2.0]), name="w")
    return (
        ms.grad(cube)(x),
        ms.grad(ms.grad(cube))(x),
        ms.grad(lambda a: (a * a, a))(x),
        ms.value_and_grad(lambda a, b: a * b, (0, 1))(x, ms.Tensor(3.0)),
        ms.value_and_grad(lambda a, b: (a * w).sum() * b, 1, w)(x, ms.Tensor(3.0)),
        ms.value_and_grad(lambda a, b: (a * w).sum() * b, None, [w])(x, ms.Tensor(3.0)),
        ms.grad(lambda a, b: (a * b, a), 0, None, True)(x, ms.Tensor(3.0)),
        ms.grad(lambda a: ms.ops.stop_gradient(a) * a)(x),
        ms.grad(lambda a: x * 1.0)(ms.Tensor(3.0)),
    )


def _four_steps(ms, make):
    w = ms.Parameter(ms.Tensor(np.array([[1.0, 2.0], [3.0, 4.0]], np.float32)), name="w")
    b = ms.Parameter(ms.Tensor(np.array([0.5, -0.5], np.float32)), name="beta")
    optimizer = make([w, b])
    g = np.array([[0.1, -0.2], [0.3, 0.4]], np.float32)
    for i in range(4):
        optimizer((ms.Tensor(g * (i + 1)), ms.Tensor(g[0] * (4 - i))))
    return ms.Tensor(w.asnumpy().copy()), ms.Tensor(b.asnumpy().copy())


@case
def optimizers(ms):
    nn = ms.nn
    runs = (
        lambda p: nn.SGD(p, 0.1),
        lambda p: nn.SGD(p, 0.1, momentum=0.9),
        lambda p: nn.SGD(p, 0.1, momentum=0.9, dampening=0.5),
        lambda p: nn.SGD(p, 0.1, momentum=0.9, weight_decay=0.1),
        lambda p: nn.SGD(p, 0.1, momentum=0.9, nesterov=True),
        lambda p: nn.SGD(p, 0.1, weight_decay=0.1),
        lambda p: nn.Momentum(p, 0.1, 0.9),
        lambda p: nn.Momentum(p, 0.1, 0.9, weight_decay=0.1),
        lambda p: nn.Momentum(p, 0.1, 0.9, loss_scale=2.0),
        lambda p: nn.Momentum(p, 0.1, 0.9, weight_decay=0.1, loss_scale=2.0),
        lambda p: nn.Momentum(p, [0.1, 0.05, 0.01, 0.001], 0.9),
        lambda p: nn.Momentum([{"params": p[:1], "lr": 0.2}, {"params": p[1:]}], 0.1, 0.9),
        lambda p: nn.Momentum(
            [{"params": p[:1], "weight_decay": 0.2}, {"params": p[1:]}], 0.1, 0.9
        ),
        lambda p: nn.Adam(p, 0.1),
        lambda p: nn.Adam(p, 0.1, use_nesterov=True),
        lambda p: nn.Adam(p, 0.1, weight_decay=0.1),
        lambda p: nn.Adam(p, 0.1, beta1=0.5, beta2=0.7, eps=1e-3),
    )
    return tuple(_four_steps(ms, make) for make in runs)


@case
def names_and_repr(ms):
    nn = ms.nn

    class Network(nn.Cell):
        def __init__(self):
            super().__init__()
            self.flatten = nn.Flatten()
            self.body = nn.SequentialCell(nn.Dense(6, 4), nn.ReLU(), nn.Dense(4, 2, has_bias=False))
            self.head = nn.CellList([nn.Dense(2, 2), nn.Dropout(p=0.25)])

        def construct(self, x):
            return self.body(self.flatten(x))

    net = Network()
    adam = nn.Adam(net.trainable_params(), 1e-3)
    sgd = nn.SGD(net.trainable_params(), 1e-3)
    momentum = nn.Momentum(net.trainable_params(), 1e-3, 0.9)
    return (
        str(net),
        tuple(str(p) for p in net.get_parameters()),
        tuple(n for n, _ in net.parameters_and_names()),
        tuple(n for n, _ in net.cells_and_names()),
        tuple(p.name for p in adam.get_parameters()),
        tuple(p.name for p in sgd.get_parameters()),
        tuple(p.name for p in momentum.get_parameters()),
        tuple(
            str(c)
            for c in (
                nn.Dropout(), nn.Softmax(), nn.CrossEntropyLoss(), nn.Dense(2, 3, has_bias=False),
                nn.Dense(2, 3, activation="relu"), nn.SequentialCell(), nn.LeakyReLU(), nn.GELU(),
                nn.MSELoss(), nn.Tanh(),
            )
        ),
    )  # fmt: skip


@case
def kinds_of_errors(ms):
    nn, o, t = ms.nn, ms.ops, ms.Tensor
    x = t(A)
    params = nn.Dense(2, 2).trainable_params()
    wrong = (
        lambda: nn.Dense(3, 4)(t(np.ones((2, 5), np.float32))),
        lambda: nn.Dense(2, 3)(t([[1, 2]])),
        lambda: nn.CrossEntropyLoss()(x, t(np.ones(2))),
        lambda: nn.CrossEntropyLoss()(x, t([0, 1])),
        lambda: nn.Foo,
        lambda: nn.Dense(2, 2).foo,
        lambda: ms.load_checkpoint("no-such-file.ckpt"),
        lambda: o.matmul(x, x).asnumpy(),
        lambda: (x + t(np.ones((2, 4), np.float32))).asnumpy(),
        lambda: o.reshape(x, (4,)).asnumpy(),
        lambda: nn.Momentum(params, -1, 0.9),
        lambda: nn.Momentum([], 0.1, 0.9),
        lambda: nn.Momentum([1], 0.1, 0.9),
        lambda: nn.SGD(params, 0.1, momentum=-1.0),
        lambda: t("a"),
        lambda: t([[1, 2], [3]]),
        lambda: bool(x),
        lambda: len(t(1.0)),
        lambda: nn.Dense(0, 1),
        lambda: nn.Dense(2.5, 1),
        lambda: nn.CrossEntropyLoss(reduction="avg"),
        lambda: ms.set_seed(-1),
        lambda: ms.set_seed("a"),
        lambda: o.concat([x, t(np.ones((3, 3), np.float32))], 1).asnumpy(),
        lambda: ms.grad(lambda v: v, None),
        lambda: ms.load_param_into_net(1, {}),
        lambda: ms.load_param_into_net(nn.Dense(2, 2), 1),
        lambda: nn.SequentialCell([1]),
        lambda: nn.Dropout(p=2.0),
    )
    return tuple(_kind(f) for f in wrong)


def _kind(function):
    try:
        function()
    except Exception as error:
        return "/".join(c.__name__ for c in type(error).__mro__ if c.__module__ == "builtins")
    return "no error"
