"""What a push came to, told from what `git push --porcelain` prints."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

_ROW = re.compile(r"^([ +\-*=!])\t[^\t]*:([^\t]+)\t(.*)$", re.MULTILINE)
_REASON = re.compile(r"^(\[[^\]]*\])?.*?(?:\((.*)\))?$")
# What servers say where somebody else was faster: their refs are locked, or are no longer where the push expects them.
_LOCKED = re.compile(
    r"cannot lock ref|unable to lock|failed to lock|lock[_ ]failure|incorrect old value|failed to update ref"
    r"|is at [0-9a-f]{7,} but expected|but expected [0-9a-f]{7,}|TF401028|already been updated by another client",
    re.IGNORECASE,
)
_RACE = re.compile(
    rf"{_LOCKED.pattern}|fetch first|non-fast-forward|stale info|needs force|reference already exists|already exists"
    r"|remote ref updated since checkout|File exists|concurrent|ref_lock|reference broken|atomic push fail",
    re.IGNORECASE,
)
# Not for now, but for good: a branch cannot be the folder of another.
_CONFLICT = re.compile(
    r"exists; cannot create|non-empty directory|directory/file conflict|refname conflict|conflicts with existing",
    re.IGNORECASE,
)
_AUTH = re.compile(
    r"Authentication failed|could not read (?:Username|Password)|terminal prompts disabled|Permission denied"
    r"|Host key verification failed|returned error: 40[13]|HTTP Basic: Access denied|access denied|not authorized"
    r"|Invalid username or password|You are not allowed to|insufficient permission|Permission to .* denied"
    r"|host key is known|REMOTE HOST IDENTIFICATION|Bad credentials|Write access to repository not granted",
    re.IGNORECASE,
)
_NETWORK = re.compile(
    r"Could not resolve|Connection (?:refused|reset|timed out|closed)|Failed to connect|timed out|Timeout"
    r"|SSL|TLS|certificate|gnutls|early EOF|unexpected disconnect|hung up|RPC failed|transfer closed|Empty reply"
    r"|No route to host|Network is unreachable|returned error: (?:429|5\d\d)|Couldn't connect|low speed|broken pipe",
    re.IGNORECASE,
)
_MISSING = re.compile(
    r"not found|does not exist|returned error: 404|does not appear to be a git repository", re.IGNORECASE
)
# Before version 2 of its protocol a server gives what its refs point to, and nothing else.
# Source: git's fetch-pack.c and upload-pack.c; "not valid" is JGit's.
_BY_REF_ONLY = re.compile(r"unadvertised object|not our ref|want [0-9a-f]+ not valid", re.IGNORECASE)
_OTHER_FORMAT = re.compile(r"mismatched algorithms|this repository's (?:object format|hash algorithm)")
_REMOTE = re.compile(r"^remote: ?(.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a push came to.

    Attributes:
        kind: `landed`; `race`, somebody else was faster; `rejected` by a rule or a hook; `unknown`, the answer was
            lost or makes no sense.
        reason: what the remote or git said, in one line; "" where nothing was.
        sent: whether the remote was asked for it at all; git itself finds out most races before.
    """

    kind: Literal["landed", "race", "rejected", "unknown"]
    reason: str = ""
    sent: bool = True


def outcome_of(code: int, out: str, err: str, ref: str) -> Outcome:
    """Tell what became of one ref.

    Args:
        code: git's exit code.
        out: what it printed with `--porcelain`. Source of the form: git-push(1), "OUTPUT".
        err: what it said besides.
        ref: the remote's ref, in full.
    """
    row = next((found for found in _ROW.finditer(out) if found[2] == ref), None)
    if row is None:
        return Outcome("unknown", reason_of(err))
    flag, summary = row[1], row[3]
    if flag != "!":
        return Outcome("landed") if code == 0 or flag == "=" else Outcome("unknown", reason_of(err))
    words = _REASON.match(summary)
    given = (words[2] if words else "") or summary
    said = remote_words(err)
    if "[remote rejected]" not in summary and "[remote failure]" not in summary:
        return Outcome("race" if _RACE.search(summary) else "rejected", given, sent=False)
    # What is said besides is anybody's: of that only what speaks of a ref that is locked or elsewhere counts.
    locked = _LOCKED.search(said) or ("hook" not in given and _RACE.search(given))
    if locked and not _CONFLICT.search(f"{given} {said}"):
        return Outcome("race", f"{said} ({given})" if said else given)
    if "[remote failure]" in summary:
        return Outcome("unknown", given)
    return Outcome("rejected", f"{said} ({given})" if said else given)


def failure_kind(err: str) -> Literal["auth", "network", "missing", "git"]:
    """Return the kind of failure that git's words tell of, where it did not get as far as an answer."""
    if _AUTH.search(err):
        return "auth"
    if _MISSING.search(err) and not re.search(r"certificate|Could not resolve", err):
        return "missing"
    return "network" if _NETWORK.search(err) else "git"


def gives_by_ref_only(err: str) -> bool:
    """Whether a server gives no objects by their ids."""
    return _BY_REF_ONLY.search(err) is not None


def has_other_ids(err: str) -> bool:
    """Whether the remote's objects have ids of another kind (SHA-1, SHA-256) than the repository's."""
    return _OTHER_FORMAT.search(err) is not None


def remote_words(err: str) -> str:
    """Return what the remote said, in one line, without the ornaments."""
    lines = [line.strip(" \t*=-#>|") for line in _REMOTE.findall(err)]
    text = " ".join(line for line in lines if line)
    most = 600
    return _printable(text if len(text) <= most else f"{text[:most]}…").strip()


def reason_of(err: str) -> str:
    """Return the lines of git's words that say why, in one, with what the remote said before them."""
    lines = [
        line.strip()
        for line in err.splitlines()
        if line.strip() and not line.startswith(("remote:", "warning:", "hint:"))
    ]
    chosen = [line for line in lines if line.startswith(("fatal: ", "error: "))] or lines[-1:]
    words = "; ".join(dict.fromkeys(line.removeprefix("fatal: ").removeprefix("error: ") for line in chosen))
    said = remote_words(err)
    return _printable("; ".join(part for part in (said, words) if part)) or "git gave no reason"


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)
