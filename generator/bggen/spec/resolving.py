"""app.yaml, its overlay and the defaults → the resolved spec of one environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bggen.model import Problem
from bggen.spec.canonical import canonical, plain
from bggen.spec.codec import spec_from_data
from bggen.spec.decoding import shown
from bggen.spec.kinds import CRON_FIELDS
from bggen.spec.layers import Layers, mapping
from bggen.spec.limits import too_large
from bggen.spec.messages import nearest
from bggen.spec.repo import raise_all, read_repo
from bggen.spec.routes import check_route
from bggen.spec.schema import FORGETFUL, check, read
from bggen.spec.sections import check_network, check_patches, check_smoke, check_smoke_name
from bggen.spec.semantics import check_component, check_names, check_namespace, check_pod_fields
from bggen.spec.workload import fitting

if TYPE_CHECKING:
    from bggen.model import AppSpec
    from bggen.model.config import RepoConfig
    from bggen.spec.schema import Checked, Verdicts
    from bggen.yamlio import Path

# What an app with one component may write at the top: all of a component but `kind`, which is the file's own there.
SHORTHAND = (
    *("image", "port", "ports", "service", "replicas", "autoscale", "command", "args", "env", "envFrom", "files"),
    *("mounts", "writable", "health", "resources", "user", "group", "security", "drain", "serviceAccount"),
    *("imagePullSecrets", "nodeSelector", "tolerations", "priorityClass", "colorAntiAffinity", "labels", "annotations"),
)


def resolve(
    repo: bytes,
    content: bytes,
    overlay: bytes | None,
    *,
    app: str,
    env: str,
    verdicts: Verdicts = FORGETFUL,
) -> AppSpec:
    """Return the spec of one app in one environment; its images are as the spec says, repositories or pinned.

    Args:
        repo: bggen.yaml.
        content: app.yaml.
        overlay: the environment's overlay.yaml, if there is one.
        app: the name of the app's folder.
        env: the environment.
        verdicts: spares files that were valid before the schema's work.

    Raises:
        TooNewError: the repo needs a newer bggen.
        InvalidError: with every problem of all three files, sorted by file and place.
    """
    settings, config = read_repo(repo, "bggen.yaml", verdicts)
    files = [settings, check(content, f"apps/{app}/app.yaml", "app", verdicts)]
    if overlay is not None:
        files.append(check(overlay, f"apps/{app}/{env}/overlay.yaml", "overlay", verdicts))
    data: dict[str, Any] = {}
    if all(file.document for file in files):
        data = _Resolution(files, config, app, env).data()
    raise_all(problem for file in files for problem in file.problems)
    try:
        return spec_from_data(data)
    except ValueError as error:
        # Only where a verdict was wrong: the schema would have said it better.
        raise_all([Problem(files[1].path, 0, 0, "", str(error).removeprefix("spec."))])
        raise


def environments_of(content: bytes, repo: RepoConfig, path: str = "app.yaml") -> tuple[str, ...]:
    """Return the environments that an app is in, in the order of bggen.yaml.

    Args:
        content: app.yaml; nothing but its `environments` is looked at, so that other mistakes stand in nobody's way.
        repo: the settings.
        path: the file as errors show it.

    Raises:
        InvalidError: the file cannot be read, or `environments` is no list of names.
    """
    document = read(content, path)
    listed = document.data.get("environments")
    if listed is None:
        return tuple(repo.environments)
    if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
        place = document.position(("environments",))
        raise_all([Problem(path, place.line, place.column, "environments", "must be a list of names")])
    return tuple(name for name in repo.environments if name in listed)


class _Resolution:
    """Merges the files of one (app, env), and reports what no schema can see."""

    def __init__(self, files: list[Checked], config: RepoConfig, app: str, env: str) -> None:
        self.repo, self.file = files[0], files[1]
        self.overlay = files[2] if len(files) > 2 else None  # noqa: PLR2004 - the third is the overlay
        self.config = config
        self.app = app
        self.env = env
        self.short = not self.file.has(("components",))

    def data(self) -> dict[str, Any]:
        """Return the spec as canonical data; it is only of use if no problem was reported."""
        config = self.config
        environment = config.environments.get(self.env)
        if environment is None and not self.repo.is_refused(("environments", self.env)):
            self.repo.report(("environments",), f"has no environment `{self.env}`")
        kubernetes = (environment and environment.kubernetes) or config.kubernetes
        self._check_head(config)
        self._check_forms()
        parts = {name: self._layers(name) for name in self._names()}
        merged = {name: fitting(layers, layers.merged()) for name, layers in parts.items()}
        ports = {name: "port" in merged[name] or parts[name].refused(("port",)) for name in parts}
        # Of a component that the schema refused as a whole nothing is known: no reference to it is a mistake.
        ports |= dict.fromkeys(self.file.refused_in("components"), True)
        check_names(self.file, self.app, merged, short=self.short)
        for name, layers in parts.items():
            check_component(layers, merged[name], ports)
            check_pod_fields(layers, merged[name].get("env"), kubernetes)
        data: dict[str, Any] = {
            "name": self.app,
            "kubernetes": kubernetes,
            "components": {name: canonical(fields) for name, fields in merged.items()},
        }
        if environment and environment.namespace:
            where = ("environments", self.env, "namespace")
            data["namespace"] = check_namespace(self.repo, where, environment.namespace, self.app)
        whole = {**data, **self._sections(ports, kubernetes, data.get("namespace"))}
        self._rollout(whole, parts, merged, ports)
        if not any(file.problems for file in (self.repo, self.file, self.overlay) if file) and (
            wrong := too_large(whole)
        ):
            self.file.report(() if self.short else ("components",), wrong, key=True)
        return whole

    def _check_head(self, config: RepoConfig) -> None:
        name = self.file.data.get("name")
        if name != self.app:
            self.file.report(("name",), f"must be `{self.app}`, the name of its folder")
        listed = self.file.data.get("environments")
        if not isinstance(listed, list):
            return
        for index, env in enumerate(listed):
            if isinstance(env, str) and env not in config.environments:
                near = nearest(env, config.environments)
                hint = f", did you mean `{near}`?" if near else ""
                self.file.report(("environments", index), f"bggen.yaml has no environment {shown(env)}{hint}")
        if self.env not in listed:
            self.file.report(("environments",), f"does not list `{self.env}`")

    def _check_forms(self) -> None:
        if not self.short:
            for file in (self.file, *([self.overlay] if self.overlay else [])):
                for field in SHORTHAND:
                    if file.has((field,)):
                        file.report((field,), "stands beside `components`: write it below a component's name", key=True)
        elif self.overlay and self.overlay.has(("components",)):
            message = f"{self.file.path} has no `components`: write the fields at the top, as it does"
            self.overlay.report(("components",), message, key=True)

    def _names(self) -> list[str]:
        """Return the components' names, sorted; one that the overlay takes away is none."""
        if self.short:
            return [self.app]
        own = mapping(self.file.data.get("components"))
        changes = mapping(self.overlay.data.get("components")) if self.overlay else {}
        for name in changes:
            where: Path = ("components", name)
            if self.overlay and name not in own and not self.file.has(where):
                near = nearest(name, own)
                hint = f", did you mean `{near}`?" if near else ""
                self.overlay.report(where, f"{self.file.path} has no such component{hint}", key=True)
        names = sorted(name for name in own if changes.get(name, own[name]) is not None)
        if not names:
            self.file.report(("components",), "leaves no component in this environment", key=True)
        return names

    def _layers(self, component: str) -> Layers:
        own: Path = () if self.short else ("components", component)
        places: list[tuple[Checked, Path]] = [
            (self.file, own),
            (self.repo, ("environments", self.env, "defaults")),
            (self.repo, ("defaults",)),
        ]
        if self.overlay:
            places.insert(0, (self.overlay, own))
        # At the top, `kind` is the file's own.
        only = SHORTHAND if self.short else (*SHORTHAND, "kind", *CRON_FIELDS)
        return Layers(places, owner=1 if self.overlay else 0, only=only)

    def _sections(self, ports: dict[str, bool], kubernetes: str, namespace: str | None) -> dict[str, Any]:
        """Return what stands beside the components as canonical data."""
        data: dict[str, Any] = {}
        if route := self._section("route"):
            data["route"] = check_route(*route, ports)
            if data["route"]["switch"] == "gateway" or "parentRefs" in data["route"]:
                from bggen.spec.gateway import check_gateway  # noqa: PLC0415 - most apps do without

                check_gateway(route[0], data["route"], self.app, namespace)
        if smoke := self._section("smoke"):
            check_smoke_name(smoke[0], self.app)
            check_pod_fields(smoke[0], smoke[1].get("env"), kubernetes)
            paths = mapping(mapping(data.get("route")).get("paths"))
            image = mapping(self.repo.data.get("smoke")).get("image")
            data["smoke"] = check_smoke(*smoke, ports, paths, image)
        if network := self._section("network"):
            data["network"] = check_network(*network)
        migrate, compatible = self._section("migrate"), self._section("compatible")
        if migrate or compatible:
            from bggen.spec.migrations import check_migrations  # noqa: PLC0415 - most apps do without

            if migrate:
                check_pod_fields(migrate[0], migrate[1].get("env"), kubernetes)
            data |= check_migrations(migrate, compatible, self.app, ports)
        file = self.overlay if self.overlay and self.overlay.has(("patches",)) else self.file
        patches = file.data.get("patches")
        if isinstance(patches, list):
            data["patches"] = check_patches(Layers([(file, ())], owner=0), patches, ports)
        return data

    def _rollout(
        self,
        whole: dict[str, Any],
        parts: dict[str, Layers],
        merged: dict[str, dict[str, Any]],
        ports: dict[str, bool],
    ) -> None:
        """Put the section of a Rollout into the canonical data, where the route asks for one."""
        section, route = self._section("rollout"), self._section("route")
        if mapping(whole.get("route")).get("switch") != "rollouts" or route is None:
            if section:
                section[0].report((), "needs `route.switch: rollouts`")
            return
        from bggen.spec.rollouts import check_app, check_rollout, check_timed  # noqa: PLC0415 - rare

        files = [self.overlay, self.file] if self.overlay else [self.file]
        owner = len(files) - 1
        layers, fields = section or (Layers([(file, ("rollout",)) for file in files], owner), {})
        only = ("patches",)
        check_app(route[0], Layers([(file, ()) for file in files], owner, only), parts, merged)
        whole["rollout"] = check_rollout(layers, fields, next(iter(merged.values()), {}), ports)
        check_timed(layers, whole["rollout"], smoke="smoke" in whole)
        for key in ("migrate", "compatible"):
            if other := self._section(key):
                other[0].report((), "does not go with `route.switch: rollouts` yet: use another switch")

    def _section(self, key: str) -> tuple[Layers, dict[str, Any]] | None:
        """Return what app and overlay say of a section; None where they say nothing, or the overlay takes it away."""
        files = [self.overlay, self.file] if self.overlay else [self.file]
        layers = Layers([(file, (key,)) for file in files], owner=len(files) - 1)
        taken_away = self.overlay and self.overlay.has((key,)) and self.overlay.data.get(key) is None
        if taken_away or not any(file.has((key,)) for file in files) or layers.refused(()):
            return None
        return layers, plain(dict(layers.merged()))
