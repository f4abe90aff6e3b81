"""The failures that bggen expects, each with its exit code.

::

    BggenError                 never raised itself
    ├── UsageError             2   the command line does not fit
    ├── InvalidError           1   a spec, a state file or a manifest is wrong; carries every Problem
    │   ├── StateMismatchError 1   the digest in release.yaml does not fit the state files
    │   ├── TooNewError        1   written by a newer bggen
    │   └── PatchError         1   a patch of a release does not fit an object that it matches
    ├── RefusedError           3   a precondition or a guard says no; `kind` says which
    ├── DifferencesError       4   --check found differences
    ├── SeveralError           *   several apps were to change, and these errors kept them from it
    ├── ContentionError        5   the branch kept moving
    ├── GitError               6   git, or the file system below it, failed
    │   └── UnknownOutcomeError 6   a push whose answer was lost: nobody can say whether it landed
    ├── ForgeError             7   the forge did not do what a pull request needs
    ├── VerificationError      8   what runs was asked, and is not as it must be
    └── BugError               70  anything that is not expected, wrapped where it leaves the program

Nothing here prints. The command line turns an error into one line, or into the `error` field of the JSON document.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bggen.model import Problem


class BggenError(Exception):
    """An expected failure: one line for the user, an exit code and a kind for scripts.

    Args:
        message: what is wrong and where, one line, no full stop.
        hint: the next step, or None where there is none.
        kind: one of the published error kinds; the class's own when left out.
    """

    exit_code: int = 1
    default_kind: ClassVar[str] = "invalid"

    def __init__(self, message: str, *, hint: str | None = None, kind: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.kind = kind or self.default_kind
        #: What the command knew when it failed, as an outcome; the reporter prints it.
        self.known: object | None = None


class UsageError(BggenError):
    """The command line does not fit: an unknown name, an option too many or too few."""

    exit_code = 2
    default_kind = "usage"


class InvalidError(BggenError):
    """A file that people or bggen wrote is wrong; `problems` holds all of it, in the order of the files."""

    def __init__(
        self,
        message: str,
        *,
        problems: Sequence[Problem] = (),
        hint: str | None = None,
        kind: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint, kind=kind)
        self.problems = tuple(problems)


class StateMismatchError(InvalidError):
    """The digest in release.yaml is not the digest of the state files."""

    default_kind = "state-mismatch"


class TooNewError(InvalidError):
    """A file needs a newer bggen than this one."""

    default_kind = "too-new"


class PatchError(InvalidError):
    """A patch of a release does not fit an object that it matches, or changes what it must not.

    Args:
        message: what is wrong, without the patch's own place.
        release: the number of the release.
        where: the place within the release's spec, `patches` first and then the number of the patch.
    """

    def __init__(self, message: str, *, release: int, where: tuple[str | int, ...]) -> None:
        super().__init__(message)
        self.release = release
        self.where = where


class RefusedError(BggenError):
    """A precondition or a guard refuses the change; `kind` is always given by the raiser."""

    exit_code = 3
    default_kind = "stale"


class DifferencesError(BggenError):
    """`--check` found differences."""

    exit_code = 4
    default_kind = "drift"


class SeveralError(BggenError):
    """A change of several apps, of which some cannot be made, so that none is.

    Args:
        errors: the app and environment as `app/env`, and what is wrong; at least one. The first one's exit code and
            kind are those of all.
        of: how many pairs were to be changed.
    """

    def __init__(self, errors: Sequence[tuple[str, BggenError]], *, of: int) -> None:
        where, first = errors[0]
        rest = f"; and {len(errors) - 1} more" if len(errors) > 1 else ""
        named = first.message if first.message.startswith(where) else f"{where}: {first.message}"
        super().__init__(f"nothing was changed, {len(errors)} of {of} cannot be: {named}{rest}", hint=first.hint)
        self.kind = first.kind
        self.exit_code = first.exit_code
        self.errors = tuple(errors)
        self.of = of


class ContentionError(BggenError):
    """Somebody else kept moving the branch."""

    exit_code = 5
    default_kind = "contention"


class GitError(BggenError):
    """Git failed, or the file system did while git's work was being done."""

    exit_code = 6
    default_kind = "git"


class UnknownOutcomeError(GitError):
    """A push was sent, its answer was lost, and the remote cannot be asked: the change may be there, or not."""

    default_kind = "network"


class ForgeError(BggenError):
    """The forge could not be reached, refused, or answered what makes no sense."""

    exit_code = 7
    default_kind = "forge"


class VerificationError(BggenError):
    """What runs was asked, and is not as it must be."""

    exit_code = 8
    default_kind = "verification"


class BugError(BggenError):
    """Something that bggen did not expect."""

    exit_code = 70
    default_kind = "bug"
