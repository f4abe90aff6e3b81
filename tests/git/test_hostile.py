"""Hostile remotes and hostile content of checkouts: nothing of it runs, and nothing is written outside."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from bggen.errors import GitError
from bggen.git import speaking
from bggen.git.bare import Bare
from bggen.remotes import parse_url
from tests.support.cli import HELLO, SETTINGS
from tests.support.inside import Inside
from tests.support.repos import Repo
from tests.support.servers.hooks import refuse_pushes
from tests.support.servers.repos import import_commit, make_bare, make_config
from tests.support.servers.verdicts import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.support.servers.repos import BareRepo

HOOKS = (
    "applypatch-msg",
    "pre-applypatch",
    "post-applypatch",
    "pre-commit",
    "pre-merge-commit",
    "prepare-commit-msg",
    "commit-msg",
    "post-commit",
    "pre-rebase",
    "post-checkout",
    "post-merge",
    "pre-push",
    "pre-receive",
    "update",
    "proc-receive",
    "post-receive",
    "post-update",
    "reference-transaction",
    "push-to-checkout",
    "pre-auto-gc",
    "post-rewrite",
    "sendemail-validate",
    "fsmonitor-watchman",
    "post-index-change",
)
NAMES = [
    b"..",
    b".",
    b".git",
    b".GIT",
    b"git~1",
    b"a\nb",
    b"a\tb",
    b"\x1b[2J",
    b"\xff\xfe",
    b"-x",
    b"x" * 5000,
    b"a\\b",
]
NONSENSE = [
    b"",
    b"\0" * 4096,
    b"garbage\n" * 100,
    b"ffff" + b"x" * 70_000,
    b"0010ERR \x1b[2J\rx\n",
    b"HTTP/1.1 200 OK\r\n\r\ngarbage",
]
FILE, LINK, SUBMODULE, FOLDER = b"100644", b"120000", b"160000", b"40000"


class Scene:
    """A folder outside of which nothing may appear, a mark that every hostile thing makes, and bggen."""

    def __init__(self, folder: Path, env: Mapping[str, str], capfd: pytest.CaptureFixture[str]) -> None:
        self.folder, self.mark = folder, folder / "mark" / "ran"
        self.outside, self.cwd, self.temp = folder / "outside", folder / "cwd", folder / "temp"
        for made in (self.mark.parent, self.outside, self.cwd, self.temp):
            made.mkdir(parents=True)
        (self.outside / "bggen.yaml").write_text(SETTINGS)
        (self.outside / "app.yaml").write_text(HELLO)
        self.env = dict(env)
        self._inside = Inside(self.cwd, self.temp, capfd)
        self._before = self._seen()

    def bump(self, repo: str, *more: str, **variables: str) -> tuple[int, Any]:
        """Bump, see that nothing hostile has run or was written, and return the exit code and the document."""
        words = ["bump", "--repo", repo, "--app", "hello", "--env", "prod", "--image", "v1", "-o", "json", *more]
        code, out, err = self._inside.run(words, {**self.env, **variables})
        document = json.loads(out)
        assert document.get("error", {}).get("kind") != "bug", document
        assert all(line.isprintable() for line in err.splitlines()), err
        assert code == 0 or document["error"]["message"].isprintable()
        assert len(err) < 4000
        self.assert_calm()
        return code, document

    def assert_calm(self) -> None:
        assert not self.mark.exists(), self.mark.read_text()
        assert self._seen() == self._before

    def script(self, name: str) -> Path:
        """Return a program that leaves the mark."""
        path = self.folder / f"{name}.sh"
        path.write_text(f'#!/bin/sh\necho {name} "$@" >> {self.mark}\ncat\n')
        path.chmod(0o755)
        return path

    def _seen(self) -> dict[str, bytes]:
        """Return every file outside of what bggen may write to."""
        roots = (self.outside, self.cwd, self.temp)
        # A lock file for turns is bggen's own.
        return {
            str(path): path.read_bytes()
            for root in roots
            for path in sorted(root.rglob("*"))
            if path.is_file() and not path.name.startswith("bggen-") and "bggen-" not in path.parent.name
        }


@pytest.fixture
def scene(tmp_path: Path, env: Mapping[str, str], capfd: pytest.CaptureFixture[str]) -> Scene:
    return Scene(tmp_path / "scene", env, capfd)


@pytest.fixture
def checkout(tmp_path: Path, env: Mapping[str, str], served: Path) -> Repo:
    """A clone of a config repo."""
    origin = make_config(served / "config.git")
    Repo(tmp_path, env).git("clone", "--quiet", str(origin.path), "checkout")
    return Repo(tmp_path / "checkout", env)


def put(repo: BareRepo, kind: str, body: bytes) -> bytes:
    """Store an object as it is, however wrong, and return its id in binary."""
    words = ["git", "hash-object", "-w", "--literally", "-t", kind, "--stdin"]
    done = subprocess.run(words, cwd=repo.path, env=repo.env, input=body, capture_output=True, check=True)
    return bytes.fromhex(done.stdout.decode().strip())


def tree(repo: BareRepo, *entries: tuple[bytes, bytes, bytes]) -> bytes:
    """Store a tree of (mode, name, id), in this order."""
    return put(repo, "tree", b"".join(b"%s %s\0%s" % entry for entry in entries))


def commit(
    repo: BareRepo, top: bytes, *, author: bytes = b"A <a@b>", message: bytes = b"hostile\n", parent: str = ""
) -> str:
    above = f"parent {parent}\n".encode() if parent else b""
    body = b"tree %s\n%sauthor %s 1 +0000\ncommitter A <a@b> 1 +0000\n\n%s" % (
        top.hex().encode(),
        above,
        author,
        message,
    )
    return put(repo, "commit", body).hex()


def publish(repo: BareRepo, top: bytes) -> str:
    made = commit(repo, top)
    (repo.path / "refs" / "heads" / "main").write_text(f"{made}\n")
    return made


def good(repo: BareRepo) -> tuple[tuple[bytes, bytes, bytes], tuple[bytes, bytes, bytes], bytes]:
    """Return the entries of bggen.yaml and apps, and the id of the tree of apps/hello."""
    hello = tree(repo, (FILE, b"app.yaml", put(repo, "blob", HELLO.encode())))
    apps = tree(repo, (FOLDER, b"hello", hello))
    return (FILE, b"bggen.yaml", put(repo, "blob", SETTINGS.encode())), (FOLDER, b"apps", apps), hello


def test_the_marks_can_be_made(scene: Scene, checkout: Repo) -> None:
    """Without it, no test of this module could fail."""
    hook = checkout.path / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(scene.script("hook").read_text())
    hook.chmod(0o755)
    checkout.git("commit", "--quiet", "--allow-empty", "--message", "x")
    assert scene.mark.read_text() == "hook\n"


@pytest.mark.parametrize("more", [(), ("--push",), ("--branch",)], ids=["here", "push", "branch"])
def test_a_checkouts_hooks_and_monitors_do_not_run(scene: Scene, checkout: Repo, more: tuple[str, ...]) -> None:
    """Also what its content configures: attributes and submodules; without a program set up they are words."""
    for place in (checkout.path / ".git" / "hooks", scene.folder / "hooks"):
        place.mkdir(exist_ok=True)
        for name in HOOKS:
            (place / name).write_text(scene.script(name).read_text())
            (place / name).chmod(0o755)
    checkout.git("config", "core.hooksPath", str(scene.folder / "hooks"))
    checkout.git("config", "core.fsmonitor", str(scene.script("fsmonitor")))
    checkout.git("config", "diff.external", str(scene.script("diff")))
    checkout.git("config", "diff.evil.textconv", str(scene.script("textconv")))
    checkout.git("config", "merge.evil.driver", str(scene.script("merge")))
    checkout.git("config", "core.pager", str(scene.script("pager")))
    checkout.git("config", "core.editor", str(scene.script("editor")))
    checkout.git("config", "alias.push", f"!{scene.script('alias')}")
    for path, content in {
        ".gitattributes": "* diff=evil merge=evil filter=evil\n",
        ".gitmodules": f'[submodule "x"]\n\tpath = x\n\turl = ext::{scene.script("ext")}\n\tupdate = !{scene.mark}\n',
        ".lfsconfig": "[lfs]\n\turl = http://127.0.0.1:9/\n",
        ".gitconfig": "[core]\n\tsshCommand = touch mark\n",
    }.items():
        checkout.write(path, content)
    checkout.git(
        "-c",
        "core.hooksPath=/dev/null",
        "-c",
        "core.fsmonitor=false",
        "add",
        ".gitattributes",
        ".gitmodules",
        ".lfsconfig",
        ".gitconfig",
    )
    checkout.git(
        "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "commit", "--quiet", "--message", "attributes"
    )
    checkout.git("-c", "core.hooksPath=/dev/null", "push", "--quiet", "origin", "HEAD:main")
    scene.mark.unlink(missing_ok=True)
    code, document = scene.bump(str(checkout.path), *more)
    assert code == 0, document


def test_a_remotes_attributes_and_submodules_are_words(scene: Scene, served: Path) -> None:
    remote = make_config(served / "config.git")
    (remote.path / "hooks").mkdir(exist_ok=True)
    import_commit(remote, [{
        ".gitattributes": "* filter=evil diff=evil merge=evil working-tree-encoding=UTF-16\n",
        ".gitmodules": f'[submodule "x"]\n\tpath = x\n\turl = ext::{scene.script("ext")}\n',
        ".git-blame-ignore-revs": "x",
    }])  # fmt: skip
    filters = {"GIT_CONFIG_KEY_0": "filter.evil.clean", "GIT_CONFIG_VALUE_0": str(scene.script("filter"))}
    code, document = scene.bump(f"file://{remote.path}", GIT_CONFIG_COUNT="1", **filters)
    assert code == 0, document
    assert remote.show("apps/hello/prod/release.yaml", "main").startswith(b"# Generated by bggen")


@pytest.mark.parametrize(
    "place",
    ["bggen.yaml", "apps", "apps/hello", "apps/hello/app.yaml", "apps/hello/prod", "apps/hello/prod/manifests"],
)
@pytest.mark.parametrize("kind", ["link", "submodule"])
def test_a_link_or_a_submodule_leads_nowhere(scene: Scene, served: Path, place: str, kind: str) -> None:
    remote = make_config(served / "config.git")
    before = remote.tip()
    what = f"M 160000 {before}" if kind == "submodule" else "M 120000 inline"
    target = f"data {len(str(scene.outside))}\n{scene.outside}\n" if kind == "link" else ""
    stream = f'commit refs/heads/main\ncommitter A <a@b> now\ndata 1\nx\nfrom {before}\n{what} "{place}"\n{target}'
    remote.git("fast-import", "--quiet", "--date-format=now", stdin=stream)
    made = remote.tip()
    code, document = scene.bump(f"file://{remote.path}")
    assert code in {1, 2}, document
    assert remote.tip() == made


@pytest.mark.parametrize("more", [(), ("--cache-dir", "cache")], ids=["temporary", "cached"])
@pytest.mark.parametrize("name", NAMES)
def test_strange_names_in_a_tree(scene: Scene, served: Path, name: bytes, more: tuple[str, ...]) -> None:
    remote = make_bare(served / "config.git")
    settings, _, hello = good(remote)
    blob = put(remote, "blob", b"x")
    inner = tree(remote, (FOLDER, b"hello", hello), (FOLDER, name, hello), (FILE, name + b"2", blob))
    top = publish(remote, tree(remote, (FILE, name, blob), (FOLDER, b"apps", inner), settings))
    options = [str(scene.folder / word) if word == "cache" else word for word in more]
    code, document = scene.bump(f"file://{remote.path}", *options)
    assert code in {0, 1, 2, 6}, document
    if code == 0:
        assert remote.git("rev-parse", "main^") == top
        assert name in remote.show("", "main")


@pytest.mark.parametrize("name", ["release.yaml", "blue.yaml", "green.yaml", "previous.yaml"])
def test_a_link_in_the_place_of_state(scene: Scene, served: Path, name: str) -> None:
    remote = make_config(served / "config.git")
    before = remote.tip()
    place, target = f"apps/hello/prod/{name}", f"{scene.outside}/app.yaml"
    lines = f'M 120000 inline "{place}"\ndata {len(target)}\n{target}\n'
    stream = f"commit refs/heads/main\ncommitter A <a@b> now\ndata 1\nx\nfrom {before}\n{lines}"
    remote.git("fast-import", "--quiet", "--date-format=now", stdin=stream)
    made = remote.tip()
    code, document = scene.bump(f"file://{remote.path}")
    assert code in {1, 3}, document
    assert remote.tip() == made


def test_trees_that_git_would_not_make(scene: Scene, served: Path) -> None:
    """Entries twice, out of order, of unknown kinds, cut off, and trees that are none."""
    remote = make_bare(served / "config.git")
    settings, apps, hello = good(remote)
    blob = settings[2]
    for entries in (
        [settings, settings, apps, apps],
        [settings, apps, (LINK, b"apps", blob)],
        [(FILE, b"z", blob), settings, apps, (FILE, b"a", blob)],
        [(b"777", b"x", blob), (b"0100644", b"y", blob), settings, apps],
        [(FOLDER, b"apps", blob), settings],
        [(FOLDER, b"bggen.yaml", hello), apps],
        [(FILE, b"bggen.yaml", hello), apps],
        [(FILE, b"", blob), apps, settings],
        [(FOLDER, b"apps", b"\1" * 20), settings],
    ):
        before = publish(remote, tree(remote, *entries))
        code, document = scene.bump(f"file://{remote.path}")
        assert code in {0, 1, 2, 6}, document
        assert code == 0 or remote.tip() == before
    for body in (b"100644 bggen.yaml", b"100644 bggen.yaml\0" + b"x" * 7, b"garbage", b""):
        publish(remote, put(remote, "tree", body))
        code, document = scene.bump(f"file://{remote.path}")
        assert code in {1, 2, 6}, document


def test_files_that_are_too_large(scene: Scene, served: Path) -> None:
    remote = make_config(served / "config.git")
    import_commit(remote, [{"apps/hello/app.yaml": HELLO + "#" * 2_000_000}])
    code, document = scene.bump(f"file://{remote.path}")
    assert (code, "bytes long" in document["error"]["message"]) == (1, True), document
    import_commit(remote, [{"apps/hello/app.yaml": HELLO, "bggen.yaml": "#" * 2_000_000}])
    code, document = scene.bump(f"file://{remote.path}")
    assert (code, "bytes long" in document["error"]["message"]) == (1, True), document


def test_a_folder_of_very_many_files(scene: Scene, served: Path) -> None:
    remote = make_config(served / "config.git")
    import_commit(remote, [{f"apps/hello/prod/manifests/{'x' * 100}{n}.yaml": "x" for n in range(20_000)}])
    code, document = scene.bump(f"file://{remote.path}")
    assert code in {0, 3}, document


def test_refs_of_a_remote_with_strange_names(scene: Scene, served: Path) -> None:
    remote = make_config(served / "config.git")
    tip = remote.tip()
    names = ["-x", "--upload-pack=touch", "a;b", "$(x)", "`x`", "käse", "\u202eevil", "x" * 200, "a'b", "HEAD", "@x"]
    with (remote.path / "packed-refs").open("a") as packed:
        packed.write("# pack-refs with: peeled fully-peeled sorted\n")
        packed.writelines(f"{tip} {ref}\n" for ref in sorted(f"refs/heads/{name}" for name in names))
    for name in ("a;b", "$(x)", "käse", "a'b"):
        code, document = scene.bump(f"file://{remote.path}", "--base", name)
        assert (code, document["branch"]) == (0, name), document
        assert remote.log(f"refs/heads/{name}")[1:] == ["config repo"]
    code, document = scene.bump(f"file://{remote.path}")
    assert (code, document["branch"]) == (0, "main"), document


@pytest.mark.parametrize(
    ("head", "code"),
    [
        ("ref: refs/heads/none\n", 3),
        ("ref: refs/tags/v1\n", 3),
        ("ref: refs/heads/-x\n", 3),
        ("ref: refs/heads/\u202ex\n", 3),
        ("ref: ../../outside\n", 6),
        ("0" * 40 + "\n", 3),
        ("garbage\n", 6),
        ("", 6),
    ],
    ids=["nothing", "tag", "dash", "unseen", "outside", "zeros", "garbage", "empty"],
)
def test_a_head_that_is_no_branch(scene: Scene, served: Path, head: str, code: int) -> None:
    remote = make_config(served / "config.git")
    tip = remote.tip()
    remote.git("tag", "v1")
    with (remote.path / "packed-refs").open("a") as packed:
        packed.write(f"{tip} refs/heads/-x\n{tip} refs/heads/\u202ex\n")
    (remote.path / "HEAD").write_text(head)
    found, document = scene.bump(f"file://{remote.path}")
    assert found == code, document
    assert (remote.path / "refs" / "heads" / "main").read_text().strip() == tip


def test_a_remote_whose_objects_are_elsewhere(scene: Scene, served: Path) -> None:
    """Alternates of a remote are its own affair: nothing of them comes here."""
    secret = make_bare(served / "secret.git", {"secret": "x"})
    remote = make_config(served / "config.git")
    (remote.path / "objects" / "info").mkdir(exist_ok=True)
    (remote.path / "objects" / "info" / "alternates").write_text(f"{secret.path / 'objects'}\n")
    cache = scene.folder / "cache"
    assert scene.bump(f"file://{remote.path}", "--cache-dir", str(cache))[0] == 0
    assert list(cache.rglob("alternates")) == []


def test_what_a_remote_says_stays_in_one_line(scene: Scene, served: Path) -> None:
    remote = make_config(served / "config.git")
    words = ["\x1b[2J\x1b]0;evil\x07", "error: \rfatal: all is well", "hint: \u202e", "\x9b31m", "x" * 100_000]
    refuse_pushes(remote, Verdict("evil", "declined", tuple(words)), times=9)
    code, document = scene.bump(f"file://{remote.path}")
    assert (code, document["error"]["kind"]) == (6, "rejected"), document
    assert len(document["error"]["message"]) < 1000


def test_somebody_elses_commit_with_control_characters(scene: Scene, served: Path) -> None:
    remote = make_config(served / "config.git")
    tip = remote.tip()
    top = bytes.fromhex(remote.git("rev-parse", "main^{tree}"))
    evil = commit(
        remote,
        top,
        author=b"\x1b[2J\rEvil\xff\xe2\x80\xae <e@\x07>",
        message=b"\x1b]0;x\x07\rsubject" + b"y" * 9000 + b"\n",
        parent=tip,
    )
    (remote.path / "refs" / "heads" / "mine").write_text(f"{evil}\n")
    code, document = scene.bump(f"file://{remote.path}", "--branch", "mine")
    assert (code, document["error"]["kind"]) == (3, "foreign"), document


@pytest.mark.parametrize("ref", ["refs/heads/main", "refs/heads/mine"])
def test_a_branch_that_is_at_no_proper_commit(scene: Scene, served: Path, ref: str) -> None:
    remote = make_config(served / "config.git")
    tip = remote.tip()
    top = remote.git("rev-parse", "main^{tree}").encode()
    blob = remote.git("rev-parse", "main:bggen.yaml").encode()
    who = b"author A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\n\nx\n"
    wrong = [
        put(remote, "commit", body)
        for body in (
            b"",
            who,
            b"tree \xff" + top[1:] + b"\n" + who,
            b"tree " + blob + b"\n" + who,
            b"tree " + b"1" * 40 + b"\n" + who,
            b"tree " + top + b"\nparent \xff\n" + who,
            b"tree " + top + b"\nparent " + b"1" * 40 + b"\n" + who,
            b"tree " + top + b"\nBggen-Plan: x\n",
        )
    ]
    wrong += [bytes.fromhex(blob.decode()), bytes.fromhex(top.decode())]
    wrong.append(put(remote, "tag", b"object " + tip.encode() + b"\ntype commit\ntag x\ntagger A <a@b> 1 +0000\n\nx\n"))
    for oid in wrong:
        path = remote.path / ref
        path.write_text(f"{oid.hex()}\n")
        code, document = scene.bump(f"file://{remote.path}", *(["--branch", "mine"] if ref.endswith("mine") else []))
        assert code in {0, 1, 2, 3, 6}, document
        assert code == 0 or path.read_text().strip() == oid.hex()


class Babbler:
    """A server that says the same to everybody, and then goes on for half a minute where nobody hangs up."""

    def __init__(self, said: bytes, *, endless: bool) -> None:
        self._said, self._more = said, 3000 if endless else 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                with connection, contextlib.suppress(OSError):
                    connection.settimeout(5)
                    connection.recv(4096)
                    connection.sendall(self._said)
                    for _ in range(self._more):
                        connection.sendall(b"x" * 2000)
                        time.sleep(0.01)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()


@contextlib.contextmanager
def babbling(said: bytes, *, endless: bool = False) -> Iterator[Babbler]:
    server = Babbler(said, endless=endless)
    try:
        yield server
    finally:
        server.close()


@pytest.mark.parametrize("said", NONSENSE)
def test_a_server_that_talks_nonsense(scene: Scene, said: bytes) -> None:
    with babbling(said) as server:
        for scheme in ("git", "http"):
            code, document = scene.bump(f"{scheme}://127.0.0.1:{server.port}/config.git")
            # To git an answer without a word of its protocol may be a server of plain files.
            assert code in {3, 6}, document


def test_a_server_that_never_ends_is_left(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speaking, "TIMEOUT", 0.5)
    with babbling(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n", endless=True) as server:
        url = parse_url(f"http://127.0.0.1:{server.port}/config.git")
        with pytest.raises(GitError) as failed, Bare.open(url, None, None) as bare:
            bare.remote.tips("refs/heads/main")
    assert (failed.value.kind, "timed out" in failed.value.message) == ("network", True), failed.value.message
    scene.assert_calm()
