"""Every form of `grad`, `GradOperation`, Jacobians and `vmap`, as real MindSpore answers.

MindSpore compiles jacfwd, jacrev and vmap from source: their functions must be `def`s.
"""

from __future__ import annotations

import numpy as np

A = np.arange(6, dtype=np.float32).reshape(2, 3)
B = np.arange(12, dtype=np.float32).reshape(4, 3)
cases = {}


def case(function):
    cases[function.__name__] = function
    return function


def _setting(ms):
    x, y = ms.Tensor([1.0, 2.0]), ms.Tensor([3.0, 4.0])
    w = ms.Parameter(ms.Tensor([5.0, 6.0]), name="w")
    v = ms.Parameter(ms.Tensor([7.0, 8.0]), name="v")
    return x, y, w, v


def _kinds(wrong):
    out = []
    for function in wrong:
        try:
            function()
            out.append("no error")
        except Exception as error:
            kinds = (c.__name__ for c in type(error).__mro__ if c.__module__ == "builtins")
            out.append("/".join(kinds))
    return tuple(out)


@case
def grad_forms(ms):
    x, y, w, v = _setting(ms)
    u = ms.Parameter(ms.Tensor([1.0, 1.0]), name="u")
    f = lambda a, b: (a * b * w * v).sum()  # noqa: E731
    weights = (None, w, [w], (w,), ms.ParameterTuple([w]), [w, v], [], (), [w, u], [w, w])
    out = []
    for position in (None, 0, (0,), (0, 1), (1, 0)):
        for chosen in weights:
            if position is None and chosen is None:
                continue
            out.append(ms.grad(f, position, chosen)(x, y))
            out.append(ms.value_and_grad(f, position, chosen)(x, y))
            # MindSpore fails on ids of a single Parameter, and flattens beside an empty list.
            lone = isinstance(chosen, ms.Parameter) and position is not None
            if not lone and (chosen is None or len(chosen)):
                out.append(ms.grad(f, position, chosen, return_ids=True)(x, y))
    return tuple(out)


@case
def grad_aux_and_sens(ms):
    x, y, w, v = _setting(ms)
    aux = lambda a, b: ((a * b).sum(), a, b)  # noqa: E731
    one = lambda a, b: ((a * b).sum(), a)  # noqa: E731
    nested = lambda a, b: ((a * b, a), b)  # noqa: E731
    product = lambda a, b: a * b  # noqa: E731
    sens = ms.Tensor([1.0, 10.0])
    named = ms.grad(lambda a, b: (a * b * w).sum(), (0, 1), [w, v], return_ids=True)(x, y)
    frozen = ms.Parameter(ms.Tensor([1.0, 2.0]), name="frozen", requires_grad=False)
    return (
        ms.grad(aux, 0, None, True)(x, y),
        ms.grad(one, 0, None, True)(x, y),
        ms.value_and_grad(aux, (0, 1), None, True)(x, y),
        ms.value_and_grad(one, 0, None, True)(x, y),
        ms.grad(nested, 0, None, True)(x, y),
        ms.grad(product, 0, sens_param=True)(x, y, sens),
        ms.value_and_grad(product, (0, 1), sens_param=True)(x, y, sens),
        ms.grad(lambda a, b: (a * b, a), 0, sens_param=True)(x, y, (sens, sens * 10)),
        ms.grad(lambda a, b: (a * b, a))(x, y),
        ms.grad(lambda a, b: [a * b, a])(x, y),
        ms.grad(lambda a, b: {"p": a * b, "q": a})(x, y),
        ms.value_and_grad(lambda a, b: (a * b, 3))(x, y),
        ms.grad(lambda a, n: a * n)(x, 2.0),
        ms.grad(lambda a, b=None: a * b)(x, b=y),
        ms.grad(lambda: w * 1, None, w)(),
        ms.grad(lambda a: a * 2)(ms.Tensor([1, 2])),
        ms.grad(product, (0, 1))(x, ms.Tensor([1, 2])),
        ms.grad(lambda a: a > 1)(x),
        ms.grad(lambda a: a * frozen * w, None, [frozen, w])(x),
        ms.get_grad(named, v), ms.get_grad(named, 1), ms.get_grad(named, 0),
    )  # fmt: skip


@case
def grad_operation(ms):
    x, y, w, v = _setting(ms)
    f = lambda a, b: (a * b * w * v).sum()  # noqa: E731
    out = []
    for get_all in (False, True):
        for by_list in (False, True):
            for chosen in (w, [w], [w, v], ms.ParameterTuple([w, v])):
                for sens in (False, True):
                    operation = ms.ops.GradOperation(get_all, by_list, sens)
                    call = operation(f, chosen)
                    out.append(call(x, y, ms.Tensor(2.0)) if sens else call(x, y))
    net = ms.nn.Dense(2, 1, weight_init="ones", bias_init="zeros")
    operation = ms.ops.GradOperation
    product = lambda a, b: a * b  # noqa: E731
    return (
        *out,
        operation(get_by_list=True)(net)(x),
        operation(get_all=True)(product)(x, 2),
        operation(get_all=True)(lambda a: a * 2)(x),
        operation()(lambda a, b: b * 2)(x, y),
        operation(sens_param=True)(product)(x, b=y, sens=ms.Tensor([1.0, 10.0])),
    )


def _square(a):
    return a * a


def _total(a):
    return a.sum()


def _cube(a):
    return (a * a * a).sum()


