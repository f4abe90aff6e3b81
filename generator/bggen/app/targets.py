"""Which branch a changing command decides on, and which way its commit takes."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from bggen.app.place import refuse_strange
from bggen.app.signing import signature_of
from bggen.errors import UsageError
from bggen.git.checkout import Checkout
from bggen.git.here import Here

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bggen.app.wish import Delivery, Wish
    from bggen.git.signature import Signature
    from bggen.git.store import Store
    from bggen.git.target import Target
    from bggen.git.upstream import Upstream


@contextlib.contextmanager
def open_target(wish: Wish) -> Iterator[Target]:
    """Open the branch that a command works on; nothing is locked or changed yet.

    Raises:
        UsageError: the options do not go together, or with this repo.
        RefusedError: there is no such branch, or the checkout is not ready for a commit.
        GitError: git or the remote fails.
    """
    delivery = wish.delivery
    signature = signature_of(delivery, os.environ)
    if wish.place.url is not None:
        refuse_strange(wish.selection.apps, wish.selection.env, wish.selection.match)
        from bggen.app.ahead import import_ahead  # noqa: PLC0415 - as the next one
        from bggen.app.remoting import open_store  # noqa: PLC0415 - only a remote repo needs it

        import_ahead()
        with open_store(wish.place) as store:
            yield _of_remote(store, delivery, signature)
        return
    with Checkout.open(wish.place.root) as checkout:
        if delivery.branch is None and not delivery.push:
            if delivery.base is not None:
                raise UsageError(
                    "--base is for a remote repo, --branch and --pr: a commit goes to the branch that is checked out"
                )
            yield Here(checkout, signature)
            return
        from bggen.app.remoting import checkout_remote, checkout_store  # noqa: PLC0415 - only a push needs it
        from bggen.git.upstream import upstream_of  # noqa: PLC0415 - the same

        upstream = upstream_of(checkout)
        if delivery.branch is not None:
            base = _base_of(delivery, checkout, upstream)
            yield _request(checkout_store(checkout, upstream), delivery, base, signature)
            return
        if upstream is None:
            raise UsageError(
                "--push: this repository has no remote to push to",
                hint="git remote add origin URL, or leave out --push",
            )
        yield Here(checkout, signature, checkout_remote(checkout, upstream), upstream.ref)


def _of_remote(store: Store, delivery: Delivery, signature: Signature) -> Target:
    from bggen.git.away import Away  # noqa: PLC0415 - only a remote repo needs it

    base = f"refs/heads/{delivery.base}" if delivery.base is not None else store.default_branch()
    if delivery.branch is not None:
        return _request(store, delivery, base, signature)
    return Away(store, base, signature)


def _request(store: Store, delivery: Delivery, base: str, signature: Signature) -> Target:
    from bggen.git.proposal import Proposal  # noqa: PLC0415 - only a request needs it

    return Proposal(store, base, delivery.branch or None, signature)


def _base_of(delivery: Delivery, checkout: Checkout, upstream: Upstream | None) -> str:
    if delivery.base is not None:
        return f"refs/heads/{delivery.base}"
    return upstream.ref if upstream is not None else f"refs/heads/{checkout.branch}"
