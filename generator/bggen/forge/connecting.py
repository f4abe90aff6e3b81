"""From a remote and the environment to the forge's client, signed in."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

from bggen.credentials import Credential, find_credential
from bggen.forge import azure, bitbucket_cloud, bitbucket_server, gitea, github, gitlab
from bggen.forge.client import Client
from bggen.forge.github_app import app_token
from bggen.forge.place import recognise
from bggen.remotes import parse_url

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bggen.forge.place import Place
    from bggen.forge.protocol import Forge
    from bggen.remotes import RemoteUrl


def connect(
    url: RemoteUrl,
    forge_type: str | None,
    api: str | None,
    environ: Mapping[str, str],
    *,
    pause: Callable[[float], None] = time.sleep,
) -> Forge | None:
    """Return the forge of the remote, or None where it is unknown or there is no token for its API.

    Args:
        url: the remote.
        forge_type: `forge.type` of bggen.yaml.
        api: `forge.api` of bggen.yaml.
        environ: tokens, proxies, authorities.
        pause: waits that many seconds.

    Raises:
        UsageError: a variable or `api` cannot be used.
        ForgeError: GitHub refuses the app that signs in.
    """
    place = recognise(url, forge_type, api, environ)
    credential = api_credential(url, place, environ) if place else None
    if place is None or credential is None:
        return None
    return _forge(place, credential, environ, pause)


def api_credential(url: RemoteUrl, place: Place, environ: Mapping[str, str]) -> Credential | None:
    """Return what signs in to the API: the secret that git is given, also where git goes by ssh; or a GitHub App's.

    A GitHub App's serves git over https as well.

    Raises:
        UsageError: a variable cannot be used.
        ForgeError: GitHub refuses the app that signs in.
    """
    token = app_token(place, environ) if place.kind == "github" else None
    if token:
        return Credential("x-access-token", token, "BGGEN_GITHUB_APP_KEY")
    # A job's token of GitLab may not open merge requests: https://docs.gitlab.com/ci/jobs/ci_job_token/.
    able = {name: value for name, value in environ.items() if place.kind != "gitlab" or name != "CI_JOB_TOKEN"}
    web = urlsplit(place.web)
    user = f"{url.user}@" if url.user and url.scheme in {"https", "http"} else ""
    # What may not go over plain http must not by way of the API either.
    scheme = "http" if place.api.startswith("http:") else web.scheme
    address = parse_url(f"{scheme}://{user}{web.netloc}/{quote(place.project)}")
    return find_credential(address, able, place.kind.partition("-")[0])


def _forge(place: Place, credential: Credential, environ: Mapping[str, str], pause: Callable[[float], None]) -> Forge:
    token = credential.password

    def client(headers: Mapping[str, str]) -> Client:
        signs = headers["Authorization"].partition(" ")[2]
        return Client(place.api, headers, secrets=[token, signs], environ=environ, pause=pause)

    match place.kind:
        case "github":
            return github.GitHub(client(github.headers(token)), place.project)
        case "gitlab":
            return gitlab.GitLab(client(gitlab.headers(token)), place.project)
        case "gitea":
            return gitea.Gitea(client(gitea.headers(token)), place.project)
        case "bitbucket-cloud":
            headers = bitbucket_cloud.headers(token, unquote(credential.username))
            return bitbucket_cloud.BitbucketCloud(client(headers), place.project)
        case "bitbucket-server":
            return bitbucket_server.BitbucketServer(client(bitbucket_server.headers(token)), place.project)
        case "azure":
            return azure.Azure(client(azure.headers(token)), place.project)
