"""Metrics: what a model is worth, collected batch by batch."""

from mslearn.train.metrics.base import Metric as Metric
from mslearn.train.metrics.base import rearrange_inputs as rearrange_inputs
from mslearn.train.metrics.classification import F1 as F1
from mslearn.train.metrics.classification import Accuracy as Accuracy
from mslearn.train.metrics.classification import Fbeta as Fbeta
from mslearn.train.metrics.classification import Precision as Precision
from mslearn.train.metrics.classification import Recall as Recall
from mslearn.train.metrics.classification import Top1CategoricalAccuracy as Top1CategoricalAccuracy
from mslearn.train.metrics.classification import Top5CategoricalAccuracy as Top5CategoricalAccuracy
from mslearn.train.metrics.classification import TopKCategoricalAccuracy as TopKCategoricalAccuracy
from mslearn.train.metrics.curves import ROC as ROC
from mslearn.train.metrics.curves import ConfusionMatrix as ConfusionMatrix
from mslearn.train.metrics.curves import auc as auc
from mslearn.train.metrics.error import MAE as MAE
from mslearn.train.metrics.error import MSE as MSE
from mslearn.train.metrics.error import Loss as Loss
from mslearn.train.metrics.names import get_metric_fn as get_metric_fn
from mslearn.train.metrics.names import get_metrics as get_metrics
from mslearn.train.metrics.names import names as names
from mslearn.train.metrics.similarity import CosineSimilarity as CosineSimilarity
from mslearn.train.metrics.similarity import Dice as Dice
from mslearn.train.metrics.surface import HausdorffDistance as HausdorffDistance
from mslearn.train.metrics.surface import MeanSurfaceDistance as MeanSurfaceDistance
from mslearn.train.metrics.surface import RootMeanSquareDistance as RootMeanSquareDistance
from mslearn.train.metrics.text import BleuScore as BleuScore
from mslearn.train.metrics.text import Perplexity as Perplexity
