"""Invariants of what is rendered, found again from the files' own text, apart from the code that rendered them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bggen.checks.alb import alb
from bggen.checks.applying import applying
from bggen.checks.canary import canary
from bggen.checks.files import HEADER, files
from bggen.checks.ingress import ingress
from bggen.checks.migrations import migrations
from bggen.checks.network import network
from bggen.checks.order import order
from bggen.checks.pods import pods
from bggen.checks.routing import routing
from bggen.checks.scaling import scaling
from bggen.checks.singletons import singletons
from bggen.checks.smoke import smoke
from bggen.checks.view import Item, View, dig, expectations
from bggen.checks.volumes import volumes
from bggen.checks.waits import waits
from bggen.model import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from bggen.model import EnvState, Manifest


def _gateway(view: View) -> Iterator[Problem]:
    if any(item.manifest.kind in {"HTTPRoute", "ReferenceGrant"} for item in view.items):
        from bggen.checks.gateway import gateway  # noqa: PLC0415 - most apps do without

        yield from gateway(view)


def _rollouts(view: View) -> Iterator[Problem]:
    release = view.state.active_release
    if release is not None and release.spec.rollout is not None:
        from bggen.checks.rollouts import rollouts  # noqa: PLC0415 - most apps do without

        yield from rollouts(view)


_RULES = (
    files,
    order,
    waits,
    routing,
    ingress,
    _gateway,
    canary,
    alb,
    applying,
    singletons,
    scaling,
    network,
    smoke,
    migrations,
    pods,
    volumes,
    _rollouts,
)


def check(state: EnvState, manifests: Sequence[Manifest]) -> tuple[Problem, ...]:
    """Return what is wrong with the objects of one (app, env); empty for whatever `render(state)` returns.

    Args:
        state: the state that the objects were rendered from.
        manifests: the objects.
    """
    folder = f"apps/{state.app}/{state.env}/manifests"
    expected = expectations(state)
    items: list[Item] = []
    problems: list[Problem] = []
    for manifest in manifests:
        path = f"{folder}/{manifest.file}"
        data = parsed(manifest)
        if isinstance(data, str):
            problems.append(Problem(path, 0, 0, "", data))
            continue
        key = (str(data.get("kind")), str(dig(data, "metadata", "name")))
        items.append(Item(path, manifest, data, expected.get(key)))
    view = View(state, folder, tuple(items), expected)
    for rule in _RULES:
        problems.extend(rule(view))
    return tuple(sorted(problems))


def collisions(rendered: Iterable[tuple[str, Sequence[Manifest]]]) -> tuple[Problem, ...]:
    """Return a Problem for every object and node port of a repo that two apps or environments would both have.

    Args:
        rendered: for each (app, env) what tells its cluster apart, and its objects. Objects without a namespace get
            theirs from the Application; within one cluster they are taken for one namespace's.
    """
    seen: dict[tuple[str, str | None, str, str], str] = {}
    ports: dict[tuple[str, int], str] = {}
    problems = []
    for cluster, manifests in rendered:
        for manifest in manifests:
            key = (cluster, manifest.namespace, manifest.kind, manifest.name)
            path = _path(manifest)
            if key in seen:
                where = "" if manifest.namespace is None else f" in namespace {manifest.namespace}"
                message = f"{manifest.kind} {manifest.name}{where} is also written by {seen[key]}"
                problems.append(Problem(path, 0, 0, "metadata.name", message))
            else:
                seen[key] = path
            for port in node_ports(manifest):
                other = ports.setdefault((cluster, port), path)
                if other != path:
                    problems.append(Problem(path, 0, 0, "spec.ports", f"nodePort {port} is also wanted by {other}"))
    return tuple(sorted(problems))


def node_ports(manifest: Manifest) -> list[int]:
    """Return the ports of nodes that an object wants."""
    # Parsing is what takes long, and hardly any Service has one.
    data = parsed(manifest) if manifest.kind == "Service" and "nodePort:" in manifest.text else None
    ports = dig(data, "spec", "ports")
    found = [dig(port, "nodePort") for port in (ports if isinstance(ports, list) else [])]
    return [port for port in found if isinstance(port, int)]


def _path(manifest: Manifest) -> str:
    """Return where a file of `render` lies, which its first line says."""
    header = HEADER.match(manifest.text)
    return f"{header.group(1).rpartition('/')[0]}/manifests/{manifest.file}" if header else manifest.file


def parsed(manifest: Manifest) -> dict[str, Any] | str:
    """Return what a YAML 1.1 reader makes of the file, or in one line why it is not one object."""
    import yaml  # noqa: PLC0415 - only where objects are checked

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(manifest.text)
    try:
        node = loader.get_single_node()
        # What may be an anchor may hold itself.
        data = loader.construct_document(node) if node and "&" in manifest.text else _built(loader, node)
    except (yaml.YAMLError, ValueError) as error:
        return f"is not YAML: {' '.join(str(error).split())}"
    finally:
        loader.dispose()
    return data if isinstance(data, dict) else "is not one object"


def _built(loader: Any, node: Any) -> Any:
    """Return what the loader would make of a node without anchors; nearly all of it is strings in maps.

    The loader's own way is made for all that YAML has, and takes as long for that as libyaml for the text.
    """
    if node is None:
        return None
    if node.tag == "tag:yaml.org,2002:str":
        return node.value
    if node.tag == "tag:yaml.org,2002:map" and all(key.tag == "tag:yaml.org,2002:str" for key, _ in node.value):
        return {key.value: _built(loader, value) for key, value in node.value}
    if node.tag == "tag:yaml.org,2002:seq":
        return [_built(loader, value) for value in node.value]
    return loader.construct_object(node, deep=True)
