"""Which Cells of a network compute in float16: levels O0 to O3 and lists of one's own.

Parameters stay float32; a Cell that computes in float16 sees them cast, and its gradients come
back in float32 (Micikevicius et al., 2018, "Mixed Precision Training").
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mslearn import nn, ops
from mslearn.amp.scaling import DynamicLossScaleManager, LossScaleManager
from mslearn.core.dtype import DType, float16, float32
from mslearn.core.primitive import Primitive
from mslearn.core.tensor import Tensor
from mslearn.nn.cell import Cell

LEVELS = ("O0", "O1", "O2", "O3", "auto")
_WHITE_CELLS = (
    "Conv1d", "Conv2d", "Conv3d", "Conv1dTranspose", "Conv2dTranspose", "Conv3dTranspose", "Dense",
    "LSTMCell", "RNNCell", "GRUCell",
)  # fmt: skip
_WHITE_OPERATIONS = ("Conv2D", "Conv3D", "MatMul", "BatchMatMul", "PReLU", "ReLU")
_BLACK_CELLS = ("BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "LayerNorm")


def get_white_list() -> list[type]:
    """What level O1 lets compute in float16: a list of one's own to change.

    >>> import mslearn as ms
    >>> ms.nn.Dense in ms.amp.get_white_list()
    True
    """
    operations = [getattr(ops, n) for n in _WHITE_OPERATIONS if hasattr(ops, n)]
    return [getattr(nn, n) for n in _WHITE_CELLS] + operations


def get_black_list() -> list[type]:
    """What level O2 leaves in float32: a list of one's own to change."""
    return [getattr(nn, n) for n in _BLACK_CELLS]


def _floats(value: Any, dtype: DType) -> Any:
    """Every floating Tensor in a result, cast."""
    if isinstance(value, Tensor):
        return ops.cast(value, dtype) if value._value.dtype.kind == "f" else value
    if isinstance(value, tuple | list):
        return type(value)(_floats(v, dtype) for v in value)
    return value


class _Output(Cell):
    dtype: DType

    def __init__(self, backbone: Cell) -> None:
        super().__init__(auto_prefix=False)
        self._backbone = backbone

    def construct(self, *args: Any, **kwargs: Any) -> Any:
        return _floats(self._backbone(*args, **kwargs), self.dtype)


class _OutputTo16(_Output):
    """A Cell whose results are float16."""

    dtype = float16


class _OutputTo32(_Output):
    """A Cell whose results are float32."""

    dtype = float32


def _each_match(
    cell: Cell, classes: tuple[type, ...], change: Callable[[Cell, str, Cell], None]
) -> None:
    """``change(parent, name, child)`` for the topmost Cells of some classes."""
    for name, child in cell.name_cells().items():
        if isinstance(child, classes):
            change(cell, name, child)
        else:
            _each_match(child, classes, change)


def _white(network: Cell, classes: tuple[type, ...]) -> Cell:
    """Those Cells in float16, with float32 results; all else as it was."""

    def lower(parent: Cell | None, name: str, child: Cell) -> None:
        child.to_float(float16)
        child.register_forward_hook(lambda cell, args, out: _floats(out, float32))

    if isinstance(network, classes):
        lower(None, "", network)
    else:
        _each_match(network, classes, lower)
    return network


def _black(network: Cell, classes: tuple[type, ...]) -> Cell:
    """All in float16 but those Cells; the results are float32."""
    network.to_float(float16)
    keep_in_float32(network, classes)
    return _OutputTo32(network)


def keep_in_float32(network: Cell, classes: tuple[type, ...]) -> None:
    """Let those Cells compute in float32, and hand on float16."""

    def keep(parent: Cell, name: str, child: Cell) -> None:
        child.to_float(float32)
        wrapper = _OutputTo16(child)
        wrapper.training = child.training
        parent._cells[name] = wrapper

    _each_match(network, classes, keep)


def auto_mixed_precision(network: Any, amp_level: str = "O0", dtype: DType = float16) -> Any:
    """The network, computing in float16 as far as the level says. Its Cells are changed in place.

    Args:
        network: a Cell, without its loss.
        amp_level: ``"O0"``: nothing; ``"O1"`` and ``"auto"``: the Cells in `get_white_list`, with
            float32 results; ``"O2"``: all but those in `get_black_list`; ``"O3"``: all. O2 and O3
            end in float32.
        dtype: float16. (NumPy has no bfloat16.)

    Raises:
        TypeError: no Cell. ValueError: another level or dtype.

    Functions that `construct` calls are in no Cell: O1 leaves them alone, in O2 and O3 they get
    what the Cell gets, float16.

    >>> import mslearn as ms
    >>> net = ms.amp.auto_mixed_precision(ms.nn.Dense(3, 2), "O2")
    >>> net(ms.ops.ones((1, 3))).dtype
    mindspore.float32
    """
    if not isinstance(network, Cell):
        raise TypeError(f"For amp_level '{amp_level}', the network type should be Cell.")
    if amp_level not in LEVELS:
        raise ValueError(f"The amp level {amp_level} is not supported. It is one of {LEVELS}.")
    _check_dtype(dtype)
    if amp_level == "O0":
        return network
    if amp_level == "O2":
        return _black(network, tuple(get_black_list()))
    if amp_level == "O3":
        return _black(network, ())
    return _white(network, tuple(get_white_list()))


