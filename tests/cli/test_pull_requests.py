"""--pr: a branch of our own and a pull request that is opened, kept up to date and closed, on every kind of forge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from bggen.review import read_machine_block
from tests.support.cli import SHOP, ConfigRepo
from tests.support.forges.base import CANARY, FakeForge, Fault
from tests.support.forges.kinds import KINDS
from tests.support.servers.access import Access
from tests.support.servers.http import GitHttpServer
from tests.support.servers.repos import BareRepo, import_commit, make_bare

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.cli import Ran

SETTINGS = """\
apiVersion: bggen.dev/v1
kind: Repo
environments:
  prod: {{}}
kubernetes: "1.34"
forge: {{type: {type}, api: "{api}"}}
"""
TYPES = {"bitbucket-cloud": "bitbucket", "bitbucket-server": "bitbucket"}
BRANCH = "bggen/prod/shop/bump"


@dataclass
class There:
    """A forge with the config repo, and bggen's command line beside it, in an empty folder."""

    fake: FakeForge
    config: BareRepo
    url: str
    console: ConfigRepo

    def bggen(self, *arguments: str) -> Ran:
        ran = self.console.bggen(*arguments, "--repo", self.url, "--app", "shop", "--env", "prod")
        assert CANARY not in ran.out + ran.err
        return ran

    def document(self, *arguments: str, code: int = 0) -> Any:
        ran = self.bggen(*arguments, "--output", "json")
        assert ran.code == code, ran.err
        return ran.json

    def push(self, files: dict[str, str | bytes | None], branch: str = "main") -> str:
        return import_commit(self.config, [files], ref=f"refs/heads/{branch}")


@pytest.fixture(
    params=[kind for kind in KINDS if kind.name in {"github", "gitlab", "gitea"}], ids=lambda kind: kind.name
)
def there(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, repo: ConfigRepo, served: Path
) -> Iterator[There]:
    monkeypatch.setenv("BGGEN_TOKEN", CANARY)
    # Where the forge has its project.
    above = (served / request.param.fake.project).parent
    above.mkdir(parents=True)
    with request.param.fake(above) as fake, GitHttpServer(served, access=Access({"*": CANARY})) as server:
        config = BareRepo(fake.folder, repo.env)
        config.git("symbolic-ref", "HEAD", "refs/heads/main")
        kind = TYPES.get(request.param.name, request.param.name)
        import_commit(
            config,
            [{"bggen.yaml": SETTINGS.format(type=kind, api=fake.api), "apps/shop/app.yaml": SHOP}],
            message="config repo",
        )
        made = There(fake, config, server.url(config.path), repo)
        assert made.bggen("bump", "--image", "v1").code == 0
        yield made


def test_a_request_is_opened_once_and_then_kept_up_to_date(there: There) -> None:
    first = there.document("bump", "--image", "web=v2", "--pr", "--label", "release")
    (pull,) = there.fake.open_pulls()
    assert (pull.head, pull.base) == (BRANCH, "main")
    assert pull.title == "shop(prod): bump green to release 2"
    assert first["pullRequest"] == {"number": pull.number, "url": first["pullRequest"]["url"], "action": "opened"}
    assert (first["branch"], first["base"], first["pushed"], first["changed"]) == (BRANCH, "main", True, True)
    assert there.config.heads()[f"refs/heads/{BRANCH}"] == first["commit"]
    block = read_machine_block(pull.body)
    assert block is not None
    assert block["apps"][0]["action"] == "bump"

    again = there.document("bump", "--image", "web=v2", "--pr", "--label", "release")
    assert again["pullRequest"]["action"] == "unchanged"
    assert (again["commit"], again["changed"]) == (first["commit"], False)

    added = there.document("bump", "--image", "api=v2", "--pr")
    assert added["pullRequest"]["action"] == "updated"
    assert added["commit"] != first["commit"]
    assert set(added["images"]["green"].values()) == {"ghcr.io/acme/shop-web:v2", "ghcr.io/acme/shop-api:v2"}
    (pull,) = there.fake.open_pulls()
    assert "shop-api:v2" in pull.body
    assert len(there.config.log(f"main..{BRANCH}")) == 1


