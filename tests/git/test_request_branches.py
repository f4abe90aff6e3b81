"""`--branch`: one commit on a branch of our own, which stays as long as it can; what is somebody else's stays, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.cli import SETTINGS, SHOP
from tests.support.repos import Repo
from tests.support.servers.repos import import_commit, make_bare, somebody_pushes
from tests.support.writers import land_amid, load, make_apps, run_here, trailers, url_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.cli import Ran
    from tests.support.servers.repos import BareRepo

NAME = "bggen/prod/hello/bump"


@pytest.fixture
def bare(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> BareRepo:
    bare = make_apps(tmp_path / "config.git", 1)
    assert run_here(capfd, "bump", "-a", "hello", "--image", "v1", "--repo", url_of(bare)).code == 0
    return bare


@pytest.fixture(params=["checkout", "cache"])
def request_bump(
    request: pytest.FixtureRequest, bare: BareRepo, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> Callable[..., Ran]:
    """Ask for a branch with v2, or with what is said instead."""
    place = ["--repo", url_of(bare)]
    if request.param == "checkout":
        bare.git("clone", "--quiet", url_of(bare), str(tmp_path / "clone"))
        place = ["--repo", str(tmp_path / "clone")]
    if request.param == "cache":
        place += ["--cache-dir", str(tmp_path / "cache")]

    def run(*arguments: str) -> Ran:
        said = arguments or ("bump", "--image", "v2", "-a", "hello")
        return run_here(capfd, *said, "--branch", *place, "--output", "json")

    return run


def somebody(bare: BareRepo, tmp_path: Path) -> Repo:
    """Return somebody's checkout with the newest of everything."""
    path = tmp_path / "somebody"
    if not path.exists():
        bare.git("clone", "--quiet", url_of(bare), str(path))
    eve = {"GIT_AUTHOR_NAME": "Eve", "GIT_COMMITTER_NAME": "Forge", "GIT_COMMITTER_EMAIL": "forge@example.com"}
    repo = Repo(path, {**bare.env, **eve})
    repo.git("fetch", "--quiet", "--prune")
    repo.git("checkout", "--quiet", "--force", "-B", "main", "origin/main")
    return repo


def update(bare: BareRepo, tmp_path: Path) -> str:
    """Merge the base into the branch, as a forge's button does, and return the new head."""
    repo = somebody(bare, tmp_path)
    repo.git("checkout", "--quiet", "-B", "work", f"origin/{NAME}")
    repo.git("merge", "--quiet", "--no-edit", "--no-ff", "origin/main")
    repo.git("push", "--quiet", "origin", f"work:{NAME}")
    return repo.tip()


def rebase(bare: BareRepo, tmp_path: Path) -> str:
    repo = somebody(bare, tmp_path)
    repo.git("checkout", "--quiet", "-B", "work", f"origin/{NAME}")
    repo.git("rebase", "--quiet", "origin/main")
    repo.git("push", "--quiet", "--force", "origin", f"work:{NAME}")
    return repo.tip()


def made(ran: Ran, *, changed: bool = True) -> str:
    assert ran.code == 0, ran.err
    assert ran.json["branch"] == NAME
    assert ran.json["base"] == "main"
    assert ran.json["pushed"]
    assert ran.json["changed"] is changed
    commit: str = ran.json["commit"]
    return commit


def test_twice_is_once(bare: BareRepo, request_bump: Callable[..., Ran]) -> None:
    base = bare.tip()
    head = made(request_bump())
    assert bare.heads() == {"refs/heads/main": base, f"refs/heads/{NAME}": head}
    assert bare.git("rev-parse", f"{head}^") == base
    assert trailers(bare, head)["Bggen-Release"] == "2"
    assert made(request_bump(), changed=False) == head
    assert bare.heads()[f"refs/heads/{NAME}"] == head


def test_it_stays_when_something_else_moves(bare: BareRepo, request_bump: Callable[..., Ran]) -> None:
    head = made(request_bump())
    somebody_pushes(bare, "README", "hello\n")
    assert made(request_bump(), changed=False) == head


