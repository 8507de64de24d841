"""Containers, slices, texts, arguments and closures under `@ms.jit`; see programs_control.py."""

# ruff: noqa: F821, F841, B009, B905, C408, C417, E721, UP003, UP031, UP037 - what is tried
from __future__ import annotations

from program_running import Programs

cases = {}
program = Programs(cases, "values")
X, DOWN = [1.0, -2.0, 3.0], [-1.0, -2.0, 0.5]
SQUARE = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]
FACTOR = 3
TABLE = {"scale": 2.0, "shift": 1}
NAMES = ["a", "b"]


@program(SQUARE, slopes=True)
def slices(x):
    return x[1:] * x[:-1] + x[0, 1] - x[-1, ::2].sum()


@program(SQUARE, slopes=True)
def item_assigned(x):
    y = x * 2
    y[0] = 0
    y[1, 2] = x[0, 0] * x[0, 0]
    y[:, 1] = 5.0
    return y


@program(SQUARE)
def item_assigned_in_a_loop(x):
    y = ms.ops.zeros_like(x)
    for i in range(3):
        y[i, i] = x[i, 2 - i]
    return y


@program(SQUARE, [[-1.0, 0.0, 2.0], [0.0, 1.0, 1.0], [1.0, 1.0, 1.0]])
def item_assigned_in_a_branch(x):
    y = x + 0
    if x[0, 0] > 0:
        y[0] = y[0] * 10
    else:
        y[1:] = -1
    return y


@program(X)
def item_augmented(x):
    y = x + 0
    y[1] += 5
    y[2] *= 2
    return y


@program(X)
def argument_changed_in_place(x):
    x[0] = 9.0
    return x * 2


@program(X)
def mask_indexing(x):
    return x[x > 0]


@program(X)
def mask_assigned(x):
    y = x + 0
    y[y < 0] = 0
    return y


@program(X)
def augmented_tensor(x):
    y = x * 1
    y += 2
    y -= 1
    y *= 3
    y /= 2
    y **= 2
    return y


@program(X)
def ellipsis_and_none(x):
    return x[..., None] * x[None, :]


@program(([1.0, 2.0], [3.0, 4.0]))
def swap(a, b):
    a, b = b, a
    return a - b, (a, b)


@program(X, slopes=True)
def list_appended(x):
    out = []
    for i in range(3):
        out.append(x[i] * i)
    return ms.ops.stack(out)


@program(X)
def list_result(x):
    return [x, x * 2]


@program(X)
def dict_result(x):
    return {"double": x * 2, "sum": x.sum()}


@program(X)
def nested_result(x):
    return x, (x * 2, [x * 3]), {"a": x}


@program(X)
def list_methods(x):
    items = [x, x * 2]
    items.insert(0, x * 3)
    items.extend([x * 4])
    last = items.pop()
    items.reverse()
    return last - items[0], len(items)


@program(X)
def list_concatenated(x):
    items = [x] + [x * 2] * 2
    return items[2], len(items), items[1:][0]


@program(X)
def dict_methods(x):
    table = dict(a=x)
    table["b"] = x * 2
    table.update({"c": x * 3})
    total = table.get("d", x)
    for key in table:
        total = total + table[key]
    for _, value in table.items():
        total = total + value
    return total, len(table), list(table.keys())


@program(X)
def dict_of_python_numbers(x):
    return x * TABLE["scale"] + TABLE["shift"]


@program(X)
def list_comprehension(x):
    return sum([x * i for i in range(4) if i % 2 == 1])


@program(X)
def nested_comprehension(x):
    return ms.ops.stack([x * i + j for i in range(2) for j in range(2)])


@program(X)
def dict_comprehension(x):
    table = {k: x * i for i, k in enumerate(NAMES)}
    return table["b"]


@program(X)
def generator_expression(x):
    return sum(v * 2 for v in [x, x + 1])


@program(X)
def comprehension_over_a_tensor(x):
    return [v * v for v in x]


@program((X, DOWN))
def zip_of_tensors(a, b):
    total = ms.Tensor(0.0)
    for u, v in zip(a, b):
        total = total + u * v
    return total


@program(X)
def enumerate_of_a_tensor(x):
    total = ms.Tensor(0.0)
    for i, v in enumerate(x):
        total = total + v * i
    return total


@program(X)
def enumerate_from(x):
    total = x * 0
    for i, v in enumerate([x, x * 2], 5):
        total = total + v * i
    return total


@program(X)
def star_unpacking(x):
    first, *rest = [x, x + 1, x + 2]
    return first, rest[1]


@program(X)
def tuple_compared(x):
    if x.shape == (3,) and x.ndim == 1 and len(x) == 3:
        return x * 2
    return x


@program(X)
def dtype_compared(x):
    if x.dtype == ms.float32:
        return x.astype(ms.float16)
    return x


@program(X)
def shape_of(x):
    n = x.shape[0]
    return x.reshape(n, 1), n, x.shape, x.ndim, x.size


@program(X)
def f_string_of_python_numbers(x):
    name = f"layer_{x.shape[0]}"
    if name == "layer_3":
        return x * 2
    return x


@program(X)
def text_formatted(x):
    return x, "{}-{}".format(1, "a"), "%d" % 3


@program(X)
def text_methods(x):
    kind = "MEAN".lower()
    return x.mean() if kind == "mean" else x.sum()


@program(X)
def print_returns_nothing(x):
    y = x * 2
    print("y", y.shape)
    return y


@program(X)
def builtins_of_numbers(x):
    return x * abs(-2) + max(1, 3) + min(2, 5) + pow(2, 3) + round(2.6) + divmod(7, 2)[1]


