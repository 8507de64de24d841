"""Operations beyond the goldens: waiting, callbacks, settings, steps, bad data, missing files."""

import json
import threading

import numpy as np
import pytest
from dataset.trees import image, png, write

import mslearn as ms
import mslearn.dataset as ds
from mslearn import nn
from mslearn.dataset import vision


def numbers(n=6, **kwargs):
    kwargs.setdefault("shuffle", False)
    return ds.NumpySlicesDataset(np.arange(n), ["x"], **kwargs)


def values(dataset):
    return [row[0].tolist() for row in dataset.create_tuple_iterator(None, 1, True)]


def test_sync_wait_lets_rows_through_one_by_one():
    told = []
    data = numbers().sync_wait("policy", num_batch=2, callback=told.append).batch(2)
    seen = []
    for row in data.create_dict_iterator(num_epochs=1, output_numpy=True):
        seen.append(row["x"].tolist())
        data.sync_update("policy", data={"loss": len(seen)})
    assert seen == [[0, 1], [2, 3], [4, 5]] and told == [{"loss": k} for k in (1, 2, 3)]
    assert data.is_sync() and not numbers().is_sync()
    assert list(data.get_sync_notifiers()) == ["policy"]
    with pytest.raises(RuntimeError, match=r"'polcy' not found.*Did you mean 'policy'"):
        data.sync_update("polcy")
    with pytest.raises(RuntimeError, match="already in use"):
        data.sync_wait("policy")
    iterator = data.create_tuple_iterator()
    next(iterator)
    del iterator  # its thread waits at the gate, and ends
    data.disable_sync()


def test_a_pipeline_that_waits_can_be_stopped():
    before = set(threading.enumerate())
    data = numbers(100).sync_wait("gate")
    iterator = data.create_tuple_iterator(num_epochs=1)
    next(iterator)
    data.sync_update("gate")
    next(iterator)
    iterator.stop()
    for thread in set(threading.enumerate()) - before:
        thread.join(120)
        assert not thread.is_alive()


def test_device_que_and_getters():
    data = numbers().batch(4).device_que()
    assert values(data) == [[0, 1, 2, 3], [4, 5]] and data.get_batch_size() == 4
    data.send(), data.stop_send(), data.continue_send(), data.release()
    types, shapes = data.get_data_info()
    assert types == [np.dtype("i8")] and shapes == [[4]]


def test_callbacks_are_called_in_order():
    log = []

    class Note(ds.DSCallback):
        def ds_begin(self, context):
            log.append("begin")

        def ds_epoch_begin(self, context):
            log.append(f"epoch {context.cur_epoch_num}")

        def ds_epoch_end(self, context):
            log.append("end")

        def ds_step_begin(self, context):
            log.append(f"step {context.cur_step_num} {context.cur_step_num_in_epoch}")

        def ds_step_end(self, context):
            log.append("done")

    data = numbers(4).map(lambda x: x, "x", callbacks=Note(step_size=2))
    iterator = data.create_tuple_iterator(num_epochs=2)
    for _ in range(2):
        list(iterator)
    assert log == [
        "begin", "epoch 1", "step 1 1", "done", "step 3 3", "done", "end",
        "epoch 2", "step 5 1", "done", "step 7 3", "done", "end",
    ]  # fmt: skip
    with pytest.raises(TypeError, match="DSCallback"):
        numbers().map(abs, "x", callbacks=[3])


def test_a_waited_callback_follows_training():
    log = []

    class Follow(ds.WaitedDSCallback):
        def sync_step_begin(self, train_run_context, ds_run_context):
            log.append((ds_run_context.cur_step_num, train_run_context.cur_step_num))

    follow = Follow()
    data = ds.NumpySlicesDataset(
        {"x": np.ones((4, 2), np.float32), "y": np.ones((4, 1), np.float32)}, shuffle=False
    )
    data = data.map(lambda x: x, "x", callbacks=follow).batch(1)
    net = nn.Dense(2, 1)
    model = ms.train.Model(net, nn.MSELoss(), nn.SGD(net.trainable_params(), 0.1))
    model.train(1, data, callbacks=[follow])
    assert log == [(2, 1), (3, 2), (4, 3)]


