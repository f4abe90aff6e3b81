"""Several plans as one change: its commit message, and the branch of a request for it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from bggen.plan import commit_message, one_line, shortened, trailers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bggen.plan import Plan
    from bggen.transitions import Transition

_MOST_NAMES = 100


def message_of(action: str, plans: Sequence[Plan]) -> str:
    """Return the commit message of plans that land together; those that change nothing are left out."""
    decided = [plan.transition for plan in plans if plan.changes]
    if not decided:
        return ""
    if len(decided) == 1:
        return commit_message(decided[0])
    body = "".join(_paragraph(each) for each in decided[:_MOST_NAMES])
    if len(decided) > _MOST_NAMES:
        body += f"- and {len(decided) - _MOST_NAMES} more\n"
    # One group of trailers for each app, in the order of the paragraphs.
    return f"{_subject(action, decided)}\n\n{body}\n{''.join(map(trailers, decided))}"


def branch_of(action: str, pairs: Sequence[tuple[str, str]], selection: str) -> str:
    """Return the branch that a request for this change has, always the same one, so that it is found again.

    Args:
        action: the command.
        pairs: app and environment, at least one.
        selection: what several apps were chosen by; "" for a single one.
    """
    app, env = pairs[0]
    if selection:
        app = f"batch-{hashlib.sha256(selection.encode()).hexdigest()[:12]}"
    return f"bggen/{env}/{app}/{action}"


def _subject(action: str, decided: Sequence[Transition]) -> str:
    envs = {each.after.env for each in decided}
    where = f" in {envs.pop()}" if len(envs) == 1 else ""
    said = {one_line(each.subject) for each in decided}
    what = f": {said.pop()}" if len(said) == 1 else ""
    return shortened(f"{action} {len(decided)} apps{where}{what}")


def _paragraph(transition: Transition) -> str:
    lines = [f"- {transition.after.app}({transition.after.env}): {one_line(transition.subject)}\n"]
    lines += [f"  - {one_line(note)}\n" for note in (*transition.notes, *transition.warnings)]
    return "".join(lines)
