"""The pull request of a change: opened, brought up to date, or closed, by the forge's own ways."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bggen import forge
from bggen.app.inputs import Source
from bggen.app.outcomes import PullRequest
from bggen.errors import BggenError
from bggen.forge import Wanted
from bggen.forge.connecting import connect
from bggen.git.target import PLAIN, Posting
from bggen.review import review
from bggen.spec import FORGETFUL

if TYPE_CHECKING:
    from bggen.app.outcomes import Changed
    from bggen.app.wish import RequestWish
    from bggen.forge import Forge
    from bggen.git.target import Target

# Of a body, in characters, where no forge says how much it takes: a push option is one line.
_LIMIT = 4000
_EMPTY = "There is nothing left to change: `{base}` holds it already. Closed by bggen."


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request that is about to be opened, and the way to do it.

    Attributes:
        wanted: how it is to look.
        forge: opens it; None where the push itself does, or a person.
        posting: what the push takes along.
        page: where a person opens it; None where nobody knows.
        notes: what cannot be had this way.
    """

    wanted: Wanted
    forge: Forge | None = None
    posting: Posting = PLAIN
    page: str | None = None
    notes: tuple[str, ...] = ()

    def settle(self, *, moved: bool) -> PullRequest:
        """Open the request, or bring the open one up to date; the branch has been pushed.

        Args:
            moved: whether the branch holds something new.

        Raises:
            ForgeError: the forge did not do it.
        """
        if self.forge is None:
            if self.posting == PLAIN:
                return PullRequest(None, self.page, "page", self.notes)
            return PullRequest(None, self.page, "pushed" if moved else "unchanged", self.notes)
        there = self.forge.find(self.wanted.head_branch, self.wanted.base_branch)
        if there is None:
            made = self.forge.open(self.wanted)
            return PullRequest(made.number, made.url, "opened", made.warnings)
        now = self.forge.update(there, self.wanted)
        differs = moved or _looks(now) != _looks(there)
        return PullRequest(now.number, now.url, "updated" if differs else "unchanged", now.warnings)


def prepare(request: RequestWish, target: Target, planned: Changed) -> Prepared:
    """Write the request for a plan, and find the way to open it; nothing is sent yet.

    Raises:
        UsageError: a variable or a setting cannot be used.
        ForgeError: the forge does not let us in.
    """
    url = target.url
    if url is None:
        return Prepared(_wanted(request, target, planned, _LIMIT))
    kind, api = _settings(target)
    way = connect(url, kind, api, os.environ)
    place = forge.recognise(url, kind, api, os.environ)
    # Bitbucket's Markdown knows no HTML.
    html = place is None or not place.kind.startswith("bitbucket")
    wanted = _wanted(request, target, planned, way.limit if way else _LIMIT, html=html)
    if way is not None:
        return Prepared(wanted, way)
    page = forge.request_url(url, kind, wanted.head_branch, wanted.base_branch, api=api, environ=os.environ)
    by_push = forge.push_request(url, kind, wanted, api=api, environ=os.environ)
    if by_push is None:
        return Prepared(wanted, page=page)
    ref = None if by_push.ref == f"refs/heads/{wanted.head_branch}" else by_push.ref
    return Prepared(wanted, posting=Posting(by_push.options, ref), page=page, notes=by_push.warnings)


def close_empty(request: RequestWish, target: Target) -> PullRequest | None:
    """Close the request that is open for a change which changes nothing any more; None where none is open.

    Raises:
        ForgeError: the forge did not do it.
    """
    if target.url is None or not request.close_empty:
        return None
    way = connect(target.url, *_settings(target), os.environ)
    there = way.find(target.branch, target.base) if way else None
    if way is None or there is None:
        return None
    way.comment(there, _EMPTY.format(base=target.base))
    closed = way.close(there)
    return PullRequest(closed.number, closed.url, "closed", closed.warnings)


def _wanted(request: RequestWish, target: Target, planned: Changed, limit: int, *, html: bool = True) -> Wanted:
    plans = [part.plan for part in planned.parts if part.plan and part.plan.changes]
    said = review(
        plans, limit=limit, base=target.base, title=request.title or planned.message.partition("\n")[0], html=html
    )
    return Wanted(
        target.branch,
        target.base,
        said.title,
        said.body,
        request.labels,
        request.reviewers,
        draft=request.draft,
        auto_merge=request.auto_merge,
    )


def _settings(target: Target) -> tuple[str | None, str | None]:
    """Return what bggen.yaml says of the forge: its type and its API's address."""
    try:
        settings = Source(target.files(), FORGETFUL).repo().forge
    except BggenError:
        # A rollback goes on with a broken bggen.yaml; what is wrong with it, others say.
        return None, None
    return (settings.type, settings.api) if settings else (None, None)


def _looks(request: forge.Request) -> tuple[object, ...]:
    return (request.title, request.body, request.draft, request.labels, request.reviewers, request.base_branch)
