"""MindSpore 1.x's primitive `ops.CTCLoss`, which gives its gradient with the loss."""

from __future__ import annotations

from typing import Any

import numpy as np

from mslearn.autodiff import value_and_grad
from mslearn.core.tensor import Tensor, as_tensor
from mslearn.ops.ctc import ctc_loss
from mslearn.ops.neural import log_softmax


class CTCLoss:
    """MindSpore 1.x's `CTCLoss`: logits (T, N, C), the last class is the blank."""

    def __init__(
        self, preprocess_collapse_repeated: bool = False, ctc_merge_repeated: bool = True,
        ignore_longer_outputs_than_inputs: bool = False,
    ) -> None:  # fmt: skip
        if preprocess_collapse_repeated or not ctc_merge_repeated:
            raise ValueError(
                "For 'CTCLoss', only preprocess_collapse_repeated=False and "
                "ctc_merge_repeated=True are available. Use ops.ctc_loss."
            )
        self.ignore = ignore_longer_outputs_than_inputs

    def __call__(
        self, x: Any, labels_indices: Any, labels_values: Any, sequence_length: Any
    ) -> tuple[Tensor, Tensor]:
        """The loss of each sequence and its gradient by the logits."""
        where_, values = (as_tensor(v)._concrete() for v in (labels_indices, labels_values))
        logits, n = as_tensor(x), as_tensor(x).shape[1]
        sizes = np.bincount(where_[:, 0], minlength=n)
        labels = np.zeros((n, max(int(sizes.max(initial=0)), 1)), np.int64)
        labels[where_[:, 0], where_[:, 1]] = values

        def loss(z: Tensor) -> Tensor:
            return ctc_loss(log_softmax(z, 2), Tensor.wrap(labels), sequence_length,
                            Tensor.wrap(sizes), z.shape[2] - 1, "none", self.ignore)[0]  # fmt: skip

        return value_and_grad(loss)(logits)
