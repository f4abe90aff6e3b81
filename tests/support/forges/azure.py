"""Azure DevOps' routes for pull requests, as its documentation tells them."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any

from tests.support.forges.base import CANARY, FakeForge, HttpError

if TYPE_CHECKING:
    from tests.support.forges.base import Asked, Pull

_REPO = r"/acme/The%20Platform/_apis/git/repositories/config"
_CUT = 400


class FakeAzure(FakeForge):
    project = "acme/The Platform/config"
    routes = [  # noqa: RUF012  # read only
        ("GET", _REPO + r"/pullrequests", "listed"),
        ("POST", _REPO + r"/pullrequests", "opened"),
        ("GET", _REPO + r"/pullrequests/(\d+)", "told"),
        ("PATCH", _REPO + r"/pullrequests/(\d+)", "patched"),
        ("GET", _REPO + r"/pullRequests/(\d+)/labels", "labels"),
        ("POST", _REPO + r"/pullRequests/(\d+)/labels", "labelled"),
        ("PUT", _REPO + r"/pullRequests/(\d+)/reviewers/([-\w]+)", "reviewed"),
        ("POST", _REPO + r"/pullRequests/(\d+)/threads", "commented"),
        ("GET", r"/acme/_apis/connectionData", "connection"),
    ]

    def called(self, name: str) -> str:
        return self.people.get(name, name)

    def allowed(self, asked: Asked) -> bool:
        secret = b64encode(f":{CANARY}".encode()).decode()
        return asked.headers.get("Authorization") == f"Basic {secret}"

    def listed(self, asked: Asked) -> dict[str, Any]:
        wanted = (asked.query["searchCriteria.sourceRefName"], asked.query["searchCriteria.targetRefName"])
        found = [self.shown(pull) for pull in self.open_pulls()]
        found = [data for data in found if (data["sourceRefName"], data["targetRefName"]) == wanted]
        return {"value": [{**data, "description": data["description"][:_CUT]} for data in found]}

    def told(self, _: Asked, number: str) -> dict[str, Any]:
        return self.shown(self.pull(int(number)))

    def opened(self, asked: Asked) -> dict[str, Any]:
        body = asked.body
        head, base = (body[name].removeprefix("refs/heads/") for name in ("sourceRefName", "targetRefName"))
        return self.shown(self.open_pull(head, base, body["title"], body["description"], draft=body["isDraft"]))

    def duplicate(self, pull: Pull) -> HttpError:
        message = f"TF401179: An active pull request for the source and target branch already exists: {pull.number}"
        return HttpError(409, {"message": message, "typeKey": "GitPullRequestExistsException"})

    def no_branch(self, name: str) -> HttpError:
        return HttpError(400, {"message": f"TF401398: branch {name} does not exist"})

    def patched(self, asked: Asked, number: str) -> dict[str, Any]:
        pull, body = self.pull(int(number)), asked.body
        if "targetRefName" in body and len(body) > 1:
            raise HttpError(400, {"message": "retargeting goes with nothing else"})
        pull.title = body.get("title", pull.title)
        pull.body = body.get("description", pull.body)
        pull.draft = body.get("isDraft", pull.draft)
        pull.base = body.get("targetRefName", pull.base).removeprefix("refs/heads/")
        pull.state = "closed" if body.get("status") == "abandoned" else pull.state
        if "autoCompleteSetBy" in body:
            if body["autoCompleteSetBy"]["id"] != "me":
                raise HttpError(400, {"message": "only oneself may be set"})
            pull.auto_merge = body["completionOptions"]["mergeStrategy"]
        return self.shown(pull)

    def labels(self, _: Asked, number: str) -> dict[str, Any]:
        return {"value": [{"name": label, "active": True} for label in self.pull(int(number)).labels]}

    def labelled(self, asked: Asked, number: str) -> dict[str, Any]:
        self.pull(int(number)).labels.append(asked.body["name"])
        return {"name": asked.body["name"]}

    def reviewed(self, _: Asked, number: str, who: str) -> dict[str, Any]:
        name = next((name for name, key in self.people.items() if key == who), None)
        if name is None:
            raise HttpError(404, {"message": f"identity {who} does not exist"})
        self.pull(int(number)).reviewers.append(name)
        return {"id": who}

    def commented(self, asked: Asked, number: str) -> dict[str, Any]:
        self.pull(int(number)).comments.append(asked.body["comments"][0]["content"])
        return {"id": 1}

    def connection(self, _: Asked) -> dict[str, Any]:
        return {"authenticatedUser": {"id": "me"}}

    def created(self, asked: Asked) -> int:
        return 200 if asked.path.endswith("/labels") else 201

    def shown(self, pull: Pull) -> dict[str, Any]:
        fork = {"forkSource": {"name": f"refs/heads/{pull.head}"}} if pull.fork else {}
        return fork | {
            "pullRequestId": pull.number,
            "status": {"open": "active", "merged": "completed"}.get(pull.state, "abandoned"),
            "title": pull.title,
            "description": pull.body,
            "isDraft": pull.draft,
            "sourceRefName": f"refs/heads/{pull.head}",
            "targetRefName": f"refs/heads/{pull.base}",
            "lastMergeSourceCommit": {"commitId": self.tip(pull.head)},
            "reviewers": [{"id": self.people[name]} for name in pull.reviewers],
            **({"autoCompleteSetBy": {"id": "me"}} if pull.auto_merge else {}),
        }
