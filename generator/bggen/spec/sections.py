"""What stands beside the components: the smoke test, who may call, patches; the route has `bggen.spec.routes`."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

from bggen.images import parse_image
from bggen.spec.decoding import shown
from bggen.spec.layers import as_text, mapping, only_one
from bggen.spec.messages import nearest
from bggen.spec.routes import check_leads
from bggen.spec.semantics import LONGEST_EXTENDED, check_env, check_image, check_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from bggen.spec.layers import Layers
    from bggen.yamlio import Path

_SET_BY_BGGEN = ("BGGEN_COLOR", "BGGEN_RELEASE")
# Has `sh` and `curl`, and runs as any user.
SMOKE_IMAGE = "curlimages/curl:8.16.0"


def check_smoke(
    layers: Layers, smoke: dict[str, Any], ports: Mapping[str, bool], paths: Mapping[str, str], image: str | None
) -> dict[str, Any]:
    """Return the smoke test as canonical data, and report what is wrong with it.

    Args:
        layers: where its fields came from.
        smoke: the merged fields.
        ports: whether each component of the app has a port.
        paths: those of the route.
        image: the one of bggen.yaml that asks for a path.
    """
    data: dict[str, Any] = {"timeout": 60, **smoke}
    if not only_one(layers, (), smoke, ("path", "command")):
        return data
    if "path" not in smoke:
        _check_command(layers, smoke, ports)
        words = smoke.get("command")
        data["command"] = [as_text(word) for word in words] if isinstance(words, list) else words
        return {**data, "env": _texts(smoke["env"])} if "env" in smoke else data
    for key in ("env", "user"):
        if key in smoke:
            layers.report((key,), "is only for a `command`")
    data = {"image": image or SMOKE_IMAGE, "expect": 200, **data}
    if "image" in smoke:
        _check_image(layers, smoke["image"])
    component = smoke.get("component")
    if component is None:
        component = _answering(str(smoke["path"]), paths) or _only(name for name in ports if ports[name])
        if component is None:
            layers.report(("component",), "is missing: say which component is asked")
    else:
        check_leads(layers, ("component",), str(component), ports)
    return {**data, "component": component}


def _check_command(layers: Layers, smoke: Mapping[str, Any], ports: Mapping[str, bool]) -> None:
    for key in ("component", "expect"):
        if key in smoke:
            layers.report((key,), "is only for a `path`")
    _check_image(layers, smoke.get("image"))
    if smoke.get("command") == []:
        layers.report(("command",), "must not be empty")
    if smoke.get("user") == 0:
        layers.report(("user",), "must not be 0 (root): the pod of a smoke test is `restricted`, whatever the app is")
    for name in _SET_BY_BGGEN:
        if name in mapping(smoke.get("env")):
            layers.report(("env", name), "is set by bggen: choose another name")
    check_words(layers, ("command",), smoke.get("command"), ports)
    check_env(layers, smoke.get("env"), ports)


def _check_image(layers: Layers, image: Any) -> None:
    check_image(layers, image)
    if isinstance(image, str) and (wrong := unpinned(image)):
        layers.report(("image",), wrong)


def unpinned(image: str) -> str | None:
    """Return what to say of a smoke test's image without a tag; None of one that names what it runs, or is none."""
    try:
        pinned = parse_image(image).pinned
    except ValueError:
        return None
    return None if pinned else "needs a tag or a digest: `bump` supplies none for a smoke test"


def check_smoke_name(layers: Layers, app: str) -> None:
    """Report an app whose smoke test's Job would have a name that is too long."""
    if len(app) > LONGEST_EXTENDED:
        message = f"the name {app} has {len(app)} characters; {LONGEST_EXTENDED} are the most with a smoke test"
        layers.report((), message)


def check_network(layers: Layers, network: dict[str, Any]) -> dict[str, Any]:
    """Return who may call as canonical data, and report what is wrong with it."""
    from ipaddress import ip_network  # noqa: PLC0415 - rare

    peers = network.get("from")
    if not isinstance(peers, list):
        layers.report(("from",), "is missing: an empty list lets nobody call but the app's own colour")
        return network
    for index, value in enumerate(peers):
        peer, where = mapping(value), ("from", index)
        if "cidr" in peer:
            try:
                ip_network(str(peer["cidr"]))
            except ValueError as error:
                layers.report((*where, "cidr"), f"is no range of addresses: {error}")
            for key in ("namespace", "pods"):
                if key in peer:
                    layers.report((*where, key), "stands beside `cidr`: make two callers of them")
        elif "namespace" not in peer and not peer.get("pods"):
            layers.report(where, "needs a `namespace`, `pods` or a `cidr`")
    return {"from": [_peer(peer) for peer in peers]}


def check_patches(layers: Layers, patches: list[Any], components: Iterable[str]) -> list[Any]:
    """Return the patches as canonical data, and report what is wrong with them; whether they fit is seen later.

    Args:
        layers: where the list came from; it is of the place above it.
        patches: the list.
        components: the app's.
    """
    known = list(components)
    for index, value in enumerate(patches):
        patch, where = mapping(value), ("patches", index)
        component = mapping(patch.get("target")).get("component")
        if component is not None and component not in known:
            near = nearest(str(component), known)
            hint = f", did you mean `{near}`?" if near else ""
            layers.report((*where, "target", "component"), f"there is no component {shown(component)}{hint}")
        for key in ("merge", "json"):
            for place in _no_json(patch.get(key)):
                layers.report((*where, key, *place), "is no number that JSON knows")
        if not only_one(layers, where, patch, ("merge", "json")):
            continue
        operations = patch.get("json")
        for number, item in enumerate(operations if isinstance(operations, list) else ()):
            _check_operation(layers, (*where, "json", number), mapping(item))
    return [_in_order(patch) for patch in patches]


def _in_order(value: Any) -> Any:
    """Return JSON with the keys of all its mappings in order: as a state holds it, and renders it again."""
    if isinstance(value, dict):
        return {key: _in_order(value[key]) for key in sorted(value)}
    return [_in_order(item) for item in value] if isinstance(value, list) else value


def _no_json(value: Any, where: Path = ()) -> Iterator[Path]:
    """Yield the places of what YAML can hold and JSON cannot: `.nan` and `.inf`."""
    if isinstance(value, float) and not isfinite(value):
        yield where
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inside:
        yield from _no_json(item, (*where, key))


def _check_operation(layers: Layers, where: Path, operation: Mapping[str, Any]) -> None:
    needed = {"add": "value", "replace": "value", "test": "value", "move": "from", "copy": "from"}
    key = needed.get(str(operation.get("op")))
    if key is not None and key not in operation:
        layers.report((*where, key), f"is missing: `{operation['op']}` needs it")
    for other in ("value", "from"):
        if other in operation and other != key:
            layers.report((*where, other), f"is nothing that `{operation.get('op')}` has")


def _answering(path: str, paths: Mapping[str, str]) -> str | None:
    """Return the component that the route leads a path to: that of the longest prefix."""
    asked = path.partition("?")[0].rstrip("/") + "/"
    fits = [each for each in paths if asked.startswith(each.rstrip("/") + "/")]
    return paths[max(fits, key=len)] if fits else None


def _only(names: Iterable[str]) -> str | None:
    found = list(names)
    return found[0] if len(found) == 1 else None


def _peer(value: Any) -> dict[str, Any]:
    peer = dict(mapping(value))
    if "pods" in peer:
        peer["pods"] = _texts(peer["pods"])
    return peer


def _texts(value: Any) -> dict[str, Any]:
    return {key: as_text(item) for key, item in mapping(value).items()}
