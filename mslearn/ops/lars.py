"""`LARSUpdate`: a gradient rescaled layer by layer."""

from __future__ import annotations

import numpy as np

from mslearn.core.primitive import Primitive


class LARSUpdate(Primitive):
    """LARS (You, Gitman & Ginsburg, 2017): the layer's trust ratio times the decayed gradient.

    ratio = hyperpara * |weight| / (|gradient| + weight_decay * |weight| + epsilon);
    output = ratio * (gradient + weight_decay * weight). With `use_clip` the ratio is at most the
    learning rate, in units of it. `norm_weight` and `norm_gradient` are sums of squares; where one
    of them is 0 the ratio is 1.
    """

    inputs = (
        "weight", "gradient", "norm_weight", "norm_gradient", "weight_decay", "learning_rate",
    )  # fmt: skip
    params = {"epsilon": 1e-5, "hyperpara": 0.001, "use_clip": False}

    def kernel(
        weight, gradient, norm_weight, norm_gradient, weight_decay, learning_rate,
        epsilon=1e-5, hyperpara=0.001, use_clip=False,
    ):  # fmt: skip
        kind = weight.dtype.type
        w, g = float(np.sqrt(norm_weight)), float(np.sqrt(norm_gradient))
        decay, ratio = float(weight_decay), 1.0
        if w > 0 and g > 0:
            ratio = hyperpara * w / (g + decay * w + epsilon)
            if use_clip:
                ratio = min(ratio / float(learning_rate), 1.0)
        return kind(ratio) * (gradient + kind(decay) * weight)

    def infer(weight, *_, **__):
        return weight.shape, weight.dtype
