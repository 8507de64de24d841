"""Built on the tape, not part of it: Jacobians, vmap, custom gradients, hooks, checkpointing.

The core mechanism (`autodiff`) stays small enough to read in one sitting; each file here is one
idea that uses it. MindSpore offers some of these names in `ops` too: they are added below.
"""

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
from mslearn.gradtools.own import Print as Print
from mslearn.gradtools.own import print_ as print_
from mslearn.gradtools.recompute import recompute as recompute
from mslearn.gradtools.vmap import vmap as vmap

for _object in (CTCLoss, Custom, GradOperation, HookBackward, InsertGradientOf, Print, print_):
    setattr(_ops, _object.__name__, _object)
setattr(_Tensor, "register_hook", _register_hook)  # noqa: B010  (Tensor is declared in core)
