"""Hold bggen's speed to its limits: ratios against a baseline that is measured in the same run.

Machines are noisy, so a row that is over its limit is measured three times and judged by the middle one; and a limit
that does not hold is an exit code of 1 with --strict alone.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    # mypy names modules from the top of the checkout, Python from the folder of the script.
    from tools import bench_remote, bench_render, bench_repo
else:
    import bench_remote
    import bench_render
    import bench_repo

PYTHON = Path(sys.executable)
BGGEN = PYTHON.parent / "bggen"
MANY, FEW = 10_000, 10
RUNS, WARM_UP, MOST_MEASUREMENTS = 11, 2, 3


@dataclass(frozen=True, slots=True)
class Subject:
    """A command that is measured.

    Attributes:
        words: the command; it is given a number that is another one at every run.
        folder: where it runs.
        commits: whether every run must leave exactly one commit there.
    """

    name: str
    words: Callable[[int], Sequence[str]]
    folder: Path
    commits: bool = False

    def seconds(self, number: int) -> float:
        """Run it once, and return how long that took."""
        words = self.words(number)
        env = bench_repo.clean_environment()
        start = time.perf_counter()
        done = subprocess.run(words, cwd=self.folder, env=env, capture_output=True, text=True, check=False)
        took = time.perf_counter() - start
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(words)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        return took


@dataclass(frozen=True, slots=True)
class Row:
    """One limit: `subject` takes at most `limit` times as long as `baseline`."""

    subject: Subject
    baseline: Subject
    limit: float


@dataclass(frozen=True, slots=True)
class Measured:
    """Two medians in seconds."""

    subject: float
    baseline: float

    @property
    def ratio(self) -> float:
        """How many times as long as the baseline it took."""
        return self.subject / self.baseline


def measure(row: Row, runs: int) -> Measured:
    """Run both in turns, so that whatever slows the machine down slows down both.

    Raises:
        RuntimeError: a command failed, or did not make the commit that it is measured for.
    """
    pair = (row.subject, row.baseline)
    before = [_commits(subject) for subject in pair]
    times: dict[str, list[float]] = {subject.name: [] for subject in pair}
    for run in range(WARM_UP + runs):
        for subject in pair:
            # The clock makes numbers that no earlier run has used.
            took = subject.seconds(time.time_ns() // 1_000_000)
            if run >= WARM_UP:
                times[subject.name].append(took)
    for subject, count in zip(pair, before, strict=True):
        if subject.commits and _commits(subject) != count + WARM_UP + runs:
            raise RuntimeError(f"{subject.name}: not one commit for every run")
    return Measured(median(times[row.subject.name]), median(times[row.baseline.name]))


def judge(row: Row, runs: int) -> Measured:
    """Measure a row once, and if that is over the limit, twice more: the middle one counts."""
    measured = [measure(row, runs)]
    while measured[0].ratio > row.limit and len(measured) < MOST_MEASUREMENTS:
        measured.append(measure(row, runs))
    return sorted(measured, key=lambda one: one.ratio)[len(measured) // 2]


def rows(many: int) -> list[Row]:
    """Return the limits, with repos to measure them in."""
    large, by_hand = bench_repo.clones(many, ["bump", "by-hand"])
    small, flipped = bench_repo.clones(FEW, ["bump", "flip"])
    typer = Subject("import typer", lambda _: [str(PYTHON), "-c", "import typer"], small)
    helping = Subject("bggen --help", lambda _: [str(BGGEN), "--help"], small)
    flip = Subject("bggen flip", lambda _: _bggen("flip", 0), flipped, commits=True)
    bump_large = Subject(f"bggen bump, {many:,} apps", lambda n: _bggen("bump", many // 2, n), large, commits=True)
    bump_small = Subject(f"bggen bump, {FEW:,} apps", lambda n: _bggen("bump", FEW // 2, n), small, commits=True)
    script = Subject(
        f"sed, git add, git commit, {many:,} apps", lambda n: _by_hand(many // 2, n), by_hand, commits=True
    )
    return [
        Row(helping, typer, 1.5),
        Row(flip, typer, 4.0),
        Row(bump_large, script, 0.6),
        Row(bump_large, bump_small, 1.5),
    ]


def main() -> int:
    """Print the table, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS, help="of each command, besides the warm-up")
    parser.add_argument("--apps", type=int, default=MANY, help="in the large repo")
    parser.add_argument("--strict", action="store_true", help="exit 1 where a limit does not hold")
    options = parser.parse_args()
    if not BGGEN.exists():
        print(f"error: {BGGEN} does not exist; make bench installs it", file=sys.stderr)
        return 2
    try:
        missed = _table(rows(options.apps), options.runs)
        missed += _scale_table(bench_render.results(options.apps)) + _scale_table(bench_remote.results(options.apps))
    except RuntimeError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 1 if missed and options.strict else 0


def _table(limits: Sequence[Row], runs: int) -> int:
    """Print the rows, and return how many are over their limit."""
    print(f"{'measured':<32} {'ms':>7}  {'baseline':<42} {'ms':>7} {'ratio':>6} {'limit':>6}")
    missed = 0
    for row in limits:
        done = judge(row, runs)
        missed += _line(row.subject.name, done.subject * 1000, row.baseline.name, done.baseline * 1000, row.limit)
    return missed


def _scale_table(results: Iterable[bench_render.Result | str]) -> int:
    """Print rows as they come, and return how many are over their limit."""
    missed = 0
    for result in results:
        if isinstance(result, str):
            print(result, flush=True)
        else:
            missed += _line(result.name, result.value, result.against, result.baseline, result.limit)
    return missed


def _line(name: str, value: float, against: str, baseline: float, limit: float) -> bool:
    """Print one row, and return whether it is over its limit."""
    ratio = value / baseline
    verdict = "holds" if ratio <= limit else "MISSED"
    print(
        f"{name:<32} {value:>7.0f}  {against:<42} {baseline:>7.0f} {ratio:>6.2f} {limit:>6.2f}  {verdict}", flush=True
    )
    return ratio > limit


def _bggen(command: str, app: int, number: int | None = None) -> list[str]:
    image = [] if number is None else ["--image", f"v{number}"]
    return [str(BGGEN), command, "--app", bench_repo.app_name(app), "--env", bench_repo.ENV, *image]


def _by_hand(app: int, number: int) -> list[str]:
    """Return what people run without bggen: a new image into one file, and a commit of it."""
    name = bench_repo.app_name(app)
    file = f"apps/{name}/{bench_repo.ENV}/manifests/deployment-{name}-green.yaml"
    sed = f"sed -i -E 's#(image: .*):v[0-9]+#\\1:v{number}#' {file}"
    return ["sh", "-ec", f"{sed}; git add {file}; git commit --message 'v{number}'"]


def _commits(subject: Subject) -> int:
    return bench_repo.commits(subject.folder) if subject.commits else 0


if __name__ == "__main__":
    sys.exit(main())
