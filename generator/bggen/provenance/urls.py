"""The address of a source repository as anybody may see it: no secret in it, and a URL in every case."""

from __future__ import annotations

import re

_MOST = 500
_PATH = r"/*(?P<path>[^@?#]+)"
_HOST = r"(?P<host>[^@:/?#\[\]]+|\[[0-9A-Fa-f:.]+\])"
_URL = re.compile(rf"(?P<scheme>https?|ssh|git)://(?:(?P<login>[^/?#]*)@)?{_HOST}(?P<port>:[0-9]{{1,5}})?/{_PATH}")
# git's short form for ssh; one letter before the colon is a drive of Windows.
_SHORT = re.compile(rf"(?:(?P<login>[^@:/?#]+)@)?(?P<host>[^@:/?#\[\]]{{2,}}):(?!//|:){_PATH}")
_USER = re.compile(r"[A-Za-z0-9._-]+")
_UNFIT = re.compile(
    r"[\s\x00-\x20\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff<>\"\\^`{|}]|%(?![0-9A-Fa-f]{2})"
)
_WEB = {"http", "https"}


def public_url(text: str) -> str | None:
    """Return a repository's address as a URL without login and password.

    Clones in CI often have a token in their address. An ssh URL keeps its user, which says where, not who. git's short
    form `git@host:path` becomes `ssh://git@host/path`: Argo CD leaves out what Go's `url.Parse` does not take.

    Args:
        text: any text.

    Returns:
        The URL; None where the text is none, or where it cannot be told what in it is secret.
    """
    text = text.strip()
    found = None if len(text) > _MOST or _UNFIT.search(text) else _URL.fullmatch(text) or _SHORT.fullmatch(text)
    if found is None:
        return None
    parts = found.groupdict()
    scheme = parts.get("scheme") or "ssh"
    user = (parts["login"] or "").partition(":")[0]
    if scheme in _WEB or not _USER.fullmatch(user):
        user = ""
    return f"{scheme}://{user}{'@' if user else ''}{parts['host'].lower()}{parts.get('port') or ''}/{parts['path']}"


def same_repo(one: str, other: str) -> bool:
    """Whether two addresses mean one repository, whatever the protocol, the port, the login and the spelling.

    Forges give ssh a host of its own for networks that block its port, and Azure a path of its own.
    """
    first, second = _key(one), _key(other)
    return first is not None and first == second


def _key(text: str) -> tuple[str, str] | None:
    url = public_url(text)
    if url is None:
        return None
    host, _, path = url.partition("://")[2].rpartition("@")[2].partition("/")
    host = re.sub(r":[0-9]+$", "", host)
    host = re.sub(r"^(alt)?ssh\.", "", host)
    path = path.rstrip("/").removesuffix(".git").rstrip("/").lower()
    return host, re.sub(r"(^v3/|(?<=/)_git/)", "", path)
