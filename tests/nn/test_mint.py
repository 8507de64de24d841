"""mint: every function and layer against PyTorch, whose names and arguments it has."""

from __future__ import annotations

import functools
import importlib
import math

import numpy as np
import pytest
from torch_results import recorded

import mslearn as ms
from mslearn import mint
from mslearn.mint.nn import functional as F

RNG = np.random.default_rng(7)
X = RNG.standard_normal((2, 3, 4)).astype(np.float32)
Y = RNG.standard_normal((2, 3, 4)).astype(np.float32)
POSITIVE = np.abs(X) + 0.1
INSIDE = np.tanh(X)
SQUARE = RNG.standard_normal((3, 3)).astype(np.float32) + 3 * np.eye(3, dtype=np.float32)
VECTOR = RNG.standard_normal(4).astype(np.float32)
INTS = RNG.integers(-5, 6, (3, 4))
IDS = np.array([[0, 2, 1], [1, 1, 0]])
IMAGES = RNG.standard_normal((2, 4, 6, 6)).astype(np.float32)
SIGNALS = RNG.standard_normal((2, 4, 8)).astype(np.float32)
VOLUMES = RNG.standard_normal((2, 2, 4, 4, 4)).astype(np.float32)
BOOLS = X > 0
COMPLEX = (X + 1j * Y).astype(np.complex64)

