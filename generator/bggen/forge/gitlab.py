"""GitLab, hosted or one's own.

Source: https://docs.gitlab.com/api/merge_requests/.
"""

from __future__ import annotations

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
    from bggen.forge.protocol import State, Wanted

DRAFT: Final = "Draft: "

_STATES: Final[dict[str, State]] = {"opened": "open", "merged": "merged"}
# While GitLab still works out whether it can be merged, a pipeline that succeeded would merge it at once.
_UNSURE = frozenset({"unchecked", "checking", "preparing", "approvals_syncing"})


def headers(token: str) -> dict[str, str]:
    """Return what every request carries: tokens of people, projects, groups and OAuth are all accepted so."""
    return {"Authorization": f"Bearer {token}"}


class GitLab:
    """Merge requests of one project, `group/subgroup/name`."""

    #: `Issuable::DESCRIPTION_LENGTH_MAX`.
    limit = 1_048_576

    def __init__(self, client: Client, project: str) -> None:
        self._client = client
        self._project = f"/projects/{quote(project, safe='')}"
        self._requests = f"{self._project}/merge_requests"

    def find(self, head: str, base: str) -> Request | None:
        """Return the open request of the branch."""
        query = {"state": "opened", "source_branch": head, "target_branch": base, "per_page": "100"}
        for data in self._client.pages(self._requests, query):
            request = _request(data)
            own = dig(data, "source_project_id") == dig(data, "target_project_id")
            there = (text(data, "source_branch"), text(data, "target_branch"), request.state)
            if own and there == (head, base, "open"):
                return request
        return None

    def open(self, wanted: Wanted) -> Request:
        """Open the request, or bring the open one to what is wanted."""
        return open_once(self, wanted, lambda: self._post(wanted))

    def _post(self, wanted: Wanted) -> Request:
        body: dict[str, object] = {
            "source_branch": wanted.head_branch,
            "target_branch": wanted.base_branch,
            "title": _title(wanted),
            "description": wanted.body,
            # A project may delete merged branches by default: bggen's are asked for again, and rebuilt.
            "remove_source_branch": False,
        }
        if wanted.labels:
            body["labels"] = ",".join(wanted.labels)
        request = _request(self._client.send("POST", self._requests, json=body))
        return self._furnished(request, wanted)

    def update(self, request: Request, wanted: Wanted) -> Request:
        """Write what differs."""
        changes: dict[str, object] = {}
        if not same_text(request.title, wanted.title) or request.draft != wanted.draft:
            changes["title"] = _title(wanted)
        if not same_text(request.body, wanted.body):
            changes["description"] = wanted.body
        if request.base_branch != wanted.base_branch:
            changes["target_branch"] = wanted.base_branch
        labels = missing(wanted.labels, request.labels)
        if labels:
            changes["add_labels"] = ",".join(labels)
        if changes:
            request = self._put(request, changes)
        return self._furnished(request, wanted)

    def close(self, request: Request) -> Request:
        """Close it without merging."""
        return self._put(request, {"state_event": "close"})

    def comment(self, request: Request, text: str) -> None:
        """Add a comment."""
        self._client.send("POST", f"{self._requests}/{request.number}/notes", json={"body": text})

    def _put(self, request: Request, changes: dict[str, object]) -> Request:
        data = self._client.send("PUT", f"{self._requests}/{request.number}", json=changes)
        return warned(_request(data), *request.warnings)

    def _furnished(self, request: Request, wanted: Wanted) -> Request:
        reviewers = missing([name.removeprefix("@") for name in wanted.reviewers], request.reviewers)
        if reviewers:
            request = self._reviewed(request, reviewers)
        if wanted.auto_merge and not request.auto_merge:
            request = self._merging(request, squash=wanted.auto_merge == "squash")
        return request

    def _reviewed(self, request: Request, names: Sequence[str]) -> Request:
        try:
            # GitLab takes the whole list, by the numbers of people.
            numbers = {name: self._user(name) for name in (*request.reviewers, *names)}
            request = warned(request, *(f"GitLab knows no user {name}" for name, found in numbers.items() if not found))
            known = [found for found in numbers.values() if found]
            if len(known) > len(request.reviewers):
                request = self._put(request, {"reviewer_ids": known})
        except ForgeError as error:
            return warned(request, f"{', '.join(names)} were not asked for a review: {error.message}")
        # An edition that has one reviewer only leaves out the others without a word.
        lost = [name for name in missing(names, request.reviewers) if numbers[name]]
        return warned(request, f"GitLab did not ask {', '.join(lost)} for a review") if lost else request

    def _user(self, name: str) -> int | None:
        found = self._client.send("GET", "/users", params={"username": name})
        first = dig(found[0], "id") if isinstance(found, list) and found else None
        return first if isinstance(first, int) else None

    def _merging(self, request: Request, *, squash: bool) -> Request:
        path = f"{self._requests}/{request.number}"
        try:
            now = self._client.send("GET", path)
            status, pipeline = text(now, "detailed_merge_status"), text(now, "head_pipeline", "status")
            if status == "mergeable" or (pipeline == "success" and status in _UNSURE):
                return warned(request, "auto-merge was not turned on: nothing is left to wait for, merge it yourself")
            body = {"merge_when_pipeline_succeeds": True, "auto_merge": True, "squash": squash, "sha": request.head}
            self._client.send("PUT", f"{path}/merge", json={**body, "should_remove_source_branch": False})
        except ForgeError as error:
            return warned(request, f"auto-merge was not turned on: {error.message}")
        return replace(request, auto_merge=True)


def _title(wanted: Wanted) -> str:
    return f"{DRAFT}{wanted.title}" if wanted.draft else wanted.title


def _request(data: Any) -> Request:
    title, draft = text(data, "title"), bool(dig(data, "draft") or dig(data, "work_in_progress"))
    return Request(
        number=number(data, "iid", "GitLab"),
        url=text(data, "web_url"),
        state=_STATES.get(text(data, "state"), "closed"),
        head=text(data, "sha"),
        base_branch=text(data, "target_branch"),
        title=title.removeprefix(DRAFT) if draft else title,
        body=text(data, "description"),
        draft=draft,
        labels=tuple(label for label in entries(data, "labels") if isinstance(label, str)),
        reviewers=tuple(text(user, "username") for user in entries(data, "reviewers")),
        auto_merge=bool(dig(data, "merge_when_pipeline_succeeds")),
    )
