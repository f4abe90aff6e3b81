"""Gitea's routes for pull requests, as a real server answers them: duplicate 409, wrong base 404, no title 422."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.support.forges.base import CANARY, FakeForge, HttpError

if TYPE_CHECKING:
    from tests.support.forges.base import Asked, Pull

_PER_PAGE = 2


class FakeGitea(FakeForge):
    prefix = "/api/v1"
    routes = [  # noqa: RUF012  # read only
        ("GET", r"/repos/acme/config/pulls", "listed"),
        ("POST", r"/repos/acme/config/pulls", "opened"),
        ("PATCH", r"/repos/acme/config/pulls/(\d+)", "patched"),
        ("POST", r"/repos/acme/config/pulls/(\d+)/merge", "merging"),
        ("POST", r"/repos/acme/config/pulls/(\d+)/requested_reviewers", "asked_for_review"),
        ("POST", r"/repos/acme/config/issues/(\d+)/labels", "labelled"),
        ("POST", r"/repos/acme/config/issues/(\d+)/comments", "commented"),
        ("GET", r"/repos/acme/config/labels", "labels"),
        ("GET", r"/repos/acme/config/branches/(.+)", "branch"),
        ("GET", r"/repos/acme/config/commits/(\w+)/status", "status"),
    ]
    checks_required = True
    checks = "pending"

    def allowed(self, asked: Asked) -> bool:
        return asked.headers.get("Authorization") == f"token {CANARY}"

    def listed(self, asked: Asked) -> tuple[list[Any], dict[str, str]]:
        found, page = list(self.open_pulls()), int(asked.query.get("page", "1"))
        shown = found[(page - 1) * _PER_PAGE : page * _PER_PAGE]
        more = {"Link": f'<https://elsewhere.example.com{asked.path}?state=open&page={page + 1}>; rel="next"'}
        return [self.shown(pull) for pull in shown], more if len(found) > page * _PER_PAGE else {}

    def opened(self, asked: Asked) -> dict[str, Any]:
        body = asked.body
        pull = self.open_pull(body["head"], body["base"], body["title"], body["body"])
        self._title(pull, body["title"])
        return self.shown(pull)

    def patched(self, asked: Asked, number: str) -> dict[str, Any]:
        pull = self.pull(int(number))
        if "title" in asked.body:
            self._title(pull, asked.body["title"])
        pull.body = asked.body.get("body", pull.body)
        pull.base = asked.body.get("base", pull.base)
        pull.state = asked.body.get("state", pull.state)
        return self.shown(pull)

    def _title(self, pull: Pull, title: str) -> None:
        pull.draft = title.startswith("WIP: ")
        pull.title = title.removeprefix("WIP: ")

    def merging(self, asked: Asked, number: str) -> None:
        pull, body = self.pull(int(number)), asked.body
        if body["head_commit_id"] != self.tip(pull.head):
            raise HttpError(409, {"message": "head out of date"})
        if not body["merge_when_checks_succeed"] or not self.checks_required or self.checks == "success":
            self.merge(pull.number, squash=body["Do"] == "squash")
        pull.auto_merge = body["Do"]

    def asked_for_review(self, asked: Asked, number: str) -> list[Any]:
        pull = self.pull(int(number))
        for name in asked.body["reviewers"]:
            if name not in self.people:
                raise HttpError(404, {"message": f"user does not exist [uid: 0, name: {name}]"})
        pull.reviewers = list(dict.fromkeys([*pull.reviewers, *asked.body["reviewers"]]))
        return []

    def labelled(self, asked: Asked, number: str) -> list[Any]:
        pull = self.pull(int(number))
        pull.labels = list(dict.fromkeys([*pull.labels, *(self.known_labels[key - 1] for key in asked.body["labels"])]))
        return []

    def commented(self, asked: Asked, number: str) -> dict[str, Any]:
        self.pull(int(number)).comments.append(asked.body["body"])
        return {"id": 1}

    def labels(self, _: Asked) -> list[Any]:
        return [{"id": key, "name": name} for key, name in enumerate(self.known_labels, 1)]

    def branch(self, _: Asked, name: str) -> dict[str, Any]:
        return {"name": name, "enable_status_check": self.checks_required, "required_approvals": 0}

    def status(self, _: Asked, commit: str) -> dict[str, Any]:
        return {"sha": commit, "state": self.checks}

    def shown(self, pull: Pull) -> dict[str, Any]:
        return {
            "id": 1000 + pull.number,
            "number": pull.number,
            "html_url": f"https://gitea.example.com/acme/config/pulls/{pull.number}",
            "state": "open" if pull.state == "open" else "closed",
            "merged": pull.state == "merged",
            "title": f"{'WIP: ' if pull.draft else ''}{pull.title}",
            "body": pull.body,
            "head": {"ref": pull.head, "sha": self.tip(pull.head), "repo_id": 2 if pull.fork else 1},
            "base": {"ref": pull.base, "sha": self.tip(pull.base), "repo_id": 1},
            "labels": [{"name": label} for label in pull.labels],
            "requested_reviewers": [{"login": name} for name in pull.reviewers],
        }
