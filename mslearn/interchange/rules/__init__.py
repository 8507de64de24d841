"""Primitives in terms of simpler ones, as plain Tensor code, by the primitive's name.

A rule takes the primitive's inputs as Tensors and its attributes, and returns what the primitive
does. `tests/export/test_rules.py` compares every rule with its kernel.
"""

from mslearn.interchange.rules import elementwise, normalization, optimizer, order, windows
from mslearn.interchange.tracing import Rule

RULES: dict[str, Rule] = {
    **elementwise.RULES,
    **normalization.RULES,
    **optimizer.RULES,
    **order.RULES,
    **windows.RULES,
}
