"""Which secret goes to which host; the environment comes in as a mapping."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bggen.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bggen.remotes import RemoteUrl

OWN = "BGGEN_TOKEN"
_VARIABLES = (OWN, "GITHUB_TOKEN", "CI_JOB_TOKEN", "GITLAB_TOKEN")
_USERNAMES = {
    "github": "x-access-token",
    "gitlab": "oauth2",
    "bitbucket": "x-token-auth",
    "gitea": "bggen",
    "forgejo": "bggen",
    "azure": "bggen",
}
_FORGES = {
    "github.com": "github",
    "gitlab.com": "gitlab",
    "bitbucket.org": "bitbucket",
    "dev.azure.com": "azure",
    "codeberg.org": "forgejo",
}
_UNKNOWN = "x-access-token"
_LOOPBACK = re.compile(r"localhost|127(?:\.[0-9]{1,3}){3}|\[::1\]")
_TOKEN = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class Credential:
    """A user name and a secret, and the environment variable that the secret came from."""

    username: str
    password: str = field(repr=False)
    variable: str = OWN


def find_credential(url: RemoteUrl, environ: Mapping[str, str], forge: str | None) -> Credential | None:
    """Return what bggen itself says to the host of that URL, or None: then git's own helpers are asked.

    BGGEN_TOKEN is for the host that is worked on, whichever it is. The variables that CI systems set are sent only to
    the host that they belong to, and only over https (or to this machine).

    Args:
        url: the remote.
        environ: the environment; an empty variable counts as absent.
        forge: what kind of forge the host is, where the repo or a flag says so.

    Raises:
        UsageError: the variable holds what cannot be a token; it is not shown.
    """
    if url.scheme not in {"https", "http"}:
        return None
    forge = forge or _FORGES.get(url.host)
    if environ.get(OWN):
        return _credential(url, environ, OWN, url.user or _USERNAMES.get(forge or "", _UNKNOWN))
    if url.scheme != "https" and not _LOOPBACK.fullmatch(url.host):
        return None
    place = f"{url.host}:{url.port}" if url.port else url.host
    if environ.get("GITHUB_TOKEN") and place in {"github.com", _host_of(environ.get("GITHUB_SERVER_URL", ""))}:
        return _credential(url, environ, "GITHUB_TOKEN", url.user or _USERNAMES["github"])
    ci_host = _ci_host(environ)
    if environ.get("CI_JOB_TOKEN") and place == ci_host:
        return _credential(url, environ, "CI_JOB_TOKEN", "gitlab-ci-token")
    if environ.get("GITLAB_TOKEN") and (forge == "gitlab" or place == ci_host):
        return _credential(url, environ, "GITLAB_TOKEN", url.user or _USERNAMES["gitlab"])
    return None


def secrets(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return every secret that bggen may use, longest first, for scrubbing messages."""
    return tuple(sorted({environ[name] for name in _VARIABLES if environ.get(name)}, key=lambda s: (-len(s), s)))


def _credential(url: RemoteUrl, environ: Mapping[str, str], variable: str, username: str) -> Credential:
    token = environ[variable]
    if not _TOKEN.fullmatch(token):
        raise UsageError(
            f"{variable} holds a space, a line break or another character that no token for {url.host} has",
            hint=f"set {variable} to the token alone",
        )
    return Credential(username, token, variable)


def _ci_host(environ: Mapping[str, str]) -> str | None:
    """Return GitLab's own host, as an URL would write it: CI_SERVER_HOST, and its port where that is not https'."""
    host, port = environ.get("CI_SERVER_HOST", "").lower(), environ.get("CI_SERVER_PORT", "")
    return (f"{host}:{port}" if port and port not in {"443", "80"} else host) or None


def _host_of(address: str) -> str | None:
    """Return the host, and the port where there is one, of an `https://…` address."""
    found = re.match(r"https?://([^/@?#\s]+)", address.lower())
    return found[1].removesuffix(":443") if found else None
