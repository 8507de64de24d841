"""Pipelines that run unchanged on mslearn and on real MindSpore.

record_goldens.py runs them on MindSpore and stores rows, names, sizes and types; test_golden.py
runs them on mslearn and compares everything, exactly. Each takes a namespace `m` with `ms`, `ds`,
`vision`, `transforms` and `mnist` (the folder of prepare("mnist")).
"""

import os
import sys

import numpy as np

PIPELINES = {}


def pipeline(function):
    PIPELINES[function.__name__] = function
    return function


def numbers(m, n=7, **kwargs):
    kwargs.setdefault("shuffle", False)
    return m.ds.NumpySlicesDataset(np.arange(n), ["x"], **kwargs)


def pairs(m, n=6):
    data = {"a": np.arange(n, dtype=np.int32), "b": np.linspace(0, 1, n), "c": np.eye(n)}
    return m.ds.NumpySlicesDataset(data, shuffle=False)


def images(m, shape=(5, 4, 3), dtype=np.uint8, n=3):
    values = np.random.RandomState(0).randint(0, 256, (n, *shape)).astype(dtype)
    return m.ds.NumpySlicesDataset(values, ["image"], shuffle=False)


class Squares:
    def __len__(self):
        return 9

    def __getitem__(self, i):
        return np.array(i * i, np.int16), np.full(3, i, np.float32)


def mnist(m, part="train", **kwargs):
    kwargs.setdefault("shuffle", False)
    return m.ds.MnistDataset(os.path.join(str(m.mnist), part), **kwargs)


# The data pipe of the official quick start, but for the path.
@pipeline
def quick_start(m):
    def datapipe(path, batch_size):
        image_transforms = [
            m.vision.Rescale(1.0 / 255.0, 0),
            m.vision.Normalize(mean=(0.1307,), std=(0.3081,)),
            m.vision.HWC2CHW(),
        ]
        label_transform = m.transforms.TypeCast(m.ms.int32)
        dataset = m.ds.MnistDataset(path, num_samples=20, shuffle=False)
        dataset = dataset.map(image_transforms, "image")
        dataset = dataset.map(label_transform, "label")
        return dataset.batch(batch_size)

    return datapipe(os.path.join(str(m.mnist), "train"), 8)


@pipeline
def quick_start_seeded(m):
    m.ds.config.set_seed(11)
    dataset = mnist(m, "test", shuffle=None).map(m.vision.HWC2CHW(), "image")
    return dataset.project("label").shuffle(100).batch(64, drop_remainder=True).repeat(2)


