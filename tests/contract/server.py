"""GitHub's official description of its API, served by Prism, which holds every request to it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).parent
PRISM = HERE / "node_modules" / ".bin" / "prism"
DESCRIPTION = HERE / "node_modules" / "@octokit" / "openapi" / "generated" / "api.github.com.json"
_STARTED = "Prism is listening"
# It reads 13 MB of JSON first: 21 seconds at the most here, without anything else to do.
_LONGEST_START = 300


def missing() -> str | None:
    """Install what is needed, once, and return why that cannot be done, or None."""
    npm = shutil.which("npm")
    if npm is None:
        return "npm is not installed"
    if PRISM.exists() and DESCRIPTION.exists():
        return None
    done = subprocess.run(
        [npm, "install", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=HERE,
        check=False,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    return None if done.returncode == 0 else f"npm install failed: {done.stdout.strip()[-500:]}"


@dataclass
class Served:
    """Where bggen sends its requests, what was sent, and what GitHub's description has against it."""

    api: str = ""
    sent: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)


@contextmanager
def served() -> Iterator[Served]:
    """Serve the description until the block ends; a small proxy before Prism keeps what it says in headers."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    # Without --errors: with it Prism answers a violation in another shape, and stops where the mock cannot follow.
    command = [str(PRISM), "mock", "--host", "127.0.0.1", "--port", str(port), str(DESCRIPTION)]
    environment = {**os.environ, "NO_COLOR": "1"}
    process = subprocess.Popen(command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert process.stdout
    # Somebody has to read what it logs: a full pipe would stop it.
    started, lines = threading.Event(), list[str]()
    reader = threading.Thread(target=_read, args=(process.stdout, started, lines))
    reader.start()
    try:
        started.wait(_LONGEST_START)
        assert any(_STARTED in line for line in lines), f"Prism did not start:\n{''.join(lines[-10:])}"
        served = Served()
        server = ThreadingHTTPServer(("127.0.0.1", 0), _proxy(served, port))
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        served.api = f"http://127.0.0.1:{server.server_port}"
        try:
            yield served
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
    finally:
        process.kill()
        reader.join()
        process.wait()
        process.stdout.close()


def _read(log: IO[str], started: threading.Event, lines: list[str]) -> None:
    for line in log:
        lines.append(line)
        if _STARTED in line:
            started.set()
    started.set()


def _proxy(served: Served, port: int) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the standard library's name
            pass

        def __getattr__(self, name: str) -> Callable[[], None]:
            if name.startswith("do_"):
                return self.passed_on
            raise AttributeError(name)

        def passed_on(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            there = HTTPConnection("127.0.0.1", port, timeout=60)
            there.request(self.command, self.path, content, dict(self.headers.items()))
            answer = there.getresponse()
            body = answer.read()
            what = f"{self.command} {self.path.partition('?')[0]}"
            served.sent.append(what)
            said = json.loads(answer.headers.get("sl-violations") or "[]")
            # It also holds its own answers, GitHub's examples, to the description, and some do not fit.
            served.violations += [f"{what}: {found}" for found in said if found["location"][:1] != ["response"]]
            self.send_response(answer.status)
            for name in ("Content-Type", "Link"):
                if name in answer.headers:
                    self.send_header(name, answer.headers[name])
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            there.close()

    return Handler