@program(X)
def builtins_of_tensors(x):
    return abs(x), sum(x), max(x), min(x)


@program(X)
def builtins_of_sequences(x):
    return x * len([1, 2]) + sum([1, 2, 3]), sorted([3, 1, 2]), list(range(3))


@program(X)
def all_and_any(x):
    if all([x.shape[0] == 3, True]) and any([False, True]):
        return x
    return -x


@program(X)
def isinstance_of(x):
    if isinstance(x, ms.Tensor) and isinstance(3, (int, float)) and not isinstance("a", tuple):
        return x * 2
    return x


@program(X)
def hasattr_getattr(x):
    if hasattr(x, "shape") and not hasattr(x, "nosuch"):
        return x * getattr(x, "ndim")
    return x


@program(X)
def type_of(x):
    return x * 2 if type(3) == int else x


@program(X, DOWN)
def int_of_a_tensor(x):
    n = int(x[2])
    return x * n


@program(X, DOWN)
def float_of_a_tensor(x):
    return x * float(x[0])


@program(X, DOWN)
def bool_of_a_tensor(x):
    return x * 2 if bool(x[0] > 0) else x


@program(X)
def item_of_a_tensor(x):
    return x * x[0].item()


@program(X)
def tensor_made_inside(x):
    return x + ms.Tensor([1.0, 2.0, 3.0]) * ms.Tensor(2)


@program(X)
def numpy_inside(x):
    return ms.Tensor(np_sin(x.asnumpy()))


def np_sin(array):
    import numpy as np

    return np.sin(array)


@program(X)
def defaults(x, k=2, *, shift=1.0):
    return x * k + shift


def affine(v, a=2, b=1, *more, scale=1, **named):
    total = v * a + b
    for m in more:
        total = total + m
    if "extra" in named:
        total = total + named["extra"]
    return total * scale


@program(X)
def calls_of_a_helper(x):
    return affine(x), affine(x, 3, b=2), affine(x, 1, 2, 3, x), affine(x, scale=2, extra=x)


@program(X)
def calls_with_stars(x):
    args, named = (3, 1), {"scale": 4}
    return affine(x, *args, **named)


@program((X, 2))
def python_number_argument(x, n):
    return x * n


@program((X, None))
def none_argument(x, y=None):
    return x if y is None else x + y


@program((X, "mean"), (X, "sum"))
def text_argument(x, how):
    return x.mean() if how == "mean" else x.sum()


@program((X, True), (X, False))
def bool_argument(x, flag):
    if flag:
        return x * 2
    return x


@program((X, DOWN))
def star_arguments(*xs):
    total = xs[0]
    for x in xs[1:]:
        total = total + x
    return total


@program((X, DOWN))
def lambdas(x, y):
    twice = lambda v: v * 2  # noqa: E731
    return twice(x) + (lambda a, b: a * b)(x, y)


@program(X)
def nested_function(x):
    k = 3

    def inner(v):
        return v * k + x

    k = 4
    return inner(x)


def maker(k):
    def made(v):
        return v * k

    return made


@program(X)
def function_made_by_a_function(x):
    return maker(3)(x) + maker(4)(x)


@program(X)
def functions_in_a_list(x):
    for f in [ms.ops.relu, ms.ops.exp, maker(2)]:
        x = f(x)
    return x


@program(X)
def map_of_a_lambda(x):
    a, b = map(lambda v: v * 2, [x, x + 1])
    return a + b


@program(X)
def global_constants(x):
    return x * FACTOR


@program(X)
def list_of_a_global(x):
    return x * len(NAMES)


@program(X)
def type_annotations(x: "Tensor") -> "Tensor":
    y: int = 2
    return x * y


@program(X)
def docstring(x):
    """Twice."""
    return x * 2


@program(X)
def returns_a_constant(x):
    return 3, "text", None, True, 2.5


@program(X)
def returns_nothing(x):
    x * 2


@program(X)
def matrix_operator(x):
    return ms.ops.outer(x, x) @ x


@program(X)
def try_statement(x):
    try:
        return x * 2
    except ValueError:
        return x


@program(X)
def class_inside(x):
    class A:
        k = 2

    return x * A.k


@program(X)
def walrus(x):
    if (n := x.shape[0]) > 2:
        return x * n
    return x


@program(X)
def with_open(x):
    with open("/nosuch") as file:
        file.read()
    return x


@program(X)
def yields(x):
    yield x


@program(X)
def global_set(x):
    global FACTOR
    FACTOR = 4
    return x


@program(X)
def delete(x):
    y = x
    del y
    return x


@program(X)
def import_inside(x):
    import math

    return x * math.pi


@program(X)
def set_literal(x):
    if x.ndim in {1, 2}:
        return x
    return -x


@program(X)
def lambda_default(x):
    return (lambda v, k=2: v * k)(x)


@program(X)
def nested_default(x):
    def inner(v, k=2):
        return v * k

    return inner(x) + inner(x, 3)


@program(X)
def unknown_name(x):
    return x * nosuch


@program(X)
def unknown_attribute(x):
    return x.nosuch


@program(X)
def wrong_shape(x):
    return ms.ops.matmul(x, ms.ops.ones((4, 2)))


@program(X)
def index_out_of_range(x):
    return [x, x][5]


@program(X)
def key_missing(x):
    return {"a": x}["b"]


@program(X)
def number_called(x):
    return x(3)


@program(X)
def text_plus_number(x):
    return "a" + 3


@program(X)
def too_many_to_unpack(x):
    a, b = (x, x, x)
    return a


@program(X)
def wrong_call(x):
    return affine()
