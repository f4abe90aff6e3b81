"""GitHub's routes for pull requests, as its documentation tells them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.support.forges.base import FakeForge, HttpError

if TYPE_CHECKING:
    from tests.support.forges.base import Asked, Pull

_PER_PAGE = 2


class FakeGitHub(FakeForge):
    prefix = "/api/v3"
    routes = [  # noqa: RUF012  # read only
        ("GET", r"/repos/acme/config/pulls", "listed"),
        ("POST", r"/repos/acme/config/pulls", "opened"),
        ("PATCH", r"/repos/acme/config/pulls/(\d+)", "patched"),
        ("POST", r"/repos/acme/config/issues/(\d+)/labels", "labelled"),
        ("POST", r"/repos/acme/config/issues/(\d+)/comments", "commented"),
        ("POST", r"/repos/acme/config/pulls/(\d+)/requested_reviewers", "asked_for_review"),
        ("POST", r"^/api/graphql", "graphql"),
        ("GET", r"/repos/acme/config/installation", "installation"),
        ("POST", r"/app/installations/(\d+)/access_tokens", "access_token"),
    ]
    auto_merge_refused = ""
    drafts_refused = False

    def listed(self, asked: Asked) -> tuple[list[Any], dict[str, str]]:
        owner, _, head = asked.query.get("head", "").partition(":")
        base, page = asked.query.get("base"), int(asked.query.get("page", "1"))
        # As GitHub does: a fork of the same owner has the same head, and a filter without an owner is ignored.
        found = [pull for pull in self.open_pulls() if base in {None, pull.base}]
        found = [pull for pull in found if not head or (owner == "acme" and pull.head == head)]
        shown = found[(page - 1) * _PER_PAGE : page * _PER_PAGE]
        query = f"head={owner}:{head}&base={base}&page={page + 1}"
        more = {"Link": f'<https://elsewhere.example.com{asked.path}?{query}>; rel="next"'}
        return [self.shown(pull) for pull in shown], more if len(found) > page * _PER_PAGE else {}

    def opened(self, asked: Asked) -> dict[str, Any]:
        body = asked.body
        if self.drafts_refused and body.get("draft"):
            raise HttpError(422, {"message": "Draft pull requests are not supported in this repository."})
        return self.shown(
            self.open_pull(body["head"], body["base"], body["title"], body["body"], draft=body.get("draft", False))
        )

    def no_branch(self, name: str) -> HttpError:
        field = "head" if not self.tip(name) and name.startswith("bggen/") else "base"
        errors = [{"resource": "PullRequest", "field": field, "code": "invalid"}]
        return HttpError(422, {"message": "Validation Failed", "errors": errors})

    def duplicate(self, pull: Pull) -> HttpError:
        errors = [{"resource": "PullRequest", "message": f"A pull request already exists for acme:{pull.head}."}]
        return HttpError(422, {"message": "Validation Failed", "errors": errors})

    def patched(self, asked: Asked, number: str) -> dict[str, Any]:
        pull = self.pull(int(number))
        pull.title = asked.body.get("title", pull.title)
        pull.body = asked.body.get("body", pull.body)
        pull.base = asked.body.get("base", pull.base)
        pull.state = asked.body.get("state", pull.state)
        return self.shown(pull)

    def labelled(self, asked: Asked, number: str) -> list[dict[str, str]]:
        pull = self.pull(int(number))
        if "forbidden" in asked.body["labels"]:
            raise HttpError(403, {"message": "Resource not accessible by integration"})
        pull.labels = list(dict.fromkeys([*pull.labels, *asked.body["labels"]]))
        return [{"name": label} for label in pull.labels]

    def commented(self, asked: Asked, number: str) -> dict[str, Any]:
        self.pull(int(number)).comments.append(asked.body["body"])
        return {"id": 1}

    def asked_for_review(self, asked: Asked, number: str) -> dict[str, Any]:
        pull, names = self.pull(int(number)), asked.body["reviewers"]
        if any(name not in self.people for name in names):
            message = "Reviews may only be requested from collaborators."
            raise HttpError(422, {"message": message})
        pull.reviewers = list(dict.fromkeys([*pull.reviewers, *names]))
        return self.shown(pull)

    def graphql(self, asked: Asked) -> dict[str, Any]:
        query, variables = asked.body["query"], asked.body["variables"]
        pull = self.pull(int(variables["id"].removeprefix("PR_")))
        if "enablePullRequestAutoMerge" in query:
            if self.auto_merge_refused:
                return {"data": None, "errors": [{"message": self.auto_merge_refused}]}
            pull.auto_merge = variables["method"]
        elif "convertPullRequestToDraft" in query:
            pull.draft = True
        elif "markPullRequestReadyForReview" in query:
            pull.draft = False
        return {"data": {}}

    def created(self, asked: Asked) -> int:
        return 200 if asked.path.endswith(("/labels", "/graphql")) else 201

    def shown(self, pull: Pull) -> dict[str, Any]:
        repo = {"id": 1, "full_name": "acme/config", "owner": {"login": "acme"}}
        there = {"id": 2, "full_name": "acme/config-fork"} if pull.fork else repo
        return {
            "number": pull.number,
            "node_id": f"PR_{pull.number}",
            "html_url": f"https://github.example.com/acme/config/pull/{pull.number}",
            "state": "open" if pull.state == "open" else "closed",
            "merged_at": "2026-01-01T00:00:00Z" if pull.state == "merged" else None,
            "title": pull.title,
            "body": pull.body or None,
            "draft": pull.draft,
            "head": {"ref": pull.head, "sha": self.tip(pull.head), "repo": there},
            "base": {"ref": pull.base, "sha": self.tip(pull.base), "repo": repo},
            "labels": [{"name": label} for label in pull.labels],
            "requested_reviewers": [{"login": name} for name in pull.reviewers],
            "requested_teams": [],
            "auto_merge": {"merge_method": pull.auto_merge.lower()} if pull.auto_merge else None,
        }
