"""Resolving: which layer wins, where problems are reported, and what is read when."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import Any

import pytest

from bggen import __version__
from bggen.errors import InvalidError, TooNewError
from bggen.model import AppSpec, Component, EnvRef, Image, Resources, Route
from bggen.model.config import ForgeSettings
from bggen.spec import environments_of, load_repo, resolve

REPO = """\
apiVersion: bggen.dev/v1
kind: Repo
environments:
  staging: {}
  prod:
    namespace: "{app}-live"
    kubernetes: 1.34
    cluster: eu
    defaults: {replicas: 3, resources: {memory: null, cpuLimit: "2"}, labels: {tier: gold}}
kubernetes: 1.30
defaults:
  resources: {cpu: 100m, memory: 128Mi}
  drain: 5
  labels: {team: shop, tier: base}
"""
HEAD = "apiVersion: bggen.dev/v1\nkind: App\nname: shop\n"
WEB = HEAD + "components:\n  web:\n    image: ghcr.io/acme/web\n    port: 80\n"


def solve(app: str, overlay: str | None = None, env: str = "prod", repo: str = REPO, **options: Any) -> AppSpec:
    content = None if overlay is None else overlay.encode()
    return resolve(repo.encode(), app.encode(), content, app="shop", env=env, **options)


def problems(app: str, overlay: str | None = None, env: str = "prod", repo: str = REPO, **options: Any) -> list[str]:
    with pytest.raises(InvalidError) as caught:
        solve(app, overlay, env, repo, **options)
    assert caught.value.message == str(caught.value.problems[0])
    return [str(problem) for problem in caught.value.problems]


def test_the_smallest_spec() -> None:
    repo = "apiVersion: bggen.dev/v1\nkind: Repo\nenvironments: {prod: }\n"
    spec = solve(HEAD + "image: ghcr.io/acme/shop\n", repo=repo)
    assert spec == AppSpec("shop", "1.30", {"shop": Component("shop", Image("ghcr.io/acme/shop"))})


def test_overlay_before_app_before_environment_before_repo() -> None:
    app = WEB + "    drain: 7\n    labels: {tier: null, own: x}\n"
    overlay = "components:\n  web:\n    labels: {own: y}\n    resources: {cpuLimit: null}\n    env: {A: b}\n"
    web = solve(app, overlay).components["web"]
    assert web.replicas == 3
    assert web.drain == 7
    assert web.labels == {"team": "shop", "own": "y"}
    assert web.resources == Resources(cpu="100m")
    assert web.env == {"A": "b"}
    staging = solve(app, env="staging").components["web"]
    assert staging.replicas == 1
    assert staging.resources == Resources(cpu="100m", memory="128Mi")


def test_environment_fields() -> None:
    prod, staging = solve(WEB), solve(WEB, env="staging")
    assert (prod.namespace, prod.kubernetes) == ("shop-live", "1.34")
    assert (staging.namespace, staging.kubernetes) == (None, "1.30")


def test_null_takes_away_what_a_more_general_layer_gave() -> None:
    web = solve(WEB + "    resources: null\n    drain: null\n    replicas:\n").components["web"]
    assert web == Component("web", Image("ghcr.io/acme/web"), port=80, labels={"team": "shop", "tier": "gold"})


def test_lists_are_replaced_and_mappings_merged() -> None:
    app = WEB + "    args: [a, b]\n    env: {A: x, S: {secret: one, key: k}, T: {secret: one, key: k}}\n"
    overlay = "components: {web: {args: [c], env: {S: {secret: two}, T: text}}}\n"
    web = solve(app, overlay).components["web"]
    assert web.args == ("c",)
    assert web.env == {"A": "x", "S": EnvRef("secret", "two", "k"), "T": "text"}


def test_an_overlay_takes_components_and_the_route_away() -> None:
    app = WEB + "  job: {image: ghcr.io/acme/job}\nroute: {host: a.example.com}\n"
    assert set(solve(app).components) == {"web", "job"}
    spec = solve(app, "components: {job: null}\nroute: null\n")
    assert set(spec.components) == {"web"}
    assert spec.route is None


def test_an_overlay_that_takes_everything_away() -> None:
    assert problems(WEB, "components: {web: null}\n") == [
        "apps/shop/app.yaml:4:1: components: leaves no component in this environment"
    ]


def test_routes() -> None:
    assert solve(WEB + "route: {host: a.example.com, tls: cert}\n").route == Route(
        ("a.example.com",), {"/": "web"}, tls="cert"
    )
    overlay = "route: {host: b.example.com, class: nginx, annotations: {a: 1.0}}\n"
    assert solve(WEB, overlay).route == Route(
        ("b.example.com",), {"/": "web"}, ingress_class="nginx", annotations={"a": "1.0"}
    )
    assert problems(WEB, "route: {class: nginx}\n")[0].endswith("route.host: is missing")


def test_values_keep_their_source_text() -> None:
    app = WEB + "    env: {A: 1e3, B: yes, C: 1.10, D: 0x1F, E: true, F: !!int 7, G: 'x'}\n    command: [010, no]\n"
    web = solve(app).components["web"]
    assert web.env == {"A": "1e3", "B": "yes", "C": "1.10", "D": "0x1F", "E": "true", "F": "7", "G": "x"}
    assert web.command == ("010", "no")


def test_a_whole_number_may_be_written_with_a_point() -> None:
    web = solve(WEB + "    replicas: 2.0\n").components["web"]
    assert web.replicas == 2
    assert type(web.replicas) is int


def test_the_form_of_the_overlay_is_the_form_of_the_app() -> None:
    short = HEAD + "image: ghcr.io/acme/shop\n"
    assert solve(short, "replicas: 9\n").components["shop"].replicas == 9
    message = "apps/shop/app.yaml has no `components`: write the fields at the top, as it does"
    assert problems(short, "\ncomponents: {shop: {replicas: 9}}\n") == [
        "apps/shop/prod/overlay.yaml:2:1: components: " + message
    ]


def test_problems_of_all_files_in_one_run_sorted() -> None:
    repo = REPO.replace("kubernetes: 1.30", "kubernetess: 1.30")
    assert problems(WEB + "    prt: 1\n", "x: 1\n", repo=repo) == [
        "apps/shop/app.yaml:8:5: components.web.prt: unknown key, did you mean `port`?",
        "apps/shop/prod/overlay.yaml:1:1: x: unknown key",
        "bggen.yaml:10:1: kubernetess: unknown key, did you mean `kubernetes`?",
    ]


def test_a_file_that_cannot_be_read_hides_no_other() -> None:
    assert problems(WEB + "    prt: 1\n", "\tx: 1\n") == [
        "apps/shop/app.yaml:8:5: components.web.prt: unknown key, did you mean `port`?",
        "apps/shop/prod/overlay.yaml:1:1: tabs cannot indent YAML: use spaces",
    ]


def test_a_problem_is_reported_where_its_value_came_from() -> None:
    user = "    user: 0\n"
    message = "must not be 0 (root) under `security: restricted`"
    assert problems(WEB + user) == [f"apps/shop/app.yaml:8:11: components.web.user: {message}"]
    repo = REPO.replace("  drain: 5\n", "  user: 0\n")
    assert problems(WEB, repo=repo) == [f"bggen.yaml:13:9: defaults.user: {message}"]
    repo = REPO.replace("{replicas: 3,", "{user: 0,")
    assert problems(WEB, repo=repo) == [f"bggen.yaml:9:22: environments.prod.defaults.user: {message}"]
    assert solve(WEB + user, "components: {web: {security: baseline}}\n").components["web"].user == 0


def test_what_the_schema_refused_is_not_reported_again_as_missing() -> None:
    app = HEAD + "components:\n  web:\n    image: 5\n    port: x\n    health: {ready: /}\n  api: 7\n"
    app += "route: {host: a.example.com, paths: {/: web, /a: api}}\n"
    assert problems(app) == [
        "apps/shop/app.yaml:6:12: components.web.image: must be text, not the number 5: put quotes around it",
        "apps/shop/app.yaml:7:11: components.web.port: must be a whole number, not the text 'x'",
        "apps/shop/app.yaml:9:8: components.api: must be a mapping of `key: value` lines, not the number 7",
    ]


def test_a_namespace_that_is_too_long() -> None:
    repo = REPO.replace(
        '"{app}-live"', "'{app}-{app}-{app}-{app}-{app}-{app}-{app}-{app}-{app}-{app}-{app}-{app}-{app}'"
    )
    assert problems(WEB, repo=repo) == [
        "bggen.yaml:6:16: environments.prod.namespace: gives shop a namespace of 64 characters; 63 are the most"
    ]


def test_an_environment_that_does_not_exist() -> None:
    assert problems(WEB, env="prd") == ["bggen.yaml:4:3: environments: has no environment `prd`"]


def test_too_many_annotations() -> None:
    big = "x" * 140_000
    assert problems(WEB + f"    annotations: {{a: {big}, b: {big}}}\n") == [
        "apps/shop/app.yaml:8:18: components.web.annotations: are 273 kB; Kubernetes takes 256 kB"
    ]


def test_every_problem_is_one_short_line_whatever_a_file_holds() -> None:
    bad = "a\\nb" + "x" * 200
    app = HEAD + f'environments: ["{bad}", prod]\nroute: {{host: a.example.com, paths: {{/: "{bad}"}}}}\n'
    app += f'components: {{"{bad}": {{image: "{bad}", port: 1, env: {{A: "${{{bad}.{bad}}}"}}}}, web: {{image: x}}}}\n'
    app += f'"{bad}": 1\n'
    found = problems(app) + problems(app.replace("paths", "tls"))
    assert len(found) > 12
    assert all(len(line) < 300 and line.isprintable() for line in found)


def test_thousands_of_mistakes_are_reported_in_bounded_time() -> None:
    lines = "".join(f"    replica{index}: x\n" for index in range(5000))
    started = time.process_time()
    assert len(problems(WEB + lines)) == 5000
    assert time.process_time() - started < 10


def test_the_settings_of_the_repo() -> None:
    config = load_repo(REPO.encode())
    assert list(config.environments) == ["staging", "prod"]
    prod = config.environments["prod"]
    assert (prod.namespace, prod.kubernetes, prod.cluster) == ("{app}-live", "1.34", "eu")
    assert prod.defaults["replicas"] == 3
    assert config.kubernetes == "1.30"
    assert config.defaults["drain"] == 5
    assert config.requires is None


def test_a_repo_for_a_newer_bggen_is_not_blamed_for_what_this_one_does_not_know() -> None:
    repo = REPO + 'bggen: ">=99.1"\nnews: {}\n'
    line = f"bggen.yaml:15:8: bggen: needs bggen 99.1 or newer; this is {__version__}"
    with pytest.raises(TooNewError) as caught:
        load_repo(repo.encode())
    assert (caught.value.message, caught.value.kind) == (line, "too-new")
    with pytest.raises(TooNewError):
        solve(WEB, repo=repo)
    assert load_repo((REPO + f'bggen: ">={__version__}"\n').encode()).requires == f">={__version__}"


def test_environments_of_an_app() -> None:
    repo = load_repo(REPO.encode())
    assert environments_of(b"name: x", repo) == ("staging", "prod")
    assert environments_of(b"environments: [prod, nope, staging]\nunknown: 1", repo) == ("staging", "prod")
    with pytest.raises(InvalidError, match=r"a\.yaml:1:15: environments: must be a list of names"):
        environments_of(b"environments: prod", repo, "a.yaml")
    with pytest.raises(InvalidError, match="is empty"):
        environments_of(b"", repo)


class Memory:
    """Verdicts in a set."""

    def __init__(self) -> None:
        self.digests: set[str] = set()

    def known(self, digest: str) -> bool:
        return digest in self.digests

    def remember(self, digest: str) -> None:
        self.digests.add(digest)


class Liar(Memory):
    def known(self, digest: str) -> bool:  # noqa: ARG002 - the protocol's signature
        return True


def test_only_valid_files_are_remembered_each_by_its_content_and_schema() -> None:
    memory = Memory()
    solve(WEB, "components: {web: {replicas: 2}}\n", verdicts=memory)
    assert len(memory.digests) == 3
    solve(WEB, "components: {web: {replicas: 2}}\n", verdicts=memory)
    assert len(memory.digests) == 3
    assert problems(WEB + "x: 1\n", verdicts=memory) == ["apps/shop/app.yaml:8:1: x: unknown key"]
    assert len(memory.digests) == 3


def test_the_semantic_pass_runs_whatever_is_known() -> None:
    assert problems(WEB + "    user: 0\n", verdicts=Liar()) == problems(WEB + "    user: 0\n")


@pytest.mark.parametrize(
    "app",
    [
        "a: 1",
        "name: shop\ncomponents: 5\n",
        "name: shop\ncomponents: {web: 5}\n",
        "name: shop\ncomponents: {web: {image: [x], port: x}}\n",
        "name: shop\nimage: x\nenv: [x]\n",
        "name: shop\nimage: x\nenv: {A: [x]}\n",
        "name: shop\nimage: x\nargs: {a: b}\n",
        "name: shop\nimage: x\nports: 5\nhealth: 7\nport: 1\n",
        "name: shop\nimage: x\nresources: {cpu: [1]}\n",
        "name: shop\nimage: x\nresources: 1\nlabels: x\nannotations: [1]\n",
        "name: shop\nimage: x\nroute: [a]\n",
        "name: shop\nimage: x\nport: 1\nroute: {host: [], paths: {/: []}}\n",
        "name: shop\nimage: x\nport: 1\nroute: {host: a, extra: 1}\n",
        "name: shop\nimage: x\nreplicas: -1\n",
        "name: shop\nimage: x\nsecurity: [none]\nuser: 0\n",
        "name: shop\ncomponents: {Bad/Name: {image: x}}\n",
        "name: shop\ncomponents: {web: {image: x, kind: cron}}\n",
    ],
)
def test_a_verdict_that_lies_leads_to_an_error_not_to_a_crash(app: str) -> None:
    assert problems(app, verdicts=Liar())


@pytest.mark.parametrize(
    "rest", ["environments: {prod: [x]}\ndefaults: 7", "environments: {prod: {namespace: 7}}\nbggen: 1"]
)
def test_a_repo_whose_verdict_lies_is_read_as_far_as_it_makes_sense(rest: str) -> None:
    assert solve(WEB, repo=rest, verdicts=Liar()).components["web"].replicas == 1
    assert problems(WEB, repo="environments: 5\nkubernetes: []", verdicts=Liar()) == [
        "bggen.yaml:1:15: environments: has no environment `prod`"
    ]


def test_heavy_imports_are_spared_where_nothing_needs_them() -> None:
    code = (
        "import sys\n"
        "from bggen.spec.codec import spec_from_data\n"
        "assert not {'jsonschema', 'yaml', 'bggen.spec.resolving'} & set(sys.modules)\n"
        "from bggen.spec import resolve\n"
        "class Known:\n"
        "    def known(self, digest): return True\n"
        "    def remember(self, digest): raise AssertionError\n"
        f"resolve({REPO.encode()!r}, {WEB.encode()!r}, None, app='shop', env='prod', verdicts=Known())\n"
        "assert not {'jsonschema', 'difflib', 'json'} & set(sys.modules)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)


def test_the_forge_of_a_repo_is_told_or_left_to_its_url() -> None:
    assert load_repo(REPO.encode()).forge is None
    assert load_repo((REPO + "forge: {type: gitlab}\n").encode()).forge == ForgeSettings("gitlab")
    whole = "forge: {type: gitlab, api: 'https://git.example.com/api/v4'}\n"
    assert load_repo((REPO + whole).encode()).forge == ForgeSettings("gitlab", "https://git.example.com/api/v4")
