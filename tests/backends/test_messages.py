"""Every target of every backend says why it is absent, and every refusal names its operation.

What is absent really is: a bare Python has NumPy and nothing else, a broken package is a package
that does not load, and a provider that has vanished is one that this onnxruntime does not have.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import mslearn as ms
from mslearn import backends, ops
from mslearn.backends import loading, providers, registry, settings, words
from mslearn.backends.base import BackendError
from mslearn.backends.cupy_backend import CupyBackend
from mslearn.backends.mindspore_backend import MindSporeBackend
from mslearn.backends.onnxruntime_backend import OnnxRuntimeBackend
from mslearn.backends.openvino_backend import DEVICES, OpenVinoBackend
from mslearn.graph.capture import capture

ROOT = Path(__file__).parents[2]
EVERY = [(name, t) for name in registry.BUILT_IN for t in registry.backend(name).targets]
ABSENT = [pair for pair in EVERY if pair != ("numpy", "CPU")]
PACKAGES = {"mindspore": "mindspore", "onnxruntime": "onnxruntime", "openvino": "openvino",
            "cupy": "cupy"}  # fmt: skip
PROGRAM = """
import json, warnings
import mslearn as ms
warnings.simplefilter("ignore")
found = []
for d in ms.backends.devices():
    told = ""
    try:
        ms.set_context(device_target=d.target, mode=ms.GRAPH_MODE)
    except ms.backends.BackendError as error:
        told = str(error)
    found.append([d.backend, d.target, d.available, d.reason, d.hint, told,
                  ms.backends.words.chinese(d.reason), ms.backends.words.chinese(d.hint)])
print(json.dumps(found))
"""


def listed(folder):
    """{(backend, target): [available, reason, hint, error, Chinese reason, Chinese hint]} where
    Python has only what lies in the folder."""
    env = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "MSLEARN_LANG")}
    env["PYTHONPATH"] = os.pathsep.join([str(ROOT), str(folder)])
    done = subprocess.run([sys.executable, "-S", "-c", PROGRAM], env=env, capture_output=True,
                          text=True, timeout=900)  # fmt: skip
    assert done.returncode == 0, done.stderr
    return {(row[0], row[1]): row[2:] for row in json.loads(done.stdout)}


def numpy_alone(folder):
    """The folder, with NumPy in it and nothing else."""
    package = Path(np.__file__).parent
    for one in (package, package.parent / "numpy.libs"):
        if one.exists():
            (folder / one.name).symlink_to(one)
    return folder


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    return listed(numpy_alone(tmp_path_factory.mktemp("site")))


def test_there_is_a_row_for_every_target(bare):
    assert set(bare) == set(EVERY) and bare["numpy", "CPU"][0]


@pytest.mark.parametrize(("backend", "target"), ABSENT)
def test_without_its_package_a_target_says_so(bare, backend, target):
    available, reason, hint, error, chinese, chinese_hint = bare[backend, target]
    assert not available
    assert f"the package {PACKAGES[backend]} is not installed" in reason
    assert f"没有安装 {PACKAGES[backend]} 这个包" in chinese
    assert hint and chinese_hint
    assert f"The target '{target}' cannot be reached from here" in error
    assert f"{target} by {backend}: {reason}. To get it: {hint}." in error
    assert "mslearn devices" in error


def test_a_package_that_does_not_load_is_not_called_absent(tmp_path):
    made = [tmp_path / name for name in ("onnxruntime", "openvino")]
    for one, text in zip(made, ("ImportError('libonnx.so.1: wrong ELF class')", "OSError('no')"),
                         strict=True):  # fmt: skip
        one.mkdir()
        (one / "__init__.py").write_text(f"raise {text}\n", encoding="utf-8")
    found = listed(numpy_alone(tmp_path))
    assert (
        found["onnxruntime", "ONNX-CPU"][1]
        == "onnxruntime is installed, but does not load: libonnx.so.1: wrong ELF class"
    )
    assert found["openvino", "Intel"][4] == "装了 openvino，但载入失败：no"


@pytest.fixture
def no_drivers(monkeypatch):
    """No device files and no libraries on the loader's path."""
    monkeypatch.setattr(loading.glob, "glob", lambda pattern: [])
    monkeypatch.setattr(providers.ctypes.util, "find_library", lambda name: None)
    monkeypatch.setattr(providers.sys, "platform", "linux")


