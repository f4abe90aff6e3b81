"""Workers, crons, Jobs, autoscaling, policies and the Ingress switch in Argo CD's model: wrong orders, failed gates.

Each rule of `tests.support.argocd_traffic` has a wrong tree here that it must catch.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bggen.model.parts import Autoscale, Peer
from tests.support.argocd import End, Sync, World
from tests.support.argocd_checks import moved, not_switched, rules_broken, sync, without_prune_last
from tests.support.argocd_cluster import Cluster, Health
from tests.support.argocd_history import tree_of, written
from tests.support.argocd_objects import Tree, mounted
from tests.support.argocd_specs import app, cron, smoke, worker
from tests.support.argocd_traffic import Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bggen.model import Switch
    from tests.support.argocd_checks import Change
    from tests.support.argocd_history import Words
    from tests.support.argocd_objects import Key, Resource

METRICS, GUESTS = Peer(namespace="monitoring"), Peer(namespace="ingress-nginx")
WEB = app({"web": []})
CREW = app({"web": [], "mailer": [], "report": []}, fields={"mailer": worker(), "report": cron()})
TESTED = app({"web": []}, smoke=smoke())
FILED = app({"web": []}, fields={"web": {"files": {"/etc/a.ini": "a"}}})
REFILED = app({"web": []}, fields={"web": {"files": {"/etc/a.ini": "b"}}})
OPEN = app({"web": []}, network=(METRICS, GUESTS))
CLOSED = app({"web": []}, network=(METRICS,))
SWITCH = app({"web": []}, switch="ingress")
NEW_SWITCH = app({"web": []}, switch="ingress", tag="v2")
PROMISED = app({"web": []}, switch="ingress", publishes_status=True)
SCALED = app({"web": []}, fields={"web": {"replicas": 3, "autoscale": Autoscale(3, 9, cpu=80)}})
FIXED = app({"web": []}, fields={"web": {"replicas": 3}})
MORE = app({"web": []}, fields={"web": {"replicas": 8}}, tag="v2")

STUCK = World(lambda _key: Health.PROGRESSING)
FAILED = World(lambda key: Health.DEGRADED if key[0] == "Job" else Health.HEALTHY)
NEVER = World(lambda key: Health.PROGRESSING if key[0] == "Job" else Health.HEALTHY)


def trees_of(words: Words) -> list[Tree]:
    return [Tree({}), *map(tree_of, written(words))]


def changing(chosen: Callable[[Resource], bool], **fields: Any) -> Change:
    """Change fields of some resources of each tree."""

    def change(tree: Tree) -> Tree:
        found = {key: replace(each, **fields) for key, each in tree.resources.items() if chosen(each)}
        return Tree({**tree.resources, **found}, tree.active)

    return change


def renamed(kind: str, name: str) -> Change:
    """Give what is of a kind one name in all trees."""

    def change(tree: Tree) -> Tree:
        found = {(kind, name) if key[0] == kind else key: each for key, each in tree.resources.items()}
        return Tree({key: replace(each, key=key) for key, each in found.items()}, tree.active)

    return change


def all_suspended(suspended: bool) -> Change:  # noqa: FBT001 - it is what the crons are
    def change(tree: Tree) -> Tree:
        bodies: Mapping[Key, Any] = {
            key: {**each.body, "spec": {**each.body["spec"], "suspend": suspended}}
            for key, each in tree.resources.items()
            if key[0] == "CronJob"
        }
        found = {key: replace(tree.resources[key], body=body) for key, body in bodies.items()}
        return Tree({**tree.resources, **found}, tree.active)

    return change


def mounted_only(tree: Tree) -> Tree:
    """Leave out the ConfigMaps of the release that a rollback returns to."""
    names = {name for each in tree.resources.values() if each.template for name in mounted(each.template)}
    kept = {key: each for key, each in tree.resources.items() if key[0] != "ConfigMap" or key[1] in names}
    return Tree(kept, tree.active)


def policies_of_the_other(wave: int) -> Change:
    def change(tree: Tree) -> Tree:
        other = changing(lambda each: each.key[0] == "NetworkPolicy" and each.color != tree.active, wave=wave)
        return other(tree)

    return change


def is_worker(resource: Resource) -> bool:
    return resource.once


FLIPS: Words = ["bump", CREW, "bump", CREW, "flip", "rollback", "park"]
UNSEEN_FLIPS: Words = ["bump", FILED, "bump --flip", REFILED, "bump --flip", WEB, "bump --flip", WEB]
GATES: Words = ["bump", WEB, "bump --flip", TESTED, "bump --flip", app({"web": []}, tag="v2", smoke=smoke())]
NARROWED: Words = ["bump", OPEN, "bump --flip", OPEN, "bump", CLOSED]
OPENED: Words = ["bump", OPEN, "bump", CLOSED, "bump --flip", OPEN, "bump", CLOSED, "bump --flip", WEB]
# The idle colour's smoke test is pruned as well, and Argo CD swaps its wave with that of the policies.
SWAPPED: Words = ["bump", WEB, "bump", replace(CLOSED, smoke=smoke()), "bump --flip", WEB]
INGRESS: Words = ["bump", SWITCH, "bump", NEW_SWITCH, "flip", "bump", NEW_SWITCH, "park"]
ALL: dict[str, Words] = {
    "workers and crons": FLIPS,
    "files": UNSEEN_FLIPS,
    "gates": GATES,
    "policies narrowed": NARROWED,
    "policies gone": OPENED,
    "policies gone with a smoke test": SWAPPED,
    "ingress": INGRESS,
    "ingress with a status": ["bump", PROMISED, "bump", PROMISED, "flip", "bump", PROMISED, "park"],
}


@pytest.mark.parametrize("words", ALL.values(), ids=ALL)
def test_no_pair_of_these_trees_harms_anybody(words: Words) -> None:
    assert rules_broken(trees_of(words)) == set()


@pytest.mark.parametrize(
    ("wrong", "words", "rule"),
    [
        (changing(is_worker, wave=30), FLIPS, "twice"),
        (changing(is_worker, options=frozenset({"PruneLast=true"})), FLIPS, "twice"),
        (all_suspended(suspended=False), FLIPS, "twice"),
        (all_suspended(suspended=True), FLIPS, "idle"),
        (moved({"Job"}, 30), GATES, "ungated"),
        (renamed("Job", "shop-gate-1"), GATES, "fixed"),
        (renamed("ConfigMap", "shop-web-blue"), UNSEEN_FLIPS, "fixed"),
        (without_prune_last("ConfigMap"), UNSEEN_FLIPS, "need"),
        (policies_of_the_other(-20), NARROWED, "cut off"),
        (policies_of_the_other(30), OPENED, "cut off"),
        (policies_of_the_other(20), SWAPPED, "cut off"),
        (moved({"Ingress"}, -10), INGRESS, "unready"),
        (without_prune_last("Deployment"), INGRESS, "pruned"),
        (changing(lambda each: each.key[0] == "Deployment", rolls_gently=False), INGRESS, "no-pods"),
    ],
)
def test_a_wrong_order_is_caught(wrong: Change, words: Words, rule: str) -> None:
    trees = trees_of(words)
    assert rule not in rules_broken(trees)
    assert rule in rules_broken([wrong(tree) for tree in trees])


@pytest.mark.parametrize("world", [FAILED, NEVER])
@pytest.mark.parametrize("spec", [TESTED, app({"web": []}, smoke=smoke(), switch="ingress")])
@pytest.mark.parametrize(
    "later", [["park"], ["bump", REFILED], ["bump", WEB, "park"], ["scale"], ["hold"]], ids=lambda words: str(words[0])
)
def test_behind_a_failed_gate_nothing_moves_whatever_is_committed_and_a_rollback_does(
    world: World, spec: Any, later: Words
) -> None:
    switch = spec.route.switch
    old = app({"web": []}, switch=switch, fields={"web": {"files": {"/etc/a.ini": "a"}}})
    later = [replace(word, route=spec.route) if not isinstance(word, str) else word for word in later]
    start, *rest = written(["bump", old, "bump --flip", spec, *later])
    cluster = Cluster.settled(tree_of(start))
    for state in rest:
        assert state.gate
        end, broken = sync(cluster, tree_of(state), world)
        assert end is (End.FAILED if world is FAILED else End.WAITING)
        assert broken == set()
        assert cluster.live["Service", "shop-web"].color_selected == "blue"
        assert {name[-4:] for name, _ in cluster.live["Ingress", "shop"].backends} <= {"blue", "-web"}
        assert not_switched(cluster, state) == []


def test_without_the_files_of_the_release_before_a_failed_gate_and_a_bump_take_them_from_pods_that_serve() -> None:
    first, *rest = map(tree_of, written(["bump", FILED, "bump --flip", TESTED, "bump", REFILED]))
    for change, rules in ((lambda tree: tree, set()), (mounted_only, {"need"})):
        cluster = Cluster.settled(change(first))
        found = {each.rule for tree in rest for each in sync(cluster, change(tree), FAILED)[1]}
        assert found == rules


def test_another_flip_behind_a_failed_gate_replaces_the_colour_that_serves_in_place() -> None:
    """The price of not knowing the cluster: who does not roll back first has no gate before the pods that serve."""
    first, *rest = map(tree_of, written(["bump", FILED, "bump --flip", TESTED, "bump --flip", REFILED]))
    cluster = Cluster.settled(first)
    assert sync(cluster, rest[0], FAILED) == (End.FAILED, set())
    end, broken = sync(cluster, rest[1], STUCK)
    assert (end, {each.rule for each in broken}) == (End.WAITING, {"in-place rolled", "in-place need"})


def test_a_worker_that_becomes_a_service_where_flips_were_skipped_may_still_work_for_a_moment() -> None:
    as_worker = app({"web": [], "mailer": []}, fields={"mailer": worker()})
    as_service = app({"web": [], "mailer": []})
    words: Words = ["bump", as_worker, "bump --flip", as_worker, "flip", "bump", as_service]
    trees = trees_of(words)
    _, broken = sync(Cluster.settled(trees[2]), trees[4])
    assert {(each.rule, each.subject) for each in broken} == {("changed twice", "Deployment/shop-mailer-blue")}
    _, broken = sync(Cluster.settled(trees[3]), trees[4])
    assert broken == set()


def test_a_test_of_the_idle_colour_blocks_nothing_before_the_switch() -> None:
    bumped, flipped = map(tree_of, written(["bump", WEB, "bump", TESTED, "flip"])[1:])
    cluster = Cluster.settled(tree_of(written(["bump", WEB])[0]))
    assert sync(cluster, bumped, FAILED) == (End.SUCCEEDED, set())
    assert sync(cluster, flipped) == (End.SUCCEEDED, set())


def test_with_a_suspended_cron_a_prune_after_the_last_wave_never_comes_until_its_colour_is_parked() -> None:
    """Argo CD calls a suspended CronJob Suspended and waits for it; only a route that goes is pruned after it."""
    unrouted = replace(CREW, route=None)
    history = written(["bump", CREW, "bump", unrouted, "flip", "park"])
    cluster = Cluster.settled(tree_of(history[1]))
    end, broken = sync(cluster, tree_of(history[2]))
    assert (end, broken) == (End.WAITING, set())
    assert cluster.live["Service", "shop-web"].color_selected == "green"
    assert sync(cluster, tree_of(history[3])) == (End.SUCCEEDED, set())
    assert ("Ingress", "shop") not in cluster.live


@pytest.mark.parametrize(
    ("words", "start", "rule"),
    [
        # Autoscaling goes in the commit that flips, or what it had is raised: Argo CD keeps the live number.
        (["bump", WEB, "bump", SCALED, "bump --flip", MORE], 1, "short"),
        (["bump", SCALED, "bump --flip", MORE, "rollback"], 1, "short"),
        # Autoscaling comes to a colour whose park Argo CD has not seen: one pod is left.
        (["bump", WEB, "bump", FIXED, "park", "bump --flip", SCALED], 1, "short"),
        (["bump", FIXED, "bump --flip", WEB, "park", "bump --flip", SCALED], 0, "in-place shrunk"),
    ],
)
def test_what_argo_cd_ignores_of_autoscaled_components_is_short_of_pods_for_a_while(
    words: Words, start: int, rule: str
) -> None:
    """What is left open: nothing in Git can say how many pods an autoscaled Deployment has."""
    trees = [*map(tree_of, written(words))]
    end, broken = sync(Cluster.settled(trees[start]), trees[-1])
    assert end is End.SUCCEEDED
    assert rule in {each.rule for each in broken} <= {rule, "in-place rolled"}


def test_autoscaling_that_comes_by_a_parked_colour_is_never_short_of_pods() -> None:
    trees = [*map(tree_of, written(["bump", WEB, "bump", FIXED, "park", "bump", SCALED, "flip"]))]
    cluster = Cluster.settled(trees[0])
    for tree in trees[1:]:
        assert sync(cluster, tree) == (End.SUCCEEDED, set())
        cluster.settle()


@pytest.mark.parametrize(("switch", "leaves"), [("service", False), ("ingress", True)])
def test_a_colour_that_is_left_may_get_autoscaling_in_the_wave_of_the_ingress(switch: Switch, *, leaves: bool) -> None:
    """Argo CD saw neither the flip back nor the park: users are led away by the last kind of the wave that does it."""
    fixed, scaled = (
        app({"web": []}, switch=switch, fields={"web": {"replicas": 3, **more}})
        for more in ({}, {"autoscale": Autoscale(3, 9, cpu=80)})
    )
    trees = [*map(tree_of, written(["bump", fixed, "bump --flip", fixed, "flip", "park", "bump", scaled]))]
    green, shrunk = ("Deployment", "shop-web-green"), []
    cluster = Cluster.settled(trees[1])
    watch = Watch(cluster, trees[-1])

    def look() -> None:
        if ("shrunk", green) in cluster.hits:
            shrunk.append(cluster.leaving)
        watch.look()

    assert Sync(cluster, trees[-1], watch=look).run() is End.SUCCEEDED
    assert shrunk == [leaves]
    assert watch.broken == set()