ONE = (
    "abs neg negative exp exp2 expm1 sin cos tan sinh cosh tanh atan arctan asinh arcsinh ceil "
    "floor trunc fix frac round sign square sigmoid erf erfc sinc isfinite isinf isnan isneginf "
    "nan_to_num ravel clone sum mean prod std var max min median argmax argmin count_nonzero "
    "all any logical_not ones_like zeros_like flatten nansum"
)
WITHIN = "asin arcsin acos arccos atanh arctanh erfinv"
ABOVE = "log log10 log1p log2 sqrt rsqrt reciprocal"
TWO = (
    "add sub mul div divide maximum minimum atan2 arctan2 logaddexp logaddexp2 eq ne not_equal "
    "gt ge greater greater_equal lt le less less_equal logical_and logical_or logical_xor fmod "
    "remainder floor_divide isclose"
)
TABLE = {  # name: (arguments, options) …
    "acosh": [((POSITIVE + 1,), {})],
    "arccosh": [((POSITIVE + 1,), {})],
    "add": [((X, Y), {"alpha": 2.0})],
    "sub": [((X, Y), {"alpha": 0.5})],
    "addbmm": [((SQUARE, X[:, :, :3], X[:, :, :3]), {"beta": 0.5, "alpha": 2})],
    "addcdiv": [((X, Y, POSITIVE), {"value": 0.5})],
    "addcmul": [((X, Y, Y), {"value": 0.5})],
    "addmm": [((SQUARE, SQUARE, SQUARE), {"beta": 0.5, "alpha": 2})],
    "addmv": [((VECTOR[:3], SQUARE, VECTOR[:3]), {"alpha": 2})],
    "baddbmm": [((X[:, :, :3], X[:, :, :3], Y[:, :, :3]), {"beta": 0.5, "alpha": 2})],
    "all": [((BOOLS, 1), {"keepdim": True})],
    "any": [((BOOLS, 1), {"keepdim": True})],
    "amax": [((X,), {}), ((X, (0, 2), True), {})],
    "amin": [((X,), {}), ((X, 1), {})],
    "argmax": [((X, 1), {"keepdim": True})],
    "argmin": [((X, -1), {})],
    "argsort": [((X,), {"dim": 1, "descending": True})],
    "arange": [((5,), {}), ((1, 7, 2), {}), ((0.0, 1.0, 0.25), {})],
    "bincount": [((IDS.ravel(),), {}), ((IDS.ravel(),), {"minlength": 5})],
    "bitwise_and": [((INTS, INTS[::-1].copy()), {})],
    "bitwise_or": [((INTS, INTS[::-1].copy()), {})],
    "bitwise_xor": [((INTS, INTS[::-1].copy()), {})],
    "bitwise_not": [((INTS,), {}), ((BOOLS,), {})],
    "bmm": [((X, np.swapaxes(Y, 1, 2).copy()), {})],
    "broadcast_to": [((VECTOR, (2, 4)), {})],
    "cat": [(((X, Y),), {"dim": 1})],
    "concat": [(((X, Y), -1), {})],
    "cdist": [((X, Y), {})],
    "chunk": [((X, 2), {"dim": -1})],
    "clamp": [((X, -0.5, 0.5), {}), ((X,), {"min": 0.1})],
    "clip": [((X, -0.5, 0.5), {})],
    "count_nonzero": [((INTS, 0), {})],
    "cross": [((X, Y), {}), ((SQUARE, SQUARE.T.copy()), {"dim": 1})],
    "cummax": [((X, 2), {})],
    "cummin": [((X, 1), {})],
    "cumprod": [((X, 2), {})],
    "cumsum": [((X, 2), {})],
    "diag": [((SQUARE,), {}), ((VECTOR, 1), {}), ((VECTOR, -2), {}), ((SQUARE, 1), {})],
    "diff": [((X,), {"n": 2, "dim": 1})],
    "div": [((X, Y), {"rounding_mode": "floor"}), ((X, Y), {"rounding_mode": "trunc"})],
    "dot": [((VECTOR, VECTOR), {})],
    "vdot": [((VECTOR, VECTOR), {})],
    "dstack": [(((X, Y),), {})],
    "einsum": [(("ij,jk->ik", SQUARE, SQUARE), {})],
    "equal": [((X, X), {}), ((X, Y), {})],
    "allclose": [((X, X + 1e-9), {}), ((X, Y), {})],
    "eye": [((3,), {}), ((2, 4), {})],
    "flatten": [((X, 1), {})],
    "flip": [((X, (0, 2)), {})],
    "float_power": [((POSITIVE, 1.5), {})],
    "full": [((((2, 3)), 1.5), {})],
    "full_like": [((X, 2.0), {})],
    "gather": [((SQUARE, 1, IDS[:, :2]), {})],
    "gcd": [((np.abs(INTS), np.abs(INTS[::-1]).copy()), {})],
    "imag": [((COMPLEX,), {})],
    "real": [((COMPLEX,), {})],
    "unique_consecutive": [((np.array([1, 1, 2, 2, 1]),), {"return_counts": True})],
    "histc": [((X,), {"bins": 5, "min": -1, "max": 1})],
    "hstack": [(((X, Y),), {})],
    "index_add": [((SQUARE, 0, np.array([0, 2]), SQUARE[:2]), {"alpha": 2})],
    "index_select": [((X, 2, np.array([3, 0])), {})],
    "inverse": [((SQUARE,), {})],
    "item": [((np.float32(2.5),), {})],
    "kthvalue": [((X, 2), {}), ((X, 1, 1, True), {})],
    "lerp": [((X, Y, 0.3), {})],
    "linspace": [((0, 1, 5), {})],
    "logsumexp": [((X, 1), {}), ((X, (0, 2), True), {})],
    "masked_select": [((X, BOOLS), {})],
    "matmul": [((X, SQUARE[:, :2].T.repeat(2, 0)), {})],
    "max": [((X, 1), {}), ((X, 2, True), {}), ((X, Y), {})],
    "min": [((X, 1), {}), ((X, Y), {})],
    "mean": [((X, 1), {}), ((X, (0, 2), True), {}), ((INTS,), {"dtype": "float32"})],
    "median": [((X, 1), {}), ((X, 2, True), {})],
    "meshgrid": [((VECTOR, VECTOR[:2]), {"indexing": "xy"})],
    "mm": [((SQUARE, SQUARE), {})],
    "mv": [((SQUARE, VECTOR[:3]), {})],
    "nansum": [((X, 1), {"keepdim": True})],
    "narrow": [((X, 2, 1, 2), {})],
    "nonzero": [((INTS,), {}), ((INTS,), {"as_tuple": True})],
    "norm": [((X,), {}), ((X, 2, 1), {}), ((SQUARE, "fro"), {})],
    "ones": [(((2, 3),), {})],
    "outer": [((VECTOR, VECTOR[:2]), {})],
    "permute": [((X, (2, 0, 1)), {})],
    "polar": [((POSITIVE, X), {})],
    "pow": [((POSITIVE, 2.5), {}), ((X, 2), {})],
    "prod": [((X, 1), {"keepdim": True})],
    "repeat_interleave": [((X, 2), {"dim": 1}), ((VECTOR, 3), {})],
    "reshape": [((X, (4, -1)), {})],
    "roll": [((X, 1), {}), ((X, (1, 2), (0, 2)), {})],
    "round": [((X,), {"decimals": 1})],
    "scatter": [((SQUARE, 1, IDS, X[0][:2]), {}), ((SQUARE, 0, IDS, 2.5), {})],
    "scatter_add": [((SQUARE, 0, IDS, SQUARE), {})],
    "searchsorted": [((np.sort(VECTOR), X), {})],
    "select": [((X, 1, 2), {})],
    "softmax": [((X, 1), {})],
    "sort": [((X,), {}), ((X,), {"dim": 1, "descending": True})],
    "split": [((X, 2, 2), {}), ((X, [1, 2], 1), {})],
    "squeeze": [((X[:, :1],), {}), ((X[:, :1], 1), {})],
    "stack": [(((X, Y),), {"dim": 1})],
    "std": [((X, 1), {}), ((X,), {"correction": 0, "dim": (0, 1), "keepdim": True})],
    "std_mean": [((X, 1), {})],
    "sum": [((X, 1), {}), ((X, (0, 2), True), {})],
    "swapaxes": [((X, 0, 2), {})],
    "t": [((SQUARE,), {}), ((VECTOR,), {})],
    "take": [((X, IDS), {})],
    "tile": [((X, (2, 1, 1)), {})],
    "topk": [((X, 2), {}), ((X, 2, 1, False), {})],
    "trace": [((SQUARE,), {})],
    "transpose": [((X, 0, 2), {})],
    "tril": [((SQUARE,), {}), ((SQUARE, 1), {})],
    "triu": [((SQUARE, -1), {})],
    "unbind": [((X, 1), {})],
    "unique": [((INTS,), {"return_inverse": True, "return_counts": True})],
    "unsqueeze": [((X, 1), {})],
    "var": [((X, 1), {}), ((X, (0, 2)), {"correction": 0})],
    "var_mean": [((X, (0, 1)), {"keepdim": True})],
    "where": [((BOOLS, X, Y), {})],
    "xlogy": [((POSITIVE, POSITIVE), {})],
    "zeros": [(((2, 3),), {})],
}
for _names, _args in ((ONE, (X,)), (WITHIN, (INSIDE,)), (ABOVE, (POSITIVE,)), (TWO, (X, Y))):
    for _name in _names.split():
        TABLE.setdefault(_name, []).insert(0, (_args, {}))
