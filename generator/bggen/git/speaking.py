"""Run git commands that speak to one remote: signed in, within bounds, and with no secret in what is said of them."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from bggen.credentials import secrets
from bggen.errors import GitError
from bggen.git.outcome import failure_kind, reason_of
from bggen.git.process import end, finish
from bggen.remotes import SCHEMES, redacted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bggen.credentials import Credential
    from bggen.git.process import Done, Git
    from bggen.remotes import RemoteUrl

# In seconds. A stalled connection ends by git's own limit of speed, long before.
TIMEOUT = 600.0
_HELPER = (
    '!f() { test "$1" = get && printf "username=%s\\npassword=%s\\n" "$BGGEN_GIT_USERNAME" "$BGGEN_GIT_PASSWORD"; }; f'
)
_QUIET = (
    *("-c", "gc.auto=0", "-c", "maintenance.auto=false", "-c", "fetch.writeCommitGraph=false"),
    *("-c", "http.lowSpeedLimit=1000", "-c", "http.lowSpeedTime=30", "-c", "push.gpgSign=false"),
    *("-c", "push.followTags=false", "-c", "fetch.recurseSubmodules=false", "-c", "protocol.version=2"),
)
_HINTS = {
    "auth": "set BGGEN_TOKEN, or see that `git ls-remote` can sign in there",
    "network": "nothing was changed; try it again",
    "missing": "look at the URL; without a token that may read it, a private repository seems not to exist",
}


class Speaker:
    """Speaks to one remote from inside one repository."""

    def __init__(
        self, git: Git, name: str, url: RemoteUrl, credential: Credential | None = None, *, own: bool = False
    ) -> None:
        """Ask nothing yet.

        Args:
            git: runs in the repository.
            name: what git knows the remote by.
            url: where it is.
            credential: what git signs in with; None where that is its own affair.
            own: whether the repository is bggen's, which holds nothing but what was fetched for a purpose.
        """
        self.url = url
        self._name = name
        self._own = own
        self._settings, variables = _signing_in(url, credential)
        if own:
            self._settings += ["-c", f"remote.{name}.url={url.text}"]
        self._git = git.with_variables({"GIT_ALLOW_PROTOCOL": ":".join(SCHEMES), **variables})
        # A kill of bggen's process group must not leave git's locks behind, in a checkout or a remote on this disk.
        # What may ask for a passphrase has to stay in the group, though, or the terminal would stop it.
        self._silent = url.scheme in {"file", "git"} or credential is not None
        self._secrets = (*secrets(os.environ), *([credential.password] if credential else []))

    def talk(self, *arguments: str) -> Done:
        """Run one git command that speaks to the remote, signed in, to its end, whatever comes of it."""
        return self._run(*arguments)

    def _run(self, *arguments: str) -> Done:
        process = self._git.start(
            *_QUIET,
            *self._settings,
            *arguments,
            stdin=subprocess.DEVNULL,
            keep_open=self._inherited(),
            own_group=self._silent,
        )
        try:
            return finish(process, timeout=TIMEOUT)
        except KeyboardInterrupt:
            end(process)
            raise

    def _inherited(self) -> Sequence[int]:
        """Return the descriptors that git's processes keep open."""
        return ()

    def _failure(self, doing: str, done: Done) -> GitError:
        err = done.err.decode("utf-8", "replace")
        if done.code < 0 and not err:
            err = "fatal: the connection timed out"
        kind = failure_kind(err)
        return GitError(
            self._clean(f"cannot {doing}: {reason_of(err)}"),
            hint=_HINTS.get(kind),
            kind="git" if kind == "missing" else kind,
        )

    def _clean(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return redacted(text)


def _signing_in(url: RemoteUrl, credential: Credential | None) -> tuple[list[str], dict[str, str]]:
    """Return options and variables by which git signs in; the secret is in the variables of that one process alone.

    Other helpers are left out: one that stores what works would write the token to a file.
    """
    if credential is None:
        return [], {}
    options = ["-c", "credential.helper=", "-c", f"credential.{url.origin}.helper={_HELPER}"]
    options += ["-c", f"credential.{url.origin}.username={credential.username}"]
    # actions/checkout leaves the job's own token as a header in a checkout; git would send that one.
    options += ["-c", f"http.{url.origin}/.extraHeader="]
    secret = {"BGGEN_GIT_USERNAME": credential.username, "BGGEN_GIT_PASSWORD": credential.password}
    # What the helper's answer does not open, nobody is asked for.
    return options, {**secret, "GIT_ASKPASS": "", "SSH_ASKPASS": ""}
