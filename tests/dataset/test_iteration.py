"""Iterators, epochs, laziness, and what a pipeline answers about itself."""

import itertools

import numpy as np
import pytest

import mslearn as ms
import mslearn.dataset as ds


def numbers(n=5, **kwargs):
    kwargs.setdefault("shuffle", False)
    return ds.NumpySlicesDataset(np.arange(n), ["x"], **kwargs)


def values(iterator):
    return [int(row[0]) for row in iterator]


def test_rows_are_tensors():
    (x,) = next(iter(numbers().batch(2)))
    assert isinstance(x, ms.Tensor) and x.asnumpy().tolist() == [0, 1]
    row = next(numbers().create_dict_iterator())
    assert list(row) == ["x"] and isinstance(row["x"], ms.Tensor) and row["x"].shape == ()
    (x,) = next(numbers().create_tuple_iterator(output_numpy=True))
    assert type(x) is np.ndarray and x.shape == ()


def test_epochs_of_one_iterator():
    iterator = numbers(3).create_tuple_iterator()
    assert [values(iterator) for _ in range(3)] == [[0, 1, 2]] * 3
    iterator = numbers(3).create_tuple_iterator(num_epochs=2)
    assert [values(iterator) for _ in range(2)] == [[0, 1, 2]] * 2
    with pytest.raises(RuntimeError, match=r"epochs.*used up"):
        next(iterator)


def test_each_epoch_has_another_order_and_each_iterator_the_same():
    for data in (numbers(30, shuffle=True), numbers(30).shuffle(30)):
        iterator = data.create_tuple_iterator()
        first, second = values(iterator), values(iterator)
        assert sorted(first) == sorted(second) == list(range(30)) and first != second
        assert values(data) == first


def test_without_a_seed_orders_differ():
    ds.config.set_seed(5489)  # MindSpore's way to say: none
    data = numbers(200, shuffle=True)
    assert values(data) != values(data)


def test_breaking_off_and_reset():
    data = numbers(4)
    iterator = data.create_tuple_iterator()
    assert [int(row[0]) for row in itertools.islice(iterator, 2)] == [0, 1]
    assert values(iterator) == [2, 3], "a broken epoch goes on"
    next(iterator)
    data.reset()
    assert values(iterator) == [0, 1, 2, 3]


def test_endless_repeat_and_endless_generator():
    endless = numbers(2).repeat()
    assert values(itertools.islice(iter(endless), 5)) == [0, 1, 0, 1, 0]
    assert endless.get_dataset_size() == 2
    counter = ds.GeneratorDataset(lambda: ((i,) for i in itertools.count()), ["x"])
    assert values(counter.map(lambda x: x * 2, "x").take(3)) == [0, 2, 4]
    assert numbers(2).skip(2).repeat().create_tuple_iterator().__next__ is not None
    assert values(numbers(2).skip(2).repeat()) == []


def test_a_generator_object_serves_every_epoch():
    data = ds.GeneratorDataset((i for i in range(3)), ["x"])
    assert [int(row[0]) for row in itertools.islice(iter(data), 2)] == [0, 1]
    assert values(data) == values(data) == [0, 1, 2]
    assert data.get_dataset_size() == 3


def test_the_first_row_starts_nothing_and_debug_mode_is_in_step():
    seen = []

    def note(x):
        seen.append(int(x))
        return x

    iterator = iter(numbers().map(note, "x"))
    assert seen == []
    next(iterator)
    assert seen == [0]
    seen.clear()
    ds.config.set_debug_mode(True)
    try:
        iterator = iter(numbers().map(note, "x"))
        for expected in ([0], [0, 1], [0, 1, 2]):
            next(iterator)
            assert seen == expected
    finally:
        ds.config.set_debug_mode(False)


def test_functions_see_one_row_after_the_other():
    log = []

    def first(x):
        log.append(("first", int(x)))
        return x

    def second(x):
        log.append(("second", int(x)))
        return x

    list(numbers(2).map([first, second], "x").batch(2))
    assert log == [("first", 0), ("second", 0), ("first", 1), ("second", 1)]


def test_nodes_are_lazy_and_do_not_change():
    data = numbers()
    doubled = data.map(lambda x: x * 2, "x")
    assert values(data) == [0, 1, 2, 3, 4] and values(doubled) == [0, 2, 4, 6, 8]
    assert doubled.children == [data]


def test_answers():
    data = numbers(7).batch(3).repeat(2)
    assert (data.get_dataset_size(), data.get_batch_size(), data.get_repeat_count()) == (6, 3, 2)
    assert data.output_shapes() == [[3]] and data.output_types() == [np.dtype("i8")]
    assert numbers().filter(lambda x: x > 2).get_dataset_size() == 2
    assert data.apply(lambda d: d.take(1)).get_dataset_size() == 1


def test_split_parts_do_not_overlap():
    def first(part, epoch):
        iterator = part.create_tuple_iterator(output_numpy=True)
        for _ in range(epoch):
            list(iterator)
        return [int(row[0].reshape(-1)[0]) for row in iterator]

    shuffled = numbers(20, shuffle=True)
    for data in (numbers(20), shuffled, numbers(40).batch(2), shuffled.batch(1)):
        for seed in (3, 5489):
            ds.config.set_seed(seed)
            train, test = data.split([0.75, 0.25])
            assert (len(train), len(test)) == (15, 5)
            assert len({*first(train, 0), *first(test, 0)}) == 20
            assert len({*first(train, 1), *first(test, 0)}) == 20, "in later epochs too"


def test_custom_sampler():
    class Backwards(ds.Sampler):
        def __iter__(self):
            yield from reversed(range(self.dataset_size))

    assert values(numbers(sampler=Backwards(), shuffle=None)) == [4, 3, 2, 1, 0]
    assert values(numbers(sampler=range(4, 0, -2), shuffle=None)) == [4, 2]


def test_workers_beyond_the_cores_are_clamped():
    with pytest.warns(RuntimeWarning, match="using"):
        data = numbers().map(lambda x: x, "x", num_parallel_workers=4096)
    assert values(data) == [0, 1, 2, 3, 4]


def test_random_transforms_repeat_with_the_seed():
    from mslearn.dataset import transforms, vision

    images = ds.NumpySlicesDataset(np.arange(200 * 4).reshape(200, 1, 4, 1), ["x"], shuffle=False)
    flip = vision.RandomHorizontalFlip(0.5)
    both = transforms.RandomApply([vision.HorizontalFlip(), vision.RandomCrop((1, 2))], 0.5)
    for op in (flip, vision.RandomCrop((1, 2)), both, transforms.RandomChoice([flip, both])):
        data = images.map(op, "x")
        rows = [[r[0].asnumpy().tolist() for r in data] for _ in range(2)]
        assert rows[0] == rows[1]
        ds.config.set_seed(9)
        assert [r[0].asnumpy().tolist() for r in data] != rows[0]
        ds.config.set_seed(1)
    flipped = sum(int(r[0].asnumpy()[0, 0, 0]) % 4 == 3 for r in images.map(flip, "x"))
    assert 70 < flipped < 130


def test_examples_in_docstrings(tmp_path, monkeypatch):
    import doctest
    import importlib
    import pkgutil

    monkeypatch.setenv("MSLEARN_HOME", str(tmp_path))
    tried = 0
    for module in pkgutil.walk_packages(ds.__path__, "mslearn.dataset."):
        result = doctest.testmod(importlib.import_module(module.name))
        assert result.failed == 0, module.name
        tried += result.attempted
    assert tried > 20