for _name in ("all", "any", "logical_not"):
    TABLE[_name][0] = ((BOOLS,), {})
for _name in ("logical_and", "logical_or", "logical_xor"):
    TABLE[_name][0] = ((BOOLS, BOOLS[::-1].copy()), {})

W2 = RNG.standard_normal((6, 2, 3, 3)).astype(np.float32)
LABELS = np.array([2, 0])
FUNCTIONAL = {
    "adaptive_avg_pool1d": [((SIGNALS, 4), {})],
    "adaptive_avg_pool2d": [((IMAGES, (3, 2)), {})],
    "adaptive_avg_pool3d": [((VOLUMES, 2), {})],
    "adaptive_max_pool1d": [((SIGNALS, 4), {}), ((SIGNALS, 2, True), {})],
    "adaptive_max_pool2d": [((IMAGES, (3, 2)), {})],
    "avg_pool1d": [((SIGNALS, 2), {}), ((SIGNALS, 3, 2, 1), {"count_include_pad": False})],
    "avg_pool2d": [((IMAGES, 2), {}), ((IMAGES, 3, 2, 1), {})],
    "avg_pool3d": [((VOLUMES, 2), {})],
    "batch_norm": [((IMAGES, VECTOR, np.abs(VECTOR), VECTOR, VECTOR), {})],
    "binary_cross_entropy": [((POSITIVE / 9, INSIDE**2), {})],
    "binary_cross_entropy_with_logits": [((X, INSIDE**2), {"reduction": "sum"})],
    "conv1d": [((SIGNALS, W2[:, :, 0], None, 2, 1, 1, 2), {})],
    "conv2d": [((IMAGES, W2, VECTOR.repeat(2)[:6], 1, (1, 0), 1, 2), {})],
    "conv3d": [((VOLUMES, W2[:, :, None].repeat(3, 2)), {"padding": 1})],
    "conv_transpose2d": [((IMAGES, W2[:4]), {"stride": 2, "padding": 1, "output_padding": 1})],
    "cosine_embedding_loss": [((SQUARE, SQUARE.T.copy(), np.array([1, -1, 1])), {"margin": 0.1})],
    "cross_entropy": [((SQUARE[:2], LABELS), {"label_smoothing": 0.1})],
    "elu": [((X, 0.5), {})],
    "embedding": [((IDS, SQUARE), {})],
    "flatten": [((X, 1), {})],
    "fold": [((IMAGES.reshape(2, 16, 9), (4, 4), 2), {})],
    "unfold": [((IMAGES, 3, 1, 1, 2), {})],
    "grid_sample": [
        ((IMAGES, np.tanh(IMAGES[:, :2].transpose(0, 2, 3, 1).copy())), {"align_corners": False})
    ],
    "gelu": [((X,), {}), ((X,), {"approximate": "tanh"})],
    "glu": [((X,), {})],
    "group_norm": [((IMAGES, 2, VECTOR, VECTOR), {})],
    "hardshrink": [((X,), {})],
    "hardsigmoid": [((X,), {})],
    "hardswish": [((X,), {})],
    "hardtanh": [((X, -0.5, 0.5), {})],
    "interpolate": [((IMAGES,), {"scale_factor": 2.0, "mode": "nearest"})],
    "upsample": [((IMAGES, (9, 9)), {"mode": "bilinear", "align_corners": True})],
    "kl_div": [((X, POSITIVE), {"reduction": "batchmean"}), ((X, Y), {"log_target": True})],
    "l1_loss": [((X, Y), {})],
    "layer_norm": [((X, (4,), VECTOR, VECTOR), {})],
    "leaky_relu": [((X,), {})],
    "linear": [((X, SIGNALS[0, :3, :4]), {}), ((X, SIGNALS[0, :3, :4], VECTOR[:3]), {})],
    "log_softmax": [((X, 1), {})],
    "logsigmoid": [((X,), {})],
    "max_pool2d": [((IMAGES, 2), {}), ((IMAGES, 3, 2, 1), {"return_indices": True})],
    "mish": [((X,), {})],
    "mse_loss": [((X, Y), {})],
    "nll_loss": [((SQUARE[:2], LABELS), {})],
    "normalize": [((X,), {}), ((X,), {"p": 1.0, "dim": -1})],
    "one_hot": [((IDS,), {}), ((IDS, 5), {})],
    "pad": [
        ((IMAGES, (1, 2, 0, 1)), {"value": 3.0}),
        ((IMAGES, (1, 1, 0, 2)), {"mode": "circular"}),
    ],
    "pixel_shuffle": [((IMAGES, 2), {})],
    "prelu": [((X, VECTOR[:1]), {})],
    "relu": [((X,), {})],
    "relu6": [((X * 5,), {})],
    "selu": [((X,), {})],
    "sigmoid": [((X,), {})],
    "silu": [((X,), {})],
    "smooth_l1_loss": [((X, Y), {"beta": 0.5})],
    "soft_margin_loss": [((X, np.sign(Y)), {})],
    "softmax": [((X, 1), {})],
    "softplus": [((X, 2, 1), {})],
    "softshrink": [((X,), {})],
    "tanh": [((X,), {})],
    "threshold": [((X, 0.1, 7.0), {})],
}


