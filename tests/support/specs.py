"""Hypothesis strategies for resolved specs that use everything that a spec can say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from bggen.model import AppSpec, Color, Component, EnvRef, Health, Image, Resources, Route
from bggen.model.parts import (
    Autoscale,
    CommandSmoke,
    EnvFrom,
    HttpSmoke,
    Mount,
    Patch,
    Peer,
    Placement,
    Preview,
    Schedule,
    ServiceAccountSettings,
    ServiceSettings,
    Toleration,
)
from tests.support.states import DIGEST, texts

if TYPE_CHECKING:
    from bggen.model import EnvValue, Kind

# What YAML readers take for something else, wherever it may stand.
_WORDS = ("on", "no", "1e3", "y", "null", "shop-web")
_COMPONENTS = ("web", "api", "no", "y", "null", "e1", "n0", "shop")
_KINDS: tuple[Kind, ...] = ("service", "worker", "cron")

# Anything that a patch may hold.
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts(10), inner, max_size=2),
    max_leaves=4,
)


def _maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


def _listed(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(strategy, max_size=2).map(tuple)


def _mapped(keys: st.SearchStrategy[str], values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(keys, values, max_size=3)


def _words() -> st.SearchStrategy[str]:
    return st.sampled_from(_WORDS)


def _numbers(least: int = 0, most: int = 99) -> st.SearchStrategy[int]:
    return st.integers(least, most)


def _paths() -> st.SearchStrategy[str]:
    return st.sampled_from(["/a", "/a b/c", "/etc/shop/config.ini", "/on", "/~", "/1e3"])


def _images() -> st.SearchStrategy[Image]:
    return st.builds(
        Image,
        st.sampled_from(["ghcr.io/acme/a", "localhost:5000/a", "no"]),
        st.sampled_from(["v1", "1.10", "0x1", "latest"]),
        _maybe(st.just(DIGEST)),
    )


def _quantities() -> st.SearchStrategy[str | None]:
    return _maybe(st.sampled_from(["100m", "1", "1e3", "1.5Gi"]))


def _label_values() -> st.SearchStrategy[str]:
    return st.sampled_from(["", "yes", "1", "a.b", "012"])


def _annotations() -> st.SearchStrategy[dict[str, str]]:
    return _mapped(st.sampled_from(["note", "example.com/on", "Y"]), texts())


def env() -> st.SearchStrategy[dict[str, EnvValue]]:
    """Environment variables: text, keys of Secrets and ConfigMaps, fields of the pod."""
    keyed = st.builds(EnvRef, st.sampled_from(["secret", "configMap"]), _words(), _words())
    field = st.builds(EnvRef, st.just("field"), st.sampled_from(["status.podIP", "metadata.labels['a/b']"]))
    return _mapped(st.sampled_from(["A", "B", "Y", "NO", "_x", "a.b-c"]), texts() | keyed | field)


def _mounts() -> st.SearchStrategy[Mount]:
    return st.one_of(
        st.builds(Mount, st.sampled_from(["secret", "configMap"]), _words(), _maybe(_words())),
        st.builds(Mount, st.just("claim"), _words(), read_only=st.booleans()),
        st.builds(Mount, st.just("empty"), size=_quantities()),
    )


def _tolerations() -> st.SearchStrategy[Toleration]:
    return st.builds(
        Toleration,
        _maybe(_words()),
        st.sampled_from(["Equal", "Exists"]),
        _maybe(_label_values()),
        _maybe(st.sampled_from(["NoSchedule", "PreferNoSchedule", "NoExecute"])),
        _maybe(_numbers()),
    )


def _autoscaling() -> st.SearchStrategy[Autoscale]:
    bounds = st.tuples(_numbers(1, 9), _numbers(1, 9)).map(sorted)
    targets = st.tuples(_maybe(_numbers(1)), _maybe(_numbers(1))).filter(lambda pair: pair != (None, None))
    return st.builds(lambda bound, target: Autoscale(*bound, *target), bounds, targets)


def _schedules() -> st.SearchStrategy[Schedule]:
    return st.builds(
        Schedule,
        cron=st.sampled_from(["@daily", "0 3 * * *", "*/5 * * * mon-fri"]),
        time_zone=_maybe(st.sampled_from(["Europe/Berlin", "NO"])),
        starting_deadline_seconds=_numbers(10),
        concurrency_policy=st.sampled_from(["Forbid", "Allow", "Replace"]),
        active_deadline_seconds=_maybe(_numbers(1)),
        backoff_limit=_numbers(),
    )


def full_components(name: str, kind: Kind) -> st.SearchStrategy[Component]:
    """Components of a kind with every field that it may have."""
    health = st.builds(Health, *[_maybe(_paths())] * 3, _maybe(_numbers(5)), _maybe(_words()))
    of_kind: dict[str, Any] = {
        "service": {
            "port": _maybe(_numbers(1)),
            "service": _maybe(
                st.builds(
                    ServiceSettings,
                    st.sampled_from(["ClusterIP", "NodePort", "LoadBalancer"]),
                    _maybe(_numbers(1)),
                    st.booleans(),
                    _annotations(),
                )
            ),
            "autoscale": _maybe(_autoscaling()),
        },
        "worker": {},
        "cron": {"schedule": _schedules()},
    }[kind]
    if kind != "cron":
        of_kind |= {"ports": _mapped(_words(), _numbers(1)), "replicas": _numbers(1), "health": health}
        of_kind |= {"drain": _numbers()}
    apart = st.none() if kind == "cron" else st.sampled_from([None, "preferred", "required"])
    return st.builds(
        Component,
        name=st.just(name),
        image=_images(),
        kind=st.just(kind),
        command=_listed(texts()),
        args=_listed(texts()),
        env=env(),
        env_from=_listed(st.builds(EnvFrom, st.sampled_from(["secret", "configMap"]), _words(), _maybe(_words()))),
        files=_mapped(_paths(), texts()),
        mounts=_mapped(_paths(), _mounts()),
        writable=_maybe(_listed(_paths())),
        resources=st.builds(Resources, *[_quantities()] * 4),
        user=_maybe(_numbers()),
        group=_maybe(_numbers()),
        security=st.sampled_from(["restricted", "baseline"]),
        service_account=_maybe(st.builds(ServiceAccountSettings, _maybe(_words()), st.booleans(), _annotations())),
        image_pull_secrets=_listed(_words()),
        placement=_maybe(
            st.builds(Placement, _mapped(_words(), _label_values()), _listed(_tolerations()), _maybe(_words()), apart)
        ),
        labels=_mapped(_words(), _label_values()),
        annotations=_annotations(),
        **of_kind,
    )


def _previews() -> st.SearchStrategy[Preview]:
    return st.builds(Preview, st.sampled_from(["p.example.com", "1e3.no"]), *[_maybe(_words())] * 2, _annotations())


def _routes(ported: list[str]) -> st.SearchStrategy[Route]:
    return st.builds(
        Route,
        hosts=st.lists(st.sampled_from(["a.example.com", "*.example.com", "no"]), min_size=1, max_size=2).map(tuple),
        paths=st.dictionaries(_paths(), st.sampled_from(ported), min_size=1, max_size=2),
        switch=st.sampled_from(["service", "ingress"]),
        tls=_maybe(_words()),
        ingress_class=_maybe(_words()),
        annotations=_annotations(),
        publishes_status=st.booleans(),
        preview=_maybe(_previews()),
    )


def _smokes(ported: list[str]) -> st.SearchStrategy[HttpSmoke | CommandSmoke]:
    command: st.SearchStrategy[HttpSmoke | CommandSmoke] = st.builds(
        CommandSmoke,
        _images(),
        st.lists(texts(), min_size=1, max_size=2).map(tuple),
        env(),
        _maybe(_numbers()),
        _numbers(1),
    )
    if not ported:
        return command
    path = st.builds(HttpSmoke, st.sampled_from(ported), _paths(), _images(), _numbers(100, 599), _numbers(1))
    return command | path


def _peers() -> st.SearchStrategy[Peer]:
    pods = st.builds(Peer, _maybe(_words()), _mapped(_words(), _label_values()))
    named = pods.filter(lambda peer: peer.namespace is not None or bool(peer.pods))
    return named | st.builds(Peer, cidr=st.sampled_from(["10.0.0.0/8", "::/0"]))


def _patches() -> st.SearchStrategy[Patch]:
    target = {
        "kind": st.sampled_from(["Deployment", "No"]),
        "component": _maybe(st.sampled_from(_COMPONENTS)),
        "color": _maybe(st.sampled_from(Color)),
        "name": _maybe(_words()),
    }
    merge = st.dictionaries(texts(10), JSON, max_size=2)
    operation = st.fixed_dictionaries({"op": st.sampled_from(["add", "test"]), "path": _paths(), "value": JSON})
    operations = st.lists(operation, max_size=2).map(tuple)
    return st.builds(Patch, **target, merge=merge) | st.builds(Patch, **target, operations=operations)


@st.composite
def full_specs(draw: st.DrawFn) -> AppSpec:
    """Specs over all fields of the model; what two fields mean together is kept to only where a release holds it."""
    chosen = draw(st.lists(st.sampled_from(_COMPONENTS), min_size=1, max_size=3, unique=True))
    made = [draw(full_components(name, draw(st.sampled_from(_KINDS)))) for name in chosen]
    ported = [each.name for each in made if each.port is not None]
    return AppSpec(
        name="shop",
        kubernetes=draw(st.sampled_from(["1.25", "1.30", "1.37"])),
        components={each.name: each for each in made},
        namespace=draw(_maybe(_words())),
        route=draw(_maybe(_routes(ported))) if ported else None,
        smoke=draw(_maybe(_smokes(ported))),
        network=draw(_maybe(_listed(_peers()))),
        patches=draw(_listed(_patches())),
    )
