"""Metrics: what the goldens do not say: misuse, forgetting, choosing inputs, empty data."""

from __future__ import annotations

import numpy as np
import pytest

import mslearn as ms
from mslearn import train

SCORES = ms.Tensor(np.random.default_rng(0).random((6, 3), np.float32))
LABELS = ms.Tensor(np.array([0, 1, 2, 0, 1, 2], np.int32))


@pytest.mark.parametrize(
    "name",
    [n for n in train.names() if n not in ("auc", "confusion_matrix", "topk")],
)
def test_nothing_collected_is_an_error(name):
    metric = train.get_metric_fn(name)
    with pytest.raises(RuntimeError, match="update"):
        metric.eval()


@pytest.mark.parametrize("name", ["accuracy", "precision", "recall", "F1", "roc", "top_1_accuracy"])
def test_one_input_is_an_error(name):
    with pytest.raises(ValueError, match="2 inputs"):
        train.get_metric_fn(name).update(SCORES)


def test_clear_forgets():
    metric = train.Accuracy()
    metric.update(SCORES, LABELS)
    first = metric.eval()
    metric.clear()
    metric.update(SCORES, LABELS)
    assert metric.eval() == first == metric(SCORES, LABELS)


def test_other_number_of_classes():
    metric = train.Accuracy()
    metric.update(SCORES, LABELS)
    with pytest.raises(ValueError, match="class number not match"):
        metric.update(SCORES[:, :2], LABELS)


def test_label_beyond_the_classes():
    with pytest.raises(ValueError, match="true value classes 10"):
        train.Precision().update(SCORES, LABELS + 7)


def test_multilabel_wants_zeros_and_ones():
    with pytest.raises(ValueError, match="0 or 1"):
        train.Accuracy("multilabel").update(SCORES, SCORES)


def test_unknown_name_is_helped():
    with pytest.raises(KeyError, match="accuracy"):
        train.get_metric_fn("acuracy")


def test_indexes_choose_inputs_of_own_metrics():
    class Mine(train.Metric):
        def clear(self):
            self.got = None

        @train.rearrange_inputs
        def update(self, *inputs):
            self.got = inputs

        def eval(self):
            return self.got

    metric = Mine().set_indexes([2, 0])
    assert metric("a", "b", "c") == ("c", "a")
    with pytest.raises(ValueError, match="do not fit"):
        metric("a")
    with pytest.raises(ValueError, match="indexes"):
        metric.set_indexes("no")


def test_roc_of_classes_is_one_against_the_rest():
    metric = train.ROC(class_num=3)
    metric.update(SCORES, LABELS)
    fpr, tpr, thresholds = metric.eval()
    assert len(fpr) == len(tpr) == len(thresholds) == 3
    for c in range(3):
        scores = SCORES.asnumpy()[:, c]
        positive = LABELS.asnumpy() == c
        # the area is the chance that a positive sample scores above a negative one
        above = (scores[positive][:, None] > scores[~positive]).mean()
        assert train.auc(fpr[c], tpr[c]) == pytest.approx(above)


def test_area_of_a_curve_that_turns():
    with pytest.raises(ValueError, match="reorder"):
        train.auc(np.array([0, 1, 0.5]), np.array([0, 1, 0.5]))


def test_distance_of_nothing():
    metric = train.HausdorffDistance()
    metric.update(np.zeros((3, 3)), np.ones((3, 3)), 1)
    assert np.isnan(metric.eval())


def test_metrics_are_where_mindspore_has_them():
    assert ms.nn.Accuracy is train.Accuracy is train.metrics.Accuracy is ms.Accuracy
    assert ms.Model is train.Model
    assert ms.DynamicLossScaleManager is ms.amp.DynamicLossScaleManager
    for name in train.LAZY:
        assert getattr(train, name) is getattr(ms, name)
