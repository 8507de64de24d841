"""Control flow under `@ms.jit`, as learners write it, and the kinds of errors.

A program runs in MindSpore's default ``ast`` mode for each of its inputs. Where it fails, the
built-in kinds of the error are the result.
"""

# ruff: noqa: F821, RUF021, SIM108 - the forms are what is tried; `ms` is given
from __future__ import annotations

from program_running import Programs

cases = {}
program = Programs(cases, "control")
UP, DOWN, MIXED = [1.0, 2.0, 3.0], [-1.0, -2.0, 0.5], [4.0, -6.0, 2.5]


@program(UP, DOWN, MIXED, slopes=True)
def early_return_chain(x):
    if x.sum() > 5:
        return x * 2
    if x.sum() > 0:
        return x * 3
    return -x


@program(UP, DOWN, MIXED, slopes=True)
def nested_if_assigning(x):
    y = x
    if x[0] > 0:
        if x[1] > 0:
            y = x * x
        else:
            y = x * 3
    elif x[2] > 0:
        y = -x * x
    return y + 1


@program(UP, DOWN, MIXED, slopes=True)
def while_halving(x):
    while x.abs().max() > 1:
        x = x / 2
    return x * x


@program(UP, DOWN, slopes=True)
def while_with_counter(x):
    i = 0
    while i < 4 and x.sum() < 20:
        x = x * 2
        i += 1
    return x, i


@program(UP, MIXED)
def while_tensor_counter(x):
    i = ms.Tensor(0, ms.int32)
    total = ms.ops.zeros_like(x)
    while i < 5:
        if i % 2 == 0:
            i += 1
            continue
        total = total + x * i
        i += 1
    return total, i


@program(UP, DOWN, MIXED)
def while_true_break(x):
    while True:
        x = x + 1
        if x.sum() > 10:
            break
    return x


@program(UP, DOWN, MIXED)
def while_true_return(x):
    n = 0
    while True:
        n += 1
        x = x + 2
        if x.min() > 0:
            return x
    return -x


@program(UP, DOWN, slopes=True)
def for_range_accumulate(x):
    total = ms.Tensor(0.0)
    for i in range(3):
        total = total + x[i] * i
    return total


@program(UP, DOWN, MIXED)
def for_break_on_tensor(x):
    total = ms.Tensor(0.0)
    for i in range(3):
        if x[i] < 0:
            break
        total = total + x[i]
    return total


@program(UP, DOWN, MIXED, slopes=True)
def for_continue_on_tensor(x):
    total = ms.Tensor(0.0)
    for i in range(3):
        if x[i] < 0:
            continue
        total = total + x[i] * x[i]
    return total


@program(UP, DOWN, MIXED)
def for_return_on_tensor(x):
    for i in range(3):
        if x[i] < 0:
            return x[i]
    return x.sum()


@program(UP, MIXED)
def for_over_tensor(x):
    total = ms.Tensor(0.0)
    for v in x:
        total = total * 2 + v
    return total


@program(UP, MIXED)
def for_in_for_break(x):
    count = 0
    for i in range(3):
        for j in range(3):
            if j > i:
                break
            count += 1
    return x * count


@program(UP, MIXED)
def for_range_step(x):
    total = x * 0
    for i in range(10, 0, -3):
        total += x * i
    return total


@program(UP, DOWN)
def range_of_tensor_shape(x):
    total = ms.Tensor(0.0)
    for i in range(x.shape[0]):
        total = total + x[i]
    return total


@program(3, 5)
def range_of_a_tensor(n):
    total = ms.Tensor(0)
    for i in range(n):
        total = total + i
    return total


@program(UP, DOWN, MIXED, slopes=True)
def conditional_expression(x):
    return x * 2 if x.sum() > 0 else x * 3


@program(UP, DOWN, MIXED)
def conditional_numbers(x):
    k = 1 if x.sum() > 0 else 2
    return x * k


@program(UP, DOWN, MIXED)
def conditional_nested(x):
    return x if x[0] > 3 else (x * 2 if x[0] > 0 else x * 5)


