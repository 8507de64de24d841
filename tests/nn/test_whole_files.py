"""`common.files`: a file is the old one or the new one, whatever happens meanwhile."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading

import pytest

from mslearn.common.files import replacing, write_whole

POSIX = pytest.mark.skipif(os.name == "nt", reason="permissions and signals of POSIX")


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "a.bin"
    write_whole(path, [b"old"])
    with pytest.raises(KeyboardInterrupt), replacing(path) as file:
        file.write(b"new")
        assert path.read_bytes() == b"old"
        raise KeyboardInterrupt
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.bin"]


def test_folders_are_made_for_whole_files_only(tmp_path):
    write_whole(tmp_path / "new" / "a.bin", [b"one ", b"two"])
    assert (tmp_path / "new" / "a.bin").read_bytes() == b"one two"
    with pytest.raises(FileNotFoundError), replacing(tmp_path / "none" / "a.bin"):
        pass


def test_names_as_long_as_the_system_allows(tmp_path):
    path = tmp_path / ("名" * 84)
    write_whole(path, [b"x"])
    assert path.read_bytes() == b"x"


@POSIX
def test_permissions_are_those_asked_for_less_the_umask(tmp_path):
    before = os.umask(0o027)
    try:
        write_whole(tmp_path / "open", [b""])
        write_whole(tmp_path / "private", [b""], permissions=0o600)
    finally:
        os.umask(before)
    found = {name: stat.S_IMODE((tmp_path / name).stat().st_mode) for name in os.listdir(tmp_path)}
    assert found == {"open": 0o640, "private": 0o600}


def test_writers_at_the_same_time_do_not_mix(tmp_path):
    path = tmp_path / "a.bin"
    contents = [bytes([i]) * 100_000 for i in range(8)]
    threads = [threading.Thread(target=write_whole, args=(path, [c])) for c in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_bytes() in contents
    assert os.listdir(tmp_path) == ["a.bin"]


@POSIX
def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path):
    """The limit of a file's size stands for the full disk: the write fails in the same way."""
    program = (
        "import resource, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))\n"
        "import mslearn as ms\n"
        "net = ms.nn.Dense(200, 200)\n"
        "for format in ('ckpt', 'safetensors'):\n"
        "    try:\n"
        "        ms.save_checkpoint(net, sys.argv[1], format=format)\n"
        "    except OSError as error:\n"
        "        print(type(error).__name__)\n"
    )
    path = tmp_path / "net.ckpt"
    write_whole(path, [b"old"])
    run = [sys.executable, "-c", program, str(path)]
    out = subprocess.run(run, capture_output=True, text=True, check=True, cwd=os.getcwd())
    assert out.stdout.split() == ["OSError", "OSError"]
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["net.ckpt"]


@POSIX
def test_a_kill_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.bin"
    write_whole(path, [b"old"])
    program = (
        "import os, signal, sys\n"
        "from mslearn.common.files import replacing\n"
        "with replacing(sys.argv[1]) as file:\n"
        "    file.write(b'new'); file.flush()\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(path)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert path.read_bytes() == b"old"
