"""The names and arguments of mint; its numbers are PyTorch's, see tests/nn/test_mint.py.

Real MindSpore has kernels for only a few of these on a CPU, but it can say their arguments.
"""

from __future__ import annotations

import importlib
import inspect

NAMES = {
    "mint": """
        abs acos acosh addbmm addcmul addmm addmv addr_ all allclose amax amin arange arccos
        arccosh arcsin arcsinh arctan arctan2 arctanh argmax argmin argsort asin asinh atan
        atan2 atanh baddbmm bernoulli bincount bitwise_and bitwise_or bitwise_xor bmm
        broadcast_to cat cdist ceil chunk clone concat conv2d cos cosh count_nonzero cross
        cummax cummin cumprod cumsum diag diff divide dot dstack einsum equal erf erfc erfinv
        exp exp2 expm1 eye fix flip float_power floor frac full full_like gather gcd greater gt
        histc hstack index_select inverse isclose isfinite isinf isnan isneginf item le
        less_equal linspace log log10 log1p log2 logaddexp logaddexp2 logical_and logical_not
        logical_or logical_xor logsumexp masked_select matmul maximum mean median meshgrid
        minimum mm multinomial mv nan_to_num narrow ne neg negative nonzero norm normal
        not_equal ones ones_like outer permute polar pow prod rand rand_like randint randn
        randn_like randperm ravel reciprocal roll round rsqrt scatter scatter_add searchsorted
        select sigmoid sign sin sinc sinh softmax sort split sqrt square stack std std_mean sum
        swapaxes take tan tanh tile topk trace transpose tril triu trunc unbind unique
        unique_consecutive unsqueeze var var_mean vdot zeros zeros_like
    """,
    "mint.linalg": """
        inv matrix_norm norm qr vector_norm
    """,
    "mint.nn": """
        AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d AdaptiveMaxPool1d
        AdaptiveMaxPool2d AvgPool1d AvgPool2d AvgPool3d BCELoss BCEWithLogitsLoss BatchNorm1d
        BatchNorm2d BatchNorm3d ConstantPad1d ConstantPad2d ConstantPad3d Conv1d Conv2d Conv3d
        ConvTranspose2d CosineEmbeddingLoss CrossEntropyLoss Dropout Dropout2d ELU Embedding
        Flatten Fold GELU GLU GroupNorm Hardshrink Hardsigmoid Hardswish Hardtanh Identity
        KLDivLoss L1Loss LayerNorm Linear LogSigmoid LogSoftmax MSELoss MaxPool2d MaxUnpool2d
        NLLLoss PReLU PixelShuffle ReLU ReLU6 ReflectionPad1d ReflectionPad2d ReflectionPad3d
        ReplicationPad1d ReplicationPad2d ReplicationPad3d SiLU Sigmoid SmoothL1Loss
        SoftMarginLoss Softmax Softshrink SyncBatchNorm Tanh Threshold Unfold Upsample
        UpsamplingBilinear2d UpsamplingNearest2d ZeroPad1d ZeroPad2d ZeroPad3d
    """,
    "mint.nn.functional": """
        adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool1d
        adaptive_max_pool2d avg_pool1d avg_pool2d avg_pool3d batch_norm binary_cross_entropy
        binary_cross_entropy_with_logits conv2d conv_transpose2d cosine_embedding_loss
        cross_entropy dropout dropout2d elu elu_ embedding flatten fold glu grid_sample
        group_norm hardshrink hardsigmoid hardswish hardtanh hardtanh_ interpolate kl_div
        l1_loss layer_norm leaky_relu linear log_softmax logsigmoid max_pool2d max_unpool2d mish
        mse_loss nll_loss normalize one_hot pad prelu relu relu6 relu_ selu sigmoid sigmoid_
        silu smooth_l1_loss soft_margin_loss softmax softplus softshrink tanh threshold
        threshold_ unfold upsample
    """,
    "mint.optim": """
        Adam AdamW FusedAdamW SGD
    """,
}


def arguments(function):
    """Kind, name and default of each argument."""
    none = inspect.Parameter.empty
    return tuple(
        f"{p.kind.name} {p.name}" + ("" if p.default is none else f"={p.default}")
        for p in inspect.signature(function).parameters.values()
    )


def of(space):
    def case(ms):
        importlib.import_module(f"{ms.__name__}.mint")
        place = ms
        for part in space.split("."):
            place = getattr(place, part)
        # vars, not getattr: what is only asked for its arguments is no evidence that it works
        return tuple((name, arguments(vars(place)[name])) for name in NAMES[space].split())

    return case


cases = {f"arguments of {space}": of(space) for space in NAMES}
