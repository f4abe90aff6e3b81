"""What servers say about a push that they do not take, word for word, and the answer that carries it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO


@dataclass(frozen=True, slots=True)
class Verdict:
    """One server's words.

    `reason` is what `git push --porcelain` shows in brackets after `[remote rejected]`; `lines` come as `remote: …`;
    `race` is whether another push was faster, so that a new plan may land.
    """

    name: str
    reason: str
    lines: tuple[str, ...] = ()
    race: bool = False


_HOOK = "pre-receive hook declined"
# From public reports of users, and the servers' own source where it is public.
REFUSALS = (
    Verdict(
        "github-protected",
        "protected branch hook declined",
        (
            "error: GH006: Protected branch update failed for refs/heads/main.",
            "error: Changes must be made through a pull request.",
        ),
    ),
    Verdict(
        "github-ruleset",
        "push declined due to repository rule violations",
        (
            "error: GH013: Repository rule violations found for refs/heads/main.",
            "Review all repository rules at https://github.com/acme/config/rules?ref=refs%2Fheads%2Fmain",
            "",
            "- Changes must be made through a pull request.",
            "",
        ),
    ),
    Verdict("gitlab", _HOOK, ("GitLab: You are not allowed to push code to protected branches on this project.",)),
    Verdict("gitea", _HOOK, ("", "Gitea: Not allowed to push to protected branch main", "")),
    Verdict("forgejo", _HOOK, ("", "Forgejo: Not allowed to push to protected branch main", "")),
    Verdict("bitbucket-cloud", _HOOK, ("Permission denied to update branch main.",)),
    Verdict(
        "bitbucket-data-center",
        _HOOK,
        (
            "Branch refs/heads/main can only be modified through pull requests.",
            "Check your branch permissions configuration with the project administrator.",
        ),
    ),
    Verdict(
        "azure",
        "TF402455: Pushes to this branch are not permitted; you must use a pull request to update this branch.",
    ),
    Verdict("own-hook", "hook declined", ("commits need a ticket: \x1b[31mOPS-1\x1b[0m",)),
)
# What git and forges call a lost race; `fetch first`, `non-fast-forward` and `stale info` are the client's own words.
RACES = (
    Verdict("git", "failed to update ref", race=True),
    Verdict("git-lock", "failed to lock", race=True),
    Verdict(
        "github",
        f"cannot lock ref 'refs/heads/main': is at {'1' * 40} but expected {'2' * 40}",
        race=True,
    ),
    Verdict("git-exists", "cannot lock ref 'refs/heads/main': reference already exists", race=True),
    Verdict("git-new-exists", "reference already exists", race=True),
    # Since git 2.50, and GitLab before: akuity/kargo pull request 5315.
    Verdict("gitlab", "incorrect old value provided", race=True),
    Verdict("server-ff", "non-fast-forward", race=True),
    Verdict("fetch-first", "fetch first", race=True),
    Verdict("stale", "stale info", race=True),
    Verdict(
        "azure",
        "TF401028: The reference 'refs/heads/main' has already been updated by another client, "
        "so you cannot update it. Please try again.",
        race=True,
    ),
)


def verdict_on(body: IO[bytes], verdict: Verdict) -> bytes:
    """Return the answer to a push that refuses all its refs: `report-status` over `side-band-64k`.

    See gitprotocol-pack(5). Forges have hooks of their own kind, whose reasons no hook of git's can give.
    """
    report = _packet(b"unpack ok\n")
    for ref in _refs(body):
        report += _packet(b"ng %b %b\n" % (ref, verdict.reason.encode()))
    said = b"".join(_packet(b"\x02" + line.encode() + b"\n") for line in verdict.lines)
    return said + _packet(b"\x01" + report + b"0000") + b"0000"


def _refs(body: IO[bytes]) -> list[bytes]:
    refs = []
    while size := int(body.read(4), 16):
        # Old and new commit, and the ref; capabilities stand behind a NUL in the first.
        refs.append(body.read(size - 4).split(b"\0")[0].split()[2])
    return refs


def _packet(content: bytes) -> bytes:
    return b"%04x%b" % (len(content) + 4, content)
