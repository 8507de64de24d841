"""Products into place: a gradient that is a matrix product is added to the optimizer's memory.

A layer's gradient by its weight is a product, and Momentum wants ``momentum * accumulation`` plus
that product. BLAS has one routine for both: the gradient's own array is neither written nor read.
Plain descent subtracts ``learning_rate`` times the product from the weight itself.
"""

from __future__ import annotations

import math
from typing import Any

from mslearn.graph.ir import Graph, Node
from mslearn.graph.numpy_backend import emit
from mslearn.graph.passes.base import uses
from mslearn.ops.blas import add_into, product_into
from mslearn.ops.linalg import MatMul
from mslearn.ops.optimizer import SGD, ApplyMomentum, UpdateRule, held

WORTH = 1 << 14  # elements of a gradient: below this it stays in the cache between the two steps
OTHER_FORMS = ("use_nesterov", "nesterov", "weight_decay")  # these need the gradient twice


class MatMulApplyMomentum(UpdateRule, abstract=True):
    """accumulation = accumulation * momentum + x @ y;  variable -= learning_rate * accumulation."""

    name = "MatMulApplyMomentum"
    inputs = ("x", "y", "variable", "accumulation", "learning_rate", "momentum")
    state = ("variable", "accumulation")

    @staticmethod
    def kernel(
        x: Any, y: Any, variable: Any, accumulation: Any, learning_rate: Any, momentum: Any,
        transpose_a: bool = False, transpose_b: bool = False, out: Any = None, **_: Any,
    ) -> Any:  # fmt: skip
        p, a = new = held((variable, accumulation), out)
        kind = p.dtype.type
        product_into(a, kind(momentum), x.T if transpose_a else x, y.T if transpose_b else y)
        add_into(p, 1, a, -kind(learning_rate))
        return new

    @staticmethod
    def infer(x: Any, y: Any, variable: Any, accumulation: Any, *_: Any, **__: Any) -> Any:
        return ApplyMomentum.infer(variable, accumulation, None, None, None)


class MatMulSGD(UpdateRule, abstract=True):
    """parameters -= learning_rate * (x @ y), or with momentum like MatMulApplyMomentum."""

    name = "MatMulSGD"
    inputs = ("x", "y", "parameters", "learning_rate", "accum", "momentum", "stat")
    state = ("parameters", "accum", "stat")

    @staticmethod
    def kernel(
        x: Any, y: Any, parameters: Any, learning_rate: Any, accum: Any, momentum: Any, stat: Any,
        transpose_a: bool = False, transpose_b: bool = False, dampening: float = 0.0,
        out: Any = None, **_: Any,
    ) -> Any:  # fmt: skip
        p, a, s = new = held((parameters, accum, stat), out)
        kind, x, y = p.dtype.type, x.T if transpose_a else x, y.T if transpose_b else y
        lr, m = kind(learning_rate), kind(momentum)
        if not m:  # plain descent keeps no history
            product_into(p, 1, x, y, -lr)
            return new
        first = s.reshape(-1)[0] > 0
        if first:
            s[...] = 0
        product_into(a, 0 if first else m, x, y, 1 if first else 1 - dampening)
        add_into(p, 1, a, -lr)
        return new

    @staticmethod
    def infer(x: Any, y: Any, parameters: Any, learning_rate: Any, *others: Any, **_: Any) -> Any:
        return SGD.infer(parameters, None, None, others[0], None, others[2])


JOINED: dict[type, type[UpdateRule]] = {ApplyMomentum: MatMulApplyMomentum, SGD: MatMulSGD}


def run(graph: Graph) -> Graph:
    """The graph with updates by a product that nothing else reads as one node each.

    A product of a Parameter itself stays: the update may overwrite that while BLAS still reads it.
    """
    read, overwritten = uses(graph), {id(v) for _, v in graph.parameters}
    products: dict[int, Node] = {}
    for node in graph.nodes:
        reads_old = any(id(v) in overwritten for v in node.inputs)
        if reads_old and emit.form(node) == "view":
            overwritten.update(map(id, node.outputs))
        elif not reads_old and node.prim is MatMul and emit.floats(node):
            products[id(node.outputs[0])] = node
    joined: dict[int, Node] = {}
    gone: set[int] = set()
    for node in graph.nodes:
        if node.prim not in JOINED or any(map(node.attrs.get, OTHER_FORMS)):
            continue
        given = dict(zip(node.prim.inputs, node.inputs, strict=True))
        gradient = given.pop("gradient")
        product = products.get(id(gradient))
        if product is None or read[id(gradient)] > 1 or math.prod(gradient.shape) < WORTH:
            continue
        if given[node.prim.state[0]].dtype != gradient.dtype:  # type: ignore[attr-defined]
            continue
        joined[id(node)] = Node(
            JOINED[node.prim], (*product.inputs, *given.values()), {**node.attrs, **product.attrs},
            node.outputs, True, node.scope, node.source,
        )  # fmt: skip
        gone.add(id(product))
    new = graph.copy()
    new.nodes = [joined.get(id(n), n) for n in graph.nodes if id(n) not in gone]
    return new
