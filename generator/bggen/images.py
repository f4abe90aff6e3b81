"""Image references: reading them, and choosing which image each component of a release gets."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from bggen.errors import RefusedError, UsageError
from bggen.model import Image

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bggen.model import Component, EnvState, Release

# The grammar of the distribution project's reference package. `\Z` and not `$`, which would let a final newline in.
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}\Z")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}\Z")
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_HOST_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
# A first part without a dot or a port, other than localhost, is not a host but a name, and so in lower case.
_HOST = rf"(?:localhost|{_HOST_LABEL}(?:\.{_HOST_LABEL})+)(?::[0-9]{{1,5}})?|{_HOST_LABEL}:[0-9]{{1,5}}"
_REPOSITORY = re.compile(rf"(?:(?:{_HOST})/)?{_COMPONENT}(?:/{_COMPONENT})*\Z")
_MAX_REPOSITORY = 255


@lru_cache(maxsize=256)
def parse_image(text: str) -> Image:
    """Return the parts of `repository[:tag][@digest]`.

    Raises:
        ValueError: with a one-line reason that shows the text.
    """
    shown = _shown(text)
    rest, at, digest = text.partition("@")
    if at:
        _refuse_no_digest(shown, digest)
    # A colon before the last slash belongs to the registry's port.
    head, slash, last = rest.rpartition("/")
    name, colon, tag = last.partition(":")
    if colon and not _TAG.match(tag):
        raise ValueError(f"{shown}: {_shown(tag)} is not an image tag")
    repository = f"{head}{slash}{name}"
    if not _REPOSITORY.match(repository) or len(repository) > _MAX_REPOSITORY:
        reason = "a repository is in lower case" if repository != repository.lower() else "not an image reference"
        raise ValueError(f"{shown}: {reason}")
    return Image(repository, tag if colon else None, digest if at else None)


@dataclass(frozen=True, slots=True)
class ImageArg:
    """One `--image`: for one component, for one repository, or for all that are not pinned."""

    text: str
    component: str | None
    repository: str | None
    tag: str | None
    digest: str | None


def parse_image_arg(text: str) -> ImageArg:
    """Read the REF of `--image REF`: a tag, `tag@digest`, `@digest`, a full reference, or `component=` before one.

    Raises:
        UsageError: when it is none of them.
    """
    component, equals, ref = text.rpartition("=")
    if equals and not component:
        raise UsageError(f"--image {_shown(text)}: no component before the =")
    if equals and not ref:
        raise UsageError(f"--image {_shown(text)}: no image behind the =")
    try:
        repository, tag, digest = _parse_ref(ref)
    except ValueError as error:
        raise UsageError(
            f"--image {error}",
            hint="give a tag (v2), a digest (@sha256:…), a full reference, or one of these for a component (web=v2)",
        ) from None
    return ImageArg(text, component or None, repository, tag, digest)


def _parse_ref(ref: str) -> tuple[str | None, str | None, str | None]:
    """Return repository, tag and digest of what stands behind `--image [component=]`."""
    if ref.startswith("@"):
        return None, None, _digest(ref, ref)
    tag, at, _ = ref.partition("@")
    if "/" in tag or ":" in tag:
        image = parse_image(ref)
        if not image.pinned:
            raise ValueError(f"{_shown(ref)} has neither a tag nor a digest")
        return image.repository, image.tag, image.digest
    if not _TAG.match(tag):
        raise ValueError(f"{_shown(ref)} is not an image tag")
    return None, tag, _digest(ref, ref[len(tag) :]) if at else None


def _digest(ref: str, text: str) -> str:
    """Return the digest behind the `@` that the text begins with."""
    _refuse_no_digest(_shown(ref), text[1:])
    return text[1:]


def _refuse_no_digest(shown: str, digest: str) -> None:
    if "@" in digest:
        raise ValueError(f"{shown} has two digests")
    if not _DIGEST.match(digest):
        raise ValueError(f"{shown}: a digest is sha256: and 64 hexadecimal digits in lower case")


@dataclass(frozen=True, slots=True)
class Chosen:
    """The image of one component of a new release, and where it came from."""

    image: Image
    origin: str


@dataclass(frozen=True, slots=True)
class Promoted:
    """What is active in another environment, and is to be released in this one."""

    env: str
    release: Release

    @property
    def origin(self) -> str:
        """Where its images come from, as a release records it."""
        return f"promoted from {self.env} release {self.release.number}"

    def image(self, component: str) -> Image | None:
        """Return the component's image; None where that environment has no such component."""
        found = self.release.spec.components.get(component)
        return found.image if found else None


