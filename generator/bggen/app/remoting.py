"""Repositories and remotes as the changing commands need them: whose URL, which secret, which objects."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from bggen.credentials import find_credential
from bggen.git.bare import Bare
from bggen.git.remote import remote_named
from bggen.git.store import OwnRefs, Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bggen.app.place import Place
    from bggen.credentials import Credential
    from bggen.git.checkout import Checkout
    from bggen.git.remote import Remote
    from bggen.git.upstream import Upstream
    from bggen.remotes import RemoteUrl


@contextlib.contextmanager
def open_store(place: Place) -> Iterator[Store]:
    """Open a repository of our own for the remote config repo; it fetches what is read.

    Raises:
        GitError: the cache cannot be used.
    """
    if place.url is None:
        raise ValueError("a checkout has its own store")
    credential = _app_credential(place.url) or find_credential(place.url, os.environ, None)
    with Bare.open(place.url, place.cache, credential) as bare:
        yield Store(
            place.url.text,
            bare.git,
            bare.objects,
            bare.remote,
            scratch=bare.scratch,
            remote=bare.remote,
        )


def checkout_store(checkout: Checkout, upstream: Upstream | None) -> Store:
    """Return the checkout's own repository as a store, whose changes go to its remote, where it has one."""
    if upstream is None:
        refs = OwnRefs(checkout.git)
        return Store(
            str(checkout.root), checkout.git, checkout.objects, refs, scratch=checkout.scratch, prefix=checkout.prefix
        )
    remote = checkout_remote(checkout, upstream)
    return Store(
        remote.url.text,
        checkout.git,
        checkout.objects,
        remote,
        scratch=checkout.scratch,
        prefix=checkout.prefix,
        remote=remote,
    )


def _app_credential(url: RemoteUrl) -> Credential | None:
    """Return what a GitHub App signs in to git with; None where the environment names none."""
    if not os.environ.get("BGGEN_GITHUB_APP_ID") or url.scheme != "https":
        return None
    from bggen.forge import recognise  # noqa: PLC0415 - only an app needs it
    from bggen.forge.connecting import api_credential  # noqa: PLC0415 - the same

    place = recognise(url, environ=os.environ)
    return api_credential(url, place, os.environ) if place and place.kind == "github" else None


def checkout_remote(checkout: Checkout, upstream: Upstream) -> Remote:
    """Return the remote of a checkout, by the name that git knows it by: its URL may hold what nobody is to see."""
    return remote_named(checkout.git, upstream.remote)