_SIMPLE = {
    "mnist_raw": lambda m: mnist(m).take(4),
    "mnist_tail": lambda m: mnist(m, "test").skip(497),
    "mnist_usage": lambda m: mnist(m, usage="train", num_samples=5),
    "mnist_shard": lambda m: mnist(m, "test", num_shards=3, shard_id=2).project("label"),
    "mnist_seeded": lambda m: (m.ds.config.set_seed(3), mnist(m, shuffle=None).project("label"))[1],
    "mnist_samples_seeded": lambda m: (
        m.ds.config.set_seed(3),
        mnist(m, shuffle=True, num_samples=40).project("label"),
    )[1],
    "numbers": lambda m: numbers(m),
    "named": lambda m: m.ds.NumpySlicesDataset(([1, 2], [1.5, 2.5]), shuffle=False),
    "mixed_types": lambda m: m.ds.NumpySlicesDataset([1.5, 2], shuffle=False),
    "nested": lambda m: m.ds.NumpySlicesDataset([[1, 2], [3, 4]], shuffle=False),
    "text": lambda m: m.ds.NumpySlicesDataset(["a", "bcd", "ef"], shuffle=False),
    "batch": lambda m: numbers(m).batch(3),
    "batch_drop": lambda m: numbers(m).batch(3, drop_remainder=True),
    "batch_text": lambda m: m.ds.NumpySlicesDataset(["a", "bcd"], shuffle=False).batch(2),
    "batch_too_large": lambda m: numbers(m).batch(8, drop_remainder=True),
    "batch_batch": lambda m: numbers(m, 12).batch(2).batch(3),
    "batch_map": lambda m: numbers(m).batch(
        3,
        per_batch_map=lambda x, info: ([np.array(i) * 10 + info.get_batch_num() for i in x],),
        input_columns=["x"],
    ),
    "batch_function": lambda m: numbers(m).batch(lambda info: info.get_batch_num() + 1),
    "repeat": lambda m: numbers(m).repeat(2),
    "repeat_batch": lambda m: numbers(m).repeat(2).batch(5),
    "batch_repeat": lambda m: numbers(m).batch(5).repeat(2),
    "repeat_repeat": lambda m: numbers(m, 2).repeat(3).repeat(2),
    "take": lambda m: numbers(m).take(3),
    "take_all": lambda m: numbers(m).take(),
    "take_more": lambda m: numbers(m).take(100),
    "skip": lambda m: numbers(m).skip(5),
    "skip_all": lambda m: numbers(m).skip(100),
    "skip_take_repeat": lambda m: numbers(m).skip(2).take(3).repeat(2),
    "take_repeat_batch": lambda m: numbers(m).batch(2).take(2).repeat(2),
    "filter": lambda m: numbers(m).filter(lambda x: x > 3, ["x"]),
    "filter_all_columns": lambda m: pairs(m).filter(lambda a, b, c: a % 2 == 0).batch(2),
    "zip": lambda m: m.ds.zip((numbers(m, 3), numbers(m, 5).rename("x", "y"))),
    "zip_method": lambda m: numbers(m, 3).zip(pairs(m)),
    "concat": lambda m: numbers(m, 2) + numbers(m, 3),
    "concat_batch": lambda m: numbers(m, 2).concat(numbers(m, 3)).batch(2),
    "project": lambda m: pairs(m).project(["c", "a"]),
    "rename": lambda m: pairs(m).rename(["a", "c"], ["u", "v"]),
    "map_function": lambda m: numbers(m).map(lambda x: x * 0.5, "x"),
    "map_default_column": lambda m: pairs(m).map(lambda x: x * x),
    "map_int": lambda m: numbers(m, 2).map(lambda x: 3, "x"),
    "map_list_result": lambda m: numbers(m, 2).map(lambda x: [1, 2], "x"),
    "map_split": lambda m: pairs(m).map(lambda b: (b, b * 2), "b", ["p", "q"]),
    "map_join": lambda m: pairs(m).map(lambda c, a: c.sum() + a, ["c", "a"], ["s"]),
    "map_swap": lambda m: pairs(m).map(lambda c, a: (c, a), ["c", "a"], ["p", "c"]),
    "map_more": lambda m: pairs(m).map(lambda c, a: (c, a, a), ["c", "a"], ["p", "q", "r"]),
    "map_chain": lambda m: numbers(m).map([lambda x: (x, x + 1), lambda a, b: a * b], "x", "y"),
    "map_after_batch": lambda m: (
        images(m)
        .map([m.vision.Rescale(0.5, 1.0)], "image")
        .batch(2)
        .map(lambda x: x.sum(axis=(1, 2)), "image")
    ),
    "generator": lambda m: m.ds.GeneratorDataset(Squares(), ["i", "v"], shuffle=False).batch(4),
    "generator_function": lambda m: m.ds.GeneratorDataset(
        lambda: ((i, i / 2, i > 1) for i in range(4)), ["i", "f", "b"]
    ),
    "generator_list": lambda m: m.ds.GeneratorDataset([1, 2, 3], ["x"], shuffle=False),
    "generator_samples": lambda m: m.ds.GeneratorDataset(
        Squares(), ["i", "v"], num_samples=4, shuffle=False
    ),
    "split_first": lambda m: numbers(m, 10).split([0.7, 0.3], randomize=False)[0],
    "split_second": lambda m: numbers(m, 10).split([6, 4], randomize=False)[1],
    "rescale": lambda m: images(m).map(m.vision.Rescale(1 / 127.5, -1.0), "image"),
    "rescale_third": lambda m: images(m).map(m.vision.Rescale(0.00391, 0.3), "image"),
    "rescale_float64": lambda m: images(m, dtype=np.float64).map(
        m.vision.Rescale(1 / 255, 0.1), "image"
    ),
    "normalize": lambda m: (
        images(m).map(m.vision.Normalize([0.5, 100.0, 7], [0.3, 9.0, 200]), "image").batch(2)
    ),
    "normalize_chw": lambda m: images(m, (3, 5, 4)).map(
        m.vision.Normalize([1.0, 2, 3], [4.0, 5, 6], is_hwc=False), "image"
    ),
    "normalize_gray": lambda m: images(m, (5, 4)).map(m.vision.Normalize([9.0], [3.0]), "image"),
    "hwc2chw": lambda m: images(m).map(m.vision.HWC2CHW(), "image").batch(3),
    "hwc2chw_gray": lambda m: images(m, (5, 4)).map(m.vision.HWC2CHW(), "image"),
    "to_tensor": lambda m: images(m).map(m.vision.ToTensor(), "image").batch(2),
    "to_tensor_gray": lambda m: images(m, (5, 4)).map(m.vision.ToTensor(), "image"),
    "flips": lambda m: images(m).map([m.vision.HorizontalFlip(), m.vision.VerticalFlip()], "image"),
    "sure_flip": lambda m: images(m).map(m.vision.RandomHorizontalFlip(1.0), "image"),
    "center_crop": lambda m: images(m).map(m.vision.CenterCrop((3, 2)), "image"),
    "center_crop_odd": lambda m: images(m, (6, 7, 1)).map(m.vision.CenterCrop(3), "image"),
    "center_crop_large": lambda m: images(m).map(m.vision.CenterCrop(8), "image"),
    "pad": lambda m: images(m).map(m.vision.Pad((1, 2, 3, 4), 7), "image"),
    "pad_edge": lambda m: images(m).map(m.vision.Pad(2, 0, m.vision.Border.EDGE), "image"),
    "pad_reflect": lambda m: images(m).map(m.vision.Pad(2, 0, m.vision.Border.REFLECT), "image"),
    "type_cast": lambda m: pairs(m).map(m.transforms.TypeCast(m.ms.float16), "b").batch(4),
    "type_cast_unsigned": lambda m: m.ds.NumpySlicesDataset(
        np.array([1.7, -2.2, 300.0]), ["x"], shuffle=False
    ).map(m.transforms.TypeCast(np.uint8), "x"),
    "one_hot": lambda m: numbers(m).map(m.transforms.OneHot(8), "x").batch(3),
    "one_hot_smooth": lambda m: numbers(m).map(m.transforms.OneHot(7, 0.1), "x"),
    "compose": lambda m: images(m).map(
        m.transforms.Compose([m.vision.Rescale(1 / 255, 0), lambda x: x * 2, m.vision.HWC2CHW()]),
        "image",
    ),
    "fill_mask": lambda m: images(m).map(
        [m.transforms.Fill(3), m.transforms.Mask(m.transforms.Relational.GT, 2)], "image"
    ),
    "pad_end": lambda m: images(m, (3,)).map(m.transforms.PadEnd([5], 9), "image"),
    "concatenate": lambda m: images(m, (3,)).map(
        m.transforms.Concatenate(0, np.array([1], np.uint8), np.array([2], np.uint8)), "image"
    ),
    "duplicate": lambda m: numbers(m).map(m.transforms.Duplicate(), "x", ["x", "y"]),
}


