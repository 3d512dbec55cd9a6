# SPDX-License-Identifier: Apache-2.0
"""Published files are fetched from a server that misbehaves in every way that servers do."""

import hashlib
import os
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from bwcolor.errors import OutputError, WeightsError
from bwcolor.models import cache, download
from bwcolor.models.download import RemoteFile, fetch

CONTENT = np.random.default_rng(0).integers(0, 256, 600_000, dtype=np.uint8).tobytes()
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Handler(BaseHTTPRequestHandler):
    """Serves CONTENT, with the faults that the first part of the path asks for."""

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        fault = self.path.split("/")[1]
        server = self.server
        server.ranges.append(self.headers.get("Range"))
        first = len(server.ranges) == 1
        if fault == "missing":
            return self.send_error(404)
        if fault == "busy" and first:
            return self.send_error(503)
        if fault == "page":
            return self.answer(200, b"<!doctype html><title>Sign in</title>", "text/html; charset=utf-8")
        if fault == "other":
            return self.answer(200, b"x" * 1000)
        if fault == "silent":
            server.stop.wait(20)
            return None
        start = 0
        if self.headers.get("Range") and fault != "norange":
            start = int(self.headers["Range"].removeprefix("bytes=").rstrip("-"))
            if start >= len(CONTENT):
                return self.send_error(416)
        if fault == "slow":
            time.sleep(0.3)
        half = len(CONTENT) // 2 if fault in {"cut", "norange"} and first else None
        return self.answer(206 if start else 200, CONTENT[start:], start=start, upto=half)

    def answer(self, code, body, kind="application/octet-stream", start=0, upto=None):
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if code == 206:
            self.send_header("Content-Range", f"bytes {start}-{start + len(body) - 1}/{start + len(body)}")
        self.end_headers()
        self.wfile.write(body[:upto])
        if upto:
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def server():
    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running.ranges, running.stop, running.daemon_threads = [], threading.Event(), True
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    running.root = f"http://127.0.0.1:{running.server_port}"
    yield running
    running.stop.set()
    running.shutdown()
    thread.join()
    running.server_close()


@pytest.fixture(autouse=True)
def _patience(monkeypatch, tmp_path):
    monkeypatch.setattr(download, "PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(download, "SILENCE_SECONDS", 0.3)
    monkeypatch.setenv(cache.HOME_VARIABLE, str(tmp_path / "home"))
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)


def remote(server, fault="fine", sha256=SHA256, size=None):
    return RemoteFile("net.pth", f"{server.root}/{fault}/net.pth", sha256, size)


def leftovers(path):
    return sorted(p.name for p in path.parent.iterdir() if not p.name.endswith((".lock", ".checked")))


def test_a_file_is_fetched_once(server):
    seen = []
    path = fetch(remote(server), progress=lambda done, total: seen.append((done, total)))
    assert path == cache.cache_folder() / "net.pth"
    assert path.read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert fetch(remote(server)) == path
    assert len(server.ranges) == 1
    assert leftovers(path) == ["net.pth"]


@pytest.mark.parametrize("digits", [8, 64])
def test_a_published_beginning_of_the_hash_will_do(server, digits):
    assert fetch(remote(server, sha256=SHA256[:digits])).read_bytes() == CONTENT


def test_fewer_digits_are_no_proof(server):
    with pytest.raises(WeightsError, match="SHA-256"):
        fetch(remote(server, sha256=SHA256[:4]))


def test_a_cut_download_goes_on_where_it_stopped(server):
    assert fetch(remote(server, "cut")).read_bytes() == CONTENT
    assert server.ranges == [None, f"bytes={len(CONTENT) // 2}-"]


def test_a_later_call_goes_on_where_an_earlier_process_stopped(server):
    folder = cache.cache_folder()
    folder.mkdir(parents=True)
    (folder / "net.pth.part").write_bytes(CONTENT[:1000])
    assert fetch(remote(server)).read_bytes() == CONTENT
    assert server.ranges == ["bytes=1000-"]


@pytest.mark.parametrize("left", [CONTENT, CONTENT + b"more", b"of another file"])
def test_what_an_earlier_process_left_may_be_whole_too_long_or_wrong(server, left):
    folder = cache.cache_folder()
    folder.mkdir(parents=True)
    (folder / "net.pth.part").write_bytes(left)
    assert fetch(remote(server)).read_bytes() == CONTENT


