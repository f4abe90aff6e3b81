"""The seeds: every example, sample and golden case of the project."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from bggen.state import FILES, RELEASE_FILE

ROOT = Path(__file__).resolve().parents[2]


@cache
def specs(kind: str, folder: str = "") -> tuple[bytes, ...]:
    """Files that people write: `app`, `overlay` or `repo`; all examples, or the `valid` or the `invalid` ones."""
    examples = sorted((ROOT / "tests" / "examples" / folder).rglob(f"*.{kind}.yaml"))
    own = {"app": "apps/*/app.yaml", "overlay": "apps/*/*/overlay.yaml", "repo": "bggen.yaml"}[kind]
    return tuple(path.read_bytes() for path in [*examples, *sorted((ROOT / "sample-repo").glob(own))])


@cache
def states() -> tuple[dict[str, bytes], ...]:
    """The state files of every (app, env) that there is."""
    folders = [
        path.parent
        for top in (ROOT / "tests" / "golden", ROOT / "sample-repo")
        for path in sorted(top.rglob(RELEASE_FILE))
    ]
    return tuple(
        {name: (folder / name).read_bytes() for name in FILES if (folder / name).exists()} for folder in folders
    )


@cache
def manifests() -> tuple[bytes, ...]:
    """Objects in YAML, as people may have some beside ours."""
    return tuple(path.read_bytes() for path in sorted((ROOT / "sample-repo").rglob("manifests/*.yaml")))