def ragged(m, n=7):
    rows = [(np.arange(i % 4 + 1),) for i in range(n)]
    return m.ds.GeneratorDataset(rows, ["x"], shuffle=False)


def words(m):
    rows = [(np.array(["a", "bc"][: i % 2 + 1]),) for i in range(4)]
    return m.ds.GeneratorDataset(rows, ["w"], shuffle=False)


class Batches:
    def __iter__(self):
        yield [0, 1]
        yield [2, 3, 4]

    def __len__(self):
        return 2


def schema(m):
    made = m.ds.Schema()
    made.add_column("i", de_type="int16", shape=[])
    made.add_column("v", de_type="float32", shape=[3])
    return made


_SIMPLE |= {
    "padded_batch": lambda m: ragged(m).padded_batch(3, pad_info={"x": ([5], 9)}),
    "padded_batch_all": lambda m: ragged(m).padded_batch(3, pad_info={}),
    "padded_batch_drop": lambda m: ragged(m).padded_batch(3, True, pad_info={"x": (None, 7)}),
    "padded_batch_cut": lambda m: ragged(m).padded_batch(3, pad_info={"x": ([2], 7)}),
    "padded_batch_repeat": lambda m: ragged(m).padded_batch(2, pad_info={}).repeat(2),
    "bucket": lambda m: ragged(m, 9).bucket_batch_by_length(["x"], [2, 4], [2, 2, 1]),
    "bucket_value": lambda m: ragged(m, 9).bucket_batch_by_length(
        ["x"], [2, 4], [2, 2, 1], pad_info={"x": ([None], -1)}
    ),
    "bucket_boundary": lambda m: ragged(m, 9).bucket_batch_by_length(
        ["x"], [2, 5], [2, 2, 1], pad_info={"x": ([None], -1)}, pad_to_bucket_boundary=True
    ),
    "bucket_function": lambda m: ragged(m, 9).bucket_batch_by_length(
        ["x"], [3], [2, 3], lambda x: len(x) + 1, drop_remainder=True
    ),
    "flat_map": lambda m: ragged(m, 3).flat_map(
        lambda x: m.ds.NumpySlicesDataset(x, ["z"], shuffle=False)
    ),
    "batch_sampler": lambda m: m.ds.GeneratorDataset(
        Squares(), ["i", "v"], batch_sampler=Batches()
    ),
    "collate": lambda m: m.ds.GeneratorDataset(
        Squares(), ["i", "v"], batch_sampler=Batches(),
        collate_fn=lambda i, v: (np.stack(i) * 2, np.stack(v)),
    ),
    "generator_schema": lambda m: m.ds.GeneratorDataset(
        Squares(), schema=schema(m), num_samples=2, shuffle=False
    ),
    "generator_shard": lambda m: m.ds.GeneratorDataset(
        Squares(), ["i", "v"], num_shards=2, shard_id=1, shuffle=False
    ),
    "batch_map_columns": lambda m: pairs(m).batch(
        2,
        per_batch_map=lambda a, b, info: (np.stack(a), np.stack(b) + info.get_batch_num(), a),
        input_columns=["a", "b"], output_columns=["p", "q", "r"],
    ),
    "padded_dataset": lambda m: numbers(m, 3).concat(
        m.ds.PaddedDataset([{"x": np.array(7)}, {"x": np.array(8)}])
    ),
    "mind_whole": lambda m: saved(m, m.ds.MindDataset, shuffle=False),
    "mind_columns": lambda m: saved(
        m, m.ds.MindDataset, columns_list=["t", "a"], shuffle=False, num_samples=3
    ),
    "mind_shard": lambda m: saved(m, m.ds.MindDataset, shuffle=False, num_shards=2, shard_id=1),
    "mind_padded": lambda m: saved(
        m, m.ds.MindDataset, columns_list=["a", "t"], shuffle=False, num_shards=2, shard_id=1,
        num_padded=1, padded_sample={"a": 9, "t": "pad"},
    ),
    "mind_subset": lambda m: saved(m, m.ds.MindDataset, sampler=m.ds.SubsetSampler([3, 1])),
    "records": lambda m: records(m, shuffle=False, num_parallel_workers=1),
    "records_two": lambda m: records(m, shuffle=False, num_parallel_workers=2),
    "records_columns": lambda m: records(
        m, columns_list=["s", "i"], shuffle=False, num_parallel_workers=1
    ),
    "records_schema": lambda m: records(
        m, schema=record_schema(m), shuffle=False, num_parallel_workers=1
    ),
    "records_shard": lambda m: records(
        m, columns_list=["i"], shuffle=False, num_shards=2, shard_id=1
    ),
    "records_equal": lambda m: records(
        m, columns_list=["i"], shuffle=False, num_shards=2, shard_id=1, shard_equal_rows=True,
        num_parallel_workers=1,
    ),
    "records_samples": lambda m: records(
        m, columns_list=["i"], shuffle=False, num_samples=2, num_parallel_workers=1
    ),
}  # fmt: skip
PIPELINES.update(_SIMPLE)

