"""The script of a smoke test that asks for a path, run for real: what a Job does in a pod, with `sh` and `curl`."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from bggen.model.parts import HttpSmoke
from bggen.render import render
from tests.support.manifests import read
from tests.support.smoked import CURL, smoked
from tests.support.states import bumped, first

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="the script needs curl")

# The image of curl has BusyBox's; those that are one program here are run once.
_FOUND = {os.path.realpath(path): name for name in ("busybox", "dash", "sh") if (path := shutil.which(name))}
SHELLS = [["busybox", "sh"] if name == "busybox" else [name] for name in _FOUND.values()]


def container(path: str = "/ready", expect: int = 200, timeout: int = 20) -> Any:
    """The container of the idle test of an app that asks for that path."""
    spec = smoked("v2", smoke=HttpSmoke("web", path, CURL, expect, timeout))
    (job,) = [data for data in read(render(bumped(first(smoked()), spec))).values() if data["kind"] == "Job"]
    return job["spec"]["template"]["spec"]["containers"][0]


def expanded(text: str, variables: dict[str, str]) -> str:
    """What Kubernetes makes of `$(NAME)` and `$$` in commands and values."""
    made, at = "", 0
    while at < len(text):
        if text[at] != "$" or at + 1 == len(text):
            made, at = made + text[at], at + 1
        elif text[at + 1] == "(" and ")" in text[at:]:
            end = text.index(")", at)
            name = text[at + 2 : end]
            made, at = made + variables.get(name, text[at : end + 1]), end + 1
        else:
            made, at = made + ("$" if text[at + 1] == "$" else text[at : at + 2]), at + 2
    return made


def run(shell: list[str], made: Any, port: int, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the container's command; its Service's name is replaced by the server's address."""
    variables = {each["name"]: each["value"] for each in made["env"]}
    variables = {name: expanded(value, variables) for name, value in variables.items()}
    variables["BGGEN_URL"] = variables["BGGEN_URL"].replace("shop-web-green:80", f"127.0.0.1:{port}")
    command = [expanded(word, variables) for word in made["command"]]
    return subprocess.run(
        [*shell, *command[1:]],
        env={"PATH": os.environ["PATH"], **variables, **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


class Server(ThreadingHTTPServer):
    """Answers with one status after another, the last one for ever; `paths` is what it was asked for."""

    def __init__(self, port: int, statuses: list[int], hang: threading.Event | None) -> None:
        self.statuses = statuses
        self.hang = hang
        self.paths: list[str] = []
        super().__init__(("127.0.0.1", port), Answer)


class Answer(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.paths.append(self.path)
        if self.server.hang is not None and len(self.server.paths) == 1:
            self.server.hang.wait(30)
        status = self.server.statuses.pop(0) if len(self.server.statuses) > 1 else self.server.statuses[0]
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/ready")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving(*statuses: int, port: int = 0, hang: threading.Event | None = None) -> Iterator[Server]:
    server = Server(port, list(statuses), hang)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server
    finally:
        if hang is not None:
            hang.set()
        server.shutdown()
        server.server_close()
        thread.join()


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


@pytest.mark.parametrize("shell", SHELLS)
def test_the_right_status_passes_at_once(shell: list[str]) -> None:
    with serving(200) as server:
        done = run(shell, container(), server.server_port)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("/ready: 200, as it must be\n")
    assert server.paths == ["/ready"]


@pytest.mark.parametrize("shell", SHELLS)
def test_it_asks_again_until_the_status_is_right(shell: list[str]) -> None:
    with serving(503, 404, 200) as server:
        done = run(shell, container(), server.server_port)
    assert done.returncode == 0
    assert [line.rpartition("/ready: ")[2] for line in done.stderr.splitlines()] == [
        "status 503, curl's exit code 0",
        "status 404, curl's exit code 0",
    ]
    assert len(server.paths) == 3


@pytest.mark.parametrize("shell", SHELLS)
def test_a_wrong_status_fails_when_the_time_is_over(shell: list[str]) -> None:
    with serving(500) as server:
        done = run(shell, container(), server.server_port, BGGEN_SECONDS="2")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith("/ready: no 200 within 2 s")
    assert server.paths


@pytest.mark.parametrize("shell", SHELLS)
def test_a_server_that_is_not_there_yet_is_waited_for(shell: list[str]) -> None:
    port = free_port()
    refused = run(shell, container(), port, BGGEN_SECONDS="1")
    assert refused.returncode == 1
    assert "status 000, curl's exit code 7" in refused.stderr
    done: list[subprocess.CompletedProcess[str]] = []
    asking = threading.Thread(target=lambda: done.append(run(shell, container(), port)))
    asking.start()
    asking.join(1.5)
    assert asking.is_alive()
    with serving(200, port=port):
        asking.join(30)
    (found,) = done
    assert found.returncode == 0
    assert "curl's exit code 7" in found.stderr


@pytest.mark.parametrize("shell", SHELLS)
def test_an_answer_that_does_not_come_ends_the_try_and_not_the_test(shell: list[str]) -> None:
    with serving(200, hang=threading.Event()) as server:
        done = run(shell, container(), server.server_port, BGGEN_TIMEOUT="1")
    assert done.returncode == 0
    assert "status 000, curl's exit code 28" in done.stderr
    assert len(server.paths) == 2


@pytest.mark.parametrize("status", [204, 302, 404])
def test_any_status_may_be_the_right_one_and_no_redirect_is_followed(status: int) -> None:
    with serving(status) as server:
        assert run(["sh"], container(expect=status), server.server_port).returncode == 0
        assert run(["sh"], container(expect=201), server.server_port, BGGEN_SECONDS="1").returncode == 1
    assert set(server.paths) == {"/ready"}


@pytest.mark.parametrize(
    "path",
    ["/a?b=c&d", "/$(id)/`id`/${PATH}/$$", "/$(BGGEN_COLOR)", "/[1-3]/{a,b}/*", "/a/../b/./c", "/'\"\\;|<>", "/%20%0a"],
)
def test_a_path_is_asked_for_as_it_stands(path: str) -> None:
    with serving(200) as server:
        done = run(["sh"], container(path), server.server_port)
    assert done.returncode == 0
    assert server.paths == [path]


def test_proxies_and_settings_of_the_image_do_not_count() -> None:
    dead = f"http://127.0.0.1:{free_port()}"
    with serving(200) as server:
        done = run(["sh"], container(), server.server_port, http_proxy=dead, ALL_PROXY=dead, BGGEN_SECONDS="3")
    assert done.returncode == 0


def test_without_curl_it_fails_in_time(tmp_path: Path) -> None:
    for name in ("date", "sleep"):
        (tmp_path / name).symlink_to(shutil.which(name) or name)
    done = run(["/bin/sh"], container(), 1, BGGEN_SECONDS="2", PATH=str(tmp_path))
    assert done.returncode == 1
    assert "exit code 127" in done.stderr