def given(kind, value):
    if isinstance(value, np.ndarray | np.generic):
        return kind(value)
    if isinstance(value, tuple | list) and value and isinstance(value[0], np.ndarray):
        return type(value)(kind(v) for v in value)
    return value


def same(found, wanted, path):
    if isinstance(wanted, tuple | list):
        assert len(found) == len(wanted), path
        for f, w in zip(found, wanted, strict=True):
            same(f, w, path)
    elif isinstance(wanted, np.ndarray):
        assert str(found.asnumpy().dtype) == str(wanted.dtype), f"{path}: dtype"
        assert found.shape == wanted.shape, f"{path}: shape"
        np.testing.assert_allclose(found.asnumpy(), wanted, rtol=2e-5, atol=2e-6, err_msg=path)
    else:
        assert (found if isinstance(found, bool) else float(found)) == wanted, path


def call(space, name, kind, args, options):
    options = {
        k: getattr(space_of_dtypes(kind), v) if k == "dtype" else v for k, v in options.items()
    }
    return getattr(space, name)(*(given(kind, a) for a in args), **options)


def space_of_dtypes(kind):
    return ms if kind is ms.Tensor else torch()


def torch():
    return importlib.import_module("torch")


def as_torch(value):
    return torch().from_numpy(np.array(value))


