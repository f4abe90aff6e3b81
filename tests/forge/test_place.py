"""Every spelling of a remote leads to one repository of one forge, and the token to no other host."""

from __future__ import annotations

import pytest

from bggen.errors import UsageError
from bggen.forge import recognise, request_url
from bggen.remotes import parse_url

GITHUB = ("github", "https://github.com", "https://api.github.com", "acme/config")
GITLAB = ("gitlab", "https://gitlab.com", "https://gitlab.com/api/v4", "acme/team/a/config")
CLOUD = ("bitbucket-cloud", "https://bitbucket.org", "https://api.bitbucket.org/2.0", "acme/config")
AZURE = ("azure", "https://dev.azure.com", "https://dev.azure.com", "acme/The Platform/config")
SERVER = (
    "bitbucket-server",
    "https://bitbucket.corp.example",
    "https://bitbucket.corp.example/rest/api/1.0",
    "OPS/config",
)

SPELLINGS = {
    "https://github.com/acme/config": GITHUB,
    "https://github.com/acme/config.git": GITHUB,
    "https://GitHub.com:443/acme/config/": GITHUB,
    "https://somebody@github.com/acme/config.git": GITHUB,
    "ssh://git@github.com/acme/config.git": GITHUB,
    "ssh://git@ssh.github.com:443/acme/config.git": GITHUB,
    "git@github.com:acme/config.git": GITHUB,
    "git@github.com:/acme/config": GITHUB,
    "https://gitlab.com/acme/team/a/config.git": GITLAB,
    "git@gitlab.com:acme/team/a/config.git": GITLAB,
    "ssh://git@altssh.gitlab.com:443/acme/team/a/config.git": GITLAB,
    "https://codeberg.org/acme/config": ("gitea", "https://codeberg.org", "https://codeberg.org/api/v1", "acme/config"),
    "https://x-token-auth@bitbucket.org/acme/config.git": CLOUD,
    "git@bitbucket.org:acme/config.git": CLOUD,
    "ssh://git@altssh.bitbucket.org:443/acme/config.git": CLOUD,
    "https://acme@dev.azure.com/acme/The%20Platform/_git/config": AZURE,
    "https://dev.azure.com/acme/The%20Platform/_git/_full/config": AZURE,
    "git@ssh.dev.azure.com:v3/acme/The%20Platform/config": AZURE,
    "https://acme.visualstudio.com/The%20Platform/_git/config": AZURE,
    "https://acme.visualstudio.com/DefaultCollection/The%20Platform/_git/config": AZURE,
    "acme@vs-ssh.visualstudio.com:v3/acme/The%20Platform/config": AZURE,
    "https://dev.azure.com/acme/_git/config": (*AZURE[:3], "acme/config/config"),
    "https://acme.visualstudio.com/_git/config": (*AZURE[:3], "acme/config/config"),
    "https://bitbucket.corp.example/scm/OPS/config.git": SERVER,
    "ssh://git@bitbucket.corp.example:7999/OPS/config.git": SERVER,
    "https://bitbucket.corp.example/projects/OPS/repos/config": SERVER,
    "https://bitbucket.corp.example/git/scm/~ada/config.git": (
        "bitbucket-server",
        "https://bitbucket.corp.example/git",
        "https://bitbucket.corp.example/git/rest/api/1.0",
        "~ada/config",
    ),
    "https://github.corp.example/acme/config.git": (
        "github",
        "https://github.corp.example",
        "https://github.corp.example/api/v3",
        "acme/config",
    ),
    "https://acme.ghe.com/acme/config": ("github", "https://acme.ghe.com", "https://api.acme.ghe.com", "acme/config"),
    "ssh://git@my-gitlab.corp.example:2222/acme/config.git": (
        "gitlab",
        "https://my-gitlab.corp.example",
        "https://my-gitlab.corp.example/api/v4",
        "acme/config",
    ),
    "https://forgejo.corp.example:3000/acme/config.git": (
        "gitea",
        "https://forgejo.corp.example:3000",
        "https://forgejo.corp.example:3000/api/v1",
        "acme/config",
    ),
}


@pytest.mark.parametrize(("spelling", "told"), SPELLINGS.items())
def test_a_spelling_leads_to_its_repository(spelling: str, told: tuple[str, ...]) -> None:
    place = recognise(parse_url(spelling))
    assert place
    assert (place.kind, place.web, place.api, place.project) == told


@pytest.mark.parametrize(
    "spelling",
    [
        "https://git.example.com/acme/config.git",
        "https://notgithub.example.com/acme/config",
        "https://github.com/acme",
        "https://github.com/acme/config/extra",
        "https://github.com/acme/con%2Ffig",
        "https://dev.azure.com/acme/config",
        "https://gitlab.com/config",
        "file:///srv/github.com/config.git",
    ],
)
def test_where_nothing_tells_the_forge_there_is_none(spelling: str) -> None:
    assert recognise(parse_url(spelling)) is None
    assert request_url(parse_url(spelling), None, "head", "main") is None