def test_training_shuffles_every_epoch_anew_as_mindspore_does():
    ds.config.set_seed(1)
    seen = []

    class Record(ms.train.Callback):
        def on_train_step_end(self, run_context):
            row = run_context.original_args().train_dataset_element
            seen.append(row[0].asnumpy().ravel().tolist())

    columns = {"x": np.arange(4, dtype=np.float32)[:, None], "y": np.ones((4, 1), np.float32)}
    data = ds.NumpySlicesDataset(columns, shuffle=True).batch(4)
    net = nn.Dense(1, 1)
    model = ms.train.Model(net, nn.MSELoss(), nn.SGD(net.trainable_params(), 0.01))
    model.train(3, data, callbacks=[Record()])
    assert seen == [[1, 0, 2, 3], [2, 1, 3, 0], [0, 1, 2, 3]], "MindSpore 2.10's orders"


def test_steps_that_were_trained_before_are_skipped():
    data = numbers()
    data.set_init_step(8)
    iterator = data.create_tuple_iterator(output_numpy=True)
    assert [[r[0].tolist() for r in iterator] for _ in range(2)] == [
        [2, 3, 4, 5],
        [0, 1, 2, 3, 4, 5],
    ]
    assert data.get_init_step() == 8


SETTINGS = [
    ("seed", 7), ("prefetch_size", 5), ("num_parallel_workers", 1), ("callback_timeout", 9),
    ("multiprocessing_timeout_interval", 9), ("monitor_sampling_interval", 9),
    ("numa_enable", True), ("enable_shared_mem", False), ("enable_watchdog", False),
    ("auto_num_workers", True), ("auto_offload", True), ("dynamic_shape", True),
    ("fast_recovery", False), ("enable_autotune", True), ("autotune_interval", 3),
    ("debug_mode", True), ("multiprocessing_start_method", "spawn"), ("video_backend", "Ascend"),
    ("error_samples_mode", ds.ErrorSamplesMode.SKIP),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), SETTINGS)
def test_settings_are_kept(name, value):
    getter, setter = getattr(ds.config, f"get_{name}"), getattr(ds.config, f"set_{name}")
    before = getter()
    try:
        setter(value)
        assert getter() == value
        with pytest.raises((TypeError, ValueError)):
            setter([])
    finally:
        setter(before)


def test_settings_from_a_file(tmp_path):
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"seed": 123, "opConnectorSize": 16}))
    ds.config.load(str(path))
    assert ds.config.get_seed() == 123
    path.write_text("[1]")
    with pytest.raises(RuntimeError, match="holds a list"):
        ds.config.load(str(path))
    ds.config.set_iterator_mode(do_copy=True)
    assert ds.config.get_iterator_mode() == {"do_copy": True, "parallel_convert": False}
    ds.config.set_iterator_mode()
    ds.config.set_sending_batches(3)
    ds.config.set_sending_batches(0)


def test_debug_hooks_see_every_stage():
    seen = []
    ds.config.set_debug_mode(True, [lambda row: seen.append(int(row[0]))])
    try:
        values(numbers(2).map([lambda x: x + 10, lambda x: x * 2], "x"))
    finally:
        ds.config.set_debug_mode(False)
    assert seen == [0, 10, 20, 1, 11, 22]


def test_a_cache_is_accepted():
    cache = ds.DatasetCache(1, size=0)
    assert values(numbers().map(lambda x: x, "x", cache=cache)) == list(range(6))
    assert cache.get_stat()["num_mem_cached"] == 0
    with pytest.raises(TypeError, match="DatasetCache"):
        numbers().map(abs, "x", cache=3)


SCHEMAS = [
    (lambda s: s.add_column(3, "int8"), TypeError, "name must be a string"),
    (lambda s: s.add_column("a", "int33"), TypeError, "unknown type 'int33'"),
    (lambda s: s.add_column("a", "int8", 3), TypeError, "shape must be a list"),
    (lambda s: s.parse_columns(3), TypeError, "list or dict"),
    (lambda s: s.parse_columns([{"name": "a"}]), ValueError, "name and a type"),
    (lambda s: s.from_json({}), RuntimeError, "'columns' is missing"),
    (lambda s: ds.Schema("/nothing"), RuntimeError, "cannot read"),
]