def ask(path, name, args, options):
    """What PyTorch's function of that name answers."""
    if name == "item":
        return as_torch(args[0]).item()
    space = functools.reduce(getattr, path.split(".")[1:], torch())
    return call(space, name, as_torch, args, options)


@pytest.mark.parametrize("name", TABLE)
def test_function_agrees_with_torch(name):
    for i, (args, options) in enumerate(TABLE[name]):
        wanted = recorded(f"mint.{name}.{i}", lambda a=args, o=options: ask("torch", name, a, o))
        same(call(mint, name, ms.Tensor, args, options), wanted, name)


@pytest.mark.parametrize("name", FUNCTIONAL)
def test_functional_agrees_with_torch(name):
    path = "torch" if name == "flatten" else "torch.nn.functional"
    for i, (args, options) in enumerate(FUNCTIONAL[name]):
        wanted = recorded(f"functional.{name}.{i}", lambda a=args, o=options: ask(path, name, a, o))
        same(call(F, name, ms.Tensor, args, options), wanted, name)


LAYERS = {
    "AdaptiveAvgPool1d": ((4,), SIGNALS), "AdaptiveAvgPool2d": ((3,), IMAGES),
    "AdaptiveAvgPool3d": ((2,), VOLUMES), "AdaptiveMaxPool1d": ((4,), SIGNALS),
    "AdaptiveMaxPool2d": ((3,), IMAGES), "AvgPool1d": ((2,), SIGNALS), "AvgPool2d": ((2,), IMAGES),
    "AvgPool3d": ((2,), VOLUMES), "ConstantPad1d": ((2, 1.5), SIGNALS),
    "ConstantPad2d": (((1, 2, 0, 1), 1.5), IMAGES), "ConstantPad3d": ((1, 1.5), VOLUMES),
    "ZeroPad1d": ((1,), SIGNALS), "ZeroPad2d": ((1,), IMAGES), "ZeroPad3d": ((1,), VOLUMES),
    "ReflectionPad1d": ((2,), SIGNALS), "ReflectionPad2d": ((2,), IMAGES),
    "ReflectionPad3d": ((1,), VOLUMES), "ReplicationPad1d": ((2,), SIGNALS),
    "ReplicationPad2d": ((2,), IMAGES), "ReplicationPad3d": ((1,), VOLUMES), "ELU": ((0.5,), X),
    "Flatten": ((), X), "Fold": (((4, 4), 2), IMAGES.reshape(2, 16, 9)),
    "Unfold": ((3, 1, 1, 2), IMAGES),  "GELU": ((), X), "GLU": ((), X), "Hardshrink": ((), X),
    "Hardsigmoid": ((), X), "Hardswish": ((), X), "Hardtanh": ((), X), "Identity": ((), X),
    "LogSigmoid": ((), X), "LogSoftmax": ((1,), X), "MaxPool2d": ((2,), IMAGES), "Mish": ((), X),
    "PixelShuffle": ((2,), IMAGES), "ReLU": ((), X), "ReLU6": ((), X), "SELU": ((), X),
    "SiLU": ((), X), "Sigmoid": ((), X), "Softmax": ((1,), X), "Softshrink": ((), X),
    "Tanh": ((), X), "Threshold": ((0.1, 7.0), X), "Upsample": (((9, 9),), IMAGES),
    "UpsamplingBilinear2d": (((9, 9),), IMAGES), "UpsamplingNearest2d": ((None, 2), IMAGES),
    "Linear": ((4, 5), X), "Conv1d": ((4, 6, 3, 1, 1), SIGNALS),
    "Conv2d": ((4, 6, 3, 2, 1, 1, 2), IMAGES), "Conv3d": ((2, 3, 2), VOLUMES),
    "ConvTranspose2d": ((4, 6, 3, 2, 1, 1, 2), IMAGES), "BatchNorm1d": ((4,), SIGNALS),
    "BatchNorm2d": ((4,), IMAGES), "BatchNorm3d": ((2,), VOLUMES), "GroupNorm": ((2, 4), IMAGES),
    "LayerNorm": ((4,), X), "PReLU": ((3,), X), "Embedding": ((4, 3), IDS),
}  # fmt: skip


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("training", [True, False])
def test_layer_agrees_with_torch(name, training):
    args, x = LAYERS[name]
    ms.set_seed(7)
    own = getattr(mint.nn, name)(*args)
    own.set_train(training)
    start = {p.name: p.asnumpy().copy() for p in own.get_parameters()}

    def ask_torch():
        other = getattr(torch().nn, name)(*args)
        other.train(training)
        held = dict(other.state_dict())
        for key, array in start.items():
            held[key].copy_(as_torch(array))
        out = other(as_torch(x))
        after = dict(other.state_dict())  # the running statistics move
        return list(held), [list(v.shape) for v in held.values()], out, list(after.values())

    names, shapes, out, after = recorded(f"nn.{name}.{training}", ask_torch)
    assert list(start) == names
    assert [list(p.shape) for p in own.get_parameters()] == shapes
    same(own(ms.Tensor(x)), out, name)
    for param, value in zip(own.get_parameters(), after, strict=True):
        same(param, value, f"{name}.{param.name}")