@pytest.mark.parametrize(
    ("environ", "kind", "api"),
    [
        ({"GITHUB_SERVER_URL": "https://git.corp.example"}, "github", "https://git.corp.example/api/v3"),
        (
            {
                "GITHUB_SERVER_URL": "https://git.corp.example",
                "GITEA_ACTIONS": "true",
                "GITHUB_API_URL": "https://x/api/v3",
            },
            "gitea",
            "https://git.corp.example/api/v1",
        ),
        ({"CI_SERVER_HOST": "git.corp.example"}, "gitlab", "https://git.corp.example/api/v4"),
        (
            {"CI_SERVER_HOST": "git.corp.example", "CI_API_V4_URL": "https://git.corp.example:8443/api/v4"},
            "gitlab",
            "https://git.corp.example:8443/api/v4",
        ),
    ],
)
def test_the_variables_of_a_ci_system_tell_the_forge_of_their_host(
    environ: dict[str, str], kind: str, api: str
) -> None:
    place = recognise(parse_url("git@git.corp.example:acme/config.git"), environ=environ)
    assert place
    assert (place.kind, place.api, place.project) == (kind, api, "acme/config")
    assert recognise(parse_url("git@other.corp.example:acme/config.git"), environ=environ) is None


def test_a_forge_below_a_path_is_known_by_its_api() -> None:
    url = parse_url("https://git.corp.example/forge/acme/team/config.git")
    place = recognise(url, "gitlab", "https://git.corp.example/forge/api/v4/")
    assert place
    assert (place.web, place.project) == ("https://git.corp.example/forge", "acme/team/config")
    assert place.api == "https://git.corp.example/forge/api/v4"


def test_a_server_of_azures_has_collections() -> None:
    place = recognise(parse_url("https://tfs.corp.example/tfs/Main/Platform/_git/config"), "azure")
    assert place
    assert (place.api, place.project) == ("https://tfs.corp.example", "tfs/Main/Platform/config")


@pytest.mark.parametrize(
    ("api", "reason"),
    [
        ("https://evil.example/api/v3", "not in the domain"),
        ("https://git.corp.example.evil.example/api/v3", "not in the domain"),
        ("https://evilcorp.example/api/v3", "not in the domain"),
        ("http://git.corp.example/api/v3", "plain http"),
        ("https://user:pw@git.corp.example/api/v3", "not the address"),
        ("git.corp.example/api/v3", "not the address"),
    ],
)
def test_a_repo_cannot_send_the_token_away(api: str, reason: str) -> None:
    url = parse_url("https://git.corp.example/acme/config.git")
    with pytest.raises(UsageError, match=reason):
        recognise(url, "github", api)


@pytest.mark.parametrize("host", ["git.corp.example", "api.git.corp.example", "api.corp.example"])
def test_the_api_may_lie_beside_the_remote(host: str) -> None:
    place = recognise(parse_url("https://git.corp.example/acme/config.git"), "github", f"https://{host}/api/v3")
    assert place
    assert place.api == f"https://{host}/api/v3"


def test_the_environment_may_name_any_api() -> None:
    environ = {"BGGEN_FORGE_API": "https://elsewhere.example/api/v3"}
    place = recognise(parse_url("https://git.corp.example/acme/config.git"), "github", None, environ)
    assert place
    assert place.api == "https://elsewhere.example/api/v3"


@pytest.mark.parametrize(
    ("spelling", "page"),
    [
        ("git@github.com:acme/config", "https://github.com/acme/config/compare/main...bggen/a%2Bb?expand=1"),
        (
            "git@gitlab.com:acme/t/config",
            (
                "https://gitlab.com/acme/t/config/-/merge_requests/new"
                "?merge_request%5Bsource_branch%5D=bggen%2Fa%2Bb&merge_request%5Btarget_branch%5D=main"
            ),
        ),
        ("https://codeberg.org/acme/config", "https://codeberg.org/acme/config/compare/main...bggen/a%2Bb"),
        (
            "git@bitbucket.org:acme/config",
            "https://bitbucket.org/acme/config/pull-requests/new?source=bggen%2Fa%2Bb&dest=main",
        ),
        (
            "https://bitbucket.corp.example/scm/OPS/config.git",
            (
                "https://bitbucket.corp.example/projects/OPS/repos/config/pull-requests?create"
                "&sourceBranch=refs%2Fheads%2Fbggen%2Fa%2Bb&targetBranch=refs%2Fheads%2Fmain"
            ),
        ),
        (
            "git@ssh.dev.azure.com:v3/acme/The%20Platform/config",
            "https://dev.azure.com/acme/The%20Platform/_git/config/pullrequestcreate?sourceRef=bggen%2Fa%2Bb&targetRef=main",
        ),
    ],
)
def test_the_page_where_a_person_opens_the_request(spelling: str, page: str) -> None:
    assert request_url(parse_url(spelling), None, "bggen/a+b", "main") == page
