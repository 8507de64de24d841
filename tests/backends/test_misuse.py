"""Slips that people make with targets, and libraries that are not what they should be."""

from __future__ import annotations

import sys
import warnings

import numpy as np
import pytest
from backends.test_messages import listed, numpy_alone

import mslearn as ms
from mslearn import backends, ops
from mslearn.backends import loading, registry, words
from mslearn.backends.base import Backend, BackendError, DeviceInfo

X = ms.Tensor(np.ones((2, 3), np.float32))


@pytest.fixture
def context():
    yield ms.set_context
    ms.set_context(device_target="CPU", mode=ms.PYNATIVE_MODE, device_id=0)


MEANT = {"cuda": "GPU", "cuda:0": "GPU", "MPS": "Apple", "Huawei": "Ascend", "昇腾": "Ascend",
         "GE": "Ascend", "qnn": "Qualcomm", "onxruntime": "onnxruntime", "ascnd": "Ascend",
         "NPU:0": "NPU"}  # fmt: skip


@pytest.mark.parametrize("said", MEANT)
def test_what_others_call_a_target_is_understood(said):
    wanted = rf"There is no target '{said}'\. Did you mean '{MEANT[said]}'\? Known targets: \['NPU'"
    with pytest.raises(ValueError, match=wanted):
        ms.set_context(device_target=said)
    with pytest.raises(ValueError, match=wanted):
        ms.jit(ops.relu, backend=said)(X)
    with pytest.raises(ValueError, match=wanted):
        backends.configure(said, threads=1)


def test_words_for_targets_are_not_targets_themselves():
    known = [t.lower() for _, t in registry._targets()]
    assert all(t.lower() in known for t in registry.CALLED)
    assert not {w for said in registry.CALLED.values() for w in said.split()} & set(known)


@pytest.mark.parametrize("name", ["onnx-cpu", "OnnxRuntime", "cpu", "NumPy"])
def test_capital_letters_do_not_matter(name, context):
    if "nn" in name:
        pytest.importorskip("onnxruntime")
    context(device_target=name, mode=ms.GRAPH_MODE)
    backends.configure(name)
    np.testing.assert_array_equal(ms.jit(lambda x: x * 2)(X).asnumpy(), 2 * X.asnumpy())


@pytest.mark.parametrize("wrong", [None, 3, ["CPU"]])
def test_a_target_is_a_str(wrong, context):
    for call in (lambda: context(device_target=wrong), lambda: backends.first(wrong, "CPU"),
                 lambda: backends.configure(wrong)):  # fmt: skip
        with pytest.raises(TypeError, match="A target is a str such as 'NPU', but got"):
            call()
    if wrong is not None:
        with pytest.raises(TypeError, match="For 'jit', backend must be a str"):
            ms.jit(ops.relu, backend=wrong)
    with pytest.raises(ValueError, match="For 'first', name at least one target"):
        backends.first()


@pytest.mark.parametrize(
    ("given", "error", "text"),
    [
        ({"provider_options": {3: "1"}}, TypeError, "the names in provider_options must be str"),
        ({"provider_options": ["fast"]}, TypeError, "provider_options must be a dict"),
        ({"threads": True}, TypeError, "threads must be an int"),
        ({"fallback": "numpy"}, ValueError, "fallback must be one of"),
    ],
)
def test_jit_refuses_wrong_settings_where_they_are_written(given, error, text):
    with pytest.raises(error, match=f"For 'jit', {text}"):
        ms.jit(ops.relu, **given)


def test_a_call_that_is_refused_changes_nothing(context, monkeypatch):
    pytest.importorskip("onnxruntime")
    monkeypatch.setattr(registry, "_told", set())
    for wrong in ({"mode": 7}, {"modes": 0}, {"device_id": -1}, {"runtime_num_threads": 0}):
        with warnings.catch_warnings(), pytest.raises(ValueError, match="For 'set_context'"):
            warnings.simplefilter("error")
            context(device_target="ONNX-CPU", **wrong)
        assert ms.get_context("device_target") == "CPU"


@pytest.mark.parametrize("call", [
    lambda: ms.set_context(device_target="ONNX-CPU"),
    lambda: ms.set_device("ONNX-CPU"),
    lambda: ms.jit(lambda x: ops.cholesky(x[:2, :2] + ops.eye(2)), backend="ONNX-CPU",
                   fallback="cpu")(X),
])  # fmt: skip
def test_warnings_show_the_learners_line(call, context, monkeypatch):
    pytest.importorskip("onnxruntime")
    monkeypatch.setattr(registry, "_told", set())
    with pytest.warns(UserWarning, match=r"Graphs go to|On the host for") as told:
        call()
    assert [w.filename for w in told] == [__file__]


NAMESAKES = {
    "a script of that name": ("print('my first try')", "is not that library, but"),
    "too old": ("__version__ = '0.9.1'", "0.9.1 is too old: it must be"),
    "something that it needs": ("import no_such_thing", "does not load: No module named 'no_such"),
    "a wrong line": ("x = = 1", "does not load: invalid syntax"),
    "a driver": ("raise RuntimeError('no driver')", "does not load: no driver"),
}


@pytest.mark.parametrize("kind", NAMESAKES)
def test_a_library_that_is_not_one_says_so(kind, tmp_path, monkeypatch):
    text, reason = NAMESAKES[kind]
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in loading.OLDEST:
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
        monkeypatch.delitem(sys.modules, name, raising=False)
        try:
            _, why = loading.module(name)
        finally:
            sys.modules.pop(name, None)
        assert reason in why and words.chinese(why) != why


def test_a_folder_of_that_name_is_not_the_library(tmp_path):
    (tmp_path / "openvino").mkdir()  # Python takes an empty folder for a package
    _, reason, *_ = listed(numpy_alone(tmp_path))["openvino", "OpenVINO-CPU"]
    assert reason == f"openvino is not that library, but {tmp_path / 'openvino'}"


class Hasty(Backend):
    name, targets = "hasty", ("Hasty",)

    def probe(self, target):
        return DeviceInfo(target, self.name, True, "there")

    def supports(self, node, target):
        return ""

    def compile(self, graph, target, **options):
        return graph.no_such_name


def test_an_adapter_that_fails_is_named(monkeypatch):
    class Point:
        name = "hasty"

        def load(self):
            return Hasty

    monkeypatch.setattr(registry, "entry_points", lambda group: [Point()])
    registry.backend.cache_clear()
    try:
        with pytest.raises(BackendError, match=r"'Hasty' \(hasty\) failed before it ran anything: "
                           "AttributeError: .*no_such_name") as caught:  # fmt: skip
            ms.jit(lambda x: x * 2, backend="hasty")(X)
        assert isinstance(caught.value.__cause__, AttributeError)
    finally:
        registry.backend.cache_clear()


def test_wrong_properties_are_not_blamed_on_the_operations():
    pytest.importorskip("openvino")
    for wrong in ({"NO_SUCH": 1}, {"PERFORMANCE_HINT": "FASTEST"}):
        run = ms.jit(ops.relu, backend="OpenVINO-CPU", provider_options=wrong, fallback="cpu")
        with pytest.raises(BackendError, match="does not take these provider_options: ") as caught:
            run(X)
        assert not caught.value.refused and next(iter(wrong)) in str(caught.value)


def test_more_threads_than_any_machine_has_are_refused():
    with pytest.raises(ValueError, match="at least 1 and at most 1024, but got 1000000"):
        ms.jit(ops.relu, backend="ONNX-CPU", threads=10**6)
