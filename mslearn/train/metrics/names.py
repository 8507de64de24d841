"""Metrics by name, as `Model(metrics={"accuracy"})` takes them."""

from __future__ import annotations

from typing import Any

from mslearn.core.errors import did_you_mean
from mslearn.train.metrics.base import Metric
from mslearn.train.metrics.classification import (
    F1,
    Accuracy,
    Precision,
    Recall,
    Top1CategoricalAccuracy,
    Top5CategoricalAccuracy,
    TopKCategoricalAccuracy,
)
from mslearn.train.metrics.curves import ROC, ConfusionMatrix, auc
from mslearn.train.metrics.error import MAE, MSE, Loss
from mslearn.train.metrics.matrix import ConfusionMatrixMetric
from mslearn.train.metrics.occlusion import OcclusionSensitivity
from mslearn.train.metrics.similarity import CosineSimilarity, Dice
from mslearn.train.metrics.surface import (
    HausdorffDistance,
    MeanSurfaceDistance,
    RootMeanSquareDistance,
)
from mslearn.train.metrics.text import BleuScore, Perplexity

_METRICS: dict[str, Any] = {
    "F1": F1,
    "acc": Accuracy,
    "accuracy": Accuracy,
    "auc": auc,
    "bleu_score": BleuScore,
    "confusion_matrix": ConfusionMatrix,
    "confusion_matrix_metric": ConfusionMatrixMetric,
    "cosine_similarity": CosineSimilarity,
    "dice": Dice,
    "hausdorff_distance": HausdorffDistance,
    "loss": Loss,
    "mae": MAE,
    "mean_surface_distance": MeanSurfaceDistance,
    "mse": MSE,
    "occlusion_sensitivity": OcclusionSensitivity,
    "perplexity": Perplexity,
    "precision": Precision,
    "recall": Recall,
    "roc": ROC,
    "root_mean_square_distance": RootMeanSquareDistance,
    "top_1_accuracy": Top1CategoricalAccuracy,
    "top_5_accuracy": Top5CategoricalAccuracy,
    "topk": TopKCategoricalAccuracy,
}


def names() -> list[str]:
    """The names that `get_metric_fn` knows, sorted."""
    return sorted(_METRICS)


def get_metric_fn(name: str, *args: Any, **kwargs: Any) -> Any:
    """The metric of this name, made with the arguments.

    Raises:
        KeyError: no such metric.
    """
    if name not in _METRICS:
        raise KeyError(
            f"For 'get_metric_fn', unsupported metric {name}.{did_you_mean(name, names())} "
            f"Known: {', '.join(names())}."
        )
    return _METRICS[name](*args, **kwargs)


def get_metrics(metrics: Any) -> dict[str, Metric]:
    """Metrics by name from what `Model` takes: None, names, or a dict from name to either.

    Raises:
        TypeError: something else.
    """
    if metrics is None:
        return {}
    if isinstance(metrics, dict):
        for name, metric in metrics.items():
            if not isinstance(name, str) or not isinstance(metric, Metric | str):
                raise TypeError(
                    f"For 'Model', a dict of metrics goes from a name to a Metric, but got "
                    f"{name!r}: '{type(metric).__name__}'. Make the metric: nn.Accuracy()."
                )
        return {n: get_metric_fn(m) if isinstance(m, str) else m for n, m in metrics.items()}
    if isinstance(metrics, set | list | tuple):
        return {n: get_metric_fn(n) for n in sorted(metrics)}
    raise TypeError(
        f"For 'Model', the argument 'metrics' should be None, dict or set, but got "
        f"'{type(metrics).__name__}'. For example metrics={{'accuracy'}}."
    )