# Files written by real MindSpore and by the bytes of the specification: see test_formats.py.
HERE = os.path.dirname(os.path.abspath(__file__))


def saved(m, made, **kwargs):
    return made(os.path.join(HERE, "files", "real.mindrecord0"), **kwargs)


def records(m, **kwargs):
    files = [os.path.join(HERE, "files", name) for name in ("a.tfrecord", "b.tfrecord")]
    return m.ds.TFRecordDataset(files, **kwargs)


def record_schema(m):
    made = m.ds.Schema()
    made.add_column("v", de_type="int64", shape=[3])
    made.add_column("i", de_type="int32", shape=[])
    made.add_column("s", de_type="string")
    made.add_column("f", de_type="float32", shape=[-1])
    return made


# Everything random, with a seed: the same rows in the same order as MindSpore.
def _seeded(make):
    def build(m):
        m.ds.config.set_seed(5)
        return make(m)

    return build


_RANDOM = {
    "random_source": lambda m, n: numbers(m, n, shuffle=True).repeat(3),
    "random_default": lambda m, n: numbers(m, n, shuffle=None).batch(4),
    "random_samples": lambda m, n: numbers(m, n, shuffle=True, num_samples=n // 2).repeat(2),
    "shuffle": lambda m, n: numbers(m, n).shuffle(n).repeat(2),
    "shuffle_buffer": lambda m, n: numbers(m, n).shuffle(max(2, n // 3)).repeat(2),
    "shuffle_large_buffer": lambda m, n: numbers(m, n).shuffle(2 * n).repeat(2),
    "shuffle_mapped": lambda m, n: numbers(m, n).map(lambda x: x + 1, "x").shuffle(n // 2),
    "shuffle_concat": lambda m, n: (numbers(m, n) + numbers(m, n)).shuffle(n),
    "shuffle_batches": lambda m, n: numbers(m, n).batch(3).shuffle(n),
    "shuffle_take": lambda m, n: numbers(m, n).shuffle(n).take(3).repeat(2),
    "replacement": lambda m, n: sampled(m, n, m.ds.RandomSampler(True)),
    "some": lambda m, n: sampled(m, n, m.ds.RandomSampler(False, n // 2)),
    "subset": lambda m, n: sampled(m, n, m.ds.SubsetSampler([3, 1, 1])),
    "subset_random": lambda m, n: sampled(m, n, m.ds.SubsetRandomSampler(list(range(0, n, 2)))),
    "weighted": lambda m, n: sampled(m, n, m.ds.WeightedRandomSampler(weights(n), n)),
    "weighted_once": lambda m, n: sampled(
        m, n, m.ds.WeightedRandomSampler(weights(n), n // 2, False)
    ),
    "distributed": lambda m, n: sampled(m, n, m.ds.DistributedSampler(2, 1)),
    "distributed_plain": lambda m, n: sampled(m, n, m.ds.DistributedSampler(4, 2, False)),
    "distributed_offset": lambda m, n: sampled(m, n, m.ds.DistributedSampler(4, 1, False, None, 1)),
    "distributed_some": lambda m, n: sampled(m, n, m.ds.DistributedSampler(2, 0, True, 2)),
    "sequential": lambda m, n: sampled(m, n, m.ds.SequentialSampler(2, 3)),
    "list_sampler": lambda m, n: sampled(m, n, [3, 0, 2]),
    "child_sampler": lambda m, n: sampled(m, n, with_child(m)),
    "split_random": lambda m, n: numbers(m, n).split([n - 3, 3])[0],
    "split_random_rest": lambda m, n: numbers(m, n).split([n - 3, 3])[1],
    "split_batches": lambda m, n: numbers(m, 2 * n).batch(2).split([n - 3, 3])[1],
}


def sampled(m, n, sampler):
    return m.ds.NumpySlicesDataset(np.arange(n), ["x"], sampler=sampler).repeat(2)


def weights(n):
    return [float(i * 7 % 5 + 1) for i in range(n)]


def with_child(m):
    sampler = m.ds.SequentialSampler(1, 2)
    sampler.add_child(m.ds.SequentialSampler(2))
    return sampler


for _name, _make in _RANDOM.items():
    for _n in (7, 60):
        PIPELINES[f"{_name}_{_n}"] = _seeded(lambda m, make=_make, n=_n: make(m, n))
for _pk in (False, True):
    PIPELINES[f"pk_{_pk}"] = _seeded(
        lambda m, pk=_pk: (
            mnist(m, "test", shuffle=None, sampler=m.ds.PKSampler(3, None, pk))
            .project("label")
            .batch(10)
        )
    )
_MIND = {
    "mind_global": lambda m: saved(m, m.ds.MindDataset).repeat(2),
    "mind_random": lambda m: saved(m, m.ds.MindDataset, sampler=m.ds.RandomSampler()),
    "mind_some": lambda m: saved(m, m.ds.MindDataset, sampler=m.ds.RandomSampler(num_samples=3)),
    "mind_subset_random": lambda m: saved(
        m, m.ds.MindDataset, sampler=m.ds.SubsetRandomSampler([0, 1, 4])
    ),
    "records_global": lambda m: records(
        m, columns_list=["i"], shuffle=True, num_parallel_workers=1
    ).repeat(3),
    "records_files": lambda m: records(
        m, columns_list=["i"], shuffle=m.ds.Shuffle.FILES, num_parallel_workers=1
    ).repeat(2),
}
for _name, _make in _MIND.items():
    PIPELINES[_name] = _seeded(_make)
PIPELINES["random_source_2000"] = _seeded(lambda m: numbers(m, 2000, shuffle=True))
PIPELINES["random_source_70000"] = _seeded(
    lambda m: numbers(m, 70000, shuffle=True).batch(500).take(2)
)
PIPELINES["shuffle_2000"] = _seeded(lambda m: numbers(m, 2000).shuffle(500).batch(2000).repeat(2))


def describe(dataset):
    """All that is compared of a data set: a dict of arrays and lists."""
    names = dataset.get_col_names()
    rows = list(dataset.create_tuple_iterator(num_epochs=1, output_numpy=True))
    columns = []
    for k in range(len(names)):
        values = [np.asarray(row[k]) for row in rows]
        kinds = ["U" if v.dtype.kind in "US" else v.dtype.str for v in values]
        flat = [v.reshape(-1) for v in values]
        columns.append(
            {
                "dtypes": kinds if len(set(kinds)) > 1 else kinds[:1],
                "shapes": [list(v.shape) for v in values],
                "values": np.concatenate(flat) if flat else np.empty(0),
            }
        )
    return {
        "names": list(names),
        "size": dataset.get_dataset_size(),
        "batch_size": dataset.get_batch_size(),
        "repeat": dataset.get_repeat_count(),
        "rows": len(rows),
        "columns": columns,
    }


if __name__ == "__main__":
    print("\n".join(PIPELINES), file=sys.stderr)
