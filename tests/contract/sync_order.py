"""The model of Argo CD's sync is held to Argo CD's own code: tests/support/argocd.py against gitops-engine.

`syncorder` is that code with a map for a cluster. Both sync along the same histories, from wherever the sync before
ended, in the same worlds: what is healthy, what is sick, what the API server refuses. They have to do the same, in the
same order, and to end alike. Not looked at: hooks, which bggen does not render, and deletions that hang.

The name of this file keeps it out of `make test`, as that of `custom_resources.py` does.
"""

from __future__ import annotations

import itertools
import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given, note, settings
from hypothesis import strategies as st

from bggen.render import render
from tests.support.argocd import End, Sync, World
from tests.support.argocd_cluster import Cluster, Health
from tests.support.argocd_history import Command, histories, states_of, tree_of
from tests.support.golang import built

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

    from bggen.model import EnvState
    from tests.support.argocd_objects import Key

SOURCE = Path(__file__).with_name("syncorder")
# What Argo CD says of an object, and what that is to a sync.
ANSWERS = {
    "Healthy": Health.HEALTHY,
    "Degraded": Health.DEGRADED,
    "Progressing": Health.PROGRESSING,
    "Suspended": Health.PROGRESSING,
    "Unknown": Health.PROGRESSING,
    "Missing": Health.PROGRESSING,
}
# Of these it says nothing, or what a script of it says.
MUTE = {"ServiceAccount", "ConfigMap", "NetworkPolicy", "PodDisruptionBudget", "CronJob", "HTTPRoute"}

Round = list[tuple[str, str, frozenset[str]]]


@dataclass(slots=True)
class Engine:
    """Argo CD's code, which keeps what is live."""

    process: subprocess.Popen[str]
    fresh: bool = True

    def sync(self, target: list[Any], health: dict[str, str], refused: list[str]) -> dict[str, Any]:
        """Let it do one operation."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        asked = {"fresh": self.fresh, "target": target, "health": health, "refused": refused}
        self.fresh = False
        self.process.stdin.write(f"{json.dumps(asked)}\n")
        self.process.stdin.flush()
        found: dict[str, Any] = json.loads(self.process.stdout.readline())
        return found


@pytest.fixture(scope="module")
def process() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [built(SOURCE) / "syncorder"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(60) == 0


@dataclass(slots=True)
class Told(Cluster):
    """The model's cluster, where a script says how everything is."""

    script: Callable[[Key], Health] = field(kw_only=True)

    def look(self, key: Key, _choose: Callable[[Key], Health]) -> Health:
        """Return what the script says."""
        return self.script(key)


def name_of(key: Key) -> str:
    return "/".join(key)


def rounds(steps: list[tuple[str, str]]) -> Round:
    """Return what was done, where what goes at the same time has no order: prunes, and applies of one kind."""
    found: Round = []
    for (action, kind), group in itertools.groupby(steps, lambda step: (step[0], _together(step))):
        found.append((action, kind, frozenset(name for _, name in group)))
    return found


def _together(step: tuple[str, str]) -> str:
    return "" if step[0] == "prune" else step[1].partition("/")[0]


def check_walk(engine: Engine, states: list[EnvState], random: Random) -> set[End]:
    """Sync both to the same trees, each from where it is; they may not be told apart."""
    cluster: Told | None = None
    at, ends = 0, set()
    for _ in range(random.randint(2, 4)):
        at = random.randint(at, len(states) - 1)
        tree = tree_of(states[at])
        known = set(tree.resources) | set(cluster.live if cluster else ())
        answers = _answers(sorted(known), random)
        refused = [key for key in tree.resources if random.random() < 0.01]
        cluster = cluster or Told(script=lambda _key: Health.NONE)
        cluster.script = _script(answers)
        model = Sync(cluster, tree, World(refuses=refused.__contains__))
        end = model.run()
        target = [yaml.safe_load(manifest.text) for manifest in render(states[at])]
        found = engine.sync(target, answers, [name_of(key) for key in refused])
        note(f"to {at}: {end}, {found['end']}: {found['message']}")
        assert rounds(_applied(model.log)) == rounds([(a, b) for _, a, b in found["log"] if a != "refuse"])
        assert found["end"] == end
        assert found["live"] == sorted(map(name_of, cluster.live))
        ends.add(end)
    return ends


def _answers(keys: list[Key], random: Random) -> dict[str, str]:
    """Return what Argo CD says of the objects; in a third of all worlds all is well."""
    sick = random.choice([0.0, 0.03, 0.2])
    found = {}
    for key in keys:
        ill = random.random() < sick
        if ill or key[0] not in MUTE:
            found[name_of(key)] = random.choice(list(ANSWERS)) if ill else "Healthy"
    return found


def _script(answers: dict[str, str]) -> Callable[[Key], Health]:
    return lambda key: ANSWERS[answers[name_of(key)]] if name_of(key) in answers else Health.NONE


def _applied(log: list[tuple[str, Key]]) -> list[tuple[str, str]]:
    return [(action, name_of(key)) for action, key in log if action != "wait"]


def test_both_do_the_same(process: subprocess.Popen[str]) -> None:
    ends: set[End] = set()

    @settings(max_examples=200)
    @given(histories(), st.randoms(use_true_random=True))
    def same(commands: list[Command], random: Random) -> None:
        note("\n".join(map(str, commands)))
        ends.update(check_walk(Engine(process), states_of("shop", commands), random))

    same()
    assert ends == {End.SUCCEEDED, End.FAILED, End.WAITING}
