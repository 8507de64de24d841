"""The server extension and the launcher, through a real `mslearn lab` process."""

from __future__ import annotations

import json
import socket
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser.harness import RunningCamp, running_camp
from jupyter_client import BlockingKernelClient

from mslearn.lab import launch, server

pytestmark = pytest.mark.packaging


@pytest.fixture(scope="module")
def camp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCamp]:
    with running_camp(tmp_path_factory.mktemp("server"), env={"LANG": "zh_CN.UTF-8"}) as running:
        yield running


def post(camp: RunningCamp, body: bytes) -> tuple[int, dict]:
    answer = camp.request("mslearn/language", body)
    return answer.status, json.load(answer)


def test_a_chinese_system_starts_in_chinese(camp: RunningCamp) -> None:
    assert "/lab/tree/zh/day01_quick_start.ipynb?token=" in camp.address
    assert json.load(camp.request("mslearn/camp"))["language"] == "zh"


def test_the_camp_needs_the_token(camp: RunningCamp) -> None:
    assert camp.request("mslearn/camp", token=False).status == 403
    body = b'{"language": "en"}'
    assert camp.request("mslearn/language", body, token=False).status == 403


def test_the_camp_lists_25_days(camp: RunningCamp) -> None:
    answer = camp.request("mslearn/camp")
    assert answer.headers["Content-Type"].startswith("application/json")
    data = json.load(answer)
    assert (data["total"], len(data["days"])) == (25, 25)
    first = data["days"][0]
    assert first["id"] == "day01" and first["state"] in ("available", "started", "done")
    assert first["path"]["en"] == "en/day01_quick_start.ipynb"
    assert (camp.home / "mslearn-camp" / first["path"]["zh"]).is_file()


def test_nothing_new_is_an_empty_304_and_no_activity(camp: RunningCamp) -> None:
    headers = {"Authorization": f"token {camp.token}"}
    etag = camp.request("mslearn/camp").headers["ETag"]
    before = json.load(camp.request("api/status"))["last_activity"]
    request = urllib.request.Request(
        camp.url + "mslearn/camp", headers=headers | {"If-None-Match": etag}
    )
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=120)
    assert caught.value.code == 304 and caught.value.read() == b""
    assert json.load(camp.request("api/status"))["last_activity"] == before, "a poll is no activity"


def test_the_language_is_stored(camp: RunningCamp) -> None:
    progress = camp.home / "mslearn-home" / "progress.json"
    for language in ("en", "zh"):
        status, data = post(camp, json.dumps({"language": language}).encode())
        assert (status, data["language"], data["total"]) == (200, language, 25)
        assert json.loads(progress.read_text(encoding="utf-8"))["language"] == language


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff", b"[]", b'"zh"', b"{}", b'{"language": "fr"}', b'{"language": null}',
     b'{"language": ["zh"]}', b'{"language": "%s%d"}', b"[" * 100_000],
)  # fmt: skip
def test_a_bad_body_gets_400_and_the_reason(camp: RunningCamp, body: bytes) -> None:
    status, data = post(camp, body)
    assert status == 400
    assert '{"language": "en"} or {"language": "zh"}' in data["message"]


def test_a_damaged_progress_file_does_not_stop_the_camp(camp: RunningCamp) -> None:
    progress = camp.home / "mslearn-home" / "progress.json"
    progress.write_text("{", encoding="utf-8")
    assert json.load(camp.request("mslearn/camp"))["done"] == 0
    assert progress.with_name("progress.json.bad-1").read_text(encoding="utf-8") == "{"


def test_the_lessons_come_trusted(camp: RunningCamp) -> None:
    """Else JupyterLab hides the pictures that are stored in them."""
    answer = camp.request("api/contents/en/day01_quick_start.ipynb?content=1")
    cells = json.load(answer)["content"]["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert code and all(cell["metadata"].get("trusted") for cell in code)


def until_ready(connection: Path) -> None:
    client = BlockingKernelClient(connection_file=str(connection))
    client.load_connection_file()
    client.start_channels(hb=False)  # a heart that stops for a second is no dead kernel
    client.wait_for_ready(timeout=300)
    client.stop_channels()


def test_a_taken_port_moves_on_and_ctrl_c_ends_cleanly(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with running_camp(tmp_path, "--port", str(port), "--lang", "en") as camp:
            assert f":{port}/" not in camp.url
            body = json.dumps(
                {
                    "kernel": {"name": "python3"},
                    "path": "en/day01_quick_start.ipynb",
                    "name": "",
                    "type": "notebook",
                }
            ).encode()
            kernel = json.load(camp.request("api/sessions", body))["kernel"]["id"]
            connection = camp.home / "run" / f"kernel-{kernel}.json"
            assert connection.is_file()
            until_ready(connection)
            assert camp.interrupt() == 0
            text = camp.log.read_text(encoding="utf-8")
    assert "Traceback" not in text
    assert "The camp is closed." in text
    assert text.count("token=") == 1, "the address is announced once"
    # A kernel that finds out for itself that its server is gone leaves this file behind.
    assert not connection.exists(), "the kernel was not shut down"


def test_ctrl_c_while_a_kernel_fails_to_start_ends_cleanly(tmp_path: Path) -> None:
    """Worker threads that wait for ever must not keep the process alive."""
    spec = tmp_path / "jupyter-data" / "kernels" / "python3"
    spec.mkdir(parents=True)
    argv = ["python", "-c", "raise SystemExit(1)", "{connection_file}"]
    kernel = {"argv": argv, "display_name": "Python 3", "language": "python"}
    (spec / "kernel.json").write_text(json.dumps(kernel))
    with running_camp(tmp_path, "--lang", "en") as camp:
        body = json.dumps(
            {"kernel": {"name": "python3"}, "path": "en/x.ipynb", "name": "", "type": "notebook"}
        ).encode()
        camp.request("api/sessions", body)
        camp.request("api/contents/en/day01_quick_start.ipynb?content=1")
        assert camp.interrupt() == 0
        assert "The camp is closed." in camp.log.read_text(encoding="utf-8")


def test_the_lessons_are_found_below_the_servers_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    camp = tmp_path / "home" / "mslearn-camp"
    (camp / "en").mkdir(parents=True)
    monkeypatch.setenv("MSLEARN_CAMP_DIR", str(camp))
    assert server.folder_below(camp) == ""
    assert server.folder_below(tmp_path / "home") == "mslearn-camp/"
    assert server.folder_below(tmp_path) == "home/mslearn-camp/"
    (tmp_path / "other").mkdir()
    assert server.folder_below(tmp_path / "other") is None


@pytest.mark.parametrize(
    ("names", "language"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "en_US.UTF-8"}, "en"),
        ({"LANG": "C.UTF-8", "LC_MESSAGES": "zh_TW"}, "zh"),
    ],
)
def test_language_of_system(
    names: dict[str, str], language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LANG", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    for name, value in names.items():
        monkeypatch.setenv(name, value)
    assert launch.language_of_system() == language
