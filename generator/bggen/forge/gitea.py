"""Gitea and Forgejo.

Source: their Swagger descriptions (`/swagger.v1.json` of every server), and https://docs.gitea.com/usage/pull-request.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from bggen.errors import ForgeError
from bggen.forge.opening import open_once, warned
from bggen.forge.protocol import Request, missing, same_text
from bggen.forge.reading import dig, entries, number, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bggen.forge.client import Client
    from bggen.forge.protocol import AutoMerge, State, Wanted

DRAFT: Final = "WIP: "
# The defaults of the setting WORK_IN_PROGRESS_PREFIXES.
_DRAFTS = (DRAFT, "[WIP] ", "WIP:", "[WIP]")


def headers(token: str) -> dict[str, str]:
    """Return what every request carries."""
    return {"Authorization": f"token {token}"}


class Gitea:
    """Pull requests of one repository, `owner/name`."""

    #: The least that a supported database keeps of a text (MySQL's TEXT).
    limit = 65_535

    def __init__(self, client: Client, project: str) -> None:
        self._client = client
        self._owner = project.partition("/")[0]
        self._repo = f"/repos/{quote(project)}"

    def find(self, head: str, base: str) -> Request | None:
        """Return the open request of the branch; there is no filter for it, so that all pages are read."""
        for data in self._client.pages(f"{self._repo}/pulls", {"state": "open", "limit": "50"}, most=200):
            request = _request(data)
            own = dig(data, "head", "repo_id") == dig(data, "base", "repo_id")
            if own and (text(data, "head", "ref"), request.base_branch, request.state) == (head, base, "open"):
                return request
        return None

    def open(self, wanted: Wanted) -> Request:
        """Open the request, or bring the open one to what is wanted."""
        return open_once(self, wanted, lambda: self._post(wanted))

    def _post(self, wanted: Wanted) -> Request:
        body = {"head": wanted.head_branch, "base": wanted.base_branch, "title": _title(wanted), "body": wanted.body}
        return self._furnished(_request(self._client.send("POST", f"{self._repo}/pulls", json=body)), wanted)

    def update(self, request: Request, wanted: Wanted) -> Request:
        """Write what differs."""
        changes: dict[str, str] = {}
        if not same_text(request.title, wanted.title) or request.draft != wanted.draft:
            changes["title"] = _title(wanted)
        if not same_text(request.body, wanted.body):
            changes["body"] = wanted.body
        if request.base_branch != wanted.base_branch:
            changes["base"] = wanted.base_branch
        if changes:
            request = self._patched(request, changes)
        return self._furnished(request, wanted)

    def close(self, request: Request) -> Request:
        """Close it without merging."""
        return self._patched(request, {"state": "closed"})

    def comment(self, request: Request, text: str) -> None:
        """Add a comment."""
        self._client.send("POST", f"{self._repo}/issues/{request.number}/comments", json={"body": text})

    def _patched(self, request: Request, changes: dict[str, str]) -> Request:
        data = self._client.send("PATCH", f"{self._repo}/pulls/{request.number}", json=changes)
        return warned(_request(data), *request.warnings)

    def _furnished(self, request: Request, wanted: Wanted) -> Request:
        labels = missing(wanted.labels, request.labels)
        if labels:
            request = self._labelled(request, labels)
        for name in missing([name.removeprefix("@") for name in wanted.reviewers], request.reviewers):
            request = self._reviewed(request, name)
        if wanted.auto_merge and not request.auto_merge:
            request = self._merging(request, wanted)
        return request

    def _labelled(self, request: Request, names: Sequence[str]) -> Request:
        try:
            known = self._labels()
            unknown = [name for name in names if name.lower() not in known]
            wanted = [name for name in names if name.lower() in known]
            if wanted:
                numbers = [known[name.lower()] for name in wanted]
                path = f"{self._repo}/issues/{request.number}/labels"
                self._client.send("POST", path, json={"labels": numbers}, again=True)
        except ForgeError as error:
            return warned(request, f"the labels {', '.join(names)} were not added: {error.message}")
        request = replace(request, labels=(*request.labels, *wanted))
        return warned(request, f"there is no label {', '.join(unknown)}: make it first") if unknown else request

    def _labels(self) -> dict[str, int]:
        """Return the labels of the repository, and of its organisation where it belongs to one."""
        found = self._client.pages(f"{self._repo}/labels", {"limit": "50"})
        # The owner may be a person, who has none.
        with suppress(ForgeError):
            found = [*self._client.pages(f"/orgs/{quote(self._owner)}/labels", {"limit": "50"}), *found]
        return {text(label, "name").lower(): number(label, "id", "Gitea") for label in found}

    def _reviewed(self, request: Request, name: str) -> Request:
        _, _, team = name.rpartition("/")
        body = {"team_reviewers": [team]} if "/" in name else {"reviewers": [name]}
        path = f"{self._repo}/pulls/{request.number}/requested_reviewers"
        try:
            self._client.send("POST", path, json=body, again=True)
        except ForgeError as error:
            return warned(request, f"{name} was not asked for a review: {error.message}")
        return replace(request, reviewers=(*request.reviewers, name))

    def _merging(self, request: Request, wanted: Wanted) -> Request:
        method: AutoMerge | None = wanted.auto_merge
        try:
            # Without a rule to wait for, Gitea would merge at once.
            rule = self._client.send("GET", f"{self._repo}/branches/{quote(request.base_branch, safe='')}")
            checks = self._client.send("GET", f"{self._repo}/commits/{request.head}/status")
            passed = not dig(rule, "enable_status_check") or text(checks, "state") == "success"
            if passed and not dig(rule, "required_approvals"):
                return warned(request, "auto-merge was not turned on: nothing is left to wait for, merge it yourself")
            body = {"Do": method, "merge_when_checks_succeed": True, "head_commit_id": request.head}
            path = f"{self._repo}/pulls/{request.number}/merge"
            self._client.send("POST", path, json={**body, "delete_branch_after_merge": False})
        except ForgeError as error:
            return warned(request, f"auto-merge was not turned on: {error.message}")
        return replace(request, auto_merge=True)


def _title(wanted: Wanted) -> str:
    return f"{DRAFT}{wanted.title}" if wanted.draft else wanted.title


def _request(data: Any) -> Request:
    title = text(data, "title")
    prefix = next((prefix for prefix in _DRAFTS if title.upper().startswith(prefix)), "")
    state: State = "merged" if dig(data, "merged") else "open" if text(data, "state") == "open" else "closed"
    people = [text(user, "login") for user in entries(data, "requested_reviewers")]
    return Request(
        number=number(data, "number", "Gitea"),
        url=text(data, "html_url"),
        state=state,
        head=text(data, "head", "sha"),
        base_branch=text(data, "base", "ref"),
        title=title[len(prefix) :],
        body=text(data, "body"),
        draft=bool(prefix),
        labels=tuple(text(label, "name") for label in entries(data, "labels")),
        reviewers=tuple(people),
    )
