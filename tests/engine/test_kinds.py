"""Types that no tensor holds, and names of `mindspore` that mean little on one CPU."""

from __future__ import annotations

import importlib

import numpy as np
import pytest

import mslearn as ms
from mslearn import Tensor


def test_kinds_are_told_apart_and_printed_as_mindspores():
    shown = {
        ms.int_: "Int", ms.uint: "UInt", ms.float_: "Float", ms.number: "Number",
        ms.string: "String", ms.list_: "List", ms.tuple_: "Tuple", ms.type_none: "None",
        ms.tensor_type: "Tensor", ms.TensorType(ms.float32): "Tensor[Float32]",
    }  # fmt: skip
    assert [str(kind) for kind in shown] == list(shown.values())
    assert [repr(kind) for kind in shown] == [
        f"mindspore.{name}"
        for name in ("int", "uint", "float", "number", "string_", "list_", "tuple_", "type_none",
                     "tensor", "tensor[float32]")
    ]  # fmt: skip
    assert ms.int_ == ms.Int() != ms.float_ and ms.tensor_type == ms.TensorType()
    assert ms.bool is ms.bool_ and ms.int is ms.int32 and ms.float is ms.float32


def test_kinds_cover_the_types_of_elements():
    assert isinstance(ms.int8, ms.Int) and isinstance(ms.int_, ms.Int)
    assert not isinstance(ms.uint8, ms.Int) and not isinstance(ms.bool_, ms.Int)
    assert isinstance(ms.float32, ms.Type) and isinstance(ms.string, ms.Type)
    assert isinstance(ms.float16, type(ms.float_)) and isinstance(ms.uint8, type(ms.number))
    assert isinstance(ms.tensor_type, ms.TensorType) and not isinstance(ms.int8, ms.TensorType)
    with pytest.raises(TypeError, match="not made"):
        ms.Type()
    with pytest.raises(TypeError):
        Tensor([1, 2], ms.int_)


def test_python_types_and_back():
    for python, kind in ((str, ms.string), (list, ms.list_), (tuple, ms.tuple_),
                         (type(None), ms.type_none), (int, ms.int64), (float, ms.float64),
                         (bool, ms.bool_)):  # fmt: skip
        assert ms.pytype_to_dtype(python) == kind
        assert ms.dtype_to_pytype(kind) is python
    assert ms.dtype_to_pytype(ms.int_) is int and ms.common.dtype.float_ is ms.float_
    with pytest.raises(NotImplementedError, match="dict"):
        ms.pytype_to_dtype(dict)
    with pytest.raises(AttributeError, match="float16"):
        ms.common.dtype.flaot16  # noqa: B018


def test_names_around_jit():
    @ms.constexpr
    def middle(n):
        return sum(i for i in range(n) if i % 2 == 0) // n

    @ms.jit_class
    class Scale:
        def __init__(self, by):
            self.by = by

    scale = Scale(3.0)

    @ms.enable_dynamic(x=Tensor(shape=[None, 2], dtype=ms.float32))
    @ms.jit
    def step(x, numbers):
        return x * numbers[0] + numbers[1] * scale.by + middle(6)

    for rows in (1, 3):
        x = Tensor(np.ones((rows, 2), np.float32))
        for numbers in ((1, 2.0), (4, 5.0)):
            found = step(x, ms.mutable(numbers))
            assert found.shape == (rows, 2)
            assert (found.asnumpy() == numbers[0] + numbers[1] * 3 + 1).all()
    for wrong, error in (({}, ValueError), ({"x": 3}, TypeError)):
        with pytest.raises(error, match="enable_dynamic"):
            ms.enable_dynamic(**wrong)


def test_names_that_mean_little_on_one_cpu(monkeypatch):
    monkeypatch.setattr("mslearn.runtime.checking._done", set())  # what is set once in a process
    sparse = ms.SparseTensor(Tensor([[0, 1], [1, 2]]), Tensor([1.0, 2.0]), (3, 4))
    assert isinstance(sparse, ms.COOTensor) and sparse.to_dense().asnumpy()[1, 2] == 2
    with ms.DeviceCtx("cpu"):
        assert Tensor([1.0]).shape == (1,)
    with pytest.raises(ValueError, match="ascend"):
        ms.DeviceCtx("ascend")
    assert ms.ms_memory_recycle() is ms.set_kernel_launch_group() is None
    with pytest.raises(RuntimeError, match="'set_kernel_launch_group' has been"):
        ms.set_kernel_launch_capture(True)


def test_a_run_context_by_hand():
    context = ms.RunContext({"cur_epoch_num": 2})
    assert context.original_args()["cur_epoch_num"] == 2 and not context.get_stop_requested()
    context.request_stop()
    assert context.get_stop_requested()
    with pytest.raises(TypeError, match="dict"):
        ms.RunContext(3)


def test_mindrecord_by_its_names_in_mindspore(tmp_path):
    file = str(tmp_path / "rows.mindrecord")
    writer = ms.FileWriter(file)
    writer.add_schema({"n": {"type": "int32"}}, "numbers")
    writer.write_raw_data([{"n": i} for i in range(5)])
    writer.commit()
    reader = ms.FileReader(file)
    assert [int(row["n"]) for row in reader.get_next()] == [0, 1, 2, 3, 4]
    reader.close()
    pages = ms.MindPage(file)
    assert pages.candidate_fields == ["n"]
    assert ms.CsvToMR is importlib.import_module("mslearn.mindrecord").CsvToMR


def test_an_import_by_a_path_hides_no_function():
    import mslearn.common.mutable
    import mslearn.train.data_sink

    assert mslearn.train.data_sink.data_sink is mslearn.train.sink.data_sink
    assert mslearn.common.mutable(3).item() == 3
    with pytest.raises(AttributeError, match="Dense"):
        importlib.import_module("mslearn.nn.layer").Dens  # noqa: B018


def test_all_names_at_once_hide_none_of_pythons():
    names: dict = {}
    exec("from mslearn import *", names)
    assert {"Tensor", "Model", "jit", "load_checkpoint", "float32", "FileWriter"} <= set(names)
    assert not {"int", "float", "bool", "insight", "numpy"} & set(names)
