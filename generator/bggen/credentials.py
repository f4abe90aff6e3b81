"""Which secret is for which host, told from environment variables."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bggen.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bggen.remotes import RemoteUrl

OWN = "BGGEN_TOKEN"
_VARIABLES = (OWN, "GITHUB_TOKEN", "CI_JOB_TOKEN", "GITLAB_TOKEN")
# Whom a token stands for, where the URL names nobody. Sources: each forge's documentation of tokens for git over HTTPS.
_USERS = {
    "github": "x-access-token",
    "gitlab": "oauth2",
    "bitbucket": "x-token-auth",
    "gitea": "bggen",
    "forgejo": "bggen",
    "azure": "bggen",
}


@dataclass(frozen=True, slots=True)
class Credential:
    """A user's name and the secret that goes with it, and the variable that held it."""

    username: str
    password: str = field(repr=False)
    variable: str = ""


def find_credential(url: RemoteUrl, environ: Mapping[str, str], forge: str | None) -> Credential | None:
    """Return what git signs in to a host with; None where that is git's own affair.

    BGGEN_TOKEN is for the host that bggen is pointed at, whichever it is. The others are given to every job of a CI,
    and go to its own forge alone, and never over plain http.

    Args:
        url: the remote.
        environ: the variables.
        forge: the kind of forge, where that is known.

    Raises:
        UsageError: a token that no header could hold.
    """
    if url.scheme not in {"http", "https"}:
        return None
    for variable in _VARIABLES:
        secret = environ.get(variable, "")
        if secret and (variable == OWN or (url.scheme == "https" and _is_for(variable, url, environ, forge))):
            if not secret.isascii() or not secret.isprintable() or " " in secret:
                raise UsageError(f"{variable} holds what no token does: spaces, line breaks or the like")
            return Credential(_user(variable, url, environ, forge), secret, variable)
    return None


def secrets(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return every secret that bggen may use, so that no message repeats one."""
    return tuple(environ[name] for name in _VARIABLES if environ.get(name))


def _is_for(variable: str, url: RemoteUrl, environ: Mapping[str, str], forge: str | None) -> bool:
    gitlab = {environ.get("CI_SERVER_HOST", "").lower(), _host(environ.get("CI_SERVER_URL", ""))} - {""}
    match variable:
        case "GITHUB_TOKEN":
            # Of an own server it is worth nothing elsewhere, and nobody else's business.
            return url.host == (_host(environ.get("GITHUB_SERVER_URL", "")) or "github.com")
        case "CI_JOB_TOKEN":
            return url.host in gitlab
        case _:
            return url.host == "gitlab.com" or url.host in gitlab or forge == "gitlab"


def _user(variable: str, url: RemoteUrl, environ: Mapping[str, str], forge: str | None) -> str:
    if variable == "CI_JOB_TOKEN":
        return "gitlab-ci-token"
    if url.user:
        return url.user
    for other, kind in (("GITHUB_TOKEN", "github"), ("GITLAB_TOKEN", "gitlab")):
        if variable == other or (variable == OWN and _is_for(other, url, environ, forge)):
            return _USERS[kind]
    known = {"bitbucket.org": "bitbucket", "dev.azure.com": "azure", "codeberg.org": "forgejo"}
    return _USERS.get(forge or known.get(url.host, ""), "x-access-token")


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0].partition(":")[0].lower()