def choose_images(
    components: Mapping[str, Component],
    args: Sequence[ImageArg],
    state: EnvState,
    promoted: Promoted | None = None,
    proposed: Release | None = None,
) -> dict[str, Chosen]:
    """Decide the image of every component.

    Args:
        components: as the spec says, images pinned or bare repositories.
        args: what the user gave; one for a component goes before one for a repository or for all.
        state: where images that were not named come from: the idle release if it is pending, else the active one.
        promoted: another environment's release, whose images go before those.
        proposed: a release that a request holds, and whose images go before those as well.

    Raises:
        UsageError: an argument fits no component, or two contradict each other.
        RefusedError: a component is left without an image, or is promoted from another repository than the spec's.
    """
    if promoted:
        _refuse_other_repositories(components, promoted, state)
    named = _apply_args(components, args)
    base = state.idle_release if state.pending else state.active_release
    chosen: dict[str, Chosen] = {}
    missing: list[str] = []
    for name, component in components.items():
        carried = _carried(base, name, component.image.repository)
        taken = promoted.image(name) if promoted else None
        if name in named:
            chosen[name] = Chosen(named[name], "given")
        elif component.image.pinned:
            chosen[name] = Chosen(component.image, "pinned")
        elif promoted and taken:
            chosen[name] = Chosen(taken, promoted.origin)
        elif proposed is not None and (asked := _carried(proposed, name, component.image.repository)):
            chosen[name] = Chosen(asked, _origin_of(proposed, name))
        elif base is not None and carried is not None:
            chosen[name] = Chosen(carried, f"release {base.number}")
        else:
            missing.append(name)
    if missing:
        raise _missing(missing, state, promoted, one=len(components) == 1)
    return chosen


def _origin_of(proposed: Release, component: str) -> str:
    """Return where a proposed image comes from: the request was not merged, so the place that it had it from."""
    return proposed.origins.get(component, "given")


def _missing(names: Sequence[str], state: EnvState, promoted: Promoted | None, *, one: bool) -> RefusedError:
    flags = "--image TAG" if one else " ".join(f"--image {name}=TAG" for name in names)
    if promoted is None:
        return RefusedError(
            f"no image for {_and(names)}: no release has one yet", hint=f"add {flags}", kind="image-missing"
        )
    return RefusedError(
        f"no image for {_and(names)}: {promoted.env} has none active, and no release of {state.env} has one yet",
        hint=f"release it in {promoted.env} first, or bggen bump --app {state.app} --env {state.env} {flags}",
        kind="image-missing",
    )


def _refuse_other_repositories(components: Mapping[str, Component], promoted: Promoted, state: EnvState) -> None:
    """Refuse images that the spec would have from elsewhere: what was tested there is not what would run here."""
    others = [
        f"{name} from {taken.repository}, and the spec of {state.env} has it from {component.image.repository}"
        for name, component in components.items()
        if not component.image.pinned
        and (taken := promoted.image(name))
        and taken.repository != component.image.repository
    ]
    if others:
        raise RefusedError(
            f"{promoted.env} runs {'; '.join(others)}",
            hint="give both environments one repository and release it, or name the image with bggen bump --image",
            kind="repository",
        )


def _carried(base: Release | None, name: str, repository: str) -> Image | None:
    """Return the image that the component had, if it is still of the repository that the spec names."""
    before = base.spec.components.get(name) if base else None
    return before.image if before and before.image.repository == repository else None


def _apply_args(components: Mapping[str, Component], args: Iterable[ImageArg]) -> dict[str, Image]:
    own: dict[str, Image] = {}
    shared: dict[str, Image] = {}
    for arg in args:
        targets = own if arg.component else shared
        for name in _targets(components, arg):
            base = Image(components[name].image.repository)
            image = replace(base, tag=arg.tag, digest=arg.digest)
            if targets.setdefault(name, image) != image:
                raise UsageError(f"two images for {name}: {targets[name]} and {image}")
    return shared | own


def _targets(components: Mapping[str, Component], arg: ImageArg) -> list[str]:
    free = [name for name, component in components.items() if not component.image.pinned]
    if arg.component is not None:
        return [_named_target(components, arg)]
    if arg.repository is not None:
        found = [name for name, component in components.items() if component.image.repository == arg.repository]
        if not found:
            known = ", ".join(f"{name} ({component.image.repository})" for name, component in components.items())
            raise UsageError(f"--image {arg.text}: no component has that repository", hint=f"there is {known}")
        pinned = [name for name in found if name not in free]
        if pinned:
            raise UsageError(_pinned(pinned[0], components[pinned[0]].image))
        return found
    if not free:
        raise UsageError(f"--image {arg.text}: every component is pinned in the spec")
    if arg.tag is None and len(free) > 1:
        raise UsageError(
            f"--image {arg.text}: a digest belongs to one component, and there are {_and(free)}",
            hint=" ".join(f"--image {name}=@sha256:…" for name in free),
        )
    return free


def _named_target(components: Mapping[str, Component], arg: ImageArg) -> str:
    component = components.get(arg.component or "")
    if component is None:
        raise UsageError(
            f"--image {_shown(arg.text)}: no component {_shown(arg.component or '')}",
            hint=f"there is {', '.join(components)}",
        )
    if component.image.pinned:
        raise UsageError(_pinned(component.name, component.image))
    if arg.repository is not None and arg.repository != component.image.repository:
        raise UsageError(
            f"--image {arg.text}: the spec gives {component.name} the repository {component.image.repository}",
            hint="change the repository in the spec, or leave it out of --image",
        )
    return component.name


def _pinned(name: str, image: Image) -> str:
    return f"{name} is pinned to {image} in the spec: no --image can change it"


def _and(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _shown(text: str) -> str:
    """Return the text as one short printable word."""
    limit = 80
    return repr(text if len(text) <= limit else text[: limit - 1] + "…")