@program(UP, DOWN, MIXED)
def and_or_not(x):
    if x[0] > 0 and not x[1] > 0 or x[2] > 2.7:
        return x + 1
    return x - 1


@program(UP, DOWN, MIXED)
def chained_comparison(x):
    if 0 < x[0] < 3:
        return x
    return -x


@program(UP, DOWN, MIXED)
def value_of_and(x):
    return x[0] > 0 and x[1] > 0


@program(UP, DOWN, MIXED)
def value_of_or(x):
    return x[0] or x[1]


@program(UP, DOWN, MIXED)
def value_of_not(x):
    return not x[0] > 0


@program(UP, DOWN)
def is_none(x):
    y = None
    if y is None:
        y = x * 2
    return y


@program(UP)
def in_list(x):
    mode = "double"
    if mode in ["single", "double"]:
        x = x * 2
    if 3 not in (1, 2):
        x = x + 1
    return x


@program(UP)
def in_dict(x):
    table = {"a": x, "b": x * 2}
    if "b" in table:
        return table["b"]
    return table["a"]


@program(UP, DOWN)
def variable_in_one_branch(x):
    if x.sum() > 0:
        y = x * 2
    return y


@program(UP, DOWN)
def shapes_differ(x):
    if x.sum() > 0:
        y = x
    else:
        y = x[:2]
    return y


@program(UP, DOWN)
def dtypes_differ(x):
    if x.sum() > 0:
        y = x
    else:
        y = x.astype(ms.int32)
    return y


@program(UP, DOWN)
def tensor_and_number(x):
    if x.sum() > 0:
        y = x.sum()
    else:
        y = 1.0
    return y


@program(UP, DOWN)
def int_and_float(x):
    y = 1
    if x.sum() > 0:
        y = 2.5
    return x * y


@program(UP, DOWN)
def return_in_one_branch(x):
    if x.sum() > 0:
        return x


@program(UP, DOWN)
def tuple_of_two_lengths(x):
    if x.sum() > 0:
        return x, x
    return (x,)


@program(UP, DOWN)
def truth_of_a_vector(x):
    if x:
        return x
    return -x


@program(UP, DOWN)
def truth_of_a_scalar(x):
    if x[0] + 1:
        return x
    return -x


@program(UP, DOWN)
def raise_in_a_branch(x):
    if x.sum() < 0:
        raise ValueError("negative")
    return x * 2


@program(UP, DOWN)
def assert_on_a_tensor(x):
    assert x.sum() > 0, "negative"
    return x * 2


@program(UP)
def assert_on_a_shape(x):
    assert x.shape[0] == 2, "two are wanted"
    return x


@program(UP, DOWN, slopes=True)
def collatz(x):
    n = (x.sum() * 3).astype(ms.int32) + 40
    steps = ms.Tensor(0, ms.int32)
    while n != 1:
        if n % 2 == 0:
            n = n // 2
        else:
            n = 3 * n + 1
        steps = steps + 1
    return x * steps


@program(UP, MIXED, slopes=True)
def newton_square_root(x):
    target = x.abs()
    y = ms.ops.ones_like(x)
    for _ in range(6):
        y = (y + target / y) / 2
    return y


@program(UP, DOWN)
def fibonacci_in_a_while(x):
    a, b = ms.Tensor(0), ms.Tensor(1)
    while b < 30:
        a, b = b, a + b
    return x + a


@program(UP, DOWN)
def for_else(x):
    for i in range(3):
        if x[i] > 100:
            break
    else:
        x = x + 1
    return x


@program(UP)
def while_else(x):
    i = 0
    while i < 3:
        i += 1
    else:
        x = x + 1
    return x


@program(UP)
def for_over_a_string(x):
    for c in "abc":
        x = x + len(c)
    return x


@program(UP, DOWN)
def pass_and_ellipsis(x):
    if x.sum() > 0:
        pass
    else:
        x = -x
    ...
    return x


@program(UP)
def recursion_on_python_numbers(x):
    def power(v, n):
        if n == 0:
            return ms.ops.ones_like(v)
        return v * power(v, n - 1)

    return power(x, 3)