LOSSES = {
    "BCELoss": (INSIDE**2, INSIDE[::-1] ** 2), "BCEWithLogitsLoss": (X, INSIDE**2),
    "CrossEntropyLoss": (SQUARE[:2], LABELS), "KLDivLoss": (X, POSITIVE), "L1Loss": (X, Y),
    "MSELoss": (X, Y), "NLLLoss": (SQUARE[:2], LABELS), "SmoothL1Loss": (X, Y),
    "SoftMarginLoss": (X, np.sign(Y)), "CosineEmbeddingLoss": (SQUARE, SQUARE[::-1],
                                                               np.array([1, -1, 1])),
}  # fmt: skip


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_loss_agrees_with_torch(name, reduction):
    own = getattr(mint.nn, name)(reduction=reduction)
    found = own(*(ms.Tensor(a.copy()) for a in LOSSES[name]))

    def ask_torch():
        return getattr(torch().nn, name)(reduction=reduction)(*map(as_torch, LOSSES[name]))

    same(found, recorded(f"loss.{name}.{reduction}", ask_torch), name)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("SGD", {"momentum": 0.9, "dampening": 0.1, "weight_decay": 0.1}),
        ("SGD", {"momentum": 0.9, "nesterov": True, "maximize": True}),
        ("SGD", {}),
        ("Adam", {"weight_decay": 0.1, "eps": 1e-3}),
        ("Adam", {"amsgrad": True, "maximize": True}),
        ("AdamW", {"eps": 1e-3}),
        ("AdamW", {"amsgrad": True}),
        ("FusedAdamW", {"weight_decay": 0.1}),
    ],
)
def test_optimizer_agrees_with_torch(name, options):
    own = ms.Parameter(ms.Tensor(VECTOR.copy()), name="w")
    optimizer = getattr(mint.optim, name)([own], lr=0.1, **options)
    gradients = np.random.default_rng(8).standard_normal((20, 4)).astype(np.float32)
    for g in gradients:
        optimizer((ms.Tensor(g),))

    def ask_torch():
        other = torch().nn.Parameter(as_torch(VECTOR))
        rule = getattr(torch().optim, name.removeprefix("Fused"))([other], lr=0.1, **options)
        for g in gradients:
            other.grad = as_torch(g)
            rule.step()
        return other

    wanted = recorded(f"optim.{name}.{sorted(options.items())}", ask_torch)
    np.testing.assert_allclose(own.asnumpy(), wanted, rtol=1e-5, atol=1e-6)


