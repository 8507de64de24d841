"""The GPU's program, with NumPy in CuPy's place: what is generated, and that it computes."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import json
import re
import textwrap
from pathlib import Path

import numpy as np
import pytest
from export.cases import DRAWN, NETWORKS, one_node
from export.samples import EVERY, sample

import mslearn as ms
from mslearn import ops
from mslearn.backends import array_program
from mslearn.backends import registry as backends
from mslearn.backends.array_program import ArrayProgram
from mslearn.backends.base import DeviceInfo
from mslearn.backends.conformance import Conformance, Training, _data, _mlp
from mslearn.backends.cupy_backend import ArrayExecutable, CupyBackend
from mslearn.core.primitive import registry
from mslearn.graph.capture import capture
from mslearn.interchange.refusal import ExportError

CUPY = json.loads((Path(__file__).parent / "data" / "cupy_names.json").read_text())
ARRAY_METHODS = {n for n in dir(np.ndarray) if not n.startswith("_")}


class OnNumpy(CupyBackend):
    name = "arrays"
    targets = ("Arrays",)

    def probe(self, target):
        return DeviceInfo(target, self.name, True, f"NumPy {np.__version__}")

    def array_module(self, target):
        return None  # eager code is tried in test_device_array.py

    def compile(self, graph, target, **_):
        return ArrayExecutable(graph, np)


@pytest.fixture
def on_numpy(monkeypatch):
    class Point:
        name = "arrays"

        def load(self):
            return OnNumpy

    monkeypatch.setattr(backends, "entry_points", lambda group: [Point()])
    backends.backend.cache_clear()
    yield
    backends.backend.cache_clear()


@pytest.mark.usefixtures("on_numpy")
class TestArrayProgram(Conformance):
    target = "arrays"


@pytest.mark.skipif(not CupyBackend().probe("GPU").available, reason="there is no GPU with CuPy")
class TestGpu(Conformance):
    """Where there is a GPU; its products may take shortcuts (TF32)."""

    target = "cupy"
    tolerance = 1e-3


def test_the_program_names_only_the_array_module():
    graph = capture(lambda x, w: ops.softmax(ops.conv2d(x, w), 1), [
        ops.ones((1, 2, 4, 4)), ops.ones((3, 2, 3, 3))
    ]).graph  # fmt: skip
    program = ArrayProgram(graph)
    assert "np." not in program.code and "conv(xp, a0, a1, (2, 2)" in program.code
    (found,) = program.run(np, np.ones((1, 2, 4, 4), "f"), np.ones((3, 2, 3, 3), "f"),
                           *program.constants)  # fmt: skip
    np.testing.assert_allclose(found, np.full((1, 3, 2, 2), 1 / 3), rtol=1e-6)


CASES = {
    "split": lambda x: ops.split(x, 2, 1),
    "tile and argmax": lambda x: (ops.tile(x, (2, 1)), x.argmax(1)),
    "index": lambda x: (x[1:, ::2], x[ms.Tensor([2, 0])], x[..., None, -1]),
    "write": lambda x: ops.scatter_nd_add(x * 1, ms.Tensor([[0], [0]]), x[:2]),
    "minimum": lambda x: (x.min(), x.prod(0), x.mean((0, 1)), ops.amax(x, 1)),
    "cast": lambda x: ((x > 0).astype(ms.int32), x.astype(ms.float16)),
    "batched": lambda x: ops.bmm(x.reshape(1, 4, 6), x.reshape(1, 6, 4)),
    "pad": lambda x: ops.pad(x, (1, 2), value=3.0),
}


@pytest.mark.parametrize("name", CASES)
def test_operations_agree_with_eager_ones(name):
    x = ms.Tensor(np.random.default_rng(0).standard_normal((4, 6), np.float32))
    graph = capture(CASES[name], [x]).graph
    found, _ = ArrayExecutable(graph, np).run([x.asnumpy()])
    eager = CASES[name](x)
    eager = eager if isinstance(eager, tuple) else (eager,)
    assert len(found) == len(eager)
    for a, b in zip(found, eager, strict=True):
        np.testing.assert_allclose(a, b.asnumpy(), rtol=1e-5, atol=1e-6)
        assert a.dtype == b.asnumpy().dtype and a.shape == b.shape


@pytest.mark.parametrize(("name", "i"), [(n, i) for n, i in EVERY if n not in DRAWN])
def test_every_primitive_computes_what_its_kernel_computes(name, i):
    arrays, attrs, wanted = sample(name, i)
    try:
        program = ArrayProgram(one_node(name, arrays, attrs, wanted))
    except ExportError:
        assert registry[name].__module__.split(".")[-1] not in NETWORKS
        return
    with np.errstate(all="ignore"):
        found = program.run(np, *arrays, *program.constants)
    for got, want in zip(found, wanted, strict=True):
        assert got.dtype == want.dtype and got.shape == want.shape
        np.testing.assert_allclose(got, want, rtol=2e-5, atol=1e-5)
    assert missing_in_cupy(program.code) == set()


def missing_in_cupy(code):
    """What a program calls that the recorded CuPy does not have."""
    called = {("cupyx.scipy.special", n) for n in re.findall(r"special\(xp\)\.(\w+)", code)}
    called |= {("cupy.linalg", n) for n in re.findall(r"\bxp\.linalg\.(\w+)", code)}
    called |= {("cupy", n) for n in re.findall(r"\bxp\.(\w+)", code) if n != "__name__"}
    methods = set(re.findall(r"(?<!\bxp)\.(\w+)\(", code)) & ARRAY_METHODS
    called |= {("cupy.ndarray", n) for n in methods}
    return {(space, name) for space, name in called if name not in CUPY[space]}


def test_the_helpers_call_only_what_cupy_has():
    for helper in array_program.HELPERS.values():
        assert missing_in_cupy(textwrap.dedent(inspect.getsource(helper))) == set()
    for helper in ("asarray", "asnumpy"):
        assert helper in CUPY["cupy"]


def test_a_name_that_cupy_lacks_is_found():
    code = "def f(xp, x):\n    return xp.nothing(special(xp).erf(x)) + xp.linalg.expm(x)"
    assert missing_in_cupy(code) == {("cupy", "nothing"), ("cupy.linalg", "expm")}


def test_the_list_is_of_the_cupy_that_is_installed_here():
    """Where CuPy is installed; elsewhere the list speaks for the version that it names."""
    assert int(CUPY["version"].split(".")[0]) >= 13
    if importlib.util.find_spec("cupy") is not None:
        cupy = importlib.import_module("cupy")
        assert set(CUPY["cupy"]) - set(dir(cupy)) == set()


def test_what_is_not_in_the_table_is_refused():
    graph = capture(lambda x: ops.svd(x), [ops.ones((2, 2))]).graph
    with pytest.raises(ExportError, match="Svd"):
        ArrayProgram(graph)


@pytest.mark.usefixtures("on_numpy")
def test_parameters_stay_on_the_device():
    sent, fetched = [], []

    class Counting:
        def __getattr__(self, name):
            return getattr(np, name)

        def array(self, array):
            sent.append(array.shape)
            return np.array(array)

        def asnumpy(self, array):
            fetched.append(array.shape)
            return np.array(array)

    x, y = _data((8, 12))
    one = Training(_mlp, "arrays", False)
    one.step(x, y)
    executable = ArrayExecutable(one.step.graph, Counting())
    executable.run([x.asnumpy(), y.asnumpy()])
    sent.clear()
    fetched.clear()
    executable.run([x.asnumpy(), y.asnumpy()])
    assert sent == [(8, 12), (8,)] and fetched == [()]
    weight = one.net.trainable_params()[0]
    assert weight.shape == (16, 12) and fetched == [(), (16, 12)]
    executable.run([x.asnumpy(), y.asnumpy()])
    assert (16, 12) not in sent  # it was looked at, and did not change
    weight.set_data(weight * 2)
    executable.run([x.asnumpy(), y.asnumpy()])
    assert sent.count((16, 12)) == 1
