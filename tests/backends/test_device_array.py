"""Arrays of a device, and every primitive on them (see `strict_arrays.py`)."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from backends.strict_arrays import close
from export.samples import EVERY, sample

import mslearn as ms
from mslearn.backends import eager
from mslearn.backends.device_array import DeviceArray, InKernel, NeedsHost
from mslearn.core.primitive import apply, registry
from mslearn.core.tensor import Tensor

ON_HOST = {"IgammaGradA", "Pinv", "Polygamma", "PopulationCount"}
"""Primitives that an array module cannot compute; the list may only become shorter."""


# -- the array -----------------------------------------------------------------------------------


@pytest.fixture
def x(xp):
    return InKernel(xp.asarray(np.arange(6, dtype=np.float32).reshape(2, 3)), xp)


HOST = np.arange(6, dtype=np.float32).reshape(2, 3)
SAME = {
    "ufunc": lambda x: np.exp(x) + 1,
    "ufunc of the host's number": lambda x: np.maximum(np.asarray(2, np.float32), x),
    "array of the host": lambda x: x * np.arange(3, dtype=np.float32),
    "reduce": lambda x: (np.maximum.reduce(x), np.add.reduce(x, axis=1), np.logical_or.reduce(x)),
    "function": lambda x: np.concatenate([x, np.zeros((1, 3), np.float32)]),
    "named tuple": lambda x: np.linalg.slogdet(x[:, :2]),
    "method": lambda x: x.sum(0, keepdims=True).reshape(-1).astype(np.int32),
    "lists": lambda x: np.split(x, [1], axis=1),
    "windows": lambda x: np.lib.stride_tricks.sliding_window_view(x, 2, axis=1),
    "index": lambda x: (x[1, ::2], x[..., None], x[np.array([1, 0])], x[x > 2], x[[1, 1]]),
    "rows": lambda x: list(x),
    "number": lambda x: x[1, 2].item() + int(x[0, 1]) + float(x[0, 2]) + x.item(4),
}


@pytest.mark.parametrize("name", SAME)
def test_numpy_functions_stay_on_the_device(name, x):
    def flat(found):
        return found if isinstance(found, tuple | list) else [found]

    for found, wanted in zip(flat(SAME[name](x)), flat(SAME[name](HOST)), strict=True):
        if isinstance(found, InKernel):
            found = DeviceArray(found.held, found.xp).numbers()
        close(found, wanted)


def test_writing_in_place(x):
    out = np.empty_like(x)
    assert np.add(x, x, out=out) is out
    out += 1
    out[out > 8] = np.asarray(-1, np.float32)
    out[0, 1:] = np.zeros(2, np.float32)
    out[out == -1] = x[1, 1:]
    np.add.at(out, (np.array([0, 0]), np.array([0, 0])), np.ones(2, np.float32))
    wanted = np.array([[3, 0, 0], [7, 4, 5]], np.float32)
    np.copyto(x, out)
    close(DeviceArray(np.clip(x, 0, 9, x).held, x.xp).numbers(), wanted)


@pytest.mark.parametrize("wants", [
    np.asarray, lambda x: np.add(x, 1, out=np.empty((2, 3), np.float32)), lambda x: x.tolist(),
    lambda x: np.copyto(np.zeros((2, 3)), x), lambda x: np.clip(x, 0, 1, np.zeros((2, 3))),
    lambda x: np.add.at(np.zeros((2, 3)), 0, x), lambda x: x.ctypes,
    lambda x: np.zeros((2, 3)).__setitem__(0, x[0]), lambda x: np.frompyfunc(abs, 1, 1)(x),
    lambda x: np.maximum.accumulate(x), lambda x: np.busday_count(x, x),
    lambda x: x + np.array(["a"], object), lambda x: memoryview(x),
])  # fmt: skip
def test_inside_a_kernel_nothing_comes_to_the_host_unseen(wants, x):
    with pytest.raises((NeedsHost, AttributeError, TypeError, NotImplementedError)):
        wants(x)


def test_truth_and_lengths_are_numpy_s(x):
    with pytest.raises(ValueError, match="element"):
        bool(x)
    with pytest.raises(TypeError):
        len(x[0, 0])
    with pytest.raises(TypeError):
        x[0, 0].__index__()
    assert not x[0, 0] and x[0, 1] and len(x) == 2 and x.size == 6 and x.ndim == 2
    assert "float32[2, 3]" in repr(x)


# -- every primitive -----------------------------------------------------------------------------


def run(name, i, inputs, attrs):
    out = apply(registry[name], tuple(map(Tensor.wrap, inputs)), attrs)
    return out if isinstance(out, tuple) else (out,)


def test_every_primitive_gives_the_cpu_s_numbers_and_nearly_all_run_on_the_device(device):
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        for name, i in EVERY:
            arrays, attrs, wanted = sample(name, i)
            if name == "NextKey":  # the host's
                continue
            for found, array in zip(run(name, i, arrays, attrs), wanted, strict=True):
                close(found, array)
                assert isinstance(found._value, DeviceArray) or not array.shape, name
    assert set(device.on_host) <= ON_HOST
    assert len(registry.keys() - ON_HOST) >= 218


def derivatives(name, i):
    """The pulled cotangents and the pushed tangents of a sample."""
    arrays, attrs, _ = sample(name, i)
    places = [k for k, a in enumerate(arrays) if a.dtype.kind == "f"]

    def fn(*xs):
        given = iter(xs)
        inputs = [next(given) if k in places else Tensor(a) for k, a in enumerate(arrays)]
        out = apply(registry[name], tuple(inputs), attrs)
        return next(o for o in (out if isinstance(out, tuple) else (out,)))

    xs = [Tensor(arrays[k]) for k in places]
    out, pull = ms.vjp(fn, *xs)
    if out._value.dtype.kind != "f":
        return []
    grads = pull(Tensor(np.cos(np.arange(out.size, dtype=np.float32)).reshape(out.shape)))
    _, pushed = ms.jvp(fn, tuple(xs), tuple(xs))
    return [t.asnumpy() for t in (*grads, pushed)]


def test_derivatives_of_every_primitive(xp):
    smooth = [n for n in dict(EVERY) if registry[n].vjp is not None]
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        wanted = {name: derivatives(name, 0) for name in smooth}
        with eager.using(eager.Device(xp)) as device:
            for name in smooth:
                for a, b in zip(derivatives(name, 0), wanted[name], strict=True):
                    close(a, b, 2e-4)
    assert set(device.on_host) <= ON_HOST
