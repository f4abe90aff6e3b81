"""Where a checkout's branch is pushed to, as git is set up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bggen.errors import UsageError

if TYPE_CHECKING:
    from bggen.git.checkout import Checkout

_HEADS = "refs/heads/"
_FORMAT = "%(upstream:remotename)%00%(upstream:remoteref)"


@dataclass(frozen=True, slots=True)
class Upstream:
    """A remote by its name, its URL as git would push to it (it may hold a password), and the branch there in full."""

    remote: str
    url: str
    ref: str


def upstream_of(checkout: Checkout) -> Upstream | None:
    """Return the branch's upstream; without one the branch of the same name on `origin`, or on the only remote.

    Raises:
        UsageError: there are several remotes, and none of them is said to be it.
    """
    branch = checkout.branch
    out = checkout.git.output("read the branch's upstream", "for-each-ref", f"--format={_FORMAT}", f"{_HEADS}{branch}")
    remote, _, ref = out.decode("utf-8", "surrogateescape").partition("\n")[0].partition("\0")
    # `.` stands for the repository itself: the upstream is another local branch.
    if not remote or remote == "." or not ref.startswith(_HEADS):
        names = checkout.git.output("list the remotes", "remote").decode("utf-8", "surrogateescape").split()
        if not names:
            return None
        if "origin" not in names and len(names) > 1:
            raise UsageError(
                f"there are several remotes ({', '.join(names)}), and {branch} follows none of them",
                hint=f"git branch --set-upstream-to=REMOTE/{branch}, after a first git push REMOTE {branch}",
            )
        remote, ref = "origin" if "origin" in names else names[0], f"{_HEADS}{branch}"
    url = checkout.git.output("read the remote's URL", "remote", "get-url", "--push", remote)
    return Upstream(remote, url.decode("utf-8", "surrogateescape").strip(), ref)
