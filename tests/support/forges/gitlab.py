"""GitLab's routes for merge requests, as its documentation tells them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.support.forges.base import FakeForge, HttpError

if TYPE_CHECKING:
    from tests.support.forges.base import Asked, Pull

_REQUESTS = r"/projects/acme%2Fteam%2Fconfig/merge_requests"


class FakeGitLab(FakeForge):
    project = "acme/team/config"
    prefix = "/api/v4"
    routes = [  # noqa: RUF012  # read only
        ("GET", _REQUESTS, "listed"),
        ("POST", _REQUESTS, "opened"),
        ("GET", _REQUESTS + r"/(\d+)", "told"),
        ("PUT", _REQUESTS + r"/(\d+)", "put"),
        ("PUT", _REQUESTS + r"/(\d+)/merge", "merged"),
        ("POST", _REQUESTS + r"/(\d+)/notes", "commented"),
        ("GET", r"/users", "users"),
    ]
    merge_status = "ci_still_running"
    pipeline = "running"

    def listed(self, asked: Asked) -> list[Any]:
        wanted = (asked.query["source_branch"], asked.query["target_branch"])
        return [self.shown(pull) for pull in self.open_pulls() if (pull.head, pull.base) == wanted]

    def told(self, _: Asked, number: str) -> dict[str, Any]:
        return self.shown(self.pull(int(number)))

    def opened(self, asked: Asked) -> dict[str, Any]:
        body = asked.body
        pull = self.open_pull(body["source_branch"], body["target_branch"], body["title"], body["description"])
        self._change(pull, body)
        return self.shown(pull)

    def duplicate(self, pull: Pull) -> HttpError:
        message = f"Another open merge request already exists for this source branch: !{pull.number}"
        return HttpError(409, {"message": [message]})

    def put(self, asked: Asked, number: str) -> dict[str, Any]:
        pull = self.pull(int(number))
        self._change(pull, asked.body)
        return self.shown(pull)

    def _change(self, pull: Pull, body: dict[str, Any]) -> None:
        title = body.get("title", f"{'Draft: ' if pull.draft else ''}{pull.title}")
        pull.draft = title.startswith("Draft: ")
        pull.title = title.removeprefix("Draft: ")
        pull.body = body.get("description", pull.body)
        pull.base = body.get("target_branch", pull.base)
        pull.state = "closed" if body.get("state_event") == "close" else pull.state
        labels = [label for field in ("labels", "add_labels") for label in body.get(field, "").split(",") if label]
        pull.labels = list(dict.fromkeys([*([] if "labels" in body else pull.labels), *labels]))
        if "reviewer_ids" in body:
            names = list(self.people)
            pull.reviewers = [names[number - 1] for number in body["reviewer_ids"]]

    def merged(self, asked: Asked, number: str) -> dict[str, Any]:
        pull = self.pull(int(number))
        if asked.body["sha"] != self.tip(pull.head):
            raise HttpError(409, {"message": "SHA does not match HEAD of source branch"})
        if self.pipeline == "success" or not asked.body["merge_when_pipeline_succeeds"]:
            self.merge(pull.number, squash=asked.body["squash"])
        pull.auto_merge = "squash" if asked.body["squash"] else "merge"
        return self.shown(pull)

    def commented(self, asked: Asked, number: str) -> dict[str, Any]:
        self.pull(int(number)).comments.append(asked.body["body"])
        return {"id": 1}

    def users(self, asked: Asked) -> list[dict[str, Any]]:
        names = list(self.people)
        return [{"id": names.index(name) + 1, "username": name} for name in names if name == asked.query["username"]]

    def shown(self, pull: Pull) -> dict[str, Any]:
        return {
            "id": 1000 + pull.number,
            "iid": pull.number,
            "web_url": f"https://gitlab.example.com/acme/team/config/-/merge_requests/{pull.number}",
            "state": "opened" if pull.state == "open" else pull.state,
            "sha": self.tip(pull.head),
            "source_branch": pull.head,
            "target_branch": pull.base,
            "source_project_id": 2 if pull.fork else 1,
            "target_project_id": 1,
            "title": f"{'Draft: ' if pull.draft else ''}{pull.title}",
            "description": pull.body,
            "draft": pull.draft,
            "labels": pull.labels,
            "reviewers": [{"username": name} for name in pull.reviewers],
            "merge_when_pipeline_succeeds": pull.auto_merge is not None,
            "detailed_merge_status": self.merge_status,
            "head_pipeline": {"status": self.pipeline},
        }
