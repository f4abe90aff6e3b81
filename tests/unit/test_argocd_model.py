"""The model of Argo CD's sync keeps the rules that were read in its source, each shown on objects made by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.argocd import End, Sync, World, tasks_of
from tests.support.argocd_cluster import Cluster, Health
from tests.support.argocd_objects import COLOR, Resource, Tree
from tests.support.argocd_traffic import Watch

Body = dict[str, Any]
STUCK = World(lambda _key: Health.PROGRESSING)
BROKEN = World(lambda _key: Health.DEGRADED)


def body(kind: str, name: str, wave: int = 0, *, options: str = "", hook: str = "", **spec: Any) -> Body:
    notes = {"argocd.argoproj.io/sync-wave": str(wave)}
    notes |= {"argocd.argoproj.io/sync-options": options} if options else {}
    notes |= {"argocd.argoproj.io/hook": hook} if hook else {}
    return {"kind": kind, "metadata": {"name": name, "annotations": notes, "labels": {}}, "spec": spec}


def deployment(color: str, wave: int = 0, *, image: str = "v1", options: str = "", **spec: Any) -> Body:
    pod = {"serviceAccountName": f"web-{color}", "containers": [{"image": image, "env": spec.pop("env", [])}]}
    template = {"metadata": {"labels": {"app": "web", COLOR: color}}, "spec": pod}
    strategy = {"rollingUpdate": {"maxUnavailable": spec.pop("unavailable", 0)}}
    made = body("Deployment", f"web-{color}", wave, options=options, template=template, strategy=strategy, **spec)
    made["metadata"]["labels"] = {COLOR: color}
    return made


def service(color: str, wave: int = 0, name: str = "web", *, options: str = "") -> Body:
    ports = [{"name": "http", "port": 80}]
    made = body("Service", name, wave, options=options, selector={"app": "web", COLOR: color}, ports=ports)
    made["metadata"]["labels"] = {COLOR: color} if name.endswith(color) else {}
    return made


def ingress(wave: int = 0, backend: str = "web") -> Body:
    path = {"path": "/", "backend": {"service": {"name": backend, "port": {"name": "http"}}}}
    return body("Ingress", "web", wave, rules=[{"http": {"paths": [path]}}])


def account(color: str, wave: int = 0) -> Body:
    return body("ServiceAccount", f"web-{color}", wave)


def live(*bodies: Body) -> Cluster:
    return Cluster.settled(Tree.of(bodies, "blue"))


def run(cluster: Cluster, *bodies: Body, world: World | None = None) -> tuple[End, list[str]]:
    sync = Sync(cluster, Tree.of(bodies, "blue"), world or World())
    end = sync.run()
    return end, [f"{verb} {kind}/{name}" for verb, (kind, name) in sync.log]


def waves(cluster: Cluster, *bodies: Body) -> dict[str, int]:
    return {task.key[1]: task.wave for task in tasks_of(cluster.live, Tree.of(bodies))}


def test_the_order_is_phase_wave_kind_name() -> None:
    bodies = [
        body("Job", "after", -9, hook="PostSync"),
        body("Rollout", "last-kind"),
        body("Ingress", "kind-5"),
        body("StatefulSet", "kind-4"),
        body("Service", "kind-3"),
        body("ServiceAccount", "kind-2"),
        body("PodDisruptionBudget", "kind-1"),
        body("Service", "kind-3a"),
        body("Ingress", "early", -1),
        body("NetworkPolicy", "late", 1),
        body("Job", "before", 9, hook="PreSync"),
    ]
    names = [task.key[1] for task in tasks_of({}, Tree.of(bodies))]
    kinds = ["kind-1", "kind-2", "kind-3", "kind-3a", "kind-4", "kind-5", "last-kind"]
    assert names == ["before", "early", *kinds, "late", "after"]


def test_prunes_take_the_waves_of_live_objects_swapped_among_each_other() -> None:
    cluster = live(*(body("Secret", name, wave) for name, wave in {"a": -20, "b": 0, "c": 5, "d": 20, "e": 30}.items()))
    assert waves(cluster) == {"a": 30, "b": 20, "c": 5, "d": 0, "e": -20}
    assert waves(cluster, body("Secret", "c", 5)) == {"a": 30, "b": 20, "c": 5, "d": 0, "e": -20}
    assert waves(cluster, body("Secret", "a", 7)) == {"a": 7, "b": 30, "c": 20, "d": 5, "e": 0}


def test_prune_last_comes_one_wave_after_everything_and_at_least_in_wave_one() -> None:
    cluster = live(body("Secret", "a", -5, options="PruneLast=true,Replace=true"), body("Secret", "b", 3))
    assert waves(cluster, body("Secret", "c", 8)) == {"a": 9, "b": -5, "c": 8}
    assert waves(live(body("Secret", "a", -5, options="PruneLast=true")), body("Secret", "c", -8))["a"] == 1


def test_the_swap_is_made_anew_in_every_round() -> None:
    cluster = live(*(body("Secret", name, wave) for name, wave in {"a": -20, "b": 0, "c": 20}.items()))
    _, log = run(cluster, body("ConfigMap", "x", -20), body("ConfigMap", "y", 5))
    # Not b in its own wave 0 and a in wave 20: while a is left, what is left of the higher waves goes in wave -20.
    assert log == ["prune Secret/c", "apply ConfigMap/x", "prune Secret/b", "prune Secret/a", "apply ConfigMap/y"]


def test_prunes_come_first_in_a_wave() -> None:
    _, log = run(live(body("Ingress", "z", 0)), body("NetworkPolicy", "a", 0))
    assert log == ["prune Ingress/z", "apply NetworkPolicy/a"]


@pytest.mark.parametrize(
    ("world", "end"),
    [(World(), End.SUCCEEDED), (STUCK, End.WAITING), (BROKEN, End.FAILED)],
    ids=["ready", "stuck", "degraded"],
)
def test_a_wave_waits_for_what_was_applied_before_it(world: World, end: End) -> None:
    found, log = run(Cluster(), deployment("blue", 0), body("Secret", "next", 1), world=world)
    assert found == end
    assert ("apply Secret/next" in log) == (end is End.SUCCEEDED)
    assert ("wait Deployment/web-blue" in log) == (end is End.WAITING)


def test_the_last_wave_is_not_waited_for_unless_a_prune_comes_after_it() -> None:
    assert run(Cluster(), deployment("blue"), world=STUCK)[0] is End.SUCCEEDED
    end, log = run(live(body("Secret", "old", options="PruneLast=true")), deployment("blue"), world=STUCK)
    assert (end, log) == (End.WAITING, ["apply Deployment/web-blue", "wait Deployment/web-blue"])


def test_a_hook_is_waited_for_even_in_the_last_wave() -> None:
    assert run(Cluster(), body("Job", "smoke", hook="PostSync"), world=STUCK)[0] is End.WAITING
    assert run(Cluster(), body("Job", "smoke", hook="PostSync"), world=BROKEN)[0] is End.FAILED


def test_an_unchanged_object_that_fell_sick_is_waited_for() -> None:
    cluster = live(deployment("blue"))
    cluster.sicken([("Deployment", "web-blue")])
    assert run(cluster, deployment("blue"), body("Secret", "next", 1), world=STUCK)[0] is End.WAITING


def test_a_rollout_that_was_once_complete_is_never_degraded_again() -> None:
    cluster = live(deployment("blue"))
    cluster.sicken([("Deployment", "web-blue")])
    assert run(cluster.copy(), deployment("blue"), body("Secret", "next", 1), world=BROKEN)[0] is End.WAITING
    assert run(cluster, deployment("blue", image="v2"), body("Secret", "next", 1), world=BROKEN)[0] is End.FAILED


@pytest.mark.parametrize(
    ("first", "end"),
    [
        (body("ConfigMap", "a"), End.SUCCEEDED),
        (body("ServiceAccount", "a"), End.SUCCEEDED),
        (service("blue"), End.SUCCEEDED),
        (deployment("blue", replicas=0), End.SUCCEEDED),
        (body("Service", "a", type="LoadBalancer"), End.WAITING),
        (ingress(), End.WAITING),
        (body("PodDisruptionBudget", "a"), End.WAITING),
        (body("Job", "a"), End.WAITING),
    ],
    ids=["ConfigMap", "ServiceAccount", "Service", "stopped", "LoadBalancer", "Ingress", "PodDisruptionBudget", "Job"],
)
def test_kinds_that_can_hold_up_a_wave(first: Body, end: End) -> None:
    assert run(Cluster(), first, body("Secret", "next", 1), world=STUCK)[0] is end


def test_a_deletion_that_hangs_is_waited_for() -> None:
    cluster = live(body("Secret", "old"))
    cluster.hanging = frozenset({("Secret", "old")})
    end, log = run(cluster, body("Secret", "a", 0), body("Secret", "b", 1))
    assert (end, log) == (End.WAITING, ["prune Secret/old", "apply Secret/a"])


def test_a_refused_object_stops_later_waves_but_nothing_of_its_own() -> None:
    world = World(refuses=lambda key: key == ("Service", "a"))
    bodies = [service("blue", 0, "a"), service("blue", 0, "b"), deployment("blue"), body("Secret", "next", 1)]
    assert run(Cluster(), *bodies, world=world) == (End.FAILED, ["apply Service/b", "apply Deployment/web-blue"])


def test_a_sync_is_cut_between_any_two_changes() -> None:
    bodies = [body("Secret", name, wave) for wave, name in enumerate("abc")]
    for cut, end in enumerate([End.CUT, End.CUT, End.CUT, End.CUT, End.SUCCEEDED]):
        cluster = Cluster()
        assert run(cluster, *bodies, world=World(cut=cut))[0] is end
        assert len(cluster.live) == min(cut, 3)
    assert run(live(*bodies), *bodies, world=World(cut=1))[0] is End.SUCCEEDED


CALLING = [account("blue"), deployment("blue", env=[{"value": "http://api-blue:80"}]), service("blue"), ingress()]
SERVED = [account("blue"), deployment("blue"), service("blue"), ingress()]
GREEN = [account("green"), deployment("green")]


@pytest.mark.parametrize(
    ("start", "goal", "active", "rules"),
    [
        (SERVED, SERVED, "blue", set()),
        (SERVED, [*SERVED, *GREEN], "blue", set()),
        (SERVED, [account("blue"), deployment("blue", replicas=5), *SERVED[2:]], "blue", set()),
        ([*SERVED, *GREEN], [*SERVED[:2], *GREEN, service("green"), ingress()], "green", set()),
        (SERVED, [*SERVED[:2], *GREEN, service("green", 0), ingress()], "green", {"unready", "no-pods"}),
        (SERVED, [*SERVED[:2], service("green"), ingress()], "green", {"no-pods"}),
        (SERVED, [*SERVED[:3], ingress(-1, "other"), body("Secret", "next", 1)], "blue", {"no-backend"}),
        (SERVED, [*SERVED[:2], ingress(), body("Secret", "next", 1)], "blue", {"no-backend", "gone"}),
        (SERVED, [*SERVED[:3], body("Secret", "next", 1)], "blue", {"gone"}),
        (SERVED, [SERVED[0], *SERVED[2:]], "blue", {"pruned", "no-pods"}),
        (SERVED, [account("blue"), deployment("blue", replicas=0), *SERVED[2:]], "blue", {"stopped", "no-pods"}),
        (SERVED, [account("blue"), deployment("blue", image="v2"), *SERVED[2:]], "green", {"rolled"}),
        (SERVED, [account("blue"), deployment("blue", image="v2"), *SERVED[2:]], "blue", {"in-place rolled"}),
        (
            SERVED,
            [account("blue"), deployment("blue", image="v2", unavailable=1), *SERVED[2:]],
            "blue",
            {"in-place rolled", "no-pods"},
        ),
        ([*CALLING, service("blue", 0, "api-blue")], CALLING, "green", {"need"}),
        ([*CALLING, service("blue", 0, "api-blue")], CALLING, "blue", {"in-place need"}),
    ],
)
def test_every_harm_to_traffic_is_seen(start: list[Body], goal: list[Body], active: str, rules: set[str]) -> None:
    cluster = Cluster.settled(Tree.of(start, "blue"))
    tree = Tree.of(goal, active)
    watch = Watch(cluster, tree)
    Sync(cluster, tree, watch=watch.look).run()
    assert {each.rule for each in watch.broken} == rules


@pytest.mark.parametrize(("world", "rules"), [(World(), set()), (STUCK, {"need"}), (BROKEN, {"need"})])
def test_a_service_account_is_needed_for_as_long_as_a_sync_stands_still(world: World, rules: set[str]) -> None:
    cluster = live(*SERVED)
    watch = Watch(cluster, Tree.of([*SERVED[1:], *GREEN, body("Secret", "next", 1)], "blue"))
    Sync(cluster, watch.tree, world, watch.look, watch.stop).run()
    assert {each.rule for each in watch.broken} == rules


def test_old_pods_stay_until_new_ones_are_ready() -> None:
    key = ("Deployment", "web-blue")
    cluster = live(deployment("blue"))
    old = cluster.live[key].template
    run(cluster, deployment("blue", image="v2"), body("Secret", "next", 1), world=STUCK)
    assert cluster.pods[key].available == {old}
    run(cluster, deployment("blue", image="v2"), body("Secret", "next", 1))
    assert cluster.pods[key].available == {Resource.of(deployment("blue", image="v2")).template}


def test_pods_without_the_port_that_a_service_names_are_no_endpoints() -> None:
    named = service("blue")
    named["spec"]["ports"][0]["targetPort"] = "http"
    for ports, rules in (([{"name": "http"}], set()), ([], {"no-pods"})):
        pods = deployment("blue")
        pods["spec"]["template"]["spec"]["containers"][0]["ports"] = ports
        cluster = live(account("blue"), pods)
        watch = Watch(cluster, Tree.of([account("blue"), pods, named], "blue"))
        Sync(cluster, watch.tree, watch=watch.look).run()
        assert {each.rule for each in watch.broken} == rules


def test_what_was_broken_before_a_sync_is_not_its_doing() -> None:
    cluster = live(*SERVED[:1], *SERVED[2:])
    watch = Watch(cluster, Tree.of([*SERVED[:1], *SERVED[2:]], "blue"))
    Sync(cluster, watch.tree, watch=watch.look).run()
    assert watch.broken == set()