def test_it_is_made_anew_when_the_base_moves_at_its_paths(bare: BareRepo, request_bump: Callable[..., Ran]) -> None:
    head = made(request_bump())
    ran = request_bump("scale", "hello=5", "-a", "hello", "--on", "blue")
    assert ran.code == 0, ran.err
    # The scaling is merged, and the bump's branch no longer fits.
    bare.git("update-ref", "refs/heads/main", ran.json["commit"])
    anew = made(request_bump())
    assert anew != head
    assert bare.git("rev-parse", f"{anew}^") == bare.tip()


def test_it_is_made_anew_for_another_image(bare: BareRepo, request_bump: Callable[..., Ran]) -> None:
    head = made(request_bump())
    anew = made(request_bump("bump", "--image", "v3", "-a", "hello"))
    assert anew != head
    assert load(bare, "apps/hello/prod/green.yaml", anew)["release"] == 2
    assert bare.git("rev-parse", f"{anew}^") == bare.tip()


def test_what_is_merged_is_nothing_to_do(bare: BareRepo, request_bump: Callable[..., Ran]) -> None:
    head = made(request_bump())
    bare.git("update-ref", "refs/heads/main", head)
    ran = request_bump()
    assert ran.code == 0
    assert (ran.json["changed"], ran.json["commit"]) == (False, None)
    assert bare.heads()[f"refs/heads/{NAME}"] == head
    # And the branch that was left there is free for the next change.
    anew = made(request_bump("bump", "--image", "v3", "-a", "hello"))
    assert bare.git("rev-parse", f"{anew}^") == head


def test_what_was_squashed_is_nothing_to_do(bare: BareRepo, request_bump: Callable[..., Ran]) -> None:
    head = made(request_bump())
    tree = bare.git("rev-parse", f"{head}^{{tree}}")
    bare.git("update-ref", "refs/heads/main", bare.git("commit-tree", "-p", "main", "-m", "squashed", tree))
    assert request_bump().json["changed"] is False
    anew = made(request_bump("bump", "--image", "v3", "-a", "hello"))
    assert bare.git("rev-parse", f"{anew}^") == bare.tip()


@pytest.mark.parametrize("path", ["README", "apps/hello/prod/green.yaml"])
def test_somebody_elses_commit_stays(bare: BareRepo, request_bump: Callable[..., Ran], path: str) -> None:
    made(request_bump())
    head = import_commit(bare, [{path: "mine\n"}], ref=f"refs/heads/{NAME}", message="a fix\x1b[31m")
    for arguments in ((), ("bump", "--image", "v3", "-a", "hello")):
        ran = request_bump(*arguments)
        assert (ran.code, ran.json["error"]["kind"]) == (3, "foreign")
        assert "a fix" in ran.json["error"]["message"]
        assert ran.json["error"]["message"].isprintable()
        assert ran.json["branch"] == NAME
        assert bare.heads()[f"refs/heads/{NAME}"] == head


def test_a_branch_that_somebody_made_by_hand_stays(bare: BareRepo, request_bump: Callable[..., Ran]) -> None:
    bare.git("update-ref", f"refs/heads/{NAME}", "main")
    head = import_commit(bare, [{"README": "mine\n"}], ref=f"refs/heads/{NAME}")
    ran = request_bump()
    assert (ran.code, ran.json["error"]["kind"]) == (3, "foreign")
    assert bare.heads()[f"refs/heads/{NAME}"] == head


def test_an_amended_commit_is_somebody_elses(bare: BareRepo, request_bump: Callable[..., Ran], tmp_path: Path) -> None:
    made(request_bump())
    repo = somebody(bare, tmp_path)
    repo.git("checkout", "--quiet", "-B", "work", f"origin/{NAME}")
    repo.write("README", "smuggled\n")
    repo.git("add", "README")
    repo.git("commit", "--quiet", "--amend", "--no-edit")
    repo.git("push", "--quiet", "--force", "origin", f"work:{NAME}")
    ran = request_bump()
    assert (ran.code, ran.json["error"]["kind"]) == (3, "foreign")
    assert bare.heads()[f"refs/heads/{NAME}"] == repo.tip()


