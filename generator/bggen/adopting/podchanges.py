"""What differs between the pods of a Deployment or CronJob and those that bggen renders for it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bggen.adopting import defaults
from bggen.adopting.changes import OURS, Change, compared
from bggen.adopting.health import sleeps
from bggen.adopting.looking import dig, items, mapping, pod_of, selects, texts
from bggen.adopting.pods import is_own, main_container
from bggen.adopting.seeing import seen, sees
from bggen.adopting.values import expanded

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bggen.adopting.parts import Found, Group
    from bggen.adopting.ports import Ports

_GRACE = 30
# What bggen says of every pod, and its checks hold it to.
_OURS_OF_POD = ("serviceAccountName", "automountServiceAccountToken", "enableServiceLinks")
_HOISTED = ("runAsUser", "runAsNonRoot", "seccompProfile")
_TIMING = ("timeoutSeconds", "periodSeconds", "failureThreshold")


class Pods:
    """The pods of one workload before and after.

    Args:
        old: the Deployment or CronJob.
        new: what is rendered for it.
        group: the component.
        ports: its ports; None of a CronJob.
        every: all objects that were read.
        rendered: the ConfigMaps that are rendered, by name.
    """

    def __init__(
        self,
        old: Found,
        new: Mapping[str, Any],
        group: Group,
        *,
        ports: Ports | None,
        every: Sequence[Found],
        rendered: Mapping[str, Mapping[str, str]],
    ) -> None:
        self.old, self.new = pod_of(old.data), pod_of(new)
        self.workload, self.group, self.every, self.rendered = old, group, every, rendered
        self.names: Mapping[Any, str] = ports.names if ports else {}
        cron = old.kind == "CronJob"
        self.field = "spec.jobTemplate.spec.template" if cron else "spec.template"
        self.pointer = f"/{self.field.replace('.', '/')}"
        self.main = main_container(old, group)
        self.container = items(self.new, "spec", "containers")[0]
        self.selector = texts(new, "spec", "selector", "matchLabels")
        self.place = f"{self.pointer}/spec/containers/0"
        self.where = f"{self.field}.spec.containers.{self.container.get('name')}"

    def changes(self) -> Iterator[Change]:
        """Yield every field that differs."""
        yield from self._annotations()
        yield from self._spec()
        yield from self._container()
        yield from self._env()
        yield from self._ports()
        yield from self._mounts()
        yield from self._others()

    def _annotations(self) -> Iterator[Change]:
        before = {key: value for key, value in texts(self.old, "metadata", "annotations").items() if is_own(key)}
        after = {key: value for key, value in texts(self.new, "metadata", "annotations").items() if is_own(key)}
        place = f"{self.pointer}/metadata/annotations"
        yield from compared(before, after, f"{self.field}.metadata.annotations", place)

    def _spec(self) -> Iterator[Change]:
        before = defaults.pod(mapping(self.old, "spec"))
        after = defaults.pod(mapping(self.new, "spec"))
        own = mapping(self.main, "securityContext")
        context = {**mapping(before, "securityContext"), **{key: own[key] for key in _HOISTED if key in own}}
        before, after = {**before, "securityContext": context}, {"securityContext": {}, **after}
        for data in (before, after):
            data["tolerations"] = [{"operator": "Equal", **each} for each in items(data, "tolerations")]
        before.setdefault("automountServiceAccountToken", self._gets_token(before["serviceAccountName"]))
        ours = list(_OURS_OF_POD)
        if before["terminationGracePeriodSeconds"] == _GRACE:
            ours.append("terminationGracePeriodSeconds")
        ours += [key for key in ("topologySpreadConstraints",) if key not in before]
        if "restartPolicy" in before and self.workload.kind == "CronJob" and before["restartPolicy"] == "Always":
            del before["restartPolicy"]
        for key in _SELECTING & before.keys():
            before[key] = self._found_anew(before[key])
            if before[key] == self._found_anew(after.get(key)):
                before[key] = after[key]
        for key in ("securityContext",):
            seccomp = mapping(before, key).get("seccompProfile")
            if seccomp is None:
                before[key] = {**mapping(before, key), "seccompProfile": mapping(after, key).get("seccompProfile")}
        inside = ("securityContext",)
        yield from compared(before, after, f"{self.field}.spec", f"{self.pointer}/spec", ours=ours, inside=inside)

    def _gets_token(self, account: str) -> bool:
        """Whether pods of an account get its token, unless they say otherwise."""
        accounts = [each for each in self.every if (each.kind, each.name) == ("ServiceAccount", account)]
        return not any(dig(each.data, "automountServiceAccountToken") is False for each in accounts)

    def _found_anew(self, value: Any) -> Any:
        """Return an affinity or a spreading with the selector that finds the new pods, in place of the old ones'."""
        if isinstance(value, list):
            return [self._found_anew(item) for item in value]
        if not isinstance(value, dict):
            return value
        labels = texts(value, "labelSelector", "matchLabels")
        pods = (texts(self.old, "metadata", "labels"), self.selector)
        mine = any(selects(labels, each) for each in pods)
        found = {key: self._found_anew(item) for key, item in value.items()}
        if mine and self.selector:
            # Of the app and the component, whatever the colour: a patch is for both.
            kept = {key: item for key, item in self.selector.items() if key != "bggen.dev/color"}
            found["labelSelector"] = {**mapping(value, "labelSelector"), "matchLabels": kept}
        return found

    def _container(self) -> Iterator[Change]:
        before, after = defaults.container(self.main), defaults.container(self.container)
        for name in defaults.PROBES:
            if name in before:
                before[name] = self._asked_by_name(before[name])
        security = {
            key: value for key, value in mapping(before, "securityContext").items() if key not in _HOISTED and value
        }
        if "allowPrivilegeEscalation" in mapping(before, "securityContext"):
            security["allowPrivilegeEscalation"] = self.main["securityContext"]["allowPrivilegeEscalation"]
        before["securityContext"], after = security, {"securityContext": {}, **after}
        ours = [name for name in defaults.PROBES if self._as_good(before.get(name), after.get(name))]
        if sleeps(self.main) is not None and sleeps(self.main) == sleeps(self.container):
            before["lifecycle"] = mapping(after, "lifecycle")
        for key in ("command", "args"):
            before[key], after[key] = before.get(key, []), after.get(key, [])
        yield from self._sizes(mapping(before, "resources"), mapping(after, "resources"))
        before["resources"] = {key: value for key, value in mapping(before, "resources").items() if key == "claims"}
        after["resources"] = {}
        for change in compared(before, after, self.where, self.place, ours=ours, inside=("securityContext",)):
            yield self._probe_as_written(change)

    def _sizes(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
        for kind in ("requests", "limits"):
            amounts, others = mapping(before, kind), mapping(after, kind)
            for change in compared(amounts, others, f"{self.where}.resources.{kind}", f"{self.place}/resources/{kind}"):
                yield self._written(change, kind)

    def _probe_as_written(self, change: Change) -> Change:
        """Return a change with a probe as it was written, without the server's defaults."""
        name = change.field.rpartition(".")[2]
        if name not in defaults.PROBES or not change.operations or change.before is None:
            return change
        value = self._asked_by_name(self.main[name])
        return replace(change, operations=({**change.operations[0], "value": value},))

    def _written(self, change: Change, kind: str) -> Change:
        """Return a change with the amount as it was written."""
        name = change.field.removeprefix(f"{self.where}.resources.{kind}.")
        amounts = mapping(self.main, "resources", kind)
        value = amounts.get(name, mapping(self.main, "resources", "limits").get(name))
        if value is None:
            return change
        add = {"op": "add", "path": change.operations[0]["path"], "value": str(value)}
        return Change(change.field, str(value), change.after, (add,))

    def _asked_by_name(self, probe: Any) -> Any:
        """Return a probe that asks for a port by the name that bggen gives it, which is what its checks want."""
        found = dict(probe)
        for way in ("httpGet", "tcpSocket"):
            port = dig(probe, way, "port")
            if port in self.names:
                found[way] = {**probe[way], "port": self.names[port]}
        return found

    def _as_good(self, before: Any, after: Any) -> bool:
        """Whether bggen's own probe will do: there was none, or one whose times nobody chose."""
        if before is None:
            return True
        if not isinstance(after, dict):
            return False
        rest = [
            {key: value for key, value in each.items() if key not in _TIMING and value not in (None, 0)}
            for each in (before, after)
        ]
        chosen = defaults.probe({key: value for key, value in before.items() if key not in _TIMING}) != before
        return rest[0] == {"successThreshold": 1, **rest[1]} and not chosen

    def _env(self) -> Iterator[Change]:
        before, after = items(self.main, "env"), items(self.container, "env")
        field = f"{self.where}.env"
        rendered = {each["name"]: defaults.variable(each) for each in after}
        lacking = [each for each in before if rendered.get(each["name"]) != defaults.variable(each)]
        # Of several with one name, the last one counts.
        last = {each["name"]: each for each in before}
        lacking = [each for each in lacking if last[each["name"]] is each]
        for each in lacking:
            after = [*after, each]
            name = each["name"]
            yield Change(f"{field}.{name}", each, rendered.get(name), (self._listed("containers/0/env", each),))
        if expanded(before) != {name: value for name, value in expanded(after).items() if name in last}:
            place = f"{self.place}/env"
            whole = list(last.values())
            yield Change(f"{field} (its order)", whole, after, ({"op": "add", "path": place, "value": whole},))
        sources, others = items(self.main, "envFrom"), items(self.container, "envFrom")
        if [_source(each) for each in sources] != [_source(each) for each in others]:
            operation = {"op": "add", "path": f"{self.place}/envFrom", "value": sources}
            yield Change(f"{self.where}.envFrom", sources, others or None, (operation,))

    def _ports(self) -> Iterator[Change]:
        known = {(each.get("containerPort"), each.get("protocol", "TCP")) for each in items(self.container, "ports")}
        for each in items(self.main, "ports"):
            key = (each.get("containerPort"), each.get("protocol", "TCP"))
            if key in known:
                if "hostPort" in each:
                    yield Change(
                        f"{self.where}.ports.{key[0]}.hostPort", each["hostPort"], None, why="no colour has it"
                    )
                continue
            known.add(key)
            yield Change(f"{self.where}.ports.{key[0]}", each, None, (self._listed("containers/0/ports", each),))

    def _mounts(self) -> Iterator[Change]:
        before = seen(self.old, self.main, self._given)
        after = seen(self.new, self.container, self.rendered.get)
        for mount in items(self.main, "volumeMounts"):
            path = str(mount.get("mountPath", "")).rstrip("/")
            lacking = [way for way in sees(before, path) if before[way] != after.get(way)]
            if not lacking:
                continue
            operations = [*self._volume(str(mount.get("name"))), self._listed("containers/0/volumeMounts", mount)]
            yield Change(f"{self.where}.volumeMounts.{path}", mount, None, tuple(operations))

    def _given(self, name: str) -> Mapping[str, str] | None:
        for each in self.every:
            if (each.kind, each.name, each.namespace) == ("ConfigMap", name, self.workload.namespace):
                return texts(each.data, "data")
        return None

    def _volume(self, name: str) -> list[Mapping[str, Any]]:
        """Return what adds a volume under the name that it had."""
        volume = next((each for each in items(self.old, "spec", "volumes") if each.get("name") == name), None)
        return [] if volume is None else [self._listed("volumes", volume)]

    def _listed(self, what: str, value: Any) -> Mapping[str, Any]:
        """Return what puts a value at the end of a list of the pod."""
        return {"op": "add", "path": f"{self.pointer}/spec/{what}/-", "value": value}

    def _others(self) -> Iterator[Change]:
        name = self.main["name"]
        if name != self.container.get("name"):
            yield Change(f"{self.field}.spec.containers.{name} (its name)", name, self.container["name"], why=OURS)
        for each in items(self.old, "spec", "containers"):
            if each is not self.main:
                operations = [
                    *(part for mount in items(each, "volumeMounts") for part in self._volume(str(mount.get("name")))),
                    self._listed("containers", each),
                ]
                yield Change(f"{self.field}.spec.containers.{each['name']}", each, None, tuple(operations))
        first = items(self.old, "spec", "initContainers")
        if first:
            mounts = [mount for each in first for mount in items(each, "volumeMounts")]
            operations = [
                *(part for mount in mounts for part in self._volume(str(mount.get("name")))),
                {"op": "add", "path": f"{self.pointer}/spec/initContainers", "value": first},
            ]
            yield Change(f"{self.field}.spec.initContainers", first, None, tuple(operations))


_SELECTING = frozenset(("affinity", "topologySpreadConstraints"))


def _source(source: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in source.items() if value not in (None, "")}
