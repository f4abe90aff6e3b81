"""Bitbucket Cloud.

Source: https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pullrequests/.
It has no labels on pull requests, and its API turns on no auto-merge.
"""

from __future__ import annotations

import json
from base64 import b64encode
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

#: The user name that git is given with an access token of a repository, a project or a workspace.
ACCESS_TOKEN_USER: Final = "x-token-auth"  # noqa: S105  # a name, no secret

_STATES: Final[dict[str, State]] = {"OPEN": "open", "MERGED": "merged"}


def headers(token: str, user: str = ACCESS_TOKEN_USER) -> dict[str, str]:
    """Return what every request carries: access tokens stand alone, a person's API token goes with the person."""
    if user == ACCESS_TOKEN_USER:
        return {"Authorization": f"Bearer {token}"}
    return {"Authorization": f"Basic {b64encode(f'{user}:{token}'.encode()).decode()}"}


class BitbucketCloud:
    """Pull requests of one repository, `workspace/name`."""

    limit = 32_768

    def __init__(self, client: Client, project: str) -> None:
        self._client = client
        self._workspace = quote(project.partition("/")[0])
        self._requests = f"/repositories/{quote(project)}/pullrequests"

    def find(self, head: str, base: str) -> Request | None:
        """Return the open request of the branch."""
        # json.dumps: a string of the query language is quoted as JSON's is.
        branches = f"source.branch.name = {json.dumps(head)} AND destination.branch.name = {json.dumps(base)}"
        query = {"q": f'{branches} AND state = "OPEN"', "pagelen": "50"}
        for data in self._pages(self._requests, query):
            request = _request(data)
            own = text(data, "source", "repository", "uuid") == text(data, "destination", "repository", "uuid")
            there = (text(data, "source", "branch", "name"), request.base_branch, request.state)
            if own and there == (head, base, "open"):
                # A list leaves out reviewers, whom an update would then take away.
                return _request(self._client.send("GET", f"{self._requests}/{request.number}"))
        return None

    def open(self, wanted: Wanted) -> Request:
        """Open the request, or bring the open one to what is wanted: Bitbucket itself opens no second one."""
        found = self.find(wanted.head_branch, wanted.base_branch)
        return self.update(found, wanted) if found else open_once(self, wanted, lambda: self._post(wanted))

    def _post(self, wanted: Wanted) -> Request:
        people, warnings = self._people(wanted.reviewers)
        body: dict[str, object] = {
            "title": wanted.title,
            "description": wanted.body,
            "source": {"branch": {"name": wanted.head_branch}},
            "destination": {"branch": {"name": wanted.base_branch}},
            "draft": wanted.draft,
            "close_source_branch": False,
        }
        try:
            data = self._client.send("POST", self._requests, json=body | _reviewers(people))
        except RefusalError as refusal:
            if not people or "reviewer" not in refusal.reason.lower():
                raise
            warnings = (*warnings, f"nobody was asked for a review: {refusal.message}")
            data = self._client.send("POST", self._requests, json=body)
        return warned(_request(data), *warnings, *_cannot(wanted))

    def update(self, request: Request, wanted: Wanted) -> Request:
        """Write what differs."""
        names = missing(wanted.reviewers, request.reviewers)
        people, warnings = self._people(names)
        new = [key for key in people if key not in request.key.split()]
        same = same_text(request.title, wanted.title) and same_text(request.body, wanted.body)
        if not same or request.base_branch != wanted.base_branch or request.draft != wanted.draft or new:
            body: dict[str, object] = {
                "title": wanted.title,
                "description": wanted.body,
                "destination": {"branch": {"name": wanted.base_branch}},
                "draft": wanted.draft,
            }
            body |= _reviewers([*request.key.split(), *new])
            request = _request(self._client.send("PUT", f"{self._requests}/{request.number}", json=body))
        return warned(request, *warnings, *_cannot(wanted))

    def close(self, request: Request) -> Request:
        """Decline it."""
        return _request(self._client.send("POST", f"{self._requests}/{request.number}/decline", again=True))

    def comment(self, request: Request, text: str) -> None:
        """Add a comment."""
        body = {"content": {"raw": text}}
        self._client.send("POST", f"{self._requests}/{request.number}/comments", json=body)

    def _people(self, names: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
        """Return the UUIDs of those members of the workspace, and a warning for each who is none."""
        if not names:
            return [], ()
        try:
            members = [dig(entry, "user") for entry in self._pages(f"/workspaces/{self._workspace}/members", {})]
        except ForgeError as error:
            return [], (f"nobody was asked for a review: {error.message}",)
        known = {
            text(user, field).lower(): text(user, "uuid")
            for user in members
            for field in ("nickname", "account_id", "uuid")
        }
        keys = {name: known.get(name.removeprefix("@").lower(), "") for name in names}
        unknown = [name for name, key in keys.items() if not key]
        warnings = tuple(f"{name} is not in the workspace, and was not asked for a review" for name in unknown)
        return [key for key in keys.values() if key], warnings

    def _pages(self, path: str, query: dict[str, str]) -> list[Any]:
        found: list[Any] = []
        data = self._client.send("GET", path, params=query)
        for _ in range(20):
            if not isinstance(dig(data, "values"), list):
                raise ForgeError("Bitbucket's answer is not a list")
            found += entries(data, "values")
            following = text(data, "next")
            if not following:
                break
            data = self._client.send("GET", following)
        return found


def _reviewers(keys: Sequence[str]) -> dict[str, object]:
    return {"reviewers": [{"uuid": key} for key in keys]}


def _cannot(wanted: Wanted) -> list[str]:
    labels = [f"Bitbucket has no labels: {', '.join(wanted.labels)} were not added"] if wanted.labels else []
    return labels + (["auto-merge was not turned on: Bitbucket's API has none"] if wanted.auto_merge else [])


def _request(data: Any) -> Request:
    reviewers = entries(data, "reviewers")
    return Request(
        number=number(data, "id", "Bitbucket"),
        url=text(data, "links", "html", "href"),
        state=_STATES.get(text(data, "state"), "closed"),
        head=text(data, "source", "commit", "hash"),
        base_branch=text(data, "destination", "branch", "name"),
        title=text(data, "title"),
        body=text(data, "description") or text(data, "summary", "raw"),
        draft=bool(dig(data, "draft")),
        reviewers=tuple(text(user, "nickname") for user in reviewers),
        key=" ".join(text(user, "uuid") for user in reviewers),
    )
