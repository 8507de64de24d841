"""`Cell`: a piece of a network with its parameters, its children and what it computes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

from mslearn.common.initializer import fill_postponed
from mslearn.common.parameter import ParameterTuple
from mslearn.core.context import GRAPH_MODE, settings
from mslearn.core.dtype import DType, float16, float32
from mslearn.core.errors import did_you_mean
from mslearn.core.parameter import Parameter
from mslearn.core.state import revision, state
from mslearn.core.tensor import Tensor
from mslearn.gradtools.hooks import HookHandle
from mslearn.nn.cell_state import CellState
from mslearn.nn.extras import Extras
from mslearn.nn.looked_at import Members, looked_at


class Cell(CellState):
    """Base class of layers, losses, optimizers and networks.

    Assigning a Parameter or a Cell to an attribute registers it; `construct` says what the Cell
    computes and runs when the Cell is called.

    >>> import mslearn as ms
    >>> class Twice(ms.nn.Cell):
    ...     def construct(self, x):
    ...         return 2 * x
    >>> print(Twice()(ms.Tensor([1.0])))
    [2.]
    """

    _params: dict[str, Parameter]
    _cells: dict[str, Cell]
    _extras: Extras | None
    tells_revision = True  # see graph/compilation.py
    _watcher: Any = None  # of `insight.watch`; graphs with one and without are told apart

    def __init__(self, auto_prefix: bool = True, flags: dict[str, Any] | None = None) -> None:
        set_ = object.__setattr__
        set_(self, "_params", Members())
        set_(self, "_cells", Members())
        set_(self, "training", False)
        set_(self, "requires_grad", False)
        set_(self, "_auto_prefix", auto_prefix)
        set_(self, "_scope", None)
        set_(self, "param_prefix", "")
        set_(self, "_extras", Extras(self) if hasattr(type(self), "bprop") else None)
        if flags:
            self.add_flags(**flags)

    def construct(self, *args: Any, **kwargs: Any) -> Any:
        """What the Cell computes; every subclass writes its own."""
        raise AttributeError(
            f"For 'Cell', the method 'construct' is not defined in '{type(self).__name__}'. "
            f"Write def construct(self, x): … with the forward computation."
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if settings["mode"] == GRAPH_MODE:
            from mslearn.graph.jit import call_cell, tell_if_on_cpu

            if not state.active:
                return call_cell(self, args, kwargs)
            if len(state.scope) == 1:  # a network, not a part of one
                tell_if_on_cpu(type(self).__name__, settings["device_target"])
        return self._run_construct(*args, **kwargs)

    def _run_construct(self, *args: Any, **kwargs: Any) -> Any:
        """Call the Cell operation by operation, whatever the mode is."""
        run = self.construct if self._extras is None else self._extras.run
        if not state.active:
            return run(*args, **kwargs)
        if state.capture is not None and self._extras is None:
            run = state.capture.enter(self, run)
        before = state.scope
        state.scope = (*before, self._scope or f"network-{type(self).__name__}")
        try:
            return run(*args, **kwargs)
        finally:
            state.scope = before

    def __getstate__(self) -> dict[str, Any]:
        """What a copy takes along: not the graphs, which belong to these very Parameters."""
        return {k: v for k, v in self.__dict__.items() if k != "_jitted"}

    # -- attributes ---------------------------------------------------------------------------

    def __setattr__(self, name: str, value: Any) -> None:
        if "_params" not in self.__dict__:
            if isinstance(value, Parameter | Cell):
                raise AttributeError(
                    f"For 'Cell', call super().__init__() at the start of "
                    f"{type(self).__name__}.__init__, before self.{name} is assigned."
                )
            object.__setattr__(self, name, value)
            return
        if isinstance(value, Parameter):
            self.__dict__.pop(name, None)
            self._cells.pop(name, None)
            self.insert_param_to_cell(name, value)
        elif isinstance(value, ParameterTuple):
            object.__setattr__(self, name, value)
            for param in value:
                self._params[param.name] = param
        elif isinstance(value, Cell):
            self.__dict__.pop(name, None)
            self._params.pop(name, None)
            self._adopt(name, value)
        elif name in self._params:
            if not isinstance(value, Tensor):
                raise TypeError(
                    f"For 'Cell', '{name}' is a Parameter and cannot become a "
                    f"'{type(value).__name__}'. Use self.{name}.set_data(…) for a new value."
                )
            self._params[name].set_data(value)
        elif name in self._cells:
            if value is not None:
                raise TypeError(
                    f"For 'Cell', '{name}' is a Cell of {type(self).__name__} and cannot become a "
                    f"'{type(value).__name__}'. Assign another Cell or None."
                )
            self._cells[name] = value  # type: ignore[assignment]
        else:
            object.__setattr__(self, name, value)
            revision.advance()

    def __getattr__(self, name: str) -> Any:
        own = self.__dict__
        if name in own.get("_params", ()):
            extras = own["_extras"]
            return own["_params"][name] if extras is None else extras.seen(own["_params"][name])
        if name in own.get("_cells", ()):
            return own["_cells"][name]
        if "_params" not in own:
            raise AttributeError(
                f"'{type(self).__name__}' has no '{name}' yet: call super().__init__() first in "
                f"{type(self).__name__}.__init__."
            )
        known = [*own["_params"], *own["_cells"], *(k for k in own if not k.startswith("_"))]
        known += [k for k in dir(type(self)) if not k.startswith("_")]
        raise AttributeError(
            f"The '{type(self).__name__}' object has no attribute '{name}'."
            f"{did_you_mean(name, known)}"
        )

    def __delattr__(self, name: str) -> None:
        for held in (self._params, self._cells):
            if name in held:
                del held[name]
                return
        object.__delattr__(self, name)
        revision.advance()

    def insert_param_to_cell(
        self, param_name: str, param: Parameter, check_name_contain_dot: bool = True
    ) -> None:
        """Register a Parameter under `param_name`; an unnamed one takes that name."""
        if not isinstance(param, Parameter):
            raise TypeError(
                f"For 'insert_param_to_cell', the argument 'param' must be a Parameter, but got "
                f"'{type(param).__name__}'."
            )
        if check_name_contain_dot and "." in param_name:
            raise KeyError(f"For 'Cell', a parameter's name holds no '.', but got {param_name!r}.")
        if param.name == "Parameter":
            param.name = param_name
        self._params[param_name] = param

    def insert_child_to_cell(self, child_name: str, child_cell: Cell) -> None:
        """Register a child Cell under `child_name`, e.g. from a loop; an older one is replaced."""
        if not isinstance(child_cell, Cell):
            raise TypeError(
                f"For 'insert_child_to_cell', the child must be a Cell, but got "
                f"'{type(child_cell).__name__}'."
            )
        if child_name not in self._cells and hasattr(self, child_name):
            raise KeyError(f"For 'insert_child_to_cell', the name {child_name!r} is taken.")
        self._adopt(child_name, child_cell)

    def _adopt(self, name: str, cell: Cell) -> None:
        if self._auto_prefix:
            cell.update_parameters_name(f"{name}.")
        object.__setattr__(cell, "_scope", f"{name}-{type(cell).__name__}")
        self._cells[name] = cell

    def update_parameters_name(self, prefix: str = "", recurse: bool = True) -> None:
        """Name the parameters by their paths, with `prefix` in front."""
        for path, param in self.parameters_and_names(expand=recurse):
            param.name = prefix + path

    # -- walking ------------------------------------------------------------------------------

    def cells(self) -> Iterator[Cell]:
        """The direct children."""
        return (cell for cell in self._cells.values() if cell is not None)

    def name_cells(self) -> dict[str, Cell]:
        """The direct children by name."""
        return OrderedDict((n, c) for n, c in self._cells.items() if c is not None)

    def cells_and_names(
        self, cells: set[int] | None = None, name_prefix: str = ""
    ) -> Iterator[tuple[str, Cell]]:
        """(path, Cell) for this Cell and everything below it; a shared Cell comes once."""
        seen = set() if cells is None else cells
        if id(self) in seen:
            return
        seen.add(id(self))
        yield name_prefix, self
        for name, cell in self.name_cells().items():
            path = f"{name_prefix}.{name}" if name_prefix else name
            yield from cell.cells_and_names(seen, path)

    def parameters_and_names(
        self, name_prefix: str = "", expand: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """(path, Parameter) of this Cell (and, with `expand`, of all below); each once."""
        seen: set[int] = set()
        walk = self.cells_and_names(name_prefix=name_prefix) if expand else [(name_prefix, self)]
        for path, cell in walk:
            for name, param in cell._params.items():
                if id(param) not in seen:
                    seen.add(id(param))
                    yield (f"{path}.{name}" if path else name), param

    def get_parameters(self, expand: bool = True) -> Iterator[Parameter]:
        """The Parameters of this Cell (and, with `expand`, of all below)."""
        return (param for _, param in self.parameters_and_names(expand=expand))

    def trainable_params(self, recurse: bool = True) -> list[Parameter]:
        """The Parameters with `requires_grad`."""
        return [p for p in self.get_parameters(expand=recurse) if p.requires_grad]

    def untrainable_params(self, recurse: bool = True) -> list[Parameter]:
        """The Parameters without `requires_grad`."""
        return [p for p in self.get_parameters(expand=recurse) if not p.requires_grad]

    def parameters_dict(self, recurse: bool = True) -> dict[str, Parameter]:
        """The Parameters by their names."""
        return OrderedDict((p.name, p) for p in self.get_parameters(expand=recurse))

    def apply(self, fn: Any) -> Cell:
        """Call `fn` on every Cell below, then on this one."""
        for cell in self.cells():
            cell.apply(fn)
        fn(self)
        return self

    # -- modes --------------------------------------------------------------------------------

    def looked_at(self) -> list[tuple[Any, str, Any]]:
        """What a graph of this Cell depends on: (object, attribute, its present value)."""
        return looked_at(self)

    def set_train(self, mode: bool = True) -> Cell:
        """Say whether the Cell is being trained: Dropout and BatchNorm behave differently."""
        for _, cell in self.cells_and_names():
            object.__setattr__(cell, "training", bool(mode))
        object.__setattr__(self, "phase", "train" if mode else "predict")
        revision.advance()
        return self

    def set_grad(self, requires_grad: bool = True) -> Cell:
        """Kept for MindSpore: gradients here need no preparation."""
        object.__setattr__(self, "requires_grad", bool(requires_grad))
        return self

    def to_float(self, dst_type: DType) -> Cell:
        """Let this Cell and all below compute in a dtype: inputs and weights are cast to it.

        The Parameters themselves, and their gradients, keep their dtype.

        Raises:
            ValueError: `dst_type` is neither float16 nor float32.

        >>> import mslearn as ms
        >>> ms.nn.Dense(3, 2).to_float(ms.float16)(ms.ops.ones((1, 3))).dtype
        mindspore.float16
        """
        if dst_type not in (float16, float32):
            raise ValueError(
                f"For 'to_float', the argument 'dst_type' must be float16 or float32, but got "
                f"{dst_type!r}."
            )
        for _, cell in self.cells_and_names():
            cell._own_extras().to_type = dst_type
        return self.add_flags_recursive(fp16=dst_type is float16, fp32=dst_type is float32)

    def add_flags(self, **flags: Any) -> Cell:
        """Set attributes that `get_flags` lists."""
        self.__dict__.setdefault("_flags", {}).update(flags)
        for name, value in flags.items():
            object.__setattr__(self, name, value)
        revision.advance()
        return self

    def add_flags_recursive(self, **flags: Any) -> Cell:
        """`add_flags` for this Cell and all below."""
        for _, cell in self.cells_and_names():
            cell.add_flags(**flags)
        return self

    def get_flags(self) -> dict[str, Any]:
        """The flags that `add_flags` has set."""
        return self.__dict__.get("_flags", {})

    @property
    def cls_name(self) -> str:
        """The name of the Cell's class."""
        return type(self).__name__

    def init_parameters_data(self, auto_parallel_mode: bool = False) -> dict[Parameter, Parameter]:
        """Initial values for what `no_init_parameters` left out; each Parameter maps to itself."""
        params = {p: p for p in self.get_parameters()}
        for param in params:
            fill_postponed(param._value.base)
        return params

    # -- hooks and gradients --------------------------------------------------------------------

    def _own_extras(self) -> Extras:
        extras = self._extras or Extras(self)
        object.__setattr__(self, "_extras", extras)
        revision.advance()
        return extras

    def register_forward_pre_hook(
        self, hook_fn: Any, *, prepend: bool = False, with_kwargs: bool = False
    ) -> HookHandle:
        """Call ``hook_fn(cell, args)`` before the Cell runs; it may return new arguments.

        With `with_kwargs` it is ``hook_fn(cell, args, kwargs)``, which returns both or None.
        """
        return self._own_extras().add("forward_pre", hook_fn, (with_kwargs, False), prepend)

    def register_forward_hook(
        self,
        hook_fn: Any,
        *,
        prepend: bool = False,
        with_kwargs: bool = False,
        always_call: bool = False,
    ) -> HookHandle:
        """Call ``hook_fn(cell, args, output)`` afterwards; it may return a new output.

        With `with_kwargs` it is ``hook_fn(cell, args, kwargs, output)``; with `always_call` it
        also runs, with the output None, when the Cell fails.
        """
        return self._own_extras().add("forward", hook_fn, (with_kwargs, always_call), prepend)

    def register_backward_pre_hook(self, hook_fn: Any) -> HookHandle:
        """Call ``hook_fn(cell, grad_output)`` before the gradient goes back through the Cell.

        It may return a new gradient by the output.
        """
        return self._own_extras().add("backward_pre", hook_fn)

    def register_backward_hook(self, hook_fn: Any) -> HookHandle:
        """Call ``hook_fn(cell, grad_input, grad_output)`` after the gradient went back.

        It may return a new gradient by the inputs. `grad_input` holds None where no gradient by
        the input is asked for.
        """
        return self._own_extras().add("backward", hook_fn)

    def recompute(self, use_reentrant: bool = True, *_: Any, **__: Any) -> None:
        """Keep only the Cell's inputs for the backward pass and compute its inside again then.

        The options of MindSpore, which say how, are accepted and change nothing.
        """
        self._own_extras().recompute = True

    # -- printing -----------------------------------------------------------------------------

    def extend_repr(self) -> str:
        """What stands between the brackets in the printed form."""
        return ""

    def __repr__(self) -> str:
        extra = self.extend_repr()
        children = self.name_cells()
        if not children:
            return f"{type(self).__name__}({extra})"
        lines = [extra] if extra else []
        for name, cell in children.items():
            lines.append(f"({name}): " + repr(cell).replace("\n", "\n  "))
        return f"{type(self).__name__}(\n  " + "\n  ".join(lines) + "\n)"


class ParameterlessCell(Cell):
    """A layer without arguments, so that ``nn.ReLU(0.1)`` is an error."""

    def __init__(self) -> None:
        super().__init__()
