"""Addresses of remotes and names of branches: parse them, or refuse what git must never see."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bggen.errors import UsageError

SCHEMES = ("https", "http", "ssh", "git", "file")
_HINT = "https://HOST/PATH, ssh://HOST/PATH, git@HOST:PATH or file:///PATH"
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(.*)", re.DOTALL)
_HELPER = re.compile(r"[A-Za-z0-9+.-]*::")
# Two letters at least: `C:\repo` and `C:/repo` are paths of Windows.
_SCP = re.compile(r"(?:([^@/:\\\s]*)@)?(\[[0-9A-Fa-f:.]+\]|[^@/:\\\s]{2,}):(?!:)(.*)", re.DOTALL)
_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_.])?|\[[0-9a-f:.]+\]")
_USER = re.compile(r"[A-Za-z0-9_.+%~][A-Za-z0-9_.+%~@-]*")
_USERINFO = re.compile(r"(?<=://)[^\s/?#'\"<>]+@")
_BAD_IN_BRANCH = re.compile(r"[\0-\x20\x7f~^:?*\[\\]|\.\.|@\{|//")
_LONGEST = 2048
_LONGEST_BRANCH = 240
_PORTS = range(1, 65536)
_DEFAULT_PORTS = {"https": 443, "http": 80, "ssh": 22, "git": 9418}


@dataclass(frozen=True, slots=True)
class RemoteUrl:
    """Where a remote is.

    Attributes:
        text: what git may be given; it never holds a password.
        scheme: one of SCHEMES; `ssh` for `git@host:path` as well.
        host: in lower case; "" for a file.
        port: where one is given that is not the scheme's own.
        user: where one is given.
        path: without leading slash and without `.git` or `/` at its end; of a file, the absolute path.
    """

    text: str
    scheme: str
    host: str
    port: int | None
    user: str | None
    path: str

    @property
    def origin(self) -> str:
        """`scheme://host[:port]`, which credentials are kept by."""
        return f"{self.scheme}://{self.host}" + (f":{self.port}" if self.port else "")


def looks_like_url(text: str) -> bool:
    """Whether the text is meant as the address of a remote, right or wrong, rather than as a path of this machine.

    `scheme://…`, `helper::…` and `[user@]host:path` are; `C:\\…`, `./a:b` and what has no colon are not.
    """
    return bool(_SCHEME.match(text) or _HELPER.match(text) or _SCP.match(text))


def parse_url(text: str) -> RemoteUrl:
    """Return the address that a user gave.

    The rules are stricter than git's (see git-clone(1), "GIT URLS"): nothing that could be read as an option, no
    transport helper, no password.

    Raises:
        UsageError: anything else; the message never shows a password.
    """
    if _HELPER.match(text):
        raise _wrong(text, "names a transport helper of git, which may run any program", _HINT)
    if any(not char.isprintable() or char.isspace() for char in text) or len(text) > _LONGEST:
        raise _wrong(text, "holds control characters or spaces, or is very long", "write a space as %20")
    if text.startswith("-"):
        raise _wrong(text, "begins with -", _HINT)
    if "@{" in text or "\\" in text:
        raise _wrong(text, "holds @{ or a backslash", _HINT)
    schemed = _SCHEME.fullmatch(text)
    if schemed:
        scheme = schemed[1].lower()
        if scheme not in SCHEMES:
            raise _wrong(text, f"has the scheme {scheme}, which bggen does not speak", _HINT)
        return _file(text, schemed[2]) if scheme == "file" else _schemed(text, scheme, schemed[2])
    scp = _SCP.fullmatch(text)
    if not scp:
        raise _wrong(text, "is not the address of a repository", _HINT)
    user, host = scp[1], _host(text, scp[2].lower())
    if user is not None and not _USER.fullmatch(user):
        raise _wrong(text, "has a strange user name", _HINT)
    return RemoteUrl(text, "ssh", host, None, user, _path(text, scp[3]))


def _schemed(text: str, scheme: str, rest: str) -> RemoteUrl:
    if "?" in rest or "#" in rest:
        raise _wrong(text, "has a query or a fragment", _HINT)
    authority, slash, path = rest.partition("/")
    userinfo, at, place = authority.rpartition("@")
    user, colon, _ = userinfo.partition(":")
    if colon:
        raise UsageError(
            f"the address {redacted(text)} holds a password, which other processes could read",
            hint="leave it out and set BGGEN_TOKEN",
        )
    if at and not _USER.fullmatch(user):
        raise _wrong(text, "has a strange user name", _HINT)
    found = re.fullmatch(r"(\[[^\]]*\]|[^:]*)(?::([0-9]{1,5}))?", place)
    if not found or (found[2] and int(found[2]) not in _PORTS):
        raise _wrong(text, "has no valid host and port", _HINT)
    host = _host(text, found[1].lower())
    port = int(found[2]) if found[2] else None
    if port == _DEFAULT_PORTS[scheme]:
        port = None
    inner = _path(text, slash + path)
    shown = f"{scheme}://{user + at}{host}{f':{port}' if port else ''}/{path}"
    return RemoteUrl(shown, scheme, host, port, user or None, inner)


def _file(text: str, rest: str) -> RemoteUrl:
    if not rest.startswith("/"):
        raise _wrong(text, "is not an absolute path", "file:///PATH")
    return RemoteUrl("file://" + rest, "file", "", None, None, "/" + _path(text, rest))


def _host(text: str, host: str) -> str:
    if not _HOST.fullmatch(host) or ".." in host:
        raise _wrong(text, "has no valid host", _HINT)
    return host


def _path(text: str, path: str) -> str:
    segments = [segment for segment in path.split("/") if segment]
    if not segments or segments[0].startswith("-") or ".git" == "/".join(segments):
        raise _wrong(text, "has no valid path", _HINT)
    if any(segment in {".", ".."} or segment.lower() in {"%2e%2e", ".%2e", "%2e."} for segment in segments):
        raise _wrong(text, "has . or .. in its path", _HINT)
    return "/".join(segments).removesuffix(".git")


def _wrong(text: str, why: str, hint: str) -> UsageError:
    return UsageError(f"the address {_shown(text)} {why}", hint=hint)


def _shown(text: str) -> str:
    shown = "".join(char if char.isprintable() else "?" for char in redacted(text[:_LONGEST]))
    return shown if len(shown) <= 200 else shown[:200] + "…"  # noqa: PLR2004 - about two lines of a terminal


def known_url(text: str) -> RemoteUrl | None:
    """Return the address that a checkout's own configuration holds, without its password, or None.

    Git itself was given it by its user, so it may be a plain path, or something that bggen would refuse (None).
    """
    bare = re.sub(r"(?<=://)([^/@:\s]*):[^\s/]*@", lambda found: f"{found[1]}@" if found[1] else "", text)
    if text.startswith("/"):
        return RemoteUrl(text, "file", "", None, None, "/" + "/".join(s for s in text.split("/") if s))
    try:
        return parse_url(bare)
    except UsageError:
        return None


def redacted(text: str) -> str:
    """Return the text with the user and password of every URL in it replaced by `***`."""
    return _USERINFO.sub("***@", text)


def parse_branch(text: str) -> str:
    """Return the name of a branch, as people write it (`main`, `release/1`), if it is one.

    Source of the rules: git-check-ref-format(1) with `--branch`; beyond it, no `refs/…`, since that is most likely a
    mistake.

    Raises:
        UsageError: it is not.
    """
    parts = text.split("/")
    if (
        not text
        or len(text.encode("utf-8", "surrogatepass")) > _LONGEST_BRANCH
        or text in {"@", "HEAD"}
        or text.startswith(("-", "refs/"))
        or text.endswith(".")
        or _BAD_IN_BRANCH.search(text)
        or not text.isprintable()
        or any(not part or part.startswith(".") or part.endswith(".lock") for part in parts)
    ):
        raise UsageError(f"{_shown(text) or 'the empty name'} is not a branch name", hint="for example main")
    return text