@pytest.mark.parametrize(("wrong", "error", "message"), SCHEMAS)
def test_wrong_schemas(wrong, error, message):
    with pytest.raises(error, match=message):
        wrong(ds.Schema())


def test_a_schema_comes_back(tmp_path):
    schema = ds.Schema()
    schema.add_column("a", ms.int32, [2])
    schema.parse_columns({"a": {"type": "int8", "shape": [3]}, "b": {"type": "string"}})
    (tmp_path / "schema.json").write_text(schema.to_json())
    assert ds.Schema(str(tmp_path / "schema.json")).columns == schema.columns
    assert schema.get_num_rows() == 0 and '"b"' in str(schema)


PADDING = [
    (lambda: numbers().padded_batch(2, pad_info=3), TypeError, "pad_info must be a dict"),
    (lambda: numbers().padded_batch(2, pad_info={"x": 3}), TypeError, r"\(shape or None"),
    (lambda: numbers().padded_batch(0), ValueError, "batch_size"),
    (lambda: numbers().bucket_batch_by_length("x", [3, 2], [1, 1, 1]), ValueError, "must grow"),
    (lambda: numbers().bucket_batch_by_length("x", [3], [1]), ValueError, "one element more"),
    (lambda: numbers().bucket_batch_by_length(["x", "y"], [3], [1, 1]), ValueError, "exactly one"),
    (lambda: list(numbers().padded_batch(2, pad_info={"y": ([1], 0)})), RuntimeError, "'y'"),
    (lambda: list(numbers().padded_batch(2, pad_info={"x": ([1], 0)})), RuntimeError, "rank"),
    (lambda: list(numbers().bucket_batch_by_length("x", [3], [1, 1])), RuntimeError, "no length"),
    (lambda: numbers().flat_map(lambda x: 3), TypeError, "must return a Dataset"),
]