LACKS = {
    "Ascend": ["no CANNExecutionProvider", "libascendcl.so is not found", "no /dev/davinci*"],
    "Qualcomm": ["the package onnxruntime-qnn is not installed"],
    "Intel": ["the package onnxruntime-ep-openvino is not installed", "no /dev/accel/accel*",
              "libze_intel_vpu.so or libze_intel_npu.so is not found"],
    "AMD": ["no VitisAIExecutionProvider", "no /dev/accel/accel*"],
    "Apple": ["no CoreMLExecutionProvider"],
    "DirectML": ["no DmlExecutionProvider"],
    "GPU": ["no CUDAExecutionProvider", "libcuda.so is not found"],
    "TensorRT": ["no TensorrtExecutionProvider", "libnvinfer.so is not found"],
    "MIGraphX": ["no MIGraphXExecutionProvider", "libmigraphx_c.so is not found", "no /dev/kfd"],
    "WebGPU": ["the package onnxruntime-ep-webgpu is not installed", "/dev/dri/renderD"],
    "ONNX-CPU": [],
}  # fmt: skip


def test_every_provider_is_in_the_table_above():
    assert set(LACKS) == set(providers.PROVIDERS)


@pytest.mark.parametrize("target", LACKS)
def test_what_a_provider_lacks_is_told(no_drivers, monkeypatch, target):
    monkeypatch.setattr(providers, "installed", lambda name: False)
    one = providers.PROVIDERS[target]
    text = providers.missing(one, ["CPUExecutionProvider"], "onnxruntime 1.31")
    assert text.count(";") == max(0, len(LACKS[target]) - 1)
    for part in LACKS[target]:
        assert part in text
    assert words.chinese(text) != text or not text
    built_in = providers.missing(one, [one.name], "onnxruntime 1.31")
    assert "ExecutionProvider" not in built_in and "package" not in built_in


def test_a_library_on_the_search_path_is_found(no_drivers, monkeypatch, tmp_path):
    monkeypatch.undo()
    (tmp_path / "libascendcl.so").write_bytes(b"")
    monkeypatch.setenv("LD_LIBRARY_PATH", str(tmp_path))
    assert providers.library("ascendcl") and not providers.library("no_such_thing")


@pytest.mark.parametrize(
    ("one", "target", "parts"),
    [
        (MindSporeBackend, "Ascend", ["mindspore", "libascendcl.so is not found", "/dev/davinci*"]),
        (CupyBackend, "GPU", ["libcuda.so is not found", "/dev/nvidia*", "cupy"]),
    ],
)
def test_drivers_that_other_backends_miss(no_drivers, one, target, parts):
    info = one().probe(target)
    assert not info.available and all(p in info.reason for p in parts) and info.hint


GONE = [t for t in providers.PROVIDERS if t not in ("ONNX-CPU", "Qualcomm", "WebGPU")]


@pytest.mark.filterwarnings("ignore:Specified provider")
@pytest.mark.parametrize("target", GONE)
def test_a_provider_that_has_vanished_is_not_replaced_by_the_cpu(target):
    """onnxruntime itself warns and takes the CPU where a provider is not there."""
    pytest.importorskip("onnxruntime")
    one = providers.PROVIDERS[target]
    x = ms.Tensor(np.ones(3, np.float32))
    graph = capture(lambda a: ops.relu(a) * 2, [x]).graph
    with pytest.raises(BackendError) as caught:
        OnnxRuntimeBackend().compile(graph, target)
    text = str(caught.value)
    assert f"'{target}' ({one.name})" in text and "CPU EP has been explicitly disabled" in text
    assert "mslearn devices" in text and not caught.value.refused


# ----------------------------------------------------------------------------------- refusals


def loop(x):
    while x.sum() < 100:
        x = x * x
    return x.sum()


