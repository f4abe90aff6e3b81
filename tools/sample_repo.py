"""Make sample-repo/ anew from the files that people wrote in it, or check that it is what bggen makes of them."""

from __future__ import annotations

import argparse
import filecmp
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SAMPLE = Path(__file__).resolve().parents[1] / "sample-repo"
BY_PEOPLE = ("README.md", "bggen.yaml", "app.yaml", "overlay.yaml")
COMMANDS = (
    "bump --app hello --env staging --image v1",
    "bump --app hello --env prod --image v1",
    "bump --app shop --env staging --image v1",
    "bump --app shop --env staging --image web=v2",
    "bump --app shop --env prod --image v1",
    "bump --app shop --env prod --image v2",
    "flip --app shop --env prod --release 2",
    "bump --app guestbook --env staging --image v4",
    "bump --app guestbook --env staging --image v5",
    "bump --app catalog --env staging --image v1",
    "bump --app catalog --env staging --image v2",
    "bump --app tickets --env staging --image v1",
    "bump --app tickets --env staging --image v2",
    "flip --app tickets --env staging --release 2",
    "bump --app ledger --env staging --image v1",
    "bump --app ledger --env staging --image v2",
)


def build(folder: Path) -> None:
    """Run the commands on a copy of what people wrote."""
    for path in SAMPLE.rglob("*"):
        if path.name in BY_PEOPLE and path.is_file():
            target = folder / path.relative_to(SAMPLE)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    identity = {f"GIT_{who}_{what}": "sample" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    env = {**os.environ, **identity}
    for command in ("init --quiet", "add .", "commit --quiet --message sample"):
        subprocess.run(["git", *command.split()], cwd=folder, env=env, check=True)
    for command in COMMANDS:
        words = [sys.executable, "-m", "bggen", "--quiet", *command.split()]
        done = subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True, check=False)
        # A warning is for whoever flips, not for whoever makes a sample.
        if done.returncode:
            raise SystemExit(f"bggen {command}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    shutil.rmtree(folder / ".git")


def differences(left: Path, right: Path) -> list[str]:
    """Return the paths that are not the same, byte for byte, in both folders."""
    paths = {path.relative_to(side) for side in (left, right) for path in side.rglob("*") if path.is_file()}
    return sorted(
        str(path)
        for path in paths
        if not (
            (left / path).is_file()
            and (right / path).is_file()
            and filecmp.cmp(left / path, right / path, shallow=False)
        )
    )


def main() -> int:
    """Return 1 where `--check` finds differences."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 on any difference")
    check = parser.parse_args().check
    with tempfile.TemporaryDirectory() as name:
        made = Path(name) / "sample-repo"
        made.mkdir()
        build(made)
        found = differences(SAMPLE, made)
        for path in found:
            print(f"differs: {path}")
        if found and not check:
            shutil.rmtree(SAMPLE)
            shutil.copytree(made, SAMPLE)
    return 1 if check and found else 0


if __name__ == "__main__":
    sys.exit(main())
