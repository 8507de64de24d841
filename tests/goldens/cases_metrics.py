"""Metrics from confusion matrices, and occlusion; see cases.py."""

from __future__ import annotations

import numpy as np

RNG = np.random.default_rng(1)
RATES = """
    sensitivity|specificity|precision|negative predictive value|miss rate|fall out|
    false discovery rate|false omission rate|prevalence threshold|threat score|accuracy|
    balanced accuracy|f1 score|matthews correlation coefficient|fowlkes mallows index|informedness|
    markedness|tpr|recall|hit rate|tnr|selectivity|ppv|npv|fnr|fpr|fdr|for|pt|ts|csi|
    critical success index|acc|ba|f1|mcc|fm|bm|bookmaker informedness|mk|deltap
"""


def one_hot(n):
    labels = RNG.integers(0, 3, (n, 4))
    return np.eye(3)[labels].transpose(0, 2, 1)


BATCHES = [(one_hot(6), one_hot(6)), (one_hot(4), one_hot(4))]


def collected(ms, metric):
    metric.clear()
    for batch in BATCHES:
        metric.update(*map(ms.Tensor, batch))
    return ms.Tensor(np.asarray(metric.eval(), np.float64))


cases = {}


def case(function):
    cases[f"metrics {function.__name__}"] = function
    return function


@case
def confusion_rates(ms):
    names = [name.strip() for name in RATES.split("|")]
    make = ms.train.ConfusionMatrixMetric
    return tuple(collected(ms, make(False, name)) for name in names)


@case
def confusion_options(ms):
    make = ms.nn.ConfusionMatrixMetric
    made = [
        make(skip, name, True, decrease)
        for skip in (True, False)
        for name in ("sensitivity", "precision")
        for decrease in ("mean", "sum")
    ]
    made += [make(), make(True, "f1 score", False, "sum")]
    return tuple(collected(ms, metric) for metric in made)


class Sum:
    """Something to look at: scores that weigh every point."""

    @staticmethod
    def of(ms):
        class Net(ms.nn.Cell):
            def construct(self, x):
                flat = x.reshape(x.shape[0], -1)
                weight = np.arange(2 * flat.shape[1]).reshape(2, -1) % 7
                return ms.ops.matmul(flat, ms.Tensor(weight.T, ms.float32))

        return Net()


@case
def occlusion(ms):
    out = []
    line = ms.Tensor(np.array([[0.1, 0.2, 0.3, 0.4]], np.float32))
    image = ms.Tensor(np.arange(12).reshape(1, 3, 4).astype(np.float32))
    label = ms.Tensor(np.array(1, np.int32))
    for x in (line, image):
        for options in ({}, {"margin": 1}, {"margin": 0}, {"pad_val": 1.0}, {"n_batch": 2}):
            metric = ms.train.OcclusionSensitivity(**options)
            metric.update(Sum.of(ms), x, label)
            out.append(ms.Tensor(metric.eval()))
    metric = ms.nn.OcclusionSensitivity(b_box=[1, 2, 0, 1])
    metric.update(Sum.of(ms), image, label)
    return (*out, ms.Tensor(metric.eval()))


@case
def names_of_metrics(ms):
    made = ms.nn.get_metrics({"accuracy", "loss"})
    return tuple(ms.train.names()), tuple(sorted(made)), type(made["loss"]).__name__
