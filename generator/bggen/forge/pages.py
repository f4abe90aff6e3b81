"""The page on which a person opens the request, for where bggen does not."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from bggen.forge.place import recognise

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bggen.remotes import RemoteUrl


def request_url(
    url: RemoteUrl,
    forge_type: str | None,
    head: str,
    base: str,
    *,
    api: str | None = None,
    environ: Mapping[str, str] | None = None,
) -> str | None:
    """Return the page where a person opens a request of the head branch into the base, None on an unknown forge.

    Raises:
        UsageError: `api` cannot be used.
    """
    place = recognise(url, forge_type, api, environ)
    if place is None:
        return None
    project = quote(place.project, safe="/~")
    branches = {"source": head, "target": base}
    refs = {name: f"refs/heads/{branch}" for name, branch in branches.items()}
    match place.kind:
        case "github":
            path = f"{project}/compare/{quote(base)}...{quote(head)}?expand=1"
        case "gitea":
            path = f"{project}/compare/{quote(base)}...{quote(head)}"
        case "gitlab":
            query = {f"merge_request[{name}_branch]": branch for name, branch in branches.items()}
            path = f"{project}/-/merge_requests/new?{urlencode(query)}"
        case "bitbucket-cloud":
            path = f"{project}/pull-requests/new?{urlencode({'source': head, 'dest': base})}"
        case "bitbucket-server":
            key, _, name = project.partition("/")
            query = {f"{name}Branch": ref for name, ref in refs.items()}
            path = f"projects/{key}/repos/{name}/pull-requests?create&{urlencode(query)}"
        case "azure":
            above, _, name = project.rpartition("/")
            query = {"sourceRef": head, "targetRef": base}
            path = f"{above}/_git/{name}/pullrequestcreate?{urlencode(query)}"
    return f"{place.web}/{path}"
