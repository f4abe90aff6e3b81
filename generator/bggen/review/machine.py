"""The line of a body that scripts read: what the request does, as JSON in a comment."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from bggen.model import Color
from bggen.review.facts import state_digests
from bggen.review.fitting import Piece
from bggen.review.markdown import size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bggen.model import EnvState
    from bggen.plan import Plan

SCHEMA = 1
# At the beginning of a line, where nothing else of a body can stand: diffs and lists are indented or marked.
_LINE = re.compile(r"^(?:<!-- )?bggen-review: (\{[^\r\n]*\})(?: -->)?\r?$", re.MULTILINE)
# What ends a comment or a fence, and what a forge might make a link of. None of it is JSON's own.
_UNSAFE = re.compile(r"--|[<>&@#`]|-(?=\")")


def machine_piece(plans: Sequence[Plan], base: str, rank: int, *, html: bool) -> Piece:
    """Return the block; images, and then apps, are left out where they do not fit, and `cut` says which."""

    def within(budget: int) -> str:
        text = ""
        for cut in (None, "images", "apps"):
            apps = [] if cut == "apps" else [_app(plan, images=cut is None) for plan in plans]
            data: dict[str, Any] = {"schema": SCHEMA, "base": base, "count": len(plans), "apps": apps}
            text = _block(data if cut is None else {**data, "cut": cut}, html=html)
            if size(text) <= budget:
                break
            if cut == "images" and len(plans) == 1:
                break
        return text

    return Piece(rank, within)


def read_machine_block(body: str) -> dict[str, Any] | None:
    """Return what the block of a body says; None where there is none, more than one, or one of a newer schema.

    The result has `schema`, `base`, `count` (of apps), `cut` (`images` or `apps`, where they did not fit) and `apps`,
    each with `app`, `env`, `action`, `active`, `release`, `images` (unless cut) and `state`; all with before and after.
    """
    found = _LINE.findall(body)
    if len(found) != 1:
        return None
    try:
        data = json.loads(found[0])
    except ValueError:
        return None
    return data if isinstance(data, dict) and data.get("schema") == SCHEMA else None


def _block(data: dict[str, Any], *, html: bool) -> str:
    text = json.dumps(data, separators=(",", ":"))
    line = _UNSAFE.sub(lambda found: "".join(f"\\u{ord(char):04x}" for char in found[0]), text)
    return f"<!-- bggen-review: {line} -->\n" if html else f"```json\nbggen-review: {line}\n```\n"


def _app(plan: Plan, *, images: bool) -> dict[str, Any]:
    before, after = plan.transition.before, plan.transition.after
    states = {"before": before, "after": after}
    digests = dict(zip(("before", "after"), state_digests(plan), strict=True))
    return {
        "app": after.app,
        "env": after.env,
        "action": plan.transition.action,
        "active": {when: state.active for when, state in states.items()},
        "release": {when: _numbers(state) for when, state in states.items()},
        **({"images": {when: _images(state) for when, state in states.items()}} if images else {}),
        "state": digests,
    }


def _numbers(state: EnvState) -> dict[str, int]:
    return {str(color): release.number for color in Color if (release := state.release(color))}


def _images(state: EnvState) -> dict[str, dict[str, str]]:
    return {str(color): release.images for color in Color if (release := state.release(color))}
