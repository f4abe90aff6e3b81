"""GitHub and GitHub Enterprise.

Sources: https://docs.github.com/en/rest/pulls, https://docs.github.com/en/graphql/reference/mutations.
Drafts and auto-merge are changed by GraphQL alone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from bggen.errors import ForgeError
from bggen.forge.client import RefusalError
from bggen.forge.opening import open_once, warned
from bggen.forge.protocol import Request, missing, same_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bggen.forge.client import Client
    from bggen.forge.protocol import AutoMerge, State, Wanted

#: application/json besides, because tools that stand between know no other name of it.
ACCEPT: Final = "application/vnd.github+json, application/json;q=0.9"
VERSION: Final = "2022-11-28"

_AUTO_MERGE = """mutation($id: ID!, $method: PullRequestMergeMethod!) {
  enablePullRequestAutoMerge(input: {pullRequestId: $id, mergeMethod: $method}) { clientMutationId }
}"""
_DRAFT = "mutation($id: ID!) { convertPullRequestToDraft(input: {pullRequestId: $id}) { clientMutationId } }"
_READY = "mutation($id: ID!) { markPullRequestReadyForReview(input: {pullRequestId: $id}) { clientMutationId } }"


def headers(token: str) -> dict[str, str]:
    """Return what every request to GitHub carries."""
    return {"Accept": ACCEPT, "Authorization": f"Bearer {token}", "X-GitHub-Api-Version": VERSION}


class GitHub:
    """Pull requests of one repository, `owner/name`."""

    limit = 65_536

    def __init__(self, client: Client, project: str) -> None:
        self._client = client
        self._owner = project.partition("/")[0]
        self._repo = f"/repos/{quote(project)}"

    def find(self, head: str, base: str) -> Request | None:
        """Return the open request of the branch."""
        query = {"state": "open", "head": f"{self._owner}:{head}", "base": base, "per_page": "100"}
        for data in self._client.pages(f"{self._repo}/pulls", query):
            # GitHub ignores a filter that it does not understand, and the owner may have a second fork.
            pull = _Pull(data)
            if pull.is_ours(head, base):
                return pull.request()
        return None

    def open(self, wanted: Wanted) -> Request:
        """Open the request, or bring the open one to what is wanted."""
        return open_once(self, wanted, lambda: self._post(wanted))

    def _post(self, wanted: Wanted) -> Request:
        body: dict[str, object] = {"title": wanted.title, "head": wanted.head_branch, "base": wanted.base_branch}
        body |= {"body": wanted.body, "draft": wanted.draft}
        path, warnings = f"{self._repo}/pulls", []
        try:
            data = self._client.send("POST", path, json=body)
        except RefusalError as refusal:
            # "Draft pull requests are not supported in this repository": a question of the plan.
            if not wanted.draft or "draft" not in refusal.reason.lower():
                raise
            warnings.append(f"GitHub does not open it as a draft: {refusal.reason}")
            data = self._client.send("POST", path, json={**body, "draft": False})
        return self._furnished(warned(_Pull(data).request(), *warnings), wanted)

    def update(self, request: Request, wanted: Wanted) -> Request:
        """Write what differs."""
        changes: dict[str, str] = {}
        if not same_text(request.title, wanted.title):
            changes["title"] = wanted.title
        if not same_text(request.body, wanted.body):
            changes["body"] = wanted.body
        if request.base_branch != wanted.base_branch:
            changes["base"] = wanted.base_branch
        if changes:
            data = self._client.send("PATCH", f"{self._repo}/pulls/{request.number}", json=changes)
            request = warned(_Pull(data).request(), *request.warnings)
        if request.draft != wanted.draft:
            request = self._drafted(request, draft=wanted.draft)
        return self._furnished(request, wanted)

    def close(self, request: Request) -> Request:
        """Close it without merging."""
        data = self._client.send("PATCH", f"{self._repo}/pulls/{request.number}", json={"state": "closed"})
        return _Pull(data).request()

    def comment(self, request: Request, text: str) -> None:
        """Add a comment."""
        self._client.send("POST", f"{self._repo}/issues/{request.number}/comments", json={"body": text})

    def _furnished(self, request: Request, wanted: Wanted) -> Request:
        labels = missing(wanted.labels, request.labels)
        if labels:
            request = self._labelled(request, labels)
        reviewers = missing([_plain(name) for name in wanted.reviewers], request.reviewers)
        if reviewers:
            request = self._reviewed(request, reviewers)
        if wanted.auto_merge and not request.auto_merge:
            request = self._merging(request, wanted.auto_merge)
        return request

    def _labelled(self, request: Request, labels: Sequence[str]) -> Request:
        path = f"{self._repo}/issues/{request.number}/labels"
        try:
            # Labels that do not exist are made; adding one twice is adding it once.
            self._client.send("POST", path, json={"labels": list(labels)}, again=True)
        except ForgeError as error:
            return warned(request, f"the labels {', '.join(labels)} were not added: {error.message}")
        return replace(request, labels=(*request.labels, *labels))

    def _reviewed(self, request: Request, reviewers: Sequence[str]) -> Request:
        try:
            self._ask(request, reviewers)
        except ForgeError as error:
            if len(reviewers) == 1:
                return warned(request, f"{reviewers[0]} was not asked for a review: {error.message}")
            # All are refused where one is unknown.
            for name in reviewers:
                request = self._reviewed(request, [name])
            return request
        return replace(request, reviewers=(*request.reviewers, *reviewers))

    def _ask(self, request: Request, reviewers: Sequence[str]) -> None:
        teams = [name.split("/")[-1] for name in reviewers if "/" in name]
        people = [name for name in reviewers if "/" not in name]
        body = {"reviewers": people} | ({"team_reviewers": teams} if teams else {})
        self._client.send("POST", f"{self._repo}/pulls/{request.number}/requested_reviewers", json=body, again=True)

    def _drafted(self, request: Request, *, draft: bool) -> Request:
        try:
            self._graphql(_DRAFT if draft else _READY, {"id": request.key})
        except ForgeError as error:
            to = "a draft" if draft else "ready for review"
            return warned(request, f"it was not made {to}: {error.message}")
        return replace(request, draft=draft)

    def _merging(self, request: Request, method: AutoMerge) -> Request:
        try:
            self._graphql(_AUTO_MERGE, {"id": request.key, "method": method.upper()})
        except ForgeError as error:
            return warned(request, f"auto-merge was not turned on: {error.message}")
        return replace(request, auto_merge=True)

    def _graphql(self, query: str, variables: Mapping[str, str]) -> None:
        # Enterprise has it beside the REST API: /api/v3 and /api/graphql.
        root = self._client.api.removesuffix("/v3")
        data = self._client.send("POST", f"{root}/graphql", json={"query": query, "variables": variables}, again=True)
        errors = data.get("errors") if isinstance(data, dict) else [{"message": "its answer makes no sense"}]
        if errors:
            raise ForgeError(self._client.scrubbed("; ".join(str(error.get("message")) for error in errors)))


class _Pull:
    """A pull request of GitHub's, as its API tells it."""

    def __init__(self, data: Any) -> None:
        if not isinstance(data, dict) or not isinstance(data.get("number"), int):
            raise ForgeError("GitHub's answer is not a pull request")
        self._data: dict[str, Any] = data

    def is_ours(self, head: str, base: str) -> bool:
        there, here = self._side("head"), self._side("base")
        # The repository of a head is null once a fork was deleted.
        same = (there.get("repo") or {}).get("id") == (here.get("repo") or {}).get("id", 0)
        return same and self._data.get("state") == "open" and (there.get("ref"), here.get("ref")) == (head, base)

    def _side(self, name: str) -> dict[str, Any]:
        found = self._data.get(name)
        return found if isinstance(found, dict) else {}

    def request(self) -> Request:
        data = self._data
        merged = data.get("merged") or data.get("merged_at")
        state: State = "merged" if merged else "open" if data.get("state") == "open" else "closed"
        people = [user.get("login", "") for user in data.get("requested_reviewers") or ()]
        teams = [team.get("slug", "") for team in data.get("requested_teams") or ()]
        return Request(
            number=data["number"],
            url=data.get("html_url") or "",
            state=state,
            head=self._side("head").get("sha") or "",
            base_branch=self._side("base").get("ref") or "",
            title=data.get("title") or "",
            body=data.get("body") or "",
            draft=bool(data.get("draft")),
            labels=tuple(label.get("name", "") for label in data.get("labels") or ()),
            reviewers=(*people, *(f"{self._org()}/{team}" for team in teams)),
            key=data.get("node_id") or "",
            auto_merge=bool(data.get("auto_merge")),
        )

    def _org(self) -> str:
        return str(((self._side("base").get("repo") or {}).get("owner") or {}).get("login") or "")


def _plain(name: str) -> str:
    return name.removeprefix("@")
