"""Rendering at scale: a whole repo in one run, against helm, with nothing changed, and with ten times as many apps."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    # mypy names modules from the top of the checkout, Python from the folder of the script.
    from tools import bench_helm, bench_repo
else:
    import bench_helm
    import bench_repo

_BGGEN = Path(sys.executable).parent / "bggen"
_SOME = 1_000
_RUNS = 3
_HELM_SAMPLE = 20
_HELM = 1 / 20
_TEN_TIMES = 11.0
_MOST_MEGABYTES = 300
_MOST_MEASUREMENTS = 3


@dataclass(frozen=True, slots=True)
class Result:
    """One limit and how it came out: `value` may be `limit` times `baseline`; both are milliseconds, or megabytes."""

    name: str
    value: float
    against: str
    baseline: float
    limit: float


@dataclass(frozen=True, slots=True)
class _Ran:
    seconds: float
    megabytes: float


def results(many: int) -> Iterator[Result | str]:
    """Measure and yield the limits in turn; a text says what could not be measured."""
    some = min(_SOME, many)
    small = bench_repo.clones(some, ["render"])[0]
    large = bench_repo.clones(many, ["bump"])[0]
    helm = _helm()
    first: list[float] = []
    by_helm: list[float] = []
    # In turns, so that whatever slows the machine down slows down both.
    while len(first) < _RUNS or (_too_slow(some, first, by_helm) and len(first) < _RUNS * _MOST_MEASUREMENTS):
        first.append(_first(small).seconds)
        by_helm += [helm()] if helm else []
    took = median(first)
    name = f"bggen render, {some:,} apps"
    if by_helm:
        against = f"helm template {some:,} times ({_HELM_SAMPLE * len(by_helm)} measured)"
        yield Result(name, took * 1000, against, median(by_helm) * some * 1000, _HELM)
    else:
        yield "bggen render against helm template: not measured, there is no helm on PATH, in npm or in Go"
    check = median(_run(small, "render", "--check").seconds for _ in range(_RUNS))
    yield Result(f"bggen render --check, {some:,}", check * 1000, f"{name}, the first", took * 1000, 1.0)
    again = median(_run(small, "render").seconds for _ in range(_RUNS))
    yield Result(f"bggen render again, {some:,}", again * 1000, f"{name}, the first", took * 1000, 0.25)
    pairs = [(_first(small), _first(large))]
    # The machine or its disk may have been busy; then the middle of three counts.
    while pairs[0][1].seconds > _TEN_TIMES * pairs[0][0].seconds and len(pairs) < _MOST_MEASUREMENTS:
        pairs.append((_first(small), _first(large)))
    one, ten = sorted(pairs, key=lambda pair: pair[1].seconds / pair[0].seconds)[len(pairs) // 2]
    yield Result(f"bggen render, {many:,} apps", ten.seconds * 1000, name, one.seconds * 1000, _TEN_TIMES)
    peak = max(ran.megabytes for _, ran in pairs)
    yield Result("memory of its processes, in MB", peak, "what it may have, in MB", _MOST_MEGABYTES, 1.0)
    checked = _run(large, "render", "--check").seconds
    against = f"bggen render --check, {many:,}"
    _forget(large)
    unknown = _run(large, "status").seconds
    yield Result(f"bggen status, the first, {many:,}", unknown * 1000, against, checked * 1000, 0.5)
    known = median(_run(large, "status").seconds for _ in range(_RUNS))
    yield Result(f"bggen status again, {many:,}", known * 1000, against, checked * 1000, 0.5)
    bench_repo.sweep()


def _too_slow(apps: int, first: Sequence[float], by_helm: Sequence[float]) -> bool:
    return bool(by_helm) and median(first) > _HELM * median(by_helm) * apps


def _helm() -> Callable[[], float] | None:
    """Return what measures the seconds that helm takes for an app; None where there is no helm."""
    helm = bench_helm.find_helm()
    if helm is None:
        return None
    name = bench_repo.app_name(1)
    manifests = {
        Path(path).name: content.decode() for path, content in bench_repo.files_of(1).items() if "/manifests/" in path
    }
    chart = bench_helm.make_chart(name, manifests)
    sample = [bench_repo.app_name(number) for number in range(_HELM_SAMPLE)]
    return lambda: bench_helm.seconds_an_app(helm, chart, sample)


def _first(repo: Path) -> _Ran:
    """Render a repo that has no manifests, and of which nothing is known."""
    for folder in repo.glob("apps/*/*/manifests"):
        bench_repo.put_away(folder)
    _forget(repo)
    os.sync()
    ran = _run(repo, "render")
    if bench_repo.git(repo, "status", "--porcelain"):
        raise RuntimeError(f"{repo}: bggen render did not write what is committed")
    return ran


def _forget(repo: Path) -> None:
    (repo / ".git" / "bggen" / "known").unlink(missing_ok=True)


def _run(repo: Path, *arguments: str) -> _Ran:
    """Run bggen once, and return how long that took and what memory its processes had at most.

    The memory is the sum of what each process had at its peak, as if what they share were each one's own. Where there
    is no /proc it is that of the largest process alone.
    """
    start = time.perf_counter()
    words = [str(_BGGEN), *arguments, "--quiet"]
    process = subprocess.Popen(words, cwd=repo, env=bench_repo.clean_environment(), stdout=subprocess.DEVNULL)
    peaks: dict[int, int] = {}
    while True:
        done, status, usage = os.wait4(process.pid, os.WNOHANG)
        if done:
            break
        for pid in (process.pid, *_children(process.pid)):
            peaks[pid] = max(peaks.get(pid, 0), _peak(pid))
        time.sleep(0.005)
    took = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"bggen {' '.join(arguments)}: exit code {process.returncode}")
    return _Ran(took, max(sum(peaks.values()), usage.ru_maxrss) / 1024)


def _children(pid: int) -> list[int]:
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]
    except OSError:
        return []


def _peak(pid: int) -> int:
    try:
        facts = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in facts.splitlines() if line.startswith("VmHWM:")), 0)
