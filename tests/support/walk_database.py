"""What a walk promises of the database: what runs can run on its schema, and the right Jobs are there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bggen.model import Color

if TYPE_CHECKING:
    from bggen.model import EnvState, Manifest, Release


def look_at_database(
    command: str, before: EnvState, rendered: tuple[Manifest, ...], after: EnvState, manifests: tuple[Manifest, ...]
) -> None:
    """Look at what a command made of the schema and of the Jobs that change the database."""
    old, new = (state.database.schema if state.database else 0 for state in (before, after))
    for color in Color:
        release = after.release(color)
        window = release.spec.compatible if release and after.runs(color) else None
        assert not new or window is None or window.min <= new <= window.max, f"{color} cannot run on {new}"
    assert new >= old, "a schema went back"
    expands = _raised(before, after)
    assert new == max(old, expands) or command == "contract", f"schema {new}, and {old} before"
    there, was = (_jobs(each, "migrate") for each in (manifests, rendered))
    if command == "rollback":
        assert not there, "a rollback that waits for a migration"
    elif after.last > before.last and expands == new > old:
        assert there == {str(after.last)}, "an expansion without its Job"
    elif after.active is not before.active and after.last == before.last:
        assert there >= was, "a flip that lost a migration"
    elif after.last == before.last:
        assert there == was, f"a migration that came or went with {command}"
    if command == "contract":
        assert after.active_release
        assert _jobs(manifests, "contract") == {str(after.active_release.number)}
        kept = (after.active_release, after.idle_release, after.saved)
        assert all(_runs(release, new) for release in kept), "the third phase stranded a release"


def _raised(before: EnvState, after: EnvState) -> int:
    """Return the schema that a new release makes; 0 where there is none."""
    new = (release for release in (after.blue, after.green) if release and release.number > before.last)
    return max((release.spec.migrate.schema for release in new if release.spec.migrate), default=0)


def _runs(release: Release | None, schema: int) -> bool:
    if release is None:
        return True
    window = release.spec.compatible
    return window is not None and window.min <= schema <= window.max


def _jobs(manifests: tuple[Manifest, ...], word: str) -> set[str]:
    """Return the releases that have a Job of that kind."""
    found = [each for each in manifests if each.kind == "Job" and each.name.startswith(f"shop-{word}-")]
    return {each.text.partition("bggen.dev/release: ")[2].partition("\n")[0].strip('"') for each in found}
