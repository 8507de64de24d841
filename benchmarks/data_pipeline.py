"""The data pipeline beside PyTorch's DataLoader and real MindSpore.

    python benchmarks/data_pipeline.py [ORACLE_PYTHON]

MNIST (2,000 digits: rescale, normalise, HWC to CHW, batches of 64), photographs (JPEG: decode,
resize, crop, normalise), an empty `map`, and how long the Day 1 network waits for its data. The
work and the number of workers are the same for all; without PyTorch or an ORACLE_PYTHON (one that
has MindSpore) their rows are left out.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from harness import in_process, measure, table

WORKERS = 2
PHOTOS = 128


def make_photos(folder: Path) -> None:
    """JPEG files of 400 x 300 pixels that look like photographs to a decoder."""
    from PIL import Image

    rng = np.random.default_rng(0)
    (folder / "class").mkdir(parents=True)
    for k in range(PHOTOS):
        small = Image.fromarray(rng.integers(0, 256, (30, 40, 3), dtype=np.uint8))
        small.resize((400, 300), Image.Resampling.BICUBIC).save(folder / "class" / f"{k:03}.jpg")


def mindspore_style(ds, vision, transforms, mindspore, mnist: str, photos: str):
    """The two pipelines, for mslearn and for MindSpore alike."""

    def digits() -> None:
        data = ds.MnistDataset(mnist, shuffle=True)
        image = [
            vision.Rescale(1.0 / 255.0, 0),
            vision.Normalize(mean=(0.1307,), std=(0.3081,)),
            vision.HWC2CHW(),
        ]
        data = data.map(image, "image").map(transforms.TypeCast(mindspore.int32), "label")
        for _ in data.batch(64).create_tuple_iterator(num_epochs=1):
            pass

    def pictures() -> None:
        data = ds.ImageFolderDataset(photos, shuffle=True)
        image = [
            vision.Decode(),
            vision.Resize((256, 256)),
            vision.CenterCrop(224),
            vision.Normalize(mean=[123.7, 116.3, 103.5], std=[58.4, 57.1, 57.4]),
            vision.HWC2CHW(),
        ]
        data = data.map(image, "image", num_parallel_workers=WORKERS)
        for _ in data.batch(32).create_tuple_iterator(num_epochs=1):
            pass

    return {"digits": digits, "pictures": pictures}


def torch_style(mnist: str, photos: str):
    """The same with torch.utils.data; transforms as torchvision does them, in NumPy and Pillow."""
    import torch
    from PIL import Image
    from torch.utils.data import DataLoader, Dataset

    from mslearn.dataset.mnist import read_idx

    class Digits(Dataset):
        def __init__(self) -> None:
            folder = Path(mnist)
            self.images = torch.from_numpy(
                read_idx(folder / "train-images-idx3-ubyte", 0x803).copy()
            )
            self.labels = read_idx(folder / "train-labels-idx1-ubyte", 0x801).astype(np.int64)

        def __len__(self) -> int:
            return len(self.labels)

        def __getitem__(self, i: int):
            image = self.images[i].to(torch.float32).div(255).sub(0.1307).div(0.3081)
            return image.unsqueeze(0), int(self.labels[i])

    class Pictures(Dataset):
        def __init__(self) -> None:
            self.files = sorted(Path(photos).rglob("*.jpg"))
            self.mean = torch.tensor([123.7, 116.3, 103.5])[:, None, None]
            self.std = torch.tensor([58.4, 57.1, 57.4])[:, None, None]

        def __len__(self) -> int:
            return len(self.files)

        def __getitem__(self, i: int):
            image = Image.open(io.BytesIO(self.files[i].read_bytes())).convert("RGB")
            image = image.resize((256, 256), Image.Resampling.BILINEAR).crop((16, 16, 240, 240))
            pixels = torch.from_numpy(np.asarray(image).copy()).permute(2, 0, 1)
            return pixels.to(torch.float32).sub(self.mean).div(self.std), 0

    def run(data: Dataset, size: int, workers: int):
        def epoch() -> None:
            for _ in DataLoader(data, batch_size=size, shuffle=True, num_workers=workers):
                pass

        return epoch

    digits, pictures = Digits(), Pictures()
    return {
        "digits": run(digits, 64, WORKERS),
        "digits, in the main process": run(digits, 64, 0),
        "pictures": run(pictures, 32, WORKERS),
    }


def oracle(python: str, mnist: str, photos: str) -> dict[str, float]:
    """Real MindSpore's times, measured by itself in its own Python."""
    out = subprocess.run(
        [python, __file__, "--oracle", mnist, photos], check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    return dict(json.loads(out.strip().splitlines()[-1]))


def oracle_child(mnist: str, photos: str) -> None:
    """Runs under the oracle."""
    import mindspore
    import mindspore.dataset as ds
    from mindspore.dataset import transforms, vision

    ds.config.set_num_parallel_workers(WORKERS)
    runs = mindspore_style(ds, vision, transforms, mindspore, mnist, photos)
    print(json.dumps(measure(runs, rounds=7, seconds=0.3)))


def child(mnist: str, photos: str) -> None:
    """Runs with a thread count of its own."""
    import mslearn
    import mslearn.dataset as ds
    from mslearn.dataset import transforms, vision

    ds.config.set_num_parallel_workers(min(WORKERS, ds.config.cores()))
    contenders = {}
    for name, run in mindspore_style(ds, vision, transforms, mslearn, mnist, photos).items():
        contenders[f"mslearn {name}"] = run
    try:
        for name, run in torch_style(mnist, photos).items():
            contenders[f"torch {name}"] = run
    except ImportError:
        pass
    found = measure(contenders, rounds=7, seconds=0.3)
    found.update(empty_map(ds))
    found.update(waiting(mslearn, ds, vision, transforms, mnist))
    print(json.dumps(found))


def empty_map(ds) -> dict[str, float]:
    """Seconds a sample that an empty `map` adds."""
    data = ds.NumpySlicesDataset(np.arange(20000), ["x"], shuffle=False)

    def run(pipeline):
        return lambda: [None for _ in pipeline.create_tuple_iterator(None, 1, True)]

    times = measure(
        {"plain": run(data), "mapped": run(data.map(lambda x: x, "x"))}, rounds=7, seconds=0.3
    )
    return {"empty map": (times["mapped"] - times["plain"]) / 20000}


def waiting(ms, ds, vision, transforms, mnist: str) -> dict[str, float]:
    """Seconds of Day 1's training (5 epochs of the MLP), and those spent waiting for data."""
    from mslearn import nn

    network = nn.SequentialCell(
        nn.Flatten(), nn.Dense(784, 512), nn.ReLU(), nn.Dense(512, 512), nn.ReLU(),
        nn.Dense(512, 10),
    )  # fmt: skip
    loss, optimizer = (
        nn.CrossEntropyLoss(),
        nn.SGD(network.trainable_params(), learning_rate=1e-2),
    )
    step = ms.value_and_grad(
        lambda x, y: loss(network(x), y), None, optimizer.parameters, has_aux=False
    )
    data = ds.MnistDataset(mnist)
    image = [vision.Rescale(1 / 255, 0), vision.Normalize((0.1307,), (0.3081,)), vision.HWC2CHW()]
    data = data.map(image, "image").map(transforms.TypeCast(ms.int32), "label").batch(64)
    total = waited = 0.0
    for _ in range(5):
        start = mark = time.perf_counter()
        for x, y in data:
            waited += time.perf_counter() - mark
            optimizer(step(x, y)[1])
            mark = time.perf_counter()
        total += time.perf_counter() - start
    return {"day 1 training": total, "day 1 waiting": waited}


def main() -> None:
    from mslearn.dataset import prepare

    with tempfile.TemporaryDirectory() as folder:
        mnist = str(prepare("mnist", Path(folder, "mnist")) / "train")
        photos = str(Path(folder, "photos"))
        make_photos(Path(photos))
        found = in_process(__file__, int(os.environ.get("THREADS", "1")), mnist, photos)
        if len(sys.argv) > 1:
            times = oracle(sys.argv[1], mnist, photos)
            found.update({f"mindspore {name}": seconds for name, seconds in times.items()})
    for what in ("digits", "pictures"):
        rows = {k: v for k, v in found.items() if what in k}
        table(f"{what}, one epoch, {WORKERS} workers", rows, f"mslearn {what}")
    print(f"\nempty map: {found['empty map'] * 1e6:.1f} us a sample (at most 15)")
    share = found["day 1 waiting"] / found["day 1 training"]
    print(f"Day 1 training waits for data {share:.1%} of its time (less than 5 %)")


if __name__ == "__main__":
    if "--oracle" in sys.argv:
        oracle_child(*sys.argv[-2:])
    elif "--child" in sys.argv:
        child(*sys.argv[-2:])
    else:
        main()
