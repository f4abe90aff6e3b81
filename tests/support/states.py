"""Builders of specs, releases and states for tests, and hypothesis strategies for them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from bggen.model import (
    AppSpec,
    Color,
    Component,
    EnvRef,
    EnvState,
    Health,
    Image,
    Previous,
    Release,
    Resources,
    Route,
)
from bggen.model.parts import (
    Autoscale,
    EnvFrom,
    Mount,
    Peer,
    Placement,
    Schedule,
    ServiceAccountSettings,
    Toleration,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bggen.model import EnvValue

DIGEST = "sha256:" + "0123456789abcdef" * 4

# What one YAML reader or another takes for something else than text, or for structure.
_TRAPS = [
    *(
        "",
        " ",
        "yes",
        "no",
        "on",
        "null",
        "~",
        "1e3",
        "0x1F",
        "012",
        "1_000",
        "12:30:45",
        "2026-01-01",
        ".inf",
        "=",
        "<<",
    ),
    *("# x", "a: b", "a:", "a #b", "- a", "- ", "? a", "&a", "*a", "!a", "%a", "@a", "`a", "{a", "[a", "'", '"', "\\"),
    *("a\nb", "\n", "a\n", "\ta", "a\r\nb", "---", "...", "\x85", "\u2028", "\u2029", "\ufeff", "\x00", "\x7f", "\x9f"),
    *("{{ x }}", "{% x %}", "{{", "}}", "{#", "$", "$(HOME)", "${HOME}", "\U0001f600", "a" * 300, "a " * 300),
]


def component(name: str, **fields: Any) -> Component:
    """A component of which everything that is not given is the default; its image is `ghcr.io/acme/<name>:v1`."""
    return Component(**{"name": name, "image": Image(f"ghcr.io/acme/{name}", "v1"), **fields})


def app_spec(name: str, *components: Component, **fields: Any) -> AppSpec:
    """A resolved spec for Kubernetes 1.30 unless told."""
    return AppSpec(**{"name": name, "kubernetes": "1.30", "components": {c.name: c for c in components}, **fields})


def hello_spec(tag: str = "v1", kubernetes: str = "1.30", **fields: Any) -> AppSpec:
    """The smallest app of the contract: one component with a port, and a route."""
    return app_spec(
        "hello",
        component("hello", **{"image": Image("ghcr.io/acme/hello", tag), "port": 8080, **fields}),
        kubernetes=kubernetes,
        route=Route(hosts=("hello.example.com",), paths={"/": "hello"}),
    )


def shop_spec(tag: str = "v1", kubernetes: str = "1.34", **fields: Any) -> AppSpec:
    """The app of the contract with two components that use most of what a spec can say."""
    return app_spec(
        "shop",
        component(
            "web",
            image=Image("ghcr.io/acme/shop-web", tag),
            port=8080,
            replicas=3,
            env={
                "API_URL": "${api.url}",
                "LOG_LEVEL": "info",
                "SESSION_KEY": EnvRef("secret", "shop-session", "key"),
                "BANNER": "$(LOG_LEVEL): yes",
            },
            health=Health(ready="/ready", live="/health"),
            resources=Resources(cpu="100m", memory="128Mi"),
        ),
        component(
            "api",
            image=Image("ghcr.io/acme/shop-api", tag, DIGEST),
            port=9090,
            replicas=2,
            command=("/bin/api",),
            args=("--listen", "0.0.0.0:9090", "--public", "http://${web.host}:${web.port}"),
            resources=Resources(cpu="250m", memory="256Mi", cpu_limit="1", memory_limit="512Mi"),
            user=1000,
            drain=5,
            labels={"team": "checkout"},
            annotations={"prometheus.io/scrape": "true"},
        ),
        **{
            "kubernetes": kubernetes,
            "namespace": "shop",
            "route": Route(
                hosts=("shop.example.com",),
                paths={"/": "web", "/api": "api"},
                tls="shop-tls",
                ingress_class="nginx",
                annotations={"nginx.ingress.kubernetes.io/proxy-body-size": "8m"},
            ),
            **fields,
        },
    )


def crew_spec(tag: str = "v1", kubernetes: str = "1.34", **fields: Any) -> AppSpec:
    """An app with a component of each kind, one of them autoscaled, that lets only some call it."""
    return app_spec(
        "crew",
        component(
            "crew",
            image=Image("ghcr.io/acme/crew", tag),
            port=8080,
            replicas=3,
            autoscale=Autoscale(3, 20, cpu=70, memory=80),
            resources=Resources(cpu="100m", memory="128Mi"),
        ),
        component("mailer", image=Image("ghcr.io/acme/mailer", tag), kind="worker", replicas=2, drain=0),
        component(
            "report",
            image=Image("ghcr.io/acme/report", tag),
            kind="cron",
            drain=0,
            schedule=Schedule("0 3 * * *", time_zone="Europe/Berlin", active_deadline_seconds=600, backoff_limit=1),
            env={"API_URL": "${crew.url}"},
            labels={"team": "data"},
            annotations={"note": "nightly"},
        ),
        **{
            "kubernetes": kubernetes,
            "route": Route(hosts=("crew.example.com",), paths={"/": "crew"}),
            "network": (
                Peer(namespace="ingress-nginx"),
                Peer(namespace="monitoring", pods={"app.kubernetes.io/name": "prometheus"}),
                Peer(pods={"app.kubernetes.io/name": "shop"}),
                Peer(cidr="10.0.0.0/8"),
            ),
            **fields,
        },
    )


def release(number: int, spec: AppSpec, renderer: int = 1, origins: Mapping[str, str] | None = None) -> Release:
    """A release whose images were all given unless told."""
    return Release(number, renderer, spec, dict.fromkeys(spec.components, "given") if origins is None else origins)


def first(spec: AppSpec, env: str = "prod", renderer: int = 1) -> EnvState:
    """The state after the first bump: release 1 in blue, active."""
    return EnvState(
        spec.name,
        env,
        active=Color.BLUE,
        blue=release(1, spec, renderer),
        last=1,
        served=1,
    )


def bumped(state: EnvState, spec: AppSpec, renderer: int = 1) -> EnvState:
    """The state with a new release in the idle colour; without the rules of the real `bump`."""
    new = release(state.last + 1, spec, renderer)
    color = state.idle_color
    old = state.release(color)
    back = state.previous is not None and old is not None and state.previous.release == old.number
    saved = old if back else state.saved
    return replace(
        state,
        blue=new if color is Color.BLUE else state.blue,
        green=new if color is Color.GREEN else state.green,
        saved=saved,
        last=new.number,
        parked=False,
    )


def flipped(state: EnvState) -> EnvState:
    """The state with the other colour active; without the rules of the real `flip`."""
    old, new = state.active_release, state.idle_release
    if old is None or new is None or state.active is None:
        raise ValueError("nothing to flip to")
    return replace(
        state,
        active=state.active.other,
        previous=Previous(state.active, old.number),
        saved=None,
        served=max(state.served, new.number),
        parked=False,
    )


def parked(state: EnvState) -> EnvState:
    """The state with the idle colour's workloads stopped."""
    return replace(state, parked=True)