def test_the_inplace_ones_change_their_input():
    for name, args in (
        ("relu_", ()), ("sigmoid_", ()), ("elu_", ()), ("hardtanh_", ()), ("threshold_", (0.1, 7.0))
    ):  # fmt: skip
        x = ms.Tensor(X.copy())
        path = "torch" if name in ("relu_", "sigmoid_") else "torch.nn.functional"
        wanted = recorded(f"inplace.{name}", lambda p=path, n=name, a=args: ask(p, n, (X, *a), {}))
        assert getattr(F, name)(x, *args) is x
        same(x, wanted, name)


def test_linalg_and_special():
    square = ms.Tensor(SQUARE)
    np.testing.assert_allclose(
        mint.linalg.inv(square).asnumpy(), np.linalg.inv(SQUARE), rtol=1e-4, atol=1e-5
    )
    q, r = mint.linalg.qr(square)
    np.testing.assert_allclose((q @ r).asnumpy(), SQUARE, rtol=1e-5, atol=1e-5)
    for path, name, args, options in (
        ("linalg", "vector_norm", (X,), {}), ("linalg", "vector_norm", (X, 1, 1), {}),
        ("linalg", "matrix_norm", (SQUARE,), {}), ("linalg", "norm", (SQUARE, 1), {}),
        ("special", "log_softmax", (SQUARE, 1), {}),
        ("special", "erfc", (POSITIVE,), {}), ("special", "exp2", (POSITIVE,), {}),
        ("special", "expm1", (POSITIVE,), {}), ("special", "log1p", (POSITIVE,), {}),
        ("special", "round", (POSITIVE,), {}), ("special", "sinc", (POSITIVE,), {}),
    ):  # fmt: skip
        wanted = recorded(
            f"{path}.{name}.{len(args)}",
            lambda p=path, n=name, a=args, o=options: ask(f"torch.{p}", n, a, o),
        )
        same(call(getattr(mint, path), name, ms.Tensor, args, options), wanted, name)


def test_pooling_and_back():
    values, places = F.max_pool2d(ms.Tensor(IMAGES), 2, return_indices=True)

    def ask_torch():
        functional = torch().nn.functional
        v, p = functional.max_pool2d(as_torch(IMAGES), 2, return_indices=True)
        return functional.max_unpool2d(v, p, 2)

    wanted = recorded("max_unpool2d", ask_torch)
    same(F.max_unpool2d(values, places, 2), wanted, "max_unpool2d")
    same(mint.nn.MaxUnpool2d(2)(values, places), wanted, "MaxUnpool2d")


