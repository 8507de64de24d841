"""Built on the tape, not part of it: Jacobians, vmap, custom gradients, hooks, checkpointing.

The core mechanism (`autodiff`) stays small enough to read in one sitting; each file here is one
idea that uses it. MindSpore offers some of these names in `ops` too: they are added below.
"""

from mslearn import ops as _ops
from mslearn.gradtools.jacobian import jacfwd as jacfwd
from mslearn.gradtools.jacobian import jacrev as jacrev
from mslearn.gradtools.operation import GradOperation as GradOperation
from mslearn.gradtools.vmap import vmap as vmap

for _name, _object in {"GradOperation": GradOperation}.items():
    setattr(_ops, _name, _object)