def texts(max_size: int = 40) -> st.SearchStrategy[str]:
    """Any text that can be encoded, with a bias to what YAML readers take for something else."""
    return st.sampled_from(_TRAPS) | st.text(st.characters(exclude_categories=["Cs"]), max_size=max_size)


def names() -> st.SearchStrategy[str]:
    """Names of components."""
    return st.sampled_from(["web", "api", "db-proxy", "n0", "y", "no", "on", "true", "null", "e1"])


def _env() -> st.SearchStrategy[dict[str, EnvValue]]:
    value: st.SearchStrategy[EnvValue] = (
        texts().filter(lambda text: "${" not in text)
        | st.builds(
            EnvRef,
            st.sampled_from(["secret", "configMap"]),
            st.sampled_from(["on", "shop-session", "1e3"]),
            st.sampled_from(["key", "yes", "0x1", "tls.crt"]),
        )
        | st.builds(EnvRef, st.just("field"), st.sampled_from(["status.podIP", "metadata.labels['bggen.dev/color']"]))
    )
    return st.dictionaries(st.sampled_from(["A", "B", "PORT", "Y", "NO", "_x", "a.b-c"]), value, max_size=4)


# No two of these are the same, or lie within each other.
_FILES = ["/etc/app/config.ini", "/etc/other/config.ini", "/1-config.ini", "/yes", "/srv/a b", "/srv/..x", "/etc/a~b"]
_MOUNTS = ["/mnt/a", "/mnt/on", "/mnt/1e3", "/mnt/@%"]
_WRITABLE = ["/run/app", "/var/cache/a b", "/var/null"]


