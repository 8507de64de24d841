"""Tracebacks in a lesson are short, name the learner's lines, and `%tb` still shows everything."""

import os
import re
import warnings

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from jupyter_client.manager import start_new_kernel
from waiting import LONG

from mslearn import camp
from mslearn.camp import slips
from mslearn.lab.launch import KERNEL_START

BEGIN = """
import mslearn as ms
from mslearn import nn, ops
from mslearn.dataset import NumpySlicesDataset
x = ops.ones((8, 4))
"""


@pytest.fixture
def shell():
    made = InteractiveShell.instance(colors="nocolor")
    slips.install()
    made.run_cell(BEGIN)
    yield made
    made.custom_exceptions = ()
    InteractiveShell.clear_instance()
    camp.set_language(None)


def said(shell, code):
    with capture_output() as caught:
        result = shell.run_cell(code)
    assert result.error_in_exec is not None
    return re.sub(r"\x1b\[[0-9;]*m", "", caught.stdout + caught.stderr)


def test_the_engines_lines_are_left_out(shell):
    text = said(shell, "def mine(y):\n    return x + y\n\nmine(ops.ones((8, 3)))")
    assert "mine(ops.ones((8, 3)))" in text and "return x + y" in text
    assert "do not broadcast" in text and "primitive.py" not in text
    assert "During handling" not in text and len(text.splitlines()) < 20
    with capture_output() as caught:
        shell.run_line_magic("tb", "")
    assert "primitive.py" in caught.stdout + caught.stderr


def test_the_learners_function_inside_the_engine_stays(shell):
    code = "rows = NumpySlicesDataset([1, 2], ['a']).map(lambda v: v.foo(), 'a')\nlist(rows)"
    text = said(shell, code)
    assert "direct cause" in text and "mapping.py" not in text and "list(rows)" in text


@pytest.mark.parametrize(
    ("code", "english", "chinese"),
    [
        ("nn.ReLU(x)", "made first", "先造好"),
        ("net(x)", "run since the kernel was started", "内核启动以后"),
        ("x.sum / 2", "Brackets are missing", "少了一对括号"),
        (
            "class Net(nn.Cell):\n    def construct(x):\n        return x\n\nNet()(x)",
            "begin with `self`",
            "`self`",
        ),
    ],
)
def test_pythons_own_errors_get_a_sentence(shell, code, english, chinese):
    for language, part in (("en", english), ("zh", chinese)):
        camp.set_language(language)
        assert part in said(shell, code)


def test_an_interrupted_cell_and_another_handler(shell):
    assert "KeyboardInterrupt" in said(shell, "raise KeyboardInterrupt")
    shell.set_custom_exc((ValueError,), lambda self, kind, error, tb, tb_offset=None: [])
    slips.install()
    assert shell.custom_exceptions == (ValueError,)  # somebody else's stays


def test_warnings_about_the_engines_lines_are_left_out(shell):
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        slips.install()
        shell.run_cell("ops.exp(ms.Tensor([1000.0]))\nms.jit(ops.exp)(x * 1e3)")
        assert seen == []
        shell.run_cell("import numpy as np\nnp.exp(np.float32(1000))")  # the learner's own stay
    assert [w.category for w in seen] == [RuntimeWarning]


def test_a_kernel_of_the_lab_begins_with_it(tmp_path):
    home = {name: str(tmp_path) for name in ("IPYTHONDIR", "MSLEARN_HOME")}
    environment = {**os.environ, **home, "PYTHONSTARTUP": str(KERNEL_START)}
    manager, client = start_new_kernel(startup_timeout=LONG, env=environment)
    try:
        answer = client.execute_interactive("net(1)", output_hook=lambda message: None)
        assert "Run All Above" in "".join(answer["content"]["traceback"])
        found = {"left": "'_slips' in globals()"}
        answer = client.execute_interactive("", user_expressions=found)
        assert answer["content"]["user_expressions"]["left"]["data"]["text/plain"] == "False"
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_a_graphs_function_keeps_its_name(shell):
    shell.run_cell("@ms.jit\ndef choose(a):\n    if a > 0:\n        return a\n    return -a")
    with pytest.raises(ValueError, match="truth value") as caught:
        shell.user_ns["choose"](shell.user_ns["x"])
    codes = [entry.frame.code.raw for entry in caught.traceback]
    (inner,) = [code for code in codes if "ipython" in code.co_filename or code.co_name == "choose"]
    assert inner.co_name == getattr(inner, "co_qualname", "choose") == "choose"