def test_what_is_merged_elsewhere_leaves_the_request_and_its_approvals_alone(there: There) -> None:
    first = there.document("bump", "--image", "v2", "--pr")
    there.push({"README.md": "unrelated\n"})
    assert there.document("bump", "--image", "v2", "--pr")["commit"] == first["commit"]


def test_a_request_of_an_older_state_is_made_anew(there: There) -> None:
    first = there.document("bump", "--image", "v2", "--pr")
    there.document("scale", "web=5")
    again = there.document("bump", "--image", "v2", "--pr")
    assert again["commit"] != first["commit"]
    assert again["pullRequest"]["number"] == first["pullRequest"]["number"]
    assert there.config.git("rev-parse", f"{again['commit']}^") == there.config.tip()


def test_nothing_left_to_change_closes_the_request_and_says_why(there: There) -> None:
    there.document("bump", "--image", "v2", "--pr")
    (pull,) = there.fake.open_pulls()
    there.document("bump", "--image", "v2")
    kept = there.document("bump", "--image", "v2", "--pr", "--no-close-empty")
    assert kept["pullRequest"] is None
    closed = there.document("bump", "--image", "v2", "--pr")
    assert (closed["pullRequest"]["action"], closed["commit"], closed["changed"]) == ("closed", None, True)
    assert list(there.fake.open_pulls()) == []
    assert len(pull.comments) == 1
    assert "nothing left to change" in pull.comments[0]
    assert there.document("bump", "--image", "v2", "--pr")["pullRequest"] is None


def test_a_merged_request_is_followed_by_a_new_one(there: There) -> None:
    first = there.document("bump", "--image", "v2", "--pr")
    there.fake.merge(first["pullRequest"]["number"], squash=True)
    flipped = there.document("flip", "--pr")
    assert flipped["branch"] == "bggen/prod/shop/flip"
    there.fake.merge(flipped["pullRequest"]["number"])
    second = there.document("bump", "--image", "v3", "--pr")
    assert second["pullRequest"]["action"] == "opened"
    assert second["pullRequest"]["number"] > first["pullRequest"]["number"]
    assert second["release"] == {"blue": 3, "green": 2}


def test_somebodys_commit_on_the_branch_is_not_overwritten(there: There) -> None:
    there.document("bump", "--image", "v2", "--pr")
    theirs = there.push({"notes.txt": "mine\n"}, BRANCH)
    refused = there.document("bump", "--image", "v3", "--pr", code=3)
    assert refused["error"]["kind"] == "foreign"
    assert there.config.heads()[f"refs/heads/{BRANCH}"] == theirs


def test_the_base_merged_into_the_branch_is_nobodys_commit(there: There) -> None:
    there.document("bump", "--image", "v2", "--pr")
    there.push({"README.md": "unrelated\n"})
    config = there.config
    tree = config.git("merge-tree", "--write-tree", BRANCH, "main").splitlines()[0]
    merge = config.git("commit-tree", tree, "-p", BRANCH, "-p", "main", "-m", "Merge main")
    config.git("update-ref", f"refs/heads/{BRANCH}", merge)
    assert there.document("bump", "--image", "v2", "--pr")["commit"] == merge
    again = there.document("bump", "--image", "v3", "--pr")
    assert config.git("rev-parse", f"{again['commit']}^") == config.tip()


def test_title_draft_and_what_the_forge_does_not_know(there: There) -> None:
    made = there.document("bump", "--image", "v2", "--pr", "--title", "Try v2", "--draft", "--reviewer", "nobody-here")
    (pull,) = there.fake.open_pulls()
    assert pull.title.endswith("Try v2")
    assert pull.draft or pull.title.startswith(("Draft: ", "WIP: "))
    assert any("nobody-here" in note for note in made["notes"])


