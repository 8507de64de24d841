"""Schedulers: each `step()` sets the learning rates of an experimental optimizer's groups.

    scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=10, gamma=0.5)
    for epoch in range(epochs):
        …                       # the steps of the epoch
        scheduler.step()

Rates follow from the present rates (`_last_lr`), so that schedulers can be chained and a rate may
be changed by hand in between.
"""

from mslearn.experimental.optim.lr_scheduler.base import LRScheduler as LRScheduler
from mslearn.experimental.optim.lr_scheduler.cycles import CosineAnnealingLR as CosineAnnealingLR
from mslearn.experimental.optim.lr_scheduler.cycles import (
    CosineAnnealingWarmRestarts as CosineAnnealingWarmRestarts,
)
from mslearn.experimental.optim.lr_scheduler.cycles import CyclicLR as CyclicLR
from mslearn.experimental.optim.lr_scheduler.factors import ConstantLR as ConstantLR
from mslearn.experimental.optim.lr_scheduler.factors import ExponentialLR as ExponentialLR
from mslearn.experimental.optim.lr_scheduler.factors import LambdaLR as LambdaLR
from mslearn.experimental.optim.lr_scheduler.factors import LinearLR as LinearLR
from mslearn.experimental.optim.lr_scheduler.factors import MultiplicativeLR as MultiplicativeLR
from mslearn.experimental.optim.lr_scheduler.factors import MultiStepLR as MultiStepLR
from mslearn.experimental.optim.lr_scheduler.factors import PolynomialLR as PolynomialLR
from mslearn.experimental.optim.lr_scheduler.factors import StepLR as StepLR
from mslearn.experimental.optim.lr_scheduler.watching import ReduceLROnPlateau as ReduceLROnPlateau
from mslearn.experimental.optim.lr_scheduler.watching import SequentialLR as SequentialLR

__all__ = [
    "ConstantLR", "CosineAnnealingLR", "CosineAnnealingWarmRestarts", "CyclicLR", "ExponentialLR",
    "LRScheduler", "LambdaLR", "LinearLR", "MultiStepLR", "MultiplicativeLR", "PolynomialLR",
    "ReduceLROnPlateau", "SequentialLR", "StepLR",
]  # fmt: skip