def _mounts() -> st.SearchStrategy[dict[str, Mount]]:
    objects = st.sampled_from(["on", "shop-tls", "1e3"])
    mount = (
        st.builds(
            Mount,
            st.sampled_from(["secret", "configMap"]),
            objects,
            key=st.none() | st.sampled_from(["tls.crt", "yes", "0x1"]),
        )
        | st.builds(Mount, st.just("claim"), objects, read_only=st.booleans())
        | st.builds(Mount, st.just("empty"), size=st.sampled_from([None, "1Gi", "1e3"]))
    )
    return st.dictionaries(st.sampled_from(_MOUNTS), mount, max_size=4)


def _placements() -> st.SearchStrategy[Placement]:
    tolerations = st.builds(
        Toleration,
        key=st.sampled_from(["dedicated", "example.com/on"]),
        value=st.sampled_from([None, "", "yes", "1"]),
        effect=st.sampled_from([None, "NoSchedule", "PreferNoSchedule"]),
    ) | st.builds(
        Toleration,
        key=st.sampled_from([None, "on"]),
        operator=st.just("Exists"),
        effect=st.just("NoExecute"),
        seconds=st.none() | st.integers(0, 600),
    )
    return st.builds(
        Placement,
        node_selector=st.dictionaries(st.sampled_from(["disk", "example.com/on"]), st.sampled_from(["", "yes", "1"])),
        tolerations=st.lists(tolerations, max_size=2).map(tuple),
        priority_class=st.sampled_from([None, "high", "on"]),
        color_anti_affinity=st.sampled_from([None, "preferred", "required"]),
    )


def _accounts() -> st.SearchStrategy[ServiceAccountSettings]:
    annotations = st.dictionaries(st.sampled_from(["note", "example.com/role"]), texts(), max_size=2)
    return st.builds(ServiceAccountSettings, token=st.booleans(), annotations=annotations) | st.builds(
        ServiceAccountSettings, name=st.sampled_from(["shop", "on", "1e3"]), token=st.booleans()
    )


@st.composite
def _rare(draw: st.DrawFn) -> dict[str, Any]:
    """What most components do without: none of it, or some of everything."""
    if not draw(st.booleans()):
        return {}
    names = st.sampled_from(["on", "shop", "1e3"])
    prefixes = st.sampled_from([None, "ON_", "a.b"])
    sources = st.builds(EnvFrom, st.sampled_from(["secret", "configMap"]), names, prefixes)
    return {
        "files": draw(st.dictionaries(st.sampled_from(_FILES), texts(), max_size=4)),
        "mounts": draw(_mounts()),
        "writable": draw(st.none() | st.lists(st.sampled_from(_WRITABLE), unique=True).map(tuple)),
        "env_from": draw(st.lists(sources, max_size=2).map(tuple)),
        "group": draw(st.none() | st.integers(0, 2**31 - 1)),
        "service_account": draw(_accounts().map(lambda made: None if made == ServiceAccountSettings() else made)),
        "image_pull_secrets": draw(st.lists(names, unique=True, max_size=2).map(tuple)),
        "placement": draw(_placements().map(lambda made: None if made == Placement() else made)),
    }


def components(name: str) -> st.SearchStrategy[Component]:
    """Components of that name, with any legal field."""
    words = st.lists(texts().filter(lambda text: "${" not in text), max_size=3).map(tuple)
    quantities = st.sampled_from([None, "100m", "1", "128Mi", "1e3", "0.5"])
    paths = st.sampled_from([None, "/", "/ready", "/yes?a=b#c", "/: x", "/\U0001f600"])

    def whole(made: Component, rare: dict[str, Any]) -> Component:
        fields = rare if made.port is not None else {**rare, "health": Health()}
        return replace(made, **fields)

    usual = st.builds(
        Component,
        name=st.just(name),
        image=st.builds(
            Image,
            st.sampled_from(["ghcr.io/acme/a", "localhost:5000/a", "a"]),
            st.sampled_from(["v1", "1.10", "0x1", "1e3", "latest"]),
            st.sampled_from([None, DIGEST]),
        ),
        port=st.none() | st.integers(1, 65535),
        replicas=st.integers(1, 9),
        command=words,
        args=words,
        env=_env(),
        health=st.builds(Health, paths, paths, paths, st.none() | st.integers(5, 3600)),
        resources=st.builds(Resources, quantities, quantities, quantities, quantities),
        user=st.none() | st.integers(1, 2**31 - 1),
        security=st.sampled_from(["restricted", "baseline"]),
        drain=st.integers(0, 60),
        labels=st.dictionaries(st.sampled_from(["team", "example.com/on"]), st.sampled_from(["", "yes", "1", "a.b"])),
        annotations=st.dictionaries(st.sampled_from(["note", "example.com/note"]), texts(), max_size=2),
    )
    return st.builds(whole, usual, _rare())


