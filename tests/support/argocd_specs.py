"""Specs for the histories that the model of Argo CD's sync goes through: by hand, and at random."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from bggen.model import Image, Route
from bggen.model.migrating import Contract, Migrate, Window
from bggen.model.parts import Autoscale, HttpSmoke, ParentRef, Peer, Preview, Schedule
from tests.support.states import app_spec, component

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from bggen.model import AppSpec, Component, Controller, Switch

PORTS = {"web": 8080, "api": 9090, "front": 8000, "mailer": None}
SCHEDULE = Schedule("0 3 * * *")
_INGRESS, _METRICS = Peer(namespace="ingress-nginx"), Peer(namespace="monitoring")
NETWORKS = [(), (_INGRESS,), (_METRICS,), (_INGRESS, _METRICS)]


def app(
    components: Mapping[str, Iterable[str]],
    *,
    tag: str = "v1",
    ports: Mapping[str, int | None] | None = None,
    routed: bool = True,
    switch: Switch = "service",
    publishes_status: bool = False,
    fields: Mapping[str, Mapping[str, Any]] | None = None,
    **more: Any,
) -> AppSpec:
    """Return a spec of which each component calls some others.

    Args:
        components: the names, each with those that it calls.
        tag: of all images.
        ports: what differs from `PORTS`.
        routed: whether there is a route; `/` leads to the first component, `/NAME` to the other ones with a port.
        switch: of the route.
        publishes_status: of the route.
        fields: of components, beside these.
        **more: of the spec.
    """
    given: dict[str, int | None] = {**PORTS, **(ports or {})}
    made = [
        component(
            name,
            **{
                "image": Image(f"ghcr.io/acme/{name}", tag),
                "port": given.get(name),
                "env": {f"{other.upper()}_URL": f"${{{other}.url}}" for other in calls},
                **(fields or {}).get(name, {}),
            },
        )
        for name, calls in components.items()
    ]
    ported = [each.name for each in made if each.port]
    paths = {"/" if name == ported[0] else f"/{name}": name for name in ported}
    gateways = (ParentRef("edge"),) if switch == "gateway" else ()
    route = Route(("shop.example.com",), paths, switch=switch, publishes_status=publishes_status, parent_refs=gateways)
    return app_spec("shop", *made, route=route if routed else None, **more)


def worker(**fields: Any) -> dict[str, Any]:
    """Return the fields of a worker."""
    return {"kind": "worker", "drain": 0, **fields}


def cron(**fields: Any) -> dict[str, Any]:
    """Return the fields of a cron."""
    return {"kind": "cron", "schedule": SCHEDULE, "drain": 0, **fields}


def smoke(path: str = "/ready") -> HttpSmoke:
    """Return a smoke test of `web`."""
    return HttpSmoke("web", path, Image("docker.io/curlimages/curl", "8.16.0"))


@dataclass(frozen=True, slots=True)
class Ways:
    """What a random history may use; what is not there is as it is without it.

    `steady`: components only ever come, keep their ports and kinds, and there is always a route.
    """

    steady: bool = True
    switch: Switch = "service"
    publishes_status: bool = False
    kinds: bool = False
    scaling: bool = False
    files: bool = False
    network: bool = False
    smoke: bool = False
    preview: bool = False
    database: bool = False
    controller: Controller = "generic"

    def __str__(self) -> str:
        """Return what a reader of a counterexample needs."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return " ".join(name if value is True else f"{name}={value}" for name, value in values.items() if value)


def ways() -> st.SearchStrategy[Ways]:
    """Ways of histories: in a third of them nothing but plain components, in the others anything."""
    plain = st.builds(Ways, st.booleans())
    flags = [st.booleans()] * 8
    anything = st.builds(Ways, st.booleans(), st.sampled_from(["service", "ingress", "gateway"]), *flags)
    controllers: st.SearchStrategy[Controller] = st.sampled_from(["generic", "generic", "nginx", "alb"])
    return st.one_of(plain, *[st.builds(_behind, anything, controllers)] * 2)