def test_the_rest():
    wanted = recorded("conv2d", lambda: ask("torch", "conv2d", (IMAGES, W2), {"groups": 2}))
    same(mint.conv2d(ms.Tensor(IMAGES), ms.Tensor(W2), groups=2), wanted, "conv2d")
    x, v = ms.Tensor(SQUARE.copy()), VECTOR[:3]
    assert mint.addr_(x, ms.Tensor(VECTOR[:3]), ms.Tensor(VECTOR[:3]), 0.5, 2) is x
    options = {"beta": 0.5, "alpha": 2}
    same(x, recorded("addr_", lambda: ask("torch", "addr", (SQUARE, v, v), options)), "addr_")
    one, other = mint.nn.SyncBatchNorm(4).set_train(), mint.nn.BatchNorm2d(4).set_train()
    np.testing.assert_array_equal(one(ms.Tensor(IMAGES)).asnumpy(),
                                  other(ms.Tensor(IMAGES)).asnumpy())  # fmt: skip


def test_random_ones_have_the_right_shapes_and_moments():
    ms.set_seed(1)
    assert mint.randn(2, 3).shape == mint.rand((2, 3)).shape == (2, 3)
    assert mint.randn_like(ms.Tensor(X)).shape == mint.rand_like(ms.Tensor(X)).shape == X.shape
    assert abs(float(mint.normal(3.0, 0.1, (1000,)).mean()) - 3.0) < 0.02
    whole = mint.randint(2, 5, (100,))
    assert whole.dtype == ms.int64 and set(whole.asnumpy()) == {2, 3, 4}
    assert sorted(mint.randperm(5).asnumpy()) == [0, 1, 2, 3, 4]
    assert mint.randint_like(ms.Tensor(X), 0, 2).dtype == ms.float32
    assert set(mint.bernoulli(ms.Tensor(np.full(100, 0.5, np.float32))).asnumpy()) == {0.0, 1.0}
    drawn = mint.multinomial(ms.Tensor([0.0, 1.0, 1.0]), 2)
    assert sorted(drawn.asnumpy()) == [1, 2]
    assert mint.empty((2, 3)).shape == mint.empty_like(mint.zeros((2, 3))).shape == (2, 3)
    x = F.dropout(mint.ones((1000,)), 0.25)
    assert 0.6 < float((x > 0).astype(ms.float32).mean()) < 0.9
    assert F.dropout2d(ms.Tensor(IMAGES), 0.5, training=False) is not None
    layer = mint.nn.Dropout(0.5).set_train()
    assert not (layer(mint.ones((100,))).asnumpy() == 1).all()
    assert mint.nn.Dropout2d().set_train(False)(ms.Tensor(IMAGES)).shape == IMAGES.shape


def test_gradients_flow():
    net = functools.reduce(lambda f, g: lambda x: g(f(x)), [mint.nn.Linear(4, 3), mint.nn.GELU()])
    grad = ms.grad(lambda x: mint.sum(mint.square(mint.softmax(net(x), -1))))(ms.Tensor(X))
    assert math.isfinite(float(grad.abs().sum()))


def test_refusals_say_why():
    with pytest.raises(ValueError, match="padding_mode must be 'zeros'"):
        mint.nn.Conv2d(1, 2, 3, padding_mode="reflect")
    with pytest.raises(ValueError, match="max_norm"):
        F.embedding(ms.Tensor(IDS), ms.Tensor(SQUARE), max_norm=1.0)
    with pytest.raises(AttributeError, match="Did you mean"):
        mint.softmx  # noqa: B018
    with pytest.raises(TypeError, match="axis"):
        mint.nn.Softmax(axis=1)
