"""Objects → the app, its components and its colours."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bggen.adopting.colors import Coloring, coloring, reached, without
from bggen.adopting.looking import items, number, text
from bggen.adopting.parts import Group, Layout
from bggen.errors import UsageError
from bggen.model import Color

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from bggen.adopting.parts import Asked, Found

_NAME = re.compile(r"(?!(?:.*-)?(?:blue|green|preview)\Z)[a-z]([-a-z0-9]{0,53}[a-z0-9])?\Z")
# Parts of the name of a Service that does not serve everybody.
_ASIDE = frozenset(("preview", "idle", "test", "canary", "inactive", "headless", "metrics", "next", "internal"))
_CANARY = "nginx.ingress.kubernetes.io/canary"


def layout(found: Sequence[Found], asked: Asked) -> Layout:
    """Return how the objects make an app.

    Raises:
        UsageError: that cannot be told, and what would tell it.
    """
    deployments = [each for each in found if each.kind == "Deployment"]
    services = [each for each in found if each.kind == "Service"]
    crons = [each for each in found if each.kind == "CronJob"]
    if not deployments and not crons:
        raise UsageError("no Deployment in what was read", hint="bggen needs the Deployments, and Services to see more")
    colors = coloring(deployments, services, asked)
    routed = _routed(found)
    if colors is None:
        color, value = _only_color([*deployments, *crons])
        named = [value] if value else []
        sets = [(_base(each.name, named), {color: each}) for each in (*deployments, *crons)]
        tiers = [value in name.split("-") for name in routed]
        drawn = Layout("", color, (), {color: value} if value else {}, routed=bool(tiers) and all(tiers))
        return _made(found, asked, sets, drawn)
    active, why, by_ingress = _active(colors, services, routed, asked)
    meaning = _meaning(colors, active)
    sets = [
        *_paired(colors, meaning),
        *_single(colors, deployments, meaning, active),
        *_crons(colors, crons, meaning, active),
    ]
    other = meaning[active].other
    idle = [each[other] for _, each in sets if other in each and each[other].kind == "Deployment"]
    drawn = Layout(
        "",
        meaning[active],
        (),
        {meaning[word]: word for word in colors.words},
        colors.key,
        why,
        by_ingress,
        parked=all(number(each.data, "spec", "replicas") == 0 for each in idle),
    )
    return _made(found, asked, sets, drawn)


def _made(
    found: Sequence[Found],
    asked: Asked,
    sets: Sequence[tuple[str, Mapping[Color, Found]]],
    drawn: Layout,
) -> Layout:
    """Return the layout with the groups and the app's name in it."""
    services = [each for each in found if each.kind == "Service"]
    deployments = [each for _, members in sets for each in members.values() if each.kind == "Deployment"]
    rows = []
    for base, members in sets:
        mine = [each for each in services if any(part in members.values() for part in reached(each, deployments))]
        main = _main(mine, base, _routed(found), drawn)
        name = base if main is None else _base(main.name, drawn.values.values())
        rows.append((name or base, members, main, tuple(each for each in mine if each is not main)))
    app = asked.app or _app_name([name for name, _, _, _ in rows], deployments)
    if not _NAME.match(app):
        raise UsageError(f"{app!r} is no name that an app may have", hint="say --app NAME: lower-case letters, dashes")
    groups: dict[str, Group] = {}
    for base, members, main, others in rows:
        name = base.removeprefix(f"{app}-")
        name = app if name == base and len(rows) == 1 else name
        if not _NAME.match(name):
            title = next(iter(members.values())).title
            raise UsageError(f"{title}: {name!r} is no name that a component may have", hint="give it without the rest")
        if name in groups:
            twins = [next(iter(each.values())).title for each in (groups[name].workloads, members)]
            raise UsageError(
                f"{' and '.join(twins)} would both be the component {name}",
                hint="--color-label KEY says which label tells two colours apart; or give bggen one of them",
            )
        groups[name] = Group(name, base, members, main, others)
    return Layout(
        app,
        drawn.active,
        tuple(groups[name] for name in sorted(groups)),
        drawn.values,
        drawn.key,
        drawn.why,
        drawn.routed,
        drawn.parked,
    )


