"""What holds on every forge: one open request of a branch, brought to what is wanted, and nothing lost or doubled."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bggen.errors import ForgeError
from bggen.forge.client import MOST_WAITING, TRIES
from bggen.forge.protocol import Wanted
from tests.support.forges.base import CANARY, Fault, Pull

if TYPE_CHECKING:
    from tests.forge.conftest import There

HEAD = "bggen/prod/shop/flip"
WANTED = Wanted(HEAD, "main", "shop(prod): flip blue → green (v2)", "Before: v1\n\nAfter: `v2` & <b>more</b> ü\n")


CHANGED = {"title": replace(WANTED, title="new text"), "body": replace(WANTED, body="new text")}


def only(there: There) -> Pull:
    (found,) = there.fake.pulls
    return found


def test_nothing_is_found_where_nothing_is_open(there: There) -> None:
    assert there.forge.find(HEAD, "main") is None
    assert there.fake.wrote() == []


def test_what_is_opened_is_what_was_wanted_and_found_again(there: There) -> None:
    opened = there.forge.open(WANTED)
    assert (opened.state, opened.title, opened.body.strip()) == ("open", WANTED.title, WANTED.body.strip())
    assert (opened.base_branch, opened.draft, opened.warnings) == ("main", False, ())
    assert (only(there).title, only(there).body, only(there).head) == (WANTED.title, WANTED.body, HEAD)
    assert opened.head
    assert there.fake.tip(HEAD).startswith(opened.head)
    assert opened.url.startswith("http")
    assert str(opened.number) in opened.url
    found = there.forge.find(HEAD, "main")
    assert found
    assert (found.number, found.url, found.head) == (opened.number, opened.url, opened.head)


def test_opening_twice_gives_the_same_request_with_the_newer_text(there: There) -> None:
    first = there.forge.open(WANTED)
    second = there.forge.open(replace(WANTED, title="another"))
    assert second.number == first.number == only(there).number
    assert second.title == only(there).title == "another"


def test_only_the_branch_of_this_repository_into_this_base_is_found(there: There) -> None:
    there.fake.commit("other", "a", "a")
    there.fake.commit("release", "a", "a")
    for head, base, fork in [
        ("other", "main", False),
        (HEAD, "release", False),
        (HEAD, "main", True),
        (HEAD, "main", True),
    ]:
        there.fake.pulls.append(Pull(len(there.fake.pulls) + 1, head, base, "not it", "", fork=fork))
    assert there.forge.find(HEAD, "main") is None
    assert there.forge.open(WANTED).number == 5
    found = there.forge.find(HEAD, "main")
    assert found
    assert found.number == 5


def test_an_update_that_changes_nothing_writes_nothing(there: There) -> None:
    wanted = replace(WANTED, labels=("bggen",), reviewers=(there.fake.called("ada"),))
    there.forge.open(wanted)
    there.fake.asked.clear()
    # Forges change line ends, and a person's browser does.
    only(there).body = WANTED.body.replace("\n", "\r\n").rstrip()
    found = there.forge.find(HEAD, "main")
    assert found
    there.forge.update(found, replace(wanted, labels=("bggen",) if there.kind.has_labels else ()))
    assert there.fake.wrote() == []


@pytest.mark.parametrize("field", CHANGED)
def test_an_update_writes_what_differs(there: There, field: str) -> None:
    request = there.forge.open(WANTED)
    updated = there.forge.update(request, CHANGED[field])
    assert getattr(updated, field) == getattr(only(there), field) == "new text"
    other = "body" if field == "title" else "title"
    assert getattr(only(there), other) == getattr(WANTED, other)


def test_an_update_moves_the_request_to_another_base(there: There) -> None:
    there.fake.commit("release", "a", "a")
    request = there.forge.open(WANTED)
    assert there.forge.update(request, replace(WANTED, base_branch="release")).base_branch == "release"
    assert only(there).base == "release"


def test_labels_and_reviewers_are_added_to_those_that_people_gave(there: There) -> None:
    request = there.forge.open(replace(WANTED, labels=("bggen",), reviewers=(there.fake.called("ada"),)))
    assert only(there).reviewers == ["ada"]
    assert only(there).labels == (["bggen"] if there.kind.has_labels else [])
    only(there).labels = ["release"] if there.kind.has_labels else []
    only(there).reviewers = ["linus"]
    found = there.forge.find(HEAD, "main")
    assert found
    updated = there.forge.update(
        found, replace(WANTED, labels=("bggen", "prod"), reviewers=(there.fake.called("grace"),))
    )
    assert set(only(there).labels) == ({"release", "bggen", "prod"} if there.kind.has_labels else set())
    assert set(only(there).reviewers) == {"linus", "grace"}
    assert len(updated.warnings) == (0 if there.kind.has_labels else 1)
    assert request.number == updated.number


def test_an_unknown_reviewer_is_a_warning_and_the_known_one_is_asked(there: There) -> None:
    opened = there.forge.open(replace(WANTED, reviewers=(there.fake.called("ada"), "nobody")))
    assert only(there).reviewers == ["ada"]
    assert opened.state == "open"
    (warning,) = opened.warnings
    assert "nobody" in warning


def test_an_unknown_label_is_made_or_is_a_warning(there: There) -> None:
    opened = there.forge.open(replace(WANTED, labels=("brand-new",)))
    assert only(there).labels == (["brand-new"] if there.kind.makes_labels else [])
    assert ["brand-new" in warning for warning in opened.warnings] == ([] if there.kind.makes_labels else [True])


def test_a_draft_becomes_ready_and_a_draft_again(there: There) -> None:
    draft = replace(WANTED, draft=True)
    opened = there.forge.open(draft)
    assert (opened.draft, opened.title, opened.warnings) == (True, WANTED.title, ())
    assert only(there).draft
    found = there.forge.find(HEAD, "main")
    assert found
    assert (found.draft, found.title) == (True, WANTED.title)
    ready = there.forge.update(found, WANTED)
    assert (ready.draft, only(there).draft, only(there).title) == (False, False, WANTED.title)
    again = there.forge.update(ready, draft)
    assert (again.draft, only(there).draft) == (True, True)


def test_auto_merge_is_the_forges_own_or_a_warning(there: There) -> None:
    opened = there.forge.open(replace(WANTED, auto_merge="squash"))
    assert only(there).state == "open"
    if there.kind.auto_merges:
        assert (opened.auto_merge, opened.warnings) == (True, ())
        assert "squash" in str(only(there).auto_merge).lower()
    else:
        assert [("merge" in warning) for warning in opened.warnings] == [True]


def test_a_comment_stands_in_the_request_once(there: There) -> None:
    request = there.forge.open(WANTED)
    there.forge.comment(request, "nothing is left to change")
    assert only(there).comments == ["nothing is left to change"]


def test_after_closing_the_branch_gets_a_request_of_its_own(there: There) -> None:
    first = there.forge.open(WANTED)
    assert there.forge.close(first).state == "closed"
    assert only(there).state == "closed"
    assert there.fake.tip(HEAD).startswith(first.head)
    assert there.forge.find(HEAD, "main") is None
    assert there.forge.open(WANTED).number != first.number


@pytest.mark.parametrize("squash", [False, True])
def test_a_merged_request_is_not_open(there: There, *, squash: bool) -> None:
    first = there.forge.open(WANTED)
    there.fake.merge(first.number, squash=squash)
    assert there.forge.find(HEAD, "main") is None
    there.fake.commit(HEAD, "release.yaml", "active: blue\n")
    assert there.forge.open(WANTED).number != first.number


def test_a_rate_limit_is_waited_for(there: There) -> None:
    there.fake.faults += [Fault("POST", status=429, headers={"Retry-After": "7"}), Fault("GET", status=429)]
    there.forge.open(WANTED)
    assert there.forge.find(HEAD, "main")
    assert sorted(there.waited) == [1, 7]


def test_a_wait_that_is_too_long_is_an_error_that_says_so(there: There) -> None:
    there.fake.faults.append(Fault(status=429, headers={"Retry-After": "3600"}))
    with pytest.raises(ForgeError, match="429") as failed:
        there.forge.find(HEAD, "main")
    assert "3600 s" in str(failed.value.hint)
    assert there.waited == []


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_that_recovers_is_asked_again(there: There, status: int) -> None:
    there.fake.faults += [Fault("GET", status=status)] * 2
    assert there.forge.find(HEAD, "main") is None
    assert len(there.waited) == 2


def test_a_server_that_stays_broken_is_given_up(there: There) -> None:
    there.fake.faults += [Fault("GET", status=503)] * (TRIES + 1)
    with pytest.raises(ForgeError, match=r"503.*something broke"):
        there.forge.find(HEAD, "main")
    assert len(there.waited) == TRIES - 1
    assert sum(there.waited) <= MOST_WAITING


@pytest.mark.parametrize("fault", [Fault("POST", lost=True), Fault("POST", status=502), Fault("POST", status=500)])
def test_an_answer_that_was_lost_neither_doubles_nor_loses_the_request(there: There, fault: Fault) -> None:
    there.fake.faults.append(replace(fault))
    opened = there.forge.open(replace(WANTED, reviewers=(there.fake.called("ada"),)))
    assert opened.number == only(there).number
    assert only(there).reviewers == ["ada"]


def test_a_comment_whose_answer_was_lost_is_not_written_twice(there: There) -> None:
    request = there.forge.open(WANTED)
    there.fake.faults.append(Fault("POST", lost=True))
    with pytest.raises(ForgeError, match="no answer"):
        there.forge.comment(request, "once")
    assert only(there).comments == ["once"]


def test_a_wrong_token_is_named_as_one(there: There) -> None:
    with pytest.raises(ForgeError) as failed:
        there.again(token="another-token").find(HEAD, "main")  # noqa: S106  # not a secret: it is the wrong one
    assert "401" in failed.value.message
    assert "BGGEN_TOKEN" in str(failed.value.hint)


def test_a_token_that_may_too_little_is_named_as_one(there: There) -> None:
    there.fake.faults.append(Fault("POST", status=403))
    with pytest.raises(ForgeError, match="403") as failed:
        there.forge.open(WANTED)
    assert "write pull requests" in str(failed.value.hint)
    assert there.fake.pulls == []


def test_a_repository_that_is_not_there_is_named_so(there: There) -> None:
    project = there.fake.project.rsplit("/", 1)[0] + "/missing"
    with pytest.raises(ForgeError, match="404"):
        there.again(project=project).find(HEAD, "main")


@pytest.mark.parametrize("missing", ["head", "base"])
def test_a_branch_that_is_not_there_is_an_error(there: There, missing: str) -> None:
    wanted = replace(WANTED, head_branch="gone") if missing == "head" else replace(WANTED, base_branch="gone")
    with pytest.raises(ForgeError):
        there.forge.open(wanted)
    assert there.fake.pulls == []


def test_a_request_without_a_title_is_refused(there: There) -> None:
    with pytest.raises(ForgeError, match=r"422|400"):
        there.forge.open(replace(WANTED, title=""))


@pytest.mark.parametrize("text", ["<html>sign in</html>", "[[", '{"number": "x"}', "17", '[{"number": null}]', "[1]"])
def test_an_answer_that_makes_no_sense_is_an_error(there: There, text: str) -> None:
    there.fake.faults = [Fault("GET", status=200, text=text)]
    with pytest.raises(ForgeError):
        there.forge.find(HEAD, "main")
    there.fake.faults = [Fault("POST", status=200, text=text)]
    with pytest.raises(ForgeError):
        there.forge.open(WANTED)


def test_a_host_that_does_not_answer_is_an_error(there: There) -> None:
    with pytest.raises(ForgeError, match="cannot be reached"):
        there.again(api="http://127.0.0.1:1").find(HEAD, "main")


def test_no_redirect_carries_the_token_to_another_host(there: There) -> None:
    with there.kind.fake(there.fake.folder.parent / "elsewhere") as other:
        for status in (301, 302, 307):
            there.fake.faults.append(Fault(status=status, headers={"Location": f"{other.origin}/trap"}))
            with pytest.raises(ForgeError, match="does not take the token"):
                there.forge.find(HEAD, "main")
        assert other.asked == []


def test_a_redirect_on_the_same_host_is_followed(there: There) -> None:
    there.fake.faults.append(Fault("GET", status=301, headers={"Location": "/moved"}))
    with pytest.raises(ForgeError, match="404"):
        there.forge.find(HEAD, "main")
    assert there.fake.asked[-1].path == "/moved"


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=401, text=f'{{"message": "bad token {CANARY}"}}'),
        Fault(status=403, text=f'{{"message": "{CANARY}", "errors": [{{"message": "{CANARY}"}}]}}'),
        Fault(status=422, text=f'{{"error": {{"message": "{CANARY}"}}}}'),
        Fault(status=200, text=CANARY),
        Fault(status=429, headers={"Retry-After": "9999"}, text=f'{{"message": "{CANARY}"}}'),
        Fault(status=302, headers={"Location": f"https://{CANARY}.example.com/{CANARY}"}),
    ],
)
def test_no_message_holds_the_token(there: There, fault: Fault, method: str) -> None:
    there.fake.faults = [replace(fault)]
    with pytest.raises(ForgeError) as failed:
        there.forge.open(WANTED) if method == "POST" else there.forge.find(HEAD, "main")
    assert CANARY not in f"{failed.value!r} {failed.value.message} {failed.value.hint} {failed.value.__cause__}"


def test_what_a_forge_says_stays_one_short_line(there: There) -> None:
    there.fake.faults.append(Fault(status=422, text='{"message": "a\\n\\u001b[31mb\\u0000' + "x" * 5000 + '"}'))
    with pytest.raises(ForgeError) as failed:
        there.forge.find(HEAD, "main")
    assert failed.value.message.isprintable()
    assert len(failed.value.message) < 600