@st.composite
def of_any_kind(draw: st.DrawFn, made: Component) -> Component:
    """The component as a service, autoscaled or not, as a worker or as a cron, without what that kind has not."""
    kind = draw(st.sampled_from(["service", "autoscaled", "worker", "cron"]))
    if kind == "service":
        return made
    if kind == "autoscaled":
        least = draw(st.integers(1, 9))
        percent = st.none() | st.integers(1, 100)
        cpu, memory = draw(st.tuples(percent, percent).filter(any))
        scale = Autoscale(least, draw(st.integers(least, 30)), cpu, memory)
        return replace(made, autoscale=scale, replicas=least, resources=Resources("100m", "128Mi"))
    if kind == "worker":
        return replace(made, kind="worker", port=None, service=None, health=Health())
    schedule = draw(
        st.builds(
            Schedule,
            st.sampled_from(["0 3 * * *", "@hourly", "*/5 1,2 * JAN-MAR ?"]),
            st.sampled_from([None, "Europe/Berlin", "Etc/UTC"]),
            st.integers(10, 3600),
            st.sampled_from(["Forbid", "Allow", "Replace"]),
            st.none() | st.integers(1, 86400),
            st.integers(0, 5),
        )
    )
    none = Component(made.name, made.image)
    return replace(
        made,
        kind="cron",
        schedule=schedule,
        port=None,
        ports={},
        service=None,
        replicas=none.replicas,
        health=none.health,
        drain=0,
        placement=made.placement and replace(made.placement, color_anti_affinity=None),
    )


def networks() -> st.SearchStrategy[tuple[Peer, ...] | None]:
    """Who may call an app; None where everybody may."""
    labels = st.dictionaries(st.sampled_from(["team", "example.com/on"]), st.sampled_from(["", "yes", "1"]), max_size=2)
    pods = st.builds(Peer, st.sampled_from([None, "ingress", "on", "1e3"]), labels)
    cidrs = st.builds(Peer, cidr=st.sampled_from(["10.0.0.0/8", "0.0.0.0/0", "2001:db8::/32"]))
    peers = pods.filter(lambda peer: peer.namespace is not None or bool(peer.pods)) | cidrs
    return st.none() | st.lists(peers, max_size=3).map(tuple)


@st.composite
def specs(
    draw: st.DrawFn,
    name: str = "shop",
    minors: tuple[str, ...] = ("1.25", "1.29", "1.30", "1.37"),
    *,
    every_kind: bool = False,
) -> AppSpec:
    """Resolved specs with one to three components; a route where a component has a port.

    Without `every_kind` all are services with a fixed number of pods, and everybody may call them.
    """
    chosen = draw(st.lists(names() | st.just(name), min_size=1, max_size=3, unique=True))
    made = [draw(components(each)) for each in chosen]
    if every_kind:
        made = [draw(of_any_kind(each)) for each in made]
    ported = [each.name for each in made if each.port is not None]
    route = None
    routed: bool = draw(st.booleans())
    if ported and routed:
        paths = draw(
            st.dictionaries(
                st.sampled_from(["/", "/api", "/a b", "/no"]), st.sampled_from(ported), min_size=1, max_size=3
            )
        )
        route = Route(
            hosts=(draw(st.sampled_from(["shop.example.com", "*.example.com", "1e3.no"])),),
            paths=paths,
            tls=draw(st.sampled_from([None, "shop-tls", "on"])),
            ingress_class=draw(st.sampled_from([None, "nginx", "yes"])),
            annotations=draw(st.dictionaries(st.sampled_from(["note", "example.com/x"]), texts(), max_size=2)),
        )
    return app_spec(
        name,
        *made,
        kubernetes=draw(st.sampled_from(minors)),
        namespace=draw(st.sampled_from([None, "shop", "on"])),
        route=route,
        network=draw(networks()) if every_kind else None,
    )


@st.composite
def states(draw: st.DrawFn, renderer: int = 1, *, every_kind: bool = False) -> EnvState:
    """States that a few commands lead to, with any specs; both colours always in one namespace."""
    base = draw(specs(every_kind=every_kind))
    state = first(base, draw(st.sampled_from(["prod", "staging"])), renderer)
    for step in draw(st.lists(st.sampled_from(["bump", "bump", "flip", "park"]), max_size=3)):
        if step == "bump":
            state = bumped(state, replace(draw(specs(every_kind=every_kind)), namespace=base.namespace), renderer)
        elif state.idle_release is not None:
            state = flipped(state) if step == "flip" else parked(state)
    return state
