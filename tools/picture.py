"""Make docs/pictures/terminal.svg from what bggen prints on a terminal, or check that it is that.

Ages are told as of the run, so the commits are made as long before it as the picture says. Their ids are replaced, as
they would be others at every run.
"""

from __future__ import annotations

import argparse
import html
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    # mypy names modules from the top of the checkout, Python from the folder of the script.
    from tools import pseudo_terminal
else:
    import pseudo_terminal

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "pictures" / "terminal.svg"
TITLE = "bggen on a terminal: status, flip and history, with tiles for blue and green"
COLUMNS = 100
HOUR, DAY = 3600, 24 * 3600

FILES = {
    "bggen.yaml": """\
apiVersion: bggen.dev/v1
kind: Repo
environments: {staging: {}, prod: {}}
kubernetes: "1.34"
""",
    **{
        f"apps/{name}/app.yaml": f"""\
apiVersion: bggen.dev/v1
kind: App
name: {name}
image: ghcr.io/acme/{name}
port: 8080
route: {{host: {name}.example.com}}
"""
        for name in ("search", "shop")
    },
}
# How long ago, and what.
PAST = (
    (40 * DAY, "bump --app shop --env prod --image v40"),
    (30 * DAY, "bump --app search --env prod --image v12"),
    (9 * DAY, "bump --app shop --env staging --image v41"),
    (9 * DAY, "bump --app search --env staging --image v13"),
    (9 * DAY, "bump --app shop --env prod --image v41"),
    (8 * DAY, "flip --app shop --env prod"),
    (2 * DAY, "bump --app search --env prod --image v13"),
    (2 * DAY, "flip --app search --env prod"),
    (2 * DAY, "rollback --app search --env prod"),
    (5 * HOUR, "bump --app shop --env staging --image v42 --flip"),
    (3 * HOUR, "bump --app shop --env prod --image v42"),
)
# What the picture shows.
PRESENT = (
    "status",
    "flip --app shop --env prod --release 3",
    "history --app shop --env prod --limit 4",
)
# Ages are rounded down, so this much later they are the same.
MARGIN = 600

CELL, LINE, SIZE, EDGE, TOP = 8.4, 20, 14, 18, 44
COLORS = {"30": "#0d1117", "31": "#ff7b72", "32": "#7ee787", "33": "#e3b341", "36": "#76e3ea", "97": "#ffffff"}
BLOCKS = {"42": "#3fb950", "44": "#1f5fd0"}
FONT = f"{SIZE}px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
CODE = re.compile(r"\x1b\[([\d;]*)m")


@dataclass(frozen=True, slots=True)
class Run:
    """Words of one line that look alike, and the cell that they begin in."""

    at: int
    text: str
    codes: frozenset[str]


