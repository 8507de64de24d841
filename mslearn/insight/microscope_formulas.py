"""The derivative rules of the commonest primitives, as formulas to read beside the numbers.

Each entry of `FORMULAS` is ``(value, rule for the 1st input, rule for the 2nd, …)``. A rule is

* an expression without ``g``: the local derivative, by which the upstream gradient is multiplied;
* an expression with ``g``: all of what goes back to that input, where ``g`` is the upstream
  gradient (for what is no product element by element);
* a pair of sentences, English and Chinese, where symbols would say less than words.

Inputs are called ``x`` where there is one, else ``a``, ``b``, ``c``; ``y`` is the output. The
expressions are Python over NumPy's names, so that `tests/insight/test_microscope.py` can evaluate
every one of them and compare it with the primitive. The rules are textbook calculus; how the
engine computes the same stands in the ``vjp`` or ``partials`` of each primitive.
"""

from __future__ import annotations

import re
from typing import Any

Rule = str | tuple[str, str]

_PASS = "1"
_SPREAD = (
    "g is copied to every element that was added",
    "把 g 复制给参与相加的每个元素",
)
_MOVE = ("g is brought back to the shape of x; no number changes",
         "把 g 变回 x 的形状，数值不变")  # fmt: skip
_WINNER = ("g goes to the element that won; the others get 0",
           "g 只传给取胜的那个元素，其余为 0")  # fmt: skip

FORMULAS: dict[str, tuple[Rule, ...]] = {
    # arithmetic
    "Add": ("a + b", _PASS, _PASS),
    "Sub": ("a - b", _PASS, "-1"),
    "Mul": ("a * b", "b", "a"),
    "Div": ("a / b", "1 / b", "-a / b**2"),
    "RealDiv": ("a / b", "1 / b", "-a / b**2"),
    "Pow": ("a**b", "b * a**(b - 1)", "y * log(a)"),
    "Neg": ("-x", "-1"),
    "Abs": ("abs(x)", "sign(x)"),
    "Square": ("x**2", "2 * x"),
    "Reciprocal": ("1 / x", "-1 / x**2"),
    "Sqrt": ("sqrt(x)", "1 / (2 * y)"),
    "Rsqrt": ("1 / sqrt(x)", "-y**3 / 2"),
    "SquaredDifference": ("(a - b)**2", "2 * (a - b)", "-2 * (a - b)"),
    "Hypot": ("sqrt(a**2 + b**2)", "a / y", "b / y"),
    "Maximum": ("maximum(a, b)", "(a > b) + (a == b) / 2", "(b > a) + (a == b) / 2"),
    "Minimum": ("minimum(a, b)", "(a < b) + (a == b) / 2", "(b < a) + (a == b) / 2"),
    # exponentials and logarithms
    "Exp": ("exp(x)", "y"),
    "Expm1": ("exp(x) - 1", "y + 1"),
    "Log": ("log(x)", "1 / x"),
    "Log1p": ("log(1 + x)", "1 / (1 + x)"),
    "Log2": ("log2(x)", "1 / (x * log(2))"),
    "Log10": ("log10(x)", "1 / (x * log(10))"),
    "LogAddExp": ("log(exp(a) + exp(b))", "exp(a - y)", "exp(b - y)"),
    "Xlogy": ("a * log(b)", "log(b)", "a / b"),
    # trigonometry
    "Sin": ("sin(x)", "cos(x)"),
    "Cos": ("cos(x)", "-sin(x)"),
    "Tan": ("tan(x)", "1 + y**2"),
    "Sinh": ("sinh(x)", "cosh(x)"),
    "Cosh": ("cosh(x)", "sinh(x)"),
    "Asin": ("arcsin(x)", "1 / sqrt(1 - x**2)"),
    "ACos": ("arccos(x)", "-1 / sqrt(1 - x**2)"),
    "Atan": ("arctan(x)", "1 / (1 + x**2)"),
    "Asinh": ("arcsinh(x)", "1 / sqrt(1 + x**2)"),
    "Acosh": ("arccosh(x)", "1 / sqrt(x**2 - 1)"),
    "Atanh": ("arctanh(x)", "1 / (1 - x**2)"),
    "Atan2": ("arctan2(a, b)", "b / (a**2 + b**2)", "-a / (a**2 + b**2)"),
    # activations
    "Tanh": ("tanh(x)", "1 - y**2"),
    "Sigmoid": ("1 / (1 + exp(-x))", "y * (1 - y)"),
    "ReLU": ("maximum(x, 0)", "x > 0"),
    "ReLU6": ("minimum(maximum(x, 0), 6)", "(x > 0) * (x < 6)"),
    "HSigmoid": ("minimum(maximum((x + 3) / 6, 0), 1)", "(abs(x) < 3) / 6"),
    "Softsign": ("x / (1 + abs(x))", "1 / (1 + abs(x))**2"),
    "GeLU": (
        "x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x**3)))",
        ("the slope of that curve: near 0 for very negative x, near 1 for large x",
         "该曲线的斜率：x 很负时接近 0，x 很大时接近 1"),
    ),
    "Erf": ("erf(x)", "2 / sqrt(pi) * exp(-x**2)"),
    "Softmax": ("exp(x) / sum(exp(x), -1)", "y * (g - sum(g * y, -1))"),
    "LogSoftmax": ("x - log(sum(exp(x), -1))", "g - exp(y) * sum(g, -1)"),
    # matrices (MATMUL_RULES has the transposed forms)
    "MatMul": ("a @ b", "g @ b.T", "a.T @ g"),
    "BatchMatMul": ("a @ b", "g @ b.T", "a.T @ g"),
    "BiasAdd": ("a + b", "g", ("g summed over everything but the channel axis",
                               "g 在通道轴以外的所有轴上求和")),
    "Conv2D": (
        ("each filter slides over the image", "每个卷积核在图像上滑动"),
        ("g slides back with the same filters: every pixel collects from the places it was used",
         "g 用同样的卷积核反向滑动：每个像素从用过它的位置收集梯度"),
        ("the image slides over g: every weight collects from all the places it was used",
         "图像在 g 上滑动：每个权重从用过它的所有位置收集梯度"),
    ),
    # sums, selections, shapes
    "ReduceSum": ("sum(x)", _SPREAD),
    "ReduceMean": ("mean(x)", ("g is divided by the count and copied to every element",
                               "g 除以元素个数，再复制给每个元素")),
    "ReduceMax": ("max(x)", _WINNER),
    "ReduceMin": ("min(x)", _WINNER),
    "MaxPool": (("the largest of every window", "每个窗口取最大值"), _WINNER),
    "AvgPool": (("the mean of every window", "每个窗口取平均值"),
                ("g is shared equally by the elements of its window", "g 由窗口内各元素平分")),
    "Select": ("where(a, b, c)", "0", "a", "1 - a"),
    "NLLLoss": (
        ("minus the log-probability of the right class, averaged",
         "正确类别对数概率的相反数，再取平均"),
        ("−g · weight / total weight at the right class, 0 elsewhere",
         "正确类别处为 −g · 权重 / 总权重，其余为 0"),
    ),
    "Reshape": (("the same numbers in another shape", "同样的数，换一个形状"), _MOVE),
    "Transpose": (("axes in another order", "调换轴的次序"), _MOVE),
    "Identity": ("x", _PASS),
    "Cast": (("the same numbers as another dtype", "同样的数，换一种类型"), _PASS),
    "BroadcastTo": (("x repeated", "把 x 重复若干份"),
                    ("g summed over the repeated places", "g 在重复的位置上求和")),
    "Concat": (("one after the other", "首尾相接"),) + 8 * (
        ("the part of g that this input became", "g 中由这个输入得来的那一段"),),
    "GetItem": (("a part of x", "取 x 的一部分"),
                ("g at the places taken, 0 elsewhere", "取出的位置为 g，其余为 0")),
    "LayerNorm": (
        ("each row shifted to mean 0 and scaled to variance 1, then · b + c",
         "每行平移到均值 0、缩放到方差 1，再 · b + c"),
        ("b·g without its mean and without its part along the row, divided by the spread",
         "b·g 减去均值、再减去沿该行方向的部分，除以标准差"),
        ("g · normalised x, summed over rows", "g · 归一化后的 x，逐行求和"),
        ("g summed over rows", "g 逐行求和"),
    ),
    "Sign": ("sign(x)", "0"),
    "Floor": ("floor(x)", "0"),
    "Ceil": ("ceil(x)", "0"),
    "Round": ("round(x)", "0"),
}  # fmt: skip