def test_a_merge_of_the_base_stays_or_is_made_anew(
    bare: BareRepo, request_bump: Callable[..., Ran], tmp_path: Path
) -> None:
    made(request_bump())
    for number in range(2):
        somebody_pushes(bare, "README", f"{number}\n")
        head = update(bare, tmp_path)
        assert made(request_bump(), changed=False) == head
    somebody_pushes(bare, "README", "more\n")
    assert made(request_bump(), changed=False) == head
    anew = made(request_bump("bump", "--image", "v3", "-a", "hello"))
    assert bare.git("rev-parse", f"{anew}^") == bare.tip()


def test_an_evil_merge_is_somebody_elses(bare: BareRepo, request_bump: Callable[..., Ran], tmp_path: Path) -> None:
    made(request_bump())
    somebody_pushes(bare, "README", "theirs\n")
    update(bare, tmp_path)
    repo = somebody(bare, tmp_path)
    repo.git("checkout", "--quiet", "-B", "work", f"origin/{NAME}")
    repo.write("apps/app-000/app.yaml", "smuggled\n")
    repo.git("add", ".")
    repo.git("commit", "--quiet", "--amend", "--no-edit")
    repo.git("push", "--quiet", "--force", "origin", f"work:{NAME}")
    ran = request_bump()
    assert (ran.code, ran.json["error"]["kind"]) == (3, "foreign")
    assert bare.heads()[f"refs/heads/{NAME}"] == repo.tip()


def test_a_merge_of_another_branch_is_somebody_elses(
    bare: BareRepo, request_bump: Callable[..., Ran], tmp_path: Path
) -> None:
    made(request_bump())
    bare.git("update-ref", "refs/heads/side", "main")
    somebody_pushes(bare, "README", "theirs\n", branch="side")
    repo = somebody(bare, tmp_path)
    repo.git("checkout", "--quiet", "-B", "work", f"origin/{NAME}")
    repo.git("merge", "--quiet", "--no-edit", "--no-ff", "origin/side")
    repo.git("push", "--quiet", "origin", f"work:{NAME}")
    ran = request_bump()
    assert (ran.code, ran.json["error"]["kind"]) == (3, "foreign")


def test_what_the_forge_rebased_is_still_ours(bare: BareRepo, request_bump: Callable[..., Ran], tmp_path: Path) -> None:
    made(request_bump())
    somebody_pushes(bare, "README", "theirs\n")
    head = rebase(bare, tmp_path)
    assert made(request_bump(), changed=False) == head
    somebody_pushes(bare, "README", "more\n")
    assert made(request_bump(), changed=False) == head
    head = update(bare, tmp_path)
    assert made(request_bump(), changed=False) == head
    anew = made(request_bump("bump", "--image", "v3", "-a", "hello"))
    assert bare.git("rev-parse", f"{anew}^") == bare.tip()


def test_a_rebase_with_something_smuggled_in_is_not(
    bare: BareRepo, request_bump: Callable[..., Ran], tmp_path: Path
) -> None:
    made(request_bump())
    somebody_pushes(bare, "README", "theirs\n")
    rebase(bare, tmp_path)
    repo = somebody(bare, tmp_path)
    repo.git("checkout", "--quiet", "-B", "work", f"origin/{NAME}")
    repo.write("apps/hello/prod/manifests/service-hello.yaml", "smuggled\n")
    repo.git("commit", "--quiet", "--all", "--amend", "--no-edit")
    repo.git("push", "--quiet", "--force", "origin", f"work:{NAME}")
    ran = request_bump()
    assert (ran.code, ran.json["error"]["kind"]) == (3, "foreign")


def test_a_branch_that_moves_meanwhile_is_looked_at_again(bare: BareRepo, request_bump: Callable[..., Ran]) -> None:
    head = made(request_bump())
    other = import_commit(bare, [{"README": "mine\n"}], ref=f"refs/heads/{NAME}")
    bare.git("update-ref", f"refs/heads/{NAME}", head)
    land_amid(bare, other, ref=f"refs/heads/{NAME}")
    ran = request_bump("bump", "--image", "v3", "-a", "hello")
    assert (ran.code, ran.json["error"]["kind"]) == (3, "foreign")
    assert ran.json["attempts"] == 2
    assert bare.heads()[f"refs/heads/{NAME}"] == other


