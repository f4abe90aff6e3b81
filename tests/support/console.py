"""Run the console blocks of a document, in order, and compare what they print with what it says they print."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.repos import clean_environment

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Step:
    """One command of a console block, the lines that it should print, and its exit code."""

    command: str
    code: int
    lines: list[str] = field(default_factory=list)


def steps(document: str) -> list[Step]:
    """Return the commands of all console blocks."""
    found: list[Step] = []
    for block in re.findall(r"^```console\n(.*?)^```", document, re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                command, _, remark = line[2:].partition("    # exit code ")
                found.append(Step(command, int(remark or 0)))
            else:
                found[-1].lines.append(line)
    return found


def matches(printed: list[str], expected: list[str]) -> bool:
    """Compare lines; commit ids differ, and `...` stands for whatever follows."""
    if "..." in expected:
        count = expected.index("...")
        printed, expected = printed[:count], expected[:count]

    def comparable(lines: list[str]) -> list[str]:
        return [re.sub(r"\b[0-9a-f]{12}\b", "COMMIT", line).rstrip() for line in lines]

    return comparable(printed) == comparable(expected)


def run_console(document: str, folder: Path, **variables: str) -> None:
    """Run every command as a new user would, in `folder`; `cd` and `export` count for those that follow."""
    home, bin_folder = folder / "home", folder / "bin"
    home.mkdir()
    bin_folder.mkdir()
    command = bin_folder / "bggen"
    command.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}/generator" exec "{sys.executable}" -m bggen "$@"\n')
    command.chmod(0o755)
    env = {**clean_environment(home), "PATH": f"{bin_folder}:{os.environ['PATH']}", **variables}
    for who in ("AUTHOR", "COMMITTER"):
        env |= {f"GIT_{who}_NAME": "Ann", f"GIT_{who}_EMAIL": "ann@example.com"}
    for step in steps(document):
        if step.command.startswith("cd "):
            folder /= step.command.removeprefix("cd ")
            continue
        if step.command.startswith("export "):
            name, _, value = step.command.removeprefix("export ").partition("=")
            env[name] = value.strip('"').replace("$PWD", str(folder))
            continue
        done = subprocess.run(
            ["bash", "-c", step.command], cwd=folder, env=env, capture_output=True, text=True, check=False
        )
        printed = (done.stdout + done.stderr).splitlines()
        assert done.returncode == step.code, f"$ {step.command}\n{done.stdout}{done.stderr}"
        assert matches(printed, step.lines), f"$ {step.command}\nprinted:\n" + "\n".join(printed)
