"""What every changing command shares: for which apps, how the change is delivered, and who made it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bggen.cli.session import Shared, complete_app, complete_env

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bggen.app.wish import Wish
    from bggen.cli.session import Session

# What stands for `--branch` without a name; no branch can be called so.
DEFAULT_BRANCH = "--"


class AutoMerge(StrEnum):
    """The ways in which a forge can merge a request by itself."""

    MERGE = "merge"
    SQUASH = "squash"
    REBASE = "rebase"


def _option(kind: Any, *names: str, **settings: Any) -> Any:
    return Annotated[kind, typer.Option(*names, **settings)]


_SOURCE = {
    "source_sha": "The commit that the images were built from; from the CI's variables by default.",
    "source_repo": "The URL of its repository.",
    "source_author": "Its author, as Name <mail>.",
    "source_date": "Its date, as 2026-12-24T08:00:00+01:00.",
    "source_subject": "The first line of its message.",
    "source_body": "The rest of its message.",
}
PARAMETERS: dict[str, tuple[Any, Any]] = {
    "app": (
        _option(
            list[str] | None,
            "--app",
            "-a",
            metavar="NAME",
            envvar="BGGEN_APP",
            help="The app; not needed where there is one, or in its folder. Repeatable: all of them in one commit.",
            autocompletion=complete_app,
        ),
        None,
    ),
    "env": (
        _option(
            str | None,
            "--env",
            "-e",
            metavar="NAME",
            envvar="BGGEN_ENV",
            help="The environment; not needed where there is one, or in its folder.",
            autocompletion=complete_env,
        ),
        None,
    ),
    "every": (_option(bool, "--all", help="All apps of the environment, in one commit."), False),
    "match": (
        _option(str | None, "--match", metavar="PATTERN", help="The apps whose names fit, as 'shop-*', in one commit."),
        None,
    ),
    "dry_run": (
        _option(bool, "--dry-run", help="Print the plan: message, state diff and manifest diff. Nothing is changed."),
        False,
    ),
    "push": (_option(bool, "--push", help="Push the commit; with --repo URL it always is."), False),
    "branch": (
        _option(
            str | None,
            "--branch",
            metavar="[NAME]",
            help="Commit to a branch instead, bggen/ENV/APP/COMMAND by default, and push it where there is a remote.",
        ),
        None,
    ),
    "pr": (
        _option(bool, "--pr", help="The same, and open a pull request for it, or update the one that is open."),
        False,
    ),
    "base": (
        _option(
            str | None,
            "--base",
            metavar="BRANCH",
            help="With --repo URL, --branch and --pr: the branch that is decided on; the usual one by default.",
        ),
        None,
    ),
    "title": (
        _option(str | None, "--title", metavar="TEXT", help="With --pr: the title; the commit's by default."),
        None,
    ),
    "label": (_option(list[str] | None, "--label", metavar="NAME", help="With --pr: a label; repeatable."), None),
    "reviewer": (
        _option(list[str] | None, "--reviewer", metavar="NAME", help="With --pr: who is asked to review; repeatable."),
        None,
    ),
    "draft": (_option(bool, "--draft", help="With --pr: as a draft."), False),
    "auto_merge": (
        _option(
            AutoMerge | None,
            "--auto-merge",
            help="With --pr: let the forge merge it once everything that it asks for is given.",
        ),
        None,
    ),
    "close_empty": (
        _option(
            bool,
            "--close-empty/--no-close-empty",
            help="With --pr: close the open one where there is nothing left to change.",
        ),
        True,
    ),
    "retries": (
        _option(
            int,
            "--retries",
            metavar="N",
            min=0,
            max=1000,
            help="How often to decide again where somebody else was faster.",
        ),
        50,
    ),
    "retarget": (
        _option(
            bool,
            "--retarget",
            help="Where the colours changed meanwhile: go on with the one that is idle now, instead of refusing.",
        ),
        False,
    ),
    "author": (
        _option(
            str | None,
            "--author",
            metavar="'NAME <MAIL>'",
            help="The commit's author; from the CI's variables or git's settings by default.",
        ),
        None,
    ),
    "sign": (_option(bool | None, "--sign/--no-sign", help="Sign the commit; as git is set up by default."), None),
    **{
        name: (_option(str | None, f"--{name.replace('_', '-')}", metavar="TEXT", help=text), None)
        for name, text in _SOURCE.items()
    },
}


@dataclass(frozen=True, slots=True)
class Asked:
    """The values of PARAMETERS that a command was given."""

    values: Mapping[str, Any]

    def wish(self, session: Session) -> Wish:
        """Return them as the use cases take them.

        Raises:
            UsageError: some do not go together; there is no config repo.
        """
        from bggen.app.wish import Delivery, RequestWish, Selection, Wish  # noqa: PLC0415 - help must not wait for it

        given = self.values
        self._refuse_requestless()
        request = RequestWish(
            title=given["title"],
            labels=tuple(given["label"] or ()),
            reviewers=tuple(given["reviewer"] or ()),
            draft=given["draft"],
            auto_merge=given["auto_merge"] and given["auto_merge"].value,
            close_empty=given["close_empty"],
        )
        return Wish(
            session.place(),
            Selection(tuple(given["app"] or ()), given["match"], given["every"], given["env"]),
            Delivery(
                dry_run=given["dry_run"],
                push=given["push"],
                branch=self._branch(),
                request=request if given["pr"] else None,
                base=self._name("base"),
                retries=given["retries"],
                retarget=given["retarget"],
                author=given["author"],
                sign=given["sign"],
                source={name: given[name] for name in _SOURCE if given[name] is not None},
            ),
        )

    def one(self, **others: bool) -> tuple[str | None, str | None, str | None]:
        """Return the app, the environment and the base branch, for what only looks at one of them.

        Args:
            others: options of the command itself that say how something is changed.

        Raises:
            UsageError: something was asked for that only a change needs.
        """
        used = [name for name, on in others.items() if on]
        used += [name for name, (_, default) in PARAMETERS.items() if self.values[name] != default]
        wrong = [name for name in used if name not in {"app", "env", "base"}]
        apps = self.values["app"] or [None]
        if wrong or len(apps) > 1:
            from bggen.errors import UsageError  # noqa: PLC0415 - help must not wait for it

            option = f"--{wrong[0].replace('_', '-')}" if wrong else "a second --app"
            raise UsageError(f"{option} is for a change: bggen migrate only looks", hint="bggen migrate contract")
        return apps[0], self.values["env"], self._name("base")

    def _branch(self) -> str | None:
        if self.values["branch"] is None:
            return "" if self.values["pr"] else None
        return "" if self.values["branch"] == DEFAULT_BRANCH else self._name("branch")

    def _name(self, option: str) -> str | None:
        if self.values[option] is None:
            return None
        from bggen.remotes import parse_branch  # noqa: PLC0415 - help must not wait for it

        return parse_branch(self.values[option])

    def _refuse_requestless(self) -> None:
        """Refuse what means nothing without a pull request: whoever writes it expects one."""
        given = self.values
        if given["pr"]:
            return
        used = [name for name in ("title", "label", "reviewer", "draft", "auto_merge") if given[name]]
        if used:
            from bggen.errors import UsageError  # noqa: PLC0415 - help must not wait for it

            option = f"--{used[0].replace('_', '-')}"
            raise UsageError(f"{option} is for a pull request", hint=f"add --pr, or leave out {option}")


CHANGES = Shared(PARAMETERS, Asked)
