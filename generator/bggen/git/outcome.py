"""What became of a push or a fetch, told from what git printed; pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["done", "moved", "rejected", "auth", "missing", "network", "lost", "local"]
_MOST_WORDS = 600

# What servers say where somebody else was faster. From git (receive-pack.c, refs.c, its reftable backend), JGit
# and Gerrit (`failed to lock`, `lock failure`), GitLab's Gitaly, GitHub, Azure DevOps (TF401028).
_RACE = re.compile(
    r"fetch first|stale info|cannot lock ref|unable to lock|failed to lock|lock[ _]failure|incorrect old value"
    r"|failed to update ref|remote ref updated since checkout|is at [0-9a-f]{7,64} but expected [0-9a-f]{7,64}"
    r"|TF401028|already been updated by another client|reference already exists|reference update conflict"
    r"|Unable to create '[^']*\.lock': File exists",
    re.IGNORECASE,
)
_NON_FAST_FORWARD = re.compile(r"non-fast[ -]?forward", re.IGNORECASE)
# A server that failed by itself: neither a race nor a rule of somebody's.
_SERVER_FAILED = re.compile(
    r"internal (?:server )?error|remote failed to report status|internal error|timed? ?out|temporar|try again later"
    r"|unexpected error",
    re.IGNORECASE,
)
_AUTH = re.compile(
    r"authentication failed|could not read (?:username|password)|permission denied \(|permission denied, please"
    r"|invalid (?:username|credentials)|host key verification failed|no supported authentication"
    r"|(?:error:|HTTP(?:/[0-9.]+)?) (?:401|403)|too many authentication failures|access denied|write access to"
    r"|permission to \S+ denied|not authori[sz]ed|insufficient_scope|http basic: access denied|you are not allowed to"
    r"|support for password authentication was removed|deploy key|load key .*: ",
    re.IGNORECASE,
)
_MISSING = re.compile(
    r"repository (?:'[^']*' |\S+ )?not found|does not appear to be a git repository|error: 404|not found: did you"
    r"|project you were looking for could not be found|no such (?:repository|project)|repository does not exist"
    r"|does not exist or you do not have permission",
    re.IGNORECASE,
)
_NEVER_SENT = re.compile(
    r"could not resolve (?:host|proxy)|name or service not known|temporary failure in name resolution"
    r"|connection refused|couldn't connect to server|failed to connect|no route to host|network is unreachable"
    r"|connect to host \S+ port|unable to connect to|unable to look up|ssl certificate|certificate verif"
    r"|server certificate|SSL_ERROR|ssl connect error|tls (?:connect|connection|handshake|alert)|wrong version number"
    r"|kex_exchange_identification|unsupported protocol",
    re.IGNORECASE,
)
_CUT = re.compile(
    r"connection (?:reset|timed out|closed|was reset|aborted)|timed? ?out|operation too slow|hung up|early eof"
    r"|unexpected disconnect|rpc failed|broken pipe|empty reply|transfer closed|error: 5[0-9][0-9]"
    r"|error: 429|unexpected eof|bytes of (?:body|length header)|disconnect|recv failure|send failure|http/2 stream"
    r"|curl [0-9]+|gnutls|openssl|bad line length|protocol error|invalid (?:response|server response)|could not read from"
    r"|not valid: is this a git repository",
    re.IGNORECASE,
)
_LOCAL = re.compile(
    r"unable to read [0-9a-f]{7}|bad (?:tree|object)|missing (?:blob|tree|commit)|pack-objects died|not our ref"
    r"|no space left|disk quota|loose object .* corrupt|packfile .* (?:corrupt|truncated|cannot be)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a push.

    Attributes:
        verdict: done; moved (somebody else was faster); rejected (a hook or a rule); auth, missing (no such
            repository), network (nothing was sent); lost (it may have landed or not); local (git could not even send).
        words: what the other side said, one line; "" where it said nothing.
    """

    verdict: Verdict
    words: str


