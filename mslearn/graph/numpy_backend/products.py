"""Products into place: a gradient that is a matrix product is added to Momentum's memory at once.

A layer's gradient by its weight is a product, and Momentum wants ``momentum * accumulation`` plus
that product. BLAS has one routine for both: the gradient's own array is neither written nor read.
"""

from __future__ import annotations

import math
from typing import Any

from mslearn.graph.ir import Graph, Node
from mslearn.graph.numpy_backend import emit
from mslearn.graph.passes.base import uses
from mslearn.ops.blas import add_into, product_into
from mslearn.ops.linalg import MatMul
from mslearn.ops.optimizer import ApplyMomentum, UpdateRule, held

WORTH = 1 << 14  # elements of a gradient: below this it stays in the cache between the two steps


class MatMulApplyMomentum(UpdateRule, abstract=True):
    """accumulation = accumulation * momentum + x @ y;  variable -= learning_rate * accumulation."""

    name = "MatMulApplyMomentum"
    inputs = ("x", "y", "variable", "accumulation", "learning_rate", "momentum")
    state = ("variable", "accumulation")

    @staticmethod
    def kernel(
        x: Any, y: Any, variable: Any, accumulation: Any, learning_rate: Any, momentum: Any,
        transpose_a: bool = False, transpose_b: bool = False, out: Any = None,
    ) -> Any:  # fmt: skip
        p, a = new = held((variable, accumulation), out)
        kind = p.dtype.type
        product_into(a, kind(momentum), x.T if transpose_a else x, y.T if transpose_b else y)
        add_into(p, 1, a, -kind(learning_rate))
        return new

    @staticmethod
    def infer(x: Any, y: Any, variable: Any, accumulation: Any, *_: Any, **__: Any) -> Any:
        return (variable.shape, accumulation.shape), (variable.dtype, accumulation.dtype)


def run(graph: Graph) -> Graph:
    """The graph with Momentum's updates by a product that nothing else reads as one node each."""
    read = uses(graph)
    products = {id(n.outputs[0]): n for n in graph.nodes if n.prim is MatMul and emit.floats(n)}
    joined: dict[int, Node] = {}
    gone: set[int] = set()
    for node in graph.nodes:
        if node.prim is not ApplyMomentum or node.attrs.get("use_nesterov"):
            continue
        variable, accumulation, rate, gradient, momentum = node.inputs
        product = products.get(id(gradient))
        if product is None or read[id(gradient)] > 1 or variable.dtype != gradient.dtype:
            continue
        if math.prod(gradient.shape) < WORTH:
            continue
        inputs = (*product.inputs, variable, accumulation, rate, momentum)
        joined[id(node)] = Node(
            MatMulApplyMomentum, inputs, product.attrs, node.outputs, True, node.scope, node.source
        )
        gone.add(id(product))
    new = graph.copy()
    new.nodes = [joined.get(id(n), n) for n in graph.nodes if id(n) not in gone]
    return new
