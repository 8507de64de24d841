"""`GradOperation`, the older way to ask for gradients, and `get_grad`, to find one among them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mslearn.autodiff import grad
from mslearn.core.parameter import Parameter
from mslearn.core.tensor import Tensor


class GradOperation:
    """Makes gradient functions.

    Args:
        get_all: gradients by all tensor arguments, as a tuple; else by the first argument.
        get_by_list: gradients by the `weights` given to the call; with `get_all`, the result is
            ``(by arguments, by weights)``.
        sens_param: the last argument (or ``sens=``) is the cotangent to start from.

    >>> import mslearn as ms
    >>> by_all = ms.ops.GradOperation(get_all=True)
    >>> print(*by_all(lambda x, y: x * y)(ms.Tensor(2.0), ms.Tensor(3.0)))
    3.0 2.0
    """

    def __init__(
        self, get_all: bool = False, get_by_list: bool = False, sens_param: bool = False
    ) -> None:
        flags = {"get_all": get_all, "get_by_list": get_by_list, "sens_param": sens_param}
        for name, value in flags.items():
            if not isinstance(value, bool):
                raise TypeError(
                    f"For 'GradOperation', {name} must be a bool, but got '{type(value).__name__}'."
                )
        self.get_all, self.get_by_list, self.sens_param = get_all, get_by_list, sens_param

    def __call__(self, fn: Callable[..., Any], weights: Any = None) -> Callable[..., Any]:
        if not self.get_by_list:
            weights = None
        elif weights is None:
            if not hasattr(fn, "trainable_params"):
                raise TypeError(
                    "For 'GradOperation' with get_by_list=True, give the weights of a plain "
                    "function: GradOperation(get_by_list=True)(fn, net.trainable_params())."
                )
            weights = fn.trainable_params()

        def run(*args: Any, **kwargs: Any) -> Any:
            sens: tuple[Any, ...] = ()
            if self.sens_param:
                named = "sens" in kwargs
                sens = (kwargs.pop("sens"),) if named else args[-1:]
                args = args if named else args[:-1]
            position: Any = None if self.get_by_list else 0
            if self.get_all:
                position = tuple(i for i, a in enumerate(args) if isinstance(a, Tensor)) or None
            if position is None and weights is None:
                return ()
            found = grad(fn, position, weights, sens_param=self.sens_param)(*args, *sens, **kwargs)
            if not self.get_all or (position is not None and len(position) > 1):
                return found
            if weights is None:
                return (found,)
            return ((found[0],), found[1]) if position is not None else ((), found)

        return run


def get_grad(gradients: Any, identifier: int | Parameter | str) -> Tensor:
    """The gradient of one argument position or Parameter out of a result with `return_ids`."""
    wanted = identifier.name if isinstance(identifier, Parameter) else identifier
    stack = [gradients]
    while stack:
        item = stack.pop()
        if isinstance(item, tuple | list):
            if len(item) == 2 and isinstance(item[0], int | str) and item[0] == wanted:
                return item[1]
            stack.extend(item)
    raise RuntimeError(
        f"For 'get_grad', there is no gradient for {wanted!r}. Differentiate by it, with "
        f"grad_position or weights, and return_ids=True."
    )
