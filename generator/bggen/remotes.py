"""URLs of remote repositories and names of branches: read, or refused before git or a forge sees them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bggen.errors import UsageError

SCHEMES = ("https", "http", "ssh", "git", "file")
_PORTS = {"https": 443, "http": 80, "ssh": 22, "git": 9418}
_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*)://(.*)\Z", re.DOTALL)
# `user@host:path`, as ssh has it; a path before the colon makes it a file's name.
_SCP = re.compile(r"(?:([^@/:]+)@)?(\[[0-9a-fA-F:]+\]|[^@/:\[\]]+):(.+)\Z", re.DOTALL)
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?\Z|\[[0-9a-f:]+\]\Z")
_USERINFO = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*://)[^/@\s]*@")
_LONGEST = 2000
# Source: git-check-ref-format(1).
_BAD_IN_BRANCH = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(/|\Z)|\.\Z|/\Z")


@dataclass(frozen=True, slots=True)
class RemoteUrl:
    """The URL of a remote repository.

    Attributes:
        text: what git is given; it never holds a password.
        scheme: one of SCHEMES.
        host: in lower case; "" for a file.
        port: None for the scheme's own.
        user: the name before the `@`.
        path: without the slash at its begin and `.git` or a slash at its end: `acme/config`.
    """

    text: str
    scheme: str
    host: str
    port: int | None
    user: str | None
    path: str

    @property
    def origin(self) -> str:
        """Scheme, host and port, by which git tells credentials apart; of http and https alone."""
        return f"{self.scheme}://{self.host}{f':{self.port}' if self.port else ''}"

    @property
    def local(self) -> bool:
        """Whether it leads nowhere but to this machine."""
        return self.scheme == "file" or self.host in {"localhost", "[::1]"} or self.host.startswith("127.")


def looks_like_url(text: str) -> bool:
    """Whether this is meant as a URL rather than as a folder; whether it is a good one, `parse_url` says."""
    return "://" in text or "::" in text or (_SCP.match(text) is not None and not text.startswith(("/", ".", "~")))


def parse_url(text: str) -> RemoteUrl:
    """Read a URL that a person gave.

    Raises:
        UsageError: it is none, or one that git must not be given.
    """
    return _read(text, keep_password=False)


def parse_remote(text: str) -> RemoteUrl:
    """Read the URL of a checkout's own remote: it may hold a password, which is left out, or be a folder.

    Raises:
        UsageError: it is none that bggen pushes to.
    """
    if not looks_like_url(text):
        return RemoteUrl(text, "file", "", None, None, _cut(text))
    return _read(text, keep_password=True)


def redacted(text: str) -> str:
    """Return the text with what stands before the `@` of every URL in it left out."""
    return _USERINFO.sub(r"\1***@", text)


def parse_branch(text: str) -> str:
    """Return the name of a branch, if it is one.

    Raises:
        UsageError: git has no such names, or takes it for something else.
    """
    shown = _shown(text)
    if not text or text.startswith(("-", "/", ".")) or text in {"@", "HEAD"} or _BAD_IN_BRANCH.search(text):
        raise UsageError(f"{shown} is not the name of a branch")
    if text.startswith("refs/"):
        raise UsageError(f"{shown} is not the name of a branch", hint="without refs/heads/")
    if len(text) > 200 or not text.isprintable():  # noqa: PLR2004 - longer than any file system's names allow
        raise UsageError(f"{shown} is not the name of a branch")
    return text


def _read(text: str, *, keep_password: bool) -> RemoteUrl:
    shown = _shown(redacted(text))
    bad = f"--repo {shown}"
    if len(text) > _LONGEST or not text.isprintable() or " " in text or "@{" in text or "\\" in text:
        raise UsageError(f"{bad}: not a URL that git can be given")
    if text.startswith("-") or re.match(r"[a-zA-Z0-9+.-]*::", text):
        raise UsageError(f"{bad}: bggen speaks {', '.join(SCHEMES)}, and nothing else")
    scheme, host, port, user, path = _parts(text, bad)
    if user is not None and ":" in user:
        name, _, password = user.partition(":")
        if password and not keep_password:
            raise UsageError(
                f"{bad}: a password in a URL is seen by everybody on the machine",
                hint="set BGGEN_TOKEN, and leave it out of the URL",
            )
        text, user = text.replace(f"{user}@", f"{name}@" if name else "", 1), name or None
    if user is not None and user.startswith("-"):
        raise UsageError(f"{bad}: the user begins with a dash")
    if scheme != "file" and not _HOST.match(host):
        raise UsageError(f"{bad}: {_shown(host)} is not a host")
    if path.lstrip("/").startswith("-") or ".." in path.split("/") or not path.strip("/"):
        raise UsageError(f"{bad}: the path has to lead to a repository, without .. in it")
    if scheme in {"http", "https"} and re.search(r"[?#]", path):
        raise UsageError(f"{bad}: a repository's URL has no ? and no #")
    return RemoteUrl(text, scheme, host, port, user, _cut(path))


def _parts(text: str, bad: str) -> tuple[str, str, int | None, str | None, str]:
    found = _SCHEME.match(text)
    if found is None:
        scp = _SCP.match(text)
        if scp is None:
            raise UsageError(
                f"{bad}: not a URL", hint="https://HOST/PATH, ssh://HOST/PATH, git@HOST:PATH or file:///PATH"
            )
        return "ssh", scp[2].lower(), None, scp[1], scp[3]
    scheme = found[1].lower()
    if scheme not in SCHEMES:
        raise UsageError(f"{bad}: bggen speaks {', '.join(SCHEMES)}, and nothing else")
    place, slash, path = found[2].partition("/")
    if scheme == "file":
        if place not in {"", "localhost"}:
            raise UsageError(f"{bad}: a file has no host", hint="three slashes: file:///PATH")
        return scheme, "", None, None, slash + path
    user, at, address = place.rpartition("@")
    host, colon, number = address.rpartition(":") if not address.endswith("]") else (address, "", "")
    if not colon:
        host = address
    if colon and not (number.isdecimal() and number.isascii() and 0 < int(number) < 65536):  # noqa: PLR2004 - ports end there
        raise UsageError(f"{bad}: {_shown(number)} is not a port")
    port = int(number) if colon else None
    return scheme, host.lower(), None if port == _PORTS.get(scheme) else port, user if at else None, path


def _cut(path: str) -> str:
    return path.strip("/").removesuffix(".git").rstrip("/")


def _shown(text: str) -> str:
    most = 100
    return repr(text if len(text) <= most else f"{text[:most]}…")