def test_a_forge_that_fails_leaves_the_branch_and_says_so(there: There) -> None:
    there.fake.faults += [Fault("POST", status=400, text='{"message": "no"}')] * 9
    failed = there.document("bump", "--image", "v2", "--pr", code=7)
    assert failed["error"]["kind"] == "forge"
    assert failed["pushed"] is True
    assert there.config.heads()[f"refs/heads/{BRANCH}"] == failed["commit"]
    there.fake.faults.clear()
    assert there.document("bump", "--image", "v2", "--pr")["pullRequest"]["action"] == "opened"


def test_a_plan_opens_nothing(there: There) -> None:
    heads = there.config.heads()
    planned = there.document("bump", "--image", "v2", "--pr", "--dry-run")
    assert (planned["branch"], planned["pullRequest"], planned["dryRun"]) == (BRANCH, None, True)
    assert there.config.heads() == heads
    assert there.fake.wrote() == []


@pytest.fixture
def tokenless(repo: ConfigRepo, served: Path) -> Iterator[There]:
    """A forge's git alone: whoever has no token has no API, either."""
    config = make_bare(served / "acme" / "config.git", {"bggen.yaml": "", "apps/shop/app.yaml": SHOP})
    config.git("config", "receive.advertisePushOptions", "true")
    hook = config.path / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f'#!/bin/sh\nenv | grep ^GIT_PUSH_OPTION_ | sort > "{served}/options"\n')
    hook.chmod(0o755)
    with GitHttpServer(served) as server:
        yield There(FakeForge.__new__(FakeForge), config, server.url(config.path), repo)


def options(there: There) -> list[str]:
    lines = (there.config.path.parents[1] / "options").read_text().splitlines()
    return [line.partition("=")[2] for line in lines if not line.startswith("GIT_PUSH_OPTION_COUNT")]


def configure(there: There, kind: str) -> None:
    settings = "apiVersion: bggen.dev/v1\nkind: Repo\nenvironments:\n  prod: {}\n"
    there.push({"bggen.yaml": f"{settings}forge: {{type: {kind}}}\n" if kind else settings})
    there.document("bump", "--image", "v1")


def test_gitlab_opens_the_request_by_the_push(tokenless: There) -> None:
    configure(tokenless, "gitlab")
    done = tokenless.document("bump", "--image", "v2", "--pr", "--label", "release")
    assert done["pullRequest"]["action"] == "pushed"
    told = options(tokenless)
    assert {"merge_request.create", "merge_request.target=main", "merge_request.label=release"} <= set(told)
    assert "merge_request.title=shop(prod): bump green to v2 (release 2)" in told
    assert f"refs/heads/{BRANCH}" in tokenless.config.heads()
    again = tokenless.document("bump", "--image", "v2", "--pr", "--label", "release")
    assert (again["pullRequest"]["action"], again["changed"]) == ("unchanged", False)


def test_gitea_opens_the_request_by_a_ref_of_agit(tokenless: There) -> None:
    configure(tokenless, "gitea")
    done = tokenless.document("bump", "--image", "v2", "--pr")
    assert done["pullRequest"]["action"] == "pushed"
    assert f"topic={BRANCH}" in options(tokenless)
    assert tokenless.config.heads()["refs/for/main"] == done["commit"]
    assert f"refs/heads/{BRANCH}" not in tokenless.config.heads()


def test_without_a_token_or_a_known_forge_a_person_opens_it(tokenless: There) -> None:
    configure(tokenless, "")
    done = tokenless.document("bump", "--image", "v2", "--pr")
    assert done["pullRequest"] == {"number": None, "url": None, "action": "page"}
    configure(tokenless, "github")
    ran = tokenless.bggen("bump", "--image", "v3", "--pr")
    assert "next: open the pull request: http://127.0.0.1" in ran.out
    assert f"/acme/config/compare/main...{BRANCH}?expand=1" in ran.out
