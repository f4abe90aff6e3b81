"""Run one git that talks to a remote: the secret in its environment, an end to its patience, its failure in one line."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bggen.credentials import OWN, secrets
from bggen.errors import GitError
from bggen.git.outcome import clean, failure, last_words, remote_words
from bggen.git.process import Done, finish_within
from bggen.remotes import SCHEMES, redacted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bggen.credentials import Credential
    from bggen.git.process import Git
    from bggen.remotes import RemoteUrl

PATIENCE = 300.0
_STALLED = 30
_TIMED_OUT = b"fatal: bggen: the remote timed out\n"
# It holds no secret: its two variables exist in one git process and what that starts. See gitcredentials(7).
_HELPER = (
    '!f() { if test "$1" = get; then '
    'printf "username=%s\\npassword=%s\\n" "$BGGEN_GIT_USERNAME" "$BGGEN_GIT_PASSWORD"; fi; }; f'
)
_HINTS = {
    "auth": "set BGGEN_TOKEN, or let git itself log in: a credential helper or an ssh agent",
    "missing": "check the address; private repositories answer so where the token is missing or may not see them",
    "network": "check the address, the network and the proxy, then run it again",
}


@dataclass(frozen=True, slots=True)
class Network:
    """How one repository talks to one remote.

    Attributes:
        git: in the repository.
        name: what git is given as the remote.
        url: where it is.
        credential: what bggen says when it is asked; None leaves that to git's own helpers.
        environ: the environment, for scrubbing secrets from git's words.
        own: whether `name` is configured nowhere: then the address goes along.
        patience: the longest that one command may take, in seconds.
    """

    git: Git
    name: str
    url: RemoteUrl
    credential: Credential | None
    environ: Mapping[str, str]
    own: bool
    patience: float = PATIENCE

    def run(self, *arguments: str, settings: Sequence[str] = (), keep_open: Sequence[int] = ()) -> Done:
        """Run git to its end, or end it; a time-out comes back as a failure like any other."""
        options = [option for setting in (*self._settings(), *settings) for option in ("-c", setting)]
        group = not _has_terminal()
        process: subprocess.Popen[bytes] = self.git.start(
            *options,
            *arguments,
            stdin=subprocess.DEVNULL,
            keep_open=keep_open,
            own_group=group,
            environment=self._variables(),
        )
        return finish_within(process, self.patience, group=group) or Done(128, b"", _TIMED_OUT)

    def error(self, done: Done, doing: str) -> GitError:
        """Return the failure of a command as one line without secrets."""
        cause = failure(done.err)
        kind = {"auth": "auth", "network": "network", "cut": "network"}.get(cause, "git")
        said = remote_words(done.err)
        words = last_words(done.err)
        text = f"{words}; the remote said: {said}" if said and said not in words else words
        hint = _HINTS.get("network" if cause == "cut" else cause)
        return GitError(f"cannot {doing}: {self.scrubbed(text)}", hint=hint, kind=kind)

    def scrubbed(self, text: str) -> str:
        """Return foreign words without anything that is secret."""
        hidden = (*secrets(self.environ), *((self.credential.password,) if self.credential else ()))
        for secret in hidden:
            text = text.replace(secret, "***")
        return clean(redacted(text))

    def _settings(self) -> list[str]:
        found = ["protocol.version=2", "http.lowSpeedLimit=1", f"http.lowSpeedTime={_STALLED}", "fetch.prune=false"]
        found += ["fetch.writeCommitGraph=false", "push.default=nothing", "push.negotiate=false", "push.pushOption="]
        found += [f"remote.{self.name}.mirror=false", "push.useForceIfIncludes=false"]
        if self.own:
            found.append(f"remote.{self.name}.url={self.url.text}")
        if self.credential:
            # The empty ones reset the list: a helper of the user's that stores would write the token down.
            origin = f"credential.{self.url.origin}.helper"
            found += ["credential.helper=", f"{origin}=", f"{origin}={_HELPER}"]
            if self.credential.variable == OWN:
                # What actions/checkout leaves in a checkout would win over the token that was given.
                found.append(f"http.{self.url.origin}/.extraHeader=")
        return found

    def _variables(self) -> dict[str, str]:
        allowed = os.environ.get("GIT_ALLOW_PROTOCOL")
        schemes = [scheme for scheme in SCHEMES if allowed is None or scheme in allowed.split(":")]
        found = {"GIT_ALLOW_PROTOCOL": ":".join(schemes), "GIT_TRACE_REDACT": "1"}
        if self.credential:
            found |= {"BGGEN_GIT_USERNAME": self.credential.username, "BGGEN_GIT_PASSWORD": self.credential.password}
        return found


def _has_terminal() -> bool:
    """Whether ssh could ask somebody for a passphrase; it could not from a process group of its own."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_CLOEXEC))
    except OSError:
        return False
    return True