def _routed(found: Sequence[Found]) -> dict[str, Found]:
    """Return the Ingress that leads to each Service; one that is a canary leads nobody anywhere."""
    routed: dict[str, Found] = {}
    for each in found:
        if each.kind == "Ingress" and each.annotations.get(_CANARY) != "true":
            for name in backends(each):
                routed.setdefault(name, each)
    return routed


def backends(ingress: Found) -> Iterator[str]:
    """Yield the Services that an Ingress leads to, in its order."""
    default = text(ingress.data, "spec", "defaultBackend", "service", "name")
    if default is not None:
        yield default
    for rule in items(ingress.data, "spec", "rules"):
        for path in items(rule, "http", "paths"):
            name = text(path, "backend", "service", "name")
            if name is not None:
                yield name


def _active(
    colors: Coloring, services: Sequence[Found], routed: Mapping[str, Found], asked: Asked
) -> tuple[str, str, bool]:
    """Return the word of the active colour, how that is known, and whether the Ingress switches."""
    tiers, both = _tiers(colors, services, routed)
    by_ingress = bool(tiers[1]) and not tiers[0]
    if asked.active is not None:
        for word in colors.words:
            if word in (asked.active, *asked.active.split("-")):
                return word, "--active says so", by_ingress
        raise UsageError(
            f"--active {asked.active}: the colours are called {colors.words[0]} and {colors.words[1]}",
            hint="give one of them",
        )
    first = next((tier for tier in tiers if tier), {})
    if len(first) == 1 and not both:
        ((word, name),) = first.items()
        if name in routed:
            return word, f"Ingress {routed[name].name} leads to Service {name}, which selects it", by_ingress
        return word, f"Service {name} selects it", by_ingress
    return _by_size(colors, both, first), "nothing runs in the other", by_ingress


def _tiers(
    colors: Coloring, services: Sequence[Found], routed: Mapping[str, Found]
) -> tuple[tuple[dict[str, str], ...], list[Found]]:
    """Return which colour Services select, from those that say most to those that say least, and which select both.

    Most says one that an Ingress leads to, unless it is named for a colour; then one that is named so, whose Ingress is
    the switch; then one that only the cluster goes by. One for previews and the like says nothing.
    """
    tiers: tuple[dict[str, str], ...] = ({}, {}, {})
    both: list[Found] = []
    for service in services:
        words = {
            word
            for pair in colors.pairs
            for word, deployment in zip(colors.words, pair, strict=True)
            if reached(service, [deployment])
        }
        parts = set(service.name.split("-"))
        coloured = bool(parts & set(colors.words))
        if len(words) > 1:
            both.append(service)
        elif words and not parts & (_ASIDE - set(colors.words)):
            if service.name in routed:
                tiers[coloured].setdefault(words.pop(), service.name)
            elif not coloured:
                tiers[2].setdefault(words.pop(), service.name)
    return tiers, both


def _by_size(colors: Coloring, both: Sequence[Found], first: Mapping[str, str]) -> str:
    """Return the only colour that runs at all, where the Services do not tell which one serves.

    Raises:
        UsageError: both run.
    """
    running = {
        word
        for pair in colors.pairs
        for word, deployment in zip(colors.words, pair, strict=True)
        if number(deployment.data, "spec", "replicas") != 0
    }
    if len(running) == 1:
        return running.pop()
    one, other = colors.words
    if both:
        reason = f"Service {both[0].name} leads to {one} and {other} at once"
    elif first:
        reason = f"some Services select {one} and some {other}"
    else:
        reason = f"no Service says whether {one} or {other} takes traffic"
    raise UsageError(reason, hint=f"say which one is to take all of it: --active {one} or --active {other}")


