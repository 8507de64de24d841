"""JPEG files to normalised batches: the pipeline against PyTorch's DataLoader with Pillow.

Both decode 500×375 JPEGs, resize the shorter side to 256, cut 224×224 out of the middle, divide by
255, normalise and put the channels first, in batches of 32, with the same number of workers.
mslearn runs twice: `Decode(to_pil=True)` does the same work as torch's side (Pillow's resize with
antialiasing), `Decode()` resizes with OpenCV's arithmetic as MindSpore does. Contenders take turns.

python benchmarks/jpeg_pipeline.py [workers ...]
"""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
from harness import measure, table

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
COUNT, BATCH = 128, 32  # batches that two workers can share evenly
MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


def images() -> list[np.ndarray]:
    """JPEG bytes of smooth pictures with some noise, about as large as photographs."""
    from PIL import Image

    rng = np.random.RandomState(0)
    y, x = np.mgrid[0:375, 0:500]
    found = []
    for _ in range(COUNT):
        a, b, c = rng.rand(3) * 0.05
        waves = np.stack([np.sin(a * x + b * y), np.cos(b * x), np.sin(c * (x + y))], -1)
        noisy = waves * 90 + 128 + rng.randint(-20, 20, (375, 500, 3))
        out = io.BytesIO()
        Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(out, "JPEG", quality=85)
        found.append(np.frombuffer(out.getvalue(), np.uint8))
    return found


def ours(data: list[np.ndarray], workers: int, to_pil: bool) -> Any:
    import mslearn.dataset as ds
    from mslearn.dataset import vision

    scaled = [m * 255 for m in MEAN], [s * 255 for s in STD]
    steps = [
        vision.Decode(to_pil),
        vision.Resize(256),
        vision.CenterCrop(224),
        vision.Normalize(*scaled),
        vision.HWC2CHW(),
    ]
    pipeline = ds.GeneratorDataset([(d,) for d in data], ["image"], shuffle=False)
    pipeline = pipeline.map(steps, "image", num_parallel_workers=workers).batch(BATCH)

    def epoch() -> int:
        batches = pipeline.create_tuple_iterator(num_epochs=1, output_numpy=True)
        return sum(len(batch) for (batch,) in batches)

    return epoch


def theirs(data: list[np.ndarray], workers: int) -> Any:
    import torch
    from PIL import Image
    from torch.utils.data import DataLoader, Dataset

    torch.set_num_threads(1)
    mean, std = (torch.tensor(v).view(3, 1, 1) for v in (MEAN, STD))

    class Pictures(Dataset):  # type: ignore[type-arg,misc]
        def __len__(self) -> int:
            return len(data)

        def __getitem__(self, i: int) -> Any:
            image = Image.open(io.BytesIO(data[i])).convert("RGB")
            width, height = image.size
            scale = 256 / min(width, height)
            size = int(width * scale), int(height * scale)
            image = image.resize(size, Image.Resampling.BILINEAR)
            left, top = (size[0] - 224) // 2, (size[1] - 224) // 2
            image = image.crop((left, top, left + 224, top + 224))
            tensor = torch.from_numpy(np.array(image)).permute(2, 0, 1).contiguous()
            return tensor.float().div_(255).sub_(mean).div_(std)

    loader = DataLoader(Pictures(), BATCH, num_workers=workers, persistent_workers=workers > 0)
    return lambda: sum(len(batch) for batch in loader)


def main() -> None:
    data = images()
    for workers in [int(w) for w in sys.argv[1:]] or [1, 2]:
        contenders = {
            "mslearn, PIL images": ours(data, workers, True),
            "mslearn, NumPy images": ours(data, workers, False),
        }
        try:
            contenders["torch DataLoader, PIL"] = theirs(data, workers)
        except ImportError:
            print("(install torch to compare: pip install torch)")
        seconds = measure(contenders, rounds=9, seconds=0.1, quantile=0.25)
        each = {name: value / COUNT for name, value in seconds.items()}
        for base in ("mslearn, PIL images", "mslearn, NumPy images"):
            table(f"JPEG to batch, {workers} worker(s), an image", each, base)


if __name__ == "__main__":
    main()