def record(folder: Path) -> Iterator[str]:
    """Make a config repo in the folder, and yield the lines of what the commands print there, with codes."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "BGGEN_", "CLICOLOR"))}
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        kept.pop(name, None)
    who = {f"GIT_{who}_{what}": "Ann" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    env = {**kept, **who, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "TERM": "xterm-256color"}
    env["PYTHONPATH"] = str(ROOT / "generator")
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    bggen = (sys.executable, "-m", "bggen")
    start = time.time()
    for ago, command in (
        *((41 * DAY, f"git {command}") for command in ("init -q -b main", "add .", "commit -q -m Start")),
        *PAST,
    ):
        stamp = f"{start - ago - MARGIN:.0f} +0000"
        dated = {**env, "GIT_AUTHOR_DATE": stamp, "GIT_COMMITTER_DATE": stamp}
        words = command.split() if command.startswith("git ") else [*bggen, "--quiet", *command.split()]
        subprocess.run(words, cwd=folder, env=dated, check=True)
    for number, command in enumerate(PRESENT):
        if number:
            yield ""
        yield f"\x1b[2m$\x1b[0m \x1b[1mbggen {command}\x1b[0m"
        shown = pseudo_terminal.run([*bggen, *command.split()], cwd=folder, env=env, columns=COLUMNS)
        if shown.code != 0 or shown.err:
            raise RuntimeError(f"bggen {command}: exit code {shown.code}: {shown.err}")
        yield from shown.out.splitlines()


def with_other_ids(lines: Iterable[str]) -> list[str]:
    """Replace the ids of commits by ones that are the same at every run."""
    known: dict[str, str] = {}

    def other(found: re.Match[str]) -> str:
        return known.setdefault(found[0], sha256(b"%d" % len(known)).hexdigest()[: len(found[0])])

    return [re.sub(r"(?<![0-9a-f])[0-9a-f]{12}(?![0-9a-f])", other, line) for line in lines]


def runs(line: str) -> Iterator[Run]:
    """Yield the parts of a line that look alike; two spaces part them, too, since SVG would make one of them."""
    at = 0
    codes: frozenset[str] = frozenset()
    for number, part in enumerate(CODE.split(line)):
        if number % 2:
            codes = frozenset(part.split(";")) - {"0"}
            continue
        if codes & BLOCKS.keys():
            yield Run(at, part, codes)
        else:
            yield from (Run(at + word.start(), word[0], codes) for word in re.finditer(r"\S+(?: \S+)*", part))
        at += len(part)


def drawn(lines: Iterable[str]) -> str:
    """Return the picture; nothing in it comes from elsewhere."""
    rows = list(lines)
    parts = [_window(round(COLUMNS * CELL + 2 * EDGE), TOP + LINE * len(rows) + EDGE)]
    for row, line in enumerate(rows):
        y = TOP + LINE * row + SIZE
        for run in runs(line):
            x, length = EDGE + run.at * CELL, len(run.text) * CELL
            block = f'<rect x="{x:.1f}" y="{y - SIZE}" width="{length:.1f}" height="{LINE - 2}" rx="3"'
            parts += [f'{block} fill="{fill}"/>\n' for code, fill in BLOCKS.items() if code in run.codes]
            parts.append(_words(run, x, y))
    return "".join([*parts, "</svg>\n"])


def _window(width: int, height: int) -> str:
    buttons = "".join(
        f'<circle cx="{24 + 20 * at}" cy="20" r="6" fill="{fill}"/>'
        for at, fill in enumerate(("#ff5f57", "#febc2e", "#28c840"))
    )
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">
<title>{TITLE}</title>
<style>text {{ font: {FONT}; fill: #e6edf3 }} .b {{ font-weight: bold }} .d {{ fill: #8b949e }}</style>
<rect width="{width}" height="{height}" rx="10" fill="#0d1117"/>
{buttons}
"""


def _words(run: Run, x: float, y: float) -> str:
    text = run.text.strip()
    x += (len(run.text) - len(run.text.lstrip())) * CELL
    names = " ".join(name for code, name in (("1", "b"), ("2", "d")) if code in run.codes)
    look = f' class="{names}"' if names else ""
    look += "".join(f' style="fill: {fill}"' for code, fill in COLORS.items() if code in run.codes)
    # Fonts differ: the length keeps the columns aligned in all of them.
    place = f'x="{x:.1f}" y="{y}" textLength="{len(text) * CELL:.1f}" lengthAdjust="spacingAndGlyphs"'
    return f"<text {place}{look}>{html.escape(text)}</text>\n"


def main() -> int:
    """Return 1 where `--check` finds a difference."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 on any difference")
    check = parser.parse_args().check
    with tempfile.TemporaryDirectory() as name:
        made = drawn(with_other_ids(record(Path(name))))
    if PICTURE.is_file() and PICTURE.read_text(encoding="utf-8") == made:
        return 0
    if check:
        print(f"differs: docs/pictures/{PICTURE.name}: {Path(sys.executable).name} tools/picture.py makes it anew")
        return 1
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(made, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