F = np.arange(1, 5, dtype=np.float32)
REFUSALS = {
    "no operator": (lambda x: ops.cholesky(ops.diag(x)), F, "Cholesky", "no such operator"),
    "dtype": (lambda x: ops.bitwise_and(x, x), F.astype(np.int32), "BitwiseAnd", "for int32"),
    "complex": (lambda x: x * x, F.astype(np.complex64), "Mul", "no complex arithmetic"),
    "shape of numbers": (lambda x: ops.unique(x)[0], F, "Unique", ""),
    "second gradient of a loop": (ms.grad(ms.grad(loop)), F, "LoopGrad", "second derivative"),
    "kernel": (lambda x: ops.erf(x), F.astype(np.float64), "Erf", "not find an implementation"),
}


@pytest.mark.parametrize("kind", REFUSALS)
def test_onnxruntime_refuses_by_name_line_and_reason_or_falls_back(kind):
    pytest.importorskip("onnxruntime")
    function, array, name, reason = REFUSALS[kind]
    x = ms.Tensor(array)
    if kind == "shape of numbers":
        with pytest.warns(UserWarning, match="on the CPU and not on 'ONNX-CPU'"):
            ms.jit(function, backend="ONNX-CPU")(x)
        return
    with pytest.raises(BackendError) as caught:
        ms.jit(function, backend="ONNX-CPU")(x)
    text = str(caught.value)
    assert name in text and reason in text and "test_messages.py" in text
    assert 'ms.jit(…, fallback="cpu")' in text and 'configure("ONNX-CPU"' in text
    assert {n.prim.name for n in caught.value.refused} == {name}
    with pytest.warns(UserWarning, match=f"lacks them: {name}"):
        found = ms.jit(function, backend="ONNX-CPU", fallback="cpu")(x)
    np.testing.assert_array_equal(found.asnumpy(), ms.jit(function)(x).asnumpy())


@pytest.mark.parametrize("one", [MindSporeBackend, OpenVinoBackend, CupyBackend])
@pytest.mark.parametrize("kind", ["no operator", "dtype", "complex", "second gradient of a loop"])
def test_the_other_backends_say_what_they_cannot_write(one, kind):
    """Writing needs no runtime, so this runs everywhere; a reason is a clause of one line."""
    function, array, name, _ = REFUSALS[kind]
    graph = ms.jit(function).compile((ms.Tensor(array),), {}).graph
    node = [n for n in graph.nodes if n.prim.name == name][-1]
    why = one().supports(node, one.targets[0])
    takes = one is CupyBackend and kind in ("no operator", "dtype")
    assert (why == "") == takes and "\n" not in why


@pytest.mark.parametrize("target", [*(t for t in providers.PROVIDERS if t != "ONNX-CPU")])
def test_devices_take_no_tensor_without_elements(target):
    graph = ms.jit(lambda x: x * 2).compile((ms.Tensor(np.ones((0, 3), np.float32)),), {}).graph
    assert "has no elements" in OnnxRuntimeBackend().supports(graph.nodes[0], target)
    assert not OnnxRuntimeBackend().supports(graph.nodes[0], "ONNX-CPU")
    assert "has no elements" in OpenVinoBackend().supports(graph.nodes[0], "Intel")


# ----------------------------------------------------------------------------------- settings


def test_an_option_that_no_documentation_names_is_a_warning():
    one = providers.PROVIDERS["Qualcomm"]
    with pytest.warns(UserWarning, match=r"no option 'soc_modl'\. Did you mean 'soc_model'"):
        found = providers.chosen_options(one, "Qualcomm", {"soc_modl": 57})
    assert found["soc_modl"] == "57"
    with pytest.raises(BackendError, match=r"has no provider_options, but got \['use_arena'\]"):
        ms.jit(lambda x: x * 2, backend="ONNX-CPU", provider_options={"use_arena": 1})(ms.Tensor(F))


@pytest.mark.parametrize("target", providers.PROVIDERS)
def test_device_id_says_which_of_several(target):
    one = providers.PROVIDERS[target]
    try:
        ms.set_context(device_id=1)
        if target == "ONNX-CPU":
            assert providers.chosen_options(one, target, {}) == {}
        elif one.number:
            assert providers.chosen_options(one, target, {})[one.number] == "1"
            given = {one.number: "2"}
            assert providers.chosen_options(one, target, given)[one.number] == "2"
        else:
            with pytest.raises(BackendError, match=f"'{target}' cannot be told which device"):
                providers.chosen_options(one, target, {})
    finally:
        ms.set_context(device_id=0)
    assert one.number not in providers.chosen_options(one, target, {})
    assert not one.keys or {*one.options, *filter(None, [one.number])} <= set(one.keys.split())


