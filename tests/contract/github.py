"""Every request that bggen makes of GitHub's REST API is one that GitHub's own description allows.

`make contract` runs it; its name keeps it out of `make test`. Drafts and auto-merge go by GraphQL, which is not in the
description: they are tested against the fake of tests/support/forges alone. Prism keeps no state, and minds neither a
missing token nor fields too many.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bggen.errors import ForgeError
from bggen.forge.client import Client
from bggen.forge.github import GitHub, headers
from bggen.forge.github_app import app_token
from bggen.forge.place import Place
from bggen.forge.protocol import Request, Wanted
from tests.contract.server import Served, missing, served
from tests.support.forges.base import CANARY
from tests.support.keys import private_key

if TYPE_CHECKING:
    from collections.abc import Iterator

WANTED = Wanted("bggen/prod/shop/flip", "main", "shop(prod): flip blue → green", "a body\n", labels=("bggen",))
OPEN = Request(7, "https://github.com/acme/config/pull/7", "open", "", "main", "another title", "", draft=False)


@pytest.fixture(scope="module")
def github() -> Iterator[Served]:
    reason = missing()
    if reason and os.environ.get("BGGEN_CONTRACT") == "required":
        pytest.fail(f"the contract with GitHub could not be tested: {reason}")
    if reason:
        pytest.skip(f"the contract with GitHub is not tested: {reason}")
    with served() as found:
        yield found


@pytest.fixture
def forge(github: Served) -> GitHub:
    github.sent.clear()
    github.violations.clear()
    return GitHub(
        Client(github.api, headers(CANARY), secrets=[CANARY], environ={}, pause=lambda _: None), "acme/config"
    )


def test_a_request_is_looked_for(github: Served, forge: GitHub) -> None:
    # The example that Prism answers with is of another repository and branch.
    assert forge.find(WANTED.head_branch, "main") is None
    assert (github.violations, set(github.sent)) == ([], {"GET /repos/acme/config/pulls"})


def test_a_request_is_opened_with_labels_and_reviewers(github: Served, forge: GitHub) -> None:
    opened = forge.open(replace(WANTED, reviewers=("ada", "acme/team"), draft=True))
    assert opened.number > 0
    assert (github.violations, opened.warnings) == ([], ())
    assert github.sent == [
        "POST /repos/acme/config/pulls",
        f"POST /repos/acme/config/issues/{opened.number}/labels",
        f"POST /repos/acme/config/pulls/{opened.number}/requested_reviewers",
    ]


def test_a_request_is_updated(github: Served, forge: GitHub) -> None:
    forge.update(replace(OPEN, base_branch="release"), replace(WANTED, labels=()))
    assert (github.violations, github.sent[0]) == ([], "PATCH /repos/acme/config/pulls/7")


def test_a_request_is_closed_with_a_comment(github: Served, forge: GitHub) -> None:
    forge.comment(OPEN, "nothing is left to change")
    forge.close(OPEN)
    assert github.violations == []
    assert github.sent == ["POST /repos/acme/config/issues/7/comments", "PATCH /repos/acme/config/pulls/7"]


def test_an_app_signs_in(github: Served) -> None:
    place = Place("github", "https://github.com", github.api, "acme/config")
    github.violations.clear()
    github.sent.clear()
    assert app_token(place, {"BGGEN_GITHUB_APP_ID": "17", "BGGEN_GITHUB_APP_KEY": private_key()})
    assert github.violations == []
    assert [what.rpartition("/")[2] for what in github.sent] == ["installation", "access_tokens"]


def test_a_request_that_breaks_the_description_is_noticed(github: Served, forge: GitHub) -> None:
    with pytest.raises(ForgeError, match="422"):
        forge._client.send("POST", "/repos/acme/config/pulls", json={"title": 17})
    assert github.violations
