"""Requests without an API: what `git push` tells GitLab by options, and Gitea and Forgejo by a ref of AGit.

Sources: https://docs.gitlab.com/topics/git/commit/#push-options, https://forgejo.org/docs/latest/user/agit-support/.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bggen.forge.place import recognise

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bggen.forge.protocol import Wanted
    from bggen.remotes import RemoteUrl

#: The most bytes of a push option: a packet of git's protocol ends at 65,516.
_MOST: Final = 60_000


@dataclass(frozen=True, slots=True)
class PushRequest:
    """What is pushed instead of a plain branch: the ref of the remote, the options, and what the forge cannot do so."""

    ref: str
    options: tuple[str, ...]
    warnings: tuple[str, ...] = ()


def push_request(
    url: RemoteUrl,
    forge_type: str | None,
    wanted: Wanted,
    *,
    api: str | None = None,
    environ: Mapping[str, str] | None = None,
) -> PushRequest | None:
    """Return how a push opens the request, or None on a forge where it cannot.

    Raises:
        UsageError: `api` cannot be used.
    """
    place = recognise(url, forge_type, api, environ)
    if place is None:
        return None
    match place.kind:
        case "gitlab":
            return gitlab_push(wanted)
        case "gitea":
            return agit_push(wanted)
        case _:
            return None


def gitlab_push(wanted: Wanted) -> PushRequest:
    """Return the options by which GitLab opens the request, or changes the one of the branch.

    An option is one line, so that line breaks of the body become `<br>`: a short body reads best.
    """
    options = ["create", f"target={wanted.base_branch}", f"title={_line(wanted.title)}"]
    if wanted.body:
        options.append(f"description={_body(wanted)}")
    options += [f"label={_line(label)}" for label in wanted.labels]
    options += ["draft"] if wanted.draft else []
    warnings = []
    if wanted.auto_merge:
        warnings.append("auto-merge was not turned on: without an API token nobody can look what is left to wait for")
    if wanted.reviewers:
        warnings.append(f"{', '.join(wanted.reviewers)} were not asked for a review: that needs an API token")
    named = tuple(f"merge_request.{option}" for option in options)
    return PushRequest(f"refs/heads/{wanted.head_branch}", named, tuple(warnings))


def agit_push(wanted: Wanted) -> PushRequest:
    """Return the ref and the options by which Gitea and Forgejo open the request, or move the one of that topic.

    The request has no branch of its own: the topic stands for it. Title and description count only when it is opened.
    """
    title = f"WIP: {wanted.title}" if wanted.draft else wanted.title
    options = [f"topic={wanted.head_branch}", f"title={_line(title)}", "force-push=true"]
    if wanted.body:
        options.append(f"description={_body(wanted)}")
    kept = {"labels": wanted.labels, "reviewers": wanted.reviewers}
    warnings = [f"{name} were not added: that needs an API token" for name, values in kept.items() if values]
    if wanted.auto_merge:
        warnings.append("auto-merge was not turned on: that needs an API token")
    return PushRequest(f"refs/for/{wanted.base_branch}", tuple(options), tuple(warnings))


def _line(text: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def _body(wanted: Wanted) -> str:
    """Return the body as one line that a push option can hold, cut to what a packet can."""
    lines = wanted.body.strip().splitlines()
    clean = "<br>".join("".join(char if char.isprintable() else " " for char in line) for line in lines)
    encoded = clean.encode()
    return clean if len(encoded) <= _MOST else encoded[: _MOST - 3].decode(errors="ignore") + "…"
