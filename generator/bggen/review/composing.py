"""Plans → title and body, under a forge's limit: diffs are cut first, then configuration, and it says so."""

from __future__ import annotations

from dataclasses import dataclass
from shlex import quote
from typing import TYPE_CHECKING

from bggen.review import differing, tables
from bggen.review.facts import pair
from bggen.review.fitting import Piece, assemble, either, fixed
from bggen.review.machine import machine_piece
from bggen.review.markdown import code, fence, fence_within, folded, sentence, size, visible
from bggen.review.order import steps, ways_back
from bggen.transitions.result import version

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from bggen.plan import Plan

# The smallest limit of a body, in characters.
LEAST = 1500
_LONGEST_TITLE = 200
_CUT_WAYS = "Cut to fit: the other commands. `bggen rollback` sends traffic back, of every app that was flipped.\n\n"
# More than any forge takes.
_MOST_LINES = 50_000


@dataclass(frozen=True, slots=True)
class Review:
    """What a pull request says: one line, and Markdown."""

    title: str
    body: str


def review(plans: Sequence[Plan], *, limit: int, base: str, title: str | None = None, html: bool = True) -> Review:
    """Return the title and body of a pull request.

    Args:
        plans: one or more, in the order in which they are shown.
        limit: the most characters of a body; bytes and CRLF are counted as well, so that it holds for every forge.
        base: the branch that the request is for.
        title: of a batch; one is made where it is None.
        html: whether the forge knows `<details>` and comments, as all but Bitbucket do.

    Raises:
        ValueError: no plan, or a limit below `LEAST`.
    """
    if not plans or limit < LEAST:
        raise ValueError(f"a body needs a plan, and {LEAST} characters")
    named = visible(title or _title(plans))
    return Review(
        named if len(named) <= _LONGEST_TITLE else f"{named[: _LONGEST_TITLE - 1]}…",
        assemble(_pieces(plans, base, html=html), limit),
    )


def _title(plans: Sequence[Plan]) -> str:
    if len(plans) == 1:
        return plans[0].message.partition("\n")[0]
    actions = {plan.transition.action for plan in plans}
    envs = sorted({plan.transition.after.env for plan in plans})
    releases = [two.new for plan in plans if (two := pair(plan))]
    versions = {version(each) for each in releases}
    name = versions.pop() if len(versions) == 1 and len(releases) == len(plans) else ""
    what = f"{actions.pop() if len(actions) == 1 else 'change'} {len(plans)} apps in {', '.join(envs)}"
    return what if not name or name.startswith("release ") else f"{what} ({name})"


def _pieces(plans: Sequence[Plan], base: str, *, html: bool) -> list[Piece]:
    changes = [change for plan in plans for change in plan.changes]
    pairs = [(plan, two) for plan in plans if (two := pair(plan))]
    order = "## What happens, in this order\n\n" + _order(plans)
    many = len(plans) > 1
    return [
        Piece(0, lambda budget: _summary(plans, budget)),
        _list(3, "## Notes and warnings\n\n", _notes(plans)),
        _list(4, "## Images\n\n", [_headed(plan, tables.images(two), many=many) for plan, two in pairs]),
        either(2, order, ""),
        Piece(0, lambda budget: _back(plans, budget)),
        _diff(
            5,
            "Configuration",
            (line for plan, two in pairs for line in _named(plan, differing.configuration(two), many=many)),
            html=html,
        ),
        _diff(
            6,
            "Manifests, without names of colours and hashes",
            (line for plan, two in pairs[:20] for line in _named(plan, differing.objects(plan, two), many=many)),
            html=html,
        ),
        _diff(7, f"All {len(changes)} files, as git shows them", differing.files(changes), html=html),
        fixed(0, _whole(base)),
        machine_piece(plans, base, 1, html=html),
    ]


def _whole(base: str) -> str:
    shown = code(f"git diff {quote(f'origin/{base[:255]}...HEAD')}")
    return f"All of it: {shown} on this branch, or `bggen diff`.\n\n"