def push_outcome(code: int, out: bytes, err: bytes, *, ref: str, lease: bool) -> Outcome:
    """Return what became of a `git push --porcelain` of one ref.

    Args:
        code: git's exit code.
        out: its standard output; the line of the ref decides wherever there is one.
        err: its standard error, for the `remote:` lines and for what failed before the ref's line.
        ref: the full name of the ref on the remote.
        lease: whether the push might overwrite: then a refusal for not being a fast-forward is the server's rule.

    Source of the format: git-push(1), "OUTPUT".
    """
    said = remote_words(err)
    line = _line_of(out, ref)
    if line is None:
        if code == 0 and b"\nDone" in b"\n" + out and b"Everything up-to-date" in err:
            return Outcome("done", said)
        verdict = failure(err)
        return Outcome("lost" if verdict in {"cut", "other"} else verdict, said or last_words(err))
    flag, summary = line
    if flag != "!":
        # The ref's own line comes from the remote's report; a failure after it (of a local ref) takes nothing back.
        return Outcome("done", said)
    found = re.search(r"\((.*)\)\s*\Z", summary, re.DOTALL)
    reason = clean(found[1] if found else summary)
    words = _joined(reason, said)
    if _RACE.search(reason):
        return Outcome("moved", words)
    if _NON_FAST_FORWARD.search(reason):
        return Outcome("rejected" if lease else "moved", words)
    if summary.startswith("[rejected]"):
        # Git itself saw that the ref is not where it was: `already exists`, `needs force`.
        return Outcome("moved", words)
    if summary.startswith("[remote failure]") or _SERVER_FAILED.search(reason):
        return Outcome("lost", words)
    if _RACE.search(said) and "hook declined" in reason:
        return Outcome("moved", words)
    return Outcome("rejected", words)


def failure(err: bytes) -> Literal["auth", "missing", "network", "cut", "local", "other"]:
    """Return why git could not talk to a remote: `network` before anything was sent, `cut` perhaps afterwards."""
    words = err.decode("utf-8", "replace")
    if _NEVER_SENT.search(words):
        return "network"
    if _AUTH.search(words):
        return "auth"
    if _MISSING.search(words):
        return "missing"
    if _LOCAL.search(words):
        return "local"
    return "cut" if _CUT.search(words) else "other"


def remote_words(err: bytes) -> str:
    """Return what the other side said in its `remote:` lines: one line, no control characters, of bounded length."""
    text = err.decode("utf-8", "replace").replace("\r", "\n")
    lines = [line.removeprefix("remote:").strip() for line in text.split("\n") if line.startswith("remote:")]
    kept = [
        line for line in lines if re.search(r"\w", line) and not re.match(r"(?:Resolving|Counting|Compr|Total)", line)
    ]
    return clean("; ".join(dict.fromkeys(kept)))


def last_words(err: bytes) -> str:
    """Return git's own reason for a failure, one line, without control characters."""
    lines = [line.strip() for line in err.decode("utf-8", "replace").splitlines() if line.strip()]
    told = [
        line for line in lines if line.startswith(("fatal: ", "error: ")) and "failed to push some refs" not in line
    ]
    chosen = (told or lines or ["git gave no reason"])[0]
    ssh = [line for line in lines if not line.startswith(("fatal: ", "error: ", "remote:", "hint:", "warning:"))]
    if chosen.startswith("fatal: Could not read from remote repository") and ssh:
        # The line before is ssh's own, and says more.
        chosen = ssh[0] if "access rights" not in ssh[0] else chosen
    return clean(chosen.removeprefix("fatal: ").removeprefix("error: "))


def clean(text: str) -> str:
    """Return foreign text as one printable line of bounded length."""
    # An escape sequence goes as a whole: what remains of it would be noise.
    plain = re.sub(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)", "", text)
    line = " ".join("".join(char if char.isprintable() else " " for char in plain).split())
    return line if len(line) <= _MOST_WORDS else line[: _MOST_WORDS - 1] + "…"


def _line_of(out: bytes, ref: str) -> tuple[str, str] | None:
    """Return the flag and the summary of the ref's line."""
    for line in out.decode("utf-8", "replace").split("\n"):
        parts = line.split("\t", 2)
        if len(parts) == 3 and len(parts[0]) == 1 and parts[1].rpartition(":")[2] == ref:  # noqa: PLR2004 - three fields
            return parts[0], parts[2]
    return None


def _joined(reason: str, said: str) -> str:
    return clean(f"{said} ({reason})" if said and reason not in said else said or reason)
