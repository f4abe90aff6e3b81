"""A long random walk over commands of an app behind `switch: rollouts`, with a controller that may skip commits.

Plain code, as `tests.support.walk` is; a walk is told by its seed and its number of steps.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any

from bggen import state as state_files
from bggen import transitions
from bggen.checks import check
from bggen.comparing import compare, compare_objects
from bggen.errors import RefusedError, UsageError
from bggen.events import events
from bggen.images import parse_image_arg
from bggen.model import Color, EnvState
from bggen.render import LATEST, render
from bggen.spec import spec_from_data
from bggen.transitions import BumpRequest, FlipRequest
from tests.support.told import commanded
from tests.support.walk import read

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bggen.model import AppSpec, Manifest, Release
    from bggen.transitions import Transition

APP, ENV = "cart", "prod"
_NOW = "2026-06-01T12:00:00Z"
_WEIGHTS = {"edit": 12, "bump": 26, "flip": 22, "rollback": 9, "park": 5, "wake": 3, "scale": 8, "unhold": 7}
_QUERY = {"address": "http://prometheus:9090", "query": "up", "successCondition": "result[0] < 1"}


@dataclass(slots=True)
class RolloutWalk:
    """One walk; `done` counts what was done, by command, `refused` what was refused, by kind."""

    seed: int
    state: EnvState = field(default_factory=lambda: EnvState(APP, ENV))
    manifests: Mapping[str, Manifest] = field(default_factory=dict)
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    _random: Random = field(default_factory=Random)
    _spec: AppSpec = field(init=False)
    _releases: dict[int, Release] = field(default_factory=dict)
    _templates: dict[int, str] = field(default_factory=dict)
    # What a controller has seen that does not get every commit: its template, and those that it had before.
    _synced: int = 0
    _retired: set[int] = field(default_factory=set)
    _live: int = 0

    def __post_init__(self) -> None:
        self._random = Random(self.seed)  # noqa: S311 - a walk has to be the same every time
        self._spec = self._edited()

    def walk(self, steps: int) -> None:
        """Take some steps.

        Raises:
            AssertionError: a promise was broken; it names the seed and the step.
        """
        for step in range(steps):
            command = self._random.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
            try:
                self._step(command)
            except AssertionError as error:
                raise AssertionError(f"seed {self.seed}, step {step}, {command}: {error}") from error

    def _edited(self) -> AppSpec:
        return random_rollout(self._random)

    def _step(self, command: str) -> None:
        if command == "edit":
            self._spec = self._edited()
            return
        try:
            decided = self._decide(command)
        except (RefusedError, UsageError) as error:
            self.refused[error.kind] += 1
            return
        self.done[command] += 1
        if not decided.changed:
            return
        before, rendered = self.state, self.manifests
        files = state_files.encode(decided.after)
        self.state = state_files.decode(APP, ENV, f"apps/{APP}/{ENV}", files)
        assert self.state == decided.after
        made = render(self.state)
        assert check(self.state, made) == ()
        self.manifests = {manifest.file: manifest for manifest in made}
        for release in (self.state.blue, self.state.green):
            if release:
                self._releases[release.number] = release
        self._promises()
        if rendered and decided.after.active is before.active and command != "scale":
            assert _of_users(rendered) == _of_users(self.manifests), "what reaches the pods that serve"
        if command == "rollback":
            assert self._strategy()["autoPromotionEnabled"] is True
            assert "prePromotionAnalysis" not in self._strategy()
        told = dict.fromkeys(event.action for event in events(before, self.state))
        assert list(told) == commanded(decided), f"told as {list(told)}"
        if self._random.random() < 0.6:
            self._sync()

    def _decide(self, command: str) -> Transition:
        state, pick = self.state, self._random
        match command:
            case "bump":
                then = self._flip() if pick.random() < 0.15 else None
                image = parse_image_arg(pick.choice(["v1", "v2", "v3"]))
                force = pick.random() < 0.2
                return transitions.bump(state, BumpRequest(self._spec, LATEST, (image,), force=force, then_flip=then))
            case "flip":
                return transitions.flip(state, self._flip())
            case "rollback":
                number = pick.choice([None, None, pick.randint(1, max(1, state.served))])
                target = transitions.rollback_target(state, number)
                found = self._releases[target.number] if target.source == "history" else None
                return transitions.rollback(state, target, by="Ann <ann@example.com>", found=found)
            case "scale":
                wanted = transitions.parse_replicas([f"{APP}={pick.randint(1, 6)}"])
                color = pick.choice([None, Color.BLUE, Color.GREEN])
                return transitions.scale(state, wanted, color)
        return {"park": transitions.park, "wake": transitions.wake, "unhold": transitions.unhold}[command](state)

    def _flip(self) -> FlipRequest:
        pick = self._random
        return FlipRequest(now=_NOW, allow_less_capacity=True, override_hold="urgent", smoke=pick.random() < 0.7)

    def _promises(self) -> None:
        state = self.state
        rollout = self.manifests[f"rollout-{APP}.yaml"]
        number = int(read(rollout)["spec"]["template"]["metadata"]["labels"]["bggen.dev/release"])
        template = rollout.text.partition("\n  template:\n")[2]
        assert self._templates.setdefault(number, template) == template, f"the template of release {number} changed"
        same = [other for other, text in self._templates.items() if text == template]
        assert same == [number], f"releases {same} have one template: no pause would stand before it"
        waits = state.pending and not state.parked
        assert self._strategy()["autoPromotionEnabled"] is not waits
        wanted = state.idle_release if waits else state.active_release
        assert wanted is not None
        assert number == wanted.number
        services = {each.name for each in self.manifests.values() if each.kind == "Service"}
        assert services == {APP, f"{APP}-preview"}
        for each in self.manifests.values():
            for rule in read(each)["spec"]["rules"] if each.kind == "Ingress" else ():
                assert {path["backend"]["service"]["name"] for path in rule["http"]["paths"]} <= services
            for rule in read(each)["spec"]["rules"] if each.kind == "HTTPRoute" else ():
                assert {backend["name"] for backend in rule["backendRefs"]} <= services
        if state.active_release and state.idle_release:
            same_content = compare(state.active_release, state.idle_release).same
            assert not same_content or not compare_objects(state)

    def _strategy(self) -> Any:
        return read(self.manifests[f"rollout-{APP}.yaml"])["spec"]["strategy"]["blueGreen"]

    def _sync(self) -> None:
        """Let the controller have the newest tree, whatever it has not seen in between.

        It goes at once to pods that it still has and that wait for their end, so what waits for a flip must be new.
        """
        labels = read(self.manifests[f"rollout-{APP}.yaml"])["spec"]["template"]["metadata"]["labels"]
        number = int(labels["bggen.dev/release"])
        if number != self._synced:
            self._retired.add(self._synced)
        known = number in self._retired
        if self._strategy()["autoPromotionEnabled"]:
            self._live = number
            assert self.state.active_release is not None
            assert number == self.state.active_release.number
        else:
            assert not known, f"release {number} would go live without a flip"
            assert number != self._live
        self._synced = number


def _of_users(manifests: Mapping[str, Manifest]) -> dict[str, Any]:
    """Return all that reaches pods that serve, other than by a promotion."""
    found: dict[str, Any] = {}
    for manifest in manifests.values():
        data = read(manifest)
        if manifest.kind == "Rollout":
            found["replicas"] = data["spec"]["replicas"]
            found["metadata"] = data["spec"]["strategy"]["blueGreen"].get("activeMetadata")
            found["autoscaled"] = data["metadata"]["labels"].get("bggen.dev/autoscaled")
        elif manifest.kind == "Service" and manifest.name == APP:
            # Ports that are kept for pods of before go with what they were kept for.
            ports = [port for port in data["spec"]["ports"] if port["name"] == "http"]
            found["service"] = (data["metadata"], {**data["spec"], "ports": ports})
        elif manifest.kind in {"ServiceAccount", "PodDisruptionBudget", "HorizontalPodAutoscaler", "NetworkPolicy"} or (
            manifest.kind in {"Ingress", "HTTPRoute"} and manifest.name == APP
        ):
            found[manifest.file] = manifest.text
    return found


def random_rollout(random: Random) -> AppSpec:
    """Return a spec of one component behind a Rollout, with everything that it may have."""

    def sometimes(fields: Mapping[str, Any], chance: float = 0.3) -> dict[str, Any]:
        return {key: value for key, value in fields.items() if random.random() < chance}

    component: dict[str, Any] = {
        "image": "ghcr.io/acme/cart",
        "kind": "service",
        "security": "restricted",
        "drain": 10,
        "port": random.choice([8080, 9090]),
        "replicas": random.randint(1, 4),
        **sometimes(
            {
                "ports": {random.choice(["metrics", "stats"]): 9100},
                "files": {"/etc/cart/config.ini": random.choice(["one\n", "two\n"])},
                "writable": [],
                "service": {"type": "NodePort", "nodePort": 30080},
                "serviceAccount": {"annotations": {"example.com/role": random.choice(["a", "b"])}},
                "labels": {"team": random.choice(["a", "b"])},
                "annotations": {"example.com/note": random.choice(["a", "b"])},
                "health": {"ready": "/ready", "startSeconds": random.choice([30, 600])},
            }
        ),
    }
    if random.random() < 0.1:
        scale = {"min": component["replicas"], "max": 9, "cpu": 70}
        component |= {"autoscale": scale, "resources": {"cpu": "100m"}}
    route: dict[str, Any] = {"paths": {"/": APP}, "switch": "rollouts"}
    if random.random() < 0.8:
        route |= {"hosts": ["cart.example.com"], **sometimes({"preview": {"host": "preview.example.com"}}, 0.5)}
        route |= sometimes({"parentRefs": [{"name": "edge"}]})
    metrics: list[dict[str, Any]] = [
        {"prometheus": _QUERY},
        {"job": {"image": "test:v1", "command": ["/test", "${cart.url}"], "timeout": 30}},
    ]
    good = {**random.choice(metrics), "count": 1, "failureLimit": 0}
    analysis = {"metrics": {"good": good}, "args": {"limit": "5"}}
    settings: dict[str, Any] = {
        "promotion": "manual",
        "scaleDownDelayRevisionLimit": 1,
        "revisionHistoryLimit": 3,
        **sometimes(
            {
                "previewReplicaCount": 1,
                "scaleDownDelaySeconds": 600,
                "abortScaleDownDelaySeconds": 0,
                "rollbackWindow": 2,
                "maxUnavailable": 1,
                "progressDeadlineAbort": True,
                "antiAffinity": "required",
                "activeMetadata": {"labels": {"role": random.choice(["active", "live"])}},
                "previewMetadata": {"labels": {"role": "preview"}},
                "prePromotionAnalysis": analysis,
                "postPromotionAnalysis": analysis,
            }
        ),
    }
    smoke = {"component": APP, "path": "/ready", "expect": 200, "image": "curl:8", "timeout": 30}
    peers = {"from": [{"namespace": random.choice(["gateway", "mesh"])}]}
    tested = sometimes({"smoke": smoke, "network": peers})
    if "smoke" not in tested and "prePromotionAnalysis" not in settings and random.random() < 0.3:
        settings |= {"promotion": "timed", "autoPromotionSeconds": 300}
    patches = [
        {"target": {"kind": "Rollout"}, "merge": {"spec": {"template": {"spec": {"dnsPolicy": "Default"}}}}},
        {"target": {"kind": "Service", "name": APP}, "merge": {"metadata": {"annotations": {"note": "x"}}}},
    ]
    chosen = [patch for patch in patches if random.random() < 0.15]
    return spec_from_data(
        {
            "name": APP,
            "kubernetes": random.choice(["1.25", "1.30", "1.37"]),
            "components": {APP: component},
            "route": route,
            "rollout": settings,
            **tested,
            **({"patches": chosen} if chosen else {}),
        }
    )
