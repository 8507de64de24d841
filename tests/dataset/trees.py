"""Tiny directory trees in the layouts of the real data sets; made with the standard library."""

import json
import struct
import zlib
from pathlib import Path

import numpy as np


def png(array: np.ndarray) -> bytes:
    """An array <H,W> or <H,W,3> of uint8 as a PNG file."""
    height, width = array.shape[:2]
    lines = b"".join(b"\0" + row.tobytes() for row in array)

    def chunk(kind, data):
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    kind = 2 if array.ndim == 3 else 0
    head = struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        [chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(lines)), chunk(b"IEND", b"")]
    )


def image(seed: int, height: int = 5, width: int = 4) -> np.ndarray:
    return np.random.RandomState(seed).randint(0, 256, (height, width, 3)).astype(np.uint8)


def write(path: Path, data) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())


def idx(array: np.ndarray) -> bytes:
    return struct.pack(f">{1 + array.ndim}I", 0x800 | array.ndim, *array.shape) + array.tobytes()


def image_folder(root: Path) -> None:
    for k, name in enumerate(["cat", "ant", "bee"]):
        for j in range(3 - k):
            write(root / name / f"{name}{j}.{'png' if j else 'PNG'}", png(image(10 * k + j)))
    write(root / "ant" / "deep" / "more.png", png(image(77)))
    write(root / "stray.png", png(image(99)))
    write(root / "cat" / "note.txt", "no image")


def cifar(root: Path) -> None:
    """One full file of each kind: real MindSpore reads blocks of 10,000 records only."""
    rng = np.random.RandomState(0)
    pixels = rng.randint(0, 256, 3072).astype(np.uint8)
    records = np.zeros((10000, 3074), np.uint8)
    records[:, 2:] = (pixels[None] + np.arange(10000)[:, None] * 7) % 256
    records[:, 0] = np.arange(10000) % 20
    records[:, 1] = np.arange(10000) % 100
    ten = records[:, 1:].copy()
    ten[:, 0] = np.arange(10000) % 10
    write(root / "cifar10" / "data_batch_1.bin", ten.tobytes())
    write(root / "cifar10t" / "test_batch.bin", ten[::-1].tobytes())
    write(root / "cifar100" / "test.bin", records.tobytes())


def mnists(root: Path) -> None:
    rng = np.random.RandomState(1)

    def pair(n):
        return rng.randint(0, 256, (n, 28, 28)).astype(np.uint8), (np.arange(n) % 26).astype("u1")

    for usage, n in (("train", 5), ("test", 3)):
        images, labels = pair(n)
        for name in ("letters", "mnist"):
            write(root / "emnist" / f"emnist-{name}-{usage}-images-idx3-ubyte", idx(images))
            write(root / "emnist" / f"emnist-{name}-{usage}-labels-idx1-ubyte", idx(labels))
        write(root / "qmnist" / f"qmnist-{usage}-images-idx3-ubyte", idx(images))
        table = np.arange(n * 8, dtype=">u4").reshape(n, 8)
        write(root / "qmnist" / f"qmnist-{usage}-labels-idx2-int",
              struct.pack(">3I", 0x00000C02, n, 8) + table.tobytes())  # fmt: skip


def celeba(root: Path) -> None:
    names = [f"00000{k}.jpg" for k in range(1, 6)]
    for k, name in enumerate(names):
        write(root / name, png(image(k)))
    head = " ".join(f"attr{k}" for k in range(40))
    signs = np.where(np.random.RandomState(3).rand(5, 40) > 0.5, 1, -1)
    rows = [f"{n} " + "  ".join(map(str, r)) for n, r in zip(names, signs, strict=True)]
    write(root / "list_attr_celeba.txt", "\n".join(["5", head, *rows]) + "\n")
    parts = [f"{n} {k // 2}" for k, n in enumerate(names)]
    write(root / "list_eval_partition.txt", "\n".join(parts) + "\n")


def voc(root: Path) -> None:
    for k, name in enumerate(["2007_1", "2007_2", "2007_3"]):
        write(root / "JPEGImages" / f"{name}.jpg", png(image(k)))
        write(root / "SegmentationClass" / f"{name}.png", png(image(50 + k)))
        objects = "".join(
            f"<object><name>{what}</name><pose>Left</pose><truncated>{j}</truncated>"
            f"<difficult>{1 - j}</difficult><bndbox><xmin>{j + 1}</xmin><ymin>{j + 2}</ymin>"
            f"<xmax>{j + 3}</xmax><ymax>{j + 4}</ymax></bndbox></object>"
            for j, what in enumerate(["car", "bus"][: k + 1])
        )
        write(root / "Annotations" / f"{name}.xml",
              f"<annotation><filename>{name}.jpg</filename>{objects}</annotation>")  # fmt: skip
    for task in ("Segmentation", "Main"):
        write(root / "ImageSets" / task / "train.txt", "2007_3\n2007_1\n2007_2\n")
        write(root / "ImageSets" / task / "val.txt", "2007_2\n")


