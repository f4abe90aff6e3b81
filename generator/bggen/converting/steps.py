"""The steps of a move, each with its commands, what to look at, and the way back."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from bggen.model import AppSpec, EnvState, Release

# https://gateway-api.sigs.k8s.io/guides/api-design/#conflicts and
# https://kubernetes.github.io/ingress-nginx/how-it-works/#avoiding-outage-from-wrong-configuration.
_TWO_ROUTES: Final = (
    "Gateway API lets the older one win; ingress-nginx refuses the second one where its admission webhook runs: there"
    " {app} has to give the host up first (bump and flip it with another host), and users meet a gap of one sync,"
    " unless DNS moves them to another load balancer"
)


@dataclass(frozen=True, slots=True)
class Step:
    """One step.

    Attributes:
        title: what it does.
        commands: to run, one after another.
        checks: what must be so before the next step.
        back: how to undo it.
    """

    title: str
    commands: tuple[str, ...]
    checks: tuple[str, ...]
    back: str


def steps_of(
    state: EnvState, active: Release, made: AppSpec | None, *, to: str, name: str, overlay: bool
) -> tuple[Step, ...]:
    """Return the steps.

    Args:
        state: of the (app, env).
        active: its active release.
        made: the new app's spec; None while something is open.
        to: `rollouts` or `deployments`.
        name: the new app's.
        overlay: whether the environment has an overlay.
    """
    app, env = state.app, state.env
    old, new = f"--app {app} --env {env}", f"--app {name} --env {env}"
    images = " ".join(f"--image {shlex.quote(str(each.image))}" for each in active.spec.components.values())
    copies = [f"mkdir -p apps/{name}", f"cp apps/{app}/app.yaml apps/{name}/"]
    if overlay:
        copies += [f"mkdir -p apps/{name}/{env}", f"cp apps/{app}/{env}/overlay.yaml apps/{name}/{env}/"]
    there = "the Rollout is Healthy" if to == "rollouts" else "the Deployments of blue are ready"
    return (
        Step(
            f"Copy the app to {name}, and make the edits above",
            (*copies, f"bggen validate {new}", f"git add apps/{name}", f"git commit -m 'Add {name}'"),
            ("bggen validate finds nothing",),
            f"git revert the commit: nothing runs yet of {name}",
        ),
        Step(
            f"Release to {name} what serves now",
            (f"bggen bump {new} {images} --push",),
            (
                f"Argo CD has an Application for apps/{name}/{env}/manifests, with the same options as that of {app}",
                f"{there}, and the new app answers on its own host"
                if active.spec.route and active.spec.route.hosts
                else f"{there}, and the Service of {name} answers",
                *_elsewhere(active.spec, made),
                "what both apps would do twice is meant to be there twice: claims, queues, names in other systems",
            ),
            f"git revert the commit: users are with {app} still",
        ),
        Step(
            f"Stop flips of {app}, so that both go on running the same",
            (f"bggen hold {old} --reason 'moves to {name}' --push",),
            (f"bggen status {old} shows the hold",),
            f"bggen unhold {old} --push",
        ),
        _move(active, app, env, name),
        Step(
            f"Delete {app}, once nobody calls it any more",
            (
                f"git rm -r apps/{app}/{env}",
                f"# in apps/{app}/app.yaml: take {env} out of `environments`; delete the folder where it was the last",
                f"git add apps/{app}",
                f"git commit -m 'Remove {app} from {env}'",
                "git push",
            ),
            (
                f"no requests reach the Services of {app} in its metrics or logs for as long as DNS may be remembered",
                f"every other caller inside the cluster names the Services of {name}",
            ),
            f"git revert the commit: {app} comes back with the releases that it had, and users stay with {name}",
        ),
    )


def _elsewhere(old: AppSpec, made: AppSpec | None) -> list[str]:
    """Tell of what is not there in another namespace."""
    if made is None or made.namespace == old.namespace:
        return []
    kinds = {"secret": "Secret", "configMap": "ConfigMap", "claim": "PersistentVolumeClaim"}
    names: set[str] = {f"Secret {old.route.tls}"} if old.route and old.route.tls else set()
    for component in old.components.values():
        for value in component.env.values():
            if not isinstance(value, str) and value.source in kinds:
                names.add(f"{kinds[value.source]} {value.name}")
        names |= {f"{kinds[each.kind]} {each.name}" for each in component.env_from}
        names |= {f"{kinds[each.kind]} {each.name}" for each in component.mounts.values() if each.kind in kinds}
        names |= {f"Secret {each}" for each in component.image_pull_secrets}
    needed = f", and holds {', '.join(sorted(names))}" if names else ""
    return [f"the namespace {made.namespace}, which is not that of {old.name}, is there{needed}"]


def _move(active: Release, app: str, env: str, name: str) -> Step:
    hosts = active.spec.route.hosts if active.spec.route else ()
    if not hosts:
        return Step(
            f"Let callers name the Services of {name} instead of those of {app}",
            (),
            (f"requests reach {name}, and no longer {app}",),
            f"let them name the Services of {app} again: they run on",
        )
    listed = ", ".join(hosts)
    return Step(
        f"Move users: {listed} to {name}",
        (
            f"# in apps/{name}: route.hosts gets {listed} beside its own",
            f"bggen bump --app {name} --env {env} --push",
            f"bggen flip --app {name} --env {env} --push",
            f"# where DNS decides: point {listed} at the load balancer of {name}",
        ),
        (
            "both apps run the same images, so it does not matter which of them answers",
            f"two routes of one host: {_TWO_ROUTES.format(app=app)}",
            f"requests for {listed} reach {name}",
        ),
        f"bggen rollback --app {name} --env {env} --push, or DNS back: {app} runs on until it is deleted",
    )
