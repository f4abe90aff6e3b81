"""What the fake forges share: HTTP on loopback, a bare repository behind it, and failures on demand."""

from __future__ import annotations

import json
import re
import subprocess
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, ClassVar, Self
from urllib.parse import parse_qsl, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

CANARY = "canary-7f3a9c1e5b"
_AUTHOR = ["-c", "user.name=A Person", "-c", "user.email=person@example.com"]


class HttpError(Exception):
    """What a route answers instead of data."""

    def __init__(self, status: int, body: object = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status)
        self.status, self.body, self.headers = status, body, dict(headers or {})


@dataclass
class Pull:
    """A pull request as all forges know it; `fork` is one from another repository."""

    number: int
    head: str
    base: str
    title: str
    body: str
    draft: bool = False
    fork: bool = False
    state: str = "open"
    labels: list[str] = field(default_factory=list)
    reviewers: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    auto_merge: str | None = None
    version: int = 0


@dataclass
class Asked:
    """A request that came in."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    headers: Mapping[str, str]


@dataclass
class Fault:
    """What happens instead of the next answer to a request of this method and path.

    `lost`: the work is done, and the connection is cut before the answer.
    """

    method: str = ""
    path: str = ""
    status: int = 500
    headers: dict[str, str] = field(default_factory=dict)
    text: str = '{"message": "something broke"}'
    lost: bool = False

    def fits(self, asked: Asked) -> bool:
        return self.method in {"", asked.method} and self.path in asked.path


Route = tuple[str, str, str]


class FakeForge:
    """One repository on one forge. `routes` holds (method, pattern of the whole path, name of the method)."""

    routes: ClassVar[list[Route]]
    #: Users and teams that may review, by name; the key is what the forge calls them.
    people: ClassVar[dict[str, str]] = {
        name: f"0000000{number}-aaaa-bbbb-cccc-dddddddddddd" for number, name in enumerate(["ada", "grace", "linus"], 1)
    }
    known_labels: ClassVar[list[str]] = ["bggen", "release", "prod"]
    project = "acme/config"
    prefix = ""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "config.git"
        self.pulls: list[Pull] = []
        self.faults: list[Fault] = []
        self.asked: list[Asked] = []
        self._git("init", "--quiet", "--bare", str(self.folder), inside=False)
        self.commit("main", "bggen.yaml", "kind: Repo\n")

    def __enter__(self) -> Self:
        forge = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is the standard library's
                pass

            def __getattr__(self, name: str) -> Callable[[], None]:
                if name.startswith("do_"):
                    return lambda: forge.serve(self)
                raise AttributeError(name)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def api(self) -> str:
        return self.origin + self.prefix

    # What a test does on the other side.

    def commit(self, branch: str, path: str, content: str, *, start: str = "main") -> str:
        """Put one file on a branch with real git, and return the commit."""
        blob = self._git("hash-object", "-w", "--stdin", text=content)
        tip = self.tip(branch) or self.tip(start)
        listed = self._git("ls-tree", tip).splitlines() if tip else []
        entries = [line for line in listed if line.split("\t")[1] != path]
        tree = self._git("mktree", text="".join(f"{line}\n" for line in [*entries, f"100644 blob {blob}\t{path}"]))
        commit = self._git(*_AUTHOR, "commit-tree", tree, "-m", f"{branch}: {path}", *(["-p", tip] if tip else []))
        self._git("update-ref", f"refs/heads/{branch}", commit)
        return commit

    def tip(self, branch: str) -> str:
        return self._git("for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}")

    def merge(self, number: int, *, squash: bool = False) -> str:
        """Merge as the forge's button does, with real git, and return the commit."""
        pull = self.pull(number)
        base, head = self.tip(pull.base), self.tip(pull.head)
        tree = self._git("rev-parse", f"{head}^{{tree}}")
        parents = ["-p", base] if squash else ["-p", base, "-p", head]
        commit = self._git(*_AUTHOR, "commit-tree", tree, "-m", pull.title, *parents)
        self._git("update-ref", f"refs/heads/{pull.base}", commit, base)
        pull.state = "merged"
        return commit

    def pull(self, number: int) -> Pull:
        found = next((pull for pull in self.pulls if pull.number == number), None)
        if found is None:
            raise HttpError(404, {"message": "Not Found"})
        return found

    def wrote(self) -> list[Asked]:
        """The requests that may have changed something."""
        return [asked for asked in self.asked if asked.method != "GET"]

    def called(self, name: str) -> str:
        """What a user gives bggen for this person."""
        return name

    # What routes use.

    def open_pulls(self) -> Iterator[Pull]:
        return (pull for pull in self.pulls if pull.state == "open")

    def open_pull(self, head: str, base: str, title: str, body: str, *, draft: bool = False) -> Pull:
        """Open one as a forge does: title, branches and duplicates are looked at."""
        if not title:
            raise HttpError(422, {"message": "title is missing"})
        if not self.tip(base) or not self.tip(head):
            raise self.no_branch(base if self.tip(head) else head)
        double = next((pull for pull in self.open_pulls() if (pull.head, pull.base) == (head, base)), None)
        if double and not double.fork:
            raise self.duplicate(double)
        pull = Pull(len(self.pulls) + 1, head, base, title, body, draft)
        self.pulls.append(pull)
        return pull

    def no_branch(self, name: str) -> HttpError:
        return HttpError(404, {"message": f"branch {name} does not exist"})

    def duplicate(self, pull: Pull) -> HttpError:
        return HttpError(409, {"message": f"there is a request already: {pull.number}"})

    def allowed(self, asked: Asked) -> bool:
        """Whether the request is signed in."""
        return asked.headers.get("Authorization") == f"Bearer {CANARY}"

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        content = handler.rfile.read(int(handler.headers.get("Content-Length", "0")))
        query = dict(parse_qsl(parts.query))
        asked = Asked(
            handler.command, parts.path, query, json.loads(content) if content else None, dict(handler.headers)
        )
        self.asked.append(asked)
        fault = next((fault for fault in self.faults if fault.fits(asked)), None)
        if fault:
            self.faults.remove(fault)
            if not fault.lost:
                _write(handler, fault.status, fault.text.encode(), fault.headers)
                return
        try:
            status, data, headers = 200, *self._routed(asked)
            if asked.method == "POST":
                status = self.created(asked)
        except HttpError as error:
            status, data, headers = error.status, error.body, error.headers
        if fault:
            handler.close_connection = True
            return
        _write(handler, status, b"" if data is None else json.dumps(data).encode(), headers)

    def created(self, asked: Asked) -> int:  # noqa: ARG002  # some forges look at the path
        return 201

    def _routed(self, asked: Asked) -> tuple[Any, dict[str, str]]:
        if not self.allowed(asked):
            raise HttpError(401, {"message": "Bad credentials"})
        for method, pattern, name in self.routes:
            found = re.fullmatch(pattern if pattern.startswith("^") else self.prefix + pattern, asked.path)
            if found and method == asked.method:
                result = getattr(self, name)(asked, *map(unquote, found.groups()))
                return result if isinstance(result, tuple) else (result, {})
        raise HttpError(404, {"message": "Not Found"})

    def _git(self, *arguments: str, text: str | None = None, inside: bool = True) -> str:
        place = [f"--git-dir={self.folder}"] if inside else []
        done = subprocess.run(
            ["git", *place, *arguments], check=True, input=text, text=True, stdout=subprocess.PIPE, encoding="utf-8"
        )
        return done.stdout.strip()


def _write(handler: BaseHTTPRequestHandler, status: int, content: bytes, headers: Mapping[str, str]) -> None:
    handler.send_response(status)
    for name, value in {"Content-Type": "application/json", **headers, "Content-Length": str(len(content))}.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(content)