def coco(root: Path) -> None:
    images = [{"id": k, "file_name": f"{k:03}.png", "height": 5, "width": 4} for k in (3, 1, 2)]
    for entry in images:
        write(root / "train" / entry["file_name"], png(image(entry["id"])))
    categories = [
        {"id": 1, "name": "person", "supercategory": "being"},
        {"id": 7, "name": "car", "supercategory": "thing"},
    ]
    boxes = [
        {"id": 11, "image_id": 1, "category_id": 7, "bbox": [0, 1, 2, 3], "area": 6.0,
         "iscrowd": 0, "segmentation": [[0, 1, 2, 1, 2, 3]]},
        {"id": 12, "image_id": 3, "category_id": 1, "bbox": [1, 1, 1.5, 2], "area": 3.0,
         "iscrowd": 1, "segmentation": {"counts": [3, 2, 7, 1, 7], "size": [5, 4]}},
        {"id": 13, "image_id": 1, "category_id": 1, "bbox": [1, 0, 1, 1], "area": 1.0,
         "iscrowd": 0, "segmentation": [[1, 0, 2, 0, 2, 1]]},
    ]  # fmt: skip
    detection = {"images": images, "categories": categories, "annotations": boxes}
    write(root / "detection.json", json.dumps(detection))
    points = [
        {**b, "num_keypoints": 2, "keypoints": [1, 2, 2, 3, 4, 1, 0, 0, 0]} for b in boxes[:2]
    ]
    write(root / "keypoints.json", json.dumps({**detection, "annotations": points}))
    captions = [
        {"id": k, "image_id": i, "caption": text}
        for k, (i, text) in enumerate([(1, "a car"), (2, "a person"), (1, "again")])
    ]
    write(root / "captions.json", json.dumps({**detection, "annotations": captions}))
    panoptic = [
        {"image_id": i, "file_name": f"{i:03}.png", "segments_info": [
            {"id": 5 + i, "category_id": 7, "bbox": [0, 0, i, 2], "area": 4, "iscrowd": 0},
            {"id": 6 + i, "category_id": 1, "bbox": [1, 1, 1, 1], "area": 1, "iscrowd": 1}]}
        for i in (2, 3)
    ]  # fmt: skip
    things = [{**c, "isthing": 1} for c in categories]
    held = {"images": images, "categories": things, "annotations": panoptic}
    write(root / "panoptic.json", json.dumps(held))


def texts(root: Path) -> None:
    for usage, n in (("train", 3), ("test", 2)):
        for tag in ("pos", "neg", "unsup"):
            for k in range(n if tag != "unsup" or usage == "train" else 0):
                write(root / "aclImdb" / usage / tag / f"{k}_{k + 5}.txt", f"{usage} {tag} {k}")
    for usage in ("train", "test"):
        write(root / "conll" / f"{usage}.txt",
              f"He PRP B-NP\n{usage} VBZ B-VP\n\nEnd NN B-NP\n. . O\n\n")  # fmt: skip
    write(root / "lines" / "b.txt", "one\ntwo words \n\n  \nthree\n")
    write(root / "lines" / "a.txt", "A1\nA2\r\nA3")
    write(root / "table.csv", 'id,name,score\n1,"x, y",0.5\n2,z,\n3,"q""r",1e3\n')
    write(root / "plain.csv", "1,2.5,t\n4,5.5,u\n")
    write(root / "clue" / "afqmc.json", "".join(
        json.dumps({"sentence1": a, "sentence2": b, "label": "1", "id": k}, ensure_ascii=False)
        + "\n" for k, (a, b) in enumerate([("你", "好"), ("b", "c")])))  # fmt: skip
    wsc = {"target": {"span1_index": 1, "span2_index": 2, "span1_text": "a", "span2_text": "b"},
           "idx": 5, "label": "true", "text": "t"}  # fmt: skip
    write(root / "clue" / "wsc.json", json.dumps(wsc) + "\n")
    csl = {"id": 1, "abst": "long", "keyword": ["k1", "k2"], "label": "0"}
    write(root / "clue" / "csl.json", json.dumps(csl) + "\n")
    news = {"label": "102", "label_desc": "news", "sentence": "s", "keywords": "a,b", "id": 3}
    write(root / "clue" / "tnews.json", json.dumps(news) + "\n")
    fly = {"label": "110", "label_des": "d", "sentence": "s", "id": 0}
    write(root / "clue" / "iflytek.json", json.dumps(fly) + "\n")


def manifest(root: Path) -> None:
    lines = []
    for k, (name, usage) in enumerate([("dog", "train"), ("cat", "train"), ("dog", "eval")]):
        path = root / "images" / f"{k}.png"
        write(path, png(image(k)))
        lines.append(
            json.dumps({"source": str(path), "usage": usage, "annotation": [{"name": name}]})
        )
    write(root / "data.manifest", "\n".join(lines) + "\n")


def flickr(root: Path) -> None:
    rows = []
    for k in (2, 1):
        write(root / "images" / f"{k}.jpg", png(image(k)))
        rows += [f"{k}.jpg#{j}\tcaption {k} {j}" for j in range(5)]
    write(root / "captions.token", "\n".join(rows) + "\n")


TREES = {
    "image_folder": image_folder, "cifar": cifar, "mnists": mnists, "celeba": celeba, "voc": voc,
    "coco": coco, "texts": texts, "manifest": manifest, "flickr": flickr,
}  # fmt: skip


def make(root: Path) -> Path:
    """All trees below `root`."""
    for name, build in TREES.items():
        build(root / name)
    return root