MATMUL_RULES = {
    # (transpose_a, transpose_b): value, by a, by b
    (False, True): ("a @ b.T", "g @ b", "g.T @ a"),
    (True, False): ("a.T @ b", "b @ g.T", "a @ g"),
    (True, True): ("a.T @ b.T", "b.T @ g.T", "g.T @ a.T"),
}

_PRETTY = (
    (r"\*\*2", "²"), (r"\*\*3", "³"), (r"\*\*b\b", "ᵇ"), (r"\*\*\(b - 1\)", "ᵇ⁻¹"), (r" \* ", "·"),
    (r"\.T\b", "ᵀ"), (r"\bsqrt\b", "√"), (r"\babs\(x\)", "|x|"), (r"\bpi\b", "π"), (r"-", "−"),
    (r" == ", " = "), (r", −1\)", ")"),
)  # fmt: skip


def formula(prim: Any, slot: int, attrs: dict[str, Any]) -> dict[str, Any]:
    """What to write beside an edge: how the output is made, and how the gradient goes back.

    Returns:
        ``{"value", "rule", "kind", "input"}``: texts as ``{"en", "zh"}``; kind is "local" (a
        factor), "pull" (the whole of what goes back), "words", or "doc" for a primitive without
        an entry, whose ``value`` is the first line of its docstring; input is the letter.
    """
    entry = FORMULAS.get(prim.name)
    if prim.name in ("MatMul", "BatchMatMul"):
        turned = bool(attrs.get("transpose_a")), bool(attrs.get("transpose_b"))
        entry = MATMUL_RULES.get(turned, entry)
    many = entry is not None and len(entry) > 2
    letter = "abc"[slot] if many and slot < 3 else f"x{slot}" if slot else "x"
    if entry is None or slot + 1 >= len(entry):
        doc = (prim.__doc__ or prim.name).strip().split("\n", 1)[0]
        if entry is not None:
            doc = entry[0] if isinstance(entry[0], str) else entry[0][0]
        return {"value": _both(doc), "rule": _both(""), "kind": "doc", "input": letter}
    value, rule = entry[0], entry[slot + 1]
    kind = "words" if not isinstance(rule, str) else "pull" if uses_g(rule) else "local"
    return {"value": _both(value), "rule": _both(rule), "kind": kind, "input": letter}


def uses_g(rule: str) -> bool:
    return re.search(r"\bg\b", rule) is not None


def _both(rule: Rule) -> dict[str, str]:
    if isinstance(rule, tuple):
        return {"en": rule[0], "zh": rule[1]}
    text = pretty(rule)
    return {"en": text, "zh": text}


def pretty(expression: str) -> str:
    """A Python expression as mathematics: ``-y**3 / 2`` is ``−y³ / 2``."""
    for pattern, sign in _PRETTY:
        expression = re.sub(pattern, sign, expression)
    return expression
