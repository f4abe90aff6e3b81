"""Image references, and which image each component of a release gets."""

from __future__ import annotations

import pytest

from bggen.errors import RefusedError, UsageError
from bggen.images import choose_images, parse_image, parse_image_arg
from bggen.model import EnvState, Image
from tests.support.states import DIGEST, app_spec, bumped, component, first, flipped, release

EMPTY = EnvState("shop", "prod")


def bare(name: str, repository: str | None = None) -> Image:
    return Image(repository or f"ghcr.io/acme/{name}")


def open_components(*names: str):  # type: ignore[no-untyped-def]  # noqa: ANN201 - a mapping of components
    return {name: component(name, image=bare(name)) for name in names}


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("hello", ("hello", None, None)),
        ("ghcr.io/acme/hello", ("ghcr.io/acme/hello", None, None)),
        ("ghcr.io/acme/hello:v1", ("ghcr.io/acme/hello", "v1", None)),
        ("localhost:5000/hello", ("localhost:5000/hello", None, None)),
        ("localhost:5000/hello:1", ("localhost:5000/hello", "1", None)),
        (f"a/b@{DIGEST}", ("a/b", None, DIGEST)),
        (f"a/b:v1@{DIGEST}", ("a/b", "v1", DIGEST)),
        ("GHCR.io/acme/a__b.c-d", ("GHCR.io/acme/a__b.c-d", None, None)),
    ],
)
def test_an_image_reference_is_read_and_written_back(text: str, parts: tuple[str, str | None, str | None]) -> None:
    image = parse_image(text)
    assert (image.repository, image.tag, image.digest) == parts
    assert str(image) == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not an image reference"),
        ("a b", "not an image reference"),
        ("a\n", "not an image reference"),
        ("a:v1\n", "is not an image tag"),
        ("-a", "not an image reference"),
        ("a:-v1", "is not an image tag"),
        ("ghcr.io/Acme/hello", "a repository is in lower case"),
        (f"a@{DIGEST}@{DIGEST}", "two digests"),
        ("a@sha256:abc", "64 hexadecimal digits"),
        ("a@md5:0123", "64 hexadecimal digits"),
        ("a:", "is not an image tag"),
        (f"a:{'x' * 129}", "is not an image tag"),
        ("a//b", "not an image reference"),
        ("../a", "not an image reference"),
        ("a" * 256, "not an image reference"),
    ],
)
def test_what_is_no_image_reference_is_refused_in_one_line(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as caught:
        parse_image(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "web=", "=v1", "v 1", "v1\n", "-v1", "@sha256:1", "ghcr.io/acme/web", "A/b:v1"])
def test_a_wrong_image_option_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError):
        parse_image_arg(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("web=", "--image 'web=': no image behind the ="),
        ("@sha256:1", "--image '@sha256:1': a digest is sha256: and 64 hexadecimal digits in lower case"),
        ("web=v1@sha256:1", "--image 'v1@sha256:1': a digest is sha256: and 64 hexadecimal digits in lower case"),
    ],
)
def test_a_wrong_image_option_is_shown_as_it_was_given(text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_image_arg(text)
    assert str(caught.value) == message


def test_a_bare_tag_goes_to_every_component_that_is_not_pinned() -> None:
    components = open_components("web", "api") | {"db": component("db", image=Image("db", "16"))}
    chosen = choose_images(components, [parse_image_arg("v2")], EMPTY)
    assert {name: (str(choice.image), choice.origin) for name, choice in chosen.items()} == {
        "web": ("ghcr.io/acme/web:v2", "given"),
        "api": ("ghcr.io/acme/api:v2", "given"),
        "db": ("db:16", "pinned"),
    }


def test_an_image_for_one_component_goes_before_one_for_all() -> None:
    args = [parse_image_arg("v2"), parse_image_arg("web=v3")]
    chosen = choose_images(open_components("web", "api"), args, EMPTY)
    assert [str(chosen[name].image.tag) for name in ("web", "api")] == ["v3", "v2"]


def test_a_full_reference_goes_to_the_components_with_that_repository() -> None:
    components = {name: component(name, image=bare("x", "ghcr.io/acme/x")) for name in ("web", "api")}
    chosen = choose_images(components, [parse_image_arg("ghcr.io/acme/x:v9")], EMPTY)
    assert {str(choice.image) for choice in chosen.values()} == {"ghcr.io/acme/x:v9"}


def test_a_bare_digest_goes_to_the_only_open_component() -> None:
    components = open_components("web") | {"db": component("db", image=Image("db", "16"))}
    chosen = choose_images(components, [parse_image_arg(f"@{DIGEST}")], EMPTY)
    assert str(chosen["web"].image) == f"ghcr.io/acme/web@{DIGEST}"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ([f"@{DIGEST}"], "a digest belongs to one component"),
        (["db=v2"], "db is pinned to db:16"),
        (["db:17"], "db is pinned to db:16"),
        (["wbe=v2"], "no component 'wbe'"),
        (["ghcr.io/acme/other:v2"], "no component has that repository"),
        (["web=ghcr.io/acme/other:v2"], "the spec gives web the repository ghcr.io/acme/web"),
        (["web=v2", "web=v3"], "two images for web"),
        (["v2", "v3"], "two images for"),
    ],
)
def test_images_that_fit_no_component_or_contradict_each_other_are_usage_errors(args: list[str], message: str) -> None:
    components = open_components("web", "api") | {"db": component("db", image=Image("db", "16"))}
    with pytest.raises(UsageError, match=message):
        choose_images(components, [parse_image_arg(arg) for arg in args], EMPTY)


def test_a_tag_is_refused_where_everything_is_pinned() -> None:
    with pytest.raises(UsageError, match="every component is pinned"):
        choose_images({"db": component("db", image=Image("db", "16"))}, [parse_image_arg("v2")], EMPTY)


def test_a_component_without_any_image_is_refused_and_the_hint_names_the_option() -> None:
    with pytest.raises(RefusedError, match="no image for web and api") as caught:
        choose_images(open_components("web", "api"), [], EMPTY)
    assert caught.value.kind == "image-missing"
    assert caught.value.hint == "add --image web=TAG --image api=TAG"


def test_images_that_are_not_named_add_up_while_idle_is_pending() -> None:
    spec = app_spec("shop", *(component(name, image=Image(f"ghcr.io/acme/{name}", "v1")) for name in ("web", "api")))
    pending = bumped(
        first(spec), app_spec("shop", component("web"), component("api", image=Image("ghcr.io/acme/api", "v2")))
    )
    chosen = choose_images(open_components("web", "api"), [parse_image_arg("web=v3")], pending)
    assert [(choice.image.tag, choice.origin) for choice in chosen.values()] == [("v3", "given"), ("v2", "release 2")]


def test_images_that_are_not_named_come_from_active_once_idle_is_old() -> None:
    old = app_spec("shop", component("web"))
    new = app_spec("shop", component("web", image=Image("ghcr.io/acme/web", "v2")))
    chosen = choose_images(open_components("web"), [], flipped(bumped(first(old), new)))
    assert (chosen["web"].image.tag, chosen["web"].origin) == ("v2", "release 2")


def test_an_image_of_another_repository_is_not_carried_over() -> None:
    state = EnvState(
        "shop", "prod", active=first(app_spec("shop")).active, blue=release(1, app_spec("shop", component("web")))
    )
    moved = {"web": component("web", image=bare("web", "quay.io/acme/web"))}
    with pytest.raises(RefusedError, match="no image for web"):
        choose_images(moved, [], state)
