"""Bitbucket Data Center (and Server).

Source: https://developer.atlassian.com/server/bitbucket/rest/ (pull requests). Drafts exist since 8.18.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from bggen.errors import ForgeError
from bggen.forge.client import RefusalError
from bggen.forge.opening import open_once, warned
from bggen.forge.protocol import Request, missing, same_text
from bggen.forge.reading import dig, entries, number, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bggen.forge.client import Client
    from bggen.forge.protocol import State, Wanted

_STATES: Final[dict[str, State]] = {"OPEN": "open", "MERGED": "merged"}
_BRANCH = "refs/heads/"


def headers(token: str) -> dict[str, str]:
    """Return what every request carries: an HTTP access token, and a word without which XSRF checks refuse."""
    return {"Authorization": f"Bearer {token}", "X-Atlassian-Token": "no-check"}


class BitbucketServer:
    """Pull requests of one repository, `KEY/name` or `~person/name`."""

    limit = 32_768

    def __init__(self, client: Client, project: str) -> None:
        self._client = client
        self._key, _, self._slug = project.partition("/")
        self._requests = f"/projects/{quote(self._key)}/repos/{quote(self._slug)}/pull-requests"

    def find(self, head: str, base: str) -> Request | None:
        """Return the open request of the branch."""
        query = {"state": "OPEN", "direction": "OUTGOING", "at": _BRANCH + head, "limit": "100"}
        start = 0
        for _ in range(20):
            page = self._client.send("GET", self._requests, params={**query, "start": str(start)})
            if not isinstance(dig(page, "values"), list):
                raise ForgeError("Bitbucket's answer is not a list")
            for data in entries(page, "values"):
                request = _request(data)
                own = dig(data, "fromRef", "repository", "id") == dig(data, "toRef", "repository", "id")
                there = (text(data, "fromRef", "id"), request.base_branch, request.state)
                if own and there == (_BRANCH + head, base, "open"):
                    return request
            following = dig(page, "nextPageStart")
            if dig(page, "isLastPage") is not False or not isinstance(following, int):
                break
            start = following
        return None

    def open(self, wanted: Wanted) -> Request:
        """Open the request, or bring the open one to what is wanted."""
        return open_once(self, wanted, lambda: self._post(wanted))

    def _post(self, wanted: Wanted) -> Request:
        body = self._body(wanted, []) | {"fromRef": self._ref(wanted.head_branch)}
        request = _request(self._client.send("POST", self._requests, json=body))
        if wanted.draft and not request.draft:
            request = warned(request, "it is no draft: Bitbucket has drafts from 8.18 on")
        return self._furnished(request, wanted)

    def update(self, request: Request, wanted: Wanted) -> Request:
        """Write what differs."""
        same = same_text(request.title, wanted.title) and same_text(request.body, wanted.body)
        if not same or (request.base_branch, request.draft) != (wanted.base_branch, wanted.draft):
            request = self._put(request, wanted, request.reviewers)
        return self._furnished(request, wanted)

    def close(self, request: Request) -> Request:
        """Decline it."""
        path, version = f"{self._requests}/{request.number}/decline", self._version(request)
        data = self._client.send("POST", path, params={"version": str(version)}, json={"version": version})
        return _request(data)

    def comment(self, request: Request, text: str) -> None:
        """Add a comment."""
        self._client.send("POST", f"{self._requests}/{request.number}/comments", json={"text": text})

    def _put(self, request: Request, wanted: Wanted, reviewers: Sequence[str]) -> Request:
        """Write all of it: what is left out would be taken away."""
        path = f"{self._requests}/{request.number}"
        for last in (False, True):
            body = self._body(wanted, reviewers) | {"version": self._version(request)}
            try:
                return warned(_request(self._client.send("PUT", path, json=body)), *request.warnings)
            except RefusalError as refusal:
                # Somebody else wrote in between, and the version went on.
                if refusal.status != 409 or last:  # noqa: PLR2004  # the status is its own name
                    raise
        raise AssertionError

    def _version(self, request: Request) -> int:
        """Return the version that a change must name: that of now, because approvals and comments move it too."""
        data = self._client.send("GET", f"{self._requests}/{request.number}")
        return number(data, "version", "Bitbucket")

    def _body(self, wanted: Wanted, reviewers: Sequence[str]) -> dict[str, object]:
        return {
            "title": wanted.title,
            "description": wanted.body,
            "toRef": self._ref(wanted.base_branch),
            "draft": wanted.draft,
            "reviewers": [{"user": {"name": name}} for name in reviewers],
        }

    def _ref(self, branch: str) -> dict[str, object]:
        return {"id": _BRANCH + branch, "repository": {"slug": self._slug, "project": {"key": self._key}}}

    def _furnished(self, request: Request, wanted: Wanted) -> Request:
        for name in missing([name.removeprefix("@") for name in wanted.reviewers], request.reviewers):
            try:
                request = self._put(request, wanted, [*request.reviewers, name])
            except ForgeError as error:
                request = warned(request, f"{name} was not asked for a review: {error.message}")
        if wanted.labels:
            labels = ", ".join(wanted.labels)
            request = warned(request, f"Bitbucket has no labels for pull requests: {labels} were not added")
        if wanted.auto_merge:
            request = warned(request, "auto-merge was not turned on: bggen knows none of Bitbucket's")
        return request


def _request(data: Any) -> Request:
    links = entries(data, "links", "self")
    return Request(
        number=number(data, "id", "Bitbucket"),
        url=text(links[0], "href") if links else "",
        state=_STATES.get(text(data, "state"), "closed"),
        head=text(data, "fromRef", "latestCommit"),
        base_branch=text(data, "toRef", "id").removeprefix(_BRANCH),
        title=text(data, "title"),
        body=text(data, "description"),
        draft=bool(dig(data, "draft")),
        reviewers=tuple(text(entry, "user", "name") for entry in entries(data, "reviewers")),
    )