def custom_mixed_precision(
    network: Cell,
    *,
    white_list: list[type] | None = None,
    black_list: list[type] | None = None,
    dtype: DType = float16,
) -> Any:
    """As `auto_mixed_precision`, with a list of one's own instead of a level.

    Args:
        network: a Cell, without its loss.
        white_list: only Cells of these classes compute in float16, as with O1.
        black_list: all Cells but those of these classes do, as with O2.
        dtype: float16.

    Raises:
        ValueError: both lists, or none. TypeError: no list of classes.
    """
    if white_list is None and black_list is None:
        raise ValueError(
            "For custom_mixed_precision, one of white_list and black_list must be provided."
        )
    if white_list is not None and black_list is not None:
        raise ValueError(
            "For custom_mixed_precision, the white_list or black_list cannot be provided at the "
            "same time, please provide one or the other."
        )
    _check_dtype(dtype)
    name, given = (
        ("white_list", white_list) if white_list is not None else ("black_list", black_list)
    )
    if not isinstance(given, list):
        raise TypeError(f"The type of {name} should be list, but got {type(given)}")
    for item in given:
        if not isinstance(item, type) or not issubclass(item, Cell | Primitive):
            raise TypeError(f"The element in {name} should be a class, but got {item!r}")
    if not isinstance(network, Cell):
        raise TypeError("For custom_mixed_precision, the network type should be Cell.")
    return (_white if white_list is not None else _black)(network, tuple(given))


def _check_dtype(dtype: Any) -> None:
    if dtype is not float16:
        raise ValueError(
            f"The dtype should be float16, but got {dtype}. NumPy has no bfloat16, and float32 is "
            f"what networks compute in without mixed precision."
        )


_KWARGS = ("cast_model_type", "keep_batchnorm_fp32", "loss_scale_manager")


def prepare(
    network: Cell, level: str, kwargs: dict[str, Any]
) -> tuple[Cell, LossScaleManager | None]:
    """The network at a level, and the loss scale manager that belongs to it.

    Args:
        network: without its loss.
        level: one of `LEVELS`; O2 scales the loss dynamically unless told otherwise.
        kwargs: `keep_batchnorm_fp32`, `cast_model_type` (float32 or float16), which overrule the
            level, and `loss_scale_manager`.
    """
    manager = DynamicLossScaleManager() if level == "O2" else None
    manager = kwargs.get("loss_scale_manager", manager)
    whole = kwargs.get("cast_model_type", float16 if level in ("O2", "O3") else float32) is float16
    keep = kwargs.get("keep_batchnorm_fp32", level == "O2")
    if not whole:
        return auto_mixed_precision(network, level if level in ("O1", "auto") else "O0"), manager
    return _black(network, tuple(get_black_list()) if keep else ()), manager


def build_train_network(
    network: Cell,
    optimizer: Any,
    loss_fn: Any = None,
    level: str = "O0",
    boost_level: str = "O0",
    **kwargs: Any,
) -> Cell:
    """The Cell that makes a training step in mixed precision: ``(data, label) -> loss``.

    Args:
        network: the Cell; without `loss_fn` it must return the loss.
        optimizer: made with the network's parameters.
        loss_fn: loss of (outputs, label), computed in float32.
        level: see `auto_mixed_precision`.
        boost_level: accepted; nothing is accelerated that way here.
        kwargs: `cast_model_type`, `keep_batchnorm_fp32`, `loss_scale_manager`.

    With a manager that drops steps that overflow the Cell is a `nn.TrainOneStepWithLossScaleCell`.
    """
    for name, cell in (("network", network), ("optimizer", optimizer)):
        if not isinstance(cell, Cell):
            raise TypeError(
                f"For 'build_train_network', the {name} must be a Cell, but got "
                f"'{type(cell).__name__}'."
            )
    for name in kwargs:
        if name not in _KWARGS:
            raise ValueError(f"Unsupported arg '{name}'. Known are {', '.join(_KWARGS)}.")
    if level not in LEVELS:
        raise ValueError(f"The amp level {level} is not supported. It is one of {LEVELS}.")
    lowered, manager = prepare(network, level, kwargs)
    losing = lowered if loss_fn is None else nn.WithLossCell(lowered, loss_fn)
    step: Cell
    update = None if manager is None else manager.get_update_cell()
    if manager is None:
        step = nn.TrainOneStepCell(losing, optimizer)
    elif update is None:
        step = nn.TrainOneStepCell(losing, optimizer, sens=manager.get_loss_scale())
    else:
        step = nn.TrainOneStepWithLossScaleCell(losing, optimizer, scale_sense=update)
    step.set_train()
    return step
