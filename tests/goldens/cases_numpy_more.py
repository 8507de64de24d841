"""The rest of mindspore.numpy, each name called; see cases.py.

Left out because MindSpore 2.10 fails: piecewise with a function; see tests/engine/test_numpy.py.
"""

from __future__ import annotations

# ruff: noqa: E501  (a table: one case a line)
import numpy as np
from cases_numpy import A, mnp

HOLES = np.array([[1.0, np.nan], [-3.0, 4.0]], np.float32)
B = np.array([[0.5, -2.0], [1.5, 3.0]], np.float32)

CALLS = {
    **{n: lambda m, x, n=n: getattr(m, n)(x / 5) for n in (
        "arcsinh", "arctanh", "exp2", "signbit", "positive", "deg2rad", "rad2deg", "radians", "fix",
        "cbrt", "isneginf", "isposinf", "fliplr", "flipud", "diagflat", "nansum", "nanmean",
        "nanmax", "nanmin", "nanvar", "nanstd", "nancumsum", "ptp", "count_nonzero", "trapz",
        "ediff1d", "cov", "corrcoef", "atleast_3d", "argwhere",
    )},
    **{n: lambda m, x, n=n: getattr(m, n)(m.array([6, 9]), m.array([4, 6])) for n in (
        "bitwise_and", "bitwise_or", "bitwise_xor", "gcd", "lcm", "polyadd", "polysub", "polymul",
        "kron", "convolve", "correlate", "intersect1d", "setdiff1d", "isin", "in1d", "array_equiv",
    )},
    **{n: lambda m, x, n=n: getattr(m, n)(x, m.array(B.tolist())) for n in (
        "copysign", "float_power", "fmod", "hypot", "logaddexp", "logaddexp2", "heaviside",
        "divmod", "cross",
    )},
    "arccosh": lambda m, x: m.arccosh(m.array([1.5, 3.0])),
    "bitwise_not": lambda m, x: (m.bitwise_not(m.array([1, 2])), m.invert(m.array([0, 5]))),
    "multi_dot": lambda m, x: m.multi_dot([x, m.array(B.tolist()), x]),
    "holes": lambda m, x: (m.nansum(m.array(HOLES.tolist()), 0), m.nanmean(m.array(HOLES.tolist())), m.nanmax(m.array(HOLES.tolist()), 1)),
    "gradient": lambda m, x: m.gradient(m.array([1.0, 4.0, 9.0, 16.0])),
    "gradients": lambda m, x: m.gradient(m.array([[1.0, 4.0], [9.0, 16.0]]), 0.5),
    "polynomials": lambda m, x: (m.polyval(m.array([3.0, 0.0, 1.0]), m.array([2.0, 3.0])), m.polyder(m.array([3, 2, 1])), m.polyint(m.array([3.0, 2.0]))),
    "vander": lambda m, x: (m.vander(m.array([1.0, 2.0, 3.0]), 2), m.vander(m.array([1.0, 2.0]), increasing=True)),
    "windows": lambda m, x: (m.bartlett(5), m.blackman(5), m.hamming(5), m.hanning(5)),
    "broadcast_arrays": lambda m, x: m.broadcast_arrays(m.array([[1, 2]]), m.array([[3], [4]])),
    "splits": lambda m, x: (m.hsplit(x, 2), m.vsplit(x, 2), m.dsplit(m.ones((1, 2, 2)), 2)),
    "rollaxis": lambda m, x: m.rollaxis(m.ones((2, 3, 4)), 2).shape,
    "select": lambda m, x: m.select([x > 2, x < 0], [x, x * 2], 9),
    "choose": lambda m, x: m.choose(m.array([0, 1]), [m.array([1.0, 2.0]), m.array([3.0, 4.0])]),
    "along": lambda m, x: (m.apply_along_axis(lambda v: v.sum(), 0, x), m.apply_over_axes(m.sum, x, [0, 1])),
    "histogram": lambda m, x: m.histogram(m.array([1.0, 2.0, 1.0]), bins=m.array([0.0, 1.0, 2.0, 3.0])),
    "histogram_bin_edges": lambda m, x: m.histogram_bin_edges(m.array([1.0, 3.0]), 2),
    "histogram2d": lambda m, x: m.histogram2d(m.array([1.0, 2.0, 2.5]), m.array([0.5, 1.5, 1.5]), bins=2),
    "histogramdd": lambda m, x: m.histogramdd(m.array([[1.0, 2.0], [2.0, 3.0]]), bins=2)[0],
    "digitize": lambda m, x: m.digitize(m.array([0.5, 1.5, 9.0]), m.array([0.0, 1.0, 2.0])),
    "interp": lambda m, x: m.interp(m.array([1.5, 2.5]), m.array([1.0, 2.0, 3.0]), m.array([10.0, 20.0, 40.0])),
    "searchsorted": lambda m, x: m.searchsorted(m.array([1, 2, 4]), m.array([3, 0])),
    "indices": lambda m, x: m.indices((2, 3)),
    "triangles": lambda m, x: (m.tril_indices(2), m.triu_indices(2), m.tril_indices_from(x), m.triu_indices_from(x), m.diag_indices(2)),
    "ix_": lambda m, x: m.ix_(m.array([0, 1]), m.array([2, 3])),
    "multi_index": lambda m, x: (m.ravel_multi_index(m.array([[1, 0], [1, 2]]), (2, 3)), m.unravel_index(m.array([4, 2]), (2, 3))),
    "unwrap": lambda m, x: m.unwrap(m.array([0.0, 6.0, 1.0])),
    "grids": lambda m, x: (m.mgrid[0:2, 0:3], m.ogrid[0:2]),
    "types": lambda m, x: (str(m.promote_types(m.float32, m.int32)), str(m.result_type(x, m.float16)), bool(m.isscalar(3)), bool(m.isscalar(x))),
    "sometrue": lambda m, x: (bool(m.sometrue(m.array([0.0, 1.0]))), m.array_str(m.array([1, 2]))),
}  # fmt: skip
cases = {f"mnp_{n}": lambda ms, f=f: f(mnp(ms), ms.Tensor(A)) for n, f in CALLS.items()}