def _behind(ways: Ways, controller: Controller) -> Ways:
    """Return the ways with that controller, as far as the switch has one."""
    if controller == "alb":
        return replace(ways, switch="ingress", controller=controller)
    return ways if ways.switch == "gateway" else replace(ways, controller=controller)


@st.composite
def specs(draw: st.DrawFn, names: list[str], ways: Ways) -> AppSpec:
    """Specs with these components."""
    ported = [name for name in names if PORTS.get(name)]
    paths = {path: draw(st.sampled_from(ported)) for path in draw(st.sampled_from([["/"], ["/", "/api"]]))}
    made = [draw(_components(name, ported, ways)) for name in names]
    routed = ways.steady or draw(st.integers(0, 9)) > 0
    shown = ways.preview and draw(st.booleans())
    gateway = ways.switch == "gateway"
    header = "X-Preview" if (gateway or ways.controller != "generic") and draw(st.booleans()) else None
    route = Route(
        ("shop.example.com",),
        paths,
        switch=ways.switch,
        publishes_status=ways.publishes_status and not gateway,
        preview=Preview("preview.example.com", header=header) if shown else None,
        controller=ways.controller,
        parent_refs=(ParentRef("edge"),) if gateway else (),
    )
    fields: dict[str, Any] = {}
    if ways.network and draw(st.booleans()):
        fields["network"] = draw(st.sampled_from(NETWORKS))
    if ways.smoke and "web" in names and draw(st.booleans()):
        fields["smoke"] = smoke(draw(st.sampled_from(["/ready", "/health"])))
    if ways.database:
        fields |= draw(st.sampled_from(DATABASES))(made[0].name)
    return app_spec("shop", *made, route=route if routed else None, **fields)


def migrates(schema: int | None, least: int, most: int, after: int | None = None) -> Callable[[str], dict[str, Any]]:
    """Return what makes the fields of a spec with a migration and a window, of the component that has the image."""

    def fields(component: str) -> dict[str, Any]:
        third = Contract(("contract",), after) if after else None
        migrate = Migrate(component, ("migrate",), schema, contract=third) if schema else None
        return {"migrate": migrate, "compatible": Window(least, most)}

    return fields


# What an app's releases say, one after another, or out of order, as a revert of a spec makes it.
DATABASES = [
    migrates(1, 1, 2),
    migrates(2, 1, 3),
    migrates(2, 2, 3),
    migrates(2, 2, 4, 3),
    migrates(4, 3, 5),
    migrates(None, 1, 9),
    lambda _component: {},
]


@st.composite
def _components(draw: st.DrawFn, name: str, ported: list[str], ways: Ways) -> Component:
    port = PORTS.get(name)
    if port and not ways.steady:
        port = draw(st.sampled_from([port, 7000]))
    fields: dict[str, Any] = {"replicas": draw(st.integers(1, 3))}
    if port is None and ways.kinds:
        kinds: list[dict[str, Any]] = [{}, worker(), cron(replicas=1)]
        usual = {"mailer": 1, "report": 2}[name]
        fields |= kinds[usual if ways.steady else draw(st.sampled_from([usual, usual, 0, 1, 2]))]
    if port and ways.scaling and draw(st.booleans()):
        fields |= {"replicas": 2, "autoscale": Autoscale(2, 5, cpu=80)}
    if ways.files and draw(st.booleans()):
        fields["files"] = {"/etc/app.ini": draw(st.sampled_from(["a", "b", "c"]))}
    calls = [other for other in ported if draw(st.booleans())]
    image = Image(f"ghcr.io/acme/{name}", draw(st.sampled_from(["v1", "v2", "v3"])))
    env = {f"{other.upper()}_URL": f"${{{other}.url}}" for other in calls}
    return component(name, image=image, port=port, env=env, **fields)
