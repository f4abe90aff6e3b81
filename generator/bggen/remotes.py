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
# What a shell or `ssh -o ProxyCommand` would read something into is no part of a user's name: CVE-2023-51385.
_USER = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9_.+~@-]*\Z")
_USERINFO = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*://)[^/\s]*@")
# Of a text that is no good URL nobody knows where its password ends.
_MAYBE_SECRET = re.compile(r"(://|\A(?=[^/@]*:)).*@", re.DOTALL)
_LONGEST = 2000
_LONGEST_BRANCH = 200
_LAST_PORT = 65535
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
        return (
            self.scheme == "file"
            or self.host in {"localhost", "[::1]"}
            or bool(re.fullmatch(r"127(\.[0-9]+){3}", self.host))
        )


def looks_like_url(text: str) -> bool:
    """Whether this is meant as a URL rather than as a folder; whether it is a good one, `parse_url` says."""
    return "://" in text or "::" in text or (_SCP.match(text) is not None and not text.startswith(("/", ".", "~")))


def parse_url(text: str) -> RemoteUrl:
    """Read a URL that a person gave.

    Raises:
        UsageError: it is none, or one that git must not be given.
    """
    return _read(text, f"--repo {_shown(_concealed(text))}", own=False)


def parse_remote(text: str) -> RemoteUrl:
    """Read the URL of a checkout's own remote: it may hold a password, which is left out, or be a folder.

    Raises:
        UsageError: it is none that bggen pushes to.
    """
    if not looks_like_url(text):
        return RemoteUrl(text, "file", "", None, None, _cut(text))
    return _read(text, f"the remote {_shown(_concealed(text))}", own=True)


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
    # Longer than file systems' names allow; what does not print does not even have an encoding, or is not seen.
    if not text.isprintable() or len(text.encode()) > _LONGEST_BRANCH:
        raise UsageError(f"{shown} is not the name of a branch")
    return text


def _read(text: str, bad: str, *, own: bool) -> RemoteUrl:
    """Read a URL; `bad` begins the messages, and `own` are those of a checkout, as git has been using them."""
    if len(text) > _LONGEST or not text.isprintable() or "@{" in text or "\\" in text or (" " in text and not own):
        raise UsageError(f"{bad}: not a URL that git can be given")
    if text.startswith("-") or re.match(r"[a-zA-Z0-9+.-]*::", text):
        raise UsageError(f"{bad}: bggen speaks {', '.join(SCHEMES)}, and nothing else")
    text, scheme, host, port, user, path = _parts(text, bad)
    if user is not None and ":" in user:
        name, _, password = user.partition(":")
        if password and not own:
            raise UsageError(
                f"{bad}: a password in a URL is seen by everybody on the machine",
                hint="set BGGEN_TOKEN, and leave it out of the URL",
            )
        text, user = text.replace(f"{user}@", f"{name}@" if name else "", 1), name or None
    # Git decodes both before it uses them.
    user, plain = _decoded(user) if user is not None else None, _decoded(path)
    if user is not None and not _USER.match(user):
        raise UsageError(f"{bad}: its user is not one that git can be given")
    # Some letters of other alphabets become ASCII's in lower case.
    if scheme != "file" and not (host.isascii() and _HOST.match(host.lower())):
        raise UsageError(f"{bad}: it has no host that git can be given")
    if not plain.isprintable() or "\\" in plain:
        raise UsageError(f"{bad}: not a URL that git can be given")
    if (
        plain.lstrip("/").startswith("-")
        or ".." in plain.split("/")
        or not (path.strip("/") if scheme == "file" else _cut(path))
    ):
        raise UsageError(f"{bad}: the path has to lead to a repository, without .. in it")
    if scheme in {"http", "https"} and re.search(r"[?#]", path):
        raise UsageError(f"{bad}: a repository's URL has no ? and no #")
    return RemoteUrl(text, scheme, host.lower(), port, user, _cut(path))


def _parts(text: str, bad: str) -> tuple[str, str, str, int | None, str | None, str]:
    """Return text, scheme, host, port, user and path; git knows schemes in lower case alone, and no host of a file."""
    found = _SCHEME.match(text)
    if found is None:
        scp = _SCP.match(text)
        if scp is None or scp[2].lower() in SCHEMES or re.search(r"@.*:|:.*@", scp[3]):
            raise UsageError(
                f"{bad}: not a URL", hint="https://HOST/PATH, ssh://HOST/PATH, git@HOST:PATH or file:///PATH"
            )
        return text, "ssh", scp[2], None, scp[1], scp[3]
    scheme, rest = found[1].lower(), found[2]
    if scheme not in SCHEMES:
        raise UsageError(f"{bad}: bggen speaks {', '.join(SCHEMES)}, and nothing else")
    place, slash, path = rest.partition("/")
    if scheme == "file":
        if place.lower() not in {"", "localhost"}:
            raise UsageError(f"{bad}: a file has no host", hint="three slashes: file:///PATH")
        return f"file://{slash}{path}", scheme, "", None, None, slash + path
    user, at, address = place.rpartition("@")
    host, colon, number = address.rpartition(":") if not address.endswith("]") else (address, "", "")
    if not colon:
        host = address
    if colon and not (re.fullmatch(r"[0-9]{1,5}", number) and 0 < int(number) <= _LAST_PORT):
        raise UsageError(f"{bad}: it has no port that git can be given")
    port = int(number) if colon else None
    usual = None if port == _PORTS.get(scheme) else port
    return f"{scheme}://{rest}", scheme, host, usual, user if at else None, path


def _decoded(text: str) -> str:
    """Return the text with every `%41` that stands for ASCII decoded; no other letter means anything to git."""
    return re.sub(r"%([0-7][0-9a-fA-F])", lambda found: chr(int(found[1], 16)), text)


def _cut(path: str) -> str:
    return path.strip("/").removesuffix(".git").rstrip("/")


def _concealed(text: str) -> str:
    """Return the text without anything that could be a password."""
    return _MAYBE_SECRET.sub(r"\1***@", text)


def _shown(text: str) -> str:
    most = 100
    return repr(text if len(text) <= most else f"{text[:most]}…")
