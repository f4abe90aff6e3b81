"""Specs and states of an app whose releases change its database, made by the real commands."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bggen import transitions
from bggen.model import EnvRef, EnvState, Image, Resources, Route
from bggen.model.migrating import Contract, Migrate, Window
from bggen.model.parts import EnvFrom, Mount, Peer, ServiceAccountSettings
from bggen.transitions import BumpRequest, FlipRequest, rollback_target
from bggen.transitions.migrating import contract
from tests.support.states import app_spec, component

if TYPE_CHECKING:
    from bggen.model import AppSpec
    from bggen.model.migrating import Database
    from bggen.transitions import Transition

NOW = "2026-06-01T12:00:00Z"


def migrating(
    schema: int | None = 1,
    window: tuple[int, int] | None = (1, 2),
    *,
    tag: str = "v1",
    after: int | None = None,
    **fields: Any,
) -> AppSpec:
    """An app of two components, of which `api` has the migrations.

    Args:
        schema: what its migration makes; None for none.
        window: what it runs on; None where it does not say.
        tag: of its images.
        after: what its third phase makes, if it has one.
        fields: of the spec.
    """
    migrate = Migrate(
        "api",
        ("./manage.py", "migrate", f"--to={schema}", "${api.host}"),
        schema or 0,
        env={"DATABASE_URL": EnvRef("secret", "shop-owner", "url")},
        contract=Contract(("./manage.py", "contract"), after) if after else None,
    )
    return app_spec(
        "shop",
        component("web", image=Image("ghcr.io/acme/shop-web", tag), port=8080, replicas=2),
        component(
            "api",
            image=Image("ghcr.io/acme/shop-api", tag),
            port=9090,
            env={"DATABASE_URL": EnvRef("secret", "shop-user", "url"), "LOG_LEVEL": "info"},
            env_from=(EnvFrom("configMap", "region"),),
            files={"/etc/shop.ini": "a = 1\n"},
            mounts={"/etc/tls": Mount("secret", "shop-tls")},
            writable=("/run/api",),
            user=1000,
            drain=5,
            labels={"team": "checkout"},
            resources=Resources(cpu="100m", memory="128Mi"),
            service_account=ServiceAccountSettings(annotations={"example.com/role": "shop"}),
            image_pull_secrets=("acme-registry",),
        ),
        **{
            "kubernetes": "1.34",
            "route": Route(hosts=("shop.example.com",), paths={"/": "web", "/api": "api"}),
            "network": (Peer(namespace="ingress-nginx"),),
            "migrate": migrate if schema is not None else None,
            "compatible": Window(*window) if window else None,
            **fields,
        },
    )


def bump(state: EnvState, spec: AppSpec | None, **options: Any) -> Transition:
    """Bump to a spec whose images are chosen already."""
    return transitions.bump(state, BumpRequest(spec=spec, renderer=1, **options))


def flip(state: EnvState) -> Transition:
    """Flip, whatever the capacity and the holds."""
    return transitions.flip(state, FlipRequest(now=NOW, allow_less_capacity=True, override_hold="a test"))


def rollback(state: EnvState, to: int | None = None) -> Transition:
    """Roll back to a release that the state holds."""
    return transitions.rollback(state, rollback_target(state, to), by="Ada")


def released(*steps: AppSpec | str) -> EnvState:
    """Return the state after some steps: a spec is bumped to, the others are as they are called."""
    state = EnvState("shop", "prod")
    for step in steps:
        if not isinstance(step, str):
            state = bump(state, step).after
        else:
            words = {"flip": flip, "rollback": rollback, "park": transitions.park, "contract": contract}
            state = words[step](state).after
    return state


def with_database(state: EnvState, database: Database | None) -> EnvState:
    """Return the state with something else known of its database, as nobody but a hand could write it."""
    return replace(state, database=database)


ADD = migrating(2, (1, 3), tag="v2")
USE = migrating(2, (2, 3), tag="v3", after=3)
NEXT = migrating(2, (2, 3), tag="v4", after=3)
BUMPED = released(migrating(), ADD)
FLIPPED = released(migrating(), ADD, "flip")
ROLLED_BACK = released(migrating(), ADD, "flip", "rollback")
CONTRACTED = released(migrating(), ADD, "flip", USE, "flip", NEXT, "flip", "contract")
