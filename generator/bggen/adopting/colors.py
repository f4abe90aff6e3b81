"""Which Deployments are the two colours of one component: those that are alike but for one word."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from bggen.adopting.looking import selects
from bggen.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bggen.adopting.parts import Asked, Found

# Words that two colours are called by; whoever calls them otherwise has a label that says so, or names it.
_PAIRS = tuple(
    map(
        frozenset,
        (
            ("blue", "green"),
            ("a", "b"),
            ("stable", "canary"),
            ("active", "idle"),
            ("active", "preview"),
            ("active", "inactive"),
            ("live", "idle"),
            ("live", "preview"),
            ("live", "staging"),
            ("current", "next"),
            ("old", "new"),
            ("v1", "v2"),
            ("primary", "secondary"),
        ),
    )
)
# The last part of a label's key that tells colours apart, whatever its values are.
_KEYS = ("color", "colour", "slot", "track", "lane", "deployment-color", "version")
# They differ without meaning anything.
_IGNORED = frozenset(("app.kubernetes.io/version", "helm.sh/chart", "chart", "pod-template-hash"))


@dataclass(frozen=True, slots=True)
class Coloring:
    """How two colours are told apart.

    Attributes:
        key: the label that does.
        words: what the colours are called: the values of the label, or the part of them that differs.
        pairs: the Deployments of each component, in the order of the words.
    """

    key: str
    words: tuple[str, str]
    pairs: tuple[tuple[Found, Found], ...]

    def word_of(self, deployment: Found) -> str | None:
        """Return the colour that a Deployment without a twin belongs to; None of one that both share."""
        for name in (deployment.pod_labels.get(self.key, ""), deployment.name):
            for word in self.words:
                if word in (name, *name.split("-")):
                    return word
        return None


def coloring(deployments: Sequence[Found], services: Sequence[Found], asked: Asked) -> Coloring | None:
    """Return what tells two colours apart; None where there is only one.

    Args:
        deployments: all of them.
        services: all Services: what they select by tells most.
        asked: what the user said.

    Raises:
        UsageError: more than two Deployments are alike, or the label that the user named tells nothing apart.
    """
    found: dict[tuple[str, frozenset[str]], list[tuple[Found, Found]]] = {}
    for one, other in combinations(deployments, 2):
        for key, words in _differing(one, other, asked):
            found.setdefault((key, frozenset(words)), []).append((one, other))
    if not found:
        if asked.color_label and not any(asked.color_label in each.pod_labels for each in deployments):
            known = sorted({key for each in deployments for key in each.pod_labels})
            raise UsageError(
                f"--color-label {asked.color_label}: no Deployment's pods have that label",
                hint=f"there is {', '.join(known)}" if known else None,
            )
        return None
    ranked = sorted(found, key=lambda each: _rank(each[0], each[1], len(found[each]), services))
    key, among = ranked[0]
    pairs = found[key, among]
    _refuse_three(found, key)
    first, second = sorted(among, key=lambda word: (word != "blue", word == "green", word))
    return Coloring(key, (first, second), tuple(_ordered(pair, key, first) for pair in pairs))


def _differing(first: Found, second: Found, asked: Asked) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield each label that tells the two apart as colours of one thing, and the words that do."""
    one, other = first.pod_labels, second.pod_labels
    for key in sorted(one.keys() & other.keys()):
        if one[key] == other[key] or (asked.color_label and key != asked.color_label):
            continue
        words = _words(one[key], other[key])
        if words is None:
            continue
        known = frozenset(words) in _PAIRS or key.rpartition("/")[2] in _KEYS or key == asked.color_label
        if known and _without(one, words[0]) == _without(other, words[1]) and first.namespace == second.namespace:
            yield key, words


def _words(one: str, other: str) -> tuple[str, str] | None:
    """Return the only parts of two names that differ."""
    parts = one.split("-"), other.split("-")
    if len(parts[0]) != len(parts[1]):
        return one, other
    differing = [(a, b) for a, b in zip(*parts, strict=True) if a != b]
    return differing[0] if len(differing) == 1 else None


def _without(labels: dict[str, str], word: str) -> dict[str, str]:
    return {key: without(value, word) for key, value in labels.items() if key not in _IGNORED}


def without(name: str, word: str) -> str:
    """Return a name with a star for the colour in it."""
    return "-".join("*" if part == word else part for part in name.split("-")) if name != word else "*"


def _rank(key: str, among: frozenset[str], pairs: int, services: Sequence[Found]) -> tuple[object, ...]:
    """Return what sorts the likeliest label first: Services select by it, it has a telling name, it pairs the most."""
    selecting = sum(any(word in service.selector.get(key, "").split("-") for word in among) for service in services)
    last = key.rpartition("/")[2]
    named = _KEYS.index(last) if last in _KEYS else len(_KEYS)
    return (not selecting, -pairs, named, key)


def _refuse_three(found: dict[tuple[str, frozenset[str]], list[tuple[Found, Found]]], key: str) -> None:
    partners: dict[str, set[str]] = {}
    for (each, _), pairs in found.items():
        for one, other in pairs if each == key else ():
            partners.setdefault(one.name, set()).add(other.name)
            partners.setdefault(other.name, set()).add(one.name)
    for name, others in sorted(partners.items()):
        if len(others) > 1:
            alike = ", ".join(sorted((name, *others)))
            raise UsageError(
                f"{len(others) + 1} Deployments are alike but for the label {key}: {alike}; an app has two colours",
                hint="give bggen the files of two of them",
            )


def _ordered(pair: tuple[Found, Found], key: str, first: str) -> tuple[Found, Found]:
    value = pair[0].pod_labels[key]
    return pair if first in (value, *value.split("-")) else (pair[1], pair[0])


def reached(service: Found, deployments: Sequence[Found]) -> list[Found]:
    """Return the Deployments whose pods a Service leads to."""
    return [
        each
        for each in deployments
        if service.namespace == each.namespace and selects(service.selector, each.pod_labels)
    ]
