"""Sources that run unchanged on mslearn and on real MindSpore over the trees of trees.py.

Each takes a namespace `m` with `ds` and `root`. record_sources.py stores what MindSpore gives.
"""


def _folder(m, name, *parts):
    return str(m.root.joinpath(name, *parts))


def _coco(m, file, task, **kwargs):
    return m.ds.CocoDataset(
        _folder(m, "coco", "train"),
        _folder(m, "coco", f"{file}.json"),
        task,
        shuffle=False,
        **kwargs,
    )


def _voc(m, task, **kwargs):
    kwargs.setdefault("shuffle", False)
    return m.ds.VOCDataset(_folder(m, "voc"), task, "train", **kwargs)


def _images(m, **kwargs):
    kwargs.setdefault("shuffle", False)
    kwargs.setdefault("extensions", [".png"])
    return m.ds.ImageFolderDataset(_folder(m, "image_folder"), **kwargs)


def _lines(m, **kwargs):
    kwargs.setdefault("shuffle", False)
    return m.ds.TextFileDataset(_folder(m, "texts", "lines", "*.txt"), **kwargs)


def _clue(m, task, usage="train"):
    path = _folder(m, "texts", "clue", f"{task.lower()}.json")
    return m.ds.CLUEDataset(path, task, usage, shuffle=False)


def _seeded(m, seed, make):
    m.ds.config.set_seed(seed)
    return make()


CASES = {
    "folder": lambda m: _images(m),
    "folder_decode": lambda m: _images(m, decode=True),
    "folder_indexing": lambda m: _images(m, class_indexing={"bee": 5, "cat": 2}, decode=True),
    "folder_shuffled": lambda m: _seeded(m, 4, lambda: _images(m, shuffle=True).repeat(2)),
    "folder_shard": lambda m: _images(m, num_shards=2, shard_id=1, shuffle=None),
    "folder_pk": lambda m: _images(m, shuffle=None, sampler=m.ds.PKSampler(2)),
    "cifar10": lambda m: m.ds.Cifar10Dataset(
        _folder(m, "cifar", "cifar10"), "train", num_samples=3, shuffle=False
    ),
    "cifar10_test": lambda m: m.ds.Cifar10Dataset(
        _folder(m, "cifar", "cifar10t"), sampler=m.ds.SubsetSampler([9999, 3])
    ),
    "cifar100": lambda m: m.ds.Cifar100Dataset(
        _folder(m, "cifar", "cifar100"), "test", num_samples=3, shuffle=False
    ),
    "emnist": lambda m: m.ds.EMnistDataset(
        _folder(m, "mnists", "emnist"), "letters", "train", shuffle=False
    ),
    "emnist_all": lambda m: m.ds.EMnistDataset(
        _folder(m, "mnists", "emnist"), "mnist", shuffle=False
    ),
    "qmnist": lambda m: m.ds.QMnistDataset(
        _folder(m, "mnists", "qmnist"), "train", shuffle=False
    ),
    "qmnist_full": lambda m: m.ds.QMnistDataset(
        _folder(m, "mnists", "qmnist"), "test", False, shuffle=False
    ),
    "celeba": lambda m: m.ds.CelebADataset(_folder(m, "celeba"), shuffle=False, decode=True),
    "celeba_valid": lambda m: m.ds.CelebADataset(
        _folder(m, "celeba"), usage="valid", shuffle=False
    ),
    "voc_segmentation": lambda m: _voc(m, "Segmentation", decode=True),
    "voc_raw": lambda m: _voc(m, "Segmentation"),
    "voc_detection": lambda m: _voc(m, "Detection", decode=True),
    "voc_indexing": lambda m: _voc(m, "Detection", class_indexing={"car": 4, "bus": 9}),
    "voc_metadata": lambda m: _voc(m, "Detection", extra_metadata=True).rename(
        "_meta-filename", "file"
    ),
    "coco_detection": lambda m: _coco(m, "detection", "Detection", decode=True),
    "coco_metadata": lambda m: _coco(m, "detection", "Detection", extra_metadata=True).rename(
        "_meta-filename", "file"
    ),
    "coco_stuff": lambda m: _coco(m, "detection", "Stuff"),
    "coco_keypoint": lambda m: _coco(m, "keypoints", "Keypoint"),
    "coco_panoptic": lambda m: _coco(m, "panoptic", "Panoptic"),
    "coco_captioning": lambda m: _coco(m, "captions", "Captioning"),
    "imdb": lambda m: m.ds.IMDBDataset(_folder(m, "texts", "aclImdb"), shuffle=False),
    "imdb_train": lambda m: m.ds.IMDBDataset(
        _folder(m, "texts", "aclImdb"), "train", shuffle=False, num_samples=4
    ),
    "conll": lambda m: m.ds.CoNLL2000Dataset(
        _folder(m, "texts", "conll"), "train", shuffle=False
    ),
    "conll_all": lambda m: m.ds.CoNLL2000Dataset(
        _folder(m, "texts", "conll"), shuffle=False, num_parallel_workers=1
    ),
    "lines": lambda m: _lines(m, num_parallel_workers=1),
    "lines_two": lambda m: _lines(m, num_parallel_workers=2),
    "lines_samples": lambda m: _lines(m, num_parallel_workers=2, num_samples=4),
    "lines_shard": lambda m: _lines(m, num_parallel_workers=2, num_shards=2, shard_id=1),
    "lines_shard_of_three": lambda m: _lines(
        m, num_parallel_workers=1, num_shards=3, shard_id=2
    ),
    "lines_global": lambda m: _seeded(
        m, 1, lambda: _lines(m, num_parallel_workers=1, shuffle=True).repeat(3)
    ),
    "lines_global_two": lambda m: _seeded(
        m, 5, lambda: _lines(m, num_parallel_workers=2, shuffle=m.ds.Shuffle.GLOBAL).repeat(2)
    ),
    "lines_files": lambda m: _seeded(
        m, 2, lambda: _lines(m, num_parallel_workers=1, shuffle=m.ds.Shuffle.FILES).repeat(3)
    ),
    "csv": lambda m: m.ds.CSVDataset(_folder(m, "texts", "table.csv"), shuffle=False),
    "csv_types": lambda m: m.ds.CSVDataset(
        _folder(m, "texts", "plain.csv"), ",", [0, 0.0, ""], ["a", "b", "c"], shuffle=False
    ),
    "csv_whole": lambda m: m.ds.CSVDataset(
        _folder(m, "texts", "plain.csv"), ",", [0, 0, ""], ["a", "b", "c"], shuffle=False
    ),
    "clue_afqmc": lambda m: _clue(m, "AFQMC"),
    "clue_afqmc_test": lambda m: _clue(m, "AFQMC", "test"),
    "clue_wsc": lambda m: _clue(m, "WSC"),
    "clue_csl": lambda m: _clue(m, "CSL"),
    "clue_tnews": lambda m: _clue(m, "TNEWS"),
    "clue_iflytek": lambda m: _clue(m, "IFLYTEK"),
    "manifest": lambda m: m.ds.ManifestDataset(
        _folder(m, "manifest", "data.manifest"), "train", shuffle=False, decode=True
    ),
    "manifest_indexing": lambda m: m.ds.ManifestDataset(
        _folder(m, "manifest", "data.manifest"), "train", shuffle=False, class_indexing={"dog": 3}
    ),
    "flickr": lambda m: m.ds.FlickrDataset(
        _folder(m, "flickr", "images"), _folder(m, "flickr", "captions.token"), shuffle=False,
        decode=True,
    ),
}  # fmt: skip