def test_openvino_counts_gpus_only():
    try:
        ms.set_context(device_id=1)
        for target, (device, *_) in DEVICES.items():
            if device == "NPU":
                with pytest.raises(BackendError, match="cannot be told which device"):
                    settings.device_number(target, device == "GPU")
        assert settings.device_number("Intel-GPU", True) == 1
    finally:
        ms.set_context(device_id=0)


@pytest.mark.parametrize(
    ("given", "error", "text"),
    [
        ({"threads": 0}, ValueError, "threads must be at least 1"),
        ({"threads": "2"}, TypeError, "threads must be an int"),
        ({"provider_options": "fast"}, TypeError, "provider_options must be a dict"),
        ({"fallback": "gpu"}, ValueError, "fallback must be one of"),
    ],
)
def test_settings_of_another_kind(given, error, text):
    with pytest.raises(error, match=f"For 'configure', {text}"):
        backends.configure("NPU", **given)
    with pytest.raises(error, match=f"For 'jit', {text}"):
        ms.jit(lambda x: x * 2, backend="ONNX-CPU", **given)(ms.Tensor(F))


# ----------------------------------------------------------------------------------- the table


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_table_is_aligned_in_both_languages(language):
    *rows, last = backends.table(language).splitlines()
    ready = {"en": ", ", "zh": "、"}[language].join(
        d.target for d in backends.devices() if d.available
    )
    assert {"en": f"Ready here: {ready}.", "zh": f"本机可用：{ready}。"}[language] in last
    assert max(map(words.width, rows)) <= 97
    heads = [r for r in rows if not r.startswith(" ")]
    assert len(heads) == len(backends.devices()) + 1
    margin = " " * (max(len(d.target) for d in backends.devices()) + 2)
    assert all(r.startswith(margin) and r[len(margin)] != " " for r in rows if r not in heads)
    states = {"en": ("ready", "absent"), "zh": ("可用", "不可用")}[language]
    at = {words.width(r[: r.rindex(s)]) for r in heads[1:] for s in states[::-1] if f" {s} " in r}
    assert len(at) == 1
    for d in backends.devices():
        text = "".join(rows).replace(" ", "")
        wanted = words.chinese(d.reason) if language == "zh" else d.reason
        assert wanted.replace(" ", "") in text


def test_the_table_fits_a_narrow_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    for language in ("en", "zh"):
        rows = backends.table(language).splitlines()[:-1]
        long = [r for r in rows if words.width(r) > 60]
        assert not [r for r in long if " " in r.strip()], "only a word that is too long is not cut"


def test_the_language_is_the_camps_the_variables_or_the_options(monkeypatch, capsys, tmp_path):
    from mslearn.cli import main

    monkeypatch.setenv("MSLEARN_LANG", "zh")
    main(["devices"])
    found = capsys.readouterr().out
    assert found.startswith("目标") and backends.table() == found.rstrip("\n")
    main(["devices", "--lang", "en"])
    assert capsys.readouterr().out.startswith("target")
    ms.run_check()
    assert "mslearn 版本" in (text := capsys.readouterr().out) and backends.table("zh") in text
    monkeypatch.delenv("MSLEARN_LANG")
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    monkeypatch.setenv("MSLEARN_HOME", str(tmp_path))
    main(["devices"])
    assert capsys.readouterr().out.startswith("目标")


def test_long_lines_are_cut_where_a_reader_would():
    text = "安装 CANN 工具包（先 source set_env.sh），然后用 pip install onnxruntime-cann 代替。"
    for columns in range(20, 60):
        found = words.lines(text, columns)
        assert "".join(found).replace(" ", "") == text.replace(" ", "")
        assert all(words.width(line) <= columns for line in found)
        assert not any(line[0] in "，。；：、）" for line in found)
    english = words.lines("pip install onnxruntime-ep-openvino with it", 20)
    assert english == ["pip install", "onnxruntime-ep-openvino", "with it"]  # can be copied