@case
def jacobians(ms):
    x, matrix = ms.Tensor([1.0, 2.0, 3.0]), ms.Tensor(A)
    matmul = ms.ops.matmul

    def product(a, b):
        return matmul(a, b)

    def two(a, b):
        return matmul(a, b), b.sum()

    def aux(a, b):
        return matmul(a, b), b, a

    def scaled(a):
        return a * x

    out = []
    for j in (ms.jacfwd, ms.jacrev):
        out += [
            j(_square)(x), j(_total)(x), j(scaled)(ms.Tensor(2.0)), j(_square)(ms.Tensor(2.0)),
            j(product)(matrix, x), j(product, (0,))(matrix, x), j(product, (0, 1))(matrix, x),
            j(product, (1, 0))(matrix, x), j(two)(matrix, x), j(two, (0, 1))(matrix, x),
            j(product, 1)(matrix, x), j(aux, 0, True)(matrix, x), j(aux, (0, 1), True)(matrix, x),
            j(two, 1, True)(matrix, x), j(j(_cube))(x),
        ]  # fmt: skip
    return (
        *out,
        ms.jacfwd(ms.jacrev(_cube))(x),
        ms.jacrev(ms.jacfwd(_cube))(x),
        ms.jacrev(ms.grad(_cube))(x),
    )


@case
def vmaps(ms):
    x, b = ms.Tensor([1.0, 2.0, 3.0]), ms.Tensor(B)
    turned = ms.Tensor(B.T.copy())
    ops = ms.ops

    def dot(a, c):
        return (a * c).sum()

    def mul(a, c):
        return a * c

    def double(a):
        return a * 2

    def both(a):
        return a * 2, a.sum()

    def beside(a, c):
        return a * 2, c

    def constant(a):
        return x * 2

    def pair(a):
        return a[0] + a[1]

    def listed(a):
        return [a * a, a]

    def shaped(a):
        return a * a.shape[0] * a.ndim

    def softmax(a):
        return ops.softmax(a, 0)

    def product(a, c):
        return ops.matmul(a, c)

    vmap = ms.vmap
    inner = vmap(mul, (None, 0))
    slope = ms.grad(_cube)
    cubes = vmap(_cube)

    def summed(a):
        return cubes(a).sum()

    return (
        vmap(dot)(b, b), vmap(dot, (0, None))(b, x), vmap(dot, (1, 0))(turned, b),
        vmap(dot, (1, 1))(b, b), vmap(double, -1)(b), vmap(double, 0, 1)(b),
        vmap(double, 0, -1)(b), vmap(both, 0, (1, 0))(b), vmap(both, 0, 0)(b),
        vmap(beside, (0, None), (0, None))(b, x), vmap(constant)(b), vmap(dot, [0, 0])(b, b),
        vmap(inner, (0, None))(x, x), vmap(pair, ((0, None),))((b, x)), vmap(pair, 0)((b, b)),
        vmap(mul, (0, None))(b, 2), vmap(listed)(b), vmap(shaped)(b), vmap(softmax)(b),
        # MindSpore 2.10 has no vmap of matmul(matrix, batched vector)
        vmap(product, (0, None))(b, turned), vmap(slope)(b), ms.grad(summed)(b),
    )  # fmt: skip


@case
def vjp_forms(ms):
    """What comes back is a tuple, even for one input."""

    def square(a):
        return a * a

    def product(a, b):
        return a * b

    x, y, ones = ms.Tensor([1.0, 2.0]), ms.Tensor([3.0, 4.0]), ms.Tensor([1.0, 1.0])
    out, pull = ms.vjp(square, x)
    one = pull(ones)
    _, pull = ms.vjp(product, x, y)
    return out, one, pull(ones)


@case
def kinds_of_errors_autodiff(ms):
    x, y, _, _ = _setting(ms)
    f = lambda a, b: a * b  # noqa: E731
    b, a = ms.Tensor(B), ms.Tensor(A)

    def add(p, q):
        return p.sum() + q.sum()

    def two(p):
        return p, p

    vmap, grad = ms.vmap, ms.grad
    return _kinds((
        lambda: grad(f, None)(x, y), lambda: grad(f, ())(x, y), lambda: grad(f, [0])(x, y),
        lambda: grad(f, (0, 0))(x, y), lambda: grad(f, -1)(x, y), lambda: grad(f, 5)(x, y),
        lambda: grad(f, 1.0)(x, y), lambda: grad(f, None, "w")(x, y), lambda: grad(3)(x),
        lambda: grad(f, 0, None, True)(x, y),
        lambda: grad(f, 0, sens_param=True)(x, y, ms.Tensor([1.0, 2.0, 3.0])),
        lambda: ms.get_grad(grad(f, 0, return_ids=True)(x, y), 1),
        lambda: ms.ops.GradOperation(get_all=1),
        lambda: ms.jacfwd(_square, None)(x), lambda: ms.jacrev(_square, [0])(x),
        lambda: ms.jacfwd(_square, -1)(x), lambda: ms.jacrev(_square, 3)(x),
        lambda: ms.jacfwd(_square, (0, 0))(x), lambda: ms.jacrev(_square, 0, 1),
        lambda: ms.jacrev(_square, 0, True)(x), lambda: ms.jacfwd(_square)(ms.Tensor([1, 2])),
        lambda: vmap(add)(b, a), lambda: vmap(_square, None)(b), lambda: vmap(add, (0, 0, 0))(b, b),
        lambda: vmap(add, (0,))(b, b), lambda: vmap(_square, 3)(b), lambda: vmap(_square, -3)(b),
        lambda: vmap(_square, 1.5)(b), lambda: vmap(two, 0, (0, 0, 0))(b),
        lambda: vmap(_square)(ms.Tensor(1.0)), lambda: vmap(_total, 0, 1)(b),
        lambda: vmap(add)(b, 2), lambda: vmap(_square, 0, None)(b), lambda: vmap(3)(b),
    ))  # fmt: skip