@pytest.mark.parametrize(("make", "error", "message"), PADDING)
def test_wrong_padding(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_texts_are_padded():
    rows = [(np.array(["a", "bc"][: i % 2 + 1]),) for i in range(2)]
    data = ds.GeneratorDataset(rows, ["w"], shuffle=False)
    assert values(data.padded_batch(2, pad_info={"w": (None, "-")})) == [[["a", "-"], ["a", "bc"]]]


# Bad data: which file, which sample, what to do.


def folder_of_images(root, broken):
    for k in range(4):
        write(root / "class" / f"{k}.png", png(image(k)) if k != 2 else broken)
    return root


@pytest.mark.parametrize("broken", [png(image(1))[:60], b"no image at all", b""])
def test_a_corrupt_image_is_named(tmp_path, broken):
    root = folder_of_images(tmp_path, broken)
    data = ds.ImageFolderDataset(root, decode=True, shuffle=False)
    seen = []
    with pytest.raises(RuntimeError, match=r"2\.png"):
        for row in data.create_tuple_iterator(num_epochs=1, output_numpy=True):
            seen.append(row)
    assert len(seen) == 2, "images before it arrive"


def test_a_corrupt_image_in_map_names_sample_and_file(tmp_path):
    data = ds.ImageFolderDataset(folder_of_images(tmp_path, b"no image"), shuffle=False)
    with pytest.raises(RuntimeError, match=r"'Decode' failed on sample 2.*2\.png"):
        list(data.map(vision.Decode(), "image"))
    shuffled = ds.ImageFolderDataset(tmp_path, shuffle=True)
    with pytest.raises(RuntimeError, match=r"'Decode' failed on sample.*2\.png"):
        list(shuffled.map(lambda x: x, "image").map(vision.Decode(), "image"))


def test_bad_samples_of_sources_can_be_left_out(tmp_path):
    data = ds.ImageFolderDataset(folder_of_images(tmp_path, b"no image"), shuffle=False)
    ds.config.set_error_samples_mode(ds.ErrorSamplesMode.SKIP)
    try:
        assert len(list(data.map(vision.Decode(), "image"))) == 3
    finally:
        ds.config.set_error_samples_mode(ds.ErrorSamplesMode.RETURN)


def text(tmp_path, content, name="a.txt"):
    (tmp_path / name).write_bytes(content)
    return str(tmp_path / name)


MISSING = [
    (lambda p: ds.ImageFolderDataset(p / "no"), ValueError, "'.*no' does not exist"),
    (lambda p: list(ds.ImageFolderDataset(p)), RuntimeError, "no images in.*folder for each class"),
    (lambda p: list(ds.Cifar10Dataset(p)), RuntimeError, "data_batch_1.bin.*found"),
    (lambda p: ds.Cifar10Dataset(p, "tran"), ValueError, "Did you mean 'train'"),
    (lambda p: list(ds.CelebADataset(p)), RuntimeError, "list_attr_celeba.txt"),
    (lambda p: ds.VOCDataset(p), ValueError, "train.txt' does not exist"),
    (lambda p: ds.VOCDataset(p, "Detecton"), ValueError, "Did you mean 'Detection'"),
    (lambda p: ds.CocoDataset(p, p / "a.json"), ValueError, "a.json' does not exist"),
    (lambda p: list(ds.IMDBDataset(p)), RuntimeError, "pos' is missing"),
    (lambda p: ds.CoNLL2000Dataset(p), ValueError, r"lacks \['test.txt', 'train.txt'\]"),
    (lambda p: ds.TextFileDataset(str(p / "*.csv")), ValueError, "did not match any files"),
    (lambda p: ds.ManifestDataset(p / "m"), ValueError, "m' does not exist"),
    (lambda p: ds.FlickrDataset(p, p / "m"), ValueError, "m' does not exist"),
    (lambda p: ds.EMnistDataset(p, "leters"), ValueError, "Did you mean 'letters'"),
    (lambda p: list(ds.QMnistDataset(p)), RuntimeError, "looked for"),
    (lambda p: ds.TFRecordDataset(str(p / "x")), ValueError, "did not match any files"),
    (
        lambda p: list(ds.TextFileDataset(text(p, b"ok\n\xff\xfe\n"))), RuntimeError,
        "line 2 of.*a.txt' is not UTF-8.*gbk",
    ),
    (lambda p: list(ds.TextFileDataset(text(p, b"\n\n"))), RuntimeError, "no data found"),
    (
        lambda p: list(ds.CSVDataset(text(p, b"a,b\n1\n"), shuffle=False)), RuntimeError,
        r"line 2 of.*has 1 values, but there are 2 columns \['a', 'b'\]",
    ),
    (
        lambda p: list(ds.CSVDataset(text(p, b"a\nx\n"), column_defaults=[1])), RuntimeError,
        "line 2.*'x' in column 'a' is no int",
    ),
    (
        lambda p: list(ds.CLUEDataset(text(p, b'{"a": 1}\n'), "CSL")), RuntimeError,
        "line 1 of.*KeyError: 'abst'",
    ),
    (
        lambda p: list(ds.Cifar10Dataset((text(p, b"123", "test_batch.bin"), p)[1])), RuntimeError,
        "test_batch.bin' has 3 bytes.*3073",
    ),
    (
        lambda p: list(ds.CocoDataset(p, text(p, b"{}", "a.json"))), RuntimeError,
        "a.json' is not an annotation file.*'images'",
    ),
    (
        lambda p: list(ds.ManifestDataset(text(p, b"[]\n", "m"))), RuntimeError,
        "line 1 of.*m' must",
    ),
    (lambda p: list(ds.FlickrDataset(p, text(p, b"x y\n", "m"))), RuntimeError, "line 1 of.*tab"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "error", "message"), MISSING)
def test_bad_files_are_named(tmp_path, make, error, message):
    with pytest.raises(error, match=message):
        make(tmp_path)


def test_a_weighted_sampler_draws_at_most_as_many_rows_as_there_are():
    sampler = ds.WeightedRandomSampler([1.0] * 4, num_samples=9)  # MindSpore draws 4 as well
    data = ds.NumpySlicesDataset([0, 1, 2, 3], ["n"], sampler=sampler)
    assert data.get_dataset_size() == len(list(data)) == 4