def test_a_server_that_cannot_resume_sends_everything_anew(server):
    assert fetch(remote(server, "norange")).read_bytes() == CONTENT
    assert server.ranges[1] is not None


def test_a_busy_server_is_asked_again(server):
    assert fetch(remote(server, "busy")).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("missing", "HTTP 404"),
        ("page", "it sends a web page instead of the file"),
        ("other", "its SHA-256 begins [0-9a-f]{8}, not " + SHA256[:8]),
        ("silent", "timed out"),
    ],
)
def test_what_is_not_the_file_is_refused_with_what_to_do(server, fault, reason):
    file = remote(server, fault)
    with pytest.raises(WeightsError, match=reason) as caught:
        fetch(file)
    assert file.address in caught.value.hint
    assert str(cache.cache_folder() / "net.pth") in caught.value.hint
    assert not download.cached(file)
    assert leftovers(cache.cache_folder() / "net.pth") == []


def test_without_a_network_it_says_what_to_do():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(WeightsError, match=r"refused.*put it here as"):
        fetch(RemoteFile("net.pth", f"http://127.0.0.1:{port}/net.pth", SHA256))


def test_offline_mode_asks_nobody(server, monkeypatch):
    monkeypatch.setenv(download.OFFLINE_VARIABLE, "1")
    with pytest.raises(WeightsError, match="BWCOLOR_OFFLINE"):
        fetch(remote(server))
    assert server.ranges == []


def test_mirrors_are_asked_first_and_the_publisher_last(server, monkeypatch, tmp_path):
    folder = tmp_path / "my mirror".replace(" ", "_")
    folder.mkdir()
    (folder / "net.pth").write_bytes(CONTENT)
    nowhere = "http://127.0.0.1:9/missing"
    monkeypatch.setenv(download.MIRROR_VARIABLE, f"{server.root}/other {folder}")
    file = RemoteFile("net.pth", nowhere, SHA256)
    assert fetch(file).read_bytes() == CONTENT
    assert len(server.ranges) == 1


def test_a_mirror_without_the_file_is_passed_over(server, monkeypatch, tmp_path):
    monkeypatch.setenv(download.MIRROR_VARIABLE, f"{tmp_path} {server.root}/missing ftp://127.0.0.1")
    assert fetch(remote(server)).read_bytes() == CONTENT


def test_a_file_put_by_hand_is_checked(server):
    path = cache.cache_folder() / "net.pth"
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT)
    assert fetch(remote(server)) == path
    path.write_bytes(b"not it")
    with pytest.raises(WeightsError, match="not the published file"):
        fetch(remote(server))
    assert server.ranges == []


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="POSIX permissions")
def test_a_cache_that_cannot_be_written_is_said(server, tmp_path, monkeypatch):
    monkeypatch.setenv(cache.HOME_VARIABLE, str(tmp_path / "file" / "home"))
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="cannot be written") as caught:
        fetch(remote(server))
    assert cache.HOME_VARIABLE in caught.value.hint


def test_a_read_only_cache_still_gives_what_it_holds(server):
    path = fetch(remote(server))
    (path.parent / ".net.pth.checked").unlink(missing_ok=True)
    path.parent.chmod(0o555)
    try:
        assert fetch(remote(server)) == path
    finally:
        path.parent.chmod(0o755)


def test_two_processes_at_once_fetch_it_once(server, tmp_path):
    program = (
        "import sys; from bwcolor.models.download import *\n"
        f"print(fetch(RemoteFile('net.pth', {server.root!r} + '/slow/net.pth', {SHA256!r})))"
    )
    environment = {**os.environ, cache.HOME_VARIABLE: str(tmp_path / "shared")}
    command = [sys.executable, "-c", program]
    both = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    printed = {process.communicate(timeout=60)[0] for process in both}
    assert [process.returncode for process in both] == [0, 0]
    assert len(printed) == 1
    assert len(server.ranges) == 1


def test_a_full_disk_is_said(server, monkeypatch):
    def full(stream, piece):
        raise cache.unwritable(cache.cache_folder(), OSError(28, "No space left on device"))

    monkeypatch.setattr(download, "_write", full)
    with pytest.raises(OutputError, match="the disk is full"):
        fetch(remote(server))
