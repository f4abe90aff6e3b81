"""`promote`: which environment comes before which, and its active images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bggen import transitions
from bggen.app.deciding import Order
from bggen.app.delivery import carry_out
from bggen.app.patching import refuse_unfit
from bggen.app.place import choose_env
from bggen.errors import UsageError
from bggen.render import LATEST

if TYPE_CHECKING:
    from bggen.app.changing import FlipOptions
    from bggen.app.deciding import Situation
    from bggen.app.outcomes import Changed
    from bggen.app.place import Place
    from bggen.app.wish import Wish
    from bggen.transitions import Transition


def promote(wish: Wish, from_env: str | None, flip: FlipOptions | None) -> Changed:
    """Give the idle colour a release with the images that are active in another environment."""

    def decide(now: Situation) -> Transition:
        target = now.state
        transitions.refuse_other_idle(now.meant, target, retarget=wish.delivery.retarget)
        # First of all, because it reports every problem of all the files.
        spec = now.source.spec(target.app, target.env)
        source, _ = now.source.state(target.app, _source_env(now, wish.place, from_env))
        request = transitions.BumpRequest(spec=spec, renderer=LATEST, then_flip=flip.request() if flip else None)
        decided = transitions.promote(target, source, request)
        refuse_unfit(now.source, decided, frozen=False)
        return decided

    return carry_out(Order("promote", decide), wish)


def _source_env(now: Situation, place: Place, given: str | None) -> str:
    repo = now.source.repo()
    own = now.source.environments(now.state.app, repo)
    if given is None:
        return transitions.env_before(own, now.state.env)
    if given == now.state.env:
        raise UsageError(f"--from {given}: an environment cannot be promoted to itself", hint="say with --env where to")
    return choose_env(place, given, list(repo.environments), own)
