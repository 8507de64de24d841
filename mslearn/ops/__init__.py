"""Operations: functional forms (`ops.matmul`) and primitives (`ops.MatMul()`).

Each operation is declared once, as a primitive class; this file only shows what there is.
"""

import importlib as _importlib
import warnings as _warnings

from mslearn.core.errors import did_you_mean as _did_you_mean
from mslearn.core.primitive import Primitive as Primitive
from mslearn.core.primitive import registry as _registry
from mslearn.ops import assemble as _assemble
from mslearn.ops import lars as _lars  # noqa: F401  (declares its primitives)
from mslearn.ops import optimizer as _optimizer  # noqa: F401
from mslearn.ops import optimizer_more as _optimizer_more  # noqa: F401
from mslearn.ops import optimizer_rare as _optimizer_rare  # noqa: F401
from mslearn.ops.activations import *  # noqa: F403
from mslearn.ops.adaptive import *  # noqa: F403
from mslearn.ops.arithmetic_more import *  # noqa: F403
from mslearn.ops.arrange import *  # noqa: F403
from mslearn.ops.bessel import *  # noqa: F403
from mslearn.ops.blocks import *  # noqa: F403
from mslearn.ops.complex_numbers import *  # noqa: F403
from mslearn.ops.composite import *  # noqa: F403
from mslearn.ops.composite import ALIASES as _ALIASES
from mslearn.ops.composite import OLD as _OLD
from mslearn.ops.control import *  # noqa: F403
from mslearn.ops.conv import *  # noqa: F403
from mslearn.ops.creation import *  # noqa: F403
from mslearn.ops.ctc import *  # noqa: F403
from mslearn.ops.decompositions import *  # noqa: F403
from mslearn.ops.detection import *  # noqa: F403
from mslearn.ops.eigen import *  # noqa: F403
from mslearn.ops.fft import *  # noqa: F403
from mslearn.ops.gather_scatter import *  # noqa: F403
from mslearn.ops.indexing import *  # noqa: F403
from mslearn.ops.joining import *  # noqa: F403
from mslearn.ops.linalg import *  # noqa: F403
from mslearn.ops.loss import *  # noqa: F403
from mslearn.ops.losses_more import *  # noqa: F403
from mslearn.ops.matrix import *  # noqa: F403
from mslearn.ops.measures import *  # noqa: F403
from mslearn.ops.neural import *  # noqa: F403
from mslearn.ops.normalization import *  # noqa: F403
from mslearn.ops.patches import *  # noqa: F403
from mslearn.ops.pooling import *  # noqa: F403
from mslearn.ops.random_more import *  # noqa: F403
from mslearn.ops.reduce import *  # noqa: F403
from mslearn.ops.resize import *  # noqa: F403
from mslearn.ops.sampling import *  # noqa: F403
from mslearn.ops.shape import *  # noqa: F403
from mslearn.ops.sorting import *  # noqa: F403
from mslearn.ops.sparse import *  # noqa: F403
from mslearn.ops.sparse_functions import *  # noqa: F403
from mslearn.ops.special import *  # noqa: F403
from mslearn.ops.spectral import *  # noqa: F403
from mslearn.ops.summary import *  # noqa: F403

_functions = _assemble.functions()
_assemble.attach_methods(_functions)


def _add(*tables):
    for table in tables:
        for name, value in table.items():
            globals().setdefault(name, value)


_add(_functions)
_add({name: globals()[present] for name, present in _ALIASES.items()})
# These use all of the above.
from mslearn.ops import methods as _methods  # noqa: E402, F401
from mslearn.ops.names import classes as _classes  # noqa: E402

_add(_classes, _registry)


_LATE = dict.fromkeys(
    ("FractionalMaxPool3DWithFixedKsize", "FractionalMaxPoolWithFixedKsize",
     "fractional_max_pool2d", "fractional_max_pool3d", "multilabel_margin_loss"),
    "mslearn.nn.functions",
) | {
    "FractionalAvgPool": "mslearn.nn.fractional", "FractionalMaxPool": "mslearn.nn.fractional",
    "FusedAdaFactor": "mslearn.nn.optim.factored",
    "FusedAdaFactorWithGlobalNorm": "mslearn.nn.optim.factored",
    **dict.fromkeys(("ExtractGlimpse", "SampleDistortedBoundingBoxV2", "ScaleAndTranslate"),
                    "mslearn.nn.pictures"),
}  # fmt: skip


def __getattr__(name: str) -> object:
    if name in _LATE:  # made of layers, which stand above
        globals()[name] = getattr(_importlib.import_module(_LATE[name]), name)
        return globals()[name]
    if name in _OLD:
        _warnings.warn(
            f"ops.{name} is an old spelling; use ops.{_OLD[name]}.",
            DeprecationWarning,
            stacklevel=2,
        )
        return globals()[_OLD[name]]
    known = [n for n in globals() if not n.startswith("_")]
    raise AttributeError(
        f"module 'mslearn.ops' has no attribute '{name}'.{_did_you_mean(name, known)}"
    )
