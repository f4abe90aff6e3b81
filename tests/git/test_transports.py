"""Every way to a remote, for real: ssh, git, HTTP and files, old servers, SHA-256, and settings of the user's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.cli import HELLO, SETTINGS
from tests.support.inside import Inside
from tests.support.servers.faults import Fault
from tests.support.servers.repos import BareRepo, make_bare, make_config, somebody_pushes

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.support.servers.daemon import GitDaemon
    from tests.support.servers.http import GitHttpServer
    from tests.support.servers.sshd import Known, SshServer

SHA256 = "--object-format=sha256"


class Runner:
    """Runs bggen in an empty folder."""

    def __init__(self, folder: Path, env: Mapping[str, str], capfd: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.env = dict(env)
        self._inside = Inside(folder / "cwd", folder / "temp", capfd)
        for name in ("temp", "cwd"):
            (folder / name).mkdir()

    def bump(self, url: str, *more: str, **variables: str) -> tuple[int, Any]:
        """Bump `hello` and return the exit code and the document; whatever happens is told in one line."""
        words = ["bump", "--repo", url, "--app", "hello", "--image", "v1", "-o", "json", *more]
        code, out, err = self._inside.run(words, {**self.env, **variables})
        assert err.count("\n") <= 2, err
        assert [line for line in err.splitlines() if not line.isprintable()] == []
        assert list((self.folder / "temp").glob("bggen-*/repo.git")) == []
        assert list((self.folder / "cwd").iterdir()) == []
        return code, json.loads(out)

    def lands(self, url: str, repo: BareRepo, *more: str, **variables: str) -> Any:
        """Bump, and see the release on the remote, which is sound."""
        before = repo.tip()
        code, document = self.bump(url, *more, **variables)
        assert code == 0, document
        assert document["commit"] == repo.tip() != before
        assert repo.git("rev-parse", "main^") == before
        assert "apps/hello/prod/manifests/" in repo.git("ls-tree", "-r", "--name-only", "main")
        repo.git("fsck", "--strict")
        return document

    def fails(self, url: str, *more: str, **variables: str) -> tuple[str, str]:
        """Bump, see git or the network fail, and return the kind and the message."""
        code, document = self.bump(url, *more, **variables)
        assert code == 6, document
        assert document["changed"] is False
        return document["error"]["kind"], document["error"]["message"]


@pytest.fixture
def runner(tmp_path: Path, env: Mapping[str, str], capfd: pytest.CaptureFixture[str]) -> Runner:
    (tmp_path / "runner").mkdir()
    return Runner(tmp_path / "runner", env, capfd)


@pytest.fixture
def config(served: Path) -> BareRepo:
    return make_config(served / "config.git")


def settings(**values: str) -> dict[str, str]:
    """Return the variables by which git takes settings; `__` stands for a dot."""
    pairs = {f"GIT_CONFIG_KEY_{i}": name.replace("__", ".") for i, name in enumerate(values)}
    pairs |= {f"GIT_CONFIG_VALUE_{i}": value for i, value in enumerate(values.values())}
    return {"GIT_CONFIG_COUNT": str(len(values)), **pairs}


def test_ssh_by_url_and_in_short(runner: Runner, sshd: SshServer, config: BareRepo) -> None:
    runner.lands(sshd.url("config.git"), config, **sshd.env())
    runner.lands(sshd.short_url("config.git"), config, "--force", **sshd.env())


@pytest.mark.parametrize("known", ["wrong", "none"])
def test_the_key_of_an_ssh_host_is_checked(runner: Runner, sshd: SshServer, config: BareRepo, known: Known) -> None:
    before = config.tip()
    kind, message = runner.fails(sshd.url("config.git"), **sshd.env(known))
    assert kind == "auth", message
    assert config.tip() == before


def test_an_ssh_key_that_opens_nothing(runner: Runner, sshd: SshServer, config: BareRepo) -> None:
    assert config.tip()
    (sshd.folder / "authorized_keys").write_text("")
    assert runner.fails(sshd.url("config.git"), **sshd.env())[0] == "auth"


def test_the_git_protocol(runner: Runner, daemon: GitDaemon, config: BareRepo) -> None:
    runner.lands(daemon.url("config.git"), config)
    assert runner.fails(daemon.url("none.git"))[0] == "git"


def test_files_and_schemes_in_upper_case(runner: Runner, http_server: GitHttpServer, config: BareRepo) -> None:
    runner.lands(f"file://{config.path}", config)
    runner.lands(f"FILE://localhost{config.path}/", config, "--force")
    runner.lands(http_server.url(config.path).replace("http", "HTTP"), config, "--force")


@pytest.mark.parametrize(
    "server",
    [
        {"uploadpack.allowFilter": "false"},
        {"uploadpackfilter.tree.maxDepth": "0"},
        {"uploadpackfilter.tree.allow": "false"},
        {"uploadpackfilter.allow": "false"},
        {"uploadpackfilter.tree.maxDepth": "1", "uploadpackfilter.blob:none.allow": "false"},
    ],
    ids=" ".join,
)
def test_a_server_that_filters_little_or_nothing(
    runner: Runner, http_server: GitHttpServer, config: BareRepo, server: dict[str, str]
) -> None:
    http_server.settings.update(server)
    runner.lands(http_server.url(config.path), config)


def test_little_is_fetched_and_nothing_is_configured(
    runner: Runner, http_server: GitHttpServer, config: BareRepo
) -> None:
    """Git up to 2.29 writes a filter that it is given as an option to the configuration; see Remote."""
    noise = "".join(f"{number * 7919 % 1_000_003}\n" for number in range(100_000))
    somebody_pushes(config, "apps/other/noise", noise)
    runner.lands(http_server.url(config.path), config, "--cache-dir", str(runner.folder / "cache"))
    assert http_server.exchanges.sent < 50_000
    (found,) = (runner.folder / "cache").glob("*/*/repo.git/config")
    assert found.read_text().count("[") == 1


def test_a_cache_of_what_was_not_filtered(runner: Runner, http_server: GitHttpServer, config: BareRepo) -> None:
    cache = str(runner.folder / "cache")
    for allowed in ("false", "true", "false"):
        http_server.settings["uploadpack.allowFilter"] = allowed
        runner.lands(http_server.url(config.path), config, "--force", "--cache-dir", cache)


@pytest.mark.parametrize("filters", ["true", "false"])
def test_a_server_that_speaks_only_old_protocols(
    runner: Runner, http_server: GitHttpServer, config: BareRepo, filters: str
) -> None:
    """It knows nothing of version 2, and gives no object that no ref points to."""
    http_server.settings["uploadpack.allowFilter"] = filters
    http_server.settings["uploadpack.allowAnySHA1InWant"] = "false"
    config.git("config", "uploadpack.allowAnySHA1InWant", "false")
    http_server.backend.old = True
    runner.lands(http_server.url(config.path), config)
    runner.lands(http_server.url(config.path), config, "--force", "--cache-dir", str(runner.folder / "cache"))


def test_sha256(runner: Runner, http_server: GitHttpServer, served: Path) -> None:
    new = make_config(served / "new.git", 0, SETTINGS, SHA256)
    assert len(new.tip()) == 64
    runner.lands(http_server.url(new.path), new)
    runner.lands(f"file://{new.path}", new, "--force")
    runner.lands(http_server.url(new.path), new, "--force", "--base", "main", "--cache-dir", str(runner.folder / "c"))
    runner.lands(http_server.url(new.path), new, "--force", "--cache-dir", str(runner.folder / "c"))


def test_a_usual_branch_of_another_name(runner: Runner, served: Path, config: BareRepo) -> None:
    assert served.exists()
    config.git("branch", "--move", "main", "trunk/käse")
    config.git("symbolic-ref", "HEAD", "refs/heads/trunk/käse")
    code, document = runner.bump(f"file://{config.path}")
    assert (code, document["branch"]) == (0, "trunk/käse"), document
    assert len(config.log("trunk/käse")) == 2


def test_a_remote_that_is_no_config_repo(runner: Runner, served: Path) -> None:
    empty = make_bare(served / "empty.git")
    code, document = runner.bump(f"file://{empty.path}")
    assert (code, document["error"]["kind"]) == (3, "branch")
    assert "--base" in document["error"]["hint"]
    code, document = runner.bump(f"file://{empty.path}", "--base", "main")
    assert (code, document["error"]["kind"]) == (3, "branch")
    for name, files in {
        "readme": {"README": "x"},
        "appless": {"bggen.yaml": SETTINGS},
        "settingless": {"apps/hello/app.yaml": HELLO},
        "file": {"bggen.yaml": SETTINGS, "apps": "x"},
    }.items():
        repo = make_bare(served / f"{name}.git", files)
        code, document = runner.bump(f"file://{repo.path}")
        assert code in {1, 2}, (name, document)
        assert len(repo.log()) == 1


def test_a_stalled_server_is_left(runner: Runner, http_server: GitHttpServer, config: BareRepo) -> None:
    http_server.faults.arm(Fault(service="upload-pack", refs=False, stall=20, times=None))
    kind, message = runner.fails(
        http_server.url(config.path), GIT_HTTP_LOW_SPEED_TIME="1", GIT_HTTP_LOW_SPEED_LIMIT="1000"
    )
    assert (kind, "too slow" in message) == ("network", True), message


USERS = {
    "fetching and pushing": {
        "fetch__prune": "true",
        "fetch__pruneTags": "true",
        "fetch__all": "true",
        "fetch__parallel": "2",
        "fetch__output": "compact",
        "fetch__fsckObjects": "true",
        "transfer__fsckObjects": "true",
        "transfer__credentialsInUrl": "die",
        "fetch__writeCommitGraph": "true",
        "fetch__unpackLimit": "1",
        "push__default": "nothing",
        "push__followTags": "true",
        "push__useForceIfIncludes": "true",
        "push__recurseSubmodules": "check",
        "fetch__recurseSubmodules": "true",
        "submodule__recurse": "true",
    },
    "repositories": {
        "core__autocrlf": "true",
        "core__eol": "crlf",
        "core__safecrlf": "true",
        "safe__bareRepository": "explicit",
        "init__defaultObjectFormat": "sha256",
        "core__bare": "false",
        "core__worktree": "/",
        "i18n__commitEncoding": "latin1",
        "color__ui": "always",
        "log__decorate": "full",
        "gc__auto": "1",
        "maintenance__auto": "true",
    },
    "a remote of that name": {
        "remote__bggen__url": "file:///nowhere",
        "remote__bggen__pushurl": "file:///nowhere",
        "remote__bggen__fetch": "+refs/heads/*:refs/heads/*",
        "remote__bggen__push": "refs/heads/*:refs/heads/*",
        "remote__bggen__mirror": "true",
        "remote__bggen__tagOpt": "--tags",
        "remote__bggen__uploadpack": "false",
    },
    "protocol": {"protocol__version": "0", "protocol__allow": "never", "fetch__negotiationAlgorithm": "skipping"},
}


@pytest.mark.parametrize("chosen", USERS.values(), ids=USERS)
def test_the_users_own_settings_are_no_trouble(
    runner: Runner, http_server: GitHttpServer, config: BareRepo, chosen: dict[str, str]
) -> None:
    runner.lands(http_server.url(config.path), config, **settings(**chosen))


def test_a_user_may_lead_a_url_elsewhere(runner: Runner, http_server: GitHttpServer, config: BareRepo) -> None:
    there = settings(**{f"url__{http_server.base}/__insteadOf": "https://config.invalid/"})
    there["GIT_CONFIG_KEY_0"] = f"url.{http_server.base}/.insteadOf"
    runner.lands("https://config.invalid/config.git", config, **there)


def test_a_users_helper_signs_in_where_there_is_no_token(
    runner: Runner, http_server: GitHttpServer, config: BareRepo
) -> None:
    http_server.access.users = {"ada": "from-the-helper"}
    assert runner.fails(http_server.url(config.path))[0] == "auth"
    helper = "!f() { echo username=ada; echo password=from-the-helper; }; f"
    runner.lands(http_server.url(config.path), config, **settings(credential__helper=helper))
