"""Look inside a model while it learns: live curves, the computation graph, the parameters.

    from mslearn import insight
    curves = insight.Curves(title="Day 1")      # a live chart
    await curves.train(loop)                    # train, with Pause, Step and Stop in the chart
    insight.graph(net, x, loss_fn=loss)         # the computation, forward and backward
    insight.gradient(fn, x, w)                  # backpropagation, edge by edge
    insight.compile_view(step, x, y)                # what ms.jit makes of a function, pass by pass
    insight.pipeline(train)                     # the data pipeline, and where its time goes
    insight.placement(step, x, y)               # which device runs what, and what crosses
    insight.parameters(net)                     # every weight: histograms over time, any slice
    insight.activations(net, batches)           # dead and saturated units, and the inputs to blame
    insight.images({0: before, 9: after})       # pictures over the steps, pixel by pixel
    insight.predictions(net, test_set)          # the confusion matrix and the samples behind it
    insight.watch(net, optimizer, loss_fn)      # one line, and a training records itself

Everything here is loaded on first use. The widgets need Jupyter (``pip install "mslearn[lab]"``);
without it this package still imports, and only making a widget raises ImportError.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from ._text import get_language as get_language
from ._text import set_language as set_language

if TYPE_CHECKING:
    from .activation_view import ActivationsView as ActivationsView
    from .activation_view import activations as activations
    from .compile_widget import CompileView as CompileView
    from .compile_widget import compile_view as compile_view
    from .curves import Curves as Curves
    from .graph_scene import scene as scene
    from .graph_view import GraphView as GraphView
    from .graph_view import graph as graph
    from .image_predictions_view import PredictionsView as PredictionsView
    from .image_predictions_view import predictions as predictions
    from .image_view import ImagesView as ImagesView
    from .image_view import images as images
    from .microscope import GradientView as GradientView
    from .microscope import gradient as gradient
    from .parameter_view import ParametersView as ParametersView
    from .parameter_view import parameters as parameters
    from .pipeline_view import PipelineView as PipelineView
    from .pipeline_view import pipeline as pipeline
    from .placement_view import Placement as Placement
    from .placement_view import placement as placement
    from .training import TrainResult as TrainResult
    from .watching import WatchCallback as WatchCallback
    from .watching import Watcher as Watcher
    from .watching import watch as watch

_HOMES = {
    "Curves": "curves",
    "TrainResult": "training",
    "watch": "watching",
    "WatchCallback": "watching",
    "Watcher": "watching",
    "graph": "graph_view",
    "GraphView": "graph_view",
    "scene": "graph_scene",
    "gradient": "microscope",
    "GradientView": "microscope",
    "compile_view": "compile_widget",
    "CompileView": "compile_widget",
    "pipeline": "pipeline_view",
    "placement": "placement_view",
    "Placement": "placement_view",
    "PipelineView": "pipeline_view",
    "images": "image_view",
    "ImagesView": "image_view",
    "predictions": "image_predictions_view",
    "PredictionsView": "image_predictions_view",
    "activations": "activation_view",
    "ActivationsView": "activation_view",
    "parameters": "parameter_view",
    "ParametersView": "parameter_view",
}

__all__ = ["get_language", "set_language", *_HOMES]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'mslearn.insight' has no attribute {name!r}")
    try:
        module = importlib.import_module(f".{home}", __name__)
    except ModuleNotFoundError as error:
        if error.name not in ("anywidget", "ipywidgets", "traitlets"):
            raise
        raise ImportError(
            f"insight.{name} draws in Jupyter and needs {error.name}, which is not installed. "
            'Install the notebook parts with: pip install "mslearn[lab]"',
            name=error.name,
        ) from error
    return getattr(module, name)


def __dir__() -> list[str]:
    return sorted(__all__)
