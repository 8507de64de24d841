"""Built on the tape, not part of it: Jacobians, vmap, custom gradients, hooks, checkpointing.

The core mechanism (`autodiff`) stays small enough to read in one sitting; each file here is one
idea that uses it. MindSpore offers some of these names in `ops` too: they are added below.
"""

from mslearn import autodiff as _autodiff
from mslearn import ops as _ops
from mslearn.core.tensor import Tensor as _Tensor
from mslearn.gradtools.check import GradCheck as GradCheck
from mslearn.gradtools.check import check_grad as check_grad
from mslearn.gradtools.ctc import CTCLoss as CTCLoss
from mslearn.gradtools.health import run_check as run_check
from mslearn.gradtools.hooks import HookBackward as HookBackward
from mslearn.gradtools.hooks import HookHandle as HookHandle
from mslearn.gradtools.hooks import InsertGradientOf as InsertGradientOf
from mslearn.gradtools.hooks import register_hook as _register_hook
from mslearn.gradtools.jacobian import jacfwd as jacfwd
from mslearn.gradtools.jacobian import jacrev as jacrev
from mslearn.gradtools.operation import GradOperation as GradOperation
from mslearn.gradtools.operation import get_grad as get_grad
from mslearn.gradtools.own import Custom as Custom
from mslearn.gradtools.own import Morph as Morph
from mslearn.gradtools.own import Print as Print
from mslearn.gradtools.own import print_ as print_
from mslearn.gradtools.recompute import recompute as recompute
from mslearn.gradtools.series import derivative as derivative
from mslearn.gradtools.series import jet as jet
from mslearn.gradtools.series import linearize as linearize
from mslearn.gradtools.user_primitive import CustomRegOp as CustomRegOp
from mslearn.gradtools.user_primitive import DataType as DataType
from mslearn.gradtools.user_primitive import PrimitiveWithCheck as PrimitiveWithCheck
from mslearn.gradtools.user_primitive import PrimitiveWithInfer as PrimitiveWithInfer
from mslearn.gradtools.user_primitive import custom_info_register as custom_info_register
from mslearn.gradtools.user_primitive import kernel as kernel
from mslearn.gradtools.user_primitive import op_info_register as op_info_register
from mslearn.gradtools.user_primitive import prim_attr_register as prim_attr_register
from mslearn.gradtools.vmap import vmap as vmap

for _object in (
    CTCLoss, Custom, CustomRegOp, DataType, GradOperation, HookBackward, InsertGradientOf, Morph,
    PrimitiveWithCheck, PrimitiveWithInfer, Print, _autodiff.grad, _autodiff.jvp,
    _autodiff.value_and_grad, _autodiff.vjp, custom_info_register, derivative, get_grad, jacfwd,
    jacrev, jet, kernel, linearize, op_info_register, prim_attr_register, print_, vmap,
):  # fmt: skip
    setattr(_ops, _object.__name__, _object)
for _name in ("AiCPURegOp", "AkgAscendRegOp", "AkgGpuRegOp", "CpuRegOp", "TBERegOp"):
    setattr(_ops, _name, type(_name, (CustomRegOp,), {"__doc__": CustomRegOp.__doc__}))
_ops.ms_kernel = kernel
setattr(_Tensor, "register_hook", _register_hook)  # noqa: B010  (Tensor is declared in core)
