"""Bitbucket's routes for pull requests, of Cloud and of Data Center, as its documentation tells them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.support.forges.base import FakeForge, HttpError

if TYPE_CHECKING:
    from tests.support.forges.base import Asked, Pull

_CLOUD = r"/repositories/acme/config/pullrequests"
_SERVER = r"/projects/acme/repos/config/pull-requests"
_PER_PAGE = 2


class FakeBitbucketCloud(FakeForge):
    prefix = "/2.0"
    routes = [  # noqa: RUF012  # read only
        ("GET", _CLOUD, "listed"),
        ("POST", _CLOUD, "opened"),
        ("GET", _CLOUD + r"/(\d+)", "told"),
        ("PUT", _CLOUD + r"/(\d+)", "put"),
        ("POST", _CLOUD + r"/(\d+)/decline", "declined"),
        ("POST", _CLOUD + r"/(\d+)/comments", "commented"),
        ("GET", r"/workspaces/acme/members", "members"),
    ]

    def listed(self, asked: Asked) -> dict[str, Any]:
        wanted = re.fullmatch(
            r'source\.branch\.name = "(.+)" AND destination\.branch\.name = "(.+)" AND state = "OPEN"', asked.query["q"]
        )
        if not wanted:
            raise HttpError(400, {"type": "error", "error": {"message": "Invalid query"}})
        found = [pull for pull in self.open_pulls() if (pull.head, pull.base) == wanted.groups()]
        return {"values": [{**self.shown(pull), "reviewers": None} for pull in found]}

    def told(self, _: Asked, number: str) -> dict[str, Any]:
        return self.shown(self.pull(int(number)))

    def opened(self, asked: Asked) -> dict[str, Any]:
        body = asked.body
        head, base = body["source"]["branch"]["name"], body["destination"]["branch"]["name"]
        double = next(
            (pull for pull in self.open_pulls() if (pull.head, pull.base, pull.fork) == (head, base, False)), None
        )
        # Bitbucket Cloud takes a second one as a change of the first.
        pull = double or self.open_pull(head, base, body["title"], body["description"])
        self._change(pull, body)
        return self.shown(pull)

    def no_branch(self, name: str) -> HttpError:
        return HttpError(400, {"type": "error", "error": {"message": f"branch not found: {name}"}})

    def put(self, asked: Asked, number: str) -> dict[str, Any]:
        pull = self.pull(int(number))
        self._change(pull, asked.body)
        return self.shown(pull)

    def _change(self, pull: Pull, body: dict[str, Any]) -> None:
        keys = {f"{{{key}}}": name for name, key in self.people.items()}
        pull.title, pull.body, pull.draft = body["title"], body["description"], body["draft"]
        pull.base = body["destination"]["branch"]["name"]
        # What is left out is taken away.
        pull.reviewers = [keys[user["uuid"]] for user in body.get("reviewers", ())]

    def declined(self, _: Asked, number: str) -> dict[str, Any]:
        pull = self.pull(int(number))
        pull.state = "closed"
        return self.shown(pull)

    def commented(self, asked: Asked, number: str) -> dict[str, Any]:
        self.pull(int(number)).comments.append(asked.body["content"]["raw"])
        return {"id": 1}

    def members(self, asked: Asked) -> dict[str, Any]:
        page = int(asked.query.get("page", "1"))
        users = [{"user": {"nickname": name, "uuid": f"{{{key}}}"}} for name, key in self.people.items()]
        more = {"next": f"{self.api}{asked.path.removeprefix(self.prefix)}?page={page + 1}"}
        shown = users[(page - 1) * _PER_PAGE : page * _PER_PAGE]
        return {"values": shown} | (more if len(users) > page * _PER_PAGE else {})

    def created(self, asked: Asked) -> int:
        return 200 if asked.path.endswith("/decline") else 201

    def shown(self, pull: Pull) -> dict[str, Any]:
        url = f"https://bitbucket.org/acme/config/pull-requests/{pull.number}"
        there = {"uuid": "{fork}"} if pull.fork else {"uuid": "{own}"}
        return {
            "id": pull.number,
            "links": {"html": {"href": url}},
            "state": {"open": "OPEN", "merged": "MERGED"}.get(pull.state, "DECLINED"),
            "title": pull.title,
            "description": pull.body,
            "draft": pull.draft,
            "source": {
                "branch": {"name": pull.head},
                "commit": {"hash": self.tip(pull.head)[:12]},
                "repository": there,
            },
            "destination": {"branch": {"name": pull.base}, "repository": {"uuid": "{own}"}},
            "reviewers": [{"nickname": name, "uuid": f"{{{self.people[name]}}}"} for name in pull.reviewers],
        }


class FakeBitbucketServer(FakeForge):
    prefix = "/rest/api/1.0"
    routes = [  # noqa: RUF012  # read only
        ("GET", _SERVER, "listed"),
        ("POST", _SERVER, "opened"),
        ("GET", _SERVER + r"/(\d+)", "told"),
        ("PUT", _SERVER + r"/(\d+)", "put"),
        ("POST", _SERVER + r"/(\d+)/decline", "declined"),
        ("POST", _SERVER + r"/(\d+)/comments", "commented"),
    ]

    def listed(self, asked: Asked) -> dict[str, Any]:
        head, start = asked.query["at"].removeprefix("refs/heads/"), int(asked.query["start"])
        found = [pull for pull in self.open_pulls() if pull.head == head]
        last = len(found) <= start + _PER_PAGE
        shown = [self.shown(pull) for pull in found[start : start + _PER_PAGE]]
        return {"values": shown, "isLastPage": last, "nextPageStart": None if last else start + _PER_PAGE}

    def told(self, _: Asked, number: str) -> dict[str, Any]:
        return self.shown(self.pull(int(number)))

    def opened(self, asked: Asked) -> dict[str, Any]:
        body = asked.body
        head, base = (body[name]["id"].removeprefix("refs/heads/") for name in ("fromRef", "toRef"))
        self._known(body)
        pull = self.open_pull(head, base, body["title"], body["description"])
        self._change(pull, body)
        return self.shown(pull)

    def put(self, asked: Asked, number: str) -> dict[str, Any]:
        pull = self.pull(int(number))
        if asked.body["version"] != pull.version:
            raise self._refusal(409, "you are attempting to modify a pull request based on out-of-date information")
        self._known(asked.body)
        self._change(pull, asked.body)
        pull.version += 1
        return self.shown(pull)

    def _known(self, body: dict[str, Any]) -> None:
        for reviewer in body["reviewers"]:
            if reviewer["user"]["name"] not in self.people:
                raise self._refusal(409, f"{reviewer['user']['name']} is not a user")

    def _change(self, pull: Pull, body: dict[str, Any]) -> None:
        pull.title, pull.body, pull.draft = body["title"], body["description"], body["draft"]
        pull.base = body["toRef"]["id"].removeprefix("refs/heads/")
        pull.reviewers = [reviewer["user"]["name"] for reviewer in body["reviewers"]]

    def duplicate(self, pull: Pull) -> HttpError:
        return self._refusal(409, f"Only one pull request may be open for a given source and target: {pull.number}")

    def no_branch(self, name: str) -> HttpError:
        return self._refusal(404, f"Repository has no branch refs/heads/{name}")

    def _refusal(self, status: int, message: str) -> HttpError:
        return HttpError(status, {"errors": [{"context": None, "message": message, "exceptionName": "x.y"}]})

    def declined(self, asked: Asked, number: str) -> dict[str, Any]:
        pull = self.pull(int(number))
        if int(asked.query["version"]) != pull.version:
            raise self._refusal(409, "out-of-date")
        pull.state, pull.version = "closed", pull.version + 1
        return self.shown(pull)

    def commented(self, asked: Asked, number: str) -> dict[str, Any]:
        pull = self.pull(int(number))
        pull.comments.append(asked.body["text"])
        pull.version += 1
        return {"id": 1}

    def created(self, asked: Asked) -> int:
        return 200 if asked.path.endswith("/decline") else 201

    def shown(self, pull: Pull) -> dict[str, Any]:
        url = f"https://bitbucket.example.com/projects/ACME/repos/config/pull-requests/{pull.number}"
        there = {"id": 2} if pull.fork else {"id": 1}
        return {
            "id": pull.number,
            "version": pull.version,
            "links": {"self": [{"href": url}]},
            "state": {"open": "OPEN", "merged": "MERGED"}.get(pull.state, "DECLINED"),
            "title": pull.title,
            "description": pull.body,
            "draft": pull.draft,
            "fromRef": {"id": f"refs/heads/{pull.head}", "latestCommit": self.tip(pull.head), "repository": there},
            "toRef": {"id": f"refs/heads/{pull.base}", "repository": {"id": 1}},
            "reviewers": [{"user": {"name": name}} for name in pull.reviewers],
        }
