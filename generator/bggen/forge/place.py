"""Which forge a remote is on, where its API lies, and what the forge calls the repository."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import unquote, urlsplit

from bggen.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bggen.remotes import RemoteUrl

Kind = Literal["github", "gitlab", "gitea", "bitbucket-cloud", "bitbucket-server", "azure"]

#: Where an administrator, and not the repo, says where the API is: any host, because the environment is trusted.
API_VARIABLE: Final = "BGGEN_FORGE_API"

# Hosts that take ssh on port 443, and for whom.
_WEB_HOSTS: Final = {
    "ssh.github.com": "github.com",
    "altssh.gitlab.com": "gitlab.com",
    "altssh.bitbucket.org": "bitbucket.org",
    "ssh.dev.azure.com": "dev.azure.com",
    "vs-ssh.visualstudio.com": "dev.azure.com",
}
_HOSTS: Final[dict[str, Kind]] = {
    "github.com": "github",
    "gitlab.com": "gitlab",
    "codeberg.org": "gitea",
    "bitbucket.org": "bitbucket-cloud",
    "dev.azure.com": "azure",
}
_TYPES: Final[dict[str, Kind]] = {
    "github": "github",
    "gitlab": "gitlab",
    "gitea": "gitea",
    "forgejo": "gitea",
    "bitbucket": "bitbucket-server",
    "azure": "azure",
}
_API_PATHS: Final[dict[Kind, str]] = {
    "github": "/api/v3",
    "gitlab": "/api/v4",
    "gitea": "/api/v1",
    "bitbucket-cloud": "/2.0",
    "bitbucket-server": "/rest/api/1.0",
    "azure": "",
}
_OLD_AZURE: Final = ".visualstudio.com"
# GitHub Enterprise Cloud with data residency: https://docs.github.com/en/enterprise-cloud@latest/admin/data-residency
_RESIDENCY: Final = ".ghe.com"
_LOOPBACK: Final = re.compile(r"localhost|127(?:\.[0-9]{1,3}){3}|\[::1\]")
_PARTS_OF_A_PROJECT: Final = 2
_PARTS_ON_AZURE: Final = 3


@dataclass(frozen=True, slots=True)
class Place:
    """One repository on one forge.

    Attributes:
        kind: which of bggen's clients talks to it.
        web: where people look at it, `https://host[:port]`, and the path below which the forge lies.
        api: where its API lies.
        project: the repository as the API names it: `owner/name`, `group/subgroup/name`, `organisation/project/name`.
    """

    kind: Kind
    web: str
    api: str
    project: str


def recognise(
    url: RemoteUrl, forge_type: str | None = None, api: str | None = None, environ: Mapping[str, str] | None = None
) -> Place | None:
    """Return where the remote is, or None where nothing tells which forge it is.

    All spellings of one repository (https, ssh, `git@host:path`, with a port) give the same project.

    Args:
        url: the remote.
        forge_type: `forge.type` of bggen.yaml.
        api: `forge.api` of bggen.yaml.
        environ: CI variables of the host that is worked on tell its forge, and BGGEN_FORGE_API where the API is.

    Raises:
        UsageError: `api` is no URL, or one to which bggen takes no token.
    """
    environ = environ or {}
    host = _WEB_HOSTS.get(url.host, url.host)
    kind = _kind(host, forge_type, environ)
    if kind is None or not url.host:
        return None
    scheme, port = (url.scheme, url.port) if url.scheme in {"https", "http"} else ("https", None)
    web = f"{scheme}://{host}{f':{port}' if port else ''}"
    path = [unquote(part) for part in url.path.split("/")]
    if any("/" in part or part in {".", ".."} for part in path):
        return None
    given = environ.get(API_VARIABLE) or (_checked(api, url, host) if api else None)
    if kind == "azure":
        return _azure(web, host, path, given)
    told = (given or _told(kind, host, environ) or _default(kind, web, host)).rstrip("/")
    root = [part for part in urlsplit(told.removesuffix(_API_PATHS[kind])).path.split("/") if part]
    if kind == "bitbucket-server" and "scm" in path:
        before = path.index("scm")
        root, path = path[:before], path[before + 1 :]
        told = given.rstrip("/") if given else "/".join([web, *root]) + _API_PATHS[kind]
    elif root and path[: len(root)] == root:
        path = path[len(root) :]
    return _named(kind, "/".join([web, *root]), told, path)


def _named(kind: Kind, web: str, api: str, path: list[str]) -> Place | None:
    if kind == "bitbucket-server" and path[:1] == ["projects"] and path[2:3] == ["repos"]:
        path = [path[1], *path[3:4]]
    enough = len(path) >= _PARTS_OF_A_PROJECT if kind == "gitlab" else len(path) == _PARTS_OF_A_PROJECT
    return Place(kind, web, api, "/".join(path)) if enough else None


def _kind(host: str, forge_type: str | None, environ: Mapping[str, str]) -> Kind | None:
    known = _HOSTS.get(host)
    if forge_type:
        kind = _TYPES.get(forge_type)
        return "bitbucket-cloud" if kind == "bitbucket-server" and known == "bitbucket-cloud" else kind
    return known or _by_domain(host) or _by_variables(host, environ) or _by_name(host)


def _by_domain(host: str) -> Kind | None:
    return "azure" if host.endswith(_OLD_AZURE) else "github" if host.endswith(_RESIDENCY) else None


def _by_variables(host: str, environ: Mapping[str, str]) -> Kind | None:
    if host == _host(environ.get("GITHUB_SERVER_URL")):
        # Gitea and Forgejo give their jobs GitHub's variables too.
        return "gitea" if environ.get("GITEA_ACTIONS") or environ.get("FORGEJO_ACTIONS") else "github"
    if host == (environ.get("CI_SERVER_HOST") or "").lower():
        return "gitlab"
    return "azure" if host == _host(environ.get("SYSTEM_COLLECTIONURI")) else None


def _by_name(host: str) -> Kind | None:
    labels = set(re.split(r"[.-]", host))
    return next((kind for name, kind in _TYPES.items() if name in labels and kind != "azure"), None)


def _host(address: str | None) -> str | None:
    return urlsplit(address).hostname if address else None


def _told(kind: Kind, host: str, environ: Mapping[str, str]) -> str | None:
    """Return the address of the API that the CI system tells of its own forge."""
    if kind == "gitlab" and host == (environ.get("CI_SERVER_HOST") or "").lower():
        return environ.get("CI_API_V4_URL") or None
    if kind in {"github", "gitea"} and host == _host(environ.get("GITHUB_SERVER_URL")):
        found = environ.get("GITHUB_API_URL") or ""
        return found if found.endswith(_API_PATHS[kind]) or host == "github.com" else None
    return None


def _default(kind: Kind, web: str, host: str) -> str:
    if kind == "bitbucket-cloud":
        return "https://api.bitbucket.org/2.0"
    if kind == "github" and (host == "github.com" or host.endswith(_RESIDENCY)):
        return f"https://api.{host}"
    return web + _API_PATHS[kind]


def _azure(web: str, host: str, path: list[str], api: str | None) -> Place | None:
    """Return the place on Azure DevOps: hosted in one of two ways, by ssh, or on a server of one's own.

    Source: https://learn.microsoft.com/en-us/azure/devops/repos/git/clone (and its ssh addresses, `v3/…`).
    """
    if path[:1] == ["v3"]:
        path = path[1:]
    elif "_git" in path:
        before = path.index("_git")
        name = [part for part in path[before + 1 :] if part not in {"_full", "_optimized"}]
        # A repository that is called as its project may be named once.
        enough = before >= 1 if host.endswith(_OLD_AZURE) else before >= _PARTS_OF_A_PROJECT
        path = [*path[:before], *([] if enough else name), *name]
    else:
        return None
    if host.endswith(_OLD_AZURE):
        path = [host.removesuffix(_OLD_AZURE), *(part for part in path if part != "DefaultCollection")]
        web = "https://dev.azure.com"
    if len(path) < _PARTS_ON_AZURE:
        return None
    return Place("azure", web, (api or web).rstrip("/"), "/".join(path))


def _checked(api: str, url: RemoteUrl, host: str) -> str:
    """Return `forge.api` if the token may go there: whoever can write bggen.yaml must not be able to send it away."""
    there = urlsplit(api)
    if there.scheme not in {"https", "http"} or not there.hostname or there.username or there.query or there.fragment:
        raise UsageError("forge.api of bggen.yaml is not the address of an API", hint="for example https://HOST/api/v3")
    if there.scheme == "http" and url.scheme != "http" and not _LOOPBACK.fullmatch(there.hostname):
        raise UsageError("forge.api of bggen.yaml would carry the token over plain http", hint="use https")
    _, _, domain = host.partition(".")
    near = there.hostname == host or there.hostname.endswith(f".{host}")
    if not near and not ("." in domain and there.hostname.endswith(f".{domain}")):
        message = f"forge.api of bggen.yaml is on {there.hostname}, which is not in the domain of {host}"
        raise UsageError(message, hint=f"where that is meant, set {API_VARIABLE} in the environment of the job")
    return api