def _meaning(colors: Coloring, active: str) -> dict[str, Color]:
    """Return which of bggen's colours each word stands for: by name, else the active one is blue."""
    one, other = colors.words
    for word, second in ((one, other), (other, one)):
        for color in Color:
            if word == color:
                return {word: color, second: color.other}
    return {active: Color.BLUE, next(word for word in colors.words if word != active): Color.GREEN}


def _paired(colors: Coloring, meaning: Mapping[str, Color]) -> Iterator[tuple[str, dict[Color, Found]]]:
    for pair in colors.pairs:
        members = {meaning[word]: each for word, each in zip(colors.words, pair, strict=True)}
        yield _base(pair[0].name, colors.words), members


def _single(
    colors: Coloring, deployments: Sequence[Found], meaning: Mapping[str, Color], active: str
) -> Iterator[tuple[str, dict[Color, Found]]]:
    """Yield what has no twin: of the colour whose word it has, or of the active one."""
    twins = [each for pair in colors.pairs for each in pair]
    for each in deployments:
        if each not in twins:
            yield _base(each.name, colors.words), {meaning[colors.word_of(each) or active]: each}


def _crons(
    colors: Coloring, crons: Sequence[Found], meaning: Mapping[str, Color], active: str
) -> Iterator[tuple[str, dict[Color, Found]]]:
    """Yield the CronJobs: those that are named for a colour are of that one, all others of the active one."""
    sets: dict[str, dict[Color, Found]] = {}
    for each in crons:
        word = next((word for word in colors.words if word in each.name.split("-")), active)
        sets.setdefault(_base(each.name, colors.words), {})[meaning[word]] = each
    yield from sets.items()


def _only_color(deployments: Sequence[Found]) -> tuple[Color, str]:
    """Return the colour of an app that has one, and what it is called: blue, unless a Deployment is named green."""
    for color in Color:
        for each in deployments:
            if color in each.name.split("-") or str(color) in each.pod_labels.values():
                return color, str(color)
    return Color.BLUE, ""


def _base(name: str, words: Iterable[str]) -> str:
    """Return a name without the colour in it."""
    for word in words:
        name = "-".join(part for part in without(name, word).split("-") if part != "*")
    return name


def _main(services: Sequence[Found], base: str, routed: Mapping[str, Found], drawn: Layout) -> Found | None:
    """Return the Service that a component's users go by: the Ingress's, or the one without a colour in its name."""
    if not services:
        return None
    words = set(drawn.values.values())
    serving = drawn.values.get(drawn.active)

    def rank(service: Found) -> tuple[object, ...]:
        parts = set(service.name.split("-"))
        coloured = bool(parts & words)
        headless = text(service.data, "spec", "clusterIP") == "None"
        aside = bool(parts & _ASIDE)
        return (
            coloured and serving not in parts,
            coloured,
            aside,
            service.name not in routed,
            headless,
            service.name != base,
            service.name,
        )

    return min(services, key=rank)


def _app_name(bases: Sequence[str], deployments: Sequence[Found]) -> str:
    """Return the app's name.

    Raises:
        UsageError: nothing tells it.
    """
    if len(set(bases)) == 1:
        return bases[0]
    shortest = min(bases, key=len)
    if all(base == shortest or base.startswith(f"{shortest}-") for base in bases):
        return shortest
    common = _common(bases)
    if common:
        return common
    for key in ("app.kubernetes.io/part-of", "app.kubernetes.io/instance", "app.kubernetes.io/name"):
        values = {each.labels.get(key, "") for each in deployments}
        if len(values) == 1 and "" not in values:
            return values.pop()
    raise UsageError(
        f"these have no name in common: {', '.join(sorted(set(bases)))}",
        hint="say --app NAME if they are one app, released as a unit; else give bggen one app at a time",
    )


def _common(bases: Sequence[str]) -> str:
    """Return the parts that all names begin with."""
    parts = [base.split("-") for base in bases]
    shared = []
    for column in zip(*parts, strict=False):
        if len(set(column)) > 1:
            break
        shared.append(column[0])
    return "-".join(shared)