def _summary(plans: Sequence[Plan], budget: int) -> str:
    if len(plans) == 1:
        state = plans[0].transition.after
        return f"{code(state.app)} in {code(state.env)}\n\n{tables.colors(plans[0])}"
    head = f"{len(plans)} apps change together, all or none.\n\n{tables.APP_HEAD}"
    # Half of what there is, so that the rest can be said as well.
    room = budget // 2 - size(head) - 100
    shown: list[str] = []
    for plan in plans:
        row = tables.app_row(plan)
        if size(row) > room:
            break
        room -= size(row)
        shown.append(row)
    more = len(plans) - len(shown)
    rest = f"\n{more} apps more are not in this table: it was cut to fit.\n" if more else ""
    return f"{head}{''.join(shown)}{rest}\n"


def _notes(plans: Sequence[Plan]) -> list[str]:
    said: list[str] = []
    for plan in plans:
        whose = f"{code(plan.transition.after.app)}: " if len(plans) > 1 else ""
        said += [f"- {whose}**Warning:** {sentence(text)}\n" for text in plan.transition.warnings]
        said += [f"- {whose}{sentence(text)}\n" for text in plan.transition.notes]
        said += [f"- {whose}left alone, not written by bggen: {code(path)}\n" for path in plan.left_alone]
    return said


def _headed(plan: Plan, text: str, *, many: bool) -> str:
    state = plan.transition.after
    return f"### {code(state.app)} in {code(state.env)}\n\n{text}" if many else text


def _named(plan: Plan, lines: Iterable[str], *, many: bool) -> Iterator[str]:
    """Yield the lines of a diff below a line that names the app, where there are several and this one has any."""
    state = plan.transition.after
    for number, line in enumerate(lines):
        if many and number == 0:
            yield f"# {state.app} in {state.env}"
        yield line


def _order(plans: Sequence[Plan]) -> str:
    groups: dict[tuple[str, ...], list[str]] = {}
    for plan in plans:
        groups.setdefault(tuple(steps(plan)), []).append(plan.transition.after.app)
    text = ""
    for found, apps in groups.items():
        head = f"Of {len(apps)} apps, {code(apps[0])} among them:\n\n" if len(plans) > 1 else ""
        text += head + "".join(f"{at}. {step}\n" for at, step in enumerate(found, 1)) + "\n"
    return text


def _back(plans: Sequence[Plan], budget: int) -> str:
    """Say it once for each action, with the first app that it is done to."""
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    text = "## How to go back\n\n"
    for plan in plans:
        state = plan.transition.after
        words, commands = ways_back(plan, f"--app {state.app} --env {state.env}")
        if words not in found:
            found[words] = (state.app, commands)
    for at, (words, (app, commands)) in enumerate(found.items()):
        whose = "" if len(plans) == 1 else f"For {code(app)}, and each app like it. "
        item = f"{whose}{words}\n\n{fence(commands, 'sh')}\n"
        if at and size(text + item + _CUT_WAYS) > budget:
            return f"{text}{_CUT_WAYS}"
        text += item
    return text


def _list(rank: int, head: str, items: Sequence[str]) -> Piece:
    def within(budget: int) -> str:
        if not items:
            return ""
        cut = f"{head}Cut to fit: {len(items)} more.\n\n"
        left = budget - size(cut) - 1
        shown: list[str] = []
        for item in items:
            left -= size(item)
            if left < 0:
                return f"{head}{''.join(shown)}\nCut to fit: {len(items) - len(shown)} more.\n\n"
            shown.append(item)
        return f"{head}{''.join(shown)}\n"

    return Piece(rank, within)


def _diff(rank: int, summary: str, lines: Iterable[str], *, html: bool) -> Piece:
    found: list[str] | None = None

    def within(budget: int) -> str:
        nonlocal found
        cut = f"Cut to fit: {summary[0].lower()}{summary[1:]}.\n\n"
        if budget <= size(cut):
            return cut
        if found is None:
            found = [line for line, _ in zip(lines, range(_MOST_LINES), strict=False)]
        if not found:
            return ""
        said = "Cut to fit: {} lines more.\n"
        around = size(folded(summary, said.format(_MOST_LINES), html=html))
        inner, left = fence_within(found, "diff", budget - around - 1)
        if not inner:
            return cut
        return folded(summary, inner + (f"\n{said.format(left)}" if left else ""), html=html)

    return Piece(rank, within)
