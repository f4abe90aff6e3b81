"""Azure DevOps, hosted or one's own server.

Source: https://learn.microsoft.com/en-us/rest/api/azure/devops/git/pull-requests.
"""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from bggen.errors import ForgeError
from bggen.forge.opening import open_once, warned
from bggen.forge.protocol import Request, missing, same_text
from bggen.forge.reading import dig, entries, number, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bggen.forge.client import Client
    from bggen.forge.protocol import AutoMerge, State, Wanted

_STATES: Final[dict[str, State]] = {"active": "open", "completed": "merged"}
_STRATEGIES: Final[dict[AutoMerge, str]] = {"merge": "noFastForward", "squash": "squash", "rebase": "rebase"}
_BRANCH = "refs/heads/"
_VERSION: Final = {"api-version": "7.0"}
_IDENTITY = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_TOKEN_OF_A_JOB = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+")


def headers(token: str) -> dict[str, str]:
    """Return what every request carries: a person's token goes as a password, a job's (`System.AccessToken`) alone."""
    if _TOKEN_OF_A_JOB.fullmatch(token):
        return {"Authorization": f"Bearer {token}"}
    return {"Authorization": f"Basic {b64encode(f':{token}'.encode()).decode()}"}


class Azure:
    """Pull requests of one repository, `organisation/project/name`."""

    limit = 4_000

    def __init__(self, client: Client, project: str) -> None:
        self._client = client
        parts = [quote(part, safe="") for part in project.split("/")]
        self._organisation = "/".join(parts[:-2])
        self._repo = f"/{self._organisation}/{parts[-2]}/_apis/git/repositories/{parts[-1]}"
        self._page = f"{client.api}/{self._organisation}/{parts[-2]}/_git/{parts[-1]}/pullrequest/"

    def find(self, head: str, base: str) -> Request | None:
        """Return the open request of the branch."""
        query = {
            "searchCriteria.sourceRefName": _BRANCH + head,
            "searchCriteria.targetRefName": _BRANCH + base,
            "searchCriteria.status": "active",
        }
        data = self._send("GET", "/pullrequests", query=query)
        if not isinstance(dig(data, "value"), list):
            raise ForgeError("Azure DevOps' answer is not a list")
        for entry in entries(data, "value"):
            request = self._request(entry)
            # A fork's request has the same names, and says where it comes from.
            there = (text(entry, "sourceRefName"), request.base_branch, request.state)
            if not dig(entry, "forkSource") and there == (_BRANCH + head, base, "open"):
                # A list cuts descriptions after 400 characters.
                return self._whole(request.number)
        return None

    def open(self, wanted: Wanted) -> Request:
        """Open the request, or bring the open one to what is wanted."""
        return open_once(self, wanted, lambda: self._post(wanted))

    def _post(self, wanted: Wanted) -> Request:
        body = {
            "sourceRefName": _BRANCH + wanted.head_branch,
            "targetRefName": _BRANCH + wanted.base_branch,
            "title": wanted.title,
            "description": wanted.body,
            "isDraft": wanted.draft,
        }
        return self._furnished(self._request(self._send("POST", "/pullrequests", json=body)), wanted)

    def update(self, request: Request, wanted: Wanted) -> Request:
        """Write what differs."""
        changes: dict[str, object] = {}
        if not same_text(request.title, wanted.title):
            changes["title"] = wanted.title
        if not same_text(request.body, wanted.body):
            changes["description"] = wanted.body
        if request.draft != wanted.draft:
            changes["isDraft"] = wanted.draft
        if changes:
            request = self._patched(request, changes)
        if request.base_branch != wanted.base_branch:
            # Azure takes a new target together with nothing else.
            request = self._patched(request, {"targetRefName": _BRANCH + wanted.base_branch})
        return self._furnished(request, wanted)

    def close(self, request: Request) -> Request:
        """Abandon it."""
        return self._patched(request, {"status": "abandoned"})

    def comment(self, request: Request, text: str) -> None:
        """Add a comment that waits for no answer: an open thread may block a merge."""
        body = {"comments": [{"parentCommentId": 0, "content": text, "commentType": "text"}], "status": "closed"}
        self._send("POST", f"/pullRequests/{request.number}/threads", json=body)

    def _patched(self, request: Request, changes: Mapping[str, object]) -> Request:
        data = self._send("PATCH", f"/pullrequests/{request.number}", json=changes)
        # No answer but that of their own route is sure to have labels.
        return replace(self._request(data), labels=request.labels, warnings=request.warnings)

    def _furnished(self, request: Request, wanted: Wanted) -> Request:
        for label in missing(wanted.labels, request.labels):
            try:
                self._send("POST", f"/pullRequests/{request.number}/labels", json={"name": label}, again=True)
            except ForgeError as error:
                request = warned(request, f"the label {label} was not added: {error.message}")
            else:
                request = replace(request, labels=(*request.labels, label))
        for name in missing(wanted.reviewers, request.reviewers):
            request = self._reviewed(request, name)
        if wanted.auto_merge and not request.auto_merge:
            request = self._merging(request, wanted.auto_merge)
        return request

    def _reviewed(self, request: Request, name: str) -> Request:
        if not _IDENTITY.fullmatch(name):
            message = f"{name} was not asked for a review: Azure DevOps knows people and groups by their ids"
            return warned(request, message)
        path = f"/pullRequests/{request.number}/reviewers/{name}"
        try:
            self._send("PUT", path, json={"id": name, "vote": 0})
        except ForgeError as error:
            return warned(request, f"{name} was not asked for a review: {error.message}")
        return replace(request, reviewers=(*request.reviewers, name))

    def _merging(self, request: Request, method: AutoMerge) -> Request:
        try:
            path = f"/{self._organisation}/_apis/connectionData"
            user = text(self._client.send("GET", path), "authenticatedUser", "id")
            options = {"mergeStrategy": _STRATEGIES[method], "deleteSourceBranch": False}
            self._patched(request, {"autoCompleteSetBy": {"id": user}, "completionOptions": options})
        except ForgeError as error:
            return warned(request, f"auto-complete was not turned on for a merge: {error.message}")
        return replace(request, auto_merge=True)

    def _whole(self, identity: int) -> Request:
        request = self._request(self._send("GET", f"/pullrequests/{identity}"))
        labels = entries(self._send("GET", f"/pullRequests/{identity}/labels"), "value")
        return replace(
            request, labels=tuple(text(label, "name") for label in labels if dig(label, "active") is not False)
        )

    def _send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        json: object = None,
        again: bool | None = None,
    ) -> Any:
        parameters = {**(query or {}), **_VERSION}
        return self._client.send(method, self._repo + path, params=parameters, json=json, again=again)

    def _request(self, data: Any) -> Request:
        identity = number(data, "pullRequestId", "Azure DevOps")
        return Request(
            number=identity,
            url=f"{self._page}{identity}",
            state=_STATES.get(text(data, "status"), "closed"),
            head=text(data, "lastMergeSourceCommit", "commitId"),
            base_branch=text(data, "targetRefName").removeprefix(_BRANCH),
            title=text(data, "title"),
            body=text(data, "description"),
            draft=bool(dig(data, "isDraft")),
            reviewers=tuple(text(reviewer, "id") for reviewer in entries(data, "reviewers")),
            auto_merge=bool(dig(data, "autoCompleteSetBy")),
        )