def test_two_pipelines_add_up(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    bare = make_bare(tmp_path / "shop.git", {"bggen.yaml": SETTINGS, "apps/shop/app.yaml": SHOP})
    place = ["--repo", url_of(bare), "--output", "json"]
    assert run_here(capfd, "bump", "--image", "web=v1", "--image", "api=v1", *place).code == 0
    for image in ("web=v2", "api=v3"):
        ran = run_here(capfd, "bump", "--image", image, "--branch", *place)
        assert ran.code == 0, ran.err
    assert ran.json["images"]["green"] == {"api": "ghcr.io/acme/shop-api:v3", "web": "ghcr.io/acme/shop-web:v2"}
    head = bare.heads()["refs/heads/bggen/prod/shop/bump"]
    assert bare.git("rev-parse", f"{head}^") == bare.tip()
    assert trailers(bare, head)["Bggen-Release"] == "2"


def test_a_checkout_without_a_remote(bare: BareRepo, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    bare.git("clone", "--quiet", url_of(bare), str(tmp_path / "clone"))
    clone = Repo(tmp_path / "clone", bare.env)
    clone.git("remote", "remove", "origin")
    clone.write("README", "mine\n")
    tip = clone.tip()
    command = ("bump", "-a", "hello", "--image", "v2", "--repo", str(clone.path), "--output", "json")
    for name, options in ((NAME, ["--branch"]), ("mine", ["--branch", "mine"])):
        ran = run_here(capfd, *command, *options)
        assert ran.code == 0, ran.err
        assert (ran.json["branch"], ran.json["pushed"]) == (name, False)
        assert clone.git("rev-parse", name) == ran.json["commit"]
        assert clone.git("rev-parse", f"{name}^") == tip
        again = run_here(capfd, *command, *options)
        assert (again.code, again.json["changed"], again.json["commit"]) == (0, False, ran.json["commit"])
    assert clone.tip() == tip
    assert clone.git("status", "--porcelain") == "?? README"


def test_the_base_itself_is_no_branch_for_a_request(bare: BareRepo, capfd: pytest.CaptureFixture[str]) -> None:
    old = bare.heads()
    ran = run_here(
        capfd, "bump", "-a", "hello", "--image", "v2", "--branch", "main", "--repo", url_of(bare), "--output", "json"
    )
    assert (ran.code, ran.json["error"]["kind"]) == (3, "branch")
    assert bare.heads() == old


def test_a_remote_that_lets_nobody_make_a_branch_anew_says_so(bare: BareRepo, request_bump: Callable[..., Ran]) -> None:
    head = made(request_bump())
    bare.git("config", "receive.denyNonFastForwards", "true")
    ran = request_bump("bump", "--image", "v3", "-a", "hello")
    assert (ran.code, ran.json["error"]["kind"]) == (6, "rejected")
    assert "non-fast-forward" in ran.json["error"]["message"]
    assert ran.json["attempts"] == 1
    assert bare.heads()[f"refs/heads/{NAME}"] == head


def test_a_branch_in_the_way_of_the_name_is_told_of(bare: BareRepo, request_bump: Callable[..., Ran]) -> None:
    bare.git("update-ref", "refs/heads/bggen/prod", "main")
    ran = request_bump()
    assert (ran.code, ran.json["error"]["kind"]) == (6, "rejected")
    assert "'refs/heads/bggen/prod' exists" in ran.json["error"]["message"]
    assert ran.json["attempts"] == 1


def test_a_branch_that_is_checked_out_elsewhere_stays(
    bare: BareRepo, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    bare.git("clone", "--quiet", url_of(bare), str(tmp_path / "clone"))
    clone = Repo(tmp_path / "clone", bare.env)
    clone.git("remote", "remove", "origin")
    clone.git("worktree", "add", "--quiet", "-b", "mine", str(tmp_path / "side"))
    tip = clone.tip()
    where = ["--branch", "mine", "--repo", str(clone.path), "--output", "json"]
    ran = run_here(capfd, "bump", "-a", "hello", "--image", "v2", *where)
    assert (ran.code, ran.json["error"]["kind"]) == (3, "branch")
    assert clone.git("rev-parse", "mine") == tip
